"""What happened to a customer, as other programs tell it, and the surveys that ask about it.

A transactional survey asks after each event at its touchpoint, an episodic one where the event ends the journey. The
same reference for the same person is one occasion, however often it is told.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction

from nps_loop.celery import ring
from nps_loop.zones import zone_of
from surveys.asking.fatigue import STILL_FRESH
from surveys.asking.history import own_domains, people_of
from surveys.asking.planning import asking_of, invitation
from surveys.asking.turns import after_event
from surveys.incoming import IncomingEvent, Rejection, shorten
from surveys.models import Contact, Invitation, Source, Survey, Touchpoint
from surveys.posting import API_NAMES, RENAMED, Sources
from surveys.readers.payload import EVENT_FIELDS, read_event
from surveys.recording.customers import find_customers

logger = logging.getLogger(__name__)

Cause = Invitation.Cause

# Short write transactions let other writers in between.
BATCH = 500
# Who the customer is may be written by a rival at the same moment; the second try finds what the first one left.
_TRIES = 8
DOCUMENTED = (
    "touchpoint", "reference", "email", "contact_id", "name", "phone", "language", "time_zone", "account",
    "account_name", "happened_at", "journey_ended", "source",
)  # fmt: skip
_KNOWN = frozenset(DOCUMENTED) | EVENT_FIELDS
_NOBODY_ASKS = "No survey that is sent asks about this."


@dataclass(slots=True)
class Taken:
    """What became of one event. `errors` is empty unless it was refused.

    `invitations` are those of its reference, known ones included; `is_new` tells whether one of them was made now.
    """

    row: int
    errors: list[Rejection] = field(default_factory=list)
    contact_id: int | None = None
    reference: str = ""
    touchpoint: str = ""
    invitations: list[Invitation] = field(default_factory=list)
    is_new: bool = False
    note: str = ""

    @property
    def status(self) -> str:
        if self.errors:
            return "rejected"
        if not self.invitations:
            return "ignored"
        return "taken" if self.is_new else "known"


def take_events(bodies: Sequence[object], *, now: datetime, pinned_source: str = "", first_row: int = 1) -> list[Taken]:
    """Plan what these events ask for; returns one Taken for each body, in order.

    The same few queries for each 500. With `pinned_source` (a slug) ids of theirs are those of that source only.
    """
    sources = Sources(pinned_source)
    taken = []
    for start in range(0, len(bodies), BATCH):
        taken += _take(bodies[start : start + BATCH], sources, first_row + start, now)
    return taken


def _take(bodies: Sequence[object], sources: Sources, first_row: int, now: datetime) -> list[Taken]:
    touchpoints = _Touchpoints()
    taken = {row: Taken(row) for row in range(first_row, first_row + len(bodies))}
    events: dict[int, list[IncomingEvent]] = defaultdict(list)
    for row, body in zip(taken, bodies, strict=True):
        read = _read(row, body, sources, touchpoints, now)
        if isinstance(read, list):
            taken[row].errors = read
        else:
            source, event = read
            events[source.pk].append(event)
    for pk, of_source in events.items():
        _plan(sources.by_pk[pk], of_source, touchpoints, taken, now)
    return list(taken.values())


def _read(
    row: int, body: object, sources: Sources, touchpoints: _Touchpoints, now: datetime
) -> tuple[Source, IncomingEvent] | list[Rejection]:
    if not isinstance(body, Mapping):
        return [
            Rejection(row, "", "An event is an object with at least touchpoint, reference and email or contact_id.")
        ]
    wrong = [
        Rejection(row, shorten(str(name)), f"There is no such field. Known: {', '.join(DOCUMENTED)}.")
        for name in list(body)[:200]
        if name not in _KNOWN
    ]
    wrong += [
        Rejection(row, name, f"Says the same as “{theirs}”: send one of them.")
        for name, theirs in RENAMED.items()
        if name in body and theirs in body
    ]
    source = sources.of(row, {"source": body.get("source")})
    if isinstance(source, Rejection):
        return [*wrong, source]
    said = {str(name): value for name, value in body.items() if name in _KNOWN}
    inner = {RENAMED.get(name, name): value for name, value in said.items()}
    read = read_event(row, inner, zone=ZoneInfo(source.time_zone), now=now)
    if isinstance(read, list):
        return wrong + [replace(each, field=API_NAMES.get(each.field, each.field)) for each in read]
    if touchpoints.of(read.touchpoint) is None:
        wrong.append(Rejection(row, "touchpoint", f"There is no touchpoint “{shorten(read.touchpoint)}”."))
    return wrong or (source, read)


def _plan(
    source: Source, events: Sequence[IncomingEvent], touchpoints: _Touchpoints, taken: dict[int, Taken], now: datetime
) -> None:
    for attempt in range(1, _TRIES + 1):
        try:
            with transaction.atomic():
                _plan_once(source, events, touchpoints, taken, now)
            return
        except IntegrityError:
            if attempt == _TRIES:
                raise
            logger.info("A batch of %d events lost a race, done again.", len(events))


_Key = tuple[int, int, str]


def _plan_once(
    source: Source, events: Sequence[IncomingEvent], touchpoints: _Touchpoints, taken: dict[int, Taken], now: datetime
) -> None:
    customers = find_customers(source, events, known=[None] * len(events), now=now)
    asked: list[tuple[IncomingEvent, Survey, Contact]] = []
    for event, customer in zip(events, customers, strict=True):
        found = taken[event.row]
        found.reference, found.touchpoint = event.reference, event.touchpoint
        found.contact_id = customer.contact.pk if customer.contact else None
        touchpoint = touchpoints.of(event.touchpoint)
        if customer.contact is not None:
            contact = customer.contact
            asked += [(event, survey, contact) for survey in touchpoints.surveys(touchpoint, event.journey_ended)]
    known = _known(asked)
    people = people_of({c.pk: c for _e, _s, c in asked}.values(), staff=own_domains(), now=now) if asked else {}
    rows: dict[_Key, Invitation] = {}
    for event, survey, contact in asked:
        key = (survey.pk, contact.pk, event.reference)
        if key in known or key in rows:
            continue
        at = after_event(survey, event.happened_at, zone_of(contact.time_zone, settings.TIME_ZONE), now=now)
        fresh_until = event.happened_at + timedelta(hours=survey.wait_hours) + STILL_FRESH
        cause = Cause.JOURNEY if survey.kind == Survey.Kind.EPISODIC else Cause.EVENT
        asking = asking_of(survey, cause, event.reference, at, fresh_until)
        rows[key] = invitation(survey, contact, people[contact.pk], asking, now=now, occasion_at=event.happened_at)
    Invitation.objects.bulk_create(rows.values(), ignore_conflicts=True)
    # `ignore_conflicts` returns no keys, and a rival may have been first.
    stored = _known(asked) if rows else known
    for event, survey, contact in asked:
        key = (survey.pk, contact.pk, event.reference)
        found, row = taken[event.row], stored[key]
        found.invitations.append(row)
        if key in rows and row.created_at == now:
            found.is_new = True
            del rows[key]  # told again in the same request it is known
    for event in events:
        taken[event.row].note = "" if taken[event.row].invitations else _NOBODY_ASKS
    if any(row.state == Invitation.State.PLANNED and row.planned_for <= now for row in stored.values()):
        from surveys.tasks import ask  # tasks import sending, which stands beside this module

        ring(ask)


def _known(asked: Iterable[tuple[IncomingEvent, Survey, Contact]]) -> dict[_Key, Invitation]:
    """The invitations of these occasions that are there, by survey, person and reference. One query."""
    keys = {(survey.pk, contact.pk, event.reference) for event, survey, contact in asked}
    if not keys:
        return {}
    rows = Invitation.objects.select_related("survey").filter(
        contact__in={contact for _survey, contact, _reference in keys},
        reference__in={reference for _survey, _contact, reference in keys},
        survey__in={survey for survey, _contact, _reference in keys},
    )
    found = {(row.survey_id, row.contact_id or 0, row.reference): row for row in rows}
    return {key: row for key, row in found.items() if key in keys}


class _Touchpoints:
    """The touchpoints by the words events use, slugs or names, and the surveys that ask there. Two queries."""

    def __init__(self) -> None:
        known = list(Touchpoint.objects.all())
        self._by_word = {row.name.casefold(): row for row in known} | {row.slug.casefold(): row for row in known}
        self._surveys: dict[int, list[Survey]] = defaultdict(list)
        kinds = (Survey.Kind.TRANSACTIONAL, Survey.Kind.EPISODIC)
        for survey in Survey.objects.filter(is_sent=True, kind__in=kinds, touchpoint__isnull=False).order_by("pk"):
            self._surveys[survey.touchpoint_id or 0].append(survey)

    def of(self, word: str) -> Touchpoint | None:
        return self._by_word.get(word.casefold())

    def surveys(self, touchpoint: Touchpoint | None, journey_ended: bool) -> list[Survey]:
        """Those that ask after such an event."""
        at_it = self._surveys.get(touchpoint.pk, []) if touchpoint else []
        return [survey for survey in at_it if journey_ended or survey.kind == Survey.Kind.TRANSACTIONAL]
