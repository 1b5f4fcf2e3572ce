"""What a report says held against the recount: the functions behind it, the lists behind its figures, and the API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from followups.reports import metrics
from followups.reports.metrics import ReportFilters
from nps_loop.people.models import ApiKey, User
from tests.factories import NOW
from tests.followups.reports import recount
from tests.followups.reports.books import Books, about, again, answers, asked, exported, loops, persons, rows, times
from tests.followups.reports.books.arithmetic import rate
from tests.followups.reports.exports.reading import content_of, csv_of

STRETCHES = ((0, None), (0, 24), (24, 48), (48, 120), (120, None))


def same(found: Any, expected: Any, where: str) -> None:
    """Equal, floats but for rounding; what the recount does not name is not looked at."""
    if isinstance(expected, dict):
        if isinstance(found, list):
            found = {group.get("slug", group.get("id")): group for group in found}
            if where.endswith("root_causes"):
                found = {slug: cause["tickets"] for slug, cause in found.items()}
            assert set(found) == set(expected), where
        for name, value in expected.items():
            same(found[name], value, f"{where}.{name}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for number, (one, other) in enumerate(zip(found, expected, strict=True)):
            if isinstance(other, dict):
                other = {name: value for name, value in other.items() if name in one}
            same(one, other, f"{where}[{number}]")
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, abs=1e-9), where
    else:
        assert found == expected, where


def check_metrics(filters: ReportFilters, books: Books, ways: Iterable[str]) -> None:
    by = list(ways)
    closure = metrics.closure_report(filters, now=NOW).as_dict()
    for way in by:
        groups = metrics.closure_groups(filters, metrics.way_of(way), now=NOW)
        closure[f"by_{way}"] = [group.as_dict() for group in groups]
    same(metrics.nps_report(filters, now=NOW, by=by).as_dict(), answers.nps(books, filters, by), "nps")
    same(closure, loops.closure(books, filters, by), "closure")
    same(metrics.times_report(filters, now=NOW).as_dict(), times.times(books, filters), "times")
    same(metrics.recovery_report(filters, now=NOW).as_dict(), again.recovery(books, filters), "recovery")
    same(metrics.worth_report(filters, now=NOW).as_dict(), again.worth(books, filters), "worth")
    same(metrics.reopening_report(filters, now=NOW).as_dict(), loops.reopening(books, filters), "reopening")
    same(metrics.response_rate_report(filters, now=NOW).as_dict(), asked.response_rate(books, filters), "asked")
    people = {
        person.user.pk: (dict(person.counts.by_name), person.at_work, person.capacity, person.away is not None)
        for person in metrics.people_report(filters, now=NOW)
    }
    assert people == persons.people(books, filters)


def check_lists(filters: ReportFilters, books: Books) -> None:
    """Each figure opens the very tickets that were counted."""
    cohort, everything = books.cohort(filters), books.cohort(filters, all_days=True)
    now = books.now
    expected = recount.tickets_of(cohort) | loops.promises(books, cohort)[1]
    expected["late"] = loops.falls_due(books, everything, None, now)
    expected["breaking"] = loops.falls_due(books, everything, now, now + rows.DAY)
    for loop in cohort:
        if loop.cause:
            expected.setdefault(f"cause-{loop.cause.slug}", set()).add(loop.ticket.pk)
            area = loop.cause.parent or loop.cause
            expected.setdefault(f"causes-{area.slug}", set()).add(loop.ticket.pk)
    for kind in ("spoken", "unspoken", "resolved", "unresolved"):
        for start, end in STRETCHES:
            expected[f"{kind}-{start}-{'' if end is None else end}"] = times.waits_within(
                books, filters, kind, start, end
            )
    for name, tickets in expected.items():
        found = metrics.figure_queryset(name, filters, now=NOW).values_list("pk", flat=True)
        assert set(found) == tickets, name


# --- the API ---------------------------------------------------------------------------------------------------


def query_of(filters: ReportFilters) -> str:
    return urlencode(filters.as_dict(), doseq=True)


class Caller:
    """Asks the API as whoever looks; as a key that reads everything where nobody does."""

    def __init__(self, filters: ReportFilters) -> None:
        self.filters, self.client, self.key = filters, Client(), {}
        if filters.viewer is not None:
            self.client.force_login(filters.viewer)
        else:
            _row, secret = ApiKey.objects.issue("Reports", "read")
            self.key = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}

    def get(self, address: str, more: str = "", status: int = 200) -> Any:
        answer = self.client.get(f"/api/v1/{address}?{query_of(self.filters)}{more}", **self.key)
        assert answer.status_code == status, answer.content
        return answer


def check_api(filters: ReportFilters, books: Books, ways: list[str]) -> None:
    caller, by = Caller(filters), f"&by={','.join(ways)}"
    for name, expected in (
        ("nps", answers.nps(books, filters, ways)),
        ("closure", loops.closure(books, filters, ways)),
        ("times", times.times(books, filters)),
        ("recovery", again.recovery(books, filters)),
        ("worth", again.worth(books, filters)),
        ("reopening", loops.reopening(books, filters)),
        ("causes", about.causes(books, filters)),
    ):
        same(caller.get(f"reports/{name}/", by).json(), expected, name)
    for compare in about.BACK:
        found = caller.get("reports/touchpoints/", f"&compare={compare}").json()["touchpoints"]
        expected = about.touchpoints(books, filters, compare, leads=persons.leads_somebody(books, filters))
        same(found, expected, f"touchpoints.{compare}")
    for figure in ("", *about.FIGURES):
        check_accounts(caller, figure, about.accounts(books, filters, figure))
    if not persons.leads_somebody(books, filters):
        for name in ("people", "response-rate"):
            caller.get(f"reports/{name}/", status=404)
        return
    same(caller.get("reports/response-rate/").json(), asked.response_rate(books, filters), "response-rate")
    people = {person["user"]: person for person in caller.get("reports/people/").json()["people"]}
    expected_people = persons.people(books, filters)
    assert set(people) == {books.users[key].username for key in expected_people}
    for key, (counts, at_work, capacity, away) in expected_people.items():
        found = people[books.users[key].username]
        same(found, {**counts, "at_work": at_work, "capacity": capacity}, f"people.{key}")
        assert (found["away_until"] is not None) == away
        for name in ("declared", "told", "confirmed", "on_time", "dismissed"):
            same(found["rates"][name], rate(counts[name], counts["due"]), f"people.{key}.{name}")


def check_accounts(caller: Caller, figure: str, expected: dict[int, dict[str, Any]]) -> None:
    """All pages together; those worth most first."""
    listed: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        more = {name: value for name, value in (("figure", figure), ("after", after)) if value}
        page = caller.get("reports/accounts/", f"&{urlencode(more)}").json()
        assert page["n"] == len(expected)
        listed += page["accounts"]
        after = page["after"]
    same(listed, expected, f"accounts.{figure}")
    values = [float(each["annual_value"] or 0) for each in listed]
    assert values == sorted(values, reverse=True)


# --- the export --------------------------------------------------------------------------------------------------

COLUMNS = (
    "report", "group", "name", "period_from", "period_to", "figure", "unit", "count", "of", "rate", "low", "high",
)  # fmt: skip


def check_export(viewer: User, query: str, filters: ReportFilters, books: Books) -> None:
    """Rows of the file of figures about answers, loops, recovery, who was asked and who works: all of them, as often.

    `filters` is what `query` asks for in the viewer's eyes. What else the file holds is compared with the API, which is
    recounted, in `exports/test_figures.py`.
    """
    client = Client()
    client.force_login(viewer)
    answer = client.get(f"/api/v1/exports/figures.csv?{query}")
    assert answer.status_code == 200, answer.content
    found = Counter(_numbered(row) for row in csv_of(content_of(answer)))
    expected = exported.exported(books, filters, leads=persons.leads_somebody(books, filters))
    wanted = Counter(_numbered(dict(zip(COLUMNS, row, strict=True))) for row in expected)
    assert not wanted - found, wanted - found


def _numbered(row: dict[str, Any]) -> tuple[Any, ...]:
    """A row with its numbers rounded, so that two ways to the same one are one; nothing is None."""
    numbers = [None if row[name] in ("", None) else round(float(row[name]), 8) for name in COLUMNS[7:]]
    return (*(row[name] for name in COLUMNS[:7]), *numbers)
