"""Five answers worth reading aloud, picked by a rule that anybody can check, and never by taste.

The rule: two detractors, two passives and one promoter; of each the longest that fits the page, of a segment not heard
yet where there is one. One answer per company. Where a band has too few, the others fill up. Words on hold are never
among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Length

from followups.reports.metrics import ReportFilters
from surveys.models import Response
from surveys.scoring import Band

HOW_MANY = 5
TURNS = (Band.DETRACTOR, Band.PASSIVE, Band.PROMOTER, Band.DETRACTOR, Band.PASSIVE)
# Characters: shorter says nothing yet, longer is cut on one page.
SHORTEST, LONGEST = 15, 180
# So many of each band are looked at, the best by length first.
LOOKED_AT = 40
# A row of dots or of one letter is long and says nothing.
DISTINCT = 8


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the rule looks at. `company` is the account, or the person where there is none; None: nobody known."""

    number: int
    band: str
    segment: str
    company: tuple[str, int] | None
    words: str


def pick(candidates: Sequence[Candidate]) -> list[int]:
    """The numbers of up to five of `candidates`, which come best first within each band. Pure.

    The same candidates in the same order give the same five.
    """
    left = [each for each in candidates if len(set(each.words)) >= DISTINCT]
    picked: list[Candidate] = []
    for band in (*TURNS, *([None] * HOW_MANY)):
        if len(picked) == HOW_MANY:
            break
        companies = {each.company for each in picked if each.company is not None}
        segments = {each.segment for each in picked}
        free = [
            each
            for each in left
            if each not in picked and (band is None or each.band == band) and each.company not in companies
        ]
        if free:
            picked.append(next((each for each in free if each.segment not in segments), free[0]))
    return [each.number for each in picked]


def worth_reading(filters: ReportFilters) -> list[Response]:
    """The answers to read, from the lowest score up. Four queries."""
    said = (
        filters.answers()
        .counted()
        .filter(Q(ticket__isnull=True) | Q(ticket__on_hold=False))
        .annotate(length=Length("verbatim"))
        .filter(length__gte=SHORTEST)
        # Those that fit come first, the longest of them on top; of those too long the shortest.
        .annotate(fit=Case(When(length__lte=LONGEST, then=F("length")), default=Value(LONGEST) - F("length")))
        .order_by("-fit", "-responded_at", "-pk")
    )
    columns = ("pk", "band", "segment", "account", "contact", "verbatim")
    candidates = []
    for band in (Band.DETRACTOR, Band.PASSIVE, Band.PROMOTER):
        for pk, own, segment, account, contact, words in said.filter(band=band).values_list(*columns)[:LOOKED_AT]:
            company = ("account", account) if account else ("contact", contact) if contact else None
            candidates.append(Candidate(pk, own, segment, company, words))
    found = Response.objects.filter(pk__in=pick(candidates)).select_related("contact", "account", "ticket")
    return sorted(found.defer("search_text", "attributes"), key=lambda each: (each.score, each.pk))
