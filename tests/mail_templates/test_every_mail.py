"""Every kind of mail in every language: whole, unescaped where it is text, escaped where it is HTML, and translated."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.template import engines
from django.template.backends.django import DjangoTemplates
from django.utils import translation

from tests.mail_templates.samples import CUSTOMER_KINDS, KINDS, LANGUAGES, STAFF_KINDS, context

UNFILLED = "~unfilled~"
AUTOMATIC = [
    "acknowledgement",
    "acknowledgement_passive",
    "reopened",
    "hand_over",
    "reminder",
    "promoter_thanks",
    "left_in_peace_thanks",
]
AUTOMATIC += ["invitation", "invitation_reminder", "recovery_question"]
WITHOUT_WORDS = ["hand_over", "delay", "invitation", "invitation_reminder"]
SAYS_AUTOMATIC = {"en": "automatic", "de": "automatisch", "es": "automátic", "fr": "automatique"}
every_mail = pytest.mark.parametrize(("kind", "language"), [(k, lang) for k in KINDS for lang in LANGUAGES])


@pytest.fixture(scope="module")
def strict() -> DjangoTemplates:
    """The project's engine, except that a variable nobody filled shows in what it renders."""
    options = engines["django"].engine
    return DjangoTemplates(
        {
            "NAME": "strict",
            "DIRS": options.dirs,
            "APP_DIRS": True,
            "OPTIONS": {"string_if_invalid": UNFILLED},
        }
    )


def rendered(engine: DjangoTemplates, kind: str, filled: dict[str, Any]) -> tuple[str, str, str]:
    """Subject, text and HTML as they would be kept in the outbox."""
    with translation.override(filled["language"]):
        subject, text, page = (
            engine.get_template(f"emails/{kind}/{name}").render(dict(filled))
            for name in ("subject.txt", "body.txt", "body.html")
        )
    return subject.rstrip("\n"), text, page


def plain(page: str) -> str:
    """The words of an HTML mail in reading order, without its head, its preview line and its comments."""
    body = re.sub(r"(?s)<!--.*?-->", " ", page[page.index("<header>") :])
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


@every_mail
def test_nothing_is_left_unfilled(strict: DjangoTemplates, kind: str, language: str) -> None:
    for part in rendered(strict, kind, context(kind, language)):
        assert UNFILLED not in part
        assert "{{" not in part and "{%" not in part and "%(" not in part


@every_mail
def test_subject_and_text_hold_no_entities(strict: DjangoTemplates, kind: str, language: str) -> None:
    subject, text, page = rendered(strict, kind, context(kind, language))
    for part in (subject, text):
        assert not re.search(r"&(amp|lt|gt|quot|#x?\w+);", part)
    assert "<b>Stille" not in page
    if kind not in WITHOUT_WORDS:
        assert "<b>Stille</b> &" in text
        assert "&lt;b&gt;Stille&lt;/b&gt; &amp;" in page


# What stands in a customer's, a company's and a colleague's name, as it must be read and as HTML must write it.
ODD = "O'Brien & Söhne <x>"
ODD_IN_HTML = html.escape(ODD)
FOLDERS = sorted(path.name for path in (Path(settings.BASE_DIR) / "templates" / "emails").iterdir() if path.is_dir())


def test_every_folder_of_mails_has_a_sample() -> None:
    assert sorted(KINDS) == FOLDERS


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", FOLDERS)
def test_odd_names_are_read_as_they_are_everywhere(strict: DjangoTemplates, kind: str, language: str) -> None:
    filled = context(kind, language, contact_name=ODD, salutation_name=ODD, account_name=ODD, quote=f"{ODD} says so.")
    filled["owner"] = {"name": ODD, "title": ODD, "phone": ODD, "looks_after": True}
    filled["brand"] = filled["brand"] | {"name": ODD, "legal_footer": ODD}
    filled |= {name: ODD for name in ("who", "old_owner", "heading") if name in filled}
    subject, text, page = rendered(strict, kind, filled)
    for part in (subject, text):
        assert not re.search(r"&(amp|lt|gt|quot|#x?\w+);", part)
        # Every name is whole wherever one begins; a line may end within it.
        said = " ".join(" ".join(line.removeprefix("> ") for line in part.splitlines()).split())
        assert said.count("O'Brien") == said.count(ODD)
    assert "&amp;amp;" not in page and "&amp;#x27;" not in page and "&amp;lt;" not in page
    assert "<x>" not in page and "O'Brien" not in page
    assert page.count("O&#x27;Brien") == page.count(ODD_IN_HTML) > 0


@every_mail
def test_subject_is_one_line_of_bearable_length(strict: DjangoTemplates, kind: str, language: str) -> None:
    subject, _, _ = rendered(strict, kind, context(kind, language))
    assert subject == " ".join(subject.split())
    assert 10 <= len(subject) <= 150


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_with_a_line_break_cannot_add_a_header(strict: DjangoTemplates, kind: str) -> None:
    evil = "Eve\r\nBcc: all@example.com"
    filled = context(kind, "en", about=evil, account_name=evil, contact_name=evil, who=evil, subject=evil)
    filled["owner"] = filled["owner"] | {"name": evil}
    subject, _, _ = rendered(strict, kind, filled)
    assert "\n" not in subject and "\r" not in subject


@every_mail
def test_text_lines_are_short_unless_they_hold_a_link(strict: DjangoTemplates, kind: str, language: str) -> None:
    _, text, _ = rendered(strict, kind, context(kind, language))
    assert [line for line in text.splitlines() if len(line) > 72 and "http" not in line] == []
    assert "\n\n\n" not in text


@every_mail
def test_html_and_text_say_the_same_in_the_same_order(strict: DjangoTemplates, kind: str, language: str) -> None:
    _, text, page = rendered(strict, kind, context(kind, language))
    # Lists, quotations and underlined headings are marked by signs in text and by tags in HTML; links stand apart.
    unmarked = re.sub(r"(?m)^(> ?|- |\d+\. |={3,}$|-{2,} ?$)", "", text)
    unmarked = re.sub(r"\[\[link:\w+\]\](#[\w-]+|\?score=\d+)?|https?://\S+", " ", unmarked)
    wanted = re.findall(r"\w+", unmarked)
    shown = re.findall(r"\w+", plain(page))
    # The HTML twin starts with the brand's name, which the text twin leaves to the From line.
    assert shown[: len("Müller Søn".split())] == ["Müller", "Søn"]
    assert shown[2:] == wanted


@every_mail
def test_nothing_is_loaded_from_elsewhere(strict: DjangoTemplates, kind: str, language: str) -> None:
    _, _, page = rendered(strict, kind, context(kind, language))
    assert not re.search(r"(?i)<(img|link|script|iframe|video|object|form)\b|url\(|@import|\bsrc=", page)
    assert set(re.findall(r'href="([^"]*)"', page)) <= {
        "[[link:loop]]",
        "[[link:loop]]#settled",
        "[[link:loop]]#not-yet",
        "[[link:unsubscribe]]",
        *(f"[[link:survey]]?score={score}" for score in range(11)),
        "https://loop.example/tickets/1042/",
    }
    assert f'lang="{language}"' in page


@pytest.mark.parametrize("kind", KINDS)
def test_no_english_is_left_in_the_other_languages(strict: DjangoTemplates, kind: str) -> None:
    # What people typed is the same in all; every other sentence must differ.
    def ours(language: str) -> str:
        filled = context(kind, language)
        shown = plain(rendered(strict, kind, filled)[2])
        for value in sorted(typed(filled), key=len, reverse=True):
            shown = shown.replace(" ".join(value.split()), "§")
        return shown

    sentences = [part for part in re.split(r"(?<=[.:?])\s+|§", ours("en")) if len(re.findall(r"[^\W\d]+", part)) > 2]
    assert sentences or kind == "personal"
    for language in ("de", "es", "fr"):
        assert [sentence for sentence in sentences if sentence in ours(language)] == []


def typed(value: object) -> list[str]:
    """Every string that came from the caller, however deep it lies."""
    if isinstance(value, str):
        return [part for part in (value, *re.split(r"[\n>]+", value)) if len(part.strip()) > 3]
    if isinstance(value, dict):
        return [string for item in value.values() for string in typed(item)]
    return [string for item in value for string in typed(item)] if isinstance(value, list) else []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", CUSTOMER_KINDS)
def test_without_words_there_is_no_quotation(strict: DjangoTemplates, kind: str, language: str) -> None:
    filled = context(kind, language, quote="")
    if kind == "personal":
        filled["body"] = "1 & 2."
    _, text, page = rendered(strict, kind, filled)
    assert "<blockquote" not in page
    assert not re.search(r"(?m)^>", text)
    # No sentence announces a quotation that does not come.
    text = text.replace("Hola, Marta:\n", "")  # a Spanish greeting ends in a colon
    assert not re.search(r"(?m):\n\n\S+.*:\n", text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_that_knows_little_is_still_whole(strict: DjangoTemplates, kind: str, language: str) -> None:
    filled = context(kind, language, contact_name="", salutation_name="", account_name="", about="", quoted_on="")
    filled["owner"] = {"name": "Hanna Brandt", "title": "", "phone": ""}
    filled["brand"] = filled["brand"] | {"legal_footer": "", "colour": ""}
    subject, text, page = rendered(strict, kind, filled)
    for part in (subject, text, plain(page)):
        assert UNFILLED not in part
        assert " ," not in part and ", ." not in part and "()" not in part and "None" not in part


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["acknowledgement", "acknowledgement_passive", "reopened", "reminder"])
def test_a_machine_has_words_for_a_case_that_nobody_owns(strict: DjangoTemplates, kind: str, language: str) -> None:
    filled = context(kind, language, owner={"name": "", "title": "", "phone": "", "looks_after": False})
    subject, text, page = rendered(strict, kind, filled)
    for part in (subject, " ".join(text.split()), plain(page)):
        assert not re.search(r"  | ,|: ,|\. [a-z]\w+ (gets|answers|meldet)", part)
    assert not re.search(r"(?m)^  [^:]+: ?$", text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", AUTOMATIC)
def test_an_automatic_mail_says_so_and_signs_as_nobody(strict: DjangoTemplates, kind: str, language: str) -> None:
    _, text, _ = rendered(strict, kind, context(kind, language))
    assert SAYS_AUTOMATIC[language] in text
    assert "\nHanna D'Arc\nKey accounts" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_acknowledgement_names_who_and_by_when(strict: DjangoTemplates, language: str) -> None:
    filled = context("acknowledgement", language)
    subject, text, page = rendered(strict, "acknowledgement", filled)
    assert "Hanna D'Arc" in subject and filled["promise_short"] in subject
    for part in (" ".join(text.split()), plain(page)):
        assert "Hanna D'Arc" in part and filled["promise"] in part


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_acknowledgement_without_owner_promises_no_name(strict: DjangoTemplates, language: str) -> None:
    filled = context("acknowledgement", language, unassigned=True)
    subject, text, _ = rendered(strict, "acknowledgement", filled)
    assert "Hanna" not in subject
    assert "Hanna D'Arc" in text  # the lead signs


def test_acknowledgements_of_different_answers_differ(strict: DjangoTemplates) -> None:
    variants = [
        {},
        {"quote": "Something else."},
        {"quote": ""},
        {"quote": "", "about": "your last invoice"},
        {"quote": "", "about": "", "quoted_on": "Monday, 23 November, at 08:00"},
        {"promise": "by Wednesday midday, 25 November"},
    ]
    bodies = {rendered(strict, "acknowledgement", context("acknowledgement", "en", **change))[1] for change in variants}
    assert len(bodies) == len(variants)


@pytest.mark.parametrize("kind", ["resolution", "reminder"])
def test_both_answers_weigh_the_same(strict: DjangoTemplates, kind: str) -> None:
    _, _, page = rendered(strict, kind, context(kind, "en"))
    looks = re.findall(r'<a href="\[\[link:loop\]\]#(settled|not-yet)" ([^>]*)>', page)
    assert [name for name, _ in looks] == ["settled", "not-yet"]
    assert looks[0][1] == looks[1][1]


@pytest.mark.parametrize("kind", STAFF_KINDS)
def test_a_notice_to_a_colleague_asks_no_customer_to_unsubscribe(strict: DjangoTemplates, kind: str) -> None:
    _, text, _ = rendered(strict, kind, context(kind, "en"))
    assert "[[link:" not in text


@pytest.mark.parametrize(
    ("colour", "used"), [("#12664a", "#12664a"), ("#ffdd00", "#3543b8"), ("red;}", "#3543b8"), ("", "#3543b8")]
)
def test_a_brand_colour_is_used_where_it_can_be_read(strict: DjangoTemplates, colour: str, used: str) -> None:
    filled = context("reminder", "en")
    filled["brand"] = filled["brand"] | {"colour": colour}
    _, _, page = rendered(strict, "reminder", filled)
    assert f"border:2px solid {used};" in page
    assert "red;}" not in page


def test_a_done_action_says_what_changed(strict: DjangoTemplates) -> None:
    subject, text, _ = rendered(strict, "action_done", context("action_done", "en"))
    assert subject.startswith("Done: ")
    assert "All 14 are repaired." in text and "24 November" not in text


def test_what_a_person_typed_is_never_markup(strict: DjangoTemplates) -> None:
    filled = context(
        "personal", "en", body="Dear Marta,\n\n> <script>1</script>\n> second\n\n</p><img src=x onerror=1>"
    )
    _, text, page = rendered(strict, "personal", filled)
    assert "<script" not in page and "<img" not in page
    assert "&lt;script&gt;1&lt;/script&gt;<br>second</blockquote>" in page
    assert "> <script>1</script>\n> second\n" in text
