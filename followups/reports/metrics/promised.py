"""What became of the promises whose date a customer was told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import (
    Case,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    TextChoices,
    Value,
    When,
)
from django.db.models.fields import CharField
from django.utils.translation import gettext_lazy as _

from followups.models import (
    Action,
    ActionMove,
)
from followups.models.standing import PREFIX
from followups.reports.metrics.then import actions_as_of


class Kept(TextChoices):
    """What became of an action whose date the customer was told."""

    KEPT = "kept", _("done by the first date the customer was told")
    MOVED = "moved", _("the first date was moved before it passed, and not kept")
    LATER = "later", _("done, but later")
    DROPPED = "dropped", _("dropped with a reason")
    BROKEN = "broken", _("the date is over and it is not done")
    NOT_DUE = "not_due", _("not due yet")


def promises(*, now: datetime, then: bool = False) -> QuerySet[Any]:
    """Every promise, an action with `kept`; with `then` as they stood at `now`.

    An action whose date no customer was told is no promise, and is not in. Whoever moves a date once it has passed has
    broken the promise: that the customer heard of it then changes nothing.
    """
    of = PREFIX if then else ""
    first_date = f"{of}first_promised_at"
    moved_too_late = ActionMove.objects.filter(
        action=OuterRef("pk"), from_at=OuterRef(first_date), happened_at__gt=F("from_at")
    )
    if then:
        moved_too_late = moved_too_late.filter(happened_at__lte=now)
    first, open_, dropped, done = F(first_date), Action.State.OPEN, Action.State.DROPPED, Action.State.DONE
    actions = actions_as_of(now) if then else Action.objects.all()
    return actions.filter(**{f"{first_date}__isnull": False}).annotate(
        kept=Case(
            When(**{f"{of}state": done}, done_at__lte=first, then=Value(Kept.KEPT)),
            When(**{f"{of}state": dropped}, then=Value(Kept.DROPPED)),
            When(**{f"{of}state": open_, f"{first_date}__gt": now}, then=Value(Kept.NOT_DUE)),
            When(Q(**{f"{of}due_at__gt": first}) & ~Q(Exists(moved_too_late)), then=Value(Kept.MOVED)),
            When(**{f"{of}state": done}, then=Value(Kept.LATER)),
            default=Value(Kept.BROKEN),
            output_field=CharField(),
        )
    )


PROMISES_DUE = (Kept.KEPT, Kept.MOVED, Kept.LATER, Kept.DROPPED, Kept.BROKEN)
OF_PROMISES: dict[str, tuple[Kept, ...]] = {
    "promises": PROMISES_DUE,
    "promises_kept": (Kept.KEPT,),
    "promises_moved": (Kept.MOVED,),
    "promises_later": (Kept.LATER,),
    "promises_dropped": (Kept.DROPPED,),
    "promises_broken": (Kept.BROKEN,),
}
