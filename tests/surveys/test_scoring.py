"""Reading a score, its band, and the figures made of many."""

import csv
import math
import random
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from surveys.scoring import (
    BadScore,
    Band,
    BlankScore,
    band,
    difference,
    enough,
    looks_like_nps,
    nps,
    parse_score,
    proportion_interval,
)

counts = st.integers(0, 5_000)


def test_bands_are_the_ones_everybody_means():
    assert [band(score) for score in range(11)] == [Band.DETRACTOR] * 7 + [Band.PASSIVE] * 2 + [Band.PROMOTER] * 2


@pytest.mark.parametrize("score", [-1, 11])
def test_no_band_outside_the_scale(score):
    with pytest.raises(ValueError, match="0 to 10"):
        band(score)


@pytest.mark.parametrize(
    "raw",
    [
        9,
        9.0,
        Decimal("9"),
        Decimal("9.00"),
        "9",
        "9.0",
        "9.00",
        " 9 ",
        "9\n",
        "\t9.0",
        "9 - words",
        "9 – likely",
        "9 — so",
    ],
)
def test_a_nine_is_read_however_it_is_written(raw):
    assert parse_score(raw) == 9


@pytest.mark.parametrize(
    ("raw", "score"),
    [
        ("10 - extremely likely", 10),
        ("0 - Not at all likely", 0),
        ("10.0", 10),
        ("0", 0),
        (0, 0),
        (-0.0, 0),
        ("0.0", 0),
    ],
)
def test_labelled_ends_and_edges_are_read(raw, score):
    assert parse_score(raw) == score


@given(st.integers(0, 10), st.sampled_from(["{}", "{}.0", " {} ", "{} - words", "{}.000"]))
def test_every_score_is_read_in_every_accepted_shape(score, shape):
    assert parse_score(shape.format(score)) == score


@pytest.mark.parametrize(
    "raw",
    [None, "", " ", "   ", "\t", "\u00a0", "NA", "na", "N/A", "NaN", "null", "None", "-", "—", "#N/A", float("nan"),
     Decimal("NaN"), Decimal("sNaN")],
)  # fmt: skip
def test_a_blank_is_blank_and_never_zero(raw):
    with pytest.raises(BlankScore):
        parse_score(raw)


@pytest.mark.parametrize(
    "raw",
    [True, False, 7.5, "7.5", "9,0", 11, -1, "11", "-1", "+9", "09", "1e1", "0x9", "nine", "９", "٩", "9/10", "9.",
     ".9", "5-star", "7 - 8", "7 - 8 points", "9 -", "9 - ", "9 - !!!", "9 words", "10%", "9 9", [9], {"score": 9},
     b"9", object(), float("inf"), -float("inf"), 10**400, Decimal("1e999999"), Decimal("7.5"), "9\x00", "\ud800",
     "9" * 5_000, 1e-300],
)  # fmt: skip
def test_everything_else_is_refused_with_a_reason_in_one_short_line(raw):
    with pytest.raises(BadScore) as refused:
        parse_score(raw)
    assert not isinstance(refused.value, BlankScore)
    assert 10 < len(refused.value.reason) < 200
    assert "\n" not in refused.value.reason
    refused.value.reason.encode()  # a lone surrogate in a reason could not be stored


def test_a_reason_names_what_was_read():
    with pytest.raises(BadScore) as refused:
        parse_score(" seven or so ")
    assert refused.value.reason == "A score is a whole number from 0 to 10; this is 'seven or so'."
    with pytest.raises(BadScore) as refused:
        parse_score(7.5)
    assert refused.value.reason == "A score is a whole number; this is 7.5."


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.binary(), st.decimals()))
def test_whatever_comes_is_a_score_or_a_reason(raw):
    try:
        score = parse_score(raw)
    except BadScore as refused:
        assert refused.reason
    else:
        assert type(score) is int
        assert 0 <= score <= 10


# --- many scores -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("promoters", "passives", "detractors", "value"),
    [(2309, 972, 1719, 11.80), (9404, 3661, 7203, 10.86), (74, 75, 35, 21.20), (8, 9, 22, -35.90), (3, 1, 1, 40.00)],
)
def test_nps_of_real_counts_is_the_published_one(promoters, passives, detractors, value):
    assert nps(promoters, passives, detractors).value == pytest.approx(value, abs=0.005)


def test_the_interval_follows_the_formula():
    # By hand from the formula of the source: n' = 13, p' = 8.75/13, d' = 0.75/13.
    figure = nps(8, 2, 0)
    p, d = 8.75 / 13, 0.75 / 13
    margin = 100 * 1.96 * math.sqrt((p + d - (p - d) ** 2) / 13)
    assert figure.margin == pytest.approx(margin)
    assert figure.low == pytest.approx(100 * (p - d) - margin)
    assert figure.high == pytest.approx(100 * (p - d) + margin)


def test_no_answers_have_no_figure():
    figure = nps(0, 0, 0)
    assert (figure.n, figure.value, figure.low, figure.high, figure.margin) == (0, None, None, None, None)


@given(counts, counts, counts)
@example(1, 0, 0)
@example(0, 0, 1)
def test_a_figure_lies_in_its_interval_and_on_the_scale(promoters, passives, detractors):
    figure = nps(promoters, passives, detractors)
    assert figure.n == promoters + passives + detractors
    if figure.n:
        assert -100 <= figure.low <= figure.value <= figure.high <= 100


@given(counts, counts, counts)
def test_turning_the_bands_round_turns_the_figure_round(promoters, passives, detractors):
    one, other = nps(promoters, passives, detractors), nps(detractors, passives, promoters)
    if one.n:
        assert one.value == -other.value
        assert one.low == pytest.approx(-other.high)


def test_negative_counts_are_refused():
    with pytest.raises(ValueError, match="negative"):
        nps(-1, 2, 3)


@pytest.mark.parametrize("n", [10, 20, 30, 100])
@pytest.mark.parametrize(("p", "d"), [(0.70, 0.05), (0.40, 0.30), (0.10, 0.60), (0.33, 0.33)])
def test_the_interval_holds_the_truth_in_95_of_100_samples(n, p, d):
    draw = random.Random(f"{n} {p} {d}")
    rounds, held = 2_000, 0
    for _ in range(rounds):
        drawn = Counter(draw.choices("PND", weights=(p, 1 - p - d, d), k=n))
        figure = nps(drawn["P"], drawn["N"], drawn["D"])
        held += figure.low <= 100 * (p - d) <= figure.high
    # Nominal 95 %; the sampling error of 2,000 rounds is half a point, and small samples come in steps.
    assert 0.93 <= held / rounds <= 0.99


def test_the_plain_interval_would_fail_where_the_adjusted_one_holds():
    # So that the test above is known to be able to fail: at n = 10 and a true +65 the plain one holds in 86 of 100.
    draw = random.Random(65)
    plain = 0
    for _ in range(2_000):
        drawn = Counter(draw.choices("PND", weights=(0.70, 0.25, 0.05), k=10))
        p, d = drawn["P"] / 10, drawn["D"] / 10
        plain += abs(p - d - 0.65) <= 1.96 * math.sqrt((p + d - (p - d) ** 2) / 10)
    assert plain / 2_000 < 0.90


def test_twenty_answers_are_enough_and_nineteen_are_not():
    assert enough(20)
    assert not enough(19)
    assert nps(20, 0, 0).is_enough
    assert not nps(19, 0, 0).is_enough


def test_a_large_drop_over_many_answers_is_no_chance():
    dropped = difference(nps(100, 100, 200), nps(200, 100, 100))
    assert dropped.value == -50
    assert not dropped.may_be_chance
    assert dropped.low < -50 < dropped.high < 0


def test_the_same_drop_over_a_handful_may_be_chance():
    assert difference(nps(2, 2, 4), nps(4, 2, 2)).may_be_chance


def test_a_difference_that_reads_as_chance_is_called_so():
    # The adjusted interval leaves zero out (-51 to -5), but what a page prints is -20 ± 23.
    unequal = difference(nps(13, 7, 0), nps(900, 50, 50))
    assert unequal.high < 0
    assert abs(unequal.value) < unequal.margin
    assert unequal.may_be_chance


def test_a_difference_to_nothing_may_be_chance_and_has_no_value():
    assert difference(nps(5, 5, 5), nps(0, 0, 0)).value is None
    assert difference(nps(0, 0, 0), nps(5, 5, 5)).may_be_chance


@given(counts, counts, counts, counts, counts, counts)
def test_a_difference_reads_the_same_from_both_sides(a, b, c, d, e, f):
    one, other = difference(nps(a, b, c), nps(d, e, f)), difference(nps(d, e, f), nps(a, b, c))
    assert one.may_be_chance == other.may_be_chance
    if one.value is not None:
        assert one.value == pytest.approx(-other.value)
        assert one.low <= one.value <= one.high
        if not one.may_be_chance:
            # What is printed as "17 ± 18" never reads as certain.
            assert abs(one.value) > one.margin


def test_noise_is_rarely_taken_for_a_change():
    draw = random.Random(7)
    alarms = 0
    for _ in range(2_000):
        a, b = (Counter(draw.choices("PND", weights=(0.4, 0.3, 0.3), k=60)) for _ in "ab")
        alarms += not difference(nps(a["P"], a["N"], a["D"]), nps(b["P"], b["N"], b["D"])).may_be_chance
    assert alarms / 2_000 <= 0.06


def test_a_rate_has_the_wilson_interval():
    # 8 of 10: 49.0 % to 94.3 %, as in Wilson's tables.
    low, high = proportion_interval(8, 10)
    assert low == pytest.approx(0.490, abs=0.0005)
    assert high == pytest.approx(0.943, abs=0.0005)
    assert proportion_interval(0, 0) == (0.0, 1.0)


@given(st.integers(0, 100_000), st.integers(0, 100_000))
def test_a_rate_lies_in_its_interval(k, rest):
    low, high = proportion_interval(k, k + rest)
    assert 0 <= low <= high <= 1
    if k + rest:
        assert low <= k / (k + rest) <= high


@pytest.mark.parametrize(("k", "n"), [(-1, 5), (6, 5)])
def test_a_part_larger_than_the_whole_is_refused(k, n):
    with pytest.raises(ValueError, match="part"):
        proportion_interval(k, n)


# --- does a column hold scores? --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "says"),
    [
        ({1: 4}, "thumbs"),
        ({0: 2, 1: 2}, "thumbs"),
        ({1: 2, 2: 1, 5: 3}, "stars"),
        ({1: 5, 4: 9, 7: 20}, "highest of 34 answers is 7"),
        ({0: 10, 6: 10}, "highest of 20 answers is 6"),
        ({0: 30, 10: 30}, "nothing but 0, 10"),
        ({9: 40}, "nothing but 9"),
        ({35: 10, 87: 10, 9: 2}, "outside"),
        ({}, "no number"),
        ({9: 0}, "no number"),
    ],
)
def test_another_scale_is_told_apart(seen, says):
    reason = looks_like_nps(Counter(seen))
    assert reason is not None
    assert says in reason
    assert "\n" not in reason


@pytest.mark.parametrize(
    "seen",
    [
        {10: 1, 9: 2, 8: 1, 6: 1},
        {3: 1},
        {0: 1},
        {2: 1, 6: 1, 3: 1},
        {7: 3, 8: 2},
        {0: 5, 5: 5, 10: 10},
        {8: 10, 9: 30, 10: 60, 7: 1},
        {**dict.fromkeys(range(11), 50), 99: 1, -1: 2},
    ],
)
def test_scores_pass_few_or_many(seen):
    assert looks_like_nps(Counter(seen)) is None


@pytest.mark.parametrize(
    ("name", "column", "separator"),
    [
        ("bank-npstimeseries__rxzx115.csv", "rating", ","),
        ("saas-20k__julioverdugo.csv", "score", ","),
        ("esim-holafly__nps_dataset.csv", "nps_score", ","),
        ("airlines-prepbench122__input_01.csv", "How likely are you to recommend this airline?", ","),
        ("airlines-prepbench122__input_02.csv", "How likely are you to recommend this airline?", ","),
        ("event-sudzilla-prepbench040__input_01.csv", "On a scale of 0-10, how would you rate Sudzilla?", ","),
        ("semicolon-ifood-devweek__feedbacks.example.csv", "grade", ";"),
        ("cms-multilingual__vinaysaraswat33_nps_responses.csv", "score", ","),
    ],
)
def test_real_scores_pass(real_data: Path, name, column, separator):
    assert looks_like_nps(_seen(real_data / name, column, separator)) is None


def test_real_thumbs_do_not_pass(real_data: Path):
    seen = _seen(real_data / "gsa-touchpoints__sample_cx_responses_upload_with_bom.csv", "question_1", ",")
    assert "thumbs" in (looks_like_nps(seen) or "")


def _seen(file: Path, column: str, separator: str) -> Counter[int]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return Counter(parse_score(row[column]) for row in csv.DictReader(opened, delimiter=separator))
