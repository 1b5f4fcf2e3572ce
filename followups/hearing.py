"""What a mail of the customer does to their ticket. It lands by the signed address alone, and only adds their words.

From an address we know as theirs it counts as they do; from another it is heard as well, marked as such, and is no
evidence that we reached them. Thanks, absences and machines change nothing.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from followups.actors import Actor
from followups.messages import notices
from followups.models import Conversation, Reply, Ticket
from followups.models.tickets import TicketState
from followups.refusals import NotAllowed
from followups.replies import MAX_WORDS, ticket_on_page
from followups.workflow import reopening
from followups.workflow.anew import take_up_anew
from followups.workflow.contact import HEARING, SKEW, hear
from followups.workflow.locking import opened
from followups.workflow.writing import OpenTicket
from nps_loop.mail import outbox
from nps_loop.mail.hooks import Landed
from nps_loop.mail.models import Inbound
from surveys.identity import is_shared_mailbox, normalise_email
from surveys.models import Contact, ContactKey

Kind, State = Inbound.Kind, Inbound.State

# More mails of one address on one case than a person writes: another machine answers ours without saying so.
MOST_IN_A_DAY = 12
# A person may ask the same a second and a third time within a day; a machine goes on.
SAME_WORDS = 3
TOO_MANY = "More came from this address within a day than one person writes: look whether somebody does."
_A_DAY = timedelta(days=1)


def land(row: Inbound, generation: int, back_on: date | None, now: datetime) -> Landed:
    """Let follow what follows from a mail to the signed address of conversation `row.thread`. See `mail.hooks.land`."""
    conversation = Conversation.objects.select_related("contact").filter(pk=row.thread or 0).first()
    if conversation is None or conversation.generation != generation:
        return Landed(State.QUARANTINED, "The address it was sent to has been withdrawn.")
    ticket = _ticket_for(row, conversation)
    if ticket is None:
        return Landed(State.QUARANTINED, "Its conversation has no case that could take it.")
    known = is_theirs(row.from_address, ticket.contact)
    if row.kind == Kind.AWAY:
        if known and ticket.contact is not None:
            learn_absence(ticket.contact, back_on)
        return Landed(State.IGNORED, "An answering machine: nothing follows from it.", ticket.pk, known)
    if row.kind == Kind.AUTOMATIC:
        return Landed(State.IGNORED, "Sent by a machine: nothing follows from it.", ticket.pk, known)
    if row.kind == Kind.EMPTY:
        return Landed(State.IGNORED, "Nothing stands in it.", ticket.pk, known)
    if _is_a_loop(row, ticket, now):
        return _stop_listening(row, ticket, known=known, now=now)
    heard = take_in(row, ticket, is_known=known, now=now)
    return Landed(State.LANDED, "" if known else "From another address than those of the customer.", heard.pk, known)


def land_by_hand(row: Inbound, ticket: Ticket, *, actor: Actor, now: datetime) -> Ticket | None:
    """A lead says which ticket a mail set aside belongs to. Returns the ticket it stands with; None: too late.

    The words count as the customer's, from an address they are not known by, whatever else the mail claims.
    """
    with transaction.atomic():
        locked = Inbound.objects.select_for_update().filter(pk=row.pk, state__in=SET_ASIDE).first()
        if locked is None:
            return None
        known = is_theirs(locked.from_address, ticket.contact)
        heard = take_in(locked, ticket, is_known=known, now=now)
        locked.state, locked.reason, locked.kind = State.LANDED, "Put with its case by hand.", Kind.REPLY
        locked.case, locked.is_known_sender = heard.pk, known
        locked.handled_at, locked.handled_by = now, actor.user
        locked.save()
    return heard


SET_ASIDE = (State.QUARANTINED, State.STUCK)


def take_in(row: Inbound, ticket: Ticket, *, is_known: bool, now: datetime) -> Ticket:
    """The words of one mail as a reply on `ticket`, with what follows; returns the ticket that has it in the end.

    More than 90 days after closing that is a new ticket. A dismissed one keeps the words and stays as it is.
    """
    words = (row.words or row.text or row.subject).strip()[:MAX_WORDS]
    at = _moment(row, ticket, now)
    with opened(ticket, actor=Actor.customer(), now=now, version=None, ahead=HEARING, makes=(Reply,)) as work:
        current = work.ticket
        if row.kind == Kind.THANKS or current.state == TicketState.DISMISSED:
            _note(work, words, at, row, is_known=is_known)
            return current
        if reopening.is_too_late_to_reopen(current, now):
            fresh = _anew(work, at)
            with opened(fresh, actor=Actor.customer(), now=now, version=None) as anew:
                _heard(anew, words, at, row, is_known=is_known)
            return anew.ticket
        _heard(work, words, at, row, is_known=is_known)
    return work.ticket


def is_theirs(address: str, contact: Contact | None) -> bool:
    """Whether `address` is one this customer is known by: that of the contact, or one of its keys."""
    email = normalise_email(address)
    if contact is None or not email:
        return False
    if email == normalise_email(contact.email):
        return True
    keys = ContactKey.objects.filter(contact=contact, kind=ContactKey.Kind.EMAIL)
    return keys.filter(Q(value=email) | Q(value__startswith=f"{email}|")).exists()


def add_address(row: Inbound, ticket: Ticket, *, actor: Actor, now: datetime) -> bool:
    """Know the customer by the address this mail came from, from now on. Returns False where that was so already.

    Raises NotAllowed for a mailbox that several people read, and for an address another customer is known by.
    """
    email = normalise_email(row.from_address)
    contact = ticket.contact
    if row.case != ticket.pk or contact is None or not email:
        raise NotAllowed(gettext("This mail names no address that could be added."), code="no_address")
    if is_shared_mailbox(email):
        raise NotAllowed(gettext("Several people read this mailbox: it is nobody's own."), code="shared_mailbox")
    with opened(ticket, actor=actor, now=now, version=None) as work:
        if is_theirs(email, contact):
            return False
        key, created = ContactKey.objects.get_or_create(
            kind=ContactKey.Kind.EMAIL, namespace="", value=email, defaults={"contact": contact}
        )
        if not created and key.contact_id != contact.pk:
            raise NotAllowed(gettext("Another customer is known by this address."), code="address_taken")
        Inbound.objects.filter(case=ticket.pk, from_address=row.from_address).update(is_known_sender=True)
        work.write("add-address", data={"inbound": row.pk})
    return True


def learn_absence(contact: Contact, back_on: date | None) -> None:
    """Remember until when an answering machine says somebody is away; a later day than we know stays."""
    if back_on is not None:
        later = Q(away_until=None) | Q(away_until__lt=back_on)
        Contact.objects.filter(later, pk=contact.pk).update(away_until=back_on)


def _ticket_for(row: Inbound, conversation: Conversation) -> Ticket | None:
    """The ticket whose mail it answers where that is one of this conversation; else the one the page shows."""
    if row.about is not None and row.about.case is not None:
        tickets = Ticket.objects.filter(pk=row.about.case, conversation=conversation)
        answered = (
            tickets.exclude(state=TicketState.DISMISSED).select_related("contact", "owner", "conversation").first()
        )
        shown = ticket_on_page(conversation)
        if answered is not None and (shown is None or answered.pk == shown.pk or answered.is_live):
            return answered
        return shown or answered
    return ticket_on_page(conversation) or conversation.tickets.select_related("contact").order_by("-pk").first()


def _moment(row: Inbound, ticket: Ticket, now: datetime) -> datetime:
    """When they wrote it, by the mail's own word where that can be; else when it came."""
    at = row.sent_at or row.received_at
    return at if max(ticket.responded_at, now - timedelta(days=7)) - SKEW <= at <= now else min(row.received_at, now)


def _heard(work: OpenTicket, words: str, at: datetime, row: Inbound, *, is_known: bool) -> None:
    personal = row.about is not None and row.about.kind == "personal" and row.about.case == work.ticket.pk
    hear(
        work,
        words,
        at,
        via=Reply.Via.MAIL,
        to_personal_mail=bool(is_known and personal),
        about={"inbound": row.pk} | ({} if is_known else {"other_address": True}),
    )


def _note(work: OpenTicket, words: str, at: datetime, row: Inbound, *, is_known: bool) -> None:
    """Words that change nothing stand with the ticket all the same."""
    ticket = work.ticket
    reply = work.make(
        Reply(ticket=ticket, cycle=ticket.cycle, via=Reply.Via.MAIL, text=words, happened_at=at, recorded_at=work.now)
    )
    data: dict[str, object] = {
        "reply": reply.pk,
        "via": Reply.Via.MAIL,
        "inbound": row.pk,
        "thanks": row.kind == Kind.THANKS,
    }
    work.write("heard", data=data | ({} if is_known else {"other_address": True}), happened_at=at)


def _anew(work: OpenTicket, at: datetime) -> Ticket:
    """The ticket that takes the old one up: where one did already, that one hears it."""
    if (known := work.ticket.followed_by.order_by("-pk").first()) is not None:
        return known
    return take_up_anew(work, at=at, reason="")


def _stop_listening(row: Inbound, ticket: Ticket, *, known: bool, now: datetime) -> Landed:
    """More came than a person writes. It may be a person all the same: the first one is for a lead to look at, and the
    owner hears of it; whatever follows within the day is kept and changes nothing.
    """
    if _lately(row, ticket, now).filter(Q(reason=TOO_MANY) | Q(handled_by__isnull=False)).exists():
        row.kind = Kind.AUTOMATIC
        return Landed(State.IGNORED, "Too many like it within a day: a machine answers.", ticket.pk, known)
    key = f"too-many:{ticket.pk}:{row.pk}"
    said = partial(_too_many_in_words, ticket)
    owner = ticket.owner if ticket.owner is not None and ticket.owner.is_active else None
    drafts = (
        [notices.to_person(owner, ticket, said, dedupe_key=key)]
        if owner is not None
        else notices.to_leads(ticket, said, dedupe_key=key)
    )
    outbox.queue(drafts, now=now)
    return Landed(State.QUARANTINED, TOO_MANY, ticket.pk, known)


def _too_many_in_words(ticket: Ticket) -> tuple[str, list[str]]:
    name = ticket.contact.short_name if ticket.contact else gettext("The customer")
    return (
        gettext("Many mails of %(name)s within a day (#%(number)s)") % {"name": name, "number": ticket.pk},
        [
            gettext("More came than one person writes, so the next ones no longer stand with the ticket."),
            gettext("If a person writes them, call. A lead finds the mails under “Mail that came in”."),
        ],
    )


def _lately(row: Inbound, ticket: Ticket, now: datetime) -> QuerySet[Inbound]:
    """The other mails of this address on this case within a day."""
    rows = Inbound.objects.filter(from_address=row.from_address, case=ticket.pk, received_at__gt=now - _A_DAY)
    return rows.exclude(pk=row.pk)


def _is_a_loop(row: Inbound, ticket: Ticket, now: datetime) -> bool:
    """Whether so many mails of this address, or the same words, came within a day that no person writes them."""
    lately = _lately(row, ticket, now).filter(state=State.LANDED)
    said = list(lately.values_list("words", flat=True)[:MOST_IN_A_DAY])
    return len(said) >= MOST_IN_A_DAY or said.count(row.words) >= SAME_WORDS
