"""Hard days about the words: none, far too many, against the score, insults, and a lawyer."""

from __future__ import annotations

import pytest

from followups import workflow
from followups.models import Decision
from followups.models.tickets import TicketState
from nps_loop.mail.models import Message, Stream
from surveys.quoting import quote
from tests.hard_days.conftest import Play

pytestmark = pytest.mark.django_db(transaction=True)


def test_score_against_words(play: Play) -> None:
    """The lowest score with the kindest words opens a ticket, and the page says to ask before apologising."""
    scene = play("score-against-words")
    ticket = scene.ticket()
    assert (ticket.state, ticket.score) == (TicketState.ASSIGNED, 1)
    page = scene.page()
    assert "Words and score do not fit: ask first how Clementine read the scale, before you apologise." in page
    [mail] = scene.sent("acknowledgement")
    assert "Fantastic service" in mail.text
    assert "sorry" not in mail.text.lower() and "apolog" not in mail.text.lower()

    scene.do(lambda: scene.case().talks())
    assert "do not fit" not in scene.page()


def test_promoter_who_complains(play: Play) -> None:
    """A nine that threatens to leave opens a ticket by its words; nobody is thanked for the nine."""
    scene = play("promoter-who-complains")
    ticket = scene.ticket()
    assert (ticket.state, ticket.band) == (TicketState.ASSIGNED, "promoter")
    decision = scene.response().decisions.get()
    assert decision.outcome == Decision.Outcome.OPENED
    assert decision.rule is not None and decision.rule.slug == "complaint-words"
    assert [mail.kind for mail in scene.sent()] == ["acknowledgement"]
    assert not Message.objects.filter(kind="promoter_thanks").exists()
    page = scene.page()
    assert "9" in page and "Promoter" in page and "cancel our contract" in page


def test_no_words(play: Play) -> None:
    """A score and nothing else: a mail without an empty quotation, in the customer's language to the last word."""
    scene = play("no-words")
    [mail] = scene.sent("acknowledgement")
    assert mail.language == "de"
    assert "Ihre letzte Lieferung" in mail.text and "delivery" not in mail.text
    assert "„“" not in mail.text and "“”" not in mail.text and "<blockquote" not in mail.html
    assert "No words, only the score." in scene.page()
    assert scene.ticket().state == TicketState.ASSIGNED
    assert "Ihre Antwort ist angekommen" in scene.loop() or "Hannelore" in scene.loop()


def test_four_thousand_words(play: Play) -> None:
    """Kept whole and shown whole; a mail quotes whole sentences of at most two hundred characters."""
    scene = play("four-thousand-words")
    words = scene.response().verbatim
    assert len(words.split()) >= 4_000
    assert scene.ticket().state == TicketState.ASSIGNED
    [mail] = scene.sent("acknowledgement")
    quoted = quote(words)
    assert 0 < len(quoted) <= 200 and quoted in " ".join(mail.text.split())
    assert len(mail.text) < 4_000
    assert all(len(subject) < 200 for subject in scene.staff_mails("agent"))
    page = scene.page()
    assert "Week 20." in page and words.split("\n\n")[-1] in page
    assert words.split("\n\n")[-1] in scene.loop()
    # A list shows the beginning only.
    assert len(scene.client("agent").get("/queue/").content) < 60_000


def test_abusive(play: Play) -> None:
    """Insults are held back by the word list: owner and lead read them, nobody else; the lead decides on dismissing."""
    scene = play("abusive", lives=True)
    scene.pass_time(hours=9)
    ticket = scene.ticket()
    assert ticket.on_hold and ticket.owner == scene.user("matteo")
    [acknowledgement] = scene.customer_mails("acknowledgement")
    assert acknowledgement.state == Message.State.SKIPPED and "hold" in acknowledgement.reason
    for login in ("matteo", "lead", "admin"):
        assert "racist idiot" in scene.page(login), login
    others = scene.page("chiara")
    assert "idiot" not in others and "These words are on hold: owner and lead read them." in others
    for mail in Message.objects.filter(stream=Stream.STAFF):
        assert "idiot" not in mail.subject + mail.text + mail.html, mail.kind
    assert "racist idiot" not in scene.client("chiara").get("/tickets/").content.decode()

    assert ticket.dismissal_requests.filter(decided_at=None).exists()
    assert "asks to dismiss this ticket: Abusive, nothing to act on." in scene.page("lead")
    scene.do(lambda: scene.case().act(workflow.decide_dismissal, by=scene.user("lead"), approve=True))
    ticket = scene.ticket()
    assert (ticket.state, ticket.dismissed_as) == (TicketState.DISMISSED, "abuse")
    assert scene.sent() == []


def test_lawyer(play: Play) -> None:
    """A lawyer is named: automatic mail stops and the lead is told; the clocks run on and a person may still write."""
    scene = play("lawyer")
    ticket = scene.ticket()
    assert ticket.on_hold and ticket.state == TicketState.ASSIGNED and ticket.owner == scene.user("agent")
    assert ticket.deadlines.filter(target="first_contact", met_at=None, dropped_at=None).exists()
    [acknowledgement] = scene.customer_mails()
    assert acknowledgement.state == Message.State.SKIPPED
    assert acknowledgement.reason == (
        "Not sent: a hold on the case stops automatic mail; the owner may tell the customer in person."
    )
    assert f"On hold: #{ticket.pk}" in scene.staff_mails("lead")
    page = scene.page("agent")
    assert "on hold" in page and "My lawyer will write to you" in page and acknowledgement.reason[10:40] in page
    assert "lawyer" not in scene.page("chiara")

    scene.do(lambda: scene.case().tries())
    scene.do(lambda: scene.case().writes())
    assert [mail.kind for mail in scene.sent()] == ["personal"]
    assert scene.ticket().state == TicketState.CONTACTED
