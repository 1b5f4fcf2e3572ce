"""The curve of waiting times, against cases worked out by hand and against what nobody may gain by."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followups.reports.survival import Spell, curve
from surveys.scoring import Z95

spells = st.lists(st.builds(Spell, seconds=st.integers(0, 40).map(float), happened=st.booleans()), max_size=60)


def test_without_anybody_waiting_the_curve_is_the_plain_share() -> None:
    found = curve([Spell(hours, True) for hours in (1, 2, 3, 4)])
    assert [(step.seconds, step.share) for step in found.steps] == [(1, 0.25), (2, 0.5), (3, 0.75), (4, 1.0)]
    assert found.reached(0.5) == 2
    assert found.reached(0.9) == 4


def test_whoever_waits_counts_as_long_as_they_have_waited() -> None:
    """Worked by hand: at 3 four are left (1 happened, 1 waited until 2), so 6/6 * 5/6 * 3/4 are not spoken to after 3."""
    found = curve([Spell(1, True), Spell(2, False), Spell(3, True), Spell(4, False), Spell(5, True), Spell(6, False)])
    assert [step.seconds for step in found.steps] == [1, 3, 5]
    assert [step.share for step in found.steps] == pytest.approx([1 / 6, 1 - 5 / 6 * 3 / 4, 1 - 5 / 6 * 3 / 4 * 1 / 2])
    assert found.reached(0.5) == 5
    assert found.reached(0.9) is None
    assert found.waiting == (2, 4, 6)


def test_a_published_example() -> None:
    """Remission of 21 patients on 6-MP (Freireich and others, 1963; in Kalbfleisch and Prentice, table 1.1)."""
    relapsed = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    still = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    found = curve([Spell(week, True) for week in relapsed] + [Spell(week, False) for week in still])
    survival = {step.seconds: round(1 - step.share, 4) for step in found.steps}
    assert survival == {6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378, 23: 0.4482}
    # Greenwood's error at week 10 is 0.0963 in every textbook; the interval is its log-log form.
    error = Z95 * 0.0963 / (0.7529 * abs(math.log(0.7529)))
    assert found.at(10).low == pytest.approx(1 - 0.7529 ** math.exp(-error), abs=2e-3)
    assert found.at(10).high == pytest.approx(1 - 0.7529 ** math.exp(error), abs=2e-3)


def test_at_reads_the_step_that_holds_at_a_moment() -> None:
    found = curve([Spell(10, True), Spell(20, True)])
    assert found.at(9.9).share == 0
    assert found.at(10).share == 0.5
    assert found.at(1_000).share == 1


def test_nobody_at_all_has_no_median() -> None:
    found = curve([])
    assert (found.n, found.events, found.steps, found.reached(0.5)) == (0, 0, (), None)


def test_a_contact_logged_before_the_answer_counts_as_none_of_the_time() -> None:
    assert curve([Spell(-5, True)]).reached(0.5) == 0


@given(spells)
def test_the_share_only_grows_and_stays_inside_its_interval(rows: list[Spell]) -> None:
    found = curve(rows)
    shares = [step.share for step in found.steps]
    assert shares == sorted(shares)
    assert all(
        0 <= step.low <= step.share + 1e-9 and step.share <= step.high + 1e-9 <= 1 + 2e-9 for step in found.steps
    )
    assert found.n == len(rows)
    assert found.events + len(found.waiting) == len(rows)


@given(spells, st.data())
def test_never_speaking_to_somebody_improves_nothing(rows: list[Spell], data: st.DataObject) -> None:
    """Turning a contact into a wait (left open, or dismissed) that lasts to now never lifts the curve anywhere."""
    now = 40.0
    spoken = [at for at, row in enumerate(rows) if row.happened]
    if not spoken:
        return
    worse = list(rows)
    worse[data.draw(st.sampled_from(spoken))] = Spell(now, False)
    before, after = curve(rows), curve(worse)
    assert all(after.at(second).share <= before.at(second).share + 1e-9 for second in range(41))
