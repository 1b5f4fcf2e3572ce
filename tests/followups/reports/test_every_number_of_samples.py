"""The same for the sample company that the demo shows: every number of every report page, for each of the log-ins."""

from __future__ import annotations

from typing import Any

import pytest

from tests.followups.reports import numbers
from tests.followups.reports.test_every_number import PAGES, short_pages
from tests.samples.conftest import Loaded, at_now, client_of, loaded

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now", "short_pages")]
__all__ = ["at_now", "loaded", "short_pages"]


@pytest.mark.parametrize("who", ["lead", *(pytest.param(who, marks=pytest.mark.full) for who in ("agent", "admin"))])
def test_every_number_of_the_sample_company(loaded: Loaded, who: str, capsys: Any) -> None:
    client = client_of(who)
    follower, wrong, held = numbers.Follower(client), [], 0
    for page in PAGES:
        if page == "people/" and who == "agent":
            continue
        answer = client.get(f"/reports/{page}")
        assert answer.status_code == 200
        found, n = numbers.wrong_numbers(answer.content.decode(), follower)
        wrong += [f"/reports/{page}: {line}" for line in found]
        held += n
    with capsys.disabled():
        print(f"\n{who}: {held} numbers held, {len(follower.counts)} lists opened")
    assert not wrong, "\n".join(wrong)
    assert held > 300
