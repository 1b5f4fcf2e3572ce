"""Handing over what falls due while somebody is away."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import partial

from django.db.models import F, Q
from django.utils.translation import gettext

from followups.absence.falling_due import coming_in, falling_due, promises_due
from followups.absence.standing_in import BATCH, Present, begun_since, by_conversation, end_later
from followups.actors import Actor
from followups.models import Away, Conversation, Cover, Ticket
from followups.prepared import Kind, Prepared
from followups.templatetags.moments import in_full
from followups.workflow.handing import Handing, assignment_lock, give
from followups.workflow.letting_go import pass_on_all, release_all
from followups.workflow.locking import WITH
from nps_loop.people.models import User


def cover_what_falls_due(*, now: datetime) -> int:
    """Hand over what falls due while its owner is away. Returns how many tickets and promises changed hands.

    Nobody away costs one query; a batch a fixed number. Safe to run beside itself.
    """
    if not _away.exists(now=now):
        return 0
    return _cover_tickets(now) + _cover_promises(now) + _follow_changed_delegates(now)


_away = Prepared(lambda now: (Away.objects.at(now).values_list("pk", flat=True)[:1],), now=Kind.MOMENT)


def _cover_tickets(now: datetime) -> int:
    covered = 0
    while True:
        if not falling_due(now).exists() and not coming_in(now).exists():
            return covered
        with assignment_lock():
            conversations = set(falling_due(now).order_by("rank", "pk").values_list("conversation", flat=True)[:BATCH])
            conversations |= set(coming_in(now).order_by("rank", "pk").values_list("conversation", flat=True)[:BATCH])
            moved = _cover_conversations(conversations, now)
        if not moved:
            return covered
        covered += moved


def _cover_conversations(conversations: Collection[int], now: datetime) -> int:
    """Each as a whole to whoever stands in for its owner, or to the pool. The caller holds the assigner's lock."""
    present = Present.at(now)
    handings: list[Handing] = []
    pooled: list[Ticket] = []
    covers: list[Cover] = []
    new_in_pool: list[Ticket] = []
    for owner, tickets in by_conversation(conversations):
        if owner is None or owner not in present.absences:
            continue
        away = present.absences[owner]
        heir = present.instead_of(owner, tickets)
        held = [ticket for ticket in tickets if ticket.owner_id is not None]
        if heir is not None:
            why = partial(_stands_in, away)
            data = {"away": away.pk, "from": owner, "rule": "away"}
            handings += [
                Handing(ticket, heir, None, why, data, "hand-over" if ticket.owner_id else "assign")
                for ticket in tickets
            ]
        else:
            pooled += held
            new_in_pool += [ticket for ticket in tickets if ticket.owner_id is None]
        covers += [
            Cover(away=away, ticket=ticket, absent_id=owner, delegate_id=away.delegate_id, to=heir, at=now)
            for ticket in tickets
        ]
    Cover.objects.bulk_create(covers, batch_size=500)
    give(handings, actor=Actor.system(), now=now)
    release_all(pooled, {"because": "away"}, actor=Actor.system(), now=now)
    Conversation.objects.filter(pk__in={ticket.conversation_id for ticket in new_in_pool}).update(owner=None)
    return len(covers)


def _stands_in(away: Away) -> str:
    words = gettext("%(name)s is away until %(day)s, and you stand in.")
    return words % {"name": away.user.name, "day": in_full(away.ends_at)}


def _cover_promises(now: datetime) -> int:
    """Promises of the absent: to whoever stands in, else to whoever has the ticket, who has to answer for it."""
    if not promises_due(now).exists():
        return 0
    numbers = set(promises_due(now).order_by("ticket", "pk").values_list("ticket", flat=True)[:BATCH])
    with assignment_lock(Ticket.objects.filter(pk__in=numbers)):
        present = Present.at(now)
        # Whose ticket went along was told of the new name with it.
        along = set(Cover.objects.open().filter(ticket__in=numbers, action=None).values_list("ticket", "absent"))
        heirs, covers, data = [], [], {}
        found = promises_due(now).filter(ticket__in=numbers)
        for action in found.select_related(*(f"ticket__{name}" for name in WITH)).order_by("ticket", "pk"):
            away = present.absences[action.owner_id]
            heir = present.instead_of(action.owner_id, [action.ticket]) or _there(present, action.ticket.owner)
            if heir is None or heir.pk == action.owner_id:
                continue
            covers.append(
                Cover(
                    away=away, ticket=action.ticket, action=action, absent_id=action.owner_id,
                    delegate_id=away.delegate_id, to=heir, at=now,
                )
            )  # fmt: skip
            data[action.pk] = {"away": away.pk}
            heirs.append((action, heir))
        Cover.objects.bulk_create(covers, batch_size=500)
        alone = [cover.action_id for cover in covers if (cover.ticket_id, cover.absent_id) not in along]
        pass_on_all(heirs, data, actor=Actor.system(), now=now, tell=[pk for pk in alone if pk is not None])
    return len(covers)


def _there(present: Present, user: User | None) -> User | None:
    return user if user is not None and user.is_active and user.pk not in present.delegates else None


# --- somebody else is named meanwhile --------------------------------------------------------------------------


def _follow_changed_delegates(now: datetime) -> int:
    """Where an absence that runs names somebody else by now, what nobody has begun on goes to them."""
    named_anew = Cover.objects.open().filter(
        away__in=Away.objects.at(now).filter(delegate__isnull=False), action=None
    ).filter(~Q(delegate=F("away__delegate")) | Q(delegate=None))  # fmt: skip
    if not named_anew.exists():
        return 0
    moved = 0
    with assignment_lock():
        covers = {row.ticket_id: row for row in named_anew.select_related("away__user").order_by("pk")[:BATCH]}
        conversations = set(Ticket.objects.filter(pk__in=covers).values_list("conversation", flat=True))
        present, handings = Present.at(now), []
        groups = [group for group in by_conversation(conversations) if any(row.pk in covers for row in group[1])]
        begun = begun_since(covers.values(), [ticket for _owner, tickets in groups for ticket in tickets])
        for owner, tickets in groups:
            cover = next(covers[ticket.pk] for ticket in tickets if ticket.pk in covers)
            if cover.away is None:
                continue
            heir = present.instead_of(cover.absent_id, tickets)
            if heir is None or heir.pk == owner or tickets[0].conversation_id in begun:
                continue
            why = partial(_stands_in, cover.away)
            data = {"away": cover.away.pk, "from": owner, "rule": "away"}
            handings += [Handing(ticket, heir, None, why, data, "hand-over") for ticket in tickets]
            for ticket in tickets:
                if ticket.pk in covers:
                    covers[ticket.pk].to = heir
            moved += len(tickets)
        give(handings, actor=Actor.system(), now=now)
        end_later(covers, [handing.ticket.pk for handing in handings if handing.ticket.pk in covers], now=now)
        for cover in covers.values():
            cover.delegate_id = cover.away.delegate_id if cover.away else None
        Cover.objects.bulk_update(covers.values(), ["delegate", "to"], batch_size=500)
    return moved
