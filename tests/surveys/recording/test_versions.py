"""The newest version by the vendor's own time stands; every version is kept."""

from datetime import datetime, timedelta

import pytest

from surveys.incoming import IncomingResponse
from surveys.models import Response
from surveys.recording import record_responses
from tests.factories import DAY, NOW, make_source

pytestmark = pytest.mark.django_db

T1, T2, T3 = (NOW - timedelta(hours=hours) for hours in (3, 2, 1))


def send(score: int, version_at: datetime | None = None, comment: str = "", now: datetime = NOW, **fields) -> str:
    incoming = IncomingResponse(
        row=1, score=score, external_id="r-1", comment=comment, version_at=version_at, **{"responded_at": T1, **fields}
    )
    (outcome,) = record_responses(make_source(), [incoming], now=now)
    return outcome.status.value


def stands() -> tuple[int, str, int]:
    row = Response.objects.get()
    return row.score, row.verbatim, row.revision


def test_the_comment_comes_later_than_the_score():
    assert send(5, T1) == "recorded"
    assert send(5, T2, "Eleven days.") == "updated"
    assert stands() == (5, "Eleven days.", 2)


def test_an_older_version_that_comes_late_is_kept_and_does_not_stand():
    send(9, T3)
    assert send(4, T2) == "updated"
    assert stands() == (9, "", 1)
    late = Response.objects.get().revisions.get(number=2)
    assert (late.score, late.superseded_on_arrival) == (4, True)
    assert not Response.objects.filter(revision=2).exists()


def test_the_same_late_version_again_is_a_repeat():
    send(9, T3)
    send(4, T2)
    assert send(4, T2) == "duplicate"
    assert Response.objects.get().revisions.count() == 2


def test_a_newer_version_after_a_late_one_has_a_number_of_its_own():
    send(9, T2)
    send(4, T1)
    assert send(7, T3) == "updated"
    assert stands() == (7, "", 3)


def test_any_order_of_arrival_ends_in_the_same_version():
    from itertools import permutations

    versions = [(3, T1), (9, T2), (6, T3)]
    for order in permutations(versions):
        Response.objects.all().delete()
        for score, at in order:
            send(score, at)
        assert stands()[0] == 6, order
        assert Response.objects.get().revisions.count() == 3


def test_one_batch_of_versions_in_any_order_ends_in_the_newest():
    incoming = [
        IncomingResponse(row=row, score=score, external_id="r-1", version_at=at)
        for row, (score, at) in enumerate([(6, T3), (3, T1), (9, T2)])
    ]
    outcomes = record_responses(make_source(), incoming, now=NOW)
    assert [outcome.status.value for outcome in outcomes] == ["recorded", "updated", "updated"]
    assert [outcome.counts for outcome in outcomes] == [True, False, False]
    assert stands()[0] == 6


def test_going_back_to_an_earlier_score_at_a_later_time_is_a_new_version():
    send(5, T1)
    send(9, T2)
    assert send(5, T3) == "updated"
    assert stands() == (5, "", 3)


def test_the_same_content_at_a_later_time_still_beats_what_lies_between():
    send(5, T1)
    assert send(5, T3) == "duplicate"
    assert send(9, T2) == "updated"
    assert stands()[0] == 5


def test_without_times_what_comes_last_stands_and_a_repeat_of_the_first_does_not():
    assert send(5, responded_at=None) == "recorded"
    assert send(9, responded_at=None, now=NOW + DAY) == "updated"
    assert send(5, responded_at=None, now=NOW + 2 * DAY) == "duplicate"
    assert stands() == (9, "", 2)


def test_a_file_imported_again_with_the_right_date_order_is_corrected():
    wrong, right = datetime(2026, 11, 1, 12, tzinfo=NOW.tzinfo), datetime(2026, 1, 11, 12, tzinfo=NOW.tzinfo)
    send(5, responded_at=wrong)
    assert send(5, responded_at=right) == "updated"
    row = Response.objects.get()
    assert (row.responded_at, row.day, row.is_history) == (right, right.date(), True)


def test_a_version_without_a_time_does_not_replace_one_the_vendor_dated_later():
    send(9, T3, responded_at=T1)
    assert send(4, responded_at=T1) == "updated"
    assert stands()[0] == 9


def test_a_late_change_of_an_old_answer_is_news_and_not_history():
    send(9, responded_at=NOW - 40 * DAY)
    assert Response.objects.get().is_history
    send(4, T3, responded_at=NOW - 40 * DAY)
    row = Response.objects.get()
    assert (row.is_history, row.revision) == (False, 2)


def test_a_vendor_whose_clock_is_behind_ours_can_still_change_an_answer_that_came_without_a_time():
    assert send(5, responded_at=None) == "recorded"
    assert send(9, NOW - timedelta(minutes=2), responded_at=None, now=NOW + timedelta(minutes=1)) == "updated"
    assert send(4, NOW - timedelta(minutes=1), responded_at=None, now=NOW + timedelta(minutes=2)) == "updated"
    assert stands() == (4, "", 3)


def test_an_update_never_moves_the_answer_behind_its_receipt():
    send(9, T1, now=NOW)
    send(4, NOW + DAY, responded_at=NOW + DAY, now=NOW + DAY)
    row = Response.objects.get()
    assert (row.score, row.responded_at) == (4, NOW)


def test_an_update_asks_for_a_decision_and_forgets_earlier_faults():
    send(9, T1)
    Response.objects.update(decided_revision=1, decide_attempts=5, decide_error="x", decide_after=NOW + DAY)
    send(4, T2)
    row = Response.objects.awaiting_decision(NOW).get()
    assert (row.decide_attempts, row.decide_error) == (0, "")


def test_an_update_keeps_what_a_lead_excluded():
    send(9, T1)
    Response.objects.update(excluded_as="spam", excluded_reason="a robot")
    send(4, T2)
    assert Response.objects.get().excluded_as == "spam"
