"""/accounts/<id>/visit/: one visit, logged on every open ticket of the account that one works on."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from followups.account_page import account_of
from followups.actors import Actor
from followups.forms.visiting import VisitForm
from followups.viewing import viewer
from followups.visiting import Visit, log_visit, stops
from nps_loop.people.models import User

LARGEST = 2**63


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def visit(request: HttpRequest, number: int) -> HttpResponse:
    """The form; and after it what was logged and what was refused, with everything typed still there for those."""
    now, looking = timezone.now(), viewer(request)
    account = account_of(looking, number) if number < LARGEST else None
    if account is None:
        raise Http404
    sent = request.method == "POST"
    form = VisitForm(request.POST if sent else None, now=now)
    rows = stops(account, looking, ticked=form.ticked)
    outcome, status = Visit([], []), 200
    if sent and not form.is_valid():
        status = 400
    elif sent:
        there = [row for row in rows if row.ticket.pk in form.cleaned_data["ticket"]]
        actor = Actor.person(cast(User, request.user))
        outcome = log_visit(there, form.seen, actor=actor, now=now, **form.arguments())
        if not outcome.refused:
            numbers = ", ".join(f"#{row.ticket.pk}" for row in outcome.done)
            if numbers:
                messages.success(request, gettext("Logged on %(numbers)s.") % {"numbers": numbers})
            return redirect("account", account.pk)
        # What was refused can be sent again as it is, on what the tickets are now.
        again = [row.ticket.pk for row in outcome.refused]
        rows = [row for row in stops(account, looking, ticked=again) if row.ticket.pk in again]
        status = 409
    possible = [row for row in rows if not row.why_not]
    ticked = set(form.ticked) if sent else {row.ticket.pk for row in possible}
    context = {
        "account": account,
        "rows": rows,
        "possible": possible,
        "ticked": ticked,
        "form": form,
        "outcome": outcome,
        "now": now,
    }
    return render(request, "followups/visit.html", context, status=status)
