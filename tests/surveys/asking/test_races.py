"""Two tabs and a hundred presses at once: one answer, and the invitation knows it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from nps_loop import link_guard
from nps_loop.people.models import Presses
from surveys.models import Invitation, Response, Revision, Source
from tests.factories import DAY, make_invitation, make_survey
from tests.surveys.asking.links_to import open_page_of, page_of
from tests.surveys.recording.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_ten_tabs_at_once_make_one_answer_and_every_press_is_kept() -> None:
    address = page_of(make_invitation(expires_at=timezone.now() + DAY))

    statuses = at_once(lambda n: Client().post(address, {"send": str(n), "score": str(n)}).status_code, 10)

    assert set(statuses) == {303}
    answer = Response.objects.get()
    assert (Revision.objects.count(), Source.objects.filter(channel="survey").count()) == (10, 1)
    invitation = Invitation.objects.get()
    assert (invitation.state, invitation.response_id) == (Invitation.State.ANSWERED, answer.pk)


def test_one_open_page_pressed_ten_times_at_once_is_one_answer() -> None:
    address = open_page_of(make_survey())
    sent = {"send": "3", "score": "3", "key": "0" * 32}

    statuses = at_once(lambda _n: Client().post(address, sent).status_code, 10)

    assert set(statuses) == {303} and Response.objects.count() == 1


def test_guesses_made_at_once_are_all_counted() -> None:
    at_once(lambda _n: Client().get("/survey/nothing/").status_code, 10)

    assert sum(Presses.objects.filter(what=link_guard.GUESS).values_list("count", flat=True)) == 10
