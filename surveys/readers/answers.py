"""A file of answers: looked into first, then read row by row into `IncomingResponse`s.

Looking reads the whole file once: it counts the rows and collects what the values of the possible score and date
columns prove. Nothing is recorded until that is settled. Both passes stream; memory does not grow with the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from hashlib import blake2b
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext

from surveys.incoming import IncomingResponse, Rejection, shorten
from surveys.readers.cells import BadCell, language_from, yes_or_no
from surveys.readers.columns import Choices, Columns, DoubtfulScore, Header, ScoreValues, plain
from surveys.readers.dates import (
    ORDER_IN_WORDS,
    BadDate,
    DateOrder,
    OrderEvidence,
    UndecidedOrder,
    UnprovenOrder,
    month_from,
    parse_moment,
)
from surveys.readers.delimited import Table, UnreadableFile, open_table
from surveys.readers.spilling import Counts
from surveys.scoring import BadScore, parse_score

_SAMPLES = 3
_TEXT_FIELDS = (
    "external_id", "comment", "driver", "email", "contact_external_id", "phone", "account_external_id", "account_name",
    "touchpoint", "answered_for", "product",
)  # fmt: skip


@dataclass(slots=True)
class LookedInto:
    """What one pass over a file found. `problem` is why it cannot be read as it stands, in one line; "" when it can.

    `samples` holds the first values of each column, `notes` what was decided and what to know, one sentence each.
    Where `is_order_doubtful`, a person has to say whether the day or the month comes first in dates.
    Where `is_score_doubtful`, vouching for the score column (`Choices.score_is_nps`, with the column chosen) helps.
    """

    table: Table
    header: Header
    rows: int = 0
    samples: list[list[str]] = field(default_factory=list)
    scores: dict[int, ScoreValues] = field(default_factory=dict)
    dates: dict[int, OrderEvidence] = field(default_factory=dict)
    columns: Columns | None = None
    order: DateOrder = DateOrder.ISO
    notes: list[str] = field(default_factory=list)
    problem: str = ""
    is_order_doubtful: bool = False
    is_score_doubtful: bool = False
    has_unproven_dates: bool = False

    def meaning_of(self, index: int) -> str:
        """Our name for what column `index` is read as; "attribute" where it is merely kept, "" where it is left out."""
        if self.columns is None:
            return ""
        if index == self.columns.score:
            return "score"
        if index in self.columns.names:
            return "name"
        for ours, place in self.columns.fields.items():
            if place == index:
                return ours
        return "attribute" if any(place == index for _, place in self.columns.attributes) else ""


def look_into(path: Path, choices: Choices) -> LookedInto:
    """Find out how a file is written and what its columns mean. Raises UnreadableFile when it is no table at all, or
    when a column that was chosen does not exist; everything else that forbids reading it is in `problem`."""
    table = open_table(path)
    header = Header(table.header, choices)
    found = LookedInto(
        table,
        header,
        samples=[[] for _ in table.header],
        scores={index: ScoreValues() for index in header.score_candidates},
        dates={index: OrderEvidence() for index in header.date_candidates},
    )
    _collect(found)
    try:
        if not found.rows:
            raise UnreadableFile(gettext("The file has a line of column names and no rows below it."))
        score = header.pick_score(found.scores)
        date_column = _settle_dates(found)
        found.columns = header.settle(score, date_column)
    except UnreadableFile as problem:
        found.problem = str(problem)
        found.is_score_doubtful = isinstance(problem, DoubtfulScore)
    else:
        found.notes[:0] = [gettext("The score is read from %(columns)s.") % {"columns": header.quoted([score])}]
    found.notes.extend(header.notes)
    return found


def _collect(found: LookedInto) -> None:
    month_column = found.header.month_column()
    for row, cells in found.table.rows():
        found.rows += 1
        if len(cells) < len(found.table.header):
            continue
        for index, values in found.scores.items():
            values.add(cells[index])
        for index, evidence in found.dates.items():
            if cells[index] and not cells[index].isspace():
                evidence.add(cells[index], row, None if month_column is None else month_from(cells[month_column]))
        if found.rows <= _SAMPLES:
            for sample, cell in zip(found.samples, cells, strict=False):
                sample.append(cell)


def _settle_dates(found: LookedInto) -> int | None:
    """Choose the column that says when, and settle the order of its dates. Returns its index, or None: no dates."""
    header = found.header
    chosen = header.chosen.get("responded_at")
    dated = [index for index, evidence in found.dates.items() if evidence.holds_dates or index == chosen]
    if not dated:
        found.notes.append(gettext("No column says when people answered: all answers count as undated, so as history."))
        return None
    if len(dated) > 1:
        raise UnreadableFile(
            gettext("%(columns)s could each be the date of the answer: say which one is.")
            % {"columns": header.quoted(dated)}
        )
    index = dated[0]
    evidence = found.dates[index]
    if chosen is not None and not evidence.holds_dates:
        raise UnreadableFile(
            gettext("The column %(columns)s holds no date that can be read.") % {"columns": header.quoted([index])}
        )
    if header.choices.date_order:
        found.order = header.choices.date_order
        found.notes.append(gettext("Dates are %(order)s, as stated.") % {"order": gettext(ORDER_IN_WORDS[found.order])})
        return index
    try:
        found.order, proof = evidence.order()
    except UndecidedOrder as undecided:
        if isinstance(undecided, UnprovenOrder) and header.choices.undated_if_unproven:
            found.has_unproven_dates = True
            found.notes.append(
                gettext(
                    "The dates in %(columns)s are left out, and the answers undated: %(proof)s. "
                    "Import the file again with the order stated (dmy or mdy), and they get their dates."
                )
                % {"columns": header.quoted([index]), "proof": undecided}
            )
            return None
        found.is_order_doubtful = True
        raise UnreadableFile(
            gettext("The order of day and month in %(columns)s must be stated (dmy or mdy): %(proof)s.")
            % {"columns": header.quoted([index]), "proof": undecided}
        ) from undecided
    if proof:
        found.notes.append(proof)
    return index


class AnswerFile:
    """A file that can be read: iterate over `answers`. Raises UnreadableFile where `look_into` found a problem.

    `zone` names the time zone of times without an offset, unless the choices name another.
    """

    def __init__(self, found: LookedInto, *, zone: str, now: datetime) -> None:
        if found.columns is None:
            raise UnreadableFile(found.problem)
        self.rows = found.rows
        self.notes = found.notes
        self._table = found.table
        self._columns = found.columns
        self._order = found.order
        self._zone = _zone_named(found.header.choices.time_zone or zone)
        self._this_year = now.year
        self._text = [(ours, place) for ours, place in found.columns.fields.items() if ours in _TEXT_FIELDS]

    def answers(self, skip: int = 0) -> Iterator[IncomingResponse | Rejection]:
        """Yield every row as an answer or as the reason why it is none.

        The first `skip` rows are passed over, but count among the equal rows of the file, so that a reading taken up
        again gives each row the key it had before.
        """
        table, width = self._table, len(self._table.header)
        with Counts() as counts:
            keys = _RowKeys(table.header, counts)
            for position, (row, cells) in enumerate(table.rows()):
                key = "" if self._id_in(cells) else keys.of(cells)
                if position >= skip:
                    yield self._answer(row, cells, key, width)

    def _id_in(self, cells: list[str]) -> str:
        place = self._columns.fields.get("external_id")
        return cells[place].strip() if place is not None and place < len(cells) else ""

    def _answer(self, row: int, cells: list[str], key: str, width: int) -> IncomingResponse | Rejection:
        if len(cells) != width and (objection := _wrong_width(cells, width)):
            return Rejection(row, "", objection)
        columns = self._columns
        try:
            score = parse_score(cells[columns.score])
        except BadScore as error:
            if tuple(cell.strip() for cell in cells[:width]) == self._table.header:
                return Rejection(row, "", gettext("This is the line of column names again."))
            return Rejection(row, "score", error.reason)
        values: dict[str, str] = {ours: cells[place].strip() for ours, place in self._text}
        try:
            return IncomingResponse(
                row=row,
                score=score,
                responded_at=self._moment("responded_at", cells),
                version_at=self._moment("version_at", cells),
                name=" ".join(filter(None, (cells[place].strip() for place in columns.names))),
                language=language_from(self._cell("language", cells)),
                contact_me=yes_or_no("contact_me", self._cell("contact_me", cells)),
                share_name=yes_or_no("share_name", self._cell("share_name", cells)),
                attributes={ours: value for ours, place in columns.attributes if (value := cells[place].strip())},
                row_key=key,
                **values,
            )
        except BadCell as error:
            return Rejection(row, error.field, str(error))

    def _cell(self, ours: str, cells: list[str]) -> str:
        place = self._columns.fields.get(ours)
        return "" if place is None else cells[place].strip()

    def _moment(self, ours: str, cells: list[str]) -> datetime | None:
        text = self._cell(ours, cells)
        if not text:
            return None
        try:
            return parse_moment(text, self._order, self._zone, this_year=self._this_year).at
        except BadDate as error:
            raise BadCell(ours, str(error)) from error


def _wrong_width(cells: list[str], width: int) -> str:
    if len(cells) < width:
        return gettext(
            "%(count)s cells instead of %(width)s: the row is cut short, perhaps by a line break inside a cell."
        ) % {"count": len(cells), "width": width}
    if any(cell.strip() for cell in cells[width:]):
        return gettext(
            "%(count)s cells instead of %(width)s: perhaps a separator inside a cell without quotation marks."
        ) % {"count": len(cells), "width": width}
    return ""


def _zone_named(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnreadableFile(
            gettext("There is no time zone “%(zone)s”; an example is Europe/Berlin.") % {"zone": shorten(name)}
        ) from error


class _RowKeys:
    """Keys for rows without an id: a digest of what the row holds, and how many equal rows the file held before it.

    The digest takes the cells under the names of their columns, so neither the order of columns nor encoding, separator
    or a later choice of columns changes it.
    """

    def __init__(self, header: tuple[str, ...], counts: Counts) -> None:
        self._places = sorted(range(len(header)), key=lambda index: (plain(header[index]), index))
        self._names = "\x1f".join(header[index] for index in self._places)
        self._counts = counts

    def of(self, cells: list[str]) -> str:
        content = "\x1f".join(cells[place].strip() for place in self._places if place < len(cells))
        digest = blake2b(f"{self._names}\x1e{content}".encode("utf-8", "surrogatepass"), digest_size=16)
        return f"row:{digest.hexdigest()}:{self._counts.see(digest.digest())}"
