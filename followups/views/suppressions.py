"""/suppressions/: for leads and administrators."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from followups import suppressions_page
from followups.forms.suppressions import AddForm, LiftForm
from followups.viewing import viewer
from nps_loop.mail import suppression
from nps_loop.people.models import User

LARGEST = 2**63


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def suppressions(request: HttpRequest) -> HttpResponse:
    """The list; on a POST one address more."""
    _for_leads(request)
    adding = AddForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and adding.is_valid():
        suppressions_page.add(adding.cleaned_data, now=timezone.now())
        messages.success(request, gettext("Nothing of the kind is sent to this address any more."))
        return redirect("suppressions")
    page = suppressions_page.suppressions_page(request.GET)
    context = {"page": page, "adding": adding, "now": timezone.now()}
    return render(request, "followups/suppressions.html", context, status=400 if adding.is_bound else 200)


@login_required
@require_POST
def lift(request: HttpRequest, number: int) -> HttpResponse:
    """Take one row off the list, with a reason that is kept."""
    _for_leads(request)
    form = LiftForm(request.POST)
    if not form.is_valid():
        messages.warning(request, gettext("Not lifted: say in up to 200 letters why they may be written to again."))
    elif number < LARGEST and suppression.lift_one(
        number, why=form.cleaned_data["why"], by=cast(User, request.user), now=timezone.now()
    ):
        messages.success(request, gettext("Lifted. They may be written to again."))
    else:
        messages.warning(request, gettext("Not lifted: it is not on the list any more, or the address was erased."))
    return redirect("suppressions")


def _for_leads(request: HttpRequest) -> None:
    if not viewer(request).leads:
        raise Http404
    request.nav_place = "/set-up/"  # type: ignore[attr-defined]
