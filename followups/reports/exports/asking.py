"""Asking for a file: few rows are the answer itself, more are left to a worker; every one is recorded."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.http import content_disposition_header

from followups.models import ExportRecord
from followups.reports.exports.cells import Reader
from followups.reports.exports.files import Format, Spreadsheet, csv_head, csv_parts
from followups.reports.exports.listing import Listing, Question, batches, listing_for
from followups.viewing import Viewer
from nps_loop.jobs import running
from nps_loop.jobs.models import Job
from nps_loop.people.authentication import ApiUser
from nps_loop.people.models import ApiKey, User
from nps_loop.retention import EXPORT_LIST
from nps_loop.zones import zone_of

KIND = EXPORT_LIST
# So many rows are sent while one waits: about a second of a server's thread. CSV leaves as it is read, a spreadsheet
# can only be sent once it is whole.
AT_ONCE = {Format.CSV: 20_000, Format.XLSX: 5_000}
# What is about a page of a list and not about its rows.
_ABOUT_THE_PAGE = ("after", "before", "sort", "filters", "cursor", "page_size", "ordering", "mark")
_LONGEST = 4_000


@dataclass(frozen=True, slots=True)
class Export:
    """One file somebody asks for: which list, which rows, in which format, read by whom."""

    listing: Listing
    question: Question
    form: Format
    reader: Reader
    key: ApiKey | None = None

    @property
    def user(self) -> User | None:
        """Whose it is; None for a program whose key speaks for nobody in particular."""
        return None if self.question.sees_all else self.question.viewer.user

    @property
    def file_name(self) -> str:
        """`Tickets 2026-11-24.csv`, in the reader's language and of the reader's day; by its key for a program."""
        with translation.override(self.reader.language):
            title = str(self.listing.title) if self.reader.in_words else self.listing.name
        return f"{title} {self.question.now.astimezone(self.reader.zone).date()}.{self.form}"

    @property
    def title(self) -> str:
        with translation.override(self.reader.language):
            return str(self.listing.title)


def export_for(
    name: str, form: Format, asked: QueryDict, *, viewer: Viewer, key: ApiKey | None, in_words: bool, now: datetime
) -> Export:
    """What this person (on a page, `in_words`) or program asks for. Raises Http404 for a list they have not.

    A file for people begins with a byte order mark, one for programs does not; `mark=yes` or `no` says otherwise.
    """
    user: Any = viewer.user
    narrowing = asked.copy()
    for about in _ABOUT_THE_PAGE:
        narrowing.pop(about, None)
    mark = asked.get("mark", "yes" if in_words else "no") == "yes"
    zone = zone_of(user.time_zone, settings.TIME_ZONE) if in_words else zone_of("UTC")
    reader = Reader(user.language if in_words else "en", zone, in_words, mark)
    return Export(listing_for(name, viewer), Question(viewer, narrowing, now), form, reader, key)


# --- as the answer itself --------------------------------------------------------------------------------------


def answer(export: Export) -> HttpResponseBase | None:
    """The file as a response, recorded; None where it holds too many rows for that. Raises BadQuestion."""
    most = AT_ONCE[export.form]
    keys = export.listing.keys(export.question, most + 1)
    if len(keys) > most:
        return None
    record = _record(export)
    response = (
        StreamingHttpResponse(_sent(export, keys, record))
        if export.form is Format.CSV
        else _sheet(export, keys, record)
    )
    return dressed(response, export.file_name, export.form)


def dressed(response: HttpResponseBase, file_name: str, form: Format) -> HttpResponseBase:
    """The response as a download that nothing keeps and nothing takes for a page."""
    response["Content-Type"] = form.content_type
    response["Content-Disposition"] = content_disposition_header(True, file_name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def head(export: Export) -> HttpResponse:
    """What a HEAD is answered: nothing is read, and nothing recorded."""
    response = HttpResponse()
    dressed(response, export.file_name, export.form)
    return response


def _sent(export: Export, keys: Any, record: ExportRecord) -> Iterator[bytes]:
    """The CSV, part by part as its rows are read. However it ends, the record says how many rows had left."""
    sent, is_whole = 0, False
    columns, reader = export.listing.columns, export.reader
    try:
        yield csv_head(columns, reader)
        for _done, rows in batches(export.listing, export.question, keys):
            for part in csv_parts(columns, reader, [rows]):
                sent += len(rows)
                yield part
        is_whole = True
    finally:
        finish(record, sent, is_whole=is_whole)


def _sheet(export: Export, keys: Any, record: ExportRecord) -> FileResponse:
    written = 0
    file = tempfile.TemporaryFile()  # noqa: SIM115  FileResponse closes it
    with (
        tempfile.TemporaryDirectory() as folder,
        Spreadsheet(file, export.title, export.listing.columns, export.reader, Path(folder)) as sheet,
    ):
        for _done, rows in batches(export.listing, export.question, keys):
            sheet.write(rows)
            written += len(rows)
    finish(record, written, is_whole=True)
    file.seek(0)
    return FileResponse(file)


# --- as a job --------------------------------------------------------------------------------------------------


def ask(export: Export) -> Job:
    """Leave the file to a worker. Asked again while it waits, it is made once. Raises BadQuestion."""
    total = len(export.listing.keys(export.question))
    with transaction.atomic():
        waiting = (
            ExportRecord.objects.filter(
                **_whose(export), listing=export.listing.name, format=export.form, asked=_asked(export.question),
                reading=_reading(export.reader), rights=rights_of(export.question.viewer), job__state=Job.State.WAITING,
            )
            .select_related("job")
            .first()
        )  # fmt: skip
        if waiting is not None and waiting.job is not None:
            return waiting.job
        record = _record(export)
        job = running.start(
            KIND, parameters={"export": record.pk}, created_by=export.user, now=export.question.now, total=total
        )
        ExportRecord.objects.filter(pk=record.pk).update(job=job)
    return job


def export_of(record: ExportRecord, *, now: datetime) -> Export:
    """What was asked for, with the rights its asker has now. Raises Http404 where the list is no more theirs."""
    viewer = reader_of(record.user, record.api_key)
    asked = QueryDict(mutable=True)
    for name, values in record.asked.items():
        asked.setlist(name, values)
    kept: Mapping[str, Any] = record.reading
    reader = Reader(kept["language"], zone_of(kept["zone"]), kept["in_words"], kept["with_mark"])
    question = Question(viewer, asked, now)
    return Export(listing_for(record.listing, viewer), question, Format(record.format), reader, record.api_key)


def reader_of(user: User | None, key: ApiKey | None) -> Viewer:
    """A person with their teams, or the program that a key without a person stands for."""
    if user is not None:
        return Viewer.of(user)
    if key is None:
        raise Http404
    return Viewer(cast(User, ApiUser(key)))


def rights_of(viewer: Viewer) -> str:
    """A fingerprint of all that decides what this person sees: it changes with their teams and their part in them."""
    teams = sorted((member.team_id, str(member.role)) for member in viewer.memberships)
    user = viewer.user
    return hashlib.sha256(f"{user.pk} {user.is_active} {user.is_superuser} {teams}".encode()).hexdigest()


def finish(record: ExportRecord, rows: int, *, is_whole: bool) -> None:
    """Write down how many rows left, and whether that was all of them."""
    ended = timezone.now() if is_whole else None
    ExportRecord.objects.filter(pk=record.pk).update(rows=rows, finished_at=ended)


def _record(export: Export) -> ExportRecord:
    return ExportRecord.objects.create(
        **_whose(export),
        listing=export.listing.name,
        format=export.form,
        asked=_asked(export.question),
        reading=_reading(export.reader),
        rights=rights_of(export.question.viewer),
        began_at=export.question.now,
    )


def _whose(export: Export) -> dict[str, Any]:
    return {"user": export.user, "api_key": export.key}


def _asked(question: Question) -> dict[str, list[str]]:
    """The filters by name, without empty ones and without NULs, which no database keeps."""
    return {
        name: [value.replace("\0", "")[:_LONGEST] for value in values if value]
        for name, values in sorted(question.asked.lists())
        if any(values)
    }


def _reading(reader: Reader) -> dict[str, Any]:
    return {
        "language": reader.language,
        "zone": str(reader.zone),
        "in_words": reader.in_words,
        "with_mark": reader.with_mark,
    }
