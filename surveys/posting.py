"""Answers posted as JSON: read, refused field by field, and recorded in batches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from surveys.excluding import exclude_as_test
from surveys.incoming import IncomingResponse, Rejection, shorten
from surveys.models import Source, Survey
from surveys.readers.payload import ALSO_CALLED, TEXT_FIELDS, read_payload
from surveys.recording import Status, record_responses

# Short write transactions let other writers in between.
BATCH = 500
# A thank-you for what somebody said weeks ago only tells them how long it lay around.
ACKNOWLEDGED_FOR = timedelta(days=7)

# What the API calls a field -> what the reader calls it.
RENAMED = {"account": "account_external_id", "contact_id": "contact_external_id", "updated_at": "version_at"}
API_NAMES = {theirs: ours for ours, theirs in RENAMED.items()}
# Fields that say how to take an answer, and belong to no answer.
OURS = ("source", "survey", "kind", "test", "acknowledge")
DOCUMENTED = (
    "source", "external_id", "score", "comment", "responded_at", "updated_at", "email", "contact_id", "name", "phone",
    "language", "time_zone", "account", "account_name", "touchpoint", "survey", "kind", "driver", "contact_me",
    "share_name", "answered_for", "product", "attributes", "test", "acknowledge",
)  # fmt: skip
KNOWN = frozenset(DOCUMENTED) | frozenset(TEXT_FIELDS) | frozenset(ALSO_CALLED)


@dataclass(slots=True)
class Posted:
    """What became of one posted answer. `errors` is empty unless it was rejected; `note` is something to know."""

    row: int
    status: Status = Status.REJECTED
    response_id: int | None = None
    errors: list[Rejection] = field(default_factory=list)
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Way:
    """How answers are taken together."""

    source: int
    acknowledge: bool
    is_test: bool


def record_posted(
    bodies: Sequence[object], *, now: datetime, pinned_source: str = "", row_key: str = "", first_row: int = 1
) -> list[Posted]:
    """Record what was posted; returns one Posted for each body, in order.

    With `pinned_source` (a slug) no other source is taken. `row_key` names this request: an answer in it that has no
    id of its own is found again under it, however often the request is repeated.
    """
    outcomes = []
    sources = Sources(pinned_source)
    for start in range(0, len(bodies), BATCH):
        outcomes += _record(bodies[start : start + BATCH], sources, row_key, first_row + start, now)
    return outcomes


def _record(bodies: Sequence[object], sources: Sources, row_key: str, first_row: int, now: datetime) -> list[Posted]:
    posted = {row: Posted(row) for row in range(first_row, first_row + len(bodies))}
    ways: dict[_Way, list[IncomingResponse]] = defaultdict(list)
    for row, body in zip(posted, bodies, strict=True):
        read = _read(row, body, sources, now)
        if isinstance(read, list):
            posted[row].errors = read
            continue
        way, incoming = read
        ways[way].append(replace(incoming, row_key=f"request:{row_key}:{row}") if row_key else incoming)
    for way, incoming_of_way in ways.items():
        with transaction.atomic():
            found = record_responses(sources.by_pk[way.source], incoming_of_way, now=now, acknowledge=way.acknowledge)
            if way.is_test:
                exclude_as_test([each.response_id for each in found if each.status is Status.RECORDED])
        for outcome in found:
            done = posted[outcome.row]
            done.status, done.response_id = outcome.status, outcome.response_id
            if outcome.status is Status.REJECTED:
                done.errors = [_named(Rejection(outcome.row, outcome.field, outcome.reason))]
            else:
                done.note = outcome.reason
    return list(posted.values())


def _read(row: int, body: object, sources: Sources, now: datetime) -> tuple[_Way, IncomingResponse] | list[Rejection]:
    if not isinstance(body, Mapping):
        return [Rejection(row, "", "An answer is an object with at least a score.")]
    wrong = [
        Rejection(row, shorten(str(name)), f"There is no such field. Known: {', '.join(DOCUMENTED)}.")
        for name in list(body)[:200]
        if name not in KNOWN
    ]
    wrong += [
        Rejection(row, name, f"Says the same as “{theirs}”: send one of them.")
        for name, theirs in RENAMED.items()
        if name in body and theirs in body
    ]
    wrong += [
        Rejection(row, name, "Must be true or false.")
        for name in ("test", "acknowledge")
        if not isinstance(body.get(name), bool | None)
    ]
    source = sources.of(row, body)
    if isinstance(source, Rejection):
        return [*wrong, source]
    inner = {RENAMED.get(name, name): value for name, value in body.items() if name not in OURS and name in KNOWN}
    read = read_payload(row, inner, zone=ZoneInfo(source.time_zone), now=now)
    if isinstance(read, list):
        return wrong + [_named(each) for each in read]
    if wrong:
        return wrong
    return _Way(source.pk, _is_acknowledged(body, read, now), body.get("test") is True), read


def _is_acknowledged(body: Mapping[str, Any], incoming: IncomingResponse, now: datetime) -> bool:
    at = incoming.responded_at
    return body.get("acknowledge") is not False and (at is None or now - at <= ACKNOWLEDGED_FOR)


def _named(rejection: Rejection) -> Rejection:
    return replace(rejection, field=API_NAMES.get(rejection.field, rejection.field))


class Sources:
    """The sources of a request: named ones are found, those for a survey or a kind are made where they are missing."""

    def __init__(self, pinned: str) -> None:
        self._pinned = pinned
        self._known: dict[tuple[str, str, str], Source | str] = {}
        self.by_pk: dict[int, Source] = {}

    def of(self, row: int, body: Mapping[str, Any]) -> Source | Rejection:
        for name in ("source", "survey", "kind"):
            value = body.get(name)
            if value is not None and (not isinstance(value, str) or len(value) > 100):
                return Rejection(row, name, "Must be text of at most 100 characters.")
        slug, survey, kind = (body.get(name) or "" for name in ("source", "survey", "kind"))
        if self._pinned and slug not in ("", self._pinned):
            return Rejection(row, "source", f"This key sends answers of the source “{self._pinned}” only.")
        wanted = slug or self._pinned, survey, kind
        if wanted not in self._known:
            self._known[wanted] = self._find(*wanted)
        found = self._known[wanted]
        if isinstance(found, str):
            name, _, reason = found.partition("|")
            return Rejection(row, name, reason)
        self.by_pk[found.pk] = found
        return found

    def _find(self, slug: str, survey: str, kind: str) -> Source | str:
        """The source, or "field|reason"."""
        if kind and kind not in Survey.Kind.values:
            return f"kind|Must be one of {', '.join(Survey.Kind.values)}."
        asked = Survey.objects.filter(slug=survey).first() if survey else None
        if survey and asked is None:
            return f"survey|There is no survey “{shorten(survey)}”."
        if asked is not None and kind and kind != asked.kind:
            return f"kind|The survey “{asked.slug}” is {asked.kind}."
        if slug:
            return self._named_source(slug, asked, kind)
        if asked is None and kind:
            asked = Survey.objects.get_or_create(
                slug=f"api-{kind}", defaults={"name": f"By API, {kind}", "kind": kind}
            )[0]
        return self._own_source(asked)

    @staticmethod
    def _named_source(slug: str, asked: Survey | None, kind: str) -> Source | str:
        source = Source.objects.select_related("survey").filter(slug=slug).first()
        if source is None and slug == "api":
            return Sources._own_source(None)
        if source is None or not source.is_active:
            return f"source|There is no source “{shorten(slug)}” that takes answers. Make it in the set-up."
        if asked is not None and source.survey != asked:
            return f"survey|The source “{slug}” belongs to another survey."
        usual = source.survey.kind if source.survey else Survey.Kind.RELATIONAL
        if kind and kind != usual:
            return f"kind|The source “{slug}” is {usual}."
        return source

    @staticmethod
    def _own_source(survey: Survey | None) -> Source | str:
        slug = f"api-{survey.slug.removeprefix('api-')}"[:60] if survey else "api"
        source, _made = Source.objects.select_related("survey").get_or_create(
            slug=slug,
            defaults={
                "name": f"API, {survey.name}"[:200] if survey else "API",
                "channel": Source.Channel.API,
                "survey": survey,
            },
        )
        if not source.is_active:
            return "source|The source “api” was switched off in the set-up."
        return source
