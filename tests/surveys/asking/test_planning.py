"""Rounds of a cadence: everybody's turn, spread over days, once."""

from collections import Counter
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from nps_loop.jobs import running
from nps_loop.jobs.models import Job
from nps_loop.mail import suppression
from nps_loop.mail.models import Stream, Suppression
from surveys.asking import planning
from surveys.asking.turns import turn_in_round
from surveys.models import Contact, Invitation, Survey
from tests.conftest import counted
from tests.factories import (
    DAY,
    NOW,
    make_account,
    make_brand,
    make_contact,
    make_response,
    make_ticket,
)
from tests.surveys.asking.rows import make_cadence, make_planned

State, Rule = Invitation.State, Invitation.Rule
pytestmark = pytest.mark.django_db


def plan(now=NOW) -> Job:
    """Start the round that is due and do its job."""
    assert planning.start_rounds(now=now) == 1
    job = Job.objects.latest("pk")
    with time_machine.travel(now, tick=False):
        running.run_now(job, now=now)
    assert job.state == Job.State.DONE, job.error
    return job


def test_a_round_plans_everybody_on_a_working_day_of_theirs_within_the_days_it_is_spread_over():
    make_cadence(spread_days=14, quiet_from=19, quiet_until=8)
    zones = ["Europe/Berlin", "America/Los_Angeles", "Asia/Tokyo", ""]
    for n in range(200):
        make_contact(time_zone=zones[n % 4])

    job = plan()

    assert job.result == {"planned": 200, "stopped": {}}
    rows = list(Invitation.objects.select_related("contact"))
    assert {(row.state, row.cause, row.reference) for row in rows} == {("planned", "cadence", "round:2026-11-24")}
    for row in rows:
        local = row.planned_for.astimezone(ZoneInfo(row.contact.time_zone or "UTC"))
        assert local.weekday() < 5 and 8 <= local.hour < 19
        assert date(2026, 11, 25) <= local.date() < date(2026, 12, 9)
    # Ten working days, twenty people each on average; one with none or with thrice as many would not be even.
    days = Counter(row.planned_for.astimezone(ZoneInfo(row.contact.time_zone or "UTC")).date() for row in rows)
    assert len(days) == 10 and all(5 <= n <= 45 for n in days.values())


def test_somebody_has_the_same_place_in_every_round():
    survey = make_cadence(spread_days=7)
    zone = ZoneInfo("Europe/Berlin")
    for contact in range(50):
        one, two = (turn_in_round(survey, contact, day, zone) for day in (date(2026, 6, 1), date(2026, 8, 31)))
        assert two - one in (timedelta(days=91), timedelta(days=91, hours=1))


def test_a_round_of_a_weekend_alone_asks_on_monday():
    survey = make_cadence(spread_days=1)
    assert turn_in_round(survey, 1, date(2026, 11, 28), ZoneInfo("UTC")).date() == date(2026, 11, 30)


def test_every_person_who_is_not_asked_leaves_a_row_with_the_rule():
    make_brand(own_domains=["halden.example"])
    survey = make_cadence(spread_days=7, share=100)
    asked = make_contact()
    nobody = make_contact(email="")
    no_more, dead = make_contact(), make_contact()
    suppression.suppress([no_more.email], Stream.SURVEYS, Suppression.Reason.UNSUBSCRIBED, now=NOW)
    suppression.came_back([dead.email], now=NOW)
    never = make_contact(do_not_contact=True)
    ours = make_contact(email="ada@mail.halden.example")
    resting = make_contact()
    make_planned(make_cadence(every_days=None), resting, sent_at=NOW - 10 * DAY, reference="")
    answered = make_contact()
    make_response(9, contact=answered, responded_at=NOW - 5 * DAY)
    gone = make_contact(merged_into=asked)
    erased = make_contact(erased_at=NOW)

    job = plan()

    of_round = Invitation.objects.filter(survey=survey)
    assert {row.contact_id: row.stopped_by for row in of_round} == {
        asked.pk: "",
        nobody.pk: Rule.NO_ADDRESS,
        no_more.pk: Rule.SUPPRESSED,
        dead.pk: Rule.BOUNCED,
        never.pk: Rule.DO_NOT_CONTACT,
        ours.pk: Rule.OWN_STAFF,
        resting.pk: Rule.RESTING,
        answered.pk: Rule.ANSWERED_LATELY,
    }
    assert not of_round.filter(contact__in=[gone, erased]).exists()
    assert job.result["planned"] == 1 and sum(job.result["stopped"].values()) == 7
    assert {row.state for row in of_round.exclude(stopped_by="")} == {State.STOPPED}


def test_a_case_that_is_open_today_is_no_reason_against_a_day_later_than_tomorrow():
    make_cadence(spread_days=30)
    contacts = [make_contact() for _ in range(20)]
    for contact in contacts:
        make_ticket(answer={"contact": contact, "responded_at": NOW - 60 * DAY})

    plan()

    for row in Invitation.objects.filter(contact__in=contacts):
        soon = row.planned_for - NOW <= DAY
        assert row.stopped_by == (Rule.OPEN_CASE if soon else "")


def test_only_the_share_is_asked():
    make_cadence(share=25)
    Contact.objects.bulk_create(Contact(email=f"c{n}@client.example") for n in range(1_000))

    job = plan()

    assert set(job.result["stopped"]) == {Rule.NOT_IN_SHARE}
    assert 180 < job.result["planned"] < 320


def test_a_round_begins_again_when_its_days_have_passed_and_not_before():
    make_cadence(every_days=30, spread_days=5)
    make_contact()
    plan()

    assert planning.start_rounds(now=NOW) == 0
    assert planning.start_rounds(now=NOW + 29 * DAY) == 0
    plan(NOW + 30 * DAY)

    references = set(Invitation.objects.values_list("reference", flat=True))
    assert references == {"round:2026-11-24", "round:2026-12-24"}


def test_a_round_that_found_nobody_is_looked_at_again_the_next_day():
    make_cadence()
    plan()
    assert planning.start_rounds(now=NOW) == 0
    make_contact()
    plan(NOW + DAY)
    assert Invitation.objects.count() == 1


@pytest.mark.parametrize(
    "fields", [{"is_sent": False}, {"every_days": None}, {"kind": Survey.Kind.TRANSACTIONAL}], ids=str
)
def test_what_has_no_cadence_starts_no_round(fields):
    make_cadence(**fields)
    make_contact()
    assert planning.start_rounds(now=NOW) == 0


def test_a_round_starts_by_hand_whatever_the_cadence_and_once_a_day():
    survey = make_cadence(every_days=None)
    make_contact()
    assert planning.last_round(survey) is None
    job = planning.start_by_hand(survey.pk, by=None, now=NOW)
    with pytest.raises(planning.NotNow, match="being planned"):
        planning.start_by_hand(survey.pk, by=None, now=NOW)
    with time_machine.travel(NOW, tick=False):
        running.run_now(job, now=NOW)
    found = planning.last_round(survey)
    assert (found.day, found.planned, found.stopped) == (NOW.date(), 1, 0)
    with pytest.raises(planning.NotNow, match="tomorrow"):
        planning.start_by_hand(survey.pk, by=None, now=NOW)
    Invitation.objects.update(state=State.SENT, sent_at=NOW + DAY)
    again = planning.start_by_hand(survey.pk, by=None, now=NOW + DAY)
    with time_machine.travel(NOW + DAY, tick=False):
        running.run_now(again, now=NOW + DAY)
    # Who has just been asked is left alone, whoever starts the round.
    assert (planning.last_round(survey).planned, planning.last_round(survey).stopped) == (0, 1)


@pytest.mark.parametrize("fields", [{"is_sent": False}, {"kind": "transactional"}])
def test_what_is_not_sent_to_everybody_has_no_round_to_start(fields):
    survey = make_cadence(**fields)
    with pytest.raises(planning.NotNow):
        planning.start_by_hand(survey.pk, by=None, now=NOW)
    assert not Job.objects.exists()


def test_a_job_whose_worker_died_goes_on_where_it_stopped(monkeypatch):
    monkeypatch.setattr(planning, "BATCH", 10)
    make_cadence()
    for _ in range(35):
        make_contact()
    planning.start_rounds(now=NOW)
    job = Job.objects.get()

    class Killed(BaseException):
        pass

    def dies(**progress):
        Job.objects.filter(pk=job.pk).update(**progress)
        if progress["done"] == 20:
            raise Killed

    with pytest.raises(Killed):
        planning.plan_round(job, dies)
    before = set(Invitation.objects.values_list("pk", flat=True))
    assert len(before) == 20
    job.refresh_from_db()
    running.run_now(job, now=NOW)

    assert (job.done, job.result) == (35, {"planned": 35, "stopped": {}})
    assert Invitation.objects.count() == 35 and before < set(Invitation.objects.values_list("pk", flat=True))


def test_two_planners_plan_nobody_twice():
    survey = make_cadence()
    contacts = [make_contact() for _ in range(5)]
    for _ in range(2):
        planning.plan_batch(survey, contacts, date(2026, 11, 25), "round:2026-11-24", now=NOW)
    assert Invitation.objects.count() == 5


def test_a_thousand_people_cost_as_many_queries_as_ten():
    survey = make_cadence(account_most=3)
    accounts = [make_account() for _ in range(10)]

    def cost(n: int, offset: int) -> int:
        contacts = Contact.objects.bulk_create(
            Contact(email=f"c{offset + k}@client.example", account=accounts[k % 10]) for k in range(n)
        )
        with CaptureQueriesContext(connection) as found:
            planning.plan_batch(survey, contacts, date(2026, 11, 25), "round:x", now=NOW)
        return len(found)

    few = cost(10, 0)
    many = cost(1_000, 1_000)
    # SQLite caps the parameters of one statement, so it is told in pieces.
    assert many == few if connection.vendor == "postgresql" else few <= 9


@pytest.mark.full
def test_thousands_are_planned_by_one_job_at_the_same_cost_for_each_thousand():
    make_cadence()
    n = counted(3_000, 10_000)
    Contact.objects.bulk_create(Contact(email=f"c{k}@client.example", language="de") for k in range(n))

    planning.start_rounds(now=NOW)
    with CaptureQueriesContext(connection) as found:
        running.run_now(Job.objects.get(), now=NOW)

    assert Invitation.objects.filter(state=State.PLANNED).count() == n
    if connection.vendor == "postgresql":
        assert len(found) <= 10 + 12 * (n // 1_000)
