"""Reviews of a touchpoint by the API: read only, with the figures of the pack."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from followups.models import Draw, Review, ReviewDecision
from followups.serializers.people import PersonSerializer, TouchpointSerializer


class ReviewSerializer(serializers.ModelSerializer[Review]):
    """A review: of which touchpoint and answers, when, and how far it is."""

    touchpoint = TouchpointSerializer(read_only=True)
    planned_by = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Review
        fields = [
            "id", "touchpoint", "day_from", "day_to", "meeting_on", "state", "planned_by", "prepared_at", "held_at",
        ]  # fmt: skip
        read_only_fields = fields


class ReviewDecisionSerializer(serializers.ModelSerializer[ReviewDecision]):
    """What was decided, who does it by when, and what became of it."""

    owner = PersonSerializer(read_only=True)
    root_cause = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True, allow_null=True)

    class Meta:
        model = ReviewDecision
        fields = [
            "id", "kind", "what", "root_cause", "owner", "due_on", "first_due_on", "state", "reason", "outcome",
            "version",
        ]  # fmt: skip
        read_only_fields = fields


class DrawSerializer(serializers.ModelSerializer[Draw]):
    """A closed loop that was drawn; the customer's answer is null until somebody said whether it was enough."""

    their_answer = serializers.SerializerMethodField(help_text="settled, not_yet, silent, or null while not marked.")
    number = serializers.IntegerField(source="ticket_id", read_only=True, help_text="Of the ticket.")
    marked_by = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Draw
        fields = ["number", "position", "mark", "marked_by", "marked_at", "their_answer"]
        read_only_fields = fields

    @extend_schema_field({"type": "string", "nullable": True})
    def get_their_answer(self, draw: Draw) -> str | None:
        return draw.their_answer if draw.mark else None  # type: ignore[attr-defined]


class ReviewDetailSerializer(ReviewSerializer):
    """The same with the table, the figures as known now, what is decided and what was, and for leads what was drawn."""

    people = PersonSerializer(many=True, read_only=True)
    figures = serializers.DictField(read_only=True)
    decisions = ReviewDecisionSerializer(many=True, read_only=True)
    earlier_decisions = ReviewDecisionSerializer(many=True, read_only=True)
    drawn = DrawSerializer(many=True, read_only=True)

    class Meta(ReviewSerializer.Meta):
        fields = [*ReviewSerializer.Meta.fields, "people", "figures", "decisions", "earlier_decisions", "drawn"]
        read_only_fields = fields
