"""Why a time is due when it is: the deadline with every stretch that was counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from followups.calendars import Stretch
from followups.models import SlaPolicy
from followups.serializers.detail import DeadlineSerializer
from followups.ticket_page.counted import CountedDay, CountedDeadline


class IntervalSerializer(serializers.Serializer[Any]):
    """From one moment to another."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    minutes = serializers.FloatField()

    def to_representation(self, instance: Stretch) -> Any:
        begins, ends = instance
        return super().to_representation({"starts_at": begins, "ends_at": ends, "minutes": _minutes(ends - begins)})


class CountedDaySerializer(serializers.Serializer[Any]):
    """One date on the calendar's clock."""

    day = serializers.DateField()
    minutes = serializers.SerializerMethodField()
    minutes_together = serializers.SerializerMethodField(help_text="From the beginning to the end of this day.")
    why_not = serializers.CharField(help_text="Why nothing was counted; empty where something was.")
    paused = serializers.BooleanField(help_text="The clock stood still for a part of the working time.")

    def get_minutes(self, day: CountedDay) -> float:
        return _minutes(day.time)

    def get_minutes_together(self, day: CountedDay) -> float:
        return _minutes(day.together)


class DueSerializer(serializers.Serializer[Any]):
    """One time with the sum that made it."""

    deadline = DeadlineSerializer()
    status = serializers.CharField(help_text="How it stands, in words.")
    zone = serializers.CharField(help_text="Whose clock the days are read on.")
    intervals = serializers.SerializerMethodField(help_text="What was counted, in order. It adds up to `minutes`.")
    pauses = IntervalSerializer(source="paused", many=True, help_text="When the customer was asked something.")
    days = CountedDaySerializer(many=True, help_text="Empty on the customer's clock, which counts every minute.")

    @extend_schema_field(IntervalSerializer(many=True))
    def get_intervals(self, row: CountedDeadline) -> Any:
        if row.deadline.clock == SlaPolicy.Clock.CUSTOMER:
            found = [(row.deadline.starts_at, row.deadline.due_at)]
        else:
            found = [stretch for day in row.days for stretch in day.stretches]
        return IntervalSerializer(found, many=True).data


def _minutes(time: timedelta) -> float:
    return time / timedelta(minutes=1)
