"""Reports as of a past moment: random lives through the product's own verbs, with the reports taken on the way.

What a report showed at a moment is kept as it is; afterwards it must be shown again for that moment.
"""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from followups.actors import Actor
from followups.models import Event, Team, Ticket
from followups.models.standing import KEPT, PREFIX
from followups.refusals import Refused
from followups.reports.metrics import (
    ReportFilters,
    closure_groups,
    closure_report,
    effect_report,
    figure_queryset,
    nps_report,
    people_report,
    recovery_report,
    reopening_report,
    response_rate_report,
    times_report,
    way_of,
    worth_report,
)
from followups.reports.metrics.of_now import OF_NOW
from followups.reports.metrics.promised import OF_PROMISES
from followups.workflow import assign
from nps_loop.people.models import User
from surveys.excluding import exclude
from surveys.models import Invitation, Response, Revision
from surveys.recording.correcting import correct_score
from tests.conftest import counted
from tests.factories import DAY, NOW, make_admin, make_contact, make_invitation, make_response, make_team, make_user
from tests.followups.workflow.test_lives import STEPS, Life

pytestmark = [pytest.mark.longest, pytest.mark.django_db]

# What happens to the answers themselves, and between two teams.
MORE = ["correct", "exclude", "include", "elsewhere", "answer_again", "invite", "answered", "expire"]
# The counts below cover the other figures; these are lists, of each kind of figure.
LISTED = (
    *OF_NOW, *OF_PROMISES, "cohort", "told", "on_time", "told_not_yet", "asked_again", "heard_again", "reopened",
    "ever_resolved", "recovered_due_detractor", "saved",
    "cause-product-fault",
)  # fmt: skip
# Columns that hold a word, empty where others are null.
WORDS = ("then_state", "then_closed_as", "then_dismissed_as", "then_due_for")
BY = ("team", "person", "touchpoint", "segment")


class Company(Life):
    """One ticket's life, with what else a report reads."""

    def __init__(self, score: int, phone: bool) -> None:
        super().__init__(score, phone)
        self.response = self.ticket.response
        assert self.response is not None
        Revision.objects.create(
            response=self.response, number=1, score=score, content_digest="1", version_at=NOW, received_at=NOW
        )
        self.south_agent = make_user("Noa Adler")
        self.south = make_team("South", lead=make_user("Lea Vos"), agents=(self.south_agent,))
        self.admin = make_admin()
        self.invitation: Invitation | None = None

    @property
    def viewers(self) -> list[User | None]:
        return [None, self.lead, self.owner, self.other, self.south_agent, self.admin]

    def correct(self) -> None:
        response = Response.objects.get(pk=self.response.pk)
        correct_score(response, (response.score + 4) % 11, now=self.now)

    def exclude(self) -> None:
        exclude(self.response, excluded_as="test", reason="A trial.", by=self.lead, now=self.now)

    def include(self) -> None:
        exclude(self.response, excluded_as="", reason="", by=self.lead, now=self.now)

    def elsewhere(self) -> None:
        self.ticket.refresh_from_db()
        assign(
            self.ticket,
            actor=Actor.person(self.admin),
            now=self.now,
            version=None,
            to=self.south_agent,
            reason="Theirs.",
        )

    def answer_again(self) -> None:
        make_response(9, contact=self.ticket.contact, responded_at=self.now, touchpoint=None)

    def invite(self) -> None:
        if self.invitation is None:
            self.invitation = make_invitation(
                make_contact(), sent_at=self.now, created_at=self.now, recovers=self.response, cause="recovery"
            )

    def answered(self) -> None:
        if self.invitation and self.invitation.state == Invitation.State.SENT:
            answer = make_response(8, contact=self.ticket.contact, responded_at=self.now)
            Invitation.objects.filter(pk=self.invitation.pk).update(
                state=Invitation.State.ANSWERED, response=answer, ended_at=self.now
            )
            self.invitation.refresh_from_db()

    def expire(self) -> None:
        if self.invitation and self.invitation.state == Invitation.State.SENT:
            Invitation.objects.filter(pk=self.invitation.pk).update(state=Invitation.State.EXPIRED, ended_at=self.now)
            self.invitation.refresh_from_db()


def everything(filters: ReportFilters, now: Any) -> dict[str, Any]:
    """All that reports say of a cohort, and the tickets behind each figure."""
    found: dict[str, Any] = {
        "nps": nps_report(filters, now=now, by=("team", "touchpoint", "segment", "survey_kind")).as_dict(),
        "closure": closure_report(filters, now=now).as_dict(),
        "recovery": recovery_report(filters, now=now).as_dict(),
        "times": times_report(filters, now=now).as_dict(),
        "worth": worth_report(filters, now=now).as_dict(),
        "reopening": reopening_report(filters, now=now).as_dict(),
        "effect": effect_report(filters, now=now).as_dict(),
        "response rate": response_rate_report(filters, now=now).as_dict(),
        "people": [(each.user.pk, dict(each.counts.by_name), each.at_work) for each in people_report(filters, now=now)],
        **{by: [group.as_dict() for group in closure_groups(filters, way_of(by), now=now)] for by in BY},
        **{
            f"tickets of {name}": sorted(figure_queryset(name, filters, now=now).values_list("pk", flat=True))
            for name in LISTED
        },
    }
    for part in found.values():
        if isinstance(part, dict):
            part.pop("filters", None)
    return found


def asked(viewer: User | None, **more: Any) -> ReportFilters:
    return ReportFilters(day_from=(NOW - 90 * DAY).date(), day_to=(NOW + 200 * DAY).date(), viewer=viewer, **more)


def tells_how_it_stands(ticket: Ticket) -> None:
    """The newest event and the ticket agree about every column that reports read."""
    newest = Event.objects.filter(ticket=ticket).order_by("-seq")[0]
    ticket.refresh_from_db()
    kept = {name: getattr(newest, f"{PREFIX}{name}") for name in KEPT}
    assert kept == {name: getattr(ticket, name) for name in KEPT}, newest.verb


lives = st.lists(st.sampled_from([*STEPS, *MORE]), min_size=4, max_size=22)


@given(lives, st.sampled_from([3, 6, 8]), st.booleans(), st.integers(0, 5), st.data())
@settings(
    deadline=None,
    max_examples=counted(10, full=60),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_a_report_as_of_a_moment_shows_what_it_showed_then(
    steps: list[str], score: int, phone: bool, who: int, data: st.DataObject
) -> None:
    with transaction.atomic():
        company = Company(score, phone)
        viewer = company.viewers[who]
        team = data.draw(st.sampled_from(["", Team.objects.get(is_default=True).slug, company.south.slug]))
        taken: list[tuple[Any, dict[str, Any]]] = []
        stops = data.draw(st.sets(st.integers(0, len(steps) - 1), min_size=1, max_size=3))
        for at, step in enumerate(steps):
            try:
                with transaction.atomic():
                    company.go(step if step != "try" else "try_")
            except Refused:
                pass
            tells_how_it_stands(company.ticket)
            if at in stops:
                taken.append((company.now, everything(asked(viewer, team=team), company.now)))
        later = company.now + 30 * DAY
        for moment, before in taken:
            then = everything(asked(viewer, team=team, as_of=moment), later)
            for name, part in before.items():
                assert then[name] == part, (name, moment, steps)
        now_as_of = everything(asked(viewer, team=team, as_of=later), later)
        assert now_as_of == everything(asked(viewer, team=team), later)
        transaction.set_rollback(True)


def test_a_moment_to_come_is_refused() -> None:
    with pytest.raises(ValueError, match="still to come"):
        closure_report(asked(None, as_of=NOW + timedelta(seconds=1)), now=NOW)


def test_page_lists_and_api_show_what_stood_then() -> None:
    company = Company(3, phone=True)
    for step in ("talk", "plan"):
        company.go(step)
    moment = company.now
    for step in ("done", "resolve", "accept", "settled", "exclude"):
        company.go(step)
    assert Ticket.objects.get(pk=company.ticket.pk).state == "closed"
    client = Client()
    client.force_login(company.lead)
    asked = {"as_of": moment.isoformat(), "figure": "at_work"}
    with time_machine.travel(company.now + DAY, tick=False):
        page = client.get("/reports/", {"as_of": asked["as_of"]})
        then, now = client.get("/tickets/", asked), client.get("/tickets/", {"figure": "at_work"})
        from_api = client.get("/api/v1/tickets/", asked).json()
        answers = client.get("/reports/answers/", {"as_of": asked["as_of"]})
        left_out = client.get("/reports/answers/", {"excluded": 1})
    assert page.context["page"].closure.at_work == 1
    assert page.context["page"].counts["unfinished"] == 1
    assert "These figures are as they stood at that moment" in page.content.decode()
    assert [row.ticket.pk for row in then.context["page"].rows] == [company.ticket.pk]
    assert not now.context["page"].rows
    assert [row["number"] for row in from_api["results"]] == [company.ticket.pk]
    assert answers.context["page"].n == 1
    assert left_out.context["page"].n == 1


def test_tickets_that_went_to_another_team_are_counted_and_not_opened() -> None:
    company = Company(3, phone=True)
    company.go("talk")
    moment = company.now
    company.go("elsewhere")
    filters = asked(company.owner, as_of=moment)
    assert closure_report(filters, now=company.now).counts["cohort"] == 1
    assert closure_report(asked(company.owner), now=company.now).counts["cohort"] == 0


def test_old_events_are_told_how_their_ticket_stood() -> None:
    company = Company(3, phone=True)
    for step in ("talk", "plan", "done", "resolve", "accept", "settled"):
        company.go(step)
    names = [f"{PREFIX}{name}" for name in KEPT]
    told = list(Event.objects.order_by("seq").values("seq", "then_state", "then_first_contact_at", "then_closed_as"))
    Event.objects.update(**dict.fromkeys(names, None) | dict.fromkeys(WORDS, ""), first_contact="")
    migration = import_module("followups.migrations.0020_standing_of_old_events")
    migration.fill(None, SimpleNamespace(connection=connection))
    tells_how_it_stands(company.ticket)
    again = list(Event.objects.order_by("seq").values("seq", "then_state", "then_first_contact_at", "then_closed_as"))
    assert again == told
    moment = company.now
    assert closure_report(asked(None, as_of=moment), now=moment).counts["confirmed"] == 1
