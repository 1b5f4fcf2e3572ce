"""Resolving with actions still open: each is done or dropped, then the ticket is resolved. All of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from followups import workflow
from followups.actors import Actor
from followups.models import Action, Ticket
from followups.refusals import Incomplete


@dataclass(frozen=True, slots=True)
class Decided:
    """What becomes of an open action: `becomes` is "done" or "drop", `words` what the customer reads about it."""

    action: Action
    becomes: str
    words: str


def resolve_with_actions(
    ticket: Ticket,
    *,
    actor: Actor,
    now: datetime,
    version: int | None,
    decided: Sequence[Decided] = (),
    **resolution: Any,
) -> Ticket:
    """Decide on the open actions and resolve, in one transaction. `resolution` is what `workflow.resolve` takes.

    Raises what those verbs raise; an Incomplete about an action names the field `words_<id of the action>`, and
    `becomes_<id>` where nothing is decided about it. Where an action and the resolution both lack something, both are
    named.
    """
    errors: dict[str, str] = {}
    with transaction.atomic():
        for each in decided:
            try:
                ticket = _decide(ticket, each, actor=actor, now=now, version=version)
            except Incomplete as refusal:
                errors[f"words_{each.action.pk}"] = next(iter(refusal.errors.values()))
            else:
                # The page's version was right; what follows builds on what was just written.
                version = ticket.version
        try:
            done = workflow.resolve(ticket, actor=actor, now=now, version=version, **resolution)
        except Incomplete as refusal:
            if "ticket" in refusal.errors:
                errors |= _undecided(ticket, decided)
            # What it says is still open would be a second complaint about an action that is named already.
            lacking = {name: why for name, why in refusal.errors.items() if not (errors and name == "ticket")}
            raise Incomplete(errors | lacking) from refusal
        if errors:
            raise Incomplete(errors)
    return done


def _undecided(ticket: Ticket, decided: Sequence[Decided]) -> dict[str, str]:
    """The field of each open action nothing was decided about, with what to do."""
    open_ones = ticket.actions.filter(cycle=ticket.cycle, state=Action.State.OPEN)
    left = open_ones.exclude(pk__in=[each.action.pk for each in decided])
    return {f"becomes_{pk}": gettext("Say that it is done, or drop it.") for pk in left.values_list("pk", flat=True)}


def _decide(ticket: Ticket, each: Decided, *, actor: Actor, now: datetime, version: int | None) -> Ticket:
    if each.becomes == "done":
        return workflow.complete_action(
            ticket, actor=actor, now=now, version=version, action=each.action, what_changed=each.words
        )
    return workflow.drop_action(ticket, actor=actor, now=now, version=version, action=each.action, reason=each.words)
