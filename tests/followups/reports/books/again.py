"""Who was heard again after a case, what they said, and what their accounts are worth. Recounted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from surveys.models import Invitation
from tests.followups.reports.books.arithmetic import rate
from tests.followups.reports.books.cohorts import Books
from tests.followups.reports.books.rows import BANDS, BETTER, LIVE


def recovery(books: Books, asked: Any) -> dict[str, Any]:
    changes, asked_again, answered = Counter(), 0, 0
    cohort = books.cohort(asked)
    for loop in cohort:
        response = loop.ticket.response_id
        sent = response is not None and any(
            row.sent_at is not None and left(books, row) for row in books.questions[response]
        )
        asked_again += sent
        answered += bool(sent and books.heard[response])
        if later := later_band(books, loop):
            changes[loop.ticket.band, later] += 1
    return {
        "asked_again": asked_again,
        "answered_again": answered,
        "response_rate": rate(answered, asked_again),
        **{
            f"recovered_{first}s": rate(
                sum(changes[first, band] for band in BETTER[first]), sum(changes[first, band] for band in BANDS)
            )
            for first in BETTER
        },
        **{f"recovered_{first}s_of_due": recovered_of_due(books, cohort, first) for first in BETTER},
        "changes": {first: {band: changes[first, band] for band in BANDS} for first in BETTER},
    }


def recovered_of_due(books: Books, cohort: list[Any], band: str) -> dict[str, Any]:
    """Of all who are due, those who were heard again in a better band: asking only the happy again gains nothing."""
    due = [loop for loop in cohort if loop.due and loop.ticket.band == band]
    return rate(sum(later_band(books, loop) in BETTER[band] for loop in due), len(due))


def left(books: Books, row: Invitation) -> bool:
    if books.then and row.sent_at is not None and row.sent_at > books.now:
        return False
    return row.state != "stopped" or bool(books.then and row.ended_at and row.ended_at > books.now)


def again(books: Books, loop: Any) -> list[Any]:
    answer, closed = loop.answer, loop.ticket.closed_at
    if answer is None or closed is None or not loop.ticket.contact_id:
        return []
    about = (answer.survey_id, answer.touchpoint_id)
    return [
        row
        for row in books.by_contact[loop.ticket.contact_id]
        if row.responded_at > closed and (row.survey_id, row.touchpoint_id) == about != (None, None)
    ]


def later_band(books: Books, loop: Any) -> str:
    """The band of what was heard after the case; empty where nothing was."""
    response = loop.ticket.response_id
    linked = books.heard[response] if response is not None else []
    later = linked[:1] or again(books, loop)[:1]
    return str(later[0].band) if later else ""


def at_stake(books: Books, asked: Any, figure: str) -> dict[int, Any]:
    """Accounts with a detractor who waits for us now, or with one of the cohort who recovered, or is due."""
    if figure == "at_risk":
        loops = [loop for loop in books.cohort(asked, all_days=True) if loop.ticket.state in LIVE]
    elif figure == "saved":
        loops = [loop for loop in books.cohort(asked) if later_band(books, loop) in BETTER["detractor"]]
    else:
        loops = [loop for loop in books.cohort(asked) if loop.due]
    tickets = [loop.ticket for loop in loops if loop.ticket.band == "detractor" and loop.ticket.account_id]
    return {ticket.account_id: ticket.account for ticket in tickets}


def worth(books: Books, asked: Any) -> dict[str, Any]:
    """Accounts with a detractor who waits for us, and those of the cohort where one recovered."""

    def money(accounts: Iterable[Any]) -> dict[str, Any]:
        known, sums = list(accounts), Counter()
        for account in known:
            if account.annual_value is not None:
                sums[account.currency] += account.annual_value
        without = sum(account.annual_value is None for account in known)
        values = {currency: f"{value:.2f}" for currency, value in sums.items()}
        return {"accounts": len(known), "annual_value": values, "without_value": without}

    risk, saved, due = (at_stake(books, asked, name) for name in ("at_risk", "saved", "due_detractor"))
    return {
        "at_risk": money(risk.values()),
        "saved": {
            **money(saved.values()),
            "rate": rate(len(set(saved) & set(due)), len(due)),
            "at_risk_again": len(set(saved) & set(risk)),
        },
    }
