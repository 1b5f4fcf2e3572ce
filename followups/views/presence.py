"""/tickets/<number>/looking/: the page says that it is open, and hears who else has it open."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from followups.models import Ticket
from followups.presence import leaves, looking_in_words, looks, others_looking

LARGEST = 2**63


@require_http_methods(["GET", "HEAD", "POST"])
def looking(request: HttpRequest, number: int) -> HttpResponse:
    """A piece of the page; 204 where it says what the page shows already. A POST counts as having it open."""
    if not request.user.is_authenticated:
        # No way to the log-in from here: it would be drawn into the page over which somebody writes.
        return _piece(request, {"logged_out": True, "number": number}, "?")
    now, user = timezone.now(), request.user
    tickets = Ticket.objects.visible_to(user).only("pk", "version")
    ticket = tickets.filter(pk=number).first() if number < LARGEST else None
    if ticket is None:
        raise Http404
    if request.method == "POST" and "gone" in request.POST:
        leaves(ticket, user)
        return HttpResponse(status=204)
    if request.method == "POST":
        looks(ticket, user, now=now)
    shown = request.POST.get("version", "")
    changed = shown.isdecimal() and len(shown) < 12 and int(shown) < ticket.version
    words = looking_in_words(others_looking(ticket, user, now=now))
    says = f"{words}*" if changed else words
    return _piece(request, {"words": words, "changed": changed, "number": number}, says)


def _piece(request: HttpRequest, context: dict[str, object], says: str) -> HttpResponse:
    """Nothing is drawn again that is there: a screen reader would say it every 20 seconds."""
    if request.method == "POST" and request.POST.get("shown") == says:
        return HttpResponse(status=204)
    return render(request, "followups/includes/looking.html", context | {"says": says})
