"""What recording and asking may ask of whoever follows up answers, without knowing who that is.

The follow-up side registers itself when it starts. Where nobody did, answers are recorded and wait for a decision.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol


class OpensTickets(Protocol):
    def __call__(self, response_ids: Sequence[int], *, now: datetime) -> int:
        """Decide on those of these answers that await a decision, and return how many tickets that opened.

        Their `follow_up` and `acknowledge` say what was asked for. A ticket that somebody else opened for one of them
        in the meantime counts as well, so that an import tells its own number whoever was faster.
        """


class KnowsTeams(Protocol):
    def __call__(self, user_ids: Collection[int]) -> Mapping[int, int]:
        """User -> id of the team whose tickets they work on, for those who are in one. One query."""


class KnowsWhatChanged(Protocol):
    def __call__(self, cases: Collection[int]) -> Mapping[int, str]:
        """Case -> what the customer was told has changed, for those where that was written. One query."""


_opener: OpensTickets | None = None
_teams: KnowsTeams | None = None
_what_changed: KnowsWhatChanged | None = None


def register_opener(opener: OpensTickets) -> None:
    """Called once, when the follow-up side starts."""
    global _opener
    _opener = opener


def has_opener() -> bool:
    return _opener is not None


def open_tickets(response_ids: Sequence[int], *, now: datetime) -> int:
    """Number of tickets opened for these answers; 0 where nobody follows up."""
    if _opener is None or not response_ids:
        return 0
    return _opener(response_ids, now=now)


def register_teams(teams: KnowsTeams) -> None:
    """Called once, when the follow-up side starts."""
    global _teams
    _teams = teams


def teams_of(user_ids: Collection[int]) -> Mapping[int, int]:
    """User -> id of their team; empty where nobody follows up."""
    return _teams(user_ids) if _teams is not None and user_ids else {}


def register_what_changed(what_changed: KnowsWhatChanged) -> None:
    """Called once, when the follow-up side starts."""
    global _what_changed
    _what_changed = what_changed


def what_changed_in(cases: Collection[int]) -> Mapping[int, str]:
    """Case -> what its customer was told has changed; empty where nobody follows up."""
    return _what_changed(cases) if _what_changed is not None and cases else {}
