"""/actions/: what one person promised to customers."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from followups.actions_page import VIEWS, promises
from followups.forms import ActionForm
from followups.ticket_page.comparing import Line
from followups.viewing import viewer


@login_required
@require_safe
def actions_page(request: HttpRequest) -> HttpResponse:
    return draw(request)


def draw(
    request: HttpRequest,
    *,
    bound: ActionForm | None = None,
    notice: str = "",
    lines: Sequence[Line] = (),
    status: int = 200,
) -> HttpResponse:
    """The page; with `bound`, a form of it that was refused, the sentence that says why, and both sides of it."""
    now = timezone.now()
    view = request.GET.get("view", "open")
    page = promises(viewer(request), view=view if view in VIEWS else "open", now=now, bound=bound)
    context = {"page": page, "now": now, "notice": notice, "lines": lines, "bound": bound}
    return render(request, "followups/actions.html", context, status=status)
