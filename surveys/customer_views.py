"""/survey/<token>/ and /survey-link/<token>/: where customers answer. Looking changes nothing; only a POST does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from nps_loop import link_guard
from nps_loop.link_guard import gone, stops_guessing
from nps_loop.people.lapsed_forms import taken_from_customers
from surveys.asking import answering, letters, open_links, signed_identity
from surveys.asking.forms import AnswerForm
from surveys.asking.letters import language_of_invitation
from surveys.asking.page import Stage, SurveyPage, Typed, page_of
from surveys.asking.wording import language_for
from surveys.models import Response, Source

# Answers by open links that one address may begin within ten minutes: a whole shop may stand behind one.
ANSWERS = 60
ANSWER = "open-answer"

_SCORE = re.compile(r"[0-9]|10", re.ASCII)
_KEY = re.compile(r"[0-9a-f]{32}", re.ASCII)
# What a page keeps in its address from one press to the next.
_KEPT = ("language", *signed_identity.FIELDS)


def _language(request: HttpRequest, token: str) -> str:
    invitation = letters.invitation_of(token, now=timezone.now())
    return language_of_invitation(invitation) if invitation else translation.get_language() or "en"


@taken_from_customers(_language)
@stops_guessing
@never_cache
@sensitive_variables("token")
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def survey(request: HttpRequest, token: str) -> HttpResponse:
    """The page of one invitation. On POST what was pressed counts, then the page says what follows."""
    now = timezone.now()
    invitation = letters.invitation_of(token, now=now)
    if invitation is None or not answering.can_be_answered(invitation, now=now):
        return gone(request, letters.PURPOSE, token)
    language = language_for(invitation.survey, request.GET.get("language", ""), language_of_invitation(invitation))
    shown: dict[str, Any] = {
        "invitation": invitation,
        "contact": invitation.contact,
        "response": invitation.response,
        "now": now,
    }
    refused = request.user.is_authenticated and not settings.DEMO
    if request.method == "POST" and not refused:
        form = AnswerForm(request.POST, survey=invitation.survey)
        with translation.override(language):
            if not form.is_valid():
                return _shown(request, page_of(invitation.survey, language, **_refused(request, form), **shown), 400)
        said = answering.Said.of(form, language=language, in_demo_by=_colleague(request))
        if answering.answer(invitation, said, now=now) is None:
            return gone(request, letters.PURPOSE, token)
        return _onward(request, said)
    page = page_of(
        invitation.survey,
        language,
        **_stage(request, invitation.response),
        seen_by_staff=refused,
        query=_query(request),
        **shown,
    )
    return _shown(request, page, 403 if request.method == "POST" else 200)


@stops_guessing
@csrf_exempt  # Nobody is logged in here, and in another site's frame no cookie comes along: the token is the authority.
@xframe_options_exempt  # Which sites may frame it is said by the policy below, for those browsers that know it.
@never_cache
@sensitive_variables("token")
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """The page of a survey's open link, for whoever has it; who that is may be signed in its address."""
    now = timezone.now()
    found = open_links.survey_of(token, now=now)
    if found is None:
        return gone(request, open_links.PURPOSE, token)
    source = answering.source_row(found)
    try:
        identity = signed_identity.read(request.GET, source.secrets if source else [], now=now)
    except signed_identity.Refused:
        link_guard.count(request, link_guard.GUESS, now=now)
        return gone(request, open_links.PURPOSE, token)
    language = language_for(found, request.GET.get("language", ""), translation.get_language() or "")
    sent = request.POST if request.method == "POST" else request.GET
    key = sent.get("key", "")
    key = key if _KEY.fullmatch(key) else answering.new_key()
    held = answering.held_by_link(found, key)
    refused = request.user.is_authenticated and not settings.DEMO
    shown: dict[str, Any] = {
        "now": now,
        "is_open": True,
        "asks_address": identity is None,
        "key": key,
        "response": held,
    }
    if request.method == "POST" and not refused:
        form = AnswerForm(request.POST, survey=found)
        with translation.override(language):
            if not form.is_valid():
                page = page_of(found, language, **_refused(request, form), **shown)
                return _framed(_shown(request, page, 400), source)
        if link_guard.is_over(request, ANSWER, ANSWERS, now=now):
            return _framed(link_guard.too_many(request, now=now), source)
        if held is None:
            link_guard.count(request, ANSWER, now=now)
        said = answering.Said.of(form, language=language, in_demo_by=_colleague(request))
        answering.answer_openly(found, key, said, now=now, identity=identity)
        return _framed(_onward(request, said, key=key), source)
    page = page_of(found, language, **_stage(request, held), seen_by_staff=refused, query=_query(request), **shown)
    return _framed(_shown(request, page, 403 if request.method == "POST" else 200), source)


@require_safe
@cache_control(public=True, max_age=3600)
def embed(request: HttpRequest) -> FileResponse:
    """The script other sites load to show a survey: the address never changes, whatever the version."""
    path = finders.find("embed.js")
    if path is None:
        raise Http404
    response = FileResponse(open(path, "rb"), content_type="text/javascript; charset=utf-8")  # noqa: SIM115
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _stage(request: HttpRequest, held: Response | None) -> dict[str, Any]:
    """Which page an address shows: a tapped score stands chosen, and nothing of it is saved."""
    tapped = request.GET.get("score", "")
    if _SCORE.fullmatch(tapped) and (held is None or held.score != int(tapped)):
        return {"stage": Stage.TAPPED, "typed": Typed(score=int(tapped))}
    if held is None:
        return {}
    asked = {"more": Stage.MORE, "again": Stage.AGAIN}.get(request.GET.get("page", ""))
    return {"stage": asked} if asked else {}


def _refused(request: HttpRequest, form: AnswerForm) -> dict[str, Any]:
    """What is shown again when something could not be taken; everything that was typed is kept."""
    errors = {name: str(reasons[0]) for name, reasons in form.errors.items()}
    return {
        "stage": Stage.AGAIN if form.states_everything else Stage.ASKED,
        "typed": Typed.from_post(form.data),
        "errors": errors,
        "query": _query(request),
    }


def _onward(request: HttpRequest, said: answering.Said, *, key: str = "") -> HttpResponse:
    """After a press: to the comment, or to the thanks. The address is the same, so that going back is harmless."""
    stage = {"page": "thanks" if said.is_finished else "more"}
    query = {name: request.GET[name] for name in _KEPT if request.GET.get(name)} | stage | ({"key": key} if key else {})
    response = HttpResponseRedirect(f"{request.path}?{urlencode(query)}", status=303)
    response["Referrer-Policy"] = "same-origin"
    return response


def _query(request: HttpRequest) -> str:
    """The part of the address that links of the page keep, with its `&` at the end; the language is theirs."""
    kept: Mapping[str, str] = {
        name: request.GET[name] for name in (*signed_identity.FIELDS, "key") if name in request.GET
    }
    return urlencode(kept) + "&" if kept else ""


def _colleague(request: HttpRequest) -> str:
    return request.user.get_username() if request.user.is_authenticated else ""


def _shown(request: HttpRequest, page: SurveyPage, status: int) -> HttpResponse:
    with translation.override(page.chrome):
        response = render(request, "surveys/answer.html", {"page": page}, status=status)
    # Not `no-referrer`: browsers then send `Origin: null` with the form, which the CSRF check refuses.
    response["Referrer-Policy"] = "same-origin"
    response["Content-Language"] = page.language
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _framed(response: HttpResponse, source: Source | None) -> HttpResponse:
    """Only the sites that are listed may show this page in a frame; without a list, none."""
    hosts = open_links.hosts_of(source)
    response._csp_replace = {"frame-ancestors": hosts or ["'none'"]}  # type: ignore[attr-defined]
    if not hosts:
        response["X-Frame-Options"] = "DENY"
    return response
