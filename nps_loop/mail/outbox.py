"""The way out: every mail of this program is queued here, as a row, in the transaction that caused it.

Nothing leaves from here. `delivery` hands rows over later, so a mail exists exactly if what it reports was committed.
"""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import translation

from nps_loop.celery import ring
from nps_loop.mail import suppression
from nps_loop.mail.models import Message

State = Message.State

# How the reason of every skipped mail begins, and of no other.
NOT_SENT = "Not sent:"
# What waits no longer than this (the time to undo it) is not left to the next sweep.
SOON = timedelta(seconds=15)
# NUL is refused by PostgreSQL and lone surrogates by every encoder; neither means anything in a mail.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


# What stops mail to a normalised address on a stream; None where that was looked for and nothing does.
Stops = Mapping[tuple[str, str], suppression.Suppression | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """One mail to one recipient, rendered, with `[[link:name]]` where a link of `links` belongs.

    `links` maps a placeholder's name to (purpose, object id) as `nps_loop.links` knows them; with the purpose
    "unsubscribe" the object is this very mail, whatever is given. `skip` is a reason in words: the mail is kept as not
    sent, so that somebody can read why. `send_after` (UTC) is where undo and later sending live; None is now. A second
    draft with the `dedupe_key` of an earlier one is not queued.
    """

    kind: str
    stream: str
    recipient: str
    subject: str
    text: str
    html: str = ""
    recipient_name: str = ""
    from_name: str = ""
    from_address: str
    reply_to: str = ""
    language: str = "en"
    links: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    case: int | None = None
    cycle: int = 0
    dedupe_key: str | None = None
    automatic: bool = True
    written_by_id: int | None = None
    in_reply_to: str = ""
    send_after: datetime | None = None
    skip: str = ""


def queue(drafts: Sequence[Draft], *, now: datetime) -> list[Message]:
    """Keep one row per draft and return them in the same order; delivery looks for them once the caller commits.

    A draft with a reason to skip, no single valid address or a suppressed one becomes a row in state skipped that says
    why. For a draft whose `dedupe_key` is taken the earlier row is returned. Runs in the caller's transaction and costs
    the same few queries however many drafts there are.
    """
    if not drafts:
        return []
    rows = draw_up(drafts, now=now)
    if not any(row.dedupe_key for row in rows):
        Message.objects.bulk_create(rows, batch_size=1_000)
        ring_for(rows, now=now)
        return rows
    Message.objects.bulk_create(rows, batch_size=1_000, ignore_conflicts=True)
    # `ignore_conflicts` returns no keys, and says nothing about the rows it left out.
    keys = dict(Message.objects.filter(message_id__in=[row.message_id for row in rows]).values_list("message_id", "pk"))
    left_out = {row.dedupe_key for row in rows if row.message_id not in keys and row.dedupe_key}
    earlier = {row.dedupe_key: row for row in Message.objects.filter(dedupe_key__in=left_out)} if left_out else {}
    kept = []
    for row in rows:
        if row.message_id in keys:
            row.pk = keys[row.message_id]
            row._state.adding = False
            kept.append(row)
        else:
            kept.append(earlier[row.dedupe_key])
    ring_for(kept, now=now)
    return kept


def announce(drafts: Sequence[Draft], *, now: datetime) -> None:
    """Queue mails whose rows the caller has no use for. Two queries, none for none."""
    if drafts:
        rows = draw_up(drafts, now=now)
        Message.objects.bulk_create(rows, batch_size=1_000, ignore_conflicts=True)
        ring_for(rows, now=now)


def draw_up(drafts: Sequence[Draft], *, now: datetime, known: Stops | None = None) -> list[Message]:
    """One row per draft, not saved: for whoever writes them with other rows, by one statement, and then rings.

    `known` are (normalised address, stream) that were looked up already: only the others cost a query.
    """
    looked_up = known or {}
    pairs = {(suppression.normalise(draft.recipient), draft.stream) for draft in drafts}
    stops = {**looked_up, **suppression.suppressed_on(pairs - looked_up.keys())}
    return [_row(draft, stops.get((suppression.normalise(draft.recipient), draft.stream)), now) for draft in drafts]


def ring_for(rows: Sequence[Message], *, now: datetime) -> None:
    """Have delivery look once the caller commits: at once, or as soon as what can still be taken back may leave."""
    waits = [row.send_after - now for row in rows if row.state == State.QUEUED]
    if any(wait <= timedelta(0) for wait in waits):
        _ring_delivery()
    if soon := [wait for wait in waits if timedelta(0) < wait <= SOON]:
        _ring_delivery(after=math.ceil(max(soon).total_seconds()) + 1)


def cancel(message_ids: Collection[int], *, now: datetime) -> int:
    """Take mails back that are still waiting, and return how many: the others have left or are just leaving."""
    return Message.objects.filter(pk__in=message_ids, state=State.QUEUED).update(
        state=State.CANCELLED, ended_at=now, reason="Taken back before it left."
    )


def send_again(message_ids: Collection[int], *, now: datetime) -> int:
    """Queue mails once more that could not be delivered, and return how many. They keep their Message-ID.

    A person asks for this, so what stood in the way as "mail came back" is lifted; a customer's wish is not.
    """
    failed = Message.objects.filter(pk__in=message_ids, state=State.FAILED)
    addresses = list(failed.values_list("recipient", flat=True))
    queued = failed.update(
        state=State.QUEUED, attempts=0, send_after=now, ended_at=None, leased_until=None, sent_at=None, reason=""
    )
    if queued:
        suppression.lift(addresses, only=suppression.Reason.BOUNCED)
        _ring_delivery()
    return queued


def not_sent(reason: str) -> str:
    """Return `reason` as the sentence kept with a mail that was deliberately not sent."""
    return reason if reason.startswith(NOT_SENT) else f"{NOT_SENT} {reason}"


def one_line(text: str) -> str:
    """Return `text` without line breaks and other control characters: what a header may hold."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _row(draft: Draft, stop: suppression.Suppression | None, now: datetime) -> Message:
    """Return the unsaved row of `draft`; skipped where `stop`, its own reason or its address says so."""
    recipient = suppression.normalise(draft.recipient)
    name = one_line(draft.recipient_name)
    reason = draft.skip
    if not reason and not recipient:
        reason = "no mail address is known."
    elif not reason and not suppression.is_one_address(recipient):
        reason = f"“{one_line(recipient)[:200]}” is not one mail address."
    elif not reason and stop:
        with translation.override("en"):
            reason = suppression.sentence(stop, name.split(" ")[0] or recipient, now)
    reason = not_sent(reason) if reason else ""
    reply_to = suppression.normalise(draft.reply_to)
    return Message(
        kind=draft.kind,
        stream=draft.stream,
        state=State.SKIPPED if reason else State.QUEUED,
        case=draft.case,
        cycle=draft.cycle,
        dedupe_key=draft.dedupe_key,
        recipient=one_line(recipient)[:320],
        recipient_name=name[:200],
        from_name=one_line(draft.from_name)[:200],
        from_address=draft.from_address.strip(),
        reply_to=reply_to if suppression.is_one_address(reply_to) else "",
        message_id=_message_id(draft.kind),
        in_reply_to=one_line(draft.in_reply_to)[:255],
        language=draft.language,
        subject=one_line(_UNSTORABLE.sub("", draft.subject))[:500],
        text=_UNSTORABLE.sub("", draft.text),
        html=_UNSTORABLE.sub("", draft.html),
        links={name: [purpose, object_id] for name, (purpose, object_id) in draft.links.items()},
        automatic=draft.automatic,
        written_by_id=draft.written_by_id,
        created_at=now,
        send_after=max(draft.send_after, now) if draft.send_after else now,
        ended_at=now if reason else None,
        reason=reason[:300],
    )


def _message_id(kind: str) -> str:
    """Return a new Message-ID. It is made once, when the mail is queued: a repeated hand-over carries the same."""
    word = re.sub(r"[^a-z0-9_-]", "", kind.lower()) or "mail"
    return f"<{word}.{uuid.uuid4().hex}@{settings.REPLY_DOMAIN}>"


def _ring_delivery(*, after: int = 0) -> None:
    from nps_loop.mail.tasks import deliver  # tasks import delivery, which stands above this module

    ring(deliver, after=after)
