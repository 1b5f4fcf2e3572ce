"""Figures as a file, of one ticket's life and of companies alone: the many tickets of `test_figures` are not there."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from followups.refusals import Refused
from followups.reports.exports import listing
from followups.reports.exports.figures.of_accounts import FIGURES
from surveys.models import Account, Response
from tests import factories as make
from tests.factories import DAY, NOW
from tests.followups.reports.exports.reading import client_of
from tests.followups.reports.exports.said import said_of_accounts
from tests.followups.reports.exports.test_figures import (
    BEFORE,
    DAYS,
    FIRST,
    api,
    clock,
    everything_said,
    exported,
    same,
)
from tests.followups.reports.test_as_of import Company

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
__all__ = ["clock"]


def test_as_of_a_past_moment_the_file_holds_what_the_api_says_of_it() -> None:
    life = Company(3, phone=True)
    moments = []
    for step in ("talk", "plan", "done", "resolve", "invite", "correct"):
        with suppress(Refused):
            life.go(step)
        moments.append(life.now)
    seen = []
    with time_machine.travel(life.now + DAY, tick=False):
        for moment in moments:
            asked = {**DAYS, "day_to": str((NOW + DAY).date()), "as_of": moment.isoformat()}
            before = {
                "day_from": str(FIRST - timedelta(days=62)), "day_to": str(FIRST - timedelta(days=1)),
            }  # fmt: skip
            assert before["day_to"] == BEFORE["day_to"]
            found = exported(life.admin, by="team", **asked)
            said = everything_said(life.admin, by="team", compare="none", **asked)
            said = {key: numbers for key, numbers in said.items() if not _compares(key)}
            same(found, said)
            seen.append(found["closure", "all", "", asked["day_from"], asked["day_to"], "on_time"])
    assert len(set(seen)) >= 1 and seen[-1][1] is not None


def _compares(key: tuple[str, ...]) -> bool:
    return key[0] == "touchpoints"


def test_companies_have_a_name_only_for_those_who_may_open_them() -> None:
    team = make.make_team("Key accounts", is_default=True)
    agent, stranger = make.make_user("Hanna Brandt"), make.make_user("Jo Whitfield")
    make.make_member(team, agent)
    make.make_member(make.make_team("South"), stranger)
    own = make.make_account("Nordby Cold Chain", segment="Key account", annual_value=50, owner=agent)
    other = make.make_account("Brakel Foods", segment="Key account", annual_value=40)
    for account in (own, other):
        make.make_response(2, contact=make.make_contact(account=account))
    masked = f"A company, key account ({other.pk})"
    for asked in ({}, {"by": "account"}):
        rows = exported(agent, **asked)
        named = {key[2] for key in rows if key[1] == "account"}
        assert named == {"Nordby Cold Chain", masked}
    assert not [key for key in exported(stranger, by="account") if key[1] == "account"]
    make.make_ticket(Response.objects.get(account=other), team=team)
    assert masked not in {key[2] for key in exported(agent)}
    page = client_of(agent).get("/exports/figures.csv?page=accounts").getvalue().decode()
    assert "Nordby Cold Chain" in page


def test_companies_are_read_in_batches_and_all_of_them_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    admin = make.make_admin()

    def fill(n: int) -> None:
        for place in range(n):
            account = make.make_account(f"Company {Account.objects.count()}", annual_value=place)
            make.make_response(2, contact=make.make_contact(account=account))

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            exported(admin, "accounts")
        return len(queries)

    monkeypatch.setattr(listing, "BATCH", 7 * len(FIGURES) + 3)
    fill(2)
    few = cost()
    fill(3)
    assert cost() == few
    fill(26)
    found = exported(admin, "accounts")
    assert len({key[2] for key in found if key[0] == "accounts"}) == 31
    values = [numbers[2] for key, numbers in found.items() if key[5] == "annual_value"]
    assert values == sorted(values, reverse=True)  # type: ignore[type-var]
    same(found, dict(said_of_accounts(api(admin, "accounts"))))
