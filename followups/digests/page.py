"""/reports/digest/: what somebody's digest would say now, whole, and whether it comes by mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from followups.digests.reading import digest_of, scopes_of
from followups.digests.sending import page_of
from followups.digests.wording import Said, said
from followups.models import Digest
from nps_loop.people.models import User


@dataclass(frozen=True, slots=True)
class DigestPage:
    """`kinds` are those to choose from with their addresses, empty where there is but one; `wanted`: it is mailed."""

    kind: str
    kinds: list[tuple[str, str]]
    body: Said
    wanted: bool


def kind_for(user: User, asked: str) -> str | None:
    """The kind of digest that is asked for, where this person gets it, else the first they get; None: they get none."""
    kinds = _kinds(user)
    return next((kind for kind in kinds if kind == asked), kinds[0] if kinds else None)


def digest_page(user: User, kind: str, *, now: datetime) -> DigestPage:
    """Their digest of this kind as of `now`."""
    kinds = _kinds(user)
    return DigestPage(
        kind=kind,
        kinds=[(each, page_of(each)) for each in kinds] if len(kinds) > 1 else [],
        body=said(digest_of(user, kind, now=now), words=None),
        wanted=user.digest_mail,
    )


def switch_mail(user: User, *, on: bool) -> None:
    """Whether the digest comes by mail from now on."""
    User.objects.filter(pk=user.pk).update(digest_mail=on)


def _kinds(user: User) -> list[str]:
    return [kind for kind in Digest.Kind if scopes_of(user, kind)]
