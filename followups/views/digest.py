"""/reports/digest/: what one's digest would say now, and whether it comes by mail. For leads and directors."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from followups.digests.page import digest_page, kind_for, switch_mail
from followups.digests.sending import page_of
from nps_loop.people.models import User


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def digest(request: HttpRequest) -> HttpResponse:
    """The digest as of now, whole; on a POST the mail is switched on or off for whoever asks."""
    user = cast(User, request.user)
    kind = kind_for(user, request.GET.get("kind", ""))
    if kind is None:
        raise Http404
    if request.method == "POST":
        wanted = request.POST.get("mail") == "on"
        switch_mail(user, on=wanted)
        messages.success(
            request,
            gettext("The digest comes by mail again.") if wanted else gettext("You get no digest by mail any more."),
        )
        return redirect(page_of(kind))
    now = timezone.now()
    request.nav_place = "/reports/"  # type: ignore[attr-defined]
    page = digest_page(user, kind, now=now)
    return render(request, "followups/reports/digest.html", {"page": page, "now": now})
