"""/api/v1/absences/ and the working week of a person: what /absences/ does, by the same rules."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Count, Q
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework import status as http
from rest_framework.request import Request
from rest_framework.response import Response

from followups import absence, working_weeks
from followups.absences_page import may_plan_for
from followups.api.base import FollowupView
from followups.filters import AbsenceFilter
from followups.models import Away
from followups.models.teams import AwayQuerySet
from followups.serializers.absences import (
    AbsenceSerializer,
    CancelAbsenceSerializer,
    CancelledSerializer,
    ChangeAbsenceSerializer,
    PlanAbsenceSerializer,
    PutWeekSerializer,
    WeekSerializer,
)
from followups.tasks import open_and_assign
from nps_loop.api.filters import CheckedFilters
from nps_loop.api.pagination import KeysetPagination, Order
from nps_loop.celery import ring
from nps_loop.people.models import User


class AbsenceView(FollowupView):
    """Absences that the one who asks may plan: their own, and those of the teams they lead. All others: 404."""

    queryset = Away.objects.none()
    serializer_class: Any = AbsenceSerializer

    def get_queryset(self) -> AwayQuerySet:
        held = Count("covers", filter=Q(covers__back_at=None, covers__action=None))
        seen = Away.objects.visible_to(self.caller()).select_related("user", "delegate")
        return seen.annotate(held=held)

    def absence(self) -> Away:
        return get_object_or_404(self.get_queryset(), pk=self.kwargs["away"])

    def shown(self, away: Away) -> dict[str, Any]:
        """The absence as it stands in the database now."""
        return dict(AbsenceSerializer(self.get_queryset().get(pk=away.pk)).data)


class AbsenceListView(AbsenceView):
    """Who is away."""

    filterset_class = AbsenceFilter
    filter_backends = [CheckedFilters]
    pagination_class = KeysetPagination
    orders: ClassVar[dict[str, Order]] = {
        "starts_at": Order("starts_at"),
        "-starts_at": Order("starts_at", descending=True),
        "ends_at": Order("ends_at"),
        "-ends_at": Order("ends_at", descending=True),
    }

    @extend_schema(operation_id="absences_list", responses=AbsenceSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List absences, past ones too: your own and those of the teams you lead."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(AbsenceSerializer(page, many=True).data)

    @extend_schema(operation_id="absence_plan", request=PlanAbsenceSerializer, responses={201: AbsenceSerializer})
    def post(self, request: Request) -> Response:
        """Plan one, for yourself or for somebody of a team you lead. What falls due then is handed over at once."""
        context = {**self.get_serializer_context(), "caller": self.caller()}
        given = self.checked(PlanAbsenceSerializer(data=request.data, context=context))
        person: User = given.pop("user")
        if not may_plan_for(self.reader(), person):
            raise serializers.ValidationError(
                {"user": [serializers.ErrorDetail("There is no such colleague in a team you lead.", "does_not_exist")]}
            )
        made = absence.plan(person, now=self.now, **given)
        ring(open_and_assign)
        return Response(self.shown(made), status=http.HTTP_201_CREATED)


class AbsenceDetailView(AbsenceView):
    """One absence."""

    def get(self, request: Request, away: int) -> Response:
        """One absence, with who stands in and how much is held meanwhile."""
        return Response(AbsenceSerializer(self.absence()).data)


class AbsenceChangeView(AbsenceView):
    """Other dates, another delegate."""

    serializer_class = ChangeAbsenceSerializer

    @extend_schema(operation_id="absence_change", responses={200: AbsenceSerializer})
    def post(self, request: Request, away: int) -> Response:
        """Change one that is not over, all fields at once; what is held meanwhile follows. 409 where it is over."""
        planned = self.absence()
        context = {**self.get_serializer_context(), "person": planned.user}
        given = self.checked(ChangeAbsenceSerializer(data=request.data, context=context))
        shown = given.pop("version")
        kept = absence.plan(planned.user, away=planned, shown=shown, now=self.now, **given)
        ring(open_and_assign)
        return Response(self.shown(kept))


class AbsenceCancelView(AbsenceView):
    """Not away after all, or back early."""

    serializer_class = CancelAbsenceSerializer

    @extend_schema(operation_id="absence_cancel", responses={200: CancelledSerializer})
    def post(self, request: Request, away: int) -> Response:
        """Take off one that has not begun; one that runs ends now, and what nobody has begun on goes back."""
        planned = self.absence()
        given = self.checked(CancelAbsenceSerializer(data=request.data))
        ended = absence.cancel(planned, shown=given["version"], now=self.now)
        outcome = {"outcome": "ended" if ended else "taken_off", "ended_at": self.now if ended else None}
        return Response(CancelledSerializer(outcome).data)


WHOSE = OpenApiParameter("person", OpenApiTypes.STR, OpenApiParameter.PATH, description="Id, user name, or `me`.")


class WorkingWeekView(FollowupView):
    """When one person works."""

    serializer_class = WeekSerializer

    def get_object(self) -> User:
        """Oneself, or somebody of a team one leads; all others do not exist."""
        asked, caller = self.kwargs["person"], self.caller()
        if asked == "me":
            found = caller if caller.pk else None
        else:
            is_id = asked.isascii() and asked.isdigit() and len(asked) <= 18
            named = {"pk": int(asked)} if is_id else {"username": asked}
            # PostgreSQL takes no text that holds a NUL.
            found = User.objects.filter(is_active=True, **named).first() if asked.isprintable() else None
        if found is None or not may_plan_for(self.reader(), found):
            raise Http404
        return found

    def shown(self, person: User) -> dict[str, Any]:
        week = working_weeks.week_of(person)
        facts = {
            "person": person,
            "version": working_weeks.stands(week.row),
            "is_own": week.row is not None,
            "zone": week.zone,
            "weekly": week.weekly,
        }
        return dict(WeekSerializer(facts).data)

    @extend_schema(operation_id="working_week_read", parameters=[WHOSE])
    def get(self, request: Request, person: str) -> Response:
        """The week this person works by: their own, else that of their team."""
        return Response(self.shown(self.get_object()))

    @extend_schema(operation_id="working_week_put", parameters=[WHOSE], request=PutWeekSerializer)
    def put(self, request: Request, person: str) -> Response:
        """Give this person a week of their own, or another one. Who gets what goes by it from the next round on."""
        user = self.get_object()
        given = self.checked(PutWeekSerializer(data=request.data))
        shown = given.pop("version")
        working_weeks.keep(user, shown=shown, now=self.now, **given)
        return Response(self.shown(user))

    @extend_schema(
        operation_id="working_week_delete", parameters=[WHOSE], request=None, responses={200: WeekSerializer}
    )
    def delete(self, request: Request, person: str) -> Response:
        """This person works when the team does. Answers with that week; twice changes nothing."""
        user = self.get_object()
        working_weeks.work_with_the_team(user)
        return Response(self.shown(user))
