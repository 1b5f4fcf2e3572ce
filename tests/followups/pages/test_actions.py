"""/actions/: the promises of one person, back office included."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from followups.models import Action, ActionMove, KeptDraft, Ticket
from followups.models.tickets import TicketState
from nps_loop.mail.models import Message
from tests import factories
from tests.factories import NOW
from tests.followups.pages.cast import DAY, HOUR, Cast, add_marta, add_ticket
from tests.followups.pages.conftest import logged_in, shown


@pytest.fixture
def promise(cast: Cast) -> Action:
    """Devika of finance owes Marta the list; Marta did not agree to be named."""
    ticket = add_marta(cast, state=TicketState.IN_ACTION)
    ticket.response.share_name = False
    ticket.response.save()
    return factories.make_action(
        ticket,
        cast.devika,
        title="Send the list",
        due_at=NOW + 3 * HOUR,
        told_at=NOW - DAY,
        first_promised_at=NOW + 3 * HOUR,
    )


@pytest.fixture
def devika(cast: Cast) -> Client:
    return logged_in(cast.devika)


def text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def post(client: Client, action: Action, verb: str, **data: object) -> tuple[int, str]:
    version = Ticket.objects.get(pk=action.ticket_id).version
    answer = client.post(
        f"/tickets/{action.ticket_id}/{verb}/", {"version": version, "action": action.pk, "from": "actions", **data}
    )
    return answer.status_code, answer.get("Location", "") or answer.content.decode()


def test_a_promise_stands_with_the_words_behind_it(devika: Client, promise: Action) -> None:
    page = text(shown(devika, "/actions/"))
    assert "Send the list" in page
    assert "I mind silence" in page
    assert "3 h left by Tuesday evening" in page
    assert "case of Hanna Brandt" in page


def test_without_consent_the_customer_has_no_name(devika: Client, promise: Action) -> None:
    page = shown(devika, "/actions/")
    assert "A customer, key account, Nordics" in page
    assert "Marta" not in page
    assert "Nordby" not in page


def test_with_consent_the_name_is_shown(devika: Client, promise: Action) -> None:
    promise.ticket.response.share_name = True
    promise.ticket.response.save()
    assert "Marta Lindqvist, Nordby Cold Chain" in text(shown(devika, "/actions/"))


def test_words_on_hold_are_not_shown_to_the_back_office(devika: Client, promise: Action) -> None:
    Ticket.objects.update(on_hold=True)
    page = shown(devika, "/actions/")
    assert "I mind silence" not in page
    assert "Send the list" in page


def test_done_takes_one_sentence_and_tells_the_owner(devika: Client, promise: Action) -> None:
    assert post(devika, promise, "complete-action", what_changed="You have the list.") == (302, "/actions/")
    promise.refresh_from_db()
    assert (promise.state, promise.what_changed) == (Action.State.DONE, "You have the list.")
    assert Message.objects.filter(stream="staff", recipient=promise.ticket.owner.email).exists()


def test_done_without_a_word_is_refused_on_the_same_page(devika: Client, promise: Action) -> None:
    status, page = post(devika, promise, "complete-action", what_changed=" ")
    assert status == 400
    assert "My promises to customers" in page
    assert "Nothing was saved yet." in page
    promise.refresh_from_db()
    assert promise.state == Action.State.OPEN
    assert not Message.objects.exists()


def test_not_by_this_evening_mails_the_customer_before(devika: Client, promise: Action) -> None:
    answer = post(devika, promise, "move-action", due_on="2026-11-27", part="evening", reason="We found three more.")
    assert answer == (302, "/actions/")
    move = ActionMove.objects.get()
    assert move.reason == "We found three more."
    assert Message.objects.filter(kind="delay", case=promise.ticket_id).count() == 1
    page = text(shown(devika, "/actions/"))
    assert "moved once, from today" in page
    assert "reason given: We found three more." in page


def test_moving_without_a_reason_keeps_the_date_typed(devika: Client, promise: Action) -> None:
    status, page = post(devika, promise, "move-action", due_on="2026-11-27", part="evening", reason="")
    assert status == 400
    assert 'value="2026-11-27"' in page
    assert not Message.objects.exists()


def test_a_stale_page_keeps_the_sentence(devika: Client, promise: Action) -> None:
    data = {"version": 1, "action": promise.pk, "from": "actions", "what_changed": "You have the list."}
    answer = devika.post(f"/tickets/{promise.ticket_id}/complete-action/", data)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "the ticket changed while you were writing" in page
    assert ">\nYou have the list.</textarea>" in page
    assert f'name="version" value="{Ticket.objects.get().version}"' in page


def test_nobody_finishes_somebody_elses_promise(cast: Cast, devika: Client, promise: Action) -> None:
    other = factories.make_action(promise.ticket, cast.hanna, title="Call again", due_at=NOW + DAY)
    status, page = post(devika, other, "complete-action", what_changed="Done.")
    assert status == 409
    assert "Only its owner, or somebody who works on the ticket, changes this action." in page
    other.refresh_from_db()
    assert other.state == Action.State.OPEN


def test_promises_of_others_are_not_listed(cast: Cast, promise: Action) -> None:
    assert "Send the list" not in shown(logged_in(cast.nils), "/actions/")


def test_what_is_done_says_whether_it_was_kept(cast: Cast, devika: Client, promise: Action) -> None:
    for title, done_at in (("In time", NOW - 3 * DAY), ("Too late", NOW - DAY)):
        factories.make_action(
            promise.ticket,
            cast.devika,
            title=title,
            state=Action.State.DONE,
            done_at=done_at,
            due_at=NOW - 2 * DAY,
            first_promised_at=NOW - 2 * DAY,
        )
    page = text(shown(devika, "/actions/?view=done"))
    assert re.search(r"Too late .*? later In time .*? kept", page)
    assert "Done by the first date 1" in page


def test_an_empty_page_says_what_will_stand_here(devika: Client) -> None:
    assert "You have promised nothing that is still open" in shown(devika, "/actions/")


def test_looking_is_all_a_get_does(devika: Client, promise: Action) -> None:
    assert devika.post("/actions/").status_code == 405
    assert Client().get("/actions/").status_code == 302


def test_many_promises_cost_as_many_queries_as_one(cast: Cast, devika: Client, promise: Action) -> None:
    def count() -> int:
        devika.get("/actions/")
        with CaptureQueriesContext(connection) as captured:
            shown(devika, "/actions/")
        return len(captured)

    few = count()
    for n in range(20):
        ticket = add_ticket(cast, f"Name{n} One", f"C{n}", 4, "Words.", state=TicketState.IN_ACTION)
        factories.make_action(ticket, cast.devika, due_at=NOW + DAY)
    assert count() <= few <= 12


# --- what one types is kept ------------------------------------------------------------------------------------


def keep(client: Client, action: Action, verb: str, **data: object) -> dict[str, str]:
    version = Ticket.objects.get(pk=action.ticket_id).version
    given = {"version": version, "action": action.pk, "from": "actions", **data}
    answer: dict[str, str] = client.post(f"/tickets/{action.ticket_id}/drafts/{verb}/", given).json()
    return answer


def test_a_sentence_begun_here_is_kept_and_stands_here_again(devika: Client, promise: Action) -> None:
    page = shown(devika, "/actions/")
    for verb in ("complete-action", "move-action"):
        assert f'data-draft="/tickets/{promise.ticket_id}/drafts/{verb}/"' in page
    assert keep(devika, promise, "complete-action", what_changed="You have th") == {"said": "Draft kept today 14:30."}
    page = shown(devika, "/actions/")
    assert ">\nYou have th</textarea>" in page
    assert "Draft kept today 14:30." in page and "Throw it away" in page
    assert "You have th" not in shown(logged_in(promise.ticket.owner), "/actions/")


def test_a_draft_stays_with_the_promise_it_was_begun_for(devika: Client, promise: Action) -> None:
    other = factories.make_action(promise.ticket, promise.owner, title="Send the second list", due_at=NOW + 4 * HOUR)
    keep(devika, other, "move-action", reason="Still cou", due_on="2026-11-27", part="midday")
    page = shown(devika, "/actions/")
    first, second = page.split("Send the second list")
    assert "Still cou" not in first and "Still cou" in second and 'value="2026-11-27"' in second


def test_it_goes_when_it_was_sent_and_when_it_is_thrown_away(devika: Client, promise: Action) -> None:
    keep(devika, promise, "move-action", reason="We found three more.")
    thrown = devika.post(
        f"/tickets/{promise.ticket_id}/drafts/move-action/",
        {"throw-away": "1", "from": "actions", "action": promise.pk},
    )
    assert thrown["Location"] == "/actions/"
    assert "We found" not in text(shown(devika, "/actions/"))
    keep(devika, promise, "complete-action", what_changed="You have the list.")
    post(devika, promise, "complete-action", what_changed="You have the list.")
    assert not KeptDraft.objects.exists()
