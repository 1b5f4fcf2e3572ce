"""Nobody can improve a headline by doing worse: deeds done to random companies, every headline compared."""

from __future__ import annotations

import random
from datetime import date, datetime

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from followups.models import Deadline, Ticket
from followups.reports import metrics
from surveys.scoring import Band
from tests import factories as make
from tests.conftest import counted
from tests.factories import DAY, HOUR, NOW
from tests.followups.reports.worsening import DEEDS, company, headlines
from tests.surveys.asking.rows import make_planned

pytestmark = pytest.mark.django_db
QUARTER = metrics.ReportFilters(date(2026, 8, 27), date(2026, 11, 24))


def judged(now: datetime) -> list[Ticket]:
    """Tickets that a deed can be done to: they count, nobody dismissed them, and their target has run out by then.

    Until its target runs out, an open ticket is judged by nothing but how long it waits: `due` says so on purpose.
    """
    alive = metrics.figure_queryset("counted", QUARTER, now=NOW).exclude(state="dismissed")
    return list(alive.filter(resolution_due_at__lte=now).order_by("pk"))


# A company costs some hundred rows.
@settings(
    max_examples=counted(10, full=40),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 10_000), deeds=st.lists(st.sampled_from(sorted(DEEDS)), min_size=1, max_size=4))
@pytest.mark.parametrize("later", [0, 60])
def test_no_deed_improves_a_headline(later: int, seed: int, deeds: list[str]) -> None:
    """At once, for what is due by then, and once every target has run out."""
    now = NOW + later * DAY
    chance = random.Random(seed)
    with transaction.atomic():
        company(seed)
        before = headlines(QUARTER, now)
        for deed in deeds:
            for ticket in judged(now):
                if chance.random() < 0.4:
                    DEEDS[deed](ticket, chance)
            after = headlines(QUARTER, now)
            for name, figure in after.items():
                assert not figure.better_than(before[name]), (deed, name, before[name], figure)  # type: ignore[arg-type]
                assert not figure.gone_from(before[name]), (deed, name)  # type: ignore[arg-type]
            before = after
        transaction.set_rollback(True)


def test_the_deeds_above_do_something() -> None:
    """On one company each of them makes at least one headline worse, so that comparing them means something."""
    for deed, what in DEEDS.items():
        worse: set[str] = set()
        for seed in range(3):
            with transaction.atomic():
                company(seed)
                before = headlines(QUARTER, NOW + 60 * DAY)
                chance = random.Random(seed)
                for ticket in judged(NOW + 60 * DAY):
                    what(ticket, chance)
                after = headlines(QUARTER, NOW + 60 * DAY)
                worse |= {name for name, figure in after.items() if before[name].better_than(figure)}  # type: ignore[arg-type]
                transaction.set_rollback(True)
        print(deed, "makes worse:", ", ".join(sorted(worse)))
        assert worse, deed


def test_dismissing_those_who_wait_changes_no_curve_whatever_their_age() -> None:
    """As a competing event it would lift every curve after it, since younger tickets are lost to sight before older."""
    for days in range(1, 25):
        ticket = make.make_ticket(answer={"responded_at": NOW - days * DAY})
        make.make_deadline(ticket, Deadline.Target.RESOLUTION)
        if days % 3 == 0:
            at = ticket.responded_at + 2 * DAY
            Ticket.objects.filter(pk=ticket.pk).update(state="resolved", first_contact_at=at, resolved_at=at)
    before = metrics.times_report(QUARTER, now=NOW)
    for ticket in Ticket.objects.filter(state="new")[::2]:
        Ticket.objects.filter(pk=ticket.pk).update(changed_at=ticket.responded_at + HOUR)
        ticket.refresh_from_db()
        DEEDS["dismissed"](ticket, random.Random(2))
    assert Ticket.objects.filter(state="dismissed").count() == 8
    assert metrics.times_report(QUARTER, now=NOW) == before


def test_of_those_heard_again_asking_only_the_happy_would_gain() -> None:
    """Why the headline of recovery is of everybody due: the other rate rises where nobody asks those who are not happy."""
    survey = make.make_survey()
    for n in range(40):
        ticket = make.make_ticket(state="closed", closed_at=NOW - 9 * DAY, answer={"responded_at": NOW - 40 * DAY})
        answer = make.make_response(9 if n < 10 else 2, contact=ticket.contact, responded_at=NOW - DAY)
        make_planned(survey, ticket.contact, recovers=ticket.response, state="answered", response=answer, sent_at=NOW)
    first = metrics.recovery_report(QUARTER, now=NOW)
    for ticket in metrics.figure_queryset("from_detractor_to_detractor", QUARTER, now=NOW)[:20]:
        DEEDS["not asked"](ticket, random.Random(1))
    then = metrics.recovery_report(QUARTER, now=NOW)
    assert [report.recovered(Band.DETRACTOR).rate for report in (first, then)] == [10 / 40, 10 / 20]
    assert [report.recovered_of_due(Band.DETRACTOR).rate for report in (first, then)] == [10 / 40, 10 / 40]
