"""Mail that came in for the sample company and found no case by itself, and the words its lead has written for mails."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from followups import wording_versions
from followups.models import MailWording
from nps_loop.mail.models import Inbound, Message
from nps_loop.people.models import User

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
Kind, State = Inbound.Kind, Inbound.State

_QUOTED = "\n\nOn Friday Corvane wrote:\n> Your answer has arrived, and a person will read it.\n"


def receive(*, now: datetime) -> int:
    """Write what came in within the last hours: to be looked at, and what nothing follows from; returns how many."""
    return len(Inbound.objects.bulk_create([*_set_aside(now), *_of_machines(now)]))


def word(lead: User, *, now: datetime) -> None:
    """A mail that this lead put in force in the company's own words, and a draft of another."""
    thanks = MailWording(kind="promoter_thanks", language="en")
    draft = wording_versions.save_draft(thanks, {"opening": THANKS}, edits=None, by=lead, now=now - 20 * HOUR)
    wording_versions.put_in_force(draft.pk, edits=draft.edits, by=lead, now=now - 19 * HOUR)
    moved = MailWording(kind="delay", language="de")
    wording_versions.save_draft(moved, {"closing": MOVED}, edits=None, by=lead, now=now - 3 * HOUR)


THANKS = "Thank you for what you wrote. We read it out to the people it is about."
# Not yet good enough: the page says what the reader will miss in it.
MOVED = "Wir bitten um Entschuldigung für etwaige Unannehmlichkeiten."


def _set_aside(now: datetime) -> list[Inbound]:
    written = (
        "I am writing from my own address, because the office is closed. The machine on the second floor leaks again."
    )
    return [
        _row(
            "home",
            now - 50 * MINUTE,
            kind=Kind.FOREIGN,
            state=State.QUARANTINED,
            reason="It was not sent to the signed address of a case.",
            from_name="Joost van Dijk",
            from_address="joost.vandijk@post.example",
            to_address="service@corvane.example",
            subject="Re: Your answer has arrived",
            words=written,
            text=written + _QUOTED,
        ),
        _row(
            "withdrawn",
            now - 2 * HOUR,
            kind=Kind.REPLY,
            state=State.QUARANTINED,
            reason="The address it was sent to has been withdrawn.",
            from_name="Sabine Roth",
            from_address="s.roth@praxis-roth.example",
            subject="Rechnung vom September",
            words="Die Gutschrift ist noch nicht da. Wer kümmert sich darum?",
            text="Die Gutschrift ist noch nicht da. Wer kümmert sich darum?",
        ),
    ]


def _of_machines(now: datetime) -> list[Inbound]:
    rows = [
        _row(
            "newsletter",
            now - 5 * HOUR,
            kind=Kind.AUTOMATIC,
            state=State.IGNORED,
            reason="Sent by a machine, and belongs to no case.",
            from_name="Trade fair news",
            from_address="news@fair.example",
            subject="Your tickets for the spring fair",
            words="The hall plan is online.",
            text="The hall plan is online.",
        )
    ]
    thanked = Message.objects.filter(kind="acknowledgement", language="en", state=Message.State.SENT)
    about = thanked.order_by("-pk").first()
    if about is not None:
        rows.append(
            _row(
                "away",
                max(about.sent_at or now, now - 6 * HOUR),
                kind=Kind.AWAY,
                state=State.IGNORED,
                reason="An answering machine: nothing follows from it.",
                from_name=about.recipient_name,
                from_address=about.recipient,
                subject=f"Out of office: {about.subject}",
                words="I am back on Monday.",
                text="I am back on Monday.",
                case=about.case,
                about=about,
                is_known_sender=True,
            )
        )
    return rows


def _row(key: str, at: datetime, **fields: Any) -> Inbound:
    """A mail whose file is not kept: what it said stands in its row."""
    digest = sha256(f"sample {key}".encode()).hexdigest()
    return Inbound(digest=digest, route="imap", received_at=at, sent_at=at - MINUTE, handled_at=at, **fields)
