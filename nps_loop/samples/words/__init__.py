"""Everything the sample company and its customers say, written by hand, by language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from nps_loop.samples.words import english, french, german, spanish
from surveys.scoring import Band

# What a customer can pick as the reason of the score. The survey tool keeps it in English whatever it shows.
DRIVERS = {
    "technician": "Service visit",
    "fault": "Reliability of the machine",
    "refill": "Deliveries",
    "invoice": "Invoices",
    "silence": "Being kept informed",
    "price": "Price",
    "portal": "Portal and app",
    "taste": "Coffee and water",
    "install": "Installation",
    "people": "The people",
}
# The same, as our own survey page offers them in other languages.
_IN_GERMAN = {
    "technician": "Serviceeinsatz",
    "fault": "Zuverlässigkeit der Maschine",
    "refill": "Lieferungen",
    "invoice": "Rechnungen",
    "silence": "Auf dem Laufenden gehalten werden",
    "price": "Preis",
    "portal": "Portal und App",
    "taste": "Kaffee und Wasser",
    "install": "Installation",
    "people": "Die Menschen",
}
_IN_SPANISH = {
    "technician": "Visita técnica",
    "fault": "Fiabilidad de la máquina",
    "refill": "Entregas",
    "invoice": "Facturas",
    "silence": "Recibir información a tiempo",
    "price": "Precio",
    "portal": "Portal y aplicación",
    "taste": "Café y agua",
    "install": "Instalación",
    "people": "Las personas",
}
_IN_FRENCH = {
    "technician": "Visite technique",
    "fault": "Fiabilité de la machine",
    "refill": "Livraisons",
    "invoice": "Factures",
    "silence": "Le suivi de l’information",
    "price": "Prix",
    "portal": "Portail et application",
    "taste": "Café et eau",
    "install": "Installation",
    "people": "Les personnes",
}


def drivers_to_pick(topics: Iterable[str]) -> list[dict[str, object]]:
    """These reasons as `Survey.drivers` keeps them: a code, and a label for each language."""
    return [
        {
            "code": topic,
            "label": {
                "en": DRIVERS[topic],
                "de": _IN_GERMAN[topic],
                "es": _IN_SPANISH[topic],
                "fr": _IN_FRENCH[topic],
            },
        }
        for topic in topics
    ]


Texts = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Words:
    """What customers of one language write: by topic for each mood, and second sentences by mood."""

    unhappy: Texts
    lukewarm: Texts
    happy: Texts
    tails: Texts

    def mood(self, band: Band) -> tuple[Texts, tuple[str, ...]]:
        """The texts for a band, with the second sentences that fit it."""
        return {
            Band.DETRACTOR: (self.unhappy, self.tails["unhappy"]),
            Band.PASSIVE: (self.lukewarm, self.tails["lukewarm"]),
            Band.PROMOTER: (self.happy, self.tails["happy"]),
        }[band]


LANGUAGES: dict[str, Words] = {
    "en": Words(english.UNHAPPY, english.LUKEWARM, english.HAPPY, english.TAILS),
    "de": Words(german.UNHAPPY, german.LUKEWARM, german.HAPPY, german.TAILS),
    "es": Words(spanish.UNHAPPY, spanish.LUKEWARM, spanish.HAPPY, spanish.TAILS),
    "fr": Words(french.UNHAPPY, french.LUKEWARM, french.HAPPY, french.TAILS),
}


class Voice:
    """Picks words so that no two answers say the same: every text once alone, then with a second sentence.

    `said` is what was said before.
    """

    def __init__(self, chance: Random, said: Iterable[str] = ()) -> None:
        self._chance = chance
        self._said = set(said)

    def say(self, language: str, band: Band, topics: Iterable[str]) -> tuple[str, str]:
        """A topic of `topics` and words about it that nobody said yet; the topic alone once everything was said."""
        texts, tails = LANGUAGES[language].mood(band)
        wanted = [topic for topic in topics if topic in texts]
        fresh = [(topic, text) for topic in wanted for text in texts[topic] if text not in self._said]
        if not fresh or self._chance.random() < 0.35:
            longer = [(topic, f"{text} {tail}") for topic in wanted for text in texts[topic] for tail in tails]
            fresh = [pair for pair in longer if pair[1] not in self._said] or fresh
        if not fresh:
            return (wanted or ["people"])[0], ""
        topic, words = self._chance.choice(fresh)
        self._said.add(words)
        return topic, words
