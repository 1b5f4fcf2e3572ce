"""Who must not be written to: one row per address and stream.

Streams are apart from each other on purpose. Leaving surveys never stops mail about one's own open case; only a dead
address, an erasure or "do not contact" reaches across streams.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime

from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import formats

from nps_loop.mail.fingerprints import fingerprint, keep_pepper
from nps_loop.mail.models import Stream, Suppression
from nps_loop.people.models import User

Reason = Suppression.Reason

# What stops mail to customers altogether. Notices to colleagues have a stream of their own.
CUSTOMER_STREAMS = (Stream.SURVEYS, Stream.NEWS, Stream.CASE, Stream.CALLS)
MAIL_STREAMS = (Stream.SURVEYS, Stream.NEWS, Stream.CASE, Stream.STAFF)

# Where two reasons meet on one stream the graver one stays: a mail that came back can be tried again, a wish cannot.
_GRAVITY = {
    Reason.BOUNCED: 0,
    Reason.UNSUBSCRIBED: 1,
    Reason.COMPLAINED: 2,
    Reason.DO_NOT_CONTACT: 3,
    Reason.ERASED: 4,
}
_NAMED = re.compile(r"[^<>]*<([^<>]+)>")


def normalise(address: str) -> str:
    """Return `address` as it is stored and compared: one line, no display name, lower case. Never raises."""
    text = " ".join(address.split())
    named = _NAMED.fullmatch(text)
    return (named[1] if named else text).strip().lower()


def is_one_address(address: str) -> bool:
    """Return whether `address` is exactly one mail address without a name, and short enough to be stored."""
    if len(address) > 320:
        return False
    try:
        validate_email(address)
    except ValidationError:
        return False
    return True


def suppressed(addresses: Iterable[str], stream: str) -> dict[str, Suppression]:
    """Return normalised address -> Suppression for those of `addresses` that must not be written to on `stream`."""
    found = suppressed_on({(address, stream) for address in addresses})
    return {address: row for (address, _), row in found.items()}


def suppressed_on(pairs: Collection[tuple[str, str]]) -> dict[tuple[str, str], Suppression]:
    """Return (normalised address, stream) -> Suppression for those of `pairs` that have one. One query."""
    wanted = {(normalise(address), stream) for address, stream in pairs}
    if not wanted:
        return {}
    # Of an erased address only the fingerprint is kept.
    plain = {address: address for address, _ in wanted} | {erased(address): address for address, _ in wanted}
    rows = Suppression.objects.filter(address__in=plain, stream__in={stream for _, stream in wanted})
    found: dict[tuple[str, str], Suppression] = {}
    for row in rows:
        pair = plain[row.address], row.stream
        if pair in wanted and (row.reason == Reason.ERASED or pair not in found):
            found[pair] = row
    return found


def erased(address: str) -> str:
    """How a (normalised) address that was erased stands in the list."""
    return f"erased:{fingerprint('address', address)}"


def erase(addresses: Iterable[str], *, now: datetime) -> None:
    """Forget `addresses`, and never write to them again: only their fingerprints stay, on each stream of customers."""
    plain = sorted({normalise(address) for address in addresses} - {""})
    if not plain:
        return
    keep_pepper()
    Suppression.objects.filter(address__in=plain, stream__in=CUSTOMER_STREAMS).delete()
    hashed = [erased(address) for address in plain]
    _suppress(((a, s) for a in hashed for s in CUSTOMER_STREAMS), Reason.ERASED, "", now)


def suppress(addresses: Iterable[str], stream: str, reason: str, *, origin: str = "", now: datetime) -> None:
    """Write nothing more to `addresses` on `stream`, from `now` on. Harmless when repeated; a graver reason stays."""
    _suppress(((address, stream) for address in addresses), Reason(reason), origin, now)


def came_back(addresses: Iterable[str], *, origin: str = "", now: datetime) -> None:
    """Remember that mail to `addresses` comes back: no stream of mail tries them again until it is lifted."""
    _suppress(((a, s) for a in list(addresses) for s in MAIL_STREAMS), Reason.BOUNCED, origin, now)


def do_not_contact(addresses: Iterable[str], *, origin: str = "", now: datetime) -> None:
    """Stop everything a customer could receive, calls and mail about an own open case included."""
    _suppress(((a, s) for a in list(addresses) for s in CUSTOMER_STREAMS), Reason.DO_NOT_CONTACT, origin, now)


def lift(addresses: Iterable[str], stream: str | None = None, *, only: str | None = None) -> int:
    """Let `addresses` be written to again, on `stream` or on all; `only` spares rows of other reasons. Returns rows."""
    rows = Suppression.objects.filter(address__in={normalise(address) for address in addresses})
    if stream is not None:
        rows = rows.filter(stream=stream)
    if only is not None:
        rows = rows.filter(reason=only)
    return rows.delete()[0]


def lift_one(number: int, *, why: str, by: User, now: datetime) -> bool:
    """Take the row of this number off the list; who did it and `why` is kept in the log of changes.

    Returns False where it is gone already, or is that of an erased address: those stay for good.
    """
    liftable = Suppression.objects.exclude(reason=Reason.ERASED)
    with transaction.atomic():
        row = liftable.filter(pk=number).first()
        if row is None or not liftable.filter(pk=number).delete()[0]:
            return False
        LogEntry.objects.create(
            user=by, content_type=ContentType.objects.get_for_model(Suppression), object_id=str(number),
            object_repr=str(row)[:200], action_flag=DELETION, change_message=why, action_time=now,
        )  # fmt: skip
    return True


def sentence(row: Suppression, name: str, now: datetime) -> str:
    """Say why a mail to `name` is not sent because of `row`: "Not sent: Marta asked for no more mails on 3 May."."""
    since = formats.date_format(row.since, "j F" if row.since.year == now.year else "j F Y")
    match row.reason:
        case Reason.UNSUBSCRIBED if row.stream == Stream.SURVEYS:
            return f"Not sent: {name} asked for no more surveys on {since}."
        case Reason.UNSUBSCRIBED:
            return f"Not sent: {name} asked for no more mails on {since}."
        case Reason.BOUNCED:
            return f"Not sent: mail to {row.address} came back on {since}."
        case Reason.COMPLAINED:
            return f"Not sent: {name} marked a mail of ours as spam on {since}."
        case Reason.DO_NOT_CONTACT:
            return f"Not sent: {name} is not to be contacted, since {since}."
        case _:
            return f"Not sent: the address was erased on {since}."


def _suppress(pairs: Iterable[tuple[str, str]], reason: str, origin: str, now: datetime) -> None:
    wanted = sorted({(normalise(address), stream) for address, stream in pairs if normalise(address)})
    rows = [Suppression(address=a, stream=s, reason=reason, origin=origin[:200], since=now) for a, s in wanted]
    with transaction.atomic():
        Suppression.objects.bulk_create(rows, ignore_conflicts=True)
        weaker = [known for known, gravity in _GRAVITY.items() if gravity < _GRAVITY[Reason(reason)]]
        for stream in {stream for _, stream in wanted}:
            Suppression.objects.filter(
                address__in=[address for address, s in wanted if s == stream], stream=stream, reason__in=weaker
            ).update(reason=reason, origin=origin[:200], since=now)
