"""A rehearsal as a job: the draft beside the book in force, over the answers of the last days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.utils.translation import gettext

from followups import rule_books
from followups.models import RuleBook, Ticket
from followups.opening.claiming import WITH
from followups.rehearsal.comparing import Change, Comparison, per_person
from followups.rehearsal.world import Rehearsed, Would, rehearsal
from nps_loop.jobs import running
from nps_loop.jobs.models import Job
from nps_loop.people.models import User
from surveys.models import Response
from surveys.recording.merging import follow_merges

KIND = "rehearse"
DAYS = (30, 90)
# So few are gone through while one waits; more are left to a worker.
FEW = 300
# The newest of more than these: one job has to end.
MOST = 20_000
# So many answers that would fare otherwise are kept one by one; the counts are of all.
KEPT = 500
# How long a ticket is taken to fill a place where too few were ever resolved to say.
USUAL = timedelta(days=5)
ENOUGH = 20


def begin(book: RuleBook, days: int, *, by: User, now: datetime) -> Job:
    """Leave the job that rehearses a book; one over few answers is done at once. Raises ValueError for other days."""
    if days not in DAYS:
        raise ValueError(days)
    total = _answers(now, days).count()
    parameters = {"book": book.pk, "number": book.number, "days": days, "until": now.isoformat(), "edits": book.edits}
    job = running.start(KIND, parameters=parameters, created_by=by, now=now, total=min(total, MOST))
    if total <= FEW:
        running.run_now(job, now=now)
    return job


def rehearse(job: Job, alive: Callable[..., None]) -> dict[str, Any]:
    """The work of such a job: nothing is written but its result, in ids and codes."""
    book = RuleBook.objects.filter(pk=job.parameters["book"]).first()
    if book is None:
        raise running.Unworkable(gettext("The draft was thrown away before it was replayed."))
    now = datetime.fromisoformat(job.parameters["until"])
    found = _answers(now, job.parameters["days"]).select_related(*WITH).defer("attributes")
    answers = list(found.order_by("-received_at", "-pk")[:MOST])
    follow_merges(answers, save=False)
    lasts = how_long_tickets_last(now)
    decides = rule_books.in_force()
    share = 2 if decides is not None and decides.pk != book.pk else 1

    def progress_from(start: int) -> Callable[[int], None]:
        return lambda done: alive(done=start + done // share)

    after = rehearsal(answers, rule_books.rules_of(book), lasts=lasts, progress=progress_from(0))
    before = after
    if decides is not None and decides.pk != book.pk:
        rules, half = rule_books.rules_of(decides), progress_from(len(answers) // share)
        before = rehearsal(answers, rules, lasts=lasts, progress=half)
    return _result(before, after) | {
        "answers": len(answers),
        "lasts_hours": round(lasts.total_seconds() / 3600),
        "against": decides.number if decides else None,
    }


def _answers(now: datetime, days: int) -> Any:
    return Response.objects.filter(received_at__gt=now - timedelta(days=days), received_at__lte=now)


def how_long_tickets_last(now: datetime) -> timedelta:
    """From getting a ticket to resolving it: the median of the last 90 days, or five days where too few are known."""
    recently = Ticket.objects.filter(resolved_at__gt=now - timedelta(days=90), resolved_at__lte=now)
    rows = recently.filter(assigned_at__isnull=False).order_by("-pk").values_list("assigned_at", "resolved_at")[:MOST]
    spans = [(end - start).total_seconds() for start, end in rows if start and end]
    return timedelta(seconds=median(spans)) if len(spans) >= ENOUGH else USUAL


def _result(before: Rehearsed, after: Rehearsed) -> dict[str, Any]:
    compared = Comparison.of(before, after)
    had, has = per_person(before), per_person(after)
    rules: dict[str, int] = {}
    for row in after.would.values():
        if row.opens:
            rules[row.rule] = rules.get(row.rule, 0) + 1
    return {
        "tickets": sum(rules.values()),
        "counts": compared.counts,
        "rules": rules,
        "people": [
            {
                "user": user,
                "before": had.get(user, 0),
                "after": has.get(user, 0),
                "peak_before": before.peak.get(user, 0),
                "peak": after.peak.get(user, 0),
            }
            for user in sorted({*had, *has})
        ],
        "changes": [_kept(change) for change in compared.changes[:KEPT]],
    }


def _kept(change: Change) -> dict[str, Any]:
    return {
        "response": change.after.response,
        "kinds": list(change.kinds),
        "before": _side(change.before),
        "after": _side(change.after),
    }


def _side(would: Would) -> dict[str, Any]:
    return {
        "outcome": str(would.outcome),
        "rule": would.rule,
        "team": would.team,
        "policy": would.policy,
        "priority": would.priority,
        "owner": would.owner,
    }
