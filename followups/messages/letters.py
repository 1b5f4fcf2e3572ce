"""Mails to customers: one function a kind. Each returns a draft, which may carry the reason why it is not sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from followups.messages.reasons import AUTOMATIC, acknowledged_lately, thanked_lately, why_not
from followups.messages.wording import written_for
from followups.models import Action, Resolution, Ticket
from followups.promises import in_words
from nps_loop.mail.models import Stream
from nps_loop.mail.outbox import Draft
from nps_loop.mail.rendering import language_of
from nps_loop.moments import day_in_words, moment_in_words
from nps_loop.people.models import User
from surveys.models import Brand, Contact, Response
from surveys.quoting import quote
from surveys.scoring import Band

LINKS = ("[[link:loop]]", "[[link:unsubscribe]]")


@dataclass(frozen=True, slots=True)
class Reader:
    """The customer as a mail sees them: language and zone decide every word and every date."""

    language: str
    zone: str

    @classmethod
    def of(cls, ticket: Ticket) -> Reader:
        contact, team = ticket.contact, ticket.team
        return cls.of_contact(contact, ticket.response, team.calendar.zone if team else "")

    @classmethod
    def of_contact(cls, contact: Contact | None, response: Response | None, zone: str = "") -> Reader:
        return cls(
            language=language_of(contact.language if contact else "", response.language if response else ""),
            zone=(contact.time_zone if contact else "") or zone or settings.TIME_ZONE,
        )


def owner_facts(owner: User | None, ticket: Ticket | None = None) -> dict[str, Any]:
    """How a customer reads of an employee. `looks_after`: is the account's own account manager."""
    if owner is None:
        return {"name": "", "title": "", "phone": "", "looks_after": False}
    looks_after = bool(ticket and ticket.account and ticket.account.owner_id == owner.pk)
    return {"name": owner.name, "title": owner.title, "phone": owner.phone, "looks_after": looks_after}


def response_facts(response: Response | None, reader: Reader, *, now: datetime) -> dict[str, Any]:
    if response is None:
        return {"quote": "", "quoted_on": "", "about": "", "score": None}
    return {
        "quote": quote(response.verbatim),
        "quoted_on": ""
        if response.undated
        else moment_in_words(response.responded_at, reader.language, reader.zone, now=now),
        "about": response.touchpoint.phrase_in(reader.language) if response.touchpoint else "",
        "score": response.score,
    }


def facts_of(ticket: Ticket, reader: Reader, *, now: datetime, author: User | None = None) -> dict[str, Any]:
    """What every mail about a ticket may say. It is signed by its author, else by the ticket's owner."""
    contact = ticket.contact
    return {
        "brand": ticket.brand.facts,
        "contact_name": contact.name if contact else "",
        "salutation_name": contact.greeting_name if contact else "",
        "account_name": ticket.account.name if ticket.account else "",
        "owner": owner_facts(author or ticket.owner, ticket),
        "loop_link": LINKS[0],
        "unsubscribe_link": LINKS[1],
        "number": ticket.pk,
    } | response_facts(ticket.response, reader, now=now)


def _draft(
    kind: str,
    ticket: Ticket,
    facts: Mapping[str, Any],
    reader: Reader,
    *,
    now: datetime,
    author: User | None = None,
    reason: str = "",
    signer: User | None = None,
    letter: str = "",
    **extra: Any,
) -> Draft:
    """`letter` is the folder of its templates where that is not named like the kind."""
    contact = ticket.contact
    reason = reason or why_not(kind, ticket, now=now)
    signs = signer or author or ticket.owner
    rendered = written_for(
        letter or kind,
        reader.language,
        facts,
        ticket.brand,
        band=ticket.band,
        touchpoint_id=ticket.response.touchpoint_id if ticket.response else None,
    )
    return Draft(
        kind=kind,
        stream=Stream.CASE,
        recipient=contact.email if contact else "",
        recipient_name=contact.name if contact else "",
        from_name=signs.name if signs else ticket.brand.name,
        from_address=ticket.brand.sender_address,
        # Where no mail comes in, an answer goes to a person's own address; else `mail.envelope` puts the case's own.
        reply_to=(signs.email if signs else "") or ticket.brand.reply_address or ticket.brand.sender_address,
        language=reader.language,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        links={"loop": ("loop", ticket.conversation_id)} | ({"unsubscribe": ("unsubscribe", 0)} if contact else {}),
        case=ticket.pk,
        cycle=ticket.cycle,
        automatic=kind in AUTOMATIC,
        written_by_id=author.pk if author else None,
        in_reply_to=ticket.conversation.thread_root,
        skip=reason,
        **extra,
    )


def acknowledgements(
    tickets: Sequence[Ticket],
    promises: Mapping[int, datetime],
    *,
    now: datetime,
    signer: User | None = None,
    lately: Collection[int] | None = None,
    thanked: Collection[str] | None = None,
) -> list[Draft]:
    """ "We heard you", for tickets that got an owner, or with `signer` for those nobody took in time.

    Two queries at most, none where the caller has read which conversations were acknowledged `lately`, and who was
    `thanked`.

    `promises`: ticket -> end of the half-day by which first contact is promised. A customer who asked to be left in
    peace gets one thank-you instead; a ticket with nobody to reach, without a promise to make, or that takes up an old
    case and so acknowledges no answer, gets no draft.
    """
    if lately is None:
        lately = acknowledged_lately(tickets, now=now)
    if thanked is None:
        in_peace = [ticket.contact.email for ticket in tickets if ticket.left_in_peace and ticket.contact]
        thanked = thanked_lately(in_peace, now=now) if in_peace else ()
    drafts = []
    seen: set[int] = set()
    for ticket in tickets:
        if ticket.nobody_to_reach or ticket.response is None or not ticket.response.acknowledge:
            continue
        reader = Reader.of(ticket)
        facts = facts_of(ticket, reader, now=now)
        if ticket.left_in_peace:
            told = (
                "Not sent: thanked within the last 90 days."
                if ticket.contact and ticket.contact.email in thanked
                else ""
            )
            drafts.append(
                _draft(
                    "left_in_peace_thanks", ticket, facts, reader, now=now, reason=told, dedupe_key=f"peace:{ticket.pk}"
                )
            )
            continue
        if ticket.pk not in promises:
            continue
        reason = ""
        if ticket.conversation_id in lately or ticket.conversation_id in seen:
            reason = "Not sent: an acknowledgement of this conversation went out in the last 14 days."
        seen.add(ticket.conversation_id)
        promise = promises[ticket.pk]
        facts |= {
            "unassigned": signer is not None,
            "promise": in_words(promise, reader.language, reader.zone, now=now),
            "promise_short": in_words(promise, reader.language, reader.zone, now=now, with_date=False),
        }
        if signer is not None:
            facts["owner"] = owner_facts(signer)
        drafts.append(
            _draft(
                "acknowledgement",
                ticket,
                facts,
                reader,
                now=now,
                reason=reason,
                signer=signer,
                letter="acknowledgement_passive" if ticket.band == Band.PASSIVE else "",
                dedupe_key=f"acknowledgement:{ticket.pk}",
            )
        )
    return drafts


def promoter_thanks(responses: Iterable[Response], default_brand: Brand, *, now: datetime) -> list[Draft]:
    """A thank-you to promoters who can be written to, at most once in 90 days. One query."""
    reachable = [
        response
        for response in responses
        if response.contact
        and response.contact.email
        and not response.contact.do_not_contact
        and response.contact.erased_at is None
        and response.contact_me is not False
        and response.acknowledge
        and not response.is_history
    ]
    thanked = thanked_lately([response.contact.email for response in reachable if response.contact], now=now)
    drafts = []
    for response in reachable:
        contact = response.contact
        if contact is None or contact.email in thanked:
            continue
        thanked.add(contact.email)
        brand = response.source.brand or default_brand
        reader = Reader.of_contact(contact, response)
        facts = response_facts(response, reader, now=now) | {
            "brand": brand.facts,
            "contact_name": contact.name,
            "salutation_name": contact.greeting_name,
            "owner": owner_facts(None),
            "unsubscribe_link": LINKS[1],
        }
        rendered = written_for(
            "promoter_thanks",
            reader.language,
            facts,
            brand,
            band=Band.PROMOTER,
            touchpoint_id=response.touchpoint_id,
        )
        drafts.append(
            Draft(
                kind="promoter_thanks",
                stream=Stream.NEWS,
                recipient=contact.email,
                recipient_name=contact.name,
                from_name=brand.name,
                from_address=brand.sender_address,
                reply_to=(response.account_owner.email if response.account_owner else "")
                or brand.reply_address
                or brand.sender_address,
                language=reader.language,
                subject=rendered.subject,
                text=rendered.text,
                html=rendered.html,
                links={"unsubscribe": ("unsubscribe", 0)},
                dedupe_key=f"thanks:{response.pk}",
                automatic=True,
            )
        )
    return drafts


def personal(
    ticket: Ticket, author: User | None, *, subject: str, body: str, now: datetime, send_after: datetime | None = None
) -> Draft:
    """A mail a person wrote for this ticket."""
    reader = Reader.of(ticket)
    facts = facts_of(ticket, reader, now=now, author=author) | {"subject": subject, "body": body}
    return _draft("personal", ticket, facts, reader, now=now, author=author, send_after=send_after)


def action_update(ticket: Ticket, action: Action, author: User | None, *, now: datetime) -> Draft:
    """What we do about it and by when; or, once it is done, what changed."""
    reader = Reader.of(ticket)
    facts = facts_of(ticket, reader, now=now, author=author) | {
        "what": action.title,
        "who": action.owner.name,
        "by": in_words(action.due_at, reader.language, reader.zone, now=now),
        "what_changed": action.what_changed,
    }
    letter = "action_done" if action.state == Action.State.DONE else ""
    return _draft("action_update", ticket, facts, reader, now=now, author=author or ticket.owner, letter=letter)


def delay(
    ticket: Ticket, action: Action, promised_at: datetime, why: str, author: User | None, *, now: datetime
) -> Draft:
    """A promised date moves: the new one and the reason, before the old one passes."""
    return _delay(ticket, {"what": action.title}, promised_at, action.due_at, why, author, now=now)


def contact_delayed(
    ticket: Ticket,
    target: str,
    promised_at: datetime,
    now_by: datetime,
    why: str,
    author: User | None,
    *,
    now: datetime,
) -> Draft:
    """A promised first contact or answer (`target`) comes later: the new half-day, best before the old one passes."""
    facts = {"target": str(target), "is_over": promised_at < now}
    return _delay(ticket, facts, promised_at, now_by, why, author, now=now)


def _delay(
    ticket: Ticket,
    about: Mapping[str, Any],
    promised_at: datetime,
    now_by: datetime,
    why: str,
    author: User | None,
    *,
    now: datetime,
) -> Draft:
    reader = Reader.of(ticket)
    facts = facts_of(ticket, reader, now=now, author=author) | {
        "promised": in_words(promised_at, reader.language, reader.zone, now=now),
        "now_by": in_words(now_by, reader.language, reader.zone, now=now),
        "why": why,
    }
    return _draft("delay", ticket, facts | dict(about), reader, now=now, author=author or ticket.owner)


def resolution(
    ticket: Ticket,
    row: Resolution,
    actions: Iterable[Action],
    author: User | None,
    *,
    silence_until: datetime,
    now: datetime,
) -> Draft:
    """What changed, why it happened, what was left out, and the question whether that settles it."""
    reader = Reader.of(ticket)
    zone = ZoneInfo(reader.zone)
    today = now.astimezone(zone).date()
    outcomes = [
        {
            "date_words": day_in_words(action.done_at.astimezone(zone).date(), reader.language, today=today),
            "text": action.what_changed or action.title,
        }
        for action in actions
        if action.state == Action.State.DONE and action.done_at
    ]
    if row.what_changed and row.what_changed not in [outcome["text"] for outcome in outcomes]:
        outcomes.append({"date_words": "", "text": row.what_changed})
    facts = facts_of(ticket, reader, now=now, author=author) | {
        "outcomes": outcomes,
        "why_it_happened": row.why_it_happened,
        "left_out": [
            {"text": action.title, "reason": action.dropped_reason}
            for action in actions
            if action.state == Action.State.DROPPED
        ],
        "silence_until": day_in_words(silence_until.astimezone(zone).date(), reader.language, today=today),
    }
    return _draft("resolution", ticket, facts, reader, now=now, author=author or ticket.owner)


def reminder(ticket: Ticket, *, silence_until: datetime, now: datetime) -> Draft:
    """The one reminder of the question, on the fourth working day of silence."""
    reader = Reader.of(ticket)
    zone = ZoneInfo(reader.zone)
    facts = facts_of(ticket, reader, now=now) | {
        "silence_until": day_in_words(
            silence_until.astimezone(zone).date(), reader.language, today=now.astimezone(zone).date()
        )
    }
    return _draft("reminder", ticket, facts, reader, now=now, dedupe_key=f"reminder:{ticket.pk}:{ticket.cycle}")


def reopened(ticket: Ticket, words: str, answer_by: datetime, *, now: datetime) -> Draft:
    """ "Thank you for saying so": it is open again, who answers and by when. `words` is what the customer just said."""
    reader = Reader.of(ticket)
    facts = facts_of(ticket, reader, now=now) | {
        "quote": quote(words),
        "next_by": in_words(answer_by, reader.language, reader.zone, now=now),
    }
    return _draft("reopened", ticket, facts, reader, now=now, dedupe_key=f"reopened:{ticket.pk}:{ticket.cycle}")


def hand_over(ticket: Ticket, old_owner: User | None, *, now: datetime) -> Draft:
    """The new name. What stays: every promise, every word, the thread."""
    reader = Reader.of(ticket)
    facts = facts_of(ticket, reader, now=now) | {
        "old_owner": old_owner.name if old_owner and old_owner.is_active else "",
        "reason": "",
        "promise": in_words(ticket.promised_at, reader.language, reader.zone, now=now)
        if ticket.promised_at and ticket.promised_at > now
        else "",
    }
    return _draft("hand_over", ticket, facts, reader, now=now, dedupe_key=f"hand-over:{ticket.pk}:{ticket.version}")


def promise_handed_over(ticket: Ticket, action: Action, *, now: datetime) -> Draft:
    """Somebody else does what was promised, by the same day; whoever has the case still has it."""
    reader = Reader.of(ticket)
    facts = facts_of(ticket, reader, now=now) | {
        "what": action.title,
        "who": action.owner.name,
        "by": in_words(action.due_at, reader.language, reader.zone, now=now),
    }
    key = f"hand-over:{ticket.pk}:{ticket.version}:{action.pk}"
    return _draft("hand_over", ticket, facts, reader, now=now, dedupe_key=key)


def agreed_to_differ(ticket: Ticket, text: str, customer_words: str, author: User | None, *, now: datetime) -> Draft:
    """A lead's reasons why it ends here. It is never counted as settled."""
    reader = Reader.of(ticket)
    facts = facts_of(ticket, reader, now=now, author=author) | {"text": text, "quote": quote(customer_words)}
    return _draft("agreed_to_differ", ticket, facts, reader, now=now, author=author)
