"""One company on one running system for the tests of a module; each test brings customers of its own."""

from collections.abc import Iterator

import pytest

from tests.conftest import running_sink
from tests.journeys.company import Company
from tests.stack import Stack


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    # The sweep comes as seldom as in a deployment: what is quick here is quick by the doorbell.
    with running_sink() as sink, Stack(email_url=sink.url, sweep_seconds=30) as stack:
        yield Company(stack, sink)
