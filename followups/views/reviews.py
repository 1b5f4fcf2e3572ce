"""/reviews/ and what is below it: parse, call one function, render. Whoever may not read a review meets a 404."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from followups.forms.reviews import FORMS, ChangeForm, DecideForm, PlanForm, stale
from followups.improve.reviews import deciding, drawing, planning
from followups.models import Review
from followups.refusals import Incomplete, NotAllowed, Stale
from followups.reports.metrics import reporting_day
from followups.reviews_page import review_page, reviews_page
from followups.viewing import viewer

GET_AND_POST = ["GET", "HEAD", "POST"]


@login_required
@require_http_methods(GET_AND_POST)
def reviews(request: HttpRequest) -> HttpResponse:
    """What is coming and what was held; on a POST one more is planned, for leads."""
    now, user = timezone.now(), viewer(request).user
    leads = viewer(request).leads
    if request.method == "POST" and not leads:
        raise Http404
    form = PlanForm(request.POST or None, user=user, today=reporting_day(now)) if leads else None
    if form is not None and form.is_valid():
        try:
            made = planning.plan(**form.cleaned_data, by=user, now=now)
        except Incomplete as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, gettext("Planned. Now choose who sits at the table."))
            return redirect("review-edit", number=made.pk)
    page = reviews_page(user, before=request.GET.get("before", ""), now=now)
    context = {"page": page, "form": form, "now": now}
    refused = form is not None and form.is_bound
    return render(request, "followups/reviews.html", context, status=400 if refused else 200)


@login_required
@require_safe
def review(request: HttpRequest, number: int) -> HttpResponse:
    """The pack."""
    return _page(request, _read(request, number), timezone.now())


@login_required
@require_http_methods(GET_AND_POST)
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """Its days and its table, for leads, until it is held."""
    now, row = timezone.now(), _led(request, number)
    if row.is_held:
        messages.warning(request, gettext("This review was held already."))
        return redirect("review", number=row.pk)
    form = ChangeForm(request.POST or None, review=row)
    if request.method == "POST" and form.is_valid():
        try:
            planning.change(row, **form.arguments(), now=now)
        except Incomplete as refusal:
            form.refuse(refusal)
        except NotAllowed as refusal:
            messages.warning(request, refusal.message)
            return redirect("review", number=row.pk)
        else:
            messages.success(request, gettext("Kept."))
            return redirect("review", number=row.pk)
    context = {"form": form, "review": row, "now": now}
    return render(request, "followups/review_edit.html", context, status=400 if form.is_bound else 200)


@login_required
@require_POST
def call_off(request: HttpRequest, number: int) -> HttpResponse:
    """It does not take place."""
    row = _led(request, number)
    try:
        planning.call_off(row)
    except NotAllowed as refusal:
        messages.warning(request, refusal.message)
        return redirect("review", number=row.pk)
    messages.success(request, gettext("Called off."))
    return redirect("reviews")


@login_required
@require_POST
def held(request: HttpRequest, number: int) -> HttpResponse:
    """It took place."""
    row = _led(request, number)
    try:
        planning.hold(row, by=viewer(request).user, now=timezone.now())
    except NotAllowed as refusal:
        messages.warning(request, refusal.message)
    else:
        messages.success(request, gettext("Kept: the review was held."))
    return redirect("review", number=row.pk)


@login_required
@require_POST
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """One decision more."""
    now, row = timezone.now(), _led(request, number)
    form = DecideForm(request.POST)
    if form.is_valid():
        try:
            deciding.decide(row, **form.cleaned_data, by=viewer(request).user, now=now)
        except Incomplete as refusal:
            form.refuse(refusal)
        except NotAllowed as refusal:
            messages.warning(request, refusal.message)
            return redirect("review", number=row.pk)
        else:
            messages.success(request, gettext("Decided."))
            return redirect("review", number=row.pk)
    return _page(request, row, now, deciding=form, status=400)


@login_required
@require_POST
def change_decision(request: HttpRequest, number: int, decision: int, verb: str) -> HttpResponse:
    """Done, moved or dropped, by its owner or by whoever leads."""
    if verb not in FORMS:
        raise Http404
    now, row = timezone.now(), _read(request, number)
    found = deciding.changeable(row, viewer(request).user, decision)
    if found is None:
        raise Http404
    form = FORMS[verb](request.POST, decision=found)
    status = 400
    if form.is_valid():
        try:
            deciding.VERBS[verb](found, **form.cleaned_data, now=now)
        except Incomplete as refusal:
            form.refuse(refusal)
        except Stale as refusal:
            stale(form, refusal.message, refusal.current_version)
            status = 409
        except NotAllowed as refusal:
            messages.warning(request, refusal.message)
            return redirect("review", number=row.pk)
        else:
            messages.success(request, gettext("Kept."))
            return redirect("review", number=row.pk)
    return _page(request, row, now, changing=(found.pk, verb, form), status=status)


@login_required
@require_POST
def mark(request: HttpRequest, number: int, draw: int) -> HttpResponse:
    """Would I have been satisfied? Only then does the customer's own answer show."""
    row = _led(request, number)
    try:
        drawing.mark(row, draw, request.POST.get("mark", ""), by=viewer(request).user, now=timezone.now())
    except (Incomplete, NotAllowed) as refusal:
        messages.warning(request, refusal.message if isinstance(refusal, NotAllowed) else str(refusal))
    return redirect(f"{_address(row)}#drawn")


def _address(row: Review) -> str:
    return reverse("review", args=[row.pk])


def _read(request: HttpRequest, number: int) -> Review:
    seen = Review.objects.visible_to(viewer(request).user).select_related("touchpoint__brand", "planned_by", "held_by")
    return get_object_or_404(seen, pk=number)


def _led(request: HttpRequest, number: int) -> Review:
    led = Review.objects.led_by(viewer(request).user).select_related("touchpoint__brand", "planned_by", "held_by")
    return get_object_or_404(led, pk=number)


def _page(
    request: HttpRequest,
    row: Review,
    now: datetime,
    *,
    deciding: DecideForm | None = None,
    changing: tuple[int, str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The pack, with the form that was refused where one was."""
    page = review_page(row, viewer(request), now=now, deciding=deciding, changing=changing)
    return render(request, "followups/review.html", {"review": row, "now": now, **page}, status=status)
