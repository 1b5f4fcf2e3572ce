"""Who has a ticket open at this moment. A page that is open says so every 20 seconds; nothing depends on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext, ngettext

from followups.models import Looking, Ticket
from nps_loop.people.models import User


def looks(ticket: Ticket, user: User, *, now: datetime) -> None:
    """This person has this ticket open now. Old looks of anybody at it are forgotten. Two queries."""
    Looking.objects.filter(ticket=ticket, seen_at__lte=now - Looking.LASTS).delete()
    Looking.objects.bulk_create(
        [Looking(ticket=ticket, user=user, seen_at=now)],
        update_conflicts=True,
        unique_fields=["ticket", "user"],
        update_fields=["seen_at"],
    )


def leaves(ticket: Ticket, user: User) -> None:
    """This person has closed it. One query."""
    Looking.objects.filter(ticket=ticket, user=user).delete()


def others_looking(ticket: Ticket, user: User, *, now: datetime) -> list[str]:
    """Names of everybody else who has it open, who came last first. One query."""
    rows = Looking.objects.at(now).filter(ticket=ticket).exclude(user=user).select_related("user")
    return [row.user.name for row in rows.order_by("-seen_at", "-pk")]


def looking_in_words(names: Sequence[str]) -> str:
    """`Tomás Ruiz has this open`; empty where nobody has."""
    if not names:
        return ""
    if len(names) > 3:
        names = [*names[:2], gettext("%(n)s others") % {"n": len(names) - 2}]
    *first, last = names
    listed = gettext("%(names)s and %(last)s") % {"names": ", ".join(first), "last": last} if first else last
    return ngettext("%(names)s has this open", "%(names)s have this open", len(names)) % {"names": listed}
