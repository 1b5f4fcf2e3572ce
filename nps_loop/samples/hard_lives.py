"""What becomes of the hard cases, where it is not what becomes of others (`lives`)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from zoneinfo import ZoneInfo

from followups import workflow
from followups.models.tickets import ClosedAs, DismissReason, TicketState
from nps_loop.mail.models import Message
from nps_loop.mail.telling import mark_bounced
from nps_loop.people.models import User
from nps_loop.samples import company, lives
from nps_loop.samples.answers import DAY, HOUR
from nps_loop.samples.case import Case
from nps_loop.samples.lives import End
from nps_loop.samples.stage import Life
from surveys.models import Account


def owner_leaves(case: Case) -> Life:
    """Contact, a promise, then the owner leaves the company; whoever gets it goes on where it was."""
    yield from case.assigned()
    yield case.work(0.3)
    case.talks()
    yield case.work(0.05)
    case.promises(max((case.stage.ends - case.now).days + 2, 5), by=case.colleague("olaf"))
    yield case.work(0.5)
    gone = case.owner
    User.objects.filter(pk=gone.pk).update(is_active=False)
    Account.objects.filter(owner=gone).update(owner=case.colleague("yusuf"))
    case.stage.sweep()
    while True:
        yield case.work(2)
        yield from case.assigned()
        case.writes()


def kept_over_a_holiday(case: Case) -> Life:
    """Promised by Tuesday midday, called on Tuesday at ten."""
    yield from case.assigned()
    zone = ZoneInfo("Europe/Madrid")
    tuesday = case.answer.at.astimezone(zone).date() + 4 * DAY
    yield datetime.combine(tuesday, time(10, 5), tzinfo=zone).astimezone(case.now.tzinfo)
    case.talks()
    yield case.work(0.1)
    case.promises((case.stage.ends - case.now).days + 4)
    while True:
        yield case.work(3)
        case.writes()


def resolution_bounces(case: Case) -> Life:
    """Everything done and told, but the mail that told it came back."""
    yield from lives.asked(case)
    yield case.later(6)
    message = Message.objects.filter(case=case.pk, kind="resolution").order_by("-pk")[0]
    mark_bounced([message.pk], reason="550 5.1.1 The mailbox does not exist any more.", now=case.now)


def not_yet_twice(case: Case) -> Life:
    yield from lives.asked(case)
    yield case.later(10)
    case.says_not_yet()
    yield case.work(0.4)
    case.reaches_out()
    yield case.soon()
    yield case.work(0.05)
    case.promises(1)
    yield case.before_it_is_due()
    case.completes()
    yield case.work(0.1)
    case.resolves()
    yield case.soon()
    yield max(case.stage.ends - 6 * HOUR, case.now + HOUR)
    case.presses("not_yet", "The new machine leaks as well. I am tired of writing this.")


def colleague_presses(case: Case) -> Life:
    """Somebody with a staff log-in presses *settled*: the demo lets it through, and the event says who."""
    yield from lives.asked(case)
    yield case.later(5)
    case.presses("settled", in_demo_by=case.colleague(company.LEAD))


def abuse_reported(case: Case) -> Life:
    """Insults and nothing to act on: the owner asks the lead to dismiss it."""
    yield from case.assigned()
    yield case.work(0.2)
    case.act(
        workflow.ask_dismissal,
        reason=DismissReason.ABUSE,
        explanation="Insults, and no machine of ours at that address.",
    )


S, C = TicketState, ClosedAs
LIVES: dict[str, tuple[Callable[[Case], Life], End]] = {
    "owner_leaves": (owner_leaves, End(S.IN_ACTION)),
    "kept_over_a_holiday": (kept_over_a_holiday, End(S.IN_ACTION)),
    "resolution_bounces": (resolution_bounces, End(S.IN_ACTION)),
    "not_yet_twice": (not_yet_twice, End(S.ASSIGNED, cycle=2)),
    "colleague_presses": (colleague_presses, End(S.CLOSED, C.CONFIRMED, told=True)),
    "abuse_reported": (abuse_reported, End(S.ASSIGNED)),
}
