"""Changing the ladder of a policy: a version that tickets stand under stays as it is, and a new one takes its place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext

from followups.models import LadderStep, SlaPolicy
from followups.refusals import NotAllowed
from followups.versions import next_version
from nps_loop.people.models import User


def levels_ever(policy: SlaPolicy) -> set[str]:
    """Every level that any version of this policy has had: none of them is given to another step."""
    return set(LadderStep.objects.filter(policy__slug=policy.slug).values_list("level", flat=True))


def put(policy: SlaPolicy, steps: Sequence[LadderStep], *, seen: str, by: User, now: datetime) -> SlaPolicy:
    """Give a policy these steps, in the name of whoever asks, and return the version that has them.

    In place while the version is unused; else a new version, which takes over where the old one was active. `seen` is
    "used" where the page said that a new version comes. Raises NotAllowed without steps, for a version that is not the
    newest, and where a first ticket has come since.
    """
    if not steps:
        raise NotAllowed(
            gettext("A ladder has one step at least: somebody must hear of what is late."), code="no_steps"
        )
    with transaction.atomic():
        current = SlaPolicy.objects.select_for_update(no_key=True).get(pk=policy.pk)
        if current.used_at is not None and seen != "used":
            raise NotAllowed(
                gettext(
                    "A first ticket has come under this version meanwhile. Look again, then save: it becomes a new one."
                ),
                code="used_meanwhile",
            )
        newest = SlaPolicy.objects.filter(slug=current.slug).aggregate(newest=Max("version"))["newest"]
        if newest != current.version:
            raise NotAllowed(gettext("There is a newer version of this policy: change that one."), code="not_newest")
        made = next_version(current, {}, by=by, now=now)
        made.ladder.all().delete()
        for step in steps:
            step.pk, step.policy = None, made
        LadderStep.objects.bulk_create(steps)
    return made
