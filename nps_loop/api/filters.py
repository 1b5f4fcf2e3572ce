"""Filters as the API reads them: a name nobody knows is an error, for a typing mistake must not return everything.

The fields here are shared with the pages, where a tick sends "on" and an empty field means that nothing was asked.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import BooleanField, CheckboxInput
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema_field
from rest_framework import exceptions
from rest_framework.request import Request

PAGING = frozenset({"cursor", "page_size", "ordering"})
LARGEST_ID = 2**63 - 1


class CheckedFilters(DjangoFilterBackend):
    """django-filter with the view's `now`, refusing parameters that neither the filters nor the pages know."""

    def get_filterset_kwargs(self, request: Request, queryset: QuerySet[Any], view: Any) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_filterset_kwargs(request, queryset, view)
        if now := getattr(view, "now", None):
            kwargs["now"] = now
        return kwargs

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        known = set(view.filterset_class.base_filters) | PAGING
        if unknown := sorted(set(request.query_params) - known):
            message = f"There is no such filter. Known: {', '.join(sorted(known))}."
            raise exceptions.ValidationError({name[:60]: [message] for name in unknown[:20]})
        found: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return found


class _Tick(CheckboxInput):
    """A tick that can also say no, as a query string does."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.get(name)


class YesNoField(BooleanField):
    """True, False, or None where nothing was said; anything else is an error and not taken for no."""

    widget = _Tick
    words = {"true": True, "on": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

    def to_python(self, value: Any) -> bool | None:  # type: ignore[override]
        if value in (None, "", True, False):
            return value if isinstance(value, bool) else None
        known = self.words.get(str(value).lower())
        if known is None:
            raise ValidationError("Say true or false.", code="invalid")
        return known

    def validate(self, value: Any) -> None:
        """Nothing more to ask of it."""


class YesNoFilter(django_filters.BooleanFilter):
    field_class = YesNoField


class IdField(forms.IntegerField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 1, "max_value": LARGEST_ID, **kwargs})


class IdFilter(django_filters.NumberFilter):
    """The key of a row."""

    field_class = IdField


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class SlugsFilter(django_filters.ModelMultipleChoiceFilter):
    """Rows by their slugs; `field_name` ends in `__slug`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # A row is reached once: DISTINCT would only make the database sort.
        super().__init__(*args, to_field_name="slug", distinct=False, **kwargs)


class WholeNumberFilter(django_filters.NumberFilter):
    """A whole number; `min_value` and `max_value` bound it."""

    field_class = forms.IntegerField


class MomentField(django_filters.fields.IsoDateTimeField):
    """A moment in ISO 8601 that still is one after a shift to UTC."""

    def clean(self, value: Any) -> datetime | None:
        try:
            moment: datetime | None = super().clean(value)
        except OverflowError:
            raise ValidationError("This is outside the years that are counted.", code="invalid") from None
        if moment is not None and not 1900 < moment.year < 9000:
            raise ValidationError("This is outside the years that are counted.", code="invalid")
        return moment


class MomentFilter(django_filters.IsoDateTimeFilter):
    field_class = MomentField
