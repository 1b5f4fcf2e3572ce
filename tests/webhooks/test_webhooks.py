"""F19: what other programs are told arrives signed, is tried again, and never holds a worker or leads into our network."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import pytest

from nps_loop.mail.models import Message
from nps_loop.webhooks import delivery, sending, signing
from nps_loop.webhooks.delivery import News, deliver_due, queue, switch_on
from nps_loop.webhooks.models import Delivery, Endpoint
from surveys.hooks.presets import PRESETS
from surveys.hooks.signing import check_signature
from tests.factories import DAY, HOUR, NOW, make_admin, make_endpoint
from tests.webhooks.conftest import Listener

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_network(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WEBHOOKS_TO_PRIVATE_ADDRESSES = True
    # What may take five seconds takes a part of one here.
    monkeypatch.setattr(delivery, "SECONDS", 0.6)


def tell(endpoint: Endpoint, key: str = "escalation:7") -> Delivery:
    queue([News(endpoint, key, "escalation", {"escalation": 7, "ticket": 3})], now=NOW)
    return Delivery.objects.get(endpoint=endpoint, key=key)


def test_it_arrives_once_and_signed_as_the_standard_says(listener: Listener) -> None:
    endpoint = make_endpoint(listener.url)
    row = tell(endpoint)
    tell(endpoint)
    assert deliver_due(NOW) == {"delivered": 1, "failed": 0}
    assert deliver_due(NOW) == {"delivered": 0, "failed": 0}
    ((headers, body),) = listener.heard
    assert json.loads(body)["data"] == {"escalation": 7, "ticket": 3}
    assert headers["webhook-id"] == f"msg_{row.pk}"
    # What we check on the way in takes what we send on the way out.
    schemes = [preset.scheme for preset in PRESETS.values() if preset.scheme.timestamp_header == "webhook-timestamp"]
    given = {name: headers[name.lower()] for name in (schemes[0].header, schemes[0].id_header, "webhook-timestamp")}
    check_signature(schemes[0], [endpoint.secret], given, body, now=NOW)
    row.refresh_from_db()
    assert (row.state, row.status, row.attempts) == ("delivered", 200, 1)


def test_the_signature_is_the_one_of_the_standard_s_example() -> None:
    headers = signing.headers_for(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}',
        now=NOW.fromtimestamp(1614265330, tz=NOW.tzinfo),
    )  # fmt: skip
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("behaviour", ["500", "404", "redirect", "hang", "drip", "flood", "drip-body"])
def test_whatever_the_other_side_does_a_worker_is_soon_free(listener: Listener, behaviour: str) -> None:
    listener.behaviour = behaviour
    row = tell(make_endpoint(listener.url))
    begun = time.monotonic()
    counts = deliver_due(NOW)
    assert time.monotonic() - begun < 10
    row.refresh_from_db()
    if behaviour == "flood":
        # Its first 64 kB are read, and then the line is cut; it has said that it took it.
        assert counts["delivered"] == 1
        assert listener.sent < 1 << 27
        return
    assert counts == {"delivered": 0, "failed": 1}
    assert (row.state, row.attempts) == ("waiting", 1)
    assert row.next_try_at - NOW >= timedelta(seconds=5)
    assert row.error
    assert "/elsewhere" not in listener.visited


def test_it_is_tried_again_at_the_times_of_the_table_and_then_given_up(listener: Listener) -> None:
    listener.behaviour = "500"
    endpoint = make_endpoint(listener.url)
    row = tell(endpoint)
    at, waits = NOW, []
    for _try in range(len(delivery.WAITS) + 1):
        # Somebody looks after it each time, so that the endpoint is not given up first.
        Endpoint.objects.update(failing_since=None)
        deliver_due(at)
        row.refresh_from_db()
        if row.state == "waiting":
            waits.append(row.next_try_at - at)
            assert deliver_due(row.next_try_at - timedelta(seconds=1))["failed"] == 0
            at = row.next_try_at
    # What a try itself takes counts from when it began.
    rounded = [timedelta(seconds=round(wait.total_seconds())) for wait in waits]
    assert rounded == list(delivery.WAITS)
    assert (row.state, row.status, len(listener.heard)) == ("failed", 500, 8)
    assert len({headers["webhook-id"] for headers, _ in listener.heard}) == 1


def test_down_for_a_day_it_is_switched_off_administrators_are_told_and_nothing_is_lost(listener: Listener) -> None:
    admin = make_admin()
    listener.behaviour = "500"
    endpoint = make_endpoint(listener.url)
    for n in range(3):
        tell(endpoint, f"escalation:{n}")
    for hours in range(30):
        deliver_due(NOW + hours * HOUR)
    endpoint.refresh_from_db()
    assert not endpoint.is_active and endpoint.disabled_at is not None
    assert endpoint.disabled_at - NOW >= DAY
    assert set(Delivery.objects.values_list("state", flat=True)) == {"held"}
    assert Message.objects.filter(recipient=admin.email, subject__contains=endpoint.name).count() == 1
    tries = len(listener.heard)
    tell(endpoint, "escalation:9")
    deliver_due(NOW + 40 * HOUR)
    assert len(listener.heard) == tries
    listener.behaviour = "take"
    endpoint.refresh_from_db()
    switch_on([endpoint], now=NOW + 50 * HOUR)
    assert deliver_due(NOW + 50 * HOUR)["delivered"] == 4


def test_one_that_is_gone_is_switched_off_at_once(listener: Listener) -> None:
    listener.behaviour = "410"
    endpoint = make_endpoint(listener.url)
    tell(endpoint)
    deliver_due(NOW)
    endpoint.refresh_from_db()
    assert not endpoint.is_active


def test_an_endpoint_that_fails_takes_no_other_s_turn(listener: Listener) -> None:
    broken = make_endpoint("http://127.0.0.1:1/")
    for n in range(20):
        tell(broken, f"escalation:{n}")
    fine = tell(make_endpoint(listener.url))
    assert deliver_due(NOW) == {"delivered": 1, "failed": 1}
    fine.refresh_from_db()
    assert fine.state == "delivered"


def test_a_process_that_dies_leaves_a_lease_that_runs_out(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def die(*args: Any, **kwargs: Any) -> Any:
        raise Killed

    row = tell(make_endpoint(listener.url))
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(sending, "post", die)
        deliver_due(NOW)
    assert deliver_due(NOW + timedelta(seconds=30))["delivered"] == 0
    assert deliver_due(NOW + timedelta(seconds=61))["delivered"] == 1
    assert listener.heard[0][0]["webhook-id"] == f"msg_{row.pk}"


# --- where it may not lead -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.7", "169.254.169.254", "192.168.1.1", "0.0.0.0", "100.64.0.1", "224.0.0.1", "::1", "fe80::1",
     "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"],
)  # fmt: skip
def test_a_name_that_leads_into_our_network_is_not_spoken_to(
    address: str, listener: Listener, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOKS_TO_PRIVATE_ADDRESSES = False
    found = [(0, 0, 0, "", ("93.184.215.14", 443)), (0, 0, 0, "", (address, 443))]
    monkeypatch.setattr(sending.socket, "getaddrinfo", lambda *args, **kwargs: found)
    monkeypatch.setattr(sending.socket, "create_connection", lambda *args, **kwargs: pytest.fail("connected"))
    outcome = sending.post("https://hooks.example/", b"{}", {}, seconds=1)
    assert outcome.error == "This name leads into a private network."


def test_the_connection_goes_to_the_address_that_was_checked(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that answers differently the second time is asked once."""
    settings.WEBHOOKS_TO_PRIVATE_ADDRESSES = False
    asked, went = [], []

    def look_up(host: str, *args: Any, **kwargs: Any) -> list[Any]:
        asked.append(host)
        return [(0, 0, 0, "", ("93.184.215.14" if len(asked) == 1 else "127.0.0.1", 443))]

    def connect(address: Any, timeout: float) -> Any:
        went.append(address)
        raise ConnectionRefusedError("no")

    monkeypatch.setattr(sending.socket, "getaddrinfo", look_up)
    monkeypatch.setattr(sending.socket, "create_connection", connect)
    sending.post("https://hooks.example/", b"{}", {}, seconds=1)
    assert (asked, went) == (["hooks.example"], [("93.184.215.14", 443)])


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://hooks.example/", "begins with https"),
        ("ftp://hooks.example/", "begins with https"),
        ("https://user:word@hooks.example/", "Leave name and password out"),
        ("https://127.0.0.1/", "private network"),
        ("https://[::1]/", "private network"),
        ("https:///path", "names no host"),
        ("https://hooks.example:port/", "no web address"),
    ],
)
def test_an_address_that_will_not_do_is_refused_when_it_is_typed(url: str, said: str, settings: Any) -> None:
    settings.WEBHOOKS_TO_PRIVATE_ADDRESSES = False
    with pytest.raises(sending.NotSendable, match=said):
        sending.checked(url)


def test_a_name_server_that_hangs_holds_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*args: Any, **kwargs: Any) -> Any:
        time.sleep(1)
        raise OSError("no answer")

    monkeypatch.setattr(sending.socket, "getaddrinfo", hang)
    begun = time.monotonic()
    assert "No answer within" in sending.post("https://hooks.example/", b"{}", {}, seconds=0.2).error
    assert time.monotonic() - begun < 1
