"""/mails/: the words of automatic mails. Leads and administrators write them, as versions."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from followups import wording_page, wording_versions
from followups.forms.mails import NewWordingForm, PartsForm
from followups.mail_kinds import KINDS
from followups.models import MailWording
from followups.refusals import Incomplete, Refused
from followups.viewing import viewer
from nps_loop import links
from nps_loop.mail import outbox
from nps_loop.mail.framing import framed
from nps_loop.people.models import User
from surveys.models import Survey


@login_required
@require_safe
def mails_page(request: HttpRequest) -> HttpResponse:
    _leads_only(request)
    surveys = Survey.objects.filter(is_sent=True).order_by("name", "pk")
    context = {"lines": wording_page.overview(), "surveys": surveys, "now": timezone.now()}
    return render(request, "followups/mails.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Begin to word a mail: which one, for whom, and what it says."""
    _leads_only(request)
    now, kind = timezone.now(), request.GET.get("kind", "")
    if request.method == "POST":
        # The kind is chosen in the same form, so every part can be typed; one the mail lacks is refused with words.
        form = NewWordingForm(request.POST, kind="")
    else:
        form = NewWordingForm(kind=kind, initial=request.GET.dict())
    refusal = ""
    if form.is_bound and form.is_valid():
        try:
            made = wording_versions.save_draft(form.place(), form.parts, edits=None, by=_user(request), now=now)
        except Incomplete as incomplete:
            form.refuse(incomplete)
        except Refused as refused:
            refusal = refused.message
        else:
            return redirect(f"{reverse('wording', args=[made.pk])}#preview")
    status = 409 if refusal else 400 if form.errors else 200
    context = {"form": form, "refusal": refusal, "kinds": KINDS.values()}
    return render(request, "followups/mail_new.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def mail(request: HttpRequest, number: int) -> HttpResponse:
    """One version: a draft is changed here, with how it reads beside it; any other is read."""
    _leads_only(request)
    now, user, row = timezone.now(), _user(request), _found(number)
    form = PartsForm(
        request.POST if request.method == "POST" else None,
        kind=row.kind,
        initial=row.parts | {"edits": row.edits},
    )
    refusal = ""
    if form.is_bound and form.is_valid():
        try:
            if not row.is_draft:
                raise Refused(gettext("This version has been in force, so it cannot change."))
            edits = form.cleaned_data["edits"]
            row = wording_versions.save_draft(row, form.parts, edits=edits, by=user, now=now)
        except Incomplete as incomplete:
            form.refuse(incomplete)
        except Refused as refused:
            refusal = refused.message
        else:
            return redirect(f"{reverse('wording', args=[row.pk])}#preview")
    rendered = wording_page.shown(row, user, now=now)
    context = {
        "row": row,
        "kind": KINDS[row.kind],
        "for_whom": wording_page.for_whom(row),
        "form": form,
        "refusal": refusal,
        "shipped": [
            (wording_page.LABELS[part], text) for part, text in wording_page.shipped_parts(row, user, now=now).items()
        ],
        "variables": wording_page.variables_of(KINDS[row.kind]),
        "found": wording_page.looked_over(row),
        "subject": rendered.subject,
        "text": wording_page.without_links(rendered.text),
        "versions": MailWording.objects.with_places().filter(place=row.place),
        "draft": MailWording.objects.drafts().filter(place=row.place).first(),
        "now": now,
    }
    status = 409 if refusal else 400 if form.errors else 200
    return render(request, "followups/mail.html", context, status=status)


@login_required
@require_safe
@never_cache
@xframe_options_sameorigin
def frame(request: HttpRequest, number: int) -> HttpResponse:
    """The mail itself, for the frame beside its words."""
    _leads_only(request)
    html = wording_page.shown(_found(number), _user(request), now=timezone.now()).html
    shown = links.deaden("", html, ("loop", "unsubscribe"))[1]
    return framed(HttpResponse(shown, content_type="text/html; charset=utf-8"))


@login_required
@require_POST
@never_cache
@xframe_options_sameorigin
def live(request: HttpRequest, number: int) -> HttpResponse:
    """How the mail reads with what was typed so far: the mail itself for the frame, or with `words` its text as JSON.

    Nothing is saved. A part in which something cannot be filled in yet says what is shipped, as it would in a mail.
    """
    _leads_only(request)
    row = _found(number)
    form = PartsForm(request.POST, kind=row.kind)
    form.is_valid()
    rendered = wording_page.shown(wording_page.with_parts(row, form.parts), _user(request), now=timezone.now())
    if "words" in request.POST:
        return JsonResponse({"subject": rendered.subject, "text": wording_page.without_links(rendered.text)})
    html = links.deaden("", rendered.html, ("loop", "unsubscribe"))[1]
    return framed(HttpResponse(html, content_type="text/html; charset=utf-8"))


@login_required
@require_POST
def change(request: HttpRequest, number: int, verb: str) -> HttpResponse:
    """Put in force, throw away, send to oneself, go back: what is done with a version as a whole."""
    _leads_only(request)
    now, user, row = timezone.now(), _user(request), _found(number)
    edits = _edits(request)
    there = redirect("wording", row.pk)
    try:
        match verb:
            case "put-in-force":
                wording_versions.put_in_force(row.pk, edits=edits or 0, by=user, now=now)
                messages.success(request, gettext("Mails say this from now on."))
            case "discard":
                wording_versions.discard(row.pk, edits=edits or 0)
                messages.info(request, gettext("The draft is thrown away."))
                there = redirect("mails")
            case "shipped":
                wording_versions.back_to_shipped(row.pk, now=now)
                messages.success(request, gettext("This version is no longer in force."))
            case "go-back":
                draft = wording_versions.go_back_to(row.pk, edits=edits, by=user, now=now)
                messages.success(request, gettext("A draft says what version %(n)s says.") % {"n": row.version})
                there = redirect("wording", draft.pk)
            case "test":
                _send_to_oneself(request, row)
            case _:
                raise Http404
    except Refused as refusal:
        messages.error(request, refusal.message)
    return there


def _send_to_oneself(request: HttpRequest, row: MailWording) -> None:
    now, user = timezone.now(), _user(request)
    if not user.email:
        messages.error(request, gettext("No mail address of yours is known, so nothing was sent."))
        return
    outbox.queue([wording_page.to_oneself(row, user, now=now)], now=now)
    messages.success(request, gettext("Sent to %(address)s, and to nobody else.") % {"address": user.email})


def _leads_only(request: HttpRequest) -> None:
    if not viewer(request).leads:
        raise PermissionDenied


def _found(number: int) -> MailWording:
    row = MailWording.objects.with_places().filter(pk=number).first() if number < 2**63 else None
    if row is None:
        raise Http404
    return row


def _edits(request: HttpRequest) -> int | None:
    text = request.POST.get("edits", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
