"""The customer's page /loop/<token>/. Looking decides nothing; only a person's POST from the page does."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from followups.loop_building import expired_page, has_run_out, page_of, reread
from followups.loop_page import LoopPage, Option, heard, overtaken
from followups.models import Conversation
from followups.replies import Press, press, ticket_on_page
from nps_loop import links


@never_cache
@sensitive_variables("token")
@require_http_methods(["GET", "HEAD", "POST"])
def loop(request: HttpRequest, token: str) -> HttpResponse:
    """Show how the case stands; on POST let what was pressed count, then show how it stands now."""
    now = timezone.now()
    claim = links.read(token, "loop", now=now)
    conversation = (
        Conversation.objects.select_related("brand").filter(pk=claim.object_id, generation=claim.generation).first()
        if claim
        else None
    )
    ticket = ticket_on_page(conversation) if conversation else None
    if conversation is None or ticket is None or has_run_out(conversation, now):
        return _shown(request, expired_page(conversation, translation.get_language() or "en"), "", status=410)

    colleague = request.user if request.user.is_authenticated else None
    refused = colleague is not None and not settings.DEMO
    said = ""
    pressed: Option | None = None
    if request.method == "POST" and not refused:
        choice = request.POST.get("verdict", "")
        cycle = request.POST.get("cycle", "")
        sent = Press(
            choice=choice,
            cycle=int(cycle) if cycle.isascii() and cycle.isdigit() and len(cycle) < 6 else -1,
            words=request.POST.get("words", ""),
            in_demo_by=colleague,
        )
        counted = press(ticket, sent, now=now)
        if counted:
            pressed = Option(choice)
        ticket = reread(ticket)
        page = page_of(ticket, now=now, just_pressed=pressed, typed="" if counted else sent.words)
        with translation.override(page.language):
            said = heard(pressed, page.owner_first_name) if pressed else overtaken()
        return _shown(request, page, said, status=200 if counted else 409)
    asked = request.GET.get("answer", "")
    page = page_of(
        ticket, now=now, opened=asked if asked in (Option.SETTLED, Option.NOT_YET) else "", seen_by_staff=refused
    )
    return _shown(request, page, said, status=403 if request.method == "POST" else 200)


def _shown(request: HttpRequest, page: LoopPage, said: str, *, status: int) -> HttpResponse:
    with translation.override(page.language):
        response = render(request, "followups/loop/page.html", {"page": page, "said": said}, status=status)
    response["Referrer-Policy"] = "no-referrer"
    response["Content-Language"] = page.language
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
