"""What of an erased person's answer still groups a report: declared attributes whose value many people share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import CharField, Count, F
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from surveys.models import ReportableAttribute, Response

# A value on the answers of fewer people than this may say who gave one of them.
FEWEST = 5


def shared(attributes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of each of these the declared attributes whose value stands on answers of `FEWEST` people or more.

    One query, and one for each declared attribute that any of them has.
    """
    if not any(attributes):
        return [{} for _ in attributes]
    common: dict[str, set[str]] = {}
    for name in ReportableAttribute.objects.values_list("name", flat=True):
        values = {_text(each[name]) for each in attributes if name in each}
        if values:
            common[name] = _common(name, values)
    return [
        {name: value for name, value in each.items() if _text(value) in common.get(name, ())} for each in attributes
    ]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _common(name: str, values: set[str]) -> set[str]:
    """Only words are looked at: a number may be somebody's own."""
    found = Response.objects.annotate(value=Cast(KeyTextTransform(name, F("attributes")), CharField()))
    people = (
        found.filter(value__in=values - {""}).order_by().values("value").annotate(n=Count("contact", distinct=True))
    )
    return {row["value"] for row in people if row["n"] >= FEWEST}
