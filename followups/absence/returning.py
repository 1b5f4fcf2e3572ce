"""Giving back what was covered, once somebody is there again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.utils.translation import gettext

from followups.absence.standing_in import BATCH, Present, begun_since, by_conversation, end_later
from followups.actors import Actor
from followups.models import Action, ActionMove, Cover, Ticket
from followups.workflow.handing import Handing, assignment_lock, give, lock_in_order
from followups.workflow.letting_go import pass_on_all
from followups.workflow.locking import WITH
from nps_loop.people.models import User

Outcome = Cover.Outcome
# What stays with whoever held it: they began on it, or its owner must not have it.
KEPT = (Outcome.STAYED, Outcome.GONE)


def give_back(*, now: datetime) -> int:
    """What was covered for people who are there again, or never left. Returns how many covers ended."""
    ended = 0
    while Cover.objects.to_give_back(now).exists():
        with assignment_lock():
            # Whole conversations, so that one decision is made for each.
            first = Cover.objects.to_give_back(now).order_by("pk").values_list("ticket__conversation", flat=True)
            conversations = set(first[:BATCH])
            # Those of the promises too: they are not always those whose tickets go back.
            lock_in_order(Ticket.objects.filter(conversation__in=conversations))
            found = Cover.objects.to_give_back(now).filter(ticket__conversation__in=conversations)
            covers = list(found.select_related("absent", "away").order_by("pk"))
            tickets = [cover for cover in covers if cover.action_id is None]
            _give_back_tickets(tickets, now)
            _give_back_promises([cover for cover in covers if cover.action_id is not None], tickets, now)
            Cover.objects.bulk_update(covers, ["outcome", "back_at"], batch_size=500)
        ended += len(covers)
    return ended


def _give_back_tickets(covers: Sequence[Cover], now: datetime) -> None:
    """Decide on each and hand back what goes. Sets outcome and end of the covers; the caller saves them."""
    if not covers:
        return
    present = Present.at(now)
    first: dict[int, Cover] = {}
    for cover in covers:
        first.setdefault(cover.ticket_id, cover)
    conversations = set(Ticket.objects.filter(pk__in=first).values_list("conversation", flat=True))
    groups = by_conversation(conversations)
    begun = begun_since(covers, [ticket for _owner, tickets in groups for ticket in tickets])
    outcomes: dict[int, str] = {}
    handings = []
    for owner, tickets in groups:
        theirs = [first[ticket.pk] for ticket in tickets if ticket.pk in first]
        if not theirs:
            continue
        cover = min(theirs, key=lambda row: row.pk)
        if not any(ticket.is_live and ticket.pk in first for ticket in tickets):
            outcome = Outcome.OVER
        elif not _takes_back(present, cover.absent_id, tickets):
            outcome = Outcome.GONE
        elif owner == cover.absent_id:
            outcome = Outcome.BACK
        elif tickets[0].conversation_id in begun:
            outcome = Outcome.STAYED
        else:
            outcome = Outcome.BACK
            data = {"away": cover.away_id, "from": owner, "rule": "back"}
            why = partial(_is_back, tickets[0].owner)
            handings += [Handing(ticket, cover.absent, None, why, data, "hand-over") for ticket in tickets]
        outcomes |= {ticket.pk: outcome for ticket in tickets}
    give(handings, actor=Actor.system(), now=now)
    for row in covers:
        row.outcome, row.back_at = outcomes.get(row.ticket_id, Outcome.OVER), now
    end_later(first, [handing.ticket.pk for handing in handings], now=now)


def _takes_back(present: Present, absent: int, tickets: Sequence[Ticket]) -> bool:
    teams = {ticket.team_id for ticket in tickets if ticket.team_id is not None}
    in_team = present.takes(absent) and bool(teams & present.teams_of[absent] or not teams)
    return in_team and not present.is_meant(absent, tickets)


def _is_back(held_by: User | None) -> str:
    if held_by is None:
        return gettext("You are back, and nobody else has it.")
    return gettext("You are back. %(name)s looked after it.") % {"name": held_by.name}


def _give_back_promises(covers: Sequence[Cover], tickets: Sequence[Cover], now: datetime) -> None:
    """Promises go back where they are still open, unless whoever held them moved their date or keeps the case.

    `tickets` are the covers of tickets that were decided on with them. The caller has locked the tickets.
    """
    if not covers:
        return
    found = Action.objects.filter(pk__in=[cover.action_id for cover in covers])
    actions = {row.pk: row for row in found.select_related(*(f"ticket__{name}" for name in WITH))}
    moved = set(
        ActionMove.objects.filter(action__in=actions, happened_at__gte=min(cover.at for cover in covers))
        .values_list("action", "by")
    )  # fmt: skip
    chains: dict[int, list[Cover]] = {}
    for row in Cover.objects.open().filter(action__in=actions).exclude(pk__in=[row.pk for row in covers]):
        chains.setdefault(row.action_id or 0, []).append(row)
    went = {(row.ticket_id, row.absent_id): row.outcome for row in tickets}
    heirs, data, superseded, alone = [], {}, [], []
    for cover in covers:
        action = actions[cover.action_id or 0]
        cover.back_at = now
        # Whoever stands in for one who stood in holds it just as well.
        holders, chain = {cover.to_id}, []
        for row in chains.get(action.pk, ()):
            if row.absent_id in holders:
                holders.add(row.to_id)
                chain.append(row.pk)
        if action.state != Action.State.OPEN:
            cover.outcome = Outcome.OVER
        elif action.owner_id == cover.absent_id:
            cover.outcome = Outcome.BACK
        elif not cover.absent.is_active:
            cover.outcome = Outcome.GONE
        elif action.owner_id not in holders:
            cover.outcome = Outcome.GIVEN
        elif (action.pk, action.owner_id) in moved or went.get((cover.ticket_id, cover.absent_id)) in KEPT:
            cover.outcome = Outcome.STAYED
        else:
            cover.outcome = Outcome.BACK
            data[action.pk] = {"away": cover.away_id, "back": True}
            heirs.append((action, cover.absent))
            superseded += chain
            if went.get((cover.ticket_id, cover.absent_id)) != Outcome.BACK:
                alone.append(action.pk)
    pass_on_all(heirs, data, actor=Actor.system(), now=now, tell=alone)
    Cover.objects.filter(pk__in=superseded).update(outcome=Outcome.GIVEN, back_at=now)
