"""/api/v1/reviews/: the packs of /reviews/, to read."""

from __future__ import annotations

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from followups.api.base import FollowupView
from followups.filters import ReviewFilter
from followups.improve.reviews.drawing import drawn_for, with_their_answer
from followups.improve.reviews.pack import Looks, looks_of, pack_of
from followups.models import Draw, Review
from followups.models.reviews import ReviewQuerySet
from followups.serializers.people import PersonSerializer
from followups.serializers.reviews import (
    DrawSerializer,
    ReviewDecisionSerializer,
    ReviewDetailSerializer,
    ReviewSerializer,
)
from nps_loop.api.filters import CheckedFilters
from nps_loop.api.pagination import KeysetPagination, Order
from nps_loop.people.authentication import ApiUser


class ReviewView(FollowupView):
    """Reviews the one who asks may read: of touchpoints their teams take, and those they sit in. All others: 404."""

    queryset = Review.objects.none()
    serializer_class: Any = ReviewSerializer

    def get_queryset(self) -> ReviewQuerySet:
        return Review.objects.visible_to(self.caller()).select_related("touchpoint", "planned_by")


class ReviewListView(ReviewView):
    """Reviews of touchpoints."""

    filterset_class = ReviewFilter
    filter_backends = [CheckedFilters]
    pagination_class = KeysetPagination
    orders: ClassVar[dict[str, Order]] = {
        "-meeting_on": Order("meeting_on", descending=True),
        "meeting_on": Order("meeting_on"),
    }

    @extend_schema(operation_id="reviews_list", responses=ReviewSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List reviews, the latest meeting first, those to come included."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(ReviewSerializer(page, many=True).data)


class ReviewDetailView(ReviewView):
    """One review with its figures."""

    serializer_class = ReviewDetailSerializer

    @extend_schema(operation_id="review_read", responses={200: ReviewDetailSerializer})
    def get(self, request: Request, review: int) -> Response:
        """One pack as known now: the figures of the page, what is decided, what became of it, and what was drawn."""
        row = get_object_or_404(self.get_queryset(), pk=review)
        caller: Any = self.caller()
        program = isinstance(caller, ApiUser)
        looks = Looks(None, opens=True, leads=True) if program else looks_of(row, caller)
        pack = pack_of(row, looks, now=self.now)
        drawn = drawn_for(row, caller) if looks.leads else Draw.objects.none()
        return Response(
            {
                **ReviewSerializer(row).data,
                "people": PersonSerializer([*pack.table.present, *pack.table.away], many=True).data,
                "figures": pack.as_dict(),
                "decisions": ReviewDecisionSerializer(pack.decisions, many=True).data,
                "earlier_decisions": ReviewDecisionSerializer(pack.earlier, many=True).data,
                "drawn": DrawSerializer(
                    with_their_answer(drawn).select_related("marked_by").order_by("position"), many=True
                ).data,
            }
        )
