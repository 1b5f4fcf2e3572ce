"""The list a ticket was opened from, so that the way back ends on the same page of it and at the same row.

The browser carries it: a cookie that only the ticket pages read. It names one of our lists and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext

COOKIE = "list"
LONGEST = 1_500
LISTS = ("queue", "tickets")


@dataclass(frozen=True, slots=True)
class WayBack:
    """Where a ticket's page leads back to."""

    url: str
    label: str
    nav_place: str


def remember(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Let the browser carry which list, filter and place this page is."""
    place = request.get_full_path()
    if len(place) <= LONGEST:
        response.set_cookie(COOKIE, place, httponly=True, samesite="Lax", secure=request.is_secure())
    return response


def way_back(request: HttpRequest, number: int, *, fallback: str) -> WayBack:
    """To the row of this ticket on the list it was opened from; to `fallback` where no list is known."""
    labels = {"queue": gettext("My queue"), "tickets": gettext("All tickets")}
    carried = urlsplit(request.COOKIES.get(COOKIE, "")[:LONGEST])
    name = next((each for each in LISTS if reverse(each) == carried.path), fallback)
    query = QueryDict(carried.query).urlencode() if carried.path == reverse(name) else ""
    url = reverse(name) + (f"?{query}" if query else "")
    return WayBack(f"{url}#t{number}", labels[name], reverse(name))
