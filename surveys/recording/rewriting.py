"""Change many rows in one statement."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Model


def rewrite(rows: Sequence[Model], fields: Sequence[str]) -> None:
    """Write `fields` of rows that exist, all of one model.

    One INSERT .. ON CONFLICT (id) DO UPDATE, where `bulk_update` would send a CASE of every row for every field. Rows
    go in the order of their keys, so that two batches cannot wait for each other.
    """
    if rows:
        ordered = sorted(rows, key=lambda row: row.pk)
        type(ordered[0])._default_manager.bulk_create(
            ordered, update_conflicts=True, unique_fields=["id"], update_fields=fields
        )
