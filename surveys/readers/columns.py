"""Which column means what: said by a person, or guessed where the name leaves no doubt.

The score column is the one that must not be wrong: reading thumbs, stars or an account number as NPS opens a ticket for
nearly everybody. So its values are looked at too, and where two columns could be it, nobody guesses.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext, gettext_noop

from surveys.incoming import ATTRIBUTES_KEPT, shorten
from surveys.readers.dates import DateOrder
from surveys.readers.delimited import UnreadableFile
from surveys.scoring import ENOUGH, BadScore, BlankScore, looks_like_nps, parse_score


class DoubtfulScore(UnreadableFile):
    """The score column was found, but its values do not look like one; a person may vouch for it."""


# What a person may name a column for. "account" becomes the id or the name of the account, by the column's own name.
FIELDS = (
    "score", "comment", "email", "contact_external_id", "name", "phone", "language", "account", "touchpoint", "driver",
    "contact_me", "share_name", "answered_for", "product", "responded_at", "version_at", "external_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person said about a file. `columns` maps FIELDS to column names, `attributes` our name to a column name.

    With `attributes` None, every column without another meaning is kept as an attribute; with a mapping, only those.
    `left_out` names columns that are not kept. `score_is_nps` vouches for a score column that does not look like one.
    With `undated_if_unproven`, dates that fit both orders are left out (a later import of the same file with the order
    stated brings them in) instead of keeping the file from being taken: for whoever says what happens to old answers.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] | None = None
    left_out: frozenset[str] = frozenset()
    date_order: DateOrder | None = None
    time_zone: str = ""
    score_is_nps: bool = False
    undated_if_unproven: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "columns": dict(self.columns),
            "attributes": None if self.attributes is None else dict(self.attributes),
            "left_out": sorted(self.left_out),
            "date_order": self.date_order and self.date_order.value,
            "time_zone": self.time_zone,
            "score_is_nps": self.score_is_nps,
            "undated_if_unproven": self.undated_if_unproven,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Choices:
        """The choices in `stored`, as `as_json` wrote them; what is missing there is not said."""
        order = stored.get("date_order")
        return cls(
            columns=stored.get("columns") or {},
            attributes=stored.get("attributes"),
            left_out=frozenset(stored.get("left_out") or ()),
            date_order=DateOrder(order) if order else None,
            time_zone=stored.get("time_zone") or "",
            score_is_nps=bool(stored.get("score_is_nps")),
            undated_if_unproven=bool(stored.get("undated_if_unproven")),
        )


# What each field is called in a sentence.
IN_WORDS = {
    "score": gettext_noop("score"),
    "comment": gettext_noop("comment"),
    "email": gettext_noop("email"),
    "name": gettext_noop("name"),
    "phone": gettext_noop("phone"),
    "language": gettext_noop("language"),
    "contact_external_id": gettext_noop("customer's id"),
    "account": gettext_noop("account"),
    "account_external_id": gettext_noop("account external id"),
    "touchpoint": gettext_noop("touchpoint"),
    "driver": gettext_noop("driver"),
    "contact_me": gettext_noop("contact me"),
    "share_name": gettext_noop("share name"),
    "answered_for": gettext_noop("answered for"),
    "product": gettext_noop("product"),
    "responded_at": gettext_noop("responded at"),
    "version_at": gettext_noop("version at"),
    "external_id": gettext_noop("answer's id"),
}

# --- names -----------------------------------------------------------------------------------------------------

# Our field -> column names that leave no doubt, as `plain` writes them; one line per rank, the first that occurs wins.
NAMES: dict[str, tuple[str, ...]] = {
    "comment": (
        "comment|comments|verbatim|verbatim comment|nps comment|nps feedback|feedback|feedback text|open text|"
        "free text|customer comment|customer feedback|score comment|kommentar|comentario|comentarios|commentaire|"
        "commentaires",
        "text|why|answer text|opinion|remarks",
    ),
    "email": (
        "email|e mail|email address|e mail address|customer email|contact email|user email|respondent email|"
        "recipient email|e mail adresse|correo|correo electronico|adresse e mail|courriel",
        "mail",
    ),
    "contact_external_id": (
        "customer id|contact id|user id|client id|person id|member id|subscriber id|end user id|customer number|"
        "customer external id|contact external id|kundennummer|kunden id",
    ),
    "name": (
        "customer name|contact name|full name|respondent name|person name|user name|ansprechpartner|kundenname",
        "name|nombre|nom",
    ),
    "phone": (
        "phone|phone number|telephone|telephone number|customer phone|contact phone|mobile phone|telefon|telefonnummer|"
        "telefono|numero de telephone",
        "mobile|tel",
    ),
    "language": ("language|survey language|user language|customer language|sprache|idioma|langue", "lang|locale"),
    "account_external_id": (
        "account id|company id|organisation id|organization id|account number|account external id|firmen id",
    ),
    "account_name": (
        "account name|company name|organisation name|organization name|account|company|organisation|organization|firma|"
        "unternehmen|empresa|entreprise|societe",
    ),
    "touchpoint": ("touchpoint|touch point|kontaktpunkt|punto de contacto|point de contact",),
    "driver": ("driver|score driver|nps driver|gewahlter grund|motivo elegido|raison choisie",),
    "contact_me": (
        "contact me|may we contact you|can we contact you|ok to contact|contact permission|follow up permission|"
        "would you like us to contact you|please contact me|kontakt erwunscht|contactar|me contacter",
    ),
    "share_name": ("share name|share my name|name darf genannt werden|nombre visible|nom visible",),
    "answered_for": ("answered for|on behalf of|answered on behalf of",),
    "product": ("product|product name|produkt|producto|produit",),
    "responded_at": (
        "responded at|response date|response time|response timestamp|response at|survey date|surveyed at|submitted at|"
        "submission date|submission time|date submitted|submit date|completed at|completion date|date completed|"
        "completion time|answered at|answer date|recorded date|end date|ended at|timestamp|time stamp|feedback date|"
        "zeitstempel|antwortdatum|marca temporal|fecha de respuesta|horodateur|date de reponse",
        "date|datetime|date time|datum|fecha",
        "created at|created|date created|creation date|created date|time",
    ),
    "version_at": ("updated at|modified at|last modified|last updated|date modified",),
    "external_id": (
        "response id|survey response id|answer id|submission id|external id|response external id|respondent id|"
        "response uuid|response key|antwort id|id de respuesta|identifiant de reponse",
    ),
}
_RANKED = {ours: [frozenset(rank.split("|")) for rank in ranks] for ours, ranks in NAMES.items()}

_SCORE_NAME = re.compile(
    r"(?:(?:survey|response|customer) )?(?:score|rating|grade|note|nota|bewertung|wertung|punktzahl|puntuacion|puntaje|"
    r"calificacion|valoracion)"
)
_BESIDE_NPS = re.compile(r"(?:nps|net|promoter|score|rating|value|q?\d+|question|result|answer)(?:\s|$)")
_RECOMMENDING = re.compile(
    r"\blikely\b.*\brecommend|\blikelihood (?:to|of) recommend|\brecommend(?:ation)? (?:score|likelihood)|"
    r"wahrscheinlich.*empfehl|prob\w* .*recom(?:i?end|mand)|recommander\w* .*(?:ami|coll[eè]gue)"
)
_ZERO_TO_TEN = re.compile(r"\b0 (?:(?:to|bis|a|al) )?10\b")
_ASKS_WHY = re.compile(
    r"\b(?:why|warum|weshalb|wieso|por que|pourquoi)\b|\breason for (?:your|the) (?:score|rating)|\bmain reason"
)

# The longest question seen had 390 characters; a name of a megabyte must not keep the patterns busy.
_NAME_LOOKED_AT = 500
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BETWEEN = re.compile(r"[\W_]+")
_ACCENTS = str.maketrans("áàâäãéèêëíìîïóòôöõúùûüñç", "aaaaaeeeeiiiiooooouuuunc")


def plain(name: str) -> str:
    """`name` in small ASCII words: "CustomerID" and "customer_id" both become "customer id". Long ones are cut."""
    return _BETWEEN.sub(" ", _CAMEL.sub(" ", name[:_NAME_LOOKED_AT])).strip().casefold().translate(_ACCENTS)


def _score_rank(name: str) -> int | None:
    """How surely a column of this (plain) name is the score: 0 it says NPS or asks to recommend, 1 score, 2 0 to 10."""
    words = name.split()
    if "nps" in words or name.startswith("net promoter score"):
        rest = _BESIDE_NPS.sub("", name + " ").strip()
        return None if rest else 0
    if _RECOMMENDING.search(name) or name == "ltr":
        return 0
    if _SCORE_NAME.fullmatch(name):
        return 1
    return 2 if _ZERO_TO_TEN.search(name) else None


# --- the columns of one file -----------------------------------------------------------------------------------


@dataclass(slots=True)
class ScoreValues:
    """What one column holds, seen as scores. Its size does not grow with the file."""

    scores: Counter[int] = field(default_factory=Counter)
    outside: Counter[int] = field(default_factory=Counter)
    texts: int = 0
    text_examples: list[str] = field(default_factory=list)

    def add(self, raw: str) -> None:
        try:
            self.scores[parse_score(raw)] += 1
        except BlankScore:
            return
        except BadScore:
            text = raw.strip()
            if re.fullmatch(r"-?\d{1,9}", text, re.A) and (int(text) in self.outside or len(self.outside) < 500):
                self.outside[int(text)] += 1
                return
            self.texts += 1
            if len(self.text_examples) < 3:
                self.text_examples.append(shorten(text, 20))

    @property
    def is_numeric(self) -> bool:
        """Whether numbers are not just strays among texts."""
        return (self.scores.total() + self.outside.total()) * 4 > self.texts

    def objection(self) -> str | None:
        """Why this is no column of scores from 0 to 10, in one sentence; None when it looks like one.

        A few numbers outside 0 to 10 are rows to refuse one by one; many are another scale.
        """
        inside, outside = self.scores.total(), self.outside.total()
        if not (inside or outside or self.texts):
            return gettext("Every cell of it is blank.")
        if not self.is_numeric:
            return gettext("It holds texts such as %(examples)s.") % {
                "examples": ", ".join(f"“{example}”" for example in self.text_examples)
            }
        is_other_scale = outside * 2 > inside if inside + outside >= ENOUGH else outside > inside * 2
        return looks_like_nps(self.scores + self.outside if is_other_scale else self.scores)


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each field of an answer stands, by column index. `names` are joined by a blank (first and last name)."""

    score: int
    fields: Mapping[str, int]
    names: tuple[int, ...]
    attributes: tuple[tuple[str, int], ...]


class Header:
    """The column names of one file and what they may mean. Raises UnreadableFile for a chosen one that is not there."""

    def __init__(self, names: Sequence[str], choices: Choices) -> None:
        self.names = tuple(names)
        self.choices = choices
        self.plain = tuple(plain(name) for name in names)
        self.notes: list[str] = []
        self.chosen = self._chosen_by_a_person()
        taken = set(self.chosen.values())
        self.score_candidates = [self.chosen["score"]] if "score" in self.chosen else self._score_candidates(taken)
        self.guessed = self._guessed(taken)
        self.date_candidates = self._date_candidates(taken)

    def quoted(self, indices: Iterable[int]) -> str:
        return ", ".join(f"“{shorten(self.names[index])}”" for index in indices)

    def find(self, name: str) -> int:
        """Index of the column a person calls `name`. Raises UnreadableFile when there is none, or more than one."""
        wanted = plain(name)
        for found in (
            [index for index, own in enumerate(self.names) if own == name.strip()],
            [index for index, own in enumerate(self.plain) if own == wanted],
        ):
            if len(found) == 1:
                return found[0]
            if found:
                raise UnreadableFile(
                    gettext("%(count)s columns are named “%(column)s”: rename one of them.")
                    % {"count": len(found), "column": shorten(name)}
                )
        raise UnreadableFile(
            gettext("There is no column “%(column)s”; the file has %(names)s.")
            % {"column": shorten(name), "names": self._some_names()}
        )

    def _some_names(self) -> str:
        shown = self.quoted(range(min(len(self.names), 8)))
        return (
            gettext("%(names)s and %(more)s more") % {"names": shown, "more": len(self.names) - 8}
            if len(self.names) > 8
            else shown
        )

    def _chosen_by_a_person(self) -> dict[str, int]:
        chosen: dict[str, int] = {}
        for ours, name in self.choices.columns.items():
            if not name:
                continue
            index = self.find(name)
            if ours == "account":
                ours = "account_external_id" if _is_a_key(self.plain[index]) else "account_name"
            chosen[ours] = index
        return chosen

    def _score_candidates(self, taken: set[int]) -> list[int]:
        ranked: dict[int, list[int]] = {}
        for index, name in enumerate(self.plain):
            rank = _score_rank(name)
            if rank is not None and self._free(index, taken):
                ranked.setdefault(rank, []).append(index)
        return [index for rank in sorted(ranked) for index in ranked[rank]]

    def _free(self, index: int, taken: set[int]) -> bool:
        return index not in taken and self.names[index] not in self.choices.left_out

    def _by_name(self, ours: str, taken: set[int]) -> list[int]:
        for rank in _RANKED[ours]:
            found = [i for i, name in enumerate(self.plain) if name in rank and self._free(i, taken)]
            if found:
                return found
        return []

    def _guessed(self, taken: set[int]) -> dict[str, int]:
        guessed: dict[str, int] = {}
        for ours in NAMES:
            if ours in self.chosen or ours in ("comment", "responded_at", "version_at"):
                continue
            if ours.startswith("account_") and "account" in self.choices.columns:
                continue
            found = self._by_name(ours, taken | set(guessed.values()))
            if len(found) == 1:
                guessed[ours] = found[0]
            elif found:
                self.notes.append(
                    gettext("%(columns)s could each be the %(meaning)s, so none was taken for it.")
                    % {"columns": self.quoted(found), "meaning": in_words(ours)}
                )
        return guessed

    def _date_candidates(self, taken: set[int]) -> list[int]:
        if "responded_at" in self.chosen:
            return [self.chosen["responded_at"]]
        return self._by_name("responded_at", taken)

    def month_column(self) -> int | None:
        """Index of the one column that names the month of a row, if there is one."""
        found = [index for index, name in enumerate(self.plain) if name in ("month", "monat", "mes", "mois")]
        return found[0] if len(found) == 1 else None

    def pick_score(self, seen: Mapping[int, ScoreValues]) -> int:
        """Choose the score column from what the candidates hold.

        Chosen by a person: that one, refused when its values speak against it and nobody vouches for them. Otherwise
        the surest name whose column holds numbers; among equally sure ones the only one that looks like 0 to 10, or
        the only one followed by the question why. Raises UnreadableFile (DoubtfulScore where only the values speak
        against it), saying what was seen.
        """
        candidates = [index for index in self.score_candidates if seen[index].is_numeric]
        if "score" in self.chosen:
            candidates = [self.chosen["score"]]
        if not candidates:
            raise UnreadableFile(self._no_score(seen))
        rank = _score_rank(self.plain[candidates[0]])
        equals = [index for index in candidates if _score_rank(self.plain[index]) == rank] or candidates
        fitting = [index for index in equals if not seen[index].objection()]
        if "score" in self.chosen and self.choices.score_is_nps:
            fitting = equals
        if not fitting:
            raise DoubtfulScore(self._not_read(equals[0], seen))
        if len(fitting) > 1:
            asked_why = [index for index in fitting if self._is_followed_by_why(index)]
            if len(asked_why) != 1:
                raise UnreadableFile(
                    gettext("%(columns)s could each be the score: say which one is.")
                    % {"columns": self.quoted(fitting)}
                )
            fitting = asked_why
        return fitting[0]

    def _no_score(self, seen: Mapping[int, ScoreValues]) -> str:
        if self.score_candidates:
            return self._not_read(self.score_candidates[0], seen)
        return gettext(
            "No score column: none of %(names)s is named like a score from 0 to 10. Say which one is it."
        ) % {"names": self._some_names()}

    def _not_read(self, index: int, seen: Mapping[int, ScoreValues]) -> str:
        return gettext("The column %(columns)s is not read as the score: %(objection)s") % {
            "columns": self.quoted([index]),
            "objection": seen[index].objection(),
        }

    def _is_followed_by_why(self, index: int) -> bool:
        return index + 1 < len(self.plain) and bool(_ASKS_WHY.search(self.plain[index + 1]))

    def settle(self, score: int, responded_at: int | None) -> Columns:
        """Give every column its meaning, once score and date are known. Chosen beats guessed."""
        fields = {**self.guessed, **self.chosen}
        fields = {ours: index for ours, index in fields.items() if index != score}
        if responded_at is not None:
            fields["responded_at"] = responded_at
        if "comment" not in fields:
            self._guess_comment(score, fields)
        if "version_at" not in fields and "external_id" in fields:
            found = self._by_name("version_at", {score, *fields.values()})
            if len(found) == 1:
                fields["version_at"] = found[0]
        bare = self._only(("id",))
        if "external_id" not in fields and bare is not None and self._free(bare, {score, *fields.values()}):
            self.notes.append(
                gettext(
                    "%(columns)s may be the id of the answer or of the customer, so it is kept as an attribute: "
                    "say which, and later files can change these answers or find these customers again."
                )
                % {"columns": self.quoted([bare])}
            )
        names = self._name_columns(fields)
        fields.pop("name", None)
        used = {score, *fields.values(), *names}
        return Columns(score, fields, names, self._attributes(used))

    def _guess_comment(self, score: int, fields: dict[str, int]) -> None:
        taken = {score, *fields.values()}
        if self._is_followed_by_why(score) and self._free(score + 1, taken):
            fields["comment"] = score + 1
            return
        found = self._by_name("comment", taken) or [
            index for index, name in enumerate(self.plain) if _ASKS_WHY.search(name) and self._free(index, taken)
        ]
        if len(found) == 1:
            fields["comment"] = found[0]
        elif found:
            self.notes.append(
                gettext("%(columns)s could each be the customer's words, so none was taken for it.")
                % {"columns": self.quoted(found)}
            )

    def _name_columns(self, fields: Mapping[str, int]) -> tuple[int, ...]:
        if "name" in fields:
            return (fields["name"],)
        first = self._only(("first name", "firstname", "vorname", "given name", "prenom"))
        last = self._only(("last name", "lastname", "surname", "family name", "nachname", "apellido", "apellidos"))
        return tuple(part for part in (first, last) if part is not None and self._free(part, set(fields.values())))

    def _only(self, names: tuple[str, ...]) -> int | None:
        found = [index for index, name in enumerate(self.plain) if name in names]
        return found[0] if len(found) == 1 else None

    def _attributes(self, used: set[int]) -> tuple[tuple[str, int], ...]:
        if self.choices.attributes is not None:
            return tuple((ours, self.find(name)) for ours, name in self.choices.attributes.items())
        kept: dict[str, int] = {}
        for index, name in enumerate(self.names):
            if index in used or name in self.choices.left_out:
                continue
            label = name or f"column {index + 1}"
            number = 2
            while label in kept:
                label, number = f"{name or f'column {index + 1}'} ({number})", number + 1
            kept[label] = index
        if len(kept) > ATTRIBUTES_KEPT:
            self.notes.append(
                gettext("%(count)s columns have no other meaning; the first %(limit)s are kept as attributes.")
                % {"count": len(kept), "limit": ATTRIBUTES_KEPT}
            )
        return tuple(kept.items())[:ATTRIBUTES_KEPT]


def _is_a_key(name: str) -> bool:
    return name.rpartition(" ")[2] in ("id", "number", "key", "no", "nr", "code")


def in_words(ours: str) -> str:
    """What a field of ours is called where a person reads of columns."""
    return gettext(IN_WORDS[ours]) if ours in IN_WORDS else ours.replace("_", " ")
