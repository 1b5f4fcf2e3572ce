"""/escalations/: what went out about times that run out, to whom, and who looks after it. Open ones first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext

from followups import leaderless
from followups.acknowledging import may_acknowledge
from followups.ladder_words import how_in_words, level_in_words, step_in_words
from followups.ladders import ladders_of
from followups.models import Deadline, Escalation, LadderStep, SlaPolicy, Team, Ticket
from followups.models.tickets import AT_WORK
from followups.viewing import Viewer
from nps_loop.people.models import User

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One step that was reached, and what became of it. `to` names those who were told."""

    row: Escalation
    what: str
    to: str

    @property
    def untold(self) -> str:
        return str(self.row.get_untold_display()) if self.row.untold else ""


@dataclass(frozen=True, slots=True)
class Case:
    """One time that runs out or ran out, with its steps in order. `may`: whether the viewer could look after it."""

    deadline: Deadline
    name: str
    steps: list[Line]
    may: bool

    @property
    def ticket(self) -> Ticket:
        return self.deadline.ticket

    @property
    def first(self) -> Escalation | None:
        """The one a button names: any step that was told stands for the deadline."""
        return next((line.row for line in self.steps if line.row.told_at), None)

    @property
    def last_told(self) -> Line | None:
        """The newest step of which somebody heard."""
        return next((line for line in reversed(self.steps) if line.row.told_at), None)

    @property
    def acknowledged(self) -> Escalation | None:
        return next((line.row for line in self.steps if line.row.acknowledged_at), None)

    @property
    def may_look_after(self) -> bool:
        """Whether a button stands here: it is still owed, somebody was told, and nobody has said so yet."""
        return self.may and self.deadline.is_open and self.first is not None and self.acknowledged is None


@dataclass(frozen=True, slots=True)
class Ladder:
    policy: SlaPolicy
    steps: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class EscalationsPage:
    open: list[Case]
    more_open: bool
    past: list[Case]
    gaps: list[leaderless.Gap]
    undirected: list[Team]
    ladders: list[Ladder] = field(default_factory=list)


def teams_of(user: User) -> QuerySet[Team]:
    """Teams led and teams directed; all of them for an administrator."""
    if user.is_superuser:
        return Team.objects.all()
    led = Team.objects.led_by(user).order_by().values("pk")
    return Team.objects.filter(Q(pk__in=led) | Q(director=user))


def escalations_page(viewer: Viewer, *, now: datetime) -> EscalationsPage:
    """The page for a lead, a director or an administrator. Nine queries."""
    teams = list(teams_of(viewer.user).select_related("calendar", "director").order_by("name"))
    shown = open_ones([team.pk for team in teams], now=now, limit=SHOWN + 1)
    newest = list(
        Escalation.objects.filter(ticket__team__in=[team.pk for team in teams]).order_by("-happened_at", "-pk")[
            : 2 * SHOWN
        ]
    )
    past = _deadlines_of(newest, without={row.key for row in shown})
    cases = cases_of([*shown[:SHOWN], *past], viewer)
    policies = list(SlaPolicy.objects.filter(is_active=True).order_by("position", "-version"))
    ladders = ladders_of([policy.pk for policy in policies])
    taking = [team for team in teams if team.takes_tickets]
    return EscalationsPage(
        open=cases[: len(shown[:SHOWN])],
        more_open=len(shown) > SHOWN,
        past=cases[len(shown[:SHOWN]) :],
        gaps=leaderless.gaps(taking, now=now),
        undirected=reaching_no_director((step for steps in ladders.values() for step in steps), taking),
        ladders=[Ladder(policy, steps_in_words(ladders[policy.pk])) for policy in policies],
    )


def reaching_no_director(steps: Iterable[LadderStep], teams: Iterable[Team]) -> list[Team]:
    """The teams, with their directors, for which a step to a director stands and reaches nobody."""
    if all(step.who != LadderStep.Who.DIRECTOR for step in steps):
        return []
    return leaderless.undirected(teams)


def steps_in_words(steps: Iterable[LadderStep]) -> list[tuple[str, str]]:
    """(who and when, how) of each."""
    return [(step_in_words(step), how_in_words(step)) for step in steps]


def open_ones(teams: Sequence[int], *, now: datetime, limit: int) -> list[Deadline]:
    """What is late, was told, and nobody looks after, of these teams' tickets, the longest late first. One query.

    Found by the tickets that are late, which are few beside all that runs.
    """
    told = Escalation.objects.unanswered().filter(
        ticket=OuterRef("ticket"), cycle=OuterRef("cycle"), target=OuterRef("target"), ordinal=OuterRef("ordinal")
    )
    rows = (
        Deadline.objects.filter(
            met_at=None,
            dropped_at=None,
            ticket__team__in=teams,
            ticket__state__in=AT_WORK,
            ticket__due_at__lte=now,
        )
        .filter(Exists(told))
        .select_related(*WITH)
        .order_by("ticket__due_at", "ticket_id", "due_at", "pk")
    )
    # A late ticket may have other times, of which somebody was only warned.
    return [row for row in rows[: 3 * limit] if row.binding_at <= now][:limit]


WITH = ("ticket__owner", "ticket__contact", "ticket__account", "ticket__team", "ticket__response")


def _deadlines_of(rows: Sequence[Escalation], *, without: set[Any]) -> list[Deadline]:
    """The deadlines these rows are about, the newest row first, each once. One query."""
    keys = dict.fromkeys(row.key for row in rows if row.key not in without)
    found = Deadline.objects.filter(ticket__in={key[0] for key in keys}).select_related(*WITH)
    by_key = {row.key: row for row in found}
    return [by_key[key] for key in keys if key in by_key][:SHOWN]


def cases_of(deadlines: Iterable[Deadline], viewer: Viewer) -> list[Case]:
    """Each deadline with its steps in order, in the order given. Two queries."""
    deadlines = list(deadlines)
    keys = {row.key for row in deadlines}
    rows = [
        row
        for row in Escalation.objects.filter(ticket__in={key[0] for key in keys})
        .select_related("step__endpoint", "acknowledged_by")
        .order_by("happened_at", "pk")
        if row.key in keys
    ]
    people = User.objects.in_bulk({pk for row in rows for pk in row.told_to})
    lines: dict[Any, list[Line]] = {key: [] for key in keys}
    for row in rows:
        to = ", ".join(people[pk].name for pk in row.told_to if pk in people)
        lines[row.key].append(Line(row, level_in_words(row), to))
    return [
        Case(
            row,
            name_of(row.ticket, viewer),
            lines[row.key],
            may=may_acknowledge(row.ticket, viewer.user, viewer.roles_on(row.ticket)),
        )
        for row in deadlines
    ]


def name_of(ticket: Ticket, viewer: Viewer) -> str:
    """The customer as this person may read them."""
    if ticket.contact is None:
        return gettext("Nobody known")
    shown = viewer.sees_name(ticket, ticket.response.share_name if ticket.response else None)
    return str(ticket.contact) if shown else gettext("A customer")


def one_case(escalation: Escalation, viewer: Viewer) -> Case | None:
    """The deadline an escalation is about; None where there is none any more."""
    ticket, cycle, target, ordinal = escalation.key
    found = Deadline.objects.filter(ticket=ticket, cycle=cycle, target=target, ordinal=ordinal).select_related(*WITH)
    return next(iter(cases_of(found[:1], viewer)), None)
