"""Mails as strangers' programs write them, built by hand: the library that reads them must not have written them."""

from __future__ import annotations

from nps_loop.mail.inbound import addresses
from tests.factories import NOW

DATE = NOW.strftime("%a, %d %b %Y %H:%M:%S +0000")


def raw(
    body: str | bytes = "It is still broken.",
    *,
    to: str = "reply@reply.example",
    sender: str = "Marta Lindqvist <marta@nordby.example>",
    subject: str = "Re: your answer",
    content_type: str = "text/plain; charset=utf-8",
    **headers: str,
) -> bytes:
    """One mail. A header given as "" is left out; underscores in their names stand for hyphens."""
    head = {
        "From": sender,
        "To": to,
        "Subject": subject,
        "Date": DATE,
        "Message-ID": f"<{abs(hash((str(body), to, sender, subject))):x}@client.example>",
        "MIME-Version": "1.0",
        "Content-Type": content_type,
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items() if value)
    content = body if isinstance(body, bytes) else body.replace("\n", "\r\n").encode()
    return lines.encode("utf-8", "surrogateescape") + b"\r\n" + content + b"\r\n"


def reply_address(ticket) -> str:
    return addresses.make(ticket.conversation_id, ticket.conversation.generation)
