"""/team/ and /team/fairness/: for leads and administrators; to everybody else they do not exist."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from followups.fairness_page import fairness_page
from followups.team_page import team_page, teams_of
from followups.viewing import viewer


@login_required
@require_safe
def team(request: HttpRequest) -> HttpResponse:
    """One team with `?team=slug`, else the only one led, else all of them."""
    looking = viewer(request)
    teams = teams_of(looking.user)
    asked = request.GET.get("team", "")
    chosen = next((each for each in teams if each.slug == asked), None)
    if not teams or (asked and chosen is None):
        raise Http404
    if chosen is None and len(teams) == 1:
        chosen = teams[0]
    now = timezone.now()
    page = team_page(looking, teams, chosen, now=now)
    return render(request, "followups/team.html", {"page": page, "now": now, "viewer": looking})


@login_required
@require_safe
def fairness(request: HttpRequest) -> HttpResponse:
    """Who was given what and why, and whether it is even; for one team or all that somebody leads."""
    looking = viewer(request)
    teams = teams_of(looking.user)
    if not teams:
        raise Http404
    now = timezone.now()
    page = fairness_page(teams, request.GET, now=now)
    return render(request, "followups/fairness.html", {"page": page, "now": now, "viewer": looking})
