"""/api/v1/escalations/: what was told about times that run out, and who looks after it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from followups.acknowledging import acknowledge
from followups.api.base import FollowupView
from followups.filters import EscalationFilter
from followups.models import Escalation
from followups.models.trail import EscalationQuerySet
from followups.refusals import Forbidden
from followups.serializers.escalations import AcknowledgeSerializer, EscalationSerializer, read_around
from nps_loop.api.filters import CheckedFilters
from nps_loop.api.pagination import KeysetPagination, Order


class EscalationView(FollowupView):
    """Escalations of tickets that the one who asks may see, and of teams they direct. All others: 404."""

    queryset = Escalation.objects.none()
    serializer_class = EscalationSerializer

    def get_queryset(self) -> EscalationQuerySet:
        seen = Escalation.objects.visible_to(self.caller())
        return seen.select_related("ticket__team", "step__endpoint", "acknowledged_by")

    def escalation(self) -> Escalation:
        return get_object_or_404(self.get_queryset(), pk=self.kwargs["escalation"])

    def shown(self, rows: list[Escalation]) -> Any:
        context = {**self.get_serializer_context(), **read_around(rows)}
        return EscalationSerializer(rows, many=True, context=context).data


class EscalationListView(EscalationView):
    """Steps of the ladders that were reached."""

    filterset_class = EscalationFilter
    filter_backends = [CheckedFilters]
    pagination_class = KeysetPagination
    orders: ClassVar[dict[str, Order]] = {
        "-happened_at": Order("happened_at", descending=True),
        "happened_at": Order("happened_at"),
    }

    @extend_schema(operation_id="escalations_list", responses=EscalationSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the steps that were reached, the newest first: whom each told, or why nobody."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.shown(list(page or ())))


class EscalationDetailView(EscalationView):
    """One step."""

    def get(self, request: Request, escalation: int) -> Response:
        """One step that was reached, with the time it is about."""
        return Response(self.shown([self.escalation()])[0])


class EscalationAcknowledgeView(EscalationView):
    """I look after it."""

    @extend_schema(
        operation_id="escalation_acknowledge", request=AcknowledgeSerializer, responses={200: EscalationSerializer}
    )
    def post(self, request: Request, escalation: int) -> Response:
        """Say that you look after it: nobody else is told about this time. Whoever was first stays the one who does.

        For a lead of the ticket's team, its director and administrators, never the owner, who stops the steps by doing
        what is due; a key without a user looks after nothing.
        """
        row = self.escalation()
        self.checked(AcknowledgeSerializer(data=request.data))
        user = self.actor().user
        if user is None:
            raise Forbidden(gettext("Only somebody looks after it: this key acts for nobody."))
        acknowledge(row, user=user, now=self.now)
        return Response(self.shown([self.escalation()])[0])
