from datetime import UTC, datetime, timedelta

import pytest

from nps_loop.mail import suppression
from nps_loop.mail.models import Stream, Suppression
from tests.factories import NOW

Reason = Suppression.Reason
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Marta@Client.Example", "marta@client.example"),
        (" <Marta@client.example> ", "marta@client.example"),
        ('"support@us.test" <x@evil.test>', "x@evil.test"),
        ("a@client.example\n", "a@client.example"),
        ("", ""),
    ],
)
def test_an_address_is_compared_without_name_and_case(given, kept):
    assert suppression.normalise(given) == kept


def test_leaving_surveys_never_stops_mail_about_an_own_case():
    suppression.suppress(["Marta@client.example"], Stream.SURVEYS, Reason.UNSUBSCRIBED, now=NOW)

    assert list(suppression.suppressed(["marta@client.example"], Stream.SURVEYS)) == ["marta@client.example"]
    assert suppression.suppressed(["marta@client.example"], Stream.CASE) == {}
    assert suppression.suppressed(["marta@client.example"], Stream.NEWS) == {}


def test_do_not_contact_stops_every_stream_of_a_customer():
    suppression.do_not_contact(["marta@client.example"], origin="a call", now=NOW)

    stopped = set(Suppression.objects.values_list("stream", flat=True))
    assert stopped == {Stream.SURVEYS, Stream.NEWS, Stream.CASE, Stream.CALLS}


def test_a_dead_address_gets_no_mail_of_any_stream_and_may_be_called():
    suppression.came_back(["marta@client.example"], now=NOW)

    assert suppression.suppressed(["marta@client.example"], Stream.CASE)
    assert not suppression.suppressed(["marta@client.example"], Stream.CALLS)


def test_of_two_reasons_the_graver_stays_whichever_came_first():
    later = NOW + timedelta(days=1)
    suppression.came_back(["a@client.example"], now=NOW)
    suppression.suppress(["a@client.example"], Stream.SURVEYS, Reason.UNSUBSCRIBED, now=later)
    suppression.suppress(["a@client.example"], Stream.SURVEYS, Reason.BOUNCED, now=later)

    row = Suppression.objects.get(stream=Stream.SURVEYS)
    assert (row.reason, row.since) == (Reason.UNSUBSCRIBED, later)


def test_suppressing_twice_keeps_the_first_date():
    suppression.suppress(["a@client.example"], Stream.NEWS, Reason.UNSUBSCRIBED, now=NOW)
    suppression.suppress(["a@client.example"], Stream.NEWS, Reason.UNSUBSCRIBED, now=NOW + timedelta(days=1))

    assert Suppression.objects.get().since == NOW


def test_lifting_can_spare_other_reasons():
    suppression.came_back(["a@client.example"], now=NOW)
    suppression.suppress(["a@client.example"], Stream.NEWS, Reason.COMPLAINED, now=NOW)

    assert suppression.lift(["A@client.example"], only=Reason.BOUNCED) == 3
    assert suppression.lift(["A@client.example"], Stream.NEWS) == 1


def test_asking_about_many_addresses_is_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        suppression.suppressed_on({(f"c{n}@client.example", stream) for n in range(50) for stream in Stream})


def test_suppressing_many_costs_as_much_as_one(django_assert_num_queries):
    for count in (1, 100):
        with django_assert_num_queries(4):  # two of them open and close the savepoint
            addresses = [f"{count}.{n}@c.example" for n in range(count)]
            suppression.suppress(addresses, Stream.NEWS, Reason.UNSUBSCRIBED, now=NOW)


@pytest.mark.parametrize(
    ("stream", "reason", "words"),
    [
        (Stream.SURVEYS, Reason.UNSUBSCRIBED, "Not sent: Marta asked for no more surveys on 3 May."),
        (Stream.NEWS, Reason.UNSUBSCRIBED, "Not sent: Marta asked for no more mails on 3 May."),
        (Stream.CASE, Reason.BOUNCED, "Not sent: mail to m@c.example came back on 3 May."),
        (Stream.NEWS, Reason.COMPLAINED, "Not sent: Marta marked a mail of ours as spam on 3 May."),
        (Stream.CASE, Reason.DO_NOT_CONTACT, "Not sent: Marta is not to be contacted, since 3 May."),
        (Stream.CASE, Reason.ERASED, "Not sent: the address was erased on 3 May."),
    ],
)
def test_every_reason_is_a_sentence(stream, reason, words):
    row = Suppression(address="m@c.example", stream=stream, reason=reason, since=datetime(2026, 5, 3, 9, tzinfo=UTC))

    assert suppression.sentence(row, "Marta", NOW) == words
    assert "3 May 2026" in suppression.sentence(row, "Marta", NOW + timedelta(days=365))
