"""Handing mails over to the mail server, from rows that are due.

Claim, then act: a batch is claimed by a lease, each mail is handed over outside of any transaction and marked as soon
as the server took it, what is left at half the lease goes back. A process that dies in between leaves a lease that runs
out; then the mail is sent again, with the same Message-ID. So a mail is never lost and rarely doubled, and no message
broker is needed for either.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import OperationalError, transaction
from django.db import connection as database
from django.db.models import F, QuerySet
from django.utils import translation

from nps_loop.bulk import sent_ahead, without_collecting
from nps_loop.mail import envelope, hooks, outbox, pacing, suppression, telling, verdicts
from nps_loop.mail.models import Message
from nps_loop.mail.verdicts import Verdict

logger = logging.getLogger(__name__)

State = Message.State

# In SMTP time-outs. No mail is begun in the second half, and one mail takes four answers of the server at most.
_LEASE = 8
_BATCH = 200
_CHECK_AGAIN = timedelta(minutes=1)
# A server that breaks off so often in a row is left alone for a while.
_MOST_BREAKS = 3
_BREATHER = timedelta(seconds=30)
# Said for each mail, between two words with its server: as SQL, because putting them together anew each time took three
# times as long as the database does.
_BEGUN = (
    "UPDATE mail_message SET attempts = %s"
    " WHERE id = %s AND state = 'sending' AND leased_until = %s AND sent_at IS NULL AND ended_at IS NULL"
)
_ACCEPTED = (
    "UPDATE mail_message SET state = 'sending', sent_at = %s, leased_until = %s, ended_at = NULL, reason = ''"
    " WHERE id = %s AND state IN ('sending', 'queued') AND sent_at IS NULL"
)
# The server's yes to one mail and the try of the next: one commit. Nobody waits until it is on the disk: it outlives
# whatever becomes of this process, and the batch's end is waited for, which writes out all before it. Only a crash of
# the database server itself takes the last half second with it: its mails go out again, with the same Message-ID.
_BETWEEN_TWO = (
    f"WITH accepted AS ({_ACCEPTED} RETURNING 1), begun AS ({_BEGUN} RETURNING 1)"  # noqa: S608
    " SELECT (SELECT count(*) FROM accepted), (SELECT count(*) FROM begun),"
    " set_config('synchronous_commit', 'off', true)"
)
# A mail during whose hand-over the process died this often is set aside for a person to look at.
_MOST_DEATHS = 20


def lease() -> timedelta:
    """How long a claimed mail belongs to the process that claimed it."""
    return timedelta(seconds=_LEASE * settings.EMAIL_TIMEOUT)


def deliver_due(now: datetime, *, limit: int = 1_000, connection: BaseEmailBackend | None = None) -> dict[str, int]:
    """Hand over up to `limit` mails that are due at `now` (UTC) and return what became of them.

    Keys: claimed, sent, retried (put off), failed, skipped, released (given back untouched), waiting
    (put off to keep its distance from others), told. Ends after half a
    lease at the latest; the rest is for the next run. Without a mail server (EMAIL_URL) and without `connection` every
    mail counts as delivered: it can be read in the mailbox of this program. Raises RuntimeError inside a transaction:
    what was sent cannot be rolled back.
    """
    return _Run(now, connection).work(limit)


class _Run:
    """One run: its clock, its connection, its counts."""

    def __init__(self, now: datetime, connection: BaseEmailBackend | None) -> None:
        self.counts: Counter[str] = Counter(
            claimed=0, sent=0, retried=0, failed=0, skipped=0, released=0, waiting=0, told=0
        )
        self._began, self._now = time.monotonic(), now
        self._connection = connection or (get_connection() if settings.MAIL_SERVER else None)
        self._breaks = 0

    def moment(self) -> datetime:
        """The caller's `now` plus what has passed since: leases run out in real time."""
        return self._now + timedelta(seconds=time.monotonic() - self._began)

    def work(self, limit: int) -> dict[str, int]:
        self.counts["told"] += telling.tell_owed(self.moment())
        try:
            while self.counts["claimed"] < limit and self.moment() < self._now + lease() / 2:
                with without_collecting():
                    claimed = _Claim(self.moment(), min(_BATCH, limit - self.counts["claimed"]))
                    self.counts["claimed"] += len(claimed.messages)
                    if not claimed.messages or not self._hand_over(claimed):
                        break
        finally:
            if self._connection:
                _close(self._connection)
        return dict(self.counts)

    def _hand_over(self, claim: _Claim) -> bool:
        """Deal with one claimed batch; return whether it makes sense to go on with another."""
        try:
            leaving = self._last_look(claim)
            found = envelope.look_up(leaving)
            ready = [(m, urls) for m in leaving if (urls := self._urls(claim, m, found)) is not None]
            if self._connection is None:
                self.counts["sent"] += claim.delivered([message for message, _ in ready], self.moment())
                return True
            return self._send_each(self._connection, claim, ready)
        finally:
            self.counts["told"] += telling.tell_owed(self.moment())

    def _last_look(self, claim: _Claim) -> list[Message]:
        """Drop what must not leave any more, put back what could not be checked, return the rest."""
        messages = claim.messages
        deaths = [m for m in messages if m.attempts >= _MOST_DEATHS and m.pk in claim.left_behind]
        for message in deaths:
            self.counts["failed"] += claim.failed(message, _unclear(message), dead=False, now=self.moment())
        messages = [message for message in messages if message not in deaths]
        stops = suppression.suppressed_on({(message.recipient, message.stream) for message in messages})
        drop: dict[int, str] = {}
        for message in messages:
            if stop := stops.get((message.recipient, message.stream)):
                with translation.override("en"):
                    drop[message.pk] = suppression.sentence(stop, _first_name(message), self.moment())
        unsure: set[int] = set()
        for hook in hooks.before_handover:
            dropped, raised = _ask(hook, [m for m in messages if m.pk not in drop], self.moment())
            drop |= {pk: outbox.not_sent(reason) for pk, reason in dropped.items()}
            unsure |= raised
        self.counts["skipped"] += claim.skip(drop, self.moment())
        self.counts["retried"] += claim.back(unsure - drop.keys(), self.moment() + _CHECK_AGAIN, tried=True)
        leaving = [message for message in messages if message.pk not in drop and message.pk not in unsure]
        return self._paced(claim, leaving)

    def _paced(self, claim: _Claim, messages: list[Message]) -> list[Message]:
        """Put off what would come too soon after another automatic mail, or in somebody's night; return the rest."""
        waits = pacing.waits(messages, now=self.moment())
        by_wait: dict[pacing.Wait, set[int]] = {}
        for pk, wait in waits.items():
            by_wait.setdefault(wait, set()).add(pk)
        for wait, pks in by_wait.items():
            self.counts["waiting"] += claim.back(pks, wait.until, reason=wait.reason)
        return [message for message in messages if message.pk not in waits]

    def _urls(self, claim: _Claim, message: Message, found: dict) -> dict[str, str] | None:
        try:
            return envelope.urls(message, found, now=self.moment())
        except envelope.Unfillable as error:
            self.counts["failed"] += claim.failed(message, str(error), dead=False, now=self.moment())
            return None

    def _send_each(
        self, connection: BaseEmailBackend, claim: _Claim, ready: Sequence[tuple[Message, dict[str, str]]]
    ) -> bool:
        """Hand over one mail after the other; return False when the server or the lease says to stop."""
        rest = [message for message, _ in ready]
        begun: Message | None = None
        written: envelope.Mail | None = None
        for at, (message, urls) in enumerate(ready):
            if message is not begun:
                written = None  # never one mail's bytes to another's reader
                if self.moment() >= claim.half_time:
                    self.counts["released"] += claim.back({m.pk for m in rest}, self.moment())
                    return False
                try:
                    _open(connection)
                except Exception as error:
                    verdict = verdicts.not_reached(error)
                    logger.warning("%s %d mails wait.", verdict.reason, len(rest))
                    self._put_off(claim, rest, verdict, begun=False)
                    return False
            rest = rest[1:]
            if message is not begun and not claim.begin(message):
                continue  # the lease ran out and somebody else has it
            begun = None
            try:
                connection.send_messages([written or envelope.compose(message, urls, now=self.moment())])
            except Exception as error:
                verdict = verdicts.of(error)
                logger.warning("Mail %d, try %d: %s", message.pk, message.attempts, verdict.kind.name)
                self._put_off(claim, [message], verdict, begun=True)
                written = None
                if verdict.connection_is_gone:
                    _close(connection)
                    self._breaks += 1
                    if self._breaks >= _MOST_BREAKS:
                        self.counts["released"] += claim.back({m.pk for m in rest}, self.moment() + _BREATHER)
                        return False
            else:
                self._breaks = 0
                now = self.moment()
                if not rest or now >= claim.half_time:
                    self.counts["sent"] += claim.accepted(message, now)
                    continue
                following = _Following(*ready[at + 1], now)
                sent, has_begun = claim.accepted_and_begun(message, following, now)
                self.counts["sent"] += sent
                begun, written = (following.message, following.mail) if has_begun else (None, None)
        return True

    def _put_off(self, claim: _Claim, messages: Sequence[Message], verdict: Verdict, *, begun: bool) -> None:
        """Apply `verdict` to mails that did not leave: a next try, later the more there were, or the end."""
        waits: dict[timedelta, set[int]] = {}
        for message in messages:
            wait = verdict.next_try(message.attempts if begun else message.attempts + 1)
            if wait is None:
                reason = _unclear(message) if verdict.may_have_left else verdict.reason
                self.counts["failed"] += claim.failed(message, reason, dead=verdict.address_is_dead, now=self.moment())
            else:
                waits.setdefault(wait, set()).add(message.pk)
        for wait, pks in waits.items():
            self.counts["retried"] += claim.back(pks, self.moment() + wait, tried=not begun, reason=verdict.reason)


@dataclass(slots=True)
class _Following:
    """The mail that comes next; once written, what the mail server gets of it."""

    message: Message
    urls: dict[str, str]
    now: datetime
    mail: envelope.Mail | None = None

    def write(self) -> None:
        """Write it down, where that can be done; whatever keeps it from that comes up when it is its turn."""
        with suppress(Exception):
            mail = envelope.compose(self.message, self.urls, now=self.now)
            mail.write()
            self.mail = mail


class _Claim:
    """A batch of mails that belong to this process until `until`. Every write names the lease: losing it loses none."""

    def __init__(self, now: datetime, size: int) -> None:
        self.until = now + lease()
        self.half_time = now + lease() / 2
        # Durable: a caller's transaction would hold the lease back from other processes, and roll back what was sent.
        with transaction.atomic(durable=True):
            free = Message.objects.select_for_update(skip_locked=True)
            abandoned = free.filter(state=State.SENDING, leased_until__lte=now, sent_at=None, ended_at=None)
            messages = list(abandoned.order_by("leased_until", "pk")[:size])
            self.left_behind = {message.pk for message in messages}
            due = free.filter(state=State.QUEUED, send_after__lte=now).order_by("send_after", "pk")
            messages += due[: size - len(messages)]
            Message.objects.filter(pk__in=[message.pk for message in messages]).update(
                state=State.SENDING, leased_until=self.until
            )
        for message in messages:
            message.leased_until = self.until
        # What was never tried goes first, so that mails a server breaks off at hold up no others.
        self.messages = sorted(messages, key=lambda message: message.attempts > 0)

    @property
    def _mine(self) -> QuerySet[Message]:
        return Message.objects.filter(state=State.SENDING, leased_until=self.until, sent_at=None, ended_at=None)

    def begin(self, message: Message) -> bool:
        """Count the try before it is made, so that a mail that kills its process is found out; False: lease lost."""
        return self._has_begun(message, _written(_BEGUN, *self._try_of(message)))

    def accepted(self, message: Message, now: datetime) -> int:
        """Keep that the mail server took a mail; it did, even if the lease was lost meanwhile."""
        return _written(_ACCEPTED, now, now, message.pk)

    def accepted_and_begun(self, message: Message, following: _Following, now: datetime) -> tuple[int, bool]:
        """The same, and begin the following one with it, which is written meanwhile; whether both were so."""
        try:
            sent, tried = _written_together((now, now, message.pk), self._try_of(following.message), following.write)
        except OperationalError:
            # Somebody wants both rows in the other order, or the connection broke: the yes alone may still be kept.
            logger.exception("Mail %d left, and was not kept together with the next one.", message.pk)
            return self.accepted(message, now), False
        return sent, self._has_begun(following.message, tried)

    def _try_of(self, message: Message) -> tuple[int, int, datetime]:
        return message.attempts + 1, message.pk, self.until

    @staticmethod
    def _has_begun(message: Message, rows: int) -> bool:
        message.attempts += rows
        return rows == 1

    def delivered(self, messages: Sequence[Message], now: datetime) -> int:
        """Where no mail server is asked: these count as taken, at the first try."""
        return self._mine.filter(pk__in=[message.pk for message in messages]).update(
            sent_at=now, leased_until=now, reason="", attempts=F("attempts") + 1
        )

    def failed(self, message: Message, reason: str, *, dead: bool, now: datetime) -> int:
        """Keep that a mail failed for good; when its address is dead, nothing more is sent there."""
        with transaction.atomic():
            count = self._mine.filter(pk=message.pk).update(ended_at=now, leased_until=now, reason=reason[:300])
            if count and dead:
                suppression.came_back([message.recipient], origin=reason, now=now)
        return count

    def skip(self, reasons: dict[int, str], now: datetime) -> int:
        """Keep why mails were not sent after all."""
        rows = [Message(pk=pk, reason=why[:300], ended_at=now, leased_until=now) for pk, why in reasons.items()]
        return self._mine.bulk_update(rows, ["reason", "ended_at", "leased_until"]) if rows else 0

    def back(self, pks: set[int], send_after: datetime, *, tried: bool = False, reason: str = "") -> int:
        """Give mails back to the queue; `tried` counts an attempt."""
        if not pks:
            return 0
        changes: dict[str, Any] = {"attempts": F("attempts") + 1} if tried else {}
        if reason:
            changes["reason"] = reason[:300]
        return self._mine.filter(pk__in=pks).update(
            state=State.QUEUED, leased_until=None, send_after=send_after, **changes
        )


def _written(statement: str, *values: Any) -> int:
    """How many rows a statement changed."""
    with database.cursor() as cursor:
        cursor.execute(statement, [_in_database(value) for value in values])
        return int(cursor.rowcount)


def _written_together(accepted: Sequence[Any], begun: Sequence[Any], meanwhile: Callable[[], None]) -> tuple[int, int]:
    """How many rows _ACCEPTED and _BEGUN changed, in one transaction; PostgreSQL works on it while `meanwhile` runs."""
    if database.vendor != "postgresql":
        with transaction.atomic():
            counts = _written(_ACCEPTED, *accepted), _written(_BEGUN, *begun)
        meanwhile()
        return counts
    with database.cursor() as cursor:
        with sent_ahead():
            cursor.execute(_BETWEEN_TWO, [*accepted, *begun])
            meanwhile()
        sent, tried, _not_waited_for = cursor.fetchone()
        return int(sent), int(tried)


def _in_database(value: Any) -> Any:
    return database.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def _ask(hook: hooks.BeforeHandover, messages: Sequence[Message], now: datetime) -> tuple[dict[int, str], set[int]]:
    """Return what `hook` drops, with its reasons, and the mails it raised for; one by one after it raised for all."""
    if not messages:
        return {}, set()
    try:
        return dict(hook(messages, now)), set()
    except Exception:
        logger.exception("A check before the hand-over raised for a batch of mails; each is checked alone.")
    drop: dict[int, str] = {}
    raised: set[int] = set()
    for message in messages:
        try:
            drop |= hook([message], now)
        except Exception:
            logger.exception("Mail %d waits: it could not be checked.", message.pk)
            raised.add(message.pk)
    return drop, raised


def _unclear(message: Message) -> str:
    return f"We cannot tell whether this mail left. Check with {_first_name(message)} before you send it again."


def _first_name(message: Message) -> str:
    return message.recipient_name.split(" ")[0] or message.recipient


def _open(connection: BaseEmailBackend) -> None:
    """Open `connection` unless it is; one whose server hung up is closed first, which Django does not notice."""
    server = getattr(connection, "connection", None)
    if server is not None and getattr(server, "sock", connection) is None:
        _close(connection)
    connection.open()


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except Exception as error:
        logger.info("The mail server did not take our goodbye (%s).", type(error).__name__)
