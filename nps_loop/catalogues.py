"""Keep the translations whole: gather what is translatable, update and compile the catalogues, name what is missing.

    python -m nps_loop.catalogues            update locale/*/LC_MESSAGES/django.po and compile them
    python -m nps_loop.catalogues --check    change nothing; print what is missing or stale and exit 1

What a customer reads must have its words in every language. What only colleagues read may still be English.

Babel does the reading and writing, so that no GNU gettext has to be installed.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("de", "es", "fr")
PARTS = ("nps_loop", "surveys", "followups", "templates")
# What somebody outside may read, and the notices to colleagues, who may share no language with each other.
READ_BY_CUSTOMERS = (
    "followups/loop_page.py",
    "nps_loop/templatetags/",
    "templates/emails/",
    "templates/followups/loop/",
    "templates/includes/",
    "templates/registration/",
    "templates/surveys/unsubscribe",
)
KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
# Messages whose translation chooses among their places: some languages call people by their whole name.
CALLING = ("Dear %(first)s,", "%(first)s")
Key = tuple[str | None, str, str | None]  # context, words, words in the plural


def gathered(root: Path = ROOT) -> dict[Key, list[str]]:
    """Every translatable message of the project's Python and templates, with the files where it stands."""
    found: dict[Key, list[str]] = {}
    for part in PARTS:
        for path in sorted((root / part).rglob("*")):
            if path.suffix not in {".py", ".html", ".txt"} or not path.is_file():
                continue
            source = path.read_text(encoding="utf-8")
            if path.suffix != ".py":
                # Templates become lines of gettext calls; their indentation means nothing to Python.
                source = "\n".join(line.strip() for line in templatize(source, str(path)).splitlines())
            for key in _calls(source):
                found.setdefault(key, []).append(path.relative_to(root).as_posix())
    return found


def _calls(source: str) -> Iterator[Key]:
    found: Iterator[Any] = extract_python(io.BytesIO(source.encode()), KEYWORDS, [], {})
    for _line, function, words, _comments in found:
        given = [words] if isinstance(words, str) else list(words or ())
        context = given.pop(0) if function.startswith(("p", "np")) and given else None
        if not given or not isinstance(given[0], str) or not given[0]:
            continue
        plural = given[1] if function.startswith(("n", "np")) and len(given) > 1 else None
        yield context, given[0], plural


def catalogue(language: str, root: Path = ROOT) -> Catalog:
    """The catalogue of one language as it is kept."""
    with _path(language, root).open("rb") as file:
        return read_po(file, locale=language)


def update(root: Path = ROOT) -> None:
    """Add new messages to each catalogue without words, drop those nobody uses, and compile."""
    wanted = gathered(root)
    for language in LANGUAGES:
        kept = catalogue(language, root)
        fresh = Catalog(
            locale=language,
            project="nps_loop",
            version="1",
            header_comment=kept.header_comment,
            creation_date=kept.creation_date,
            revision_date=kept.creation_date,
            last_translator="nps_loop",
            language_team=f"{language} <{language}>",
            msgid_bugs_address="nps_loop",
            fuzzy=False,
        )
        for context, words, plural in sorted(wanted, key=lambda key: (wanted[key], key[1])):
            old = kept.get(words, context)
            fresh.add((words, plural) if plural else words, old.string if old else None, context=context)
        with _path(language, root).open("wb") as file:
            write_po(file, fresh, width=120)
        with _path(language, root).with_suffix(".mo").open("wb") as file:
            write_mo(file, fresh)


def problems(root: Path = ROOT) -> list[str]:
    """What is wrong with the catalogues, a sentence each; empty when all is well."""
    wrong = []
    wanted = gathered(root)
    for language in LANGUAGES:
        kept = catalogue(language, root)
        for (context, words, plural), places in sorted(wanted.items(), key=lambda item: (item[1], item[0][1])):
            message = kept.get(words, context)
            if message is None or not all(_strings(message)):
                wrong += [f"{language}: no words for {words!r} ({place})" for place in places if _for_customers(place)][
                    :1
                ]
            elif words not in CALLING and _places(plural or words) != _places(_strings(message)[-1]):
                wrong.append(f"{language}: the places differ in the words for {words!r}")
        compiled = _path(language, root).with_suffix(".mo")
        if not compiled.exists() or not _pairs(kept).items() <= _pairs(_compiled(compiled)).items():
            wrong.append(f"{language}: django.mo is not what django.po says; run python -m nps_loop.catalogues")
    return wrong


def still_english(root: Path = ROOT) -> dict[str, int]:
    """Language -> how many messages for colleagues have no words in it yet."""
    wanted = gathered(root)
    counts = {}
    for language in LANGUAGES:
        kept = catalogue(language, root)
        said = [kept.get(words, context) for context, words, _plural in wanted]
        counts[language] = sum(1 for message in said if message is None or not all(_strings(message)))
    return counts


def _for_customers(place: str) -> bool:
    # Pages of the top folder are what anybody may meet: log-in, errors, the frame of all others.
    return place.startswith(READ_BY_CUSTOMERS) or bool(re.fullmatch(r"templates/[^/]+", place))


def _compiled(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_mo(file)


def _strings(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or [""])


def _places(words: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)[a-z]", words))


def _pairs(kept: Catalog) -> dict[tuple[str, str | None], tuple[str, ...]]:
    return {
        (message.id if isinstance(message.id, str) else message.id[0], _text(message.context)): tuple(_strings(message))
        for message in kept
        if message.id and all(_strings(message))
    }


def _text(context: str | bytes | None) -> str | None:
    # Babel hands back the context of a compiled message as bytes.
    return context.decode() if isinstance(context, bytes) else context


def _path(language: str, root: Path) -> Path:
    return root / "locale" / language / "LC_MESSAGES" / "django.po"


if __name__ == "__main__":
    if "--check" not in sys.argv[1:]:
        update()
    found = problems()
    print("\n".join(found) or "Catalogues are whole.")
    for language, count in still_english().items():
        if count and not found:
            print(f"{language}: {count} messages for colleagues are still English.")
    sys.exit(1 if found else 0)
