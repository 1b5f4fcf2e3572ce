"""Once a day a few days that reports keep are counted again; administrators hear of one that differs."""

from __future__ import annotations

import random
from datetime import datetime

from django.utils import timezone

from followups.messages import notices
from followups.models import RollupCheck
from followups.reports.rollups.keeping import check_some
from nps_loop.mail import outbox
from surveys.models import Brand

# Of each kind. A fault of the kind that triggers cannot have would show within weeks, and costs seconds a day.
DAYS = 3


def look_at_some(*, now: datetime) -> int:
    """Whoever comes first on a day looks; returns how many days differed. They are counted anew by the next sweep."""
    row, is_mine = RollupCheck.objects.get_or_create(day=timezone.localdate(now), defaults={"checked_at": now})
    if not is_mine:
        return 0
    differ = check_some(DAYS, now=now, chance=random.Random(row.day.toordinal()))  # noqa: S311
    if differ:
        RollupCheck.objects.filter(pk=row.pk).update(differed=[str(each) for each in differ])
        brand = Brand.objects.order_by("-is_default", "pk").first()
        if brand is not None:
            days = sorted({each.day for each in differ})
            outbox.queue(notices.figures_differed(days, brand, notices.administrators(), now=now), now=now)
    return len(differ)
