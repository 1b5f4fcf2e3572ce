"""Take strings out of every text of every table, whichever it is: the last step of erasing somebody.

Whoever adds a table need not think of it. What its rows hold in other words than these has to be registered with
`nps_loop.erasing`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from nps_loop.erasing import GONE, Person

# Strings of one query, so that none becomes too long for its database.
_AT_ONCE = 40
# Whose own data these are: colleagues, the company and its texts, and rows that hold no words at all.
_LEFT_ALONE = frozenset((
    "people.user", "people.apikey", "surveys.brand", "surveys.account", "mail.pepper", "mail.suppression",
    "sessions.session", "contenttypes.contenttype", "auth.permission", "auth.group",
))  # fmt: skip
# What its own part empties or gives a fingerprint, because others have the same or it is looked for under it.
_LEFT_FIELDS = frozenset((
    "surveys.contact.name", "surveys.contact.first_name", "surveys.contact.search_name", "surveys.contact.email",
    "surveys.contact.phone", "surveys.contactkey.value", "surveys.response.external_id",
    "mail.message.recipient", "mail.message.recipient_name",
    "mail.message.from_name", "mail.message.from_address", "mail.inbound.from_name", "mail.inbound.from_address",
))  # fmt: skip


def redact(person: Person, now: datetime) -> Mapping[str, int]:
    """Write GONE in place of each string of `person`, in every table. Returns rows by table."""
    counts: Counter[str] = Counter()
    everything = sorted({*person.strings, *person.words}, key=len, reverse=True)
    if not everything:
        return counts
    for model in apps.get_models():
        name = model._meta.label_lower
        if name in _LEFT_ALONE or not model._meta.managed:
            continue
        fields = list(_texts(model))
        rows = model._default_manager.order_by()
        if fields and person.strings:
            counts[name] += _redact_rows(rows, fields, person.strings)
        if fields and person.words and name not in _SAID_BY_OTHERS:
            # A mail to another customer quotes that customer.
            quoting = rows.filter(stream="staff") if name == "mail.message" else rows
            counts[name] += _redact_rows(quoting, fields, person.words)
    counts["sessions"] = _forget_typed(holds_any(everything))
    return +counts


# What other people said, in their own words, which may be the same ones.
_SAID_BY_OTHERS = frozenset(
    ("surveys.response", "surveys.revision", "followups.reply", "followups.verdict", "mail.inbound")
)


def holds_any(strings: Collection[str]) -> re.Pattern[str]:
    """A pattern that finds any of `strings`, in large or small letters."""
    # As a whole only: the number of a customer is no part of a longer number.
    each = [rf"(?<!\w){re.escape(text)}(?!\w)" for text in sorted(strings, key=len, reverse=True)]
    return re.compile("|".join(each), re.IGNORECASE)


def _texts(model: type[models.Model]) -> Iterator[models.Field[Any, Any]]:
    for field in model._meta.concrete_fields:
        is_text = isinstance(field, models.CharField | models.TextField | models.JSONField)
        if is_text and not field.primary_key and f"{model._meta.label_lower}.{field.name}" not in _LEFT_FIELDS:
            yield field


def _redact_rows(rows: QuerySet[Any], fields: Sequence[models.Field[Any, Any]], strings: Sequence[str]) -> int:
    pattern = holds_any(strings)
    names = [field.name for field in fields]
    as_text = {f"{name}_as_text": Cast(name, TextField()) for name in names}
    changed = 0
    seen: set[Any] = set()
    for first in range(0, len(strings), _AT_ONCE):
        wanted = Q()
        for text in strings[first : first + _AT_ONCE]:
            for spelt in {text, _in_json(text)}:
                for name in as_text:
                    wanted |= Q(**{f"{name}__icontains": spelt})
        found = rows.annotate(**as_text).filter(wanted)
        for row in list(found.values("pk", *names)):
            if row["pk"] in seen:
                continue
            seen.add(row["pk"])
            values = {
                field.name: _without(row[field.name], pattern, field) for field in fields if row[field.name] is not None
            }
            values = {name: value for name, value in values.items() if value != row[name]}
            if values:
                changed += rows.filter(pk=row["pk"]).update(**values)
    return changed


def _in_json(text: str) -> str:
    """How `text` stands in a JSON column: SQLite keeps letters outside of ASCII as codes."""
    return json.dumps(text, ensure_ascii=connection.vendor == "sqlite")[1:-1]


def _without(value: Any, pattern: re.Pattern[str], field: models.Field[Any, Any]) -> Any:
    if isinstance(value, str):
        text = pattern.sub(GONE, value)
        return text if field.max_length is None else text[: field.max_length]
    if isinstance(value, list):
        return [_without(each, pattern, _ANY) for each in value]
    if isinstance(value, dict):
        return {pattern.sub(GONE, str(name)): _without(each, pattern, _ANY) for name, each in value.items()}
    return value


_ANY: models.Field[Any, Any] = models.TextField()


def _forget_typed(pattern: re.Pattern[str]) -> int:
    """A log-in may still hold what was typed into a form. It forgets that, and stays."""
    ended = 0
    for session in Session.objects.iterator(chunk_size=200):
        kept = session.get_decoded()
        if pattern.search(json.dumps(kept, ensure_ascii=False, default=str)):
            without = {name: value for name, value in kept.items() if name.startswith("_auth_")}
            Session.objects.filter(pk=session.pk).update(session_data=SessionStore().encode(without))
            ended += 1
    return ended
