"""/absences/ and around it: who is away and who stands in, when somebody works, what happens to what is left alone."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from followups import absence, silent_owners, working_weeks
from followups.absences_page import AHEAD, absences_page, may_plan_for
from followups.forms.absence import AbsenceForm, LeftAloneForm, WorkingWeekForm
from followups.forms.week import week_in_words
from followups.models import Away
from followups.refusals import NotAllowed
from followups.tasks import open_and_assign
from followups.team_page import teams_of
from followups.templatetags.moments import in_full
from followups.viewing import Viewer, viewer
from nps_loop.celery import ring
from nps_loop.people.models import User

GET_AND_POST = ["GET", "HEAD", "POST"]


@login_required
@require_safe
def absences(request: HttpRequest) -> HttpResponse:
    """One's own and, for leads, the team's. `?from=2026-12-01` is where the table begins."""
    now = timezone.now()
    page = absences_page(viewer(request), first=_first_day(request.GET.get("from", "")), now=now)
    week = week_in_words(page.own_week.weekly, off=gettext("free")) if page.own_week else []
    return render(request, "followups/absences.html", {"page": page, "now": now, "week": week})


def _first_day(asked: str) -> date | None:
    try:
        first = date.fromisoformat(asked)
    except ValueError:
        return None
    return first if abs(first - timezone.localdate()) <= AHEAD + timedelta(days=31) else None


@login_required
@require_http_methods(GET_AND_POST)
def edit(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """Plan one, for oneself or with `?for=` for somebody of one's teams, or change one that is not over."""
    now, looking = timezone.now(), viewer(request)
    away = _planned(looking, number, now) if number is not None else None
    user = away.user if away else _person(looking, request.GET.get("for", ""))
    form = AbsenceForm(request.POST or None, user=user, away=away, now=now)
    if request.method == "POST" and form.is_valid():
        try:
            made = form.save()
        except NotAllowed:
            raise Http404 from None  # Taken off while this was sent.
        ring(open_and_assign)
        messages.success(request, _kept(made, user == looking.user))
        if (also := form.delegate_is_away()) is not None:
            messages.warning(
                request,
                gettext("%(name)s is away until %(day)s. What falls due then goes to who stands in there, or the team.")
                % {"name": also.user.name, "day": in_full(also.ends_at - timedelta(seconds=1))},
            )
        return redirect("absences")
    context = {"form": form, "away": away, "person": user, "is_own": user == looking.user, "now": now}
    return render(request, "followups/absence_edit.html", context, status=400 if form.is_bound else 200)


def _kept(away: Away, is_own: bool) -> str:
    said = {
        "name": away.user.name,
        "first": in_full(away.starts_at),
        "last": in_full(away.ends_at - timedelta(seconds=1)),
    }
    if is_own:
        return gettext("Kept: you are away from %(first)s to %(last)s.") % said
    return gettext("Kept: %(name)s is away from %(first)s to %(last)s.") % said


def _planned(looking: Viewer, number: int, now: datetime) -> Away:
    seen = Away.objects.visible_to(looking.user).select_related("user", "delegate")
    return get_object_or_404(seen, pk=number, ends_at__gt=now)


def _person(looking: Viewer, asked: str) -> User:
    """Whose it is: one's own unless somebody else is named. Who may not be planned for does not exist."""
    if not asked:
        return looking.user
    user = get_object_or_404(User, pk=asked, is_active=True) if asked.isascii() and asked.isdigit() else None
    if user is None or not may_plan_for(looking, user):
        raise Http404
    return user


@login_required
@require_POST
def back(request: HttpRequest, number: int) -> HttpResponse:
    """ "I am back", or not away after all."""
    now, looking = timezone.now(), viewer(request)
    away = _planned(looking, number, now)
    ran = away.starts_at < now
    absence.is_back(away, now=now)
    if not ran:
        messages.success(request, gettext("The absence is taken off."))
    elif away.user == looking.user:
        messages.success(request, gettext("Welcome back. What nobody has begun on is with you again."))
    else:
        messages.success(
            request, gettext("%(name)s is back and has again what nobody has begun on.") % {"name": away.user.name}
        )
    return redirect("absences")


@login_required
@require_http_methods(GET_AND_POST)
def working_week(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """One's own working week, or that of somebody of one's teams; with `team` posted it is the team's again."""
    looking = viewer(request)
    request.nav_place = reverse("absences")  # type: ignore[attr-defined]
    user = _person(looking, str(number) if number is not None else "")
    week = working_weeks.week_of(user)
    if request.method == "POST" and "team" in request.POST:
        working_weeks.work_with_the_team(user)
        messages.success(request, gettext("%(name)s works when the team does.") % {"name": user.name})
        return redirect("absences")
    form = WorkingWeekForm(request.POST or None, week=week)
    if request.method == "POST" and form.is_valid():
        working_weeks.keep(user, zone=form.cleaned_data["zone"], weekly=form.week, now=timezone.now())
        messages.success(request, gettext("The working week of %(name)s is saved.") % {"name": user.name})
        return redirect("absences")
    context = {
        "form": form, "own": week.row, "person": user, "is_own": user == looking.user, "member": week.member,
    }  # fmt: skip
    return render(request, "followups/working_week.html", context, status=400 if form.is_bound else 200)


@login_required
@require_http_methods(GET_AND_POST)
def left_alone(request: HttpRequest, slug: str) -> HttpResponse:
    """When a team's owners are reminded, its lead is told and somebody else gets it."""
    team = next((team for team in teams_of(viewer(request).user) if team.slug == slug), None)
    if team is None:
        raise Http404
    form = LeftAloneForm(request.POST or None, team=team)
    if request.method == "POST" and form.is_valid():
        hours = {name: form.cleaned_data[name] for name in form.STEPS}
        silent_owners.set_hours(team, now=timezone.now(), **hours)
        messages.success(
            request, gettext("Saved. It counts for what %(team)s has at work now, too.") % {"team": team.name}
        )
        return redirect("team")
    context = {"form": form, "team": team}
    return render(request, "followups/left_alone.html", context, status=400 if form.is_bound else 200)
