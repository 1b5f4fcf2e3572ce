"""What the OpenAPI document says beyond the views themselves: how keys are sent, and the headers of every POST."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from drf_standardized_errors.openapi import AutoSchema


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = "nps_loop.people.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A key with the scope ingest, read or write."}


class ApiSchema(AutoSchema):
    """Adds `Idempotency-Key` to every POST."""

    def get_override_parameters(self) -> list[Any]:
        if self.method != "POST":
            return []
        return [
            OpenApiParameter(
                "Idempotency-Key",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description=(
                    "Up to 255 characters. Within 24 hours the same request gets the first status and body again; 409 "
                    "while the first is being worked on, 422 for another body."
                ),
            )
        ]
