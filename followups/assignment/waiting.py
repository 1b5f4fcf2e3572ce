"""What a round reads of the tickets that nobody has: plain values, for ten thousand of them cost no objects."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import FilteredRelation, Q, TextField, Value
from django.db.models.functions import Coalesce, Left, Lower

from followups.models import Deadline, Rule
from followups.models.tickets import LIVE, TicketQuerySet, TicketState
from nps_loop.bulk import among, plain_rows


@dataclass(slots=True)
class Waiting:
    """A ticket as the choice sees it. `skills` are what its rule asks for, `owner_first` whether the account's owner is
    asked before the team, `team_by_rule` whether it named the team; `due_at` is when first contact is due.
    """

    pk: int
    team: int | None = None
    conversation: int = 0
    owner: int | None = None
    state: str = TicketState.NEW
    version: int = 0
    cycle: int = 0
    rank: int = 0
    score: int = 0
    band: str = ""
    was_given: bool = False
    brand: int = 0
    touchpoint: int | None = None
    contact: int | None = None
    contact_name: str = ""
    language: str = ""
    account: int | None = None
    account_name: str = ""
    account_owner: int | None = None
    account_owner_is_active: bool = False
    conversation_owner: int | None = None
    response: int | None = None
    search_text: str = ""
    acknowledge: bool = False
    starts_at: datetime | None = None
    due_at: datetime | None = None
    skills: frozenset[str] = frozenset()
    owner_first: bool = True
    team_by_rule: bool = False

    def is_past_half(self, now: datetime) -> bool:
        """Whether half of the first-contact time is gone."""
        if self.starts_at is None or self.due_at is None:
            return False
        return now >= self.starts_at + (self.due_at - self.starts_at) / 2


def first_of(waiting: TicketQuerySet, *, most: int, most_mails: int) -> tuple[dict[int, int], bool]:
    """Ticket -> conversation of the first in the order of the queue, and whether these are all that wait.

    At most `most`, or `most_mails` to be mailed: what a mail is written for costs a hundred times as much, and
    everybody else who gives waits meanwhile. One query.
    """
    rows = waiting.in_queue_order().values_list("pk", "conversation", "response__acknowledge", "nobody_to_reach")
    found = [
        (pk, conversation, bool(acknowledge) and not nobody)
        for pk, conversation, acknowledge, nobody in rows[: most + 1]
    ]
    size = round_size([mailed for _pk, _conversation, mailed in found], most=most, most_mails=most_mails)
    return {pk: conversation for pk, conversation, _mailed in found[:size]}, size == len(found)


def round_size(mailed: Sequence[bool], *, most: int, most_mails: int) -> int:
    """How many of the waiting tickets, in their order, one round takes; `mailed` says which their customers hear of."""
    mails = 0
    for at, is_mailed in enumerate(mailed):
        mails += is_mailed
        if at == most or mails > most_mails:
            return at
    return len(mailed)


def held_in(conversations: Collection[int]) -> Q:
    """Tickets of these conversations that somebody has, and resolved ones, which wait for nobody to take them."""
    held = Q(state__in=LIVE, owner__isnull=False) | Q(state=TicketState.RESOLVED)
    return among("conversation", conversations) & held


# What is read of each, in the order of the fields of `Waiting`.
COLUMNS = (
    "pk", "team", "conversation", "owner", "state", "version", "cycle", "rank", "score", "band", "given_before",
    "brand", "response__touchpoint", "contact", "name", "speaks", "account", "company", "account__owner",
    "owner_is_active", "conversation__owner", "response", "words", "mailed", "first__starts_at", "first__due_at",
)  # fmt: skip
READ = {
    "given_before": Q(assigned_at__isnull=False),
    "name": Coalesce("contact__name", Value("")),
    "speaks": Lower(Left(Coalesce("contact__language", Value("")), 2)),
    "company": Coalesce("account__name", Value("")),
    "owner_is_active": Coalesce("account__owner__is_active", Value(False)),
    "words": Coalesce("response__search_text", Value(""), output_field=TextField()),
    "mailed": Coalesce("response__acknowledge", Value(False)),
}


def read(tickets: TicketQuerySet) -> list[Waiting]:
    """Lock these tickets, in the order of their numbers as everybody does, and read them. One query, or two."""
    owed = Q(deadlines__target=Deadline.Target.FIRST_CONTACT, deadlines__met_at=None, deadlines__dropped_at=None)
    rows = (
        tickets.annotate(first=FilteredRelation("deadlines", condition=owed))
        .annotate(**READ)
        .select_for_update(of=("self",), no_key=True)
        .order_by("pk")
        .values_list(*COLUMNS, "nobody_to_reach", "rule")
    )
    found: dict[int, Waiting] = {}
    rules: dict[int, list[Waiting]] = {}
    for *columns, nobody, rule in plain_rows(rows):
        row = Waiting(*columns)
        if row.pk in found:
            continue
        found[row.pk] = row
        if nobody:
            row.acknowledge = False
        if rule is not None:
            rules.setdefault(rule, []).append(row)
    _add_what_rules_ask(rules)
    return list(found.values())


def _add_what_rules_ask(rules: dict[int, list[Waiting]]) -> None:
    """Which skills, and whether the account's owner comes first. One query where a rule opened any of them."""
    if not rules:
        return
    asked = Rule.objects.filter(pk__in=rules).values_list("pk", "skills", "owner_first", "team")
    for pk, skills, owner_first, team in asked:
        if owner_first and not (skills or team):
            continue  # As every row says from the beginning.
        for row in rules[pk]:
            row.skills, row.owner_first, row.team_by_rule = frozenset(skills), owner_first, team is not None
