"""What the side navigation shows beside its items: who leads, what is late, what is due today."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from followups.counting import count_each
from followups.models import Action, Member, Ticket
from followups.models.tickets import AT_WORK
from followups.viewing import LEADING, Days


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Asks the database once, and only on a page that draws the navigation."""
    return {"nav": SimpleLazyObject(lambda: _nav(request))}


def _nav(request: HttpRequest) -> dict[str, Any]:
    user = request.user
    if not user.is_authenticated:
        return {}
    now = timezone.now()
    today_ends = Days.around(now, None).today_ends
    led = Member.objects.filter(user=user, is_active=True, role__in=LEADING)
    at_work = Ticket.objects.filter(state__in=AT_WORK)
    counts = count_each(
        {
            "leads": led,
            "queue_late": at_work.filter(owner=user, due_at__lt=today_ends).exclude(snoozed_until__gt=now),
            "actions_due": Action.objects.filter(owner=user, state=Action.State.OPEN, due_at__lt=today_ends),
            "team_late": at_work.filter(team__in=led.values("team"), due_at__lt=now),
        },
        limit=99,
    )
    shown = {name: "99+" if count > 99 else count for name, count in counts.items()}
    # A page below a list may say which item it belongs to: a ticket opened from the queue stays in the queue.
    return shown | {"leads": bool(counts["leads"]), "place": getattr(request, "nav_place", "")}
