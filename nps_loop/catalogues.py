"""Keep the translations whole: gather what is translatable, update and compile the catalogues, name what is missing.

    python -m nps_loop.catalogues              update locale/*/LC_MESSAGES/django.po and compile them
    python -m nps_loop.catalogues --check      change nothing; print what is missing or wrong and exit 1
    python -m nps_loop.catalogues --missing    print what has no words yet as JSON, with room for them
    python -m nps_loop.catalogues --fill FILE  take the words from such a file, where nothing is wrong with them

Every message has its words in every language. A message in the plural has a list of two. No entry is fuzzy.

Babel does the reading and writing, so that no GNU gettext has to be installed.
"""

from __future__ import annotations

import ast
import io
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
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
            for key in _calls(source) if path.suffix == ".py" else _calls_of_template(source, path):
                found.setdefault(key, []).append(path.relative_to(root).as_posix())
    return found


def _calls(source: str) -> Iterator[Key]:
    """Messages of Python, also where the call stands within an f-string."""
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and (name := getattr(node.func, "id", getattr(node.func, "attr", ""))) in KEYWORDS
        ):
            given = [arg.value if isinstance(arg, ast.Constant) else None for arg in node.args]
            yield from _message(name, given)


def _calls_of_template(source: str, path: Path) -> Iterator[Key]:
    # A template becomes lines of gettext calls; their indentation means nothing to Python.
    lines = "\n".join(line.strip() for line in templatize(source, str(path)).splitlines())
    found: Iterator[Any] = extract_python(io.BytesIO(lines.encode()), KEYWORDS, [], {})
    for _line, function, words, _comments in found:
        yield from _message(function, [words] if isinstance(words, str) else list(words or ()))


def _message(function: str, given: list[Any]) -> Iterator[Key]:
    context = given.pop(0) if function.startswith(("p", "np")) and given else None
    if given and isinstance(given[0], str) and given[0]:
        yield context, given[0], given[1] if function.startswith("n") and len(given) > 1 else None


def catalogue(language: str, root: Path = ROOT) -> Catalog:
    """The catalogue of one language as it is kept."""
    with _path(language, root).open("rb") as file:
        return read_po(file, locale=language)


def update(root: Path = ROOT, words: Mapping[tuple[str, Key], Sequence[str]] | None = None) -> None:
    """Add new messages to each catalogue, drop those nobody uses, and compile. `words` are by language and message.

    Words of a message that got a plural, or lost it, are dropped. No file is touched before all of them are made.
    """
    wanted = gathered(root)
    made: dict[Path, bytes] = {}
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
        for key in sorted(wanted, key=lambda key: (wanted[key], key[1])):
            context, said, plural = key
            string = (words or {}).get((language, key)) or _kept_strings(kept, key)
            fresh.add((said, plural) if plural else said, tuple(string) if plural else string[0], context=context)
        made[_path(language, root)] = _written(write_po, fresh, width=120)
        made[_path(language, root).with_suffix(".mo")] = _written(write_mo, fresh)
    for path, content in made.items():
        # A file under its name is a whole one, whenever this ends.
        beside = path.with_name(f"{path.name}.new")
        beside.write_bytes(content)
        beside.replace(path)


def _written(write: Callable[..., None], fresh: Catalog, **how: Any) -> bytes:
    file = io.BytesIO()
    write(file, fresh, **how)
    return file.getvalue()


def problems(root: Path = ROOT) -> list[str]:
    """What is wrong with the catalogues, a sentence each; empty when all is well."""
    wrong = []
    wanted = gathered(root)
    for language in LANGUAGES:
        kept = catalogue(language, root)
        for key, places in sorted(wanted.items(), key=lambda item: (item[1], item[0][1])):
            message = kept.get(key[1], key[0])
            if message is None or not all(_strings(message)):
                wrong.append(f"{language}: no words for {key[1]!r} ({places[0]})")
            elif message.fuzzy:
                wrong.append(f"{language}: the words for {key[1]!r} are fuzzy")
            elif objection := _objection(key, _strings(message)):
                wrong.append(f"{language}: {objection} the words for {key[1]!r}")
        compiled = _path(language, root).with_suffix(".mo")
        if not compiled.exists() or not _pairs(kept).items() <= _pairs(_compiled(compiled)).items():
            wrong.append(f"{language}: django.mo is not what django.po says; run python -m nps_loop.catalogues")
    return wrong


def missing(root: Path = ROOT) -> list[dict[str, Any]]:
    """Every message that lacks words: where it stands, what it says, and each language it lacks with room for them."""
    kept = {language: catalogue(language, root) for language in LANGUAGES}
    found = []
    for (context, words, plural), places in sorted(gathered(root).items(), key=lambda item: (item[1], item[0][1])):
        key = (context, words, plural)
        lacking = [language for language in LANGUAGES if not all(_kept_strings(kept[language], key))]
        if lacking:
            room = dict.fromkeys(lacking, ["", ""] if plural else "")
            found.append({"place": places[0], "context": context, "words": words, "plural": plural, **room})
    return found


def fill(entries: Sequence[Mapping[str, Any]], root: Path = ROOT) -> list[str]:
    """Take the words of `entries`, as `missing` gave them; returns what is wrong with those that were not taken."""
    wanted, wrong = gathered(root), []
    taken: dict[tuple[str, Key], Sequence[str]] = {}
    for entry in entries:
        key: Key = (entry.get("context"), entry["words"], entry.get("plural"))
        for language in LANGUAGES:
            given = entry.get(language) or ""
            forms = [given] if isinstance(given, str) else list(given)
            if not all(forms):
                continue
            if key not in wanted:
                wrong.append(f"{language}: nobody says {key[1]!r}")
            elif objection := _objection(key, forms):
                wrong.append(f"{language}: {objection} the words for {key[1]!r}")
            else:
                taken[language, key] = forms
    update(root, taken)
    return wrong


def _objection(key: Key, forms: Sequence[str]) -> str:
    """What is wrong with words, up to "the words for ..."; empty when nothing is. The last form is the plural."""
    _context, words, plural = key
    if len(forms) != (2 if plural else 1):
        return "one form too many or too few in"
    if words in CALLING:
        return ""
    known = _places(words) | _places(plural or "")
    # "One ticket" may leave the number out, also where English does not.
    if _places(forms[-1]) != _places(plural or words) or any(not _places(form) <= known for form in forms):
        return "the places differ in"
    if any(_tags(form) != _tags(words) for form in forms):
        return "the HTML differs in"
    return ""


def _compiled(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_mo(file)


def _strings(message: Message | None) -> list[str]:
    if message is None:
        return [""]
    return [message.string] if isinstance(message.string, str) else list(message.string or [""])


def _kept_strings(kept: Catalog, key: Key) -> list[str]:
    """The words a catalogue has for a message, one for each form; empty ones where its forms are others by now."""
    context, said, plural = key
    room = [""] * (2 if plural else 1)
    strings = _strings(kept.get(said, context))
    return strings if len(strings) == len(room) else room


def _places(words: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)[a-z]|\{\w+\}|%%", words))


def _tags(words: str) -> list[str]:
    return sorted(re.findall(r"</?\w+>", words))


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
    asked = sys.argv[1:]
    if "--missing" in asked:
        print(json.dumps(missing(), ensure_ascii=False, indent=1))
        sys.exit()
    refused = []
    if "--fill" in asked:
        refused = fill(json.loads(Path(asked[asked.index("--fill") + 1]).read_text(encoding="utf-8")))
    elif "--check" not in asked:
        update()
    found = [*refused, *problems()]
    print("\n".join(found) or "Catalogues are whole.")
    sys.exit(1 if found else 0)
