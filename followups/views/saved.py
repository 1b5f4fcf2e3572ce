"""/views/: the filters somebody keeps under a name, and those colleagues share."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from followups import saved_views
from followups.models import SavedView
from followups.viewing import viewer
from followups.views_page import Draft, views_page


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def views(request: HttpRequest) -> HttpResponse:
    """All views, and with `page` and `query` the form that keeps one more."""
    now = timezone.now()
    given = request.POST if request.method == "POST" else request.GET
    draft = Draft.of(request, given) if "query" in given else None
    if request.method == "POST" and draft is not None and draft.is_sound:
        try:
            view = saved_views.keep(
                viewer(request), page=draft.page, query=draft.query, now=now, **draft.form.cleaned_data
            )
        except saved_views.NotKept as error:
            draft.form.add_error("name", str(error))
        else:
            messages.success(request, gettext("“%(name)s” is kept.") % {"name": view.name})
            return redirect(saved_views.address(view))
    return render(request, "followups/views.html", {"page": views_page(request, draft, now=now)})


@login_required
@require_POST
def rename(request: HttpRequest, number: int) -> HttpResponse:
    view = get_object_or_404(SavedView.objects.owned_by(request.user), pk=number)  # type: ignore[arg-type]
    form = saved_views.ViewForm(request.POST, viewer=viewer(request))
    if form.is_valid():
        try:
            saved_views.rename(view, viewer(request), **form.cleaned_data)
        except saved_views.NotKept as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, gettext("The view is called “%(name)s” now.") % {"name": view.name})
            return redirect("views")
    page = views_page(request, None, now=timezone.now(), renaming={view.pk: form})
    return render(request, "followups/views.html", {"page": page})


@login_required
@require_POST
def delete(request: HttpRequest, number: int) -> HttpResponse:
    view = get_object_or_404(SavedView.objects.owned_by(request.user), pk=number)  # type: ignore[arg-type]
    view.delete()
    messages.success(request, gettext("“%(name)s” is deleted. No ticket changed.") % {"name": view.name})
    return redirect("views")
