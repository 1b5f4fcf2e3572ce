"""Linking answers to initiatives: one by its page, many at once, by the API; what is refused, and what is kept."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from followups.actors import Actor
from followups.improve.linking import link
from followups.models import Event, Initiative, Ticket
from followups.models.tickets import TicketState
from followups.refusals import Forbidden, Incomplete, NotAllowed, Stale
from nps_loop.jobs.models import Job
from tests.factories import NOW
from tests.followups.pages.cast import Cast, add_ticket, make_cast
from tests.followups.pages.conftest import logged_in, shown

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def clock() -> Any:
    import time_machine

    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast(clock: None) -> Cast:
    made = make_cast(NOW)
    for name in ("Anna", "Berta", "Clara"):
        add_ticket(made, f"{name} Doe", f"{name} Foods", 3, "Nobody tells me where my case stands.")
    return made


@pytest.fixture
def reports() -> Initiative:
    return Initiative.objects.create(title="A progress report every Friday")


def linked(ticket: Ticket, initiative: Initiative | None, **given: Any) -> Ticket:
    return link(ticket, **{"actor": Actor.system(), "now": NOW, "version": None, "initiative": initiative, **given})


# --- the verb --------------------------------------------------------------------------------------------------


def test_the_answer_is_linked_and_the_event_holds_no_words(cast: Cast, reports: Initiative) -> None:
    ticket = cast.tickets["Anna"]
    before = Ticket.objects.get(pk=ticket.pk)
    after = linked(ticket, reports, actor=Actor.person(cast.hanna))
    assert list(reports.responses.all()) == [ticket.response]
    event = Event.objects.filter(ticket=ticket).latest("seq")
    assert (event.verb, event.data, event.actor) == ("link", {"initiative": reports.pk}, cast.hanna)
    assert (event.from_state, event.to_state) == ("", "")
    assert after.version == before.version + 1 and after.state == before.state


def test_a_new_one_is_an_idea_of_whoever_names_it(cast: Cast) -> None:
    linked(cast.tickets["Anna"], None, title="  Call   back the same day ", actor=Actor.person(cast.hanna))
    made = Initiative.objects.get()
    assert (made.title, made.state, made.owner) == ("Call back the same day", Initiative.State.IDEA, cast.hanna)


def test_a_title_that_is_open_already_is_that_one(cast: Cast, reports: Initiative) -> None:
    linked(cast.tickets["Anna"], None, title="a PROGRESS report every friday")
    assert Initiative.objects.get() == reports and reports.responses.count() == 1


def test_the_same_words_after_an_end_begin_anew(cast: Cast, reports: Initiative) -> None:
    Initiative.objects.update(state=Initiative.State.DONE)
    linked(cast.tickets["Anna"], None, title=reports.title)
    assert Initiative.objects.count() == 2


def test_twice_is_refused_and_changes_nothing(cast: Cast, reports: Initiative) -> None:
    linked(cast.tickets["Anna"], reports)
    before = Event.objects.count()
    with pytest.raises(NotAllowed, match="It is linked to “A progress report every Friday” already."):
        linked(cast.tickets["Anna"], reports)
    assert (reports.responses.count(), Event.objects.count()) == (1, before)


def test_where_no_answer_is_behind_it_nothing_is_linked(cast: Cast, reports: Initiative) -> None:
    ticket = cast.tickets["Anna"]
    Ticket.objects.filter(pk=ticket.pk).update(response=None, follows=cast.tickets["Berta"])
    with pytest.raises(NotAllowed, match="no answer behind this ticket"):
        linked(ticket, reports, actor=Actor.person(cast.hanna))


@pytest.mark.parametrize("state", [Initiative.State.DONE, Initiative.State.DECLINED])
def test_nothing_is_added_to_one_that_is_over(cast: Cast, reports: Initiative, state: str) -> None:
    reports.state = state
    reports.save()
    with pytest.raises(Incomplete) as refused:
        linked(cast.tickets["Anna"], reports)
    assert "is over" in refused.value.errors["initiative"]


@pytest.mark.parametrize(
    ("title", "chosen", "field"), [("", False, "initiative"), ("x", True, "title"), ("x" * 201, False, "title")]
)
def test_one_has_to_be_meant(cast: Cast, reports: Initiative, title: str, chosen: bool, field: str) -> None:
    with pytest.raises(Incomplete) as refused:
        linked(cast.tickets["Anna"], reports if chosen else None, title=title)
    assert set(refused.value.errors) == {field}
    assert Initiative.objects.count() == 1


def test_a_refusal_leaves_no_new_initiative_behind(cast: Cast) -> None:
    ticket = cast.tickets["Anna"]
    with pytest.raises(Forbidden):
        linked(ticket, None, title="Something", actor=Actor.person(cast.outsider))
    with pytest.raises(Stale):
        linked(ticket, None, title="Something", version=99)
    assert not Initiative.objects.exists()


def test_what_is_closed_can_be_linked_and_what_was_dismissed_not(cast: Cast, reports: Initiative) -> None:
    Ticket.objects.filter(pk=cast.tickets["Anna"].pk).update(state=TicketState.CLOSED, closed_as="confirmed")
    Ticket.objects.filter(pk=cast.tickets["Berta"].pk).update(state=TicketState.DISMISSED, dismissed_as="spam")
    linked(cast.tickets["Anna"], reports, actor=Actor.person(cast.hanna))
    with pytest.raises(NotAllowed, match="dismissed"):
        linked(cast.tickets["Berta"], reports, actor=Actor.person(cast.hanna))


# --- by its page -----------------------------------------------------------------------------------------------


def test_from_the_page_of_a_ticket(cast: Cast, reports: Initiative) -> None:
    hanna, ticket = logged_in(cast.hanna), cast.tickets["Anna"]
    over = Initiative.objects.create(title="Long done", state=Initiative.State.DONE)
    page = shown(hanna, f"/tickets/{ticket.pk}/?do=link")
    fold = page.split('id="link"')[1].split("</form>")[0]
    assert f'<option value="{reports.pk}"' in fold and over.title not in fold
    version = Ticket.objects.get(pk=ticket.pk).version
    sent = hanna.post(
        f"/tickets/{ticket.pk}/link/", {"version": version, "initiative": reports.pk, "title": ""}, follow=True
    )
    page = sent.content.decode()
    assert "Linked to the initiative A progress report every Friday." in page
    assert "linked it to the initiative <b>A progress report every Friday</b>" in page
    assert reports.title not in page.split('id="link"')[1].split("</form>")[0]


def test_a_form_that_names_none_comes_back(cast: Cast) -> None:
    hanna, ticket = logged_in(cast.hanna), cast.tickets["Anna"]
    version = Ticket.objects.get(pk=ticket.pk).version
    answer = hanna.post(f"/tickets/{ticket.pk}/link/", {"version": version})
    assert answer.status_code == 400
    assert "Choose an initiative, or name a new one." in answer.content.decode()


# --- many at once ----------------------------------------------------------------------------------------------


def together(client: Client, tickets: list[Ticket], **given: Any) -> Any:
    data = {"do": "link", "sure": "1", "ticket": [ticket.pk for ticket in tickets], **given}
    return client.post("/queue/together/", data, follow=True)


def test_many_at_once_say_what_became_of_each(cast: Cast, reports: Initiative) -> None:
    anna, berta, clara = (cast.tickets[name] for name in ("Anna", "Berta", "Clara"))
    linked(anna, reports)
    Ticket.objects.filter(pk=clara.pk).update(response=None, follows=berta)
    hanna = logged_in(cast.hanna)
    look = hanna.post("/queue/together/", {"do": "link", "ticket": [anna.pk, berta.pk, clara.pk]}).content.decode()
    assert "2 of 3 can be taken along" in look and "There is no answer behind this ticket" in look
    page = together(hanna, [anna, berta, clara], initiative=reports.pk).content.decode()
    assert "1 of 3 done" in page and "2 were left out" in page
    assert re.search(rf"#{anna.pk}</span></p><p class=\"small muted\">It is linked to “A progress", page)
    assert set(reports.responses.values_list("pk", flat=True)) == {anna.response_id, berta.response_id}


def test_a_new_one_is_made_once_for_all_of_them(cast: Cast) -> None:
    page = together(
        logged_in(cast.hanna), list(cast.tickets.values()), title="Say where a case stands"
    ).content.decode()
    assert "3 of 3 done" in page
    made = Initiative.objects.get()
    assert made.responses.count() == 3 and made.owner == cast.hanna


def test_many_at_once_that_name_none_or_two_come_back(cast: Cast, reports: Initiative) -> None:
    hanna = logged_in(cast.hanna)
    for given, said in (
        ({}, "Choose an initiative, or name a new one."),
        ({"initiative": reports.pk, "title": "x"}, "not both"),
    ):
        answer = together(hanna, list(cast.tickets.values()), **given)
        assert answer.status_code == 400 and said in answer.content.decode()
    assert not Job.objects.exists() and Initiative.objects.count() == 1


def test_tickets_of_others_are_not_taken_along(cast: Cast, reports: Initiative) -> None:
    together(logged_in(cast.outsider), list(cast.tickets.values()), initiative=reports.pk)
    assert not reports.responses.exists()


# --- by the api ------------------------------------------------------------------------------------------------


def test_a_program_links_and_reads_what_is_linked(cast: Cast, reports: Initiative) -> None:
    hanna, ticket = logged_in(cast.hanna), cast.tickets["Anna"]
    version = Ticket.objects.get(pk=ticket.pk).version
    url = f"/api/v1/tickets/{ticket.pk}/link/"
    done = hanna.post(url, {"version": version, "initiative": reports.pk}, content_type="application/json")
    assert done.status_code == 200, done.content
    assert done.json()["initiatives"] == [{"id": reports.pk, "title": reports.title, "state": "idea"}]
    again = hanna.post(url, {"version": version + 1, "initiative": reports.pk}, content_type="application/json")
    assert again.status_code == 409
    unknown = hanna.post(url, {"version": version + 1, "initiative": 10**12}, content_type="application/json")
    assert unknown.status_code == 400 and unknown.json()["errors"][0]["attr"] == "initiative"
