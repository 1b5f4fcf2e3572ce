"""Templates: variables filled in, gaps seen, what a person typed kept, and text nobody wrote recognised."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from followups.canned import only_canned, put_in, values_for
from followups.models import LetterTemplate
from followups.shipped_templates import shipped
from followups.variables import filled, left_open, unknown_in
from tests import factories
from tests.factories import NOW

OPENING = "Dear Marta,\n\n> I mind silence.\n\n\n\nHanna\n"
TEMPLATE = "Dear Marta,\n\nthank you for writing. What should have happened?\n\nHanna Brandt"
PASSAGE = "If you would rather talk, tell me when."


def template(step: str = "first_contact", text: str = TEMPLATE) -> LetterTemplate:
    return LetterTemplate(name="Thanks", step=step, language="en", text=text)


def test_variables_are_filled_in_and_a_gap_stays_visible() -> None:
    assert filled("Hello {first_name}, {promise}.", {"first_name": "Marta", "promise": ""}) == "Hello Marta, {promise}."
    assert left_open("Hello Marta, {promise}.") == ["promise"]


def test_nothing_else_in_braces_is_touched() -> None:
    text = "{} {0} {first_name.__class__} {{first_name}} { first_name } {unknown}"
    assert filled(text, {"first_name": "Marta"}) == "{} {0} {first_name.__class__} {Marta} { first_name } {unknown}"


def test_a_value_is_never_filled_in_again() -> None:
    assert filled("{words}", {"words": "> {owner}", "owner": "Hanna"}) == "> {owner}"


def test_unknown_variables_are_named() -> None:
    assert unknown_in("{first_name} {frist_name} {price}") == ["frist_name", "price"]
    with pytest.raises(ValidationError, match="frist_name"):
        template(text="Hello {frist_name}").clean()
    template(text="Hello {first_name}").clean()


def test_what_is_shipped_has_no_unknown_variables_and_every_language() -> None:
    rows = shipped()
    for row in rows:
        row.clean()
    steps = {language: {row.step for row in rows if row.language == language} for language in ("en", "de", "es", "fr")}
    assert all(found == set(LetterTemplate.Step.values) for found in steps.values())


@pytest.mark.django_db
def test_the_values_are_the_customers_and_ones_own() -> None:
    hanna = factories.make_user("Hanna Brandt")
    account = factories.make_account("Nordby")
    contact = factories.make_contact("Marta Lindqvist", account=account)
    ticket = factories.make_ticket(
        answer={"contact": contact, "touchpoint": factories.make_touchpoint("Onboarding")},
        owner=hanna,
        promised_at=NOW + factories.DAY,
    )
    values = values_for(ticket, hanna, now=NOW)
    assert (values["first_name"], values["name"], values["account"]) == ("Marta", "Marta Lindqvist", "Nordby")
    assert (values["owner"], values["number"]) == ("Hanna Brandt", f"#{ticket.pk}")
    assert values["words"].startswith("> We waited")
    assert values["promise"] == "by Wednesday evening, 25 November"


@pytest.mark.django_db
def test_a_hold_keeps_the_words_out() -> None:
    ticket = factories.make_ticket(owner=factories.make_user(), on_hold=True)
    assert values_for(ticket, factories.make_user(), now=NOW)["words"] == ""


@pytest.mark.parametrize("typed", ["", "  \n", OPENING, "Another template text."])
def test_a_template_takes_the_place_of_what_nobody_wrote(typed: str) -> None:
    assert put_in(TEMPLATE, template(), typed, opening=OPENING, others=["Another template text."]) == TEMPLATE


def test_what_somebody_typed_is_kept_above_it() -> None:
    assert put_in(TEMPLATE, template(), "My own words.\n", opening=OPENING) == f"My own words.\n\n{TEMPLATE}"


def test_a_passage_goes_below_what_stands_there() -> None:
    assert put_in(PASSAGE, template("passage"), OPENING, opening=OPENING) == f"{OPENING.rstrip()}\n\n{PASSAGE}"


@pytest.mark.parametrize(
    "body",
    [
        TEMPLATE,
        TEMPLATE.replace("\n", "\r\n") + "\r\n  ",
        f"{OPENING}\n\n{PASSAGE}",
        f"{TEMPLATE}\n\n{PASSAGE}",
        f"{PASSAGE}\n\n{PASSAGE}",
    ],
)
def test_text_that_nobody_wrote_is_recognised(body: str) -> None:
    assert only_canned(body, [PASSAGE, TEMPLATE], opening=OPENING)


@pytest.mark.parametrize(
    "body",
    [
        f"{TEMPLATE} I looked into it: a comma.",
        TEMPLATE.replace("What should", "What exactly should"),
        OPENING,
        "My own words.",
        "",
    ],
)
def test_a_word_of_ones_own_makes_it_ones_own(body: str) -> None:
    assert not only_canned(body, [PASSAGE, TEMPLATE, ""], opening=OPENING)
