"""/api/v1/reports/: the figures of the pages, from the same functions."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from followups.api.base import FollowupView
from followups.reports import metrics
from followups.serializers.reports import ReportQuerySerializer
from nps_loop.people.authentication import ApiUser


class ReportView(FollowupView):
    """A person's report covers what that person may see; a key that speaks for nobody in particular sees everything."""

    serializer_class = ReportQuerySerializer

    def filters(self) -> metrics.ReportFilters:
        context = {"today": metrics.reporting_day(self.now)}
        asked = self.checked(ReportQuerySerializer(data=self.request.query_params.dict(), context=context))
        user: Any = self.request.user
        return metrics.ReportFilters(viewer=None if isinstance(user, ApiUser) else user, **asked)


class NpsReportView(ReportView):
    """NPS with its interval."""

    @extend_schema(parameters=[ReportQuerySerializer], responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """NPS with its 95 % interval, n and what was excluded, by period, touchpoint, segment and kind of survey."""
        return Response(metrics.nps_report(self.filters(), now=self.now).as_dict())


class ClosureReportView(ReportView):
    """How well loops are closed."""

    @extend_schema(parameters=[ReportQuerySerializer], responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Declared, told, confirmed and on time over one denominator, and what stands beside it."""
        return Response(metrics.closure_report(self.filters(), now=self.now).as_dict())
