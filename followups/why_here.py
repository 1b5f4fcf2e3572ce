"""Why a ticket stands where it stands in the queue: its due time less the hours of each reason, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext

from followups.models import Ticket
from followups.templatetags.moments import moment


@dataclass(frozen=True, slots=True)
class Sum:
    """`reasons` are pairs of words and hours; `stands` is the moment by which the ticket is sorted."""

    due: str
    reasons: tuple[tuple[str, int], ...]
    stands: str

    @property
    def moved_up(self) -> str:
        """All reasons in one line."""
        return ", ".join(gettext("%(n)s h for %(reason)s") % {"n": n, "reason": reason} for reason, n in self.reasons)


def why_here(ticket: Ticket, now: datetime) -> Sum | None:
    """The sum, or None where nothing but its due time places the ticket."""
    reasons = tuple((reason_words(str(reason)), int(hours)) for reason, hours in ticket.bonus if hours)
    if ticket.due_at is None or not reasons or not ticket.is_live:
        return None
    stands = ticket.due_at - timedelta(hours=sum(hours for _, hours in reasons))
    return Sum(moment(ticket.due_at, now), reasons, moment(stands, now))


def reason_words(reason: str) -> str:
    """A reason of `priority.REASONS` in the language of the page."""
    words = {
        "a score of 0 to 2": gettext("a score of 0 to 2"),
        "a score of 3 to 6": gettext("a score of 3 to 6"),
        "asked to be contacted": gettext("having asked to be contacted"),
        "a large account": gettext("a large account"),
        "a middle-sized account": gettext("a middle-sized account"),
        "renews within 60 days": gettext("a renewal within 60 days"),
        "was unhappy before": gettext("having been unhappy before"),
        "a rule marks it high": gettext("a rule that marks it high"),
        "a rule marks it urgent": gettext("a rule that marks it urgent"),
    }
    return words.get(reason, reason)
