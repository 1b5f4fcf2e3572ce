"""/api/v1/responses/: answers in, one or many, and answers out."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response as Answer

from nps_loop.api.filters import CheckedFilters
from nps_loop.api.pagination import KeysetPagination, Order
from nps_loop.api.parsing import BadValue, RowsJSONParser
from nps_loop.api.permissions import Administers, ScopeAllows
from nps_loop.api.views import MEGABYTE, ApiView
from nps_loop.people.models import ApiKey
from surveys.filters import ResponseFilter
from surveys.incoming import Rejection
from surveys.models import Response
from surveys.posting import Posted, record_posted
from surveys.recording import Status
from surveys.serializers import (
    AnswerInSerializer,
    BulkOutcomeSerializer,
    RecordedSerializer,
    ResponseDetailSerializer,
    ResponseSerializer,
)

MOST_ROWS = 5_000
INGEST_A_MINUTE = 6_000


class ResponseView(ApiView):
    """Answers of every customer: for administrators and for keys, whose scope says what they may."""

    permission_classes = [ScopeAllows, Administers]
    queryset = Response.objects.none()
    takes_answers = False

    def get_queryset(self) -> QuerySet[Response]:
        return Response.objects.select_related("source", "survey", "touchpoint", "contact", "account", "answered_for")

    def record(self, bodies: list[Any]) -> list[Posted]:
        """Record what was posted. Under an Idempotency-Key the request itself names answers without an id."""
        key = self.request.auth
        return record_posted(
            bodies,
            now=self.now,
            pinned_source=key.source if isinstance(key, ApiKey) else "",
            row_key=self.claim.name if self.claim else "",
        )


class ResponseListView(ResponseView):
    """All answers, and the door for one more."""

    takes_answers = True
    requests_a_minute = INGEST_A_MINUTE
    serializer_class = ResponseSerializer
    filterset_class = ResponseFilter
    filter_backends = [CheckedFilters]
    pagination_class = KeysetPagination
    orders: ClassVar[dict[str, Order]] = {
        "-id": Order("id", descending=True),
        "id": Order("id"),
        "-responded_at": Order("responded_at", descending=True),
        "responded_at": Order("responded_at"),
        "-received_at": Order("received_at", descending=True),
        "received_at": Order("received_at"),
    }

    @extend_schema(operation_id="responses_list", responses=ResponseSerializer(many=True))
    def get(self, request: Request) -> Answer:
        """List answers, the newest first."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(ResponseSerializer(page, many=True).data)

    @extend_schema(request=AnswerInSerializer, responses={200: RecordedSerializer, 201: RecordedSerializer})
    def post(self, request: Request) -> Answer:
        """Record one answer: 201, or 200 where its external id is known (the same again, or a new version)."""
        [posted] = self.record([request.data])
        if posted.errors or posted.response_id is None:
            raise ValidationError(by_field(posted.errors))
        response = Response.objects.select_related("source").get(pk=posted.response_id)
        made = status.HTTP_201_CREATED if posted.status is Status.RECORDED else status.HTTP_200_OK
        return Answer(RecordedSerializer(response, context={"posted": posted}).data, status=made)


class ResponseBulkView(ResponseView):
    """Many answers in one request."""

    takes_answers = True
    largest_body = 10 * MEGABYTE
    serializer_class = AnswerInSerializer
    parser_classes = [RowsJSONParser]

    @extend_schema(request=AnswerInSerializer(many=True), responses={200: BulkOutcomeSerializer})
    def post(self, request: Request) -> Answer:
        """Record up to 5,000 answers. A row that cannot be taken is rejected with its reason; the others are kept."""
        rows: Any = request.data
        if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_ROWS:
            count = len(rows) if isinstance(rows, list) else 0
            raise ValidationError(f"Send a list of 1 to {MOST_ROWS:,} answers; this holds {count:,}.")
        unreadable = {place: row for place, row in enumerate(rows, 1) if isinstance(row, BadValue)}
        outcomes = self.record([None if isinstance(row, BadValue) else row for row in rows])
        for place, bad in unreadable.items():
            outcomes[place - 1].errors = [Rejection(place, bad.field, bad.reason)]
        counts = Counter(posted.status for posted in outcomes)
        body = {
            "recorded": counts[Status.RECORDED],
            "duplicates": counts[Status.DUPLICATE],
            "updated": counts[Status.UPDATED],
            "rejected": counts[Status.REJECTED],
            "outcomes": outcomes,
        }
        return Answer(BulkOutcomeSerializer(body).data)


class ResponseDetailView(ResponseView):
    """One answer."""

    serializer_class = ResponseDetailSerializer

    def get(self, request: Request, pk: int) -> Answer:
        """One answer with all its versions."""
        response = get_object_or_404(self.get_queryset().prefetch_related("revisions"), pk=pk)
        return Answer(ResponseDetailSerializer(response).data)


def by_field(errors: list[Rejection]) -> dict[str, list[ErrorDetail]]:
    """Rejections as a ValidationError takes them."""
    found: dict[str, list[ErrorDetail]] = {}
    for error in errors:
        found.setdefault(error.field or "non_field_errors", []).append(ErrorDetail(error.reason, code="invalid"))
    return found
