"""What a report is asked, as a query string, and what the one on fairness says."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from followups.fairness_page import LONGEST, USUAL, Counted, Line
from followups.reports.metrics.accounts import OF_TICKETS
from followups.reports.metrics.comparison import Compare
from followups.reports.metrics.filters import reporting_day
from followups.reports.metrics.ways import ATTRIBUTE, LONGEST_ATTRIBUTE, NAMES, attribute_of, way_of
from followups.serializers.people import PersonSerializer
from nps_loop.api.fields import DayField, MomentField, StrictSerializer
from surveys.models import Survey
from surveys.scoring import Band

USUAL_DAYS = 90
MOST_DAYS = 3 * 366
MOST_WAYS = 5


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
    product = serializers.CharField(required=False, max_length=200)
    region = serializers.CharField(required=False, max_length=80)
    account = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    business_unit = serializers.CharField(required=False, max_length=200)
    language = serializers.CharField(required=False, max_length=10)
    brand = serializers.SlugField(required=False, max_length=50)
    attribute = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_ATTRIBUTE), required=False, max_length=5, help_text="name:value"
    )
    as_of = MomentField(
        required=False, help_text="Everything as it stood at this moment, ISO 8601 with its zone; not in the future."
    )
    by = serializers.CharField(required=False, max_length=120, help_text="Ways to group, with commas between them.")

    def validate_attribute(self, value: list[str]) -> tuple[tuple[str, str], ...]:
        try:
            return tuple(attribute_of(text) for text in value)
        except ValueError as error:
            raise serializers.ValidationError(str(error), code="invalid") from error

    def validate_by(self, value: str) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
        if len(names) > MOST_WAYS:
            raise serializers.ValidationError(f"At most {MOST_WAYS} ways at once.", code="invalid")
        for name in names:
            try:
                way_of(name)
            except KeyError:
                known = ", ".join((*NAMES, f"{ATTRIBUTE}<name>"))
                raise serializers.ValidationError(f"There is no way {name[:60]}. Known: {known}.") from None
        return names

    def validate_as_of(self, value: datetime) -> datetime:
        if value > self.context["now"]:
            raise serializers.ValidationError("This moment is still to come.", code="invalid")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        as_of: datetime | None = attrs.get("as_of")
        today = reporting_day(as_of) if as_of else self.context["today"]
        last: date = attrs.get("day_to") or today
        first: date = attrs.get("day_from") or last - timedelta(days=USUAL_DAYS - 1)
        if first > last:
            raise serializers.ValidationError({"day_from": "The first day comes after the last."})
        if (last - first).days >= MOST_DAYS:
            raise serializers.ValidationError({"day_from": "A report covers at most three years."})
        return {**attrs, "day_from": first, "day_to": last}


class TouchpointsQuerySerializer(ReportQuerySerializer):
    """The same, and what the cohort is compared with."""

    compare = serializers.ChoiceField(required=False, choices=Compare.choices, default=Compare.BEFORE)


class AccountsQuerySerializer(ReportQuerySerializer):
    """The same, and which companies: with an unhappy answer, or behind one figure. `after` is from the page before."""

    figure = serializers.ChoiceField(required=False, choices=[*OF_TICKETS], default="")
    after = serializers.CharField(required=False, max_length=100, default="")


class FairnessQuerySerializer(StrictSerializer):
    """A team and days, both included, by default the last 28. The context's `today` is that of now."""

    team = serializers.SlugField(required=False, max_length=60, help_text="One you lead; all of them where left out.")
    day_from = DayField(required=False)
    day_to = DayField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        last: date = attrs.get("day_to") or self.context["today"]
        first: date = attrs.get("day_from") or last - USUAL
        if first > last:
            raise serializers.ValidationError({"day_from": "The first day comes after the last."})
        if last - first > LONGEST:
            raise serializers.ValidationError({"day_from": "At most a year at a time."})
        return {**attrs, "day_from": first, "day_to": last}


class CountedSerializer(serializers.Serializer[Any]):
    """A number, and the list of the tickets that it counted."""

    n = serializers.IntegerField()
    tickets = serializers.SerializerMethodField(help_text="Address of the list; null where there are none.")

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_tickets(self, counted: Counted) -> str | None:
        return f"{settings.SITE_URL}/api/v1{counted.href}" if counted.href else None


class GivenByRuleSerializer(CountedSerializer):
    """What somebody was given by one rule of the assigner, or by hand."""

    rule = serializers.CharField()

    def to_representation(self, instance: Any) -> Any:
        rule, counted = instance
        return {"rule": rule.name, **CountedSerializer(counted).data}


class ShareSerializer(serializers.Serializer[Any]):
    """One person: what they have, and what they were given, beside the hours they work."""

    user = PersonSerializer()
    load = CountedSerializer(help_text="Tickets at work now.")
    hours_ahead = serializers.FloatField(help_text="At work in the next five working days.")
    load_per_hour = serializers.FloatField(source="per_hour_ahead", allow_null=True)
    given = CountedSerializer()
    hours = serializers.FloatField(help_text="At work in the period.")
    given_per_hour = serializers.FloatField(source="per_hour", allow_null=True)
    by_rule = serializers.SerializerMethodField()

    @extend_schema_field(GivenByRuleSerializer(many=True))
    def get_by_rule(self, line: Line) -> Any:
        return GivenByRuleSerializer([pair for pair in line.by_rule if pair[1].n], many=True).data


class ChanceSerializer(serializers.Serializer[Any]):
    """Whether counts differ from shares in proportion to capacity and hours by more than chance would make them."""

    p = serializers.FloatField()
    played = serializers.BooleanField(help_text="By a Monte Carlo test with a fixed seed; else by chi-square.")
    within_chance = serializers.BooleanField()


class EvennessSerializer(serializers.Serializer[Any]):
    """How even the shares are."""

    of = serializers.ChoiceField(
        choices=["free", "all"], help_text="What the assigner was free to choose, or all that was given."
    )
    n = serializers.IntegerField(help_text="Tickets that were shared out.")
    jain_index = serializers.FloatField(source="index", allow_null=True, help_text="1: everybody has the same share.")
    chance = ChanceSerializer(source="spread", allow_null=True, help_text="Null where there are too few to say.")
    verdict = serializers.CharField()


class TeamEvennessSerializer(serializers.Serializer[Any]):
    """How even the shares are within one team."""

    team = serializers.SlugField(source="team.slug")
    evenness = EvennessSerializer(many=True)


class FairnessSerializer(serializers.Serializer[Any]):
    """Who gets what and why."""

    day_from = serializers.DateField(source="first")
    day_to = serializers.DateField(source="last")
    people = ShareSerializer(source="lines", many=True)
    evenness = EvennessSerializer(many=True, help_text="Everybody compared with the people of their own team.")
    teams = TeamEvennessSerializer(source="by_team", many=True, help_text="The same of each team alone.")
