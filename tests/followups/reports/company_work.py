"""What was done about the answers of a company at random: deadlines, tries, promises, resolutions, and how tickets stood."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from followups.models import (
    Action,
    ActionMove,
    ContactAttempt,
    Deadline,
    DismissalRequest,
    Event,
    FirstContact,
    Resolution,
    SlaPolicy,
    Team,
    Ticket,
    Verdict,
)
from followups.models.tickets import TicketState
from tests import factories as make
from tests.factories import DAY, HOUR, NOW

if TYPE_CHECKING:
    from tests.followups.reports.companies import Company

MINUTE = timedelta(minutes=1)
CONTACT, RESOLUTION = Deadline.Target.FIRST_CONTACT, Deadline.Target.RESOLUTION
OUTCOMES = ContactAttempt.Outcome.values
ASKING = "waiting_on_customer"
# Nights and whole Sundays in a zone with clocks that jump, on other days than everybody's.
NIGHTS: dict[str, Any] = {
    "name": "Nights", "zone": "Europe/Berlin",
    "weekly": [[[0, 360], [1320, 1440]]] * 5 + [[], [[0, 1440]]], "closed_days": [["2026-10-30", "Bridge"]],
}  # fmt: skip


def make_work(company: Company, cases: Sequence[Ticket]) -> None:
    any_, maybe = company.any, company.maybe
    calendars = [make.make_calendar(), make.make_calendar(**NIGHTS)]
    Team.objects.filter(pk=company.teams[2].pk).update(calendar=calendars[1])
    policies = list(SlaPolicy.objects.order_by("pk")[:2]) or [make.make_policy()]
    actions, deadlines, verdicts, wishes, resolutions, tries = [], [], [], [], [], []
    hurried = [company.ago(30) for _ in range(8)]
    for case in cases:
        for cycle, ordinal, target in ((0, 0, CONTACT), (0, 1, CONTACT), (case.cycle, 2, CONTACT), (0, 0, RESOLUTION)):
            if maybe((0.8, 0.1, 0.3)[ordinal]):
                starts = case.responded_at
                met = any_(None, starts + 48 * HOUR, starts + 50 * HOUR, case.first_contact_at)
                deadlines.append(
                    Deadline(
                        ticket=case, cycle=cycle, ordinal=ordinal, target=target,
                        clock=any_("customer", "customer", "team"), policy=any_(*policies), calendar=any_(*calendars),
                        starts_at=starts, minutes=48 * 60, due_at=starts + 48 * HOUR, met_at=met,
                    )
                )  # fmt: skip
        tries += [_try(company, case, any_("spoke", "spoke", *OUTCOMES)) for _ in range(any_(0, 0, 1, 2))]
        tries += [_try(company, case, any_("no_answer", "left_message")) for _ in range(any_(0, 0, 3, 4))]
        actions += [_action(company, case) for _ in range(any_(0, 0, 1, 2))]
        for _ in range(any_(0, 0, 1)):
            choice = any_(*Verdict.Choice.values)
            verdicts.append(Verdict(ticket=case, cycle=0, choice=choice, happened_at=company.ago(30)))
        if case.state == TicketState.DISMISSED and maybe(0.7):
            approved = any_(True, True, False, None)
            wishes.append(
                DismissalRequest(
                    ticket=case, reason=case.dismissed_as, approved=approved, asked_at=company.ago(20),
                    decided_at=None if approved is None else company.ago(9),
                    asked_by=any_(None, *company.agents), decided_by=any_(None, company.lead, company.admin),
                )
            )  # fmt: skip
        for cycle in range(case.cycle + 1):
            for is_void in (True, False):
                if maybe(0.2 if is_void else 0.6):
                    at = any_(company.ago(30), any_(*hurried) + any_(0, 3, 5, 6) * MINUTE)
                    resolutions.append(
                        Resolution(
                            ticket=case, cycle=cycle, root_cause=any_(None, *company.causes),
                            told=any_(*Resolution.Told.values), by=any_(None, *company.agents), together=maybe(0.2),
                            happened_at=at, voided_at=min(at + DAY, NOW) if is_void else None,
                        )
                    )  # fmt: skip
    made = Action.objects.bulk_create(actions)
    ActionMove.objects.bulk_create(move for action in made for move in _moves(company, action))
    for rows in (deadlines, verdicts, wishes, resolutions, tries):
        if rows:
            type(rows[0])._base_manager.bulk_create(rows)


def _try(company: Company, case: Ticket, outcome: str) -> ContactAttempt:
    at = case.opened_at + company.any(1, 20, 60) * HOUR
    return ContactAttempt(
        ticket=case,
        cycle=company.any(0, case.cycle, case.cycle),
        by=company.any(*company.agents),
        channel="phone",
        outcome=outcome,
        happened_at=at,
        recorded_at=at,
        voided_at=company.any(None, None, None, at + DAY),
    )


def _action(company: Company, case: Ticket) -> Action:
    any_ = company.any
    first = any_(None, NOW, NOW - 3 * DAY, NOW + 3 * DAY, company.ago(20))
    state = any_(*Action.State.values)
    ended = company.ago(6)
    return Action(
        ticket=case,
        cycle=any_(0, case.cycle),
        title="Send the corrected invoice",
        owner=any_(*company.agents),
        state=state,
        first_promised_at=first,
        told_at=None if first is None else min(case.opened_at + DAY, NOW),
        due_at=(first or NOW) + any_(0, 0, 2) * DAY,
        planned_at=case.opened_at,
        done_at=any_(ended, first or ended) if state == Action.State.DONE else None,
        dropped_at=ended if state == Action.State.DROPPED else None,
    )


def _moves(company: Company, action: Action) -> list[ActionMove]:
    first = action.first_promised_at
    if first is None or action.due_at == first:
        return []
    at = min(first + company.any(-HOUR, timedelta(0), HOUR), NOW)
    return [ActionMove(action=action, from_at=first, to_at=action.due_at, reason="More was broken.", happened_at=at)]


def history(company: Company, case: Ticket) -> list[Event]:
    """Three events: how it opened, how it stood some time after, and how it stands."""
    opened, between = copy.copy(case), copy.copy(case)
    for row in (opened, between):
        row._state = copy.copy(case._state)
        row.state, row.closed_as, row.dismissed_as = TicketState.NEW, "", ""
        row.told_at = row.closed_at = row.resolved_at = row.first_contact_at = None
        row.cycle = 0
    opened.owner = None
    between.state, between.team = company.any("assigned", "contacted", "resolved"), company.any(None, *company.teams)
    between.owner = company.any(None, *company.agents)
    between.told_at, between.resolved_at = company.any(None, case.opened_at), company.any(None, case.opened_at)
    middle = case.opened_at + company.chance.random() * (case.changed_at - case.opened_at)
    stood = ((opened, case.opened_at), (between, middle), (case, case.changed_at))
    # What it came from and went to need not agree with how it stood: only what was taken up again, and the pauses while
    # the customer was asked something, read them.
    moves = company.any(
        (("", ""), ("resolved", "assigned"), ("closed", "assigned")),
        (("", ""), ("dismissed", "assigned"), ("", "")),
        (("", ""), ("contacted", ASKING), (ASKING, "contacted")),
        (("", ""), ("", ""), ("in_action", ASKING)),
        (("", ""), ("", ""), ("", "")),
    )
    corrected = company.any(None, None, None, {"from": 5, "to": 8}, {"from": 9, "to": 3})
    return [
        Event(
            ticket=row, seq=seq, cycle=row.cycle, actor_kind="system", verb=_verb(seq, corrected),
            happened_at=_said_at(company, case, at) if corrected and seq == 2 else at, recorded_at=at,
            data=(corrected or {}) if seq == 2 else {},
            first_contact=company.any("", *FirstContact.values) if seq > 1 else "",
            from_state=move[0], to_state=move[1] if seq > 1 else "new",
        )
        for seq, ((row, at), move) in enumerate(zip(stood, moves, strict=True), 1)
    ]  # fmt: skip


def _verb(seq: int, corrected: dict[str, int] | None) -> str:
    return "open" if seq == 1 else "correct-score" if seq == 2 and corrected else "note"


def _said_at(company: Company, case: Ticket, at: datetime) -> datetime:
    """At times within a day of a talk, at times right at its end."""
    return company.any(at, case.opened_at + company.any(1, 25, 44, 70) * HOUR)
