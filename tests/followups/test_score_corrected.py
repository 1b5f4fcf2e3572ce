"""A slip of the score, corrected by the customer on their page: both are kept, and the case goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from followups.models import Event, Ticket
from followups.opening import open_awaiting
from nps_loop.mail.models import Message
from surveys.incoming import IncomingResponse
from surveys.models import Revision
from surveys.recording import record_responses
from tests.factories import make_source, make_user
from tests.followups.test_customers_page import address, case, press, resolved  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


def versions(ticket: Ticket) -> list[tuple[int, str]]:
    """Those that came after the first, which the factory keeps no version of."""
    return list(Revision.objects.filter(response=ticket.response).order_by("number").values_list("score", "verbatim"))


def test_it_is_a_later_version_of_the_same_words(client: Client, case: Ticket) -> None:  # noqa: F811
    words = case.response.verbatim

    assert press(client, case, "correct", score="9") == 200
    open_awaiting(now=timezone.now())

    case.refresh_from_db()
    answer = case.response
    answer.refresh_from_db()
    assert (answer.score, answer.band, answer.verbatim, answer.contact_id) == (9, "promoter", words, case.contact_id)
    assert versions(case)[-1] == (9, words)
    assert case.state == "assigned"
    assert case.score == 9


def test_the_owner_is_told_and_the_ticket_says_who_did_it(client: Client, case: Ticket) -> None:  # noqa: F811
    press(client, case, "correct", score="9")
    open_awaiting(now=timezone.now())

    event = Event.objects.get(ticket=case, verb="correct-score")
    assert (event.actor_kind, event.data["from"], event.data["to"]) == ("customer", 3, 9)
    notices = Message.objects.filter(recipient=case.owner.email, subject__contains=f"#{case.pk}")
    assert [mail.text.count("3 to 9") for mail in notices if "3 to 9" in mail.text] == [1]


def test_a_higher_one_closes_nothing_that_is_resolved(client: Client, resolved: Ticket) -> None:  # noqa: F811
    press(client, resolved, "correct", score="10")
    open_awaiting(now=timezone.now())

    resolved.refresh_from_db()
    assert resolved.state == "resolved"


def test_a_second_correction_is_not_offered_and_counts_for_nothing(client: Client, case: Ticket) -> None:  # noqa: F811
    assert "The score you meant" in client.get(address(case)).content.decode()
    press(client, case, "correct", score="9")

    assert press(client, case, "correct", score="1") == 409
    assert [score for score, _words in versions(case)] == [9]
    assert "The score you meant" not in client.get(address(case)).content.decode()


@pytest.mark.parametrize("score", ["", "11", "-1", "3", "nine", "9" * 400])
def test_what_is_no_other_score_changes_nothing(client: Client, case: Ticket, score: str) -> None:  # noqa: F811
    version = case.version

    assert press(client, case, "correct", score=score) == 409
    assert (case.version, case.response.revisions.count()) == (version, 0)


def test_an_old_page_and_a_colleague_change_nothing(client: Client, case: Ticket) -> None:  # noqa: F811
    client.post(address(case), {"verdict": "correct", "cycle": "4", "score": "9"})
    client.force_login(make_user())
    client.post(address(case), {"verdict": "correct", "cycle": "0", "score": "9"})

    assert case.response.revisions.count() == 0


def test_after_the_case_has_run_out_it_is_too_late(client: Client, resolved: Ticket) -> None:  # noqa: F811
    press(client, resolved, "settled")
    Ticket.objects.filter(pk=resolved.pk).update(closed_at=timezone.now() - timedelta(days=91))

    press(client, resolved, "correct", score="9")

    assert resolved.response.revisions.count() == 0


def test_a_lower_one_opens_a_ticket_where_none_was() -> None:
    now = timezone.now()
    source = make_source()
    happy = IncomingResponse(row=1, external_id="slip-1", score=9, email="marta@nordby.example", responded_at=now)
    record_responses(source, [happy], now=now, announce=False)
    open_awaiting(now=now)
    assert not Ticket.objects.exists()

    later = now + timedelta(minutes=5)
    record_responses(source, [replace(happy, score=2, version_at=later)], now=later, announce=False)
    open_awaiting(now=later)

    ticket = Ticket.objects.get()
    assert (ticket.score, ticket.response.score, ticket.response.revision) == (2, 2, 2)
