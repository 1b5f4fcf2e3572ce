"""Making a file as a job: written under another name, and renamed when it is whole.

The choice of rows is frozen in a file of keys. A CSV that was interrupted goes on after the last rows that are safe on
disk; a spreadsheet, which is packed as a whole, is written anew over the same rows. A worker whose lease ran out writes
in a file of its own and may not end what another goes on with.
"""

from __future__ import annotations

import os
import shutil
from array import array
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db.models import Q
from django.http import Http404
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext

from followups.models import ExportRecord
from followups.reports.exports.asking import Export, export_of, finish, rights_of
from followups.reports.exports.files import Format, Spreadsheet, TooLarge, csv_head, csv_parts
from followups.reports.exports.keeping import folder, remove, unfinished
from followups.reports.exports.listing import BadQuestion, batches
from nps_loop.jobs.models import Job
from nps_loop.jobs.running import LEASE, Unworkable
from nps_loop.retention import LIST_FILES
from surveys.models import Erasure

# After so many rows what was written is safe on disk, and the job goes on from there.
STRIDE = 20_000
# An erasure that has not ended in so long was interrupted: when it is taken up again, it drops all files once more.
ERASING = timedelta(hours=1)


class Superseded(Exception):
    """Another worker goes on with this job, or its files were dropped: this one must end nothing."""


def run_job(job: Job, alive: Callable[..., None]) -> dict[str, Any]:
    """Make the file of an export that was left as a job; returns rows and bytes. Raises Unworkable."""
    record = (
        ExportRecord.objects.select_related("user", "api_key__user").filter(pk=job.parameters.get("export")).first()
    )
    if record is None or not _is_here(record):
        raise Unworkable(gettext("Whoever asked for this is not here any more."))
    try:
        export = export_of(record, now=record.began_at)
        made = _Making(job, record, export)
        rows = made.csv() if export.form is Format.CSV else made.sheet()
    except Http404:
        raise Unworkable(gettext("This list is not yours to see any more.")) from None
    except TooLarge:
        raise Unworkable(gettext("No spreadsheet holds so much. Take CSV, or ask for less.")) from None
    except BadQuestion as problem:
        raise Unworkable(" ".join(reason for reasons in problem.errors.values() for reason in reasons)) from problem
    return {**made.publish(rows), "rows": rows}


def _is_here(record: ExportRecord) -> bool:
    """Whether whoever asked may still ask for anything."""
    key, user = record.api_key, record.user
    if key is not None and (key.revoked_at is not None or (key.expires_at and key.expires_at <= timezone.now())):
        return False
    return user.is_active if user is not None else key is not None


class _Making:
    """One attempt at one job. The job's result says what is safe so far: keys, rows, bytes, and since when."""

    def __init__(self, job: Job, record: ExportRecord, export: Export) -> None:
        self.job, self.record, self.export = job, record, export
        self.part = unfinished(job, job.attempts)
        self.keys_path = folder() / f"{LIST_FILES}{job.pk}.keys"
        self.rights = rights_of(export.question.viewer)
        if self.rights != record.rights:
            # Nothing that was written with other rights goes into this file.
            remove(self.keys_path)
            ExportRecord.objects.filter(pk=record.pk).update(rights=self.rights)
        self.keys, self.is_new = self._keys()
        self.since = timezone.now()

    def _keys(self) -> tuple[array[int], bool]:
        """The rows this job began with; chosen and kept where it has none yet."""
        keys: array[int] = array("q")
        try:
            with self.keys_path.open("rb") as file:
                keys.frombytes(file.read())
            return keys, False
        except FileNotFoundError:
            pass
        keys = self.export.listing.keys(self.export.question)
        fresh = self.keys_path.with_suffix(f".keys-{self.job.attempts}")
        with fresh.open("wb") as file:
            keys.tofile(file)
            _safe(file)
        fresh.replace(self.keys_path)
        return keys, True

    def csv(self) -> int:
        """Write what is missing of the CSV; returns its rows."""
        listing, question, reader = self.export.listing, self.export.question, self.export.reader
        done, rows, size = self._take_up()
        with self.part.open("r+b" if size else "wb") as file:
            if size:
                file.truncate(size)
                file.seek(size)
            else:
                file.write(csv_head(listing.columns, reader))
            safe_at = done
            for now_done, found in batches(listing, question, self.keys, done):
                for part in csv_parts(listing.columns, reader, [found]):
                    file.write(part)
                rows += len(found)
                if now_done - safe_at >= STRIDE or now_done == len(self.keys):
                    _safe(file)
                    safe_at = now_done
                    self._keep(now_done, rows, file.tell())
            _safe(file)
        return rows

    def _take_up(self) -> tuple[int, int, int]:
        """(keys dealt with, rows, bytes) of what an earlier attempt left safe on disk, in a file of our own by now."""
        kept = self.job.result
        before = unfinished(self.job, int(kept.get("attempt", 0)))
        if self.is_new or not kept.get("bytes") or not before.is_file() or before.stat().st_size < kept["bytes"]:
            return 0, 0, 0
        if before != self.part:
            with before.open("rb") as old, self.part.open("wb") as own:
                shutil.copyfileobj(old, own)
            remove(before)
        self.since = parse_datetime(kept["since"]) or self.since
        return kept["done"], kept["rows"], kept["bytes"]

    def sheet(self) -> int:
        """Write the spreadsheet from its first row; returns its rows."""
        export = self.export
        place = self.part.with_suffix(".folder")
        remove(place)
        place.mkdir(mode=0o700)
        rows = kept = 0
        with Spreadsheet(self.part, export.title, export.listing.columns, export.reader, place) as sheet:
            for done, found in batches(export.listing, export.question, self.keys):
                sheet.write(found)
                rows += len(found)
                if done - kept >= STRIDE:
                    self._keep(done, rows, 0)
                    kept = done
            # Packing takes its time, without a word in between.
            self._keep(len(self.keys), rows, 0)
        if not place.is_dir():
            raise Superseded
        with self.part.open("rb+") as file:
            _safe(file)
        remove(place)
        return rows

    def publish(self, rows: int) -> dict[str, Any]:
        """Give the whole file its name.

        Raises Superseded where somebody was erased, or the asker's rights changed, since its first row was read.
        """
        name = f"jobs/{LIST_FILES}{self.job.pk}-{self.job.attempts}.{self.export.form}"
        path = folder() / Path(name).name
        size = self.part.stat().st_size
        self.part.replace(path)
        _safe_folder(path.parent)
        mine = Job.objects.filter(pk=self.job.pk, attempts=self.job.attempts)
        named = mine.update(file=name, file_name=self.export.file_name[:255])
        # Looked at once the file has its name: an erasure that begins later finds it.
        if not named or _somebody_was_erased(self.since) or self._rights_now() != self.rights:
            remove(path)
            mine.update(file="", file_name="", result={})
            remove(self.keys_path)
            raise Superseded
        finish(self.record, rows, is_whole=True)
        self._clear_away(path)
        return {"bytes": size}

    def _clear_away(self, made: Path) -> None:
        """What earlier attempts left goes, and the keys."""
        for path in folder().glob(f"{LIST_FILES}{self.job.pk}[-.]*"):
            if path != made:
                remove(path)

    def _rights_now(self) -> str:
        return rights_of(export_of(self.record, now=self.record.began_at).question.viewer)

    def _keep(self, done: int, rows: int, size: int) -> None:
        """Write down what is safe and live on. Raises Superseded where another worker has taken the job."""
        result = {
            "attempt": self.job.attempts, "done": done, "rows": rows, "bytes": size, "since": self.since.isoformat(),
        }  # fmt: skip
        mine = Job.objects.filter(pk=self.job.pk, attempts=self.job.attempts, state=Job.State.RUNNING)
        if not mine.update(done=done, result=result, leased_until=timezone.now() + LEASE):
            raise Superseded


def _somebody_was_erased(since: datetime) -> bool:
    going_on = Q(finished_at=None, asked_at__gte=since - ERASING)
    return Erasure.objects.filter(going_on | Q(asked_at__gte=since) | Q(finished_at__gte=since)).exists()


def _safe(file: Any) -> None:
    """What was written is on disk, whatever happens to the machine."""
    file.flush()
    os.fsync(file.fileno())


def _safe_folder(path: Path) -> None:
    """So is the name it got."""
    place = os.open(path, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
