"""Find or make the accounts, people and touchpoints that a batch of answers speaks of, in a constant number of queries.

Nobody's data is overwritten by an answer: what a known person or company lacks is filled in, what it has stays.
A rival that makes the same row at the same moment shows as an IntegrityError; the batch is then done again.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.text import slugify

from surveys.incoming import NamesCustomer
from surveys.models import Account, Contact, Source, Touchpoint
from surveys.recording.people import find_people
from surveys.recording.rewriting import rewrite
from surveys.searching import normalise_for_search

_NAMED_ONLY = "name:"


@dataclass(frozen=True, slots=True)
class Customer:
    """Whom one answer is from and about; each may be unknown."""

    contact: Contact | None
    account: Account | None
    answered_for: Account | None
    touchpoint: Touchpoint | None


def find_customers(
    source: Source, batch: Sequence[NamesCustomer], *, known: Sequence[Contact | None], now: datetime
) -> list[Customer]:
    """One Customer for each answer, in order. `known` are the persons that answers we already hold are from."""
    touchpoints = _touchpoints(batch)
    accounts = _Accounts(batch)
    stated = [accounts.of(incoming.account_external_id, incoming.account_name) for incoming in batch]
    people = find_people(source, batch, accounts=stated, known=known, now=now)
    return [
        Customer(
            contact=contact,
            account=account or (contact.account if contact else None),
            answered_for=accounts.of(incoming.answered_for, ""),
            touchpoint=touchpoints.get(incoming.touchpoint.casefold()),
        )
        for incoming, account, contact in zip(batch, stated, people, strict=True)
    ]


# --- touchpoints -----------------------------------------------------------------------------------------------


def _touchpoints(batch: Iterable[NamesCustomer]) -> dict[str, Touchpoint]:
    """Touchpoints by the (casefolded) word the answers use, which may be a slug or a name. Unknown ones are made."""
    words = {incoming.touchpoint.casefold(): incoming.touchpoint for incoming in batch if incoming.touchpoint}
    if not words:
        return {}
    slugs = {word: _slug(word) for word in words}
    found: dict[str, Touchpoint] = {}
    # All of them, because a database compares ä and Ä in its own way; a company measures a few dozen moments.
    known = Touchpoint.objects.all()
    by_word = {key: touchpoint for touchpoint in known for key in (touchpoint.name.casefold(), touchpoint.slug)}
    missing: dict[str, Touchpoint] = {}
    for word, slug in slugs.items():
        if touchpoint := by_word.get(word) or by_word.get(slug):
            found[word] = touchpoint
        else:
            found[word] = missing.setdefault(slug, Touchpoint(slug=slug, name=words[word]))
    Touchpoint.objects.bulk_create(sorted(missing.values(), key=lambda touchpoint: touchpoint.slug))
    return found


def _slug(word: str) -> str:
    return slugify(word)[:100] or f"touchpoint-{hashlib.sha256(word.encode()).hexdigest()[:12]}"


# --- accounts --------------------------------------------------------------------------------------------------


class _Accounts:
    """The accounts of a batch. One that is only named is found by its name where exactly one has it."""

    def __init__(self, batch: Iterable[NamesCustomer]) -> None:
        names: dict[str, str] = {}
        wanted_by_name: set[str] = set()
        for incoming in batch:
            if incoming.account_external_id:
                names[incoming.account_external_id] = incoming.account_name or names.get(
                    incoming.account_external_id, ""
                )
            elif incoming.account_name:
                wanted_by_name.add(incoming.account_name)
            if incoming.answered_for:
                names.setdefault(incoming.answered_for, "")
        self._by_name = self._find_by_name(wanted_by_name)
        for name in wanted_by_name:
            if _searched(name) not in self._by_name:
                names[_id_for_name(name)] = name
        self._by_id = self._find_or_make(names)

    @staticmethod
    def _find_by_name(names: set[str]) -> dict[str, Account]:
        if not names:
            return {}
        wanted = {searched for name in names if (searched := _searched(name))}
        found: dict[str, list[Account]] = defaultdict(list)
        for account in Account.objects.filter(Q(search_name__in=wanted) | Q(name__in=names), is_active=True):
            found[_searched(account.name)].append(account)
        return {name: accounts[0] for name, accounts in found.items() if len(accounts) == 1}

    @staticmethod
    def _find_or_make(names: dict[str, str]) -> dict[str, Account]:
        if not names:
            return {}
        found = {account.external_id: account for account in Account.objects.filter(external_id__in=names)}
        named_now = []
        for external_id, name in names.items():
            account = found.get(external_id)
            if account and name and account.name == external_id != name:
                account.name, account.search_name = name, _searched(name)
                named_now.append(account)
        if named_now:
            rewrite(named_now, ["name", "search_name"])
        made = [
            Account(external_id=key, name=name or key, search_name=_searched(name or key))
            for key, name in sorted(names.items())
            if key not in found
        ]
        found.update((account.external_id, account) for account in Account.objects.bulk_create(made))
        return found

    def of(self, external_id: str, name: str) -> Account | None:
        if external_id:
            return self._by_id[external_id]
        if name:
            return self._by_name.get(_searched(name)) or self._by_id[_id_for_name(name)]
        return None


def _searched(name: str) -> str:
    return normalise_for_search(name)[:300]


def _id_for_name(name: str) -> str:
    plain = normalise_for_search(name) or name
    return _NAMED_ONLY + (plain if len(plain) <= 190 else hashlib.sha256(plain.encode()).hexdigest())
