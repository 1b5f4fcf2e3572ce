"""Hard days about who works: an owner who leaves, a team that is away, a Friday evening before a day off."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from followups.models import Deadline, Escalation, Event
from followups.models.tickets import TicketState
from nps_loop.people.models import User
from nps_loop.samples.hard_days import BY_SLUG
from tests.factories import DAY, NOW
from tests.hard_days.conftest import Play

MADRID = ZoneInfo("Europe/Madrid")

pytestmark = pytest.mark.django_db(transaction=True)


def test_owner_deactivated_in_the_middle_of_a_case(play: Play) -> None:
    """The case goes to somebody else in the state it is in; promises stay, and the customer is told the new name."""
    scene = play("owner-leaves")
    assert scene.ticket().owner == scene.user("tomasz")
    scene.do(lambda: scene.case().talks())
    scene.do(lambda: scene.case().promises(2, by=scene.user("olaf")))
    promised = scene.case().open_action.due_at

    User.objects.filter(username="tomasz").update(is_active=False)
    scene.pass_time(hours=0.02)
    ticket = scene.ticket()
    assert ticket.state == TicketState.IN_ACTION and ticket.cycle == 0
    assert ticket.owner is not None and ticket.owner.is_active and ticket.owner != scene.user("tomasz")
    assert ticket.conversation.owner == ticket.owner
    assert scene.case().open_action.due_at == promised
    released = Event.objects.get(ticket=ticket, verb="release")
    assert (released.actor_kind, released.data["because"]) == (Event.Actor.SYSTEM, "inactive")
    [mail] = scene.sent("hand_over")
    assert ticket.owner.name in mail.text and "Saskia" in mail.text
    assert mail.reply_to == ticket.owner.email
    assert any(f"#{ticket.pk}" in subject for subject in scene.staff_mails(ticket.owner.username))
    assert ticket.owner.name in scene.loop()
    page = scene.page()
    assert "Tomasz Wrona" in page and "In action" in page


def test_promises_of_somebody_who_left_are_passed_on(play: Play) -> None:
    """What the one who left had promised in person is now the new owner's, on the customer's page as well."""
    scene = play("owner-leaves")
    scene.do(lambda: scene.case().talks())
    scene.do(lambda: scene.case().promises(2, by=scene.user("tomasz")))
    User.objects.filter(username="tomasz").update(is_active=False)
    scene.pass_time(hours=0.02)
    scene.pass_time(hours=0.02)
    ticket, action = scene.ticket(), scene.case().open_action
    assert action.owner == ticket.owner != scene.user("tomasz")
    assert action.first_promised_at == action.due_at
    assert ticket.events.filter(verb="pass-on-action").count() == 1
    assert ticket.owner is not None
    assert any(subject.startswith("Your promise, by") for subject in scene.staff_mails(ticket.owner.username))
    assert "Tomasz" not in scene.loop()
    assert "A promise was passed on to whoever has the ticket" in scene.page()
    scene.pass_time(hours=0.02)
    assert ticket.events.filter(verb="pass-on-action").count() == 1


def test_nobody_free_for_three_days(play: Play) -> None:
    """It waits, visible as such; the lead signs, is told once of each level, and the first who is back gets it."""
    scene = play("nobody-free")
    assert (scene.ticket().state, scene.ticket().owner) == (TicketState.NEW, None)
    assert scene.sent() == []
    assert "nobody has it" in scene.page("elodie")
    scene.pass_time(hours=0.3)
    [mail] = scene.sent("acknowledgement")
    assert "Élodie Marchand" in mail.text and mail.reply_to == scene.user("elodie").email
    assert f"Nobody has it yet: #{scene.ticket().pk}" in scene.staff_mails("elodie")

    for _ in range(6):
        scene.pass_time(hours=11)
    ticket = scene.ticket()
    assert (ticket.state, ticket.owner) == (TicketState.NEW, None)
    assert ticket.due_at is not None and ticket.due_at < scene.now
    levels = list(Escalation.objects.filter(ticket=ticket, target="first_contact").values_list("level", flat=True))
    assert sorted(levels) == sorted(set(levels)) and {"unassigned", "late"} <= set(levels)
    assert f"Late: #{ticket.pk}" in scene.staff_mails("elodie")
    assert "no hemos cumplido una promesa" in scene.loop()

    scene.pass_time(hours=8)
    ticket = scene.ticket()
    assert ticket.state == TicketState.ASSIGNED
    assert ticket.owner is not None and ticket.owner.username in ("diego", "jana")
    [hand_over] = scene.sent("hand_over")
    assert ticket.owner.name in hand_over.text and hand_over.language == "es"


def test_friday_evening_before_a_day_off(play: Play) -> None:
    """Friday at six, Monday off: promised by Tuesday midday, in the customer's language, on mail, page and ticket."""
    friday = BY_SLUG["friday-evening"].at(NOW).astimezone(MADRID)
    assert f"{friday:%A %H:%M}" == "Friday 18:00"
    scene = play("friday-evening", at=friday)
    ticket = scene.ticket()
    closed = {day for day, _name in ticket.deadlines.get(target=Deadline.Target.FIRST_CONTACT).calendar.closed_days}
    assert (friday.date() + 3 * DAY).isoformat() in closed

    midday = datetime.combine(friday.date() + 4 * DAY, time(12, 30), tzinfo=MADRID)
    assert ticket.promised_at == midday
    # The policy is stricter than what can be promised; the queue shows the earlier of the two.
    deadline = ticket.deadlines.get(target=Deadline.Target.FIRST_CONTACT)
    assert deadline.due_at == friday + 2 * DAY and ticket.due_at == deadline.due_at
    [mail] = scene.sent("acknowledgement")
    assert "a más tardar el martes al mediodía" in mail.text
    assert "a más tardar el martes al mediodía" in scene.loop()
    assert "by Tuesday midday" in scene.page()
