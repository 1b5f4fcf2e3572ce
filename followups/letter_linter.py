"""What is wrong with a letter to a customer, said before it leaves. Advice: nothing here stops a mail.

Pure: a letter in, findings out, in English, German, Spanish and French. It looks for phrases and for what is missing
(a name, a day, something that somebody does), not for meaning, so it can err both ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from followups import letter_phrases as phrases
from followups.variables import VARIABLES, used_in
from nps_loop.moments import WORDINGS

# A letter of more words is not read to its end; one part of an automatic mail stands among other lines.
MOST_WORDS, MOST_WORDS_OF_A_PART, MOST_IN_SUBJECT = 220, 80, 90

# Code -> why it matters to the customer, and what to do instead.
ADVICE: dict[str, tuple[Any, Any]] = {
    "unknown_variable": (
        _("Nobody can fill this in, so the customer would read it in braces."),
        _("Take one of the variables of the list."),
    ),
    "missing_variable": (
        _("The customer does not read it where they look first."),
        _("Put the variable in, so that each customer reads their own."),
    ),
    "gap": (_("This is not filled in yet."), _("Write what belongs there, or take it out.")),
    "no_date": (
        _("No day or time stands in it, so nobody can hold us to it."),
        _("Say the day: “by Friday midday”."),
    ),
    "vague_time": (_("It sounds like a time and is none."), _("Say the day: “by Friday midday”.")),
    "no_action": (
        _("It does not say what somebody does or did."),
        _("Say what you do or did, in one sentence with “I”."),
    ),
    "no_name": (
        _("No person signs it, so nobody answers for it."),
        _("End with your name."),
    ),
    "sells": (
        _("It sells something to somebody who is not happy."),
        _("Leave it out. What was wrong comes first."),
    ),
    "robotic": (_("Machines write this, and people skip it."), _("Say what you would say on the telephone.")),
    "no_reply": (_("It tells the customer not to answer."), _("Let them answer: a person reads it.")),
    "ticket_speak": (
        _("The customer has a concern, not a ticket."),
        _("Say what it is about, in their words."),
    ),
    "asks_back": (
        _("It asks something of a customer who owes us nothing."),
        _("Thank them, say what would change, and ask nothing."),
    ),
    "claims_reading": (
        _("It says that somebody read the answer. This mail leaves before anybody did."),
        _("Say that it has arrived, and who will read it."),
    ),
    "shouting": (_("It shouts."), _("Small letters, and full stops.")),
    "too_long": (_("It is longer than anybody reads."), _("Cut it to what this customer needs to know.")),
    "blames": (_("It says that the customer is to blame."), _("Say what happened, and what you do about it.")),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at: what (`code`), in which part of the letter, and the words, if it is about some."""

    code: str
    where: str
    words: str = ""

    @property
    def why(self) -> Any:
        """Why it matters, in the language that is active."""
        return ADVICE[self.code][0]

    @property
    def what_to_do(self) -> Any:
        return ADVICE[self.code][1]


@dataclass(frozen=True, slots=True)
class Letter:
    """What is looked at. `parts`: subject, text, opening … as typed, with variables in braces.

    `framed`: a frame around it says who, what and by when, so none of that is missed in here. `signed`: a name is put
    under it by itself. `automatic`: nobody has read the customer's words when it leaves. `names` are people who may
    sign. `variables` are those that can be filled in, `expected` those that a part should have.
    """

    parts: Mapping[str, str]
    language: str = "en"
    band: str = ""
    framed: bool = False
    signed: bool = False
    automatic: bool = False
    names: Sequence[str] = ()
    variables: Sequence[str] = tuple(VARIABLES)
    expected: Mapping[str, Sequence[str]] | None = None


def findings(letter: Letter) -> list[Finding]:
    """Everything that is worth a second look, in the order of the letter; empty for a good one."""
    found = [each for where, text in letter.parts.items() if text.strip() for each in _in_part(letter, where, text)]
    if not letter.framed and (body := "\n".join(t for where, t in letter.parts.items() if where != "subject")).strip():
        found += _missing(letter, body)
    return list(dict.fromkeys(found))


def _in_part(letter: Letter, where: str, text: str) -> Iterator[Finding]:
    used = used_in(text)
    for name in used:
        if name not in letter.variables:
            yield Finding("unknown_variable", where, f"{{{name}}}")
    for name in (letter.expected or {}).get(where, ()):
        if name not in used:
            yield Finding("missing_variable", where, f"{{{name}}}")
    plain = _plain(_without_quotations(text))
    codes: dict[str, Mapping[str, Sequence[str]]] = {
        "robotic": phrases.ROBOTIC,
        "no_reply": phrases.NO_REPLY,
        "ticket_speak": phrases.TICKET_SPEAK,
        "vague_time": phrases.VAGUE,
        "sells": phrases.SELLS,
        "blames": phrases.BLAMES,
    }
    if letter.band == "passive":
        codes["asks_back"] = phrases.ASKS_BACK
    if letter.automatic:
        codes["claims_reading"] = phrases.CLAIMS_READING
    for code, of_language in codes.items():
        if words := _first(of_language.get(letter.language, ()), plain):
            yield Finding(code, where, words)
    if shouted := _shouted(_without_quotations(text)):
        yield Finding("shouting", where, shouted)
    if _is_too_long(letter, where, text):
        yield Finding("too_long", where)


def _missing(letter: Letter, body: str) -> Iterator[Finding]:
    """What a letter that stands alone must have: something that is done, a day, a name."""
    own = _without_quotations(body)
    plain = _plain(own)
    used = used_in(own)
    if not _first(phrases.ACTS[letter.language], plain):
        yield Finding("no_action", "text")
    if "promise" not in used and not _names_a_day(plain, letter.language):
        yield Finding("no_date", "text")
    if not letter.signed and "owner" not in used and not _is_signed(own, letter.names):
        yield Finding("no_name", "text")


def _plain(text: str) -> str:
    """Lower case, one space between words, and apostrophes as typed on a keyboard."""
    return " ".join(text.replace("\u2019", "'").lower().split())


def _without_quotations(text: str) -> str:
    """What the writer says: lines that begin with ">" are the customer's."""
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(">"))


def _first(patterns: Sequence[str], plain: str) -> str:
    """The words of the first pattern that is found; empty for none."""
    return next((match[0].strip() for pattern in patterns if (match := re.search(pattern, plain))), "")


def _names_a_day(plain: str, language: str) -> bool:
    wording = WORDINGS[language]
    weekdays = "|".join(day.lower() for day in wording.weekdays)
    months = "|".join(month.lower() for month in wording.months)
    pattern = (
        rf"\b(?:{weekdays})|\d{{1,2}}(?:st|nd|rd|th|er|\.)? ?(?:of |de )?(?:{months})|\b(?:{months}) \d{{1,2}}\b"
        rf"|\b\d{{1,2}}[./]\d{{1,2}}\b|\b\d{{1,2}}(?:[:.]\d\d| ?h ?\d\d| uhr| ?am| ?pm)\b|{phrases.TIMES[language]}"
    )
    return re.search(pattern, plain) is not None


def _is_signed(text: str, names: Sequence[str]) -> bool:
    """Whether one of the last lines is a person's name."""
    last = [line.strip().rstrip(",.") for line in text.splitlines() if line.strip()][-5:]
    if any(name and name in line for line in last for name in names):
        return True
    name_line = r"[^\W\d_a-zß-ÿ][\w'’-]+(?: (?:von|van|de|del|der|la|le) )?(?: ?[^\W\d_a-zß-ÿ][\w'’.-]*){0,3}(?:,.*)?"
    return any(
        re.fullmatch(name_line, line)
        and not re.search(phrases.TEAM_WORDS, line.split(",")[0].lower())
        and not re.fullmatch(phrases.GREETINGS, line.lower())
        for line in last[1:]
    )


def _shouted(text: str) -> str:
    """Words in capitals, two at least, or more than one exclamation mark; empty where nobody shouts."""
    without = re.sub(r"\{\w+\}", "", text)
    loud = [word for word in re.findall(r"[^\W\d_]{4,}", without) if word.isupper()]
    if len(loud) > 1:
        return " ".join(loud[:4])
    return "!" if without.count("!") > 1 else ""


def _is_too_long(letter: Letter, where: str, text: str) -> bool:
    if where == "subject":
        return len(text) > MOST_IN_SUBJECT
    return len(text.split()) > (MOST_WORDS_OF_A_PART if letter.framed else MOST_WORDS)
