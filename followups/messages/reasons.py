"""May this mail be written to this customer? One function, and its answer is stored and shown."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from followups.models import Ticket
from nps_loop.mail.models import Message

# Mails no person wrote for this ticket. A hold stops these, and none of them is ever evidence of contact.
AUTOMATIC = frozenset(
    {"acknowledgement", "reopened", "hand_over", "reminder", "promoter_thanks", "left_in_peace_thanks"}
)
ACKNOWLEDGED_LATELY = timedelta(days=14)
TOO_OLD_TO_ACKNOWLEDGE = timedelta(days=7)
THANKED_LATELY = timedelta(days=90)


def why_not(kind: str, ticket: Ticket, *, now: datetime) -> str:
    """Empty where the mail may be written, else why not, for colleagues. Suppression is the outbox's to ask."""
    contact = ticket.contact
    if contact is None:
        return "Not sent: nobody knows who gave this answer."
    if contact.erased_at:
        return "Not sent: this person was erased."
    if contact.do_not_contact:
        return f"Not sent: {contact.short_name} must not be contacted."
    if ticket.left_in_peace and kind != "left_in_peace_thanks":
        return f"Not sent: {contact.short_name} asked not to be contacted."
    if not contact.email:
        return f"Not sent: no mail address of {contact.short_name} is known."
    if ticket.on_hold and kind in AUTOMATIC:
        return "Not sent: a hold on the case stops automatic mail; the owner may tell the customer in person."
    if kind == "acknowledgement":
        if ticket.response and not ticket.response.acknowledge:
            return "Not sent: imported without acknowledgements."
        if now - ticket.received_at > TOO_OLD_TO_ACKNOWLEDGE or now - ticket.responded_at > TOO_OLD_TO_ACKNOWLEDGE:
            return "Not sent: the answer is older than 7 days."
    return ""


def acknowledged_lately(
    tickets: Iterable[Ticket], *, now: datetime, rows: Iterable[tuple[int, int, datetime]] | None = None
) -> dict[int, datetime]:
    """Conversation -> when its last acknowledgement was written, where that is less than 14 days ago.

    One query, none where what `acknowledgements_lately` asks for was read. Tickets in hand count where they belong now.
    """
    belongs = {ticket.pk: ticket.conversation_id for ticket in tickets}
    found = acknowledgements_lately(set(belongs.values()), now=now) if rows is None else rows
    return {belongs.get(case, conversation): at for case, conversation, at in found}


def acknowledgements_lately(conversations: Any, *, now: datetime) -> QuerySet[Any, Any]:
    """Ticket, conversation and time of the acknowledgements in these (keys or a queryset), the last one last."""
    of_case = Ticket.objects.filter(pk=OuterRef("case")).order_by().values("conversation")
    written = Message.objects.filter(
        kind="acknowledgement",
        created_at__gt=now - ACKNOWLEDGED_LATELY,
        case__in=Ticket.objects.filter(conversation__in=conversations).order_by().values("pk"),
    ).exclude(state__in=[Message.State.SKIPPED, Message.State.CANCELLED])
    found = written.annotate(conversation=Subquery(of_case)).order_by("pk")
    return found.values_list("case", "conversation", "created_at")


def thanked_lately(addresses: Iterable[str], *, now: datetime) -> set[str]:
    """Addresses that had a thank-you within 90 days. One query."""
    return set(thanks_lately(set(addresses), now=now))


def thanks_lately(addresses: Any, *, now: datetime) -> QuerySet[Any, Any]:
    """The same as a queryset; `addresses` may be one too."""
    thanks = Message.objects.filter(
        kind__in=["promoter_thanks", "left_in_peace_thanks"],
        recipient__in=addresses,
        created_at__gt=now - THANKED_LATELY,
    )
    return thanks.exclude(state=Message.State.SKIPPED).values_list("recipient", flat=True)
