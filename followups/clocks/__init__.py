"""What time alone brings about: waiting tickets that come back, silence that closes, reminders, and who must be told.

Each function finds what is due by an index, claims its rows, so that two sweeps at once do nothing twice, and may fail
without the others. Nothing counts on being called in time: after a beat that was dead, or a clock that jumped, each
thing is done once and in order.
"""

from followups.clocks.climbing import climb, escalate
from followups.clocks.promises import WARN_BEFORE, tell_of_broken_promises, warn_of_promises_in_danger
from followups.clocks.returning import bring_back_waiting, close_the_silent, remind_once
from followups.clocks.telling import tell
from followups.clocks.unassigned import acknowledge_the_unassigned

__all__ = [
    "WARN_BEFORE",
    "acknowledge_the_unassigned",
    "bring_back_waiting",
    "climb",
    "close_the_silent",
    "escalate",
    "remind_once",
    "tell",
    "tell_of_broken_promises",
    "warn_of_promises_in_danger",
]
