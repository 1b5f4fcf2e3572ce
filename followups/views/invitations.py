"""/surveys/invitations/: for leads and administrators."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from followups.invitations_page import invitations_page
from followups.viewing import viewer


@login_required
@require_safe
def invitations(request: HttpRequest) -> HttpResponse:
    looking = viewer(request)
    if not looking.leads:
        raise Http404
    request.nav_place = "/reports/"  # type: ignore[attr-defined]
    page = invitations_page(looking, request.GET)
    return render(request, "followups/invitations.html", {"page": page, "now": timezone.now()})
