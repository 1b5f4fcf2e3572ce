"""The page a lead's day starts on: what breaks next, what nobody has, what waits for a decision, who is away.

Made from the tickets of the teams somebody leads, in a constant number of queries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from followups import counting, escalations_page, incoming_page, leaderless
from followups.models import Team, Ticket, Verdict
from followups.models.tickets import LIVE, ClosedAs
from followups.reports.metrics import reporting_day
from followups.team_page import cases, people, trouble
from followups.team_page.cases import Ask, Case
from followups.ticket_rows import Row, for_rows, rows_of
from followups.viewing import Days, Viewer
from nps_loop.people.models import User
from surveys.models import Response

# How many customers one line names.
NAMED = 6


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    anchor: str
    count: str
    hot: bool = False


@dataclass(frozen=True, slots=True)
class Late:
    """What is late already, by owner, and the ticket that waits longest."""

    count: int
    by_owner: list[tuple[str, int]]
    longest: Row | None
    href: str


@dataclass(frozen=True, slots=True)
class SaidBack:
    """What customers pressed since yesterday, of one choice: how many, and the newest of them, each ticket once."""

    choice: str
    count: int
    verdicts: list[Verdict]


@dataclass(frozen=True, slots=True)
class TeamPage:
    """Everything the template prints. `team` is None where all teams led are shown together."""

    team: Team | None
    teams: list[Team]
    heading: str
    tabs: list[Tab]
    live: str
    live_href: str
    breaking: list[Row]
    breaking_more: int
    breaking_href: str
    late: Late
    unassigned: list[Case]
    unassigned_more: int
    unassigned_href: str
    asks: list[Ask]
    decisions_more: int
    calls: list[Case]
    risks: list[Case]
    stuck: list[Response]
    failed: list[trouble.FailedMail]
    set_aside: int
    crew: people.Crew
    together: str
    together_href: str
    said: list[SaidBack]
    silent: int
    escalated: list[escalations_page.Case]
    gaps: list[leaderless.Gap]
    first: str


def teams_of(user: User) -> list[Team]:
    """The teams this person may look at here: those led, for an administrator all that take tickets. One query."""
    return list(Team.objects.led_by(user).filter(takes_tickets=True).select_related("calendar").order_by("name"))


def team_page(viewer: Viewer, teams: list[Team], team: Team | None, *, now: datetime) -> TeamPage:
    """The page for `team`, or for all of `teams`. The caller has made sure that the viewer leads them."""
    chosen_teams = [team] if team else teams
    chosen = Team.objects.filter(pk__in=[each.pk for each in chosen_teams])
    tickets = for_rows().select_related("rule").filter(team__in=chosen.order_by().values("pk"))
    days = Days.around(now, team.calendar if team else viewer.calendar)
    link = _Links(team)
    parts = {
        "live": tickets.filter(state__in=LIVE),
        "breaking": cases.breaking(tickets, now=now),
        "late": cases.late(tickets, now=now),
        "unassigned": cases.unassigned(tickets),
        "asked": cases.asked(tickets),
        "calls": cases.who_calls(tickets),
        "together": Ticket.objects.filter(team__in=chosen.order_by().values("pk")).resolved_together(),
    }
    counts = counting.count_each(parts)
    requests = list(parts["asked"][: cases.SHOWN])
    fetched: dict[str, list[Ticket]] = {
        "breaking": list(parts["breaking"][: cases.SHOWN]),
        "late": list(parts["late"][:1]),
        "unassigned": list(parts["unassigned"][: cases.SHOWN]),
        "asked": list(tickets.filter(pk__in=[request.ticket_id for request in requests])),
        "calls": list(parts["calls"][: cases.SHOWN]),
        "risks": list(cases.at_risk(tickets, today=reporting_day(now))[: 3 * cases.SHOWN]),
    }
    rows = {row.ticket.pk: row for row in rows_of(_each_once(fetched), viewer, days)}
    not_yets = cases.not_yets_of([*fetched["calls"], *fetched["risks"]])
    crew = people.crew_of(chosen.order_by().values("pk"), lambda user: link.tickets("at_work", owner=user.pk), now=now)
    found = people.last_round() if fetched["unassigned"] else None
    asks = [cases.ask(rows[request.ticket_id], request, viewer.user.pk) for request in requests]
    shown = {ticket.pk for name in ("breaking", "unassigned", "asked", "calls") for ticket in fetched[name]}
    risks = [
        Case(rows[ticket.pk], cases.risk_reason(rows[ticket.pk], not_yets, now))
        for ticket in fetched["risks"]
        if ticket.pk not in shown
    ][: cases.SHOWN]
    calls = [Case(rows[t.pk], cases.risk_reason(rows[t.pk], not_yets, now)) for t in fetched["calls"]]
    late = Late(
        count=counts["late"],
        by_owner=_late_by_owner(parts["late"]),
        longest=rows[fetched["late"][0].pk] if fetched["late"] else None,
        href=link.tickets("late"),
    )
    about = people.complained_about(fetched["unassigned"])
    unassigned = [
        Case(
            rows[ticket.pk],
            gettext("nobody to reach: no e-mail, no number")
            if ticket.nobody_to_reach
            else people.why_nobody(ticket, crew, found, about),
        )
        for ticket in fetched["unassigned"]
    ]
    breaking = [rows[ticket.pk] for ticket in fetched["breaking"]]
    return TeamPage(
        team=team,
        teams=teams,
        heading=team.name if team else gettext("All my teams"),
        tabs=_tabs(counts, risks=len(risks)),
        decisions_more=counts["asked"] + counts["calls"] - len(asks) - len(calls),
        live=counting.in_words(counts["live"]),
        live_href=link.list(live="true"),
        breaking=breaking,
        breaking_more=counts["breaking"] - len(breaking),
        breaking_href=link.tickets("breaking"),
        late=late,
        unassigned=unassigned,
        unassigned_more=counts["unassigned"] - len(unassigned),
        unassigned_href=link.tickets("unassigned"),
        asks=asks,
        calls=calls,
        risks=risks,
        stuck=trouble.stuck_answers(chosen),
        failed=trouble.failed_mails(tickets, now=now),
        set_aside=incoming_page.lying_too_long(team.calendar if team else viewer.calendar, now=now),
        crew=crew,
        together=counting.in_words(counts["together"]) if counts["together"] else "",
        together_href=link.list(together="true"),
        said=_said_back(tickets, now),
        silent=tickets.filter(closed_as=ClosedAs.UNCONFIRMED, closed_at__gte=_yesterday(now)).count(),
        escalated=escalations_page.cases_of(
            escalations_page.open_ones([each.pk for each in chosen_teams], now=now, limit=cases.SHOWN), viewer
        ),
        gaps=leaderless.gaps(chosen_teams, now=now),
        first=_first(fetched),
    )


class _Links:
    def __init__(self, team: Team | None) -> None:
        self.team = {"team": team.slug} if team else {}

    def list(self, **asked: object) -> str:
        return f"{reverse('tickets')}?{urlencode({**asked, **self.team})}"

    def tickets(self, figure: str, **more: object) -> str:
        return self.list(figure=figure, **more)


def _each_once(fetched: Mapping[str, list[Ticket]]) -> list[Ticket]:
    return list({ticket.pk: ticket for part in fetched.values() for ticket in part}.values())


def _first(fetched: Mapping[str, list[Ticket]]) -> str:
    """The group whose first row carries the one primary button of the page."""
    return next((name for name in ("breaking", "unassigned", "asked", "calls", "risks") if fetched[name]), "")


def _late_by_owner(late: Any) -> list[tuple[str, int]]:
    """(name, how many), most first; nobody's come last."""
    counts = list(late.order_by().values_list("owner").annotate(n=Count("pk")))
    users = User.objects.in_bulk([key for key, _ in counts if key])
    named = [(users[key].name if key else "", n) for key, n in counts]
    return sorted(((name or gettext("nobody"), n) for name, n in named), key=lambda row: (-row[1], row[0].casefold()))


def _yesterday(now: datetime) -> datetime:
    """When yesterday began, by the reader's clock."""
    local = timezone.localtime(now) - timedelta(days=1)
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def _said_back(tickets: Any, now: datetime) -> list[SaidBack]:
    """One query. Beyond the last 200 presses nobody counts."""
    verdicts = (
        Verdict.objects.filter(ticket__in=tickets.order_by().values("pk"), happened_at__gte=_yesterday(now))
        .select_related("ticket__contact")
        .order_by("-happened_at", "-pk")[:200]
    )
    newest: dict[str, dict[int, Verdict]] = {choice: {} for choice in Verdict.Choice.values}
    for verdict in verdicts:
        newest[verdict.choice].setdefault(verdict.ticket_id, verdict)
    return [SaidBack(choice, len(found), list(found.values())[:NAMED]) for choice, found in newest.items() if found]


def _tabs(counts: Mapping[str, int], *, risks: int) -> list[Tab]:
    words = {name: counting.in_words(n) for name, n in counts.items()}
    return [
        Tab(gettext("Breaking in 24 h"), "h-break", words["breaking"]),
        Tab(gettext("Late"), "h-late", words["late"], hot=counts["late"] > 0),
        Tab(gettext("Unassigned"), "h-un", words["unassigned"]),
        Tab(gettext("To decide"), "h-appr", counting.in_words(counts["asked"] + counts["calls"])),
        Tab(gettext("At risk"), "h-risk", str(risks)),
    ]
