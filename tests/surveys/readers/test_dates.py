"""Dates are read as they were meant, or not at all."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from surveys.readers.dates import BadDate, DateOrder, OrderEvidence, UndecidedOrder, parse_moment

BERLIN = ZoneInfo("Europe/Berlin")
DMY, MDY, ISO = DateOrder.DMY, DateOrder.MDY, DateOrder.ISO


def read(text: str, order: DateOrder = ISO, zone=UTC) -> datetime:
    return parse_moment(text, order, zone, this_year=2026).at


@pytest.mark.parametrize(
    ("text", "order", "iso"),
    [
        ("2026-11-03T10:20:30Z", ISO, "2026-11-03T10:20:30"),
        ("2026-11-03t10:20:30.123456789+02:00", ISO, "2026-11-03T08:20:30.123456"),
        ("2016-08-04 13:57:26 -0700", ISO, "2016-08-04T20:57:26"),
        ("2019-11-01 08:51:12.402", ISO, "2019-11-01T08:51:12.402"),
        ("2026/11/03 10:20", ISO, "2026-11-03T10:20:00"),
        ("2026-11-03 10:20 UTC", ISO, "2026-11-03T10:20:00"),
        ("3/11/2026", DMY, "2026-11-03T12:00:00"),
        ("3/11/26", DMY, "2026-11-03T12:00:00"),
        ("3/11/26", MDY, "2026-03-11T12:00:00"),
        ("31-12-1999 23:59", DMY, "1999-12-31T23:59:00"),
        ("3.11.2026 7:05", DMY, "2026-11-03T07:05:00"),
        ("3. 11. 2026", DMY, "2026-11-03T12:00:00"),
        ("11/3/2026 12:05 AM", MDY, "2026-11-03T00:05:00"),
        ("11/3/2026, 12:05:06 p.m.", MDY, "2026-11-03T12:05:06"),
        ("3 Nov 2026", MDY, "2026-11-03T12:00:00"),
        ("03-Nov-26", MDY, "2026-11-03T12:00:00"),
        ("Nov 3, 2026 10:15 PM", DMY, "2026-11-03T22:15:00"),
        ("Tue, 03 Nov 2026 10:15:00 +0000", DMY, "2026-11-03T10:15:00"),
        ("3. März 2026", ISO, "2026-03-03T12:00:00"),
        ("3 de noviembre de 2026", ISO, "2026-11-03T12:00:00"),
        ("20261103", ISO, "2026-11-03T12:00:00"),
        ("1732186844", ISO, "2024-11-21T11:00:44"),
        ("1732186844.5", ISO, "2024-11-21T11:00:44.5"),
        ("1732186844123", ISO, "2024-11-21T11:00:44.123"),
    ],
)
def test_reads(text, order, iso):
    assert read(text, order) == datetime.fromisoformat(iso).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "31/02/2026", "2026-02-30", "2026-13-01", "0/0/2026", "2026-11-03 25:00", "13:61 2026", "11/3/2026 13:05 PM",
        "45231", "42", "soon", "2026", "2026-11", "12/2026", "2026-11-03 10:00 CET", "2026-11-03T10:00:00+99:00",
        "Foo 3, 2026", "9" * 40, "2026-11-03 10:00:00 DROP", "１/２/２０２６",
    ],
)  # fmt: skip
def test_refuses_what_is_no_date(text):
    with pytest.raises(BadDate):
        read(text, DMY)


def test_year_first_stated_refuses_other_orders():
    with pytest.raises(BadDate, match="year first"):
        read("25/12/2021", ISO)


def test_a_two_digit_year_is_never_far_ahead():
    assert read("1/1/27", DMY).year == 2027
    assert read("1/1/28", DMY).year == 1928


def test_a_naive_time_is_in_the_zone_given():
    assert read("2026-07-01 10:00", zone=BERLIN) == datetime(2026, 7, 1, 8, tzinfo=UTC)
    assert read("2026-12-01 10:00", zone=BERLIN) == datetime(2026, 12, 1, 9, tzinfo=UTC)
    assert read("2026-12-01T10:00Z", zone=BERLIN) == datetime(2026, 12, 1, 10, tzinfo=UTC)


def test_a_time_that_the_clock_skipped_counts_by_the_clock_before():
    # 29 March 2026, 02:00 became 03:00.
    assert read("2026-03-29 02:30", zone=BERLIN) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_a_time_that_came_twice_is_the_first():
    assert read("2026-10-25 02:30", zone=BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC", "America/New_York"])
def test_a_day_without_a_time_stays_that_day_in_its_zone_and_in_utc(zone):
    moment = parse_moment("2026-11-03", ISO, ZoneInfo(zone), this_year=2026)
    assert moment.is_day_only
    assert moment.at.astimezone(ZoneInfo(zone)).date().isoformat() == "2026-11-03"
    assert abs(moment.at - datetime(2026, 11, 3, 12, tzinfo=UTC)).total_seconds() <= 14 * 3600


def evidence(*dates: str, months: tuple[int, ...] = ()) -> OrderEvidence:
    seen = OrderEvidence()
    for row, text in enumerate(dates, start=2):
        seen.add(text, row, months[row - 2] if months else None)
    return seen


def test_a_day_above_twelve_proves_the_order_of_the_file():
    assert evidence("3/11/2026", "23/11/2026").order()[0] is DMY
    assert evidence("3/11/2026", "11/23/2026").order()[0] is MDY
    assert "“23/11/2026” in row 3" in evidence("3/11/2026", "23/11/2026").order()[1]


def test_dates_that_fit_both_orders_decide_nothing():
    with pytest.raises(UndecidedOrder, match="3/11/2026"):
        evidence("3/11/2026", "4/11/2026").order()


def test_equal_day_and_month_need_no_decision():
    assert evidence("3/3/2026", "4/4/2026").order()[1] == ""


def test_proofs_of_both_orders_decide_nothing():
    with pytest.raises(UndecidedOrder, match="only month first"):
        evidence("23/11/2026", "11/23/2026").order()


def test_dates_with_dots_are_day_first():
    assert evidence("3.11.2026").order()[0] is DMY


def test_dates_that_begin_with_the_year_need_no_order():
    seen = evidence("2026-11-03", "", "2026-11-04T10:00Z")
    assert seen.order() == (ISO, "")
    assert seen.holds_dates


def test_a_month_column_that_agrees_in_every_row_is_a_proof():
    assert evidence("1/9/21", "2/9/21", months=(9, 9)).order()[0] is DMY
    assert evidence("9/1/21", "9/2/21", months=(9, 9)).order()[0] is MDY


def test_a_month_column_that_agrees_in_some_rows_only_is_none():
    with pytest.raises(UndecidedOrder):
        evidence("1/9/21", "2/9/21", months=(9, 2)).order()


def test_two_ways_of_writing_split_by_day_above_twelve_prove_nothing_of_each_other():
    """A spreadsheet set to the other order rewrites what it can read, and leaves the rest as text."""
    split = (*(f"{day}/12/2021" for day in range(13, 23)), "1/9/21", "7/11/21")
    december = (12,) * 10
    with pytest.raises(UndecidedOrder):
        evidence(*split).order()
    assert evidence(*split, months=(*december, 9, 11)).order()[0] is DMY
    with pytest.raises(UndecidedOrder, match="month column says the other"):
        evidence(*split, months=(*december, 1, 7)).order()


def test_a_few_rows_written_in_another_way_are_no_such_split():
    assert evidence("25/12/2021", "26/07/2021", "1/9/21").order()[0] is DMY
    many = (f"{day}/12/2021" for day in range(2, 23))
    assert evidence(*many, "1/9/21").order()[0] is DMY
