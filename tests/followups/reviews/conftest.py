"""The clock stands still: it is Tuesday 24 November 2026, 14:30."""

from collections.abc import Iterator

import pytest
import time_machine

from tests.factories import NOW
from tests.followups.reviews.company import Company, make_company


@pytest.fixture
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def company(db: None, clock: None) -> Company:
    return make_company()
