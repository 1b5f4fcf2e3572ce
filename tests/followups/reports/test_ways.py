"""Every way to group answers and tickets equals a loop over all rows, and narrowing by a group gives just its rows."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from followups.models import Team, Ticket
from followups.reports import metrics
from followups.reports.metrics import ReportFilters, way_of
from followups.reports.metrics.ways import NAMES
from surveys.models import Brand, ReportableAttribute, Response, Touchpoint
from tests import factories as make
from tests.factories import NOW
from tests.followups.reports import recount
from tests.followups.reports.lives import throw_together

pytestmark = pytest.mark.django_db

TODAY = NOW.date()
QUARTER = ReportFilters(TODAY - timedelta(days=45), TODAY)
PLANS = ("pro", "free", 'a "quoted" plan', "Größe & <b>", "", None)


def several_of_everything(seed: int) -> None:
    throw_together(seed, answers=60)
    accounts = [
        make.make_account(business_units=units) for i, units in enumerate(([], ["Freight"], ["Freight", "Rail ü"]))
    ]
    people = [make.make_user(f"owner{i}") for i in range(2)]
    invoice = Touchpoint.objects.get(name="Invoice")
    invoice.brand = make.make_brand(name="Second", is_default=False)
    invoice.save()
    for i, answer in enumerate(Response.objects.order_by("pk")):
        answer.account = [None, *accounts][i % 4]
        answer.account_owner = [None, *people][i % 3]
        answer.product = ["", "Planner", "O'Brien & Söhne <x>"][i % 3]
        answer.region = ["", "Nordics"][i % 2]
        answer.language = ["", "de", "en"][i % 3]
        answer.attributes = {} if PLANS[i % 6] is None else {"plan": PLANS[i % 6], "seats of #1": i % 3}
        answer.save()


def groups_of(name: str, answer: Response) -> tuple[str, ...]:
    """The groups of one answer, the plain way."""
    if name == "team":
        if answer.team_id_then:
            return (Team.objects.get(pk=answer.team_id_then).slug,)
        taking = Team.objects.filter(touchpoints=answer.touchpoint) if answer.touchpoint else Team.objects.none()
        found = taking or Team.objects.filter(is_default=True)
        return tuple(team.slug for team in found) or ("",)
    if name == "business_unit":
        return tuple(answer.account.business_units if answer.account else ()) or ("",)
    if name == "brand":
        own = answer.touchpoint.brand if answer.touchpoint else None
        return ((own or answer.source.brand or Brand.objects.get(is_default=True)).slug,)
    if name.startswith("attribute:"):
        value = answer.attributes.get(name.removeprefix("attribute:"), "")
        return (value if isinstance(value, str) else json.dumps(value),)
    value = {
        "person": answer.account_owner_id,
        "account_owner": answer.account_owner_id,
        "account": answer.account_id,
        "touchpoint": answer.touchpoint.slug if answer.touchpoint else "",
    }.get(name, getattr(answer, name, None))
    return ("" if value is None else str(value),)


def narrowed(name: str, group: str) -> ReportFilters:
    value: Any = group or "-"
    if name.startswith("attribute:"):
        return replace(QUARTER, attributes=((name.removeprefix("attribute:"), value),))
    return replace(QUARTER, **{name: value})


@pytest.mark.parametrize("name", [*NAMES, "attribute:plan", "attribute:seats of #1"])
def test_a_way_groups_and_narrows_answers_as_a_loop_does(name: str) -> None:
    several_of_everything(1)
    rows = Response.objects.select_related("touchpoint__brand", "source__brand", "account")
    rows = [row for row in rows if QUARTER.day_from <= row.day <= QUARTER.day_to]
    expected: dict[str, list[Response]] = {}
    for row in rows:
        for group in groups_of(name, row):
            expected.setdefault(group, []).append(row)
    report = metrics.nps_report(QUARTER, now=NOW, by=[name])
    found = {group.slug: group.scores.nps.n for group in report.groups[name]}
    assert found == {group: n for group, kept in expected.items() if (n := recount.nps_of(kept)["n"])}
    assert len(found) > 1
    if name == "person":
        return  # tickets are narrowed by their owner, answers by that of the account
    for group, kept in expected.items():
        assert set(narrowed(name, group).answers()) == set(kept), group


@pytest.mark.parametrize("name", [name for name in NAMES if name != "account_owner"])
def test_a_way_groups_tickets_and_every_group_opens_its_tickets(name: str) -> None:
    several_of_everything(2)
    groups = metrics.closure_groups(QUARTER, way_of(name), now=NOW)
    tickets = Ticket.objects.filter(day__range=(QUARTER.day_from, QUARTER.day_to))
    assert {key for group in groups for key in opened(name, group.slug)} == {ticket.pk for ticket in tickets}
    for group in groups:
        assert group.counts["cohort"] == len(opened(name, group.slug))


def opened(name: str, group: str) -> set[int]:
    way = way_of(name)
    return set(QUARTER.tickets().filter(way.narrow(group or "-", tickets=True)).values_list("pk", flat=True))


def test_there_are_five_reportable_attributes_at_most() -> None:
    for position in range(1, 6):
        ReportableAttribute.objects.create(name=f"a{position}", position=position)
    for position in (0, 5, 6):
        with pytest.raises(IntegrityError), transaction.atomic():
            ReportableAttribute.objects.create(name=f"b{position}", position=position)
    assert [way.name for way in metrics.reportable()][-5:] == [f"attribute:a{position}" for position in range(1, 6)]


def test_an_unknown_way_is_a_key_error() -> None:
    for name in ("", "attribute:", "colour"):
        with pytest.raises(KeyError):
            way_of(name)
