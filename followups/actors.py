"""Who does something: a person, the customer, a program with a key, or the system itself."""

from __future__ import annotations

from dataclasses import dataclass

from followups.models import Event
from nps_loop.people.models import ApiKey, User


@dataclass(frozen=True, slots=True)
class Actor:
    kind: Event.Actor
    user: User | None = None
    program: int | None = None

    @classmethod
    def person(cls, user: User) -> Actor:
        return cls(Event.Actor.PERSON, user=user)

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
