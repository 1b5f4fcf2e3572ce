"""/escalations/: for leads, directors and administrators; one escalation for whoever may see its ticket."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from followups.acknowledging import acknowledge
from followups.escalations_page import escalations_page, one_case, teams_of
from followups.models import Escalation, Ticket
from followups.refusals import Forbidden
from followups.viewing import viewer
from nps_loop.people.models import User


@login_required
@require_safe
def escalations(request: HttpRequest) -> HttpResponse:
    looking = viewer(request)
    if not looking.leads and not teams_of(looking.user).exists():
        raise Http404
    now = timezone.now()
    request.nav_place = "/team/"  # type: ignore[attr-defined]
    page = escalations_page(looking, now=now)
    return render(request, "followups/escalations.html", {"page": page, "now": now, "leads": looking.leads})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def escalation(request: HttpRequest, number: int) -> HttpResponse:
    """One, as a mail leads to it. Opening it changes nothing; the button says that one looks after it."""
    looking, now = viewer(request), timezone.now()
    found = Escalation.objects.visible_to(looking.user).select_related("ticket__team").filter(pk=number)
    row = get_object_or_404(found.distinct())
    refusal = ""
    if request.method == "POST":
        try:
            fresh = acknowledge(row, user=cast(User, request.user), now=now)
        except Forbidden as forbidden:
            refusal = forbidden.message
        else:
            if fresh:
                said = gettext("You look after #%(number)s: nobody else is told about this time.")
                messages.success(request, said % {"number": row.ticket_id})
            else:
                messages.info(request, gettext("Somebody said so already: see who below."))
            return redirect(*_where_from(request.POST.get("from", ""), row))
    sees_ticket = Ticket.objects.visible_to(looking.user).filter(pk=row.ticket_id).exists()
    context = {"row": row, "case": one_case(row, looking), "now": now, "sees_ticket": sees_ticket, "viewer": looking}
    status = 403 if refusal else 200
    return render(request, "followups/escalation.html", context | {"refusal": refusal}, status=status)


def _where_from(page: str, row: Escalation) -> tuple[Any, ...]:
    """The page on which the button was, as `redirect` takes it."""
    return {"ticket": ("ticket", row.ticket_id), "team": ("team",)}.get(page, ("escalation", row.pk))
