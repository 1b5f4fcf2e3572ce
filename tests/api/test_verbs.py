"""Verbs by the API: the same functions, guards and events as on the page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from followups.models import Event, Ticket
from followups.models.tickets import TicketState
from followups.serializers.verbs import BODIES
from followups.workflow.table import VERBS
from tests.api.conftest import Caller, Cast, key_caller
from tests.factories import (
    HOUR,
    NOW,
    make_action,
    make_contact,
    make_deadline,
    make_response,
    make_root_cause,
    make_ticket,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


class Desk:
    """One caller working on one ticket, always with the version that was answered last."""

    def __init__(self, caller: Caller, ticket: Ticket) -> None:
        self.caller = caller
        self.number = ticket.pk
        self.version = ticket.version

    def do(self, verb: str, **body: Any) -> Any:
        answer = self.caller.post(f"/api/v1/tickets/{self.number}/{verb}/", {"version": self.version, **body})
        if answer.status_code == 200:
            self.version = answer.json()["version"]
        return answer


def refused(answer: Any) -> dict[str, str]:
    return {error["attr"]: error["detail"] for error in answer.json()["errors"]}


@pytest.fixture
def desk(_now: None, cast: Cast) -> Desk:
    make_deadline(cast.ticket)
    return Desk(Caller(user=cast.agent), cast.ticket)


def test_every_verb_of_the_table_has_a_body_and_an_address() -> None:
    assert set(BODIES) == set(VERBS)


def test_a_loop_is_worked_from_contact_to_resolution(desk: Desk, cast: Cast) -> None:
    cause = make_root_cause()
    cast.ticket.actions.all().delete()
    talk = desk.do(
        "log-contact", channel="phone", outcome="spoke", note="Angry, rightly so.",
        happened_at=(NOW - HOUR).isoformat(), line_for_customer="We spoke on the phone.",
    )  # fmt: skip
    assert (talk.status_code, talk.json()["state"]) == (200, "contacted"), talk.content
    assert talk.json()["first_contact_at"] == "2026-11-24T13:30:00Z"
    planned = desk.do("add-action", title="Send the invoice", owner=cast.back_office.username, due_on="2026-11-27")
    assert (planned.status_code, planned.json()["state"]) == (200, "in_action"), planned.content
    [action] = planned.json()["actions"]
    assert action["owner"]["id"] == cast.back_office.pk
    moved = desk.do("move-action", action=action["id"], due_on="2026-11-30", reason="The depot is closed.")
    assert moved.json()["actions"][0]["moves"][0]["reason"] == "The depot is closed."
    body = {"root_cause": cause.slug, "what_changed": "The invoice is right.", "why_it_happened": "A wrong address."}
    early = desk.do("resolve", **body)
    assert early.status_code == 400, early.content
    far = desk.do("move-action", action=action["id"], due_on="2036-11-30", reason="The depot is closed.")
    assert far.status_code == 400 and "more than a year ahead" in refused(far)["due_on"]
    done = desk.do("complete-action", action=action["id"], what_changed="The invoice is right.")
    assert done.json()["actions"][0]["state"] == "done", done.content
    end = desk.do("resolve", **body)
    assert (end.status_code, end.json()["state"]) == (200, "resolved"), end.content
    assert end.json()["resolutions"][0]["root_cause"] == cause.slug
    assert [event["seq"] for event in end.json()["events"]] == list(range(1, end.json()["version"] + 1))
    assert {event["actor"]["id"] for event in end.json()["events"]} == {cast.agent.pk}


def test_a_talk_that_settles_it_is_one_submit(desk: Desk, cast: Cast) -> None:
    cast.ticket.actions.all().delete()
    settled = {
        "what_was_done": "Credit given.",
        "root_cause": make_root_cause().slug,
        "why_it_happened": "A wrong address.",
    }
    answer = desk.do("log-contact", channel="phone", outcome="spoke", settled=settled)
    assert (answer.status_code, answer.json()["state"]) == (200, "resolved"), answer.content
    missing = Desk(Caller(user=cast.lead), cast.ticket).do("log-contact", channel="phone", outcome="spoke", settled={})
    assert set(refused(missing)) == {"settled.what_was_done", "settled.root_cause", "settled.why_it_happened"}


@pytest.mark.parametrize("verb", BODIES)
def test_every_verb_asks_for_the_version(verb: str, desk: Desk) -> None:
    answer = desk.caller.post(f"/api/v1/tickets/{desk.number}/{verb}/", {})
    assert answer.status_code == 400
    assert refused(answer)["version"] == "This field is required."


def test_a_stale_version_is_412_and_names_the_present_one(desk: Desk, cast: Cast) -> None:
    assert desk.do("note", text="One.").status_code == 200
    desk.version = 0
    answer = desk.do("note", text="Two.")
    assert answer.status_code == 412
    assert answer.json()["current_version"] == 1
    assert answer.json()["errors"][0]["code"] == "stale"
    assert [note.text for note in cast.ticket.notes.all()] == ["One."]


def test_what_the_state_does_not_allow_is_409_and_changes_nothing(desk: Desk, cast: Cast) -> None:
    answer = desk.do("reopen", reason="Again.")
    assert answer.status_code == 409
    assert answer.json()["errors"] == [{"code": "not_allowed", "detail": "This ticket is open already.", "attr": None}]
    cast.ticket.refresh_from_db()
    assert (cast.ticket.version, Event.objects.count()) == (0, 0)


def test_what_a_role_does_not_allow_is_403(desk: Desk, cast: Cast) -> None:
    cast.ticket.on_hold = True
    cast.ticket.save()
    answer = desk.do("unhold")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "forbidden")
    office = Desk(Caller(user=cast.back_office), cast.ticket)
    assert office.do("log-contact", channel="phone", outcome="spoke").status_code == 403
    assert Desk(Caller(user=cast.lead), cast.ticket).do("unhold").status_code == 200


def test_a_field_nobody_asked_for_is_an_error_that_names_it(desk: Desk) -> None:
    answer = desk.do("note", text="One.", state="closed", owner=1)
    assert answer.status_code == 400
    assert refused(answer) == {
        "state": "There is no such field here. Known: version, text.",
        "owner": "There is no such field here. Known: version, text.",
    }


def test_no_verb_can_write_a_field_of_the_ticket(cast: Cast, _now: None) -> None:
    """Mass assignment: every column of the row, sent to every verb, by an administrator."""
    before = Ticket.objects.filter(pk=cast.ticket.pk).values().get()
    caller = Caller(user=cast.admin)
    for verb in BODIES:
        known = BODIES[verb](context={"ticket": cast.ticket, "user": cast.admin}).fields
        body = {name: str(value) for name, value in before.items() if name not in known}
        answer = caller.post(f"/api/v1/tickets/{cast.ticket.pk}/{verb}/", body)
        assert answer.status_code == 400, verb
        assert "There is no such field here" in answer.content.decode(), verb
    assert Ticket.objects.filter(pk=cast.ticket.pk).values().get() == before


def test_ids_in_a_body_reach_only_what_one_may_see(desk: Desk, cast: Cast) -> None:
    foreign_action = make_action(cast.other_ticket)
    stranger = make_contact("A stranger")
    for verb, body, field in (
        ("complete-action", {"action": foreign_action.pk, "what_changed": "x"}, "action"),
        ("join", {"other": cast.other_ticket.pk}, "other"),
        ("join", {"other": cast.ticket.pk}, "other"),
        ("split", {"contact": stranger.pk}, "contact"),
        ("assign", {"to": cast.gone.pk, "reason": "x"}, "to"),
        ("assign", {"to": "nobody.at.all", "reason": "x"}, "to"),
        ("assign", {"to": True, "reason": "x"}, "to"),
    ):
        answer = desk.do(verb, **body)
        assert (answer.status_code, set(refused(answer))) == (400, {field}), (verb, answer.content)


def test_handing_over_takes_an_id_or_a_user_name_and_a_reason(desk: Desk, cast: Cast) -> None:
    assert set(refused(desk.do("assign", to=cast.mate.pk))) == {"reason"}
    assert desk.do("assign", to=cast.mate.pk, reason="I am away.").json()["owner"]["username"] == cast.mate.username
    back = Desk(Caller(user=cast.mate), cast.ticket)
    back.version = desk.version
    assert back.do("assign", to=cast.agent.username, reason="I am back.").json()["owner"]["id"] == cast.agent.pk
    assert back.do("release", reason="Not mine.").json()["owner"] is None


def test_a_day_to_come_back_on_means_that_morning(desk: Desk, cast: Cast) -> None:
    desk.do("log-contact", channel="phone", outcome="spoke")
    asked = desk.do("wait", question="Which invoice was it?", until="2026-11-28")
    assert (asked.status_code, asked.json()["state"]) == (200, "waiting_on_customer"), asked.content
    assert asked.json()["waiting_until"] == "2026-11-30T09:00:00Z"
    back = desk.do("resume")
    assert (back.status_code, back.json()["waiting_until"]) == (200, None), back.content


def test_the_small_verbs_do_what_they_say(desk: Desk, cast: Cast) -> None:
    assert desk.do("snooze", until=(NOW + HOUR).isoformat()).json()["snoozed_until"] == "2026-11-24T15:30:00Z"
    assert desk.do("snooze", until=None).json()["snoozed_until"] is None
    assert desk.do("hold", reason="Mentions a lawyer.").json()["on_hold"] is True
    assert desk.do("send-message", subject="Your answer", body="Dear customer").status_code in (200, 409)
    assert desk.do("log-reply", text="Thank you.").json()["replies"][0]["text"] == "Thank you."
    wished = desk.do("ask-dismissal", reason="duplicate", explanation="Twice the same.").json()
    assert (wished["state"], wished["dismissal_requests"][0]["reason"]) == ("assigned", "duplicate")
    lead = Desk(Caller(user=cast.lead), cast.ticket)
    lead.version = desk.version
    assert lead.do("decide-dismissal", approve=True).json()["dismissed_as"] == "duplicate"
    assert lead.do("reopen", reason="It was none.").json()["state"] == "assigned"


def test_an_answer_of_nobody_known_is_joined_to_a_customer_s_and_split_to_another_s(cast: Cast, _now: None) -> None:
    other = make_ticket(make_response(4, contact=make_contact()), owner=cast.agent, team=cast.team)
    desk = Desk(Caller(user=cast.agent), make_ticket(make_response(2), owner=cast.agent, team=cast.team))
    joined = desk.do("join", other=cast.ticket.pk)
    assert (joined.status_code, joined.json().get("conversation")) == (200, cast.ticket.conversation_id), joined.content
    split = desk.do("split", contact=other.contact_id)
    assert (split.status_code, split.json().get("conversation")) == (200, other.conversation_id), split.content
    assert split.json()["customer"]["id"] == other.contact_id


def test_a_key_acts_and_is_named(cast: Cast, writing: Caller) -> None:
    assert writing.key is not None
    Desk(writing, cast.ticket).do("note", text="From the CRM.")
    event = Event.objects.get()
    assert (event.actor_kind, event.actor, event.program) == ("program", None, writing.key.pk)


def test_a_key_of_a_person_acts_in_that_hand(cast: Cast) -> None:
    caller = key_caller("write", user=cast.agent)
    Desk(caller, cast.ticket).do("note", text="From my script.")
    event = Event.objects.get()
    assert caller.key is not None
    assert (event.actor, event.program) == (cast.agent, caller.key.pk)
    assert caller.get(f"/api/v1/tickets/{cast.other_ticket.pk}/").status_code == 404


def test_a_passive_s_ticket_is_dismissed_at_once(cast: Cast, _now: None) -> None:
    ticket = make_ticket(score=8, owner=cast.agent, team=cast.team)
    answer = Desk(Caller(user=cast.agent), ticket).do("ask-dismissal", reason="not_ours")
    assert answer.json()["state"] == TicketState.DISMISSED


def test_a_moment_without_a_zone_is_utc_and_a_future_contact_is_refused(desk: Desk) -> None:
    late = desk.do("log-contact", channel="phone", outcome="spoke", happened_at=(NOW + timedelta(hours=2)).isoformat())
    assert set(refused(late)) == {"happened_at"}
    naive = desk.do("log-contact", channel="phone", outcome="spoke", happened_at="2026-11-24T14:00:00")
    assert naive.json()["attempts"][0]["happened_at"] == "2026-11-24T14:00:00Z"
