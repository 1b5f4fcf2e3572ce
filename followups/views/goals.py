"""/reports/goals/: what is wanted, how far it is reached, and setting it. For leads and administrators."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from followups.forms.goals import GoalForm
from followups.goal_setting import set_goal, teams_to_set
from followups.models import SetGoal
from followups.refusals import Forbidden, Incomplete
from followups.reports.forms import ReportForm
from followups.reports.metrics import reporting_day
from followups.reports.metrics.attainment import goals_report
from followups.reports.page.goals import counted_and_not, goal_rows, set_rows
from followups.reports.sentences import days_in_words
from followups.viewing import viewer


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def goals(request: HttpRequest) -> HttpResponse:
    """The goals of the teams somebody leads; on a POST one more."""
    looking = viewer(request)
    if not looking.leads:
        raise Http404
    now = timezone.now()
    today = reporting_day(now)
    teams = teams_to_set(looking.user)
    everybody = looking.user.is_superuser
    sent = request.POST if request.method == "POST" else None
    setting = GoalForm(sent, teams=teams, everybody=everybody, today=today)
    if setting.is_bound and setting.is_valid():
        data = setting.cleaned_data
        try:
            made = set_goal(
                data["metric"],
                setting.team_chosen,
                data["target"],
                valid_from=data["valid_from"],
                by=looking.user,
                now=now,
            )
        except Incomplete as lacking:
            for name, reason in lacking.errors.items():
                setting.add_error(name, reason)
        except Forbidden as refused:
            setting.add_error("team", refused.message)
        else:
            messages.success(
                request,
                gettext("The goal is set.") if made else gettext("Nothing to change: that is the goal already."),
            )
            return redirect("report-goals")
    form = ReportForm(request.GET, viewer=looking.user, today=today, with_past=False)
    filters = form.filters()
    seen = SetGoal.objects.filter(Q(team=None) | Q(team__in=teams)).select_related("team", "set_by")
    rows, uncounted = counted_and_not(goal_rows(goals_report(filters, now=now)))
    context = {
        "form": form,
        "days": days_in_words(filters.day_from, filters.day_to),
        "rows": rows,
        "uncounted": uncounted,
        "ever": set_rows(list(seen)),
        "setting": setting,
        "now": now,
    }
    return render(request, "followups/reports/goals.html", context, status=400 if setting.is_bound else 200)
