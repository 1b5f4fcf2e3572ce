"""Surveys that we send and what was planned of them, for tests that are about time and rules."""

from __future__ import annotations

from itertools import count
from typing import Any

from surveys.models import Contact, Invitation, Survey
from tests.factories import DAY, HOUR, NOW, make_contact, make_survey

_number = count(1)


def make_cadence(name: str = "", **fields: Any) -> Survey:
    """A relational survey that we send, every 90 days; at any hour and without a reminder unless told otherwise."""
    defaults: dict[str, Any] = {
        "every_days": 90,
        "quiet_from": 0,
        "quiet_until": 0,
        "remind_after_days": None,
    }
    return make_survey(name, **{**defaults, **fields})


def make_planned(survey: Survey | None = None, contact: Contact | None = None, **fields: Any) -> Invitation:
    """A survey for one person, planned for an hour ago; `sent_at` makes it a sent one."""
    contact = contact or make_contact()
    defaults: dict[str, Any] = {
        "cause": Invitation.Cause.CADENCE,
        "reference": f"round:{next(_number)}",
        "planned_for": fields.get("sent_at") or NOW - HOUR,
        "state": Invitation.State.SENT if fields.get("sent_at") else Invitation.State.PLANNED,
        "created_at": NOW - DAY,
        "account": contact.account,
    }
    values = {**defaults, **fields}
    return Invitation.objects.create(
        survey=survey or make_cadence(), contact=contact, **{"day": values["planned_for"].date(), **values}
    )
