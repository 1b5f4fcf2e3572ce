"""Answers of the past, decided and opened hour by hour as if they came in anew, and given away in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from followups.deciding import rule_on
from followups.models import Decision, Rule
from followups.opening.batch import SetUp
from followups.opening.claiming import BATCH
from followups.opening.tickets import ticket_for
from followups.rehearsal.assigner import Case, Desk
from surveys.models import Response

# Answers of one such stretch are dealt with together, as they would be by workers that are busy.
SLOT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Would:
    """What would become of one answer. Without a ticket all but the outcome is empty."""

    response: int
    outcome: str
    rule: str = ""
    team: int | None = None
    policy: int | None = None
    priority: str = ""
    owner: int | None = None
    hold: bool = False

    @property
    def opens(self) -> bool:
        return self.outcome == Decision.Outcome.OPENED


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What would become of each answer, and how much each person would have had at most at one time."""

    would: dict[int, Would]
    peak: dict[int, int]


def moments_of(answers: Iterable[Response]) -> Iterator[tuple[datetime, list[Response]]]:
    """Answers by the hour they were received in, oldest first, each hour at the time of its last answer."""
    slot: list[Response] = []
    for answer in sorted(answers, key=lambda row: (row.received_at, row.pk)):
        if slot and _hour(slot[0].received_at) != _hour(answer.received_at):
            yield slot[-1].received_at, sorted(slot, key=lambda row: row.pk)
            slot = []
        slot.append(answer)
    if slot:
        yield slot[-1].received_at, sorted(slot, key=lambda row: row.pk)


def _hour(at: datetime) -> int:
    return int(at.timestamp() // SLOT.total_seconds())


def rehearsal(
    answers: Sequence[Response],
    rules: Sequence[Rule],
    *,
    lasts: timedelta,
    progress: Callable[[int], None] = lambda done: None,
) -> Rehearsed:
    """Let these answers come in anew, to a company whose desks are empty, under these rules.

    Everybody is there or away as they were. Writes nothing. The answers come with what `opening.claiming.WITH` names,
    and with merges followed; beside the set-up it asks two queries for each round in which somebody has to be found.
    """
    setup = SetUp.read(rules)
    desk = Desk(lasts)
    unhappy: set[int] = set()
    cases: dict[int, Case] = {}
    would: dict[int, Would] = {}
    done = 0
    for now, slot in moments_of(answers):
        desk.close_what_is_over(now)
        for start in range(0, len(slot), BATCH):
            batch = slot[start : start + BATCH]
            opened = []
            for answer in batch:
                ruling = rule_on(answer, setup.rules, has_ticket=False, brand=setup.brand_for(answer))
                would[answer.pk] = Would(answer.pk, ruling.outcome, hold=ruling.hold_rule is not None)
                if ruling.outcome != Decision.Outcome.OPENED:
                    continue
                before = answer.contact_id in unhappy
                ticket, owed = ticket_for(setup, answer, ruling, unhappy_before=before, now=now)
                cases[answer.pk] = Case(ticket, owed, now)
                opened.append(cases[answer.pk])
            desk.take_in(opened)
            unhappy |= {case.ticket.contact_id for case in opened if case.ticket.contact_id}
        desk.give_out(now)
        done += len(slot)
        progress(done)
    return Rehearsed(would | {pk: _of(pk, case, would[pk]) for pk, case in cases.items()}, desk.peak)


def _of(pk: int, case: Case, known: Would) -> Would:
    ticket = case.ticket
    rule = ticket.rule
    return Would(
        response=pk,
        outcome=known.outcome,
        rule=rule.slug if rule else "",
        team=ticket.team_id,
        policy=case.owed[-1].policy_id,
        priority=rule.priority if rule else "",
        owner=ticket.owner_id,
        hold=known.hold,
    )
