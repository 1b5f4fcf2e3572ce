"""Answers that are no customer's: our own staff, and addresses made for trying things out. Recorded, not counted."""

from __future__ import annotations

from collections.abc import Collection

from surveys.identity import is_test_address, normalise_email
from surveys.models import Response

Exclusion = Response.Exclusion


def exclusion_of(email: str, own_domains: Collection[str]) -> tuple[Exclusion, str]:
    """Why an answer from this address does not count in NPS, with the reason in words; (NONE, "") where it does.

    `own_domains` are in small letters; a subdomain of one is ours as well.
    """
    address = normalise_email(email) if email else ""
    if not address:
        return Exclusion.NONE, ""
    domain = address.rpartition("@")[2]
    for own in own_domains:
        if domain == own or domain.endswith(f".{own}"):
            return Exclusion.OWN_STAFF, f"The address is of our own domain {own}."[:200]
    if is_test_address(address):
        return Exclusion.TEST, "The address is one for trying things out."
    return Exclusion.NONE, ""
