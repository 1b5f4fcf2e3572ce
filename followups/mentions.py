"""Colleagues called by name in a note: `@hanna`, `@hanna.brandt`, or by user name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet

from followups.models import Action, Member, Ticket
from nps_loop.people.models import User
from surveys.searching import normalise_for_search

# After a letter or a full stop it is a mail address.
_HANDLE = re.compile(r"(?<![\w@.+-])@(\w(?:[\w.\-]*\w)?)")
# More than a note can mean.
MOST = 20


@dataclass(frozen=True, slots=True)
class Mentions:
    """Whom a note calls: those who are told, those who may not see the ticket, and what names nobody, or several."""

    told: list[User] = field(default_factory=list)
    blind: list[User] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    several: list[str] = field(default_factory=list)


def handles_in(text: str) -> list[str]:
    """What stands behind each @ of `text`, each once, in order. Pure."""
    return list(dict.fromkeys(found.casefold() for found in _HANDLE.findall(text)))[:MOST]


def named_by(handles: Iterable[str], people: Iterable[User]) -> dict[str, list[User]]:
    """Whom each handle may mean: a user name its person alone, else a given name, with or without the family name.

    Pure.
    """
    by_user_name: dict[str, User] = {}
    by_name: dict[str, list[User]] = defaultdict(list)
    for person in people:
        by_user_name[person.username.casefold()] = person
        first, last = _folded(person.first_name), _folded(person.last_name)
        for name in dict.fromkeys(filter(None, (first, f"{first}.{last}" if first and last else ""))):
            by_name[name].append(person)
    return {
        handle: [by_user_name[handle]] if handle in by_user_name else by_name.get(_folded(handle), [])
        for handle in handles
    }


def those_who_may_be_named(number: int) -> QuerySet[User]:
    """Everybody who is active, with `may_see`: whether the ticket of this number is theirs to see."""
    shown = ("username", "first_name", "last_name", "email", "language", "time_zone", "is_active", "is_superuser")
    its_row = Ticket.objects.filter(pk=number)
    of_team = Member.objects.filter(user=OuterRef("pk"), is_active=True, team__in=its_row.values("team"))
    has_action = Action.objects.filter(owner=OuterRef("pk"), ticket=number)
    sees = Q(is_superuser=True) | Exists(of_team) | Exists(its_row.filter(owner=OuterRef("pk"))) | Exists(has_action)
    people = User.objects.filter(is_active=True).only(*shown)
    return people.annotate(may_see=ExpressionWrapper(sees, output_field=BooleanField()))


def mentions(text: str, ticket: Ticket, *, by: User | None, people: Iterable[User] | None = None) -> Mentions:
    """Whom the note means. `people` are `those_who_may_be_named`, where the caller has read them.

    No query without an @, or with `people`; else one.
    """
    handles = handles_in(text)
    found = Mentions()
    if not handles:
        return found
    seen: set[int] = {by.pk} if by else set()
    for handle, meant in named_by(handles, those_who_may_be_named(ticket.pk) if people is None else people).items():
        if not meant:
            found.unknown.append(handle)
        elif len(meant) > 1:
            found.several.append(handle)
        elif meant[0].pk not in seen:
            seen.add(meant[0].pk)
            may_see = meant[0].may_see  # type: ignore[attr-defined]
            (found.told if may_see else found.blind).append(meant[0])
    return found


def _folded(name: str) -> str:
    return normalise_for_search(name).replace(" ", ".")
