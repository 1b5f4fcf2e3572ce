"""Templates and passages put to use: filled in for a ticket, and recognised in what somebody is about to send."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet

from followups.messages.letters import Reader
from followups.models import Action, LetterTemplate, Ticket
from followups.models.tickets import TicketState
from followups.promises import in_words
from followups.variables import filled
from nps_loop.people.models import User
from surveys.models import Touchpoint
from surveys.quoting import quote

Step = LetterTemplate.Step
# Which templates a form begins from; a passage goes into any of them.
STEPS = {
    "send-message": (Step.FIRST_CONTACT, Step.UPDATE),
    "wait": (Step.QUESTION,),
    "resolve": (Step.RESOLUTION,),
}
# The field of each form that takes the text.
FIELD = {"send-message": "body", "wait": "question", "resolve": "what_changed"}


@dataclass(frozen=True, slots=True)
class Offered:
    """A template as a form offers it to choose from."""

    pk: int
    name: str
    step: str


@dataclass(frozen=True, slots=True)
class Read:
    """What telling a template from writing is read from: what `texts` and `promises` ask for."""

    texts: Collection[str]
    promises: Collection[datetime]


def for_form(offered: Iterable[Offered], verb: str, ticket: Ticket) -> list[tuple[str, list[Offered]]]:
    """Those that fit a form, as groups (step, templates): what fits the ticket's state first, passages last."""
    steps = STEPS.get(verb, ())
    if ticket.state not in (TicketState.NEW, TicketState.ASSIGNED):
        steps = tuple(reversed(steps))
    rows = list(offered)
    groups = [(str(step.label), [row for row in rows if row.step == step]) for step in (*steps, Step.PASSAGE)]
    return [group for group in groups if group[1]] if steps else []


def values_for(
    ticket: Ticket, user: User, *, now: datetime, promises_at_hand: Iterable[datetime] | None = None
) -> dict[str, str]:
    """What the variables stand for on this ticket, in the customer's language.

    One query, for the next promise, unless `promises` are at hand. What nobody knows is left out, so that the gap is
    seen. A hold keeps the words out.
    """
    reader = Reader.of(ticket)
    contact, response = ticket.contact, ticket.response
    said = quote(response.verbatim) if response and not ticket.on_hold else ""
    due = _next_promise(ticket, now, promises(ticket.pk, now=now) if promises_at_hand is None else promises_at_hand)
    return {
        "first_name": contact.greeting_name or contact.short_name if contact else "",
        "name": contact.name if contact else "",
        "account": ticket.account.name if ticket.account else "",
        "owner": user.name,
        "promise": in_words(due, reader.language, reader.zone, now=now) if due else "",
        "words": "\n".join(f"> {line}" for line in said.splitlines()),
        "touchpoint": _about(response.touchpoint, reader.language) if response and response.touchpoint else "",
        "number": f"#{ticket.pk}",
    }


def _about(touchpoint: Touchpoint, language: str) -> str:
    """As a customer reads it; by our own name for it where nobody wrote that down, for the writer to put right."""
    return touchpoint.phrase_in(language) or touchpoint.name


def promises(number: int, *, now: datetime) -> QuerySet[Any, datetime]:
    """When the next open action of a ticket is due: one moment or none."""
    running = Action.objects.filter(
        ticket=number, cycle=F("ticket__cycle"), state=Action.State.OPEN, due_at__gt=now
    ).order_by("due_at")
    return running.values_list("due_at", flat=True)[:1]


def texts() -> QuerySet[Any, str]:
    """What all templates and passages say."""
    return LetterTemplate.objects.filter(is_active=True).values_list("text", flat=True)


def _next_promise(ticket: Ticket, now: datetime, of_actions: Iterable[datetime]) -> datetime | None:
    """The next date the customer holds us to: an action's, else that of the first contact."""
    action = next(iter(of_actions), None)
    if action is not None:
        return action
    return ticket.promised_at if ticket.promised_at and ticket.promised_at > now else None


def find(ticket: Ticket, key: str) -> LetterTemplate | None:
    """The template a form names, if it is offered for this ticket's customer."""
    if not key.isdecimal() or len(key) > 18:
        return None
    return LetterTemplate.objects.offered_in(Reader.of(ticket).language).filter(pk=int(key)).first()


def put_in(text: str, template: LetterTemplate, typed: str, *, opening: str, others: Iterable[str] = ()) -> str:
    """What a form's text becomes when a template is chosen: `text` is the template filled in.

    A passage goes below what stands there. A template takes the place of an empty sheet, of the opening and of another
    template nobody touched (`others`, filled in); whatever a person typed stays, above it.
    """
    if template.step != Step.PASSAGE:
        untouched = [_words(""), _words(opening), *(_words(other) for other in others)]
        if _words(typed) in untouched:
            return text
    return f"{typed.rstrip()}\n\n{text}" if typed.strip() else text


def only_canned(body: str, pieces: Iterable[str], *, opening: str) -> bool:
    """Whether `body` is nothing but templates and passages (filled in), with or without the opening: pure.

    Blank space does not count as writing. Without any template in it, it is not canned.
    """
    left = _words(body)
    found = False
    # The longest first: a passage may stand within a template.
    for piece in sorted((_words(piece) for piece in pieces), key=len, reverse=True):
        while piece and (at := _at(left, piece)) is not None:
            left, found = left[:at] + left[at + len(piece) :], True
    return found and (not left or left == _words(opening))


def is_only_canned(
    body: str,
    ticket: Ticket,
    user: User,
    *,
    opening: str,
    now: datetime,
    read: Read | None = None,
) -> bool:
    """The same for a mail about to be sent: compared here, whatever the browser says.

    Two queries, none where both were read already.
    """
    known = read or Read(texts(), promises(ticket.pk, now=now))
    if not known.texts:
        return False
    values = values_for(ticket, user, now=now, promises_at_hand=known.promises)
    return only_canned(body, [filled(text, values) for text in known.texts], opening=opening)


def _words(text: str) -> list[str]:
    return text.split()


def _at(words: list[str], piece: list[str]) -> int | None:
    """Where `piece` begins in `words`, None where it does not stand in them."""
    last = len(words) - len(piece)
    return next((at for at in range(last + 1) if words[at] == piece[0] and words[at : at + len(piece)] == piece), None)
