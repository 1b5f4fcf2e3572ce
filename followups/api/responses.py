"""What is decided about an answer by a person: a ticket where the rules opened none, and whether it counts."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework import status as http
from rest_framework.request import Request
from rest_framework.response import Response as Answer

from followups.api.base import FollowupView
from followups.models import Team, Ticket
from followups.opening import open_by_hand
from nps_loop.api.errors import NotPermitted
from nps_loop.api.fields import StrictSerializer
from surveys.excluding import REASON_LIMIT, exclude
from surveys.models import Response


class OpenTicketSerializer(StrictSerializer):
    reason = serializers.CharField(max_length=1_000, help_text="Why somebody should follow this up.")


class OpenedSerializer(serializers.Serializer[Ticket]):
    """The new ticket, in short: it may be another team's to read."""

    number = serializers.IntegerField(source="pk")
    state = serializers.CharField()
    version = serializers.IntegerField()


class ExcludeSerializer(StrictSerializer):
    excluded_as = serializers.ChoiceField(
        choices=Response.Exclusion.choices, allow_blank=True, help_text="Why it does not count; empty: it counts again."
    )
    reason = serializers.CharField(max_length=REASON_LIMIT, help_text="A sentence for colleagues.")


class ExclusionSerializer(serializers.ModelSerializer[Response]):
    class Meta:
        model = Response
        fields = ["id", "excluded_as", "excluded_reason"]
        read_only_fields = fields


class OpenTicketView(FollowupView):
    """Any colleague may open a ticket by hand: everybody reads what customers say."""

    serializer_class = OpenTicketSerializer

    @extend_schema(responses={201: OpenedSerializer})
    def post(self, request: Request, pk: int) -> Answer:
        """Open a ticket over an answer that has none."""
        response = get_object_or_404(Response, pk=pk)
        given = self.checked(OpenTicketSerializer(data=request.data))
        ticket = open_by_hand(response, actor=self.actor(), now=self.now, reason=given["reason"])
        return Answer(OpenedSerializer(ticket).data, status=http.HTTP_201_CREATED)


class ExcludeView(FollowupView):
    """A lead leaves an answer out of NPS: of the own teams' tickets, or one without a ticket."""

    serializer_class = ExcludeSerializer

    @extend_schema(responses={200: ExclusionSerializer})
    def post(self, request: Request, pk: int) -> Answer:
        """Leave an answer out of NPS (a test, spam, own staff, a duplicate), or let it count again."""
        user: Any = request.user
        seen = Ticket.objects.visible_to(user).values("pk")
        response = get_object_or_404(Response.objects.filter(Q(ticket=None) | Q(ticket__in=seen)), pk=pk)
        if not user.is_superuser:
            led = Team.objects.led_by(user)
            if not led.filter(Q(tickets__response=response) if hasattr(response, "ticket") else Q()).exists():
                raise NotPermitted("A lead of the team decides whether an answer counts.")
        given = self.checked(ExcludeSerializer(data=request.data))
        found = exclude(response, **given, by=self.actor().user, now=self.now)
        return Answer(ExclusionSerializer(found).data)
