"""What lies behind the answers, and where: root causes, touchpoints and accounts, recounted."""

from __future__ import annotations

import math
from collections import Counter
from datetime import timedelta
from statistics import NormalDist
from typing import Any

from tests.followups.reports.books.again import at_stake
from tests.followups.reports.books.arithmetic import adjusted, bands_of, change, counts_of, rate, scores
from tests.followups.reports.books.asked import asked_of, became, invitations_asked
from tests.followups.reports.books.cohorts import Books
from tests.followups.reports.books.rows import DAY, LIVE

BACK = {"before": None, "year": timedelta(weeks=52)}
SHOWN = ("declared", "told", "confirmed", "on_time")


def causes(books: Books, asked: Any) -> dict[str, Any]:
    """Causes of what was declared resolved: by area, the most frequent first, and crossed with what they are about."""
    declared = [loop for loop in books.cohort(asked) if loop.declared]
    known = [loop for loop in declared if loop.cause]

    def listed(loops: list[Any], of: Any) -> list[tuple[Any, int]]:
        counts = Counter(of(loop) for loop in loops)
        return sorted(counts.items(), key=lambda each: (-each[1], each[0].name.casefold(), each[0].slug))

    def about(loop: Any, column: str) -> str:
        if column == "band":
            band: str = loop.ticket.band
            return band
        group: str = books.groups(column, loop.answer)[0]
        return group

    areas = listed(known, lambda loop: loop.cause.parent or loop.cause)
    found: dict[str, Any] = {
        "declared": len(declared),
        "with_root_cause": len(known),
        "areas": [
            {
                "slug": area.slug,
                "name": area.name,
                "tickets": n,
                "root_causes": [
                    {"slug": cause.slug, "name": cause.name, "tickets": own}
                    for cause, own in listed(
                        [loop for loop in known if (loop.cause.parent or loop.cause) == area], lambda loop: loop.cause
                    )
                ],
            }
            for area, n in areas
        ],
    }
    for column in ("band", "touchpoint", "segment"):
        crossed = Counter((loop.cause.slug, about(loop, column)) for loop in known)
        found[f"by_{column}"] = [
            {"root_cause": cause, column: value, "tickets": n} for (cause, value), n in sorted(crossed.items())
        ]
    return found


def touchpoints(books: Books, asked: Any, compare: str = "before", *, leads: bool = True) -> dict[str, dict[str, Any]]:
    """By slug: NPS, how it moved with all touchpoints compared, who answered (to leads), and how loops were closed."""
    length = BACK[compare] or asked.day_to - asked.day_from + DAY
    now = _by_touchpoint(books, books.answers_of(asked))
    before = _by_touchpoint(books, books.answers_of(asked, asked.day_from - length, asked.day_to - length))
    loops: dict[str, list[Any]] = {}
    for loop in books.cohort(asked):
        loops.setdefault(books.groups("touchpoint", loop.answer)[0], []).append(loop)
    sent: dict[str, list[Any]] = {}
    for row in invitations_asked(books, asked) if leads else ():
        sent.setdefault(row.touchpoint.slug if row.touchpoint else "", []).append(became(books, row))
    found = {}
    for slug in {*now, *before, *loops, *sent}:
        counts = counts_of(loops.get(slug, []))
        moved = change(now.get(slug, []), before.get(slug, []))
        found[slug] = {
            **scores(now.get(slug, [])),
            "before": scores(before.get(slug, [])),
            "change": moved,
            "response_rate": asked_of(sent.get(slug, []))["response_rate"] if leads else None,
            "rates": {name: rate(counts[name], counts["due"]) for name in SHOWN},
        }
    compared = {slug: each for slug, each in found.items() if each["change"]["points"] is not None}
    chances = {slug: chance_of_change(now[slug], before[slug]) for slug in compared}
    sure = more_than_chance(chances)
    for slug, each in compared.items():
        each["change"]["may_be_chance"] = slug not in sure
    return found


def _by_touchpoint(books: Books, rows: list[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in rows:
        if row.excluded_as == "":
            found.setdefault(books.groups("touchpoint", row)[0], []).append(row)
    return found


def chance_of_change(rows: list[Any], before: list[Any]) -> float:
    """How often chance alone would move an NPS so far: by the difference seen or the adjusted one, the less sure."""
    (c1, e1), (c2, e2) = adjusted(*bands_of(rows)), adjusted(*bands_of(before))
    (p1, d1, n1), (p2, d2, n2) = bands_of(rows), bands_of(before)
    points = 100 * (p1 - d1) / n1 - 100 * (p2 - d2) / n2
    if points * (c1 - c2) <= 0:
        return 1.0
    error = math.hypot(e1, e2)
    return 2 * (1 - NormalDist().cdf(min(abs(points), abs(c1 - c2)) / error))


def more_than_chance(chances: dict[Any, float]) -> set[Any]:
    """Holm: the surest first, each against 5 % over how many are left; the first that fails ends it."""
    found = set()
    for place, name in enumerate(sorted(chances, key=lambda name: chances[name])):
        if chances[name] * (len(chances) - place) >= 0.05:
            break
        found.add(name)
    return found


def accounts(books: Books, asked: Any, figure: str = "") -> dict[int, dict[str, Any]]:
    """By key: the companies of a detractor, or those behind a figure of what is at stake, with what is said of each."""
    counted = [row for row in books.answers_of(asked) if row.excluded_as == "" and row.account_id]
    if figure:
        keys = set.intersection(*(set(at_stake(books, asked, name)) for name in FIGURES[figure]))
    else:
        keys = {row.account_id for row in counted if row.score <= 6}
    ever = books.answers_of(asked, asked.day_to - timedelta(days=5 * 366), asked.day_to)
    ever = [row for row in ever if row.excluded_as == ""]
    live = [loop.ticket for loop in books.cohort(asked, all_days=True) if loop.ticket.state in LIVE]
    found = {}
    for key in keys:
        latest = sorted((row for row in ever if row.account_id == key), key=lambda row: (row.responded_at, row.pk))
        own = [ticket for ticket in live if ticket.account_id == key]
        found[key] = {
            "id": key,
            "detractors": sum(row.account_id == key and row.score <= 6 for row in counted),
            "answers": sum(row.account_id == key for row in counted),
            "latest_scores": [row.score for row in latest[::-1][:5]],
            "open_detractors": sum(ticket.band == "detractor" for ticket in own),
            "open_tickets": len(own),
        }
    return found


FIGURES = {
    "at_risk": ("at_risk",),
    "saved": ("saved",),
    "due_detractor": ("due_detractor",),
    "saved_due": ("saved", "due_detractor"),
}
