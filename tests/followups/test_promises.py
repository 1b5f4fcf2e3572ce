"""What a customer is told about time, and that it is true where they are."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from followups.calendars import WorkingHours, working_minutes
from followups.promises import (
    ROOM,
    HalfDay,
    half_day,
    half_day_ends,
    in_words,
    promised_half_day,
    time_left,
)
from nps_loop.moments import WORDINGS, day_in_words, moment_in_words
from tests.followups.test_calendars import ZONES, calendars

ZONE = "Europe/Berlin"
DAY = ((540, 1050),)
NBSP = "\u00a0"


def berlin(*parts):
    return datetime(*parts, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


def week(blocks=DAY, closed=()):
    return WorkingHours(ZONE, (blocks,) * 5 + ((), ()), frozenset(closed))


def promised(start, hours=48, calendar=None, zone=ZONE, now=None):
    start = berlin(*start)
    now = berlin(*now) if now else start
    return promised_half_day(calendar or week(), start, start + timedelta(hours=hours), zone, not_before=now)


# --- which half-day --------------------------------------------------------------------------------------------


def test_marta_answers_on_sunday_evening_and_hears_by_tuesday_evening():
    assert promised((2026, 11, 22, 20, 42)) == HalfDay(date(2026, 11, 24), "evening", berlin(2026, 11, 24, 17, 30))


def test_the_last_half_day_within_the_target_is_promised():
    assert promised((2026, 11, 17, 14, 0)) == HalfDay(date(2026, 11, 19), "midday", berlin(2026, 11, 19, 13))


def test_friday_evening_has_no_half_day_within_48_hours_so_the_first_after_is_promised():
    assert promised((2026, 11, 20, 18, 0)) == HalfDay(date(2026, 11, 23), "midday", berlin(2026, 11, 23, 13))


def test_friday_evening_before_a_monday_holiday_is_promised_by_tuesday():
    calendar = week(closed=[date(2026, 11, 23)])
    promise = promised((2026, 11, 20, 18, 0), calendar=calendar)
    assert promise == HalfDay(date(2026, 11, 24), "midday", berlin(2026, 11, 24, 13))
    assert in_words(promise.ends_at, "de", ZONE, now=berlin(2026, 11, 20, 18)) == "bis Dienstagmittag, 24. November"


def test_friday_noon_is_promised_by_friday_evening_as_nobody_works_on_sunday():
    assert promised((2026, 11, 20, 12, 0)).ends_at == berlin(2026, 11, 20, 17, 30)


def test_nothing_is_promised_for_a_time_that_is_over():
    # Assigned on Tuesday evening after work: what is left of the 48 hours holds no half-day.
    promise = promised((2026, 11, 22, 20, 42), now=(2026, 11, 24, 18, 0))
    assert promise.ends_at == berlin(2026, 11, 25, 13)


def test_a_target_that_is_over_leaves_an_hour_of_work_before_the_next_half_day():
    assert promised((2026, 11, 16, 9), now=(2026, 11, 24, 12, 0)).ends_at == berlin(2026, 11, 24, 13)
    assert promised((2026, 11, 16, 9), now=(2026, 11, 24, 12, 1)).ends_at == berlin(2026, 11, 24, 17, 30)


def test_midday_is_the_last_moment_worked_by_one_oclock():
    tuesday = date(2026, 11, 24)
    assert half_day_ends(week(), tuesday) == (berlin(2026, 11, 24, 13), berlin(2026, 11, 24, 17, 30))
    lunch = week(((540, 720), (780, 1050)))
    assert half_day_ends(lunch, tuesday) == (berlin(2026, 11, 24, 12), berlin(2026, 11, 24, 17, 30))
    assert half_day_ends(week(((840, 1200),)), tuesday) == (berlin(2026, 11, 24, 20),)
    assert half_day_ends(week(((540, 750),)), tuesday) == (berlin(2026, 11, 24, 12, 30),)
    assert half_day_ends(week(((540, 840),)), tuesday) == (berlin(2026, 11, 24, 13), berlin(2026, 11, 24, 14))
    assert half_day_ends(week(), date(2026, 11, 22)) == ()


def test_a_team_that_works_until_midnight_promises_the_evening_of_that_day():
    calendar = WorkingHours(ZONE, (((840, 1440),),) * 7)
    promise = promised((2026, 11, 22, 23), hours=25, calendar=calendar)
    assert promise == HalfDay(date(2026, 11, 23), "evening", berlin(2026, 11, 24))


def test_a_calendar_closed_for_good_says_so():
    closed = [date(2026, 1, 1) + timedelta(days=day) for day in range(22 * 366)]
    with pytest.raises(ValueError, match="no half-day"):
        promised((2026, 11, 20, 18), calendar=week(closed=closed))


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("America/Los_Angeles", "by Tuesday midday, 24 November"),  # 17:30 in Berlin is 08:30 there
        ("America/New_York", "by Tuesday midday, 24 November"),  # 11:30
        ("Asia/Kolkata", "by Tuesday evening, 24 November"),  # 22:00
        ("Asia/Tokyo", "by Wednesday midday, 25 November"),  # 01:30 of the next day: "Tuesday" would be too early
        ("Pacific/Auckland", "by Wednesday midday, 25 November"),
    ],
)
def test_the_words_are_true_where_the_customer_is(zone, words):
    ends_at = berlin(2026, 11, 24, 17, 30)
    assert in_words(ends_at, "en", zone, now=berlin(2026, 11, 22, 21)) == words


moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC))


@given(calendars(), moments, st.integers(0, 400), st.integers(0, 400), st.sampled_from(ZONES))
def test_a_promise_is_ahead_and_within_the_target_whenever_any_half_day_is(hours, start, target, waited, zone):
    due, now = start + timedelta(hours=target), start + timedelta(hours=waited)
    promise = promised_half_day(hours, start, due, zone, not_before=now)
    assert promise.ends_at > now
    day = now.date() - timedelta(days=2)
    ahead = []
    while day <= (due + timedelta(days=2)).date():
        ahead += [ends_at for ends_at in half_day_ends(hours, day) if now < ends_at <= due]
        day += timedelta(days=1)
    if ahead:
        assert promise.ends_at == max(ahead)
    else:
        assert promise.ends_at > due
        assert working_minutes(hours, now, promise.ends_at) >= ROOM


@given(calendars(), moments, st.integers(0, 200), st.integers(0, 200), st.sampled_from(ZONES))
def test_a_longer_target_is_never_promised_earlier(hours, start, one, more, zone):
    sooner, later = (
        promised_half_day(hours, start, start + timedelta(hours=target), zone, not_before=start).ends_at
        for target in (one, one + more)
    )
    # Up to a target without room the first half-day *after* it is told; a longer one may then just reach a tighter one.
    assume(working_minutes(hours, start, later) >= ROOM)
    assert sooner <= later


@given(moments, st.sampled_from(ZONES))
def test_the_words_never_name_a_time_before_the_end(ends_at, zone):
    promise = half_day(ends_at, zone)
    # As a customer takes them: midday is one o'clock, evening is the end of the day.
    until = datetime.combine(promise.date, datetime.min.time(), ZoneInfo(zone)) + (
        timedelta(hours=13) if promise.part == "midday" else timedelta(days=1)
    )
    assert until.astimezone(UTC) >= ends_at
    assert until.astimezone(UTC) - ends_at < timedelta(hours=14)


# --- in words --------------------------------------------------------------------------------------------------

NOW = berlin(2026, 11, 22, 21)
TUESDAY_MIDDAY, TUESDAY_EVENING = berlin(2026, 11, 24, 13), berlin(2026, 11, 24, 17, 30)


@pytest.mark.parametrize(
    ("language", "midday", "evening"),
    [
        ("en", "by Tuesday midday, 24 November", "by Tuesday evening, 24 November"),
        ("de", "bis Dienstagmittag, 24. November", "bis Dienstagabend, 24. November"),
        (
            "es",
            "a más tardar el martes al mediodía, 24 de noviembre",
            "a más tardar el martes por la tarde, 24 de noviembre",
        ),
        ("fr", "d’ici mardi midi, 24 novembre", "d’ici mardi soir, 24 novembre"),
    ],
)
def test_a_promise_in_the_language_of_the_customer(language, midday, evening):
    assert in_words(TUESDAY_MIDDAY, language, ZONE, now=NOW) == midday
    assert in_words(TUESDAY_EVENING, language, ZONE, now=NOW) == evening
    assert in_words(TUESDAY_EVENING, language, ZONE, now=NOW, with_date=False) == evening.partition(",")[0]


@pytest.mark.parametrize("language", ["de-AT", "de_CH", "DE"])
def test_a_regional_language_is_its_language(language):
    assert in_words(TUESDAY_EVENING, language, ZONE, now=NOW).startswith("bis Dienstagabend")


@pytest.mark.parametrize("language", ["", "pt", "zh-hans", "xx"])
def test_a_language_we_do_not_speak_is_english(language):
    assert in_words(TUESDAY_EVENING, language, ZONE, now=NOW) == "by Tuesday evening, 24 November"


def test_another_year_is_named():
    after_new_year = berlin(2027, 1, 5, 17, 30)
    told = {language: in_words(after_new_year, language, ZONE, now=berlin(2026, 12, 30, 12)) for language in WORDINGS}
    assert told == {
        "en": "by Tuesday evening, 5 January 2027",
        "de": "bis Dienstagabend, 5. Januar 2027",
        "es": "a más tardar el martes por la tarde, 5 de enero de 2027",
        "fr": "d’ici mardi soir, 5 janvier 2027",
    }


def test_the_year_is_the_one_on_the_customers_wall():
    new_years_eve = datetime(2026, 12, 31, 22, tzinfo=UTC)  # already 2027 in Tokyo
    assert in_words(datetime(2027, 1, 5, 9, tzinfo=UTC), "en", "Asia/Tokyo", now=new_years_eve).endswith("5 January")
    assert in_words(datetime(2027, 1, 5, 9, tzinfo=UTC), "en", "UTC", now=new_years_eve).endswith("5 January 2027")


def test_the_date_stays_where_a_weekday_alone_could_mean_another_day():
    said = [
        in_words(TUESDAY_EVENING, "en", ZONE, now=TUESDAY_EVENING - timedelta(days=days), with_date=False)
        for days in (0, 6, 7, -1)
    ]
    assert said == ["by Tuesday evening"] * 2 + ["by Tuesday evening, 24 November"] * 2


def test_a_late_spanish_evening_is_a_night():
    assert "por la noche" in in_words(berlin(2026, 11, 24, 22), "es", ZONE, now=NOW)
    assert "martes por la noche, 24" in in_words(berlin(2026, 11, 25), "es", ZONE, now=NOW)
    assert "por la tarde" in in_words(berlin(2026, 11, 24, 20), "es", ZONE, now=NOW)


def test_a_day_in_words():
    day = date(2026, 12, 11)
    assert [day_in_words(day, language) for language in ("en", "de", "es", "fr")] == [
        "Friday, 11 December",
        "Freitag, 11. Dezember",
        "viernes, 11 de diciembre",
        "vendredi 11 décembre",
    ]
    assert day_in_words(date(2026, 12, 1), "fr") == "mardi 1er décembre"
    assert day_in_words(day, "en", today=date(2026, 1, 1)) == "Friday, 11 December"
    assert day_in_words(day, "en", today=date(2027, 1, 1)) == "Friday, 11 December 2026"


def test_a_moment_in_words():
    at = berlin(2026, 11, 22, 20, 42)
    assert [moment_in_words(at, language, ZONE) for language in ("en", "de", "es", "fr")] == [
        "Sunday, 22 November, at 20:42",
        "Sonntag, 22. November, um 20:42 Uhr",
        "domingo, 22 de noviembre, a las 20:42",
        f"dimanche 22 novembre à 20{NBSP}h{NBSP}42",
    ]
    assert moment_in_words(berlin(2026, 11, 22, 1, 5), "es", ZONE) == "domingo, 22 de noviembre, a la 01:05"
    assert moment_in_words(at, "en", "Asia/Tokyo") == "Monday, 23 November, at 04:42"
    assert moment_in_words(at, "en", ZONE, now=berlin(2027, 1, 2)) == "Sunday, 22 November 2026, at 20:42"


@given(moments, st.sampled_from(ZONES), st.sampled_from(sorted(WORDINGS)), st.booleans())
def test_no_placeholder_is_left_in_any_words(at, zone, language, with_date):
    now = datetime(2026, 6, 1, tzinfo=UTC)
    for words in (
        in_words(at, language, zone, now=now, with_date=with_date),
        moment_in_words(at, language, zone, now=now),
        day_in_words(at.date(), language),
    ):
        assert words
        assert "{" not in words


# --- for colleagues --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "due now"),
        (40, "40 min left"),
        (3 * 60, "3 h left"),
        (3 * 60 + 29, "3 h left"),
        (90, "1 h 30 left"),
        (23 * 60 + 59, "23 h 30 left"),
        (24 * 60, "1 day left"),
        (3 * 1440 + 700, "3 days left"),
        (-1, "late by 1 min"),
        (-90, "late by 1 h 30"),
        (-120, "late by 2 h"),
        (-2 * 1440, "late by 2 days"),
    ],
)
def test_what_is_left_on_a_clock(minutes, words):
    now = berlin(2026, 11, 24, 14, 30)
    said = time_left(now, now + timedelta(minutes=minutes))
    assert said.replace(NBSP, " ") == words
    # A number and its unit never part.
    assert not any(part.isdigit() for part in said.split(" "))


def test_a_few_seconds_are_a_minute():
    assert time_left(NOW, NOW + timedelta(seconds=5)) == f"1{NBSP}min left"


def test_what_is_left_counts_the_hour_that_the_clocks_skip():
    zone = ZoneInfo(ZONE)
    before, after = datetime(2026, 3, 29, 1, 0, tzinfo=zone), datetime(2026, 3, 29, 4, 0, tzinfo=zone)
    assert time_left(before, after) == f"2{NBSP}h left"
