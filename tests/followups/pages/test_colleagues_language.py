"""A colleague works in a language of their own: pages, refusals and notices; programs are answered in English."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.utils import translation

from followups import workflow
from followups.actors import Actor
from followups.refusals import NotAllowed
from nps_loop.mail.models import Attachment, Inbound, Message
from nps_loop.people.models import User
from tests.factories import make_message, make_user
from tests.followups.pages.cast import DAY, Cast, add_marta
from tests.followups.pages.conftest import shown


def speaks(user: User, language: str) -> None:
    user.language = language
    user.save(update_fields=["language"])


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Log a contact", "First contact", "My queue", "Contacted")),
        ("de", ("Kontakt festhalten", "Erstkontakt", "Meine Liste", "Kontaktiert")),
        ("es", ("Anotar un contacto", "Primer contacto", "Mi lista", "Contactado")),
        ("fr", ("Noter un contact", "Premier contact", "Ma file", "Contacté")),
    ],
)
def test_a_ticket_speaks_the_language_of_whoever_works_on_it(
    cast: Cast, hanna: Client, language: str, words: tuple[str, ...]
) -> None:
    marta = add_marta(cast)
    speaks(cast.hanna, language)
    page = shown(hanna, f"/tickets/{marta.pk}/")
    assert all(word in page for word in words), [word for word in words if word not in page]


def test_a_refusal_is_in_the_language_of_whoever_is_refused(cast: Cast, hanna: Client) -> None:
    marta = add_marta(cast)
    speaks(cast.hanna, "de")
    answer = hanna.post(f"/tickets/{marta.pk}/wait/", {"version": marta.version, "question": "Wann?"})
    assert "Eine Frage wird nach einem Erstkontakt gestellt." in answer.content.decode()
    assert "A question is asked after a first contact." not in answer.content.decode()
    with translation.override("fr"), pytest.raises(NotAllowed, match="Une question se pose après un premier contact"):
        workflow.wait(marta, actor=Actor.person(cast.hanna), now=cast.now, version=None, question="Quand ?")


def test_the_api_refuses_in_english_whatever_the_person_speaks(cast: Cast, hanna: Client) -> None:
    marta = add_marta(cast)
    speaks(cast.hanna, "de")
    answer = hanna.post(
        f"/api/v1/tickets/{marta.pk}/wait/",
        json.dumps({"version": marta.version, "question": "When?"}),
        content_type="application/json",
        headers={"Accept-Language": "de"},
    )
    assert answer.status_code == 409
    assert "A question is asked after a first contact." in answer.content.decode()


def test_each_lead_hears_of_a_hold_in_their_own_language(cast: Cast) -> None:
    marta = add_marta(cast)
    deputy = make_user("Dana Moreau", language="fr")
    cast.team.members.create(user=deputy, role="deputy")
    speaks(cast.lead, "de")
    # Whoever causes it speaks a third one.
    with translation.override("es"):
        workflow.hold(marta, actor=Actor.person(cast.hanna), now=cast.now, version=None, reason="A lawyer wrote.")
    told = {mail.recipient: mail for mail in Message.objects.filter(stream="staff")}
    assert told[cast.lead.email].subject == f"Gesperrt: #{marta.pk}"
    assert "Die Uhren laufen weiter." in told[cast.lead.email].text
    assert told[deputy.email].subject == f"Bloqué : #{marta.pk}"
    assert "Les horloges continuent." in told[deputy.email].text


def test_a_german_colleague_reads_in_german_why_a_ticket_is_theirs(cast: Cast) -> None:
    marta = add_marta(cast)
    speaks(cast.nils, "de")
    workflow.assign(marta, actor=Actor.person(cast.hanna), now=cast.now, version=None, to=cast.nils, reason="Urlaub.")
    mail = Message.objects.get(recipient=cast.nils.email)
    assert mail.subject.startswith("Jetzt bei Ihnen: Marta")
    assert "Hanna Brandt hat es Ihnen gegeben: Urlaub." in mail.text


@pytest.mark.parametrize(
    ("kept", "language", "read"),
    [
        (
            "Not sent: Marta asked for no more mails on 3 May.",
            "de",
            "Nicht gesendet: Marta möchte seit 3. Mai keine Mails mehr.",
        ),
        (
            "Not sent: mail to marta@nordby.example came back on 29 February 2028.",
            "es",
            "No enviado: el correo a marta@nordby.example fue devuelto el 29 de febrero de 2028.",
        ),
        ("Not sent: this person was erased.", "fr", "Non envoyé\u00a0: cette personne a été effacée."),
        ("The mail server refused it: 550 No such user.", "de", "Der Mailserver hat sie abgelehnt: 550 No such user."),
        ("Not sent: this person was erased.", "en", "Not sent: this person was erased."),
        ("Something nobody wrote here.", "de", "Something nobody wrote here."),
        ("", "de", ""),
    ],
)
def test_why_a_mail_did_not_arrive_is_kept_in_english_and_read_in_any_language(
    cast: Cast, kept: str, language: str, read: str
) -> None:
    marta = add_marta(cast)
    mail = make_message(case=marta.pk, reason=kept, created_at=cast.now - DAY)
    with translation.override(language):
        assert mail.reason_in_words == read
    mail.refresh_from_db()
    assert mail.reason == kept


@pytest.mark.parametrize(
    ("row", "reason", "read"),
    [
        (Inbound, "The mail server says: 550 No such user", "Der Mailserver sagt: 550 No such user"),
        (
            Inbound,
            "It was not sent to the signed address of a case.",
            "Sie ging nicht an die signierte Adresse eines Falls.",
        ),
        (Inbound, "Could not be read (ValueError).", "Konnte nicht gelesen werden (ValueError)."),
        (Attachment, "Not kept: larger than 10 MB.", "Nicht aufbewahrt: größer als 10 MB."),
    ],
)
def test_why_a_mail_was_set_aside_and_a_file_not_kept_is_read_in_any_language(
    row: type[Inbound] | type[Attachment], reason: str, read: str
) -> None:
    with translation.override("de"):
        assert row(reason=reason).reason_in_words == read
