"""Where a figure may look better than the loop behind it, recounted: each person against everybody else."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from math import comb
from typing import Any

from followups.models import ContactAttempt, DismissalRequest, Resolution
from tests.followups.reports.books.arithmetic import fate, rate
from tests.followups.reports.books.cohorts import Books
from tests.followups.reports.books.persons import leads

SIGNALS = (
    "not_told", "together", "in_a_hurry", "not_reached", "not_asked", "moved", "dismissal_asked", "dismissal_approved",
    "corrected", "excluded",
)  # fmt: skip
TRIES = ("left_message", "no_answer", "wrong_number")
HURRY, AFTER_A_TALK = timedelta(minutes=5), timedelta(hours=24)

# (whom it is put down to, whether it counts) of everything a signal looks at
Seen = list[tuple[int | None, bool]]


def signals(books: Books, asked: Any) -> dict[str, dict[str, dict[str, Any]]]:
    """By signal and user name what the API says of each. Empty for somebody who leads nobody."""
    viewer = asked.viewer
    everything = viewer is None or viewer.is_superuser
    led = {key for key in books.teams if everything or leads(books, viewer, key)}
    if not led and not everything:
        return {signal: {} for signal in SIGNALS}
    loops = [loop for loop in books.cohort(asked) if everything or loop.ticket.team_id in led]
    answers = [row for row in books.answers_of(asked) if everything or led & books.teams_of_answer(row)]
    seen = of_tickets(books, loops)
    seen["excluded"] = [(row.excluded_by_id if row.excluded_as else None, row.score <= 6) for row in answers]
    lines = []
    for signal in SIGNALS:
        for person in sorted({who for who, _ in seen[signal] if who is not None}):
            own = [hit for who, hit in seen[signal] if who == person]
            others = [hit for who, hit in seen[signal] if who != person]
            lines.append((signal, person, (sum(own), len(own)), (sum(others), len(others))))
    chances = {
        number: fisher(*own, *others)
        for number, (_signal, _person, own, others) in enumerate(lines)
        if own[1] >= 20 and others[1] >= 20
    }
    corrected = holm(chances)
    found: dict[str, dict[str, dict[str, Any]]] = {signal: {} for signal in SIGNALS}
    for number, (signal, person, own, others) in enumerate(lines):
        is_more = own[0] * others[1] > others[0] * own[1]
        chance = corrected.get(number)
        found[signal][books.users[person].username] = {
            **rate(*own),
            "others": rate(*others),
            "chance": chances.get(number),
            "chance_corrected": chance,
            "compared": "few" if chance is None else "chance" if chance >= 0.05 else "more" if is_more else "less",
        }
    return found


def of_tickets(books: Books, loops: list[Any]) -> dict[str, Seen]:
    """What each signal about tickets looks at."""
    tries, wishes = defaultdict(list), defaultdict(list)
    for attempt in ContactAttempt.objects.all():
        tries[attempt.ticket_id].append(attempt)
    for wish in DismissalRequest.objects.order_by("pk"):
        wishes[wish.ticket_id].append(wish)
    hurried = in_a_hurry()
    seen: dict[str, Seen] = {signal: [] for signal in SIGNALS}
    for loop in loops:
        ticket, standing = loop.ticket, loop.resolution
        if loop.declared:
            by = standing.by_id if standing and standing.by_id else ticket.owner_id
            told = standing.told if standing else ""
            tried = [each for each in tries[ticket.pk] if each.cycle == ticket.cycle and each.outcome in TRIES]
            seen["not_told"].append((by, not loop.told))
            seen["together"].append((by, bool(standing and standing.together)))
            seen["in_a_hurry"].append((by, bool(standing and standing.pk in hurried)))
            seen["not_reached"].append((by, told == "not_reached" and len(tried) <= 3))
            seen["not_asked"].append((by, told == "not_mailed" and standing.message_id is None))
        due = [each for each in books.actions if each.row.ticket_id == ticket.pk and fate(*each_of(each), books.now)]
        if due and not loop.removed:
            seen["moved"].append((ticket.owner_id, any(was_moved(each) for each in due)))
        _dismissals(loop, wishes[ticket.pk], seen)
        talks = [each for each in tries[ticket.pk] if each.outcome == "spoke" and each.voided_at is None]
        if talks:
            raised = [e for e in loop.events if e.verb == "correct-score" and e.data["to"] > e.data["from"]]
            soon = any(
                timedelta(0) <= event.happened_at - talk.happened_at <= AFTER_A_TALK
                for event in raised
                for talk in talks
            )
            seen["corrected"].append((ticket.owner_id, soon))
    return seen


def each_of(each: Any) -> tuple[Any, Any]:
    return each.row, each.moves


def was_moved(each: Any) -> bool:
    """A date that the customer had been told was put off."""
    first = each.row.first_promised_at
    return any(move.from_at >= first and move.to_at > move.from_at for move in each.moves)


def _dismissals(loop: Any, wishes: list[Any], seen: dict[str, Seen]) -> None:
    ticket = loop.ticket
    # Decided without a yes or a no: whoever wished it took it back.
    kept = [wish for wish in wishes if wish.decided_at is None or wish.approved is not None]
    last = max(kept, key=lambda wish: (wish.asked_at, wish.pk), default=None)
    by = last.asked_by_id if last and last.asked_by_id else ticket.owner_id
    seen["dismissal_asked"].append((by, bool(kept) or ticket.state == "dismissed"))
    decided = [wish for wish in wishes if wish.approved is not None]
    if decided:
        last = max(decided, key=lambda wish: (wish.decided_at, wish.pk))
        seen["dismissal_approved"].append((last.decided_by_id, last.approved))


def in_a_hurry() -> set[int]:
    """Resolutions that lie within five minutes with two others of one person, each made for itself."""
    own = defaultdict(list)
    for row in Resolution.objects.all():
        if row.voided_at is None and not row.together and row.by_id:
            own[row.by_id].append(row)
    found = set()
    for rows in own.values():
        for first in rows:
            close = [row.pk for row in rows if timedelta(0) <= row.happened_at - first.happened_at <= HURRY]
            if len(close) >= 3:
                found.update(close)
    return found


def fisher(k: int, n: int, others_k: int, others_n: int) -> float:
    """All tables with these margins that are no likelier than this one."""
    hits = k + others_k
    ways = {x: comb(n, x) * comb(others_n, hits - x) for x in range(max(0, hits - others_n), min(hits, n) + 1)}
    return sum(each for each in ways.values() if each <= ways[k]) / sum(ways.values())


def holm(chances: dict[int, float]) -> dict[int, float]:
    """The smallest times how many there are, the next times one less, none below the one before, none above 1."""
    found, so_far = {}, 0.0
    for place, name in enumerate(sorted(chances, key=lambda name: chances[name])):
        so_far = max(so_far, min(1.0, chances[name] * (len(chances) - place)))
        found[name] = so_far
    return found
