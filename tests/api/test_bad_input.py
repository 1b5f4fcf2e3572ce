"""Bodies and queries that break parsers: always 4xx with a sentence, never 500, on every address that takes one."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest

from surveys.models import Response
from tests.api.conftest import Caller, Cast
from tests.api.test_matrix import VERBS

pytestmark = pytest.mark.django_db

BODIES: dict[str, bytes] = {
    "100,000 open brackets": b"[" * 100_000,
    "100,000 open braces": b'{"a":' * 100_000,
    "deep but closed": b"[" * 900 + b"]" * 900,
    "deep attributes": b'{"score": 3, "attributes": ' + b'{"a":' * 50 + b"1" + b"}" * 51,
    "nul in text": b'{"score": 3, "comment": "a\\u0000b", "text": "a\\u0000b", "reason": "a\\u0000b", "version": 0}',
    "nul in attributes": b'{"score": 3, "attributes": {"a": "\\u0000"}}',
    "nul in a name": b'{"score": 3, "attributes": {"a\\u0000": "b"}}',
    "raw nul": b'{"score": 3, "comment": "a\x00b"}',
    "lone surrogate": b'{"score": 3, "comment": "\\ud800", "text": "\\ud800", "reason": "\\udc00", "version": 0}',
    "lone surrogate in attributes": b'{"score": 3, "attributes": {"\\ud83d": "\\ude00x"}}',
    "nan": b'{"score": NaN}',
    "infinity": b'{"score": -Infinity}',
    "beyond a float": b'{"score": 1e400}',
    "5,000 digits": b'{"score": ' + b"9" * 5_000 + b"}",
    "2**63": b'{"score": 9223372036854775808, "version": 9223372036854775808}',
    "doubled field": b'{"score": 3, "score": 9}',
    "bad utf-8": b'{"score": 3, "comment": "\xff\xfe"}',
    "utf-16": '{"score": 3}'.encode("utf-16"),
    "no json": b"score=3",
    "cut short": b'{"score": 3, "comm',
    "two values": b'{"score": 3} {"score": 4}',
    "empty": b"",
    "blank": b"   ",
    "null": b"null",
    "true": b"true",
    "a number": b"3",
    "a text": b'"three"',
    "an empty list": b"[]",
    "a list": b'[{"score": 3}, 7]',
    "an empty object": b"{}",
    "wrong types": b'{"score": {"a": 1}, "comment": [1], "contact_me": "x", "version": {}, "to": [], "attributes": 7}',
    "year 10000": b'{"score": 3, "responded_at": "10000-01-01T00:00:00Z", "happened_at": "9999-12-31T23:59:59-14:00"}',
    "year 1": b'{"score": 3, "responded_at": "0001-01-01T00:00:00+14:00", "until": "0001-01-01T00:00:00+14:00"}',
    "5 MB": b'{"score": 3, "comment": "' + b"x" * 5_000_000 + b'"}',
}

FIELDS = ("2**63", "null", "a list", "an empty object", "wrong types", "year 10000", "year 1")


def is_a_clear_refusal(answer: Any) -> bool:
    return 400 <= answer.status_code < 500 and all(error["detail"] for error in answer.json()["errors"])


@pytest.mark.parametrize("name", BODIES)
def test_an_answer_that_cannot_be_read_is_refused_with_a_sentence(name: str, ingest: Caller) -> None:
    answer = ingest.post("/api/v1/responses/", BODIES[name])
    assert is_a_clear_refusal(answer), (answer.status_code, answer.content[:300])
    assert Response.objects.count() == 0


@pytest.mark.parametrize("name", BODIES)
def test_a_bulk_that_cannot_be_read_is_refused_whole_or_row_by_row(name: str, ingest: Caller) -> None:
    answer = ingest.post("/api/v1/responses/bulk/", BODIES[name])
    if name == "a list":
        assert [row["status"] for row in answer.json()["outcomes"]] == ["recorded", "rejected"]
        return
    assert is_a_clear_refusal(answer), (answer.status_code, answer.content[:300])
    answer = ingest.post("/api/v1/responses/bulk/", b"[" + BODIES[name] + b"]")
    assert answer.status_code in (200, 400), answer.content[:300]
    assert Response.objects.count() == 0 or name == "5 MB"


@pytest.mark.parametrize("name", BODIES)
def test_no_verb_falls_over_what_it_is_sent(name: str, cast: Cast, writing: Caller) -> None:
    # Most break the one parser that all verbs share; the others get as far as the fields of each.
    for verb in VERBS if name in FIELDS else ("note",):
        answer = writing.post(f"/api/v1/tickets/{cast.ticket.pk}/{verb}/", BODIES[name])
        assert is_a_clear_refusal(answer), (verb, answer.status_code, answer.content[:300])
    cast.ticket.refresh_from_db()
    assert cast.ticket.version == 0


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("address", ["open-ticket", "exclude"])
def test_what_is_decided_by_hand_about_an_answer_falls_over_nothing(
    name: str, address: str, cast: Cast, writing: Caller
) -> None:
    answer = writing.post(f"/api/v1/responses/{cast.ticket.response_id}/{address}/", BODIES[name])
    assert is_a_clear_refusal(answer), (answer.status_code, answer.content[:300])


def test_a_message_names_the_place(ingest: Caller) -> None:
    def told(raw: bytes) -> str:
        return str(ingest.post("/api/v1/responses/", raw).json()["errors"][0]["detail"])

    assert told(b'{"score": 3, "attributes": {"a": "\\u0000"}}') == "attributes.a: This holds a NUL character."
    assert told(b'{"score": 3, "score": 9}') == "score: This field stands more than once."
    assert told(b'{"score": 3,}').startswith("This is not JSON: ")
    assert told(b"[" * 100_000) == "This is nested too deep; 20 levels are read."
    assert told(b'{"score": NaN}') == "This is not JSON: NaN is no number there."


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_only_json_is_taken(kind: str, ingest: Caller, cast: Cast) -> None:
    for headers in (ingest.headers, ingest.headers | {"Idempotency-Key": "k"}):
        answer = ingest.client.generic("POST", "/api/v1/responses/", b"score=3", content_type=kind, headers=headers)
        assert answer.status_code == 415
    answer = Caller(user=cast.admin).client.generic("POST", "/api/v1/responses/", b"score=3", content_type=kind)
    assert answer.status_code in (403, 415)


def test_a_body_in_pieces_is_asked_for_in_one(ingest: Caller) -> None:
    headers = ingest.headers | {"Transfer-Encoding": "chunked"}
    answer = ingest.client.generic("POST", "/api/v1/responses/", content_type="application/json", headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (411, "length_required")


def test_a_doubled_field_among_many_is_found_at_once(ingest: Caller) -> None:
    body = b"{" + b"".join(b'"k%d":1,' % each for each in range(50_000)) + b'"k49999":1}'
    began = time.process_time()
    answer = ingest.post("/api/v1/responses/", body)
    assert answer.json()["errors"][0]["detail"] == "k49999: This field stands more than once."
    # Searching through all names for each of them took half a minute.
    assert time.process_time() - began < 5


class Sending:
    """A body on its way: how much of it the server took off the line."""

    def __init__(self, length: int) -> None:
        self.left = length

    def read(self, size: int = -1) -> bytes:
        taken = self.left if size < 0 else min(size, self.left)
        self.left -= taken
        return b" " * taken

    readline = read


@pytest.mark.parametrize(("secret", "status"), [("", 413), ("npsl_unknown", 401)])
def test_a_refused_body_is_read_to_its_end_so_that_its_sender_reads_why(
    secret: str, status: int, ingest: Caller
) -> None:
    headers = {"Authorization": f"Bearer {secret}"} if secret else ingest.headers
    length = 900_000 if secret else 5_000_000
    body = Sending(length)
    answer = ingest.client.generic(
        "POST", "/api/v1/responses/", content_type="application/json", headers=headers,
        **{"wsgi.input": body, "CONTENT_LENGTH": str(length)},
    )  # fmt: skip
    assert (answer.status_code, body.left) == (status, 0)


def test_no_more_than_a_server_can_bear_is_read_for_nothing(ingest: Caller) -> None:
    body = Sending(10**12)
    answer = ingest.client.generic(
        "POST", "/api/v1/responses/", content_type="application/json", headers=ingest.headers,
        **{"wsgi.input": body, "CONTENT_LENGTH": str(10**12)},
    )  # fmt: skip
    assert (answer.status_code, body.left) == (413, 10**12)


@pytest.mark.parametrize("path", ["nope/", "nope", "tickets/x/", "tickets/1/no-verb/", "responses/bulk/more/"])
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_where_there_is_no_address_a_program_reads_so_in_the_one_shape(path: str, method: str, writing: Caller) -> None:
    answer = getattr(writing.client, method)(f"/api/v1/{path}", headers=writing.headers)
    assert answer.status_code == 404
    assert [error["code"] for error in answer.json()["errors"]] == ["not_found"]


def test_an_answer_posted_without_the_last_slash_is_refused_and_not_led_to_the_list(writing: Caller) -> None:
    answer = writing.post("/api/v1/responses", {"score": 3})
    assert answer.status_code == 404
    assert "/api/v1/responses/" in answer.json()["errors"][0]["detail"]
    answer = writing.get("/api/v1/responses", {"score_max": "6"})
    assert (answer.status_code, answer["Location"]) == (302, "/api/v1/responses/?score_max=6")


NAUGHTY = (
    "\x00", "%_'; drop table x", "9" * 30, "1e400", "nan", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "9999-12-31", "ﬀ🧨" * 50,
)  # fmt: skip


@pytest.mark.parametrize("value", NAUGHTY)
def test_no_filter_falls_over_what_it_is_asked(value: str, cast: Cast, reading: Caller) -> None:
    from followups.filters import AbsenceFilter, EscalationFilter, TicketFilter
    from surveys.filters import ResponseFilter

    lists = {
        "tickets": TicketFilter, "responses": ResponseFilter, "escalations": EscalationFilter, "absences": AbsenceFilter,
    }  # fmt: skip
    for address, filters in lists.items():
        for name in (*filters.base_filters, "cursor", "page_size", "ordering"):
            answer = reading.get(f"/api/v1/{address}/", {name: value})
            assert answer.status_code in (200, 400), (address, name, answer.status_code)
    reports = ("nps", "closure", "recovery", "times", "effect", "worth", "reopening", "goals", "signals", "fairness")
    for report in reports:
        for name in ("day_from", "day_to", "team", "touchpoint", "segment", "account_owner", "band", "survey_kind"):
            answer = reading.get(f"/api/v1/reports/{report}/", {name: value})
            # A team that nobody leads does not exist for whoever asks about its fairness.
            known = (200, 400, 404) if (report, name) == ("fairness", "team") else (200, 400)
            assert answer.status_code in known, (report, name, answer.status_code)


@pytest.mark.parametrize("cursor", ["x", "AAAA", "WzFd", "W10=", "eyJhIjoxfQ", "WyJyYW5rIiwwLCJ4IiwxXQ", "%00", "ü"])
def test_a_cursor_that_was_made_up_is_refused(cursor: str, reading: Caller) -> None:
    answer = reading.get("/api/v1/tickets/", {"cursor": cursor})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == "cursor"


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_a_cursor_beyond_the_calendar_is_refused(moment: str, reading: Caller) -> None:
    for address, order in (("tickets", "responded_at"), ("responses", "-received_at")):
        made_up = base64.urlsafe_b64encode(json.dumps([order, 0, moment, 1]).encode()).decode()
        answer = reading.get(f"/api/v1/{address}/", {"cursor": made_up, "ordering": order})
        assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "cursor")


@pytest.mark.parametrize("number", ["0", "9" * 30, "9223372036854775808"])
def test_a_number_too_large_for_a_row_is_not_found(number: str, writing: Caller) -> None:
    assert writing.get(f"/api/v1/tickets/{number}/").status_code == 404
    assert writing.get(f"/api/v1/responses/{number}/").status_code == 404
    named = {"note": "text", "complete-action": "action", "join": "other", "split": "contact", "link": "initiative"}
    for verb, field in named.items():
        answer = writing.post(f"/api/v1/tickets/{number}/{verb}/", {"version": 0, field: 1})
        assert answer.status_code == 404, verb


@pytest.mark.parametrize("person", ["%00", "a%00b", "%ff", "0", "9" * 30, "nobody"])
def test_a_name_that_nobody_can_have_is_not_found(person: str, writing: Caller) -> None:
    assert writing.get(f"/api/v1/people/{person}/working-week/").status_code == 404
