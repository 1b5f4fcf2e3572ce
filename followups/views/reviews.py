"""/reviews/ and what is below it: parse, call one function, render. Whoever may not read a review meets a 404."""

from __future__ import annotations

from collections.abc import Callable
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
from followups.improve.reviews.pack import looks_of, pack_of
from followups.models import Member, Review, ReviewDecision
from followups.models.reviews import people_of
from followups.refusals import Incomplete, NotAllowed, Stale
from followups.reports.metrics import reporting_day
from followups.reviews_page import draw_cards, draws_elsewhere, reviews_page, sheet_of
from followups.viewing import viewer
from nps_loop.people.models import User

GET_AND_POST = ["GET", "HEAD", "POST"]
CHANGES: dict[str, Callable[..., None]] = {
    "done": deciding.complete,
    "move": deciding.move,
    "drop": deciding.drop,
}


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
        data = form.cleaned_data
        leading = people_of(data["touchpoint"]).filter(role__in=[Member.Role.LEAD, Member.Role.DEPUTY])
        people = User.objects.filter(is_active=True, pk__in=leading.order_by().values("user"))
        try:
            made = planning.plan(**data, people=list(people), by=user, now=now)
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
    now, row, user = timezone.now(), _read(request, number), viewer(request).user
    found = get_object_or_404(ReviewDecision, pk=decision, review__touchpoint=row.touchpoint_id)
    if found.owner_id != user.pk and not Review.objects.filter(pk=found.review_id).led_by(user).exists():
        raise Http404
    form = FORMS[verb](request.POST, decision=found)
    status = 400
    if form.is_valid():
        try:
            CHANGES[verb](found, **form.cleaned_data, now=now)
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
    looking = viewer(request)
    looks = looks_of(row, looking.user)
    sheet = sheet_of(pack_of(row, looks, now=now), looks)
    context: dict[str, Any] = {"review": row, "sheet": sheet, "looks": looks, "now": now}
    mine = [each for each in [*sheet.pack.decisions, *sheet.pack.earlier] if each.is_open]
    context["changes"] = [
        (each, _forms_of(each, changing)) for each in mine if looks.leads or each.owner_id == looking.user.pk
    ]
    if looks.leads:
        context |= {
            "deciding": deciding or DecideForm(),
            "cards": draw_cards(row, looking),
            "elsewhere": draws_elsewhere(row, looking),
            "agreement": drawing.agreement_of(looking.user),
            "is_due": row.meeting_on <= reporting_day(now),
        }
    return render(request, "followups/review.html", context, status=status)


def _forms_of(decision: ReviewDecision, changing: tuple[int, str, Any] | None) -> list[tuple[str, Any, bool]]:
    """(verb, form, whether it was refused just now) of each thing that can become of a decision."""
    refused = changing[:2] if changing else None
    return [
        (verb, changing[2], True)
        if changing and refused == (decision.pk, verb)
        else (verb, form(decision=decision), False)
        for verb, form in FORMS.items()
    ]
