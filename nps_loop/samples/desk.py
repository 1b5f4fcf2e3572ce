"""The last days, planned answer by answer: what lies on the desks of agent and lead on the day of loading. Pure.

Times are worked out backwards: from the half-day a customer was promised to the moment they must have answered. So the
queue holds something late, something for today and something for the next days at whatever hour somebody looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from followups import workflow
from followups.calendars import WorkingHours
from followups.models.tickets import DismissReason, TicketState
from followups.promises import half_day_ends
from nps_loop.samples import company, lives
from nps_loop.samples.answers import DAY, HOUR, Answer, Pool
from nps_loop.samples.case import Case
from nps_loop.samples.customers import Person
from nps_loop.samples.lives import End
from nps_loop.samples.stage import Life
from nps_loop.samples.words import Voice
from surveys.scoring import Band, band

MINUTE = timedelta(minutes=1)
PROMISED_WITHIN = 48 * HOUR


class Ends:
    """When the half-days of the desk end: the last one that is over, and those to come."""

    def __init__(self, now: datetime) -> None:
        hours = WorkingHours(company.ZONE, tuple(tuple((a, b) for a, b in day) for day in company.DESK_HOURS))
        today = now.astimezone(ZoneInfo(company.ZONE)).date()
        ends = [end for days in range(-3, 5) for end in half_day_ends(hours, today + days * DAY)]
        self.over = [end for end in ends if end <= now - 35 * MINUTE]
        self.ahead = [end for end in ends if end > now + 15 * MINUTE]


def due_at(end: datetime, chance: Random, now: datetime) -> datetime:
    """When a customer answered whose first contact is promised by this end of a half-day; never still to come."""
    return min(end - PROMISED_WITHIN + chance.randrange(12, 30) * MINUTE, now - chance.randrange(9, 20) * MINUTE)


# --- lives that only the desk has ------------------------------------------------------------------------------


def action_due_today(case: Case) -> Life:
    yield from case.assigned()
    yield case.work(0.3)
    case.reaches_out()
    yield case.soon()
    days = (
        case.stage.ends.astimezone(ZoneInfo(company.ZONE)).date() - case.now.astimezone(ZoneInfo(company.ZONE)).date()
    ).days
    case.promises(days, by=case.owner)
    while case.open_action.due_at <= case.stage.ends + 15 * MINUTE:
        case.moves_it(1)


def waits_for_us(case: Case) -> Life:
    """Resolved quickly and told *not yet*: an answer is owed by the next half-day."""
    yield from case.assigned()
    yield case.soon()
    case.settles_in_the_talk()
    yield case.soon()
    yield max(Ends(case.stage.ends).ahead[0] - DAY + 20 * MINUTE, case.now + 2 * HOUR)
    case.says_not_yet()


def snoozed(case: Case) -> Life:
    """Nobody answered the phone: out of sight until tomorrow morning."""
    yield from case.assigned()
    yield case.stage.ends - 3 * HOUR
    case.tries()
    due = case.ticket.due_at
    until = case.stage.ends + 20 * HOUR
    case.act(workflow.snooze, until=min(until, due - HOUR) if due else until)


def moved(case: Case) -> Life:
    """A promise that was moved in time, and stands."""
    yield from case.assigned()
    yield case.work(0.2)
    case.reaches_out()
    yield case.soon()
    case.promises((case.stage.ends - case.now).days + 1)
    yield case.later(20)
    case.moves_it(3)


def helped_by_agent(case: Case) -> Life:
    """Somebody else's ticket with an action that the agent promised."""
    yield from case.assigned()
    yield case.work(0.2)
    case.reaches_out()
    yield case.soon()
    case.promises(
        (case.stage.ends - case.now).days + 2,
        by=case.colleague(company.AGENT),
        title="Somebody who knows the old contract rings you and goes through it with you",
    )


def asked_to_dismiss(case: Case) -> Life:
    """A detractor whose answer speaks of somebody else: a lead has to decide."""
    yield from case.assigned()
    yield case.stage.ends - 4 * HOUR
    case.act(
        workflow.ask_dismissal,
        reason=DismissReason.MISTAKE,
        explanation="Rang back at once: took zero for the best. Wanted to give a ten.",
    )


def spoken_to(case: Case) -> Life:
    """A good talk this afternoon; what is done about it is still to be promised."""
    yield from case.assigned()
    yield max(case.stage.ends - 3 * HOUR, case.soon())
    case.talks()


def called_in_vain(case: Case) -> Life:
    """Late, and not for lack of trying."""
    yield from case.assigned()
    yield case.work(0.4)
    case.tries()
    yield case.work(0.5)
    case.tries("left_message")


S = TicketState
LIVES: dict[str, tuple[Callable[[Case], Life], End]] = {
    "action_due_today": (action_due_today, End(S.IN_ACTION)),
    "waits_for_us": (waits_for_us, End(S.ASSIGNED, cycle=1)),
    "snoozed": (snoozed, End(S.ASSIGNED)),
    "moved": (moved, End(S.IN_ACTION)),
    "helped_by_agent": (helped_by_agent, End(S.IN_ACTION)),
    "asked_to_dismiss": (asked_to_dismiss, End(S.ASSIGNED)),
    "spoken_to": (spoken_to, End(S.CONTACTED)),
    "called_in_vain": (called_in_vain, End(S.ASSIGNED)),
    "nobody_free": (lives.untouched, End(S.NEW)),
}


# --- who answers what ------------------------------------------------------------------------------------------


def plan(pool: Pool, voice: Voice, chance: Random, *, now: datetime) -> list[Answer]:
    """The answers of the last days that open tickets, for each desk."""
    return list(_Desk(pool, voice, chance, now).answers())


class _Desk:
    def __init__(self, pool: Pool, voice: Voice, chance: Random, now: datetime) -> None:
        self.pool, self.voice, self.chance, self.now = pool, voice, chance, now
        self.ends = Ends(now)
        self.number = 0

    def answers(self) -> Iterable[Answer]:
        over, ahead, now = self.ends.over, self.ends.ahead, self.now
        agent, matteo, chiara = company.AGENT, "matteo", "chiara"
        # The agent: late 1, today and next by the half-day promised, later, waiting, snoozed, with the customer.
        yield self._one(
            agent, "service-visit", 2, due_at(over[-1], self.chance, now), "called_in_vain", contact_me=True
        )
        yield self._one(agent, "relationship", 3, due_at(ahead[0], self.chance, now), "untouched", contact_me=True)
        yield self._one(agent, "support-call", 1, due_at(ahead[0], self.chance, now), "untouched")
        yield self._one(agent, "refills", 5, due_at(ahead[1], self.chance, now), "untouched")
        yield self._one(agent, "invoice", 4, due_at(ahead[1], self.chance, now), "untouched")
        yield self._one(agent, "first-90-days", 6, due_at(ahead[2], self.chance, now), "untouched")
        yield self._one(agent, "relationship", 5, due_at(ahead[3], self.chance, now), "snoozed", contact_me=True)
        yield self._one(agent, "refills", 7, now - 26 * HOUR, "untouched")
        yield self._one(agent, "relationship", 8, now - 5 * HOUR, "untouched")
        yield self._one(agent, "service-visit", 3, now - 62 * HOUR, "action_due_today")
        yield self._one(agent, "invoice", 2, now - 60 * HOUR, "waits_for_us", phone=True)
        yield self._one(agent, "support-call", 4, now - 66 * HOUR, "waiting")
        yield self._one(agent, "relationship", 6, now - 68 * HOUR, "moved")
        yield self._one(agent, "service-visit", 4, due_at(ahead[1], self.chance, now), "asked_to_dismiss")
        yield self._one(agent, "first-90-days", 5, now - 28 * HOUR, "spoken_to", phone=True)
        yield self._one(agent, "refills", 3, now - 152 * HOUR, "asked")
        yield self._one(agent, "relationship", 6, now - 160 * HOUR, "asked")
        # Colleagues of the agent.
        yield self._one(matteo, "service-visit", 1, due_at(over[-2], self.chance, now), "untouched")
        yield self._one(matteo, "relationship", 4, due_at(ahead[0], self.chance, now), "untouched")
        yield self._one(matteo, "invoice", 0, now - 30 * HOUR, "asked_to_dismiss")
        yield self._one(matteo, "refills", 8, now - 20 * HOUR, "untouched")
        yield self._one(chiara, "support-call", 3, due_at(ahead[0], self.chance, now), "untouched")
        yield self._one(chiara, "relationship", 6, due_at(ahead[2], self.chance, now), "untouched")
        yield self._one(chiara, "invoice", 5, now - 64 * HOUR, "helped_by_agent")
        yield self._one(chiara, "refills", 4, now - 156 * HOUR, "asked")
        yield self._one(chiara, "service-visit", 2, now - 158 * HOUR, "reopened")
        # An account of somebody who is away: goes to the least loaded, and its account manager reads why.
        yield self._one("yusuf", "service-visit", 5, now - 9 * HOUR, "untouched")
        # The cafés: one colleague is at a fair, the other one full, so these wait.
        yield self._one("", "mokari-order", 2, now - 3 * HOUR, "nobody_free")
        yield self._one("", "mokari-service", 5, now - 100 * MINUTE, "nobody_free")
        yield self._one("diego", "mokari-order", 4, now - 50 * MINUTE, "nobody_free")

    def _one(
        self,
        login: str,
        moment: str,
        score: int,
        at: datetime,
        life: str,
        *,
        contact_me: bool | None = None,
        phone: bool = False,
    ) -> Answer:
        needs_phone = phone or bool(contact_me) or life in ("snoozed", "called_in_vain")
        people = [person for person in self.pool.of_owner(login) if person.phone or not needs_phone]
        if moment.startswith("mokari") and not login:
            people = [person for person in people if not person.firm]
        person = self.pool.take(people, self.chance) or self._anybody()
        felt = Band(band(score))
        topic, words = self.voice.say(person.language, felt, company.topics_of(moment))
        self.number += 1
        return replace(
            Answer(key=f"D-{self.number:04d}", moment=moment, at=at, score=score),
            words=words,
            language=person.language,
            topic=topic,
            email=person.email,
            name=person.name,
            contact_me=contact_me,
            share_name=self.chance.choice((True, False, None)),
            life=life,
            opens=True,
        )

    def _anybody(self) -> Person:
        raise LookupError("The sample customers are all taken; make up more.")
