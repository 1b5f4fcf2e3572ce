"""Mail is kept before it is marked as read: from a real IMAP server, once, whatever dies in between."""

from __future__ import annotations

import io
import os
import signal
import stat
import sys
from datetime import timedelta
from threading import Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from nps_loop.mail.inbound import keeping, polling, working
from nps_loop.mail.models import Inbound, Position
from tests.factories import NOW
from tests.mail.inbound.letters import raw

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_lies_in_the_mailbox_is_kept_once_and_marked_as_read(mailbox) -> None:
    mailbox.deliver(raw("One."))
    mailbox.deliver(raw("Two."))

    assert polling.poll(NOW) == 2
    assert polling.poll(NOW + timedelta(minutes=1)) == 0

    assert [row.route for row in Inbound.objects.all()] == ["imap", "imap"]
    assert all("S" in path.name.rpartition(",")[2] for path in (mailbox.maildir / "cur").iterdir())
    path = keeping.path_of(Inbound.objects.first().stored_as)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert polling.state(NOW + timedelta(minutes=1, seconds=5)) == "ok, read 5 s ago"


def test_a_process_that_dies_between_keeping_and_marking_loses_nothing_and_doubles_nothing(
    mailbox, monkeypatch
) -> None:
    mailbox.deliver(raw("One."))
    mailbox.deliver(raw("Two."))
    real = keeping.store

    def dies_after(content, **fields):
        real(content, **fields)
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(keeping, "store", dies_after)
        with pytest.raises(KeyboardInterrupt):
            polling.poll(NOW)
    assert Inbound.objects.count() == 1

    polling.poll(NOW + polling.LEASE)

    assert sorted(keeping.path_of(row.stored_as).read_bytes().strip()[-4:] for row in Inbound.objects.all()) == [
        b"One.",
        b"Two.",
    ]


@pytest.mark.parametrize("dies", ["before", "after"])
def test_a_process_killed_around_the_keeping_loses_nothing_and_doubles_nothing(mailbox, monkeypatch, dies) -> None:
    mailbox.deliver(raw("One."))
    mailbox.deliver(raw("Two."))
    real = keeping.store

    def killed(content, **fields):
        if dies == "after":
            real(content, **fields)
        os.kill(os.getpid(), signal.SIGKILL)

    # What is forked must not use the connection of this process.
    connection.close()
    child = os.fork()
    if child == 0:
        try:
            monkeypatch.setattr(keeping, "store", killed)
            polling.poll(NOW)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert Inbound.objects.count() == (1 if dies == "after" else 0)

    assert polling.poll(NOW + timedelta(seconds=1)) == 0, "the lease of the dead one still holds"
    polling.poll(NOW + polling.LEASE)

    assert sorted(keeping.path_of(row.stored_as).read_bytes().strip()[-4:] for row in Inbound.objects.all()) == [
        b"One.",
        b"Two.",
    ]


def test_a_fault_of_our_own_is_not_shown_as_a_mailbox_that_was_read(mailbox, monkeypatch) -> None:
    mailbox.deliver(raw("One."))

    def full(content, **fields):
        raise DatabaseError("no room")

    with monkeypatch.context() as broken:
        broken.setattr(keeping, "store", full)
        with pytest.raises(DatabaseError):
            polling.poll(NOW)

    assert Position.objects.get().read_at is None


def test_a_large_mail_is_read_before_anybody_has_to_wait_for_it(monkeypatch) -> None:
    keeping.store(raw("One."), route="imap", now=NOW)
    real, inside = working.reading.read, []

    def looks(content):
        inside.append(connection.in_atomic_block)
        return real(content)

    monkeypatch.setattr(working.reading, "read", looks)

    assert working.read_waiting(NOW) == 1
    assert inside == [False]


def test_two_pollers_take_no_mail_twice(mailbox) -> None:
    for number in range(20):
        mailbox.deliver(raw(f"Number {number}."))

    def run() -> None:
        polling.poll(NOW)
        connection.close()

    threads = [Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    polling.poll(NOW + polling.LEASE * 2)

    assert Inbound.objects.count() == 20


def test_new_numbers_of_the_mailbox_are_noticed_and_known_mails_are_not_taken_again(mailbox) -> None:
    mailbox.deliver(raw("One."))
    polling.poll(NOW)
    Position.objects.update(validity=1, read_to=10_000)

    polling.poll(NOW + timedelta(minutes=1))

    assert Inbound.objects.count() == 1
    assert Position.objects.get().read_to == 1


def test_a_wrong_password_is_shown_and_raises_nothing(mailbox, settings) -> None:
    settings.INBOUND_URL = mailbox.url.replace("only-for-tests", "wrong-secret")

    assert polling.poll(NOW) == 0

    assert "wrong-secret" not in polling.state(NOW)
    assert polling.state(NOW).startswith("ok, but no mail comes in:")
    settings.INBOUND_URL = mailbox.url
    mailbox.deliver(raw())
    assert polling.poll(NOW + timedelta(minutes=1)) == 1
    assert polling.state(NOW + timedelta(minutes=1)) == "ok, read 0 s ago"


@pytest.mark.parametrize("url", ["imap://care:x@127.0.0.1:1/INBOX", "pop3://nobody", "imaps://no-user.example"])
def test_a_server_that_is_away_or_an_address_that_is_none_raises_nothing(settings, url: str) -> None:
    settings.INBOUND_URL = url

    assert polling.poll(NOW) == 0
    assert polling.state(NOW).startswith("ok, but no mail comes in:")


def test_a_pipe_hands_a_mail_over(monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw("From a pipe."))))
    call_command("receive_mail", stdout=io.StringIO())
    assert Inbound.objects.get().route == "pipe"

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(CommandError, match="no mail"):
        call_command("receive_mail", stdout=io.StringIO())


def test_a_mail_whose_file_cannot_be_read_is_tried_again_and_then_shown_as_stuck() -> None:
    row = keeping.store(raw(), route="imap", now=NOW)
    keeping.remove(row.stored_as)

    for hour in range(8):
        working.read_waiting(NOW + timedelta(hours=hour))

    row.refresh_from_db()
    assert (row.state, row.attempts) == (Inbound.State.STUCK, working.MAX_ATTEMPTS)


def test_a_file_of_an_impossible_type_keeps_no_mail_from_being_read() -> None:
    mail = (
        b'From: marta@nordby.example\nSubject: s\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n\nIt is broken.\n'
        b'--b\nContent-Type: application/\x00odd\nContent-Disposition: attachment; filename="a.bin"\n\nx\n--b--\n'
    )
    row = keeping.store(mail, route="imap", now=NOW)

    working.read_waiting(NOW)

    row.refresh_from_db()
    assert row.words == "It is broken."
    assert row.attachments.get().content_type == "application/octet-stream"


def test_of_very_many_files_those_that_are_not_kept_are_named() -> None:
    part = b'--b\nContent-Type: text/csv\nContent-Disposition: attachment; filename="%d.csv"\n\n%d\n'
    mail = b'From: marta@nordby.example\nSubject: s\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n\nHere.\n'
    row = keeping.store(mail + b"".join(part % (n, n) for n in range(52)) + b"--b--\n", route="imap", now=NOW)

    working.read_waiting(NOW)

    assert row.attachments.exclude(stored_as="").count() == 50
    left = row.attachments.filter(stored_as="")
    assert {file.reason for file in left} == {"Not kept: it came with more than 50 files."} and left.count() == 2
