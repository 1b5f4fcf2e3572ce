"""The recovery question: some weeks after a case was closed, its customer is asked once more how things are.

Closing sets the day (`workflow.ending`); here the day has come. The question is an invitation like every other, linked
to the first answer: the rules of asking decide about it, and whoever was left in peace was never given a day.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from followups.models import Ticket
from surveys.asking.recovery import ClosedCase, plan_recovery

BATCH = 500


def plan_questions(*, now: datetime) -> int:
    """Turn the recovery questions whose day has come into invitations; returns how many cases that were.

    The day is taken off the case in the same transaction, so that each cycle of a case asks at most once.
    """
    today = timezone.localtime(now, timezone.get_default_timezone()).date()
    with transaction.atomic():
        cases = list(
            Ticket.objects.to_ask_again(today)
            .select_related("response__survey", "contact")
            .select_for_update(of=("self",), no_key=True, skip_locked=True)[:BATCH]
        )
        if not cases:
            return 0
        asked = [
            ClosedCase(case.pk, case.cycle, case.contact, case.response) for case in cases if case.contact is not None
        ]
        plan_recovery(asked, now=now)
        Ticket.objects.filter(pk__in=[case.pk for case in cases]).update(recovery_on=None)
    return len(cases)
