"""Colleagues, teams, companies and customers as they stand inside a ticket."""

from __future__ import annotations

from rest_framework import serializers

from followups.models import Team
from nps_loop.people.models import User
from surveys.models import Account, Contact, Touchpoint


class PersonSerializer(serializers.ModelSerializer[User]):
    """A colleague."""

    name = serializers.CharField(read_only=True)

    class Meta:
        model = User
        fields = ["id", "username", "name"]
        read_only_fields = fields


class TeamSerializer(serializers.ModelSerializer[Team]):
    class Meta:
        model = Team
        fields = ["id", "slug", "name"]
        read_only_fields = fields


class TouchpointSerializer(serializers.ModelSerializer[Touchpoint]):
    class Meta:
        model = Touchpoint
        fields = ["slug", "name"]
        read_only_fields = fields


class AccountSerializer(serializers.ModelSerializer[Account]):
    class Meta:
        model = Account
        fields = ["id", "external_id", "name", "segment", "region"]
        read_only_fields = fields


class ContactSerializer(serializers.ModelSerializer[Contact]):
    """The customer, for whoever may know the name."""

    display_name = serializers.CharField(source="__str__", read_only=True)

    class Meta:
        model = Contact
        fields = [
            "id", "display_name", "name", "first_name", "role", "email", "phone", "language", "time_zone",
            "preferred_channel", "good_time", "do_not_contact",
        ]  # fmt: skip
        read_only_fields = fields
