"""/team/: what breaks first, what nobody has, what waits for a lead, what went wrong, who is away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from followups.assignment import assign_waiting
from followups.models import AssignmentRound, Event, Member, Team, Ticket
from followups.models.tickets import TicketState
from followups.team_page import people
from nps_loop.people.models import User
from tests import factories as make
from tests.factories import DAY, HOUR, NOW
from tests.followups.reports.anchors import anchors, read

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@dataclass
class Crew:
    lead: User
    hanna: User
    nils: User
    team: Team
    other: Team

    def ticket(self, name: str = "Marta Lindqvist", **fields: Any) -> Ticket:
        fields = {"team": self.team, "owner": self.hanna, "due_at": NOW + 3 * HOUR, "due_for": "answer"} | fields
        return make.make_ticket(answer={"contact": make.make_contact(name), **fields.pop("answer", {})}, **fields)


@pytest.fixture
def crew() -> Crew:
    lead, hanna, nils = (make.make_user(name) for name in ("Tomás Ferreira", "Hanna Brandt", "Nils Aker"))
    team = make.make_team("Key accounts North", lead=lead, agents=(hanna, nils), is_default=True)
    return Crew(lead, hanna, nils, team, make.make_team("Key accounts South", agents=(make.make_user("Otto Fern"),)))


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(user: User, query: str = "") -> str:
    answer = client_of(user).get(f"/team/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def section(text: str, heading: str) -> str:
    """The words of the part whose heading has this id, up to the next section."""
    start = text.index(f'id="{heading}"')
    return " ".join(re.sub(r"<[^>]+>", " ", text[start : text.index("</section>", start)]).split())


# --- who sees it -----------------------------------------------------------------------------------------------


def test_to_agents_and_outsiders_the_page_does_not_exist(crew: Crew) -> None:
    assert client_of(crew.hanna).get("/team/").status_code == 404
    assert client_of(make.make_user()).get("/team/").status_code == 404
    assert Client().get("/team/").status_code == 302
    assert client_of(crew.lead).post("/team/").status_code == 405


def test_a_lead_sees_the_teams_led_and_no_other(crew: Crew) -> None:
    crew.ticket("Marta Lindqvist")
    crew.ticket("Somebody Else", team=crew.other)
    text = text_of(crew.lead)
    assert "Marta Lindqvist" in text
    assert "Somebody Else" not in text
    assert client_of(crew.lead).get(f"/team/?team={crew.other.slug}").status_code == 404
    assert client_of(crew.lead).get("/team/?team=nonsense").status_code == 404


def test_a_deputy_sees_it_and_an_administrator_sees_every_team(crew: Crew) -> None:
    crew.ticket("Marta Lindqvist")
    crew.ticket("Somebody Else", team=crew.other)
    Member.objects.filter(user=crew.nils).update(role=Member.Role.DEPUTY)
    assert "Marta Lindqvist" in text_of(crew.nils)
    admin = make.make_admin()
    assert {"Marta Lindqvist", "Somebody Else"} <= set(re.findall("Marta Lindqvist|Somebody Else", text_of(admin)))
    assert "Marta Lindqvist" not in text_of(admin, f"?team={crew.other.slug}")


# --- what breaks next ------------------------------------------------------------------------------------------


def test_what_breaks_within_a_day_comes_first_in_order_of_time(crew: Crew) -> None:
    crew.ticket("Later Today", due_at=NOW + 5 * HOUR)
    crew.ticket("Very Soon", due_at=NOW + HOUR)
    crew.ticket("After Tomorrow", due_at=NOW + 25 * HOUR)
    crew.ticket("Long Late", due_at=NOW - HOUR)
    crew.ticket("Asked Something", due_at=NOW + HOUR, state="waiting_on_customer")
    crew.ticket("All Done", due_at=NOW + HOUR, state="resolved")
    words = section(text_of(crew.lead), "h-break")
    assert (
        re.findall("Later Today|Very Soon|After Tomorrow|Long Late|Asked Something|All Done", words)[0] == "Very Soon"
    )
    assert "Later Today" in words
    assert not re.search("After Tomorrow|Long Late|Asked Something|All Done", words)


def test_where_a_promise_ends_soon_the_mail_that_says_later_is_one_click_away(crew: Crew) -> None:
    promised = crew.ticket("Ines Duarte", due_at=NOW + HOUR, promised_at=NOW + HOUR)
    owed = crew.ticket("Olaf Brekke", due_at=NOW + 2 * HOUR)
    hrefs = {found.href for found in anchors(text_of(crew.lead))}
    assert f"/tickets/{promised.pk}/?do=delay#delay" in hrefs
    assert f"/tickets/{owed.pk}/?do=send-message#send-message" in hrefs
    assert not {href for href in hrefs if f"/{owed.pk}/?do=delay" in href}


def test_more_than_fit_are_counted_and_linked(crew: Crew) -> None:
    for n in range(9):
        crew.ticket(f"Customer No{n}", due_at=NOW + (n + 1) * HOUR)
    text = text_of(crew.lead)
    assert "break in the next 24 h 9. Show the other 3" in section(text, "h-break")
    (more,) = [found for found in anchors(text) if found.words == "Show the other 3"]
    assert more.href == f"/tickets/?figure=breaking&team={crew.team.slug}"


def test_late_tickets_are_counted_by_owner_with_the_longest(crew: Crew) -> None:
    crew.ticket("Ines Duarte", due_at=NOW - 2 * DAY, owner=crew.nils)
    crew.ticket("One", due_at=NOW - HOUR)
    crew.ticket("Two", due_at=NOW - HOUR)
    words = section(text_of(crew.lead), "h-late")
    assert "3 are late already" in words
    assert "Hanna Brandt 2, Nils Aker 1." in words
    assert "Ines Duarte waits longest: late by 2 days" in words


# --- what nobody has -------------------------------------------------------------------------------------------


def test_an_unassigned_ticket_says_who_is_away_and_who_is_full(crew: Crew) -> None:
    crew.ticket("Chloé Marin", owner=None, state="new", answer={})
    Member.objects.filter(user=crew.hanna).update(capacity=1)
    crew.ticket("Busy With This")
    until = (NOW + 7 * DAY).isoformat()
    excluded = [{"user": crew.nils.pk, "team": crew.team.pk, "code": "away", "until": until}]
    AssignmentRound.objects.create(happened_at=NOW, candidates=[], exclusions=excluded, left_waiting=1)
    words = section(text_of(crew.lead), "h-un")
    assert "full: Hanna Brandt; away: Nils Aker until Tuesday 1 December" in words
    assert "Give to" in words


def test_the_reasons_why_nobody_took_it(crew: Crew) -> None:
    ticket = crew.ticket(owner=None)
    loaded = people.crew_of(Team.objects.filter(pk=crew.team.pk), lambda user: "", now=NOW)
    found = AssignmentRound(exclusions=[], candidates=[])
    assert people.why_nobody(ticket, loaded, None) == "it was not looked at yet"
    assert people.why_nobody(ticket, loaded, found) == "somebody is free again: it is given within a minute"
    nobody = people.crew_of(Team.objects.none(), lambda user: "", now=NOW)
    assert people.why_nobody(ticket, nobody, found) == "nobody in Key accounts North takes tickets"
    found.exclusions = [
        {"user": crew.hanna.pk, "team": crew.team.pk, "code": "inactive", "until": ""},
        {"user": crew.nils.pk, "team": crew.team.pk, "code": "no_capacity", "until": ""},
    ]
    assert people.why_nobody(ticket, loaded, found) == "log-in switched off: Hanna Brandt; takes no tickets: Nils Aker"
    ticket.team = None
    assert people.why_nobody(ticket, loaded, found) == "no team takes it"


def why_nobody(crew: Crew, ticket: Ticket, *left_out: dict[str, object]) -> str:
    loaded = people.crew_of(Team.objects.filter(pk=crew.team.pk), lambda user: "", now=NOW)
    return people.why_nobody(ticket, loaded, AssignmentRound(exclusions=list(left_out), candidates=[]))


def needing(crew: Crew, *skills: str, **fields: object) -> Ticket:
    """A ticket that nobody has, opened by a rule that asks for these skills."""
    return crew.ticket(owner=None, rule=make.make_rule("Needs somebody", skills=list(skills)), **fields)


def test_a_skill_that_nobody_has_is_named(crew: Crew) -> None:
    Member.objects.filter(user=crew.hanna).update(skills=["billing"])
    team = crew.team.name
    assert why_nobody(crew, needing(crew, "legal")) == f"nobody in {team} has the skill legal"
    two = needing(crew, "legal", "exports", "billing")
    assert why_nobody(crew, two) == f"nobody in {team} has the skills exports and legal"
    Member.objects.filter(user=crew.nils).update(skills=["legal"])
    both = needing(crew, "legal", "billing")
    assert why_nobody(crew, both) == f"nobody in {team} has all the skills it needs: billing and legal"


def test_of_those_who_have_the_skills_it_says_who_is_full_or_away(crew: Crew) -> None:
    Member.objects.filter(user=crew.hanna).update(skills=["billing"])
    ticket = needing(crew, "billing")
    assert why_nobody(crew, ticket) == "somebody is free again: it is given within a minute"
    away = {"user": crew.hanna.pk, "team": crew.team.pk, "code": "away", "until": (NOW + 7 * DAY).isoformat()}
    assert (
        why_nobody(crew, ticket, away)
        == "of those who have the skills it needs (billing), away: Hanna Brandt until Tuesday 1 December"
    )
    Member.objects.filter(user=crew.hanna).update(capacity=1)
    crew.ticket()
    assert why_nobody(crew, ticket) == "of those who have the skills it needs (billing), full: Hanna Brandt"


def test_a_language_that_nobody_writes_is_named_beside_why_it_waits(crew: Crew) -> None:
    """The assigner asks first who writes it, and then everybody: so it never waits for the language alone."""
    ticket = crew.ticket(owner=None, answer={"contact": make.make_contact("Chloé Marin", language="fr")})
    Member.objects.filter(user=crew.hanna).update(languages=["fr"], capacity=0)
    Member.objects.filter(user=crew.nils).update(languages=["en"])
    assert why_nobody(crew, ticket) == "somebody is free again: it is given within a minute"
    Member.objects.filter(user=crew.hanna).update(languages=["de"])
    Member.objects.filter(user=crew.nils).update(capacity=1)
    crew.ticket(owner=crew.nils)
    no_capacity = {"user": crew.hanna.pk, "team": crew.team.pk, "code": "no_capacity", "until": ""}
    assert why_nobody(crew, ticket, no_capacity) == (
        f"full: Nils Aker; takes no tickets: Hanna Brandt; nobody in {crew.team.name} writes French"
    )


def test_what_is_said_is_what_the_assigner_then_does(crew: Crew) -> None:
    """Missing a skill a ticket waits; on the page of its lead and on its own it says for which."""
    ticket = needing(crew, "legal")
    assign_waiting(now=NOW)
    assert Ticket.objects.get(pk=ticket.pk).owner is None
    said = f"nobody in {crew.team.name} has the skill legal"
    assert said in section(text_of(crew.lead), "h-un")
    page = client_of(crew.lead).get(f"/tickets/{ticket.pk}/").content.decode()
    assert f"{said[:1].upper()}{said[1:]}. It is looked at again every half minute." in page


# --- what waits for a decision ---------------------------------------------------------------------------------


def decide(text: str, user: User, answer: str) -> Any:
    """Press one of the two buttons of the first form, with everything that the form holds."""
    form = re.search(r'<form class="row-next" method="post" action="([^"]+)">(.*?)</form>', text, re.DOTALL)
    assert form is not None
    hidden = dict(re.findall(r'type="hidden" name="(version|from)" value="([^"]*)"', form[2]))
    return client_of(user).post(form[1], {**hidden, "approve": answer})


def test_a_wish_to_dismiss_is_approved_from_the_page(crew: Crew) -> None:
    ticket = crew.ticket()
    make.make_dismissal_request(ticket, reason="duplicate", explanation="Same person, same words.", asked_at=NOW - HOUR)
    text = text_of(crew.lead)
    words = section(text, "h-appr")
    assert "“Same person, same words.”" in words
    assert "Approved for this reason it leaves the closure rates." in words
    assert "asks to dismiss, today 13:30" in words
    answer = decide(text, crew.lead, "yes")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/team/")
    ticket.refresh_from_db()
    assert (ticket.state, ticket.dismissed_as) == (TicketState.DISMISSED, "duplicate")
    assert "Nothing waits for your decision." in section(text_of(crew.lead), "h-appr")


def test_declining_keeps_the_ticket_as_it_is(crew: Crew) -> None:
    ticket = crew.ticket()
    make.make_dismissal_request(ticket, reason="abuse")
    text = text_of(crew.lead)
    assert "Approved for this reason it stays in the closure rates, as not told." in section(text, "h-appr")
    decide(text, crew.lead, "no")
    ticket.refresh_from_db()
    assert ticket.state == TicketState.ASSIGNED
    assert not ticket.dismissal_requests.filter(decided_at=None).exists()


def test_of_many_wishes_every_one_is_counted_and_none_of_a_ticket_that_ended(crew: Crew) -> None:
    for _ in range(8):
        make.make_dismissal_request(crew.ticket())
    make.make_dismissal_request(crew.ticket(state="resolved"))
    text = text_of(crew.lead)
    assert re.search(r"To decide <span[^>]*>8<", text)
    assert "8. 2 more come after these." in section(text, "h-appr")


def test_whoever_owns_it_or_asked_cannot_decide(crew: Crew) -> None:
    make.make_dismissal_request(crew.ticket(owner=crew.lead), asked_by=crew.hanna)
    make.make_dismissal_request(crew.ticket(), asked_by=crew.lead)
    text = text_of(crew.lead)
    assert section(text, "h-appr").count("Another lead decides this") == 2
    assert "decide-dismissal" not in text


def test_a_second_not_yet_asks_who_calls_until_somebody_says_so(crew: Crew) -> None:
    ticket = crew.ticket("Daniel Osei", cycle=2)
    make.make_verdict(ticket, cycle=0)
    assert "Who calls" not in text_of(crew.lead)
    make.make_verdict(ticket, cycle=1)
    words = section(text_of(crew.lead), "h-appr")
    assert "Who calls Daniel?" in words
    assert "said “not yet” 2 times" in words
    event = {"ticket": ticket, "cycle": 2, "actor_kind": Event.Actor.PERSON, "happened_at": NOW, "recorded_at": NOW}
    Event.objects.create(seq=1, verb="note", actor=crew.hanna, **event)
    assert "Who calls Daniel?" in text_of(crew.lead)
    Event.objects.create(seq=2, verb="note", actor=crew.lead, **event)
    assert "Who calls" not in text_of(crew.lead)


def test_whoever_was_spoken_to_again_needs_no_decision(crew: Crew) -> None:
    ticket = crew.ticket(cycle=2, state="contacted")
    for cycle in (0, 1):
        make.make_verdict(ticket, cycle=cycle)
    assert "Who calls" not in text_of(crew.lead)


def test_at_risk_are_holds_reopened_ones_and_renewals_without_a_plan(crew: Crew) -> None:
    far = {"due_at": NOW + 5 * DAY}
    soon = make.make_account("Corriere Tre Valli", renewal_on=(NOW + 12 * DAY).date())
    crew.ticket("Vera Kranz", on_hold=True, hold_reason="Anwalt", **far)
    crew.ticket("Opened Again", cycle=1, **far)
    crew.ticket("Ellen Marchetti", account=soon, **far)
    planned = crew.ticket("Has Plan", account=soon, state="in_action", **far)
    make.make_action(planned)
    crew.ticket("Nothing Wrong", **far)
    words = section(text_of(crew.lead), "h-risk")
    assert "held: Anwalt" in words
    assert re.findall("Vera Kranz|Opened Again|Ellen Marchetti", words)
    assert "no action planned yet" in words
    assert not re.search("Has Plan|Nothing Wrong", words)


# --- what went wrong -------------------------------------------------------------------------------------------


def test_stuck_answers_of_the_team_are_shown_with_their_fault(crew: Crew) -> None:
    stuck = {"decide_attempts": 5, "decided_revision": 0, "decide_error": "There is no active policy."}
    make.make_response(2, contact=make.make_contact("Stuck Here"), **stuck)
    make.make_response(2, contact=make.make_contact("Not Ours"), team_id_then=crew.other.pk, **stuck)
    make.make_response(2, contact=make.make_contact("Still Trying"), **stuck | {"decide_attempts": 4})
    make.make_response(2, contact=make.make_contact("Solved"), **stuck | {"decided_revision": 1})
    words = section(text_of(crew.lead), "h-stuck")
    assert "1 answer is stuck" in words
    assert "Stuck Here" in words
    assert "There is no active policy." in words


def test_mails_of_the_team_that_did_not_arrive_are_shown_for_a_week(crew: Crew) -> None:
    ours, theirs = crew.ticket("Marta Lindqvist"), crew.ticket(team=crew.other)
    failed = {"state": "bounced", "ended_at": NOW - HOUR, "reason": "Mailbox unknown"}
    make.make_message(case=ours.pk, subject="What we did", **failed)
    make.make_message(case=theirs.pk, subject="Not ours", **failed)
    make.make_message(case=ours.pk, subject="Long ago", **failed | {"ended_at": NOW - 8 * DAY})
    make.make_message(case=ours.pk, subject="Arrived", state="sent")
    words = section(text_of(crew.lead), "h-failed")
    assert "1 mail did not arrive" in words
    assert "What we did: came back, Mailbox unknown" in words


# --- the people ------------------------------------------------------------------------------------------------


def test_load_counts_what_is_at_work_and_what_of_it_is_late(crew: Crew) -> None:
    crew.ticket(due_at=NOW - HOUR)
    crew.ticket()
    crew.ticket(state="waiting_on_customer")
    crew.ticket(state="closed")
    text = text_of(crew.lead)
    words = section(text, "h-load")
    assert "2 of 50" in words
    assert "Hanna Brandt 2 of 25 1 late" in words
    assert "1 more waits on the customer." in words
    (load,) = [found for found in anchors(text) if "owner=" in found.href]
    assert load.href == f"/tickets/?figure=at_work&owner={crew.hanna.pk}&team={crew.team.slug}"


def test_absences_of_today_and_soon_say_what_falls_into_them(crew: Crew) -> None:
    make.make_away(crew.nils, NOW - DAY, NOW + 3 * DAY, delegate=crew.hanna)
    make.make_away(crew.hanna, NOW + 2 * DAY, NOW + 4 * DAY)
    make.make_away(crew.hanna, NOW + 40 * DAY, NOW + 44 * DAY)
    make.make_away(crew.nils, NOW - 9 * DAY, NOW - 8 * DAY)
    crew.ticket(due_at=NOW + 3 * DAY)
    crew.ticket(due_at=NOW + 5 * DAY)
    text = " ".join(re.sub(r"<[^>]+>", " ", text_of(crew.lead)).split())
    assert "Nils Aker , until Fri 27 Nov Delegate: Hanna Brandt." in text
    assert "Hanna Brandt , Thu 26 Nov to Sat 28 Nov No delegate yet. 1 clock runs out in this time." in text
    assert text.count("No delegate yet") == 1


def test_what_customers_said_since_yesterday(crew: Crew) -> None:
    settled, not_yet = crew.ticket("Rosa Figueiredo", state="closed"), crew.ticket("Gunnar Holt")
    make.make_verdict(settled, "settled")
    make.make_verdict(not_yet, "not_yet")
    make.make_verdict(crew.ticket("Long Ago"), "settled", happened_at=NOW - timedelta(days=3))
    crew.ticket(state="closed", closed_as="unconfirmed", closed_at=NOW - HOUR)
    text = " ".join(re.sub(r"<[^>]+>", " ", text_of(crew.lead)).split())
    assert "Settled 1 customer: Rosa Figueiredo Not yet 1 customer: Gunnar Holt" in text
    assert "Silent, closed 1 ticket, without a word" in text


# --- the page itself -------------------------------------------------------------------------------------------


def test_an_empty_team_reads_calmly(crew: Crew) -> None:
    text = text_of(crew.lead)
    for words in ("No promise ends in the next 24 hours.", "Every open ticket has an owner.", "Nothing waits"):
        assert words in text


def test_a_ticket_that_stands_in_two_groups_repeats_no_id_and_nothing_carries_a_style(crew: Crew) -> None:
    make.make_dismissal_request(crew.ticket(due_at=NOW + HOUR))
    make.make_dismissal_request(crew.ticket(due_at=NOW - HOUR, on_hold=True))
    reader = read(text_of(crew.lead))
    assert len(reader.ids) == len(set(reader.ids))
    assert "style" not in reader.attributes


def test_customers_words_stay_text(crew: Crew) -> None:
    crew.ticket("<b>Eve</b>", answer={"verbatim": "<script>alert(1)</script>"})
    text = text_of(crew.lead)
    assert "<script>alert" not in text
    assert "<b>Eve" not in text


def test_the_number_of_queries_does_not_grow(crew: Crew, django_assert_max_num_queries: Any) -> None:
    client = client_of(crew.lead)
    for _ in range(2):
        for n in range(8):
            ticket = crew.ticket(due_at=NOW + (n - 3) * HOUR, cycle=n % 2, on_hold=n == 5)
            make.make_verdict(ticket)
            make.make_verdict(ticket)
            if n < 4:
                make.make_dismissal_request(ticket)
            make.make_message(case=ticket.pk, state="failed", ended_at=NOW)
            crew.ticket(owner=None)
        make.make_away(make_member(crew), NOW, NOW + DAY)
        with django_assert_max_num_queries(34):
            assert client.get("/team/").status_code == 200


def make_member(crew: Crew) -> User:
    user = make.make_user()
    make.make_member(crew.team, user)
    return user
