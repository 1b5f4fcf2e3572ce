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

from followups.digests.reading import digest_of, scopes_of
from followups.digests.sending import page_of
from followups.digests.wording import said
from followups.models import Digest
from nps_loop.people.models import User


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def digest(request: HttpRequest) -> HttpResponse:
    """The digest as of now, whole; on a POST the mail is switched on or off for whoever asks."""
    user = cast(User, request.user)
    kinds = [kind for kind in Digest.Kind if scopes_of(user, kind)]
    if not kinds:
        raise Http404
    asked = request.GET.get("kind", "")
    kind = next((kind for kind in kinds if kind == asked), kinds[0])
    if request.method == "POST":
        wanted = request.POST.get("mail") == "on"
        User.objects.filter(pk=user.pk).update(digest_mail=wanted)
        messages.success(
            request,
            gettext("The digest comes by mail again.") if wanted else gettext("You get no digest by mail any more."),
        )
        return redirect(page_of(kind))
    now = timezone.now()
    request.nav_place = "/reports/"  # type: ignore[attr-defined]
    context = {
        "kind": kind,
        "kinds": [(each, page_of(each)) for each in kinds] if len(kinds) > 1 else [],
        "body": said(digest_of(user, kind, now=now), words=None),
        "wanted": user.digest_mail,
        "now": now,
    }
    return render(request, "followups/reports/digest.html", context)
