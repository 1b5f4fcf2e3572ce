"""/queue/together/: several tickets at once, and what is left out."""

from django.test import Client

from followups.models import Ticket
from tests.factories import NOW, make_response, make_ticket
from tests.followups.pages.cast import HOUR, Cast
from tests.followups.pages.conftest import logged_in


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
    assert "1 ticket is snoozed." in page
    assert f"#{lucia} was left out. Something is due before that" in page
    assert Ticket.objects.get(pk=ellen).snoozed_until is not None
    assert Ticket.objects.get(pk=lucia).snoozed_until is None


def test_several_change_hands_with_one_reason(queue: Cast, hanna: Client) -> None:
    chosen = numbers(queue, "Ellen", "Lucía")
    data = {"do": "assign", "sure": "1", "ticket": chosen, "to": queue.nils.pk, "reason": "I am away."}
    assert "2 tickets are handed over." in hanna.post("/queue/together/", data, follow=True).content.decode()
    assert Ticket.objects.filter(pk__in=chosen, owner=queue.nils).count() == 2


def test_two_tickets_of_one_customer_go_along_together(queue: Cast, hanna: Client) -> None:
    ellen = queue.tickets["Ellen"]
    second = make_ticket(
        make_response(3, contact=ellen.contact), conversation=ellen.conversation, owner=queue.hanna, team=ellen.team
    )
    data = {"do": "assign", "sure": "1", "ticket": [ellen.pk, second.pk], "to": queue.nils.pk, "reason": "I am away."}
    page = hanna.post("/queue/together/", data, follow=True).content.decode()
    assert "2 tickets are handed over." in page and "was left out" not in page
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
    assert hanna.post("/queue/together/", {"do": "resolve", "ticket": numbers(queue, "Ellen")})["Location"] == "/queue/"
    assert hanna.post("/queue/together/", {"do": "snooze", "ticket": ["x", "9" * 30]})["Location"] == "/queue/"
    assert hanna.get("/queue/together/").status_code == 405
