"""A thousand random lives of tickets: one event per version, replay gives the present state, nothing breaks the rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from followups import clocks, workflow
from followups.actors import Actor
from followups.assignment import assign_waiting
from followups.models import Action, Deadline, Event, RootCause, Team, Ticket
from followups.models.standing import KEPT, PREFIX
from followups.models.tickets import LIVE, TicketState
from followups.opening import open_awaiting
from followups.refusals import Refused
from followups.replies import Press, press
from followups.workflow.accepting import mail_accepted
from followups.workflow.keeping import mail_failed
from nps_loop.mail.models import Message
from nps_loop.people.models import User
from surveys.models import Response
from tests.factories import NOW, make_account, make_contact, make_member, make_response, make_user

pytestmark = [pytest.mark.longest, pytest.mark.django_db]

STEPS = [
    "talk", "try", "write", "accept", "bounce", "plan", "done", "drop", "move", "delay", "wait", "resume", "resolve", "settle",
    "reopen", "ask", "refuse", "approve", "hold", "unhold", "snooze", "note", "reply", "reply_settled", "settled",
    "not_yet", "call_me", "somebody_else", "leave_it", "add_words", "differ", "release", "take", "sweep", "clock",
]  # fmt: skip


class Life:
    """One ticket, two colleagues, a lead and a clock."""

    def __init__(self, score: int, phone: bool) -> None:
        self.now = NOW
        team = Team.objects.get(is_default=True)
        self.owner, self.other, self.lead = make_user("Hanna Brandt"), make_user("Ivo Lenz"), make_user("Tomás Rey")
        for user in (self.owner, self.other):
            make_member(team, user)
        make_member(team, self.lead, role="lead", capacity=0)
        account = make_account(owner=self.owner)
        contact = make_contact(
            "Marta Lind", account=account, email="marta@kund.example", phone="+46 1" if phone else ""
        )
        response = make_response(score, contact=contact, received_at=NOW, decided_revision=0)
        open_awaiting(now=self.now)
        assign_waiting(now=self.now)
        self.ticket = Ticket.objects.get(response=response)
        self.cause = RootCause.objects.get(slug="product-fault")

    def go(self, name: str) -> None:
        self.now += timedelta(minutes=37)
        self.ticket.refresh_from_db()
        getattr(self, name)()

    def do(self, verb: Callable[..., Ticket], by: User | None = None, **arguments: Any) -> None:
        actor = Actor.person(by or self.owner)
        verb(self.ticket, actor=actor, now=self.now, version=self.ticket.version, **arguments)

    def open_action(self) -> Action | None:
        return self.ticket.actions.filter(state=Action.State.OPEN).first()

    def talk(self) -> None:
        self.do(workflow.log_contact, channel="phone", outcome="spoke")

    def try_(self) -> None:
        self.do(workflow.log_contact, channel="phone", outcome="no_answer", next_try_at=self.now + timedelta(hours=20))

    def write(self) -> None:
        self.do(workflow.send_message, subject="", body="What we are doing about it.")

    def _newest_mail(self) -> Message | None:
        return Message.objects.filter(case=self.ticket.pk, stream="case").exclude(state="skipped").order_by("pk").last()

    def accept(self) -> None:
        if message := self._newest_mail():
            mail_accepted(message, now=self.now)

    def bounce(self) -> None:
        if message := self._newest_mail():
            mail_failed(message, now=self.now)

    def plan(self) -> None:
        due_on = (self.now + timedelta(days=5)).date()
        self.do(workflow.add_action, title="Repair the imports.", owner=self.other, due_on=due_on)

    def done(self) -> None:
        if action := self.open_action():
            self.do(workflow.complete_action, by=self.other, action=action, what_changed="It is repaired.")

    def drop(self) -> None:
        if action := self.open_action():
            self.do(workflow.drop_action, action=action, reason="You asked us to.")

    def move(self) -> None:
        if action := self.open_action():
            due_on = (self.now + timedelta(days=9)).date()
            self.do(workflow.move_action, by=self.other, action=action, due_on=due_on, reason="More was broken.")

    def delay(self) -> None:
        self.do(workflow.delay, due_on=(self.now + timedelta(days=6)).date())

    def wait(self) -> None:
        self.do(workflow.wait, question="Which file was it?")

    def resume(self) -> None:
        self.do(workflow.resume)

    def resolve(self) -> None:
        self.do(
            workflow.resolve, root_cause=self.cause, what_changed="Commas are read.", why_it_happened="We split them."
        )

    def settle(self) -> None:
        settled = workflow.Settlement("Switched it on together.", self.cause, "Nobody told you.", "talk")
        self.do(workflow.log_contact, channel="phone", outcome="spoke", settled=settled)

    def reopen(self) -> None:
        self.do(workflow.reopen, reason="It came back.")

    def ask(self) -> None:
        self.do(workflow.ask_dismissal, reason="mistake")

    def refuse(self) -> None:
        self.do(workflow.decide_dismissal, by=self.lead, approve=False)

    def approve(self) -> None:
        self.do(workflow.decide_dismissal, by=self.lead, approve=True)

    def hold(self) -> None:
        self.do(workflow.hold, reason="A lawyer writes.")

    def unhold(self) -> None:
        self.do(workflow.unhold, by=self.lead)

    def snooze(self) -> None:
        self.do(workflow.snooze, until=self.now + timedelta(hours=3))

    def note(self) -> None:
        self.do(workflow.note, text="Knows Ivo from the fair.")

    def reply(self) -> None:
        self.do(workflow.log_reply, text="Still waiting.", to_personal_mail=True)

    def reply_settled(self) -> None:
        self.do(workflow.log_reply, text="All good now.", says_settled=True)

    def _press(self, choice: str) -> None:
        press(self.ticket, Press(choice, self.ticket.cycle, "Words."), now=self.now)

    def settled(self) -> None:
        self._press("settled")

    def not_yet(self) -> None:
        self._press("not_yet")

    def call_me(self) -> None:
        self._press("call_me")

    def somebody_else(self) -> None:
        self._press("somebody_else")

    def leave_it(self) -> None:
        self._press("leave_it")

    def add_words(self) -> None:
        self._press("add_words")

    def differ(self) -> None:
        self.do(workflow.agree_to_differ, by=self.lead, text="We cannot change the price.")

    def release(self) -> None:
        self.do(workflow.release, reason="Too close to it.")

    def take(self) -> None:
        self.do(workflow.assign, by=self.other, to=self.other, reason="I know the file.")

    def sweep(self) -> None:
        assign_waiting(now=self.now)
        clocks.bring_back_waiting(now=self.now)
        clocks.acknowledge_the_unassigned(now=self.now)
        clocks.remind_once(now=self.now)
        clocks.close_the_silent(now=self.now)
        clocks.climb(now=self.now)
        clocks.tell(now=self.now)

    def clock(self) -> None:
        self.now += timedelta(days=4)


def check(ticket: Ticket) -> None:
    ticket.refresh_from_db()
    events = list(Event.objects.filter(ticket=ticket).order_by("seq"))
    assert [event.seq for event in events] == list(range(1, ticket.version + 1))
    state = ""
    for event in events:
        if event.to_state:
            assert event.from_state == state
            state = event.to_state
        assert event.actor_kind and (event.actor_kind != "person" or event.actor_id)
    assert state == ticket.state
    # Reports as of a past moment read how the ticket stood from its newest event.
    assert {name: getattr(events[-1], f"{PREFIX}{name}") for name in KEPT} == {
        name: getattr(ticket, name) for name in KEPT
    }
    assert Ticket.objects.filter(response=ticket.response).count() == 1
    assert (ticket.state == TicketState.CLOSED) == bool(ticket.closed_as)
    open_in_cycle = Deadline.objects.filter(ticket=ticket, cycle=ticket.cycle, met_at=None, dropped_at=None)
    if ticket.state in (TicketState.CLOSED, TicketState.DISMISSED, TicketState.RESOLVED):
        assert not open_in_cycle.exclude(target="resolution").exists() or ticket.state == TicketState.RESOLVED
    if ticket.state in (TicketState.CONTACTED, TicketState.IN_ACTION):
        assert ticket.attempts.filter(cycle=ticket.cycle, evidence_from__isnull=False, voided_at=None).exists()
    assert ticket.owner_id == ticket.conversation.owner_id or ticket.state not in LIVE


some_steps = st.lists(st.sampled_from(STEPS), min_size=4, max_size=25)
# Half of the lives each, so that two processes share them.
half = settings(
    deadline=None,
    max_examples=settings.default.max_examples // 2,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@given(some_steps, st.sampled_from([0, 3, 6]), st.booleans())
@half
def test_a_random_life_of_an_unhappy_customer_keeps_every_promise(steps: list[str], score: int, phone: bool) -> None:
    live(steps, score, phone)


@given(some_steps, st.sampled_from([7, 8]), st.booleans())
@half
def test_a_random_life_of_a_lukewarm_customer_keeps_every_promise(steps: list[str], score: int, phone: bool) -> None:
    live(steps, score, phone)


def live(steps: list[str], score: int, phone: bool) -> None:
    from django.db import transaction

    with transaction.atomic():
        life = Life(score, phone)
        for step in steps:
            before = (life.ticket.version, Event.objects.filter(ticket=life.ticket).count(), Message.objects.count())
            life.ticket.refresh_from_db()
            before = (life.ticket.version, before[1], before[2])
            try:
                with transaction.atomic():
                    life.go(step if step != "try" else "try_")
            except Refused as refusal:
                assert str(refusal)
                life.ticket.refresh_from_db()
                after = (life.ticket.version, Event.objects.filter(ticket=life.ticket).count(), Message.objects.count())
                assert after == before, step
            check(life.ticket)
        transaction.set_rollback(True)
    assert not Response.objects.exists()


def test_the_lives_reach_every_state() -> None:
    """The steps above are no use if they never get anywhere: this one goes all the way twice."""
    life = Life(3, phone=True)
    seen: list[datetime | str] = []
    for step in [
        "talk",
        "plan",
        "wait",
        "reply",
        "done",
        "resolve",
        "accept",
        "not_yet",
        "talk",
        "plan",
        "done",
        "resolve",
        "settled",
    ]:
        life.go(step)
        check(life.ticket)
        seen.append(life.ticket.state)
    assert seen == [
        "contacted", "in_action", "waiting_on_customer", "in_action", "in_action", "resolved", "resolved", "assigned",
        "contacted", "in_action", "in_action", "resolved", "closed",
    ]  # fmt: skip
