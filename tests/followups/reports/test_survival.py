"""The curve of waiting times, against cases worked out by hand and against what nobody may gain by."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followups.reports.survival import Spell, curve, curve_of_counts
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


# --- against other programs and other ways to write it ---------------------------------------------------------


def thrown(seed: int, kinds: str = "happened waiting") -> list[Spell]:
    """Spells of all kinds; some seeds full of ties, some without any."""
    chance = random.Random(seed)
    size = chance.randint(1, 150)
    longest = chance.choice((8, 60, 10_000))
    found = []
    for _ in range(size):
        kind = chance.choice(kinds.split())
        found.append(Spell(float(chance.randint(0, longest)), kind == "happened", kind == "competed"))
    return found


@pytest.mark.filterwarnings("ignore:The confidence interval is undefined:RuntimeWarning")
@pytest.mark.parametrize("seed", range(50))
def test_where_nothing_competes_it_is_the_kaplan_meier_curve_of_scipy(seed: int) -> None:
    stats = pytest.importorskip("scipy.stats", reason="needs requirements-statistics.txt")
    rows = thrown(seed)
    found = curve(rows)
    if not found.events:
        assert found.steps == ()
        return
    data = stats.CensoredData(uncensored=found.happened, right=found.waiting)
    survival = stats.ecdf(data).sf
    band = survival.confidence_interval(confidence_level=0.95, method="log-log")
    for step in found.steps:
        assert step.share == pytest.approx(1 - survival.evaluate(step.seconds), abs=1e-9)
        if step.share < 1 - 1e-9:
            # Their 1.96 has more digits than ours.
            assert step.high == pytest.approx(1 - band.low.evaluate(step.seconds), abs=2e-5)
            assert step.low == pytest.approx(1 - band.high.evaluate(step.seconds), abs=2e-5)


def reweighted(rows: list[Spell], seconds: float) -> float:
    """The share by now, the other way round: each event counts for those who were lost to sight before it.

    Satten and Datta, "The Kaplan-Meier estimator as an inverse-probability-of-censoring weighted average", 2001.
    """
    waits = [row.seconds for row in rows if not row.happened and not row.competed]
    share = 0.0
    for row in rows:
        if row.happened and row.seconds <= seconds:
            seen = 1.0
            for lost_at in sorted(set(waits)):
                if lost_at < row.seconds:
                    # Whoever is lost at one moment is lost after whatever else happens at it.
                    still = sum(each.seconds > lost_at for each in rows) + waits.count(lost_at)
                    seen *= 1 - waits.count(lost_at) / still
            share += 1 / seen / len(rows)
    return share


def by_definition(rows: list[Spell], seconds: float) -> float:
    """The variance of the delta method, term by term for every moment by now."""
    moments = sorted({row.seconds for row in rows if row.seconds <= seconds and (row.happened or row.competed)})
    free, shares, terms = 1.0, [], []
    for at in moments:
        n = sum(row.seconds >= at for row in rows)
        d = sum(row.seconds == at and row.happened for row in rows)
        ended = sum(row.seconds == at and (row.happened or row.competed) for row in rows)
        shares.append((shares[-1] if shares else 0.0) + free * d / n)
        terms.append((n, d, ended, free))
        free *= 1 - ended / n
    last = shares[-1]
    found = 0.0
    for share, (n, d, ended, before) in zip(shares, terms, strict=True):
        if ended < n:
            found += (last - share) ** 2 * ended / (n * (n - ended))
        found += before**2 * d * (n - d) / n**3
        found -= 2 * (last - share) * before * d / n**2
    return found


@pytest.mark.parametrize("seed", range(50))
def test_with_dismissals_it_equals_an_estimator_written_another_way(seed: int) -> None:
    rows = thrown(seed, "happened happened competed waiting")
    found = curve(rows)
    for step in found.steps:
        assert step.share == pytest.approx(reweighted(rows, step.seconds), abs=1e-9)
        if step.share < 1 - 1e-9:
            spread = Z95 * math.sqrt(by_definition(rows, step.seconds))
            error = spread / ((1 - step.share) * abs(math.log(1 - step.share)))
            assert step.low == pytest.approx(1 - (1 - step.share) ** math.exp(-error), abs=1e-7)
            assert step.high == pytest.approx(1 - (1 - step.share) ** math.exp(error), abs=1e-7)


def test_without_anybody_lost_to_sight_the_variance_is_that_of_a_plain_share() -> None:
    rows = [Spell(float(n), n % 3 == 0, n % 3 != 0) for n in range(1, 60)] + [Spell(100.0, False)] * 20
    share = curve(rows).at(60).share
    assert by_definition(rows, 60) == pytest.approx(share * (1 - share) / len(rows))


@given(
    st.lists(st.builds(Spell, seconds=st.integers(0, 40).map(float), happened=st.booleans(), competed=st.booleans()))
)
def test_counts_say_what_their_spells_say(rows: list[Spell]) -> None:
    happened = Counter(row.seconds for row in rows if row.happened)
    competed = Counter(row.seconds for row in rows if row.competed and not row.happened)
    waiting = Counter(row.seconds for row in rows if not row.happened and not row.competed)
    assert curve_of_counts(happened, waiting, competed) == curve(rows)


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        curve_of_counts({1.0: 2}, {2.0: -1})


def test_as_a_competing_event_a_dismissal_lifts_the_curve_and_as_a_wait_until_now_it_does_not() -> None:
    """Why the reports hand it no dismissals; the case is the one of the module's own words."""
    young, spoken_to = Spell(2, False), Spell(3, True)
    left_open, dismissed = Spell(10, False), Spell(1, False, competed=True)
    assert curve([young, spoken_to, left_open]).at(3).share == pytest.approx(1 / 2)
    assert curve([young, spoken_to, dismissed]).at(3).share == pytest.approx(2 / 3)


def test_both_estimate_the_same_share() -> None:
    """Of many tickets of every age: dismissed ones as competing, and as waiting until now, are within chance."""
    chance = random.Random(4)
    as_competing, as_waiting, spoken_to = [], [], 0
    for _ in range(40_000):
        contact, dismissal, now = chance.expovariate(1 / 30), chance.expovariate(1 / 50), chance.uniform(0, 200)
        spoken_to += contact < dismissal and contact <= 48
        ended = min(contact, dismissal, now)
        as_competing.append(Spell(ended, ended == contact, ended == dismissal))
        as_waiting.append(Spell(contact, True) if ended == contact else Spell(now, False))
    for rows in (as_competing, as_waiting):
        assert curve(rows).at(48).share == pytest.approx(spoken_to / 40_000, abs=0.01)


@given(spells, st.sampled_from((0.5, 0.9)))
def test_the_interval_of_a_median_holds_it(rows: list[Spell], share: float) -> None:
    found = curve(rows)
    first, last = found.reached_between(share)
    at = found.reached(share)
    assert at is None or (first is not None and first <= at)
    assert last is None or (at is not None and at <= last)


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_the_interval_of_a_median_holds_the_true_one_as_often_as_it_says(share: float) -> None:
    chance = random.Random(17)
    true = -30 * math.log(1 - share)
    held = 0
    for _ in range(1_000):
        waits = [(chance.expovariate(1 / 30), chance.uniform(20, 200)) for _ in range(60)]
        found = curve(Spell(min(contact, now), contact <= now) for contact, now in waits)
        first, last = found.reached_between(share)
        held += (first is None or first <= true) and (last is None or true <= last) and first is not None
    # Three Monte Carlo errors are 2 points. The 54th of 60 rests on few, and the interval is wide rather than narrow.
    assert 930 <= held <= 985
