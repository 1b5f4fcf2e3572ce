"""A form that was sent after the log-in had run out: what was typed goes through the log-in page and is not lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from nps_loop.people.forms import LogInForm

P = ParamSpec("P")

# More than anybody types into a form, less than would hurt a session.
MOST = 200_000
_KEY = "kept_post"
_OURS = frozenset({"csrfmiddlewaretoken", "version"})

View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def login_keeps_what_is_typed(view: View[P]) -> View[P]:
    """For a view that takes a form: without a log-in, a POST answers with the log-in page, which holds what was typed.

    Comes outside of `login_required`, which sees everything else. After the log-in the person is led to the same
    address by GET, where `kept_post` hands it out.
    """

    @wraps(view)
    def asked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.method != "POST" or request.user.is_authenticated:
            return view(request, *args, **kwargs)
        return asks_to_log_in(request)

    asked.keeps_through_login = True  # type: ignore[attr-defined]
    return asked


def keeps_through_login(view: Callable[..., HttpResponse]) -> bool:
    """Whether what is typed into the form of this view goes through the log-in."""
    return getattr(view, "keeps_through_login", False)


def asks_to_log_in(request: HttpRequest) -> HttpResponse:
    """The log-in page, 401, with what was sent in it and the way back to the same address."""
    typed = {name: value for name, value in request.POST.items() if name not in _OURS}
    context = {"form": LogInForm(request), "next": request.path, "kept": packed(typed)}
    return render(request, "registration/login.html", context, status=401)


def packed(typed: dict[str, Any]) -> str:
    """What was typed as one hidden field holds it; empty where it is more than is kept."""
    text = json.dumps(typed, ensure_ascii=False)
    return text if len(text) <= MOST else ""


def remember(request: HttpRequest, path: str, kept: str) -> None:
    """Keep what came through the log-in page until the person is back at `path`; what is no such text is dropped."""
    if not kept or len(kept) > MOST:
        return
    try:
        typed = json.loads(kept)
    except ValueError:
        return
    if isinstance(typed, dict):
        request.session[_KEY] = {"path": path, "typed": {str(name): str(value) for name, value in typed.items()}}


def kept_post(request: HttpRequest) -> dict[str, str]:
    """What was typed for this very address before the log-in, once; empty where there is nothing."""
    kept = request.session.get(_KEY)
    if kept is None or kept["path"] != request.path:
        return {}
    del request.session[_KEY]
    typed: dict[str, str] = kept["typed"]
    return typed
