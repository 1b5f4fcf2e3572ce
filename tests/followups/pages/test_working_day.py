"""Today ends with the working day, wherever it is counted; a promise on a ticket that waits stands where it falls due."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from followups.models import Member, Ticket
from followups.models.tickets import TicketState
from followups.morning import send_mornings
from followups.viewing import Days
from nps_loop.mail.models import Message
from tests import factories
from tests.factories import NOW
from tests.followups.pages.cast import DAY, HOUR, Cast, add_ticket
from tests.followups.pages.conftest import logged_in, shown
from tests.followups.pages.test_day import first, rows, text
from tests.followups.pages.test_queue import names

# Tuesday 24 November 2026; office hours are nine to half past five.
END = NOW.replace(hour=17, minute=30)


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


# --- where a day ends ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "today_ends", "next_ends"),
    [
        (at(24, 6), at(24, 17, 30), at(25, 17, 30)),
        (at(24, 14, 30), at(24, 17, 30), at(25, 17, 30)),
        (at(24, 17, 29), at(24, 17, 30), at(25, 17, 30)),
        # Work is over: the evening, then all of tomorrow.
        (at(24, 17, 30), at(25, 0), at(25, 17, 30)),
        (at(27, 20), at(28, 0), at(30, 17, 30)),
        # Nobody works on a Saturday.
        (at(28, 10), at(29, 0), at(30, 17, 30)),
    ],
)
def test_today_ends_with_work_and_at_midnight_where_that_is_over(
    db: None, now: datetime, today_ends: datetime, next_ends: datetime
) -> None:
    days = Days.around(now, factories.make_calendar(slug="mo-fr", zone="UTC"))
    assert (days.today_ends, days.next_ends) == (today_ends, next_ends)
    assert Days.around(now, None) == days


def test_the_hours_of_the_team_are_read_off_the_persons_own_clock(db: None) -> None:
    with timezone.override("America/New_York"):
        days = Days.around(NOW, factories.make_calendar(slug="mo-fr", zone="Europe/Berlin"))
    assert (days.today_ends, days.next_opens) == (at(24, 22, 30), at(25, 14))


def test_a_closed_day_is_no_next_working_day(db: None) -> None:
    calendar = factories.make_calendar(slug="mo-fr", zone="UTC", closed_days=[["2026-11-25", "Founders' day"]])
    assert Days.around(NOW, calendar).next_ends == at(26, 17, 30)


# --- one bound for every count ---------------------------------------------------------------------------------


def numbers(page: str) -> tuple[int, int]:
    """Late or due today by the navigation; by the tabs of the queue."""
    marks = re.findall(r"<span>My queue</span><span class=\"count count-hot\">(\d+)", page)
    tabs = {name: int(n) for name, n in re.findall(r'data-count="(\w+)">(\d+)', page)}
    return int(marks[0]) if marks else 0, tabs["late"] + tabs["today"]


@pytest.fixture
def evening(cast: Cast) -> Cast:
    """Due with the end of work, in the evening, in the night, before the end of tomorrow's work, and after it."""
    for name, due in (
        ("Anna", END), ("Berta", END + 2.5 * HOUR), ("Clara", at(25, 3)), ("Dora", END + DAY), ("Emma", END + DAY + HOUR),
    ):  # fmt: skip
        add_ticket(cast, f"{name} Doe", f"{name} Foods", 5, "", due_in=due - NOW)
    return cast


def test_due_at_the_end_of_work_is_today_and_the_evening_is_not(evening: Cast, hanna: Client) -> None:
    today, ahead = shown(hanna, "/queue/?view=today"), shown(hanna, "/queue/?view=next")
    assert names(today) == ["Anna Doe"]
    assert "Today is what falls due before your working day ends at 17:30." in html.unescape(today)
    assert names(ahead) == ["Berta Doe", "Clara Doe", "Dora Doe"]
    assert "until work ends on Wednesday 25 November at 17:30. 2 are due before work starts." in html.unescape(ahead)
    groups = text(shown(hanna, "/queue/"))
    assert "Today 1, until 17:30" in groups
    assert "Next working day 3, Wednesday 25 November. 2 are due before work starts." in groups


def test_after_work_today_is_the_evening(evening: Cast, hanna: Client) -> None:
    Ticket.objects.filter(pk=evening.tickets["Anna"].pk).update(due_at=at(24, 23))
    with time_machine.travel(END, tick=False):
        today = shown(hanna, "/queue/?view=today")
        assert set(names(today)) == {"Anna Doe", "Berta Doe"}
        assert "You have no working hours left today: today is what still falls due before midnight." in html.unescape(
            today
        )
        assert names(shown(hanna, "/queue/?view=next")) == ["Clara Doe", "Dora Doe"]


def test_the_day_says_when_the_evening_is_due(evening: Cast, hanna: Client) -> None:
    page = shown(hanna, "/")
    assert "Nothing is late, 1 is due today." in text(page)
    assert "Tomorrow 3 due. 2 are due before work starts." in text(page)
    assert [when for when, _ in rows(page, "h-next")] == ["today 20:00", "by 03:00", "by 17:30"]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize("now", [at(24, 8), NOW, END - timedelta(minutes=1), END, at(24, 22), at(28, 12)])
def test_queue_day_and_navigation_agree(evening: Cast, now: datetime, zone: str) -> None:
    evening.hanna.time_zone = zone
    evening.hanna.save()
    with time_machine.travel(now, tick=False):
        client = logged_in(evening.hanna)
        mark, tabs = numbers(shown(client, "/queue/"))
        assert numbers(shown(client, "/queue/?view=later"))[0] == mark == tabs
        day = shown(client, "/")
        pairs = dict(re.findall(r"<dt>(Late|Today)</dt><dd><a [^>]*>(\d+)", day))
        assert int(pairs["Late"]) + int(pairs["Today"]) == mark
        marks = re.findall(r"<span>My queue</span><span class=\"count count-hot\">(\d+)", day)
        assert (int(marks[0]) if marks else 0) == mark


def test_the_morning_mail_counts_the_same_day(evening: Cast) -> None:
    with time_machine.travel(at(24, 9), tick=False):
        assert send_mornings(now=at(24, 9)) == 1
        assert Message.objects.get(kind="morning").subject == "Your day: 1 due today"
        assert numbers(shown(logged_in(evening.hanna), "/queue/")) == (1, 1)


def test_promises_of_today_end_with_the_day_too(cast: Cast) -> None:
    ticket = add_ticket(cast, "Petra Lindholm", "Havsbris", 4, "", owner=cast.nils, state=TicketState.IN_ACTION)
    for due in (END, END + HOUR):
        factories.make_action(ticket, cast.devika, due_at=due)
    page = shown(logged_in(cast.devika), "/actions/?view=today")
    assert len(re.findall(r'<li class="promise', page)) == 1
    assert '<span>Promises</span><span class="count count-hot">1<' in page


# --- a promise on a ticket that waits --------------------------------------------------------------------------


def waiting(cast: Cast, name: str, due: datetime, *, back: datetime = NOW + 5 * DAY, by: object = None) -> Ticket:
    """Asked something, with an open promise and a target that stands still."""
    ticket = add_ticket(
        cast, f"{name} Doe", f"{name} Foods", 5, "", due_in=-DAY, target="resolution",
        state=TicketState.WAITING_ON_CUSTOMER, waiting_until=back, waiting_from="in_action",
    )  # fmt: skip
    factories.make_action(ticket, by or cast.hanna, title=f"Send {name} the list", due_at=due)
    return ticket


def groups(page: str) -> dict[str, list[str]]:
    """The customers of each group of the queue."""
    parts = re.split(r'class="group-head" id="(\w+)"', page)[1:]
    return {name: names(part) for name, part in zip(parts[::2], parts[1::2], strict=True)}


@pytest.fixture
def promised(cast: Cast) -> Cast:
    waiting(cast, "Anna", NOW - HOUR)
    waiting(cast, "Berta", END, by=cast.devika)
    waiting(cast, "Clara", END + DAY)
    waiting(cast, "Dora", NOW + 3 * DAY)
    # It comes back by itself before that is due.
    waiting(cast, "Emma", END, back=NOW + HOUR)
    add_ticket(cast, "Frida Doe", "Frida Foods", 5, "", due_in=-HOUR)
    return cast


def test_a_waiting_ticket_stands_where_its_promise_falls_due(promised: Cast, hanna: Client) -> None:
    page = shown(hanna, "/queue/")
    found = {name: sorted(who) for name, who in groups(page).items()}
    assert found == {
        "late": ["Anna Doe", "Frida Doe"],
        "today": ["Berta Doe"],
        "next": ["Clara Doe"],
        "waiting": ["Dora Doe", "Emma Doe"],
    }
    for name, who in found.items():
        view = shown(hanna, f"/queue/?view={name}")
        assert sorted(names(view)) == who
        assert dict(re.findall(r'data-count="(\w+)">(\d+)', view))[name] == str(len(who))
    assert numbers(page) == (3, 3)


def test_what_waits_counts_towards_no_limit(promised: Cast, hanna: Client) -> None:
    assert "1 of 25 count towards your limit." in text(shown(hanna, "/"))


def test_the_day_has_the_promise_once(promised: Cast, hanna: Client) -> None:
    page = shown(hanna, "/")
    assert "2 are late, 1 is due today." in text(page)
    listed = [title for _, title in rows(page)] + [title for _, title in rows(page, "h-next")]
    assert first(page) == "First: send Anna the list"
    assert sorted(title for title in listed if title.startswith("Send")) == [
        "Send Berta the list", "Send Clara the list", "Send Emma the list",
    ]  # fmt: skip
    assert "Your promise. Waiting for an answer does not move it." in text(page)


def test_the_team_page_and_the_lists_behind_it_agree(promised: Cast, lead: Client) -> None:
    page = shown(lead, "/team/")
    assert "2 are late already" in text(page)
    assert "Hanna Brandt 2." in text(page)
    assert "Hanna Brandt 1 of 25 2 late" in text(page)
    assert re.findall(r"<span>Team</span><span class=\"count count-hot\">(\d+)", page) == ["2"]
    breaking = page.split('id="h-break"')[1].split("</section>")[0]
    assert "Berta Doe" in breaking and "Emma Doe" not in breaking
    for path, who in (
        ("/tickets/?figure=late", {"Anna Doe", "Frida Doe"}),
        ("/tickets/?late=true", {"Anna Doe", "Frida Doe"}),
        ("/tickets/?figure=breaking", {"Berta Doe"}),
    ):
        listed = shown(lead, path)
        assert {
            name for name in ("Anna Doe", "Berta Doe", "Clara Doe", "Emma Doe", "Frida Doe") if name in listed
        } == who


def test_an_absence_counts_the_promises_that_fall_into_it(promised: Cast, lead: Client) -> None:
    factories.make_away(promised.hanna, NOW - HOUR, NOW + 2 * DAY)
    assert "2 clocks run out in this time." in text(shown(lead, "/team/"))


def test_an_administrator_reads_the_same_count_beside_team_as_on_it(promised: Cast) -> None:
    Member.objects.filter(user=promised.admin).delete()
    page = shown(logged_in(promised.admin), "/team/")
    assert re.findall(r"<span>Team</span><span class=\"count count-hot\">(\d+)", page) == ["2"]
