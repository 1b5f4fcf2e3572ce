"""Why something is not done, as one kind of exception that pages, API, bulk actions and commands all render."""

from __future__ import annotations

from collections.abc import Mapping


class Refused(Exception):
    """The rules do not allow it now. `message` is a sentence for the person; `code` is for programs."""

    code = "refused"

    def __init__(self, message: str, *, code: str = "", field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        if code:
            self.code = code


class NotAllowed(Refused):
    """The table has no such way from the ticket's present state."""

    code = "not_allowed"


class Forbidden(Refused):
    """Somebody else may do this, the actor may not."""

    code = "forbidden"


class Stale(Refused):
    """What it is about changed since the page was shown or the version was read."""

    code = "stale"

    def __init__(self, message: str, *, current_version: int | str) -> None:
        super().__init__(message)
        self.current_version = current_version


class Incomplete(Refused):
    """What was sent lacks something or holds something wrong. `errors` names each field with its reason."""

    code = "incomplete"

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(" ".join(errors.values()), field=next(iter(errors)))
        self.errors = dict(errors)
