"""A customer's words on their way to a reader: whole on a page, short in a mail, and whether they fit the score. Pure.

Words are stored as they came. What is taken off here is never a word: control characters, and the marks that turn the
reading direction round, with which a text can make the page around it read differently.

Every pattern here runs in a time that grows with the length of the words, whatever they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from surveys.searching import normalise_for_search

# --- display ---------------------------------------------------------------------------------------------------

LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")

# C0 and C1 controls without tab and line feed, deletion, the byte order mark, embeddings, overrides and isolates, and
# the invisible "annotation" marks. Joiners stay: Persian, Hindi and emoji are spelled with them.
UNSEEN = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ufeff\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]")

# Half of a pair, left over from a broken conversion: nothing can encode it, so no page and no mail could be sent.
LONE_HALF = re.compile("[\ud800-\udfff]")

EMPTY_LINES = re.compile(r"\n(?:[^\S\n]*\n){2,}")


def display(words: str) -> str:
    """`words` fit to be shown as text: line ends as line feeds, at most one empty line in a row, nothing unseen.

    Every word stays. Text only: the template still escapes it. A half character is shown as \N{REPLACEMENT CHARACTER}.
    """
    words = UNSEEN.sub("", LINE_ENDS.sub("\n", words))
    return EMPTY_LINES.sub("\n\n", LONE_HALF.sub("\ufffd", words)).strip()


# --- quoting ---------------------------------------------------------------------------------------------------

# A sentence may end at one of these, together with what closes around it, where a blank or the end follows (in Chinese,
# Japanese and Hindi none needs to), or at the end of a line.
ENDS = re.compile(r"[.!?…]{1,20}[\"'”’»«)\]]{0,4}(?=\s|\Z)|[。！？।]{1,20}[」』”’）]{0,4}|\n\s{0,40}")

# After these a full stop is no end. Shortenings of one letter ("z. B.", "J. Lindqvist") need no list, and words that
# often do end a sentence ("usw.", "etc.", "no.") are left out.
SHORTENED = frozenset(
    """
    dr mr mrs ms prof vs eg ie approx bzw ca evtl ggf inkl nr tel vgl zzgl sr sra srta ud uds núm mme mlle
    """.split()
)

# As far as a full stop looks around itself.
NEAR = 24
LAST_WORD = re.compile(r"[^\W_]+\Z")

# Where a quotation is cut inside a sentence, no letter is parted from what is written on, under or joined to it.
JOINED = re.compile("[\u200c\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")


def quote(words: str, limit: int = 200) -> str:
    """The first sentences of `words` for a mail: whole ones, on one line, together at most `limit` characters.

    A first sentence that is longer is cut after a word, with "…". Nothing in it can be clicked: see `dead_links`. No
    words give "", so that the caller can leave the quotation out.
    """
    taken = ""
    for sentence, gap in _sentences(display(words)):
        longer = taken + gap + sentence
        # Only together: a link can reach from one sentence into the next.
        if len(longer) > limit or len(dead_links(longer)) > limit:
            return dead_links(taken) or _cut(dead_links(sentence[: limit + 1]), limit)
        taken = longer
    return dead_links(taken)


def _sentences(words: str) -> Iterator[tuple[str, str]]:
    """Each sentence on one line, with what stood between it and the one before it: a blank, or nothing.

    A new line ends a sentence too, unless it goes on in small letters, as in a text with lines broken by a mailer.
    """
    start, gap = 0, ""
    for at in _ends(words):
        sentence = " ".join(words[start:at].split())
        if sentence:
            yield sentence, gap
            gap = " " if words[at : at + 1].isspace() else ""
        start = at


def _ends(words: str) -> Iterator[int]:
    for found in ENDS.finditer(words):
        if found[0].startswith("\n"):
            if not words[found.end() : found.end() + 1].islower():
                yield found.start()
        elif not _goes_on(words, found):
            yield found.end()
    yield len(words)


def _goes_on(words: str, found: re.Match[str]) -> bool:
    """Whether the sentence goes on behind these dots: in small letters, or after a shortened word, an initial or a
    German ordinal ("22. November").
    """
    if found[0][0] not in ".…":
        return False
    after = words[found.end() : found.end() + NEAR].lstrip()[:1]
    before = LAST_WORD.search(words[max(found.start() - NEAR, 0) : found.start()])
    if after.islower() or found[0] != "." or not before:
        return after.islower()
    last = before[0]
    return (
        last.casefold() in SHORTENED
        or (len(last) == 1 and last.isalpha() and last != "I")
        or (len(last) <= 2 and last.isdigit() and after.isalpha())
    )


def _cut(sentence: str, limit: int) -> str:
    """The beginning of a sentence up to a word, with "…"; up to a character where there is no second word."""
    if len(sentence) <= limit:
        return sentence
    room = sentence[: limit - 1]
    if not sentence[limit - 1].isspace():
        whole_words = room.rsplit(None, 1)[0] if any(map(str.isspace, room)) else ""
        room = whole_words or _whole_characters(room, sentence[limit - 1])
    return room.rstrip(" ,;:–—-") + "…"


def _whole_characters(room: str, following: str) -> str:
    while room and (_hangs_on(following) or room[-1] == "\u200d"):
        room, following = room[:-1], room[-1]
    return room


def _hangs_on(char: str) -> bool:
    return unicodedata.category(char) in ("Mn", "Me", "Mc") or JOINED.match(char) is not None


# --- links -----------------------------------------------------------------------------------------------------

# What mail programs turn into a link without being asked: an address with a scheme, www, a mail address, and any bare
# name.of.a.host. Looked at piece by piece between blanks, so that a long text costs no more than its length.
PIECE = re.compile(r"\S+")
LINK = re.compile(r"://|//|@|\bwww\.|\b(?:mailto|tel|sms|callto|skype|javascript|data|file):", re.IGNORECASE)
SCHEME = re.compile(r"\b(mailto|tel|sms|callto|skype|javascript|data|file):(?!//)", re.IGNORECASE)
DOT_IN_LINK = re.compile(r"(?<=\w)\.(?=\w)")
DOT_IN_NAME = re.compile(r"(?<=\w)(?:\.(?=[^\W\d_]{2})|[。．｡](?=[A-Za-z]{2}))")


def dead_links(words: str) -> str:
    """`words` with nothing that a mail program makes clickable: anybody can put a link into a survey, with anybody's
    address as the sender, and we would be the ones who mail it.

    What is plainly a link shows that it was changed: `https[:]//evil[.]example/x`, `ann@firm[.]example`. A name with a
    dot and no more ("import.csv", "slow.Then") may be no link at all: behind its dot comes a zero-width blank, which
    nobody sees.
    """
    return PIECE.sub(_dead, words)


def _dead(piece: re.Match[str]) -> str:
    text = piece[0]
    if LINK.search(text):
        text = DOT_IN_LINK.sub("[.]", SCHEME.sub(r"\1[:]", text.replace("://", "[:]//")))
    return DOT_IN_NAME.sub("\\g<0>\u200b", text)


# --- words against score ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words of one language as `normalise_for_search` writes them, apostrophes as blanks.

    `delight` and `anger` speak plainly. `fine` and `trouble` are too common to prove anything, and only contradict.
    `turns` are words that can turn a sentence round: not, but, if, would. `usual` ones tell the language.
    """

    usual: frozenset[str]
    delight: frozenset[str]
    anger: frozenset[str]
    fine: frozenset[str]
    trouble: frozenset[str]
    turns: frozenset[str]


def _phrases(text: str) -> frozenset[str]:
    return frozenset(" ".join(phrase.split()) for phrase in text.split(","))


LEXICONS = (
    Lexicon(  # English
        usual=_phrases(
            "the, and, is, of, to, it, was, we, our, your, you, with, for, this, that, are, have, i, my, they"
        ),
        delight=_phrases(
            """love, loved, lovely, great, excellent, fantastic, amazing, awesome, wonderful, brilliant, phenomenal,
            outstanding, superb, perfect, perfectly, delighted, thrilled, flawless, impressed, best, very happy,
            very satisfied, would recommend, highly recommend, could not be happier, couldn t be happier, can t
            fault"""
        ),
        anger=_phrases(
            """terrible, awful, horrible, worst, useless, rubbish, garbage, waste of, wasted, disappointed,
            disappointing, unacceptable, frustrating, frustrated, angry, furious, unhappy, dissatisfied, appalling,
            dreadful, pathetic, nightmare, scam, rip off, never again, does not work, doesn t work, not happy, not
            satisfied, not good enough, constant downtime, no communication, for nothing"""
        ),
        fine=_phrases("good, thanks, thank, nice, happy, helpful, friendly, quick, easy, glad, pleased, fixed, solved"),
        trouble=_phrases(
            """bad, slow, bug, bugs, broken, problem, problems, issue, issues, fail, failed, fails, crash, crashes,
            downtime, expensive, late, wait, waited, waiting, error, errors, missing, worse, downgrade, complain,
            complaint, lost, cancel, cancelled, nobody, nothing, poor, steep, cliff, unfortunately, again"""
        ),
        turns=_phrases(
            """not, no, t, never, nor, but, however, although, though, except, unless, if, wish, would, could, should,
            hope, without, hardly, until, used, supposed, instead, only"""
        ),
    ),
    Lexicon(  # German
        usual=_phrases(
            "der, die, das, und, ist, ich, wir, sie, es, mit, fur, ein, eine, sehr, auf, den, im, zu, bei, war"
        ),
        delight=_phrases(
            """super, toll, tolle, toller, tolles, hervorragend, hervorragende, hervorragender, ausgezeichnet,
            fantastisch, grossartig, grossartige, perfekt, perfekte, begeistert, klasse, wunderbar, einwandfrei,
            genial, spitze, sehr zufrieden, sehr gut, sehr gute, sehr guter, rundum zufrieden, absolut
            empfehlenswert"""
        ),
        anger=_phrases(
            """furchtbar, schrecklich, katastrophe, katastrophal, miserabel, enttauscht, enttauschend, enttauschung,
            unverschamt, unverschamtheit, frechheit, unzumutbar, inakzeptabel, nutzlos, unbrauchbar, argerlich,
            wutend, unzufrieden, zeitverschwendung, abzocke, nie wieder, sehr schlecht, nicht zufrieden,
            funktioniert nicht"""
        ),
        fine=_phrases("gut, gute, guter, gutes, danke, dank, freundlich, zufrieden, nett, hilfreich, schnell, einfach"),
        trouble=_phrases(
            """langsam, fehler, problem, probleme, defekt, kaputt, teuer, warten, gewartet, schlecht, schlechter,
            absturz, ausfall, leider, verspatet, niemand, nichts, schade, gekundigt, beschwerde, mangel"""
        ),
        turns=_phrases(
            """nicht, kein, keine, keinen, keiner, nie, niemals, aber, jedoch, ohne, wenn, falls, ware, wurde, konnte,
            sollte, kaum, obwohl, trotzdem, nur, eigentlich, bis, statt"""
        ),
    ),
    Lexicon(  # Spanish
        usual=_phrases("el, la, los, las, de, que, y, es, un, una, por, para, con, muy, se, nos, su, lo, en, fue"),
        delight=_phrases(
            """excelente, excelentes, fantastico, fantastica, maravilloso, maravillosa, increible, perfecto, perfecta,
            genial, estupendo, estupenda, encanta, encantado, encantada, impecable, recomiendo, muy contento, muy
            contenta, muy satisfecho, muy satisfecha, muy bueno, muy buena, muy bien"""
        ),
        anger=_phrases(
            """pesimo, pesima, horrible, terrible, fatal, desastre, decepcionado, decepcionada, decepcionante,
            decepcion, inaceptable, verguenza, vergonzoso, vergonzosa, inutil, estafa, indignado, indignada,
            insatisfecho, insatisfecha, nunca mas, muy mal, muy malo, muy mala, no funciona, no recomiendo"""
        ),
        fine=_phrases("bueno, buena, buen, bien, gracias, amable, amables, contento, contenta, rapido, rapida, facil"),
        trouble=_phrases(
            """lento, lenta, problema, problemas, error, errores, fallo, fallos, caro, cara, mal, malo, mala, peor,
            espera, esperando, retraso, nadie, nada, queja, lamentablemente, roto"""
        ),
        turns=_phrases(
            "no, nunca, jamas, pero, aunque, sin, si, seria, ojala, excepto, salvo, hasta, ni, tampoco, solo"
        ),
    ),
    Lexicon(  # French
        usual=_phrases(
            "le, la, les, des, de, et, est, un, une, pour, avec, tres, nous, vous, votre, je, sur, du, ce, l"
        ),
        delight=_phrases(
            """excellent, excellente, excellents, parfait, parfaite, genial, geniale, formidable, fantastique,
            magnifique, super, ravi, ravie, impeccable, exceptionnel, exceptionnelle, adore, tres satisfait, tres
            satisfaite, tres content, tres contente, tres bien, tres bon, tres bonne, je recommande"""
        ),
        anger=_phrases(
            """horrible, catastrophique, catastrophe, nul, nulle, honteux, honteuse, scandaleux, inadmissible,
            inacceptable, decu, decue, decevant, decevante, deplorable, lamentable, arnaque, insatisfait, mecontent,
            mecontente, plus jamais, tres mauvais, tres mauvaise, pas content, ne fonctionne pas, ne marche pas"""
        ),
        fine=_phrases("bon, bonne, bien, merci, content, contente, satisfait, satisfaite, rapide, facile, aimable"),
        trouble=_phrases(
            """lent, lente, probleme, problemes, erreur, erreurs, panne, pannes, bug, bugs, cher, chere, attente,
            attendu, mauvais, mauvaise, pire, personne, rien, retard, malheureusement, plainte"""
        ),
        turns=_phrases(
            "ne, n, pas, jamais, aucun, aucune, mais, cependant, sans, si, serait, sauf, malgre, toutefois, peu"
        ),
    ),
)

WORD = re.compile(r"[^\W\d_]+")
LONGEST_PHRASE = 4

# Says nothing about the product; neither does a "best" that is followed by a name or two and no more.
FAREWELLS = frozenset({"best regards", "best wishes", "all the best", "at best", "the best of", "love from"})
LAST_WORDS = 3

# Whoever writes more than this has more than one thing to say.
PLAINLY = 2000


def disagree(score: int, words: str) -> bool:
    """Whether the words say the opposite of the score: 0-6 with plainly happy words, 9-10 with plainly unhappy ones.

    So that somebody asks whether the scale was read the wrong way round; no score is ever changed by it. It would
    rather miss one than raise a doubt: a single word that could turn the sentence round (not, but, if, would), or
    one of the other mood, or a long text, and it says no. English, German, Spanish and French; irony is beyond it.
    """
    if 7 <= score <= 8 or not 0 < len(words) <= PLAINLY:
        return False
    tokens = WORD.findall(normalise_for_search(words))
    plain = False
    for lexicon in _languages(tokens):
        delight, anger, fine, trouble, turns = _moods(tokens, lexicon)
        plainly, against = (delight, anger or trouble) if score <= 6 else (anger, delight or fine)
        if against or turns:
            return False
        plain = plain or plainly
    return plain


def _languages(tokens: list[str]) -> list[Lexicon]:
    """The languages these words may be in: those with most of their usual words, all of them where there is none."""
    usual = [sum(token in lexicon.usual for token in tokens) for lexicon in LEXICONS]
    return [lexicon for lexicon, found in zip(LEXICONS, usual, strict=True) if found == max(usual)]


def _moods(tokens: list[str], lexicon: Lexicon) -> tuple[bool, bool, bool, bool, bool]:
    """Which of delight, anger, fine, trouble and turns occur; the longest phrase at a place counts, and only once."""
    kinds = (lexicon.delight, lexicon.anger, lexicon.fine, lexicon.trouble, lexicon.turns)
    found = [False] * len(kinds)
    at = 0
    while at < len(tokens):
        for length in range(min(LONGEST_PHRASE, len(tokens) - at), 0, -1):
            phrase = " ".join(tokens[at : at + length])
            signs_off = phrase in FAREWELLS or (phrase == "best" and at + LAST_WORDS >= len(tokens))
            if signs_off or any(phrase in kind for kind in kinds):
                for position, kind in enumerate(kinds):
                    found[position] |= not signs_off and phrase in kind
                break
        at += length
    delight, anger, fine, trouble, turns = found
    return delight, anger, fine, trouble, turns
