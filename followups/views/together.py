"""/queue/together/: several tickets at once, after a look at what is left out, and what became of each."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from followups.forms.base import CauseField, ColleagueField, Desk, Shelf
from followups.forms.together import TOGETHER, TogetherForm
from followups.queue_page import numbers_of
from followups.refusals import Incomplete
from followups.together import MOST, Chosen, begin, chosen, job_of, outcome
from followups.viewing import Viewer, viewer
from nps_loop.people.models import User

# Of so many each is shown with its name; of more than these only what is left out.
SHOWN = 50


@login_required
@require_POST
def together(request: HttpRequest) -> HttpResponse:
    """First what would happen; with `sure` it begins, and the next page says what became of each."""
    now, looking = timezone.now(), viewer(request)
    verb = request.POST.get("do", "")
    numbers = _numbers(request, looking, now)
    if verb not in TOGETHER or not numbers:
        messages.info(request, gettext("Tick the tickets first."))
        return redirect("queue")
    rows = chosen(looking, numbers, verb, now=now)
    if not rows:
        return redirect("queue")
    sure = "sure" in request.POST
    form = TOGETHER[verb](request.POST if sure else None, auto_id="together-%s")
    _offer(form, Desk(rows[0].ticket, looking.user, now, Shelf(rows[0].ticket, looking.user)))
    possible = [row for row in rows if not row.why_not]
    if not sure or not possible or not form.is_valid():
        return _look(request, rows, verb, form, now, status=400 if sure else 200)
    try:
        job = begin(rows, verb, form.arguments(), user=cast(User, request.user), now=now)
    except Incomplete as refusal:
        for field, reason in refusal.errors.items():
            form.add_error(field, reason)
        return _look(request, rows, verb, form, now, status=400)
    return redirect("together-job", job.pk)


@login_required
@require_safe
def together_job(request: HttpRequest, number: int) -> HttpResponse:
    """How far it is, and at the end what was done and what was left out and why."""
    looking = viewer(request)
    job = job_of(number, looking.user) if number < 2**63 else None
    if job is None:
        raise Http404
    rows = outcome(job, looking) if job.is_over else []
    context = {
        "job": job,
        "verb": job.parameters["verb"],
        "left_out": [row for row in rows if row[0].state == row[0].State.REFUSED],
        "done": [row for row in rows if row[0].state == row[0].State.DONE],
        "now": timezone.now(),
    }
    return render(request, "followups/together_job.html", context)


def _numbers(request: HttpRequest, looking: Viewer, now: datetime) -> list[int]:
    """The ticked tickets, or with `whole` all of the view they were ticked in."""
    if "whole" in request.POST:
        view, search = request.POST.get("view", ""), request.POST.get("q", "")
        return numbers_of(looking, view=view, search=search, now=now, most=MOST)
    texts = [*request.POST.getlist("ticket"), *request.POST.get("tickets", "").split(",")]
    return [int(text) for text in texts if text.isdecimal() and len(text) < 19]


def _offer(form: TogetherForm, desk: Desk) -> None:
    """Fill in what there is to choose from, read only where it is drawn."""
    for field in form.fields.values():
        if isinstance(field, ColleagueField):
            field.choices = lambda: desk.shelf.colleagues
        elif isinstance(field, CauseField):
            field.choices = lambda: desk.shelf.causes
    form.initial.setdefault("until", desk.next_morning())


def _look(
    request: HttpRequest, rows: list[Chosen], verb: str, form: TogetherForm, now: datetime, *, status: int
) -> HttpResponse:
    possible = [row for row in rows if not row.why_not]
    context = {
        "rows": rows if len(rows) <= SHOWN else [row for row in rows if row.why_not],
        "count": len(rows),
        "possible": possible,
        "fields": [(form[name], form.read_by.get(name, "")) for name in form.fields],
        "verb": verb,
        "form": form,
        "now": now,
    }
    return render(request, "followups/together.html", context, status=status)
