"""/surveys/: what is asked, in which words, how it is sent, and the links to it. For leads and administrators."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.text import slugify
from django.utils.translation import gettext
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from nps_loop.mail.framing import framed
from nps_loop.people.models import User
from surveys.asking import answering, letters, open_links, planning, wording
from surveys.asking.page import Stage, Typed, page_of
from surveys.asking.set_up_forms import SurveyForm, WordingForm, language_typed
from surveys.models import Invitation, Survey
from surveys.views import importers_only

# Which pages of a survey can be looked at beforehand.
STAGES = {Stage.ASKED: None, Stage.TAPPED: 3, Stage.MORE: 3, Stage.THANKS: 3}


@importers_only
@require_safe
def surveys_page(request: HttpRequest) -> HttpResponse:
    rows = Survey.objects.select_related("touchpoint", "brand").order_by("name", "pk")
    return render(request, "surveys/surveys.html", {"rows": rows})


@importers_only
@require_http_methods(["GET", "HEAD", "POST"])
def survey_page(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """Make or change one; below the form its words, link and previews."""
    survey = get_object_or_404(Survey, pk=number) if number is not None else None
    source = answering.source_row(survey) if survey else None
    form = SurveyForm(request.POST if request.method == "POST" else None, instance=survey, source=source)
    if request.method == "POST" and form.is_valid():
        made = form.save(commit=False)
        made.slug = made.slug or _free_slug(made.name)
        made.save()
        kept = answering.source_of(made)
        kept.frame_hosts = form.cleaned_data["frame_hosts"]
        kept.save(update_fields=["frame_hosts"])
        messages.success(request, gettext("“%(name)s” is saved.") % {"name": made.name})
        return redirect("survey-set-up", number=made.pk)
    context: dict[str, Any] = {"form": form, "survey": survey, "source": source}
    if survey is not None:
        context |= {
            "link": open_links.address_of(survey, now=timezone.now()),
            "script": f"{_site(survey)}/survey/embed.js",
            "languages": [(code, wording.name_of(code)) for code in wording.languages_of(survey)],
            "stages": STAGES,
            "has_rounds": survey.is_sent and survey.kind == Survey.Kind.RELATIONAL,
            "round": planning.last_round(survey),
            "now": timezone.now(),
        }
    return render(request, "surveys/survey_edit.html", context, status=400 if form.is_bound else 200)


@importers_only
@require_http_methods(["GET", "HEAD", "POST"])
def wording_page(request: HttpRequest, number: int, language: str = "") -> HttpResponse:
    """The words of one language; without one in the address, it is the one that was typed."""
    survey = get_object_or_404(Survey, pk=number)
    if not language:
        typed = language_typed(request.GET.get("language", ""))
        if not typed:
            messages.warning(request, gettext("A language is two or three letters, such as nl or pt."))
            return redirect("survey-set-up", number=survey.pk)
        return redirect("survey-wording", number=survey.pk, language=typed)
    if language_typed(language) != language:
        raise Http404
    form = WordingForm(survey, language, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, gettext("The words are saved."))
        return redirect("survey-set-up", number=survey.pk)
    context = {"form": form, "survey": survey, "language": language, "name": wording.name_of(language)}
    return render(request, "surveys/survey_wording.html", context, status=400 if form.is_bound else 200)


@importers_only
@require_POST
def new_link(request: HttpRequest, number: int) -> HttpResponse:
    """Every open link that is out ends."""
    survey = get_object_or_404(Survey, pk=number)
    open_links.take_back(survey)
    messages.success(request, gettext("There is a new link. The ones before it do not work any more."))
    return redirect("survey-set-up", number=survey.pk)


@importers_only
@require_POST
def start_round(request: HttpRequest, number: int) -> HttpResponse:
    """Ask everybody who may be asked, now."""
    survey = get_object_or_404(Survey, pk=number)
    try:
        planning.start_by_hand(survey.pk, by=cast(User, request.user), now=timezone.now())
    except planning.NotNow as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, gettext("The round is being planned. The first mails leave tomorrow."))
    return redirect("survey-set-up", number=survey.pk)


@importers_only
@require_POST
def new_secret(request: HttpRequest, number: int) -> HttpResponse:
    """A secret to sign identities with, shown this once; the one before it holds on, for as long as it is the last."""
    survey = get_object_or_404(Survey, pk=number)
    secret = answering.new_secret(survey)
    return render(request, "surveys/survey_secret.html", {"survey": survey, "secret": secret})


@importers_only
@require_safe
def preview(request: HttpRequest, number: int, language: str, stage: str = Stage.ASKED) -> HttpResponse:
    """The page as customers see it in one language. Nothing can be sent from it."""
    survey = get_object_or_404(Survey.objects.select_related("touchpoint__brand", "brand"), pk=number)
    if language not in wording.languages_of(survey) or stage not in list(STAGES):
        raise Http404
    shown = Stage(stage)
    typed = Typed(score=STAGES[shown], contact="yes" if shown is Stage.THANKS else "")
    page = page_of(survey, language, now=timezone.now(), stage=shown, typed=typed, is_preview=True)
    with translation.override(page.chrome):
        return render(request, "surveys/answer.html", {"page": page})


@importers_only
@require_safe
@xframe_options_sameorigin
def mail_preview(request: HttpRequest, number: int, language: str) -> HttpResponse:
    """The mail that asks, as it would leave for somebody we know nothing of."""
    survey = get_object_or_404(Survey, pk=number)
    if language not in wording.languages_of(survey):
        raise Http404
    asked = Invitation(survey=survey, language=language, cause=Invitation.Cause.CADENCE)
    [draft] = letters.drafts([asked], now=timezone.now())
    _text, html = letters.shown(draft)
    return framed(HttpResponse(html, content_type="text/html; charset=utf-8"))


def _site(survey: Survey) -> str:
    address = open_links.address_of(survey, now=timezone.now())
    return address.split(f"/{open_links.PURPOSE}/")[0]


def _free_slug(name: str) -> str:
    base = slugify(name)[:80] or "survey"
    taken = set(Survey.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(slug for n in range(len(taken) + 1) if (slug := f"{base}-{n + 1}" if n else base) not in taken)
