"""How the tickets of the sample set live: each a small story that yields the moment at which it goes on.

A life ends in one known way (`ENDS`), so what the sample set must hold is known before anything is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from followups import workflow
from followups.models.tickets import ClosedAs, DismissReason, TicketState
from nps_loop.people.models import User
from nps_loop.samples.answers import Answer
from nps_loop.samples.case import HOUR, Case
from nps_loop.samples.company import ADMIN, LEAD, SLOW
from nps_loop.samples.stage import Life
from surveys.scoring import Band


@dataclass(frozen=True, slots=True)
class End:
    """How a life ends: state, closing, dismissal, cycle, and whether the customer counts as told."""

    state: str
    closed_as: str = ""
    dismissed_as: str = ""
    cycle: int = 0
    told: bool = False


# --- pieces ----------------------------------------------------------------------------------------------------


def _turn_comes(case: Case) -> Life:
    """Somebody has it, and gets to it: within the promise, unless it is the colleague who never does."""
    yield from case.assigned()
    if case.owner == case.colleague(SLOW) and case.answer.band is not Band.PASSIVE:
        yield case.answer.at + case.chance.uniform(50.5, 58) * HOUR
        yield case.work(0.02)
    else:
        yield case.work(case.chance.uniform(0.05, 0.7))


def _first_contact(case: Case) -> Life:
    yield from _turn_comes(case)
    if case.chance.random() < 0.25 and case.contact and case.contact.phone:
        case.tries()
        yield case.work(0.12)
    case.reaches_out()
    yield case.soon()


def _action(case: Case) -> Life:
    """A promise, kept most of the time."""
    if case.chance.random() < 0.4:
        case.notes()
    yield case.work(0.05)
    case.promises(case.chance.randint(2, 3))
    if case.chance.random() < 0.2:
        yield case.before_it_is_due()
        case.moves_it(2)
    yield case.before_it_is_due()
    case.completes()


def _resolution(case: Case) -> Life:
    yield case.work(0.1)
    case.resolves()
    yield case.soon()


def _until_resolved(case: Case) -> Life:
    yield from _first_contact(case)
    yield from _action(case)
    yield from _resolution(case)


# --- that end --------------------------------------------------------------------------------------------------


def confirmed(case: Case) -> Life:
    yield from _until_resolved(case)
    yield case.later(case.chance.uniform(3, 40))
    case.says_settled()


def settled_in_a_talk(case: Case) -> Life:
    yield from _turn_comes(case)
    case.settles_in_the_talk()
    yield case.later(case.chance.uniform(2, 30))
    case.says_settled()


def passive_confirmed(case: Case) -> Life:
    """Lukewarm: one contact, and it is clear what to do."""
    yield from _first_contact(case)
    yield from _resolution(case)
    yield case.later(case.chance.uniform(4, 48))
    case.says_settled()


def silent(case: Case) -> Life:
    """Asked, reminded, and never heard of again: closes by itself."""
    yield from _until_resolved(case)


def passive_silent(case: Case) -> Life:
    yield from _first_contact(case)
    yield from _resolution(case)


def not_mailed(case: Case) -> Life:
    """Resolved without a mail, with a reason: nobody asked, so it closes as not asked."""
    yield from _first_contact(case)
    yield from _action(case)
    yield case.work(0.1)
    case.resolves(send_mail=False, no_mail_reason="Told on site, asked us to write no more about it.")


def not_reached(case: Case) -> Life:
    """Three tries on two days, and nobody answered."""
    yield from case.assigned()
    yield case.work(0.2)
    case.tries()
    yield case.work(0.3)
    case.tries("left_message")
    yield case.work(1)
    case.tries()
    yield case.work(0.1)
    case.resolves()


def reopened_confirmed(case: Case) -> Life:
    yield from _until_resolved(case)
    yield case.later(case.chance.uniform(5, 30))
    case.says_not_yet()
    yield case.work(0.4)
    case.reaches_out()
    yield case.soon()
    yield from _action(case)
    yield from _resolution(case)
    yield case.later(20)
    case.says_settled()


def _another_lead(case: Case) -> User:
    """Who decides what no owner decides alone: where everybody else was away, the lead is the owner."""
    logins = ("elodie", LEAD, ADMIN) if case.answer.is_mokari else (LEAD, ADMIN)
    return next(lead for lead in map(case.colleague, logins) if lead != case.owner)


def differed(case: Case) -> Life:
    """After a *not yet* the lead writes why it ends here."""
    from nps_loop.samples.words import talk

    yield from _until_resolved(case)
    yield case.later(8)
    case.says_not_yet()
    yield case.work(0.4)
    case.reaches_out()
    yield case.soon()
    yield from _action(case)
    yield from _resolution(case)
    yield case.work(0.5)
    case.act(workflow.agree_to_differ, by=_another_lead(case), text=talk.DIFFER[case.language])


def left_in_peace(case: Case) -> Life:
    yield from case.assigned()
    yield case.work(case.chance.uniform(0.2, 1))
    case.act(workflow.leave_in_peace, root_cause=case.cause, note="Read. Goes into the next talk with the account.")


def confirmed_by_reply(case: Case) -> Life:
    yield from _until_resolved(case)
    yield case.later(9)
    case.act(
        workflow.log_reply, text={"de": "Erledigt, danke Ihnen."}.get(case.language, "All good now."), says_settled=True
    )


def dismissed(case: Case) -> Life:
    """Lukewarm and not about us: dismissed at once."""
    yield from case.assigned()
    yield case.work(0.3)
    case.act(workflow.ask_dismissal, reason=DismissReason.NOT_OURS, explanation="Speaks of the landlord's machine.")


def dismissed_as_duplicate(case: Case) -> Life:
    """Asked for, and a lead agrees."""
    yield from case.assigned()
    yield case.work(0.3)
    case.act(
        workflow.ask_dismissal, reason=DismissReason.DUPLICATE, explanation="Sent twice, the other one is at work."
    )
    yield case.work(0.4)
    case.act(workflow.decide_dismissal, by=_another_lead(case), approve=True)


# --- that are still open ---------------------------------------------------------------------------------------


def asked(case: Case) -> Life:
    """Resolved, and the customer has the last word."""
    yield from _first_contact(case)
    yield case.work(0.05)
    case.promises(1)
    yield case.before_it_is_due()
    case.completes()
    yield from _resolution(case)


def reopened(case: Case) -> Life:
    """Resolved and told *not yet*: open again."""
    yield from asked(case)
    yield case.later(18)
    case.says_not_yet()


def in_action(case: Case) -> Life:
    """A promise whose day is still to come; the customer hears of it on the way."""
    yield from _first_contact(case)
    yield case.work(0.05)
    case.promises((case.stage.ends - case.now).days + case.chance.randint(2, 6))
    while True:
        yield case.work(3)
        case.writes()


def waiting(case: Case) -> Life:
    yield from _first_contact(case)
    yield case.work(0.2)
    case.asks()


def untouched(case: Case) -> Life:
    """Nobody got to it yet."""
    yield from case.assigned()


Story = Callable[[Case], Life]
S, C = TicketState, ClosedAs
LIVES: dict[str, tuple[Story, End]] = {
    "confirmed": (confirmed, End(S.CLOSED, C.CONFIRMED, told=True)),
    "settled_in_a_talk": (settled_in_a_talk, End(S.CLOSED, C.CONFIRMED, told=True)),
    "passive_confirmed": (passive_confirmed, End(S.CLOSED, C.CONFIRMED, told=True)),
    "confirmed_by_reply": (confirmed_by_reply, End(S.CLOSED, C.CONFIRMED, told=True)),
    "silent": (silent, End(S.CLOSED, C.UNCONFIRMED, told=True)),
    "passive_silent": (passive_silent, End(S.CLOSED, C.UNCONFIRMED, told=True)),
    "not_mailed": (not_mailed, End(S.CLOSED, C.NOT_ASKED)),
    "not_reached": (not_reached, End(S.CLOSED, C.NOT_ASKED)),
    "reopened_confirmed": (reopened_confirmed, End(S.CLOSED, C.CONFIRMED, cycle=1, told=True)),
    "differed": (differed, End(S.CLOSED, C.AGREED_TO_DIFFER, cycle=1, told=True)),
    "left_in_peace": (left_in_peace, End(S.CLOSED, C.LEFT_IN_PEACE)),
    "dismissed": (dismissed, End(S.DISMISSED, dismissed_as=DismissReason.NOT_OURS)),
    "dismissed_as_duplicate": (dismissed_as_duplicate, End(S.DISMISSED, dismissed_as=DismissReason.DUPLICATE)),
    "asked": (asked, End(S.RESOLVED, told=True)),
    "reopened": (reopened, End(S.ASSIGNED, cycle=1)),
    "in_action": (in_action, End(S.IN_ACTION)),
    "waiting": (waiting, End(S.WAITING_ON_CUSTOMER)),
    "untouched": (untouched, End(S.ASSIGNED)),
}

# Days since the answer from which on every life fits, and from which on those with one promise do. Weekdays need more.
_LONG = {False: 20, True: 31}
_MIDDLE = {False: 12, True: 20}
_DETRACTORS = {"confirmed": 50, "silent": 16, "reopened_confirmed": 9, "differed": 3, "not_mailed": 3} | {
    "dismissed_as_duplicate": 3
}
_PASSIVES = {"passive_confirmed": 46, "passive_silent": 30, "confirmed_by_reply": 8, "dismissed": 8}


def options_for(answer: Answer, days: float, has_phone: bool) -> dict[str, int]:
    """Lives with their weights for an answer given so many days ago, such that each has come to its end by now."""
    is_detractor = answer.band is Band.DETRACTOR
    if answer.contact_me is False:
        return {"left_in_peace": 1}
    if days >= _LONG[answer.is_mokari]:
        options = dict(_DETRACTORS if is_detractor else _PASSIVES)
        if has_phone and is_detractor:
            options |= {"settled_in_a_talk": 14, "not_reached": 7}
    elif days >= _MIDDLE[answer.is_mokari]:
        options = {"confirmed": 8, "settled_in_a_talk": 4 * has_phone} if is_detractor else {"passive_confirmed": 1}
    elif answer.is_mokari:
        options = {"in_action": 1}
    elif days >= 8:
        options = {"settled_in_a_talk": 1} if has_phone else {"in_action": 1}
    elif days >= 6:
        options = {"asked": 5, "in_action": 2, "reopened": 2, "settled_in_a_talk": 3 * has_phone}
    elif days >= 5:
        options = {"in_action": 3, "settled_in_a_talk": 3 * has_phone}
    else:
        options = {"in_action": 3, "waiting": 2}
    if answer.contact_me:
        options.pop("dismissed", None)  # Somebody who asked to be contacted is dismissed by a lead only.
    return {name: weight for name, weight in options.items() if weight}


def choose(options: Mapping[str, int], missing: set[str], chance: Random) -> str:
    """One of these lives; of those that nobody lived yet first, so that none is left to chance."""
    fresh = sorted(missing & set(options))
    name = fresh[0] if fresh else chance.choices(list(options), weights=list(options.values()))[0]
    missing.discard(name)
    return name
