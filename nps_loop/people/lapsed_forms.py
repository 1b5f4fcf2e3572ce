"""A form whose proof of origin (the CSRF token) had lapsed: nothing is done, and what was typed can be sent once more.

The check itself is Django's and stays as strict as it is. What is new is the page that says so: to a form that came
from one of our own pages it hands back what was sent, in a form with a fresh token, which a person has to send. What
came from elsewhere, or whose origin nothing proves, is told and handed nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache

from nps_loop.people.kept_posts import asks_to_log_in, keeps_through_login

View = TypeVar("View", bound=Callable[..., HttpResponse])
Language = Callable[..., str]

# Where a password may have been typed: it is never written into a page.
_SECRET = frozenset({"login", "admin"})
_OURS = "csrfmiddlewaretoken"


@dataclass(frozen=True, slots=True)
class Lapsed:
    """What was sent, to be sent again: every field as it came, and of those the ones somebody wrote words into."""

    address: str
    fields: list[tuple[str, str]]

    @property
    def words(self) -> list[str]:
        return [value for _, value in self.fields if len(value.split()) > 1]


def taken_from_customers(language: Language) -> Callable[[View], View]:
    """For a view whose form needs no log-in: what a customer typed there is handed back too, in `language`.

    `language` takes what the view takes. Comes outside of every other decorator.
    """

    def mark(view: View) -> View:
        view.lapsed_language = language  # type: ignore[attr-defined]
        return view

    return mark


@never_cache
def refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What Django's CSRF check answers instead of the view: 403, or the log-in where that was lost as well."""
    match = request.resolver_match
    if match is None or not comes_from_here(request) or request.FILES:
        # A file cannot be written into a page: it has to be chosen again.
        return _page(request, None)
    if match.url_name in _SECRET or _SECRET & set(match.namespaces):
        return _page(request, None)
    language = getattr(match.func, "lapsed_language", None)
    if language is not None:
        with translation.override(language(request, *match.args, **match.kwargs)):
            return _page(request, _sent(request))
    if request.user.is_authenticated:
        return _page(request, _sent(request))
    return asks_to_log_in(request) if keeps_through_login(match.func) else _page(request, None)


def comes_from_here(request: HttpRequest) -> bool:
    """Whether the browser itself says that one of our own pages sent this. Silence proves nothing."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site != "same-origin":
        return False
    own = f"{request.scheme}://{request.get_host()}"
    if origin := request.headers.get("Origin"):
        return origin == own or origin in settings.CSRF_TRUSTED_ORIGINS
    referer = urlsplit(request.headers.get("Referer", ""))
    return f"{referer.scheme}://{referer.netloc}" == own


def _sent(request: HttpRequest) -> Lapsed:
    fields = [(name, value) for name, values in request.POST.lists() if name != _OURS for value in values]
    return Lapsed(request.get_full_path(), fields)


def _page(request: HttpRequest, lapsed: Lapsed | None) -> HttpResponse:
    context: dict[str, Any] = {"lapsed": lapsed}
    return render(request, "403_csrf.html", context, status=403)
