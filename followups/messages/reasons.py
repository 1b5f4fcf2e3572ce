"""May this mail be written to this customer? One function, and its answer is stored and shown."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

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


def acknowledged_lately(tickets: Iterable[Ticket], *, now: datetime) -> dict[int, datetime]:
    """Conversation -> when its last acknowledgement was written, where that is less than 14 days ago. One query."""
    conversations = {ticket.conversation_id for ticket in tickets}
    rows = (
        Message.objects.filter(
            kind="acknowledgement",
            created_at__gt=now - ACKNOWLEDGED_LATELY,
            case__in=Ticket.objects.filter(conversation__in=conversations).values("pk"),
        )
        .exclude(state__in=[Message.State.SKIPPED, Message.State.CANCELLED])
        .values_list("case", "created_at")
    )
    written = {case: at for case, at in rows if case is not None}
    if not written:
        return {}
    of_ticket = dict(Ticket.objects.filter(pk__in=list(written)).values_list("pk", "conversation_id"))
    return {of_ticket[case]: at for case, at in written.items()}


def thanked_lately(addresses: Iterable[str], *, now: datetime) -> set[str]:
    """Addresses that had a thank-you within 90 days. One query."""
    return set(
        Message.objects.filter(
            kind__in=["promoter_thanks", "left_in_peace_thanks"],
            recipient__in=set(addresses),
            created_at__gt=now - THANKED_LATELY,
        )
        .exclude(state=Message.State.SKIPPED)
        .values_list("recipient", flat=True)
    )
