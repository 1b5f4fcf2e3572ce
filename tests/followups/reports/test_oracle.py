"""Every figure of every report against a naive recount, over companies at random: metrics, API, page and lists alike."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from followups.reports import metrics
from followups.reports.metrics import ReportFilters
from followups.reports.metrics.ways import NAMES
from nps_loop.people.models import ApiKey, User
from tests.conftest import counted
from tests.factories import DAY, NOW
from tests.followups.reports import recount
from tests.followups.reports.books import Books
from tests.followups.reports.companies import Company, companies, make_company

pytestmark = pytest.mark.django_db

WAYS = [*NAMES, "attribute:plan", "attribute:seats"]
TODAY = NOW.date()


def asked_at_random(company: Company, *, then: bool) -> ReportFilters:
    """A cohort with one or two things that narrow it, or none, for the eyes of anybody."""
    any_ = company.any
    narrowing: dict[str, Any] = {}
    for _ in range(any_(0, 0, 1, 2)):
        name, value = any_(
            ("team", any_(*company.teams).slug),
            ("band", any_("detractor", "passive")),
            ("touchpoint", any_("-", company.touchpoints[0].slug, company.touchpoints[1].slug)),
            ("segment", any_("-", "Key account")),
            ("region", any_("-", "Nordics")),
            ("survey_kind", any_("relational", "transactional")),
            ("product", any_("-", "Ä & B")),
            ("account", any_(*company.accounts).pk),
            ("account_owner", any_(*company.agents).pk),
            ("business_unit", any_("-", "Sea")),
            ("language", any_("-", "de")),
            ("brand", any_(f"other-{company.agents[0].pk}", "nobody-has-it")),
            ("attributes", (("plan", any_("gold", "-")),)),
        )
        narrowing[name] = value
    days = any_(6, 13, 45, 90, 200)
    return ReportFilters(
        day_from=TODAY - timedelta(days=days),
        day_to=TODAY - timedelta(days=any_(0, 0, 3)),
        viewer=any_(*company.viewers),
        as_of=NOW - company.chance.randint(0, 40) * DAY if then else None,
        **narrowing,
    )


def same(found: Any, expected: Any, where: str) -> None:
    """Equal, floats but for rounding; what the recount does not name is not looked at."""
    if isinstance(expected, dict):
        if isinstance(found, list):
            found = {group["slug"]: group for group in found}
            if where.endswith("root_causes"):
                found = {slug: cause["tickets"] for slug, cause in found.items()}
            assert set(found) == set(expected), where
        for name, value in expected.items():
            same(found[name], value, f"{where}.{name}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for number, (one, other) in enumerate(zip(found, expected, strict=True)):
            known = {name: value for name, value in other.items() if name in one}
            same(one, known, f"{where}[{number}]")
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, abs=1e-9), where
    else:
        assert found == expected, where


def check_metrics(asked: ReportFilters, books: Books, ways: Iterable[str]) -> None:
    by = list(ways)
    closure = metrics.closure_report(asked, now=NOW).as_dict()
    for way in by:
        groups = metrics.closure_groups(asked, metrics.way_of(way), now=NOW)
        closure[f"by_{way}"] = [group.as_dict() for group in groups]
    same(metrics.nps_report(asked, now=NOW, by=by).as_dict(), books.nps(asked, by), "nps")
    same(closure, books.closure(asked, by), "closure")
    same(metrics.recovery_report(asked, now=NOW).as_dict(), books.recovery(asked), "recovery")
    same(metrics.worth_report(asked, now=NOW).as_dict(), books.worth(asked), "worth")
    same(metrics.reopening_report(asked, now=NOW).as_dict(), books.reopening(asked), "reopening")
    same(metrics.response_rate_report(asked, now=NOW).as_dict(), books.response_rate(asked), "asked")
    people = {
        person.user.pk: (dict(person.counts.by_name), person.at_work, person.capacity, person.away is not None)
        for person in metrics.people_report(asked, now=NOW)
    }
    assert people == books.people(asked)


def check_lists(asked: ReportFilters, books: Books) -> None:
    """Each figure opens the very tickets that were counted."""
    loops, everything = books.cohort(asked), books.cohort(asked, all_days=True)
    now = books.now
    expected = recount.tickets_of(loops) | books.promises(loops)[1]
    expected["late"] = books.falls_due(everything, None, now)
    expected["breaking"] = books.falls_due(everything, now, now + DAY)
    for loop in loops:
        if loop.cause:
            expected.setdefault(f"cause-{loop.cause.slug}", set()).add(loop.ticket.pk)
    for name, tickets in expected.items():
        assert set(metrics.figure_queryset(name, asked, now=NOW).values_list("pk", flat=True)) == tickets, name


once = settings(
    deadline=None,
    max_examples=counted(10, 200),
    # A smaller seed is no smaller company: there is nothing to shrink.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@given(companies(), st.booleans())
@once
def test_every_figure_of_every_report_equals_a_naive_recount(chance: random.Random, then: bool) -> None:
    with transaction.atomic():
        company = make_company(chance)
        asked = asked_at_random(company, then=then)
        books = Books(asked.as_of or NOW, then=then)
        check_metrics(asked, books, chance.sample(WAYS, 4))
        check_lists(asked, books)
        transaction.set_rollback(True)


def query_of(asked: ReportFilters) -> str:
    return urlencode(asked.as_dict(), doseq=True)


@given(companies(), st.booleans())
@settings(once, max_examples=counted(4, 100))
def test_page_and_api_show_the_figures_of_the_recount(chance: random.Random, then: bool) -> None:
    with transaction.atomic():
        company = make_company(chance, tickets=40, answers=40)
        asked = asked_at_random(company, then=then)
        books = Books(asked.as_of or NOW, then=then)
        ways = chance.sample(WAYS, 2)
        with time_machine.travel(NOW, tick=False):
            check_api(asked, books, ways)
            if asked.viewer is not None and set(asked.narrowed) <= set(ON_THE_PAGE):
                check_page(asked.viewer, asked, books)
        transaction.set_rollback(True)


ON_THE_PAGE = ("touchpoint", "segment", "account_owner", "survey_kind")


def check_api(asked: ReportFilters, books: Books, ways: list[str]) -> None:
    client, key = Client(), {}
    if asked.viewer is not None:
        client.force_login(asked.viewer)
    else:
        _row, secret = ApiKey.objects.issue("Reports", "read")
        key = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    for name, expected in (
        ("nps", books.nps(asked, ways)),
        ("closure", books.closure(asked, ways)),
        ("recovery", books.recovery(asked)),
        ("worth", books.worth(asked)),
        ("reopening", books.reopening(asked)),
    ):
        answer = client.get(f"/api/v1/reports/{name}/?{query_of(asked)}&by={','.join(ways)}", **key)
        assert answer.status_code == 200, answer.content
        same(answer.json(), expected, name)


def check_page(viewer: User, asked: ReportFilters, books: Books) -> None:
    """The numbers as they are printed: answers, the parts of the cohort, what is counted in each period and group."""
    client = Client()
    client.force_login(viewer)
    answer = client.get(f"/reports/?period=own&{query_of(asked)}")
    assert answer.status_code == 200
    page = answer.context["page"]
    text = " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())
    # Whoever is in one team sees that team's figures, and a choice that is not theirs is left out: what is shown.
    asked = answer.context["frame"].filters
    counts = books.closure(asked, ())
    for name in ("cohort", "due", "declared", "told", "confirmed", "on_time", "dismissed"):
        assert page.counts[name] == counts[name], name
    nps = books.nps(asked, ())
    if nps["nps"] is not None:
        sign = "+" if round(nps["nps"]) > 0 else "−" if round(nps["nps"]) < 0 else ""
        assert f"{sign}{abs(round(nps['nps']))}" in text
        assert [scores.nps.n for _, scores in page.nps.by_period] == [period["n"] for period in nps["by_period"]]
    if counts["cohort"]:
        for name in ("due", "declared", "told", "confirmed"):
            assert re.search(rf"\b{counts[name]}\b", text), name
