"""What an open list hears without being loaded again: the counts of its views, and which version each row has now.

The page compares that with what it shows. It never moves a row by itself: somebody may be about to press it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from datetime import datetime

from followups import counting, saved_views
from followups.models import Ticket
from followups.queue_page import PAGE, look_at, read_place
from followups.queue_views import VIEWS
from followups.viewing import Viewer


def changes(viewer: Viewer, *, view: str, search: str, after: str, now: datetime) -> tuple[str, str]:
    """`{"counts": {view: "12"}, "rows": {number: version}}` as JSON, and its ETag."""
    look = look_at(viewer, view=view, search=search.strip(), now=now)
    shown = [*VIEWS, *(saved_views.part_of(each) for each in look.kept if each.pk not in look.misfits)]
    rows = look.first_rows(Ticket.objects.only("rank", "version"), read_place(after))
    versions = {str(ticket.pk): ticket.version for ticket in rows}
    if not look.is_grouped:
        versions = dict(list(versions.items())[:PAGE])
    return _tagged({name: counting.in_words(look.counts[name]) for name in shown}, versions)


def versions_of(viewer: Viewer, numbers: Collection[int]) -> tuple[str, str]:
    """The same of the rows of /tickets/, which tells by number what it shows; who may no longer see one misses it."""
    rows = Ticket.objects.visible_to(viewer.user).filter(pk__in=numbers).order_by("pk")
    return _tagged({}, {str(number): version for number, version in rows.values_list("pk", "version")})


def _tagged(counts: dict[str, str], rows: dict[str, int]) -> tuple[str, str]:
    body = json.dumps({"counts": counts, "rows": rows})
    return body, f'"{hashlib.sha256(body.encode()).hexdigest()[:20]}"'
