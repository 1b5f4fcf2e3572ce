"""Rules are written in a draft, which follows what is in force; nothing that was used is ever changed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from followups import rule_books
from followups.conditions import Facts, look_at, matches
from followups.deciding import rules_in_force
from followups.models import Deadline, Decision, Rule, RuleBook, Ticket
from followups.opening import open_awaiting
from followups.refusals import NotAllowed, Stale
from followups.rule_books import differences
from nps_loop.people.models import User
from surveys.scoring import Band
from tests.factories import (
    NOW,
    make_account,
    make_admin,
    make_contact,
    make_member,
    make_policy,
    make_response,
    make_rule,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead() -> User:
    return make_admin()


def said(**says: Any) -> dict[str, Any]:
    return {"name": "Key accounts", "segments": ["Key account"], **says}


def slugs(book: RuleBook) -> list[str]:
    return [rule.slug for rule in rule_books.rules_of(book)]


def test_a_draft_begins_as_a_copy_and_decides_nothing(lead: User) -> None:
    before = list(rules_in_force())
    book = rule_books.save_rule("", said(), by=lead, now=NOW, edits=None)
    assert book.is_draft and (book.number, book.made_by) == (2, lead)
    assert slugs(book) == [*(rule.slug for rule in before), "key-accounts"]
    assert list(rules_in_force()) == before
    assert not {rule.pk for rule in before} & {rule.pk for rule in book.rules.all()}


def test_only_the_rule_that_changed_has_a_new_version(lead: User) -> None:
    rule_books.save_rule("detractor", {"bands": ["detractor", "passive"]}, by=lead, now=NOW, edits=None)
    book = rule_books.move_rule("passive", up=True, by=lead, now=NOW, edits=1)
    versions = {rule.slug: rule.version for rule in book.rules.all()}
    assert versions == {"hold-words": 1, "detractor": 2, "passive": 1, "contact-me": 1, "complaint-words": 1}
    # Changed back, it is what it was.
    rule_books.save_rule("detractor", {"bands": ["detractor"]}, by=lead, now=NOW, edits=2)
    assert book.rules.get(slug="detractor").version == 1


def test_a_rule_moves_among_its_kind_and_stays_at_the_end(lead: User) -> None:
    book = rule_books.move_rule("detractor", up=True, by=lead, now=NOW, edits=None)
    assert slugs(book)[:3] == ["hold-words", "detractor", "passive"]
    rule_books.move_rule("detractor", up=False, by=lead, now=NOW, edits=1)
    assert slugs(book)[:3] == ["hold-words", "passive", "detractor"]


def test_whoever_saw_another_draft_is_told(lead: User) -> None:
    rule_books.save_rule("", said(), by=lead, now=NOW, edits=None)
    for edits in (None, 0):
        with pytest.raises(Stale):
            rule_books.save_rule("", said(), by=make_user(), now=NOW, edits=edits)
    with pytest.raises(Stale):
        rule_books.put_in_force(note="", by=lead, now=NOW, edits=0)
    with pytest.raises(NotAllowed):
        rule_books.remove_rule("no-such", by=lead, now=NOW, edits=1)
    assert RuleBook.objects.drafts().get().edits == 1


def test_the_draft_takes_the_place_of_what_was_in_force(lead: User) -> None:
    rule_books.save_rule("", said(), by=lead, now=NOW, edits=None)
    book = rule_books.put_in_force(note="Key accounts by themselves.", by=lead, now=NOW, edits=1)
    first = RuleBook.objects.get(number=1)
    assert (first.retired_at, book.is_in_force, book.put_in_force_by) == (NOW, True, lead)
    assert [rule.book for rule in rules_in_force()] == [book] * 6
    with pytest.raises(NotAllowed):
        rule_books.put_in_force(note="", by=lead, now=NOW, edits=1)


def test_a_draft_that_says_nothing_new_or_opens_nothing_is_refused(lead: User) -> None:
    rule_books.move_rule("detractor", up=True, by=lead, now=NOW, edits=None)
    with pytest.raises(NotAllowed, match="in force already"):
        rule_books.put_in_force(note="", by=lead, now=NOW, edits=1)
    for edits, slug in enumerate(["detractor", "passive", "contact-me", "complaint-words"], 1):
        rule_books.remove_rule(slug, by=lead, now=NOW, edits=edits)
    with pytest.raises(NotAllowed, match="opens a ticket"):
        rule_books.put_in_force(note="", by=lead, now=NOW, edits=5)
    assert rules_in_force().count() == 5
    rule_books.discard(edits=5)
    assert RuleBook.objects.count() == 1


def test_one_book_is_in_force_and_at_most_one_is_a_draft(lead: User) -> None:
    rule_books.save_rule("", said(), by=lead, now=NOW, edits=None)
    for fields in ({}, {"in_force_from": NOW}):
        with pytest.raises(IntegrityError), transaction.atomic():
            RuleBook.objects.create(number=9, made_at=NOW, **fields)


def test_no_rule_of_a_book_in_force_or_retired_changes(lead: User) -> None:
    rule = RuleBook.objects.get().rules.get(slug="detractor")
    rule.name = "Quite different"
    with pytest.raises(ValidationError, match="not a draft"):
        rule.save()
    with pytest.raises(ValidationError):
        Rule(book=rule.book, slug="late-comer", name="Late comer").save()
    rule_books.save_rule("", said(), by=lead, now=NOW, edits=None)
    rule_books.put_in_force(note="", by=lead, now=NOW, edits=1)
    rule = RuleBook.objects.get(number=1).rules.get(slug="detractor")
    rule.words = ["anything"]
    with pytest.raises(ValidationError):
        rule.save()


def test_a_name_used_before_gets_a_slug_of_its_own(lead: User) -> None:
    rule_books.save_rule("", said(), by=lead, now=NOW, edits=None)
    book = rule_books.save_rule("", said(), by=lead, now=NOW, edits=1)
    assert slugs(book)[-2:] == ["key-accounts", "key-accounts-2"]


def test_changing_rules_touches_no_ticket_that_was_opened(lead: User) -> None:
    make_policy(("none",), slug="key", name="Key", position=900, first_contact_hours=4)
    account = make_account("Nordby", segment="Key account")
    response = make_response(2, contact=make_contact(account=account), received_at=NOW, decided_revision=0)
    open_awaiting(now=NOW)
    tables = (Ticket, Deadline, Decision)
    before = [list(model.objects.values()) for model in tables]
    rule_books.save_rule("", said(policy_slug="key", priority="urgent", kind="open"), by=lead, now=NOW, edits=None)
    for edits in range(1, 5):
        rule_books.move_rule("key-accounts", up=True, by=lead, now=NOW, edits=edits)
    rule_books.put_in_force(note="", by=lead, now=NOW, edits=5)
    open_awaiting(now=NOW)
    assert [list(model.objects.values()) for model in tables] == before
    # While the next answer of the same company goes by the new rule.
    other = make_response(2, contact=make_contact(account=account), received_at=NOW, decided_revision=0)
    open_awaiting(now=NOW)
    old, new = Ticket.objects.get(response=response), Ticket.objects.get(response=other)
    assert (old.rule.slug, old.rule.book.number) == ("detractor", 1)  # type: ignore[union-attr]
    assert (new.rule.slug, new.rule.book.number) == ("key-accounts", 2)  # type: ignore[union-attr]
    assert {row.policy.slug for row in new.deadlines.all()} == {"key"}
    assert ["a rule marks it urgent", 18] in new.bonus and new.rank < old.rank
    assert new.rule.used_at == NOW  # type: ignore[union-attr]


def test_a_rule_names_the_team_and_a_team_that_takes_no_tickets_is_passed_by() -> None:
    north, office = make_team("North"), make_team("Office", takes_tickets=False)
    owner = make_user()
    make_member(make_team("South"), owner)
    account = make_account("Nordby", owner=owner, region="Nordics")
    rule = make_rule(team=north, regions=["nordics "])
    first = make_response(2, contact=make_contact(account=account), received_at=NOW, decided_revision=0)
    open_awaiting(now=NOW)
    assert Ticket.objects.get(response=first).team == north
    Rule.objects.filter(pk=rule.pk).update(team=office)
    second = make_response(2, contact=make_contact(account=account), received_at=NOW, decided_revision=0)
    open_awaiting(now=NOW)
    assert Ticket.objects.get(response=second).team.name == "South"  # type: ignore[union-attr]


FACTS = Facts(
    score=3, band=Band.DETRACTOR, contact_me=True, words="Call my lawyer.", survey_kind="relational",
    touchpoint="support", product="Truck", segment="Key account", region="Nordics", language="de",
    value=Decimal(30_000), business_units=("Cold chain", "Parcels"), brand="halden", touchpoint_name="Support call",
)  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "fits", "because"),
    [
        ({}, True, "it asks for nothing in particular"),
        ({"bands": ["detractor"]}, True, "score 3"),
        ({"bands": ["passive"]}, False, "score 3"),
        ({"segments": ["key ACCOUNT"], "regions": ["Nordics", "UK"], "bands": ["detractor"]}, True,
         "segment Key account, region Nordics, score 3"),
        ({"segments": ["Key account"], "regions": ["UK"]}, False, "region Nordics"),
        ({"words": ["lawyer", "injury"]}, True, "has “lawyer”"),
        ({"words": ["injury", "abuse"]}, False, "has none of the 2 words"),
        ({"contact_me": True}, True, "contact me yes"),
        ({"contact_me": False}, False, "contact me yes"),
        ({"languages": ["de"]}, True, "language de"),
        ({"value_from": 30_000, "value_to": 40_000}, True, "account value 30,000"),
        ({"value_to": 30_000}, False, "account value 30,000"),
        ({"business_units": ["parcels"]}, True, "unit Cold chain, Parcels"),
        ({"brands": ["other"]}, False, "brand halden"),
        ({"touchpoints": ["support"]}, True, "touchpoint Support call"),
        ({"survey_kinds": ["episodic"]}, False, "survey relational"),
        ({"products": ["truck"]}, True, "product Truck"),
    ],
)  # fmt: skip
def test_every_condition_says_why_it_fits_or_does_not(condition: dict[str, Any], fits: bool, because: str) -> None:
    rule = Rule(name="x", **condition)
    look = look_at(rule, FACTS)
    assert (look.fits, look.because) == (fits, because)
    assert matches(rule, FACTS) is fits


def test_what_nobody_knows_fits_no_condition() -> None:
    nothing = Facts(score=10, band=Band.PROMOTER)
    for condition in (
        {"segments": ["x"]},
        {"value_from": 0},
        {"contact_me": False},
        {"words": ["x"]},
        {"brands": ["x"]},
    ):
        look = look_at(Rule(**condition), nothing)
        assert not look.fits and look.because


@given(st.lists(st.sampled_from("abcdefg"), unique=True), st.lists(st.sampled_from("abcdefg"), unique=True))
def test_differences_are_none_only_between_the_same_and_moves_are_as_few_as_can_be(one: str, other: str) -> None:
    before, after = ([Rule(slug=slug, name=slug) for slug in side] for side in (one, other))
    found = differences(before, after)
    assert (not found) == (list(one) == list(other))
    told = {what: {row.rule.slug for row in found if row.what == what} for what in ("new", "gone", "moved")}
    assert (told["new"], told["gone"]) == (set(other) - set(one), set(one) - set(other))
    kept = [slug for slug in other if slug in one and slug not in told["moved"]]
    assert kept == [slug for slug in one if slug in kept]
