"""The page that asks before it erases: for administrators, and only on a yes."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from followups.models import Member
from nps_loop.jobs import running
from nps_loop.jobs.models import Job
from surveys.models import Contact
from tests.factories import make_admin, make_contact, make_member, make_response, make_team, make_ticket, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> Contact:
    return make_contact("Marta Weber")


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_admin())
    return client


def address(person: Contact) -> str:
    return f"/contacts/{person.pk}/erase/"


def test_it_says_what_goes_and_what_stays(admin: Client, person: Contact) -> None:
    make_ticket(make_response(2, contact=person))

    page = admin.get(address(person)).content.decode()

    assert "Erase Marta Weber?" in page
    assert "The words of 1 answer" in page
    assert not Job.objects.exists()
    assert address(person) in admin.get(f"/contacts/{person.pk}/").content.decode()


def test_a_yes_leaves_it_to_a_worker(admin: Client, person: Contact, settings: Any, tmp_path: Any) -> None:
    settings.DATA_DIR = tmp_path
    assert admin.post(address(person), {"sure": "yes"}).status_code == 302
    running.run_waiting(now=timezone.now())

    page = admin.get(f"/contacts/{person.pk}/").content.decode()
    assert "erased person" in page
    assert "Marta" not in page


def test_without_a_yes_nothing_goes(admin: Client, person: Contact) -> None:
    answer = admin.post(address(person))

    assert answer.status_code == 400
    assert "Nothing was erased." in answer.content.decode()
    assert not Job.objects.exists()


def test_twice_is_one_job(admin: Client, person: Contact) -> None:
    admin.post(address(person), {"sure": "yes"})
    admin.post(address(person), {"sure": "yes"})

    assert Job.objects.count() == 1


def test_a_lead_may_not(client: Client, person: Contact) -> None:
    lead = make_user()
    team = make_team()
    make_member(team, lead, role=Member.Role.LEAD)
    make_ticket(make_response(2, contact=person), team=team)
    client.force_login(lead)

    assert client.post(address(person), {"sure": "yes"}).status_code == 403
    assert not Job.objects.exists()
