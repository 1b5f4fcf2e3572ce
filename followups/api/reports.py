"""/api/v1/reports/: the figures of the pages, from the same functions."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from followups.api.base import FollowupView
from followups.fairness_page import shares
from followups.reports import metrics
from followups.reports.effect_in_words import in_words
from followups.serializers.reports import FairnessQuerySerializer, FairnessSerializer, ReportQuerySerializer
from followups.team_page import teams_of
from followups.viewing import Viewer
from nps_loop.people.authentication import ApiUser


class ReportView(FollowupView):
    """A person's report covers what that person may see; a key that speaks for nobody in particular sees everything."""

    serializer_class = ReportQuerySerializer

    def asked(self) -> tuple[metrics.ReportFilters, tuple[str, ...] | None]:
        """The cohort, and the ways to group it; None where nothing was said of them."""
        given: dict[str, Any] = self.request.query_params.dict()
        if "attribute" in given:
            given["attribute"] = self.request.query_params.getlist("attribute")
        context = {"today": metrics.reporting_day(self.now)}
        asked = self.checked(ReportQuerySerializer(data=given, context=context))
        by, attributes = asked.pop("by", None), asked.pop("attribute", ())
        user: Any = self.request.user
        viewer = None if isinstance(user, ApiUser) else user
        return metrics.ReportFilters(viewer=viewer, attributes=attributes, **asked), by

    def filters(self) -> metrics.ReportFilters:
        return self.asked()[0]


class NpsReportView(ReportView):
    """NPS with its interval."""

    @extend_schema(parameters=[ReportQuerySerializer], responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """NPS with its 95 % interval, n and what was excluded, by period and by the ways of `by`.

        Where `by` is left out: by touchpoint, segment and kind of survey.
        """
        filters, by = self.asked()
        by = metrics.USUAL_WAYS if by is None else by
        return Response(metrics.nps_report(filters, now=self.now, by=by).as_dict())


class ClosureReportView(ReportView):
    """How well loops are closed."""

    @extend_schema(parameters=[ReportQuerySerializer], responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Declared, told, confirmed and on time over one denominator, and what stands beside it; grouped by `by`."""
        filters, by = self.asked()
        found = metrics.closure_report(filters, now=self.now).as_dict()
        for name in by or ():
            groups = metrics.closure_groups(filters, metrics.way_of(name), now=self.now)
            found[f"by_{name}"] = [group.as_dict() for group in groups]
        return Response(found)


class RecoveryReportView(ReportView):
    """Who is happier after a closed case."""

    @extend_schema(parameters=[ReportQuerySerializer], responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Bands before a case and after it, recovered detractors and passives, and how many of those asked answered."""
        return Response(metrics.recovery_report(self.filters(), now=self.now).as_dict())


class TimesReportView(ReportView):
    """How long customers wait."""

    @extend_schema(parameters=[ReportQuerySerializer], responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Time to first contact and to resolution, each on both clocks: median and nine in ten with their intervals."""
        return Response(metrics.times_report(self.filters(), now=self.now).as_dict())


class EffectReportView(ReportView):
    """What being spoken to does to the next answer."""

    @extend_schema(parameters=[ReportQuerySerializer], responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Later scores of customers contacted in time, late and never, matched, with intervals and a result in words.

        No experiment: customers are compared who are alike in first score, quarter, kind of survey and segment.
        """
        found = metrics.effect_report(self.filters(), now=self.now)
        return Response({**found.as_dict(), "in_words": in_words(found)})


class WorthReportView(ReportView):
    """What is at stake in money."""

    @extend_schema(parameters=[ReportQuerySerializer], responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Accounts with an unhappy customer who waits for us now, and accounts won back, each counted once."""
        return Response(metrics.worth_report(self.filters(), now=self.now).as_dict())


class ReopeningReportView(ReportView):
    """Whether what was done lasts."""

    @extend_schema(parameters=[ReportQuerySerializer], responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Reopened tickets of those ever resolved, and promises moved of those due, with their intervals."""
        return Response(metrics.reopening_report(self.filters(), now=self.now).as_dict())


class ResponseRateReportView(ReportView):
    """Who was asked, for leads; to everybody else it does not exist."""

    @extend_schema(parameters=[ReportQuerySerializer], responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Invitations by survey: asked, not asked by which rule, answered, and the response rate with its interval.

        Team and band do not narrow it. A key that speaks for nobody in particular sees everything.
        """
        user: Any = request.user
        if not isinstance(user, ApiUser) and not Viewer.of(user).leads:
            raise Http404
        return Response(metrics.response_rate_report(self.filters(), now=self.now).as_dict())


class FairnessReportView(FollowupView):
    """Who gets what, for leads; to everybody else it does not exist."""

    serializer_class = FairnessSerializer

    @extend_schema(parameters=[FairnessQuerySerializer], responses={200: FairnessSerializer})
    def get(self, request: Request) -> Response:
        """Load per hour at work, who was given what by which rule, and whether that is more uneven than chance."""
        teams = teams_of(self.caller())
        if not teams:
            raise Http404
        context = {"today": metrics.reporting_day(self.now)}
        asked = self.checked(FairnessQuerySerializer(data=request.query_params.dict(), context=context))
        chosen = [team for team in teams if team.slug == asked.get("team", team.slug)]
        if not chosen:
            raise Http404
        found = shares(chosen, asked["day_from"], asked["day_to"], now=self.now)
        return Response(FairnessSerializer(found).data)
