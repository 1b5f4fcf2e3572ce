"""Nonsense in the address of a report: an answer that says so, never a fault."""

from __future__ import annotations

import random

import pytest
from django.test import Client

from followups.filters import TicketFilter
from followups.serializers.reports import ReportQuerySerializer
from nps_loop.people.models import ApiKey
from tests import factories as make
from tests.conftest import counted
from tests.factories import DAY, NOW
from tests.followups.reports.companies import make_company

pytestmark = pytest.mark.django_db

PAGE = (
    "period", "day_from", "day_to", "team", "touchpoint", "segment", "account_owner", "band", "survey_kind", "as_of",
)  # fmt: skip
ANSWERS = (*PAGE, "score", "after", "excluded", "decided")
API = tuple(ReportQuerySerializer().fields)
TICKETS = tuple(TicketFilter.base_filters)
REPORTS = (
    "nps", "closure", "recovery", "response-rate", "times", "effect", "worth", "reopening", "causes", "touchpoints",
    "accounts", "people",
)  # fmt: skip
ADDRESSES = {
    "/reports/": PAGE,
    "/reports/answers/": ANSWERS,
    "/tickets/": TICKETS,
    "/api/v1/tickets/": TICKETS,
    **{f"/api/v1/reports/{name}/": API for name in REPORTS},
}
VALUES = (
    "\0", "a\0b", "-", "0", "-1", str(2**63), str(2**63 - 1), "9" * 400, "1e999", "nan", "²", "٣", "x" * 5_000,
    "9999-12-31T23:59:59.999999-14:00", "9999-12-31", "0001-01-01T00:00:00+14:00", "2026-13-45", "now",
    "2026-11-24T14:30", "%00", "'; DROP TABLE--", "plan:gold", ":", "a:" + "b" * 400, "attribute:", "attribute:\0",
    "attribute:a'b", "attribute:" + "k" * 200, "team,team,person", "\ud800", "cause-\0", "cause-" + "x" * 300,
)  # fmt: skip
# One of each kind that a database or a calendar could stumble over.
WORST = ("a\0b", str(2**63), "9999-12-31T23:59:59.999999-14:00", "attribute:a'b", "cause-" + "x" * 100, "٣")


def is_answered(client: Client, address: str, **asked: str) -> None:
    """Shown or refused, and never a fault; the client raises what a view raises."""
    query = {name: value.encode("utf-8", "surrogatepass") for name, value in asked.items()}
    answer = client.get(address, query)
    assert answer.status_code in (200, 302, 400, 404), (asked, answer.status_code)


@pytest.mark.parametrize("address", ADDRESSES)
def test_nonsense_in_a_query_is_never_a_fault(address: str) -> None:
    company = make_company(random.Random(4), tickets=6, answers=6)
    client = Client()
    client.force_login(company.admin)
    names = ADDRESSES[address]
    for value in VALUES:
        is_answered(client, address, **dict.fromkeys(names, value))
    for name in names if counted(0, 1) else random.Random(address).sample(names, 4):
        for value in WORST:
            is_answered(client, address, **{name: value})
    past = {"as_of": (NOW - DAY).isoformat()} | ({"figure": "told"} if "figure" in names else {})
    for name in ("team", "owner", "root_cause", "attribute", "by", "figure", "state", "score", "account_owner"):
        if name in names:
            for value in ("-", "told", "late", "attribute:plan", "me", "none", "plan:gold", "new", str(2**63)):
                is_answered(client, address, **(past | {name: value}))


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
