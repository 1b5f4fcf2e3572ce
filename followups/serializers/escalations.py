"""A step of a ladder that was reached, and what is known of the time it is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from followups.ladder_words import level_in_words
from followups.models import Deadline, Escalation
from followups.serializers.people import PersonSerializer, TeamSerializer
from nps_loop.api.fields import StrictSerializer
from nps_loop.people.models import User


class RunningOutSerializer(serializers.ModelSerializer[Deadline]):
    """The time an escalation is about, as it stands now."""

    is_open = serializers.BooleanField(read_only=True)

    class Meta:
        model = Deadline
        fields = ["due_at", "promised_at", "met_at", "dropped_at", "is_open", "next_step_at"]
        read_only_fields = fields


class EscalationSerializer(serializers.ModelSerializer[Escalation]):
    """One step: reached once per ticket, cycle, target and level. The context holds `deadlines` and `people`."""

    ticket = serializers.IntegerField(source="ticket_id", read_only=True)
    team = TeamSerializer(source="ticket.team", read_only=True, allow_null=True)
    what = serializers.SerializerMethodField(help_text="The step in words.")
    deadline = serializers.SerializerMethodField(help_text="The time it is about.")
    told_to = serializers.SerializerMethodField(help_text="Colleagues who were mailed.")
    acknowledged_by = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Escalation
        fields = [
            "id", "ticket", "team", "cycle", "target", "ordinal", "level", "what", "deadline", "happened_at", "tell_at",
            "told_at", "told_to", "untold", "acknowledged_at", "acknowledged_by",
        ]  # fmt: skip
        read_only_fields = fields

    def get_what(self, row: Escalation) -> str:
        return level_in_words(row)

    @extend_schema_field(RunningOutSerializer(allow_null=True))
    def get_deadline(self, row: Escalation) -> dict[str, Any] | None:
        found = self.context["deadlines"].get(row.key)
        return dict(RunningOutSerializer(found).data) if found is not None else None

    @extend_schema_field(PersonSerializer(many=True))
    def get_told_to(self, row: Escalation) -> Any:
        people: Mapping[int, User] = self.context["people"]
        return PersonSerializer([people[pk] for pk in row.told_to if pk in people], many=True).data


class AcknowledgeSerializer(StrictSerializer):
    """Nothing has to be said."""


def read_around(rows: Iterable[Escalation]) -> dict[str, Any]:
    """What the serializer's context holds of these rows. Two queries."""
    rows = list(rows)
    keys = {row.key for row in rows}
    found = Deadline.objects.filter(ticket__in={key[0] for key in keys})
    return {
        "deadlines": {deadline.key: deadline for deadline in found if deadline.key in keys},
        "people": User.objects.in_bulk({pk for row in rows for pk in row.told_to}),
    }
