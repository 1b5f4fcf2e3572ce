"""The stage on which a hard day is played: the sample company, the customers of that day, and nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client

from followups.models import Ticket
from nps_loop import links
from nps_loop.mail.models import Message, Stream
from nps_loop.people.models import User
from nps_loop.samples import company, customers
from nps_loop.samples.answers import Answer
from nps_loop.samples.case import Case
from nps_loop.samples.hard_days import BY_SLUG, HardDay
from nps_loop.samples.loading import begin_life, bring_alone
from nps_loop.samples.stage import Stage
from surveys.models import Response
from tests.factories import DAY, NOW

Play = Callable[..., "Scene"]


@dataclass
class Scene:
    """A hard day on its way. Numbers count the answers of the day, from 1."""

    stage: Stage
    day: HardDay
    answers: list[Answer]
    _cases: dict[int, Case] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.stage.now

    def case(self, number: int = 1) -> Case:
        if number not in self._cases:
            from random import Random

            self._cases[number] = Case(self.stage, self.answers[number - 1], Random(number))
        return self._cases[number]

    def response(self, number: int = 1) -> Response:
        return Response.objects.get(external_id=self.answers[number - 1].key)

    def ticket(self, number: int = 1) -> Ticket:
        return Ticket.objects.select_related("owner", "contact", "account", "brand", "conversation").get(
            response=self.response(number)
        )

    def customer_mails(self, kind: str = "", number: int = 1) -> list[Message]:
        """Mails to the customer about a ticket, in order, those included that were not sent."""
        found = Message.objects.filter(case=self.ticket(number).pk).exclude(stream=Stream.STAFF).order_by("pk")
        return list(found.filter(kind=kind) if kind else found)

    def sent(self, kind: str = "", number: int = 1) -> list[Message]:
        return [mail for mail in self.customer_mails(kind, number) if mail.state == Message.State.SENT]

    def staff_mails(self, login: str, number: int = 1) -> list[str]:
        """Subjects of the notices to a colleague about a ticket."""
        address = self.user(login).email
        found = Message.objects.filter(case=self.ticket(number).pk, stream=Stream.STAFF, recipient=address)
        return list(found.order_by("pk").values_list("subject", flat=True))

    def user(self, login: str) -> User:
        return User.objects.get(username=login)

    # Time --------------------------------------------------------------------------------------------------------

    def pass_time(self, *, hours: float = 0, days: float = 0, sweep: bool = True) -> None:
        """Let time pass, with a sweep at its end."""
        until = self.now + timedelta(hours=hours, days=days)
        if sweep:
            self.stage.at(until, self.stage.sweep)
        self.stage.run(until)

    def do(self, act: Callable[[], Any]) -> None:
        """Do something a minute from now, and let the mail leave."""
        self.stage.at(self.now + timedelta(minutes=1), act)
        self.stage.run(self.now + timedelta(minutes=2))

    # Pages -------------------------------------------------------------------------------------------------------

    def client(self, login: str = "") -> Client:
        client = Client()
        if login:
            with time_machine.travel(self.now, tick=False):
                client.force_login(self.user(login))
        return client

    def page(self, login: str = "", number: int = 1) -> str:
        """The text of the ticket's page, as its owner or somebody else sees it."""
        who = login or (owner.username if (owner := self.ticket(number).owner) else company.ADMIN)
        with time_machine.travel(self.now, tick=False):
            response = self.client(who).get(f"/tickets/{self.ticket(number).pk}/")
        assert response.status_code == 200, response.status_code
        return text_of(response.content.decode())

    def link(self, number: int = 1) -> str:
        conversation = self.ticket(number).conversation
        return f"/loop/{links.make('loop', conversation.pk, conversation.generation)}/"

    def loop(self, number: int = 1) -> str:
        """The text of the customer's page."""
        with time_machine.travel(self.now, tick=False):
            response = Client().get(self.link(number))
        assert response.status_code == 200
        return text_of(response.content.decode())

    def press(self, verdict: str, words: str = "", *, number: int = 1, client: Client | None = None) -> Any:
        """A press on the customer's page, as the page sends it."""
        ticket = self.ticket(number)
        data = {"verdict": verdict, "cycle": str(ticket.cycle), "ticket": str(ticket.pk), "words": words}
        with time_machine.travel(self.now, tick=False):
            response = (client or Client()).post(self.link(number), data)
        self.do(lambda: None)
        return response


def text_of(html: str) -> str:
    """What a reader sees of a page: no markup, single blanks."""
    return " ".join(unescape(re.sub(r"<(script|style|svg)\b.*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL)).split())


@pytest.fixture
def play(transactional_db: None, settings: Any) -> Iterator[Play]:
    """Set the stage for the hard day of this name and let its answers come in; with `lives` what follows comes by itself.

    The company is as it stands at NOW, whenever the day begins.
    """
    settings.MAIL_SERVER = False

    def begin(slug: str, *, at: datetime = NOW, lives: bool = False) -> Scene:
        day = BY_SLUG[slug]
        stage = Stage(company.set_up(now=NOW), begins=at, ends=at + 30 * DAY)
        customers.write(day.firms, day.known_people, stage.company.people, now=NOW)
        answers = day.plan(at)
        if day.prepares:
            day.prepares(stage, at)
        for answer in answers:
            bring_alone(stage, answer, lambda answer: begin_life(stage, answer) if lives else None)
        stage.run(answers[-1].at + timedelta(minutes=5))
        return Scene(stage, day, answers)

    yield begin
