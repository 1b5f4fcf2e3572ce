"""Pages behind a customer's link: one friendly page for every link that leads nowhere, and an end to guessing.

A token is 160 bits of proof, so guessing is hopeless; it is stopped all the same, because a program that tries many
costs work. A link that was ours once (run out, taken back) is no guess: whoever opens old mails is not shut out.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Concatenate, ParamSpec

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.views.decorators.cache import never_cache

from nps_loop import links
from nps_loop.people.models import Presses
from nps_loop.requestlog import client_ip

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

# So many of one address within one stretch of ten minutes. A whole company may stand behind one address.
STRETCH = timedelta(minutes=10)
GUESSES = 40
GUESS = "guess"


def stops_guessing(view: View[P]) -> View[P]:
    """For the page of a link: an address that tried too many wrong ones gets a plain 429 until the stretch is over."""

    @wraps(view)
    def asked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        now = timezone.now()
        return (
            too_many(request, now=now) if is_over(request, GUESS, GUESSES, now=now) else view(request, *args, **kwargs)
        )

    return asked


@never_cache
def gone(request: HttpRequest, purpose: str, token: str) -> HttpResponse:
    """The page for a link that leads nowhere, 410: the same whether it ran out, was taken back, or never was ours."""
    if not links.is_ours(token, purpose):
        count(request, GUESS, now=timezone.now())
    response = render(request, "link_gone.html", status=410)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@never_cache
def too_many(request: HttpRequest, *, now: datetime) -> HttpResponse:
    """A plain page, 429, that says when to come back."""
    response = render(request, "link_too_many.html", status=429)
    response["Retry-After"] = str(int((_stretch(now) + STRETCH - now).total_seconds()) + 1)
    return response


def is_over(request: HttpRequest, what: str, most: int, *, now: datetime) -> bool:
    """Whether the address of this request did `what` `most` times in this stretch. One query, nothing written."""
    rows = Presses.objects.filter(what=what, who=_who(request), since=_stretch(now), count__gte=most)
    return rows.exists()


def count(request: HttpRequest, what: str, *, now: datetime) -> None:
    """Count `what` once more for the address of this request."""
    row = {"what": what, "who": _who(request), "since": _stretch(now)}
    Presses.objects.bulk_create([Presses(**row)], ignore_conflicts=True)
    Presses.objects.filter(**row).update(count=F("count") + 1)


def forget_old(*, now: datetime) -> int:
    """Throw the counts of yesterday away; returns how many."""
    return Presses.objects.filter(since__lt=now - timedelta(days=1)).delete()[0]


def _stretch(now: datetime) -> datetime:
    seconds = int(STRETCH.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)


def _who(request: HttpRequest) -> str:
    """Who asks, as a keyed hash. Of IPv6 the network: one customer's line has all of its addresses."""
    given = client_ip(request)
    try:
        address = ipaddress.ip_address(given)
    except ValueError:
        return salted_hmac("nps_loop.link_guard", given, algorithm="sha256").hexdigest()[:32]
    whole = str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)
    return salted_hmac("nps_loop.link_guard", whole, algorithm="sha256").hexdigest()[:32]
