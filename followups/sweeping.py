"""Every due piece of work, once. Beat asks for it each half minute, so a lost message costs seconds, never work."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from followups import (
    absence,
    assignment,
    checking_figures,
    clocks,
    drafts,
    leaving,
    morning,
    opening,
    recovering,
    silent_owners,
)
from followups.digests import sending as digests
from followups.improve.reviews import preparing
from followups.reports.rollups import keeping
from followups.workflow.handing import assignment_lock
from nps_loop import link_guard, retention
from nps_loop.jobs import running as jobs
from nps_loop.mail.delivery import deliver_due
from nps_loop.mail.inbound import polling, working
from nps_loop.people import idempotency
from nps_loop.webhooks import delivery as webhooks
from surveys import erasing
from surveys.asking import planning, reminding, sending

logger = logging.getLogger(__name__)

# Answers that one turn opens tickets for: whoever gives waits for the lock meanwhile.
AT_ONCE = 100


def sweep(now: datetime, *, leave_long: bool = False) -> dict[str, int]:
    """Do what is due and return counts by name. One part that raises does not keep the others from their work.

    With `leave_long`, jobs that last longer than a task may are announced and not done here.
    """
    steps: dict[str, Callable[[], int]] = {
        "answers_decided": lambda: opening.open_awaiting(now=now).decided,
        "owners_gone": lambda: leaving.release_from_the_gone(now=now),
        "given_back": lambda: absence.give_back(now=now),
        "covered": lambda: absence.cover_what_falls_due(now=now),
        "assigned": lambda: assignment.assign_waiting(now=now).assigned,
        "came_back": lambda: clocks.bring_back_waiting(now=now),
        "acknowledged_unassigned": lambda: clocks.acknowledge_the_unassigned(now=now),
        "closed_silent": lambda: clocks.close_the_silent(now=now),
        "reminded": lambda: clocks.remind_once(now=now),
        "climbed": lambda: clocks.climb(now=now),
        "told": lambda: clocks.tell(now=now),
        "promises_in_danger": lambda: clocks.warn_of_promises_in_danger(now=now),
        "promises_broken": lambda: clocks.tell_of_broken_promises(now=now),
        "mornings": lambda: morning.send_mornings(now=now),
        "digests": lambda: digests.send_digests(now=now),
        "left_alone": lambda: silent_owners.look_after_the_left_alone(now=now),
        "recovery_planned": lambda: recovering.plan_questions(now=now),
        "rounds_started": lambda: planning.start_rounds(now=now),
        "reviews_prepared": lambda: preparing.prepare_due(now=now),
        "decisions_reminded": lambda: preparing.remind_due(now=now),
        "jobs": lambda: jobs.run_waiting(now=now, leave_long=leave_long),
        "invitations_looked_at": lambda: sending.send_due(now=now),
        "surveys_reminded": lambda: reminding.remind_due(now=now),
        "surveys_expired": lambda: reminding.expire_due(now=now),
        "mails_fetched": lambda: polling.poll(now),
        "mails_read": lambda: working.read_waiting(now),
        "mails_sent": lambda: deliver_due(now, limit=500)["sent"],
        "webhooks_sent": lambda: webhooks.deliver_due(now)["delivered"],
        "drafts_forgotten": lambda: drafts.forget_old(now=now),
        "forgotten": lambda: retention.run(now=now),
        "erased_late": lambda: erasing.finish_late(now=now),
        "keys_forgotten": lambda: idempotency.prune(now=now),
        "counts_forgotten": lambda: link_guard.forget_old(now=now),
        # Last, so that what the others changed is in.
        "days_counted": lambda: keeping.flush(now=now),
        "days_that_differed": lambda: checking_figures.look_at_some(now=now),
    }
    counts = {}
    failed = 0
    for name, step in steps.items():
        try:
            counts[name] = step()
        except Exception:
            logger.exception("The sweep's part %s raised; the others go on.", name)
            counts[name] = 0
            failed += 1
    counts["failed_parts"] = failed
    return counts


def open_and_assign(clock: Callable[[], datetime]) -> dict[str, int]:
    """Open tickets for new answers and give them to people, so many at a time, until no answer awaits it.

    Workers take turns: a look that serves what came in meanwhile costs little more than a look for one answer, and
    twice the looks would have each answer wait longer. `clock` is asked when the turn has come.
    """
    counts = Counter(answers_decided=0, tickets=0, assigned=0)
    while True:
        opened = _open_some(clock)
        now = clock()
        # What comes in for somebody who is away goes to whoever stands in, before the assigner looks for anybody.
        absence.cover_what_falls_due(now=now)
        given = assignment.assign_some(now=now)
        counts.update(answers_decided=opened.decided, tickets=opened.tickets, assigned=given.assigned)
        if opened.looked_at < AT_ONCE or not opened.decided + opened.failed:
            break  # Nothing is left, or another worker holds it.
    if given.is_more:
        counts.update(assigned=assignment.assign_waiting(now=clock()).assigned)
    return dict(counts)


def _open_some(clock: Callable[[], datetime]) -> opening.Opened:
    """One turn. It ends before anything is given: opening locks conversations, and giving the tickets in them."""
    if not opening.is_awaited(now=clock()):
        return opening.Opened()
    with assignment_lock(is_found_again=True):
        return opening.open_some(now=clock(), most=AT_ONCE)
