"""Who reads which mails on /mailbox/: the words of a customer go no further than on the ticket."""

import pytest

from followups.models import Member
from nps_loop.mail import mailbox
from tests.factories import make_action, make_admin, make_member, make_message, make_team, make_ticket, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    owner, mate, lead, back_office, other = (make_user() for _ in range(5))
    team = make_team(lead=lead, agents=(owner, mate))
    make_team(lead=other)
    ticket = make_ticket(owner=owner, team=team)
    make_action(ticket, back_office)
    make_message(case=ticket.pk)
    return {"ticket": ticket, "owner": owner, "mate": mate, "lead": lead, "back_office": back_office, "other": other}


def readers(cast) -> set[str]:
    people = {name: user for name, user in cast.items() if name != "ticket"} | {"admin": make_admin()}
    return {name for name, user in people.items() if mailbox.visible_to(user).exists()}


def test_mails_of_a_case_are_read_by_its_team_and_administrators(cast):
    assert readers(cast) == {"owner", "mate", "lead", "admin"}


def test_a_hold_leaves_owner_lead_and_administrators(cast):
    type(cast["ticket"]).objects.filter(pk=cast["ticket"].pk).update(on_hold=True)

    assert readers(cast) == {"owner", "lead", "admin"}


def test_who_leaves_the_team_reads_no_more(cast):
    Member.objects.filter(user=cast["mate"]).update(is_active=False)
    make_member(make_team(), cast["mate"])

    assert readers(cast) == {"owner", "lead", "admin"}


def test_the_list_asks_who_may_read_within_its_own_query(cast, django_assert_num_queries):
    with django_assert_num_queries(1):
        list(mailbox.visible_to(cast["mate"]))
