"""Whoever is logged in reads the pages in their own language, with the times of their own clock."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation


class PersonMiddleware:
    """Activates language and time zone of the person; comes after authentication. Nobody logged in: nothing changes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            return self.get_response(request)
        try:
            zone = ZoneInfo(user.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            # A zone that was renamed or mistyped must not lock anybody out; they see the deployment's clock.
            zone = timezone.get_default_timezone()
        with timezone.override(zone), translation.override(user.language):
            return self.get_response(request)
