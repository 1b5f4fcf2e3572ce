"""What somebody wrote, without what they quoted and without their signature. Goes through the lines once.

The full text is kept beside it, so that a cut in the wrong place hides words for a moment and loses none.
"""

from __future__ import annotations

import re

# "On … wrote:" as mail programs of many languages say it. Looked for in short lines only, by the end of the line, so
# that no pattern runs over a long text.
_WROTE = re.compile(
    r"(wrote|writes|schrieb|schrieb am .*|a écrit|a ecrit|escribió|escribio|ha scritto|scrisse|schreef"
    r"|het volgende geschreven"
    r"|napisał\(a\)|napisał|napisała|napisał/a|pisze|escreveu|skrev|kirjoitti|napsal\(a\)|napsal|írta|написал\(а\)|написал|пише"
    r"|schreef het volgende|a scris|yazdı|schrieb folgendes)\s*:?\s*$"
    # In German and Dutch the writer stands behind the verb.
    r"|\b(schrieb|schreef)\b.{0,300}:$",
    re.IGNORECASE,
)
_BEGINS = re.compile(
    r"^(on|am|le|el|il|op|w dniu|em|den|dne|dnia|pe|на|в|gio|mer|lun|mar|ven|sab|dom|\d{1,2}[./]|\d{4}-|"
    r".{0,120}[<(][^<>\s]{1,200}@[^<>\s]{1,200}[>)])",
    re.IGNORECASE,
)
_HAS_DATE_OR_ADDRESS = re.compile(r"\d|@")
_DIVIDER = re.compile(
    r"^[-_—–*\s]{2,40}(original message|ursprüngliche nachricht|originalnachricht|original-nachricht"
    r"|message d'origine|message original"
    r"|mensaje original|messaggio originale|oorspronkelijk bericht"
    r"|wiadomość oryginalna|oryginalna wiadomość|mensagem original"
    r"|ursprungligt meddelande|forwarded message|weitergeleitete nachricht|message transféré|mensaje reenviado"
    r"|messaggio inoltrato|doorgestuurd bericht)[-_—–*\s]{0,40}:?$",
    re.IGNORECASE,
)
_FROM = re.compile(r"^\*?(from|von|de|da|van|od|från|fra|od kogo|lähettäjä|от)\s?:\*?\s", re.IGNORECASE)
_OTHER_HEADS = re.compile(
    r"^\*?(sent|date|to|cc|subject|gesendet|datum|an|betreff|envoyé|à|objet|enviado|enviado el|para|asunto|fecha"
    r"|inviato|data|"
    r"a|oggetto|verzonden|aan|onderwerp|wysłano|do|temat|assunto|skickat|till|ämne|sendt|til|emne)\s?:\*?(\s|$)",
    re.IGNORECASE,
)
_SENT_FROM = re.compile(
    r"^(sent from (my|the|outlook|mail|yahoo|proton)|get outlook for|von meinem .{1,40} gesendet|gesendet (von|mit) |"
    r"envoyé (de|depuis) (mon|ma|l'application|yahoo|outlook|proton)|enviado (desde|do) (mi|meu|yahoo|outlook)|"
    r"inviato da(l mio| iphone| outlook| yahoo)|verzonden vanaf mijn|verstuurd vanaf mijn|wysłane z |wysłano z |"
    r"skickat från min|sendt fra min|lähetetty )",
    re.IGNORECASE,
)
_RULE = re.compile(r"^[_\-—]{10,}$")
_LONGEST = 400


def cut(text: str) -> str:
    """Return the words of the writer in `text`; "" where all of it is quoted.

    Answers between quoted lines are kept. Behind a head without `>` ("From: … Sent: …") all is quoted. Linear.
    """
    lines = [_bare(line) for line in text.split("\n")]
    kept: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        if line.startswith((">", "|>", "»")) or line in ("&gt;",):
            at += 1
        elif _is_signature(lines[at]):
            at = _next_quoted(lines, at)
        elif _heads_a_quote_block(lines, at):
            break
        elif taken := _introduces(lines, at):
            at += taken
            if not _is_quoted_next(lines, at):
                break
        else:
            if not (len(line) <= _LONGEST and _SENT_FROM.match(line)):
                kept.append(lines[at].rstrip())
            at += 1
    return _without_gaps(kept)


def _bare(line: str) -> str:
    return line.rstrip("\r").replace("\u200b", "").replace("\ufeff", "").replace("\xa0", " ")


def _is_signature(line: str) -> bool:
    return line.rstrip() == "--" and len(line) <= 4


def _next_quoted(lines: list[str], at: int) -> int:
    """A signature goes on to the next quoted line, where somebody may have answered below, or to the end."""
    while at < len(lines) and not lines[at].lstrip().startswith(">"):
        at += 1
    return at


def _heads_a_quote_block(lines: list[str], at: int) -> bool:
    """A divider, or a block of the old mail's head: From and at least one more line of it right behind."""
    line = lines[at].strip()
    if not line or len(line) > _LONGEST:
        return False
    if _DIVIDER.match(line):
        return True
    if _RULE.match(line):
        following = _next_words(lines, at + 1)
        return following is not None and bool(_FROM.match(lines[following].strip()[:_LONGEST] + " "))
    if not _FROM.match(line + " "):
        return False
    behind = [each.strip()[:_LONGEST] for each in lines[at + 1 : at + 6]]
    return sum(bool(_OTHER_HEADS.match(each)) for each in behind) >= 2


def _introduces(lines: list[str], at: int) -> int:
    """How many lines from `at` on say "On … wrote:": mail programs break it over two or three. 0: none."""
    first = lines[at].strip()
    if not first or len(first) > _LONGEST or not _BEGINS.match(first):
        return 0
    joined = ""
    for count in range(1, 5):
        if at + count > len(lines):
            return 0
        line = lines[at + count - 1].strip()
        if not line or len(line) > _LONGEST or line.startswith(">"):
            return 0
        joined = f"{joined} {line}"
        if _WROTE.search(line) and _HAS_DATE_OR_ADDRESS.search(joined) and _is_end(line, lines, at + count):
            return count
    return 0


def _is_end(line: str, lines: list[str], behind: int) -> bool:
    """A sentence may end in "wrote": an introduction has a colon, or what it introduces right behind it."""
    return line.endswith(":") or _is_quoted_next(lines, behind)


def _is_quoted_next(lines: list[str], at: int) -> bool:
    following = _next_words(lines, at)
    return following is not None and lines[following].lstrip().startswith(">")


def _next_words(lines: list[str], at: int) -> int | None:
    """The next line with words within a few; far enough for what stands between a head and its quote."""
    return next((number for number in range(at, min(at + 4, len(lines))) if lines[number].strip()), None)


def _without_gaps(lines: list[str]) -> str:
    kept: list[str] = []
    for line in lines:
        if line.strip() or (kept and kept[-1].strip()):
            kept.append(line)
    return "\n".join(kept).strip()
