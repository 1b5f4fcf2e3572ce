"""Never two automatic mails to one person within 24 hours, nor in their night, the acknowledgement excepted."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_loop.mail import delivery, outbox
from nps_loop.mail.models import Message, Stream
from nps_loop.mail.nights import after_the_quiet, is_quiet
from tests.factories import DAY, HOUR, NOW, make_contact
from tests.mail.drafts import draft, fresh, queued

State = Message.State
MINUTE = timedelta(minutes=1)


def automatic(local: str = "marta", **fields):
    [row] = queued(local, **{"automatic": True, "stream": Stream.NEWS, "case": None, "kind": "news", **fields})
    return row


@pytest.mark.django_db
def test_a_second_automatic_mail_waits_until_a_day_has_passed():
    first = automatic()
    delivery.deliver_due(NOW)
    second = automatic(stream=Stream.SURVEYS, kind="invitation")

    counts = delivery.deliver_due(NOW + HOUR)

    waiting = fresh(second)
    assert (counts["sent"], counts["waiting"]) == (0, 1)
    assert (waiting.state, waiting.send_after) == (State.QUEUED, fresh(first).sent_at + DAY)
    assert waiting.reason == "Waits: another mail went to this person on 24 November."

    delivery.deliver_due(waiting.send_after + MINUTE)

    assert (fresh(second).state, fresh(second).reason) == (State.SENT, "")


@pytest.mark.django_db
def test_two_for_one_person_in_one_batch_leave_a_day_apart():
    first, second, other = automatic(), automatic(), automatic("tom")

    counts = delivery.deliver_due(NOW)

    assert (counts["sent"], counts["waiting"]) == (2, 1)
    assert [fresh(row).state for row in (first, second, other)] == [State.SENT, State.QUEUED, State.SENT]
    assert fresh(second).send_after >= NOW + DAY


@pytest.mark.django_db
def test_one_that_another_process_has_claimed_counts_as_having_left():
    first, second = automatic(), automatic()
    Message.objects.filter(pk=first.pk).update(state=State.SENDING, leased_until=NOW + timedelta(seconds=1))

    delivery.deliver_due(NOW)

    assert (fresh(first).state, fresh(second).state) == (State.SENDING, State.QUEUED)


@pytest.mark.django_db
def test_in_the_night_of_its_reader_a_mail_waits_for_the_morning():
    make_contact(email="marta@client.example", time_zone="America/Los_Angeles")
    row = automatic()

    delivery.deliver_due(NOW)  # half past six in the morning there

    assert fresh(row).send_after == datetime(2026, 11, 24, 16, tzinfo=UTC)
    assert fresh(row).reason == "Waits: it is night where this person is."


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "acknowledgement", "stream": Stream.CASE},
        {"automatic": False, "stream": Stream.CASE, "kind": "personal"},
        {"stream": Stream.STAFF, "kind": "notice_assigned"},
    ],
    ids=["acknowledgement", "person", "colleague"],
)
def test_what_answers_somebody_neither_waits_nor_makes_others_wait(fields):
    automatic(**fields)
    again = automatic(**fields)
    delivery.deliver_due(NOW + 12 * HOUR)
    assert fresh(again).state == State.SENT

    other = automatic()
    delivery.deliver_due(NOW + 20 * HOUR)
    assert fresh(other).state == State.SENT


@pytest.mark.django_db
def test_a_mail_that_came_back_makes_nobody_wait():
    first = automatic()
    delivery.deliver_due(NOW)
    Message.objects.filter(pk=first.pk).update(state=State.BOUNCED)

    second = automatic()
    delivery.deliver_due(NOW + HOUR)

    assert fresh(second).state == State.SENT


@pytest.mark.django_db
def test_looking_costs_as_much_for_many_as_for_few(settings, django_assert_max_num_queries):
    settings.MAIL_SERVER = False
    outbox.queue(
        [draft(f"c{n}", automatic=True, stream=Stream.NEWS, kind="news", case=None) for n in range(80)], now=NOW
    )
    with django_assert_max_num_queries(26):
        assert delivery.deliver_due(NOW)["sent"] == 80


# --- the night ---------------------------------------------------------------------------------------------------


ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago", "UTC"]


@given(
    moment=st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    quiet_from=st.integers(0, 24),
    quiet_until=st.integers(0, 24),
)
def test_after_the_quiet_it_is_awake_and_at_most_a_day_later(moment, zone, quiet_from, quiet_until):
    found = after_the_quiet(moment, zone, quiet_from, quiet_until)

    assert moment <= found <= moment + 25 * HOUR
    all_day = quiet_from == 0 and quiet_until == 24
    assert all_day or not is_quiet(found, zone, quiet_from, quiet_until)
    assert is_quiet(moment, zone, quiet_from, quiet_until) or found == moment


def test_on_the_days_the_clock_jumps_the_morning_is_that_of_the_wall():
    berlin = ZoneInfo("Europe/Berlin")

    assert after_the_quiet(datetime(2026, 3, 28, 20, tzinfo=UTC), berlin) == datetime(2026, 3, 29, 6, tzinfo=UTC)
    assert after_the_quiet(datetime(2026, 10, 24, 20, tzinfo=UTC), berlin) == datetime(2026, 10, 25, 7, tzinfo=UTC)
    # Half past two does not exist on the night of spring: the quiet that ends at two ends at three.
    assert after_the_quiet(datetime(2026, 3, 29, 0, tzinfo=UTC), berlin, 22, 2) == datetime(2026, 3, 29, 1, tzinfo=UTC)
