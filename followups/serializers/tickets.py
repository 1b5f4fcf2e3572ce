"""A ticket as a row of a list. Words and name are left out for those who may not read them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from followups.models import Ticket
from followups.serializers.people import (
    AccountSerializer,
    ContactSerializer,
    PersonSerializer,
    TeamSerializer,
    TouchpointSerializer,
)


class TicketSerializer(serializers.ModelSerializer[Ticket]):
    """One ticket. The context's `reader` says what the one who asks may see: `sees_words`, `sees_name`."""

    number = serializers.IntegerField(source="pk", read_only=True)
    url = serializers.SerializerMethodField(help_text="The page colleagues work on.")
    customer = serializers.SerializerMethodField(help_text="Null where nobody is known or the name may not be shown.")
    account = serializers.SerializerMethodField(help_text="Null where there is none or the name may not be shown.")
    owner = PersonSerializer(read_only=True, allow_null=True)
    team = TeamSerializer(read_only=True, allow_null=True)
    touchpoint = TouchpointSerializer(source="response.touchpoint", read_only=True, default=None, allow_null=True)
    words = serializers.SerializerMethodField(help_text="The customer's words; null while a hold hides them.")
    language = serializers.CharField(source="response.language", read_only=True, default="")
    driver = serializers.CharField(source="response.driver", read_only=True, default="")
    response = serializers.IntegerField(source="response_id", read_only=True, allow_null=True)
    conversation = serializers.IntegerField(source="conversation_id", read_only=True)

    class Meta:
        model = Ticket
        fields = [
            "number", "url", "state", "closed_as", "dismissed_as", "cycle", "version", "score", "band", "customer",
            "account", "owner", "team", "touchpoint", "words", "language", "driver", "response", "conversation",
            "contact_me", "nobody_to_reach", "left_in_peace", "on_hold", "customer_waits", "day", "responded_at",
            "received_at", "opened_at", "assigned_at", "first_contact_at", "resolved_at", "told_at", "closed_at",
            "changed_at", "due_at", "due_for", "promised_at", "resolution_due_at", "snoozed_until", "waiting_until",
            "rank",
        ]  # fmt: skip
        read_only_fields = fields

    def get_url(self, ticket: Ticket) -> str:
        return f"{settings.SITE_URL}/tickets/{ticket.pk}/"

    @extend_schema_field(ContactSerializer(allow_null=True))
    def get_customer(self, ticket: Ticket) -> dict[str, Any] | None:
        if ticket.contact is None or not self._sees_name(ticket):
            return None
        return dict(ContactSerializer(ticket.contact).data)

    @extend_schema_field(AccountSerializer(allow_null=True))
    def get_account(self, ticket: Ticket) -> dict[str, Any] | None:
        if ticket.account is None or not self._sees_name(ticket):
            return None
        return dict(AccountSerializer(ticket.account).data)

    def _sees_name(self, ticket: Ticket) -> bool:
        sees: bool = self.context["reader"].sees_name(ticket, ticket.response.share_name if ticket.response else None)
        return sees

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_words(self, ticket: Ticket) -> str | None:
        if not self.context["reader"].sees_words(ticket):
            return None
        return ticket.response.verbatim if ticket.response else ""
