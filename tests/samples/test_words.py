"""What the sample customers say does only what it is meant to: no word of it puts a hold or a doubt where none is planned."""

from __future__ import annotations

from random import Random

import pytest

from followups.holds import hold_words
from followups.naming import colleague_named
from followups.seeds import COMPLAINT_WORDS
from nps_loop.samples.company import COLLEAGUES
from nps_loop.samples.hard_days import HARD_DAYS
from nps_loop.samples.words import LANGUAGES, Voice
from nps_loop.samples.words.diary import WORDS, long_story
from nps_loop.samples.words.remedies import CAUSES, REMEDIES
from surveys.quoting import disagree
from surveys.scoring import Band

SCORE = {Band.DETRACTOR: 2, Band.PASSIVE: 7, Band.PROMOTER: 10}
TEXTS = [
    (language, band, f"{text} {tail}".strip())
    for language, words in LANGUAGES.items()
    for band in Band
    for texts, tails in [words.mood(band)]
    for each in texts.values()
    for text in each
    for tail in ("", *tails)
]


def test_there_are_enough_of_them_and_none_twice() -> None:
    assert len({text for _language, _band, text in TEXTS}) == len(TEXTS) > 900


def test_no_word_puts_a_hold_on_a_case() -> None:
    assert [text for _language, _band, text in TEXTS if hold_words(text)] == []


def test_no_promoter_complains_by_accident() -> None:
    happy = [text for _language, band, text in TEXTS if band is Band.PROMOTER]
    assert [text for text in happy if hold_words(text, COMPLAINT_WORDS)] == []


def test_words_and_score_fit() -> None:
    assert [text for _language, band, text in TEXTS if disagree(SCORE[band], text)] == []


def test_nobody_is_named_by_accident() -> None:
    names = {number: tuple(one.name.split(" ", 1)) for number, one in enumerate(COLLEAGUES)}
    assert [text for _language, _band, text in TEXTS if colleague_named(text, names)] == []


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_topic_has_a_remedy_in_every_language(language: str) -> None:
    topics = {topic for band in Band for topic in LANGUAGES[language].mood(band)[0]}
    assert topics <= set(REMEDIES[language]) == set(CAUSES)
    assert all(len(remedy.title) <= 300 for remedy in REMEDIES[language].values())


def test_a_voice_never_repeats_itself() -> None:
    voice = Voice(Random(1))
    said = [voice.say("fr", Band.PROMOTER, ("people", "taste"))[1] for _ in range(60)]
    spoken = [words for words in said if words]
    assert len(set(spoken)) == len(spoken) >= 20


def test_the_long_story_is_long_and_the_same_each_time() -> None:
    assert len(long_story().split()) >= WORDS
    assert long_story() == long_story()
    assert hold_words(long_story()) is None


def test_hard_days_have_names_of_their_own() -> None:
    slugs = [day.slug for day in HARD_DAYS]
    assert len(slugs) == len(set(slugs)) >= 20
    keys = [answer.key for day in HARD_DAYS for answer in day.plan(_some_moment())]
    assert len(keys) == len(set(keys))


def _some_moment():  # type: ignore[no-untyped-def]
    from tests.factories import NOW

    return NOW
