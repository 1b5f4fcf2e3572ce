"""/mailbox/ for colleagues, /unsubscribe/ for whoever got a mail."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages as notes
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from nps_loop.link_guard import gone, stops_guessing
from nps_loop.mail import hooks, mailbox, outbox, telling, unsubscribing
from nps_loop.mail.framing import framed
from nps_loop.mail.models import Message


@login_required
@require_safe
def mailbox_page(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    now = timezone.now()
    page = mailbox.page(request.user, request.GET, now=now)
    if pk is None:
        opened = page.rows[0] if page.rows else None
        if opened:
            opened.message.refresh_from_db(fields=["text", "html", "links"])
    else:
        opened = mailbox.Row(get_object_or_404(mailbox.visible_to(request.user), pk=pk), now)
    context = {"page": page, "opened": opened, "asked": pk is not None, "demo": settings.DEMO}
    context["sorts_mail"] = hooks.sorts_mail(request.user)
    return render(request, "mail/mailbox.html", context | {"mail_server": settings.MAIL_SERVER})


@login_required
@require_safe
@never_cache
@xframe_options_sameorigin
def mail_html(request: HttpRequest, pk: int) -> HttpResponse:
    _text, html = mailbox.as_received(_readable(request, pk), now=timezone.now())
    # In the demo a link opens in a tab of its own, outside of the frame.
    html = html.replace("<head>", '<head><base target="_blank">', 1)
    return framed(HttpResponse(html, content_type="text/html; charset=utf-8"))


@login_required
@require_safe
@never_cache
@xframe_options_sameorigin
def mail_text(request: HttpRequest, pk: int) -> HttpResponse:
    text, _html = mailbox.as_received(_readable(request, pk), now=timezone.now())
    return framed(HttpResponse(text, content_type="text/plain; charset=utf-8"))


@login_required
@require_POST
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    message = _readable(request, pk)
    if outbox.send_again([message.pk], now=timezone.now()):
        notes.success(request, gettext("The mail is on its way once more."))
    else:
        notes.warning(request, gettext("Only a mail that could not be delivered is sent again. This one was not."))
    return redirect("mail", pk=pk)


@login_required
@require_POST
def came_back(request: HttpRequest, pk: int) -> HttpResponse:
    message = _readable(request, pk)
    name = message.recipient_name.split(" ")[0] or message.recipient
    by = getattr(request.user, "name", "")
    if telling.mark_bounced([message.pk], reason=f"Noted by {by}.", now=timezone.now()):
        said = gettext("Noted: %(name)s did not get this mail, so it counts for nothing.")
        notes.success(request, said % {"name": name})
    else:
        notes.warning(request, gettext("Only a mail that was accepted can come back. This one was not."))
    return redirect("mail", pk=pk)


@stops_guessing
@csrf_exempt  # The token is the authority: RFC 8058 posts come from the mail provider, without a cookie.
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    now = timezone.now()
    message = unsubscribing.mail_of(token, now=now)
    if message is None:
        return gone(request, unsubscribing.PURPOSE, token)
    done = saved = False
    if request.method == "POST":
        if request.user.is_authenticated and not settings.DEMO:
            return _public(request, "surveys/unsubscribe_staff.html", {}, status=403)
        saved = "preferences" in request.POST
        if saved:
            unsubscribing.choose(message, request.POST.getlist("stream"), now=now)
        else:
            unsubscribing.leave(message, now=now)
            done = True
    context = {"brand": unsubscribing.brand_of(message), "done": done, "saved": saved, "address": message.recipient}
    with translation.override(message.language):
        context |= {"stream": unsubscribing.stream_of(message), "preferences": unsubscribing.preferences(message)}
        return _public(request, "surveys/unsubscribe.html", context)


def _readable(request: HttpRequest, pk: int) -> Message:
    return get_object_or_404(mailbox.visible_to(request.user), pk=pk)


def _public(request: HttpRequest, template: str, context: dict[str, object], status: int = 200) -> HttpResponse:
    response = render(request, template, context, status=status)
    # The address holds the token; it must not travel on.
    response["Referrer-Policy"] = "no-referrer"
    return response
