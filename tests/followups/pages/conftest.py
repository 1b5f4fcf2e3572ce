"""What every page test starts from: a frozen clock, the cast, and somebody logged in."""

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from nps_loop.people.models import User
from tests.factories import NOW
from tests.followups.pages.cast import Cast, add_queue, make_cast


@pytest.fixture
def clock() -> Iterator[None]:
    """It is Tuesday 24 November 2026, 14:30."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast(db: None, clock: None) -> Cast:
    return make_cast(NOW)


@pytest.fixture
def queue(cast: Cast) -> Cast:
    """The cast with a ticket in every group of Hanna's queue."""
    add_queue(cast)
    return cast


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def hanna(cast: Cast) -> Client:
    return logged_in(cast.hanna)


@pytest.fixture
def lead(cast: Cast) -> Client:
    return logged_in(cast.lead)


def shown(client: Client, url: str, data: dict[str, str] | None = None) -> str:
    """The page at this address, which must be there."""
    answer = client.get(url, data)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()
