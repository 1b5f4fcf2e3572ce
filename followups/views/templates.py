"""/templates/: texts to begin a mail from. Everybody reads them, leads and administrators change them."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from followups.forms.templates import LetterTemplateForm
from followups.models import LetterTemplate
from followups.variables import VARIABLES
from followups.viewing import viewer
from nps_loop.people.models import User


@login_required
@require_safe
def templates_page(request: HttpRequest) -> HttpResponse:
    rows = LetterTemplate.objects.select_related("changed_by")
    context = {"rows": rows, "leads": viewer(request).leads, "now": timezone.now()}
    return render(request, "followups/templates.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """Make or change one. One that is not wanted any more is switched off."""
    if not viewer(request).leads:
        raise PermissionDenied
    row = get_object_or_404(LetterTemplate, pk=number) if number is not None else None
    form = LetterTemplateForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        made = form.save(commit=False)
        made.changed_at, made.changed_by = timezone.now(), cast(User, request.user)
        made.save()
        messages.success(request, gettext("“%(name)s” is saved.") % {"name": made.name})
        return redirect("templates")
    context = {"form": form, "row": row, "variables": VARIABLES.items()}
    return render(request, "followups/template_edit.html", context, status=400 if form.is_bound else 200)
