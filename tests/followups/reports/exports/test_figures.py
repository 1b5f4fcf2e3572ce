"""Figures as a file: for each report, and each question, the numbers that page and API give for it, and no more."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.urls import reverse

from followups.models import SetGoal, Team
from followups.reports import metrics
from followups.reports.exports.figures.listing import ALL, PAGES
from followups.reports.page.frame import PAGE_OF_EXPORT
from nps_loop.people.models import ApiKey, User
from surveys.models import Response
from tests import factories as make
from tests.factories import DAY, NOW
from tests.followups.reports.exports.reading import client_of, content_of, csv_of
from tests.followups.reports.exports.said import (
    Numbers,
    said_of_accounts,
    said_of_causes,
    said_of_causes_in_closure,
    said_of_closure,
    said_of_closure_before,
    said_of_effect,
    said_of_goals,
    said_of_now,
    said_of_nps,
    said_of_nps_before,
    said_of_people,
    said_of_recovery,
    said_of_reopening,
    said_of_response_rate,
    said_of_times,
    said_of_touchpoints,
    said_of_worth,
)
from tests.followups.reports.lives import throw_together
from tests.kept_rows import for_a_module

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

FIRST, LAST = (NOW - 60 * DAY).date(), NOW.date()
DAYS = {"day_from": str(FIRST), "day_to": str(LAST)}
# What is before: as many days, and the same weeks a year ago.
BEFORE = {"day_from": str(FIRST - timedelta(days=61)), "day_to": str(FIRST - timedelta(days=1))}
A_YEAR_AGO = {"day_from": str(FIRST - timedelta(weeks=52)), "day_to": str(LAST - timedelta(weeks=52))}

Key = tuple[str, str, str, str, str, str]  # report, group, name, from, to, figure


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(scope="module")
def company(django_db_setup: Any, django_db_blocker: Any) -> Iterator[User]:
    """Many tickets and answers of these days and of those before; an administrator reads."""
    with for_a_module(django_db_blocker):
        with time_machine.travel(NOW, tick=False):
            reader = _many_tickets()
        yield reader


def _many_tickets() -> User:
    throw_together(7, tickets=120, answers=60)
    accounts = [make.make_account(f"Company {n}", segment="Key account", annual_value=1_000 + n) for n in range(3)]
    for n, response in enumerate(Response.objects.order_by("pk")):
        response.account = accounts[n % 3]
        if n % 2:
            response.responded_at -= (364 if n % 10 == 9 else 61) * DAY
        response.day = response.responded_at.date()
        response.product = ("Pump", "Valve", "")[n % 3]
        response.save()
        if ticket := getattr(response, "ticket", None):
            ticket.day, ticket.responded_at, ticket.account = response.day, response.responded_at, response.account
            ticket.save()
    for _ in range(3):
        make.make_invitation()
    admin = make.make_admin()
    SetGoal.objects.create(
        metric="told", team=None, target=70, valid_from=date(2025, 1, 1), set_by=admin, set_at=NOW - 400 * DAY
    )
    return admin


def api(user: User, report: str, **asked: str) -> dict[str, Any]:
    answer = client_of(user).get(f"/api/v1/reports/{report}/", {**DAYS, **asked})
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def exported(user: User, page: str = "", **asked: str) -> dict[Key, Numbers]:
    """The rows of the export for the same question, by what they are of."""
    asked = {**DAYS, **asked, **({"page": page} if page else {})}
    answer = client_of(user).get("/api/v1/exports/figures.csv", asked)
    assert answer.status_code == 200, answer.content
    return rows_of(content_of(answer))


def rows_of(content: bytes) -> dict[Key, Numbers]:
    found: dict[Key, Numbers] = {}
    for row in csv_of(content):
        names = ("report", "group", "name", "period_from", "period_to", "figure")
        numbers = (row[name] for name in ("count", "of", "rate", "low", "high"))
        key: Any = tuple(row[name] for name in names)
        known = tuple(float(number) if number else None for number in numbers)
        assert found.setdefault(key, known) == known, key
    return found


def everything_said(user: User, **asked: str) -> dict[Any, Numbers]:
    """All that the API says about one question."""
    compare, by = asked.pop("compare", "before"), asked.pop("by", "")
    ways = ",".join(dict.fromkeys(["touchpoint", "segment", "survey_kind", *filter(None, by.split(","))]))
    closure = api(user, "closure", by=by or "touchpoint", **asked)
    parts = [
        said_of_nps(api(user, "nps", by=ways, **asked)),
        said_of_closure(closure),
        said_of_now(closure),
        said_of_causes_in_closure(closure),
        said_of_recovery(api(user, "recovery", **asked)),
        said_of_reopening(api(user, "reopening", **asked)),
        said_of_times(api(user, "times", **asked)),
        said_of_causes(api(user, "causes", **asked)),
        said_of_touchpoints(api(user, "touchpoints", compare=compare, **asked)),
        said_of_response_rate(api(user, "response-rate", **asked)),
        said_of_people(api(user, "people", **asked)),
        said_of_effect(api(user, "effect", **asked)),
        said_of_worth(api(user, "worth", **asked)),
        said_of_accounts(api(user, "accounts", **asked)),
    ]
    if "as_of" not in asked:
        parts.append(said_of_goals(api(user, "goals", **asked)))
    if compare != "none":
        days = BEFORE if compare == "before" else A_YEAR_AGO
        then = {**asked, **days}
        # The weeks of a year ago are weeks; those of so many days before are cut elsewhere than the API cuts them.
        periods = compare == "year"
        parts += [
            said_of_nps_before(api(user, "nps", **then), periods=periods),
            said_of_closure_before(api(user, "closure", **then), periods=periods),
            said_of_reopening(api(user, "reopening", **then), "before"),
            said_of_times(api(user, "times", **then), is_before=True),
        ]
    return {key: numbers for part in parts for key, numbers in part}


def same(exports: dict[Key, Numbers], said: dict[Any, Numbers]) -> None:
    """Every row that the API knows is in the file with the same numbers."""
    missing = sorted(set(said) - set(exports))
    assert not missing, missing[:20]
    differing = {key: (exports[key], numbers) for key, numbers in said.items() if exports[key] != numbers}
    assert not differing, list(differing.items())[:10]


# What the file has besides: differences to the time compared with, tables under curves, people together, and causes
# on their upper level and by period, which the API leaves to whoever adds them up.
BESIDES = re.compile(r"change$|_change$|_by_then$|_by_goal$|^first_contact_(happened|waiting)$|^resolution_|^causes-")


QUESTIONS: list[dict[str, str]] = [
    {},
    {"by": "product,team", "compare": "year"},
    {"compare": "none", "by": "person", "segment": "Key account"},
    {"team": "North", "by": "segment", "band": "detractor"},
]


@pytest.mark.parametrize("asked", QUESTIONS, ids=lambda asked: urlencode(asked) or "as it is")
def test_the_file_holds_what_the_api_says_for_the_same_question(company: User, asked: dict[str, str]) -> None:
    if "team" in asked:
        asked = {**asked, "team": Team.objects.get(name=asked["team"]).slug}
    found, said = exported(company, **asked), everything_said(company, **asked)
    same(found, said)
    more = {
        key
        for key in set(found) - set(said)
        if not BESIDES.search(key[5]) and key[:2] != ("people", "all") and key[0] != "causes"
        and key[:3] != ("touchpoints", "touchpoint", "") and key[5] != "due" and key[1] != "before"
    }  # fmt: skip
    assert not more, sorted(more)[:20]
    if asked.get("compare") == "none":
        assert not any(key[1] == "before" or key[5].endswith("change") for key in found)


def test_a_cohort_of_enough_is_compared_as_the_page_says(company: User) -> None:
    rows = exported(company, "overview")
    days = (str(FIRST), str(LAST))
    for name in ("declared", "told", "confirmed", "on_time"):
        now, before = rows["closure", "all", "", *days, name], rows["closure", "before", "", *BEFORE.values(), name]
        value = rows["closure", "all", "", *days, f"{name}_change"][2]
        assert now[2] is not None and before[2] is not None
        assert value == pytest.approx(100 * (now[2] - before[2]))
    change = rows["nps", "all", "", *days, "change"]
    then, now = rows["nps", "before", "", *BEFORE.values(), "nps"], rows["nps", "all", "", *days, "nps"]
    assert change[2] == pytest.approx((now[2] or 0) - (then[2] or 0))
    same(rows, {("nps", "all", "", *days, "change"): _change(api(company, "nps"))})


def _change(found: Mapping[str, Any]) -> Numbers:
    return (None, None, *(found["change"][name] for name in ("points", "low", "high")))


def test_stretches_and_causes_count_the_tickets_that_their_names_open(company: User) -> None:
    def listed(figure: str, first: str, last: str, **more: str) -> float:
        filters = metrics.ReportFilters(date.fromisoformat(first), date.fromisoformat(last), viewer=company, **more)
        return float(metrics.figure_queryset(figure, filters, now=NOW).count())

    seen = set()
    for (report, group, name, first, last, figure), numbers in exported(company).items():
        if group == "customer_clock" and name and figure.endswith(("happened", "waiting")) and first == str(FIRST):
            kinds = {
                "first_contact_happened": "spoken", "first_contact_waiting": "unspoken",
                "resolution_happened": "resolved", "resolution_waiting": "unresolved",
            }  # fmt: skip
            start, _dash, end = name.rstrip("+").partition("-")
            assert numbers[0] == listed(f"{kinds[figure]}-{start}-{end}", first, last), (name, figure)
            seen.add("stretch")
        if report == "causes" and group in ("all", "band") and figure.startswith("cause"):
            assert numbers[0] == listed(figure, first, last, **({"band": name} if name else {})), (name, figure)
            seen.add(group)
    assert seen == {"stretch", "all", "band"}


def test_a_page_has_what_all_together_have_of_it(company: User) -> None:
    whole = exported(company, by="team")
    for page in PAGES:
        part = exported(company, page, by="team")
        assert part and len(part) < len(whole)
        assert {key: whole[key] for key in part} == part, page


def test_together_the_pages_show_all_that_pages_show() -> None:
    shown = {report for reports in PAGES.values() for report in reports}
    assert {report.__name__ for report in ALL} - {report.__name__ for report in shown} == {"effect"}


def test_every_report_page_offers_the_file_of_what_it_shows(company: User) -> None:
    for name in (*PAGE_OF_EXPORT, "report-goals"):
        _offers_its_file(company, name)


def _offers_its_file(company: User, name: str) -> None:
    asked = {"period": "own", **DAYS, "segment": "Key account", "compare": "year", "by": "product"}
    page = client_of(company).get(reverse(name), asked)
    assert page.status_code == 200
    (link,) = set(re.findall(r'href="(/exports/figures\.csv\?[^"]*)"', page.content.decode()))
    answer = client_of(company).get(link.replace("&amp;", "&"))
    assert answer.status_code == 200
    words = csv_of(content_of(answer))
    keys = exported(company, PAGE_OF_EXPORT.get(name, "goals"), **{k: v for k, v in asked.items() if k != "period"})
    assert words and len(words) >= len(keys)
    numbers = {tuple(row[name] for name in ("Of", "From", "To", "Figure", "Count", "Out of", "Value")) for row in words}
    as_keys = {(key[2], *key[3:], *(_written(number) for number in found[:3])) for key, found in keys.items()}
    assert {(*row[:4], *(_written(float(n) if n else None) for n in row[4:])) for row in numbers} == as_keys


def _written(number: float | None) -> str:
    return "" if number is None else repr(float(number))


def test_nonsense_on_a_page_is_not_handed_on_to_its_file(company: User) -> None:
    page = client_of(company).get("/reports/closure/?by=nonsense&compare=never&surplus=1")
    (link,) = set(re.findall(r'href="(/exports/figures\.csv\?[^"]*)"', page.content.decode()))
    assert link == "/exports/figures.csv?page=closure&amp;period=weeks" or link == "/exports/figures.csv?page=closure"
    assert client_of(company).get(link.replace("&amp;", "&")).status_code == 200


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("by=nonsense", "by"), ("by=team,team,region,product,segment,language,brand", "by"), ("compare=never", "compare"),
        ("page=nowhere", "page"), ("page=accounts&figure=none", "figure"),
        ("page=goals&as_of=2026-11-20T10:00:00Z", "as_of"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_and_says_what_does(company: User, asked: str, field: str) -> None:
    answer = client_of(company).get(f"/api/v1/exports/figures.csv?{asked}")
    assert answer.status_code == 400
    assert field in answer.content.decode()
    assert client_of(company).get(f"/exports/figures.csv?{asked}").status_code == 400


# --- rights ----------------------------------------------------------------------------------------------------


def test_somebody_of_another_team_gets_no_more_than_their_own_pages_show(company: User) -> None:
    south = Team.objects.get(name="South")
    agent = User.objects.filter(memberships__team=south)[0]
    found = exported(agent)
    for report, say in (
        ("nps", said_of_nps), ("closure", said_of_closure), ("recovery", said_of_recovery), ("worth", said_of_worth),
        ("reopening", said_of_reopening), ("times", said_of_times), ("causes", said_of_causes),
        ("accounts", said_of_accounts),
    ):  # fmt: skip
        by = {"by": "touchpoint"} if report == "closure" else {}
        same(found, dict(say(api(agent, report, team=south.slug, **by))))  # type: ignore[operator]
    assert {key[0] for key in found} == {
        "nps", "closure", "recovery", "reopening", "times", "causes", "touchpoints", "worth", "accounts", "effect",
    }  # fmt: skip
    assert not [key for key in found if key[0] == "touchpoints" and key[5] == "answered"]
    for page in ("people", "goals"):
        for address in ("/exports", "/api/v1/exports"):
            assert client_of(agent).get(f"{address}/figures.csv?page={page}").status_code == 404


def test_a_key_that_speaks_for_nobody_reads_everything(company: User) -> None:
    _key, secret = ApiKey.objects.issue("bi", "read")
    headers = {"Authorization": f"Bearer {secret}"}
    answer = client_of(company).get("/api/v1/exports/figures.csv", {**DAYS, "by": "account"}, headers=headers)
    assert rows_of(content_of(answer)) == exported(company, by="account")


# --- companies, however many -----------------------------------------------------------------------------------


def test_companies_of_a_figure_are_those_of_the_page(company: User) -> None:
    found = exported(company, "accounts", figure="at_risk")
    said = dict(said_of_accounts(api(company, "accounts", figure="at_risk")))
    same(found, said)
    assert {key for key in found if key[0] == "accounts"} == set(said)
