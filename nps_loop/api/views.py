"""What every address of the API has in common: who may, how much, how often, and one answer per Idempotency-Key."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from django.http import HttpRequest, UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from rest_framework import status
from rest_framework.exceptions import UnsupportedMediaType, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from nps_loop.api.errors import InFlightNow, NoLength, OtherBody, TooLarge
from nps_loop.api.permissions import ScopeAllows
from nps_loop.people import idempotency
from nps_loop.people.throttles import PerMinute, principal

MEGABYTE = 1024 * 1024
# What is refused is read all the same, so far. Whoever sends more than this finds the connection closed.
MOST_READ_FOR_NOTHING = 32 * MEGABYTE


class _AnsweredBefore(Exception):
    """Ends a request whose first answer is known."""

    def __init__(self, first: idempotency.FirstAnswer) -> None:
        super().__init__()
        self.first = first


class StoredAnswer(Response):
    """A first answer given again, byte for byte."""

    def __init__(self, first: idempotency.FirstAnswer) -> None:
        super().__init__(status=first.status, headers={"Idempotent-Replayed": "true"})
        self.stored = first.body

    @property
    def rendered_content(self) -> Any:
        if self.stored:
            self["Content-Type"] = "application/json"
        return self.stored.encode()


class ApiView(GenericAPIView[Any]):
    """Base of every view under /api/v1/.

    `now` is read once, when a request comes in. A body longer than `largest_body` is refused before it is read. A POST
    with an `Idempotency-Key` is done once; `claim` is then its claim, else None.
    """

    permission_classes = [ScopeAllows]
    throttle_classes = [PerMinute]
    pagination_class: Any = None
    filter_backends: Any = []
    largest_body: ClassVar[int] = MEGABYTE

    now: datetime
    claim: idempotency.Claim | None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The API speaks English and UTC to everybody, whatever the person or the browser prefers."""
        with timezone.override(UTC), translation.override("en"):
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.now = timezone.now()
        self.claim = None
        # Before anything else: checking a log-in may read the body.
        self._limit_body(request)
        super().initial(request, *args, **kwargs)
        if request.method == "POST" and "Idempotency-Key" in request.headers:
            self._claim(request, request.headers["Idempotency-Key"])

    def _limit_body(self, request: Request) -> None:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if "Transfer-Encoding" in request.headers and length == "0":
            raise NoLength("Send the body in one piece with its Content-Length, not chunked.")
        if length.isdigit() and int(length) > self.largest_body:
            raise TooLarge(
                f"This is {int(length) / MEGABYTE:.1f} MB; at most {self.largest_body // MEGABYTE} MB are taken."
            )

    def _claim(self, request: Request, key: str) -> None:
        if not key.strip() or len(key) > idempotency.LONGEST_KEY or not (key.isascii() and key.isprintable()):
            raise ValidationError({"Idempotency-Key": ["Give 1 to 255 plain characters, or leave the header out."]})
        if request.content_type and request.content_type.split(";")[0].strip().lower() != "application/json":
            raise UnsupportedMediaType(request.content_type)
        path = request.get_full_path()
        print_ = idempotency.fingerprint("POST", path, request._request.body)
        try:
            taken = idempotency.claim(principal(request), key, path=path, print_=print_, now=self.now)
        except idempotency.InFlight:
            raise InFlightNow("The first request with this Idempotency-Key is still being worked on.") from None
        except idempotency.OtherRequest:
            raise OtherBody("This Idempotency-Key was used for another request within the last 24 hours.") from None
        if isinstance(taken, idempotency.FirstAnswer):
            raise _AnsweredBefore(taken)
        self.claim = taken

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, _AnsweredBefore):
            return StoredAnswer(exc.first)
        try:
            return super().handle_exception(exc)
        except Exception:
            # Only while developing are faults passed on; the claim must not outlive them.
            if self.claim is not None:
                idempotency.give_back(self.claim)
            raise

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        _read_to_the_end(request._request)
        taken = getattr(self, "claim", None)
        if taken is None:
            return response
        if status.is_server_error(response.status_code):
            idempotency.give_back(taken)
        else:
            response.add_post_render_callback(
                lambda done: idempotency.keep(taken, done.status_code, done.content.decode())
            )
        return response

    def checked(self, serializer: BaseSerializer[Any]) -> dict[str, Any]:
        """What a serializer found in the request's body. Raises ValidationError, one entry per field at fault."""
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


def _read_to_the_end(request: HttpRequest) -> None:
    """Read what a refusal left unread of the body, and forget it.

    Where a server answers and closes while the other side still sends, the answer is lost with the connection, and
    the sender sees a broken pipe instead of the reason.
    """
    length = request.META.get("CONTENT_LENGTH") or "0"
    if getattr(request, "_read_started", True) or not length.isdigit() or int(length) > MOST_READ_FOR_NOTHING:
        return
    try:
        while request.read(MEGABYTE):
            pass
    except UnreadablePostError:
        return  # They went away; there is nobody to answer.
