"""Two leads change or replace the rules at the same moment, while answers come in."""

from __future__ import annotations

from typing import Any

import pytest

from followups import rule_books
from followups.models import Decision, RuleBook, Ticket
from followups.opening import open_awaiting
from followups.refusals import Refused
from tests.concurrency.test_tickets import at_once
from tests.factories import NOW, make_admin, make_contact, make_response

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 6
KEY = {"name": "Key accounts", "segments": ["Key account"], "bands": ["detractor"]}


def test_of_two_who_begin_a_draft_at_once_one_does_and_the_other_is_told() -> None:
    admin = make_admin()
    for _ in range(ROUNDS):

        def begin(n: int) -> Any:
            return rule_books.save_rule("", KEY | {"name": f"Rule {n}"}, by=admin, now=NOW, edits=None)

        done = at_once(2, begin)
        assert sorted(isinstance(each, Refused) for each in done) == [False, True], done
        draft = RuleBook.objects.drafts().get()
        assert (draft.edits, draft.rules.count()) == (1, 6)
        rule_books.discard(edits=1)


def test_of_two_who_put_it_in_force_at_once_one_does_and_answers_are_decided_by_one_book_each() -> None:
    admin = make_admin()
    for n in range(ROUNDS):
        draft = rule_books.save_rule("", KEY | {"name": f"Rule {n}"}, by=admin, now=NOW, edits=None)
        for _answer in range(5):
            make_response(3, contact=make_contact(), received_at=NOW, responded_at=NOW, decided_revision=0)

        def act(who: int) -> Any:
            if who == 2:
                return open_awaiting(now=NOW)
            return rule_books.put_in_force(note="", by=admin, now=NOW, edits=1)

        done = at_once(3, act)
        assert sorted(isinstance(each, Refused) for each in done) == [False, False, True], done
        assert RuleBook.objects.in_force().get() == draft
        assert not RuleBook.objects.drafts().exists()
        open_awaiting(now=NOW)
    assert Ticket.objects.count() == Decision.objects.count() == 5 * ROUNDS
    assert {row.rule.slug for row in Decision.objects.select_related("rule") if row.rule} == {"detractor"}
