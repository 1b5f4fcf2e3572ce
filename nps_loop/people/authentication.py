"""Who speaks to the API: a program with a key (`Authorization: Bearer <key>`). People come with their log-in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from nps_loop.people.models import ApiKey, User


@dataclass(frozen=True, slots=True)
class ApiUser:
    """A program whose key speaks for nobody in particular. It stands where a request's user stands.

    It has no row, so it can own nothing. With a read or write key it sees what an administrator sees; what it may
    change is decided by the key's scope, before any view is asked.
    """

    key: ApiKey

    pk: ClassVar[None] = None
    id: ClassVar[None] = None
    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False
    is_active: ClassVar[bool] = True
    is_staff: ClassVar[bool] = False

    @property
    def is_superuser(self) -> bool:
        return self.key.scope in (ApiKey.Scope.READ, ApiKey.Scope.WRITE)

    @property
    def username(self) -> str:
        return self.key.name

    @property
    def name(self) -> str:
        return self.key.name

    def __str__(self) -> str:
        return self.key.name


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>`. A key that belongs to a user acts as that user and sees what that user sees.

    `request.auth` is the key. Anything but one live key is refused with 401; no such header at all is left to the
    log-in of a browser.
    """

    keyword = b"bearer"

    def authenticate(self, request: Request) -> tuple[User | ApiUser, ApiKey] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != self.keyword:
            return None
        if len(parts) != 2:
            raise AuthenticationFailed("Send the key like this: Authorization: Bearer <key>")
        key = ApiKey.objects.find(parts[1].decode("latin-1"), now=timezone.now())
        if key is None or (key.user is not None and not key.user.is_active):
            raise AuthenticationFailed("This API key is not known, has run out or was revoked.")
        return key.user or ApiUser(key), key

    def authenticate_header(self, request: Request) -> str:
        """What a 401 names as the way in."""
        return 'Bearer realm="api"'
