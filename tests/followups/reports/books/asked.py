"""Whom we asked and who answered, recounted."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from surveys.models import Invitation
from tests.followups.reports.books.arithmetic import rate
from tests.followups.reports.books.cohorts import Books


def invitations_asked(books: Books, asked: Any) -> list[Invitation]:
    """The invitations planned for the days of a cohort, narrowed by what they are about."""
    found = []
    for row in books.invitations:
        if not asked.day_from <= row.day <= asked.day_to or (books.then and row.created_at > books.now):
            continue
        if asked.touchpoint and asked.touchpoint != (row.touchpoint.slug if row.touchpoint else "-"):
            continue
        if asked.survey_kind and row.survey.kind != asked.survey_kind:
            continue
        own = (row.account.segment, row.account.region) if row.account else (None, None)
        wanted = zip(own, (asked.segment, asked.region), strict=True)
        if any(value and its != ("" if value == "-" else value) for its, value in wanted):
            continue
        if asked.account is not None and row.account_id != asked.account:
            continue
        if asked.account_owner and (row.account is None or row.account.owner_id != asked.account_owner):
            continue
        found.append(row)
    return found


def response_rate(books: Books, asked: Any) -> dict[str, Any]:
    by_survey: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in invitations_asked(books, asked):
        by_survey[row.survey.slug].append(became(books, row))
    together = [each for rows in by_survey.values() for each in rows]
    return {**asked_of(together), "by_survey": {slug: asked_of(rows) for slug, rows in by_survey.items()}}


def became(books: Books, row: Invitation) -> tuple[str, str]:
    if not books.then or (row.ended_at is not None and row.ended_at <= books.now):
        return row.state, row.stopped_by
    if row.ended_at is None and row.state != "sent":
        return row.state, row.stopped_by
    if row.state == "answered" and row.expires_at is not None and row.expires_at <= books.now:
        return "expired", ""
    return ("sent", "") if row.sent_at is not None and row.sent_at <= books.now else ("planned", "")


def asked_of(rows: list[tuple[str, str]]) -> dict[str, Any]:
    """Invitations by what became of them."""
    states = Counter(state for state, _ in rows)
    asked = states["sent"] + states["answered"] + states["expired"]
    return {
        "asked": asked,
        "still_open": states["sent"],
        "not_asked": states["stopped"],
        "not_asked_by_rule": dict(Counter(rule for _, rule in rows if rule)),
        "waiting": states["planned"],
        "answered": states["answered"],
        "response_rate": rate(states["answered"], asked),
    }
