"""What the customer's page shows, as one plain value: the view fills it, the template draws from nothing else.

Every string is ready-made in the customer's language and time zone, except the sentences the template itself owns.
Only what was written for the customer may stand here: never a note, never a name that is not theirs to know.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext, ngettext, pgettext


class Variant(StrEnum):
    """Which page it is. A promise that was missed is no variant of its own: `late` is shown wherever we are at work."""

    NEW = "new"  # nobody has got in touch yet
    OPEN = "open"  # at work
    WAITING = "waiting"  # we asked the customer something
    RESOLVED = "resolved"  # the question is asked: is it settled?
    SETTLED = "settled"  # a moment ago the customer said yes
    ANSWERED = "answered"  # the customer said yes earlier
    NOT_YET = "not_yet"  # the customer said not yet, it is open again
    DIFFER = "differ"  # closed as agreed to differ
    SILENT = "silent"  # closed without a word from the customer
    LEFT = "left"  # the customer asked to be left in peace


class Turn(StrEnum):
    OURS = "ours"
    YOURS = "yours"
    NOBODY = "nobody"


class Option(StrEnum):
    """What the customer may press: the value of `verdict` in the form."""

    SETTLED = "settled"
    NOT_YET = "not_yet"
    CALL_ME = "call_me"
    SOMEBODY_ELSE = "somebody_else"
    LEAVE_IT = "leave_it"
    ADD_WORDS = "add_words"
    CORRECT = "correct"


class Kind(StrEnum):
    """How a line of the story stands."""

    DONE = "done"  # something that changed; no label
    KEPT = "kept"
    OPEN = "open"
    MOVED = "moved"
    MISSED = "missed"
    TOLD = "told"  # a line somebody wrote for the customer; no label


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the story. `when` in words ("26 Nov", "by 27 Nov, evening"), `day` as ISO date for machines."""

    when: str
    text: str
    kind: Kind = Kind.DONE
    day: str = ""
    # Under it: a new date and the reason, as the customer was told.
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A promise we did not keep. `promised` in words; `told_before` where the customer heard it before the date."""

    what: str
    promised: str
    told_before: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    text: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopPage:
    """Everything the page says. Empty strings and tuples leave their part out."""

    variant: Variant
    language: str
    brand: str
    brand_footer: str = ""

    # Who reads it and who looks after them. `reply_address` is where a person reads what comes.
    first_name: str = ""
    contact_name: str = ""
    owner_name: str = ""
    owner_first_name: str = ""
    reply_address: str = ""

    # Whose turn, what comes next, by when: the first thing on the page.
    whose_turn: Turn = Turn.OURS
    next_step: str = ""
    by_when: str = ""
    as_of: str = ""
    missed: tuple[Missed, ...] = ()

    # What they told us. `quote` is a sentence or two of `words`, `told_on` a day, `answered_on` a moment.
    quote: str = ""
    words: str = ""
    words_language: str = ""
    told_on: str = ""
    answered_on: str = ""
    score: int | None = None

    # What was promised, what changed, and what a person wrote for them.
    story: tuple[Entry, ...] = ()
    question: str = ""
    why_it_happened: str = ""
    left_out: tuple[LeftOut, ...] = ()
    letter: str = ""
    letter_by: str = ""
    letter_on: str = ""

    # Their last word. `missing` is what they said is missing, `said_on` when they answered, `told_too` who else knows.
    missing: str = ""
    said_on: str = ""
    told_too: tuple[str, ...] = ()
    silence_until: str = ""

    # What may be pressed. A press carries `ticket` and `cycle`, so that an old page decides nothing. `until` ends the
    # link.
    ticket: int = 0
    cycle: int = 0
    options: frozenset[Option] = frozenset()
    opened: str = ""  # "settled" or "not_yet": which of the two answers stands open
    typed: str = ""  # what they had typed, where a press was refused
    phone_known: bool = True
    until: str = ""
    seen_by_staff: bool = False

    @property
    def called(self) -> str:
        """How the page calls its reader: by first or by whole name, as the language has it; empty where unknown."""
        first = self.first_name or self.contact_name
        # Translators: how a page calls its reader. `first` is a first name, `full` the whole name.
        words = pgettext("calling somebody", "%(first)s")
        return words % {"first": first, "full": self.contact_name or first} if first else ""

    @property
    def heading(self) -> str:
        """The one sentence the page is about."""
        if self.missed and self.variant in (Variant.NEW, Variant.OPEN, Variant.NOT_YET):
            many = len(self.missed)
            words = ngettext("we did not keep one promise.", "we did not keep %(many)s promises.", many) % {
                "many": many
            }
            return self._to_reader(words)
        match self.variant:
            case Variant.NEW:
                return self._to_reader(gettext("your answer has arrived."))
            case Variant.OPEN:
                return self._to_reader(gettext("this is what we promised you."))
            case Variant.WAITING:
                return self._to_reader(gettext("we need a word from you."))
            case Variant.RESOLVED:
                return self._to_reader(gettext("you told us what went wrong. Here is what changed."))
            case Variant.SETTLED:
                thanks = gettext("Thank you, %(name)s. We take it as settled.") % {"name": self.called}
                return thanks if self.called else gettext("Thank you. We take it as settled.")
            case Variant.ANSWERED:
                return gettext("You have answered already.")
            case Variant.NOT_YET:
                return gettext("Thank you for saying so. It is open again.")
            case Variant.DIFFER:
                return self._to_reader(gettext("here we could not agree."))
            case Variant.SILENT:
                return self._to_reader(gettext("we closed this without a word from you."))
            case Variant.LEFT:
                return self._to_reader(gettext("we leave it here, as you asked."))

    @property
    def title(self) -> str:
        """The name of the browser's tab: nothing that a passer-by should not read."""
        match self.variant:
            case Variant.RESOLVED | Variant.SILENT:
                return gettext("Is it settled for you?")
            case Variant.SETTLED:
                return gettext("Thank you")
            case Variant.ANSWERED:
                return gettext("You have answered already")
            case Variant.DIFFER:
                return gettext("Where we differ")
            case _:
                return gettext("Your case with us")

    @property
    def told_names(self) -> str:
        """Who else knows, as a list in a sentence."""
        *others, last = self.told_too or ("",)
        return gettext("%(names)s and %(last)s") % {"names": ", ".join(others), "last": last} if others else last

    @property
    def asks(self) -> bool:
        """Is the question of the two equal answers on the page?"""
        asked = self.variant in (Variant.RESOLVED, Variant.SILENT)
        return asked and {Option.SETTLED, Option.NOT_YET} <= self.options

    @property
    def scores(self) -> list[int]:
        """What the score may be corrected to, where it may be."""
        return [score for score in range(11) if score != self.score] if Option.CORRECT in self.options else []

    @property
    def elsewise(self) -> list[tuple[str, str, str]]:
        """The lesser presses under the form: value, icon, words."""
        known = [
            (Option.SETTLED, "check", gettext("It is settled already"), not self.asks),
            (Option.CALL_ME, "phone", gettext("Call me instead"), self.phone_known),
            (Option.SOMEBODY_ELSE, "swap", gettext("Somebody else should answer"), True),
            (Option.LEAVE_IT, "stop", gettext("Stop, leave it"), True),
        ]
        return [(str(option), icon, words) for option, icon, words, here in known if here and option in self.options]

    @property
    def asks_for_number(self) -> bool:
        return Option.CALL_ME in self.options and not self.phone_known

    @property
    def line_for(self) -> str:
        """The label of the field for a line of their own."""
        if self.variant == Variant.WAITING:
            return gettext("Your answer")
        name = self.owner_first_name
        return gettext("A line for %(name)s") % {"name": name} if name else gettext("A line for us")

    @property
    def send_to(self) -> str:
        name = self.owner_first_name
        return gettext("Send to %(name)s") % {"name": name} if name else gettext("Send")

    def _to_reader(self, words: str) -> str:
        return f"{self.called}, {words}" if self.called else words[:1].upper() + words[1:]


# --- what comes next, in the language that is active -----------------------------------------------------------


def contact_comes(owner: str, account: str = "", *, looks_after: bool = False) -> str:
    """Next step before anybody got in touch. `owner` empty: nobody has it yet."""
    if not owner:
        return gettext("Somebody from our team gets in touch with you.")
    if looks_after and account:
        words = gettext("%(owner)s, who looks after %(account)s, gets in touch with you.")
        return words % {"owner": owner, "account": account}
    return gettext("%(owner)s gets in touch with you.") % {"owner": owner}


def action_comes(what: str, who: str) -> str:
    """Next step at work: the promise that is due first, word for word, and whose it is."""
    return gettext("%(what)s From %(who)s.") % {
        "what": what if what.endswith((".", "!", "?")) else f"{what}.",
        "who": who,
    }


def answer_comes(owner: str, lead: str = "", *, told: str = "") -> str:
    """Next step after a *not yet* or a reply. `lead`: who was told as well; `told`: when, empty for a moment ago."""
    if not owner:
        return gettext("Somebody from our team answers you.")
    if lead and lead != owner:
        if told:
            words = gettext("%(owner)s answers you. %(lead)s, who leads the team, was told as well, on %(moment)s.")
        else:
            words = gettext("%(owner)s answers you. %(lead)s, who leads the team, was told a moment ago as well.")
        return words % {"owner": owner, "lead": lead, "moment": told}
    return gettext("%(owner)s answers you.") % {"owner": owner}


def call_comes(owner: str) -> str:
    """Next step where they would rather be called."""
    if not owner:
        return gettext("Somebody from our team calls you.")
    return gettext("%(owner)s calls you.") % {"owner": owner}


def plan_comes(owner: str) -> str:
    """Next step after first contact, before an action is promised."""
    return gettext("%(owner)s tells you what we do about it, and by when.") % {"owner": owner or gettext("Our team")}


def no_new_time() -> str:
    """By when, where a promise has passed and no new one was made."""
    return gettext("No new time is promised yet. The lead of the team has been told.")


def moved(by: str, reason: str) -> str:
    """Under a promise that was moved: the date it has now, in words, and why."""
    return gettext("Moved: %(by)s. %(reason)s") % {"by": by, "reason": reason}


def verdict_comes() -> str:
    """Next step once resolved: the customer's word."""
    return gettext("You say whether it is settled.")


def reply_comes(owner: str) -> str:
    """Next step while we wait for the customer."""
    return gettext("%(owner)s asked you something and waits for your answer.") % {"owner": owner or gettext("Our team")}


def question_comes() -> str:
    """Next step after *settled*, where a recovery question is planned."""
    return gettext("In a month we ask you one question: would you recommend us now?")


def nothing_comes() -> str:
    return gettext("Nothing, unless you say so.")


def heard(option: Option, owner_first_name: str = "") -> str:
    """What the page says right after a press that leaves the case where it is."""
    name = owner_first_name or gettext("our team")
    match option:
        case Option.CALL_ME:
            return gettext("Noted: you would rather be called. It is with %(name)s now.") % {"name": name}
        case Option.SOMEBODY_ELSE:
            return gettext("Noted: somebody else should answer you. The lead of the team has been told.")
        case Option.ADD_WORDS:
            return gettext("Thank you. Your line is with %(name)s now.") % {"name": name}
        case Option.SETTLED:
            return gettext("Thank you. We noted that it is settled for you.")
        case Option.LEAVE_IT:
            return gettext("Noted: we leave it here, as you asked.")
        case Option.NOT_YET:
            return gettext("Thank you for saying so. It is open again.")
        case Option.CORRECT:
            return gettext("Thank you. We noted the score you meant, and keep both. Your case goes on.")


def overtaken() -> str:
    """What the page says where a press came from a page that was no longer true."""
    return gettext(
        "Something had changed since you opened this page, so nothing was decided. This is how it stands now."
    )
