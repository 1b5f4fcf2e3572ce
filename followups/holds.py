"""Words that put a ticket on hold: a lawyer, an injury, a breach of data, abuse. Pure: no database.

A hold stops automatic mail and tells the lead, so it may come once too often; but a word that everybody uses would put
every second ticket on hold, and then nobody looks. So a term is whole words, in any case and with or without accents:
"injury" is not found in "injurious", nor "abuse" in "disabuse", and each form that shall count is listed. Where a term
ends in "*", its last word may go on: "harass*" is harassed and harassment.

Left out of the shipped list on purpose: *accident* (by accident), *court* (food court), *leak* (of water), *hospital*
(it may be the customer), German *Klage* (keine Klagen), Spanish *demanda* (alta demanda), French *avocat* alone, which
is an avocado too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from surveys.searching import normalise_for_search

# English, German, Spanish, French; in each a lawyer, an injury, a breach, abuse.
SHIPPED_TERMS = (
    *("lawyer", "lawyers", "attorney", "attorneys", "solicitor", "solicitors", "legal action", "lawsuit", "lawsuits"),
    *("suing", "sue you", "sued", "see you in court", "take you to court", "ombudsman"),
    *("injury", "injuries", "injured", "got hurt", "was hurt", "hospitalised", "hospitalized"),
    *("breach", "breached", "breaches", "data leak*", "leaked data", "identity theft", "GDPR violation*"),
    *("abuse", "abused", "abusive", "harass*", "assaulted", "sexual assault", "threatened", "racist", "racism"),
    *("discrimination", "discriminated", "discriminatory"),
    # German
    *("Anwalt", "Anwalts", "Anwälte", "Anwälten", "Anwältin", "Rechtsanw*", "verklag*", "Klage einreichen"),
    *("rechtliche Schritte", "gerichtlich", "vor Gericht", "Strafanzeige", "Schadensersatz", "Schadenersatz"),
    *("Verletzung", "Verletzungen", "verletzt", "verletzte"),
    *("Datenpanne*", "Datenleck*", "Datendiebstahl", "Datenschutzverletzung*", "Datenschutzverstoß*"),
    *("Missbrauch*", "belästig*", "bedroht", "Bedrohung", "rassistisch*", "diskriminier*"),
    # Spanish
    *("abogado", "abogada", "abogados", "abogadas", "acciones legales", "vía judicial", "los tribunales"),
    *("poner una demanda", "demandarles", "demandarlos", "demandaremos", "denunciarles", "poner una denuncia"),
    *("lesión", "lesiones", "lesionado", "lesionada", "lesionados", "herido", "herida", "heridos"),
    *("filtración de datos", "brecha de datos", "brecha de seguridad", "robo de datos"),
    *("abuso", "abusos", "acoso", "acosado", "acosada", "amenaza", "amenazas", "amenazado", "amenazada", "racista"),
    *("discriminación", "discriminado", "discriminada"),
    # French
    *("avocate", "mon avocat", "notre avocat", "nos avocats", "prendre un avocat", "pris un avocat", "saisi un avocat"),
    *("consulter un avocat", "contacter un avocat", "poursuites judiciaires", "action en justice", "tribunal"),
    *("porter plainte", "porté plainte", "déposer plainte", "déposé plainte"),
    *("blessure", "blessures", "blessé", "blessée", "blessés", "hospitalisé", "hospitalisée"),
    *("violation de données", "fuite de données", "vol de données"),
    *("abus", "harcèlement", "harcelé", "harcelée", "menacé", "menacée", "menaces", "raciste", "discriminé"),
)

# In these nobody is hurt and nobody goes to law. First word, and the words after it.
SAYINGS = {
    "insult": ["to", "injury"],
    "injury": ["time"],
    "devil": ["s", "advocate"],
    "abogado": ["del", "diablo"],
    "anwalt": ["des", "teufels"],
}

WORD = re.compile(r"[^\W_]+")


class Term(NamedTuple):
    listed: str
    words: list[str]
    goes_on: bool

    def stands(self, spoken: list[str], at: int) -> bool:
        said = spoken[at : at + len(self.words)]
        if self.goes_on and len(said) == len(self.words) and said[-1].startswith(self.words[-1]):
            return said[:-1] == self.words[:-1]
        return said == self.words


class Terms(NamedTuple):
    """A list of terms, ordered for looking them up by the word they begin with."""

    by_first_word: dict[str, list[Term]]
    open_ended: list[Term]
    beginnings: tuple[str, ...]


def hold_words(words: str, terms: Iterable[str] = SHIPPED_TERMS) -> str | None:
    """The term of `terms`, as it is listed, that stands first in `words`; None if none does.

    Of several that begin at one word the longest is given. Sayings such as "to add insult to injury" are passed over.
    Empty terms are left out, so a list may come straight from a form.
    """
    by_first_word, open_ended, beginnings = _ordered(tuple(terms))
    spoken = _folded(words)
    saying_ends = 0
    for at, word in enumerate(spoken):
        rest = SAYINGS.get(word)
        if rest and spoken[at + 1 : at + 1 + len(rest)] == rest:
            saying_ends = max(saying_ends, at + 1 + len(rest))
        if at < saying_ends:
            continue
        candidates = by_first_word.get(word, [])
        if word.startswith(beginnings):
            candidates = candidates + open_ended
        found = [term for term in candidates if term.stands(spoken, at)]
        if found:
            return max(found, key=lambda term: len(term.words)).listed
    return None


@lru_cache(maxsize=64)
def _ordered(terms: tuple[str, ...]) -> Terms:
    by_first_word: dict[str, list[Term]] = {}
    open_ended: list[Term] = []
    for listed in terms:
        term = Term(listed, _folded(listed), listed.rstrip().endswith("*"))
        if term.goes_on and len(term.words) == 1:
            open_ended.append(term)
        elif term.words:
            by_first_word.setdefault(term.words[0], []).append(term)
    return Terms(by_first_word, open_ended, tuple(term.words[0] for term in open_ended))


def _folded(text: str) -> list[str]:
    """Words without case and accents; apostrophes and hyphens part them."""
    return WORD.findall(normalise_for_search(text))
