"""What follow-up holds of a person: mails and notices of their tickets, and every word written on them.

Scores, states, times, owners, causes and outcomes stay, and so does every figure. An open ticket stays open with nobody
to reach: closing it by itself would move figures, and whoever works on it reads why and ends it as any other. A person
may answer no link any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from followups.actors import Actor
from followups.models import (
    Action,
    ActionMove,
    ContactAttempt,
    Conversation,
    DismissalRequest,
    Event,
    KeptDraft,
    Note,
    Reply,
    Resolution,
    Ticket,
    Verdict,
)
from followups.workflow.locking import opened
from nps_loop.erasing import GONE, Person
from nps_loop.mail import erasing as mail
from nps_loop.mail.models import Inbound, Message

VERB = "erase"
# What people wrote on a ticket: by model the way to it and the fields. A title cannot be empty.
_WORDS: tuple[tuple[type[Any], str, dict[str, str]], ...] = (
    (ContactAttempt, "ticket", {"note": "", "line_for_customer": ""}),
    (Action, "ticket", {"title": GONE, "what_changed": "", "dropped_reason": "", "note": ""}),
    (ActionMove, "action__ticket", {"reason": GONE}),
    (Resolution, "ticket", {"what_changed": "", "why_it_happened": "", "no_mail_reason": "", "differ_text": ""}),
    (DismissalRequest, "ticket", {"explanation": ""}),
    (Note, "ticket", {"text": GONE}),
    (Reply, "ticket", {"text": GONE}),
    (Verdict, "ticket", {"text": ""}),
)


def erase(person: Person, now: datetime) -> Mapping[str, int]:
    """Empty what was written on the tickets of `person`, and end their links. Each ticket keeps an event of it."""
    tickets = tickets_of(person)
    numbers = list(tickets.values_list("pk", flat=True))
    threads = list(
        Conversation.objects.filter(Q(contact__in=person.contacts) | Q(tickets__in=numbers)).values_list("pk")
    )
    counts = {"case_mails": mail.erase_mails(Message.objects.filter(case__in=numbers), now=now)}
    for name, many in mail.erase_inbound(
        Inbound.objects.filter(Q(case__in=numbers) | Q(thread__in=[pk for (pk,) in threads]))
    ).items():
        counts[f"case_{name}"] = many
    counts["drafts"] = KeptDraft.objects.filter(ticket__in=numbers).delete()[0]
    for model, way, gone in _WORDS:
        counts[model._meta.model_name or ""] = model.objects.filter(**{f"{way}__in": numbers}).update(**gone)
    tickets.exclude(hold_reason="").update(hold_reason="")
    marked = set(Event.objects.filter(ticket__in=numbers, verb=VERB).values_list("ticket", flat=True))
    fresh = [ticket for ticket in tickets.order_by("pk") if ticket.pk not in marked]
    if fresh:
        Conversation.objects.filter(pk__in=[pk for (pk,) in threads]).update(generation=F("generation") + 1)
    for ticket in fresh:
        with opened(ticket, actor=Actor.system(), now=now, version=None) as work:
            work.write(VERB)
    return counts


def what_would_go(person: Person) -> dict[str, int]:
    """How much an erasure of `person` would empty, for whoever decides about it. Three queries."""
    numbers = tickets_of(person).values("pk")
    theirs = Q(recipient__in=person.addresses) | Q(case__in=numbers)
    came = Q(from_address__in=person.addresses) | Q(case__in=numbers)
    return {
        "answers": len(person.responses),
        "tickets": tickets_of(person).count(),
        "mails": Message.objects.filter(theirs).count() + Inbound.objects.filter(came).count(),
    }


def tickets_of(person: Person) -> QuerySet[Ticket]:
    """Every ticket of these contacts and over these answers."""
    return Ticket.objects.filter(Q(contact__in=person.contacts) | Q(response__in=person.responses))


def written_by(contacts: frozenset[int]) -> Iterable[str]:
    """What the person wrote after the answer: replies, and lines left on their page or sent by mail."""
    tickets = Ticket.objects.filter(contact__in=contacts).values("pk")
    texts: list[Iterator[str]] = [
        Reply.objects.filter(ticket__in=tickets).values_list("text", flat=True).iterator(),
        Verdict.objects.filter(ticket__in=tickets).values_list("text", flat=True).iterator(),
        Inbound.objects.filter(case__in=tickets).values_list("words", flat=True).iterator(),
    ]
    for each in texts:
        yield from each
