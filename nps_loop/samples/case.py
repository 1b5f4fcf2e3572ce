"""One ticket of the sample set in the hands of its people: what they do and say, through the real verbs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from followups import workflow
from followups.actors import Actor
from followups.calendars import due_after
from followups.deadlines import end_of, working_day_minutes
from followups.models import Action, Calendar, Deadline, Member, RootCause, Ticket
from followups.replies import Press, press
from nps_loop.people.models import User
from nps_loop.samples import company
from nps_loop.samples.answers import Answer
from nps_loop.samples.stage import Life, Stage
from nps_loop.samples.words import talk
from nps_loop.samples.words.remedies import CAUSES, REMEDIES, Remedy
from surveys.models import Contact

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@dataclass
class Case:
    """A ticket that was opened for a planned answer. Every call acts at the stage's present moment."""

    stage: Stage
    answer: Answer
    chance: Random

    # What there is -----------------------------------------------------------------------------------------------

    @cached_property
    def pk(self) -> int:
        """Number of the ticket that was opened for the answer."""
        return (
            Ticket.objects.order_by()
            .values_list("pk", flat=True)
            .get(response__source__slug=self.answer.source, response__external_id=self.answer.key)
        )

    @property
    def ticket(self) -> Ticket:
        """The ticket as it is now, with its owner."""
        return Ticket.objects.order_by().select_related("owner").get(pk=self.pk)

    @cached_property
    def contact(self) -> Contact | None:
        return Contact.objects.filter(tickets=self.pk).first()

    @cached_property
    def calendar(self) -> Calendar:
        """The calendar the ticket's deadlines are pinned to: that of its team when it opened."""
        return Calendar.objects.filter(pk__in=Deadline.objects.filter(ticket=self.pk).values("calendar"))[0]

    @property
    def now(self) -> datetime:
        return self.stage.now

    @property
    def language(self) -> str:
        return self.answer.language if self.answer.language in REMEDIES else "en"

    @property
    def remedy(self) -> Remedy:
        return REMEDIES[self.language][self.answer.topic or "people"]

    @cached_property
    def cause(self) -> RootCause:
        return RootCause.objects.get(slug=CAUSES[self.answer.topic or "people"][0])

    @property
    def owner(self) -> User:
        owner = self.ticket.owner
        return owner if owner is not None else self._its_lead_takes_it()

    def _its_lead_takes_it(self) -> User:
        """Where everybody of the team is away, what falls due is in the pool: then the lead steps in."""
        lead = Member.objects.select_related("user").get(team=self.ticket.team, role=Member.Role.LEAD).user
        workflow.assign(
            self.ticket, actor=Actor.person(lead), now=self.now, version=None, to=lead, reason="Everybody is away."
        )
        return lead

    def colleague(self, login: str) -> User:
        return self.stage.company.people[login]

    @property
    def doer(self) -> User:
        """Who does what is promised: the back office where it is theirs, else the owner."""
        return self.stage.company.people.get(CAUSES[self.answer.topic or "people"][1]) or self.owner

    def pick(self, texts: Sequence[str]) -> str:
        return self.chance.choice(texts)

    # When --------------------------------------------------------------------------------------------------------

    def work(self, days: float) -> datetime:
        """The moment after so many working days of the team, within its hours."""
        hours = self.calendar.hours
        return due_after(hours, self.now, int(days * working_day_minutes(hours)) + self.chance.randrange(1, 40))

    def later(self, hours: float) -> datetime:
        """The moment after so many hours, moved out of the night: when a customer does something."""
        at = self.now + hours * HOUR + self.chance.randrange(1, 50) * MINUTE
        local = at.astimezone(ZoneInfo(company.ZONE))
        return at + ((7 - local.hour) % 24) * HOUR if local.hour >= 22 or local.hour < 7 else at

    def soon(self) -> datetime:
        return self.now + self.chance.randrange(2, 9) * MINUTE

    def assigned(self) -> Life:
        """Wait until somebody has it."""
        while self.ticket.owner_id is None:
            yield self.now + HOUR

    # What the owner does -----------------------------------------------------------------------------------------

    def act(self, verb: Any, by: User | None = None, **arguments: Any) -> Ticket:
        """One verb of the workflow, by the owner unless said otherwise."""
        who = by or self.owner
        ticket = self.ticket
        done: Ticket = verb(ticket, actor=Actor.person(who), now=self.now, version=ticket.version, **arguments)
        return done

    def talks(self) -> None:
        """A call that got through."""
        self.contact_made()
        self.act(
            workflow.log_contact,
            channel="phone",
            outcome="spoke",
            note=self.pick(talk.NOTES_OF_A_TALK),
            line_for_customer=self.pick(talk.LINES[self.language]),
        )

    def tries(self, outcome: str = "no_answer") -> None:
        self.act(workflow.log_contact, channel="phone", outcome=outcome)

    def writes(self) -> None:
        """A personal mail; it becomes contact once the mail server has it."""
        self.contact_made()
        self.act(workflow.send_message, subject=talk.SUBJECTS[self.language], body=self.letter())

    def contact_made(self) -> None:
        """Remember the first contact, to be compared with what the reports say."""
        self.stage.first_contacts.setdefault(self.answer.key, (self.now, self.owner.username))

    def letter(self) -> str:
        name = self.contact.greeting_name if self.contact else ""
        hello = talk.HELLO[self.language].format(name=name) if name else talk.HELLO_NOBODY[self.language]
        return "\n\n".join((hello, self.remedy.letter, talk.ENDING[self.language], self.owner.first_name))

    def reaches_out(self) -> None:
        """A call where a number is known, a mail where not."""
        if self.contact is not None and self.contact.phone:
            self.talks()
        else:
            self.writes()

    def promises(self, days: int, *, by: User | None = None, title: str = "", part: str = "evening") -> None:
        """An action by the evening (or midday) of the day after so many days; told to the customer."""
        day = self.now.astimezone(ZoneInfo(company.ZONE)).date() + timedelta(days=days)
        if end_of(self.calendar, day, part) <= self.now:
            day += timedelta(days=1)
        self.act(workflow.add_action, title=title or self.remedy.title, owner=by or self.doer, due_on=day, part=part)

    @property
    def open_action(self) -> Action:
        running = Action.objects.filter(ticket=self.pk, state=Action.State.OPEN)
        return running.select_related("owner").order_by("due_at")[0]

    def whoever_does(self, action: Action) -> User:
        """Its owner; the owner of the ticket where that one has left."""
        return action.owner if action.owner.is_active else self.owner

    def before_it_is_due(self) -> datetime:
        """Some hours before the open action is due, but not in the past."""
        return max(self.open_action.due_at - self.chance.randrange(2, 7) * HOUR, self.now + 20 * MINUTE)

    def moves_it(self, days: int) -> None:
        action = self.open_action
        day = action.due_at.astimezone(ZoneInfo(company.ZONE)).date() + timedelta(days=days)
        reason = talk.MOVED[self.language]
        self.act(workflow.move_action, by=self.whoever_does(action), action=action, due_on=day, reason=reason)

    def completes(self) -> None:
        action = self.open_action
        self.act(
            workflow.complete_action, by=self.whoever_does(action), action=action, what_changed=self.remedy.changed
        )

    def drops(self) -> None:
        self.act(workflow.drop_action, action=self.open_action, reason=talk.DROPPED[self.language])

    def resolves(self, **arguments: Any) -> None:
        self.act(
            workflow.resolve,
            root_cause=self.cause,
            what_changed=self.remedy.changed,
            why_it_happened=self.remedy.why,
            **arguments,
        )

    def settles_in_the_talk(self, told: str = "mail") -> None:
        """One call, one form: contact, what was done, cause and outcome."""
        self.contact_made()
        self.act(
            workflow.log_contact,
            channel="phone",
            outcome="spoke",
            note=self.pick(talk.NOTES_OF_A_TALK),
            settled=workflow.Settlement(self.remedy.changed, self.cause, self.remedy.why, told),
        )

    def asks(self) -> None:
        self.act(workflow.wait, question=self.pick(talk.QUESTIONS[self.language]))

    def notes(self, text: str = "") -> None:
        self.act(workflow.note, text=text or self.pick(talk.NOTES))

    # What the customer does --------------------------------------------------------------------------------------

    def presses(self, choice: str, words: str = "", *, in_demo_by: User | None = None) -> bool:
        """A press on the customer's page; returns whether it counted."""
        ticket = self.ticket
        pressed = Press(choice=choice, cycle=ticket.cycle, words=words, in_demo_by=in_demo_by)
        return press(ticket, pressed, now=self.now)

    def says_settled(self) -> None:
        self.presses("settled", self.pick(talk.SETTLED[self.language]))

    def says_not_yet(self) -> None:
        self.presses("not_yet", self.pick(talk.NOT_YET[self.language]))

    def replies(self) -> None:
        """The customer answers by mail, and the owner logs it."""
        self.act(workflow.log_reply, text=self.pick(talk.REPLIES[self.language]), to_personal_mail=True)
