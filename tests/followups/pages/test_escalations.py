"""/escalations/ and /policies/<number>/ladder/: what went out, who looks after it, and who is to hear what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from followups import clocks, leaderless
from followups.models import Deadline, Escalation, LadderStep, SlaPolicy, Team, Ticket
from nps_loop.mail.models import Message
from nps_loop.people.models import User
from tests.factories import (
    DAY,
    HOUR,
    NOW,
    make_admin,
    make_away,
    make_contact,
    make_deadline,
    make_endpoint,
    make_member,
    make_response,
    make_step,
    make_team,
    make_ticket,
    make_user,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def hanna() -> User:
    return make_user("Hanna Brandt")


@pytest.fixture
def lead() -> User:
    return make_user("Tomás Rey")


@pytest.fixture
def director() -> User:
    return make_user("Ines Vogel")


@pytest.fixture
def team(hanna: User, lead: User, director: User) -> Team:
    return make_team("Key accounts", lead=lead, agents=(hanna,), director=director)


@pytest.fixture
def late(team: Team, hanna: User) -> Deadline:
    """A first contact that was due an hour ago."""
    contact = make_contact("Marta Lind")
    response = make_response(2, contact=contact, responded_at=NOW - 2 * DAY - HOUR)
    ticket = make_ticket(response, owner=hanna, team=team, contact=contact, due_at=NOW - HOUR, due_for="first_contact")
    row = make_deadline(ticket)
    clocks.escalate(now=row.due_at - HOUR)
    clocks.escalate(now=row.due_at)
    return row


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def read(user: User, path: str) -> str:
    answer = logged_in(user).get(path)
    assert answer.status_code == 200, path
    return " ".join(answer.content.decode().split())


def number_of(late: Deadline, level: str = "late") -> int:
    return Escalation.objects.about(late.key).get(level=level).pk


# --- what went out ---------------------------------------------------------------------------------------------


def test_a_lead_reads_who_was_told_and_what_comes_next(late: Deadline, lead: User) -> None:
    page = read(lead, "/escalations/")
    assert "Marta Lind" in page
    assert "Owner, 3 hours before it is due: told to Hanna Brandt, today 12:30" in page
    assert "Lead and deputies, when it is due: told to Tomás Rey, today 13:30" in page
    assert "the next step comes" in page
    assert "Director, 1 working day after it was due" in page


@pytest.mark.parametrize("where", ["/escalations/", "/team/", "/tickets/{ticket}/"])
def test_the_button_stands_on_the_list_the_team_s_page_and_the_ticket(late: Deadline, lead: User, where: str) -> None:
    page = read(lead, where.format(ticket=late.ticket_id))
    assert f'action="/escalations/{number_of(late, "soon")}/"' in page
    assert "I look after it" in page


def test_pressing_it_keeps_who_did_and_reading_does_not(late: Deadline, lead: User) -> None:
    address = f"/escalations/{number_of(late)}/"
    client = logged_in(lead)
    for method in (client.get, client.head):
        assert method(address).status_code == 200
    assert not Escalation.objects.exclude(acknowledged_at=None).exists()
    assert client.post(address, {"from": "ticket"})["Location"] == f"/tickets/{late.ticket_id}/"
    assert set(Escalation.objects.values_list("acknowledged_by", flat=True)) == {lead.pk}
    page = read(lead, "/escalations/")
    assert "Tomás Rey looks after it since today 14:30." in page
    assert "Whatever ran out is looked after by somebody." in page
    assert "Tomás Rey looks after it since today 14:30." in read(lead, f"/tickets/{late.ticket_id}/")
    assert "I look after it" not in read(lead, "/team/")
    # The tick stands beside the words: an icon alone in a paragraph takes a line of its own.
    for path in ("/escalations/", f"/tickets/{late.ticket_id}/", address):
        drawn = logged_in(lead).get(path).content.decode()
        lines = [line for line in re.findall(r"<p[ >].*?</p>", drawn) if "looks after it since" in line]
        assert lines and all(
            re.match(r'<p class="small inline"><svg [^>]*><use href="#i-check"', line) for line in lines
        )


def test_pressing_it_twice_says_so(late: Deadline, lead: User, director: User) -> None:
    address = f"/escalations/{number_of(late)}/"
    logged_in(lead).post(address)
    answer = logged_in(director).post(address, follow=True)
    assert "Somebody said so already" in answer.content.decode()


def test_what_was_done_after_all_says_how_late(late: Deadline, lead: User) -> None:
    Deadline.objects.filter(pk=late.pk).update(met_at=late.due_at + timedelta(minutes=40))
    page = read(lead, "/escalations/")
    assert "Done after all: today 14:10, 40 min late." in page
    other = make_deadline(late.ticket, "answer", due_at=NOW - HOUR, met_at=NOW, next_step_at=None)
    make_deadline(late.ticket, "resolution", due_at=NOW + DAY)
    late.ticket.due_at, late.ticket.due_for = NOW + DAY, "resolution"
    late.ticket.save()
    assert other.recovered_after == HOUR
    assert "Answer to a customer was done after all, 1 h late." in read(lead, f"/tickets/{late.ticket_id}/")


# --- who may ---------------------------------------------------------------------------------------------------


def test_leads_directors_and_administrators_have_the_page_and_nobody_else(
    late: Deadline, lead: User, director: User, hanna: User
) -> None:
    for user in (lead, director, make_admin()):
        assert "Marta Lind" in read(user, "/escalations/") or user == director
    assert logged_in(hanna).get("/escalations/").status_code == 404
    stranger = make_user()
    make_team(lead=stranger)
    assert "Marta Lind" not in read(stranger, "/escalations/")
    assert logged_in(stranger).get(f"/escalations/{number_of(late)}/").status_code == 404
    assert logged_in(stranger).post(f"/escalations/{number_of(late)}/").status_code == 404


def test_a_director_looks_after_it_without_seeing_the_ticket(late: Deadline, director: User) -> None:
    address = f"/escalations/{number_of(late)}/"
    page = read(director, address)
    # Outside of owner, team and lead a customer has a name only where they agreed to it.
    assert "I look after it" in page and "Marta Lind" not in page and "Open the ticket" not in page
    assert logged_in(director).post(address).status_code == 302
    assert set(Escalation.objects.values_list("acknowledged_by", flat=True)) == {director.pk}


@pytest.mark.parametrize(
    ("who", "said"),
    [("hanna", "You own this ticket, so doing what is due stops the steps."), ("ivo", "Only a lead of the team")],
)
def test_owner_and_team_mates_have_no_button_and_read_why(late: Deadline, hanna: User, who: str, said: str) -> None:
    ivo = make_user("Ivo Lenz")
    make_member(late.ticket.team, ivo)
    user, address = {"hanna": hanna, "ivo": ivo}[who], f"/escalations/{number_of(late)}/"
    assert "I look after it" not in read(user, address) + read(user, f"/tickets/{late.ticket_id}/")
    answer = logged_in(user).post(address)
    assert (answer.status_code, said in answer.content.decode()) == (403, True)
    assert not Escalation.objects.exclude(acknowledged_at=None).exists()


@pytest.mark.parametrize("where", ["/escalations/", "/team/", "/tickets/{ticket}/", "/escalations/{number}/"])
def test_a_lead_has_no_button_on_a_ticket_of_their_own(late: Deadline, lead: User, where: str) -> None:
    other = make_ticket(make_response(2), owner=lead, team=late.ticket.team, due_at=NOW - HOUR, due_for="first_contact")
    clocks.escalate(now=make_deadline(other, due_at=NOW - HOUR).due_at)
    Ticket.objects.filter(pk=late.ticket_id).update(owner=lead)
    Ticket.objects.filter(pk=other.pk).update(owner=late.ticket.owner)
    page = read(lead, where.format(ticket=late.ticket_id, number=number_of(late)))
    assert f'action="/escalations/{number_of(late, "soon")}/"' not in page
    # What somebody else of the team owns has one, where more than one stands.
    assert ("I look after it" in page) == (where in ("/escalations/", "/team/"))


def test_only_others_than_the_owner_are_mailed_the_way_to_say_it(late: Deadline, hanna: User, lead: User) -> None:
    texts = {row.recipient: row.text for row in Message.objects.filter(subject__contains=f"#{late.ticket_id}")}
    assert f"/escalations/{number_of(late)}/" in texts[lead.email]
    assert "/escalations/" not in texts[hanna.email]


# --- nobody to turn to -----------------------------------------------------------------------------------------


def test_a_team_whose_leads_are_all_away_is_named_now_and_beforehand(team: Team, lead: User) -> None:
    deputy = make_user("Ola Berg")
    make_member(team, deputy, role="deputy", capacity=0)
    make_away(lead, NOW - DAY, NOW + 2 * DAY)
    assert leaderless.gaps([team], now=NOW) == []
    make_away(deputy, NOW + DAY, NOW + 9 * DAY)
    make_away(lead, NOW + 6 * DAY, NOW + 30 * DAY)
    found = [(gap.starts_at, gap.ends_at, gap.is_now) for gap in leaderless.gaps([team], now=NOW)]
    assert found == [(NOW + DAY, NOW + 2 * DAY, False), (NOW + 6 * DAY, NOW + 9 * DAY, False)]
    page = read(lead, "/team/")
    assert "Key accounts: lead and deputies are away from Wed 14:30 to Thu 14:30." in page
    assert "Key accounts: lead and deputies are away from Wed 14:30 to Thu 14:30." in read(lead, "/escalations/")


def test_a_weekend_is_no_gap_and_a_team_without_a_lead_always_is_one(team: Team, lead: User) -> None:
    # Tuesday afternoon now; the office is closed from Friday 17:30 to Monday 9:00.
    make_away(lead, NOW + 3 * DAY + 4 * HOUR, NOW + 5 * DAY + 12 * HOUR)
    assert leaderless.gaps([team], now=NOW) == []
    bare = make_team("South")
    assert [(gap.team, gap.ends_at) for gap in leaderless.gaps([team, bare], now=NOW)] == [(bare, None)]
    assert "South has no lead and no deputy." in read(make_admin(), "/escalations/")


# --- the ladder ------------------------------------------------------------------------------------------------


@pytest.fixture
def policy() -> SlaPolicy:
    return SlaPolicy.objects.get(slug="detractor-48h")


def typed(page: Any) -> dict[str, Any]:
    """What a browser would send back."""
    formset = page.context["formset"]
    data = {bound.html_name: bound.value() for bound in formset.management_form}
    for form in formset:
        for bound in form:
            value = bound.value()
            if value is None and getattr(bound.field.widget, "choices", None):
                # A list with nothing chosen sends what stands first.
                value = next(iter(bound.field.widget.choices))[0]
            # 0 is a number like any other.
            if value is not None and value is not False and value != "":
                data[bound.html_name] = "on" if value is True else value
    return data | ({"seen": "used"} if page.context["seen"] else {})


@pytest.mark.parametrize("gone", ["nobody", "left the company"])
def test_a_step_for_a_director_names_the_teams_that_have_none(
    gone: str, policy: SlaPolicy, team: Team, lead: User, director: User
) -> None:
    addresses = ("/escalations/", f"/policies/{policy.pk}/ladder/")
    assert not any("has no director" in read(lead, address) for address in addresses)
    if gone == "nobody":
        Team.objects.update(director=None)
    else:
        User.objects.filter(pk=director.pk).update(is_active=False)
    assert all("Key accounts has no director" in read(lead, address) for address in addresses)
    policy.ladder.filter(who=LadderStep.Who.DIRECTOR).delete()
    assert not any("has no director" in read(lead, address) for address in addresses)


def test_an_unused_policy_s_ladder_is_changed_in_place(policy: SlaPolicy, team: Team, lead: User) -> None:
    client, address = logged_in(lead), f"/policies/{policy.pk}/ladder/"
    data = typed(client.get(address))
    data |= {"form-1-number": "2", "form-1-how": "digest", "form-3-remove": "on"}
    data |= {
        "form-4-who": "address",
        "form-4-address": "desk@halden.example",
        "form-4-number": "90",
        "form-4-span": "percent",
    }
    assert client.post(address, data)["Location"] == address
    steps = {step.level: step for step in policy.ladder.all()}
    assert set(steps) == {"unowned", "soon", "late", "address-share-90"}
    assert (steps["soon"].amount, steps["soon"].digest) == (120, True)
    assert steps["address-share-90"].address == "desk@halden.example"
    assert SlaPolicy.objects.filter(slug=policy.slug).count() == 1


def test_a_used_policy_s_ladder_becomes_a_new_version_and_the_old_one_stays(
    policy: SlaPolicy, late: Deadline, lead: User
) -> None:
    SlaPolicy.objects.filter(pk=policy.pk).update(used_at=NOW)
    client, address = logged_in(lead), f"/policies/{policy.pk}/ladder/"
    page = client.get(address)
    assert "becomes a new version" in page.content.decode()
    answer = client.post(address, typed(page) | {"form-3-remove": "on"})
    made = SlaPolicy.objects.get(slug=policy.slug, version=2)
    assert answer["Location"] == f"/policies/{made.pk}/ladder/"
    policy.refresh_from_db()
    assert (made.is_active, policy.is_active, made.first_contact_hours) == (True, False, 48)
    assert (made.used_at, made.made_by, policy.made_by) == (None, lead, None)
    assert list(made.ladder.values_list("level", flat=True)) == ["unowned", "soon", "late"]
    assert "director" in policy.ladder.values_list("level", flat=True)
    # Tickets of the old version climb the old ladder.
    clocks.escalate(now=late.due_at + 3 * DAY)
    assert Escalation.objects.about(late.key).filter(level="director").exists()
    assert "change that one" in client.post(address, typed(client.get(address))).content.decode()


def test_a_first_ticket_while_somebody_edits_keeps_the_version(policy: SlaPolicy, team: Team, lead: User) -> None:
    client, address = logged_in(lead), f"/policies/{policy.pk}/ladder/"
    data = typed(client.get(address))
    SlaPolicy.objects.filter(pk=policy.pk).update(used_at=NOW)
    answer = client.post(address, data | {"form-3-remove": "on"})
    assert answer.status_code == 400 and "meanwhile" in answer.content.decode()
    assert policy.ladder.count() == 4 and SlaPolicy.objects.filter(slug=policy.slug).count() == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"form-2-who": "address"}, "Write the address"),
        ({"form-2-who": "webhook"}, "Choose the webhook"),
        ({"form-2-number": ""}, "Write how much"),
        ({"form-2-span": "percent", "form-2-number": "101"}, "from 1 to 100"),
        ({"form-2-span": "working_days", "form-2-number": "9999"}, "more than a year"),
        ({f"form-{n}-remove": "on" for n in range(4)}, "one step at least"),
    ],
)
def test_what_would_not_do_is_said_beside_the_field_and_nothing_is_saved(
    policy: SlaPolicy, team: Team, lead: User, change: dict[str, str], said: str
) -> None:
    client, address = logged_in(lead), f"/policies/{policy.pk}/ladder/"
    answer = client.post(address, typed(client.get(address)) | change)
    assert (answer.status_code, said in answer.content.decode()) == (400, True)
    assert policy.ladder.count() == 4


def test_a_level_that_once_was_is_not_given_to_another_step(policy: SlaPolicy, team: Team, lead: User) -> None:
    SlaPolicy.objects.create(slug=policy.slug, version=0, name="Old", first_contact_hours=1, is_active=False)
    make_step(SlaPolicy.objects.get(slug=policy.slug, version=0), "lead-after-60")
    client, address = logged_in(lead), f"/policies/{policy.pk}/ladder/"
    new = {"form-4-who": "lead", "form-4-number": "1", "form-4-span": "working_hours", "form-4-moment": "after"}
    client.post(address, typed(client.get(address)) | new)
    assert policy.ladder.filter(level="lead-after-60-2").exists()


def test_saving_a_ladder_unchanged_changes_nothing(policy: SlaPolicy, team: Team, lead: User) -> None:
    make_step(policy, "program", "webhook", endpoint=make_endpoint(), amount=90, waits=True, target="answer")

    def shown() -> list[dict[str, Any]]:
        fields = ("level", "target", "moment", "amount", "unit", "who", "address", "endpoint", "digest", "waits")
        return list(LadderStep.objects.filter(policy=policy).order_by("pk").values(*fields, "unassigned_only"))

    before = shown()
    client, address = logged_in(lead), f"/policies/{policy.pk}/ladder/"
    client.post(address, typed(client.get(address)))
    # The unit of a share says nothing.
    assert [row | {"unit": ""} for row in shown()] == [row | {"unit": ""} for row in before]


def test_agents_change_no_ladder(policy: SlaPolicy, team: Team, hanna: User) -> None:
    assert logged_in(hanna).get(f"/policies/{policy.pk}/ladder/").status_code == 403
