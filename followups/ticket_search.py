"""Which tickets somebody means who types a few words: by what was said, by whom, from where, by phone and by number.

All words must occur. On PostgreSQL a word is found in every form it takes in the language of the answer, by documents
that triggers keep (see the migration `finding`); on SQLite a plain fall-back looks for its stem in normalised columns.

Rare words are looked up once, ranked, and the page asks for those tickets only. What more than `MOST` tickets hold is
looked for among the newest `NEWEST`, because nobody reads a thousand hits, and to rank them all would read them all.

What somebody may not read is not found by it either: neither words on hold nor a name that is not to be shown.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Expression, F, Func, IntegerField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.formats import number_format
from django.utils.translation import gettext

from followups.models import Member, Ticket
from nps_loop.people.models import User
from surveys.searching import normalise_for_search

MOST = 1_000
NEWEST = 20_000
MOST_WORDS = 8
LONGEST_WORD = 60
LONGEST_SEARCH = 200

LEADING = (Member.Role.LEAD, Member.Role.DEPUTY)

# Who searches does not say in which language. These are the ones answers are stemmed in; `simple` changes nothing.
STEMMED = (
    "danish", "dutch", "english", "finnish", "french", "german", "italian", "norwegian", "portuguese", "spanish",
    "swedish",
)  # fmt: skip
# Words that say nothing beside others, in the languages of the pages, folded.
EMPTY_WORDS = frozenset(
    """
    a an and are as at be by for from in is it of on or that the this to was with
    am an auf das dem den der die ein eine einer es fur im in ist mit und von zu zum zur
    al de del el en es la las los o para por que se un una y
    au aux ce ces dans des du est et il je la le les ne pas pour que qui sur une
    """.split()
)
# Endings that SQLite's fall-back takes off, the longest first; four letters must be left.
ENDINGS = sorted(
    "ings ing edly ed es s ers er ern en e ungen ung aciones acion mente ement ements ation ations ly".split(),
    key=len,
    reverse=True,
)
SIGNS = re.compile(r"[\s!-/:-@\[-`{-\x7f]+")
PHONE = re.compile(r"(?<![\w#])\+?\(?\d[\d\s()/.-]{5,}\d(?!\w)")

# What a document is made of: company and number, person, words.
COMPANY, PERSON, WORDS = "A", "B", "C"


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody typed, and, where it is rare, the tickets that hold it, the best match first.

    `numbers` is None where the search is not looked up beforehand: on SQLite, and for what is common.
    """

    words: tuple[str, ...]
    numbers: tuple[int, ...] | None = None
    is_common: bool = False

    @property
    def is_ranked(self) -> bool:
        return self.numbers is not None


def look_up(texts: Collection[str]) -> dict[str, Search]:
    """Each text as a search. One query on PostgreSQL for all of them, none where nothing is asked or on SQLite."""
    found = {text: Search(words_of(text)) for text in texts}
    asked = [text for text, search in found.items() if search.words]
    if not asked or connection.vendor != "postgresql":
        return found
    parts, values = [], []
    for place, text in enumerate(asked):
        query, params = _query(found[text].words)
        parts.append(
            f"SELECT {place}, ARRAY(SELECT ticket_id FROM followups_matches({query}, %s)"  # noqa: S608
            " ORDER BY relevance DESC, ticket_id DESC)"
        )
        values += [*params, MOST + 1]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        rows = cursor.fetchall()
    for place, numbers in rows:
        words = found[asked[place]].words
        is_common = len(numbers) > MOST
        found[asked[place]] = Search(words, None if is_common else tuple(numbers), is_common)
    return found


def words_of(text: str) -> tuple[str, ...]:
    """The words of a search, folded: "#1042" stays a number, a phone number becomes one word, empty words go."""
    folded = normalise_for_search(text[:LONGEST_SEARCH])
    folded = PHONE.sub(lambda match: re.sub(r"\D", "", match[0]).lstrip("0"), folded)
    words: list[str] = []
    for piece in folded.split():
        if re.fullmatch(r"#[0-9]+", piece):
            words.append(piece)
        else:
            words += [word[:LONGEST_WORD] for word in SIGNS.split(piece) if word]
    words = list(dict.fromkeys(words))
    return tuple(([word for word in words if word not in EMPTY_WORDS] or words)[:MOST_WORDS])


def found(tickets: QuerySet[Ticket], search: Search, user: User, *, among: int = NEWEST) -> QuerySet[Ticket]:
    """Those of `tickets` that hold all words of `search` where this person may read them.

    `among` bounds the look for common words to the newest tickets; 0 where `tickets` is short by itself.
    """
    if not search.words:
        return tickets
    if connection.vendor != "postgresql":
        return reduce(lambda rows, word: rows.filter(_plainly(word, user)), search.words, tickets)
    if search.numbers == ():
        return tickets.none()
    if search.numbers is not None:
        tickets = tickets.filter(_is_one_of(search.numbers))
    else:
        if among:
            tickets = tickets.filter(pk__gt=RawSQL("(SELECT max(id) FROM followups_ticket) - %s", [among]))
        tickets = tickets.filter(_holds(search))
    if user.is_superuser:
        return tickets
    reads_words, knows_person = _may_read(user)
    return tickets.filter(
        Q(reads_words & knows_person)
        | knows_person & Q(_holds(search, COMPANY + PERSON))
        | reads_words & Q(_holds(search, COMPANY + WORDS))
        | Q(_holds(search, COMPANY))
    )


def place_in(search: Search) -> Expression:
    """The place of a ticket among those a ranked search found, the best first."""
    return Func(_array(search.numbers or ()), F("pk"), function="array_position", output_field=IntegerField())


def _is_one_of(numbers: Collection[int]) -> Expression:
    """Whether a ticket is among these. As one value: a thousand of them cost more to write down than to look up."""
    return Func(
        F("pk"), _array(numbers), template="(%(expressions)s)", arg_joiner=" = ANY ", output_field=BooleanField()
    )


def _array(numbers: Collection[int]) -> Expression:
    return RawSQL("%s::bigint[]", [list(numbers)])


def in_words(search: Search) -> str:
    """What the page says of a search for common words; empty where all tickets were searched."""
    if not search.is_common:
        return ""
    return gettext(
        "More than %(most)s tickets hold this. The newest %(newest)s tickets were searched, newest first; "
        "a rarer word finds older ones too."
    ) % {"most": number_format(MOST, force_grouping=True), "newest": number_format(NEWEST, force_grouping=True)}


def _may_read(user: User) -> tuple[Q, Q]:
    """Whose words this person reads, and whose name."""
    own = Q(owner=user)
    led = Member.objects.filter(user=user, is_active=True, role__in=LEADING).values("team")
    teams = Member.objects.filter(user=user, is_active=True).values("team")
    return (
        Q(on_hold=False) | own | Q(team__in=led),
        Q(response__share_name=True) | own | Q(team__in=teams),
    )


# --- PostgreSQL ------------------------------------------------------------------------------------------------


def _holds(search: Search, parts: str = "") -> Expression:
    """Whether a ticket's document has all words, in these parts of it or anywhere."""
    query, params = _query(search.words, parts)
    wanted = RawSQL(query, params)  # noqa: S611
    return Func(
        F("searched__document"), wanted, template="(%(expressions)s)", arg_joiner=" @@ ", output_field=BooleanField()
    )


def _query(words: Iterable[str], parts: str = "") -> tuple[str, list[Any]]:
    """The words as a tsquery: SQL and its values. Nothing typed becomes part of the SQL or of the query's grammar."""
    found, values = [], []
    for word in words:
        choices = list(_choices(word, parts))
        found.append(" || ".join("to_tsquery(%s, %s)" for _ in choices))
        values += [value for choice in choices for value in choice]
    return f"({' && '.join(f'({each})' for each in found)})", values


def _choices(word: str, parts: str) -> Iterable[tuple[str, str]]:
    """Each way a word may stand in a document: (configuration, quoted lexeme with its weights)."""
    number = word.removeprefix("#")
    is_number = number.isascii() and number.isdigit()
    if is_number:
        yield "simple", f"'nr{number.lstrip('0')}':{COMPANY}"
    if word.startswith("#"):
        return
    names = COMPANY + PERSON if not parts else "".join(part for part in parts if part != WORDS)
    yield "simple", f"'nn{word}':{'*' if len(word) > 1 else ''}{names}"
    if is_number and len(word) >= 4 and PERSON in names:
        yield "simple", f"'tel{word[::-1]}':*{PERSON}"
    if not parts or WORDS in parts:
        weight = f":{WORDS}" if parts else ""
        yield "simple", f"'{word}'{weight}"
        if not is_number:
            for configuration in STEMMED:
                yield configuration, f"'{_accented(word) if configuration == 'spanish' else word}'{weight}"


def _accented(word: str) -> str:
    """The ending that Spanish stems know by its accent, which folding took: the migration does the same."""
    return f"{word[:-4]}ción" if word.endswith("cion") else word


# --- SQLite ----------------------------------------------------------------------------------------------------


def stem(word: str) -> str:
    """A word without its commonest ending, where four letters are left: "imports" and "importing" are "import"."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def _plainly(word: str, user: User) -> Q:
    number = word.removeprefix("#")
    is_number = number.isascii() and number.isdigit() and len(number) <= 18
    by_number = [Q(pk=int(number))] if is_number else []
    if word.startswith("#"):
        return reduce(or_, by_number, Q(pk__in=[]))
    words, person = Q(response__search_text__contains=stem(word)), Q(contact__search_name__contains=word)
    if is_number and len(word) >= 4:
        person |= Q(contact__phone_digits__endswith=word)
    if not user.is_superuser:
        reads_words, knows_person = _may_read(user)
        words, person = and_(words, reads_words), and_(person, knows_person)
    return reduce(or_, by_number, words | person | Q(account__search_name__contains=word))
