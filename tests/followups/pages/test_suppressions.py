"""/suppressions/: who must not be written to, found, added and lifted by leads and administrators."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from followups.models import Member
from nps_loop.mail import suppression
from nps_loop.mail.models import Suppression
from tests.factories import NOW, make_member, make_team, make_user

pytestmark = pytest.mark.django_db

PAGE = "/suppressions/"


@pytest.fixture
def lead(client: Client) -> Client:
    user = make_user()
    make_member(make_team(), user, role=Member.Role.LEAD)
    client.force_login(user)
    return client


def row(address: str = "marta@weber.example", stream: str = "surveys", reason: str = "unsubscribed") -> Suppression:
    suppression.suppress([address], stream, reason, origin="by phone", now=NOW)
    return Suppression.objects.get(address=address, stream=stream)


def test_it_is_found_by_address_stream_and_reason(lead: Client) -> None:
    row()
    row("tom@other.example", "news", "complained")

    assert "marta@weber.example" in lead.get(PAGE).content.decode()
    for query in ("q=MARTA", "stream=surveys", "reason=unsubscribed"):
        page = lead.get(f"{PAGE}?{query}").content.decode()
        assert "marta@weber.example" in page and "tom@other.example" not in page, query
    assert "There are no such addresses" in lead.get(f"{PAGE}?q=zzz").content.decode()
    assert PAGE in lead.get("/set-up/").content.decode()


def test_more_than_a_page_leads_on(lead: Client) -> None:
    for number in range(51):
        row(f"n{number}@weber.example")

    first = lead.get(PAGE)
    assert "n0@weber.example" not in first.content.decode()
    assert "n0@weber.example" in lead.get(f"{PAGE}?{first.context['page'].next_query}").content.decode()


def test_one_is_added_by_hand_and_twice_is_one_row(lead: Client) -> None:
    typed = {"address": "Tom <TOM@x.example>", "stream": "surveys", "reason": "unsubscribed", "origin": "said so"}
    for _ in range(2):
        assert lead.post(PAGE, typed).status_code == 302

    [found] = Suppression.objects.values_list("address", "stream", "reason", "origin")
    assert found == ("tom@x.example", "surveys", "unsubscribed", "said so")


def test_who_must_not_be_contacted_is_on_every_stream(lead: Client) -> None:
    lead.post(PAGE, {"address": "t@x.example", "stream": "news", "reason": "do_not_contact", "origin": "a letter"})

    assert set(Suppression.objects.values_list("stream", flat=True)) == {"surveys", "news", "case", "calls"}


@pytest.mark.parametrize(
    "wrong", [{"address": "no address"}, {"stream": "staff"}, {"reason": "erased"}, {"origin": ""}]
)
def test_what_does_not_fit_is_said_and_adds_nothing(lead: Client, wrong: dict[str, str]) -> None:
    typed = {"address": "t@x.example", "stream": "news", "reason": "unsubscribed", "origin": "said so", **wrong}

    assert lead.post(PAGE, typed).status_code == 400
    assert not Suppression.objects.exists()


def test_it_is_lifted_with_a_reason_that_is_kept(lead: Client) -> None:
    one, other = row(), row(stream="news")

    lead.post(f"{PAGE}{one.pk}/lift/", {"why": " "})
    assert Suppression.objects.count() == 2
    lead.post(f"{PAGE}{one.pk}/lift/", {"why": "Asked for it again"})
    lead.post(f"{PAGE}{one.pk}/lift/", {"why": "Asked for it again"})

    assert list(Suppression.objects.all()) == [other]
    [entry] = LogEntry.objects.all()
    assert (entry.object_id, entry.change_message) == (str(one.pk), "Asked for it again")
    assert "marta@weber.example" in entry.object_repr


def test_an_erased_one_shows_no_address_and_stays(lead: Client) -> None:
    suppression.erase(["marta@weber.example"], now=NOW)
    one = Suppression.objects.filter(stream="surveys").get()

    page = lead.get(PAGE).content.decode()
    assert "An erased address" in page and one.address not in page and "/lift/" not in page
    lead.post(f"{PAGE}{one.pk}/lift/", {"why": "Wants mail"})
    assert Suppression.objects.filter(pk=one.pk).exists()
    assert not LogEntry.objects.exists()


def test_to_others_there_is_no_such_page(client: Client) -> None:
    one = row()
    assert client.get(PAGE).status_code == 302
    agent = make_user()
    make_member(make_team(), agent)
    client.force_login(agent)

    assert client.get(PAGE).status_code == 404
    assert client.post(PAGE, {}).status_code == 404
    assert client.post(f"{PAGE}{one.pk}/lift/", {"why": "I say so"}).status_code == 404
    assert Suppression.objects.count() == 1
