"""The answers behind an NPS: every one of them can be read, whoever gave it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef
from django.http import QueryDict
from django.utils.translation import gettext

from followups.models import Decision, Ticket
from followups.reports.metrics import ReportFilters
from followups.reports.metrics.counting import excluded_counts, kept_answers, score_counts
from followups.reports.metrics.signals import left_out_by
from followups.viewing import Viewer, customer_without_name
from surveys.models import Response
from surveys.models.responses import ResponseQuerySet
from surveys.scoring import Band, band

PAGE = 50


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One answer as this person may read it, with the score it had when it was counted.

    `company` is empty where the customer is not named, `excluded` where the answer counts: it says why it does not.
    """

    response: Response
    score: int
    ticket: Ticket | None
    name: str
    company: str
    words: str
    words_hidden: bool
    excluded: str


@dataclass(frozen=True, slots=True)
class AnswersPage:
    rows: list[AnswerRow]
    n: int
    next_query: str


def chosen(filters: ReportFilters, asked: QueryDict) -> ResponseQuerySet:
    """The answers that `asked` narrows a cohort to: those that count, or with `excluded` those that do not.

    `left_out_by` gives instead those that somebody left out of NPS, with a negative key all others, counted or not.

    `band`, `score` and `account` (its key) narrow further, and `decided=no_rule` to those that no rule asked a ticket
    for; nonsense narrows nothing.
    """
    answers = filters.answers()
    left_out = asked.get("left_out_by", "")
    if re.fullmatch(r"-?[0-9]{1,18}", left_out, re.ASCII):
        answers = left_out_by(filters, int(left_out))
    else:
        answers = answers.left_out() if asked.get("excluded") else answers.counted()
    if of_band := _band(asked):
        answers = answers.filter(**{answers.column("band"): of_band})
    if score := _score(asked):
        answers = answers.filter(**{answers.column("score"): int(score)})
    account = asked.get("account", "")
    if account.isascii() and account.isdigit() and len(account) < 19:
        answers = answers.filter(account=int(account))
    if asked.get("decided") == Decision.Outcome.NO_RULE:
        newest = Decision.objects.filter(response=OuterRef("pk"), revision=OuterRef("revision"))
        answers = answers.filter(Exists(newest.filter(outcome=Decision.Outcome.NO_RULE)))
    return answers


def _band(asked: QueryDict) -> str:
    found = asked.get("band", "")
    return found if found in Band.values else ""


def _score(asked: QueryDict) -> str:
    found = asked.get("score", "")
    return found if found.isascii() and found.isdigit() and len(found) < 3 else ""


def how_many(filters: ReportFilters, asked: QueryDict, *, now: datetime) -> int:
    """How many `chosen` finds: from kept counts, where score, band and being left out are all that was asked."""
    narrower = asked.get("decided") == Decision.Outcome.NO_RULE or asked.get("left_out_by") or asked.get("account")
    if narrower or (asked.get("excluded") and (_band(asked) or _score(asked))):
        return chosen(filters, asked).order_by().count()
    now = filters.moment(now)
    kept = kept_answers(filters, now=now)
    if asked.get("excluded"):
        return sum(excluded_counts(filters, kept).values())
    wanted, of_band = _score(asked), _band(asked)
    return sum(
        count.n
        for count in score_counts(filters, kept)
        if (not wanted or count.score == int(wanted)) and (not of_band or band(count.score) == of_band)
    )


def answers_page(answers: ResponseQuerySet, viewer: Viewer, asked: QueryDict, *, n: int) -> AnswersPage:
    """One page of `n` answers, the newest recorded first. One query. `after` is the key of the last row seen."""
    after = asked.get("after", "")
    if after.isascii() and after.isdigit() and len(after) < 19:
        answers = answers.filter(pk__lt=int(after))
    found = list(
        answers.select_related("contact", "account", "touchpoint", "ticket__owner")
        .defer("search_text", "attributes")
        .order_by("-pk")[: PAGE + 1]
    )
    following = asked.copy()
    if len(found) > PAGE:
        following["after"] = str(found[PAGE - 1].pk)
    return AnswersPage(
        rows=[_row(response, viewer) for response in found[:PAGE]],
        n=n,
        next_query=following.urlencode() if len(found) > PAGE else "",
    )


def _row(response: Response, viewer: Viewer) -> AnswerRow:
    ticket: Ticket | None = getattr(response, "ticket", None)
    seen = ticket is None or viewer.sees_words(ticket)
    # An answer without a ticket came to a team of whoever reads this page. A ticket may have gone to another team
    # since: then its customer has a name here only where they agreed to it.
    named = viewer.sees_name(ticket, response.share_name) if ticket else response.share_name is not False
    name = str(response.contact) if response.contact else gettext("Nobody known")
    if not named:
        name = customer_without_name(response.segment, response.region)
    # Of answers as of a past moment the queryset brings what they said then.
    score = getattr(response, "then_score", response.score)
    excluded = Response.Exclusion(getattr(response, "then_excluded_as", response.excluded_as))
    return AnswerRow(
        response=response,
        score=score,
        ticket=ticket if ticket and viewer.works_on(ticket) else None,
        name=name,
        company=response.account.name if named and response.account else "",
        words=response.verbatim if seen else "",
        words_hidden=not seen,
        excluded=str(excluded.label) if excluded else "",
    )
