"""Promised actions whose time is near or gone: who is told is noted for each date, so that a new date is told anew."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext, gettext_noop

from followups.messages import notices
from followups.models import Action
from followups.models.tickets import LIVE
from followups.models.work import UNTOLD, UNWARNED
from nps_loop.mail import outbox
from nps_loop.people.models import User

BATCH = 200
WARN_BEFORE = timedelta(hours=3)


def due(untold: Q, until: datetime) -> QuerySet[Action]:
    """Open promises up to `until` of whose date was not told, the first due first.

    Only in this order does the database look where just these are: it takes them for a great part of all promises.
    """
    return Action.objects.filter(untold, state=Action.State.OPEN, due_at__lte=until).order_by("due_at", "pk")


def warn_of_promises_in_danger(*, now: datetime) -> int:
    """A promised action is due within three hours: its owner is asked to do it, or to move it in time."""
    return _tell_of_actions(
        now=now,
        until=now + WARN_BEFORE,
        field="warned_for",
        untold=UNWARNED,
        subject=gettext_noop("Promised, and due soon"),
        line=gettext_noop(
            "If it will not be ready, move the date now: the customer then hears it before, and not after."
        ),
        with_leads=False,
    )


def tell_of_broken_promises(*, now: datetime) -> int:
    """A promised time has passed: the action's owner, the ticket's owner and the lead hear it, once per date."""
    return _tell_of_actions(
        now=now,
        until=now,
        field="late_told_for",
        untold=UNTOLD,
        subject=gettext_noop("A promise was not kept in time"),
        line=gettext_noop("The customer's page says so already. Tell the customer, with a new date and the reason."),
        with_leads=True,
    )


def _tell_of_actions(
    *, now: datetime, until: datetime, field: str, untold: Q, subject: str, line: str, with_leads: bool
) -> int:
    # The keys first, by the index alone: beside the tickets the database would read all of those.
    found = list(due(untold, until).values_list("pk", flat=True)[:BATCH])
    if not found:
        return 0
    with transaction.atomic():
        actions = list(
            due(untold, until)
            .filter(pk__in=found)
            .select_related(
                "owner", *(f"ticket__{name}" for name in ("owner", "contact", "account", "brand", "response"))
            )
            .select_for_update(of=("self",), no_key=True, skip_locked=True)
        )
        known: dict[int | None, list[User]] = {}
        drafts = []
        for action in actions:
            setattr(action, field, action.due_at)
            # A warning that comes too late, or of a ticket that is over, is marked, so that it is not looked at again.
            if action.ticket.state not in LIVE or (not with_leads and action.due_at <= now):
                continue
            readers = {user.pk: user for user in (action.owner, action.ticket.owner) if user and user.is_active}
            if with_leads:
                team = action.ticket.team_id
                if team not in known:
                    known[team] = notices.leads_of(team)
                readers |= {user.pk: user for user in known[team]}
            drafts += [
                notices.to_person(
                    reader,
                    action.ticket,
                    lambda action=action: (  # type: ignore[misc]
                        f"{gettext(subject)}: #{action.ticket_id}",
                        [
                            gettext("“%(action)s”, with %(name)s.")
                            % {"action": action.title, "name": action.owner.name},
                            gettext(line),
                        ],
                    ),
                    dedupe_key=f"{field}:{action.pk}:{int(action.due_at.timestamp())}:{reader.pk}",
                )
                for reader in readers.values()
            ]
        Action.objects.bulk_update(actions, [field], batch_size=500)
        outbox.queue(drafts, now=now)
    return len(actions)
