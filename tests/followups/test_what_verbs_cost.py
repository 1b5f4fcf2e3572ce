"""What each verb asks of the database, from the page and from a program, on a ticket with everything on it.

The whole request counts: by a person session and person, by a program its key and two for its Idempotency-Key (but not
that the use of a key is noted, once a minute). What is locked, claimed and written for each verb is more for some than
for others, and none grows with the ticket.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from followups import watching, workflow
from followups.actors import Actor
from followups.models import Action, Deadline, RootCause, Ticket
from followups.models.tickets import TicketState
from followups.workflow.table import VERBS
from nps_loop.people.models import ApiKey
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


# SAVEPOINT is not counted, everything else of the request is.
MOST = 8


def test_every_verb_is_measured() -> None:
    assert set(CASES) == set(VERBS)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="constant query counts are promised on PostgreSQL")
@pytest.mark.parametrize("verb", CASES)
def test_a_verb_costs_at_most_eight_queries(desk: Desk, verb: str, settings: Any) -> None:
    settings.UNDO_SECONDS = 10
    case, ticket = CASES[verb], desk.ticket
    desk.put(case.state, **case.fields)
    case.before(desk)
    person = desk.cast.lead if case.by_lead else desk.cast.hanna
    browser, program = logged_in(person), Client()
    _key, secret = ApiKey.objects.issue("CRM", ApiKey.Scope.WRITE, user=person, last_used_at=NOW)
    version = {"version": Ticket.objects.values_list("version", flat=True).get(pk=ticket.pk)}
    body = json.dumps(version | case.api(desk))
    address = f"/api/v1/tickets/{ticket.pk}/{verb}/"
    once = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "once"}
    cache.clear()
    ways = {
        "a page": (302, lambda: browser.post(f"/tickets/{ticket.pk}/{verb}/", version | case.page(desk))),
        "a browser's script": (200, lambda: browser.post(address, body, "application/json")),
        "a program": (200, lambda: program.post(address, body, "application/json", headers=once)),
    }
    for way, (status, do) in ways.items():
        asked = queries(do, status)
        assert len(asked) <= MOST, "\n".join([f"{way} asks {len(asked)} times", *asked])


def queries(do: Callable[[], Any], status: int) -> list[str]:
    """What is asked while a verb is done. It is undone at once, so that it can be done in another way."""
    with transaction.atomic():
        with CaptureQueriesContext(connection) as captured:
            answer = do()
        assert answer.status_code == status, answer.content.decode()
        transaction.set_rollback(True)
    words = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")
    return [query["sql"] for query in captured.captured_queries if not query["sql"].startswith(words)]
