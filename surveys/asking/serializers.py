"""Events as the API takes them, and what it says became of them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from surveys.asking.events import Taken
from surveys.models import Invitation
from surveys.serializers import RowOutcomeSerializer


class EventInSerializer(serializers.Serializer[Any]):
    """One event as it is sent. It describes; reading and refusing is done by `surveys.asking.events`."""

    touchpoint = serializers.CharField(help_text="Slug or name of the moment; it must be known.")
    reference = serializers.CharField(help_text="Your own number of the event. Told again with it, it asks no more.")
    email = serializers.CharField(required=False, help_text="Of the customer; this, contact_id, or both.")
    contact_id = serializers.CharField(required=False, help_text="Your own id of the customer.")
    name = serializers.CharField(required=False)
    phone = serializers.CharField(required=False)
    language = serializers.CharField(required=False, help_text="A tag such as en or de-AT.")
    time_zone = serializers.CharField(required=False, help_text="The customer's, such as Europe/Berlin.")
    account = serializers.CharField(required=False, help_text="Your own id of the customer's company.")
    account_name = serializers.CharField(required=False)
    happened_at = serializers.DateTimeField(required=False, help_text="When it happened; without it, now.")
    journey_ended = serializers.BooleanField(
        required=False, default=False, help_text="Ends the journey that episodic surveys ask about."
    )
    source = serializers.CharField(required=False, help_text="Slug of a source, for contact_id; else “api”.")


class PlannedSerializer(serializers.ModelSerializer[Invitation]):
    """One survey for that customer because of the event: planned, or the rule that stopped it."""

    survey = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    reason = serializers.SerializerMethodField(help_text="The rule in words.")

    class Meta:
        model = Invitation
        fields = ["id", "survey", "cause", "state", "planned_for", "stopped_by", "reason"]
        read_only_fields = fields

    def get_reason(self, row: Invitation) -> str:
        return row.get_stopped_by_display() if row.stopped_by else ""


class EventTakenSerializer(serializers.Serializer[Taken]):
    """What became of an event; nothing about the customer beyond what was sent."""

    status = serializers.ChoiceField(choices=["taken", "known", "ignored"])
    touchpoint = serializers.CharField()
    reference = serializers.CharField()
    contact = serializers.IntegerField(source="contact_id", allow_null=True)
    invitations = PlannedSerializer(many=True)
    note = serializers.CharField()


class EventOutcomeSerializer(RowOutcomeSerializer):
    """What became of one row of a bulk post."""

    status = serializers.ChoiceField(choices=["taken", "known", "ignored", "rejected"])
    invitations = PlannedSerializer(many=True)


class EventsOutcomeSerializer(serializers.Serializer[Any]):
    """Counts of a bulk post, and what became of each event, in order."""

    taken = serializers.IntegerField()
    known = serializers.IntegerField()
    ignored = serializers.IntegerField()
    rejected = serializers.IntegerField()
    outcomes = EventOutcomeSerializer(many=True)
