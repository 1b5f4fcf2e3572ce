"""While somebody is away: what falls due goes to the delegate, and back when they are there again.

What is due, promised or waited for within the absence is covered; the rest stays with its owner. What falls due later,
because a customer writes or says *not yet*, is covered then. One conversation keeps one owner, so it goes as a whole.
A delegate who is away is stood in for by their own, each person asked once; where that ends with nobody who can, the
assigner finds somebody. A `Cover` row for each ticket and promise says so, and makes doing it twice harmless.

Back: what is still open goes to its owner, unless whoever held it has talked with the customer or promised something
since, or a person gave it to somebody. That stays, and the pages say why.
"""

from followups.absence.covering import cover_what_falls_due
from followups.absence.planning import cancel, follow, is_back, mates_of, plan, stands, why_not_between
from followups.absence.returning import give_back

__all__ = [
    "cancel",
    "cover_what_falls_due",
    "follow",
    "give_back",
    "is_back",
    "mates_of",
    "plan",
    "stands",
    "why_not_between",
]
