"""Working time: blocks, closed days, clocks that jump, and that the sums agree with a naive recount."""

import time as stopwatch
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from followups.calendars import (
    WorkingHours,
    add_working,
    add_working_days,
    clock_moment,
    closed_days,
    counted_stretches,
    due_after,
    is_working_day,
    next_working_day,
    next_working_moment,
    subtract_working,
    working_day_end,
    working_minutes,
    working_stretches,
    working_time,
)
from tests.conftest import counted

BERLIN = ZoneInfo("Europe/Berlin")
NINE_TO_HALF_PAST_FIVE = ((540, 1050),)
WITH_LUNCH = ((540, 720), (780, 1050))
AROUND_THE_CLOCK = ((0, 1440),)


def week(blocks=NINE_TO_HALF_PAST_FIVE, zone="Europe/Berlin", closed=(), days=5):
    return WorkingHours(zone, (blocks,) * days + ((),) * (7 - days), frozenset(closed))


def berlin(*parts, fold=0):
    # In UTC: Python calls a time that is shown twice unequal to everything of another zone.
    return datetime(*parts, tzinfo=BERLIN, fold=fold).astimezone(UTC)


# --- by example ------------------------------------------------------------------------------------------------


def test_time_runs_only_while_the_team_works():
    friday, monday = berlin(2026, 11, 20, 16, 30), berlin(2026, 11, 23, 10, 0)
    assert working_minutes(week(), friday, monday) == 120
    assert add_working(week(), friday, 120) == monday


def test_a_sum_that_fits_the_day_ends_with_it_and_not_with_the_next_morning():
    assert add_working(week(), berlin(2026, 11, 20, 16, 30), 60) == berlin(2026, 11, 20, 17, 30)


def test_lunch_does_not_count():
    assert working_minutes(week(WITH_LUNCH), berlin(2026, 11, 20, 11), berlin(2026, 11, 20, 14)) == 120
    assert add_working(week(WITH_LUNCH), berlin(2026, 11, 20, 11), 90) == berlin(2026, 11, 20, 13, 30)


def test_a_closed_day_does_not_count():
    hours = week(closed=[date(2026, 12, 25)])
    assert working_minutes(hours, berlin(2026, 12, 24, 17), berlin(2026, 12, 28, 9, 30)) == 60
    assert not is_working_day(hours, date(2026, 12, 25))
    assert next_working_day(hours, date(2026, 12, 24)) == date(2026, 12, 28)


def test_nothing_added_is_nothing_moved():
    night = berlin(2026, 11, 21, 3, 0)
    assert add_working(week(), night, 0) == night


def test_moments_come_out_in_utc_from_any_zone():
    start = datetime(2026, 11, 20, 10, 30, tzinfo=ZoneInfo("America/New_York"))  # 16:30 in Berlin
    due = add_working(week(), start, 60)
    assert due.tzinfo is UTC
    assert due == berlin(2026, 11, 20, 17, 30)


def test_a_night_in_march_is_an_hour_shorter():
    hours = week(AROUND_THE_CLOCK, days=7)
    assert working_minutes(hours, berlin(2026, 3, 29), berlin(2026, 3, 30)) == 23 * 60
    assert add_working(hours, berlin(2026, 3, 29, 1, 30), 60) == berlin(2026, 3, 29, 3, 30)


def test_a_night_in_october_is_an_hour_longer():
    hours = week(AROUND_THE_CLOCK, days=7)
    assert working_minutes(hours, berlin(2026, 10, 25), berlin(2026, 10, 26)) == 25 * 60
    assert add_working(hours, berlin(2026, 10, 25, 2, 30), 60) == berlin(2026, 10, 25, 2, 30, fold=1)


def test_working_days_keep_their_length_where_only_the_night_jumps():
    for saturday in (date(2026, 3, 28), date(2026, 10, 24)):
        start = datetime.combine(saturday, datetime.min.time(), BERLIN)
        assert working_minutes(week(days=7), start, start + timedelta(days=2)) == 2 * 510


def test_a_block_that_begins_in_the_missing_hour_begins_with_the_jump():
    hours = week(((150, 240),), days=7)  # 02:30 to 04:00; the clocks go from 02:00 to 03:00
    assert working_stretches(hours, date(2026, 3, 29)) == ((berlin(2026, 3, 29, 3), berlin(2026, 3, 29, 4)),)


def test_a_block_within_the_missing_hour_is_no_time_at_all():
    hours = week(((130, 170),), days=7)
    assert working_stretches(hours, date(2026, 3, 29)) == ()
    assert not is_working_day(hours, date(2026, 3, 29))


def test_blocks_that_touch_in_the_doubled_hour_count_it_once():
    hours = week(((60, 150), (150, 240)), days=7)  # 01:00 to 02:30 and on to 04:00, with 02:00 to 03:00 twice
    first, second = working_stretches(hours, date(2026, 10, 25))
    assert first[1] == second[0]
    assert second[1] - first[0] == timedelta(hours=4)


def test_a_date_that_a_country_left_out_has_no_working_time():
    assert working_stretches(week(AROUND_THE_CLOCK, "Pacific/Apia", days=7), date(2011, 12, 30)) == ()


def test_the_29th_of_february_is_a_day_like_others():
    assert add_working(week(), berlin(2028, 2, 28, 9), 510 + 60) == berlin(2028, 2, 29, 10)
    assert add_working_days(week(), date(2028, 2, 28), 2) == date(2028, 3, 1)


def test_working_days_are_counted_from_the_day_after():
    hours = week(closed=[date(2026, 11, 24)])
    friday, saturday = date(2026, 11, 20), date(2026, 11, 21)
    assert add_working_days(hours, friday, 1) == date(2026, 11, 23)
    assert add_working_days(hours, friday, 2) == date(2026, 11, 25)
    assert add_working_days(hours, saturday, 1) == date(2026, 11, 23)
    assert add_working_days(hours, friday, 0) == friday
    assert add_working_days(hours, saturday, 0) == date(2026, 11, 23)
    assert add_working_days(hours, date(2026, 11, 25), -2) == friday


def test_the_next_working_moment_is_now_or_the_next_opening():
    assert next_working_moment(week(), berlin(2026, 11, 20, 10)) == berlin(2026, 11, 20, 10)
    assert next_working_moment(week(), berlin(2026, 11, 20, 17, 30)) == berlin(2026, 11, 23, 9)
    assert next_working_moment(week(WITH_LUNCH), berlin(2026, 11, 20, 12)) == berlin(2026, 11, 20, 13)


def test_a_working_day_ends_with_its_last_block():
    assert working_day_end(week(WITH_LUNCH), date(2026, 11, 20)) == berlin(2026, 11, 20, 17, 30)
    with pytest.raises(ValueError, match="Nobody works on 21 November 2026"):
        working_day_end(week(), date(2026, 11, 21))


def test_pauses_move_the_due_time_by_the_working_time_in_them():
    start = berlin(2026, 11, 20, 9)
    pauses = [
        (berlin(2026, 11, 20, 16, 30), berlin(2026, 11, 23, 9, 30)),  # over a weekend: an hour and a half of work
        (berlin(2026, 11, 20, 17), berlin(2026, 11, 22, 12)),  # inside it
        (berlin(2026, 11, 20, 10), berlin(2026, 11, 20, 10)),  # empty
    ]
    assert due_after(week(), start, 510, pauses) == berlin(2026, 11, 23, 10, 30)
    assert working_minutes(week(), start, berlin(2026, 11, 23, 10, 30), pauses) == 510


def test_a_pause_after_the_due_time_moves_nothing():
    start = berlin(2026, 11, 20, 9)
    assert due_after(week(), start, 60, [(berlin(2026, 11, 20, 10), berlin(2026, 11, 20, 12))]) == berlin(
        2026, 11, 20, 10
    )


def test_an_end_before_the_start_is_no_time():
    assert working_time(week(), berlin(2026, 11, 20, 12), berlin(2026, 11, 20, 10)) == timedelta()


def test_seconds_are_kept_and_minutes_are_rounded_down():
    start = berlin(2026, 11, 20, 10, 0, 40)
    assert add_working(week(), start, 1) == berlin(2026, 11, 20, 10, 1, 40)
    assert working_minutes(week(), start, berlin(2026, 11, 20, 10, 2, 39)) == 1


# --- what no calendar may do -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "weekly", "says"),
    [
        ("Europe/Berlin", ((),) * 7, "no working time"),
        ("Europe/Berlin", (NINE_TO_HALF_PAST_FIVE,) * 5, "seven days"),
        ("Europe/Nowhere", (NINE_TO_HALF_PAST_FIVE,) * 7, "not a time zone"),
        ("../etc/passwd", (NINE_TO_HALF_PAST_FIVE,) * 7, "not a time zone"),
        ("", (NINE_TO_HALF_PAST_FIVE,) * 7, "not a time zone"),
        ("UTC", (((600, 540),),) * 7, "follow each other"),
        ("UTC", (((540, 540),),) * 7, "follow each other"),
        ("UTC", (((540, 720), (700, 800)),) * 7, "follow each other"),
        ("UTC", (((-60, 720),),) * 7, "follow each other"),
        ("UTC", (((540, 1441),),) * 7, "follow each other"),
    ],
)
def test_a_calendar_that_cannot_be_is_refused(zone, weekly, says):
    with pytest.raises(ValueError, match=says):
        WorkingHours(zone, weekly)


def test_a_calendar_closed_for_good_says_so_in_reasonable_time():
    hours = week(closed=[date(2026, 1, 1) + timedelta(days=day) for day in range(22 * 366)])
    start, began = berlin(2026, 11, 20, 9), stopwatch.monotonic()
    for ask in (
        lambda: add_working(hours, start, 1),
        lambda: next_working_moment(hours, start),
        lambda: next_working_day(hours, start.date()),
        lambda: add_working_days(hours, start.date(), -8_000),
    ):
        with pytest.raises(ValueError, match="twenty years"):
            ask()
    assert working_minutes(hours, start, start + timedelta(days=365)) == 0
    assert stopwatch.monotonic() - began < 5


@pytest.mark.parametrize("minutes", [20 * 366 * 1440, 10**15])
def test_more_time_than_twenty_years_hold_is_refused(minutes):
    with pytest.raises(ValueError, match="twenty years"):
        add_working(week(), berlin(2026, 11, 20, 9), minutes)


def test_the_end_of_the_calendar_is_refused_and_no_crash():
    with pytest.raises(ValueError, match="do not fit"):
        add_working(week(), datetime(9999, 12, 31, 12, tzinfo=UTC), 10_000)
    with pytest.raises(ValueError, match="ends here"):
        next_working_day(week(), date.max)


def test_negative_time_and_naive_moments_are_refused():
    with pytest.raises(ValueError, match="negative"):
        add_working(week(), berlin(2026, 11, 20, 9), -1)
    with pytest.raises(ValueError, match="negative"):
        subtract_working(week(), berlin(2026, 11, 20, 9), -1)
    with pytest.raises(ValueError, match="time zone"):
        add_working(week(), datetime(2026, 11, 20, 9), 1)


# --- as properties ---------------------------------------------------------------------------------------------

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago",
         "Pacific/Apia", "Africa/Casablanca", "Asia/Tehran", "Pacific/Auckland"]  # fmt: skip

often = settings(max_examples=counted(100, full=2_000))


@st.composite
def blocks_of_a_day(draw):
    edges = sorted(draw(st.sets(st.integers(0, 1440), max_size=6)))
    return tuple(zip(edges[::2], edges[1::2], strict=False))


@st.composite
def calendars(draw):
    # Half an hour a week at least: the amounts below then fit into the twenty years that are searched.
    weekly = draw(
        st.lists(blocks_of_a_day(), min_size=7, max_size=7).filter(
            lambda days: sum(ends - begins for day in days for begins, ends in day) >= 30
        )
    )
    closed = draw(st.frozensets(st.dates(date(2025, 12, 1), date(2027, 2, 1)), max_size=20))
    return WorkingHours(draw(st.sampled_from(ZONES)), tuple(weekly), closed)


moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)).map(
    lambda at: at.replace(second=0, microsecond=0)
)
amounts = st.integers(0, 5_000)


@st.composite
def pauses(draw):
    return [
        (at, at + timedelta(minutes=draw(st.integers(0, 4_000)))) for at in draw(st.lists(moments, max_size=4))
    ]  # fmt: skip


def recounted(hours, start, end, without=()):
    """Minutes by looking at the wall clock once a minute."""
    zone, found = ZoneInfo(hours.zone), 0
    while start < end:
        local = start.astimezone(zone)
        minute = local.hour * 60 + local.minute
        found += (
            local.date() not in hours.closed
            and any(begins <= minute < ends for begins, ends in hours.weekly[local.weekday()])
            and not any(off <= start < on for off, on in without)
        )
        start += timedelta(minutes=1)
    return found


@given(calendars(), moments, amounts)
def test_what_is_added_is_what_is_measured(hours, start, minutes):
    assert working_minutes(hours, start, add_working(hours, start, minutes)) == minutes


@given(calendars(), moments, amounts, pauses())
def test_what_is_added_is_what_is_measured_with_pauses(hours, start, minutes, without):
    due = due_after(hours, start, minutes, without)
    assert working_minutes(hours, start, due, without) == minutes
    assert due >= add_working(hours, start, minutes)


@given(calendars(), moments, amounts)
@often
def test_from_working_time_there_and_back_again(hours, at, minutes):
    start = next_working_moment(hours, at)
    assert subtract_working(hours, add_working(hours, start, minutes), minutes) == start


@given(calendars(), moments, amounts)
def test_what_is_taken_off_is_what_is_measured(hours, end, minutes):
    start = subtract_working(hours, end, minutes)
    assert working_minutes(hours, start, end) == minutes
    if minutes:
        assert working_minutes(hours, start + timedelta(minutes=1), end) < minutes


@given(calendars(), moments, amounts, pauses())
def test_what_is_shown_as_counted_adds_up_and_is_worked(hours, start, minutes, without):
    due = due_after(hours, start, minutes, without)
    stretches = counted_stretches(hours, start, due, without)
    assert sum((ends - begins for begins, ends in stretches), timedelta()) == timedelta(minutes=minutes)
    assert stretches == sorted(stretches)
    for begins, ends in stretches:
        assert begins < ends
        assert working_time(hours, begins, ends, without) == ends - begins


@given(calendars(), moments, amounts)
def test_the_due_time_is_the_earliest_there_is(hours, start, minutes):
    due = add_working(hours, start, minutes)
    if minutes:
        assert working_minutes(hours, start, due - timedelta(minutes=1)) < minutes
    assert due >= start


@given(calendars(), moments, st.timedeltas(timedelta(days=50), timedelta(days=1_200)), pauses())
def test_years_hold_what_their_days_hold(hours, start, span, without):
    end = start + span
    by_day = sum((ends - begins for begins, ends in counted_stretches(hours, start, end, without)), timedelta())
    assert working_time(hours, start, end, without) == by_day


@given(calendars(), st.lists(moments, min_size=3, max_size=3), pauses())
def test_time_adds_up(hours, some, without):
    first, middle, last = sorted(some)
    assert working_time(hours, first, middle, without) + working_time(hours, middle, last, without) == working_time(
        hours, first, last, without
    )


@given(calendars(), moments, amounts, amounts)
def test_adding_twice_is_adding_both(hours, start, one, more):
    assert add_working(hours, add_working(hours, start, one), more) == add_working(hours, start, one + more)


@given(calendars(), moments, moments, amounts, amounts)
def test_later_or_more_is_never_due_earlier(hours, start, other, one, more):
    assert add_working(hours, start, one) <= add_working(hours, start, one + more)
    assert add_working(hours, min(start, other), one) <= add_working(hours, max(start, other), one)


@given(calendars(), moments, st.integers(0, 3 * 1440), pauses())
@example(week(AROUND_THE_CLOCK, days=7), datetime(2026, 3, 28, 12, tzinfo=UTC), 1440, [])
@example(week(AROUND_THE_CLOCK, "Australia/Lord_Howe", days=7), datetime(2026, 10, 3, 6, tzinfo=UTC), 1440, [])
@often
def test_a_minute_by_minute_recount_agrees(hours, start, length, without):
    # Where the clocks go back, the wall shows an hour twice and a recount counts both showings; a block that ends
    # within that hour ends at the first. So the recount is compared where every edge lies outside such hours.
    end = start + timedelta(minutes=length)
    zone = ZoneInfo(hours.zone)
    day = start.astimezone(zone).date() - timedelta(days=1)
    while day <= end.astimezone(zone).date():
        for edge in {edge for block in hours.weekly[day.weekday()] for edge in block}:
            wall = datetime.combine(day, datetime.min.time()) + timedelta(minutes=edge)
            if wall.replace(tzinfo=zone).utcoffset() > wall.replace(tzinfo=zone, fold=1).utcoffset():
                return
        day += timedelta(days=1)
    assert working_minutes(hours, start, end, without) == recounted(hours, start, end, without)


@given(
    st.sampled_from(ZONES), st.dates(date(2005, 1, 1), date(2037, 12, 31)), st.integers(0, 1440), st.integers(0, 1440)
)
def test_the_clock_never_runs_backwards_within_a_day(zone, day, one, other):
    hours = week(zone=zone)
    assert clock_moment(hours, day, min(one, other)) <= clock_moment(hours, day, max(one, other))
    assert clock_moment(hours, day, 1440) == clock_moment(hours, day + timedelta(days=1), 0)


@given(calendars(), moments)
def test_the_next_working_moment_is_worked(hours, at):
    opens = next_working_moment(hours, at)
    assert opens >= at
    assert working_time(hours, at, opens) == timedelta()
    assert working_time(hours, opens, opens + timedelta(minutes=1)) > timedelta()


@given(calendars(), st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.integers(1, 30))
def test_working_days_count_back_and_forth(hours, day, n):
    later = add_working_days(hours, day, n)
    assert is_working_day(hours, later)
    assert sum(is_working_day(hours, day + timedelta(days=1 + i)) for i in range((later - day).days)) == n
    if is_working_day(hours, day):
        assert add_working_days(hours, later, -n) == day


# --- closed days -----------------------------------------------------------------------------------------------


def test_public_holidays_come_with_their_names_in_order(monkeypatch):
    monkeypatch.setenv("LANGUAGE", "de_DE")  # the machine's own language changes nothing
    days = closed_days("de", "by", [2027, 2026])
    assert (date(2026, 1, 6), "Epiphany") in days
    assert days == sorted(days)
    assert {day.year for day, _name in days} == {2026, 2027}
    assert (date(2026, 1, 6), "Epiphany") not in closed_days("DE", "", [2026])


@pytest.mark.parametrize(("country", "subdivision"), [("XX", ""), ("DE", "QQ"), ("", "")])
def test_an_unknown_country_or_part_is_refused(country, subdivision):
    with pytest.raises(ValueError, match="No holidays are known"):
        closed_days(country, subdivision, [2026])
