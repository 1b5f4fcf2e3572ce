"""Figures as a list that can be exported: which reports stand on which page, and their rows."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from followups.reports.exports.columns import Row
from followups.reports.exports.figures import of_accounts, of_answers, of_people, of_tickets, of_times
from followups.reports.exports.figures.asking import Asked, asked_of
from followups.reports.exports.figures.rows import COLUMNS
from followups.reports.exports.listing import Question
from followups.reports.forms import ReportForm

Report = Callable[[Asked], Iterator[Row]]

_CLOSURE: tuple[Report, ...] = (of_tickets.closure, of_tickets.goals_of_cohort)
# Page by its name -> the reports it shows.
PAGES: dict[str, tuple[Report, ...]] = {
    "overview": (
        of_answers.nps, of_answers.nps_by_group, *_CLOSURE, of_tickets.first_contact, of_tickets.causes_of_closure,
        of_tickets.standing_now, of_tickets.recovery, of_people.people,
    ),
    "closure": (*_CLOSURE, of_tickets.closure_by_group, of_tickets.recovery, of_tickets.reopening),
    "times": (of_times.times, of_tickets.goals_of_cohort, of_tickets.standing_now),
    "causes": (of_tickets.causes,),
    "people": (of_people.people, of_tickets.goals_of_cohort),
    "touchpoints": (
        of_answers.touchpoints, of_answers.scores_given, of_answers.nps_by_group, of_answers.response_rate,
    ),
    "accounts": (of_accounts.worth,),
    "goals": (of_people.goals,),
}  # fmt: skip
# Where no page is named: all of them, each report once, and what the API alone says.
ALL: tuple[Report, ...] = (
    of_answers.nps, of_answers.nps_by_group, *_CLOSURE, of_tickets.closure_by_group, of_tickets.first_contact,
    of_tickets.causes_of_closure, of_tickets.standing_now, of_tickets.recovery, of_tickets.reopening, of_times.times,
    of_tickets.causes, of_answers.touchpoints, of_answers.response_rate, of_people.people, of_people.goals,
    of_people.effect, of_accounts.worth,
)  # fmt: skip
# Pages with a row for each figure of each company.
WITH_COMPANIES = ("", "accounts")


class FigureListing:
    """The figures of one report page, or of all of them, for the question its reader has before them.

    They are counted by the functions that page and API ask, with the rights of whoever reads.
    """

    name = "figures"
    title: Any = _("Figures")
    columns = COLUMNS
    for_leads = False
    filters = frozenset(ReportForm.base_fields) | {"page", "figure"}

    def asked(self, question: Question) -> Asked:
        """What is asked, read once. Raises BadQuestion, and Http404 for a page that is not this reader's."""
        if "asked" not in question.known:
            question.known["asked"] = asked_of(question, PAGES)
        found: Asked = question.known["asked"]
        return found

    def rows(self, question: Question) -> list[Row]:
        """All rows but those of single companies, counted once for a question."""
        if "figures" not in question.known:
            asked = self.asked(question)
            reports = PAGES[asked.page] if asked.page else ALL
            question.known["figures"] = [row for report in reports for row in report(asked)]
        found: list[Row] = question.known["figures"]
        return found

    def keys(self, question: Question, most: int | None = None) -> array[int]:
        """Places in `rows`, then the negative keys of rows about companies."""
        asked = self.asked(question)
        keys = array("q", range(len(self.rows(question))))
        if asked.page in WITH_COMPANIES:
            keys.extend(of_accounts.account_keys(asked, None if most is None else max(most - len(keys), 0)))
        return keys[:most]

    def read(self, question: Question, keys: Sequence[int]) -> list[Row]:
        of_company = [key for key in keys if key < 0]
        found: list[Row] = []
        if len(of_company) < len(keys):
            rows = self.rows(question)
            found += [rows[key] for key in keys if 0 <= key < len(rows)]
        if of_company:
            found += of_accounts.account_rows(self.asked(question), of_company)
        return found
