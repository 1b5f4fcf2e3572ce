"""Several lists read in one query hold exactly what each holds when it is asked alone."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import BinaryField, Count, DurationField, F, QuerySet, Value
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from followups.at_once import read_at_once
from followups.models import Action, Deadline, Event, Note, Reply, Ticket
from nps_loop.people.models import User
from surveys.models import Account, Response
from tests import factories
from tests.factories import NOW, make_action, make_deadline, make_ticket, make_user

pytestmark = pytest.mark.django_db


def lists(ticket: Ticket) -> list[QuerySet[Any]]:
    """One of every kind: joined, annotated, united, as values, limited, counted, empty."""
    notes = Note.objects.filter(ticket=ticket).order_by().annotate(kind=Value("note"))
    replies = Reply.objects.filter(ticket=ticket).order_by().annotate(kind=Value("reply"))
    return [
        Ticket.objects.select_related(
            "response__touchpoint", "contact__account", "account__owner", "owner", "team__calendar", "brand", "follows"
        ).order_by("-pk"),
        Action.objects.select_related("owner", "planned_by").order_by("due_at", "id"),
        Deadline.objects.select_related("policy", "calendar").order_by("-pk"),
        Event.objects.filter(ticket=ticket).order_by("-seq"),
        notes.values_list("kind", "pk", "happened_at", "text").union(
            replies.values_list("kind", "pk", "happened_at", "text"), all=True
        ),
        Response.objects.defer("search_text").annotate(who=F("contact__name"))[:2],
        User.objects.annotate(loads=Count("actions")).order_by("-loads", "pk"),
        Account.objects.all(),
        Note.objects.none(),
    ]


def told(rows: QuerySet[Any]) -> list[Any]:
    """Everything a row holds, with what was joined to it."""
    return [_told(row) if hasattr(row, "_meta") else row for row in rows]


def _told(row: Any) -> dict[str, Any]:
    keys = [field for field in row._meta.concrete_fields if field.is_relation and field.is_cached(row)]
    joined = {key.name: _told(other) for key in keys if (other := getattr(row, key.name)) is not None}
    return {name: value for name, value in vars(row).items() if name != "_state"} | {"joined": joined}


def rich() -> Ticket:
    ticket = make_ticket(owner=make_user("Ánna “O'Brien”"), bonus=[["score", 4], ["renewal", 2.5]])
    Account.objects.filter(pk=factories.make_account().pk).update(annual_value=Decimal("123456789.10"))
    for n in range(3):
        make_action(ticket, due_at=NOW + timedelta(days=3 - n, microseconds=n))
        make_deadline(ticket, ordinal=n)
        Note.objects.create(ticket=ticket, text=f'Note {n}\n"quoted" \\ 100 % Ä', happened_at=NOW)
        times = {"happened_at": NOW, "recorded_at": NOW}
        Event.objects.create(ticket=ticket, seq=n, actor_kind="system", verb="note", data={"n": [n, None]}, **times)
    make_ticket(owner=None)
    return ticket


def test_each_list_holds_what_it_holds_alone(django_assert_num_queries: Any) -> None:
    ticket = rich()
    alone = [told(rows) for rows in lists(ticket)]
    together = lists(ticket)
    with django_assert_num_queries(1):
        read_at_once(*together)
        assert [told(rows) for rows in together] == alone
    assert sum(map(bool, alone)) == len(alone) - 1


def test_nothing_is_asked_for_nothing(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        nothing = Note.objects.none()
        read_at_once()
        read_at_once(nothing)
        assert list(nothing) == []


def test_what_json_cannot_carry_is_refused() -> None:
    make_user()
    for field in (DurationField(), BinaryField()):
        with pytest.raises(TypeError, match="JSON carries no"):
            read_at_once(User.objects.all(), User.objects.annotate(odd=Value(None, output_field=field)))


class WordsAreKept(TestCase):
    @given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
    def test_to_the_letter(self, text: str) -> None:
        note = Note.objects.create(ticket=make_ticket(), text=text, happened_at=NOW)
        rows = Note.objects.filter(pk=note.pk)
        read_at_once(rows, User.objects.all())
        assert [row.text for row in rows] == [text]
