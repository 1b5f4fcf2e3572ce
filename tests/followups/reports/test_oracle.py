"""Every figure of every report against a naive recount, over companies at random: metrics, API, page and lists alike."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from followups.reports.metrics import ReportFilters
from followups.reports.metrics.ways import NAMES
from tests.conftest import counted
from tests.factories import DAY, NOW
from tests.followups.reports.books import Books
from tests.followups.reports.checks import check_api, check_lists, check_metrics, query_of
from tests.followups.reports.companies import Company, companies, make_company
from tests.followups.reports.printed import check_pages

pytestmark = [pytest.mark.longest, pytest.mark.django_db]

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


@given(companies(), st.booleans())
@settings(once, max_examples=counted(4, 200))
def test_page_and_api_show_the_figures_of_the_recount(chance: random.Random, then: bool) -> None:
    with transaction.atomic():
        company = make_company(chance, tickets=40, answers=40)
        asked = asked_at_random(company, then=then)
        books = Books(asked.as_of or NOW, then=then)
        ways = chance.sample(WAYS, 2)
        with time_machine.travel(NOW, tick=False):
            check_api(asked, books, ways)
            if asked.viewer is not None and set(asked.narrowed) <= set(ON_THE_PAGE):
                check_pages(asked.viewer, query_of(asked), books)
        transaction.set_rollback(True)


ON_THE_PAGE = ("touchpoint", "segment", "account_owner", "survey_kind")
