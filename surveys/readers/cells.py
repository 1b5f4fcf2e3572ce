"""Small values as people write them: yes and no, a language. For files, where nobody can be asked back at once."""

from __future__ import annotations

import re

from django.utils.translation import gettext


class BadCell(ValueError):
    """A value that cannot be taken; `field` is ours, the message says why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


_YES = frozenset(("yes", "y", "true", "t", "1", "x", "ja", "si", "sí", "oui", "wahr", "verdadero", "vrai"))
_NO = frozenset(("no", "n", "false", "f", "0", "nein", "non", "falsch", "falso", "faux"))
_NOT_SAID = frozenset(("", "na", "n/a", "null", "none", "-", "not asked"))

_LANGUAGE_NAMES = {
    "english": "en", "englisch": "en", "inglés": "en", "anglais": "en",
    "german": "de", "deutsch": "de", "alemán": "de", "allemand": "de",
    "spanish": "es", "spanisch": "es", "español": "es", "espagnol": "es",
    "french": "fr", "französisch": "fr", "francés": "fr", "français": "fr",
}  # fmt: skip
_TAG = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{2}|[a-z]{4}))?", re.I | re.A)


def yes_or_no(field: str, text: str) -> bool | None:
    """True or False for a yes or no in our four languages, None where nothing is said. Raises BadCell.

    An unclear answer is refused, not ignored: a "please do not contact me" overlooked would be a broken promise.
    """
    word = text.strip().casefold().rstrip(".!")
    if word in _YES:
        return True
    if word in _NO:
        return False
    if word in _NOT_SAID:
        return None
    raise BadCell(field, gettext("“%(text)s” is neither yes nor no.") % {"text": text[:40]})


def language_from(text: str) -> str:
    """Language tag ("en", "de-AT") for a tag or a name of a language; "" for what is neither: not known is no harm."""
    text = text.strip()
    if match := _TAG.fullmatch(text):
        main, region = match[1].lower(), match[2] or ""
        return f"{main}-{region.upper() if len(region) == 2 else region.title()}" if region else main
    return _LANGUAGE_NAMES.get(text.casefold(), "")
