"""Writing the words of automatic mails: one draft per place, which takes the place of the version in force.

A place is a kind of mail in a language, for all customers or for a band, touchpoint or brand. What is or was in force
is kept as it was; going back makes a draft of it. Every function refuses as `followups.refusals` has it and changes
nothing then. Who may is asked by the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext

from followups.mail_kinds import PARTS
from followups.messages import wording
from followups.models import MailWording
from followups.refusals import Incomplete, NotAllowed, Stale
from nps_loop.people.models import User

State = MailWording.State


def save_draft(
    place: MailWording, parts: Mapping[str, str], *, edits: int | None, by: User, now: datetime
) -> MailWording:
    """Let the draft of this place say these parts; the first time it is made, under the next version.

    `place` names kind, language, band, touchpoint and brand, and need not be saved. `edits` is what the page showed of
    the draft, None where it showed none. Raises Stale where a colleague was faster, Incomplete where no mail could say
    that.
    """
    cleaned = {part: parts.get(part, "").replace("\x00", "").replace("\r\n", "\n").strip() for part in PARTS}
    if not any(cleaned.values()):
        raise Incomplete({"__all__": gettext("Every part is empty, so nothing would differ from what is shipped.")})
    try:
        with transaction.atomic():
            draft = _draft_of(place.own_place(), edits)
            if draft is None:
                draft = _first_draft(place, by=by, now=now)
            draft.made_at, draft.made_by, draft.edits = now, by, draft.edits + 1
            for part, text in cleaned.items():
                setattr(draft, part, text)
            draft.save()
    except ValidationError as wrong:
        raise Incomplete({field: " ".join(texts) for field, texts in wrong.message_dict.items()}) from None
    except IntegrityError:
        # Two began a draft of one place in the same moment.
        raise _stale(0) from None
    return draft


def put_in_force(number: int, *, edits: int, by: User, now: datetime) -> MailWording:
    """Mails caused from now on say it; the version before is retired. Raises Stale or NotAllowed."""
    with transaction.atomic():
        draft = _locked_draft(number, edits)
        before = MailWording.objects.in_force().filter(place=draft.place).select_for_update().first()
        if before is not None:
            if before.parts == draft.parts:
                raise NotAllowed(gettext("The draft says what is in force already."))
            _retire(before, now)
        draft.state, draft.in_force_from, draft.put_in_force_by = State.ACTIVE, now, by
        draft.save()
        wording.stamp()
    return draft


def discard(number: int, *, edits: int) -> None:
    """Throw a draft away. Raises Stale or NotAllowed."""
    with transaction.atomic():
        _locked_draft(number, edits).delete()


def back_to_shipped(number: int, *, now: datetime) -> MailWording:
    """Take a version out of force, so that something less specific or what is shipped is said. Raises NotAllowed."""
    with transaction.atomic():
        row = MailWording.objects.in_force().filter(pk=number).select_for_update().first()
        if row is None:
            raise NotAllowed(gettext("This version is not in force any more."))
        _retire(row, now)
        wording.stamp()
    return row


def go_back_to(number: int, *, edits: int | None, by: User, now: datetime) -> MailWording:
    """A draft that says what this version said. Raises Stale where somebody is writing a draft that was not shown."""
    row = MailWording.objects.get(pk=number)
    return save_draft(row, row.parts, edits=edits, by=by, now=now)


def _retire(row: MailWording, now: datetime) -> None:
    row.state, row.retired_at = State.RETIRED, now
    row.save()


def _draft_of(place: str, edits: int | None) -> MailWording | None:
    draft = MailWording.objects.drafts().filter(place=place).select_for_update().first()
    if (draft.edits if draft else None) != edits:
        raise _stale(draft.edits if draft else 0)
    return draft


def _first_draft(place: MailWording, *, by: User, now: datetime) -> MailWording:
    last = MailWording.objects.filter(place=place.own_place()).aggregate(last=Max("version"))["last"] or 0
    return MailWording(
        kind=place.kind,
        language=place.language,
        band=place.band,
        touchpoint_id=place.touchpoint_id,
        brand_id=place.brand_id,
        version=last + 1,
        made_at=now,
        made_by=by,
    )


def _locked_draft(number: int, edits: int) -> MailWording:
    draft = MailWording.objects.drafts().filter(pk=number).select_for_update().first()
    if draft is None:
        raise NotAllowed(gettext("There is no such draft any more. Look at what is in force."))
    if draft.edits != edits:
        raise _stale(draft.edits)
    return draft


def _stale(edits: int) -> Stale:
    said = gettext("A colleague changed the draft meanwhile. Look at it, then change what still has to change.")
    return Stale(said, current_version=edits)
