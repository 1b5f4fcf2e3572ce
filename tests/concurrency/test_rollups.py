"""Writers never wait for each other over a day, and none is lost, whenever the day is counted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection, transaction

from followups.models import AnswerTally, RollupDay, RollupKind, RollupMark
from followups.reports import metrics
from followups.reports.metrics import ReportFilters
from followups.reports.rollups import answers, keeping
from surveys.models import Response
from tests.concurrency.test_tickets import at_once
from tests.factories import DAY, NOW, make_response

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time"),
]
THE_DAY = date(2026, 11, 20)
FILTERS = ReportFilters(THE_DAY, THE_DAY)


def an_answer(score: int = 9) -> Response:
    return make_response(score, responded_at=NOW - 4 * DAY, day=THE_DAY)


def n_shown() -> int:
    return metrics.nps_report(FILTERS, now=NOW).nps.n


def n_kept() -> int:
    rows = AnswerTally.objects.filter(way="", day=THE_DAY)
    return sum(getattr(row, f"score_{score}") for row in rows for score in range(11))


@contextmanager
def in_another_transaction(work: Any) -> Iterator[threading.Event]:
    """`work` was done in a transaction that ends when the event is set."""
    done, go = threading.Event(), threading.Event()

    def run() -> None:
        try:
            with transaction.atomic():
                work()
                done.set()
                assert go.wait(20)
        finally:
            done.set()
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert done.wait(20)
    yield go
    go.set()
    thread.join(20)
    assert not thread.is_alive()


def test_two_writers_of_one_day_do_not_wait_for_each_other() -> None:
    one, other = an_answer(), an_answer()
    first = in_another_transaction(lambda: Response.objects.filter(pk=one.pk).update(score=1, band="detractor"))
    with first, transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1ms'")
        Response.objects.filter(pk=other.pk).update(score=2, band="detractor")
        an_answer()


def commits_while_the_day_is_counted() -> None:
    """A writer whose answer is not seen yet when the day is read, and there when the new counts are."""
    seen = answers.count

    def count(*args: Any, **kwargs: Any) -> Any:
        found = seen(*args, **kwargs)
        thread = threading.Thread(target=lambda: (an_answer(), connection.close()))
        thread.start()
        thread.join(20)
        return found

    with patch.object(answers, "count", count):
        keeping.count_days(RollupKind.ANSWERS, [THE_DAY], now=NOW)


def test_whoever_commits_while_a_day_is_counted_is_not_lost() -> None:
    an_answer()
    commits_while_the_day_is_counted()
    assert n_kept() == 1
    assert RollupMark.objects.filter(kind=RollupKind.ANSWERS, day=THE_DAY).count() == 1
    assert n_shown() == 2
    keeping.flush(now=NOW)
    assert (n_kept(), n_shown()) == (2, 2)


def test_the_race_is_there_where_marks_are_taken_after_counting() -> None:
    """The same, were all marks deleted after the count: the answer is lost. So the test above proves something."""
    an_answer()
    commits_while_the_day_is_counted()
    RollupMark.objects.filter(kind=RollupKind.ANSWERS, day=THE_DAY).delete()
    assert n_shown() == 1


def test_whoever_commits_after_the_marks_were_taken_is_counted_next_time() -> None:
    an_answer()
    with in_another_transaction(an_answer) as go:
        keeping.flush(now=NOW)
        assert n_shown() == 1
        go.set()
    assert RollupMark.objects.filter(kind=RollupKind.ANSWERS, day=THE_DAY).exists()
    assert n_shown() == 2
    keeping.flush(now=NOW)
    assert (n_kept(), n_shown()) == (2, 2)


def test_two_counts_at_once_keep_every_row_once() -> None:
    for _ in range(30):
        an_answer()
    at_once(4, lambda _n: keeping.flush(now=NOW))
    keeping.flush(now=NOW)
    assert n_kept() == 30
    assert RollupDay.objects.filter(kind=RollupKind.ANSWERS, day=THE_DAY).count() == 1
    assert keeping.check_all(now=NOW)[1] == []


def test_writers_and_counts_in_any_order_end_right() -> None:
    def work(n: int) -> None:
        for _ in range(8):
            if n < 3:
                an_answer(n)
            else:
                keeping.flush(now=NOW)

    at_once(5, work)
    assert n_shown() == 24
    keeping.flush(now=NOW)
    assert n_kept() == 24
    assert not RollupMark.objects.exists()
    assert keeping.check_all(now=NOW)[1] == []
