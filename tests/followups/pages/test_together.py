"""/queue/together/: several tickets at once, and what is left out."""

import re
from typing import Any

import pytest
from django.test import Client

from followups import workflow
from followups.actors import Actor
from followups.models import Action, DismissalRequest, Event, Note, Resolution, RootCause, Ticket
from followups.together import begin, chosen, run_job
from followups.viewing import Viewer
from nps_loop.jobs.models import Job
from nps_loop.jobs.running import run_waiting
from nps_loop.mail.models import Message
from tests.conftest import counted
from tests.factories import NOW, make_action, make_contact, make_deadline, make_response, make_ticket
from tests.followups.pages.cast import HOUR, Cast
from tests.followups.pages.conftest import logged_in

URL = "/queue/together/"


def numbers(cast: Cast, *names: str) -> list[int]:
    return [cast.tickets[name].pk for name in names]


def test_first_it_says_what_would_be_left_out(queue: Cast, hanna: Client) -> None:
    answer = hanna.post("/queue/together/", {"do": "snooze", "ticket": numbers(queue, "Daniel", "Lucía")})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "1 of 2 can be taken along" in page
    assert "The customer waits for our answer, so this ticket cannot be snoozed." in page
    assert not Ticket.objects.filter(pk__in=numbers(queue, "Lucía"), snoozed_until__isnull=False).exists()


def test_what_is_late_is_left_out_before_anybody_picks_a_time(queue: Cast, hanna: Client) -> None:
    Ticket.objects.filter(pk__in=numbers(queue, "Lucía")).update(due_at=NOW - HOUR)
    page = hanna.post("/queue/together/", {"do": "snooze", "ticket": numbers(queue, "Ellen", "Lucía")}).content.decode()
    assert "1 of 2 can be taken along" in page
    assert "It is late already, so it stays in sight." in page


def test_then_it_is_done_on_the_others(queue: Cast, hanna: Client) -> None:
    data = {"do": "snooze", "sure": "1", "ticket": numbers(queue, "Ellen", "Lucía"), "until": "2026-11-26T09:00"}
    page = hanna.post("/queue/together/", data, follow=True).content.decode()
    lucia, ellen = numbers(queue, "Lucía")[0], numbers(queue, "Ellen")[0]
    assert "1 of 2 done" in page and "1 was left out" in page
    assert f'#{lucia}</span></p><p class="small muted">Something is due before that' in page
    assert Ticket.objects.get(pk=ellen).snoozed_until is not None
    assert Ticket.objects.get(pk=lucia).snoozed_until is None


def test_several_change_hands_with_one_reason(queue: Cast, hanna: Client) -> None:
    chosen = numbers(queue, "Ellen", "Lucía")
    data = {"do": "assign", "sure": "1", "ticket": chosen, "to": queue.nils.pk, "reason": "I am away."}
    assert "2 of 2 done" in hanna.post("/queue/together/", data, follow=True).content.decode()
    assert Ticket.objects.filter(pk__in=chosen, owner=queue.nils).count() == 2


def test_two_tickets_of_one_customer_go_along_together(queue: Cast, hanna: Client) -> None:
    ellen = queue.tickets["Ellen"]
    second = make_ticket(
        make_response(3, contact=ellen.contact), conversation=ellen.conversation, owner=queue.hanna, team=ellen.team
    )
    data = {"do": "assign", "sure": "1", "ticket": [ellen.pk, second.pk], "to": queue.nils.pk, "reason": "I am away."}
    page = hanna.post("/queue/together/", data, follow=True).content.decode()
    assert "2 of 2 done" in page and "was left out" not in page
    assert Ticket.objects.filter(pk__in=[ellen.pk, second.pk], owner=queue.nils).count() == 2


def test_without_a_reason_nothing_changes_hands(queue: Cast, hanna: Client) -> None:
    data = {"do": "assign", "sure": "1", "ticket": numbers(queue, "Ellen"), "to": queue.nils.pk}
    answer = hanna.post("/queue/together/", data)
    assert answer.status_code == 400
    assert "Say why they change hands." in answer.content.decode()
    assert Ticket.objects.get(pk=numbers(queue, "Ellen")[0]).owner == queue.hanna


def test_tickets_out_of_scope_are_passed_over(queue: Cast) -> None:
    outsider = logged_in(queue.outsider)
    data = {"do": "snooze", "sure": "1", "ticket": numbers(queue, "Ellen"), "until": "2026-11-26T09:00"}
    assert outsider.post("/queue/together/", data).status_code == 302
    assert Ticket.objects.get(pk=numbers(queue, "Ellen")[0]).snoozed_until is None


def test_nothing_ticked_leads_back(queue: Cast, hanna: Client) -> None:
    assert hanna.post("/queue/together/", {"do": "snooze"})["Location"] == "/queue/"
    assert hanna.post("/queue/together/", {"do": "reopen", "ticket": numbers(queue, "Ellen")})["Location"] == "/queue/"
    assert hanna.post("/queue/together/", {"do": "snooze", "ticket": ["x", "9" * 30]})["Location"] == "/queue/"
    assert hanna.get("/queue/together/").status_code == 405


def test_a_note_and_a_wish_to_dismiss_stand_on_each(queue: Cast, hanna: Client) -> None:
    chosen = numbers(queue, "Ellen", "Lucía")
    page = hanna.post(URL, {"do": "note", "sure": "1", "ticket": chosen, "text": "One cause."}, follow=True)
    assert "2 of 2 done" in page.content.decode()
    assert Note.objects.filter(ticket__in=chosen, text="One cause.").count() == 2
    data = {"do": "ask-dismissal", "sure": "1", "ticket": chosen, "reason": "duplicate", "explanation": ""}
    hanna.post(URL, data)
    assert DismissalRequest.objects.filter(ticket__in=chosen).count() == 2


def test_all_of_a_view_are_taken_along_and_no_more(queue: Cast, hanna: Client) -> None:
    mine = set(Ticket.objects.owned_by(queue.hanna).live().values_list("pk", flat=True))
    page = hanna.post(URL, {"do": "note", "whole": "1", "view": "mine", "q": ""}).content.decode()
    assert f"{len(mine)} of {len(mine)} can be taken along" in page
    data = {"do": "note", "sure": "1", "whole": "1", "view": "mine", "q": "", "text": "Read."}
    hanna.post(URL, data)
    assert set(Note.objects.filter(text="Read.").values_list("ticket", flat=True)) == mine
    assert hanna.post(URL, {"do": "note", "whole": "1", "view": "everything"})["Location"] == "/queue/"


def test_what_came_of_it_is_for_whoever_asked(queue: Cast, hanna: Client) -> None:
    answer = hanna.post(URL, {"do": "note", "sure": "1", "ticket": numbers(queue, "Ellen"), "text": "Read."})
    there = answer["Location"]
    assert hanna.get(there).status_code == 200
    assert logged_in(queue.nils).get(there).status_code == 404
    assert hanna.get("/queue/together/999999/").status_code == 404
    assert hanna.get(f"/queue/together/{2**70}/").status_code == 404


def test_what_changed_after_it_was_chosen_is_left_out(queue: Cast, hanna: Client) -> None:
    ellen = queue.tickets["Ellen"]
    rows = chosen(Viewer.of(queue.hanna), [ellen.pk], "assign", now=NOW)
    workflow.note(ellen, actor=Actor.person(queue.nils), now=NOW, version=None, text="Meanwhile.")
    job = begin(rows, "assign", {"to": queue.nils.pk, "reason": "Away."}, user=queue.hanna, now=NOW)
    [item] = job.items.all()
    assert (item.state, item.reason) == ("refused", "It changed after it was chosen. Look at it first.")
    assert Ticket.objects.get(pk=ellen.pk).owner == queue.hanna


# --- resolving many ----------------------------------------------------------------------------------------------


def ready(cast: Cast, count: int) -> list[Ticket]:
    """Tickets in action, each with an action of its own that is done."""
    tickets = []
    for n in range(count):
        contact = make_contact(f"Customer {n}", email=f"c{n}@kund.example")
        ticket = make_ticket(
            make_response(3, contact=contact, verbatim=f"Order {n} came late."),
            owner=cast.hanna, team=cast.team, state="in_action", first_contact_at=NOW - HOUR,
        )  # fmt: skip
        make_deadline(ticket, target="resolution")
        done = make_action(ticket, owner=cast.hanna, state="done", done_at=NOW - HOUR)
        done.what_changed = f"Order {n} is on its way."
        done.save()
        tickets.append(ticket)
    return tickets


def resolve_all(cast: Cast, tickets: list[Ticket]) -> Job:
    cause = RootCause.objects.get(slug="product-fault")
    rows = chosen(Viewer.of(cast.hanna), [ticket.pk for ticket in tickets], "resolve", now=NOW)
    arguments = {"root_cause": cause.pk, "why_it_happened": "One lorry broke down."}
    return begin(rows, "resolve", arguments, user=cast.hanna, now=NOW)


def test_each_customer_reads_of_their_own_case_and_the_lead_can_count_it(queue: Cast) -> None:
    tickets = ready(queue, 3)
    job = resolve_all(queue, tickets)
    assert job.result == {"done": 3, "refused": 0}
    mails = list(Message.objects.filter(kind="resolution", case__in=[ticket.pk for ticket in tickets]))
    for ticket, mail in zip(tickets, sorted(mails, key=lambda row: row.case or 0), strict=True):
        assert ticket.response is not None
        assert ticket.response.verbatim in mail.text and "is on its way." in mail.text
        assert "One lorry broke down." in mail.text
    assert len({mail.text for mail in mails}) == 3
    assert Resolution.objects.filter(together=True).count() == 3
    lead = logged_in(queue.lead)
    seen = lead.get("/team/").content.decode()
    assert "3 were resolved together with others." in seen
    found = re.search(r'href="(/tickets/\?together=true[^"]*)"', seen)
    assert found
    listed = lead.get(found[1].replace("&amp;", "&")).content.decode()
    assert all(f"#{ticket.pk}" in listed for ticket in tickets) and f"#{queue.tickets['Ellen'].pk}<" not in listed


def test_of_many_the_thirty_seven_that_break_a_guard_are_listed_and_the_rest_is_done(queue: Cast) -> None:
    all_of_them = counted(200, full=500)
    tickets = ready(queue, all_of_them)
    late = [ticket.pk for ticket in tickets[:37]]
    Action.objects.filter(ticket__in=late[:20]).update(state="open", done_at=None)
    Action.objects.filter(ticket__in=late[20:]).delete()
    job = resolve_all(queue, tickets)
    assert job.state == Job.State.WAITING  # so many are left to a worker

    class Killed(BaseException):
        pass

    def dies(**progress: Any) -> None:
        if progress["done"] > 100:
            raise Killed

    with pytest.raises(Killed):
        run_job(job, dies)
    halfway = Ticket.objects.filter(state="resolved", pk__in=[ticket.pk for ticket in tickets]).count()
    assert 0 < halfway < all_of_them - 37
    run_waiting(now=NOW)
    job.refresh_from_db()
    assert job.result == {"done": all_of_them - 37, "refused": 37}
    assert job.items.filter(state="refused", reason="An action is still open.").count() == 20
    assert job.items.filter(state="refused", reason__startswith="No action of its own").count() == 17
    resolved = Ticket.objects.filter(state="resolved", pk__in=[ticket.pk for ticket in tickets])
    assert resolved.count() == all_of_them - 37 and not resolved.filter(pk__in=late).exists()
    mails = Message.objects.filter(kind="resolution", case__in=resolved.values("pk"))
    assert mails.count() == all_of_them - 37 == len(set(mails.values_list("text", flat=True)))
    assert Event.objects.filter(ticket__in=resolved, verb="resolve").count() == all_of_them - 37


def test_a_ticket_without_contact_or_outcome_of_its_own_is_left_out_before_anything_runs(
    queue: Cast, hanna: Client
) -> None:
    page = hanna.post(URL, {"do": "resolve", "ticket": numbers(queue, "Ellen", "Lucía")}).content.decode()
    assert "0 of 2 can be taken along" in page
    assert "It has no contact of its own yet." in page
    assert "Resolve 0" not in page


def test_somebody_who_left_resolves_nothing_any_more(queue: Cast) -> None:
    tickets = ready(queue, 21)
    job = resolve_all(queue, tickets)
    queue.hanna.is_active = False
    queue.hanna.save()
    run_waiting(now=NOW)
    job.refresh_from_db()
    assert job.result == {"done": 0, "refused": 21}
    assert not Message.objects.filter(kind="resolution").exists()
