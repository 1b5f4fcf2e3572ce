"""/contacts/<id>/erase/: what would go, said before it goes, for administrators."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from followups.customer_page import contact_of
from followups.erasing import what_would_go
from followups.viewing import viewer
from nps_loop.people.models import User
from surveys import erasing

LARGEST = 2**63


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, number: int) -> HttpResponse:
    """Show what would go; on a POST that says so, leave the erasure to a worker."""
    person = contact_of(viewer(request), number) if number < LARGEST else None
    if person is None:
        raise Http404
    user = cast(User, request.user)
    if not user.is_superuser:
        raise PermissionDenied
    if person.erased_at is not None:
        return redirect("contact", person.pk)
    unsure = request.method == "POST" and request.POST.get("sure") != "yes"
    if request.method == "POST" and not unsure:
        erasing.ask(person, by=user, now=timezone.now())
        messages.success(request, gettext("It has begun. In a minute nothing here says any more who this was."))
        return redirect("contact", person.pk)
    context = {"contact": person, "going": what_would_go(erasing.person_of(person)), "unsure": unsure}
    return render(request, "followups/erase.html", context, status=400 if unsure else 200)
