"""One customer on their own: how they are known, what they answered, and the two ways to put that right."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from followups.models import Ticket
from followups.serializers.people import AccountSerializer, ContactSerializer
from followups.serializers.verbs import LARGEST_ID, RowField
from nps_loop.api.fields import StrictSerializer
from surveys.models import Contact, ContactKey, Response


class ContactKeySerializer(serializers.ModelSerializer[ContactKey]):
    """What an answer is recognised by: an address, or an id of a source."""

    class Meta:
        model = ContactKey
        fields = ["id", "kind", "namespace", "value"]
        read_only_fields = fields


class ContactDetailSerializer(ContactSerializer):
    """One customer. The context's `user` says which of the tickets are listed."""

    account = AccountSerializer(read_only=True, allow_null=True)
    keys = ContactKeySerializer(many=True, read_only=True)
    merged = serializers.SerializerMethodField(help_text="Ids of entries that turned out to be this person.")
    answers = serializers.SerializerMethodField(help_text="Ids of the newest 100 answers, the newest first.")
    tickets = serializers.SerializerMethodField(help_text="Numbers of the newest 100 tickets you may see.")

    class Meta(ContactSerializer.Meta):
        fields = [*ContactSerializer.Meta.fields, "account", "keys", "merged", "answers", "tickets"]
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_merged(self, contact: Contact) -> list[int]:
        return list(Contact.objects.filter(merged_into=contact).order_by("pk").values_list("pk", flat=True))

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_answers(self, contact: Contact) -> list[int]:
        rows = Response.objects.filter(contact=contact).order_by("-responded_at", "-pk")
        return list(rows.values_list("pk", flat=True)[:100])

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_tickets(self, contact: Contact) -> list[int]:
        seen = Ticket.objects.visible_to(self.context["user"]).filter(contact=contact).order_by("-pk")
        return list(seen.values_list("pk", flat=True)[:100])


class PersonField(RowField):
    """Somebody whom the one who asks may see; one that was merged stands for itself."""

    def rows(self) -> Any:
        return self.context["people"]


class MergeSerializer(StrictSerializer):
    other = PersonField(help_text="Id of the entry that goes into this one.")
    across_accounts = serializers.BooleanField(
        default=False, help_text="They stand under two accounts and are one person all the same."
    )


class MergedSerializer(serializers.Serializer[Any]):
    """The person as they are known now, and what moved there."""

    contact = ContactDetailSerializer()
    moved_tickets = serializers.ListField(child=serializers.IntegerField(), help_text="Empty where it was done before.")


class AnswerField(RowField):
    """An answer of this person."""

    def rows(self) -> Any:
        return Response.objects.filter(contact=self.context["contact"])


class SplitAnswerSerializer(StrictSerializer):
    response = AnswerField(help_text="Id of the answer that is another person's.")
    to = PersonField(required=False, allow_null=True, default=None, help_text="Whose it is; else give `name`.")
    name = serializers.CharField(default="", allow_blank=True, max_length=300, help_text="Somebody not known yet.")
    email = serializers.EmailField(default="", allow_blank=True, max_length=320)
    keys = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST_ID),
        default=list,
        max_length=100,
        help_text="Ids of keys that lead to that person from now on.",
    )
