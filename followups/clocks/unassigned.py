"""Nobody took a ticket in time: the lead signs the acknowledgement, so that the customer hears in time."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from followups.actors import Actor
from followups.clocks.telling import told_together
from followups.messages import letters, notices
from followups.models import Conversation, Deadline, Escalation, Event, Ticket
from followups.models.tickets import TicketState
from followups.workflow.handing import keep_promises, make_promises, shared_conversations
from followups.workflow.letting_go import event_of
from followups.workflow.locking import WITH
from nps_loop.mail import outbox
from nps_loop.people.models import User

BATCH = 200
UNASSIGNED_AFTER = timedelta(minutes=15)


def untold(now: datetime) -> QuerySet[Ticket]:
    """New tickets that nobody has had for 15 minutes, and of which no lead has heard."""
    return (
        Ticket.objects.unassigned()
        .filter(
            opened_at__lte=now - UNASSIGNED_AFTER,
            cycle=0,
            state=TicketState.NEW,
            response__is_history=False,
        )
        .exclude(escalations__level=Escalation.Level.UNASSIGNED)
    )


def acknowledge_the_unassigned(*, now: datetime) -> int:
    """Nobody took it within 15 minutes: the lead is told, and signs the acknowledgement where one is to be sent."""
    target, level = Deadline.Target.FIRST_CONTACT, Escalation.Level.UNASSIGNED
    if not untold(now).exists():
        return 0
    with transaction.atomic():
        tickets = list(
            untold(now)
            .select_related(*WITH)
            .select_for_update(of=("self",), no_key=True, skip_locked=True)
            .order_by("opened_at", "pk")[:BATCH]
        )
        if not tickets:
            return 0
        Escalation.objects.bulk_create(
            [
                Escalation(ticket=row, cycle=0, target=target, level=level, happened_at=now, told_at=now)
                for row in tickets
            ],
            ignore_conflicts=True,
        )
        conversations = shared_conversations(tickets)
        promises = make_promises(tickets, now=now)
        leads: dict[int | None, list[User]] = {}
        drafts = []
        for ticket in tickets:
            if ticket.team_id not in leads:
                leads[ticket.team_id] = notices.leads_of(ticket.team_id)
        for team_id, signers in leads.items():
            of_team = [ticket for ticket in tickets if ticket.team_id == team_id]
            if signers:
                drafts += letters.acknowledgements(of_team, promises.times, now=now, signer=signers[0])
            drafts += told_together(
                signers,
                [(ticket, "unassigned") for ticket in of_team],
                subject=gettext_noop("Nobody has it yet"),
                line=gettext_noop("Nobody could take it for 15 minutes. Give it to somebody, or free somebody up."),
            )
        due_before = {ticket.pk: ticket.due_at for ticket in tickets}
        keep_promises(promises, outbox.queue(drafts, now=now), tickets)
        promised = [ticket for ticket in tickets if ticket.due_at != due_before[ticket.pk]]
        events = [event_of(ticket, "promise", {}, actor=Actor.system(), now=now) for ticket in promised]
        Event.objects.bulk_create(events, batch_size=1000)
        columns = ["due_at", "due_for", "promised_at", "rank", "version", "changed_at"]
        Ticket.objects.bulk_update(tickets, columns, batch_size=500)
        Conversation.objects.bulk_update(conversations, ["thread_root"], batch_size=500)
    return len(tickets)
