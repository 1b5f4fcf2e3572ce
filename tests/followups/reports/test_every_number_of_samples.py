"""The sample company that the demo shows: every number of every page opens what it counted, and is what a recount finds.

What the tests write is rolled back.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from followups.models import RollupDay
from followups.models.rollups import TALLIES
from followups.reports.metrics import ReportFilters
from followups.reports.rollups.keeping import rebuild
from nps_loop.people.models import User
from tests.factories import DAY, NOW
from tests.followups.reports import numbers
from tests.followups.reports.books import Books
from tests.followups.reports.checks import check_api, check_lists, check_metrics, query_of
from tests.followups.reports.printed import check_pages
from tests.followups.reports.test_every_number import PAGES, short_pages
from tests.samples.conftest import Loaded, at_now, client_of, loaded

pytestmark = [pytest.mark.longest, pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
__all__ = ["at_now", "loaded", "short_pages"]

MORE = pytest.mark.full
WAYS = ("team", "touchpoint", "segment", "brand")


@pytest.mark.usefixtures("short_pages")
@pytest.mark.parametrize("who", ["lead", *(pytest.param(who, marks=MORE) for who in ("agent", "admin"))])
def test_every_number_of_the_sample_company(loaded: Loaded, who: str, capsys: Any) -> None:
    client = client_of(who)
    follower, wrong, held = numbers.Follower(client), [], 0
    for page in PAGES:
        if page == "people/" and who == "agent":
            continue
        answer = client.get(f"/reports/{page}")
        assert answer.status_code == 200
        found, n = numbers.wrong_numbers(answer.content.decode(), follower)
        wrong += [f"/reports/{page}: {line}" for line in found]
        held += n
    with capsys.disabled():
        print(f"\n{who}: {held} numbers held, {len(follower.counts)} lists opened")
    assert not wrong, "\n".join(wrong)
    assert held > 300


# --- against a naive recount -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def books(loaded: Loaded, django_db_blocker: Any) -> Books:
    """All rows of the set, read once."""
    with django_db_blocker.unblock():
        return Books(NOW)


def asked_by(who: str, days: int = 90, **narrowing: Any) -> ReportFilters:
    viewer = User.objects.get(username=who) if who else None
    last = NOW.date()
    return ReportFilters(day_from=last - timedelta(days=days - 1), day_to=last, viewer=viewer, **narrowing)


def drop_rollups() -> None:
    RollupDay.objects.all().delete()
    for model in TALLIES.values():
        model.objects.all().delete()


def check_all(asked: ReportFilters, books: Books) -> None:
    """Functions, API and pages."""
    check_metrics(asked, books, WAYS)
    check_api(asked, books, list(WAYS[:2]))
    if asked.viewer is not None:
        check_pages(asked.viewer, query_of(asked), books)


@pytest.mark.parametrize("who", ["lead", *(pytest.param(who, marks=MORE) for who in ("agent", "admin", ""))])
def test_every_figure_is_that_of_a_naive_recount_with_rollups_dropped_and_rebuilt(
    loaded: Loaded, books: Books, who: str
) -> None:
    asked = asked_by(who)
    check_all(asked, books)
    check_lists(asked, books)
    drop_rollups()
    check_metrics(asked, books, WAYS)
    rebuild(now=NOW)
    assert RollupDay.objects.filter(stale_at__isnull=True).exists()
    check_all(asked, books)


@pytest.mark.parametrize(
    "narrowing",
    [
        {"touchpoint": "-", "days": 30},
        pytest.param({"segment": "Key account", "days": 365}, marks=MORE),
        pytest.param({"band": "detractor", "days": 365}, marks=MORE),
        pytest.param({"survey_kind": "transactional", "days": 13}, marks=MORE),
    ],
)
def test_so_are_those_of_a_part_of_it(loaded: Loaded, books: Books, narrowing: dict[str, Any]) -> None:
    asked = asked_by("admin", **narrowing)
    check_metrics(asked, books, WAYS)
    check_lists(asked, books)


@pytest.mark.parametrize("back", [20, pytest.param(60, marks=MORE)])
def test_so_are_those_of_a_past_moment(loaded: Loaded, back: int) -> None:
    moment = NOW - back * DAY
    check_metrics(asked_by("admin", as_of=moment), Books(moment, then=True), WAYS)
