"""The years that are counted: a day outside them is a slip, and arithmetic with it leaves the calendar."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

FIRST_DAY, LAST_DAY = date(1950, 1, 1), date(2200, 12, 31)
OUTSIDE = _("This is outside the years that are counted.")


def in_counted_years(day: date) -> None:
    """Raises ValidationError for a day outside."""
    if not FIRST_DAY <= day <= LAST_DAY:
        # A code of its own: a field says instead of "invalid" what it calls no day at all.
        raise ValidationError(OUTSIDE, code="outside_years")
