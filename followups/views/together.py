"""/queue/together/: several tickets at once, after a look at what is left out."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from followups.actors import Actor
from followups.forms.base import Desk, Shelf
from followups.forms.together import TOGETHER
from followups.together import act_on, chosen
from followups.viewing import viewer
from nps_loop.people.models import User


@login_required
@require_POST
def together(request: HttpRequest) -> HttpResponse:
    """First what would happen, and with `sure` what happened."""
    now, looking = timezone.now(), viewer(request)
    verb = request.POST.get("do", "")
    numbers = [int(text) for text in request.POST.getlist("ticket") if text.isdecimal() and len(text) < 19]
    if verb not in TOGETHER or not numbers:
        messages.info(request, gettext("Tick the tickets first."))
        return redirect("queue")
    rows = chosen(looking, numbers, verb, now=now)
    possible = [row for row in rows if not row.why_not]
    sure = "sure" in request.POST
    form = TOGETHER[verb](request.POST if sure else None, auto_id="together-%s")
    if not rows:
        return redirect("queue")
    shelf = Shelf(rows[0].ticket, looking.user)
    if "to" in form.fields:
        form.fields["to"].choices = lambda: shelf.colleagues  # type: ignore[attr-defined]
    else:
        form.initial["until"] = Desk(rows[0].ticket, looking.user, now, shelf).next_morning()
    if not sure or not form.is_valid():
        context = {"rows": rows, "possible": possible, "verb": verb, "form": form, "now": now}
        return render(request, "followups/together.html", context, status=400 if sure else 200)
    outcome = act_on(possible, verb, actor=Actor.person(cast(User, request.user)), now=now, **form.arguments())
    count = len(outcome.done)
    words = (
        ngettext("%(n)s ticket is snoozed.", "%(n)s tickets are snoozed.", count)
        if verb == "snooze"
        else ngettext("%(n)s ticket is handed over.", "%(n)s tickets are handed over.", count)
    )
    if count:
        messages.success(request, words % {"n": count})
    for ticket, reason in outcome.left_out:
        messages.warning(request, gettext("#%(n)s was left out. %(reason)s") % {"n": ticket.pk, "reason": reason})
    return redirect("queue")
