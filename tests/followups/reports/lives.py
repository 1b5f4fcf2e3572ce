"""Tickets in every state there is, thrown together at random but always the same for the same seed."""

from __future__ import annotations

import random
from datetime import timedelta

from followups.models import Action, Team, Ticket, Verdict
from followups.models.tickets import ClosedAs, DismissReason, TicketState
from nps_loop.people.models import User
from surveys.models import Response, Touchpoint
from tests import factories as make
from tests.factories import DAY, HOUR, NOW

SEGMENTS = ("Key account", "Mid market", "")
CLOSINGS = [closing for closing in ClosedAs if closing]
REASONS = [reason for reason in DismissReason if reason]


def throw_together(seed: int, tickets: int = 60, answers: int = 60) -> None:
    """Two teams, three touchpoints, five causes, `tickets` tickets and as many more answers as `answers`."""
    chance = random.Random(seed)
    agents = [make.make_user() for _ in range(4)]
    teams = [
        make.make_team("North", agents=tuple(agents[:2]), is_default=True),
        make.make_team("South", agents=tuple(agents[2:])),
    ]
    touchpoints = [make.make_touchpoint(name) for name in ("Invoice", "Support case", "Release")]
    teams[1].touchpoints.add(touchpoints[0])
    causes = [make.make_root_cause() for _ in range(5)]
    for _ in range(tickets):
        ticket = _ticket(chance, teams, agents, touchpoints)
        for _ in range(chance.choice((0, 0, 1, 2))):
            _action(chance, ticket)
        if chance.random() < 0.8:
            met = ticket.first_contact_at if chance.random() < 0.9 else None
            make.make_deadline(ticket, cycle=0, met_at=met)
        if ticket.cycle and chance.random() < 0.5:
            make.make_deadline(ticket, met_at=ticket.first_contact_at)
        if chance.random() < 0.3:
            make.make_verdict(ticket, chance.choice(Verdict.Choice.values))
        if ticket.state == TicketState.DISMISSED and chance.random() < 0.6:
            make.make_dismissal_request(ticket, reason=ticket.dismissed_as, approved=chance.random() < 0.7)
        for cycle in range(ticket.cycle + 1):
            if chance.random() < 0.6:
                voided = NOW if chance.random() < 0.2 else None
                cause = chance.choice([*causes, None])
                make.make_resolution(ticket, cause, cycle=cycle, voided_at=voided)
    for _ in range(answers):
        _answer(chance, chance.randint(0, 10), touchpoints)


def _answer(chance: random.Random, score: int, touchpoints: list[Touchpoint]) -> Response:
    return make.make_response(
        score,
        responded_at=NOW - chance.randint(0, 60) * DAY - chance.randint(0, 20) * HOUR,
        touchpoint=chance.choice([*touchpoints, None]),
        segment=chance.choice(SEGMENTS),
        survey_kind=chance.choice(("relational", "transactional")),
        excluded_as=chance.choice(("", "", "", "test", "own_staff")),
        team_id_then=chance.choice([None, None, *Team.objects.values_list("pk", flat=True)]),
    )


def _ticket(chance: random.Random, teams: list[Team], agents: list[User], touchpoints: list[Touchpoint]) -> Ticket:
    response = _answer(chance, chance.randint(0, 8), touchpoints)
    state = chance.choice(TicketState.values)
    contacted = response.responded_at + chance.randint(1, 90) * HOUR
    return make.make_ticket(
        response,
        state=state,
        team=chance.choice([*teams, None]),
        owner=chance.choice([*agents, None]),
        closed_as=chance.choice(CLOSINGS) if state == TicketState.CLOSED else "",
        dismissed_as=chance.choice(REASONS) if state == TicketState.DISMISSED else "",
        cycle=chance.choice((0, 0, 0, 1, 2)),
        nobody_to_reach=chance.random() < 0.1,
        left_in_peace=chance.random() < 0.1,
        told_at=NOW if chance.random() < 0.5 else None,
        first_contact_at=contacted if chance.random() < 0.7 and contacted < NOW else None,
        resolution_due_at=chance.choice((None, NOW, NOW - DAY, response.responded_at + 21 * DAY)),
        due_at=chance.choice((None, NOW, NOW - HOUR, NOW + HOUR, NOW + DAY, NOW + 5 * DAY)),
        changed_at=NOW - chance.randint(0, 12) * DAY,
    )


def _action(chance: random.Random, ticket: Ticket) -> None:
    first = chance.choice((None, NOW, NOW - 3 * DAY, NOW + 3 * DAY))
    state = chance.choice(Action.State.values)
    moved_by = chance.choice((timedelta(0), timedelta(0), 2 * DAY))
    action = make.make_action(
        ticket,
        first_promised_at=first,
        due_at=(first or NOW) + moved_by,
        state=state,
        done_at=chance.choice((NOW - 4 * DAY, NOW - HOUR)) if state == Action.State.DONE else None,
    )
    if first is not None and moved_by:
        at = first + (-HOUR, timedelta(0), HOUR)[action.pk % 3]
        action.moves.create(from_at=first, to_at=action.due_at, reason="More was broken.", happened_at=at)
