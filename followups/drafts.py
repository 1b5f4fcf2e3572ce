"""What somebody is in the middle of writing, kept on the server: per person, ticket and form, for its writer alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from followups.models import KeptDraft, Ticket
from nps_loop.at_once import Delete, Insert, write_at_once
from nps_loop.mail.models import Message
from nps_loop.people.models import User

# More than anybody types into a form, less than would hurt.
MOST = 100_000
KEPT_FOR = timedelta(days=30)


class TooLong(ValueError):
    """More than a draft holds."""


def keep(user: User, ticket: Ticket, form: str, typed: Mapping[str, str], *, now: datetime) -> KeptDraft:
    """Keep what was typed so far in place of what was kept before. Raises TooLong beyond 100,000 characters."""
    if sum(len(value) for value in typed.values()) > MOST:
        raise TooLong
    draft, _made = KeptDraft.objects.update_or_create(
        user=user, ticket=ticket, form=form, message=None, defaults={"typed": KeptDraft.packed(typed), "kept_at": now}
    )
    return draft


def throw_away(user: User, ticket: Ticket, form: str) -> bool:
    """Forget what was typed into this form; whether there was anything."""
    return bool(KeptDraft.objects.of(user, ticket).filter(form=form).delete()[0])


def was_sent(user: User, ticket: Ticket, form: str, *, version: str) -> bool:
    """Whether this person sent this form after the page with this version was drawn. A query only where it is old."""
    if not version.isdecimal() or len(version) > 9 or int(version) >= ticket.version:
        return False
    return ticket.events.filter(seq__gt=int(version), verb=form, actor=user).exists()


def sent(
    user: User,
    ticket: Ticket,
    form: str,
    *,
    now: datetime,
    message: Message | None = None,
    typed: Mapping[str, str] | None = None,
    again_in: str = "",
) -> None:
    """The form did its work: its draft is done with. What went out as `message` is kept until it has left.

    `again_in` is the form it stands in again once it is taken back, where that is another one. One query.
    """
    made_of = []
    if message is not None and typed is not None and sum(map(len, typed.values())) <= MOST:
        packed = KeptDraft.packed(typed)
        made_of = [
            KeptDraft(user=user, ticket=ticket, form=again_in or form, typed=packed, kept_at=now, message=message)
        ]
    with transaction.atomic():
        write_at_once(Delete(KeptDraft.objects.of(user, ticket).filter(form=form)), Insert(made_of))


def bring_back(user: User, message: Message, *, now: datetime) -> str:
    """Put what a mail was made of back among the drafts; the form it belongs into, empty where nothing was kept.

    What was begun in that form since gives way: it was begun within the seconds of the undo.
    """
    row = KeptDraft.objects.filter(user=user, message=message).select_related("ticket").first()
    if row is None:
        return ""
    with transaction.atomic():
        throw_away(user, row.ticket, row.form)
        row.message, row.kept_at = None, now
        row.save(update_fields=["message", "kept_at"])
    return row.form


def forget_old(*, now: datetime) -> int:
    """Drop drafts nobody touched for 30 days, and what mails were made of that have left. Returns how many."""
    waiting = Q(message=None) | Q(message__state=Message.State.QUEUED)
    gone = Q(kept_at__lt=now - KEPT_FOR, message=None) | ~waiting
    found = KeptDraft.objects.filter(gone).order_by().values_list("pk", flat=True)[:1_000]
    return KeptDraft.objects.filter(pk__in=list(found)).delete()[0]


def erase(tickets: Collection[int]) -> int:
    """Drop every draft on these tickets, whoever wrote it: its words go with the customer's. Returns how many."""
    return KeptDraft.objects.filter(ticket__in=tickets).delete()[0]


def typed_into(fields: Iterable[str], data: Mapping[str, str]) -> dict[str, str]:
    """What `data`, as a browser posts it, holds for these fields of a form. NUL means nothing and is stored nowhere."""
    return {name: str(data[name]).replace("\x00", "") for name in fields if name in data and name != "version"}
