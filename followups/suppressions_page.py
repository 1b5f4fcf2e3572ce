"""/suppressions/: who must not be written to, about what, why and since when. For leads and administrators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import QueryDict

from followups.forms.suppressions import FindForm, LiftForm
from nps_loop.mail import suppression
from nps_loop.mail.models import Suppression

PAGE = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One address on one stream. Of an erased one no address is known; it has no `lift`."""

    suppression: Suppression
    address: str
    lift: LiftForm | None


@dataclass(frozen=True, slots=True)
class SuppressionsPage:
    form: FindForm
    rows: list[Row]
    n: int
    next_query: str


def suppressions_page(asked: QueryDict) -> SuppressionsPage:
    """One page of them, the newest first; two queries whatever their number. `after` is the key of the last seen."""
    form = FindForm(asked)
    chosen = form.narrowed
    rows = Suppression.objects.filter(**{name: chosen[name] for name in ("stream", "reason") if name in chosen})
    if words := chosen.get("q"):
        # What stands for an erased address is no address: nobody finds it by its letters.
        rows = rows.filter(address__icontains=words.strip()).exclude(reason=Suppression.Reason.ERASED)
    n = rows.count()
    after = asked.get("after", "")
    if after.isascii() and after.isdigit() and len(after) < 19:
        rows = rows.filter(pk__lt=int(after))
    found = list(rows.order_by("-pk")[: PAGE + 1])
    following = asked.copy()
    if len(found) > PAGE:
        following["after"] = str(found[PAGE - 1].pk)
    return SuppressionsPage(
        form=form,
        rows=[_row(row) for row in found[:PAGE]],
        n=n,
        next_query=following.urlencode() if len(found) > PAGE else "",
    )


def add(fields: dict[str, Any], *, now: datetime) -> None:
    """Put an address on the list as the form says. One that must not be contacted is on it for everything."""
    if fields["reason"] == Suppression.Reason.DO_NOT_CONTACT:
        suppression.do_not_contact([fields["address"]], origin=fields["origin"], now=now)
    else:
        suppression.suppress([fields["address"]], fields["stream"], fields["reason"], origin=fields["origin"], now=now)


def _row(row: Suppression) -> Row:
    if row.reason == Suppression.Reason.ERASED:
        return Row(row, "", None)
    return Row(row, row.address, LiftForm(auto_id=f"lift-{row.pk}-%s"))
