"""/api/v1/events/: what happened to customers, told by other programs, so that surveys ask about it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response as Answer

from nps_loop.api.parsing import BadValue, RowsJSONParser
from nps_loop.api.permissions import Administers, ScopeAllows
from nps_loop.api.views import MEGABYTE, ApiView
from nps_loop.people.models import ApiKey
from surveys.api.responses import INGEST_A_MINUTE, MOST_ROWS, by_field
from surveys.asking.events import Taken, take_events
from surveys.asking.serializers import EventInSerializer, EventsOutcomeSerializer, EventTakenSerializer
from surveys.incoming import Rejection


class EventView(ApiView):
    """The door for one event."""

    permission_classes = [ScopeAllows, Administers]
    takes_answers = True
    requests_a_minute = INGEST_A_MINUTE
    serializer_class = EventInSerializer

    def take(self, bodies: list[Any]) -> list[Taken]:
        key = self.request.auth
        return take_events(bodies, now=self.now, pinned_source=key.source if isinstance(key, ApiKey) else "")

    @extend_schema(request=EventInSerializer, responses={200: EventTakenSerializer, 201: EventTakenSerializer})
    def post(self, request: Request) -> Answer:
        """Tell one event: 201 where a survey was planned or a rule stopped it, 200 where it is known or nobody asks."""
        [taken] = self.take([request.data])
        if taken.errors:
            raise ValidationError(by_field(taken.errors))
        made = status.HTTP_201_CREATED if taken.is_new else status.HTTP_200_OK
        return Answer(EventTakenSerializer(taken).data, status=made)


class EventBulkView(EventView):
    """Many events in one request."""

    largest_body = 10 * MEGABYTE
    parser_classes = [RowsJSONParser]

    @extend_schema(request=EventInSerializer(many=True), responses={200: EventsOutcomeSerializer})
    def post(self, request: Request) -> Answer:
        """Tell up to 5,000 events. One that cannot be taken is rejected with its reason; the others are taken."""
        rows: Any = request.data
        if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_ROWS:
            count = len(rows) if isinstance(rows, list) else 0
            raise ValidationError(f"Send a list of 1 to {MOST_ROWS:,} events; this holds {count:,}.")
        unreadable = {place: row for place, row in enumerate(rows, 1) if isinstance(row, BadValue)}
        outcomes = self.take([None if isinstance(row, BadValue) else row for row in rows])
        for place, bad in unreadable.items():
            outcomes[place - 1].errors = [Rejection(place, bad.field, bad.reason)]
        counts = Counter(taken.status for taken in outcomes)
        body = {name: counts[name] for name in ("taken", "known", "ignored", "rejected")} | {"outcomes": outcomes}
        return Answer(EventsOutcomeSerializer(body).data)
