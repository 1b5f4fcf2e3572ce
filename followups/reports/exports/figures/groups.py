"""What the groups of a way are called for whoever reads: companies have a name only for those who may open them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from followups.reports.page.accounts import accounts_open_to
from followups.viewing import Viewer, company_without_name
from surveys.models import Account


class HasName(Protocol):
    @property
    def slug(self) -> str: ...
    @property
    def name(self) -> str: ...


def named(way: str, groups: Sequence[HasName], viewer: Viewer) -> Mapping[str, str]:
    """The name of each group by its slug. Up to three queries where the groups are companies, else none."""
    if way != "account":
        return {group.slug: group.name for group in groups}
    keys = [int(group.slug) for group in groups if group.slug]
    return {
        "": "",
        **{str(key): name for key, name in names_of(Account.objects.in_bulk(keys).values(), viewer).items()},
    }


def names_of(accounts: Iterable[Account], viewer: Viewer) -> dict[int, str]:
    """What each of these companies is called, as on the page of companies; its number tells apart those without a name.

    Up to one query.
    """
    known = list(accounts)
    is_open = accounts_open_to(viewer, known)
    return {
        each.pk: each.name if each.pk in is_open else f"{company_without_name(each.segment, each.region)} ({each.pk})"
        for each in known
    }
