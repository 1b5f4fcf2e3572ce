"""What two books would do with the same answers, side by side. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from followups.rehearsal.world import Rehearsed, Would

# What may differ about an answer, in the order in which a page tells it.
KINDS = ("more", "less", "team", "policy", "priority", "person")


@dataclass(frozen=True, slots=True)
class Change:
    """An answer with which the two books do something else, and in what respects."""

    before: Would
    after: Would
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`counts` by kind, and `same_team` for tickets that stay; `changes` in the order of the answers."""

    counts: dict[str, int] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()

    @classmethod
    def of(cls, before: Rehearsed, after: Rehearsed) -> Comparison:
        counts: Counter[str] = Counter()
        changes = []
        for pk, new in after.would.items():
            old = before.would[pk]
            kinds = _differs(old, new)
            counts.update(kinds)
            counts["same_team"] += old.opens and new.opens and "team" not in kinds
            if kinds:
                changes.append(Change(old, new, kinds))
        return cls(dict(counts), tuple(changes))


def _differs(old: Would, new: Would) -> tuple[str, ...]:
    if old.opens != new.opens:
        return ("more",) if new.opens else ("less",)
    pairs = {
        "team": (old.team, new.team),
        "policy": (old.policy, new.policy),
        "priority": (old.priority, new.priority),
        "person": (old.owner, new.owner),
    }
    return tuple(kind for kind, (one, other) in pairs.items() if one != other)


def per_person(rehearsed: Rehearsed) -> Mapping[int, int]:
    """User -> tickets they would have got; 0 stands for those nobody could take."""
    return Counter(row.owner or 0 for row in rehearsed.would.values() if row.opens)
