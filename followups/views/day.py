"""/ and /day/: what lies ahead of whoever works tickets, what came back, and what customers said."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from followups.day_page import DayPage
from followups.landing import page_of
from followups.viewing import viewer


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """`/`: the day of an agent; everybody else is led to the page their own day starts on."""
    looking = viewer(request)
    page = page_of(looking.user, looking.memberships)
    return redirect(page) if page != reverse("home") else _draw(request)


@login_required
@require_safe
def day(request: HttpRequest) -> HttpResponse:
    """`/day/`: the same for a lead who owns tickets too."""
    return _draw(request)


def _draw(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    page = DayPage(viewer(request), now)
    return render(request, "followups/day.html", {"page": page, "now": now, "viewer": page.viewer})
