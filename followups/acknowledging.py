"""Saying that one looks after it: whatever else would be told about the same time in this cycle is told to nobody."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from followups.models import Deadline, Escalation, Ticket
from followups.permissions import Role, leads_and_is_not_owner, roles_on
from followups.refusals import Forbidden
from nps_loop.people.models import User


def may_acknowledge(ticket: Ticket, user: User, roles: frozenset[Role]) -> bool:
    """A lead of the ticket's team, its director or an administrator, who does not own it. Pure, with the team at hand.

    An owner stops a ladder by doing what is due: whoever hears of it must be able to rely on somebody else's word.
    """
    if leads_and_is_not_owner(ticket, user, roles):
        return True
    directs = ticket.team is not None and ticket.team.director_id == user.pk and user.is_active
    return directs and ticket.owner_id != user.pk


def acknowledge(escalation: Escalation, *, user: User, now: datetime) -> bool:
    """Keep who looks after what ran out, and stop the steps still to come of that deadline. Raises Forbidden.

    Returns whether it is new; where somebody else was faster, their word stands.
    """
    owed_on = escalation.ticket
    if not may_acknowledge(owed_on, user, roles_on(owed_on, user)):
        if owed_on.owner_id == user.pk:
            raise Forbidden(
                gettext(
                    "You own this ticket, so doing what is due stops the steps. "
                    "A lead or the director can say that they look after it."
                )
            )
        raise Forbidden(gettext("Only a lead of the team or its director can say that they look after this."))
    key = escalation.key
    ticket, cycle, target, ordinal = key
    with transaction.atomic():
        # The clocks claim the same row before they climb, so either the step was there or it is not taken any more.
        running = Deadline.objects.filter(ticket=ticket, cycle=cycle, target=target, ordinal=ordinal)
        list(running.select_for_update(no_key=True).values_list("pk"))
        of_it = Escalation.objects.about(key)
        if of_it.filter(acknowledged_at__isnull=False).exists():
            return False
        of_it.filter(told_at__isnull=False).update(acknowledged_at=now, acknowledged_by=user)
        of_it.filter(pk=escalation.pk).update(acknowledged_at=now, acknowledged_by=user)
        of_it.filter(told_at=None, tell_at__isnull=False).update(tell_at=None, untold=Escalation.Untold.ACKNOWLEDGED)
        running.update(next_step_at=None, next_step="")
    return True
