"""Who does something: a person, the customer, a program with a key, or the system itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from followups.models import Event
from nps_loop.people.models import ApiKey, User


@dataclass(frozen=True, slots=True)
class Actor:
    """`undo` is how long mails that somebody sends wait: whoever sits before a page may take them back so long."""

    kind: Event.Actor
    user: User | None = None
    program: int | None = None
    undo: timedelta = timedelta(0)

    @property
    def user_id(self) -> int | None:
        return self.user.pk if self.user else None

    @classmethod
    def person(cls, user: User, *, undo: timedelta = timedelta(0)) -> Actor:
        return cls(Event.Actor.PERSON, user=user, undo=undo)

    @classmethod
    def program_with(cls, key: ApiKey) -> Actor:
        """A key acts in the name of its user where it has one; its id is kept either way."""
        return cls(Event.Actor.PROGRAM, user=key.user, program=key.pk)

    @classmethod
    def customer(cls) -> Actor:
        return cls(Event.Actor.CUSTOMER)

    @classmethod
    def system(cls) -> Actor:
        return cls(Event.Actor.SYSTEM)
