"""Who was given which tickets in a period, by which rule: what the page on fairness counts, and the lists it opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Self

from django.db.models import BigIntegerField, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils import timezone

from followups.models import Event

ANY = "any"
# By these the assigner was free to choose among the members of a team; by the others the customer decided, or a person.
FREE = frozenset({"least_load", "cap_yielded", "skills_yielded"})
RULES = (
    "conversation", "same_contact", "same_account", "account_owner", "least_load", "cap_yielded", "skills_yielded",
    "pulled", "by_hand",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class GivenIn:
    """Tickets given to somebody by a rule on the days `first` to `last` of the reporting zone, both included."""

    to: int
    rule: str
    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.to}.{self.rule}.{self.first}.{self.last}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The opposite of `str`. Raises ValueError."""
        to, rule, first, last = text.split(".")
        if not (to.isascii() and to.isdecimal() and len(to) <= 18) or rule not in (*RULES, ANY):
            raise ValueError(text)
        return cls(int(to), rule, date.fromisoformat(first), date.fromisoformat(last))

    @property
    def events(self) -> QuerySet[Any]:
        rows = given_between(*bounds(self.first, self.last)).filter(data__to=self.to)
        return rows if self.rule == ANY else rows.filter(data__rule=self.rule)


def bounds(first: date, last: date) -> tuple[datetime, datetime]:
    """The moments at which these days begin and end. Raises ValueError where there is no day after the last."""
    zone = timezone.get_default_timezone()
    try:
        after = last + timedelta(days=1)
    except OverflowError as error:
        raise ValueError("There is no day after this.") from error
    return timezone.make_aware(datetime.combine(first, time()), zone), timezone.make_aware(
        datetime.combine(after, time()), zone
    )


def given_between(start: datetime, end: datetime) -> QuerySet[Any]:
    """Events that gave a ticket to somebody, with `to` and `rule`. Recorded no earlier than they happened."""
    return (
        Event.objects.filter(verb="assign", recorded_at__gte=start, happened_at__gte=start, happened_at__lt=end)
        .annotate(to=Cast(KeyTextTransform("to", "data"), BigIntegerField()), rule=KeyTextTransform("rule", "data"))
        .order_by()
    )
