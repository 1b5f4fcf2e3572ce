"""/reports/signals/: what whoever leads may ask about. To everybody else it does not exist."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from followups.reports.forms import ReportForm
from followups.reports.metrics import reporting_day
from followups.reports.metrics.signals_report import signals_report
from followups.reports.page.signals import signals_page
from followups.reports.rollups.once import read_once
from followups.reports.sentences import days_in_words
from followups.viewing import viewer


@login_required
@require_safe
@read_once()
def signals(request: HttpRequest) -> HttpResponse:
    """Every signal over one cohort, by person, for the teams somebody leads."""
    looking = viewer(request)
    if not looking.leads:
        raise Http404
    now = timezone.now()
    form = ReportForm(request.GET, viewer=looking.user, today=reporting_day(now), with_past=False)
    filters = form.filters()
    page = signals_page(signals_report(filters, now=now))
    days = days_in_words(filters.day_from, filters.day_to)
    return render(request, "followups/reports/signals.html", {"form": form, "page": page, "days": days, "now": now})
