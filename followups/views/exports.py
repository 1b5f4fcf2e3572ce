"""/exports/: any list as a file, at once where it is short; and the files that workers made."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from followups.reports.exports import asking, keeping
from followups.reports.exports.asking import Export
from followups.reports.exports.files import FORMATS, Format
from followups.reports.exports.listing import BadQuestion, listings
from followups.viewing import viewer

LARGEST = 2**63


@login_required
@never_cache
@require_safe
def exports(request: HttpRequest) -> HttpResponseBase:
    """The files that workers made for this person; an administrator sees everybody's."""
    return _page(request)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def export(request: HttpRequest, what: str, form: str) -> HttpResponseBase:
    """A list as a file. Where it is long, a page says so, and its POST leaves the file to a worker."""
    if form not in FORMATS:
        raise Http404
    export = asking.export_for(
        what, Format(form), request.GET, viewer=viewer(request), key=None, in_words=True, now=timezone.now()
    )
    if request.method == "HEAD":
        return asking.head(export)
    try:
        if request.method == "POST":
            asking.ask(export)
            messages.success(request, gettext("It has begun. The file will be here."))
            return redirect("exports")
        if (file := asking.answer(export)) is not None:
            return file
        return _page(request, export, rows=len(export.listing.keys(export.question)))
    except BadQuestion as problem:
        return _page(request, export, problem=problem, status=400)


@login_required
@never_cache
@require_safe
def export_file(request: HttpRequest, number: int) -> HttpResponseBase:
    """A file that a worker made, for whoever asked for it and for administrators, for as long as it is kept."""
    own = viewer(request)
    record = keeping.exports_of(own).filter(job=number).exclude(job__file="").first() if number < LARGEST else None
    if record is None or record.job is None:
        raise Http404
    if not keeping.may_still_fetch(record, own):
        messages.warning(request, gettext("Your teams have changed since this file was made. Ask for it again."))
        return redirect("exports")
    try:
        content = record.job.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    return asking.dressed(FileResponse(content), record.job.file_name, Format(record.format))


def _page(
    request: HttpRequest,
    export: Export | None = None,
    *,
    rows: int = 0,
    problem: BadQuestion | None = None,
    status: int = 200,
) -> HttpResponseBase:
    own = viewer(request)
    context = {
        "records": [
            (
                record,
                listings[record.listing].title if record.listing in listings else record.listing,
                again(record.asked),
            )
            for record in keeping.exports_of(own)[: keeping.SHOWN]
        ],
        "export": export,
        "rows": rows,
        "address": request.get_full_path() if export else "",
        "problems": problem.errors.items() if problem else (),
        "everybodys": own.user.is_superuser,
        "now": timezone.now(),
    }
    return render(request, "followups/exports.html", context, status=status)


def _title(name: str) -> str:
    return str(listings[name].title) if name in listings else name


def again(asked: dict[str, list[str]]) -> str:
    """The query string that asks for the same."""
    return urlencode([(name, value) for name, values in asked.items() for value in values])
