"""The customer's page /loop/<token>/. Looking decides nothing; only a person's POST from the page does."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from followups.loop_building import has_run_out, page_of, reread
from followups.loop_page import LoopPage, Option, Variant, heard, overtaken
from followups.messages.letters import Reader
from followups.models import Conversation, Ticket
from followups.replies import Press, correct_score, press, ticket_on_page
from nps_loop import links
from nps_loop.link_guard import gone, stops_guessing
from nps_loop.people.lapsed_forms import taken_from_customers
from nps_loop.people.models import User


def _language(request: HttpRequest, token: str) -> str:
    """The language of the page behind a link; of a link that leads nowhere, the browser's."""
    conversation = _conversation(token, timezone.now())
    ticket = ticket_on_page(conversation) if conversation else None
    return Reader.of(ticket).language if ticket else translation.get_language() or "en"


def _conversation(token: str, now: datetime) -> Conversation | None:
    claim = links.read(token, "loop", now=now)
    if claim is None:
        return None
    found = Conversation.objects.select_related("brand")
    return found.filter(pk=claim.object_id, generation=claim.generation).first()


@taken_from_customers(_language)
@stops_guessing
@never_cache
@sensitive_variables("token")
@require_http_methods(["GET", "HEAD", "POST"])
def loop(request: HttpRequest, token: str) -> HttpResponse:
    """Show how the case stands; on POST let what was pressed count, then show how it stands now."""
    now = timezone.now()
    conversation = _conversation(token, now)
    ticket = ticket_on_page(conversation) if conversation else None
    if conversation is None or ticket is None or has_run_out(conversation, now):
        return gone(request, "loop", token)

    colleague = request.user if request.user.is_authenticated else None
    refused = colleague is not None and not settings.DEMO
    if request.method == "POST" and not refused:
        return _pressed(request, ticket, colleague, now)
    asked, said = request.GET.get("answer", ""), request.GET.get("said", "")
    page = page_of(
        ticket,
        now=now,
        just_pressed=Option.SETTLED if said == Option.SETTLED else None,
        opened=asked if asked in (Option.SETTLED, Option.NOT_YET) else "",
        seen_by_staff=refused,
    )
    return _shown(request, page, status=403 if request.method == "POST" else 200)


def _pressed(request: HttpRequest, ticket: Ticket, colleague: User | None, now: datetime) -> HttpResponse:
    """Let a press count and lead back to the page; one that came too late shows what is, and keeps what was typed."""
    choice, cycle, number = (request.POST.get(name, "") for name in ("verdict", "cycle", "ticket"))
    sent = Press(
        choice=choice,
        cycle=int(cycle) if cycle.isascii() and cycle.isdigit() and len(cycle) < 6 else -1,
        ticket=None
        if not number
        else int(number)
        if number.isascii() and number.isdigit() and len(number) < 19
        else -1,
        words=request.POST.get("words", ""),
        phone=request.POST.get("phone", ""),
        in_demo_by=colleague,
    )
    if choice == Option.CORRECT:
        counted = correct_score(ticket, _score(request), cycle=sent.cycle, in_demo_by=colleague, now=now)
    else:
        counted = press(ticket, sent, now=now)
    page = page_of(reread(ticket), now=now, typed="" if counted else sent.words)
    with translation.override(page.language):
        if counted:
            # Where a press closes or opens the case, the page itself says so; else it stays as it is, and this is said.
            says_so = choice == Option.NOT_YET or page.variant in (Variant.SETTLED, Variant.ANSWERED)
            says_so &= choice != Option.CORRECT
            if not says_so:
                messages.success(request, heard(Option(choice), page.owner_first_name))
            return HttpResponseRedirect(f"{request.path}?said={choice}", status=303)
        messages.warning(request, overtaken())
    return _shown(request, page, status=409)


def _score(request: HttpRequest) -> int | None:
    text = request.POST.get("score", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 3 else None


def _shown(request: HttpRequest, page: LoopPage, *, status: int) -> HttpResponse:
    with translation.override(page.language):
        response = render(request, "followups/loop/page.html", {"page": page}, status=status)
    # Not `no-referrer`: browsers then send `Origin: null` with the form, which the CSRF check refuses.
    response["Referrer-Policy"] = "same-origin"
    response["Content-Language"] = page.language
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
