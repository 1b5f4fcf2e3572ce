"""/policies/<number>/ladder/: who hears what when, for leads and administrators."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from followups.escalations_page import reaching_no_director, steps_in_words, teams_of
from followups.forms.ladders import StepFormSet, as_typed, steps_of
from followups.ladder_editing import levels_ever, put
from followups.ladders import ladders_of
from followups.models import SlaPolicy
from followups.refusals import Refused
from followups.viewing import viewer
from nps_loop.people.models import User


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ladder(request: HttpRequest, number: int) -> HttpResponse:
    """Change the ladder: in place while no ticket stands under this version, else as a new version of the policy."""
    if not viewer(request).leads:
        raise PermissionDenied
    policy = get_object_or_404(SlaPolicy, pk=number)
    current = ladders_of([policy.pk])[policy.pk]
    initial = [as_typed(step) for step in current]
    formset = StepFormSet(request.POST or None, initial=initial)
    refusal = ""
    if request.method == "POST" and formset.is_valid():
        try:
            steps = steps_of(formset.forms, levels_ever(policy))
            kept = put(
                policy, steps, seen=request.POST.get("seen", ""), by=cast(User, request.user), now=timezone.now()
            )
        except Refused as reason:
            refusal = reason.message
        else:
            if kept.pk == policy.pk:
                messages.success(request, gettext("The ladder is saved."))
            else:
                said = gettext("Version %(version)s holds the new ladder, and tickets that open from now on climb it.")
                messages.success(request, said % {"version": kept.version})
            return redirect("ladder", kept.pk)
    words = steps_in_words(current)
    rows = [(form, *(words[place] if place < len(words) else ("", ""))) for place, form in enumerate(formset.forms)]
    teams = teams_of(cast(User, request.user))
    context = {
        "policy": policy,
        "formset": formset,
        "rows": rows,
        "refusal": refusal,
        "seen": policy.used_at is not None,
        "undirected": reaching_no_director(current, teams.filter(takes_tickets=True).select_related("director")),
    }
    return render(request, "followups/ladder.html", context, status=400 if formset.is_bound else 200)
