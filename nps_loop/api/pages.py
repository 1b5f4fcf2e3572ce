"""/api/docs/: the reference, for people who write against the API. It needs no log-in and no script."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from nps_loop.api.reference import reference


@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    return render(request, "api_docs.html", {"reference": reference()})
