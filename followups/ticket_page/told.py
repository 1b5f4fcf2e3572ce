"""What this customer has heard so far, stage by stage, read from the mails that reached them. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext

from followups.templatetags.moments import moment
from followups.ticket_page.case import Case
from nps_loop.mail.models import Message

# The mails that tell each stage, in the order a case goes through them.
HEARD = ("acknowledgement", "reopened", "left_in_peace_thanks")
WHO_AND_WHEN = ("acknowledgement", "reopened", "hand_over", "delay")
WHAT_WE_DO = ("action_update",)
WHAT_CHANGED = ("resolution", "agreed_to_differ")
ASKED = ("resolution", "reminder")


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: what the customer hears there, and when they last did; where not yet, why, if a mail says so."""

    word: str
    when: str
    why_not: str = ""


def stages(case: Case) -> list[Stage]:
    """The five stages of the present cycle; none where nobody can be told."""
    ticket = case.ticket
    if ticket.nobody_to_reach:
        return []
    if ticket.left_in_peace:
        return [_stage(case, gettext("That it arrived"), HEARD)]
    told = [action.told_at for action in case.current_actions if action.told_at]
    return [
        _stage(case, gettext("That it arrived"), HEARD),
        _stage(case, gettext("Who gets in touch, and by when"), WHO_AND_WHEN),
        _stage(case, gettext("What we do, who and by when"), WHAT_WE_DO, else_at=max(told, default=None)),
        _stage(case, gettext("What changed, and why"), WHAT_CHANGED),
        _stage(case, gettext("Asked whether it is settled"), ASKED),
    ]


def _stage(case: Case, word: str, kinds: Collection[str], *, else_at: datetime | None = None) -> Stage:
    """`else_at` is when they were told in another way, in a talk for instance."""
    mails = [mail for mail in case.messages if mail.kind in kinds and mail.cycle == case.ticket.cycle]
    reached = [mail.sent_at for mail in mails if mail.state == Message.State.SENT and mail.sent_at]
    last = max(filter(None, [*reached, else_at]), default=None)
    if last is not None:
        return Stage(word, moment(last, case.now))
    stopped = [mail for mail in mails if mail.reason]
    return Stage(word, "", stopped[-1].reason_in_words if stopped else "")
