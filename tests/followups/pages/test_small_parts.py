"""The small parts of the pages: times in words, counts, next step, what a mail's state is called."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from followups import counting
from followups.models import Ticket
from followups.models.tickets import TicketState
from followups.next_step import Known, next_step
from followups.templatetags.moments import ago, as_promised, in_full, in_full_at, moment, on_day, span
from followups.ticket_page.timeline import mail_tag, was_kept
from followups.viewing import Days, Viewer, time_left
from nps_loop.mail.models import Message
from nps_loop.templatetags.figures import points
from tests import factories
from tests.factories import NOW
from tests.followups.pages.cast import DAY, HOUR, Cast, add_marta, add_ticket

# --- times -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (3 * HOUR, "today 17:30"),
        (-DAY, "Mon 14:30"),
        (5 * DAY, "Sun 14:30"),
        (6 * DAY, "Mon 30 Nov 14:30"),
        (-20 * DAY, "Wed 4 Nov 14:30"),
        (-100 * DAY, "16 Aug 14:30"),
        (-400 * DAY, "20 Oct 2025 14:30"),
    ],
)
def test_a_moment_is_as_short_as_it_stays_clear(away: timedelta, words: str) -> None:
    assert moment(NOW + away, NOW) == words


def test_no_moment_is_no_words() -> None:
    assert (moment(None, NOW), on_day(None, NOW), in_full(None), in_full_at(None), as_promised(None, NOW)) == ("",) * 5


def test_moments_are_read_on_the_readers_clock() -> None:
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        assert moment(NOW + HOUR, NOW) == "Wed 00:30"


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(minutes=40), "40 min"),
        (timedelta(hours=41, minutes=48), "41 h 48 min"),
        (timedelta(hours=13), "13 h"),
        (timedelta(days=6, hours=2), "6 d 2 h"),
        (timedelta(days=-1), "0 min"),
    ],
)
def test_a_stretch_of_time_keeps_its_minutes(length: timedelta, words: str) -> None:
    assert span(length).replace("\u00a0", " ") == words


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "today"),
        (1, "yesterday"),
        (2, "2 days ago"),
        (35, "5 weeks ago"),
        (90, "3 months ago"),
        (800, "2 years ago"),
    ],
)
def test_how_long_ago_is_coarse(days: int, words: str) -> None:
    assert ago(NOW - days * DAY, NOW) == words


def test_a_day_alone_names_its_weekday_while_it_is_near() -> None:
    assert on_day(date(2026, 11, 24), NOW) == "today"
    assert on_day(date(2026, 11, 22), NOW) == "Sun 22 Nov"
    assert on_day(date(2025, 11, 24), NOW) == "24 Nov 2025"


def test_promises_are_half_days() -> None:
    assert as_promised(NOW + 3 * HOUR, NOW) == "by Tuesday evening"


# --- days and what is left -------------------------------------------------------------------------------------


def test_the_next_working_day_passes_over_a_weekend(db: None) -> None:
    friday = datetime(2026, 11, 27, 15, tzinfo=UTC)
    days = Days.around(friday, factories.make_calendar(slug="mo-fr", zone="UTC"))
    assert days.next_ends == datetime(2026, 11, 30, 17, 30, tzinfo=UTC)
    assert Days.around(friday, None).next_ends == days.next_ends


def test_what_is_left_is_working_time_then_days(db: None) -> None:
    calendar = factories.make_calendar(slug="mo-fr", zone="UTC")
    days = Days.around(NOW, calendar)
    # Three hours today and four tomorrow until one o'clock.
    assert time_left(NOW, NOW + 22.5 * HOUR, days, calendar) == 7 * HOUR
    assert time_left(NOW, NOW + 3 * DAY, days, calendar) == 3 * DAY
    assert time_left(NOW, NOW + HOUR, days, None) == HOUR


# --- counting --------------------------------------------------------------------------------------------------


def test_several_counts_are_one_query(cast: Cast, django_assert_num_queries: object) -> None:
    add_marta(cast)
    add_ticket(cast, "Anna One", "A", 5, "", owned=False)
    rows = Ticket.objects.all()
    parts = {"all": rows, "nobodys": rows.filter(owner=None), "none": rows.none(), "new": rows.filter(state="new")}
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert counting.count_each(parts) == {"all": 2, "nobodys": 1, "none": 0, "new": 1}
    assert counting.count_each({}) == {}
    assert counting.count_each({"all": rows}, limit=1) == {"all": 2}


def test_a_count_that_stopped_says_so() -> None:
    assert (counting.in_words(500), counting.in_words(501)) == ("500", "500+")


def test_the_first_of_each_part_come_once(cast: Cast) -> None:
    for n in range(5):
        add_ticket(cast, f"Name{n} One", f"C{n}", 5, "", due_in=(n + 1) * HOUR)
    rows = Ticket.objects.in_queue_order()
    found = counting.first_of_each(rows, [(rows, 2), (rows.order_by("-rank"), 1), (rows, 1), (rows.none(), 9)])
    assert [ticket.contact.name for ticket in found] == ["Name0 One", "Name1 One", "Name4 One"]
    assert list(counting.first_of_each(rows, [(rows.none(), 3)])) == []


# --- next step -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "verb"),
    [
        ({"state": TicketState.ASSIGNED}, "send-message"),
        ({"state": TicketState.ASSIGNED, "contact": {"phone": "+1", "preferred_channel": "phone"}}, "log-contact"),
        ({"state": TicketState.ASSIGNED, "contact": {"phone": "+1"}, "contact_me": True}, "log-contact"),
        ({"state": TicketState.ASSIGNED, "contact": {"phone": "+1", "preferred_channel": "mail"}}, "send-message"),
        ({"state": TicketState.ASSIGNED, "left_in_peace": True}, "leave-in-peace"),
        ({"state": TicketState.ASSIGNED, "nobody_to_reach": True}, "resolve"),
        ({"state": TicketState.CONTACTED}, "add-action"),
        ({"state": TicketState.CONTACTED, "score": 7}, "resolve"),
        ({"state": TicketState.CONTACTED, "customer_waits": True}, "send-message"),
        ({"state": TicketState.IN_ACTION}, "resolve"),
        ({"state": TicketState.WAITING_ON_CUSTOMER}, ""),
        ({"state": TicketState.RESOLVED}, ""),
        ({"state": TicketState.CLOSED}, ""),
        ({"state": TicketState.ASSIGNED, "owned": False}, "assign"),
    ],
)
def test_each_ticket_has_one_next_step(cast: Cast, fields: dict[str, object], verb: str) -> None:
    score = fields.pop("score", 4)
    ticket = add_ticket(cast, "Anna One", "A", score, "Words.", **fields)  # type: ignore[arg-type]
    step = next_step(ticket, Known(), Viewer.of(cast.hanna), now=NOW)
    assert step.verb == verb
    assert step.label


def test_an_open_action_comes_before_the_resolution(cast: Cast) -> None:
    ticket = add_ticket(cast, "Anna One", "A", 4, "", state=TicketState.IN_ACTION)
    action = factories.make_action(ticket, cast.devika, due_at=NOW + 3 * HOUR)
    step = next_step(ticket, Known([action]), Viewer.of(cast.hanna), now=NOW)
    assert step.verb == "complete-action"
    assert "Devika Rao, by Tuesday evening" in step.reason


# --- the rest --------------------------------------------------------------------------------------------------


def test_every_state_of_a_mail_has_words() -> None:
    assert all(mail_tag(Message(state=state))[0] for state in Message.State.values)


def test_kept_is_done_by_the_first_date_told(cast: Cast) -> None:
    ticket = add_ticket(cast, "Anna One", "A", 4, "")
    told = {"first_promised_at": NOW, "state": "done"}
    assert was_kept(factories.make_action(ticket, done_at=NOW, **told)) is True
    assert was_kept(factories.make_action(ticket, done_at=NOW + HOUR, due_at=NOW + DAY, **told)) is False
    assert was_kept(factories.make_action(ticket, done_at=NOW, state="done")) is None
    assert was_kept(factories.make_action(ticket, first_promised_at=NOW)) is None


def test_a_viewer_has_the_roles_that_permissions_say(cast: Cast) -> None:
    from followups.permissions import roles_on, sees_name, sees_words

    ticket = add_ticket(cast, "Anna One", "A", 4, "", on_hold=True)
    factories.make_action(ticket, cast.devika)
    for user in (cast.hanna, cast.lead, cast.nils, cast.devika, cast.outsider, cast.admin):
        viewer = Viewer.of(user)
        mine = user == cast.devika
        assert viewer.roles_on(ticket, has_action=mine) == roles_on(ticket, user), user
        assert viewer.sees_words(ticket) == sees_words(ticket, user), user
        for share_name in (True, False, None):
            assert viewer.sees_name(ticket, share_name) == sees_name(ticket, user, share_name), user


@pytest.mark.parametrize(("value", "words"), [(56.4, "+56"), (-12.3, "−12"), (0.2, "0"), (-0.4, "0"), (None, "")])
def test_points_carry_their_sign(value: float | None, words: str) -> None:
    assert points(value) == words
