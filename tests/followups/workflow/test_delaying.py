"""A promised contact or answer that comes later: said before it passes, by one mail, and no way to look better."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from followups import workflow
from followups.actors import Actor
from followups.models import Deadline, Ticket
from followups.models.tickets import TicketState
from followups.refusals import Incomplete, NotAllowed, Refused, Stale
from nps_loop.mail.models import Message
from nps_loop.people.models import User
from tests.factories import NOW

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def promised(open_case: Callable[..., Ticket]) -> Ticket:
    """Hanna's, acknowledged with a half-day by which somebody is in touch."""
    ticket = open_case()
    assert ticket.state == TicketState.ASSIGNED and ticket.promised_at is not None
    return ticket


def later(ticket: Ticket, who: User, *, at: Any = NOW, days: int = 3, **more: Any) -> Ticket:
    assert ticket.promised_at is not None
    due_on = (ticket.promised_at + days * DAY).date()
    return workflow.delay(
        ticket, actor=Actor.person(who), now=at, version=more.pop("version", ticket.version), due_on=due_on, **more
    )


def mails() -> list[Message]:
    return list(Message.objects.filter(kind="delay"))


def test_the_customer_is_told_the_new_half_day_and_why(promised: Ticket, hanna: User) -> None:
    before = promised.promised_at
    after = later(promised, hanna, reason="The one who knows is away.")
    [mail] = mails()
    assert "A first contact with you" in mail.text and "The one who knows is away." in mail.text
    assert "I will not make it in time" in mail.text and "{" not in mail.text
    assert before is not None and after.promised_at is not None and after.promised_at > before
    event = after.events.get(verb="delay")
    assert event.data["before_it_passed"] is True and event.data["message"] == mail.pk
    assert "away" not in str(event.data)


def test_what_we_owe_stays_and_it_is_no_contact(promised: Ticket, hanna: User) -> None:
    owed = Deadline.objects.get(ticket=promised, target="first_contact")
    after = later(promised, hanna)
    owed_now = Deadline.objects.get(pk=owed.pk)
    assert owed_now.due_at == owed.due_at and owed_now.met_at is None
    assert after.state == TicketState.ASSIGNED and after.first_contact_at is None
    assert after.due_at == min(owed.due_at, owed_now.promised_at)  # type: ignore[type-var]


def test_a_mistyped_year_is_refused_and_nobody_is_mailed(promised: Ticket, hanna: User) -> None:
    with pytest.raises(Incomplete) as refused:
        later(promised, hanna, days=3653)
    assert "more than a year ahead" in refused.value.errors["due_on"] and not mails()


def test_said_after_it_passed_the_mail_says_so(promised: Ticket, hanna: User) -> None:
    assert promised.promised_at is not None
    later(promised, hanna, at=promised.promised_at + timedelta(hours=2))
    [mail] = mails()
    assert "by now, and I was not" in mail.text and "You should hear that before" not in mail.text


def test_without_a_reason_the_mail_has_no_why(promised: Ticket, hanna: User) -> None:
    later(promised, hanna)
    assert "Why\n" not in mails()[0].text


@pytest.mark.parametrize("language", ["de", "es", "fr"])
def test_it_speaks_the_customers_language(promised: Ticket, hanna: User, language: str) -> None:
    assert promised.contact is not None
    promised.contact.language = language
    promised.contact.save()
    later(promised, hanna)
    assert {"de": "Eine erste Rückmeldung", "es": "Un primer contacto", "fr": "Un premier contact"}[
        language
    ] in mails()[0].text


def test_an_answer_that_is_owed_is_called_one(promised: Ticket, hanna: User) -> None:
    who = Actor.person(hanna)
    ticket = workflow.log_contact(
        promised, actor=who, now=NOW, version=promised.version, channel="phone", outcome="spoke"
    )
    with pytest.raises(NotAllowed, match="No contact or answer is promised"):
        later(promised, hanna, version=ticket.version)
    Deadline.objects.create(
        ticket=ticket, target="answer", clock="team", policy=Deadline.objects.first().policy,  # type: ignore[union-attr]
        calendar=Deadline.objects.first().calendar, starts_at=NOW, minutes=480, due_at=NOW + DAY, promised_at=NOW + DAY,  # type: ignore[union-attr]
    )  # fmt: skip
    Ticket.objects.filter(pk=ticket.pk).update(promised_at=NOW + DAY)
    ticket.refresh_from_db()
    later(ticket, hanna)
    assert "An answer to you" in mails()[0].text


@pytest.mark.parametrize(
    ("arguments", "field"), [({"days": 0}, "due_on"), ({"days": -30}, "due_on"), ({"part": "night"}, "part")]
)
def test_no_time_or_no_later_one_is_refused(
    promised: Ticket, hanna: User, arguments: dict[str, Any], field: str
) -> None:
    part = {"part": "midday"} if arguments.get("days") == 0 else {}
    with pytest.raises(Incomplete) as refused:
        later(promised, hanna, **(part | arguments))
    assert field in refused.value.errors
    assert mails() == [] and not promised.events.filter(verb="delay").exists()


def test_a_customer_who_cannot_be_mailed_is_told_nothing_and_nothing_changes(promised: Ticket, hanna: User) -> None:
    assert promised.contact is not None
    promised.contact.email = ""
    promised.contact.save()
    with pytest.raises(NotAllowed, match="no mail address"):
        later(promised, hanna)
    promised.refresh_from_db()
    assert not promised.events.filter(verb="delay").exists()


def test_strangers_and_old_pages_are_refused(promised: Ticket, hanna: User, zoe: User) -> None:
    with pytest.raises(Refused):
        later(promised, zoe)
    with pytest.raises(Stale):
        later(promised, hanna, version=promised.version - 1)
    assert mails() == []


def test_put_off_twice_it_is_two_mails_and_the_last_stands(promised: Ticket, hanna: User) -> None:
    once = later(promised, hanna)
    twice = later(once, hanna, days=4)
    assert len(mails()) == 2
    assert twice.promised_at is not None and twice.promised_at > once.opened_at + 4 * DAY
