"""/queue/: what one person works on, most pressing first."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from followups.queue_page import GROUPS, VIEWS, queue
from followups.viewing import viewer


@login_required
@require_safe
def queue_page(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    view = request.GET.get("view", "mine")
    page = queue(
        viewer(request),
        view=view if view in VIEWS or view in GROUPS else "mine",
        search=request.GET.get("q", ""),
        after=request.GET.get("after", ""),
        now=now,
    )
    return render(request, "followups/queue.html", {"page": page, "now": now, "viewer": viewer(request)})
