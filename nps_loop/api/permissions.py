"""What a key's scope, or a person's role, lets a request do at all. Which rows it meets is the queryset's business."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from nps_loop.people.models import ApiKey

READING = frozenset({ApiKey.Scope.READ, ApiKey.Scope.WRITE})
CHANGING = frozenset({ApiKey.Scope.WRITE})
INGESTING = frozenset({ApiKey.Scope.INGEST, ApiKey.Scope.WRITE})


class ScopeAllows(BasePermission):
    """Read and write keys may GET; write keys may change; ingest keys may only POST where a view `takes_answers`.

    Where a view `only_reads`, a POST asks for something and changes nothing, so read keys may as well.

    People pass: what they may do is decided by their role, further in.
    """

    code = "wrong_scope"

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        if not isinstance(request.auth, ApiKey):
            return True
        if request.method in SAFE_METHODS or getattr(view, "only_reads", False):
            allowed = READING
        else:
            allowed = INGESTING if getattr(view, "takes_answers", False) else CHANGING
        if request.auth.scope in allowed:
            return True
        self.message = (
            f"This key has the scope “{request.auth.scope}”; this takes "
            f"{' or '.join(sorted(f'“{scope}”' for scope in allowed))}."
        )
        return False


class Administers(BasePermission):
    """Administrators, and keys that speak for nobody in particular; for those the scope says enough."""

    message = "Only an administrator may do this."
    code = "forbidden"

    def has_permission(self, request: Request, view: Any) -> bool:
        sends_answers = isinstance(request.auth, ApiKey) and getattr(view, "takes_answers", False)
        return bool(sends_answers and request.method == "POST") or bool(request.user.is_superuser)
