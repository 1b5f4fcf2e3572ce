"""/reports/ and the answers behind its figures. Parse, count, lay out, render."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from followups.reports.answers_page import answers_page, chosen, how_many
from followups.reports.forms import ReportForm
from followups.reports.metrics import (
    closure_report,
    nps_report,
    people_report,
    recovery_report,
    reporting_day,
    response_rate_report,
)
from followups.reports.page import report_page
from followups.reports.sentences import days_in_words
from followups.viewing import viewer


@login_required
@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """The figures of one cohort, for the eyes of whoever is logged in."""
    now = timezone.now()
    form = ReportForm(request.GET, viewer=viewer(request).user, today=reporting_day(now))
    filters = form.filters()
    leads = viewer(request).leads
    page = report_page(
        nps_report(filters, now=now),
        closure_report(filters, now=now),
        recovery_report(filters, now=now),
        people_report(filters, now=now) if leads else (),
        response_rate_report(filters, now=now) if leads else None,
    )
    return render(request, "followups/reports/reports.html", {"form": form, "page": page, "now": now})


@login_required
@require_safe
def answers(request: HttpRequest) -> HttpResponse:
    """The answers that one figure counted."""
    now = timezone.now()
    form = ReportForm(request.GET, viewer=viewer(request).user, today=reporting_day(now))
    filters = form.filters()
    n = how_many(filters, request.GET, now=now)
    page = answers_page(chosen(filters, request.GET), viewer(request), request.GET, n=n)
    days = days_in_words(filters.day_from, filters.day_to)
    context = {"page": page, "filters": filters, "days": days, "asked": request.GET, "now": now}
    return render(request, "followups/reports/answers.html", context)
