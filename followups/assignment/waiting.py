"""What a round reads of the tickets that nobody has: plain values, for ten thousand of them cost no objects."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import FilteredRelation, Q, QuerySet, TextField, Value
from django.db.models.functions import Coalesce, Left, Lower

from followups.models import Deadline, Rule, Ticket
from followups.models.tickets import LIVE, TicketQuerySet, TicketState
from followups.prepared import Kind, Prepared
from nps_loop.bulk import among


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


Row = tuple[int, int, bool | None, bool]


def in_order(waiting: TicketQuerySet, most: int) -> QuerySet[Ticket, Row]:
    """What `first_of` looks at, of `most` of these in the order of the queue and one more."""
    rows = waiting.in_queue_order().values_list("pk", "conversation", "response__acknowledge", "nobody_to_reach")
    return rows[: most + 1]


def first_of(rows: Iterable[Row], *, most: int, most_mails: int) -> tuple[dict[int, int], bool]:
    """Ticket -> conversation of the first of those `in_order`, and whether these are all that wait.

    At most `most`, or `most_mails` to be mailed: what a mail is written for costs a hundred times as much, and
    everybody else who gives waits meanwhile.
    """
    found = [(pk, conversation, bool(mailed) and not nobody) for pk, conversation, mailed, nobody in rows]
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


OWED = Q(deadlines__target=Deadline.Target.FIRST_CONTACT, deadlines__met_at=None, deadlines__dropped_at=None)

_locked = Prepared(
    lambda numbers, conversations: (
        Ticket.objects.filter(among("pk", numbers) | held_in(conversations))
        .annotate(first=FilteredRelation("deadlines", condition=OWED))
        .annotate(**READ)
        .select_for_update(of=("self",), no_key=True)
        .order_by("pk")
        .values_list(*COLUMNS, "nobody_to_reach", "rule"),
    ),
    numbers=Kind.KEYS,
    conversations=Kind.KEYS,
)
_asked_by_rules = Prepared(
    lambda rules: (
        Rule.objects.filter(among("pk", rules)).order_by().values_list("pk", "skills", "owner_first", "team"),
    ),
    rules=Kind.KEYS,
)


def read(first: Mapping[int, int]) -> list[Waiting]:
    """Lock these tickets and whatever else is held in their conversations, and read them. One query, or two.

    In the order of their numbers, as everybody does.
    """
    found: dict[int, Waiting] = {}
    rules: dict[int, list[Waiting]] = {}
    for *columns, nobody, rule in _locked.plain(numbers=first.keys(), conversations=set(first.values())):
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
    (asked,) = _asked_by_rules(rules=rules.keys())
    for pk, skills, owner_first, team in asked:
        if owner_first and not (skills or team):
            continue  # As every row says from the beginning.
        for row in rules[pk]:
            row.skills, row.owner_first, row.team_by_rule = frozenset(skills), owner_first, team is not None
