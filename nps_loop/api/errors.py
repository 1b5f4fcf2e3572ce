"""Refusals of the API, all in one shape: `{"type", "errors": [{"code", "detail", "attr"}]}`, plus what `extra` adds."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.types import ErrorResponse
from rest_framework import status
from rest_framework.exceptions import APIException, ErrorDetail, ParseError


class ApiError(APIException):
    """A refusal with its own status and code. `attr` names the field at fault, `extra` joins the body's top level."""

    default_code = "refused"

    def __init__(self, detail: str, *, code: str = "", attr: str = "", extra: dict[str, Any] | None = None) -> None:
        super().__init__(detail, code or self.default_code)
        self.attr = attr or None
        self.extra = extra or {}


class Conflict(ApiError):
    """The rules, or the present state, do not allow it now."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class InFlightNow(Conflict):
    """The first request with this Idempotency-Key has not been answered yet."""

    default_code = "in_flight"
    wait = 1


class StaleVersion(ApiError):
    """It changed since it was read."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "stale"


class NoLength(ApiError):
    """The body comes in pieces of unknown length, which the server would read as no body at all."""

    status_code = status.HTTP_411_LENGTH_REQUIRED
    default_code = "length_required"


class TooLarge(ApiError):
    """The body is longer than this address takes."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class OtherBody(ApiError):
    """This Idempotency-Key came with another request before."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "idempotency_key_reused"


class NotPermitted(ApiError):
    """Somebody else may do this."""

    status_code = status.HTTP_403_FORBIDDEN
    default_code = "forbidden"


class ErrorShape(ExceptionFormatter):
    """The package's shape, with the field and the extras that an ApiError names."""

    def format_error_response(self, error_response: ErrorResponse) -> Any:
        body = super().format_error_response(error_response)
        if isinstance(self.exc, ApiError):
            body["errors"][0]["attr"] = self.exc.attr
            body.update(self.exc.extra)
        return body


class ErrorAnswers(ExceptionHandler):
    """Turns what Django itself says about a body it cannot take into an answer; it would look like a fault of ours."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        if isinstance(exc, RequestDataTooBig):
            return TooLarge("This body is too long.")
        if isinstance(exc, SuspiciousOperation | MultiPartParserError | UnreadablePostError):
            return ParseError("This body cannot be read.")
        return super().convert_known_exceptions(exc)


def error_body(code: str, detail: str) -> dict[str, Any]:
    """The one shape, for what is refused before any view of the API is reached."""
    return {"type": "client_error", "errors": [{"code": code, "detail": detail, "attr": None}]}


def first_sentence(detail: Any) -> tuple[str, str]:
    """Field path and sentence of the first error in what a serializer's `errors` or a ValidationError holds."""
    path: list[str] = []
    while not isinstance(detail, ErrorDetail | str):
        if isinstance(detail, dict):
            name, detail = next(iter(detail.items()))
            path.append(str(name))
        else:
            detail = next(part for part in detail if part)
    return ".".join(part for part in path if part != "non_field_errors"), str(detail)
