"""Import a file of answers: look, record in chunks, open tickets, tell what became of every row.

The command runs it in one go; the page runs it as a job, which may be interrupted and taken up again. A chunk is one
short transaction, so that nobody waits long, and memory does not grow with the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from django.db import connection, transaction
from django.utils import timezone

from nps_loop.jobs.models import Job, JobItem
from nps_loop.jobs.running import Unworkable
from surveys.followup_port import has_opener, open_tickets
from surveys.incoming import IncomingResponse, Rejection
from surveys.models import Source
from surveys.readers.answers import AnswerFile, LookedInto, look_into
from surveys.readers.columns import FIELDS, Choices
from surveys.readers.delimited import UnreadableFile
from surveys.readers.spilling import Counts
from surveys.recording import Outcome, Status, record_responses
from surveys.recording.versions import content_digest
from surveys.scoring import Band, band, nps

# Rows a transaction. SQLite has one writer at a time: there the others' turn must come within a fraction of a second.
CHUNK = 1_000
CHUNK_ON_SQLITE = 250
# An answer older than this is never acknowledged: "thank you for your answer" would come out of the blue.
ACKNOWLEDGED_WITHIN_DAYS = 7

JOB_KIND = "import"

_Item = TypeVar("_Item")


@dataclass(slots=True)
class Tally:
    """What an import did. The bands count the answers that now stand as imported and count in NPS."""

    rows: int = 0
    recorded: int = 0
    duplicates: int = 0
    updated: int = 0
    rejected: int = 0
    promoters: int = 0
    passives: int = 0
    detractors: int = 0
    tickets: int = 0

    @property
    def nps(self) -> float | None:
        """Rounded to two decimals; None where nothing counts."""
        value = nps(self.promoters, self.passives, self.detractors).value
        return None if value is None else round(value, 2)

    def as_json(self) -> dict[str, Any]:
        """The figures under the names that `import_responses --json` promises."""
        figures: dict[str, Any] = asdict(self)
        tickets = figures.pop("tickets")
        return {**figures, "nps": self.nps, "tickets": tickets}

    def add(self, incoming: IncomingResponse | None, outcome: Outcome) -> None:
        self.rows += 1
        if outcome.status is Status.REJECTED:
            self.rejected += 1
        elif outcome.status is Status.DUPLICATE:
            self.duplicates += 1
        elif outcome.status is Status.UPDATED:
            self.updated += 1
        else:
            self.recorded += 1
        if incoming is not None and outcome.counts:
            match band(incoming.score):
                case Band.PROMOTER:
                    self.promoters += 1
                case Band.PASSIVE:
                    self.passives += 1
                case Band.DETRACTOR:
                    self.detractors += 1


@dataclass(frozen=True, slots=True)
class Instructions:
    """What the person who imports asks for. `follow_up` is auto, all or none; acknowledgements only when asked for."""

    choices: Choices = field(default_factory=Choices)
    follow_up: str = "auto"
    acknowledge: bool = False

    def as_json(self) -> dict[str, Any]:
        return {"choices": self.choices.as_json(), "follow_up": self.follow_up, "acknowledge": self.acknowledge}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Instructions:
        return cls(
            Choices.from_json(stored.get("choices") or {}),
            stored.get("follow_up") or "auto",
            bool(stored.get("acknowledge")),
        )


def look(path: Path, source: Source | None, choices: Choices) -> LookedInto:
    """Look into a file, with the columns that the source's mapping names and nobody says otherwise.

    Raises UnreadableFile when the file is no table, or lacks a column that was named.
    """
    mapped = {ours: name for ours, name in (source.mapping if source else {}).items() if ours in FIELDS and name}
    return look_into(path, replace(choices, columns={**mapped, **choices.columns}))


def import_file(
    found: LookedInto,
    source: Source,
    instructions: Instructions,
    *,
    now: datetime,
    report: Callable[[Outcome], None],
    dry_run: bool = False,
) -> Tally:
    """Import a file that was looked into, and open its tickets.

    `report` is called for every row that was rejected or about which there is something to know. A dry run does the
    same and takes it all back; otherwise a source that is not saved yet is saved. Raises UnreadableFile where `look`
    found a problem.
    """
    file = _open(found, source, now)
    if source._state.adding and not dry_run:
        source.save()
    tally = Tally()
    with ExitStack() as stack:
        earlier = _Earlier(stack.enter_context(Counts())) if dry_run else None
        for chunk in _chunks(file.answers()):
            with _taken_back(source) if dry_run else nullcontext():
                outcomes = _record(source, chunk, instructions, now=now, earlier=earlier)
                tally.tickets += open_tickets(_news(outcomes), now=now)
            for remark in _count(tally, chunk, outcomes):
                report(remark)
    return tally


@contextmanager
def _taken_back(source: Source) -> Iterator[None]:
    """A transaction that leaves nothing behind; a source that is not saved yet exists within."""
    is_new = source._state.adding
    with transaction.atomic():
        if is_new:
            source.save()
        yield
        transaction.set_rollback(True)
    if is_new:
        source.id, source._state.adding = None, True


# --- as a job --------------------------------------------------------------------------------------------------


def run_job(job: Job, alive: Callable[..., None]) -> dict[str, Any]:
    """Do an import that was left as a job, from where it stopped; returns the tally and the notes.

    `job.parameters` holds `source` (a slug), what `Instructions.as_json` wrote, and `dry_run`. `alive` keeps lease and
    progress. A chunk and the progress over it are one transaction, so nothing is counted twice. `job.items` become the
    rows that were refused, and those worth a remark (state done). Raises Unworkable when the file cannot be taken.
    """
    now = timezone.now()
    source = Source.objects.select_related("survey").get(slug=job.parameters["source"])
    instructions = Instructions.from_json(job.parameters)
    try:
        found = look(Path(job.file.path), source, instructions.choices)
        if job.parameters.get("dry_run"):
            return _try_out(job, found, source, instructions, now)
        file = _open(found, source, now)
        tally = Tally(**{name: job.result.get(name, 0) for name in Tally.__slots__})
        for chunk in _chunks(file.answers(skip=tally.rows)):
            with transaction.atomic():
                outcomes = _record(source, chunk, instructions, now=now)
                _keep_remarks(job, _count(tally, chunk, outcomes))
                alive(**_progress(tally, found))
            tally.tickets += open_tickets(_news(outcomes), now=now)
            alive(**_progress(tally, found))
    except UnreadableFile as error:
        raise Unworkable(str(error)) from error
    return _result(tally, found)


def _try_out(job: Job, found: LookedInto, source: Source, instructions: Instructions, now: datetime) -> dict[str, Any]:
    job.items.all().delete()
    remarks: list[Outcome] = []
    tally = import_file(found, source, instructions, now=now, report=remarks.append, dry_run=True)
    _keep_remarks(job, remarks)
    return _result(tally, found)


def _progress(tally: Tally, found: LookedInto) -> dict[str, Any]:
    # Three attempts are granted without progress, not in all: a long import may outlast several tasks.
    return {"done": tally.rows, "total": found.rows, "attempts": 0, "result": _result(tally, found)}


def _result(tally: Tally, found: LookedInto) -> dict[str, Any]:
    return {**tally.as_json(), "notes": found.notes}


def _keep_remarks(job: Job, remarks: list[Outcome]) -> None:
    JobItem.objects.bulk_create([_item(job, remark) for remark in remarks], ignore_conflicts=True)


def _item(job: Job, outcome: Outcome) -> JobItem:
    return JobItem(
        job=job,
        number=outcome.row,
        object_id=outcome.response_id,
        state=JobItem.State.REFUSED if outcome.status is Status.REJECTED else JobItem.State.DONE,
        field=outcome.field[:60],
        reason=outcome.reason[:500],
    )


# --- one chunk -------------------------------------------------------------------------------------------------


def _open(found: LookedInto, source: Source, now: datetime) -> AnswerFile:
    return AnswerFile(found, zone=source.time_zone, now=now)


def _chunks(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    iterator = iter(items)
    size = min(CHUNK, CHUNK_ON_SQLITE) if connection.vendor == "sqlite" else CHUNK
    while chunk := list(islice(iterator, size)):
        yield chunk


def _record(
    source: Source,
    chunk: list[IncomingResponse | Rejection],
    instructions: Instructions,
    *,
    now: datetime,
    earlier: _Earlier | None = None,
) -> list[Outcome]:
    """One Outcome for each row of the chunk, in order."""
    answers = [row for row in chunk if isinstance(row, IncomingResponse)]
    told = earlier.tell(answers) if earlier else {}
    recorded = iter(
        record_responses(
            source,
            [answer for answer in answers if answer.row not in told],
            now=now,
            undated_is_history=True,
            follow_up=instructions.follow_up,
            acknowledge=instructions.acknowledge,
            acknowledge_days=ACKNOWLEDGED_WITHIN_DAYS,
            announce=not has_opener(),
        )
    )
    outcomes = []
    for row in chunk:
        if isinstance(row, Rejection):
            outcomes.append(Outcome(row.row, Status.REJECTED, field=row.field, reason=row.reason))
        else:
            outcomes.append(told.get(row.row) or next(recorded))
    return outcomes


class _Earlier:
    """What a dry run has taken back already: the answers of earlier chunks that come again in a later one."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def tell(self, answers: list[IncomingResponse]) -> dict[int, Outcome]:
        """Row -> outcome of the answers whose id an earlier chunk held, as recording them would have told."""
        told = {}
        in_this_chunk: set[str] = set()
        for answer in answers:
            if not answer.external_id:
                continue
            version = f"{answer.external_id}\x1f{content_digest(answer)}".encode("utf-8", "surrogatepass")
            is_same = self._counts.see(version) > 0
            is_known = self._counts.see(answer.external_id.encode("utf-8", "surrogatepass")) > 0
            if is_known and answer.external_id not in in_this_chunk:
                told[answer.row] = Outcome(answer.row, Status.DUPLICATE if is_same else Status.UPDATED)
            else:
                in_this_chunk.add(answer.external_id)
        return told


def _news(outcomes: list[Outcome]) -> list[int]:
    return sorted({outcome.response_id for outcome in outcomes if outcome.is_news and outcome.response_id is not None})


def _count(tally: Tally, chunk: list[IncomingResponse | Rejection], outcomes: list[Outcome]) -> list[Outcome]:
    """Add a chunk to the tally; returns the outcomes that have something to say."""
    for row, outcome in zip(chunk, outcomes, strict=True):
        tally.add(row if isinstance(row, IncomingResponse) else None, outcome)
    return [outcome for outcome in outcomes if outcome.reason]
