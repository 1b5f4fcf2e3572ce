"""Find the persons that a batch of answers is from, or make them. Four queries to find, three to write, for any number.

An id of theirs comes first; then the mail address, unless it leads to somebody whom the same source knows under
another id: that is a mailbox two people share. Who has neither, but a name or a phone number, is a person without a
key, met once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Q

from surveys.identity import email_key, external_key, is_shared_mailbox, normalise_email
from surveys.incoming import NamesCustomer
from surveys.models import Account, Contact, ContactKey, Source
from surveys.recording.rewriting import rewrite
from surveys.searching import normalise_for_search

_Key = tuple[str, str, str]
_FILLED_IN = ("account", "name", "email", "phone", "language", "time_zone", "is_shared_mailbox", "search_name")


def find_people(
    source: Source,
    batch: Sequence[NamesCustomer],
    *,
    accounts: Sequence[Account | None],
    known: Sequence[Contact | None],
    now: datetime,
) -> list[Contact | None]:
    """The person of each answer, in order; None where the answer says nothing about one.

    `accounts` are those the answers state. `known` are the persons of answers we already hold: they stay theirs, and
    only learn what they lack.
    """
    people = _People(source.slug, batch, known)
    found = []
    for incoming, account, contact in zip(batch, accounts, known, strict=True):
        person = contact or people.find(incoming) or people.make(incoming, now)
        if person is not None:
            people.learn(person, incoming, account)
        found.append(person)
    people.save()
    return found


class _People:
    def __init__(self, namespace: str, batch: Iterable[NamesCustomer], known: Iterable[Contact | None]) -> None:
        self._namespace = namespace
        self._emails = {incoming.email: normalise_email(incoming.email) for incoming in batch if incoming.email}
        self._by_pk = {contact.pk: contact for contact in known if contact is not None}
        self._by_key: dict[_Key, Contact] = {}
        self._ids_of: dict[int, set[str]] = defaultdict(set)
        self._made: list[Contact] = []
        self._made_keys: list[tuple[_Key, Contact]] = []
        self._changed: dict[int, Contact] = {}
        self._load({key for incoming in batch for key in self._keys(incoming)})

    def _keys(self, incoming: NamesCustomer) -> list[_Key]:
        """The keys of an answer, the surest first."""
        keys: list[_Key] = []
        if incoming.contact_external_id:
            keys.append((ContactKey.Kind.EXTERNAL_ID, self._namespace, external_key(incoming.contact_external_id)))
        if email := self._emails.get(incoming.email):
            keys.append((ContactKey.Kind.EMAIL, "", email_key(email, incoming.name)))
        return keys

    def _load(self, keys: set[_Key]) -> None:
        ids = [value for kind, _, value in keys if kind == ContactKey.Kind.EXTERNAL_ID]
        addresses = [value for kind, _, value in keys if kind == ContactKey.Kind.EMAIL]
        if not keys:
            return
        by_id = Q(kind=ContactKey.Kind.EXTERNAL_ID, namespace=self._namespace, value__in=ids)
        by_address = Q(kind=ContactKey.Kind.EMAIL, namespace="", value__in=addresses)
        rows = list(
            ContactKey.objects.filter(by_id | by_address if ids and addresses else by_id if ids else by_address)
            .select_related("contact__account", "contact__merged_into__account")
            .order_by("id")
        )
        for row in rows:
            contact = row.contact.merged_into or row.contact
            seen = {contact.pk}
            while contact.merged_into_id is not None and contact.merged_into_id not in seen:
                seen.add(contact.merged_into_id)
                contact = Contact.objects.select_related("account").get(pk=contact.merged_into_id)
            self._by_key[row.kind, row.namespace, row.value] = self._by_pk.setdefault(contact.pk, contact)
        if ids and addresses and rows:
            held = ContactKey.objects.filter(
                kind=ContactKey.Kind.EXTERNAL_ID, namespace=self._namespace, contact__in=list(self._by_pk)
            )
            for pk, value in held.values_list("contact_id", "value"):
                self._ids_of[id(self._by_pk[pk])].add(value)

    def find(self, incoming: NamesCustomer) -> Contact | None:
        own_id = external_key(incoming.contact_external_id) if incoming.contact_external_id else ""
        for kind, namespace, value in self._keys(incoming):
            contact = self._by_key.get((kind, namespace, value))
            if contact is None:
                continue
            if kind == ContactKey.Kind.EMAIL and own_id and self._ids_of[id(contact)] - {own_id}:
                continue
            return contact
        return None

    def make(self, incoming: NamesCustomer, now: datetime) -> Contact | None:
        """A new person, or None where the answer says nothing about one."""
        if not (self._keys(incoming) or incoming.name or incoming.phone):
            return None
        contact = Contact(created_at=now)
        self._made.append(contact)
        return contact

    def learn(self, contact: Contact, incoming: NamesCustomer, account: Account | None) -> None:
        """Give the person the keys and details of this answer that nobody has and that it lacks."""
        for key in self._keys(incoming):
            if key not in self._by_key:
                self._by_key[key] = contact
                self._made_keys.append((key, contact))
            if key[0] == ContactKey.Kind.EXTERNAL_ID and self._by_key[key] is contact:
                self._ids_of[id(contact)].add(key[2])
        email = self._emails.get(incoming.email, "")
        details = {
            "account": account,
            "name": incoming.name,
            "email": email,
            "phone": incoming.phone,
            "language": incoming.language,
            "time_zone": incoming.time_zone,
        }
        learnt = {field: value for field, value in details.items() if value and not getattr(contact, field)}
        if not learnt:
            return
        for field, value in learnt.items():
            setattr(contact, field, value)
        if "email" in learnt:
            contact.is_shared_mailbox = is_shared_mailbox(email)
        contact.search_name = normalise_for_search(f"{contact.name} {contact.email}")[:700]
        if contact.pk is not None:
            self._changed[contact.pk] = contact

    def save(self) -> None:
        rewrite(list(self._changed.values()), _FILLED_IN)
        if self._made:
            Contact.objects.bulk_create(self._made)
        if self._made_keys:
            ContactKey.objects.bulk_create(
                ContactKey(kind=kind, namespace=namespace, value=value, contact=contact)
                for (kind, namespace, value), contact in sorted(self._made_keys, key=lambda made: made[0])
            )
