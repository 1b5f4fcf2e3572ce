"""The translations are whole, say what the catalogue says, and lose none of the places a message has."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

catalogues = pytest.importorskip("nps_loop.catalogues", reason="Babel belongs to the lint group")


def test_every_message_has_its_words_in_every_language() -> None:
    assert catalogues.problems() == []


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A project of one template, with catalogues that do not know it."""
    shutil.copytree(catalogues.ROOT / "locale", tmp_path / "locale")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "a.html").write_text(
        "{% load i18n %}\n    {% translate 'Never seen' %}\n  {% blocktranslate with a=b %}With {{ a }}{% endblocktranslate %}"
    )
    return tmp_path


def test_a_message_without_words_is_named(copy: Path) -> None:
    wrong = catalogues.problems(copy)
    assert "de: no words for 'Never seen' (templates/a.html)" in wrong
    assert "fr: no words for 'With %(a)s' (templates/a.html)" in wrong


def test_what_only_colleagues_read_needs_its_words_too(copy: Path) -> None:
    (copy / "templates" / "followups").mkdir()
    (copy / "templates" / "followups" / "queue.html").write_text("{% load i18n %}{% translate 'Only here' %}")
    assert "es: no words for 'Only here' (templates/followups/queue.html)" in catalogues.problems(copy)


def test_what_is_missing_comes_with_room_and_is_filled_in_from_there(copy: Path) -> None:
    first, second = catalogues.missing(copy)
    assert first == {
        "place": "templates/a.html",
        "context": None,
        "words": "Never seen",
        "plural": None,
        "de": "",
        "es": "",
        "fr": "",
    }
    words = {"de": "Nie gesehen", "es": "Nunca visto", "fr": "Jamais vu"}
    with_name = {"de": "Mit %(a)s", "es": "Con %(a)s", "fr": "Avec %(a)s"}
    assert catalogues.fill([first | words, second | with_name], copy) == []
    assert catalogues.missing(copy) == []
    assert catalogues.problems(copy) == []
    assert catalogues.catalogue("de", copy).get("Never seen").string == "Nie gesehen"


def test_words_that_lose_a_place_or_a_form_are_not_taken(copy: Path) -> None:
    _first, second = catalogues.missing(copy)
    assert catalogues.fill([second | {"de": "Mit %(b)s", "es": ["Con %(a)s", "Con %(a)s"], "fr": ""}], copy) == [
        "de: the places differ in the words for 'With %(a)s'",
        "es: one form too many or too few in the words for 'With %(a)s'",
    ]
    assert len(catalogues.missing(copy)) == 2


def test_an_update_adds_the_new_and_drops_the_unused(copy: Path) -> None:
    catalogues.update(copy)
    kept = {message.id for message in catalogues.catalogue("de", copy) if message.id}
    assert kept == {"Never seen", "With %(a)s"}


COUNTED = "{% blocktranslate count n=n %}With {{ a }}{% plural %}With many {{ a }}{% endblocktranslate %}"
FORMS = {None: ["Mit %(a)s"], "With many %(a)s": ["Mit %(a)s", "Mit vielen %(a)s"]}


@pytest.mark.parametrize("before", [None, "With many %(a)s"], ids=["gets a plural", "loses its plural"])
def test_words_of_a_message_whose_forms_are_others_are_dropped_and_asked_for_anew(
    copy: Path, before: str | None
) -> None:
    page = copy / "templates" / "a.html"
    sources = {None: page.read_text(), "With many %(a)s": "{% load i18n %}" + COUNTED}
    [after] = sources.keys() - {before}

    def forms_kept() -> list[str]:
        string = catalogues.catalogue("de", copy).get("With %(a)s").string
        return [string] if isinstance(string, str) else list(string)

    page.write_text(sources[before])
    assert catalogues.fill([{"words": "With %(a)s", "plural": before, "de": FORMS[before]}], copy) == []
    assert forms_kept() == FORMS[before]
    page.write_text(sources[after])
    [asked] = [entry for entry in catalogues.missing(copy) if entry["words"] == "With %(a)s"]
    assert (asked["plural"], asked["de"]) == (after, ["", ""] if after else "")
    catalogues.update(copy)
    assert not any(forms_kept())
    assert catalogues.fill([asked | {"de": FORMS[after]}], copy) == []
    assert forms_kept() == FORMS[after]


def test_an_update_that_fails_leaves_every_file_as_it_was(copy: Path) -> None:
    files = sorted((copy / "locale").rglob("django.*"))
    before = [file.read_bytes() for file in files]
    # French comes last, when the others could have been written already.
    with pytest.raises(Exception, match="bytes"):
        catalogues.update(copy, {("fr", (None, "Never seen", None)): [b"no text"]})
    assert sorted((copy / "locale").rglob("django.*")) == files
    assert [file.read_bytes() for file in files] == before


def test_a_lost_place_and_a_stale_file_are_named(copy: Path) -> None:
    catalogues.update(copy)
    path = copy / "locale" / "de" / "LC_MESSAGES" / "django.po"
    path.write_text(path.read_text().replace('msgid "With %(a)s"\nmsgstr ""', 'msgid "With %(a)s"\nmsgstr "Mit %(b)s"'))
    wrong = catalogues.problems(copy)
    assert "de: the places differ in the words for 'With %(a)s'" in wrong
    assert any("django.mo is not what django.po says" in sentence for sentence in wrong)
