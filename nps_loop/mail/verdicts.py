"""What a mail server's answer means for a mail: tried again, and when, or failed for good."""

from __future__ import annotations

import re
import smtplib
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from nps_loop.mail.outbox import one_line

# Seconds until the next try, by tries made; the last one repeats. The server was not there, or left in the middle.
_SOON = (10, 30, 60, 300, 900)
# The server is there and asks for patience (4xx).
_LATER = (60, 300, 900, 1_800, 3_600)
# About three days either way. RFC 5321, 4.5.4.1 asks for four to five of a relay; a follow-up is stale before that.
_TRIES_SOON = 290
_TRIES_LATER = 75

_SERVER_IS_LEAVING = 421
# Log-in missing or wrong: our own settings, not this mail.
_NOT_LOGGED_IN = {530, 534, 535, 538}
_NO_SUCH_MAILBOX = {550, 551, 553}
_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")


class Kind(Enum):
    NOT_REACHED = auto()
    BROKE_OFF = auto()
    PUT_OFF = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is a sentence for colleagues. `address_is_dead`: the refusal was about the mailbox, not about the mail.

    `connection_is_gone`: nothing more can be handed over on the connection that said so.
    """

    kind: Kind
    reason: str
    address_is_dead: bool = False
    connection_is_gone: bool = False

    @property
    def may_have_left(self) -> bool:
        return self.kind is Kind.BROKE_OFF

    def next_try(self, tries: int) -> timedelta | None:
        """How long to wait after the `tries`-th failed try; None: not again."""
        if self.kind is Kind.REFUSED:
            return None
        waits, most = (_LATER, _TRIES_LATER) if self.kind is Kind.PUT_OFF else (_SOON, _TRIES_SOON)
        return None if tries >= most else timedelta(seconds=waits[min(tries, len(waits)) - 1])


def not_reached(error: Exception) -> Verdict:
    """The verdict on every mail of a batch for which no connection could be opened."""
    return Verdict(Kind.NOT_REACHED, f"The mail server could not be reached ({_what(error)}).", connection_is_gone=True)


def of(error: Exception) -> Verdict:
    """The verdict on one mail whose hand-over raised `error`."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            code, words = next(iter(error.recipients.values()))
            return _answered(code, words, about_the_recipient=True)
        case smtplib.SMTPResponseException():
            return _answered(error.smtp_code, error.smtp_error)
        case smtplib.SMTPNotSupportedError():
            return Verdict(Kind.REFUSED, "The mail server cannot take an address with such letters.")
        case OSError():  # smtplib's own exceptions are OSErrors too, time-outs and resets included
            reason = f"The connection broke during the hand-over ({_what(error)}): the mail may have left."
            return Verdict(Kind.BROKE_OFF, reason, connection_is_gone=True)
        case _:
            return Verdict(Kind.REFUSED, f"The mail could not be put together ({type(error).__name__}).")


def _answered(code: int, words: bytes | str, about_the_recipient: bool = False) -> Verdict:
    text = one_line(words.decode("utf-8", "replace") if isinstance(words, bytes) else words)
    said = f"{code} {text}"[:200].rstrip()
    if code == _SERVER_IS_LEAVING or code in _NOT_LOGGED_IN:
        return Verdict(Kind.NOT_REACHED, f"The mail server takes nothing now: {said}.", connection_is_gone=True)
    if code < 500:
        return Verdict(Kind.PUT_OFF, f"The mail server put it off: {said}.")
    dead = about_the_recipient and code in _NO_SUCH_MAILBOX and _is_about_the_mailbox(text)
    return Verdict(Kind.REFUSED, f"The mail server refused it: {said}.", address_is_dead=dead)


def _is_about_the_mailbox(text: str) -> bool:
    """Servers also say 550 to what they take for spam (x.7.x) or to a full mailbox (x.2.2); RFC 3463 tells which."""
    enhanced = _ENHANCED.search(text)
    return enhanced is None or enhanced[2] == "1" or (enhanced[2] == "2" and enhanced[3] == "1")


def _what(error: Exception) -> str:
    """Kind of fault and the server's code, never its text: a failed log-in can quote what was sent."""
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} {code}" if isinstance(code, int) and code > 0 else type(error).__name__
