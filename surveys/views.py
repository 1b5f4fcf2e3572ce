"""/import/: a file of answers, from upload to result."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from nps_loop.jobs.models import Job, JobItem
from nps_loop.people.models import User
from surveys import uploading
from surveys.forms import MEANINGS, ColumnsForm, UploadForm, how_sure
from surveys.importing import JOB_KIND, Instructions
from surveys.readers.answers import LookedInto
from surveys.readers.columns import Choices
from surveys.readers.delimited import UnreadableFile
from surveys.scoring import nps
from surveys.spreadsheets import lines

LAST_SHOWN = 10
REJECTED_SHOWN = 100


def importers_only(view: Any) -> Any:
    """Logged in, and an administrator or a lead; anybody else who is logged in gets a 403."""

    @wraps(view)
    @login_required
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not uploading.may_import(cast(User, request.user)):
            raise PermissionDenied
        response: HttpResponse = view(request, *args, **kwargs)
        return response

    return guarded


@importers_only
@require_http_methods(["GET", "HEAD", "POST"])
def import_page(request: HttpRequest) -> HttpResponse:
    """Choose a file; a file that is no table is refused here."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        job = uploading.keep(
            data["file"],
            source=data["source"],
            new_source=data["new_source"].strip(),
            by=cast(User, request.user),
            now=timezone.now(),
        )
        return redirect("import-job", job.pk)
    done = [job for job in uploading.imports()[: LAST_SHOWN * 2] if not job.parameters.get("dry_run")][:LAST_SHOWN]
    status = 400 if form.errors else 200
    return render(request, "surveys/import.html", {"form": form, "jobs": done, "now": timezone.now()}, status=status)


@importers_only
@require_safe
def job_page(request: HttpRequest, number: int) -> HttpResponse:
    """Where an import stands: its columns, its progress or its result."""
    job = _found(number)
    if job.kind == uploading.UPLOADED:
        return _columns(request, job)
    if not job.is_over:
        return render(request, "surveys/import_progress.html", {"job": job, "seconds_left": _seconds_left(job)})
    if request.headers.get("HX-Request"):
        # The page that waited is over: load the result as a page of its own.
        return HttpResponse(headers={"HX-Refresh": "true"})
    return _result(request, job)


@importers_only
@require_POST
def begin(request: HttpRequest, number: int) -> HttpResponse:
    """Look again with other columns, try it out, or import."""
    job = _found(number)
    if not uploading.can_begin(job):
        return redirect("import-job", job.pk)
    if job.kind == JOB_KIND:
        # It was tried out: import it as it was tried.
        uploading.begin(job, Instructions.from_json(job.parameters), dry_run=False)
        return redirect("import-job", job.pk)
    return _columns(request, job, request.POST)


@importers_only
@require_safe
def rejections(request: HttpRequest, number: int) -> StreamingHttpResponse:
    """The refused rows with their reasons, as a table for a spreadsheet."""
    job = _found(number)

    def rows() -> Iterator[list[object]]:
        yield [gettext("Row"), gettext("Field"), gettext("Reason")]
        items = job.items.filter(state=JobItem.State.REFUSED).order_by("number")
        for item in items.iterator(chunk_size=2_000):
            yield [item.number, item.field, item.reason]

    name = slugify(job.file_name.rpartition(".")[0]) or "import"
    return StreamingHttpResponse(
        lines(rows()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}-rejected.csv"'},
    )


# --- pieces ----------------------------------------------------------------------------------------------------


def _found(number: int) -> Job:
    job = uploading.imports().filter(pk=number).first() if number < 2**63 else None
    if job is None:
        raise Http404
    return job


def _columns(request: HttpRequest, job: Job, data: Any = None) -> HttpResponse:
    """The columns of a file, as it says by itself or as a person wants them; with `do=import` it begins."""
    try:
        guess = uploading.looked_into(job, Choices())
    except UnreadableFile as problem:
        return render(request, "surveys/import_unreadable.html", {"job": job, "problem": str(problem)}, status=422)
    form = ColumnsForm(data, guess=guess, source=uploading.source_of(job), auto_id="import-%s")
    found = guess
    if data is not None and form.is_valid():
        choices = form.choices()
        try:
            found = uploading.looked_into(job, choices)
        except UnreadableFile as problem:
            form.add_error(None, str(problem))
        else:
            if not found.problem and data.get("do") in ("import", "try"):
                uploading.begin(job, form.instructions(choices), dry_run=data["do"] == "try")
                return redirect("import-job", job.pk)
    refused = data is not None and (bool(form.errors) or bool(found.problem))
    return render(
        request,
        "surveys/import_columns.html",
        {
            "job": job,
            "form": form,
            "found": found,
            "meanings": MEANINGS,
            "columns": [(column, how_sure(column)) for column in uploading.columns(found, guess)],
            "asks_for_order": _asks_for_order(guess) or bool(data and data.get("date_order")),
            "asks_to_vouch": found.is_score_doubtful or bool(data and data.get("score_is_nps")),
        },
        status=422 if refused and data.get("do") in ("import", "try") else 200,
    )


def _asks_for_order(found: LookedInto) -> bool:
    """Whether a person has to say if the day or the month comes first: the dates of the file do not prove it."""
    return found.is_order_doubtful


def _seconds_left(job: Job) -> int | None:
    """By the pace so far; None while nothing can be said."""
    if not job.done or not job.total or job.started_at is None:
        return None
    pace: timedelta = (timezone.now() - job.started_at) / job.done
    return max(round((pace * (job.total - job.done)).total_seconds()), 1)


def _result(request: HttpRequest, job: Job) -> HttpResponse:
    result = job.result
    counted = nps(result.get("promoters", 0), result.get("passives", 0), result.get("detractors", 0))
    items = job.items.order_by("number")
    return render(
        request,
        "surveys/import_result.html",
        {
            "job": job,
            "result": result,
            "nps": counted,
            "rejected": items.filter(state=JobItem.State.REFUSED)[:REJECTED_SHOWN],
            "remarks": items.filter(state=JobItem.State.DONE)[:REJECTED_SHOWN],
            "is_tried": bool(job.parameters.get("dry_run")),
            "shown": REJECTED_SHOWN,
        },
    )
