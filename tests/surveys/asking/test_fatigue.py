"""Which rule stops an invitation, over random histories."""

import math
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.asking.fatigue import Asked, Asking, Person, is_drawn, rule_against
from surveys.models import Invitation
from tests.factories import DAY, HOUR, NOW

Rule, Cause = Invitation.Rule, Invitation.Cause

ASKING = Asking(survey_id=1, cause=Cause.CADENCE, at=NOW)
PERSON = Person(contact_id=7, address="marta@client.example")

moments = st.integers(-400 * 24, 0).map(lambda hours: NOW + hours * HOUR)
asked = st.lists(st.builds(Asked, at=moments, rest_days=st.integers(7, 365)), max_size=6).map(tuple)
people = st.builds(
    Person,
    contact_id=st.integers(1, 10**6),
    address=st.sampled_from(["", "marta@client.example"]),
    is_erased=st.booleans(),
    is_merged=st.booleans(),
    do_not_contact=st.booleans(),
    is_own_staff=st.booleans(),
    stopped_as=st.sampled_from(["", "unsubscribed", "bounced", "complained", "do_not_contact", "erased"]),
    has_open_case=st.booleans(),
    left_in_peace=st.booleans(),
    asked=asked,
    answered=st.lists(moments, max_size=4).map(tuple),
    asked_at_account=st.lists(st.tuples(st.integers(1, 20), moments), max_size=8).map(tuple),
)
askings = st.builds(
    Asking,
    survey_id=st.integers(1, 50),
    cause=st.sampled_from(Cause.values),
    at=st.integers(0, 60 * 24).map(lambda hours: NOW + hours * HOUR),
    is_sent=st.booleans(),
    reference=st.sampled_from(["round:2026-11-24", "O-1"]),
    share=st.integers(1, 100),
    rest_days=st.integers(7, 365),
    account_most=st.none() | st.integers(1, 5),
)


@given(askings, people)
def test_whoever_is_asked_may_be_asked(asking, person):
    if rule_against(asking, person):
        return
    assert asking.is_sent
    assert not (person.is_erased or person.is_merged or person.do_not_contact or person.is_own_staff)
    assert person.address and not person.stopped_as
    assert not person.has_open_case
    assert not (person.left_in_peace and asking.cause == Cause.RECOVERY)
    rest = timedelta(days=asking.rest_days)
    assert all(asking.at - each.at >= rest for each in person.asked)
    assert all(asking.at - each.at >= timedelta(days=each.rest_days) for each in person.asked)
    assert all(asking.at - at >= rest for at in person.answered)
    if asking.account_most is not None:
        others = {other for other, at in person.asked_at_account if asking.at - at < rest} - {person.contact_id}
        assert len(others) < asking.account_most


@given(askings, people)
def test_looking_twice_says_the_same_and_a_rule_that_exists(asking, person):
    assert rule_against(asking, person) == rule_against(asking, person)
    assert rule_against(asking, person) in Rule.values


@given(askings, people, st.sampled_from(["unsubscribed", "bounced", "complained", "do_not_contact", "erased"]))
def test_nobody_who_is_suppressed_is_asked_whatever_else_is_known(asking, person, reason):
    assert rule_against(asking, replace(person, stopped_as=reason))


@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 3), st.integers(7, 120)), min_size=1, max_size=60),
    st.integers(7, 120),
)
def test_over_a_life_of_wishes_no_two_leave_within_the_days_of_rest(wishes, shortest):
    """Several surveys want the same person on any days: what leaves is never closer than the longer of two rests."""
    sent: list[Asked] = []
    for day, survey, rest in sorted(wishes):
        rest_days = max(rest, shortest)
        asking = replace(ASKING, survey_id=survey, at=NOW + day * DAY, rest_days=rest_days)
        if not rule_against(asking, replace(PERSON, asked=tuple(sent))):
            sent.append(Asked(asking.at, rest_days))
    for earlier, later in zip(sent, sent[1:], strict=False):
        assert later.at - earlier.at >= timedelta(days=max(earlier.rest_days, later.rest_days, shortest))


@given(st.lists(people, min_size=2, max_size=8, unique_by=lambda person: person.contact_id), st.randoms())
def test_without_a_cap_of_the_account_the_order_of_the_people_does_not_matter(candidates, random):
    def asked_of(order):
        return {person.contact_id: rule_against(ASKING, person) for person in order}

    shuffled = list(candidates)
    random.shuffle(shuffled)
    assert asked_of(shuffled) == asked_of(candidates)


@pytest.mark.parametrize("share", [1, 10, 50, 90])
def test_the_share_that_is_drawn_is_the_share_that_was_meant(share):
    n = 20_000
    asking = replace(ASKING, share=share, reference="round:2026-11-24")
    drawn = sum(is_drawn(asking, contact) for contact in range(n))
    p = share / 100
    # Five standard deviations of a binomial: a hash that is fair passes, always with these fixed words.
    assert abs(drawn - n * p) < 5 * math.sqrt(n * p * (1 - p))


def test_another_round_draws_anew():
    one, two = (replace(ASKING, share=50, reference=f"round:{n}") for n in (1, 2))
    same = sum(is_drawn(one, contact) == is_drawn(two, contact) for contact in range(10_000))
    assert 4_500 < same < 5_500


@pytest.mark.parametrize(
    ("asking", "person", "rule"),
    [
        ({"is_sent": False}, {"is_erased": True}, Rule.SWITCHED_OFF),
        ({"fresh_until": NOW - HOUR}, {}, Rule.TOO_LATE),
        ({}, {"is_erased": True, "do_not_contact": True}, Rule.ERASED),
        ({}, {"is_merged": True}, Rule.MERGED),
        ({}, {"do_not_contact": True, "has_open_case": True}, Rule.DO_NOT_CONTACT),
        ({"cause": Cause.RECOVERY}, {"left_in_peace": True}, Rule.LEFT_IN_PEACE),
        ({"cause": Cause.CADENCE}, {"left_in_peace": True}, Rule.NONE),
        ({}, {"address": ""}, Rule.NO_ADDRESS),
        ({}, {"stopped_as": "unsubscribed"}, Rule.SUPPRESSED),
        ({}, {"stopped_as": "complained"}, Rule.SUPPRESSED),
        ({}, {"stopped_as": "bounced"}, Rule.BOUNCED),
        ({}, {"is_own_staff": True}, Rule.OWN_STAFF),
        ({}, {"has_open_case": True}, Rule.OPEN_CASE),
        ({}, {"asked": (Asked(NOW - 29 * DAY, 30),)}, Rule.RESTING),
        ({}, {"asked": (Asked(NOW - 30 * DAY, 30),)}, Rule.NONE),
        ({}, {"asked": (Asked(NOW - 60 * DAY, 90),)}, Rule.RESTING),
        ({}, {"answered": (NOW - 5 * DAY,)}, Rule.ANSWERED_LATELY),
        ({"account_most": 1}, {"asked_at_account": ((8, NOW - DAY),)}, Rule.ACCOUNT_RESTING),
        ({"account_most": 1}, {"asked_at_account": ((8, NOW - 31 * DAY),)}, Rule.NONE),
        ({"account_most": 1}, {"asked_at_account": ((7, NOW - DAY),)}, Rule.NONE),
    ],
)
def test_the_first_rule_that_fits_is_the_one_that_is_kept(asking, person, rule):
    assert rule_against(replace(ASKING, **asking), replace(PERSON, **person)) == rule
