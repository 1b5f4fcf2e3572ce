"""/set-up/: what the loop works by, for leads and administrators."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from followups.set_up_page import PAGES
from followups.viewing import viewer


@login_required
@require_safe
def set_up(request: HttpRequest) -> HttpResponse:
    if not viewer(request).leads:
        raise PermissionDenied
    return render(request, "followups/set_up.html", {"pages": PAGES})
