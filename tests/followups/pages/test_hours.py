"""Working hours and policies as leads write them: versions, teams, holidays, and what stays as it was."""

from __future__ import annotations

import html
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from followups import recounting, versions
from followups.models import Calendar, Deadline, Event, SlaPolicy, Team, Ticket
from nps_loop.jobs.models import Job
from nps_loop.jobs.running import run_waiting
from tests import factories
from tests.factories import NOW
from tests.followups.pages.cast import Cast, add_marta
from tests.followups.pages.conftest import logged_in


def said(answer: HttpResponse) -> str:
    return html.unescape(answer.content.decode())


@pytest.fixture
def marta(cast: Cast) -> Ticket:
    ticket = add_marta(cast)
    factories.make_deadline(
        ticket, Deadline.Target.RESOLUTION, clock=SlaPolicy.Clock.TEAM, policy=cast.policy, calendar=cast.team.calendar,
        starts_at=NOW - timedelta(days=5), minutes=15 * 480, due_at=NOW + timedelta(days=16),
    )  # fmt: skip
    Calendar.objects.filter(pk=cast.team.calendar_id).update(used_at=NOW)
    SlaPolicy.objects.filter(pk=cast.policy.pk).update(used_at=NOW)
    return Ticket.objects.get(pk=ticket.pk)


def form_of(calendar: Calendar, **changed: Any) -> dict[str, Any]:
    """What the page would send for a calendar as it is, with some of it changed."""
    week = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), "09:00–17:00")
    teams = list(Team.objects.filter(calendar=calendar).values_list("pk", flat=True))
    return {"name": calendar.name, "zone": "UTC", "version": calendar.version, "teams": teams, **week, **changed}


def policy_form(policy: SlaPolicy, **changed: Any) -> dict[str, Any]:
    fields = {
        "name": policy.name, "bands": policy.bands, "first_contact_clock": policy.first_contact_clock,
        "first_contact_hours": policy.first_contact_hours or "", "answer_working_days": policy.answer_working_days,
        "first_contact_working_days": policy.first_contact_working_days or "", "goal_percent": policy.goal_percent,
        "update_working_days": policy.update_working_days, "position": policy.position, "is_active": "on",
        "resolution_working_days": policy.resolution_working_days, "version": policy.version,
    }  # fmt: skip
    return fields | changed


def due_times() -> list[tuple[Any, ...]]:
    return list(Deadline.objects.order_by("pk").values_list("due_at", "promised_at", "calendar", "policy", "minutes"))


# --- versions --------------------------------------------------------------------------------------------------


def test_changing_hours_in_use_makes_the_next_version_and_moves_nothing_that_is_due(
    cast: Cast, lead: Client, marta: Ticket
) -> None:
    before, old = due_times(), cast.team.calendar
    data = form_of(old, monday="10:00–12:00, 13:00–15:00", country="DE", subdivision="BY", own_days="2026-12-24 Eve")
    assert lead.post(f"/calendars/{old.slug}/", data)["Location"] == "/calendars/"
    new = Calendar.objects.get(slug=old.slug, version=old.version + 1)
    assert (new.made_by, new.made_at, new.is_active) == (cast.lead, NOW, True)
    assert new.weekly[0] == [[600, 720], [780, 900]]
    assert ["2026-12-24", "Eve"] in new.closed_days
    assert ["2027-01-06", "Epiphany"] in new.closed_days
    assert new.holidays_until == NOW.year + 3
    assert set(Team.objects.filter(calendar=new)) == set(
        Team.objects.filter(slug__in=[t.slug for t in new.teams.all()])
    )
    assert cast.team.__class__.objects.get(pk=cast.team.pk).calendar == new
    assert not Calendar.objects.get(pk=old.pk).is_active
    assert due_times() == before


def test_hours_that_nothing_used_yet_are_changed_themselves(cast: Cast, lead: Client) -> None:
    old = cast.team.calendar
    assert old.used_at is None
    assert lead.post(f"/calendars/{old.slug}/", form_of(old, name="Longer days")).status_code == 302
    assert Calendar.objects.get(slug=old.slug).name == "Longer days"


def test_a_team_is_never_left_without_hours(cast: Cast, lead: Client) -> None:
    old = cast.team.calendar
    answer = lead.post(f"/calendars/{old.slug}/", form_of(old, teams=[]))
    assert answer.status_code == 400
    assert "would have no hours" in said(answer)
    assert Team.objects.get(pk=cast.team.pk).calendar == old


def test_a_team_moves_to_other_hours_where_it_is_ticked(cast: Cast, lead: Client) -> None:
    data = form_of(cast.team.calendar, name="Early birds", version=0, teams=[cast.team.pk], monday="6-14")
    assert lead.post("/calendars/new/", data)["Location"] == "/calendars/"
    assert Team.objects.get(pk=cast.team.pk).calendar.slug == "early-birds"


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_new_hours_start_from_the_zone_of_the_reports(lead: Client, settings: Any, zone: str) -> None:
    settings.TIME_ZONE = zone
    assert f'<option value="{zone}" selected>{zone}</option>' in lead.get("/calendars/new/").content.decode()


def test_what_is_called_new_has_an_address_of_its_own(cast: Cast, lead: Client) -> None:
    assert lead.post("/calendars/new/", form_of(cast.team.calendar, name="New", version=0)).status_code == 302
    assert lead.post("/policies/new/", policy_form(cast.policy, name="New", version=0)).status_code == 302
    assert "Save the hours" in said(lead.get("/calendars/new-2/")) and "New" in said(lead.get("/policies/new-2/"))
    assert not Calendar.objects.filter(slug="new").exists() and not SlaPolicy.objects.filter(slug="new").exists()


def test_holidays_we_work_on_are_no_closed_days(cast: Cast, lead: Client) -> None:
    old = cast.team.calendar
    data = form_of(old, country="DE", subdivision="BY", worked_holidays=["Epiphany"])
    assert lead.post(f"/calendars/{old.slug}/", data).status_code == 302
    new = Calendar.objects.get(slug=old.slug)
    assert "Epiphany" not in [name for _day, name in new.closed_days]
    assert "New Year's Day" in [name for _day, name in new.closed_days]


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("monday", "nine to five", "is no period"),
        ("subdivision", "QQ", "No public holidays are known"),
        ("own_days", "Christmas", "Line 1"),
        ("zone", "Mars/Olympus", "Mars/Olympus"),
        ("country", "XX", "XX"),
        ("name", "", "required"),
    ],
)
def test_hours_that_cannot_be_are_refused_by_name_and_nothing_is_saved(
    cast: Cast, lead: Client, field: str, value: str, says: str
) -> None:
    old = cast.team.calendar
    answer = lead.post(f"/calendars/{old.slug}/", form_of(old, **{"country": "DE", field: value}))
    assert answer.status_code == 400
    assert says in said(answer)
    assert Calendar.objects.filter(slug=old.slug).count() == 1


def test_a_week_in_which_nobody_works_is_refused(cast: Cast, lead: Client) -> None:
    old = cast.team.calendar
    off = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), "")
    answer = lead.post(f"/calendars/{old.slug}/", form_of(old, **off))
    assert answer.status_code == 400
    assert "Somebody has to work on some day." in said(answer)


def test_who_was_slower_sees_that_and_saves_nothing(cast: Cast, lead: Client, marta: Ticket) -> None:
    old = cast.team.calendar
    assert lead.post(f"/calendars/{old.slug}/", form_of(old)).status_code == 302
    answer = lead.post(f"/calendars/{old.slug}/", form_of(old, name="Mine"))
    assert answer.status_code == 409
    assert "Mine" in answer.content.decode()
    assert Calendar.objects.filter(slug=old.slug).count() == 2


def test_only_leads_and_administrators_come_in(cast: Cast, hanna: Client) -> None:
    for path in (
        "/set-up/",
        "/calendars/",
        "/calendars/new/",
        f"/calendars/{cast.team.calendar.slug}/",
        "/policies/",
        "/policies/new/",
    ):
        assert hanna.get(path).status_code == 403
    assert logged_in(cast.admin).get("/calendars/").status_code == 200
    assert logged_in(cast.lead).get("/calendars/no-such/").status_code == 404


# --- holidays --------------------------------------------------------------------------------------------------


def test_holidays_that_run_out_are_said_and_added_in_one_press(cast: Cast, lead: Client, marta: Ticket) -> None:
    old = cast.team.calendar
    Calendar.objects.filter(pk=old.pk).update(country="DE", holidays_until=NOW.year)
    before = due_times()
    assert f"known until the end of {NOW.year}" in said(lead.get("/calendars/"))
    lead.post(f"/calendars/{old.slug}/renew/", {"version": old.version})
    new = Calendar.objects.get(slug=old.slug, version=old.version + 1)
    assert new.holidays_until == NOW.year + 3
    assert new.weekly == old.weekly
    assert due_times() == before
    assert "known until the end of" not in said(lead.get("/calendars/"))


def test_another_release_of_the_holidays_changes_nothing_that_is_stored(
    cast: Cast, lead: Client, marta: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = cast.team.calendar
    lead.post(f"/calendars/{old.slug}/", form_of(old, country="DE"))
    before = (due_times(), list(Calendar.objects.values_list("closed_days", flat=True)))
    monkeypatch.setattr(
        "followups.calendars.closed_days", lambda *_: [(datetime(2026, 11, 25).date(), "Brand new day")]
    )
    lead.get("/calendars/")
    lead.get(f"/tickets/{marta.pk}/")
    assert (due_times(), list(Calendar.objects.values_list("closed_days", flat=True))) == before


# --- policies --------------------------------------------------------------------------------------------------


def test_another_policy_holds_new_tickets_and_leaves_the_open_ones(cast: Cast, lead: Client, marta: Ticket) -> None:
    before = due_times()
    data = policy_form(cast.policy, first_contact_hours=4, resolution_working_days=3)
    assert lead.post(f"/policies/{cast.policy.slug}/", data)["Location"] == "/policies/"
    new = SlaPolicy.objects.get(slug=cast.policy.slug, version=cast.policy.version + 1)
    assert (new.first_contact_hours, new.resolution_working_days, new.made_by) == (4, 3, cast.lead)
    assert not SlaPolicy.objects.get(pk=cast.policy.pk).is_active
    assert due_times() == before
    assert "4 hours on the customer’s clock" in said(lead.get("/policies/"))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"first_contact_hours": ""}, "Say within how many hours."),
        ({"first_contact_clock": "team", "first_contact_working_days": ""}, "Say within how many working days."),
        ({"goal_percent": "0"}, "A goal is 1 to 100 per cent."),
        ({"resolution_working_days": "0"}, "From 1 to 250 working days."),
        ({"answer_working_days": "9999999999"}, "working days"),
        ({"bands": ["nobody"]}, "nobody"),
    ],
)
def test_a_policy_that_cannot_be_is_refused_by_name(
    cast: Cast, lead: Client, changed: dict[str, Any], says: str
) -> None:
    answer = lead.post(f"/policies/{cast.policy.slug}/", policy_form(cast.policy, **changed))
    assert answer.status_code == 400
    assert says in said(answer)
    assert SlaPolicy.objects.filter(slug=cast.policy.slug).count() == 1


# --- counted anew, where asked ---------------------------------------------------------------------------------


def test_asked_for_a_recount_open_tickets_say_so_and_promises_stay(cast: Cast, lead: Client, marta: Ticket) -> None:
    promised = set(Deadline.objects.values_list("promised_at", flat=True))
    met = list(Deadline.objects.exclude(met_at=None).values_list("pk", "due_at"))
    data = policy_form(cast.policy, resolution_working_days=30, recount="on")
    assert lead.post(f"/policies/{cast.policy.slug}/", data).status_code == 302
    run_waiting(now=NOW)
    new = SlaPolicy.objects.get(slug=cast.policy.slug, version=cast.policy.version + 1)
    event = Event.objects.get(ticket=marta, verb="recount")
    assert event.actor == cast.lead
    assert event.data["after"] == {"policy": new.pk}
    assert event.data["before"]["policy"] == cast.policy.pk
    open_ones = Deadline.objects.filter(ticket=marta, met_at=None, dropped_at=None)
    assert set(open_ones.values_list("policy", flat=True)) == {new.pk}
    resolution = open_ones.get(target="resolution")
    assert resolution.due_at > NOW + 25 * timedelta(days=1)
    assert Ticket.objects.get(pk=marta.pk).resolution_due_at == resolution.due_at
    assert set(Deadline.objects.values_list("promised_at", flat=True)) == promised
    assert list(Deadline.objects.exclude(met_at=None).values_list("pk", "due_at")) == met
    assert "counted anew" in said(lead.get(f"/tickets/{marta.pk}/"))


def test_a_recount_done_twice_changes_nothing_more(cast: Cast, lead: Client, marta: Ticket) -> None:
    old = cast.team.calendar
    lead.post(f"/calendars/{old.slug}/", form_of(old, monday="", recount="on"))
    run_waiting(now=NOW)
    before = (due_times(), Event.objects.count())
    made = Calendar.objects.get(slug=old.slug, version=old.version + 1)
    recounting.begin(made, by=cast.lead, now=NOW)
    run_waiting(now=NOW)
    assert (due_times(), Event.objects.count()) == before
    assert Job.objects.filter(kind="recount", state="done").count() == 2
    assert not recounting.concerned(made).exists()


# --- why it is due then ----------------------------------------------------------------------------------------


def test_a_due_time_opens_to_the_stretches_that_were_counted(cast: Cast, lead: Client, marta: Ticket) -> None:
    page = said(lead.get(f"/tickets/{marta.pk}/due/"))
    assert "Resolution" in page
    assert "nobody works" in page
    assert "09:00–" in page
    assert f"/tickets/{marta.pk}/due/" in lead.get(f"/tickets/{marta.pk}/").content.decode()


def test_working_time_is_counted_in_hours_and_said_in_the_reader_s_language(cast: Cast, marta: Ticket) -> None:
    cast.lead.language = "de"
    cast.lead.save()
    page = said(logged_in(cast.lead).get(f"/tickets/{marta.pk}/due/"))
    assert "<dd>120\u00a0h</dd>" in page
    assert f"{cast.policy.name}, Version {cast.policy.version}" in page
    assert '<span class="tag">offen</span>' in page


def test_whoever_does_not_see_the_ticket_sees_no_due_times(cast: Cast, marta: Ticket) -> None:
    assert logged_in(cast.outsider).get(f"/tickets/{marta.pk}/due/").status_code == 404


def test_the_page_reads_a_deadline_as_it_was_worked_out() -> None:
    calendar = Calendar(
        weekly=[[[540, 720]]] * 7, zone="UTC", slug="c", name="C", closed_days=[["2026-11-25", "Our day"]]
    )
    policy = SlaPolicy(slug="p", name="P")
    start = datetime(2026, 11, 24, 11, tzinfo=UTC)
    row = Deadline(
        target="answer", clock="team", starts_at=start, minutes=180, due_at=datetime(2026, 11, 26, 11, tzinfo=UTC),
        policy=policy, calendar=calendar, cycle=0,
    )  # fmt: skip
    from followups.ticket_page.counted import counted

    [shown_row] = counted(Ticket(), [row], [], now=NOW)
    assert [(day.periods, day.length, day.why_not) for day in shown_row.days] == [
        (["11:00–12:00"], "1\u00a0h", ""),
        ([], "", "closed: Our day"),
        (["09:00–11:00"], "2\u00a0h", ""),
    ]
    assert shown_row.days[-1].so_far == "3\u00a0h"


def test_the_list_asks_the_same_however_many_calendars_there_are(cast: Cast, django_assert_num_queries: Any) -> None:
    from followups import hours_page

    for n in range(5):
        hours = versions.Hours(name=f"Office {n}", zone="UTC", weekly=[[[540, 600]]] * 7)
        versions.save_calendar(None, hours, teams=[], shown=0, by=cast.lead, now=NOW)
    with django_assert_num_queries(2):
        hours_page.calendars(NOW)
