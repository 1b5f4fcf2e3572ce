"""What each verb asks of the database, from the page and from a program, on a ticket with everything on it.

Two of the queries are the log-in's (session and person); a program that names an Idempotency-Key pays two more for it.
What is locked, claimed and written for each verb is more for some than for others, and none grows with the ticket.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from followups import watching, workflow
from followups.actors import Actor
from followups.models import Action, Deadline, RootCause, Ticket
from followups.models.tickets import TicketState
from followups.workflow.table import VERBS
from tests import factories
from tests.factories import NOW
from tests.followups.pages.cast import DAY, HOUR, Cast, add_marta, add_ticket
from tests.followups.pages.conftest import cast, clock, logged_in  # noqa: F401

TARGET = Deadline.Target
DAY_AFTER = (NOW + 3 * DAY).date().isoformat()


@dataclass
class Desk:
    """A rich ticket on which one verb is about to be done."""

    cast: Cast
    ticket: Ticket
    other: Ticket
    action: Action

    def put(self, state: str, **fields: Any) -> None:
        Ticket.objects.filter(pk=self.ticket.pk).update(state=state, **fields)

    @property
    def cause(self) -> RootCause:
        return self.cast.causes[0]


@dataclass(frozen=True)
class Case:
    """One verb: the state it is done in, what the page posts and what a program posts, and by whom."""

    page: Callable[[Desk], dict[str, Any]]
    api: Callable[[Desk], dict[str, Any]]
    state: str = TicketState.IN_ACTION
    fields: dict[str, Any] = field(default_factory=dict)
    by_lead: bool = False
    before: Callable[[Desk], object] = lambda desk: None


def same(make: Callable[[Desk], dict[str, Any]], **more: Any) -> Case:
    return Case(make, make, **more)


def finished(desk: Desk) -> None:
    Action.objects.filter(pk=desk.action.pk).update(state="done", done_at=NOW - HOUR, what_changed="The list is out.")


def asked_for_dismissal(desk: Desk) -> None:
    factories.make_dismissal_request(desk.ticket, asked_by=desk.cast.hanna)


CASES: dict[str, Case] = {
    "assign": same(lambda desk: {"to": desk.cast.nils.pk, "reason": "He knows them."}),
    "release": same(lambda desk: {"reason": "Too much at once."}),
    "log-contact": same(
        lambda desk: {"channel": "phone", "outcome": "spoke", "note": "Angry, rightly so."}, state=TicketState.ASSIGNED
    ),
    "log-reply": same(lambda desk: {"text": "And when?"}),
    "send-message": same(
        lambda desk: {"subject": "The list", "body": "Here is the list."}, state=TicketState.CONTACTED
    ),
    "add-action": Case(
        lambda desk: {
            "title": "Mend it",
            "owner": desk.cast.devika.pk,
            "due_on": DAY_AFTER,
            "part": "midday",
            "tell_customer": "on",
        },
        lambda desk: {"title": "Mend it", "owner": desk.cast.devika.pk, "due_on": DAY_AFTER, "part": "midday"},
        state=TicketState.CONTACTED,
    ),
    "move-action": same(
        lambda desk: {"action": desk.action.pk, "due_on": DAY_AFTER, "part": "evening", "reason": "A part is missing."}
    ),
    "delay": same(
        lambda desk: {"due_on": DAY_AFTER, "part": "evening", "reason": "A day later."}, state=TicketState.ASSIGNED
    ),
    "complete-action": Case(
        lambda desk: {"action": desk.action.pk, "what_changed": "The list is out.", "tell_customer": "on"},
        lambda desk: {"action": desk.action.pk, "what_changed": "The list is out.", "tell_customer": True},
    ),
    "drop-action": same(lambda desk: {"action": desk.action.pk, "reason": "Not needed."}),
    "wait": same(lambda desk: {"question": "Which depot?"}),
    "link": same(lambda desk: {"title": "Labels that stick"}),
    "resume": same(lambda desk: {}, state=TicketState.WAITING_ON_CUSTOMER, fields={"waiting_from": "in_action"}),
    "resolve": Case(
        lambda desk: {
            "root_cause": desk.cause.pk,
            "what_changed": "Lists.",
            "why_it_happened": "None.",
            "told": "mail",
        },
        lambda desk: {"root_cause": desk.cause.slug, "what_changed": "Lists.", "why_it_happened": "None."},
        before=finished,
    ),
    "reopen": same(
        lambda desk: {"reason": "It came back."},
        state=TicketState.RESOLVED,
        fields={"resolved_at": NOW - DAY},
        before=finished,
    ),
    "ask-dismissal": same(lambda desk: {"reason": "spam", "explanation": "A robot."}),
    "decide-dismissal": Case(
        lambda desk: {"approve": "yes"}, lambda desk: {"approve": True}, by_lead=True, before=asked_for_dismissal
    ),
    "hold": same(lambda desk: {"reason": "A lawyer writes."}),
    "unhold": same(lambda desk: {}, fields={"on_hold": True, "hold_reason": "A lawyer."}, by_lead=True),
    "note": same(lambda desk: {"text": "She is right. @nils, look."}),
    "snooze": Case(
        lambda desk: {"until": (NOW + HOUR).strftime("%Y-%m-%dT%H:%M")},
        lambda desk: {"until": (NOW + HOUR).isoformat()},
    ),
    "join": same(lambda desk: {"other": desk.other.pk}),
    "split": same(lambda desk: {"contact": desk.other.contact_id}),
    "leave-in-peace": Case(
        lambda desk: {"root_cause": desk.cause.pk, "note": "Read."},
        lambda desk: {"root_cause": desk.cause.slug, "note": "Read."},
        state=TicketState.ASSIGNED,
        fields={"left_in_peace": True},
    ),
    "agree-to-differ": same(
        lambda desk: {"text": "We see it otherwise."},
        state=TicketState.RESOLVED,
        fields={"resolved_at": NOW - DAY},
        by_lead=True,
        before=lambda desk: (finished(desk), factories.make_verdict(desk.ticket)),
    ),
}


@pytest.fixture
def desk(cast: Cast) -> Desk:  # noqa: F811
    """Marta's ticket with everything on it."""
    marta = add_marta(cast)
    other = add_ticket(cast, "Annika Dahl", "Nordby Cold Chain", 6, "Three cost centres.", owner=cast.nils)
    me = Actor.person(cast.hanna)
    for n in range(3):
        workflow.note(marta, actor=me, now=NOW - 5 * HOUR, version=None, text=f"Note {n}")
        factories.make_message(case=marta.pk, state="sent", sent_at=NOW - 5 * HOUR)
        factories.make_deadline(
            marta, TARGET.NEXT_UPDATE, ordinal=n, policy=cast.policy, calendar=cast.team.calendar, met_at=NOW - DAY,
            clock="team", minutes=2000,
        )  # fmt: skip
    factories.make_deadline(
        marta, TARGET.RESOLUTION, policy=cast.policy, calendar=cast.team.calendar, clock="team", minutes=9000
    )
    factories.make_deadline(
        marta,
        TARGET.NEXT_UPDATE,
        ordinal=3,
        policy=cast.policy,
        calendar=cast.team.calendar,
        clock="team",
        minutes=2000,
    )
    watching.watch(marta, cast.lead, now=NOW)
    action = factories.make_action(
        marta, cast.devika, told_at=NOW - DAY, first_promised_at=NOW + 2 * DAY, due_at=NOW + 2 * DAY
    )
    marta.refresh_from_db()
    return Desk(cast, marta, other, action)


# Verb -> the most queries by the page, and by the API with an Idempotency-Key. SAVEPOINT is not counted.
MOST = {
    "assign": (31, 33),
    "release": (16, 18),
    "log-contact": (10, 12),
    "log-reply": (14, 16),
    "send-message": (16, 13),
    "add-action": (14, 16),
    "move-action": (15, 17),
    "delay": (11, 13),
    "complete-action": (16, 18),
    "drop-action": (12, 14),
    "wait": (18, 17),
    "resume": (10, 12),
    "resolve": (23, 21),
    "reopen": (16, 18),
    "ask-dismissal": (13, 15),
    "decide-dismissal": (19, 21),
    "hold": (11, 13),
    "unhold": (8, 10),
    "note": (15, 15),
    "snooze": (8, 10),
    "join": (33, 35),
    "split": (27, 29),
    "link": (14, 16),
    "leave-in-peace": (17, 19),
    "agree-to-differ": (15, 17),
}


def test_every_verb_has_a_bound() -> None:
    assert set(CASES) == set(MOST) == set(VERBS)


@pytest.mark.parametrize("verb", CASES)
def test_a_verb_asks_no_more_than_this(desk: Desk, verb: str, settings: Any) -> None:
    settings.UNDO_SECONDS = 10
    case, ticket = CASES[verb], desk.ticket
    desk.put(case.state, **case.fields)
    case.before(desk)
    client = logged_in(desk.cast.lead if case.by_lead else desk.cast.hanna)
    version = {"version": Ticket.objects.values_list("version", flat=True).get(pk=ticket.pk)}
    body = json.dumps(version | case.api(desk))
    cache.clear()
    by_page, by_api = MOST[verb]
    asked = queries(lambda: client.post(f"/tickets/{ticket.pk}/{verb}/", version | case.page(desk)), 302)
    assert len(asked) <= by_page, "\n".join(asked)
    address, key = f"/api/v1/tickets/{ticket.pk}/{verb}/", {"Idempotency-Key": "once"}
    asked = queries(lambda: client.post(address, body, "application/json", headers=key), 200)
    assert len(asked) <= by_api, "\n".join(asked)


def queries(do: Callable[[], Any], status: int) -> list[str]:
    """What is asked while a verb is done. It is undone at once, so that it can be done in another way."""
    with transaction.atomic():
        with CaptureQueriesContext(connection) as captured:
            answer = do()
        assert answer.status_code == status, answer.content.decode()
        transaction.set_rollback(True)
    words = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")
    return [query["sql"] for query in captured.captured_queries if not query["sql"].startswith(words)]
