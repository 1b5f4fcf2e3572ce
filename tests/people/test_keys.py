"""API keys: made once, shown once, stored as a digest, dead when they should be."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from nps_loop.people.models import ApiKey
from tests.factories import NOW, make_user

pytestmark = pytest.mark.django_db


def create(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("create_api_key", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_command_prints_the_secret_and_nothing_else_of_it_is_kept(client: Client) -> None:
    out, err = create("CRM export", "--scope", "read")
    secret = out.strip()
    assert out == f"{secret}\n"
    assert "CRM export (read, npsl_" in err
    [row] = ApiKey.objects.values()
    assert secret not in str(row)
    assert (row["name"], row["scope"], len(row["digest"])) == ("CRM export", "read", 64)
    assert client.get("/api/v1/tickets/", headers={"Authorization": f"Bearer {secret}"}).status_code == 200


def test_a_key_may_belong_to_a_person(client: Client) -> None:
    user = make_user("Hanna Brandt")
    create("mine", "--scope", "write", "--user", user.username)
    assert ApiKey.objects.get().user == user
    with pytest.raises(CommandError, match="There is no active user named 'nobody'"):
        create("mine", "--scope", "write", "--user", "nobody")


@pytest.mark.parametrize(
    "arguments", [("x",), ("x", "--scope", "root"), (" ", "--scope", "read"), ("x" * 121, "--scope", "read")]
)
def test_a_key_needs_a_name_and_a_scope(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        create(*arguments)
    assert ApiKey.objects.count() == 0


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer {}x",
        "Bearer {upper}",
        "bearer\t{}",
        "Basic {}",
        "{}",
        "Bearer ü",
        "Token {}",
    ],
)
def test_only_the_very_secret_opens(header: str, client: Client) -> None:
    _key, secret = ApiKey.objects.issue("x", "read")
    value = header.format(secret, upper=secret.upper())
    status = client.get("/api/v1/tickets/", headers={"Authorization": value}).status_code
    assert status == (200 if header == "bearer\t{}" else 401)


def test_a_key_that_was_revoked_or_ran_out_opens_nothing() -> None:
    key, secret = ApiKey.objects.issue("x", "read", expires_at=NOW)
    assert ApiKey.objects.find(secret, now=NOW - timedelta(seconds=1)) == key
    assert ApiKey.objects.find(secret, now=NOW) is None
    ApiKey.objects.update(expires_at=None, revoked_at=NOW)
    assert ApiKey.objects.find(secret, now=NOW) is None
