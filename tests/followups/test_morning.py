"""The morning mail: when it leaves, to whom, how often, and what it says."""

from __future__ import annotations

import re
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from followups import morning, workflow
from followups.actors import Actor
from followups.models import Member, Ticket
from followups.morning import send_mornings
from followups.sweeping import sweep
from nps_loop.mail.models import Message, Stream
from nps_loop.people.models import User
from tests import factories
from tests.factories import NOW
from tests.followups.pages.cast import DAY, HOUR, Cast, add_ticket, make_cast

pytestmark = pytest.mark.django_db

# Tuesday, work starts at nine.
NINE = NOW.replace(hour=9, minute=0)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def cast(db: None) -> Cast:
    """Hanna has something late and something for today; nobody else has anything."""
    made = make_cast(NINE)
    add_ticket(made, "Grace Adeyemi", "Larkfield Dairy", 0, "I rang four times.", due_in=-1.5 * HOUR)
    add_ticket(made, "Lucía Arrieta", "Panadería Los Olmos", 6, "", due_in=3 * HOUR)
    return made


def mails() -> list[Message]:
    return list(Message.objects.filter(kind="morning").order_by("pk"))


def lines(mail: Message) -> list[str]:
    return re.findall(r"(?m)^- (.*)$", mail.text)


# --- when and to whom ------------------------------------------------------------------------------------------


def test_it_leaves_when_work_starts_and_once_a_day(cast: Cast) -> None:
    assert send_mornings(now=NINE - MINUTE) == 0
    assert send_mornings(now=NINE) == 1
    assert send_mornings(now=NINE) == send_mornings(now=NINE + HOUR) == 0
    (mail,) = mails()
    assert mail.recipient == cast.hanna.email and mail.stream == Stream.STAFF
    assert mail.dedupe_key == f"morning:{cast.hanna.pk}:2026-11-24"
    assert send_mornings(now=NINE + DAY) == 1
    assert len(mails()) == 2


def test_the_sweep_sends_it(cast: Cast) -> None:
    assert sweep(NINE)["mornings"] == 1
    assert sweep(NINE + MINUTE)["mornings"] == 0


@pytest.mark.parametrize(
    ("zone", "hour"), [("Europe/Stockholm", 8), ("America/New_York", 14), ("Asia/Tokyo", 0), ("Mars/Olympus", 9)]
)
def test_work_starts_on_the_clock_of_whoever_works(cast: Cast, zone: str, hour: int) -> None:
    User.objects.filter(pk=cast.hanna.pk).update(time_zone=zone)
    starts = NOW.replace(hour=hour, minute=0)
    assert send_mornings(now=starts - MINUTE) == 0
    assert send_mornings(now=starts) == 1


def test_times_in_it_are_those_of_the_readers_clock(cast: Cast) -> None:
    User.objects.filter(pk=cast.hanna.pk).update(time_zone="Europe/Stockholm")
    send_mornings(now=NINE - HOUR)
    assert "Write to Lucía, Panadería Los Olmos: due today 13:00" in lines(mails()[0])


@pytest.mark.parametrize("days", [4, 5])
def test_nothing_leaves_on_a_day_on_which_nobody_works(cast: Cast, days: int) -> None:
    assert send_mornings(now=NINE + days * DAY) == 0
    assert mails() == []


def test_a_closed_day_is_no_working_day(cast: Cast) -> None:
    calendar = cast.team.calendar
    type(calendar).objects.filter(pk=calendar.pk).update(closed_days=[["2026-11-24", "A holiday"]])
    assert send_mornings(now=NINE) == 0


def test_what_could_not_leave_in_the_morning_does_not_leave_at_noon(cast: Cast) -> None:
    assert send_mornings(now=NINE + 4 * HOUR) == 0
    assert send_mornings(now=NINE + 4 * HOUR - MINUTE) == 1


def test_with_nothing_to_say_there_is_no_mail_all_day(cast: Cast) -> None:
    Ticket.objects.all().delete()
    assert send_mornings(now=NINE) == 0
    cast.now = NINE
    add_ticket(cast, "Anna One", "A", 6, "", due_in=2 * HOUR)
    # The day was looked at when it began; what comes later comes by the mails about it.
    assert send_mornings(now=NINE + MINUTE) == 0
    assert mails() == []


def test_nobody_who_is_away_gets_one(cast: Cast) -> None:
    factories.make_away(cast.hanna, NINE - DAY, NINE + DAY)
    assert send_mornings(now=NINE) == 0
    assert User.objects.get(pk=cast.hanna.pk).morning_mail_on is None
    assert send_mornings(now=NINE + DAY) == 1


@pytest.mark.parametrize("change", [{"morning_mail": False}, {"is_active": False}, {"email": ""}])
def test_nobody_who_does_not_want_one_or_cannot_get_one(cast: Cast, change: dict[str, Any]) -> None:
    User.objects.filter(pk=cast.hanna.pk).update(**change)
    assert send_mornings(now=NINE) == 0
    assert mails() == []


def test_only_who_works_tickets_gets_one(cast: Cast) -> None:
    add_ticket(cast, "Ida Holm", "Holm", 2, "", owner=cast.devika, due_in=HOUR)
    Member.objects.filter(user=cast.hanna).update(is_active=False)
    assert send_mornings(now=NINE) == 0


def test_a_lead_with_tickets_gets_one_that_leads_to_the_own_day(cast: Cast) -> None:
    add_ticket(cast, "Ida Holm", "Holm", 2, "", owner=cast.lead, due_in=HOUR)
    assert send_mornings(now=NINE) == 2
    by_reader = {mail.recipient: mail.text for mail in mails()}
    assert re.search(r"Open my day:\n\S+/day/\n", by_reader[cast.lead.email])
    assert re.search(r"Open my day:\n\S+testserver/\n", by_reader[cast.hanna.email])


def test_one_that_raises_stops_no_other_and_is_tried_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    add_ticket(cast, "Ida Holm", "Holm", 2, "", owner=cast.nils, due_in=HOUR)
    real = morning._parts

    def failing(page: Any) -> Any:
        if page.viewer.user == cast.hanna:
            raise RuntimeError("boom")
        return real(page)

    monkeypatch.setattr(morning, "_parts", failing)
    monkeypatch.setattr(morning, "BATCH", 2)  # whoever raises takes nobody's place
    assert send_mornings(now=NINE) == 1
    assert [mail.recipient for mail in mails()] == [cast.nils.email]
    monkeypatch.undo()
    assert send_mornings(now=NINE + MINUTE) == 1


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_send_one() -> None:
    made = make_cast(NINE)
    add_ticket(made, "Grace Adeyemi", "Larkfield Dairy", 0, "", due_in=-HOUR)
    start = threading.Barrier(4)
    counts: list[int] = []

    def run() -> None:
        try:
            start.wait(10)
            counts.append(send_mornings(now=NINE))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 1 and len(mails()) == 1


# --- what it says ----------------------------------------------------------------------------------------------


def test_it_says_what_is_worst_first_and_each_line_leads_there(cast: Cast) -> None:
    rosa = add_ticket(cast, "Rosa Figueiredo", "Figueiredo", 3, "", due_in=9 * DAY, snoozed_until=NINE - HOUR)
    factories.make_verdict(rosa, "settled", text="Two people called back.", happened_at=NINE - 2 * HOUR)
    send_mornings(now=NINE)
    (mail,) = mails()
    assert mail.subject == "Your day: 1 late, 1 due today"
    assert mail.text.startswith("Tuesday morning, Hanna\n======")
    heads = [mail.text.index(f"\n{head}\n---") for head in ("Late", "Today", "Came back", "What customers said")]
    assert heads == sorted(heads)
    assert lines(mail) == [
        "Write to Grace, Larkfield Dairy: late by 1\u00a0h\u00a030",
        "Write to Lucía, Panadería Los Olmos: due today 12:00",
        "Rosa Figueiredo, Figueiredo: The snooze is over.",
        "Rosa Figueiredo, Figueiredo: settled. “Two people called back.”",
    ]
    grace = cast.tickets["Grace"].pk
    assert f"  {settings.SITE_URL}/tickets/{grace}/?do=send-message#send-message\n" in mail.text
    assert mail.html.count("/tickets/") == 4


def test_it_names_a_call_at_its_good_time(cast: Cast) -> None:
    call = {"phone": "+46 1", "preferred_channel": "phone", "good_time": "15:00 to 17:00"}
    add_ticket(cast, "Daniel Osei", "Bluewater", 5, "", due_in=8 * HOUR, contact=call)
    send_mornings(now=NINE)
    assert "Call Daniel, Bluewater: 15:00" in lines(mails()[0])


def test_it_stays_under_two_hundred_words_whatever_there_is(cast: Cast) -> None:
    long = "a b c d e f g h i j k l m n o p q r s t u v w x y z " * 5
    for n in range(12):
        add_ticket(cast, f"P{n} {long}"[:190], f"{n} {long}"[:190], 2, "", due_in=-(n + 1) * HOUR)
        today = add_ticket(cast, f"Q{n} {long}"[:190], f"Q{n} {long}"[:190], 2, "", due_in=(n / 10 + 1) * HOUR)
        factories.make_verdict(today, "settled", text=long, happened_at=NINE - HOUR)
    send_mornings(now=NINE)
    (mail,) = mails()
    assert len(re.sub(r"https?://\S+", "", mail.text).split()) < 200
    assert "late by" in mail.text


def test_many_lines_are_counted_and_lead_to_the_queue(cast: Cast) -> None:
    for n in range(29):
        add_ticket(cast, f"Person{n} Name", f"Company {n}", 2, "", due_in=-(n + 1) * HOUR)
    send_mornings(now=NINE)
    (mail,) = mails()
    assert mail.subject == "Your day: 30 late, 1 due today"
    assert "And 26 more" in lines(mail)
    assert f"{settings.SITE_URL}/queue/?view=late" in mail.text


def test_words_on_hold_stay_inside(cast: Cast) -> None:
    vera = add_ticket(cast, "Vera Kranz", "Kranz", 0, "We gave it to our lawyer.", due_in=HOUR, on_hold=True)
    factories.make_verdict(vera, "not_yet", text="The lawyer writes on Friday.", happened_at=NINE - HOUR)
    send_mornings(now=NINE)
    (mail,) = mails()
    assert "Vera Kranz, Kranz: not yet" in lines(mail)
    assert "lawyer" not in mail.text + mail.html


def test_words_from_elsewhere_are_text(cast: Cast) -> None:
    eve = add_ticket(cast, "<b>Eve</b> Doe", "<i>Inc</i> & Co", 1, "", due_in=HOUR)
    factories.make_verdict(eve, "settled", text="<script>alert(1)</script> \n- A line.", happened_at=NINE - HOUR)
    send_mornings(now=NINE)
    (mail,) = mails()
    assert "<script" not in mail.html and "<b>Eve" not in mail.html
    assert "<i>Inc</i> & Co" in mail.text


def test_it_speaks_the_language_of_its_reader(cast: Cast) -> None:
    User.objects.filter(pk=cast.hanna.pk).update(language="de")
    send_mornings(now=NINE)
    (mail,) = mails()
    assert mail.language == "de"
    assert "Dienstag" in mail.text and "Open my day" not in mail.text


# --- what it costs ---------------------------------------------------------------------------------------------


def test_it_costs_the_same_with_few_and_many_tickets(cast: Cast, django_assert_max_num_queries: Any) -> None:
    from tests.followups.pages.test_queue import many

    def cost(now: datetime) -> int:
        with django_assert_max_num_queries(30) as captured:
            assert send_mornings(now=now) == 1
        return len(captured)

    # One person's mail: whose day starts at the same minute is told after the other.
    User.objects.exclude(pk=cast.hanna.pk).update(morning_mail=False)
    few = cost(NINE)
    many(cast, 1_500)
    Ticket.objects.filter(owner=cast.hanna).update(due_at=NINE + HOUR)
    assert cost(NINE + DAY) <= few


def test_a_snooze_that_is_over_is_told_the_next_morning(cast: Cast) -> None:
    ticket = add_ticket(cast, "Priya Raman", "Ashgrove", 7, "", due_in=9 * DAY)
    hanna = Actor.person(cast.hanna)
    workflow.snooze(ticket, actor=hanna, now=NINE, version=None, until=NINE + DAY - 2 * HOUR)
    send_mornings(now=NINE)
    assert "Priya" not in mails()[0].text
    send_mornings(now=NINE + DAY)
    assert "Priya Raman, Ashgrove: The snooze is over." in lines(mails()[1])
