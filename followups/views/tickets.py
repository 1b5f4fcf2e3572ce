"""/tickets/: every ticket somebody may see, with filters."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from followups.tickets_page import tickets
from followups.viewing import viewer
from followups.way_back import remember


@login_required
@require_safe
def tickets_page(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    page = tickets(request, viewer(request), now=now)
    return remember(request, render(request, "followups/tickets.html", {"page": page, "now": now}))
