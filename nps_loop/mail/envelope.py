"""From a row to what a mail server gets: addresses, headers, text and HTML with their links filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import format_datetime, formataddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils.encoding import punycode

from nps_loop import links
from nps_loop.mail.inbound import addresses
from nps_loop.mail.models import Message, Stream

UNSUBSCRIBE = "unsubscribe"
# The page of a conversation: a mail that links to it is answered to the conversation's own address.
LOOP = "loop"
# No placeholder is spelled with capitals, so these words never become an address in a mail's text.
REPLY_TO = "Reply-To"
# Mail about an own case is no list that anybody is on.
_LEAVABLE = (Stream.SURVEYS, Stream.NEWS)


# Folded at 78 characters, a long Message-ID or unsubscribe address starts on a line of its own, which some readers
# miss. The limit of SMTP is 998.
_LONGEST_HEADER_LINE = 900
_CRLF = "\r\n"


class Mail(EmailMultiAlternatives):
    """What a backend takes; put together when it is asked for, or before that by `write`."""

    _written: Any = None

    def message(self, **options: Any) -> Any:
        if self._written is not None:
            return self._written
        message = super().message(**options)
        message.policy = message.policy.clone(max_line_length=_LONGEST_HEADER_LINE)
        return message

    def write(self) -> None:
        """Put it together and turn it into bytes now, while nobody waits for them."""
        message = self.message()
        lines = message.as_bytes(linesep=_CRLF)

        def as_bytes(unixfrom: bool = False, linesep: str = "\n") -> bytes:
            return lines if linesep == _CRLF else lines.replace(_CRLF.encode(), linesep.encode())

        message.as_bytes = as_bytes
        self._written = message


class Unfillable(Exception):
    """A link of this mail leads to something that no longer exists; the message names it in a sentence."""


def unsubscribe_targets(message_ids: Iterable[int]) -> Mapping[int, links.Target]:
    """The objects of unsubscribe links are mails: each knows its address and what it was about."""
    return {pk: links.Target(0) for pk in Message.objects.filter(pk__in=message_ids).values_list("pk", flat=True)}


def look_up(messages: Iterable[Message]) -> dict[tuple[str, int], links.Target]:
    """Return what the links of all `messages` lead to. One query per purpose."""
    return links.look_up(wanted for message in messages for wanted in _wanted(message).values())


def urls(message: Message, found: Mapping[tuple[str, int], links.Target], *, now: datetime) -> dict[str, str]:
    """Return the addresses of the links of `message`, by placeholder. Raises Unfillable where one leads nowhere.

    Where mail comes in, the address to answer to is among them, as REPLY_TO: it is made now, and stored nowhere. The
    unsubscribe link is a mail's own and stands on the host of the others: a mail speaks for one brand.
    """
    wanted = _wanted(message)
    for name, key in wanted.items():
        if key not in found:
            raise Unfillable(f"What its link “{name}” leads to no longer exists.")
    host = next((found[key].host for key in wanted.values() if found[key].host), "")
    answers: dict[str, str] = {}
    thread = next((key for key in wanted.values() if key[0] == LOOP), None)
    if settings.MAIL_COMES_IN and thread and message.stream != Stream.STAFF:
        answers[REPLY_TO] = addresses.make(thread[1], found[thread].generation)
    return answers | {
        name: links.url(*key, links.Target(found[key].generation, found[key].host or host), now=now)
        for name, key in wanted.items()
    }


def compose(message: Message, filled: Mapping[str, str], *, now: datetime) -> Mail:
    """Return `message` ready for a mail server, its links replaced by `filled`.

    Raises ValueError or UnicodeError where an address or header cannot be written. Standards: RFC 3834 (automatic
    mail), RFC 8058 (unsubscribe in one click, on surveys and news).
    """
    text, html = links.fill(message.text, message.html, filled)
    headers = {"Message-ID": message.message_id, "Date": format_datetime(now), "Content-Language": message.language}
    if message.in_reply_to:
        headers |= {"In-Reply-To": message.in_reply_to, "References": message.in_reply_to}
    if message.automatic:
        # A personal mail goes without: an out-of-office answer to it is worth reading, and so is a bounce.
        headers |= {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    if message.stream in _LEAVABLE:
        headers |= {
            "List-Unsubscribe": f"<{filled[UNSUBSCRIBE]}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    reply_to = filled.get(REPLY_TO) or _ascii_domain(message.reply_to)
    mail = Mail(
        subject=message.subject,
        body=text,
        from_email=formataddr((message.from_name, _ascii_domain(message.from_address))),
        to=[formataddr((message.recipient_name, _ascii_domain(message.recipient)))],
        reply_to=[reply_to] if reply_to else None,
        headers=headers,
    )
    if html:
        mail.attach_alternative(html, "text/html")
    return mail


def _wanted(message: Message) -> dict[str, tuple[str, int]]:
    """Placeholder -> (purpose, object id) of one mail. To unsubscribe is always about the mail in hand."""
    wanted = {
        name: (purpose, message.pk if purpose == UNSUBSCRIBE else object_id)
        for name, (purpose, object_id) in message.links.items()
    }
    if message.stream in _LEAVABLE:
        wanted[UNSUBSCRIBE] = (UNSUBSCRIBE, message.pk)
    return wanted


def _ascii_domain(address: str) -> str:
    """Write a domain with letters outside ASCII as mail servers know it."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{punycode(domain)}"
