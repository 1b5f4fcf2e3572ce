"""/rules/: which answers open a ticket and who gets it. For leads and administrators; for others it is not there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from followups import rehearsal, rule_books
from followups.forms.rules import RuleForm, TryForm
from followups.models import RuleBook
from followups.refusals import Refused
from followups.rules_page import Trial, book_page, find_answer, replay_page, try_answer
from followups.viewing import Viewer, viewer
from nps_loop.jobs.models import Job
from nps_loop.people.models import User


def _leading(request: HttpRequest) -> Viewer:
    looking = viewer(request)
    if not looking.leads:
        raise Http404
    return looking


def _book(number: int | None) -> RuleBook:
    """The book of this number, or the one in force; a deployment without any shows its draft."""
    rows = RuleBook.objects.select_related("made_by", "put_in_force_by")
    book = (
        rows.filter(number=number).first()
        if number is not None and number < 2**31
        else rows.in_force().first() or rows.first()
    )
    if book is None:
        raise Http404
    return book


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def rules_page(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """A book. A POST tries an answer and touches nothing; so does `?answer=` with the number of a real one."""
    looking, now = _leading(request), timezone.now()
    book = _book(number)
    trial, form = None, TryForm(request.POST if request.method == "POST" else None)
    asked = request.GET.get("answer", "")
    if request.method == "POST":
        trial = _try(form, looking, book, now)
    elif asked.isascii() and asked.isdigit() and len(asked) < 19:
        form = TryForm(initial={"words": gettext("answer %(number)s") % {"number": asked}})
        answer = find_answer(looking, answer=int(asked))
        trial = try_answer(answer, book, now=now) if answer else None
    page = book_page(looking, book, now=now, trial=trial)
    context = {"page": page, "form": form, "now": now, "days": rehearsal.DAYS}
    return render(request, "followups/rules.html", context, status=400 if form.is_bound and form.errors else 200)


def _try(form: TryForm, looking: Viewer, book: RuleBook, now: datetime) -> Trial | None:
    if not form.is_valid():
        return None
    if form.number is None:
        return try_answer(form.made_up(now=now), book, now=now)
    kind, number = form.number
    answer = find_answer(looking, ticket=number) if kind == "ticket" else find_answer(looking, answer=number)
    if answer is None:
        form.add_error("words", gettext("You can see no answer of this number."))
        return None
    return try_answer(answer, book, now=now)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Write a new rule or change one, in the draft; the first change of what is in force begins one."""
    _leading(request)
    book = rule_books.draft() or _book(None)
    rule = book.rules.filter(slug=slug).select_related("book").first() if slug else None
    if slug and rule is None:
        raise Http404
    edits = str(book.edits) if book.is_draft else ""
    form = RuleForm(request.POST or None, rule=rule, edits=edits)
    if request.method == "POST" and form.is_valid():
        try:
            saved = rule_books.save_rule(
                slug, form.says(), by=_user(request), now=timezone.now(), edits=form.cleaned_data["edits"]
            )
        except Refused as refusal:
            form.add_error(None, refusal.message)
        else:
            words = gettext("“%(name)s” is in the draft. It decides nothing until you make it version %(number)s.")
            messages.success(request, words % {"name": form.cleaned_data["name"], "number": saved.number})
            return redirect("rule-book", saved.number)
    context = {"form": form, "rule": rule, "book": book, "edits": edits}
    return render(request, "followups/rule_edit.html", context, status=400 if form.is_bound else 200)


@login_required
@require_POST
def move(request: HttpRequest) -> HttpResponse:
    """One rule a place up (`up`) or down (`down`) in the draft."""
    up = request.POST.get("up", "")
    slug = up or request.POST.get("down", "")
    return _change(request, lambda: rule_books.move_rule(slug, up=bool(up), **_by(request)))


@login_required
@require_POST
def remove(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a rule out of the draft."""
    return _change(request, lambda: rule_books.remove_rule(slug, **_by(request)))


@login_required
@require_POST
def discard(request: HttpRequest) -> HttpResponse:
    """Throw the draft away."""

    def throw_away() -> None:
        rule_books.discard(edits=_edits(request) or 0)
        messages.info(request, gettext("The draft is thrown away. What was in force still is."))

    return _change(request, throw_away)


@login_required
@require_POST
def put_in_force(request: HttpRequest) -> HttpResponse:
    """The draft becomes what decides."""

    def go_live() -> None:
        book = rule_books.put_in_force(
            note=request.POST.get("note", ""), by=_user(request), now=timezone.now(), edits=_edits(request) or 0
        )
        messages.success(request, gettext("Version %(number)s decides from now on.") % {"number": book.number})

    return _change(request, go_live)


@login_required
@require_POST
def replay(request: HttpRequest, number: int) -> HttpResponse:
    """Leave the job that rehearses a book over the last days, or do it at once where they are few."""
    _leading(request)
    days = request.POST.get("days", "")
    chosen = int(days) if days in map(str, rehearsal.DAYS) else rehearsal.DAYS[0]
    job = rehearsal.begin(_book(number), chosen, by=_user(request), now=timezone.now())
    return redirect("rules-replay", job.pk)


@login_required
@require_safe
def replayed(request: HttpRequest, number: int) -> HttpResponse:
    """How far a replay is, and at the end what it found."""
    looking = _leading(request)
    job = Job.objects.filter(pk=number, kind=rehearsal.KIND).first() if number < 2**63 else None
    if job is None:
        raise Http404
    context = {"page": replay_page(looking, job), "job": job, "now": timezone.now()}
    return render(request, "followups/rules_replay.html", context)


def _change(request: HttpRequest, change: Callable[[], object]) -> HttpResponse:
    """Do it and lead back to the draft, or to what is in force where none is left; a refusal is said there."""
    _leading(request)
    try:
        change()
    except Refused as refusal:
        messages.error(request, refusal.message)
    draft = rule_books.draft()
    return redirect("rule-book", draft.number) if draft else redirect("rules")


def _by(request: HttpRequest) -> dict[str, Any]:
    return {"by": _user(request), "now": timezone.now(), "edits": _edits(request)}


def _edits(request: HttpRequest) -> int | None:
    text = request.POST.get("edits", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
