"""/contacts/<id>/merge/ and /responses/<id>/whose/: who is who, decided by leads and administrators."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from followups import workflow
from followups.actors import Actor
from followups.customer_page import contact_of
from followups.forms.people import MergeForm, WhoseForm
from followups.models import Ticket
from followups.persons import could_be
from followups.refusals import Incomplete, Refused
from followups.viewing import Viewer, viewer
from nps_loop.people.models import User
from surveys.models import Contact, Response
from surveys.quoting import display

LARGEST = 2**63


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest, number: int) -> HttpResponse:
    """Choose the other entry, see what would happen, and do it."""
    now, looking = timezone.now(), viewer(request)
    person = _person(looking, number)
    if person.pk != number:
        return redirect("contact-merge", person.pk)
    given = request.POST if request.method == "POST" else request.GET
    words = given.get("q", "")
    other = _other(looking, person, given.get("with", ""))
    form = MergeForm(request.POST if request.method == "POST" else None)
    context = {"contact": person, "words": words, "now": now, "form": form}
    if other is None:
        return render(request, "followups/merge.html", context | {"people": could_be(person, looking, words)})
    actor, status, refusal = Actor.person(cast(User, request.user)), 200, ""
    if request.method == "POST" and form.is_valid():
        try:
            moved = workflow.merge(person, other, actor=actor, now=now, **form.cleaned_data)
        except Incomplete as incomplete:
            form.refuse(incomplete)
            status = 400
        except Refused as refused:
            refusal, status = refused.message, 409
        else:
            words = gettext("%(other)s is one person with %(name)s now.") % {"other": other, "name": person}
            if moved is None:
                words = gettext("That was done before. Nothing changed.")
            messages.success(request, words)
            return redirect("contact", person.pk)
    look = workflow.look_at_merge(person, other, actor=actor)
    shown = looking.user.is_superuser or all(looking.works_on(ticket) for ticket in look.tickets)
    return render(
        request,
        "followups/merge.html",
        context | {"look": look, "refusal": refusal, "other": other, "sees_tickets": shown},
        status=status,
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def whose(request: HttpRequest, number: int) -> HttpResponse:
    """This answer is another person's: who, and which keys lead there from now on."""
    now, looking = timezone.now(), viewer(request)
    answer = get_object_or_404(
        Response.objects.select_related("contact__account", "touchpoint", "account"),
        pk=number if number < LARGEST else 0,
        contact__isnull=False,
    )
    person = _person(looking, cast(int, answer.contact_id))
    ticket = Ticket.objects.filter(response=answer).first()
    if ticket is not None and not Ticket.objects.visible_to(looking.user).filter(pk=ticket.pk).exists():
        raise Http404
    given = request.POST if request.method == "POST" else request.GET
    people = could_be(person, looking, given.get("q", ""))
    keys = list(person.keys.order_by("pk"))
    form = WhoseForm(request.POST if request.method == "POST" else None, people=people, keys=keys)
    status, refusal = 200, ""
    if request.method == "POST":
        try:
            if form.is_valid():
                actor = Actor.person(cast(User, request.user))
                found = workflow.give_answer(answer, actor=actor, now=now, **form.arguments())
                messages.success(request, gettext("The answer is one of %(name)s now.") % {"name": found})
                there = contact_of(looking, found.pk)
                return redirect("contact", found.pk if there is not None else person.pk)
            status = 400
        except Incomplete as incomplete:
            form.refuse(incomplete)
            status = 400
        except Refused as refused:
            refusal, status = refused.message, 409
    seen = ticket is None or looking.sees_words(ticket)
    context = {
        "answer": answer,
        "said": display(answer.verbatim) if seen else "",
        "seen": seen,
        "contact": person,
        "ticket": ticket,
        "form": form,
        "keys": keys,
        "words": given.get("q", ""),
        "refusal": refusal,
        "now": now,
    }
    return render(request, "followups/whose.html", context, status=status)


def _person(looking: Viewer, number: int) -> Contact:
    """The person this person may see and may decide about."""
    person = contact_of(looking, number) if number < LARGEST else None
    if person is None:
        raise Http404
    if not workflow.may_merge(looking.user):
        raise PermissionDenied
    return person


def _other(looking: Viewer, person: Contact, text: str) -> Contact | None:
    """The entry that was chosen, where this person may know it; one that was merged stands for itself."""
    if not text.isdecimal() or len(text) > 18:
        return None
    number = int(text)
    found = next((row for row in could_be(person, looking, text) if row.pk == number), None)
    if found is not None:
        return found
    seen = contact_of(looking, number)
    return Contact.objects.select_related("account").get(pk=number) if seen is not None else None
