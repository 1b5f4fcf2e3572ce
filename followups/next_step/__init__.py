"""The one next step of a ticket: what the primary button says, and why. The same on every page and in the API.

`alone` is what the ticket and its promises say, `known` what else it hangs on, read for a page of tickets by one query,
`reaching` how somebody is best reached after all of that. No query in here but those of `known.Around`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.utils import timezone

from followups.models import Ticket
from followups.next_step.alone import NextStep, alone, renews_within, runs_on
from followups.next_step.known import Around, Known
from followups.next_step.reaching import CALL, in_the_light, why_no_mail
from followups.permissions import WORKING
from followups.viewing import Viewer, short_name_of
from followups.workflow.table import VERBS, why_not

__all__ = [
    "ABOUT_ACTIONS",
    "CALL",
    "Around",
    "Known",
    "NextStep",
    "next_step",
    "renews_within",
    "runs_on",
    "why_no_mail",
]

# Whether these are open hangs on whose the action is, so they are named to everybody.
ABOUT_ACTIONS = ("complete-action", "move-action", "drop-action")


def next_step(ticket: Ticket, known: Known, viewer: Viewer, *, now: datetime, zone: str = "") -> NextStep:
    """What to do next with this ticket, as this person is told it.

    `zone` is the clock they read, that which is active unless named. Somebody who was only given an action hears of
    that alone, and nothing of tries and mails.
    """
    name, roles = short_name_of(ticket, viewer), viewer.roles_on(ticket, has_action=True)
    if roles & WORKING:
        step = alone(ticket, known.actions, name=name, now=now)
        zone = zone or timezone.get_current_timezone_name()
        step = in_the_light(step, ticket, known, name=name, zone=zone, now=now)
    else:
        own = [action for action in known.actions if action.owner_id == viewer.user.pk]
        step = alone(ticket, own, name=name, now=now)
    if step.verb and step.verb not in ABOUT_ACTIONS and why_not(VERBS[step.verb], ticket, roles):
        return replace(step, verb="")
    return step
