"""Every report recounted the plain way: all rows read into memory once, then a loop for each figure.

It shares no code with what it checks, and reads a moment of the past from the same rows in a way of its own. `rows` reads,
`cohorts` says what a report is about, and each other module recounts one kind of report in the shape of the API.
"""

from tests.followups.reports.books.cohorts import Books

__all__ = ["Books"]
