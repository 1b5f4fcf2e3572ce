"""Parts of serializers that several apps use."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

# Years that a calendar can count with.
YEARS = range(2000, 2101)


class MomentField(serializers.DateTimeField):
    """A moment with its zone."""

    def to_internal_value(self, value: Any) -> datetime:
        moment: datetime = super().to_internal_value(value)
        if moment.year not in YEARS:
            raise ValidationError("Is the year right?", code="invalid")
        return moment


class DayField(serializers.DateField):
    """A day."""

    def to_internal_value(self, value: Any) -> date:
        day: date = super().to_internal_value(value)
        if day.year not in YEARS:
            raise ValidationError("Is the year right?", code="invalid")
        return day


class StrictSerializer(serializers.Serializer[Any]):
    """A body in which a field nobody asked for is an error that names it: a typing mistake must not pass unseen."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise ValidationError({"non_field_errors": [ErrorDetail("Send an object: {…}.", code="invalid")]})
        unknown = [name for name in data if name not in self.fields or self.fields[name].read_only]
        if unknown:
            known = ", ".join(name for name, field in self.fields.items() if not field.read_only)
            raise ValidationError(
                {
                    str(name)[:60]: [ErrorDetail(f"There is no such field here. Known: {known}.", code="unknown")]
                    for name in unknown[:20]
                }
            )
        return super().to_internal_value(data)
