"""Which words an automatic mail says: the most specific of those in force, and what is shipped for the rest.

**The order.** Only words of this kind and of the customer's own language are looked at. Of those the first of:
touchpoint, band and brand; touchpoint and band; touchpoint and brand; touchpoint; band and brand; band; brand; all
customers. A part that the chosen ones leave empty, or in which something cannot be filled in for this customer, says
what is shipped; so does everything where nothing was written. Two of these are never mixed.

Nothing here costs a query per mail: a brand carries a stamp that changes with the words, and each process keeps what it
read under that stamp.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from followups.mail_kinds import KINDS, values_from
from followups.models import MailWording
from followups.variables import filled, used_in
from nps_loop.mail.rendering import Rendered, render
from surveys.models import Brand

# So many stamps a process remembers; brands have one each, and most of them the same.
_MOST_STAMPS = 20
_read: dict[str, tuple[MailWording, ...]] = {}


@dataclass(frozen=True, slots=True)
class Addressed:
    """For whom a mail is: what decides between wordings. `kind` is the folder of its templates."""

    kind: str
    language: str
    band: str = ""
    touchpoint_id: int | None = None
    brand_id: int | None = None


def chosen(rows: Iterable[MailWording], to: Addressed) -> MailWording | None:
    """The most specific of `rows` that applies to this mail, in the order above; None where none does. Pure."""
    fitting = [
        row
        for row in rows
        if (row.kind, row.language) == (to.kind, to.language)
        and (not row.band or row.band == to.band)
        and (row.touchpoint_id is None or row.touchpoint_id == to.touchpoint_id)
        and (row.brand_id is None or row.brand_id == to.brand_id)
    ]
    return max(fitting, key=how_specific, default=None)


def how_specific(row: MailWording) -> tuple[bool, bool, bool]:
    """More than another's where it goes before it: a touchpoint outweighs a band, and a band a brand."""
    return row.touchpoint_id is not None, bool(row.band), row.brand_id is not None


def parts_said(parts: Mapping[str, str], kind: str, facts: Mapping[str, Any]) -> dict[str, str]:
    """Parts of a wording with their variables filled in from the facts of a mail; without those that would have a gap.

    Pure. A part this kind of mail does not have is left out too.
    """
    known = KINDS.get(kind)
    if known is None:
        return {}
    values = values_from(facts)
    return {
        part: filled(text, values)
        for part, text in parts.items()
        if part in known.parts and all(values.get(name) for name in used_in(text))
    }


def worded(kind: str, language: str, facts: Mapping[str, Any], parts: Mapping[str, str]) -> Rendered:
    """Subject, text and HTML of a mail with these parts in the place of the shipped ones. What is shown and what is
    sent are both made here."""
    return render(kind, language, dict(facts) | {"wording": parts_said(parts, kind, facts)})


def written_for(
    kind: str,
    language: str,
    facts: Mapping[str, Any],
    brand: Brand,
    *,
    band: str = "",
    touchpoint_id: int | None = None,
) -> Rendered:
    """The same with what is in force for this customer. No query, except where other words came into force."""
    to = Addressed(kind=kind, language=language, band=band, touchpoint_id=touchpoint_id, brand_id=brand.pk)
    row = chosen(in_force(brand.words_stamp), to)
    return worded(kind, language, facts, row.parts if row else {})


def in_force(stamp: str) -> tuple[MailWording, ...]:
    """All wordings in force. One query where this process has not read them under this stamp; none without a stamp."""
    if not stamp:
        return ()
    if stamp not in _read:
        while len(_read) >= _MOST_STAMPS:
            _read.pop(next(iter(_read)), None)
        _read[stamp] = tuple(MailWording.objects.in_force())
    return _read.get(stamp, ())


def stamp(*brands: int) -> None:
    """Let every process read the words in force anew, for these brands or for all. In the transaction that changes
    them; one or two queries."""
    rows = Brand.objects.filter(pk__in=brands) if brands else Brand.objects.all()
    rows.update(words_stamp=secrets.token_hex(16) if MailWording.objects.in_force().exists() else "")
