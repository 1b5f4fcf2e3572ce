"""One visit logged on all open tickets of an account: each by its own rules, and nothing typed is lost."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from followups import workflow
from followups.actors import Actor
from followups.models import ContactAttempt, Event, Ticket
from tests import factories
from tests.factories import NOW
from tests.followups.pages.cast import DAY, HOUR, Cast, add_marta, add_ticket
from tests.followups.pages.conftest import logged_in, shown

NOTE = "Sat with all three & went through the “list”."
LINE = "You get the list by Friday."


@pytest.fixture
def marta(cast: Cast) -> Ticket:
    return add_marta(cast)


@pytest.fixture
def annika(cast: Cast, marta: Ticket) -> Ticket:
    return add_ticket(cast, "Annika Dahl", "Nordby Cold Chain", 6, "Three cost centres, one invoice.")


def path(ticket: Ticket) -> str:
    return f"/accounts/{ticket.account_id}/visit/"


def form(*tickets: Ticket, **fields: Any) -> dict[str, Any]:
    versions = dict(Ticket.objects.values_list("pk", "version"))
    return {
        "channel": "visit",
        "outcome": "spoke",
        "note": NOTE,
        "line_for_customer": LINE,
        "ticket": [ticket.pk for ticket in tickets],
        "seen": [f"{ticket.pk}:{versions[ticket.pk]}" for ticket in tickets],
        **fields,
    }


def text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_form_names_every_open_ticket_of_the_account(
    cast: Cast, hanna: Client, marta: Ticket, annika: Ticket
) -> None:
    over = add_ticket(cast, "Jonna Ek", "Nordby Cold Chain", 8, "Fine.", state="closed", closed_as="confirmed")
    page = text(shown(hanna, path(marta)))
    assert f"Marta Lindqvist #{marta.pk}" in page and f"Annika Dahl #{annika.pk}" in page
    assert f"#{over.pk}" not in page
    assert "/visit/" in shown(hanna, f"/accounts/{marta.account_id}/")


def test_one_visit_is_a_contact_on_each_ticket(cast: Cast, hanna: Client, marta: Ticket, annika: Ticket) -> None:
    answer = hanna.post(path(marta), form(marta, annika), follow=True)
    assert f"Logged on #{marta.pk}, #{annika.pk}." in answer.content.decode()
    for ticket in (marta, annika):
        ticket.refresh_from_db()
        attempt = ticket.attempts.get()
        assert (ticket.state, attempt.channel, attempt.note, attempt.line_for_customer) == (
            "contacted",
            "visit",
            NOTE,
            LINE,
        )
        assert ticket.events.filter(verb="log-contact").count() == 1


def test_who_was_not_there_is_left_as_it_was(cast: Cast, hanna: Client, marta: Ticket, annika: Ticket) -> None:
    hanna.post(path(marta), form(marta))
    annika.refresh_from_db()
    assert annika.state == "assigned" and not annika.attempts.exists()


def test_what_changed_meanwhile_is_refused_and_the_others_are_logged(
    cast: Cast, hanna: Client, marta: Ticket, annika: Ticket
) -> None:
    data = form(marta, annika)
    workflow.note(annika, actor=Actor.person(cast.nils), now=NOW, version=None, text="I called.")
    workflow.snooze(annika, actor=Actor.person(cast.nils), now=NOW, version=None, until=NOW + HOUR)
    answer = hanna.post(path(marta), data)
    page = answer.content.decode()
    assert answer.status_code == 409 and "1 logged, 1 refused." in text(page)
    assert "The ticket changed while you were writing." in page
    assert NOTE.replace("&", "&amp;") in page and LINE in page
    assert ContactAttempt.objects.get().ticket == marta
    again = re.findall(r'name="seen" value="([^"]+)"', page)
    assert again == [f"{annika.pk}:{Ticket.objects.get(pk=annika.pk).version}"]
    done = hanna.post(path(marta), form(annika, seen=again))
    assert done.status_code == 302 and annika.attempts.get().note == NOTE


def test_a_guard_of_one_ticket_keeps_no_other_back(cast: Cast, hanna: Client, marta: Ticket, annika: Ticket) -> None:
    late = add_ticket(cast, "Jonna Ek", "Nordby Cold Chain", 4, "Slow.", answered=HOUR)
    when = (NOW - 5 * HOUR).strftime("%Y-%m-%dT%H:%M")
    answer = hanna.post(path(marta), form(marta, annika, late, happened_at=when))
    page = text(answer.content.decode())
    assert "2 logged, 1 refused." in page and "This is before the customer answered." in page
    assert not late.attempts.exists()


def test_a_ticket_that_ended_meanwhile_says_so_and_what_was_typed_is_still_there(
    cast: Cast, hanna: Client, marta: Ticket
) -> None:
    data = form(marta)
    workflow.ask_dismissal(marta, actor=Actor.person(cast.hanna), now=NOW, version=None, reason="spam", explanation="x")
    workflow.decide_dismissal(marta, actor=Actor.person(cast.lead), now=NOW, version=None, approve=True)
    answer = hanna.post(path(marta), data)
    assert answer.status_code == 409 and "0 logged, 1 refused." in text(answer.content.decode())
    assert NOTE.replace("&", "&amp;") in answer.content.decode() and LINE in answer.content.decode()


def test_sent_twice_it_is_logged_once(cast: Cast, hanna: Client, marta: Ticket, annika: Ticket) -> None:
    data = form(marta, annika)
    assert [hanna.post(path(marta), data).status_code for _ in range(2)] == [302, 409]
    assert ContactAttempt.objects.count() == 2


@pytest.mark.parametrize("wrong", [{"ticket": []}, {"channel": "pigeon"}, {"outcome": ""}, {"happened_at": "soon"}])
def test_what_is_not_filled_in_logs_nothing_and_keeps_the_rest(
    cast: Cast, hanna: Client, marta: Ticket, wrong: dict[str, Any]
) -> None:
    before = Event.objects.count()
    answer = hanna.post(path(marta), form(marta, **wrong))
    assert answer.status_code == 400 and LINE in answer.content.decode()
    assert Event.objects.count() == before and not ContactAttempt.objects.exists()


def test_tickets_of_others_and_of_other_accounts_are_never_touched(cast: Cast, hanna: Client, marta: Ticket) -> None:
    elsewhere = add_ticket(cast, "Grace Adeyemi", "Larkfield Dairy", 0, "Nobody picked up.")
    strange = add_ticket(cast, "Otis Bay", "Nordby Cold Chain", 2, "No.", owned=False)
    Ticket.objects.filter(pk=strange.pk).update(team=factories.make_team("Elsewhere"))
    hanna.post(path(marta), form(marta, elsewhere, strange))
    assert [attempt.ticket_id for attempt in ContactAttempt.objects.all()] == [marta.pk]


def test_out_of_scope_is_not_found_and_logs_nothing(cast: Cast, marta: Ticket) -> None:
    for client in (logged_in(cast.outsider), logged_in(cast.devika)):
        assert client.get(path(marta)).status_code == 404
        assert client.post(path(marta), form(marta)).status_code == 404
    assert Client().post(path(marta), form(marta)).status_code == 302
    assert not ContactAttempt.objects.exists()


def test_an_account_with_nothing_open_says_so(cast: Cast, hanna: Client) -> None:
    over = add_ticket(cast, "Jonna Ek", "Depot", 8, "Fine.", state="closed", closed_as="confirmed")
    assert "Nothing is open here that you work on." in shown(hanna, path(over))


def test_the_form_costs_the_same_for_one_ticket_and_for_many(
    cast: Cast, hanna: Client, marta: Ticket, django_assert_max_num_queries: Any
) -> None:
    for n in range(12):
        add_ticket(cast, f"Person{n} Ek", "Nordby Cold Chain", 4, "Slow.", answered=DAY)
    with django_assert_max_num_queries(7):
        hanna.get(path(marta))
