"""Links of every kind of mail, opened a hundred times by whoever looks before the customer does: no row changes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from nps_loop import links
from nps_loop.mail import envelope
from nps_loop.mail.models import Message, Stream
from nps_loop.people.models import Presses
from tests.conftest import counted
from tests.factories import make_contact, make_message, make_response, make_ticket
from tests.rights import life

pytestmark = pytest.mark.django_db

KINDS = (
    "acknowledgement", "personal", "action_update", "resolution", "reopened", "hand_over", "delay", "reminder",
    "agreed_to_differ", "left_in_peace_thanks", "promoter_thanks", "invitation", "news",
)  # fmt: skip


def mails() -> list[Message]:
    contact = make_contact("Marta Weber")
    ticket = make_ticket(make_response(2, contact=contact), state="resolved", resolved_at=timezone.now())
    streams = {"invitation": Stream.SURVEYS, "news": Stream.NEWS, "promoter_thanks": Stream.SURVEYS}
    known = {"settled": ["loop", ticket.conversation_id], "leave": ["unsubscribe", 0]}
    return [
        make_message(kind=kind, stream=streams.get(kind, Stream.CASE), recipient=contact.email, links=known)
        for kind in KINDS
    ]


def addresses(rows: list[Message]) -> set[str]:
    now = timezone.now()
    found = envelope.look_up(rows)
    urls = {url for row in rows for url in envelope.urls(row, found, now=now).values()}
    return {"/" + url.split("/", 3)[3] for url in urls}


def test_a_hundred_looks_at_every_link_change_no_row(client: Client) -> None:
    there = sorted(addresses(mails()))
    assert len(there) == len(KINDS) + 1
    before = sorted(life.dump())

    for address in there:
        for n in range(counted(5, 50)):
            query = ("", "?answer=settled", "?answer=not_yet", "?verdict=settled&cycle=0", "?preferences=1")[n % 5]
            prefetch = {"Purpose": "prefetch", "Sec-Purpose": "prefetch;prerender"}
            assert client.get(address + query, headers=prefetch).status_code == 200
            assert client.head(address + query).status_code == 200

    assert sorted(life.dump()) == before


@pytest.mark.parametrize("purpose", ["loop", "unsubscribe"])
def test_a_link_that_is_not_ours_shows_the_same_page_and_changes_no_row(client: Client, purpose: str) -> None:
    rows = mails()
    other = "unsubscribe" if purpose == "loop" else "loop"
    good = links.make(purpose, rows[0].pk, 0)
    bad = [
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        links.make(other, rows[0].pk, 1),
        links.make(purpose, 10**12, 1),
        links.make(purpose, rows[0].pk, 0, expires_at=timezone.now() - timedelta(seconds=1)),
        *([links.make(purpose, rows[0].links["settled"][1], 99)] if purpose == "loop" else []),
        "x",
        "%00",
        "A" * 4000,
    ]
    before = sorted(life.dump())

    answers = [getattr(client, method)(f"/{purpose}/{token}/") for token in bad for method in ("get", "post")]
    pages = {answer.content for answer in answers}

    assert {answer.status_code for answer in answers} == {410}
    assert len(pages) == 1
    # That somebody guesses is counted, and nothing else.
    assert [row for row in sorted(life.dump()) if row[0] != Presses._meta.db_table] == before
