"""/reports/goals/: what is wanted, how far it is reached, and setting it. For leads and administrators."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from followups.forms.goals import GoalForm
from followups.goal_setting import set_goal, teams_to_set
from followups.goals_page import goals_page
from followups.refusals import Forbidden, Incomplete
from followups.reports.forms import ReportForm
from followups.reports.metrics import reporting_day
from followups.viewing import viewer


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def goals(request: HttpRequest) -> HttpResponse:
    """The goals of the teams somebody leads; on a POST one more."""
    looking = viewer(request)
    if not looking.leads:
        raise Http404
    now, teams = timezone.now(), teams_to_set(looking.user)
    sent = request.POST if request.method == "POST" else None
    setting = GoalForm(sent, teams=teams, everybody=looking.user.is_superuser, today=reporting_day(now))
    if setting.is_bound and setting.is_valid():
        try:
            made = set_goal(**setting.arguments(), by=looking.user, now=now)
        except (Incomplete, Forbidden) as refusal:
            setting.refuse(refusal)
        else:
            said = gettext("The goal is set.") if made else gettext("Nothing to change: that is the goal already.")
            messages.success(request, said)
            return redirect("report-goals")
    form = ReportForm(request.GET, viewer=looking.user, today=reporting_day(now), with_past=False)
    context = {"form": form, "page": goals_page(form, teams, now=now), "setting": setting, "now": now}
    return render(request, "followups/reports/goals.html", context, status=400 if setting.is_bound else 200)
