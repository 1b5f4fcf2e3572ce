"""From bytes to what a mail says. Whatever strangers send, this returns; what cannot be read is left out.

The parser keeps headers as they came (compat32) and they are decoded here, each up to a limit: the structured header
parser of the stdlib raises on some broken mail and takes its time over other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message as Parsed
from email.utils import getaddresses, parsedate_to_datetime

from nps_loop.mail.inbound import markup
from nps_loop.mail.suppression import is_one_address, normalise

MOST_TEXT = 1_000_000
_MOST_HEADERS = 200_000
_MOST_PARTS = 300
_LONGEST_HEADER = 4_000
_DEEPEST = 150
# Control characters but line ends and tabs; lone surrogates, which no encoder takes and PostgreSQL does not either.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_ID = re.compile(r"<[^<>\s]{1,250}>")
_OURS = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc", "X-Forwarded-To")
_WINMAIL = ("application/ms-tnef", "application/vnd.ms-tnef")


@dataclass(frozen=True, slots=True)
class File:
    """What came with a mail besides its words. `name` is theirs, as it came."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as far as it could be read. Addresses are normalised; `sent_at` is aware, None where it says nothing."""

    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    from_address: str = ""
    from_name: str = ""
    recipients: tuple[str, ...] = ()
    subject: str = ""
    text: str = ""
    sent_at: datetime | None = None
    files: tuple[File, ...] = ()
    has_calendar: bool = False
    content_type: str = "text/plain"
    report_type: str = ""
    # Lower-case names, each with its first value.
    headers: dict[str, str] = field(default_factory=dict)
    # Fields of a delivery report (RFC 3464): one dictionary per block.
    report: tuple[dict[str, str], ...] = ()
    # Message-IDs of the mail a report is about.
    returned_ids: tuple[str, ...] = ()


def read(raw: bytes) -> Mail:
    """Return what the mail in `raw` says. Never raises; takes time in proportion to what is read."""
    parsed = _parsed(_with_short_headers(raw))
    headers = _headers_of(parsed)
    senders = _addresses(headers.get("from", ""))
    sender = senders[0] if senders else ("", "")
    content = _Content()
    content.take(parsed)
    ids = _ID.findall(headers.get("message-id", ""))
    return Mail(
        message_id=ids[0] if ids else "",
        in_reply_to=next(iter(_ID.findall(headers.get("in-reply-to", ""))), ""),
        references=tuple(_ID.findall(headers.get("references", ""))[-30:]),
        from_address=sender[1],
        from_name=sender[0][:200],
        recipients=tuple(_recipients(parsed)),
        subject=_one_line(headers.get("subject", ""))[:500],
        text=content.words(),
        sent_at=_moment(headers.get("date", "")),
        files=tuple(content.files),
        has_calendar=content.has_calendar,
        content_type=_content_type(parsed),
        report_type=_parameter(parsed, "report-type"),
        headers=headers,
        report=tuple(content.report),
        returned_ids=tuple(content.returned_ids),
    )


def _with_short_headers(raw: bytes) -> bytes:
    """A head of more than 200 KB is no head of a mail: its beginning is read, and the body."""
    ends = [at for at in (raw.find(b"\n\n", 0), raw.find(b"\r\n\r\n", 0)) if at >= 0]
    end = min(ends, default=len(raw))
    if end <= _MOST_HEADERS:
        return raw
    cut = raw.rfind(b"\n", 0, _MOST_HEADERS)
    return raw[: cut if cut > 0 else _MOST_HEADERS] + b"\n" + raw[end:]


def _parsed(raw: bytes) -> Parsed:
    """The parser looks at each line once per open boundary, so what is nested for mischief is read as plain text."""
    try:
        if raw.count(b"multipart/") <= _DEEPEST:
            return message_from_bytes(raw, policy=policy.compat32)
    except (RecursionError, ValueError, LookupError, AssertionError, IndexError, TypeError):
        pass
    head, _, body = raw.partition(b"\n\n") if b"\n\n" in raw else raw.partition(b"\r\n\r\n")
    lines = [line for line in head.splitlines() if not line.lower().startswith((b"content-", b" ", b"\t"))]
    message = message_from_bytes(b"\n".join(lines) + b"\n\n", policy=policy.compat32)
    message.set_payload(body[:MOST_TEXT].decode("utf-8", "replace"))
    return message


def _headers_of(message: Parsed) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in list(message.raw_items())[:500]:
        key = str(name).lower()
        if key not in found:
            found[key] = _decoded(str(value))
    return found


def _decoded(value: str) -> str:
    """Encoded words of a header in Unicode; what cannot be decoded stays as it is."""
    value = " ".join(value[:_LONGEST_HEADER].split())
    value = _undo_escapes(value)
    if "=?" not in value:
        return _UNSTORABLE.sub("", value)
    try:
        parts = decode_header(value)
    except (HeaderParseError, ValueError, LookupError, IndexError):
        return _UNSTORABLE.sub("", value)
    words = (part if isinstance(part, str) else _characters(part, charset or "") for part, charset in parts)
    return _UNSTORABLE.sub("", "".join(words)).replace("\r", " ").replace("\n", " ")


def _undo_escapes(value: str) -> str:
    """Bytes outside ASCII come as lone surrogates: read as UTF-8, else as Latin-1."""
    if value.isascii():
        return value
    return _characters(value.encode("utf-8", "surrogateescape"), "utf-8")


def _characters(content: bytes, charset: str) -> str:
    """`content` in Unicode: by its charset, else as UTF-8, else by the commonest one of the West."""
    for name in (charset.strip().strip("\"'").split("*")[0], "utf-8", "cp1252"):
        try:
            # Codecs that are no charsets (zip, rot13, idna) must not be had by asking for them.
            if name and name.lower().replace("_", "-") not in ("idna", "punycode", "unicode-escape", "unicode-escape "):
                return content.decode(name)
        except (LookupError, UnicodeError, ValueError, TypeError, AttributeError):
            continue
    return content.decode("latin-1")


def _addresses(value: str) -> list[tuple[str, str]]:
    try:
        pairs = getaddresses([value[:_LONGEST_HEADER]])
    except (ValueError, IndexError, TypeError, AttributeError, RecursionError):
        return []
    found = [(_one_line(name), normalise(address)) for name, address in pairs]
    return [(name, address) for name, address in found if is_one_address(address)]


def _recipients(message: Parsed) -> Iterator[str]:
    """Every address it may have been sent to, those a mail server noted first."""
    seen = set()
    for name in _OURS:
        for value in (message.get_all(name) or [])[:20]:
            for _, address in _addresses(_decoded(str(value)))[:50]:
                if address not in seen:
                    seen.add(address)
                    yield address


def _moment(value: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(value)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _content_type(part: Parsed) -> str:
    try:
        return part.get_content_type()
    except (ValueError, TypeError, IndexError, AttributeError):
        return "text/plain"


def _parameter(part: Parsed, name: str, header: str = "content-type") -> str:
    try:
        value = part.get_param(name, "", header=header)
    except (ValueError, TypeError, IndexError, LookupError, AttributeError):
        return ""
    if isinstance(value, tuple):
        value = value[2]
    return str(value or "").strip().lower()


def _file_name(part: Parsed) -> str:
    try:
        return _one_line(_decoded(str(part.get_filename("") or "")))[:500]
    except (ValueError, TypeError, IndexError, LookupError, UnicodeError, AttributeError):
        return ""


def _payload(part: Parsed) -> bytes:
    try:
        content = part.get_payload(decode=True)
    except (ValueError, TypeError, LookupError, IndexError, AssertionError, AttributeError):
        content = None
    return content if isinstance(content, bytes) else b""


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


class _Content:
    """What the parts of one mail hold: words, files, and what a delivery report says."""

    def __init__(self) -> None:
        self.files: list[File] = []
        self.report: list[dict[str, str]] = []
        self.returned_ids: list[str] = []
        self.has_calendar = False
        self._plain: list[str] = []
        self._html: list[str] = []

    def words(self) -> str:
        """The plain text, else what the HTML says: of two versions of the same, the one that needs no scanner."""
        plain = "\n".join(self._plain).strip()
        text = plain or "\n".join(markup.to_text(html) for html in self._html)
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        return _UNSTORABLE.sub("", text)[:MOST_TEXT].strip()

    def take(self, message: Parsed) -> None:
        """Go through the parts without recursion; a mail inside of the mail is a file, or what a report returns."""
        waiting: list[tuple[Parsed, bool]] = [(message, False)]
        seen = 0
        while waiting and seen < _MOST_PARTS:
            part, in_report = waiting.pop()
            seen += 1
            kind = _content_type(part)
            if kind in ("message/delivery-status", "message/global-delivery-status"):
                self._status(part)
            elif kind.startswith("message/") or kind == "text/rfc822-headers":
                self._returned(part, in_report)
            elif part.is_multipart():
                children = [child for child in part.get_payload() if isinstance(child, Parsed)]
                in_report = in_report or kind == "multipart/report"
                waiting.extend((child, in_report) for child in reversed(children))
            else:
                self._leaf(part, kind)

    def _leaf(self, part: Parsed, kind: str) -> None:
        attached = str(part.get("Content-Disposition", "")).strip().lower().startswith("attachment")
        name = _file_name(part)
        if kind == "text/calendar":
            self.has_calendar = True
        if kind in ("text/plain", "text/html") and not attached and not name:
            charset = _parameter(part, "charset")
            text = _characters(_payload(part)[: 4 * MOST_TEXT], charset)[:MOST_TEXT]
            (self._plain if kind == "text/plain" else self._html).append(text)
        elif kind not in _WINMAIL or name:
            self.files.append(File(name or kind.replace("/", "."), kind, _payload(part)))

    def _status(self, part: Parsed) -> None:
        blocks = part.get_payload() if part.is_multipart() else [part]
        for block in list(blocks)[:100]:
            if isinstance(block, Parsed):
                self.report.append({name: _decoded(value) for name, value in _headers_of(block).items()})

    def _returned(self, part: Parsed, in_report: bool) -> None:
        inner = part.get_payload(0) if part.is_multipart() else part
        if isinstance(inner, Parsed) and inner is not part:
            self.returned_ids += _ID.findall(_headers_of(inner).get("message-id", ""))
            if not in_report:
                self.files.append(File(_file_name(part) or "mail.eml", "message/rfc822", _bytes_of(inner)))
            return
        head = _characters(_payload(part)[:_MOST_HEADERS], "utf-8")
        found = re.search(r"^message-id:\s{0,20}(<[^<>\s]{1,250}>)", head, re.IGNORECASE | re.MULTILINE)
        if found:
            self.returned_ids.append(found[1])


def _bytes_of(message: Parsed) -> bytes:
    try:
        return message.as_bytes()
    except Exception:  # The writer of the stdlib fails in many ways on what its parser let through.
        return b""
