"""What the ticket views share: who acts, what they may read, and refusals of the rules as answers of the API."""

from __future__ import annotations

from typing import cast

from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from followups.actors import Actor
from followups.refusals import Forbidden, Incomplete, Refused, Stale
from followups.viewing import Viewer
from nps_loop.api.errors import Conflict, NotPermitted, StaleVersion
from nps_loop.api.views import ApiView
from nps_loop.people.models import ApiKey, User


class FollowupView(ApiView):
    """Turns a `Refused` into 412 (stale), 403 (forbidden), 400 (incomplete, by field) or 409."""

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(as_answer(exc) if isinstance(exc, Refused) else exc)

    def caller(self) -> User:
        """The person, or the `ApiUser` that stands for one: it answers to all that is asked of a person here."""
        return cast(User, self.request.user)

    def actor(self) -> Actor:
        """A person acts as themselves; a key acts in the name of its user where it has one, and is named either way."""
        if isinstance(self.request.auth, ApiKey):
            return Actor.program_with(self.request.auth)
        return Actor.person(self.caller())

    def reader(self) -> Viewer:
        """What the one who asks may see. A key that speaks for nobody in particular reads like an administrator."""
        user = self.caller()
        return Viewer(user) if user.pk is None else Viewer.of(user)


def as_answer(refused: Refused) -> Exception:
    """The answer of the API to a refusal of the rules."""
    if isinstance(refused, Stale):
        return StaleVersion(refused.message, attr="version", extra={"current_version": refused.current_version})
    if isinstance(refused, Forbidden):
        return NotPermitted(refused.message, code=refused.code, attr=refused.field)
    if isinstance(refused, Incomplete):
        return ValidationError({field: [reason] for field, reason in refused.errors.items()}, code=refused.code)
    return Conflict(refused.message, code=refused.code, attr=refused.field)
