"""What every page tells the browser, and what reaches a log."""

import logging

import pytest
from django.test import Client, RequestFactory

from nps_loop.requestlog import client_ip, loggable


@pytest.mark.django_db
def test_pages_allow_nothing_from_elsewhere(client: Client) -> None:
    policy = client.get("/login/")["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "object-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_an_answer_names_its_request_and_takes_a_plain_id_from_the_caller(client: Client) -> None:
    assert len(client.get("/healthz")["X-Request-ID"]) == 32
    assert client.get("/healthz", headers={"X-Request-ID": "abc-1"})["X-Request-ID"] == "abc-1"
    assert client.get("/healthz", headers={"X-Request-ID": "a b\r\nSet-Cookie: x"})["X-Request-ID"] != "a b"


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/loop/abc.def-123/", "/loop/.../"),
        ("/loop/abc/settled/", "/loop/.../settled/"),
        ("/survey/abc", "/survey/..."),
        ("/unsubscribe/abc/", "/unsubscribe/.../"),
        ("/hooks/shop/", "/hooks/.../"),
        ("/tickets/12/", "/tickets/12/"),
        ("/x\nINFO forged", "/x%0AINFO forged"),
    ],
)
def test_a_log_line_never_holds_a_customers_link(path: str, logged: str) -> None:
    assert loggable(path) == logged


@pytest.mark.django_db
def test_a_request_is_logged_without_its_token(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "nps_loop.request"):
        client.get("/loop/not-a-token/")
    assert "/loop/.../" in caplog.text
    assert "not-a-token" not in "".join(record.getMessage() for record in caplog.records if "nps_loop" in record.name)


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.5", "", "203.0.113.5"),
        ("203.0.113.5", "198.51.100.7", "203.0.113.5"),  # a stranger's header says nothing
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "10.9.9.9, 198.51.100.7", "198.51.100.7"),  # only what our proxy wrote
        ("", "198.51.100.7", "198.51.100.7"),  # a proxy on a Unix socket
    ],
)
def test_the_callers_address_is_taken_from_a_trusted_proxy_only(
    rf: RequestFactory, monkeypatch: pytest.MonkeyPatch, peer: str, forwarded: str, address: str
) -> None:
    monkeypatch.delenv("FORWARDED_ALLOW_IPS", raising=False)
    request = rf.get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
    assert client_ip(request) == address
