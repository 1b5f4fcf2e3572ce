"""/api/v1/reports/: the figures of the pages, from the same functions."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from followups.api.base import FollowupView
from followups.fairness_page import shares
from followups.reports import metrics
from followups.reports.effect_in_words import in_words
from followups.reports.metrics.attainment import goals_report
from followups.reports.metrics.signals_report import signals_report
from followups.reports.page.accounts import accounts_open_to, hide_names
from followups.reports.rollups.once import read_once
from followups.serializers.reports import (
    AccountsQuerySerializer,
    FairnessQuerySerializer,
    FairnessSerializer,
    ReportQuerySerializer,
    TouchpointsQuerySerializer,
)
from followups.team_page import teams_of
from followups.viewing import Viewer
from nps_loop.people.authentication import ApiUser


class ReportView(FollowupView):
    """A person's report covers what that person may see; a key that speaks for nobody in particular sees everything."""

    serializer_class: type[ReportQuerySerializer] = ReportQuerySerializer
    # What is asked besides the cohort and the ways to group it.
    besides: tuple[str, ...] = ()

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with read_once():
            return super().dispatch(request, *args, **kwargs)

    def asked(self) -> tuple[metrics.ReportFilters, tuple[str, ...] | None]:
        """The cohort, and the ways to group it; None where nothing was said of them."""
        filters, by, _more = self.all_asked()
        return filters, by

    def all_asked(self) -> tuple[metrics.ReportFilters, tuple[str, ...] | None, dict[str, str]]:
        """The same with what is asked `besides`."""
        given: dict[str, Any] = self.request.query_params.dict()
        if "attribute" in given:
            given["attribute"] = self.request.query_params.getlist("attribute")
        context = {"today": metrics.reporting_day(self.now), "now": self.now}
        asked = self.checked(self.serializer_class(data=given, context=context))
        by, attributes = asked.pop("by", None), asked.pop("attribute", ())
        more = {name: str(asked.pop(name)) for name in self.besides}
        user: Any = self.request.user
        viewer = None if isinstance(user, ApiUser) else user
        return metrics.ReportFilters(viewer=viewer, attributes=attributes, **asked), by, more

    def filters(self) -> metrics.ReportFilters:
        return self.asked()[0]

    def is_for_leads(self) -> bool:
        """Whether what only leads read is for this caller."""
        user: Any = self.request.user
        return isinstance(user, ApiUser) or Viewer.of(user).leads

    def hide_names(self, found: dict[str, Any]) -> None:
        """Leave companies that this caller may not open without their names."""
        user: Any = self.request.user
        if not isinstance(user, ApiUser):
            hide_names(found.get("by_account", ()), Viewer.of(user))


class NpsReportView(ReportView):
    """NPS with its interval."""

    @extend_schema(parameters=[ReportQuerySerializer], responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """NPS with its 95 % interval, n and what was excluded, by period and by the ways of `by`.

        Where `by` is left out: by touchpoint, segment and kind of survey.
        """
        filters, by = self.asked()
        by = metrics.USUAL_WAYS if by is None else by
        found = metrics.nps_report(filters, now=self.now, by=by).as_dict()
        self.hide_names(found)
        return Response(found)


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
        self.hide_names(found)
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


class CausesReportView(ReportView):
    """What lies behind the answers."""

    @extend_schema(parameters=[ReportQuerySerializer], responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Root causes of what was declared resolved, by area, band, touchpoint and segment."""
        return Response(metrics.causes_report(self.filters(), now=self.now).as_dict())


class TouchpointsReportView(ReportView):
    """Each touchpoint for itself."""

    serializer_class = TouchpointsQuerySerializer
    besides = ("compare",)

    @extend_schema(parameters=[TouchpointsQuerySerializer], responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """NPS, its change with all touchpoints compared (Holm), response rate (for leads) and closure of each."""
        filters, _by, more = self.all_asked()
        report = metrics.touchpoints_report(filters, more["compare"], now=self.now, with_asked=self.is_for_leads())
        return Response(report.as_dict())


class AccountsReportView(ReportView):
    """Companies in which somebody was unhappy."""

    serializer_class = AccountsQuerySerializer
    besides = ("figure", "after")

    @extend_schema(parameters=[AccountsQuerySerializer], responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """25 companies a page, those worth most first; whoever may not open a company's page reads no name of it."""
        filters, _by, more = self.all_asked()
        report = metrics.accounts_report(filters, now=self.now, **more)
        accounts = [each.account for each in report.rows]
        user: Any = request.user
        if isinstance(user, ApiUser):
            return Response(report.as_dict({account.pk for account in accounts}))
        return Response(report.as_dict(accounts_open_to(Viewer.of(user), accounts)))


class ResponseRateReportView(ReportView):
    """Who was asked, for leads; to everybody else it does not exist."""

    @extend_schema(parameters=[ReportQuerySerializer], responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Invitations by survey: asked, not asked by which rule, answered, and the response rate with its interval.

        Team and band do not narrow it. A key that speaks for nobody in particular sees everything.
        """
        if not self.is_for_leads():
            raise Http404
        return Response(metrics.response_rate_report(self.filters(), now=self.now).as_dict())


class LeadsReportView(ReportView):
    """For leads and keys that speak for nobody in particular; to everybody else it does not exist."""

    def filters(self) -> metrics.ReportFilters:
        if not self.is_for_leads():
            raise Http404
        return super().filters()


class PeopleReportView(LeadsReportView):
    """The same cohort by employee."""

    @extend_schema(parameters=[ReportQuerySerializer], responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Everybody of the teams led, by name and ranking nobody: their figures, load, capacity and absence."""
        filters = self.filters()
        people = metrics.people_report(filters, now=self.now)
        return Response(metrics.people_as_dict(filters, people, now=self.now))


class OfNowReportView(LeadsReportView):
    """Goals and signals are judged as of now: as of a past moment there is nothing to act on."""

    def filters(self) -> metrics.ReportFilters:
        asked = super().filters()
        if asked.as_of is not None:
            raise ValidationError({"as_of": ["This report is of now alone. Leave the moment out."]})
        return asked


class GoalsReportView(OfNowReportView):
    """What is wanted, and how far it is reached."""

    @extend_schema(parameters=[ReportQuerySerializer], responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Each goal by figure, team and the days it held, with the figure, its interval and the verdict."""
        return Response(goals_report(self.filters(), now=self.now).as_dict())


class SignalsReportView(OfNowReportView):
    """Where a figure may look better than the loop behind it."""

    @extend_schema(parameters=[ReportQuerySerializer], responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Each signal by person against everybody else: Fisher's exact test, corrected for all of them by Holm."""
        return Response(signals_report(self.filters(), now=self.now).as_dict())


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
