"""Answers as the API takes and gives them."""

from __future__ import annotations

from typing import Any, Protocol

from rest_framework import serializers

from surveys.incoming import Rejection
from surveys.models import Response, Revision, Survey
from surveys.recording import Status


class AnswerInSerializer(serializers.Serializer[Any]):
    """One answer as it is sent. It describes; reading and refusing is done by `surveys.posting`."""

    score = serializers.IntegerField(min_value=0, max_value=10, help_text='Also taken: "9", "9.0", "9 - words".')
    external_id = serializers.CharField(
        required=False,
        help_text="Your own id of the answer. Sent again with it, the same answer adds nothing, another is its update.",
    )
    source = serializers.CharField(required=False, help_text="Slug of a source; without it, the source “api”.")
    comment = serializers.CharField(required=False)
    responded_at = serializers.DateTimeField(required=False, help_text="When it was given; without it, now.")
    updated_at = serializers.DateTimeField(required=False, help_text="Your own time of this version.")
    email = serializers.CharField(required=False)
    contact_id = serializers.CharField(required=False, help_text="Your own id of the customer.")
    name = serializers.CharField(required=False)
    phone = serializers.CharField(required=False)
    language = serializers.CharField(required=False, help_text="A tag such as en or de-AT.")
    time_zone = serializers.CharField(required=False, help_text="The customer's, such as Europe/Berlin.")
    account = serializers.CharField(required=False, help_text="Your own id of the customer's company.")
    account_name = serializers.CharField(required=False)
    touchpoint = serializers.CharField(required=False, help_text="Slug; made where it is not known.")
    survey = serializers.CharField(required=False, help_text="Slug of a survey.")
    kind = serializers.ChoiceField(required=False, choices=Survey.Kind.choices)
    driver = serializers.CharField(required=False, help_text="The reason the customer picked.")
    contact_me = serializers.BooleanField(required=False, allow_null=True, help_text="Null: not asked.")
    share_name = serializers.BooleanField(required=False, allow_null=True, help_text="Null: not asked.")
    answered_for = serializers.CharField(required=False, help_text="Id of another company a partner answers for.")
    product = serializers.CharField(required=False)
    attributes = serializers.DictField(
        required=False, child=serializers.CharField(), help_text="Anything else you know."
    )
    test = serializers.BooleanField(required=False, default=False, help_text="Recorded, not counted, no ticket.")
    acknowledge = serializers.BooleanField(
        required=False, default=True, help_text="Whether the customer may be thanked by mail for it."
    )


class RecordedSerializer(serializers.ModelSerializer[Response]):
    """What the sender of an answer is told: no more about the customer than they sent."""

    status = serializers.SerializerMethodField()
    note = serializers.SerializerMethodField()
    source = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta:
        model = Response
        fields = [
            "id",
            "status",
            "source",
            "external_id",
            "score",
            "band",
            "revision",
            "responded_at",
            "received_at",
            "note",
        ]
        read_only_fields = fields

    def get_status(self, response: Response) -> str:
        return str(self.context["posted"].status)

    def get_note(self, response: Response) -> str:
        return str(self.context["posted"].note)


class HasErrors(Protocol):
    """One row of a bulk post. `errors` is empty unless it was rejected; `note` is something to know."""

    errors: list[Rejection]
    note: str


class RowOutcomeSerializer(serializers.Serializer[Any]):
    """What every bulk post says of one row: which it is, and why it was rejected."""

    row = serializers.IntegerField(help_text="Place in the list; 1 is the first.")
    reason = serializers.SerializerMethodField(help_text="Why it was rejected, or what to know.")
    field = serializers.SerializerMethodField(help_text="The field at fault.")

    def get_reason(self, posted: HasErrors) -> str:
        return posted.errors[0].reason if posted.errors else posted.note

    def get_field(self, posted: HasErrors) -> str:
        return posted.errors[0].field if posted.errors else ""


class OutcomeSerializer(RowOutcomeSerializer):
    """What became of one row of a bulk post."""

    status = serializers.ChoiceField(choices=[status.value for status in Status])
    id = serializers.IntegerField(source="response_id", allow_null=True)


class BulkOutcomeSerializer(serializers.Serializer[Any]):
    """Counts of a bulk post, and what became of each row, in order."""

    recorded = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    updated = serializers.IntegerField()
    rejected = serializers.IntegerField()
    outcomes = OutcomeSerializer(many=True)


class ResponseSerializer(serializers.ModelSerializer[Response]):
    """One answer in its newest version."""

    source = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    survey = serializers.SlugRelatedField(slug_field="slug", read_only=True, allow_null=True)
    touchpoint = serializers.SlugRelatedField(slug_field="slug", read_only=True, allow_null=True)
    comment = serializers.CharField(source="verbatim", read_only=True)
    contact = serializers.IntegerField(source="contact_id", read_only=True, allow_null=True)
    contact_name = serializers.CharField(source="contact.name", read_only=True, default="")
    email = serializers.CharField(source="contact.email", read_only=True, default="")
    account = serializers.CharField(source="account.external_id", read_only=True, default="")
    account_name = serializers.CharField(source="account.name", read_only=True, default="")
    answered_for = serializers.CharField(source="answered_for.external_id", read_only=True, default="")
    updated_at = serializers.DateTimeField(source="version_at", read_only=True)

    class Meta:
        model = Response
        fields = [
            "id", "source", "external_id", "survey", "survey_kind", "touchpoint", "score", "band", "comment",
            "language", "driver", "contact_me", "share_name", "product", "attributes", "contact", "contact_name",
            "email", "account", "account_name", "answered_for", "segment", "region", "responded_at", "received_at",
            "updated_at", "undated", "day", "is_history", "excluded_as", "excluded_reason", "revision",
        ]  # fmt: skip
        read_only_fields = fields


class RevisionSerializer(serializers.ModelSerializer[Revision]):
    """One version of an answer as it came."""

    comment = serializers.CharField(source="verbatim", read_only=True)
    updated_at = serializers.DateTimeField(source="version_at", read_only=True)

    class Meta:
        model = Revision
        fields = [
            "number", "score", "comment", "driver", "contact_me", "updated_at", "received_at", "superseded_on_arrival",
        ]  # fmt: skip
        read_only_fields = fields


class ResponseDetailSerializer(ResponseSerializer):
    """One answer with all its versions."""

    revisions = RevisionSerializer(many=True, read_only=True)

    class Meta(ResponseSerializer.Meta):
        fields = [*ResponseSerializer.Meta.fields, "revisions"]
        read_only_fields = fields
