"""/: what to do first, then, and tomorrow; what came back and what customers said; for whom, and what it costs."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from followups import workflow
from followups.actors import Actor
from followups.models import Deadline, Ticket
from followups.models.tickets import ClosedAs, TicketState
from surveys.models import Contact
from tests import factories
from tests.factories import NOW
from tests.followups.pages.cast import DAY, HOUR, Cast, add_marta, add_ticket
from tests.followups.pages.conftest import logged_in, shown
from tests.followups.pages.test_queue import many, queries


def text(page: str) -> str:
    """The words of a page, tags left out."""
    return " ".join(re.sub(r"<[^>]+>", " ", page[page.index("<main") :]).split())


def day(client: Client) -> str:
    return shown(client, "/")


def first(page: str) -> str:
    """What the page says to do first."""
    return " ".join(re.findall(r'id="next-h">([^<]+)<', page)).strip()


def rows(page: str, section: str = "h-today") -> list[tuple[str, str]]:
    """(when, title) of each row of a section, from top to bottom."""
    if f'id="{section}"' not in page:
        return []
    part = page.split(f'id="{section}"')[1].split("</ol>")[0]
    return re.findall(r'class="row-when[^"]*">([^<]+)</span>.*?class="row-link"[^>]*>([^<]+)<', part, re.DOTALL)


def phone(**more: object) -> dict[str, object]:
    return {"phone": "+46 00 000 00 00", "preferred_channel": "phone", **more}


# --- for whom --------------------------------------------------------------------------------------------------


def test_an_agent_starts_with_the_day_and_others_with_their_own_page(queue: Cast, hanna: Client) -> None:
    assert "Tuesday afternoon, Hanna" in day(hanna)
    assert logged_in(queue.lead).get("/")["Location"] == "/team/"
    assert logged_in(queue.admin).get("/")["Location"] == "/team/"
    assert logged_in(queue.devika).get("/")["Location"] == "/actions/"


def test_a_lead_who_owns_tickets_has_a_day_too(queue: Cast) -> None:
    lead = logged_in(queue.lead)
    assert 'href="/day/"' not in shown(lead, "/team/")
    add_ticket(queue, "Ida Holm", "Holm Foods", 2, "Nobody called.", owner=queue.lead)
    assert 'href="/day/"' in shown(lead, "/team/")
    assert "Ida Holm" in shown(lead, "/day/")


def test_the_day_is_for_looking_and_for_who_is_logged_in(queue: Cast, hanna: Client) -> None:
    for path in ("/", "/day/"):
        assert hanna.post(path).status_code == 405
        assert Client().get(path)["Location"] == f"/login/?next={path}"


def test_nobody_sees_the_day_of_somebody_else(queue: Cast) -> None:
    page = day(logged_in(queue.nils))
    assert not any(name in page for name in ("Marta", "Grace", "Daniel"))


def test_g_then_d_leads_to_the_day(queue: Cast, hanna: Client) -> None:
    page = shown(hanna, "/queue/")
    assert re.search(r'href="/"[^>]*data-go="d"', page)
    assert re.findall(r'class="nav-link" href="([^"]+)" aria-current="page"', page) == ["/queue/"]
    assert re.findall(r'class="nav-link" href="([^"]+)" aria-current="page"', day(hanna)) == ["/"]


# --- what it says first ----------------------------------------------------------------------------------------


def test_the_heading_counts_what_is_late_and_due(queue: Cast, hanna: Client) -> None:
    assert "24 November, 14:30. 1 is late, 4 are due today." in text(day(hanna))


@pytest.mark.parametrize(
    ("hour", "words"), [(8, "Tuesday morning"), (13, "Tuesday afternoon"), (19, "Tuesday evening")]
)
def test_the_heading_knows_the_time_of_day(queue: Cast, hanna: Client, hour: int, words: str) -> None:
    with time_machine.travel(NOW.replace(hour=hour), tick=False):
        assert f"{words}, Hanna" in day(hanna)


def test_what_is_late_is_first_with_its_briefing(queue: Cast, hanna: Client) -> None:
    page = day(hanna)
    assert first(page) == "First: call Grace"
    words = text(page)
    assert "Two vans stood at the wrong depot on the busiest Saturday" in words
    assert "Last promise" in words and "Who else there is unhappy" in words and "Good time" in words
    assert 'href="tel:+44000000"' in page
    assert f"/tickets/{queue.tickets['Grace'].pk}/?do=log-contact#log-contact" in page


def test_there_is_one_primary_button(queue: Cast, hanna: Client) -> None:
    assert day(hanna).count("btn-primary") == 1


def test_a_promise_in_danger_can_be_put_off_before_anything_else(cast: Cast, hanna: Client) -> None:
    ticket = add_ticket(cast, "Grace Adeyemi", "Larkfield", 0, "", due_in=-HOUR, contact=phone())
    page = day(hanna)
    assert "Send the delay mail first" in text(page)
    link = f"/tickets/{ticket.pk}/?do=delay#delay"
    assert f'href="{link}"' in page
    assert 'id="delay"' in shown(hanna, f"/tickets/{ticket.pk}/?do=delay")


def test_where_no_promise_is_in_danger_or_no_mail_can_go_nothing_is_put_off(cast: Cast, hanna: Client) -> None:
    ticket = add_ticket(cast, "Grace Adeyemi", "Larkfield", 0, "", due_in=9 * HOUR, contact=phone())
    assert "delay mail" not in day(hanna)
    Ticket.objects.filter(pk=ticket.pk).update(due_at=NOW - HOUR, promised_at=NOW - HOUR)
    Contact.objects.filter(pk=ticket.contact_id).update(email="")
    assert first(day(hanna)) == "First: call Grace"
    assert "delay mail" not in day(hanna)


def test_of_several_late_ones_the_queue_says_which(cast: Cast, hanna: Client) -> None:
    add_ticket(cast, "Anna One", "A", 6, "", due_in=-3 * HOUR)
    second = add_ticket(cast, "Berta Two", "B", 0, "", due_in=-HOUR)
    Ticket.objects.filter(pk=second.pk).update(rank=second.rank - 6 * 3600)
    page = day(hanna)
    assert first(page) == "First: write to Berta"
    assert rows(page) == [("late", "Write to Anna")]


def test_a_call_outside_the_good_time_is_not_first(cast: Cast, hanna: Client) -> None:
    add_ticket(cast, "Daniel Osei", "Bluewater", 3, "", due_in=2 * HOUR, contact=phone(good_time="15:00 to 17:00"))
    add_ticket(cast, "Anna One", "A", 6, "", due_in=3 * HOUR)
    page = day(hanna)
    assert first(page) == "First: write to Anna"
    assert rows(page) == [("15:00", "Call Daniel")]
    assert "Good time 15:00 to 17:00." in text(page)


def test_a_call_in_the_good_time_is_for_now(cast: Cast, hanna: Client) -> None:
    add_ticket(cast, "Daniel Osei", "Bluewater", 3, "", due_in=2 * HOUR, contact=phone(good_time="14:00 to 16:00"))
    page = day(hanna)
    assert first(page) == "First: call Daniel"
    assert "Good time until 16:00." in text(page)


def test_the_good_time_is_read_off_the_customers_clock(cast: Cast, hanna: Client) -> None:
    there = phone(good_time="08:00 to 10:00", time_zone="America/New_York")
    add_ticket(cast, "Daniel Osei", "Bluewater", 3, "", due_in=2 * HOUR, contact=there)
    page = day(hanna)
    assert first(page) == "First: call Daniel"
    assert "Good time until 15:00 on your clock." in text(page)


def test_where_the_good_time_is_over_a_mail_goes_now_and_the_call_tomorrow(cast: Cast, hanna: Client) -> None:
    there = phone(good_time="08:00 to 10:00", time_zone="Europe/Stockholm")
    add_ticket(cast, "Marta Lindqvist", "Nordby", 3, "", due_in=3 * HOUR, contact=there)
    page = day(hanna)
    assert first(page) == "First: write to Marta"
    assert "The good time to call (08:00 to 10:00) does not come before it is due: write now, call Wed 07:00." in text(
        page
    )
    assert rows(page, "h-next") == [("07:00", "Call Marta")]


def test_whoever_asked_to_be_called_is_called_though_the_good_time_is_over(cast: Cast, hanna: Client) -> None:
    add_marta(cast)
    page = day(hanna)
    assert first(page) == "First: call Marta"
    assert "The good time (08:00 to 10:00) does not come before it is due." in text(page)
    assert rows(page, "h-next") == []


def test_outside_the_good_time_a_call_that_is_late_is_first_all_the_same(cast: Cast, hanna: Client) -> None:
    add_ticket(cast, "Grace Adeyemi", "Larkfield", 0, "", due_in=-HOUR, contact=phone(good_time="before ten"))
    add_ticket(cast, "Anna One", "A", 6, "", due_in=3 * HOUR)
    page = day(hanna)
    assert first(page) == "First: call Grace"
    assert "It is not the good time (before ten), but it is late already." in text(page)


def test_while_every_call_waits_the_page_says_what_comes_next(cast: Cast, hanna: Client) -> None:
    add_ticket(cast, "Daniel Osei", "Bluewater", 3, "", due_in=3 * HOUR, contact=phone(good_time="16:00 to 17:00"))
    page = day(hanna)
    assert first(page) == "Nothing has to be done this minute"
    assert "The next one comes 16:00: Call Daniel, Daniel Osei." in text(page)


def test_nobody_is_asked_to_write_again_while_a_mail_is_on_its_way(cast: Cast, hanna: Client) -> None:
    ticket = add_ticket(cast, "Anna One", "A", 6, "", due_in=2 * HOUR)
    factories.make_message(case=ticket.pk, kind="personal", send_after=NOW + timedelta(minutes=10))
    page = day(hanna)
    assert first(page) == "Nothing has to be done this minute"
    assert "The mail to Anna leaves today 14:40." in text(page)


def test_words_from_elsewhere_are_text(cast: Cast, hanna: Client) -> None:
    add_ticket(cast, "<b>Eve</b> Doe", "<i>Inc</i>", 1, "<script>alert(1)</script>", due_in=-HOUR)
    page = day(hanna)
    assert "<script>alert" not in page and "<b>Eve" not in page and "<i>Inc" not in page
    assert "&lt;script&gt;" in page


# --- then, and tomorrow ----------------------------------------------------------------------------------------


def test_the_rest_of_the_day_is_in_the_order_of_good_times_and_due_times(queue: Cast, hanna: Client) -> None:
    page = day(hanna)
    assert "Then, till 17:30" in text(page)
    assert [when for when, _ in rows(page)] == ["now", "now", "now", "by 17:30"]
    assert rows(page)[-1] == ("by 17:30", "Send the corrected build")


def test_after_work_the_day_goes_on_without_an_end(queue: Cast, hanna: Client) -> None:
    with time_machine.travel(NOW.replace(hour=19), tick=False):
        assert "Then, today" in text(day(hanna)) or "Then, till" not in text(day(hanna))


def test_tomorrow_names_what_is_due_and_links_to_the_rest(cast: Cast, hanna: Client) -> None:
    for n in range(8):
        add_ticket(cast, f"Person{n} Name", f"Company {n}", 5, "", due_in=(20 + n / 10) * HOUR)
    page = day(hanna)
    assert "Tomorrow 8 due" in text(page)
    assert rows(page, "h-next")[0] == ("by 10:30", "Write to Person0")
    assert len(rows(page, "h-next")) == 6
    assert '<a href="/queue/?view=next">The other 2</a>' in page


def test_before_a_weekend_the_next_working_day_has_its_date(cast: Cast, hanna: Client) -> None:
    friday = NOW + 3 * DAY
    with time_machine.travel(friday, tick=False):
        add_ticket(cast, "Søren Ibsen", "Ibsen Køl", 5, "", due_in=6 * DAY - 4 * HOUR)
        assert "Next working day, Monday 30 November 1 due" in text(day(logged_in(cast.hanna)))


def test_a_try_that_was_put_on_tomorrow_stands_there(cast: Cast, hanna: Client) -> None:
    ticket = add_ticket(cast, "Søren Ibsen", "Ibsen Køl", 5, "", due_in=4 * DAY, contact=phone())
    tomorrow = NOW.replace(hour=9, minute=0) + DAY
    workflow.log_contact(
        ticket, actor=Actor.person(cast.hanna), now=NOW, version=None, channel="phone", outcome="no_answer", next_try_at=tomorrow
    )  # fmt: skip
    assert rows(day(hanna), "h-next") == [("09:00", "Call Søren")]
    assert "You meant to try again then." in text(day(hanna))


def test_only_the_newest_try_says_when_to_try_again(cast: Cast, hanna: Client) -> None:
    ticket = add_ticket(cast, "Søren Ibsen", "Ibsen Køl", 5, "", due_in=4 * DAY, contact=phone())
    for hours, until in ((2, 18), (1, 42)):
        workflow.log_contact(
            ticket, actor=Actor.person(cast.hanna), now=NOW - hours * HOUR, version=None, channel="phone",
            outcome="no_answer", next_try_at=NOW + until * HOUR,
        )  # fmt: skip
    assert rows(day(hanna), "h-next") == []


def test_promises_made_on_the_tickets_of_others_are_part_of_the_day(cast: Cast, hanna: Client) -> None:
    ticket = add_ticket(cast, "Petra Lindholm", "Havsbris", 4, "", owner=cast.nils, state=TicketState.IN_ACTION)
    factories.make_action(ticket, cast.hanna, title="Check the invoices", due_at=NOW + HOUR)
    page = day(hanna)
    assert "by 15:30: Check the invoices" in text(page) or rows(page) == [("by 15:30", "Check the invoices")]
    assert "Nils Aker has the ticket." in text(page)


def test_what_somebody_else_promised_stands_in_the_day_and_is_never_what_comes_first(cast: Cast, hanna: Client) -> None:
    ticket = add_ticket(cast, "Petra Lindholm", "Havsbris", 4, "", target="action", state=TicketState.IN_ACTION)
    factories.make_action(ticket, cast.devika, title="Send the credit note", due_at=NOW + 3 * HOUR)
    page = day(hanna)
    assert rows(page) == [("by 17:30", "Send the credit note")]
    assert "Devika Rao is on it, promised by Tuesday evening." in text(page)
    assert first(page) == "Nothing has to be done this minute"


# --- snooze and next tries come back by themselves ---------------------------------------------------------------


def test_a_snoozed_ticket_is_in_its_group_again_the_moment_the_snooze_is_over(cast: Cast, hanna: Client) -> None:
    ticket = add_ticket(cast, "Anna One", "A", 6, "", due_in=3 * HOUR)
    until = NOW + HOUR
    workflow.snooze(ticket, actor=Actor.person(cast.hanna), now=NOW, version=None, until=until)

    def groups() -> tuple[str, str, str]:
        heads = re.findall(r'class="group-head" id="(\w+)"', shown(hanna, "/queue/"))
        return (*heads, "", "")[0], first(day(hanna)), "Snoozed 1" if "1</span>" in snoozed() else ""

    def snoozed() -> str:
        return re.search(r"Snoozed (<span[^>]*>\d+</span>)", shown(hanna, "/queue/"))[1]  # type: ignore[index]

    with time_machine.travel(until - timedelta(seconds=1), tick=False):
        assert groups() == ("later", "", "Snoozed 1")
    with time_machine.travel(until, tick=False):
        assert groups() == ("today", "First: write to Anna", "")


@pytest.mark.parametrize(
    ("due_in", "view"), [(20 * HOUR, "next"), (9 * DAY, "later"), (3 * HOUR, "today")]
)  # fmt: skip
def test_it_comes_back_into_the_group_of_its_due_time(cast: Cast, hanna: Client, due_in: timedelta, view: str) -> None:
    ticket = add_ticket(cast, "Anna One", "A", 6, "", due_in=due_in)
    workflow.snooze(ticket, actor=Actor.person(cast.hanna), now=NOW, version=None, until=NOW + HOUR)
    with time_machine.travel(NOW + HOUR, tick=False):
        assert re.findall(r'class="group-head" id="(\w+)"', shown(hanna, "/queue/")) == [view]
        assert "Anna One" in shown(hanna, f"/queue/?view={view}")
        assert "Anna One" not in shown(hanna, "/queue/?view=snoozed")


def test_a_snooze_up_to_the_due_time_ends_in_late(cast: Cast, hanna: Client) -> None:
    ticket = add_ticket(cast, "Anna One", "A", 6, "", due_in=HOUR)
    workflow.snooze(ticket, actor=Actor.person(cast.hanna), now=NOW, version=None, until=NOW + HOUR)
    with time_machine.travel(NOW + HOUR + timedelta(seconds=1), tick=False):
        assert re.findall(r'class="group-head" id="(\w+)"', shown(hanna, "/queue/")) == ["late"]
        assert first(day(hanna)) == "First: write to Anna"


def test_a_next_try_comes_back_at_its_hour(cast: Cast, hanna: Client) -> None:
    ticket = add_ticket(cast, "Søren Ibsen", "Ibsen Køl", 5, "", due_in=4 * DAY, contact=phone())
    workflow.log_contact(
        ticket, actor=Actor.person(cast.hanna), now=NOW, version=None, channel="phone", outcome="no_answer", next_try_at=NOW + HOUR
    )  # fmt: skip
    assert rows(day(hanna)) == [("15:30", "Call Søren")]
    with time_machine.travel(NOW + HOUR, tick=False):
        page = day(hanna)
        assert first(page) == "First: call Søren"
        assert "You meant to try again now." in text(page)


def test_a_try_outside_the_good_time_waits_for_it(cast: Cast, hanna: Client) -> None:
    there = phone(good_time="15:30 to 17:00")
    ticket = add_ticket(cast, "Søren Ibsen", "Ibsen Køl", 5, "", due_in=4 * DAY, contact=there)
    workflow.log_contact(
        ticket, actor=Actor.person(cast.hanna), now=NOW - HOUR, version=None, channel="phone", outcome="no_answer", next_try_at=NOW
    )  # fmt: skip
    page = day(hanna)
    assert first(page) == "Nothing has to be done this minute"
    assert rows(page) == [("15:30", "Call Søren")]


# --- what came back --------------------------------------------------------------------------------------------


def came_back(page: str) -> str:
    return text("<main" + page.split('id="h-back"')[1].split("</section>")[0]) if 'id="h-back"' in page else ""


def test_what_came_back_since_work_ended_is_named(cast: Cast, hanna: Client) -> None:
    from followups.clocks import bring_back_waiting

    waited = add_ticket(
        cast, "Henrik Falk", "Storå", 6, "", due_in=5 * DAY, state=TicketState.WAITING_ON_CUSTOMER, waiting_from="contacted", waiting_until=NOW - HOUR
    )  # fmt: skip
    snoozed = add_ticket(cast, "Priya Raman", "Ashgrove", 7, "", due_in=8 * DAY, snoozed_until=NOW - 2 * HOUR)
    bounced = add_ticket(cast, "Ellen Marchetti", "Corriere", 4, "", due_in=9 * DAY)
    factories.make_message(case=bounced.pk, state="bounced", ended_at=NOW - 3 * HOUR)
    bring_back_waiting(now=NOW)
    words = came_back(day(hanna))
    assert words.index("Ellen Marchetti") < words.index("Henrik Falk") < words.index("Priya Raman")
    assert "A mail came back." in words
    assert "No answer by the day set. The clock runs again." in words
    assert "The snooze is over." in words
    assert {waited.pk, snoozed.pk} <= {int(n) for n in re.findall(r"/tickets/(\d+)/", day(hanna))}


def test_what_was_back_before_work_ended_is_not_named_again(cast: Cast, hanna: Client) -> None:
    add_ticket(
        cast, "Priya Raman", "Ashgrove", 7, "", due_in=8 * DAY, snoozed_until=NOW.replace(hour=17, minute=0) - DAY
    )
    assert came_back(day(hanna)) == ""


def test_on_monday_the_weekend_is_part_of_the_night(cast: Cast, hanna: Client) -> None:
    monday = NOW.replace(hour=9, minute=0) + 6 * DAY
    add_ticket(cast, "Priya Raman", "Ashgrove", 7, "", due_in=15 * DAY, snoozed_until=monday - 2 * DAY)
    with time_machine.travel(monday, tick=False):
        assert "Priya Raman" in came_back(day(logged_in(cast.hanna)))


# --- what customers said ---------------------------------------------------------------------------------------


def said(page: str) -> str:
    return text("<main" + page.split('id="h-said"')[1].split("</section>")[0]) if 'id="h-said"' in page else ""


def test_praise_comes_first_and_not_yet_is_not_left_out(queue: Cast, hanna: Client) -> None:
    rosa = add_ticket(
        queue, "Rosa Figueiredo", "Figueiredo", 3, "Half was missing.", answered=6 * DAY, due_in=None,
        state=TicketState.CLOSED, closed_as=ClosedAs.CONFIRMED,
    )  # fmt: skip
    factories.make_verdict(rosa, "settled", text="Two people called back. Thank you.", happened_at=NOW)
    tom = factories.make_contact("Tom Ashdown", account=factories.make_account("Pemberton", owner=queue.hanna))
    factories.make_response(10, contact=tom, verbatim="Answered in twenty minutes.", responded_at=NOW - 2 * HOUR)
    words = said(day(hanna))
    assert "What customers said since yesterday" in words
    assert words.index("Rosa Figueiredo") < words.index("Tom Ashdown") < words.index("Daniel Osei")
    assert "Settled Rosa Figueiredo Figueiredo after 6 days" in words
    assert "Not yet Daniel Osei" in words and "The new person did not read them." in words
    assert "Answered in twenty minutes." in words


def test_praise_for_somebody_elses_work_is_theirs(cast: Cast, hanna: Client) -> None:
    tom = factories.make_contact("Tom Ashdown", account=factories.make_account("Pemberton", owner=cast.nils))
    factories.make_response(10, contact=tom, verbatim="Answered in twenty minutes.", responded_at=NOW - 2 * HOUR)
    assert said(day(hanna)) == ""
    assert "Tom Ashdown" in said(day(logged_in(cast.nils)))


def test_what_was_said_before_the_last_working_day_is_over(queue: Cast, hanna: Client) -> None:
    factories.make_verdict(queue.marta, "not_yet", text="Still nothing.", happened_at=NOW - 2 * DAY)
    assert "Still nothing." not in said(day(hanna))


def test_much_praise_pushes_nothing_out_that_is_open(queue: Cast, hanna: Client) -> None:
    for n in range(9):
        happy = factories.make_contact(f"Happy{n} Person", account=factories.make_account(owner=queue.hanna))
        factories.make_response(10, contact=happy, verbatim="Good.", responded_at=NOW - HOUR)
    words = said(day(hanna))
    assert words.count("Happy") == 5 and "Daniel Osei" in words


# --- around it -------------------------------------------------------------------------------------------------


def test_the_day_in_numbers_adds_up_and_leads_into_the_queue(queue: Cast, hanna: Client) -> None:
    page = day(hanna)
    found = dict(re.findall(r'href="/queue/\?view=(\w+)">(\d+)<', page))
    assert found == {"late": "1", "today": "4", "next": "1", "later": "2", "waiting": "1"}
    assert "8 of 25 count towards your limit." in text(page)
    assert "Open the queue, 9" in text(page)


def test_accounts_that_renew_soon_say_where_their_people_stand(queue: Cast, hanna: Client) -> None:
    words = text(day(hanna))
    assert "Corriere Tre Valli 12 days €215k. Ellen 4, spoken to, no action yet." in words
    assert "Nordby Cold Chain 37 days €184k. Marta 3, not spoken to." in words


def test_promises_of_others_are_shown_with_who_made_them(queue: Cast, hanna: Client) -> None:
    factories.make_action(queue.tickets["Ellen"], queue.devika, title="Send the credit note", due_at=NOW + DAY)
    assert "Send the credit note Devika Rao, by Wednesday evening" in text(day(hanna))


def test_who_is_away_and_who_stands_in(queue: Cast, hanna: Client) -> None:
    factories.make_away(queue.nils, NOW - DAY, NOW + 7 * DAY, delegate=queue.hanna)
    factories.make_away(queue.lead, NOW + HOUR, NOW + DAY)
    factories.make_away(queue.outsider, NOW - DAY, NOW + DAY)
    words = text(day(hanna))
    assert "Nils Aker is away until Tue 1 Dec. You stand in: open tickets of Nils Aker ." in words
    assert "Tomás Ruiz is away from today until Wed 25 Nov. Nobody stands in." in words
    assert "Otto Fern" not in words


def test_few_tickets_are_counted_and_no_rate_is_made_of_them(queue: Cast, hanna: Client) -> None:
    assert "No ticket of yours of the last 90 days is due yet." in text(day(hanna))
    for n in range(3):
        told = NOW - 20 * DAY if n else None
        factories.make_ticket(
            answer={"responded_at": NOW - 30 * DAY}, owner=queue.hanna, team=queue.team, state=TicketState.CLOSED, told_at=told
        )  # fmt: skip
    words = text(day(hanna))
    assert "3 tickets are due: not enough answers for a figure." in words
    assert (
        "Told what changed 2 of 3" in words and "%" not in words.split("Your figures, 90 days")[1].split("All keys")[0]
    )


def test_own_figures_stand_against_the_goal_with_their_interval(cast: Cast, hanna: Client) -> None:
    for n in range(25):
        ticket = factories.make_ticket(
            answer={"responded_at": NOW - 30 * DAY}, owner=cast.hanna, team=cast.team, state=TicketState.CLOSED,
            told_at=NOW - 20 * DAY, closed_as=ClosedAs.CONFIRMED if n < 10 else ClosedAs.UNCONFIRMED,
        )  # fmt: skip
        met = ticket.responded_at + (HOUR if n < 15 else 90 * HOUR)
        factories.make_deadline(ticket, Deadline.Target.FIRST_CONTACT, policy=cast.policy, met_at=met)
    page = day(hanna)
    words = text(page)
    assert "First contact on time goal 80 % 60 % First contact on time 41 to 77 %" in words
    assert "Told what changed 100 %" in words
    assert "Said it is settled 40 %" in words
    assert "Of 25 tickets that are due" in words
    assert "First contact is below the goal for certain." in words
    link = re.search(r'href="(/tickets/\?[^"]*figure=on_time[^"]*)"', page)
    assert link and text(shown(hanna, link[1].replace("&amp;", "&"))).count("Customer ") >= 15


# --- nothing to do ---------------------------------------------------------------------------------------------


def test_an_empty_day_names_who_comes_next(cast: Cast, hanna: Client) -> None:
    add_ticket(cast, "Søren Ibsen", "Ibsen Køl", 5, "", due_in=22 * HOUR)
    words = text(day(hanna))
    assert "Nobody is waiting for you today The next one is Søren Ibsen, promised by Wednesday midday." in words
    assert "Nothing is due today." in words


def test_without_any_ticket_the_day_is_still_whole(cast: Cast, hanna: Client) -> None:
    words = text(day(hanna))
    assert "No ticket is yours. New answers find their owners by themselves." in words


def test_somebody_without_a_team_has_a_day_too(cast: Cast) -> None:
    stranger = factories.make_user("Sol O")
    add_ticket(cast, "Søren Ibsen", "Ibsen Køl", 5, "", owner=stranger)
    assert first(shown(logged_in(stranger), "/day/")) == "First: write to Søren"


# --- what it costs ---------------------------------------------------------------------------------------------


def test_the_day_costs_the_same_with_few_and_many_tickets(queue: Cast, hanna: Client) -> None:
    factories.make_away(queue.nils, NOW - DAY, NOW + DAY)
    few = queries(hanna, "/")
    many(queue, 2_000)
    source: Any = Ticket.objects.filter(owner=queue.hanna)
    late = list(source.order_by("-pk").values_list("pk", flat=True)[:300])
    Ticket.objects.filter(pk__in=late[:100]).update(due_at=NOW - HOUR, rank=int(NOW.timestamp()))
    Ticket.objects.filter(pk__in=late[100:200]).update(due_at=NOW + HOUR)
    Ticket.objects.filter(pk__in=late[200:]).update(snoozed_until=NOW - HOUR)
    Ticket.objects.filter(pk__in=late[:40]).update(state=TicketState.IN_ACTION, due_for="action")
    for ticket in Ticket.objects.filter(pk__in=late[:40]):
        factories.make_verdict(ticket, "settled", text="Thank you.")
        factories.make_action(ticket, queue.devika)
        factories.make_action(ticket, queue.hanna, due_at=NOW + HOUR)
        factories.make_message(case=ticket.pk, state="bounced", ended_at=NOW - HOUR)
    lots = queries(hanna, "/")
    assert len(lots) <= len(few) <= 30, "\n".join(lots)
