"""What a report is asked, as a query string."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from rest_framework import serializers

from nps_loop.api.fields import DayField, StrictSerializer
from surveys.models import Survey
from surveys.scoring import Band

USUAL_DAYS = 90
MOST_DAYS = 3 * 366


class ReportQuerySerializer(StrictSerializer):
    """A cohort: days of the answers, both included, by default the last 90. The context's `today` is that of now."""

    day_from = DayField(required=False)
    day_to = DayField(required=False)
    team = serializers.SlugField(required=False, max_length=60)
    touchpoint = serializers.SlugField(required=False, max_length=100)
    segment = serializers.CharField(required=False, max_length=80)
    account_owner = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    band = serializers.ChoiceField(required=False, choices=Band.choices)
    survey_kind = serializers.ChoiceField(required=False, choices=Survey.Kind.choices)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        last: date = attrs.get("day_to") or self.context["today"]
        first: date = attrs.get("day_from") or last - timedelta(days=USUAL_DAYS - 1)
        if first > last:
            raise serializers.ValidationError({"day_from": "The first day comes after the last."})
        if (last - first).days >= MOST_DAYS:
            raise serializers.ValidationError({"day_from": "A report covers at most three years."})
        return {**attrs, "day_from": first, "day_to": last}
