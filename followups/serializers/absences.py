"""Absences and working weeks by the API: who is away, who stands in, and when somebody works."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from followups.absence import stands
from followups.absence.planning import NOTE_LIMIT
from followups.absences_page import from_days
from followups.models import Away
from followups.serializers.people import PersonSerializer
from followups.serializers.verbs import ColleagueField
from followups.working_weeks import DAY_MINUTES, PERIODS
from nps_loop.api.fields import DayField, MomentField, StrictSerializer
from nps_loop.people.models import User

LONGEST_VERSION = 100
VERSION = "As it was read; another one was changed meanwhile, and 412 tells the current."


class AbsenceSerializer(serializers.ModelSerializer[Away]):
    """An absence. While it lasts nothing new is given to the person, and what falls due goes to the delegate."""

    user = PersonSerializer(read_only=True)
    delegate = PersonSerializer(read_only=True, allow_null=True)
    version = serializers.SerializerMethodField(help_text="Goes with every change.")
    covered = serializers.IntegerField(
        source="held", read_only=True, help_text="Tickets that somebody holds for this person now."
    )

    class Meta:
        model = Away
        fields = ["id", "user", "starts_at", "ends_at", "delegate", "note", "covered", "version"]
        read_only_fields = fields

    def get_version(self, away: Away) -> str:
        return stands(away)


@extend_schema_field({"oneOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]})
class DayOrMomentField(serializers.Field[Any, Any, Any, Any]):
    """A moment, or a whole day, which the serializer reads on the clock of the person it is about."""

    def to_internal_value(self, data: Any) -> date | datetime:
        if isinstance(data, str) and len(data) == len("2026-11-30"):
            return DayField().to_internal_value(data)
        return MomentField().to_internal_value(data)

    def to_representation(self, value: datetime) -> str:
        return value.isoformat()


class _PlannedSerializer(StrictSerializer):
    """Dates, delegate and note, as `absence.plan` takes them. `person` says whose absence it is."""

    starts_at = DayOrMomentField(help_text="A moment; or the first day, on the person's own clock.")
    ends_at = DayOrMomentField(help_text="A moment; or the last day away, which counts to its end.")
    delegate = ColleagueField(
        required=False, allow_null=True, default=None, help_text="Who stands in; null: the team shares it."
    )
    note = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=NOTE_LIMIT, help_text="A line for colleagues."
    )

    def moments(self, attrs: Mapping[str, Any], person: User) -> dict[str, datetime]:
        """The dates as moments, days read on this person's clock."""
        starts, ends = attrs["starts_at"], attrs["ends_at"]
        first, last = from_days(_day(starts), None, _day(ends), None, zone=ZoneInfo(person.time_zone))
        return {
            "starts_at": starts if isinstance(starts, datetime) else first,
            "ends_at": ends if isinstance(ends, datetime) else last,
        }


class PlanAbsenceSerializer(_PlannedSerializer):
    """A new absence. The context's `caller` is who asks."""

    user = ColleagueField(required=False, help_text="Who will be away; you, unless somebody else is named.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        caller: User = self.context["caller"]
        person = attrs.pop("user", None) or (caller if caller.pk else None)
        if person is None:
            raise serializers.ValidationError({"user": "This key acts for nobody: say who will be away."})
        return {**attrs, **self.moments(attrs, person), "user": person}


class ChangeAbsenceSerializer(_PlannedSerializer):
    """An absence as it shall be from now on. The context's `person` is whose it is."""

    version = serializers.CharField(max_length=LONGEST_VERSION, help_text=VERSION)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {**attrs, **self.moments(attrs, self.context["person"])}


class CancelAbsenceSerializer(StrictSerializer):
    version = serializers.CharField(max_length=LONGEST_VERSION, help_text=VERSION)


class CancelledSerializer(serializers.Serializer[Any]):
    """What became of it."""

    outcome = serializers.ChoiceField(
        choices=["taken_off", "ended"], help_text="It had not begun and is gone, or its person is back."
    )
    ended_at = serializers.DateTimeField(allow_null=True)


def _day(given: date | datetime) -> date:
    return given.date() if isinstance(given, datetime) else given


# --- working weeks ---------------------------------------------------------------------------------------------


@extend_schema_field({"type": "string", "pattern": r"^\d{2}:\d{2}$"})
class ClockField(serializers.Field[int, Any, Any, Any]):
    """A time of day, `09:00`; `24:00` ends a day. Minutes from midnight inside."""

    def to_internal_value(self, data: Any) -> int:
        hours, _, minutes = data.partition(":") if isinstance(data, str) else ("", "", "")
        if not (len(hours) == len(minutes) == 2 and hours.isascii() and hours.isdigit() and minutes.isascii()):
            raise serializers.ValidationError("Write it like 09:00.", code="invalid")
        if not minutes.isdigit() or int(minutes) > 59 or int(hours) * 60 + int(minutes) > DAY_MINUTES:
            raise serializers.ValidationError("Write it like 09:00.", code="invalid")
        return int(hours) * 60 + int(minutes)

    def to_representation(self, value: int) -> str:
        return f"{value // 60:02}:{value % 60:02}"


class StretchSerializer(StrictSerializer):
    """One stretch of work."""

    begins = ClockField()
    ends = ClockField()

    def to_representation(self, instance: Any) -> Any:
        begins, ends = instance
        return super().to_representation({"begins": begins, "ends": ends})


class DaySerializer(serializers.ListSerializer[Any]):
    """The stretches of one day."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"child": StretchSerializer(), "max_length": PERIODS, **kwargs})


class PutWeekSerializer(StrictSerializer):
    """A week of one's own."""

    version = serializers.CharField(max_length=LONGEST_VERSION, allow_blank=True, help_text=f"{VERSION} Empty: none.")
    zone = serializers.CharField(max_length=64, help_text="Name of a time zone, e.g. Europe/Berlin.")
    weekly = serializers.ListField(
        child=DaySerializer(), min_length=7, max_length=7, help_text="Seven days, Monday first; an empty one is off."
    )

    def validate_weekly(self, weekly: list[list[dict[str, int]]]) -> list[list[list[int]]]:
        return [[[stretch["begins"], stretch["ends"]] for stretch in day] for day in weekly]


class WeekSerializer(serializers.Serializer[Any]):
    """When somebody works. Days on which the team is closed are off in any week."""

    user = PersonSerializer(source="person")
    version = serializers.CharField(help_text="Goes with every change; empty where they have no week of their own.")
    is_own = serializers.BooleanField(help_text="No: it is the week of their team's calendar.")
    zone = serializers.CharField()
    weekly = serializers.ListField(child=DaySerializer())
