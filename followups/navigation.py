"""What the side navigation shows: who leads, where one's own day is, what is late, what is due today."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from followups.counting import count_each
from followups.models import Action, Member, Ticket
from followups.models.tickets import AT_WORK
from followups.set_up_page import ADDRESSES
from followups.viewing import LEADING, Days
from nps_loop.people.models import User

MOST = 99


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Asks the database once, and only on a page that draws the navigation."""
    return {"nav": SimpleLazyObject(lambda: _nav(request))}


def parts(user: User, now: datetime) -> dict[str, QuerySet[Any]]:
    """What the navigation counts, for a page that counts anyway and so spares it a query of its own."""
    today_ends = Days.around(now, None).today_ends
    mine = Member.objects.filter(user=user, is_active=True)
    led = mine.filter(role__in=LEADING)
    at_work = Ticket.objects.filter(state__in=AT_WORK)
    return {
        "leads": led,
        "works": mine.filter(team__takes_tickets=True),
        "owns": Ticket.objects.live().filter(owner=user),
        "queue_late": at_work.filter(owner=user, due_at__lt=today_ends).exclude(snoozed_until__gt=now),
        "actions_due": Action.objects.filter(owner=user, state=Action.State.OPEN, due_at__lt=today_ends),
        "team_late": at_work.filter(team__in=led.values("team"), due_at__lt=now),
    }


def take(request: HttpRequest, counts: Mapping[str, int]) -> None:
    """Let the navigation of this request use counts of `parts` that a page has made already."""
    request._nav_counts = counts  # type: ignore[attr-defined]


def _nav(request: HttpRequest) -> dict[str, Any]:
    user = request.user
    if not user.is_authenticated:
        return {}
    counts = getattr(request, "_nav_counts", None)
    if counts is None:
        counts = count_each(parts(user, timezone.now()), limit=MOST)
    shown = {
        name: f"{MOST}+" if counts[name] > MOST else counts[name] for name in ("queue_late", "actions_due", "team_late")
    }
    # A page below a list may say which item it belongs to: a ticket opened from the queue stays in the queue.
    return shown | {
        "leads": bool(counts["leads"]),
        "day": _day(
            leads=bool(counts["leads"]) or user.is_superuser, works=bool(counts["works"]), owns=bool(counts["owns"])
        ),
        "place": getattr(request, "nav_place", "") or ("/set-up/" if request.path.startswith(ADDRESSES) else ""),
    }


def _day(*, leads: bool, works: bool, owns: bool) -> str:
    """Where this person's day is: `/` for an agent, an address of its own for a lead with tickets, else nowhere."""
    if works and not leads:
        return reverse("home")
    return reverse("day") if owns else ""
