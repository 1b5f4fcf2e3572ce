"""What /team/fairness/ shows a lead: load per available hour, who was given what and why, and whether that is even."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Count
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from followups.availability import after_working_days, available_minutes
from followups.fairness import Spread, jain_within, spread_within
from followups.given import ANY, FREE, RULES, GivenIn, bounds, given_between
from followups.models import Member, Team, Ticket
from followups.models.tickets import AT_WORK
from followups.reports.metrics import reporting_day
from nps_loop.people.models import User

# The period unless another is asked for, and the longest: working hours are counted day by day for everybody.
USUAL, LONGEST = timedelta(days=27), timedelta(days=366)
WORKING_DAYS_AHEAD = 5
# Nothing smaller is told apart: where counts are small, chance is played out a thousand times.
SMALLEST_P = 0.002


class PeriodForm(forms.Form):
    """Which team and days. What does not fit is said beside the field, and the usual period is shown."""

    team = forms.ChoiceField(label=_("Team"), required=False)
    day_from = forms.DateField(label=_("From"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    day_to = forms.DateField(label=_("To"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    use_required_attribute = False

    def __init__(self, data: Any, *, teams: Sequence[Team], today: date) -> None:
        self.today = today
        super().__init__({"day_from": today - USUAL, "day_to": today} | {key: data[key] for key in data if data[key]})
        self.fields["team"].choices = [  # type: ignore[attr-defined]
            ("", gettext("All my teams")),
            *((team.slug, team.name) for team in teams),
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        first, last = data.get("day_from"), data.get("day_to")
        if first and last and first > last:
            self.add_error("day_to", gettext("The last day comes before the first."))
        elif first and last and last - first > LONGEST:
            self.add_error("day_from", gettext("At most a year at a time."))
        return data

    @property
    def days(self) -> tuple[date, date]:
        if self.is_valid():
            return self.cleaned_data["day_from"], self.cleaned_data["day_to"]
        return self.today - USUAL, self.today


@dataclass(frozen=True, slots=True)
class Counted:
    """A number and the list of the very tickets that it counted; no address where it is nought."""

    n: int
    href: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Why a ticket came to somebody, and how that stands as the head of a column."""

    name: str

    @property
    def words(self) -> str:
        return rule_words(self.name)


@dataclass(frozen=True, slots=True)
class Line:
    """One person. Hours are of the next five working days for the load, and of the period for what was given.

    `by_rule` has each rule and how often it gave.
    """

    user: User
    load: Counted
    hours_ahead: float
    per_hour_ahead: float | None
    given: Counted
    hours: float
    per_hour: float | None
    by_rule: tuple[tuple[Rule, Counted], ...]


@dataclass(frozen=True, slots=True)
class Evenness:
    """How even shares are: of everything given, or of what the assigner was free to choose."""

    of: str
    label: str
    n: int
    index: float | None
    spread: Spread | None

    @property
    def verdict(self) -> str:
        if self.spread is None:
            return gettext("Too few tickets or people to say anything.")
        if self.spread.within_chance:
            return gettext("Within chance: no more uneven than if each had gone to somebody at random.")
        return gettext("More uneven than chance would make it: worth a look at why.")

    @property
    def chance(self) -> str:
        """How often chance alone would spread it as far."""
        if self.spread is None:
            return ""
        if self.spread.p < SMALLEST_P:
            return gettext("p below %(p)s") % {"p": formats.number_format(SMALLEST_P, 3)}
        return gettext("p = %(p)s") % {"p": formats.number_format(self.spread.p, 3)}


@dataclass(frozen=True, slots=True)
class TeamEvenness:
    """How even shares are among the people of one team, who alone get its tickets."""

    team: Team
    evenness: tuple[Evenness, ...]


@dataclass(frozen=True, slots=True)
class Shares:
    """Who has what, and who was given what on the days `first` to `last`. `rules` are those of `Line.by_rule`.

    `evenness` compares everybody with their own team, however many teams there are; `by_team` is each team alone.
    """

    rules: tuple[Rule, ...]
    lines: list[Line]
    evenness: tuple[Evenness, ...]
    by_team: tuple[TeamEvenness, ...]
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class FairnessPage:
    form: PeriodForm
    team: Team | None
    shares: Shares


def rule_words(rule: str) -> str:
    """A rule as the head of a column."""
    return {
        "conversation": gettext("In conversation"),
        "same_contact": gettext("Same customer"),
        "same_account": gettext("Same company"),
        "account_owner": gettext("Account owner"),
        "least_load": gettext("Least load"),
        "cap_yielded": gettext("Beyond the cap"),
        "skills_yielded": gettext("Without the skills"),
        "pulled": gettext("Asked for it"),
        "by_hand": gettext("By hand"),
    }.get(rule, gettext("Otherwise"))


def fairness_page(teams: Sequence[Team], asked: Any, *, now: datetime) -> FairnessPage:
    """The page for the teams somebody leads. Eight queries, whatever they hold."""
    form = PeriodForm(asked, teams=teams, today=reporting_day(now))
    first, last = form.days
    wanted = form.cleaned_data.get("team") if form.is_valid() else ""
    team = teams[0] if len(teams) == 1 else next((each for each in teams if each.slug == wanted), None)
    return FairnessPage(form, team, shares([team] if team else teams, first, last, now=now))


def shares(chosen: Sequence[Team], first: date, last: date, *, now: datetime) -> Shares:
    """The figures of these teams for these days, both included. Eight queries, whatever they hold."""
    start, end = bounds(first, last)
    given = given_between(start, end).filter(ticket__team__in=chosen)
    # A ticket is of one team, so what teams counted apart adds up.
    of_teams = {
        (row["ticket__team"], row["to"], row["rule"]): row["n"]
        for row in given.values("ticket__team", "to", "rule").annotate(n=Count("ticket", distinct=True))
    }
    totals_of_teams = {
        (row["ticket__team"], row["to"]): row["n"]
        for row in given.values("ticket__team", "to").annotate(n=Count("ticket", distinct=True))
    }
    by_rule: Counter[tuple[int, str]] = Counter()
    for (_team, to, rule), n in of_teams.items():
        by_rule[to, rule] += n
    totals: Counter[int] = Counter()
    for (_team, to), n in totals_of_teams.items():
        totals[to] += n
    members = list(
        Member.objects.filter(team__in=chosen, is_active=True, user__is_active=True)
        .select_related("user", "team__calendar")
        .order_by("team", "pk")
    )
    at_work = Ticket.objects.filter(state__in=AT_WORK, team__in=chosen, owner__isnull=False).order_by()
    loads = dict(at_work.values_list("owner").annotate(n=Count("pk")))
    capacity: dict[int, int] = {}
    for member in members:
        capacity[member.user_id] = capacity.get(member.user_id, 0) + member.capacity
    users = {member.user_id: member.user for member in members}
    users |= User.objects.in_bulk((totals.keys() | loads.keys()) - users.keys())
    hours = {user: minutes / 60 for user, minutes in available_minutes(members, start=start, end=min(end, now)).items()}
    ahead = _hours_ahead(members, now)
    shown = tuple(Rule(name) for name in RULES if any(key[1] == name for key in by_rule))
    link = _Links(chosen, first, last)

    def count_by_rule(pk: int, rule: Rule) -> Counted:
        times = by_rule.get((pk, rule.name), 0)
        return Counted(times, link.given(pk, rule.name) if times else "")

    lines = []
    for pk, user in users.items():
        if not capacity.get(pk) and not totals.get(pk) and not loads.get(pk):
            continue
        n, load = totals.get(pk, 0), loads.get(pk, 0)
        lines.append(
            Line(
                user=user,
                load=Counted(load, link.load(pk) if load else ""),
                hours_ahead=ahead.get(pk, 0.0),
                per_hour_ahead=load / ahead[pk] if ahead.get(pk) else None,
                given=Counted(n, link.given(pk, ANY) if n else ""),
                hours=hours.get(pk, 0.0),
                per_hour=n / hours[pk] if hours.get(pk) else None,
                by_rule=tuple((rule, count_by_rule(pk, rule)) for rule in shown),
            )
        )
    lines.sort(key=lambda line: (line.user.name.casefold(), line.user.pk))
    free_of_teams: Counter[tuple[int, int]] = Counter()
    for (of_team, to, rule), n in of_teams.items():
        free_of_teams[of_team, to] += n if rule in FREE else 0

    def evenness(teams: Sequence[Team]) -> tuple[Evenness, ...]:
        groups = [_weights(members, team, hours) for team in teams]
        return (
            _evenness("free", gettext("Where the assigner was free to choose"), free_of_teams, groups),
            _evenness("all", gettext("Everything that was given"), totals_of_teams, groups),
        )

    return Shares(
        rules=shown,
        lines=lines,
        evenness=evenness(chosen),
        by_team=tuple(TeamEvenness(team, evenness([team])) for team in chosen),
        first=first,
        last=last,
    )


def _weights(members: Sequence[Member], team: Team, hours: Mapping[int, float]) -> dict[tuple[int, int], float]:
    """(team, user) -> what each of this team could take."""
    return {
        (member.team_id, member.user_id): weight
        for member in members
        if member.team_id == team.pk and (weight := member.capacity * hours.get(member.user_id, 0.0)) > 0
    }


def _evenness(
    of: str, label: str, counts: Mapping[tuple[int, int], int], teams: Sequence[Mapping[tuple[int, int], float]]
) -> Evenness:
    """Everybody of these teams, given by their weights, against their own team."""
    groups = [([counts.get(key, 0) for key in weights], list(weights.values())) for weights in teams]
    return Evenness(
        of=of,
        label=label,
        n=sum(sum(seen) for seen, _ in groups),
        index=jain_within(groups),
        spread=spread_within(groups),
    )


def _hours_ahead(members: Sequence[Member], now: datetime) -> dict[int, float]:
    """User -> hours at work in the next five working days of the team they are first in."""
    by_end: dict[datetime, list[Member]] = {}
    for member in members:
        end = after_working_days(member.team.calendar.hours, now, WORKING_DAYS_AHEAD)
        if end is not None:
            by_end.setdefault(end, []).append(member)
    found: dict[int, float] = {}
    for end, rows in by_end.items():
        for user, minutes in available_minutes(rows, start=now, end=end).items():
            found.setdefault(user, minutes / 60)
    return found


class _Links:
    """Addresses of the lists behind the numbers."""

    def __init__(self, teams: Sequence[Team], first: date, last: date) -> None:
        self.teams = [team.slug for team in teams]
        self.first, self.last = first, last

    def load(self, user: int) -> str:
        return self._to(owner=user, state=[str(state) for state in AT_WORK])

    def given(self, user: int, rule: str) -> str:
        return self._to(given=str(GivenIn(user, rule, self.first, self.last)))

    def _to(self, **query: Any) -> str:
        return f"{reverse('tickets')}?{urlencode({'team': self.teams, **query}, doseq=True)}"
