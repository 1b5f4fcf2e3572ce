"""Record one batch of answers. See the package for the steps."""

from __future__ import annotations

import functools
import logging
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from surveys.followup_port import teams_of
from surveys.identity import normalise_email
from surveys.incoming import IncomingResponse, objections, shorten
from surveys.models import Brand, Contact, Exclusion, Response, Revision, Source
from surveys.recording.customers import Customer, find_customers
from surveys.recording.erased import without_the_erased
from surveys.recording.exclusions import exclusion_of
from surveys.recording.rewriting import rewrite
from surveys.recording.versions import Place, TimeOf, Versions, content_digest, version_time
from surveys.scoring import band
from surveys.searching import normalise_for_search
from surveys.signals import responses_recorded

logger = logging.getLogger(__name__)

# A batch that lost a race finds what the winner wrote, so the second try nearly always passes; each further one means
# that yet another rival came first.
_TRIES = 8

_REWRITTEN = (
    "score", "band", "verbatim", "search_text", "language", "driver", "contact_me", "share_name", "product",
    "attributes", "contact", "answered_for", "account", "segment", "region", "account_owner", "team_id_then",
    "touchpoint", "responded_at", "undated", "day", "is_history", "follow_up", "excluded_as", "excluded_reason",
    "version_at", "content_digest", "revision", "decide_attempts", "decide_after", "decide_error",
)  # fmt: skip


class Status(StrEnum):
    RECORDED = "recorded"
    DUPLICATE = "duplicate"
    UPDATED = "updated"
    REJECTED = "rejected"


@dataclass(slots=True)
class Outcome:
    """What became of one answer. `reason` says why it was refused, because of which `field`, or what to know.

    `counts` tells whether the answer now stands with this score and counts in NPS, `is_news` whether the answer awaits
    a decision because of it.
    """

    row: int
    status: Status
    response_id: int | None = None
    field: str = ""
    reason: str = ""
    counts: bool = False
    is_news: bool = False


@dataclass(frozen=True, slots=True)
class Handling:
    """How the answers of a batch are to be treated.

    `follow_up` is auto, all or none. An answer older than `history_days` when received is history, and so is one
    without a date if `undated_is_history`. With `acknowledge_days`, only younger answers are acknowledged. Nobody
    decides on them before `decide_after`. `contacts` are the persons that answers, by their ids, are known to be from.
    """

    now: datetime
    history_days: int = 30
    undated_is_history: bool = False
    follow_up: str = Response.FollowUp.AUTO
    acknowledge: bool = True
    acknowledge_days: int | None = None
    decide_after: datetime | None = None
    contacts: Mapping[str, Contact] = field(default_factory=dict)

    def is_history(self, at: datetime | None) -> bool:
        """Whether what was said at that time is too old to act on by itself."""
        if at is None:
            return self.undated_is_history
        return self.now - at > timedelta(days=self.history_days)

    def is_acknowledged(self, incoming: IncomingResponse) -> bool:
        if not self.acknowledge or self.acknowledge_days is None:
            return self.acknowledge
        at = incoming.responded_at
        return at is not None and self.now - at <= timedelta(days=self.acknowledge_days)

    def asks_more_than(self, held: Response) -> bool:
        """Whether these instructions could open a ticket for an answer that was held back."""
        if self.follow_up == Response.FollowUp.ALL:
            return held.follow_up == Response.FollowUp.NONE or (
                held.follow_up == Response.FollowUp.AUTO and held.is_history
            )
        return (
            self.follow_up == Response.FollowUp.AUTO
            and held.follow_up == Response.FollowUp.NONE
            and not held.is_history
        )


def record_responses(
    source: Source,
    incoming: Sequence[IncomingResponse],
    *,
    now: datetime,
    history_days: int = 30,
    undated_is_history: bool = False,
    follow_up: str = "auto",
    acknowledge: bool = True,
    acknowledge_days: int | None = None,
    announce: bool = True,
    decide_after: datetime | None = None,
    contacts: Mapping[str, Contact] | None = None,
) -> list[Outcome]:
    """Record answers of one source; returns one Outcome for each, in order.

    An answer is known by its external id within the source, else by its `row_key`; with neither it is a new one. All
    times are aware. With `announce` False nobody is told: the caller sees to the follow-up itself. Answers that are
    still being written wait for their decision until `decide_after`, or `decide_now`. `contacts` (external id ->
    person) are those we asked ourselves: nothing an answer says makes it somebody else's.
    """
    handling = Handling(
        now, history_days, undated_is_history, follow_up, acknowledge, acknowledge_days, decide_after, contacts or {}
    )
    outcomes = [_checked(each, now) for each in incoming]
    # Ids are made up here and not at each try, so that a second try writes the same answers; digests outside of the
    # transaction, because on SQLite nobody else writes while it lasts.
    named = [
        (each.external_id or each.row_key or f"own:{uuid.uuid4().hex}", each, content_digest(each), outcome)
        for each, outcome in zip(incoming, outcomes, strict=True)
        if outcome.status is not Status.REJECTED
    ]
    if not named:
        return outcomes
    for attempt in range(1, _TRIES + 1):
        try:
            with transaction.atomic():
                changed = _Batch(source, handling).record(named)
                if announce and changed:
                    transaction.on_commit(functools.partial(_announce, changed), robust=True)
            return outcomes
        except (IntegrityError, OperationalError) as error:
            if attempt == _TRIES or not _is_a_lost_race(error):
                raise
            logger.info("Batch of %d answers lost a race, done again: %s", len(named), type(error).__name__)
    raise AssertionError("unreachable")


def decide_now(response_ids: Sequence[int]) -> int:
    """Whoever was still writing these answers is done: they wait for their decision no longer. Returns how many did.

    One that is put off after a fault stays so. Runs in the caller's transaction.
    """
    waiting = Response.objects.awaiting_decision().filter(
        pk__in=response_ids, decide_after__isnull=False, decide_attempts=0
    )
    ended = waiting.update(decide_after=None)
    if ended:
        transaction.on_commit(functools.partial(_announce, list(response_ids)), robust=True)
    return ended


def _is_a_lost_race(error: IntegrityError | OperationalError) -> bool:
    if isinstance(error, IntegrityError):
        return True
    # PostgreSQL: deadlock detected, serialization failure.
    return getattr(error.__cause__, "sqlstate", None) in ("40P01", "40001")


def _announce(response_ids: list[int]) -> None:
    responses_recorded.send_robust(sender=Response, response_ids=response_ids)


def _checked(incoming: IncomingResponse, now: datetime) -> Outcome:
    wrong = next(objections(incoming, now=now), None)
    if wrong:
        return Outcome(incoming.row, Status.REJECTED, field=wrong.field, reason=wrong.reason)
    outcome = Outcome(incoming.row, Status.RECORDED)
    if incoming.email and not normalise_email(incoming.email):
        outcome.field = "email"
        outcome.reason = gettext("“%(address)s” is not an e-mail address; recorded without one.") % {
            "address": shorten(incoming.email)
        }
    return outcome


@dataclass(slots=True)
class _Answer:
    """One answer while its batch is recorded: the row, new or held, and what this batch adds to it."""

    external_id: str
    response: Response
    versions: Versions
    is_new: bool
    newest: IncomingResponse | None = None
    digest: str = ""
    is_asked_again: bool = False
    is_seen_later: bool = False
    revisions: list[Revision] = field(default_factory=list)

    @property
    def is_changed(self) -> bool:
        return self.newest is not None or self.is_asked_again


_LATE = gettext_noop("An older version that came late: kept in the history, the newer one stands.")


class _Batch:
    """One try at recording a batch, inside its transaction."""

    def __init__(self, source: Source, handling: Handling) -> None:
        self.source = source
        self.handling = handling
        self.answers: dict[str, _Answer] = {}
        # Of answers that were held already: which count no longer.
        self.exclusions: list[Exclusion] = []

    def record(self, named: Sequence[tuple[str, IncomingResponse, str, Outcome]]) -> list[int]:
        """Write the answers (id, answer, digest) and complete their outcomes; returns the ids of those that changed."""
        named = without_the_erased(self.source, named)
        digests: dict[str, set[str]] = defaultdict(set)
        for name, _, digest, _ in named:
            digests[name].add(digest)
        self._hold(digests)
        for name, incoming, digest, outcome in named:
            self._place(name, incoming, digest, outcome)
        self._describe([answer for answer in self.answers.values() if answer.newest is not None])
        self._write()
        for name, incoming, _, outcome in named:
            answer = self.answers[name]
            outcome.response_id = answer.response.pk
            outcome.counts = answer.newest is incoming and not answer.response.excluded_as
            outcome.is_news = answer.is_changed
        return [answer.response.pk for answer in self.answers.values() if answer.is_changed]

    # --- what we hold ---

    def _hold(self, digests: dict[str, set[str]]) -> None:
        """Lock the answers of this batch that we have, and learn which versions of them we know."""
        held = list(
            Response.objects.filter(source=self.source, external_id__in=list(digests))
            .select_related("contact__account", "account")
            .order_by("id")
            .select_for_update(of=("self",))
        )
        for response in held:
            time_of = TimeOf.ANSWER if response.version_at == response.responded_at else TimeOf.VERSION
            versions = Versions(response.content_digest, response.version_at, time_of, {response.content_digest})
            self.answers[response.external_id] = _Answer(response.external_id, response, versions, is_new=False)
        # Repeats are the common case, and for them the newest version says enough.
        unlike = {
            answer.response.pk: answer
            for answer in self.answers.values()
            if digests[answer.external_id] != {answer.versions.newest} or self.handling.asks_more_than(answer.response)
        }
        if unlike:
            revisions = Revision.objects.filter(response__in=list(unlike))
            columns = ("response_id", "number", "content_digest", "version_at", "received_at")
            for pk, number, digest, version_at, received_at in revisions.values_list(*columns):
                versions = unlike[pk].versions
                versions.known.add(digest)
                versions.top = max(versions.top, number)
                if number == unlike[pk].response.revision and version_at == received_at:
                    versions.newest_time_of = TimeOf.RECEIPT

    # --- which version is which ---

    def _place(self, name: str, incoming: IncomingResponse, digest: str, outcome: Outcome) -> None:
        answer = self.answers.get(name)
        if answer is None:
            self.answers[name] = self._new(name, incoming, digest)
            outcome.status = Status.RECORDED
            return
        place = answer.versions.place(digest, incoming, self.handling.now)
        if place is Place.SAME:
            outcome.status = Status.DUPLICATE
            self._see_again(answer, incoming, digest)
            return
        outcome.status = Status.UPDATED
        answer.versions.known.add(digest)
        answer.versions.top += 1
        revision = self._revision(answer, incoming, digest)
        answer.revisions.append(revision)
        if place is Place.LATE:
            revision.superseded_on_arrival = True
            outcome.reason = gettext(_LATE)
            return
        answer.newest, answer.digest = incoming, digest
        answer.versions.newest, answer.versions.newest_at = digest, revision.version_at
        answer.versions.newest_time_of = TimeOf.incoming(incoming)
        answer.response.revision = revision.number

    def _new(self, name: str, incoming: IncomingResponse, digest: str) -> _Answer:
        now = self.handling.now
        response = Response(
            source=self.source,
            external_id=name,
            received_at=now,
            revision=1,
            contact=self.handling.contacts.get(name),
            acknowledge=self.handling.is_acknowledged(incoming),
        )
        survey = self.source.survey
        if survey is not None:
            response.survey, response.survey_kind, response.touchpoint_id = survey, survey.kind, survey.touchpoint_id
        versions = Versions(digest, version_time(incoming, now), TimeOf.incoming(incoming), {digest})
        answer = _Answer(name, response, versions, is_new=True, newest=incoming, digest=digest)
        answer.revisions.append(self._revision(answer, incoming, digest))
        return answer

    def _revision(self, answer: _Answer, incoming: IncomingResponse, digest: str) -> Revision:
        return Revision(
            response=answer.response,
            number=answer.versions.top,
            score=incoming.score,
            verbatim=incoming.comment,
            driver=incoming.driver,
            contact_me=incoming.contact_me,
            attributes=incoming.attributes,
            content_digest=digest,
            version_at=version_time(incoming, self.handling.now),
            received_at=self.handling.now,
        )

    def _see_again(self, answer: _Answer, incoming: IncomingResponse, digest: str) -> None:
        """A repeat says nothing new, but may tell that the version was still the newest at a later time, or ask for a
        follow-up that was held back so far: then the answer is put up for decision once more, as a revision."""
        if digest == answer.versions.newest and incoming.version_at is not None:
            at = version_time(incoming, self.handling.now)
            if at > answer.versions.newest_at:
                answer.versions.newest_at = answer.response.version_at = at
                answer.versions.newest_time_of = TimeOf.VERSION
                answer.is_seen_later = True
        if answer.is_new or answer.is_changed or not self.handling.asks_more_than(answer.response):
            return
        answer.is_asked_again = True
        answer.versions.top += 1
        held = answer.response
        held.follow_up, held.revision = self.handling.follow_up, answer.versions.top
        answer.revisions.append(
            Revision(
                response=held,
                number=held.revision,
                score=held.score,
                verbatim=held.verbatim,
                driver=held.driver,
                contact_me=held.contact_me,
                attributes=held.attributes,
                content_digest=held.content_digest,
                version_at=held.version_at,
                received_at=self.handling.now,
            )
        )

    # --- what the rows say ---

    def _describe(self, answers: Sequence[_Answer]) -> None:
        newest = [answer.newest for answer in answers if answer.newest is not None]
        known = [answer.response.contact for answer in answers]
        customers = find_customers(self.source, newest, known=known, now=self.handling.now)
        teams = self._teams_of_account_owners(answers, customers)
        own_domains = self._own_domains() if any(incoming.email for incoming in newest) else []
        zone = timezone.get_default_timezone()
        for answer, incoming, customer in zip(answers, newest, customers, strict=True):
            response = answer.response
            self._describe_time(answer, incoming)
            is_still_anonymous = response.contact is None and not response.excluded_as
            self._describe_customer(response, customer, teams)
            if is_still_anonymous:
                was = response.excluded_as
                response.excluded_as, response.excluded_reason = exclusion_of(incoming.email, own_domains)
                if not answer.is_new and response.excluded_as != was:
                    to, now = response.excluded_as, self.handling.now
                    self.exclusions.append(Exclusion(response=response, was=was, to=to, happened_at=now))
            response.score, response.band = incoming.score, band(incoming.score)
            response.verbatim = incoming.comment
            response.search_text = normalise_for_search(f"{incoming.comment} {incoming.driver}")
            response.language = incoming.language
            response.driver = incoming.driver
            response.contact_me, response.share_name = incoming.contact_me, incoming.share_name
            response.product = incoming.product
            response.attributes = incoming.attributes
            response.day = response.responded_at.astimezone(zone).date()
            response.follow_up = self.handling.follow_up
            response.content_digest = answer.digest
            response.decide_attempts, response.decide_error = 0, ""
            response.decide_after = self.handling.decide_after

    def _describe_time(self, answer: _Answer, incoming: IncomingResponse) -> None:
        response = answer.response
        at = incoming.responded_at
        if answer.is_new or (incoming.version_at is None and at not in (None, response.responded_at)):
            response.is_history = self.handling.is_history(at or incoming.version_at)
        elif incoming.version_at is not None:
            # The answer may be old: it was changed just now.
            response.is_history = self.handling.is_history(incoming.version_at)
        if answer.is_new or at is not None:
            response.responded_at = min(at or response.received_at, response.received_at)
            response.undated = at is None and self.handling.undated_is_history
        response.version_at = answer.versions.newest_at

    @staticmethod
    def _teams_of_account_owners(answers: Sequence[_Answer], customers: Sequence[Customer]) -> Mapping[int, int]:
        """Only of those whose account an answer learns now: what it knew before stays as it was."""
        owners = {
            customer.account.owner_id
            for answer, customer in zip(answers, customers, strict=True)
            if answer.response.account_id is None and customer.account is not None
        }
        return teams_of({owner for owner in owners if owner is not None})

    @staticmethod
    def _describe_customer(response: Response, customer: Customer, teams: Mapping[int, int]) -> None:
        if response.contact is None:
            response.contact = customer.contact
        if response.account is None and customer.account is not None:
            account = customer.account
            response.account, response.account_owner_id = account, account.owner_id
            response.team_id_then = teams.get(account.owner_id or 0)
            response.segment, response.region = account.segment, account.region
        response.answered_for = customer.answered_for or response.answered_for
        response.touchpoint = customer.touchpoint or response.touchpoint

    @staticmethod
    def _own_domains() -> list[str]:
        lists = Brand.objects.values_list("own_domains", flat=True)
        return [str(domain).strip().lower().lstrip("@") for domains in lists for domain in domains or () if domain]

    # --- writing ---

    def _write(self) -> None:
        # In the order of the unique key, so that two batches with the same new answers cannot wait for each other.
        new = sorted((a.response for a in self.answers.values() if a.is_new), key=lambda response: response.external_id)
        Response.objects.bulk_create(new)
        held = [answer for answer in self.answers.values() if not answer.is_new]
        rewrite([answer.response for answer in held if answer.newest is not None], _REWRITTEN)
        asked_again = [answer.response for answer in held if answer.newest is None and answer.is_asked_again]
        rewrite(asked_again, ["follow_up", "revision"])
        seen_later = [answer.response for answer in held if answer.newest is None and answer.is_seen_later]
        rewrite(seen_later, ["version_at"])
        Revision.objects.bulk_create(revision for answer in self.answers.values() for revision in answer.revisions)
        if self.exclusions:
            Exclusion.objects.bulk_create(self.exclusions)
