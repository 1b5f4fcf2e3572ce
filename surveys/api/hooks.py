"""/hooks/<source slug>/: what survey tools send by themselves. Whoever signs with the source's secret may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotFound, ParseError, ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response as Answer

from nps_loop.api.errors import Conflict
from nps_loop.api.parsing import StrictJSONParser, Unreadable, objection, read_brackets
from nps_loop.api.views import ApiView
from surveys.api.responses import INGEST_A_MINUTE, by_field
from surveys.hooks import Ignored, NotSetUp, NotSigned, check_signature, receive
from surveys.hooks.presets import PRESETS
from surveys.models import Source
from surveys.recording import Status


@dataclass(frozen=True, slots=True)
class Sender:
    """Whoever signed with the secret of a source. It stands where a key stands."""

    source: Source

    @property
    def principal(self) -> str:
        return f"source:{self.source.pk}"


class SignedBySource(BaseAuthentication):
    """The signature is checked on the raw body, before anything parses it."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Sender]:
        slug = request.parser_context["kwargs"]["slug"]
        source = Source.objects.filter(slug=slug, channel=Source.Channel.WEBHOOK, is_active=True).first()
        if source is None:
            raise NotFound("There is no such source, or it takes no deliveries.")
        if request.method == "POST":
            try:
                check_signature(
                    PRESETS[source.preset].scheme,
                    source.secrets,
                    request.headers,
                    request._request.body,
                    now=timezone.now(),
                )
            except NotSigned as error:
                raise AuthenticationFailed(str(error)) from None
        return AnonymousUser(), Sender(source)

    def authenticate_header(self, request: Request) -> str:
        return 'Signature realm="hooks"'


class BracketFormParser(BaseParser):
    """A form whose names spell out an object: `response[score]=7`."""

    media_type = "application/x-www-form-urlencoded"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            value = read_brackets(stream.read())
        except Unreadable as error:
            raise ParseError(str(error)) from None
        if bad := objection(value):
            raise ParseError(f"{bad.field}: {bad.reason}" if bad.field else bad.reason)
        return value


@extend_schema(exclude=True)
class HookView(ApiView):
    """Deliveries of one source. 201 for a new answer, 200 for a known one or for what is no answer at all."""

    authentication_classes = [SignedBySource]
    permission_classes = [AllowAny]
    parser_classes = [StrictJSONParser, BracketFormParser]
    requests_a_minute = INGEST_A_MINUTE

    def head(self, request: Request, slug: str) -> Answer:
        """Some vendors look whether the address is there before they send."""
        return Answer()

    def post(self, request: Request, slug: str) -> Answer:
        sender: Any = request.auth
        try:
            received = receive(sender.source, request.data, now=self.now)
        except NotSetUp as error:
            raise Conflict(str(error), code="not_set_up") from None
        if isinstance(received, Ignored):
            return Answer({"status": "ignored", "reason": received.reason})
        if received.errors:
            raise ValidationError(by_field(received.errors))
        body = {"status": received.status, "id": received.response_id, "note": received.note}
        made = received.status is Status.RECORDED
        return Answer(body, status=status.HTTP_201_CREATED if made else status.HTTP_200_OK)
