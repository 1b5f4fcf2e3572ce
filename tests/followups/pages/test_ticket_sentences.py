"""What a ticket's page says where something is unusual: nobody has it, nobody may be written to, it came back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from followups.models import AssignmentRound, Member, Ticket, Verdict, Watcher
from followups.models.tickets import TicketState
from tests import factories
from tests.factories import NOW
from tests.followups.pages.cast import Cast, add_marta, add_ticket
from tests.followups.pages.conftest import logged_in


def page_of(client: Client, ticket: Ticket) -> str:
    answer = client.get(f"/tickets/{ticket.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_ticket_nobody_has_says_why(cast: Cast, lead: Client) -> None:
    ticket = add_ticket(cast, "Chloé Marin", "Biscuiterie Marin", 4, "On nous avait promis un rappel.", owned=False)
    Member.objects.filter(user=cast.hanna).update(capacity=0)
    Member.objects.filter(user=cast.nils).update(capacity=1)
    add_ticket(cast, "Ruth Amsel", "Amsel", 3, "Nobody came.", owner=cast.nils)
    AssignmentRound.objects.create(
        happened_at=NOW,
        candidates=[],
        exclusions=[{"user": cast.hanna.pk, "team": cast.team.pk, "code": "no_capacity"}],
        tickets=1,
        left_waiting=1,
    )
    html = page_of(lead, ticket)
    assert "Full: Nils Aker" in html
    assert "It is looked at again every half minute." in html


def test_whoever_must_not_be_contacted_is_offered_no_call_and_no_mail(cast: Cast, hanna: Client) -> None:
    marta = add_marta(cast, nobody_to_reach=True)
    marta.contact.do_not_contact = True
    marta.contact.save()
    answer = hanna.get(f"/tickets/{marta.pk}/")
    html, forms = answer.content.decode(), answer.context["page"].forms
    assert "tel:" not in html and "No answer, try tomorrow</button></form>" not in html
    assert "send_message" not in forms
    assert "Marta must not be contacted." in html
    assert "Marta reads this" not in html


def test_without_contact_nobody_is_asked_how_the_customer_is_told(cast: Cast, hanna: Client) -> None:
    marta = add_marta(cast, nobody_to_reach=True)
    cause = cast.causes[0]
    answer = hanna.post(
        f"/tickets/{marta.pk}/resolve/",
        {"version": str(marta.version), "root_cause": str(cause.pk), "what_changed": "", "why_it_happened": ""},
    )
    assert answer.status_code == 302
    marta.refresh_from_db()
    assert marta.state == TicketState.RESOLVED and marta.resolutions.get().told == "not_reached"


def test_two_can_agree_to_differ_only_after_a_not_yet(cast: Cast, lead: Client) -> None:
    marta = add_marta(cast, state=TicketState.RESOLVED)
    assert "agree_to_differ" not in lead.get(f"/tickets/{marta.pk}/").context["page"].forms
    factories.make_verdict(marta, Verdict.Choice.NOT_YET, text="The list is missing.")
    assert "agree_to_differ" in lead.get(f"/tickets/{marta.pk}/").context["page"].forms


def test_the_brief_quotes_what_the_customer_wrote_last(cast: Cast, hanna: Client) -> None:
    marta = add_marta(cast, cycle=1)
    factories.make_verdict(marta, Verdict.Choice.NOT_YET, cycle=0, text="Two addresses failed again last night.")
    html = page_of(hanna, marta)
    assert "What Marta wrote last" in html
    assert '<q dir="auto" class="words" lang="en">Two addresses failed again last night.</q>' in html


@pytest.mark.parametrize(
    ("reason", "detail", "sentence"),
    [
        ("passed_over", "full", "Nils Aker looks after the account, had as many tickets as fit, and follows it."),
        ("passed_over", "away 2026-12-01T08:00:00+00:00", "was away until Tuesday 1 December"),
        ("same_account", "", "Nils Aker looks after the account and follows it."),
        ("named", "", "Nils Aker is named in the words and follows it."),
    ],
)
def test_whoever_follows_a_ticket_is_named_with_the_reason(
    cast: Cast, hanna: Client, reason: str, detail: str, sentence: str
) -> None:
    marta = add_marta(cast)
    for user in (cast.nils, cast.hanna):
        Watcher.objects.create(ticket=marta, user=user, reason=reason, detail=detail, since=NOW - timedelta(hours=1))
    html = page_of(hanna, marta)
    assert sentence in html
    assert "Hanna Brandt looks after the account" not in html and "Hanna Brandt is named" not in html


def test_somebody_of_another_team_still_sees_nothing(cast: Cast) -> None:
    marta = add_marta(cast)
    assert logged_in(cast.outsider).get(f"/tickets/{marta.pk}/").status_code == 404


def test_a_late_ticket_is_not_snoozed_and_says_why(cast: Cast, hanna: Client) -> None:
    marta = add_marta(cast, due_in=-timedelta(hours=1))
    answer = hanna.get(f"/tickets/{marta.pk}/")
    assert "snooze" not in answer.context["page"].forms
    assert "It is late already, so it stays in sight." in answer.content.decode()
    posted = {"version": str(marta.version), "until": "2026-11-24T16:30"}
    assert "It is late already" in hanna.post(f"/tickets/{marta.pk}/snooze/", posted).content.decode()


def test_snoozing_too_long_names_the_time_on_the_clock_of_whoever_asks(cast: Cast, hanna: Client) -> None:
    cast.hanna.time_zone = "Europe/Stockholm"
    cast.hanna.save()
    marta = add_marta(cast)
    posted = {"version": str(marta.version), "until": "2026-11-30T09:00"}
    html = hanna.post(f"/tickets/{marta.pk}/snooze/", posted).content.decode()
    assert "Something is due before that: Tuesday 24 November, 18:30 CET." in html
