"""One company on one running system for the tests of a module; each test brings customers of its own."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from tests.conftest import running_sink
from tests.journeys.company import Company
from tests.journeys.places import Cast
from tests.journeys.rows import fill
from tests.stack import Stack


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    # The sweep comes as seldom as in a deployment: what is quick here is quick by the doorbell.
    with running_sink() as sink, Stack(email_url=sink.url, sweep_seconds=30) as stack:
        yield Company(stack, sink)


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """The people whose pages are looked at, with rows for each of them."""
    return fill(timezone.now())
