"""What is done every day takes few clicks: counted here as links followed and buttons pressed."""

import re

from django.test import Client

from followups.models import ContactAttempt
from followups.models.tickets import TicketState
from tests.followups.pages.cast import Cast
from tests.followups.pages.conftest import shown


def fields(form: str) -> dict[str, str]:
    """What a browser sends of a form without anything typed: hidden fields, ticks and chosen radios, filled texts."""
    sent = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if not name or name[1] == "csrfmiddlewaretoken":
            continue
        if re.search(r'type="(radio|checkbox)"', tag) and " checked" not in tag:
            continue
        sent[name[1]] = value[1] if value else ""
    return sent


def test_from_queue_to_no_answer_try_tomorrow_in_two_clicks(queue: Cast, hanna: Client) -> None:
    clicks = []
    page = shown(hanna, "/queue/")
    row = next(piece for piece in page.split('<li class="row"') if "Grace Adeyemi" in piece)
    link = re.search(r'<div class="row-next"><a class="btn[^"]*" href="([^"]+)"', row)
    assert link is not None
    clicks.append("Call Grace")
    page = shown(hanna, link[1].split("#")[0])
    form = next(piece for piece in page.split("<form")[1:] if 'value="no-answer-tomorrow"' in piece.split("</form>")[0])
    form = form.split("</form>")[0]
    action = re.search(r'action="([^"]+)"', form)
    assert action is not None
    clicks.append("No answer, try tomorrow")
    assert hanna.post(action[1], fields(form) | {"quick": "no-answer-tomorrow"}).status_code == 302
    assert ContactAttempt.objects.get().outcome == "no_answer"
    assert len(clicks) <= 3


def test_a_call_that_settles_it_is_one_form(queue: Cast, hanna: Client) -> None:
    grace = queue.tickets["Grace"]
    page = shown(hanna, f"/tickets/{grace.pk}/?do=log-contact")
    form = page.split('id="log-contact"')[1].split("<form")[1].split("</form>")[0]
    sent = fields(form) | {
        "settled_what": "Sent both vans to the right depot.",
        "settled_cause": str(queue.causes[0].pk),
        "settled_why": "The depot had moved.",
    }
    assert hanna.post(f"/tickets/{grace.pk}/log-contact/", sent).status_code == 302
    grace.refresh_from_db()
    assert grace.state == TicketState.RESOLVED
