"""/reports/, the pages beside it, and the lists behind their figures. Parse, count, lay out, render."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from followups.reports import metrics
from followups.reports.answers_page import answers_page, chosen, how_many
from followups.reports.forms import ReportForm
from followups.reports.metrics import reporting_day
from followups.reports.page.accounts import accounts_page
from followups.reports.page.causes import causes_page
from followups.reports.page.closure import closure_page
from followups.reports.page.frame import FOR_LEADS, Frame, frame
from followups.reports.page.links import Links
from followups.reports.page.overview import overview
from followups.reports.page.people import people_page
from followups.reports.page.times import times_page
from followups.reports.page.touchpoints import touchpoints_page
from followups.reports.promises_page import promises_page
from followups.reports.rollups.once import read_once
from followups.reports.sentences import days_in_words
from followups.viewing import viewer


def _framed(request: HttpRequest, name: str) -> Frame:
    """What is around the report page `name`; the page does not exist for whoever may not read it."""
    if name in FOR_LEADS and not viewer(request).leads:
        raise Http404
    return frame(request, name, now=timezone.now())


def _shown(request: HttpRequest, around: Frame, template: str, page: Any) -> HttpResponse:
    context = {"frame": around, "form": around.form, "page": page, "now": around.now}
    return render(request, f"followups/reports/{template}.html", context)


@login_required
@require_safe
@read_once()
def reports(request: HttpRequest) -> HttpResponse:
    """The figures of one cohort in one look, for the eyes of whoever is logged in."""
    around = _framed(request, "reports")
    filters, now, leads = around.filters, around.now, around.viewer.leads
    earlier = metrics.earlier_report(filters, around.form.compared_with, now=now)
    page = overview(
        around,
        metrics.nps_report(filters, now=now),
        metrics.closure_report(filters, now=now),
        metrics.recovery_report(filters, now=now),
        metrics.people_report(filters, now=now) if leads else (),
        metrics.led_teams(filters) if leads else [],
        earlier,
        metrics.first_contact_curve(earlier.filters, now=now) if earlier else None,
    )
    return _shown(request, around, "overview", page)


@login_required
@require_safe
@read_once()
def closure(request: HttpRequest) -> HttpResponse:
    """How far loops are closed, by time and by group."""
    around = _framed(request, "report-closure")
    filters, now, way = around.filters, around.now, metrics.way_of(around.form.grouped_by)
    earlier = metrics.earlier_report(filters, around.form.compared_with, now=now)
    page = closure_page(
        around,
        metrics.closure_report(filters, now=now),
        metrics.recovery_report(filters, now=now),
        way,
        metrics.closure_groups(filters, way, now=now),
        metrics.reopening_report(filters, now=now),
        earlier,
        metrics.reopening_report(earlier.filters, now=now) if earlier else None,
    )
    return _shown(request, around, "closure", page)


@login_required
@require_safe
@read_once()
def times(request: HttpRequest) -> HttpResponse:
    """How long customers wait."""
    around = _framed(request, "report-times")
    filters, now = around.filters, around.now
    earlier = metrics.earlier(filters, around.form.compared_with)
    page = times_page(
        around,
        metrics.closure_report(filters, now=now),
        metrics.times_report(filters, now=now),
        metrics.times_report(earlier, now=now) if earlier else None,
    )
    return _shown(request, around, "times", page)


@login_required
@require_safe
@read_once()
def causes(request: HttpRequest) -> HttpResponse:
    """Why customers were unhappy."""
    around = _framed(request, "report-causes")
    return _shown(request, around, "causes", causes_page(around, metrics.causes_report(around.filters, now=around.now)))


@login_required
@require_safe
@read_once()
def people(request: HttpRequest) -> HttpResponse:
    """Who carries what, for leads; to everybody else it does not exist."""
    around = _framed(request, "report-people")
    filters, now = around.filters, around.now
    page = people_page(
        metrics.people_report(filters, now=now),
        metrics.closure_report(filters, now=now),
        Links(filters),
        metrics.led_teams(filters),
    )
    return _shown(request, around, "people", page)


@login_required
@require_safe
@read_once()
def touchpoints(request: HttpRequest) -> HttpResponse:
    """What is said where."""
    around = _framed(request, "report-touchpoints")
    filters, now = around.filters, around.now
    page = touchpoints_page(
        around,
        metrics.touchpoints_report(filters, around.form.compared_with, now=now, with_asked=around.viewer.leads),
        metrics.nps_report(filters, now=now),
        metrics.response_rate_report(filters, now=now) if around.viewer.leads else None,
    )
    return _shown(request, around, "touchpoints", page)


@login_required
@require_safe
@read_once()
def accounts(request: HttpRequest) -> HttpResponse:
    """Companies in which somebody was unhappy, those worth most first."""
    around = _framed(request, "report-accounts")
    worth = metrics.worth_report(around.filters, now=around.now)
    return _shown(request, around, "accounts", accounts_page(around, worth, request.GET))


@login_required
@require_safe
@read_once()
def answers(request: HttpRequest) -> HttpResponse:
    """The answers that one figure counted."""
    now = timezone.now()
    form = ReportForm(request.GET, viewer=viewer(request).user, today=reporting_day(now), now=now)
    filters = form.filters()
    n = how_many(filters, request.GET, now=now)
    page = answers_page(chosen(filters, request.GET), viewer(request), request.GET, n=n)
    days = days_in_words(filters.day_from, filters.day_to)
    context = {"page": page, "filters": filters, "days": days, "asked": request.GET, "now": now}
    return render(request, "followups/reports/answers.html", context)


@login_required
@require_safe
@read_once()
def promises(request: HttpRequest) -> HttpResponse:
    """The promises that one figure counted."""
    now = timezone.now()
    form = ReportForm(request.GET, viewer=viewer(request).user, today=reporting_day(now), now=now)
    filters = form.filters()
    page = promises_page(filters, viewer(request), request.GET, now=now)
    context = {"page": page, "filters": filters, "days": days_in_words(filters.day_from, filters.day_to), "now": now}
    return render(request, "followups/reports/promises.html", context)
