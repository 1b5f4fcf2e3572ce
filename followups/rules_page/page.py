"""One book of rules as a page: the list, the counts of 30 days, what it changes, and the versions before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Count
from django.http import QueryDict
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from followups import rule_books
from followups.conditions import Look
from followups.models import Decision, Rule, RuleBook, Ticket
from followups.rehearsal import KIND
from followups.reports.answers_page import chosen
from followups.reports.metrics import ReportFilters, reporting_day
from followups.rules_page.trying import Trial
from followups.rules_page.wording import Names, difference, then, when
from followups.viewing import Viewer
from nps_loop.jobs.models import Job

COUNTED = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Line:
    """A rule as the list shows it. `look` is what came of the trial; `is_first` and `is_last` of its kind."""

    rule: Rule
    number: int
    when: SafeString
    then: str
    count: int
    url: str
    is_first: bool
    is_last: bool
    look: Look | None = None
    is_hit: bool = False
    is_passed_by: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """A book among its kind, with what it changed against the one before."""

    book: RuleBook
    changes: list[str]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the last replay of a draft as it stands found."""

    answers: int
    days: int
    same_team: int
    team: int
    more: int
    less: int
    url: str


@dataclass(frozen=True, slots=True)
class RulesPage:
    book: RuleBook
    in_force: RuleBook | None
    draft: RuleBook | None
    opens: list[Line]
    holds: list[Line]
    # How many answers no rule fitted, and where to read them.
    nothing_fits: tuple[int, str]
    changes: list[str]
    versions: list[Version]
    may_edit: bool
    # What a form of the draft carries: how often it was changed, empty where there is none yet.
    edits: str
    of_all_teams: bool
    trial: Trial | None = None
    replayed: Replayed | None = None
    names: Names = field(default_factory=lambda: Names({}, {}, {}))


def book_page(viewer: Viewer, book: RuleBook, *, now: datetime, trial: Trial | None = None) -> RulesPage:
    """The page of a book for a lead or an administrator. A fixed number of queries."""
    names, rules = Names.read(), rule_books.rules_of(book)
    in_force, draft = rule_books.in_force(), rule_books.draft()
    since = reporting_day(now) - COUNTED
    counts = _counts(viewer, since)
    versions = _versions(names)
    changes = next((version.changes for version in versions if version.book.pk == book.pk), [])
    return RulesPage(
        book=book,
        in_force=in_force,
        draft=draft,
        opens=_lines(rules, Rule.Kind.OPEN, names, counts, since, trial),
        holds=_lines(rules, Rule.Kind.HOLD, names, counts, since, trial),
        nothing_fits=_without_a_rule(viewer, since, now),
        changes=changes,
        versions=versions,
        # While there is a draft, it is what is edited; else editing what is in force begins one.
        may_edit=book.is_draft or (book.is_in_force and draft is None),
        edits=str(draft.edits) if draft else "",
        of_all_teams=viewer.user.is_superuser,
        trial=trial,
        replayed=_last_replay(book) if book.is_draft else None,
        names=names,
    )


def _last_replay(book: RuleBook) -> Replayed | None:
    """Of the last few replays the newest of this draft, unless it was changed since. One query."""
    for job in Job.objects.filter(kind=KIND, state=Job.State.DONE).order_by("-pk")[:20]:
        if (job.parameters["book"], job.parameters["edits"]) == (book.pk, book.edits):
            counts = {name: job.result["counts"].get(name, 0) for name in ("same_team", "team", "more", "less")}
            url = reverse("rules-replay", args=[job.pk])
            return Replayed(job.result["answers"], job.parameters["days"], url=url, **counts)
    return None


def _counts(viewer: Viewer, since: date) -> Mapping[tuple[str, str], int]:
    """(kind, slug) -> tickets this person may see whose answers are of the last 30 days. Two queries."""
    seen = Ticket.objects.visible_to(viewer.user).filter(day__gte=since).order_by()
    opened = seen.filter(rule__isnull=False).values_list("rule__slug").annotate(n=Count("pk", distinct=True))
    held = Decision.objects.filter(ticket__in=seen.values("pk"), hold_rule__isnull=False)
    holds = held.order_by().values_list("hold_rule__slug").annotate(n=Count("ticket", distinct=True))
    return {(Rule.Kind.OPEN, slug): n for slug, n in opened} | {(Rule.Kind.HOLD, slug): n for slug, n in holds}


def _without_a_rule(viewer: Viewer, since: date, now: datetime) -> tuple[int, str]:
    """How many answers no rule fitted, and where to read them. One query."""
    filters = ReportFilters(day_from=since, day_to=reporting_day(now), viewer=viewer.user)
    asked = QueryDict(mutable=True)
    asked.update({"day_from": since.isoformat(), "day_to": filters.day_to.isoformat(), "decided": "no_rule"})
    return chosen(filters, asked).order_by().count(), f"{reverse('report-answers')}?{asked.urlencode()}"


def _lines(
    rules: Sequence[Rule],
    kind: str,
    names: Names,
    counts: Mapping[tuple[str, str], int],
    since: date,
    trial: Trial | None,
) -> list[Line]:
    of_kind = [rule for rule in rules if rule.kind == kind]
    filter_name = "rule" if kind == Rule.Kind.OPEN else "hold_rule"
    hit = trial.hits.get(kind) if trial else None
    lines, passed = [], False
    for number, rule in enumerate(of_kind, 1):
        query = urlencode({filter_name: rule.slug, "day_from": since.isoformat()})
        is_hit = hit is not None and rule.pk == hit
        lines.append(
            Line(
                rule=rule,
                number=number,
                when=when(rule, names),
                then=then(rule, names),
                count=counts.get((kind, rule.slug), 0),
                url=f"{reverse('tickets')}?{query}",
                is_first=number == 1,
                is_last=number == len(of_kind),
                look=trial.looks.get(rule.pk) if trial and not passed else None,
                is_hit=is_hit,
                is_passed_by=passed,
            )
        )
        passed = passed or is_hit
    return lines


def _versions(names: Names) -> list[Version]:
    """Every book, the newest first, each with what it changed. Two queries."""
    books = list(RuleBook.objects.select_related("made_by", "put_in_force_by").order_by("number"))
    rules: dict[int, list[Rule]] = {book.pk: [] for book in books}
    for rule in Rule.objects.select_related("team").order_by("position", "id"):
        rules[rule.book_id].append(rule)
    found = []
    for before, book in zip([None, *books], books, strict=False):
        if before is None:
            found.append(Version(book, [gettext("The first one.")]))
            continue
        rows = rule_books.differences(rules[before.pk], rules[book.pk])
        found.append(Version(book, [difference(row, names) for row in rows]))
    return found[::-1]
