"""What mail asks of, and tells, the apps above it. They fill these registries when they start; mail imports none.

A listener that raises never loses a mail and never sends one twice:

* `before_handover` raises: the mail goes back to the queue and is tried again later; the others of its batch leave.
* `accepted`, `failed` and `skipped` are told in the same transaction that gives the mail its final state, so a
  listener's rows and that state are both there or neither. Until then the row says `sending` with `sent_at` (or
  `ended_at`) set: what the mail server answered is kept, only the telling is owed, and every delivery run pays what is
  owed. A mail whose telling raises again and again is marked after a day all the same, with an error in the log.

Listeners take batches and must cost a constant number of queries. What they do is rolled back when they raise.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from nps_loop.mail.models import Inbound, Message

# The last look before a mail leaves (hold, erasure, an old cycle): message id -> reason in words not to send it.
BeforeHandover = Callable[[Sequence[Message], datetime], Mapping[int, str]]
# `accepted`: the mail server took these mails. `failed`: they failed for good or came back (see `state`). `skipped`:
# they were dropped at hand-over, by a suppression or by `before_handover`. `now` is when it is told; the row has the
# rest.
Listener = Callable[[Sequence[Message], datetime], None]

before_handover: list[BeforeHandover] = []
accepted: list[Listener] = []
failed: list[Listener] = []
skipped: list[Listener] = []


def _no_cases(user: Any) -> Sequence[int]:
    return ()


def _no_zones(addresses: Collection[str]) -> Mapping[str, str]:
    return {}


def _name_only(from_address: str) -> Mapping[str, str]:
    return {"name": from_address.rpartition("@")[2]}


# Which cases a person may see: user -> their numbers, best as a query (`values("pk")`) that becomes part of another.
visible_cases: Callable[[Any], QuerySet[Any] | Sequence[int]] = _no_cases
# Kinds of automatic mail that answer at once what somebody just did: they keep no distance from others (see `pacing`).
at_once: set[str] = set()
# Whose night it is: normalised addresses -> name of the time zone, for those where one is known. Constant queries.
zones_of: Callable[[Collection[str]], Mapping[str, str]] = _no_zones
# The brand a customer knows by this sender's address; anything with a `name`.
brand_of: Callable[[str], Any] = _name_only


@dataclass(frozen=True, slots=True)
class Landed:
    """What became of a mail that came in: its state, why in a sentence, and the case it stands with."""

    state: str
    reason: str = ""
    case: int | None = None
    is_known_sender: bool = False


def _nobody_listens(row: Inbound, generation: int, back_on: date | None, now: datetime) -> Landed:
    return Landed(Inbound.State.QUARANTINED, "Nothing here knows the case it belongs to.")


# A mail came to the signed address of a conversation (`row.thread`, with the generation that address was made for):
# what follows from it, in the transaction that ends its reading. `back_on` is what an answering machine said.
land: Callable[[Inbound, int, date | None, datetime], Landed] = _nobody_listens


def _administrators(user: Any) -> bool:
    return bool(user.is_superuser)


# Who looks through the mail that was set aside.
sorts_mail: Callable[[Any], bool] = _administrators
