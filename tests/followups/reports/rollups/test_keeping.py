"""Counting days anew: what is due, killed or doubled, by command and by sweep, and the look at whether it is right."""

from __future__ import annotations

from datetime import date, timedelta
from io import StringIO
from typing import Any
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from followups import checking_figures
from followups.models import AnswerTally, RollupCheck, RollupDay, RollupKind, RollupMark, Ticket, TicketTally
from followups.models.rollups import TALLIES
from followups.reports import metrics
from followups.reports.metrics.facts import OF_FACTS
from followups.reports.rollups import keeping, packed
from followups.reports.rollups.days import KeptDays
from followups.reports.rollups.layout import Layout
from followups.sweeping import sweep
from nps_loop.mail.models import Message
from surveys.models import Response
from tests import factories as make
from tests.factories import DAY, NOW
from tests.followups.reports.lives import throw_together
from tests.followups.reports.rollups.figures import QUARTER, count_everything, same_either_way

pytestmark = pytest.mark.django_db


def marks() -> int:
    return RollupMark.objects.count()


def kept_rows() -> dict[str, Any]:
    return {
        kind: sorted(str(sorted(row.items())) for row in model.objects.values() if row.pop("id"))
        for kind, model in TALLIES.items()
    }


def test_a_sweep_counts_what_is_marked_and_says_how_much() -> None:
    make.make_ticket(make.make_response(3, responded_at=NOW - DAY))
    assert marks()
    counts = sweep(NOW)
    assert counts["days_counted"] >= 2
    assert counts["failed_parts"] == counts["days_that_differed"] == 0
    assert not marks()
    # The sweep's other parts worked on the ticket after that: what they changed is counted as well.
    assert keeping.check_all(now=NOW)[1] == []


def test_counting_twice_changes_nothing() -> None:
    throw_together(1)
    count_everything()
    before = kept_rows()
    count_everything()
    assert kept_rows() == before
    assert keeping.flush(now=NOW) == 0


def test_thrown_away_and_made_again_it_is_the_same() -> None:
    throw_together(2)
    count_everything()
    before = kept_rows()
    for model in (*TALLIES.values(), RollupDay):
        model.objects.all().delete()
    same_either_way([QUARTER])
    count_everything()
    assert kept_rows() == before


def test_a_kill_at_any_point_leaves_marks_or_counts() -> None:
    throw_together(3, tickets=10, answers=10)
    count_everything()
    Response.objects.update(score=10, band="promoter")
    waiting, before = marks(), kept_rows()
    for point in ("_write", "_counted"):
        with patch.object(keeping, point, side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
            keeping.flush(now=NOW)
        assert (marks(), kept_rows()) == (waiting, before)
    same_either_way([QUARTER])
    keeping.flush(now=NOW)
    assert not marks()
    same_either_way([QUARTER])


def test_the_newest_days_come_first_and_time_is_kept() -> None:
    for days in (3, 1, 2):
        make.make_response(5, responded_at=NOW - days * DAY)
    assert keeping.due_days(RollupKind.ANSWERS, now=NOW) == [NOW.date() - n * DAY for n in (1, 2, 3)]
    assert keeping.flush(now=NOW, seconds=-1) == 0
    assert marks()


def test_a_portion_ends_where_it_would_hold_too_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST_ROWS", 3)
    for days, n in ((1, 2), (2, 1), (3, 1), (4, 5), (5, 1)):
        for _ in range(n):
            make.make_response(5, responded_at=NOW - days * DAY)
    days = keeping.due_days(RollupKind.ANSWERS, now=NOW)
    sizes = [len(portion) for portion in keeping._portions(RollupKind.ANSWERS, days)]
    assert sizes == [2, 1, 1, 1]


def test_other_ways_or_figures_are_counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    make.make_response(5)
    count_everything()
    monkeypatch.setattr("followups.reports.rollups.layout.VERSION", 99)
    day = NOW.date()
    assert not KeptDays.read(RollupKind.ANSWERS, day - 9 * DAY, day, now=NOW).good
    assert keeping.due_days(RollupKind.ANSWERS, now=NOW)
    keeping.flush(now=NOW)
    assert KeptDays.read(RollupKind.ANSWERS, day - 9 * DAY, day, now=NOW).good


def test_a_ticket_that_comes_due_by_itself_is_counted_when_it_does() -> None:
    ticket = make.make_ticket(
        make.make_response(3, responded_at=NOW - 9 * DAY), state="assigned", resolution_due_at=NOW + DAY
    )
    count_everything()
    row = RollupDay.objects.get(kind=RollupKind.TICKETS, day=ticket.day)
    assert row.stale_at == NOW + DAY
    assert keeping.due_days(RollupKind.TICKETS, now=NOW) == []
    later = NOW + DAY
    assert metrics.closure_report(QUARTER, now=later).counts["due"] == 1
    assert keeping.due_days(RollupKind.TICKETS, now=later) == [ticket.day]
    keeping.flush(now=later)
    row.refresh_from_db()
    assert (row.valid_from, row.stale_at) == (NOW + DAY, None)
    assert metrics.closure_report(QUARTER, now=later).counts["due"] == 1
    # As of a moment before, the rows themselves are asked.
    assert metrics.closure_report(QUARTER, now=NOW).counts["due"] == 0


# --- looking whether it is right ---------------------------------------------------------------------------------


def spoil() -> AnswerTally:
    row = AnswerTally.objects.filter(way="")[0]
    row.score_3 += 1
    row.save()
    return row


def command(*options: str) -> str:
    out = StringIO()
    call_command("rebuild_rollups", *options, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_the_command_counts_checks_and_mends() -> None:
    throw_together(4, tickets=5, answers=20)
    assert "days counted" in command()
    assert not marks()
    assert "as a recount finds them" in command("--check")
    row = spoil()
    with pytest.raises(CommandError, match="1 of [0-9]+ days differ") as raised:
        command("--check")
    assert raised.value.returncode == 1
    other = row.day + timedelta(days=1)
    command("--from", other.isoformat())
    with pytest.raises(CommandError):
        command("--check", "--from", row.day.isoformat(), "--to", row.day.isoformat())
    command("--from", row.day.isoformat(), "--to", row.day.isoformat())
    assert "as a recount finds them" in command("--check")


def test_the_command_has_nothing_to_do_on_an_empty_database() -> None:
    assert command() == "0 days counted.\n"
    assert command("--check") == "0 days are as a recount finds them.\n"


def test_a_check_leaves_marked_days_to_the_sweep() -> None:
    make.make_response(3)
    count_everything()
    spoil()
    make.make_response(4)
    assert keeping.check_all(now=NOW)[1] == []


def test_once_a_day_a_few_days_are_looked_at_and_administrators_hear_of_a_fault() -> None:
    admin = make.make_admin(email="ada@example.org")
    make.make_brand()
    make.make_response(3)
    count_everything()
    assert checking_figures.look_at_some(now=NOW) == 0
    row = spoil()
    assert checking_figures.look_at_some(now=NOW) == 0, "it was looked at already that day"
    assert not Message.objects.exists()
    assert checking_figures.look_at_some(now=NOW + DAY) == 1
    mail = Message.objects.get()
    assert mail.recipient == admin.email
    assert row.day.isoformat() in mail.text
    assert RollupCheck.objects.get(day=NOW.date() + DAY).differed
    # It is counted anew.
    keeping.flush(now=NOW + DAY)
    assert keeping.check_all(now=NOW + DAY)[1] == []


# --- what is kept ------------------------------------------------------------------------------------------------


def test_every_figure_and_every_reason_to_leave_an_answer_out_is_kept() -> None:
    assert set(OF_FACTS) <= set(keeping.tickets.COUNTED)
    columns = {field.name for field in AnswerTally._meta.fields}
    assert {f"excluded_{reason}" for reason in Response.Exclusion.values if reason} <= columns


def test_what_is_kept_of_a_day_is_there_by_every_way() -> None:
    make.make_ticket(make.make_response(3, segment="Key account", region="North"))
    count_everything()
    names = set(Layout.now(RollupKind.TICKETS).names)
    assert set(TicketTally.objects.values_list("way", flat=True)) == {"", *names}


def test_codes_are_within_one_percent() -> None:
    for seconds in (0, 1, 59, 3_600, 100_000, 90 * 86_400, 3 * 365 * 86_400):
        assert packed.seconds_of(packed.code_of(seconds)) == pytest.approx(seconds, rel=0.011, abs=1)
    assert packed.code_of(-5) == 0


def test_lanes_add_up_without_running_over() -> None:
    rows = [[1, 2, 0, 7], [0, 2**31, 5, 1], [3, 2**31 - 3, 0, 0]]
    lanes = b"".join(n.to_bytes(packed.LANE, "little") for row in rows for n in row)
    assert packed.added(lanes, 4) == [4, 2**32 - 1, 5, 8]
    assert packed.added(b"", 3) == [0, 0, 0]
    assert list(packed.unpacked(packed.packed([1, 2**32 - 1]))) == [1, 2**32 - 1]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has other plans")
def test_days_are_found_by_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT sum(score_1) FROM followups_answertally WHERE way = '' AND day BETWEEN %s AND %s",
            [date(2026, 1, 1), date(2026, 3, 1)],
        )
        assert "answer_tallies_of_a_way" in str(cursor.fetchall())


def test_a_day_changed_often_in_one_transaction_is_marked_once_and_again_after_its_marks_are_gone() -> None:
    tickets = [make.make_ticket(make.make_response(3, responded_at=NOW - DAY)) for _ in range(3)]
    RollupMark.objects.all().delete()

    def change() -> int:
        for ticket in tickets:
            ticket.cycle += 1
            ticket.save(update_fields=["cycle"])
        return RollupMark.objects.filter(kind=RollupKind.TICKETS).count()

    assert change() == 1
    RollupMark.objects.all().delete()
    assert change() == 1


def test_a_mark_that_is_rolled_back_is_made_again() -> None:
    ticket = make.make_ticket(make.make_response(3, responded_at=NOW - DAY))
    RollupMark.objects.all().delete()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        Ticket.objects.filter(pk=ticket.pk).update(cycle=1)
        assert marks()
        raise ZeroDivisionError
    assert not marks()
    Ticket.objects.filter(pk=ticket.pk).update(cycle=2)
    assert RollupMark.objects.filter(kind=RollupKind.TICKETS).count() == 1


def test_a_ticket_that_moves_to_another_day_marks_both() -> None:
    ticket = make.make_ticket(make.make_response(3, responded_at=NOW - DAY))
    RollupMark.objects.all().delete()
    for days in (4, 5):
        Ticket.objects.filter(pk=ticket.pk).update(day=ticket.day - days * DAY)
    marked = set(RollupMark.objects.filter(kind=RollupKind.TICKETS).values_list("day", flat=True))
    assert marked == {ticket.day, ticket.day - 4 * DAY, ticket.day - 5 * DAY}


@pytest.mark.django_db(transaction=True)
def test_the_day_a_case_moves_to_is_marked_by_what_happens_there_next() -> None:
    """What moved marked the day it left alone, since it no longer counts where it is."""
    moved, stays = (make.make_ticket(state="closed", closed_as="confirmed", closed_at=NOW) for _ in range(2))
    other = moved.day - timedelta(days=3)
    Ticket.objects.filter(pk=stays.pk).update(day=other)
    RollupMark.objects.all().delete()
    with transaction.atomic():
        Ticket.objects.filter(pk=moved.pk).update(day=other, closed_at=None)
        Ticket.objects.filter(pk=stays.pk).update(closed_at=NOW + timedelta(hours=1))
    marked = set(RollupMark.objects.filter(kind="recovery").values_list("day", flat=True))
    assert marked == {moved.day, other}
