"""/calendars/ and /policies/: when we work and by when we act. Leads and administrators write them, as versions."""

from __future__ import annotations

from typing import TypeVar, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from followups import hours_page, recounting, versions
from followups.forms.hours import CalendarForm, PolicyForm
from followups.models import Calendar, SlaPolicy
from followups.refusals import Incomplete, Stale
from followups.viewing import viewer
from nps_loop.people.models import User

Version = TypeVar("Version", Calendar, SlaPolicy)


@login_required
@require_safe
def calendars(request: HttpRequest) -> HttpResponse:
    _leads_only(request)
    now = timezone.now()
    return render(request, "followups/calendars.html", {"rows": hours_page.calendars(now), "now": now})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def calendar(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Make a calendar, or the next version of one."""
    _leads_only(request)
    now, user = timezone.now(), cast(User, request.user)
    row = _newest(Calendar, slug) if slug else None
    names = versions.holiday_names(*_place(request, row), now)
    form = CalendarForm(request.POST if request.method == "POST" else None, calendar=row, holiday_names=names)
    refusal = ""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = versions.save_calendar(
                row, form.hours(), teams=data["teams"], shown=data["version"], by=user, now=now
            )
        except Incomplete as incomplete:
            form.refuse(incomplete)
        except Stale as stale:
            refusal = stale.message
        else:
            _say_saved(request, made, recount=data.get("recount", False))
            return redirect("calendars")
    context = {"form": form, "row": row, "refusal": refusal, "now": now}
    status = 409 if refusal else 400 if form.errors else 200
    return render(request, "followups/calendar_edit.html", context, status=status)


@login_required
@require_POST
def renew(request: HttpRequest, slug: str) -> HttpResponse:
    """The next version, with the public holidays of the years to come."""
    _leads_only(request)
    row = _newest(Calendar, slug)
    shown = request.POST.get("version", "")
    try:
        made = versions.renew_holidays(
            row,
            shown=int(shown) if shown.isdecimal() and len(shown) < 9 else 0,
            by=cast(User, request.user),
            now=timezone.now(),
        )
    except (Stale, Incomplete) as refused:
        messages.error(request, refused.message)
    else:
        words = gettext("“%(name)s” knows the public holidays until the end of %(year)s.")
        messages.success(request, words % {"name": made.name, "year": made.holidays_until})
    return redirect("calendars")


@login_required
@require_safe
def policies(request: HttpRequest) -> HttpResponse:
    _leads_only(request)
    now = timezone.now()
    return render(request, "followups/policies.html", {"rows": hours_page.policies(), "now": now})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def policy(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Make a policy, or the next version of one."""
    _leads_only(request)
    row = _newest(SlaPolicy, slug) if slug else None
    form = PolicyForm(request.POST if request.method == "POST" else None, policy=row)
    refusal = ""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = versions.save_policy(
                row, form.values, shown=data["version"], by=cast(User, request.user), now=timezone.now()
            )
        except Stale as stale:
            refusal = stale.message
        else:
            _say_saved(request, made, recount=data.get("recount", False))
            return redirect("policies")
    context = {"form": form, "row": row, "refusal": refusal}
    status = 409 if refusal else 400 if form.errors else 200
    return render(request, "followups/policy_edit.html", context, status=status)


def _leads_only(request: HttpRequest) -> None:
    if not viewer(request).leads:
        raise PermissionDenied


def _newest(kind: type[Version], slug: str) -> Version:
    row = versions.newest_versions(kind).filter(slug=slug).first()
    if row is None:
        raise Http404
    return cast(Version, row)


def _place(request: HttpRequest, row: Calendar | None) -> tuple[str, str]:
    """Country and part of it whose holidays the form offers: as they were just chosen, else as they are."""
    if request.method == "POST":
        return request.POST.get("country", "")[:2], request.POST.get("subdivision", "")[:30].strip()
    return (row.country, row.subdivision) if row else ("", "")


def _say_saved(request: HttpRequest, made: Calendar | SlaPolicy, *, recount: bool) -> None:
    words = gettext("“%(name)s” is saved as version %(version)s. New tickets go by it.")
    messages.success(request, words % {"name": made.name, "version": made.version})
    if recount:
        job = recounting.begin(made, by=cast(User, request.user), now=timezone.now())
        counted = ngettext(
            "%(n)s open ticket is counted anew.", "%(n)s open tickets are counted anew.", job.total
        ) % {"n": job.total}  # fmt: skip
        messages.info(request, counted)
