"""Whether an answer complains about an employee, so that it is not given to that very person. Pure: no database.

The other way round than `naming`: there, praise that reaches the wrong person is the dear mistake; here it is a
complaint that lands on the desk of whom it is about. So two colleagues of one name both count as named, a name typed
in small letters counts, and where an unhappy customer's words do not clearly praise somebody, they are taken as a
complaint.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from followups.naming import ALSO_WORDS, SHORTEST_FIRST_NAME, WORD, colleague_named, folded
from surveys.scoring import Band
from surveys.searching import normalise_for_search

# Why somebody must not get a ticket, as stored in `Conflict.because`.
COMPLAINT, UNCLEAR = "complaint", "unclear"

# Where one thing said about somebody ends and the next begins: ends of sentences, and words that turn round what was
# said before them, as far as these are words of their own.
WORDS = re.compile(r"[^\W_]+")
# Beyond so many parts of names, looking for each in all answers takes longer than taking the answers apart.
MOST_LOOKED_FOR = 300
CLAUSES = re.compile(
    r"[.!?…;\n]+|\s[-–—]+\s"
    r"|\b(?:but|however|although|though|yet|except|aber|jedoch|allerdings|obwohl|leider|sondern"
    r"|pero|sin embargo|aunque|mais|cependant|toutefois|pourtant|malgré)\b",
    re.IGNORECASE,
)

PRAISE = frozenset(
    """
    great excellent wonderful fantastic amazing awesome brilliant superb outstanding lovely kind friendly helpful helped
    patient polite professional competent thank thanks thankful grateful best good nice super perfect star hero saved
    gem pleasure quick quickly solved responsive attentive
    toll ausgezeichnet hervorragend wunderbar fantastisch klasse prima spitze freundlich freundliche freundlicher
    hilfsbereit geholfen geduldig hoflich kompetent danke dank dankbar beste besten gut gute guter nett nette super
    perfekt gelost schnell engagiert bemuht vorbildlich
    excelente maravillosa maravilloso fantastica fantastico genial estupenda estupendo amable amables atenta atento
    paciente educada educado profesional competente gracias agradecida agradecido mejor buena bueno perfecta perfecto
    ayudo rapida rapido resolvio encantadora encantador
    excellente excellent merveilleuse merveilleux formidable geniale gentille gentil aimable serviable aidee aide
    patiente poli polie professionnelle professionnel competente merci reconnaissante meilleure meilleur bonne bon
    parfaite parfait rapide resolu efficace sympathique
    """.split()
)

# Any of these in what is said about somebody, and it is no clear praise: what went wrong, or a denial.
BLAME = frozenset(
    """
    not never no nobody nothing without didn don doesn wasn isn won couldn hasn haven wouldn can't cannot dont
    didnt wont
    rude unfriendly unhelpful slow late lied lies lying ignored ignores ignoring ignore forgot forgotten promised
    promises broke broken worst bad terrible awful horrible useless incompetent careless arrogant dismissive impatient
    waiting waited wait chase chased chasing complaint complain problem fault failed fails failing wrong mistake
    unanswered unreachable refused refuses shouted hung blamed supposedly disappointed disappointing disappointment
    nicht nie niemals kein keine keiner keinen niemand nichts ohne unfreundlich unhoflich langsam spat gelogen lugt
    ignoriert vergessen versprochen schlecht schlechte schlimm schrecklich furchtbar inkompetent arrogant ungeduldig
    gewartet warte warten beschwerde beschweren problem schuld falsch fehler verweigert angeschrien aufgelegt enttauscht
    enttauschend unverschamt unmoglich angeblich
    nunca jamas ningun ninguna nadie nada sin grosera grosero maleducada maleducado lenta lento tarde mintio ignoro
    ignora olvido prometio mala malo peor terrible horrible inutil incompetente arrogante esperando espero queja
    problema culpa fallo equivocada equivocado error nego grito colgo decepcionada decepcionado decepcionante
    pas jamais aucun aucune personne rien sans impolie impoli desagreable lente lent retard menti ignore ignoree oublie
    promis mauvaise mauvais pire terrible horrible inutile incompetente incompetent arrogante arrogant attendu attends
    plainte probleme faute erreur refuse crie raccroche decue decu decevante decevant
    """.split()
)

# Who "she" is cannot be told apart here: blame of a pronoun unmakes the praise of anybody named before it. Not "él",
# which without its accent is an article.
PRONOUNS = frozenset("she he her him they sie er ihr ihm ella elle il".split())


def name_words(names: Mapping[int, tuple[str, ...]]) -> frozenset[str]:
    """Every part of these names as it stands in `Response.search_text`, to leave out at once who names nobody."""
    return frozenset(
        part
        for name in names.values()
        for part in WORDS.findall(normalise_for_search(" ".join(name)))
        if len(part) >= SHORTEST_FIRST_NAME
    )


def may_name(search_text: str, parts: frozenset[str]) -> bool:
    """Whether the searched words of an answer hold any of `name_words`: quick, and never wrong in saying no."""
    return not parts.isdisjoint(WORDS.findall(search_text))


def those_that_may_name(search_texts: Sequence[str], parts: frozenset[str]) -> list[int]:
    """The places of those of which `may_name` says yes. Most names stand in none, which one look through all tells."""
    if len(parts) <= MOST_LOOKED_FOR:
        together = "\n".join(search_texts)
        parts = frozenset(part for part in parts if part in together)
    if not parts:
        return []
    return [place for place, text in enumerate(search_texts) if text and may_name(text, parts)]


def complained_about(words: str, band: str, names: Mapping[int, tuple[str, ...]]) -> dict[int, str]:
    """Who must not get this answer's ticket, with the code of why: `COMPLAINT` or `UNCLEAR`.

    `names` gives each employee's name in parts, as for `colleague_named`. Blame in the same clause is a complaint
    whatever the score. A detractor who names somebody without clear praise counts as complaining too: of two who might
    be meant, both.
    """
    found: dict[int, str] = {}
    heard = frozenset(WORDS.findall(normalise_for_search(words)))
    for key, name in names.items():
        if heard.isdisjoint(name_words({key: name})):
            continue
        if not _named(words, name):
            continue
        about = [_tokens(clause) for clause in CLAUSES.split(words) if _named(clause, name)]
        praised = any(said & PRAISE for said in about)
        if any(said & BLAME for said in about):
            found[key] = COMPLAINT
        elif band == Band.DETRACTOR and (not praised or _blames_a_pronoun(words)):
            found[key] = UNCLEAR
    return found


def _named(words: str, name: tuple[str, ...]) -> bool:
    """Whether these words name somebody of this name, were there nobody else called so."""
    alone = {0: name}
    if colleague_named(words, alone):
        return True
    first = folded(name[0].split()[0]) if name and name[0].split() else ""
    if len(first) < SHORTEST_FIRST_NAME or first in ALSO_WORDS:
        return False
    large = WORD.sub(lambda found: _with_capital(found[0], first), words)
    return large != words and bool(colleague_named(large, alone))


def _with_capital(word: str, first: str) -> str:
    return word[:1].upper() + word[1:] if folded(word) == first else word


def _tokens(clause: str) -> frozenset[str]:
    return frozenset(WORDS.findall(normalise_for_search(clause)))


def _blames_a_pronoun(words: str) -> bool:
    return any(said & PRONOUNS and said & BLAME for said in map(_tokens, CLAUSES.split(words)))
