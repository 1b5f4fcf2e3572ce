"""/escalations/: for leads, directors and administrators; one escalation for whoever may see its ticket."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
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
    if request.method == "POST":
        try:
            fresh = acknowledge(row, user=cast(User, request.user), now=now)
        except Forbidden as refusal:
            raise PermissionDenied(refusal.message) from None
        if fresh:
            said = gettext("You look after #%(number)s: nobody else is told about this time.")
            messages.success(request, said % {"number": row.ticket_id})
        else:
            messages.info(request, gettext("Somebody said so already: see who below."))
        if request.POST.get("from") == "ticket":
            return redirect("ticket", row.ticket_id)
        if request.POST.get("from") == "team":
            return redirect("team")
        return redirect("escalation", number)
    case, may = one_case(row, looking)
    sees_ticket = Ticket.objects.visible_to(looking.user).filter(pk=row.ticket_id).exists()
    context = {"row": row, "case": case, "may": may, "now": now, "sees_ticket": sees_ticket, "viewer": looking}
    return render(request, "followups/escalation.html", context)
