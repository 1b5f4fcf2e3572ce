"""What goes on around writing on a ticket: drafts, the preview in its frame, taking a mail back, following."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from followups import drafts, undoing, watching, workflow
from followups.actors import Actor
from followups.forms import FORMS
from followups.letter_preview import preview_of
from followups.models import KeptDraft
from followups.refusals import Refused
from followups.templatetags.moments import moment
from followups.viewing import viewer
from followups.views.ticket import form_for, found_ticket
from nps_loop.mail.framing import framed
from nps_loop.mail.models import Message
from nps_loop.people.models import User


@login_required
@require_POST
def draft(request: HttpRequest, number: int, verb: str) -> HttpResponse:
    """Keep what is typed into a form so far, or throw it away. A script asks for the first, a button for the second."""
    if verb not in FORMS:
        raise Http404
    now = timezone.now()
    ticket, user = found_ticket(request, number), cast(User, request.user)
    if "throw-away" in request.POST:
        drafts.throw_away(user, ticket, verb)
        messages.success(request, gettext("The draft is thrown away."))
        if request.POST.get("from") == "actions":
            return redirect("actions")
        return redirect(f"{reverse('ticket', args=[ticket.pk])}?do={verb}#{verb}")
    form = form_for(request, ticket, verb, now, request.POST)
    typed = drafts.typed_into(form.fields, request.POST)
    if drafts.was_sent(user, ticket, verb, version=request.POST.get("version", "")):
        # The form went out while this was on its way.
        return JsonResponse({"said": ""})
    if not type(form)(desk=form.desk, **form.given).is_worth_keeping(typed):
        drafts.throw_away(user, ticket, verb)
        return JsonResponse({"said": ""})
    try:
        kept = drafts.keep(user, ticket, verb, typed, now=now)
    except drafts.TooLong:
        return JsonResponse({"said": gettext("This is too long to be kept.")}, status=413)
    return JsonResponse({"said": gettext("Draft kept %(when)s.") % {"when": moment(kept.kept_at, now)}})


@login_required
@require_safe
@never_cache
@xframe_options_sameorigin
def preview(request: HttpRequest, number: int, verb: str) -> HttpResponse:
    """The mail a draft would become, as its reader sees it: for the frame beside the text."""
    now = timezone.now()
    ticket, user = found_ticket(request, number), cast(User, request.user)
    kept = KeptDraft.objects.of(user, ticket).filter(form=verb).first() if verb in FORMS else None
    if kept is None or not viewer(request).works_on(ticket) or not viewer(request).sees_words(ticket):
        raise Http404
    typed = QueryDict(mutable=True)
    typed.update(KeptDraft.unpacked(kept.typed) | {"version": str(ticket.version)})
    form = form_for(request, ticket, verb, now, typed)
    shown = preview_of(form) if form.is_valid() else {}
    if not shown:
        raise Http404
    return framed(HttpResponse(shown["html"], content_type="text/html; charset=utf-8"))


@login_required
@require_POST
def take_back(request: HttpRequest, number: int, mail: int) -> HttpResponse:
    """Undo: the mail is taken back while it waits, and what was typed stands in its form again."""
    now = timezone.now()
    ticket, user = found_ticket(request, number), cast(User, request.user)
    message = get_object_or_404(Message, pk=mail, case=ticket.pk)
    undoing.forget(request)
    try:
        workflow.take_back(ticket, actor=Actor.person(user), now=now, message=message)
    except Refused as refusal:
        messages.warning(request, refusal.message)
        return redirect("ticket", ticket.pk)
    name = message.recipient_name or message.recipient
    verb = drafts.bring_back(user, message, now=now)
    said = gettext("Taken back: nothing was sent to %(name)s.") % {"name": name}
    if not verb:
        messages.success(request, said)
        return redirect("ticket", ticket.pk)
    there = gettext("What you wrote stands in the form again.")
    messages.success(request, f"{said} {there}")
    return redirect(f"{reverse('ticket', args=[ticket.pk])}?do={verb}#{verb}")


@login_required
@require_POST
def follow(request: HttpRequest, number: int) -> HttpResponse:
    """Follow a ticket, or follow it no longer."""
    now = timezone.now()
    ticket, user = found_ticket(request, number), cast(User, request.user)
    if not viewer(request).works_on(ticket):
        raise Http404
    if "stop" in request.POST:
        watching.unwatch(ticket, user)
        messages.success(request, gettext("You follow #%(n)s no longer.") % {"n": ticket.pk})
    else:
        watching.watch(ticket, user, now=now)
        said = gettext("You follow #%(n)s: you hear when it is resolved, opened again, or the customer writes.")
        messages.success(request, said % {"n": ticket.pk})
    return redirect("ticket", ticket.pk)
