"""Handing over to a real SMTP server on this machine that refuses, hangs and breaks off as asked."""

import itertools
import re
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
from django.core.mail.backends.smtp import EmailBackend
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from nps_loop import links
from nps_loop.links import Target
from nps_loop.mail import delivery, envelope, hooks, outbox, suppression, tasks
from nps_loop.mail.models import Message, Stream, Suppression
from tests.factories import NOW
from tests.mail.drafts import draft, fresh, queued
from tests.mail.servers import silent_port
from tests.network import free_port

State = Message.State
pytestmark = pytest.mark.django_db


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def wait_of(message: Message) -> int:
    """Seconds until the next try, as kept."""
    return round((message.send_after - NOW).total_seconds())


# --- what leaves -----------------------------------------------------------------------------------------------


def test_a_mail_arrives_as_it_was_written(server):
    [row] = queued(subject="Größere Änderungen", text="Grüße\n" + "long line " * 200, reply_to="hanna@halden.example")

    counts = delivery.deliver_due(NOW)

    assert (counts["claimed"], counts["sent"]) == (1, 1)
    [mail] = server.mails
    assert mail["From"] == "Hanna Brandt <care@halden.example>"
    assert mail["To"] == "Marta Lindqvist <marta@client.example>"
    assert mail["Reply-To"] == "hanna@halden.example"
    assert mail["Subject"] == "Größere Änderungen"
    assert mail["Message-ID"] == row.message_id
    assert parsedate_to_datetime(mail["Date"]) - NOW < seconds(60)
    assert mail.get_content_type() == "multipart/alternative"
    assert mail.get_body(("plain",)).get_content().split()[:3] == ["Grüße", "long", "line"]
    assert "We found the comma." in mail.get_body(("html",)).get_content()
    kept = fresh(row)
    assert (kept.state, kept.attempts, kept.leased_until, kept.reason) == (State.SENT, 1, None, "")
    assert NOW <= kept.sent_at < NOW + seconds(60)


def test_only_an_automatic_mail_says_that_it_is_one(server):
    queued("machine", automatic=True)
    queued("person")

    delivery.deliver_due(NOW)

    [machine], [person] = server.to("machine"), server.to("person")
    assert machine["Auto-Submitted"] == "auto-generated"
    assert machine["X-Auto-Response-Suppress"] == "All"
    assert person["Auto-Submitted"] is None
    assert person["X-Auto-Response-Suppress"] is None


def test_an_answer_joins_its_thread(server):
    queued(in_reply_to="<ack.1@halden.example>")

    delivery.deliver_due(NOW)

    assert server.mails[0]["In-Reply-To"] == server.mails[0]["References"] == "<ack.1@halden.example>"


def test_surveys_can_be_left_in_one_click_and_case_mail_cannot(server, settings):
    settings.SITE_URL = "https://loop.example"
    queued("asked", stream=Stream.SURVEYS)
    queued("told")

    delivery.deliver_due(NOW)

    [asked], [told] = server.to("asked"), server.to("told")
    assert asked["List-Unsubscribe"].startswith("<https://loop.example/unsubscribe/")
    assert asked["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert told["List-Unsubscribe"] is None


def test_long_ids_and_addresses_stay_on_one_line(server, settings):
    settings.REPLY_DOMAIN = "feedback." + "very-" * 10 + "long.example"
    queued("asked", stream=Stream.SURVEYS, in_reply_to=f"<{'x' * 100}@halden.example>")

    delivery.deliver_due(NOW)

    for name in ("Message-ID", "In-Reply-To", "List-Unsubscribe"):
        assert server.mails[0][name].startswith("<")


def test_links_are_filled_at_hand_over_and_never_stored(server, settings, monkeypatch):
    settings.SITE_URL = "https://loop.example"
    monkeypatch.setitem(links.targets, "loop", lambda ids: {pk: Target(4, "https://brand.example") for pk in ids})
    [row] = queued(
        text="Page: [[link:loop]] leave: [[link:unsubscribe]]",
        html='<a href="[[link:loop]]">x</a>',
        links={"loop": ("loop", 31), "unsubscribe": ("unsubscribe", 99)},
    )

    delivery.deliver_due(NOW)

    text = server.mails[0].get_body(("plain",)).get_content()
    page, leave = text.split()[1], text.split()[3]
    assert page.startswith("https://brand.example/loop/")
    assert leave.startswith("https://brand.example/unsubscribe/")
    assert links.read(page.split("/")[-2], "loop") == links.LinkClaim("loop", 31, 4, None)
    # Leaving is about the mail in hand, whatever was given.
    assert links.read(leave.split("/")[-2], "unsubscribe").object_id == row.pk
    assert page in server.mails[0].get_body(("html",)).get_content()
    assert "[[link:loop]]" in fresh(row).text


def test_a_mail_whose_link_leads_nowhere_fails_and_says_so(server, monkeypatch):
    monkeypatch.setitem(links.targets, "loop", lambda ids: {})
    [lost] = queued(links={"loop": ("loop", 31)})
    [fine] = queued("fine")

    delivery.deliver_due(NOW)

    assert fresh(lost).state == State.FAILED
    assert "no longer exists" in fresh(lost).reason
    assert fresh(fine).state == State.SENT


def test_headers_cannot_be_smuggled_in(server):
    queued(
        subject="Hello\r\nBcc: all@evil.example",
        from_name='Eve" <eve@evil.example>,\r\nX: y',
        recipient_name="Marta\r\nBcc: all@evil.example",
    )

    delivery.deliver_due(NOW)

    [mail] = server.mails
    assert mail["Bcc"] is None
    assert mail["X"] is None
    assert [address.addr_spec for address in mail["From"].addresses] == ["care@halden.example"]
    assert [address.addr_spec for address in mail["To"].addresses] == ["marta@client.example"]


def test_a_sender_that_is_no_address_fails_alone(server):
    [broken] = queued(from_address="care@halden.example\nBcc: all@evil.example")
    [fine] = queued("fine")

    delivery.deliver_due(NOW)

    assert (fresh(broken).state, fresh(fine).state) == (State.FAILED, State.SENT)
    assert fresh(broken).reason.startswith("The mail could not be put together")


def test_one_that_cannot_be_written_down_while_another_leaves_fails_when_it_is_its_turn(server):
    [first] = queued("first")
    [broken] = queued(from_address="care@halden.example\nBcc: all@evil.example")
    [fine] = queued("fine")

    delivery.deliver_due(NOW)

    assert [fresh(row).state for row in (first, broken, fine)] == [State.SENT, State.FAILED, State.SENT]
    assert fresh(broken).attempts == 1


@pytest.mark.parametrize("linesep", ["\r\n", "\n"])
def test_written_down_ahead_a_mail_is_the_same_in_every_byte(linesep):
    rows = queued(subject="Größere Änderungen", text="Grüße\nFrom the top\n.\n" + "long line " * 200)
    [mail] = [envelope.compose(row, {}, now=NOW) for row in rows]
    usual = mail.message().as_bytes(linesep=linesep)
    mail.write()
    written = mail.message().as_bytes(linesep=linesep)
    boundaries = [re.search(rb'boundary="(.+?)"', each)[1] for each in (usual, written)]
    assert boundaries[0] != boundaries[1]
    assert written.replace(boundaries[1], boundaries[0]) == usual


def test_a_domain_with_letters_of_its_own_is_written_as_servers_know_it(server):
    queued(recipient="kontakt@müller.example")

    assert delivery.deliver_due(NOW)["sent"] == 1
    assert server.mails[0]["To"].addresses[0].domain == "xn--mller-kva.example"


def test_a_mail_waits_for_its_moment(server):
    [row] = queued(send_after=NOW + seconds(30))

    assert delivery.deliver_due(NOW + seconds(29))["claimed"] == 0
    assert delivery.deliver_due(NOW + seconds(30))["sent"] == 1
    assert fresh(row).state == State.SENT


def test_a_mail_taken_back_never_leaves(server):
    [row] = queued(send_after=NOW + seconds(30))
    assert outbox.cancel([row.pk], now=NOW) == 1

    delivery.deliver_due(NOW + seconds(60))

    assert server.mails == []


def test_a_second_run_sends_nothing(server):
    queued()
    delivery.deliver_due(NOW)

    assert delivery.deliver_due(NOW + seconds(3600))["claimed"] == 0
    assert len(server.mails) == 1


def test_one_run_takes_more_than_one_batch_on_one_connection(server, monkeypatch):
    monkeypatch.setattr(delivery, "_BATCH", 3)
    queued(*[f"c{n}" for n in range(8)])

    assert delivery.deliver_due(NOW, limit=7)["sent"] == 7
    assert server.greetings == 1
    assert delivery.deliver_due(NOW)["sent"] == 1


def test_without_a_mail_server_every_mail_is_delivered_to_the_mailbox(settings, django_assert_max_num_queries):
    settings.MAIL_SERVER = False
    rows = queued(*[f"c{n}" for n in range(40)])

    with django_assert_max_num_queries(25):
        counts = delivery.deliver_due(NOW)

    assert (counts["sent"], counts["told"]) == (40, 40)
    assert {fresh(row).state for row in rows} == {State.SENT}
    assert {fresh(row).attempts for row in rows} == {1}


def test_the_task_hands_over_what_is_due(server):
    outbox.queue([draft()], now=timezone.now() - seconds(60))

    tasks.deliver()

    assert len(server.mails) == 1


def test_nothing_is_handed_over_inside_a_transaction(server):
    queued()

    with pytest.raises(RuntimeError), transaction.atomic():
        delivery.deliver_due(NOW)

    assert server.mails == []


# --- what the server says --------------------------------------------------------------------------------------


def test_a_server_that_cannot_be_reached_makes_mails_wait_longer_each_time(settings, server):
    settings.EMAIL_PORT = free_port()
    [row] = queued()
    now, waits = NOW, []

    for _ in range(6):
        counts = delivery.deliver_due(now)
        assert counts["retried"] == 1
        kept = fresh(row)
        waits.append(round((kept.send_after - now).total_seconds()))
        now = kept.send_after

    assert waits == [10, 30, 60, 300, 900, 900]
    assert kept.state == State.QUEUED
    assert kept.reason == "The mail server could not be reached (ConnectionRefusedError)."


def test_a_server_that_says_nothing_costs_one_time_out_for_all(settings, server):
    rows = queued("a", "b", "c")
    with silent_port() as settings.EMAIL_PORT:
        counts = delivery.deliver_due(NOW)

    assert counts["retried"] == 3
    assert {fresh(row).state for row in rows} == {State.QUEUED}


def test_a_busy_mailbox_is_tried_again_after_a_minute_and_holds_up_nobody(server):
    busy, fine = queued("busy", "fine")

    counts = delivery.deliver_due(NOW)

    assert (counts["sent"], counts["retried"]) == (1, 1)
    kept = fresh(busy)
    assert (kept.state, kept.attempts, wait_of(kept)) == (State.QUEUED, 1, 60)
    assert kept.reason == "The mail server put it off: 450 4.2.1 Mailbox busy."
    assert fresh(fine).state == State.SENT


def test_put_off_after_its_data_a_mail_is_tried_again(server):
    [row] = queued("later")

    delivery.deliver_due(NOW)

    assert (fresh(row).state, wait_of(fresh(row))) == (State.QUEUED, 60)


def test_a_mail_put_off_for_days_fails_for_good(server):
    [row] = queued("busy")
    Message.objects.filter(pk=row.pk).update(attempts=74)

    delivery.deliver_due(NOW)

    assert (fresh(row).state, fresh(row).attempts) == (State.FAILED, 75)


def test_no_such_mailbox_fails_for_good_and_stops_mail_to_it(server):
    gone, _fine = queued("gone", "fine")

    counts = delivery.deliver_due(NOW)

    assert (counts["failed"], counts["sent"]) == (1, 1)
    kept = fresh(gone)
    assert (kept.state, kept.reason) == (State.FAILED, "The mail server refused it: 550 5.1.1 No such user here.")
    assert set(Suppression.objects.values_list("address", "reason")) == {("gone@client.example", "bounced")}
    [next_one] = outbox.queue([draft("gone")], now=NOW)
    assert next_one.state == State.SKIPPED
    assert next_one.reason == "Not sent: mail to gone@client.example came back on 24 November."


@pytest.mark.parametrize("local", ["spam", "full", "refused"])
def test_a_refusal_of_the_mail_itself_does_not_condemn_the_address(server, local):
    [row] = queued(local)

    delivery.deliver_due(NOW)

    assert fresh(row).state == State.FAILED
    assert not Suppression.objects.exists()


def test_a_server_going_down_gets_the_others_on_a_new_connection(server):
    bye, fine = queued("bye", "fine")

    counts = delivery.deliver_due(NOW)

    assert (counts["sent"], counts["retried"]) == (1, 1)
    assert (fresh(bye).state, wait_of(fresh(bye))) == (State.QUEUED, 10)
    assert fresh(fine).state == State.SENT
    assert server.greetings == 2


def test_a_server_that_breaks_off_again_and_again_is_left_alone_for_a_while(server):
    rows = queued("bye", "bye", "bye", "fine", "fine")

    counts = delivery.deliver_due(NOW)

    assert (counts["retried"], counts["released"], counts["sent"]) == (3, 2, 0)
    assert [fresh(row).attempts for row in rows] == [1, 1, 1, 0, 0]
    assert delivery.deliver_due(NOW + seconds(35))["sent"] == 2


def test_a_connection_dropped_after_the_data_sends_twice_with_one_message_id(server):
    [row] = queued("drop")

    delivery.deliver_due(NOW)

    kept = fresh(row)
    assert (kept.state, wait_of(kept)) == (State.QUEUED, 10)
    assert "may have left" in kept.reason
    delivery.deliver_due(NOW + seconds(20))
    assert {mail["Message-ID"] for mail in server.to("drop")} == {row.message_id}
    assert len(server.to("drop")) == 2


def test_after_three_days_of_doubt_a_person_is_asked(server):
    [row] = queued("drop")
    Message.objects.filter(pk=row.pk).update(attempts=289)

    delivery.deliver_due(NOW)

    assert fresh(row).state == State.FAILED
    assert fresh(row).reason == "We cannot tell whether this mail left. Check with Marta before you send it again."


def test_a_server_that_falls_silent_in_the_middle_makes_the_mail_wait(server, settings):
    settings.EMAIL_TIMEOUT = 0.5
    silent, fine = queued("silent", "fine")

    counts = delivery.deliver_due(NOW)

    assert (counts["retried"], counts["sent"]) == (1, 1)
    assert (fresh(silent).state, wait_of(fresh(silent)) in (10, 11)) == (State.QUEUED, True)
    assert fresh(fine).state == State.SENT


@pytest.mark.full
def test_trouble_of_every_kind_in_one_batch_is_retried_or_ends_as_its_class_demands(server, settings):
    settings.EMAIL_TIMEOUT = 1
    fine = [f"fine{n}" for n in range(30)]
    trouble = ["bye", "busy", "gone", "silent", "drop", "mute"]
    order = [local for n, local in enumerate(fine) for local in ([local, trouble[n // 5]] if n % 5 == 2 else [local])]
    rows = dict(zip(order, queued(*order), strict=True))

    with silent_port() as nobody:
        there, settings.EMAIL_PORT = settings.EMAIL_PORT, nobody
        assert delivery.deliver_due(NOW)["retried"] == len(order)
    assert {fresh(row).reason for row in rows.values()} == {
        "The mail server could not be reached (SMTPServerDisconnected)."
    }
    settings.EMAIL_PORT = there
    now, waits = NOW, {}
    for _ in range(4):
        now += seconds(120)
        delivery.deliver_due(now)
        for local in trouble:
            kept = fresh(rows[local])
            waits.setdefault(local, []).append(kept.state == State.QUEUED and kept.send_after > now)

    # All others left once, whatever happened beside them.
    assert {local: len(server.to(local)) for local in fine} == dict.fromkeys(fine, 1)
    assert {fresh(rows[local]).state for local in fine} == {State.SENT}
    # A refusal ends it at once; everything else waits for a next try each time, and says what it waits for.
    assert waits.pop("gone") == [False] * 4
    assert (fresh(rows["gone"]).state, fresh(rows["gone"]).attempts) == (State.FAILED, 2)
    assert set(map(tuple, waits.values())) == {(True,) * 4}
    begins = {
        "bye": "The mail server takes nothing now: 421",
        "busy": "The mail server put it off: 450",
        "gone": "The mail server refused it: 550",
        "silent": "The connection broke during the hand-over (",
        "drop": "The connection broke during the hand-over (",
        "mute": "The connection broke during the hand-over (",
    }
    assert {local for local in trouble if not fresh(rows[local]).reason.startswith(begins[local])} == set()
    # What may have left and was tried again carries one Message-ID.
    for local in ("drop", "mute"):
        assert {mail["Message-ID"] for mail in server.to(local)} == {rows[local].message_id}
        assert len(server.to(local)) == fresh(rows[local]).attempts - 1
    assert not server.to("gone") + server.to("bye") + server.to("busy") + server.to("silent")


# --- claims ----------------------------------------------------------------------------------------------------


def test_the_lease_is_at_least_four_time_outs(settings):
    settings.EMAIL_TIMEOUT = 10

    assert delivery.lease() >= seconds(40)


def test_what_a_dead_process_held_is_sent_once_its_lease_ran_out(server):
    [row] = queued()
    until = NOW + delivery.lease()
    Message.objects.filter(pk=row.pk).update(state=State.SENDING, leased_until=until)

    assert delivery.deliver_due(until - seconds(1))["claimed"] == 0
    assert delivery.deliver_due(until)["sent"] == 1


class DiesAfterSending(EmailBackend):
    """The process ends between the server's yes and our note of it."""

    def send_messages(self, email_messages):
        super().send_messages(email_messages)
        raise SystemExit


def test_a_crash_between_accepted_and_noted_sends_again_with_the_same_message_id(server):
    first, second = queued("first", "second")

    with pytest.raises(SystemExit):
        delivery.deliver_due(NOW, connection=DiesAfterSending())

    assert (fresh(first).state, fresh(first).attempts) == (State.SENDING, 1)
    assert fresh(second).attempts == 0
    assert delivery.deliver_due(NOW + seconds(1))["claimed"] == 0
    delivery.deliver_due(NOW + 2 * delivery.lease())
    assert [mail["Message-ID"] for mail in server.to("first")] == [first.message_id] * 2
    assert len(server.to("second")) == 1
    assert {fresh(first).state, fresh(second).state} == {State.SENT}


def test_a_mail_that_kills_its_process_again_and_again_is_set_aside(server):
    [row] = queued()
    Message.objects.filter(pk=row.pk).update(state=State.SENDING, leased_until=NOW, attempts=20)

    delivery.deliver_due(NOW)

    assert server.mails == []
    assert fresh(row).state == State.FAILED
    assert fresh(row).reason.startswith("We cannot tell whether this mail left.")


class LosesItsLease(EmailBackend):
    """Somebody else takes the rest over while the first mail is on its way."""

    def send_messages(self, email_messages):
        Message.objects.filter(state=State.SENDING).update(leased_until=NOW + seconds(500))
        return super().send_messages(email_messages)


def test_who_lost_the_lease_begins_no_further_mail_and_keeps_what_was_accepted(server):
    first, second = queued("first", "second")

    counts = delivery.deliver_due(NOW, connection=LosesItsLease())

    assert counts["sent"] == 1
    assert fresh(first).state == State.SENT
    assert (fresh(second).state, server.to("second")) == (State.SENDING, [])


class CountsQueries(EmailBackend):
    """Keeps how many queries there were when each mail was handed over."""

    def __init__(self):
        super().__init__()
        self.seen, self.queries = [], 0

    def count(self, execute, *arguments):
        self.queries += 1
        return execute(*arguments)

    def send_messages(self, email_messages):
        self.seen.append(self.queries)
        return super().send_messages(email_messages)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite takes two statements in one transaction.")
def test_between_two_mails_there_is_one_statement(server):
    queued("a", "b", "c", "d")
    counts = CountsQueries()

    with connection.execute_wrapper(counts.count):
        delivery.deliver_due(NOW, connection=counts)

    assert [after - before for before, after in itertools.pairwise(counts.seen)] == [1, 1, 1]


def test_a_yes_that_cannot_be_kept_with_the_next_try_is_kept_alone(server, monkeypatch):
    rows = queued("a", "b", "c")

    def wanted_crosswise(*_values):
        raise OperationalError("deadlock detected")

    monkeypatch.setattr(delivery, "_written_together", wanted_crosswise)

    assert delivery.deliver_due(NOW)["sent"] == 3
    assert [(fresh(row).state, fresh(row).attempts) for row in rows] == [(State.SENT, 1)] * 3
    assert len(server.mails) == 3


def test_after_a_refusal_the_next_mail_is_begun_by_itself(server):
    rows = queued("a", "busy", "b", "c")

    delivery.deliver_due(NOW)

    assert [fresh(row).attempts for row in rows] == [1, 1, 1, 1]
    assert [fresh(row).state for row in rows] == [State.SENT, State.QUEUED, State.SENT, State.SENT]


class Slow(EmailBackend):
    """Takes a third of the lease for each mail, by a clock of its own."""

    passed = 0.0

    def monotonic(self):
        return self.passed

    def send_messages(self, email_messages):
        self.passed += delivery.lease().total_seconds() / 3
        return super().send_messages(email_messages)


def test_at_half_the_lease_the_rest_goes_back_to_the_queue(server, monkeypatch):
    slow = Slow()
    monkeypatch.setattr(delivery, "time", slow)
    rows = queued("a", "b", "c", "d")

    counts = delivery.deliver_due(NOW, connection=slow)

    assert (counts["sent"], counts["released"]) == (2, 2)
    assert [fresh(row).state for row in rows] == [State.SENT, State.SENT, State.QUEUED, State.QUEUED]
    assert [fresh(row).attempts for row in rows] == [1, 1, 0, 0]


# --- the last look ---------------------------------------------------------------------------------------------


def test_who_opts_out_while_a_mail_waits_does_not_get_it(server):
    [row] = queued(stream=Stream.NEWS)
    suppression.suppress([row.recipient], Stream.NEWS, "unsubscribed", now=NOW)

    counts = delivery.deliver_due(NOW)

    assert (counts["skipped"], server.mails) == (1, [])
    assert (fresh(row).state, fresh(row).leased_until) == (State.SKIPPED, None)
    assert fresh(row).reason == "Not sent: Marta asked for no more mails on 24 November."


def test_a_check_before_the_hand_over_drops_mails_with_its_reason(server):
    held, fine = queued("held", "fine")
    hooks.before_handover.append(lambda messages, now: {held.pk: "a hold on the case."})

    delivery.deliver_due(NOW)

    assert (fresh(held).state, fresh(held).reason) == (State.SKIPPED, "Not sent: a hold on the case.")
    assert fresh(fine).state == State.SENT


def test_a_check_that_raises_for_one_mail_makes_only_that_one_wait(server):
    odd, _fine = queued("odd", "fine")

    def check(messages, now):
        if any(message.pk == odd.pk for message in messages):
            raise ValueError("cannot say")
        return {}

    hooks.before_handover.append(check)

    counts = delivery.deliver_due(NOW)

    assert (counts["sent"], counts["retried"]) == (1, 1)
    assert (fresh(odd).state, wait_of(fresh(odd))) == (State.QUEUED, 60)
    hooks.before_handover.clear()
    assert delivery.deliver_due(NOW + seconds(61))["sent"] == 1


def test_checks_and_suppression_are_asked_once_per_batch(server):
    asked = []
    hooks.before_handover.append(lambda messages, now: asked.append(len(messages)) or {})
    queued(*[f"c{n}" for n in range(20)])

    delivery.deliver_due(NOW)

    assert asked == [20]
