"""/api/docs/, the reference: it needs no log-in and no script. And what a program gets where the API has no address."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from nps_loop.api.errors import error_body
from nps_loop.api.reference import reference


@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    return render(request, "api_docs.html", {"reference": reference()})


@csrf_exempt  # It changes nothing, and a program that mistyped an address shall read so and nothing about cookies.
def no_such_address(request: HttpRequest, rest: str) -> HttpResponse:
    """404 in the shape of every refusal. Without the last slash a GET is led on, and nothing else.

    A redirected POST arrives as a GET: its sender would read 200 and take the answer for recorded.
    """
    with_slash = f"{request.path_info}/"
    if not _is_address(with_slash):
        return JsonResponse(error_body("not_found", "There is no such address. /api/docs/ lists them all."), status=404)
    if request.method in ("GET", "HEAD"):
        return redirect(request.get_full_path(force_append_slash=True))
    detail = f"Addresses end with a slash: send it to {request.path}/"
    return JsonResponse(error_body("not_found", detail), status=404)


def _is_address(path: str) -> bool:
    try:
        return resolve(path).func is not no_such_address
    except Http404:
        return False
