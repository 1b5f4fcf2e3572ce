"""/tickets/<number>/: what it shows to whom, and what it costs."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from followups import workflow
from followups.actors import Actor
from followups.models import AssignmentRound, Event, Team, Ticket
from followups.models.tickets import TicketState
from nps_loop import links
from surveys.models import Response
from tests import factories
from tests.factories import NOW
from tests.followups.pages.cast import DAY, HOUR, MARTA, Cast, add_marta, add_ticket
from tests.followups.pages.conftest import logged_in, shown


@pytest.fixture
def marta(cast: Cast) -> Ticket:
    return add_marta(cast)


def url(ticket: Ticket) -> str:
    return f"/tickets/{ticket.pk}/"


def text(page: str) -> str:
    """The page as one line of words."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_customers_words_come_before_any_form(cast: Cast, hanna: Client, marta: Ticket) -> None:
    page = shown(hanna, url(marta)).split('id="main"')[1]
    assert MARTA in page
    assert page.index("words-xl") < page.index("<form")


def test_the_briefing_stands_above_the_number(cast: Cast, hanna: Client, marta: Ticket) -> None:
    page = shown(hanna, url(marta))
    assert page.index("In 15 seconds") < page.index('href="tel:')
    assert "08:00 to 10:00" in page
    assert "Hanna Brandt gets in touch by Tuesday evening." in text(page)


def test_the_page_names_one_next_step_with_its_reason(cast: Cast, hanna: Client, marta: Ticket) -> None:
    page = text(shown(hanna, url(marta)))
    assert "Next: call Marta" in page
    assert "Marta asked to be contacted. It is owed by Tuesday evening." in page


def test_what_nobody_promised_is_due_at_its_time_and_owed_by_no_half_day(
    cast: Cast, hanna: Client, marta: Ticket
) -> None:
    Ticket.objects.filter(pk=marta.pk).update(promised_at=None, due_at=NOW + timedelta(minutes=37))
    assert "Marta asked to be contacted. It is due today 15:07." in text(shown(hanna, url(marta)))


def test_the_form_of_the_next_step_is_open(cast: Cast, hanna: Client, marta: Ticket) -> None:
    assert re.search(r'<details id="log-contact" name="work" open', shown(hanna, url(marta)))
    assert re.search(r'<details id="resolve" name="work" open', shown(hanna, url(marta) + "?do=resolve"))


def test_the_page_says_why_it_is_due(cast: Cast, hanna: Client, marta: Ticket) -> None:
    page = text(shown(hanna, url(marta)))
    assert "Why it is due today 17:30" in page
    assert "Answered Sun 14:30" in page
    assert "First contact, detractor + 48 h" in page
    assert "Promised “by Tuesday evening” today 17:30" in page
    assert "Policy Key accounts, version 3" in page


def test_the_page_says_why_this_person(cast: Cast, hanna: Client, marta: Ticket) -> None:
    assert "You look after Nordby Cold Chain and were not away." in shown(hanna, url(marta))
    assert "Hanna Brandt looks after Nordby Cold Chain" in shown(logged_in(cast.lead), url(marta))


def test_who_else_was_considered_is_one_click_away(cast: Cast, hanna: Client, marta: Ticket) -> None:
    stored = AssignmentRound.objects.create(
        happened_at=NOW - 2 * DAY,
        candidates=[
            {"user": cast.hanna.pk, "team": cast.team.pk, "load": 17, "capacity": 25},
            {"user": cast.nils.pk, "team": cast.team.pk, "load": 11, "capacity": 25},
        ],
        exclusions=[{"user": cast.lead.pk, "team": cast.team.pk, "code": "no_capacity", "until": ""}],
    )
    Event.objects.filter(ticket=marta, verb="assign").update(
        data={"rule": "account_owner", "to": cast.hanna.pk, "round": stored.pk}
    )
    assert f"{url(marta)}considered/" in shown(hanna, url(marta))
    page = text(shown(hanna, f"{url(marta)}considered/"))
    assert "Hanna Brandt chosen: 17 of 25 as the round began" in page
    assert "Nils Aker 11 of 25" in page
    assert "Tomás Ruiz left out: takes no tickets" in page


def test_somebody_else_unhappy_at_the_company_is_named(cast: Cast, hanna: Client, marta: Ticket) -> None:
    annika = factories.make_contact("Annika Dahl", account=marta.account, role="Finance")
    factories.make_response(6, contact=annika, responded_at=NOW - 35 * DAY, verbatim="Three cost centres.")
    page = text(shown(hanna, url(marta)))
    assert "Annika Dahl : 6 of 10, 5 weeks ago" in page


def test_a_customer_of_another_team_is_named_only_where_they_agreed(cast: Cast, hanna: Client, marta: Ticket) -> None:
    annika = factories.make_contact("Annika Dahl", account=marta.account, role="Finance director")
    response = factories.make_response(4, contact=annika, responded_at=NOW - 5 * DAY)
    factories.make_ticket(response, owner=cast.outsider, team=Team.objects.get(name="Key accounts South"))
    mate = logged_in(cast.nils)
    page = text(shown(mate, url(marta)))
    assert "4 of 10, 5 days ago" in page and "Annika Dahl" not in page and "Finance director" not in page
    # Hanna looks after the company, so she knows who answers there.
    assert "Annika Dahl" in text(shown(hanna, url(marta)))
    Response.objects.filter(pk=response.pk).update(share_name=True)
    assert "Annika Dahl" in text(shown(mate, url(marta)))


def test_the_timeline_is_told_newest_first(cast: Cast, hanna: Client, marta: Ticket) -> None:
    actor = Actor.person(cast.hanna)
    workflow.log_contact(
        marta, actor=actor, now=NOW - 22 * HOUR, version=None, channel="phone", outcome="no_answer", note="Rang out."
    )
    workflow.note(
        marta, actor=Actor.person(cast.nils), now=NOW - HOUR, version=None, text="A <b>comma</b> in the street."
    )
    page = shown(hanna, url(marta))
    lines = [text(line) for line in re.findall(r'<p class="event-line">(.*?)</p>', page, re.S)]
    assert lines == [
        "Nils Aker left a note today 13:30",
        "Hanna Brandt tried to reach Marta, no answer try 1 Mon 16:30",
        "Given to Hanna Brandt , who looks after Nordby Cold Chain Sun 14:30",
        "Answer received from “API”, ticket opened Sun 14:30",
    ]
    assert "A &lt;b&gt;comma&lt;/b&gt; in the street." in page


def test_what_the_customer_says_is_text_and_never_markup(cast: Cast, hanna: Client) -> None:
    ticket = add_ticket(cast, "Eve", "Evil", 1, "<script>alert(1)</script> & \u202egnp.exe")
    page = shown(hanna, url(ticket))
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\u202e" not in page


def test_only_what_state_and_role_allow_is_offered(cast: Cast, hanna: Client, marta: Ticket) -> None:
    page = shown(hanna, url(marta))
    for verb in ("log-contact", "send-message", "resolve", "snooze", "assign", "log-reply", "note"):
        assert f'action="{url(marta)}{verb}/"' in page, verb
    for verb in ("add-action", "wait", "resume", "reopen", "agree-to-differ", "unhold", "decide-dismissal"):
        assert f'action="{url(marta)}{verb}/"' not in page, verb


def test_what_is_not_possible_says_why(cast: Cast, hanna: Client, marta: Ticket) -> None:
    page = text(shown(hanna, url(marta)))
    assert "Plan an action An action is promised after a first contact and before the resolution." in page
    assert "2 things are missing before this can be resolved: a first contact · an action that is done." in page


def test_mails_that_have_not_arrived_are_no_tries_to_the_page_either(cast: Cast, hanna: Client, marta: Ticket) -> None:
    Ticket.objects.filter(pk=marta.pk).update(state=TicketState.ASSIGNED)
    marta.attempts.all().delete()
    lacking = "before this can be resolved: a first contact"
    for channel, outcome, missing in (("mail", "sent", True), ("phone", "no_answer", False)):
        for days in (2, 1, 0):
            at = NOW - days * DAY
            marta.attempts.create(
                cycle=marta.cycle, channel=channel, outcome=outcome, happened_at=at, recorded_at=at, by=cast.hanna
            )
        assert (lacking in text(shown(hanna, f"{url(marta)}?do=resolve"))) is missing


def test_a_case_taken_up_after_ninety_days_has_every_page(cast: Cast, hanna: Client, marta: Ticket) -> None:
    Ticket.objects.filter(pk=marta.pk).update(state=TicketState.CLOSED, closed_as="confirmed", closed_at=NOW - 91 * DAY)
    marta.refresh_from_db()
    answer = hanna.post(f"{url(marta)}reopen/", {"version": marta.version, "reason": "It broke again."})
    fresh = Ticket.objects.get(follows=marta)
    assert answer["Location"] == url(fresh)
    assert f"#{fresh.pk}" in shown(hanna, url(fresh))
    link = links.make("loop", fresh.conversation_id, fresh.conversation.generation)
    for address in ("/queue/?view=unassigned", "/tickets/", f"/contacts/{fresh.contact_id}/"):
        shown(hanna, address)
    shown(Client(), f"/loop/{link}/")


def test_a_ticket_out_of_scope_is_not_found(cast: Cast, marta: Ticket) -> None:
    assert logged_in(cast.outsider).get(url(marta)).status_code == 404
    assert logged_in(cast.devika).get(url(marta)).status_code == 404
    assert logged_in(cast.outsider).get(f"{url(marta)}considered/").status_code == 404


@pytest.mark.parametrize("number", ["0", "999999", "99999999999999999999999"])
def test_a_number_nobody_has_is_not_found(cast: Cast, hanna: Client, number: str) -> None:
    assert hanna.get(f"/tickets/{number}/").status_code == 404


def test_colleagues_of_the_team_and_the_lead_see_it(cast: Cast, marta: Ticket) -> None:
    for user in (cast.nils, cast.lead, cast.admin):
        assert "Marta Lindqvist" in shown(logged_in(user), url(marta))


def test_words_on_hold_are_for_owner_and_lead(cast: Cast, hanna: Client, marta: Ticket) -> None:
    actor = Actor.person(cast.hanna)
    workflow.log_reply(marta, actor=actor, now=NOW, version=None, text="My lawyer says so.")
    Ticket.objects.filter(pk=marta.pk).update(on_hold=True, hold_reason="a lawyer")
    for user, sees in ((cast.hanna, True), (cast.lead, True), (cast.admin, True), (cast.nils, False)):
        page = shown(logged_in(user), url(marta))
        assert ("I mind silence" in page, "My lawyer says so" in page, "a lawyer" in page) == (sees, sees, sees)


def test_whoever_was_given_an_action_sees_words_and_promise_alone(cast: Cast, marta: Ticket) -> None:
    Ticket.objects.filter(pk=marta.pk).update(state=TicketState.IN_ACTION)
    marta.response.share_name = False
    marta.response.save()
    factories.make_action(marta, cast.devika, title="Send the list", due_at=NOW + 3 * DAY)
    factories.make_action(marta, cast.hanna, title="Call again", due_at=NOW + 3 * DAY)
    workflow.note(marta, actor=Actor.person(cast.hanna), now=NOW, version=None, text="An inner matter.")
    page = shown(logged_in(cast.devika), url(marta))
    assert "I mind silence" in page
    assert "Send the list" in page
    for hidden in ("Marta Lindqvist", "Marta", "Nordby", "+46", "An inner matter", "Call again", "€184"):
        assert hidden not in page, hidden


def test_the_name_is_shown_to_an_action_owner_where_the_customer_agreed(cast: Cast, marta: Ticket) -> None:
    Ticket.objects.filter(pk=marta.pk).update(state=TicketState.IN_ACTION)
    factories.make_action(marta, cast.devika, due_at=NOW + 3 * DAY)
    assert "Marta Lindqvist" in shown(logged_in(cast.devika), url(marta))


def test_next_and_previous_follow_the_queue(cast: Cast, hanna: Client) -> None:
    first = add_ticket(cast, "Anna One", "A", 6, "", due_in=1 * HOUR)
    second = add_ticket(cast, "Berta Two", "B", 6, "", due_in=2 * HOUR)
    assert hanna.get(f"{url(first)}go/next/")["Location"] == url(second)
    assert hanna.get(f"{url(second)}go/previous/")["Location"] == url(first)
    assert hanna.get(f"{url(second)}go/next/")["Location"] == "/queue/"


@pytest.mark.parametrize("show", ["mails", "people"])
def test_the_timeline_can_be_narrowed(cast: Cast, hanna: Client, marta: Ticket, show: str) -> None:
    factories.make_message(kind="acknowledgement", case=marta.pk, state="sent", sent_at=NOW - DAY, subject="It arrived")
    workflow.note(marta, actor=Actor.person(cast.nils), now=NOW, version=None, text="A note.")
    page = shown(hanna, f"{url(marta)}?show={show}")
    assert ("It arrived" in page) == (show == "mails")
    assert ("A note." in page) == (show == "people")


@pytest.mark.parametrize("state", TicketState.values)
def test_every_state_has_a_page(cast: Cast, hanna: Client, lead_client: Client, state: str) -> None:
    extra: dict[str, object] = {"closed_as": "confirmed"} if state == "closed" else {}
    if state == "dismissed":
        extra = {"dismissed_as": "test"}
    ticket = add_ticket(cast, "Anna One", "A", 6, "Words.", state=state, waiting_until=NOW + DAY, **extra)
    for client in (hanna, lead_client):
        assert "Words." in shown(client, url(ticket))


@pytest.fixture
def lead_client(cast: Cast) -> Client:
    return logged_in(cast.lead)


def test_an_answer_without_contact_or_words_has_a_page(cast: Cast, hanna: Client) -> None:
    response = factories.make_response(2, contact=None, verbatim="")
    ticket = factories.make_ticket(response, owner=cast.hanna, team=cast.team, nobody_to_reach=True)
    page = text(shown(hanna, url(ticket)))
    assert "Nobody known" in page
    assert "No words, only the score." in page
    assert "Nobody can be reached" in page


# --- what it costs ---------------------------------------------------------------------------------------------


def count(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        shown(client, address)
    return len([query for query in captured if not query["sql"].startswith(("BEGIN", "SAVEPOINT"))])


def test_a_long_life_costs_no_more_queries_than_a_short_one(cast: Cast, hanna: Client, marta: Ticket) -> None:
    short = count(hanna, url(marta))
    actor = Actor.person(cast.hanna)
    for n in range(12):
        at = NOW - 30 * HOUR + n * HOUR
        workflow.log_contact(marta, actor=actor, now=at, version=None, channel="phone", outcome="no_answer")
        workflow.note(marta, actor=actor, now=at, version=None, text=f"Note {n}")
        workflow.log_reply(marta, actor=actor, now=at, version=None, text=f"Reply {n}")
        factories.make_message(case=marta.pk, state="sent", sent_at=at)
        other = factories.make_contact(f"Colleague {n}", account=marta.account)
        factories.make_response(4, contact=other, responded_at=at)
        factories.make_response(7, contact=marta.contact, responded_at=at - 100 * DAY)
    workflow.log_contact(marta, actor=actor, now=NOW - HOUR, version=None, channel="phone", outcome="spoke")
    for n in range(5):
        workflow.add_action(
            marta,
            actor=actor,
            now=NOW,
            version=None,
            title=f"Promise {n}",
            owner=cast.devika,
            due_on=(NOW + 3 * DAY).date(),
        )
    assert count(hanna, url(marta)) <= 15
    assert short <= 15
    assert count(logged_in(cast.devika), url(marta)) <= 15
