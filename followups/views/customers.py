"""/contacts/<id>/ and /accounts/<id>/: all about one person, all about one company."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from followups.account_page import account_of, account_page
from followups.actors import Actor
from followups.customer_page import contact_of, contact_page
from followups.opening import open_by_hand
from followups.refusals import Refused
from followups.viewing import viewer
from nps_loop.people.models import User
from surveys.models import Response

LARGEST = 2**63


@login_required
@require_safe
def contact(request: HttpRequest, number: int) -> HttpResponse:
    now, looking = timezone.now(), viewer(request)
    found = contact_of(looking, number) if number < LARGEST else None
    if found is None:
        raise Http404
    if found.pk != number:
        return redirect("contact", found.pk)
    page = contact_page(found, looking, now=now)
    return render(request, "followups/contact.html", {"page": page, "contact": found, "now": now})


@login_required
@require_safe
def account(request: HttpRequest, number: int) -> HttpResponse:
    now, looking = timezone.now(), viewer(request)
    found = account_of(looking, number) if number < LARGEST else None
    if found is None:
        raise Http404
    page = account_page(found, looking, now=now)
    return render(request, "followups/account.html", {"page": page, "account": found, "now": now})


@login_required
@require_POST
def open_ticket(request: HttpRequest, number: int) -> HttpResponse:
    """Open a ticket by hand over an answer of a person whose page one may see."""
    if number >= LARGEST:
        raise Http404
    response = get_object_or_404(Response, pk=number, contact__isnull=False)
    if contact_of(viewer(request), cast(int, response.contact_id)) is None:
        raise Http404
    actor = Actor.person(cast(User, request.user))
    try:
        ticket = open_by_hand(response, actor=actor, now=timezone.now(), reason=request.POST.get("reason", ""))
    except Refused as refusal:
        messages.warning(request, refusal.message)
        if reason := request.POST.get("reason", "").strip():
            # Somebody may have been faster: what was written belongs on the ticket that is there.
            messages.info(request, gettext("What you wrote: %(words)s") % {"words": reason})
        return redirect("contact", response.contact_id)
    messages.success(request, gettext("Ticket #%(n)s is open.") % {"n": ticket.pk})
    return redirect("contact", response.contact_id)
