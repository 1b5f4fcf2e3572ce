"""A sheet to write on starts in the customer's language."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.followups.pages.cast import Cast, add_marta


@pytest.mark.parametrize(
    ("language", "hello"),
    [
        ("en", "Dear Marta,"),
        ("de", "Guten Tag Marta Lindqvist,"),
        ("es", "Hola, Marta:"),
        ("fr", "Bonjour Marta Lindqvist,"),
    ],
)
def test_a_sheet_greets_as_the_mails_of_that_language_do(cast: Cast, hanna: Client, language: str, hello: str) -> None:
    marta = add_marta(cast)
    marta.contact.language = language
    marta.contact.save()
    page = hanna.get(f"/tickets/{marta.pk}/")
    assert page.status_code == 200
    assert page.context["page"].forms["send_message"].initial["body"].startswith(hello)


def test_a_sheet_to_a_mailbox_without_a_name_greets_nobody(cast: Cast, hanna: Client) -> None:
    marta = add_marta(cast)
    marta.contact.name = ""
    marta.contact.email = "info@nordby.example"
    marta.contact.save()
    page = hanna.get(f"/tickets/{marta.pk}/")
    assert page.context["page"].forms["send_message"].initial["body"].startswith("Hello,")
