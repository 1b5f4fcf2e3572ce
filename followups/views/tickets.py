"""/tickets/: every ticket somebody may see, with filters."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from followups.queue_changes import versions_of
from followups.tickets_page import PAGE, tickets
from followups.viewing import viewer
from followups.views.queue import unless_known
from followups.way_back import remember


@login_required
@require_safe
def tickets_page(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    page = tickets(request, viewer(request), now=now)
    return remember(request, render(request, "followups/tickets.html", {"page": page, "now": now}))


@login_required
@require_safe
def tickets_changes(request: HttpRequest) -> HttpResponse:
    """What the open page asks again and again: the version of each row it shows. 304 while nothing changed."""
    numbers = [int(text) for text in request.GET.get("shown", "").split(",") if text.isdecimal() and len(text) < 19]
    return unless_known(request, *versions_of(viewer(request), numbers[:PAGE]))
