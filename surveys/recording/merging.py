"""Two persons turn out to be one, or an answer turns out to be somebody else's: what of that stands in our own rows.

Only who is meant changes: no word and no score. Callers let one at a time in and hold the answers' locks.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from nps_loop.at_once import Change, write_at_once
from nps_loop.mail import suppression
from nps_loop.mail.models import Suppression
from surveys.identity import email_key, is_shared_mailbox, normalise_email
from surveys.models import Account, Contact, ContactKey, Response
from surveys.searching import normalise_for_search

_LEARNT = (
    "account", "name", "first_name", "role", "email", "phone", "language", "time_zone", "preferred_channel",
    "good_time",
)  # fmt: skip
# A mail that came back says something of the address, all others of the person.
_WISHES = [reason for reason in Suppression.Reason if reason != Suppression.Reason.BOUNCED]


def merge_people(kept: Contact, other: Contact, *, now: datetime) -> list[int]:
    """Make `kept` the person of all keys and answers of `other`, and let it learn what it lacks. Ids of those keys.

    What either must not receive, neither does from then on. Whoever was merged into `other` before leads to `kept`, so
    nobody is ever more than one step away.
    """
    keys = sorted(ContactKey.objects.filter(contact=other).values_list("pk", flat=True))
    ContactKey.objects.filter(pk__in=keys).update(contact=kept)
    Response.objects.filter(contact=other).update(contact=kept)
    Contact.objects.filter(merged_into=other).update(merged_into=kept)
    Contact.objects.filter(pk=other.pk).update(merged_into=kept)
    other.merged_into = kept
    learns = learnt(kept, other)
    for name in learns:
        setattr(kept, name, getattr(other, name))
    if "email" in learns:
        kept.is_shared_mailbox = other.is_shared_mailbox
    kept.do_not_contact = kept.do_not_contact or other.do_not_contact
    kept.search_name = normalise_for_search(f"{kept.name} {kept.email}")[:700]
    kept.save(update_fields=[*learns, "is_shared_mailbox", "do_not_contact", "search_name"])
    share_wishes(kept, other)
    return keys


def learnt(kept: Contact, other: Contact) -> list[str]:
    """The details that `kept` lacks and `other` has."""
    return [name for name in _LEARNT if getattr(other, name) and not getattr(kept, name)]


def share_wishes(kept: Contact, other: Contact) -> None:
    """What one address of the person must not receive no other does either. A mailbox of several takes on nothing."""
    addresses = _addresses(kept, other)
    for row in wishes(kept, other):
        own = [address for address in addresses if address != row.address and not is_shared_mailbox(address)]
        suppression.suppress(own, row.stream, row.reason, origin=row.origin, now=row.since)


def wishes(kept: Contact, other: Contact) -> list[Suppression]:
    """What these two must not receive. One query beside that for their keys."""
    return list(Suppression.objects.filter(address__in=_addresses(kept, other), reason__in=_WISHES).order_by("pk"))


def _addresses(*people: Contact) -> list[str]:
    keys = ContactKey.objects.filter(contact__in=people, kind=ContactKey.Kind.EMAIL).values_list("value", flat=True)
    found = {value.partition("|")[0] for value in keys} | {person.email for person in people if person.email}
    return sorted(found)


def new_person(name: str, email: str, account: Account | None, *, now: datetime) -> Contact | None:
    """Somebody who was not known, with the address as a key; None where that address is somebody's already."""
    address = normalise_email(email) if email else ""
    key = email_key(address, name) if address else ""
    if key and ContactKey.objects.filter(kind=ContactKey.Kind.EMAIL, namespace="", value=key).exists():
        return None
    person = Contact.objects.create(
        name=name,
        email=address,
        account=account,
        is_shared_mailbox=bool(address) and is_shared_mailbox(address),
        search_name=normalise_for_search(f"{name} {address}")[:700],
        created_at=now,
    )
    if key:
        ContactKey.objects.create(kind=ContactKey.Kind.EMAIL, value=key, contact=person)
    return person


def answer_given(response: Response, to: Contact) -> Change:
    """Make `to` the person of this answer, for whoever writes that together with other rows."""
    response.contact = to
    return Change(Response.objects.filter(pk=response.pk), {"contact": to})


def give_answer(response: Response, to: Contact, *, keys: Collection[int] = ()) -> list[int]:
    """Make `to` the person of this answer, and of those `keys` of whose it was. Ids of the keys that went along."""
    was = response.contact
    write_at_once(answer_given(response, to))
    if was is None or not keys:
        return []
    going = list(ContactKey.objects.filter(pk__in=keys, contact=was).order_by("pk"))
    ContactKey.objects.filter(pk__in=[key.pk for key in going]).update(contact=to)
    addresses = {key.value.partition("|")[0] for key in going if key.kind == ContactKey.Kind.EMAIL}
    if addresses and not to.email:
        to.email = min(addresses)
        to.is_shared_mailbox = is_shared_mailbox(to.email)
        _named_anew(to)
    if was.email in addresses:
        # Nobody is written to at an address that is somebody else's.
        left = was.keys.filter(kind=ContactKey.Kind.EMAIL).order_by("pk").values_list("value", flat=True).first()
        was.email = (left or "").partition("|")[0]
        was.is_shared_mailbox = bool(was.email) and is_shared_mailbox(was.email)
        _named_anew(was)
    return [key.pk for key in going]


def _named_anew(person: Contact) -> None:
    person.search_name = normalise_for_search(f"{person.name} {person.email}")[:700]
    person.save(update_fields=["email", "is_shared_mailbox", "search_name"])


def follow_merges(responses: Sequence[Response], *, save: bool = True) -> None:
    """An answer that was on its way while its person was merged belongs to who remained. No query where none was.

    With `save` False only the rows in hand learn it.
    """
    moved = [row for row in responses if row.contact_id and (row.contact is None or row.contact.merged_into_id)]
    if not moved:
        return
    ids = {row.contact_id for row in moved}
    known = Contact.objects.select_related("account", "merged_into__account").in_bulk(ids)
    for row in moved:
        person = known[row.contact_id]
        row.contact = person.merged_into or person
        if save:
            Response.objects.filter(pk=row.pk).update(contact=row.contact)
