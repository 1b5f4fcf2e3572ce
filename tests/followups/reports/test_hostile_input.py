"""Nonsense in the address of a report: an answer that says so, never a fault."""

from __future__ import annotations

import random
from itertools import product

import pytest
from django.test import Client

from nps_loop.people.models import ApiKey
from tests import factories as make
from tests.factories import DAY, NOW
from tests.followups.reports.companies import make_company

pytestmark = pytest.mark.django_db

NAMES = (
    "period", "day_from", "day_to", "team", "touchpoint", "segment", "account_owner", "band", "survey_kind", "product",
    "region", "account", "business_unit", "language", "brand", "attribute", "by", "as_of", "figure", "owner", "score",
    "after", "excluded", "decided", "state", "root_cause", "cursor",
)  # fmt: skip
VALUES = (
    "", "\0", "a\0b", "-", "0", "-1", str(2**63), str(2**63 - 1), "9" * 400, "1e999", "nan", "²", "٣", "x" * 5_000,
    "9999-12-31T23:59:59.999999-14:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2026-13-45", "now",
    "2026-11-24T14:30", "2026-11-24T14:30:00+00:00", "%00", "'; DROP TABLE--", "plan:gold", ":", "a:" + "b" * 400,
    "attribute:", "attribute:\0", "attribute:a'b", "attribute:" + "k" * 200, "team,team,person", "\ud800",
    "cause-\0", "cause-" + "x" * 300, "told", "late",
)  # fmt: skip
ADDRESSES = (
    "/reports/", "/reports/answers/", "/tickets/", "/api/v1/reports/nps/", "/api/v1/reports/closure/",
    "/api/v1/reports/recovery/", "/api/v1/reports/response-rate/", "/api/v1/tickets/",
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_nonsense_in_a_query_is_never_a_fault(address: str) -> None:
    client = Client()
    client.force_login(make.make_admin())
    for name, value in product(NAMES, VALUES):
        if name in ("period", "owner", "score", "after", "excluded", "decided", "cursor", "state") and len(value) > 20:
            continue
        try:
            answer = client.get(address, {name: value.encode("utf-8", "surrogatepass")})
        except Exception as error:
            raise AssertionError((address, name, value[:60])) from error
        allowed = (200, 302, 400, 404, 422) if address.startswith("/api/") else (200, 302, 404)
        assert answer.status_code in allowed, (address, name, value[:60], answer.status_code)


@pytest.mark.parametrize("address", ADDRESSES)
def test_nonsense_beside_a_past_moment_is_never_a_fault(address: str) -> None:
    company = make_company(random.Random(4), tickets=6, answers=6)
    client = Client()
    client.force_login(company.lead)
    past = (NOW - DAY).isoformat()
    for name in NAMES:
        for value in ("-", "\0", str(2**63), "told", "late", "attribute:plan", "me", "none", "plan:gold", "new"):
            answer = client.get(address, {"as_of": past, "figure": "told", name: value})
            assert answer.status_code in (200, 302, 400, 404, 422), (address, name, value)


def test_a_moment_to_come_is_refused_by_page_list_and_api() -> None:
    _row, secret = ApiKey.objects.issue("Reports", "read")
    key = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    for path in ("reports/nps", "reports/closure", "reports/recovery", "reports/response-rate", "tickets"):
        answer = Client().get(f"/api/v1/{path}/", {"as_of": "2100-01-01T00:00:00Z"}, **key)
        assert answer.status_code == 400, path
        assert "still to come" in answer.content.decode()
    client = Client()
    client.force_login(make.make_admin())
    assert "still to come" in client.get("/reports/", {"as_of": "2100-01-01T00:00:00Z"}).content.decode()
    assert "still to come" in client.get("/tickets/", {"as_of": "2100-01-01T00:00:00Z"}).content.decode()
