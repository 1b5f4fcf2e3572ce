"""/contacts/<id>/erase/ and /export/: for administrators."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from followups import exporting
from followups.customer_page import contact_of
from followups.erasing import what_would_go
from followups.viewing import viewer
from nps_loop.people.models import User
from surveys import erasing
from surveys.models import Contact

LARGEST = 2**63


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, number: int) -> HttpResponse:
    """Show what would go; on a POST that says so, leave the erasure to a worker."""
    person = contact_of(viewer(request), number) if number < LARGEST else None
    if person is None:
        raise Http404
    user = cast(User, request.user)
    if not user.is_superuser:
        raise PermissionDenied
    if person.erased_at is not None:
        return redirect("contact", person.pk)
    unsure = request.method == "POST" and request.POST.get("sure") != "yes"
    if request.method == "POST" and not unsure:
        erasing.ask(person, by=user, now=timezone.now())
        messages.success(request, gettext("It has begun. In a minute nothing here says any more who this was."))
        return redirect("contact", person.pk)
    context = {"contact": person, "going": what_would_go(erasing.person_of(person)), "unsure": unsure}
    return render(request, "followups/erase.html", context, status=400 if unsure else 200)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def export(request: HttpRequest, number: int) -> HttpResponse:
    """The exports of a person so far; on a POST one more is left to a worker."""
    person = _person(request, number)
    if request.method == "POST":
        exporting.ask(person, by=cast(User, request.user), now=timezone.now())
        messages.success(request, gettext("It has begun. In a minute the file is here."))
        return redirect("contact-export", person.pk)
    context = {"contact": person, "jobs": exporting.exports_of(person)[:10], "now": timezone.now()}
    return render(request, "followups/export.html", context)


@login_required
@never_cache
@require_safe
def export_file(request: HttpRequest, number: int, job: int) -> FileResponse:
    """One export as a download, for as long as it is kept."""
    person = _person(request, number)
    row = exporting.exports_of(person).filter(pk=job).exclude(file="").first() if job < LARGEST else None
    if row is None:
        raise Http404
    try:
        content = row.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(content, as_attachment=True, filename=row.file_name, content_type="application/zip")
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _person(request: HttpRequest, number: int) -> Contact:
    """Whom it is about; nobody, to whoever is no administrator."""
    user = cast(User, request.user)
    person = contact_of(viewer(request), number) if user.is_superuser and number < LARGEST else None
    if person is None or person.erased_at is not None:
        raise Http404
    return person
