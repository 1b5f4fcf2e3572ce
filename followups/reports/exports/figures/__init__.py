"""Every figure of the reports as tidy rows: one figure a row, with what it is of, and how sure it is.

`asking` reads the question, `rows` says what a row is; `of_answers`, `of_tickets`, `of_times`, `of_people` and
`of_accounts` lay out what the functions behind page and API found; `listing` says which of it each page shows.
"""

from followups.reports.exports.figures.listing import FigureListing
from followups.reports.exports.figures.rows import COLUMNS

__all__ = ["COLUMNS", "FigureListing"]
