"""The sample set holds what its plan says: reports, API, queue and team agree with the ground truth."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from followups.models import Action, Escalation, Event, Team, Ticket
from followups.models.tickets import AT_WORK, LIVE, TicketState
from followups.queue_page import queue
from followups.reports import metrics
from followups.viewing import Viewer
from nps_loop.mail.models import Message
from nps_loop.people.models import ApiKey, User
from nps_loop.samples import company
from nps_loop.samples.answers import DAY
from nps_loop.samples.loading import SEED, is_loaded, plan
from nps_loop.samples.truth import ENDS
from surveys.models import Account, Brand, Contact, Response, Survey
from surveys.scoring import Band
from tests.factories import NOW
from tests.samples.conftest import Loaded, client_of

pytestmark = [pytest.mark.full, pytest.mark.django_db, pytest.mark.usefixtures("loaded", "at_now")]

TODAY = metrics.reporting_day(NOW)


def cohort(**fields: Any) -> metrics.ReportFilters:
    return metrics.ReportFilters(**{"day_from": TODAY - 89 * DAY, "day_to": TODAY, **fields})


def api(path: str) -> Any:
    _key, secret = ApiKey.objects.issue("reader", ApiKey.Scope.READ)
    return client_of("admin").get(path, headers={"Authorization": f"Bearer {secret}"}).json()


# --- against the ground truth ----------------------------------------------------------------------------------


def test_every_planned_answer_is_recorded_once(loaded: Loaded) -> None:
    keys = set(Response.objects.exclude(external_id__startswith="Y25-").values_list("external_id", flat=True))
    assert keys == {answer.key for answer in loaded.plan.answers}
    assert loaded.truth.recorded == len(keys) > 550


def test_nps_is_the_planned_one_on_report_and_api(loaded: Loaded) -> None:
    report = metrics.nps_report(cohort(), now=NOW)
    bands = loaded.truth.bands
    counted = (report.nps.promoters, report.nps.passives, report.nps.detractors)
    assert counted == (bands[Band.PROMOTER], bands[Band.PASSIVE], bands[Band.DETRACTOR])
    assert report.nps.value is not None and round(report.nps.value, 2) == loaded.truth.nps
    assert dict(report.excluded) == dict(loaded.truth.excluded)

    told = api("/api/v1/reports/nps/")
    assert (told["promoters"], told["passives"], told["detractors"]) == counted
    assert told["scores"] == {str(score): loaded.truth.scores.get(score, 0) for score in range(11)}
    assert told["excluded_as"] == dict(loaded.truth.excluded)


def test_each_touchpoint_has_the_planned_scores(loaded: Loaded) -> None:
    groups = {group.slug: group for group in metrics.nps_report(cohort(), now=NOW).by_touchpoint}
    assert set(groups) == set(loaded.truth.by_moment)
    for slug, scores in loaded.truth.by_moment.items():
        assert {score: n for score, n in groups[slug].scores.counts.items() if n} == dict(scores)


def test_the_planted_dip_is_seen_and_is_no_chance(loaded: Loaded) -> None:
    moment, begins, ends = loaded.truth.dip
    days = {"day_from": metrics.reporting_day(begins) + DAY, "day_to": metrics.reporting_day(ends) - DAY}
    dipped = metrics.nps_report(cohort(touchpoint=moment, **days), now=NOW)
    other = metrics.nps_report(cohort(touchpoint=moment), now=NOW)
    assert dipped.nps.value is not None and other.nps.value is not None
    assert dipped.nps.value < other.nps.value - 25


def test_closure_is_the_planned_one_on_report_and_api(loaded: Loaded) -> None:
    report = metrics.closure_report(cohort(), now=NOW)
    told = api("/api/v1/reports/closure/")
    for name, count in loaded.truth.closure.items():
        assert report.counts[name] == count, name
        assert told[name] == count, name
    assert report.counts["cohort"] == loaded.truth.tickets


def test_every_ticket_ended_as_its_story_says(loaded: Loaded) -> None:
    planned = {answer.key: ENDS[answer.life] for answer in loaded.plan.answers if answer.opens}
    tickets = {ticket.response.external_id: ticket for ticket in Ticket.objects.select_related("response")}
    assert set(tickets) == set(planned)
    different = {
        key: (ticket.state, ticket.closed_as, ticket.dismissed_as, ticket.cycle)
        for key, ticket in tickets.items()
        if (ticket.state, ticket.closed_as, ticket.dismissed_as, ticket.cycle)
        != (planned[key].state, planned[key].closed_as, planned[key].dismissed_as, planned[key].cycle)
    }
    assert different == {}
    assert Counter(ticket.state for ticket in tickets.values()) == loaded.truth.states


def test_the_slow_owner_is_the_one_whose_first_contacts_come_late(loaded: Loaded) -> None:
    lead = User.objects.get(username="lead")
    unhappy = cohort(viewer=lead, band=Band.DETRACTOR)
    people = {person.user.username: person.counts for person in metrics.people_report(unhappy, now=NOW)}
    late = {
        login: counts["contacted_later"] / (counts["contacted_later"] + counts["on_time"])
        for login, counts in people.items()
        if counts["due"] >= 2
    }
    assert len(late) >= 3
    slow = loaded.truth.slow_owner
    assert late[slow] > 0.8
    assert all(share < 0.25 for login, share in late.items() if login != slow)


# --- what it is made of ----------------------------------------------------------------------------------------


def test_it_is_a_company_with_two_brands_three_teams_and_many_customers() -> None:
    assert Brand.objects.count() == 2
    assert Team.objects.count() == 3 and Team.objects.filter(takes_tickets=False).count() == 1
    assert 10 <= User.objects.filter(is_active=True).count() <= 14
    assert Account.objects.count() >= 40 and Contact.objects.count() >= 160
    assert set(Contact.objects.exclude(language="").values_list("language", flat=True)) == {"en", "de", "es", "fr"}
    kinds = set(Response.objects.values_list("survey_kind", flat=True))
    assert kinds == set(Survey.Kind.values)


def test_there_is_a_ticket_in_every_state_and_of_every_closing(loaded: Loaded) -> None:
    assert {str(state) for state in TicketState.values} == set(loaded.truth.states)
    assert set(loaded.truth.closings) == {
        "confirmed",
        "unconfirmed",
        "not_asked",
        "agreed_to_differ",
        "left_in_peace",
    }
    live = Ticket.objects.filter(state__in=LIVE)
    assert live.filter(cycle=1).exists() and live.filter(cycle=2).exists()
    assert live.filter(on_hold=True).count() >= 2
    assert live.filter(snoozed_until__gt=NOW).exists()
    assert live.filter(owner=None).count() >= 3
    assert Ticket.objects.late(NOW).exists()
    assert set(Action.objects.values_list("state", flat=True)) >= {"open", "done"}
    assert Action.objects.filter(moves__isnull=False).exists()
    assert Action.objects.filter(owner__username__in=("priya", "olaf"), state="open").exists()


def test_no_two_people_say_the_same() -> None:
    said = Response.objects.filter(external_id__regex="^[HLDX]-").exclude(verbatim="")
    words = list(said.values_list("verbatim", flat=True))
    assert len(words) > 300
    assert [text for text, n in Counter(words).items() if n > 1] == []


def test_events_replay_to_the_present_state_and_lie_in_order() -> None:
    states: dict[int, str] = {}
    times: dict[int, Any] = {}
    for event in Event.objects.order_by("ticket", "seq"):
        assert times.get(event.ticket_id, event.recorded_at) <= event.recorded_at
        times[event.ticket_id] = event.recorded_at
        if event.to_state:
            assert event.from_state == states.get(event.ticket_id, "")
            states[event.ticket_id] = event.to_state
    assert states == dict(Ticket.objects.order_by().values_list("pk", "state"))
    assert max(times.values()) <= NOW


def test_every_mail_is_at_its_end_and_has_no_unfilled_variable() -> None:
    assert not Message.objects.exclude(state__in=["sent", "skipped", "bounced"]).exists()
    for message in Message.objects.all():
        assert "{{" not in message.text and "None" not in message.subject, message.subject
    texts = list(Message.objects.filter(kind="acknowledgement", state="sent").values_list("text", flat=True))
    assert len(set(texts)) == len(texts) > 60


def test_customers_are_written_to_in_their_language() -> None:
    languages = Counter(Message.objects.filter(kind="resolution").values_list("language", flat=True))
    assert set(languages) == {"en", "de", "es", "fr"}


def test_escalations_fire_once() -> None:
    rows = Counter(Escalation.objects.values_list("ticket", "cycle", "target", "ordinal", "level"))
    assert rows and set(rows.values()) == {1}


# --- what people find ------------------------------------------------------------------------------------------


def test_the_agent_has_a_lively_queue() -> None:
    agent = User.objects.get(username=company.AGENT)
    page = queue(Viewer.of(agent), view="mine", search="", after="", now=NOW)
    assert page.counts["late"] in (1, 2)
    assert page.counts["today"] >= 4
    assert page.counts["next"] >= 1
    assert page.counts["later"] >= 3
    assert page.counts["waiting"] >= 1
    assert page.counts["snoozed"] == 1
    assert Action.objects.filter(owner=agent, state="open").exclude(ticket__owner=agent).exists()
    assert Action.objects.filter(owner=agent, state="open", ticket__owner=agent).exists()
    html = client_of("agent").get("/queue/").content.decode()
    assert "Late" in html and "Next working day" in html


def test_the_back_office_finds_its_promises() -> None:
    html = client_of("olaf").get("/actions/").content.decode()
    assert "machine" in html


def test_whoever_was_passed_over_reads_why() -> None:
    ticket = Ticket.objects.filter(account__owner__username="yusuf", state=TicketState.ASSIGNED).latest("opened_at")
    assert ticket.owner is not None and ticket.owner.username != "yusuf"
    assert ticket.watchers.get(user__username="yusuf").detail.startswith("away")


@pytest.mark.parametrize("login", ["agent", "lead", "admin"])
def test_every_ticket_page_that_a_person_may_see_opens(login: str) -> None:
    client = client_of(login)
    visible = Ticket.objects.visible_to(User.objects.get(username=login))
    # One of each kind of situation is enough: state, closing, hold, owner known or not.
    kinds = {(t.state, t.closed_as, t.cycle, t.on_hold, t.owner_id is None, t.contact_id is None): t for t in visible}
    for ticket in kinds.values():
        assert client.get(f"/tickets/{ticket.pk}/").status_code == 200


# --- again -----------------------------------------------------------------------------------------------------


def test_the_same_seed_and_moment_give_the_same_plan(loaded: Loaded) -> None:
    assert plan(SEED, now=NOW).answers == loaded.plan.answers
    assert plan(SEED + 1, now=NOW).answers != loaded.plan.answers
    assert plan(SEED, now=NOW + timedelta(days=40)).answers != loaded.plan.answers


def test_loading_it_again_changes_nothing() -> None:
    before = Response.objects.count()
    said = StringIO()
    call_command("load_samples", stdout=said)
    assert said.getvalue() == "The sample answers are loaded already.\n"
    assert is_loaded() and Response.objects.count() == before


def test_nobody_has_more_than_fits_but_for_one_conversation_one_owner() -> None:
    for member in Team.objects.get(slug="hotels-and-offices").members.filter(capacity__gt=0):
        assert Ticket.objects.filter(owner=member.user, state__in=AT_WORK).count() <= member.capacity
