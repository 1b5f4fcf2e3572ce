"""What an event keeps of its ticket: how it stood once the event was written, for reports as of a past moment.

Whoever writes an event need not think of it. The columns are filled as the event is inserted, from the ticket it was
made with; only a statement that inserts events by itself (`giving_many`) names them.
"""

from __future__ import annotations

from typing import Any

from django.db import models

PREFIX = "then_"
# What reports read of a ticket and may change while it lives. `cycle` and the time of the change are the event's own.
KEPT = (
    *("state", "closed_as", "dismissed_as", "owner_id", "team_id", "nobody_to_reach", "left_in_peace"),
    *(
        "told_at",
        "first_contact_at",
        "resolved_at",
        "closed_at",
        "resolution_due_at",
        "due_at",
        "due_for",
        "waiting_until",
        "customer_waits",
    ),
)


class _Stood:
    """A column of an event that copies the ticket's column of the same name as the event is inserted."""

    attname: str

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        if add:
            setattr(model_instance, self.attname, getattr(model_instance.ticket, self.attname.removeprefix(PREFIX)))
        return getattr(model_instance, self.attname)


class StoodWord(_Stood, models.CharField):
    pass


class StoodMoment(_Stood, models.DateTimeField):
    pass


class StoodYesNo(_Stood, models.BooleanField):
    pass


class StoodKey(_Stood, models.BigIntegerField):
    """The key of a row of another table. No constraint: history does not keep anybody from being deleted."""
