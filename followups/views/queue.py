"""/queue/: what one person works on, most pressing first."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from followups import navigation
from followups import queue_changes as changes
from followups.actors import Actor
from followups.assignment import pull_next
from followups.queue_page import queue
from followups.queue_views import GROUPS, VIEWS
from followups.refusals import Refused
from followups.viewing import viewer
from followups.way_back import remember
from nps_loop.people.models import User


@login_required
@require_safe
def queue_page(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    page = queue(
        viewer(request),
        view=_view(request),
        search=request.GET.get("q", ""),
        after=request.GET.get("after", ""),
        now=now,
        beside=navigation.parts(viewer(request), now),
    )
    navigation.take(request, page.counts)
    response = render(request, "followups/queue.html", {"page": page, "now": now, "viewer": viewer(request)})
    return remember(request, response)


@login_required
@require_safe
def queue_changes(request: HttpRequest) -> HttpResponse:
    """What the open page asks again and again: counts, and version by row. 304 while nothing changed."""
    body, tag = changes.changes(
        viewer(request),
        view=_view(request),
        search=request.GET.get("q", ""),
        after=request.GET.get("after", ""),
        now=timezone.now(),
    )
    return unless_known(request, body, tag)


def unless_known(request: HttpRequest, body: str, tag: str) -> HttpResponse:
    """JSON with its ETag; 304 to whoever has it."""
    answer = HttpResponse(body, content_type="application/json", headers={"ETag": tag, "Cache-Control": "no-store"})
    # A compressed answer carries the tag as a weak one, and so does the browser's next question.
    return cast(HttpResponse, get_conditional_response(request, etag=tag, response=answer))


@login_required
@require_POST
def take_next(request: HttpRequest) -> HttpResponse:
    """ "Give me the next": leads to the ticket that was taken, or back with the reason why there is none."""
    user = cast(User, request.user)
    try:
        ticket = pull_next(actor=Actor.person(user), now=timezone.now())
    except Refused as refusal:
        messages.info(request, refusal.message)
        return redirect("queue")
    messages.success(request, gettext("#%(number)s is yours now.") % {"number": ticket.pk})
    return redirect("ticket", ticket.pk)


def _view(request: HttpRequest) -> str:
    view = request.GET.get("view", "mine")
    return view if view in VIEWS or view in GROUPS else "mine"
