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
from followups.models import Action, Team, Ticket
from followups.queue_page import due_today
from followups.set_up_page import ADDRESSES
from followups.viewing import Days, Viewer, viewer

MOST = 99


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Asks the database once (and for the memberships, where the page did not), and only on a page
    that draws the navigation.
    """
    return {"nav": SimpleLazyObject(lambda: _nav(request))}


def parts(looking: Viewer, now: datetime) -> dict[str, QuerySet[Any]]:
    """What the navigation counts, for a page that counts anyway and so spares it a query of its own.

    Each is what the list behind it shows: late and today of the queue, *today* of the promises, late of the team page.
    """
    days = Days.around(now, looking.calendar)
    return {
        "owns": Ticket.objects.live().filter(owner=looking.user),
        "queue_late": due_today(looking, days),
        "actions_due": Action.objects.filter(owner=looking.user, state=Action.State.OPEN, due_at__lte=days.today_ends),
        "team_late": Ticket.objects.late(now).filter(
            team__in=Team.objects.led_by(looking.user).filter(takes_tickets=True).order_by().values("pk")
        ),
    }


def take(request: HttpRequest, counts: Mapping[str, int]) -> None:
    """Let the navigation of this request use counts of `parts` that a page has made already."""
    request._nav_counts = counts  # type: ignore[attr-defined]


def _nav(request: HttpRequest) -> dict[str, Any]:
    user = request.user
    if not user.is_authenticated:
        return {}
    looking = viewer(request)
    counts = getattr(request, "_nav_counts", None)
    if counts is None:
        counts = count_each(parts(looking, timezone.now()), limit=MOST)
    shown = {
        name: f"{MOST}+" if counts[name] > MOST else counts[name] for name in ("queue_late", "actions_due", "team_late")
    }
    # A page below a list may say which item it belongs to: a ticket opened from the queue stays in the queue.
    return shown | {
        "leads": bool(looking.led_team_ids),
        "day": _day(
            leads=looking.leads,
            works=any(member.team.takes_tickets for member in looking.memberships),
            owns=bool(counts["owns"]),
        ),
        "place": getattr(request, "nav_place", "") or ("/set-up/" if request.path.startswith(ADDRESSES) else ""),
    }


def _day(*, leads: bool, works: bool, owns: bool) -> str:
    """Where this person's day is: `/` for an agent, an address of its own for a lead with tickets, else nowhere."""
    if works and not leads:
        return reverse("home")
    return reverse("day") if owns else ""
