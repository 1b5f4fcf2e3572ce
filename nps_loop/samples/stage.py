"""Plays the past: brings answers in through the real import, lets people act, and sweeps, with a moving now.

Everything that happens goes through the functions that pages, tasks and commands call, at the time it happens. So events,
deadlines, promises and mails of the sample set are as genuine as those of a deployment that ran for months.
"""

from __future__ import annotations

import csv
import heapq
import tempfile
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from followups.assignment import assign_waiting
from followups.sweeping import sweep
from nps_loop.celery import without_ringing
from nps_loop.mail.delivery import deliver_due
from nps_loop.mail.models import Message, Stream
from nps_loop.samples.answers import Answer
from nps_loop.samples.company import ZONE, Company
from surveys.importing import Instructions, Tally, import_file, look
from surveys.readers.columns import Choices
from surveys.recording import Outcome

# What somebody does over time: each value it yields is the moment at which it goes on.
Life = Generator[datetime, None, None]

# When the past is swept: beat does it each half minute, which no past needs. Whatever the night brought about is due.
SWEEPS = (time(9, 1),)
# When the survey tool's file comes in.
FILES = (time(19, 30),)
COLUMNS = (
    "response_id", "responded_at", "score", "comment", "driver", "email", "name", "phone", "language", "account_id",
    "touchpoint", "contact_me", "share_name", "answered_for", "product",
)  # fmt: skip


def refuse_to_mail() -> None:
    """Raise ImproperlyConfigured where mail would leave the machine."""
    if settings.MAIL_SERVER:
        raise ImproperlyConfigured(
            "A mail server is set (EMAIL_URL). The sample customers are made up, so nobody may be mailed for them."
        )


class Stage:
    """The clock of the sample company and what is to happen on it. `run` plays up to a moment."""

    def __init__(self, company: Company, *, begins: datetime, ends: datetime) -> None:
        refuse_to_mail()
        self.company = company
        self.now, self.ends = begins, ends
        # First contacts as they were made: key of the answer -> when, and by whom.
        self.first_contacts: dict[str, tuple[datetime, str]] = {}
        self.tally = Tally()
        self.remarks: list[Outcome] = []
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._count = 0

    # What is to happen ---------------------------------------------------------------------------------------------

    def at(self, moment: datetime, happens: Callable[[], None]) -> None:
        """Let something happen at a moment; of several at one moment in the order in which they were asked for."""
        self._count += 1
        heapq.heappush(self._due, (moment, self._count, happens))

    def live(self, life: Life) -> None:
        """Start a life now; it goes on at the moments it yields."""
        try:
            moment = next(life)
        except StopIteration:
            return
        self.at(max(moment, self.now + timedelta(seconds=1)), lambda: self.live(life))

    def sweeps(self, begins: datetime, ends: datetime) -> None:
        """Sweep on each morning between two moments."""
        for moment in _moments(begins, ends, SWEEPS):
            self.at(moment, self.sweep)

    def files(self, answers: Sequence[Answer], then: Callable[[Answer], None], *, until: datetime) -> None:
        """Bring these answers in once a day, each with the first file after it was given."""
        moments = list(_moments(min(answer.at for answer in answers), until, FILES))
        batches: dict[datetime, list[Answer]] = defaultdict(list)
        for answer in answers:
            batches[next((moment for moment in moments if moment > answer.at), until)].append(answer)
        for moment, batch in batches.items():
            self.at(moment, lambda batch=batch: self._file_comes(batch, then))  # type: ignore[misc]

    def _file_comes(self, batch: list[Answer], then: Callable[[Answer], None]) -> None:
        self.bring(batch)
        for answer in batch:
            then(answer)

    # Playing -------------------------------------------------------------------------------------------------------

    def run(self, until: datetime) -> None:
        """Play everything that is due up to `until`, which is now afterwards."""
        with without_ringing():
            while self._due and self._due[0][0] <= until:
                moment, _, happens = heapq.heappop(self._due)
                self.now = max(self.now, moment)
                happens()
                self._deliver()
            deliver_due(self.now)
            self.now = max(self.now, until)

    def _deliver(self) -> None:
        """Hand over what is queued as soon as a customer is to read of it; notices to colleagues go with the next."""
        queued = Message.objects.order_by().filter(state=Message.State.QUEUED, send_after__lte=self.now)
        streams = list(queued.values_list("stream", flat=True))
        if any(stream != Stream.STAFF for stream in streams):
            deliver_due(self.now, limit=len(streams))

    def sweep(self) -> None:
        """Do every due piece of work. A part that raises is a fault of the program and must not go unnoticed."""
        counts = sweep(self.now)
        if counts["failed_parts"]:
            raise RuntimeError(f"A part of the sweep raised at {self.now:%d %B %H:%M}; the log says which.")

    def bring(self, answers: Iterable[Answer], *, follow_up: str = "auto") -> Tally:
        """Write the answers into files as a survey tool would, and import them; then give out what opened."""
        by_source: dict[str, list[Answer]] = defaultdict(list)
        for answer in answers:
            by_source[answer.source].append(answer)
        tally = Tally()
        for source, batch in sorted(by_source.items()):
            with tempfile.TemporaryDirectory(prefix="nps-loop-samples-") as folder:
                path = Path(folder) / f"{source}.csv"
                write_file(path, batch)
                one = import_answers(
                    path, source, self.company, follow_up=follow_up, now=self.now, report=self.remarks.append
                )
            _add(tally, one)
        _add(self.tally, tally)
        if tally.tickets:
            assign_waiting(now=self.now)
        return tally


def import_answers(
    path: Path,
    source: str,
    company: Company,
    *,
    follow_up: str,
    now: datetime,
    report: Callable[[Outcome], None],
) -> Tally:
    """Import one file of the sample set, with acknowledgements. Raises UnreadableFile when it cannot be read."""
    row = company.sources[source]
    choices = Choices(columns={"score": "score"}, score_is_nps=True)
    return import_file(look(path, row, choices), row, Instructions(choices, follow_up, True), now=now, report=report)


def write_file(path: Path, answers: Iterable[Answer]) -> None:
    """The file a survey tool exports: UTF-8, comma, times with their offset."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for answer in answers:
            rows.writerow(
                (
                    answer.key,
                    answer.at.isoformat(timespec="seconds"),
                    answer.score,
                    answer.words,
                    answer.driver,
                    answer.email,
                    answer.name,
                    answer.phone,
                    answer.language,
                    answer.account,
                    answer.moment,
                    _yes_no(answer.contact_me),
                    _yes_no(answer.share_name),
                    answer.answered_for,
                    answer.product,
                )
            )


def _yes_no(said: bool | None) -> str:
    return "" if said is None else "yes" if said else "no"


def _add(total: Tally, more: Tally) -> None:
    for name in Tally.__slots__:
        setattr(total, name, getattr(total, name) + getattr(more, name))


def _moments(begins: datetime, ends: datetime, times: Sequence[time]) -> Iterable[datetime]:
    """Those times of each day, by the company's clock, that lie between two moments."""
    zone = ZoneInfo(ZONE)
    day: date = begins.astimezone(zone).date()
    while day <= ends.astimezone(zone).date():
        for clock in times:
            moment = datetime.combine(day, clock, tzinfo=zone)
            if begins < moment <= ends:
                yield moment.astimezone(begins.tzinfo)
        day += timedelta(days=1)
