"""/mailbox/in/: what came in, read as text; put on a case or dismissed; its files as downloads."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from followups import hearing, incoming_page
from followups.actors import Actor
from followups.models import Ticket
from followups.refusals import Refused
from nps_loop.mail.inbound import keeping
from nps_loop.mail.models import Inbound
from nps_loop.people.models import User


@login_required
@require_safe
def incoming(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    user = cast(User, request.user)
    if not incoming_page.sorts_mail(user):
        raise Http404
    view = "all" if request.GET.get("view") == "all" else "aside"
    rows = incoming_page.listed(user, view)
    opened = get_object_or_404(incoming_page.visible_to(user), pk=pk) if pk is not None else next(iter(rows), None)
    context = {"rows": rows, "opened": opened, "view": view, "asked": pk is not None, "now": timezone.now()}
    return render(request, "followups/incoming.html", context | {"set_aside": hearing.SET_ASIDE})


@login_required
@require_POST
def land(request: HttpRequest, pk: int) -> HttpResponse:
    row, user = _set_aside(request, pk), cast(User, request.user)
    number = request.POST.get("number", "").strip().removeprefix("#")
    ticket = None
    if number.isascii() and number.isdigit() and len(number) < 19:
        ticket = Ticket.objects.visible_to(user).select_related("contact").filter(pk=int(number)).first()
    if ticket is None:
        messages.warning(request, gettext("Not put on a case: give the number of a ticket that you may see."))
        return redirect("incoming-mail", pk=pk)
    try:
        heard = hearing.land_by_hand(row, ticket, actor=Actor.person(user), now=timezone.now())
    except Refused as refusal:
        messages.warning(request, str(refusal))
        return redirect("incoming-mail", pk=pk)
    if heard is None:
        messages.warning(request, gettext("Somebody decided on this mail already."))
        return redirect("incoming")
    messages.success(request, gettext("The mail stands with #%(number)s now.") % {"number": heard.pk})
    return redirect("ticket", heard.pk)


@login_required
@require_POST
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    row, user = _set_aside(request, pk), cast(User, request.user)
    if incoming_page.dismiss(row, by=user, now=timezone.now()):
        messages.success(request, gettext("Dismissed. The mail is kept under “All of it”."))
    else:
        messages.warning(request, gettext("Somebody decided on this mail already."))
    return redirect("incoming")


@login_required
@require_POST
def add_address(request: HttpRequest, pk: int) -> HttpResponse:
    user = cast(User, request.user)
    row = get_object_or_404(incoming_page.visible_to(user), pk=pk)
    tickets = Ticket.objects.visible_to(user).select_related("contact")
    ticket = get_object_or_404(tickets, pk=row.case)
    try:
        added = hearing.add_address(row, ticket, actor=Actor.person(user), now=timezone.now())
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        said = gettext("The address is known now.") if added else gettext("The address was known already.")
        messages.success(request, said)
    return redirect("ticket", ticket.pk)


@login_required
@require_safe
@never_cache
def file(request: HttpRequest, pk: int, number: int) -> FileResponse:
    """One file as a download: never shown, whatever it says it is."""
    user = cast(User, request.user)
    row = get_object_or_404(incoming_page.files_visible_to(user), pk=number, inbound=pk)
    try:
        content = keeping.path_of(row.stored_as).open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(content, as_attachment=True, filename=row.name, content_type="application/octet-stream")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _set_aside(request: HttpRequest, pk: int) -> Inbound:
    user = cast(User, request.user)
    if not incoming_page.sorts_mail(user):
        raise Http404
    return get_object_or_404(incoming_page.visible_to(user), pk=pk)
