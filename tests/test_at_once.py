"""Several changes in one statement: each as if it stood alone, with the number of rows it wrote."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from nps_loop.at_once import Change, Delete, Insert, Update, draw_key, write_at_once
from nps_loop.mail.models import Stream, Suppression
from tests.factories import NOW

pytestmark = pytest.mark.django_db

Reason = Suppression.Reason


def row(address: str, **fields: object) -> Suppression:
    return Suppression(**{"address": address, "stream": Stream.CASE, "reason": Reason.BOUNCED, "since": NOW} | fields)


def addresses() -> list[tuple[str, str]]:
    return list(Suppression.objects.order_by("address").values_list("address", "origin"))


def test_every_change_is_made_and_says_how_many_rows_it_wrote() -> None:
    kept, gone, other, last = Suppression.objects.bulk_create([row(name) for name in ("a@x", "b@x", "c@x", "d@x")])
    kept.origin, other.origin = "a form", "a file"
    written = write_at_once(
        Insert([row("e@x"), row("f@x")]),
        Update([kept, other], ["origin"]),
        Change(Suppression.objects.filter(pk=last.pk), {"origin": "by hand"}),
        Change(Suppression.objects.filter(pk=0), {"origin": "nobody"}),
        Delete(Suppression.objects.filter(pk=gone.pk)),
        Insert([]),
    )
    assert written == [2, 2, 1, 0, 1, 0]
    assert addresses() == [("a@x", "a form"), ("c@x", "a file"), ("d@x", "by hand"), ("e@x", ""), ("f@x", "")]


def test_rows_whose_unique_key_is_taken_are_left_out_where_that_is_wished() -> None:
    row("a@x", origin="first").save()
    write_at_once(Insert([row("a@x", origin="second"), row("b@x")], unless_there=True))
    assert addresses() == [("a@x", "first"), ("b@x", "")]
    with pytest.raises(IntegrityError), transaction.atomic():
        write_at_once(Insert([row("a@x", origin="third")]))
    assert addresses() == [("a@x", "first"), ("b@x", "")]


def test_nothing_to_write_asks_nothing() -> None:
    none = Suppression.objects.filter(pk__in=[])
    with CaptureQueriesContext(connection) as asked:
        assert write_at_once() == []
        assert write_at_once(Insert([]), Update([], ["origin"])) == [0, 0]
        assert write_at_once(Change(none, {"origin": "nobody"}), Delete(none)) == [0, 0]
    assert not asked.captured_queries


@pytest.mark.skipif(connection.vendor != "postgresql", reason="one statement is promised on PostgreSQL")
def test_it_is_one_statement() -> None:
    known = Suppression.objects.create(address="a@x", stream=Stream.CASE, reason=Reason.BOUNCED)
    with CaptureQueriesContext(connection) as asked:
        write_at_once(Insert([row("b@x"), row("c@x", pk=draw_key(Suppression))]), Update([known], ["origin"]))
    assert [query["sql"].split()[0] for query in asked.captured_queries] == ["SELECT", "WITH"]
    later = row("d@x")
    later.save()
    assert sorted(Suppression.objects.values_list("pk", flat=True))[-1] == later.pk
