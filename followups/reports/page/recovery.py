"""What was heard again after closing, and who was asked at all: tables whose every number opens its list."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext, ngettext, pgettext

from followups.reports.linking import linked, said
from followups.reports.metrics import Asked, RecoveryReport, ResponseRateReport
from followups.reports.metrics.recovered import BANDS, FROM
from followups.reports.page import tables
from followups.reports.page.links import Links
from followups.reports.page.tables import Cell, Row, Table
from followups.reports.sentences import joined, rate_in_words, rate_range
from surveys.models import Invitation
from surveys.scoring import Band


@dataclass(frozen=True, slots=True)
class Section:
    """A table with a sentence over it."""

    words: str
    table: Table


def headline(report: RecoveryReport, links: Links) -> str:
    """What stands under the rate of recovered detractors: of how many it is, and who was not heard."""
    heard = report.heard(Band.DETRACTOR.value)
    text = ngettext(
        "%(n)s detractor was heard again after closing.", "%(n)s detractors were heard again after closing.", heard
    )
    parts = [said(text, n=linked(heard, links.tickets("heard_again_detractor")))]
    of_due = report.recovered_of_due(Band.DETRACTOR)
    if of_due.of:
        parts.append(
            said(
                gettext("Of %(due)s due, at least %(n)s recovered."),
                due=linked(of_due.of, links.tickets("due_detractor")),
                n=linked(of_due.count, links.tickets("recovered_due_detractor")),
            )
        )
    if report.asked:
        parts.append(
            said(
                gettext("Asked again: %(asked)s, answered: %(answered)s. Those who say nothing may think otherwise."),
                asked=linked(report.asked, links.tickets("asked_again")),
                answered=linked(report.answered, links.tickets("answered_again")),
            )
        )
    return joined(parts)


def recovery(report: RecoveryReport, links: Links) -> Section | None:
    """None where nobody was asked again and nothing was heard."""
    if not report.asked and not any(report.changes.values()):
        return None
    answered = report.response_rate
    text = ngettext(
        "%(n)s customer was asked again after closing. Answered: %(answered)s%(range)s.",
        "%(n)s customers were asked again after closing. Answered: %(answered)s%(range)s.",
        report.asked,
    )
    full = gettext("%(count)s of %(all)s") % {"count": answered.count, "all": answered.of}
    words = said(
        text,
        n=linked(report.asked, links.tickets("asked_again")),
        answered=linked(
            rate_in_words(answered), links.tickets("answered_again"), full if answered.rate is not None else ""
        ),
        range=f" ({rate_range(answered)})" if answered.rate is not None else "",
    )
    rows = []
    for first in FROM:
        cells = [
            tables.count(
                report.changes[first.value, later.value],
                links.tickets(f"from_{first.value}_to_{later.value}"),
            )
            for later in BANDS
        ]
        found = report.recovered(first)
        cells += [
            tables.rate(found, links.tickets(f"recovered_{first.value}")),
            tables.range_of(found),
        ]
        rows.append(Row(str(first.label), cells))
    head = [
        pgettext("an earlier time", "Before"),
        *(gettext("now %(label)s") % {"label": later.label} for later in BANDS),
        gettext("Recovered"),
        gettext("with interval"),
    ]
    return Section(
        joined(
            [
                words,
                gettext("Those who say nothing may think otherwise."),
                gettext("Whoever answered the same survey again by themselves is counted below, too."),
            ]
        ),
        Table(gettext("Happier after their case"), head, rows),
    )


def asked_section(report: ResponseRateReport, links: Links) -> Section | None:
    """Who was asked, by survey; None where nobody was to be asked."""
    if not report.by_survey:
        return None
    head = [
        gettext("Survey"), gettext("Asked"), gettext("Answered"), gettext("with interval"), gettext("Not asked"),
        gettext("Why not"),
    ]  # fmt: skip
    rows = [Row(each.name, _asked_cells(each, links)) for each in report.by_survey]
    return Section(
        gettext("Whoever was not asked stands here too, with the rule that said so."),
        Table(gettext("Who was asked"), head, rows, start=frozenset({5})),
    )


def _asked_cells(asked: Asked, links: Links) -> list[Cell]:
    def href(**more: object) -> str:
        return links.invitations(survey=asked.slug, **more)

    rules = [
        Cell(f"{Invitation.Rule(rule).label}: {n}", href(rule=rule))
        for rule, n in sorted(asked.by_rule.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    return [
        tables.count(asked.asked, href(state="asked")),
        tables.rate(asked.rate, href(state=Invitation.State.ANSWERED.value)),
        tables.range_of(asked.rate),
        tables.count(asked.not_asked, href(state=Invitation.State.STOPPED.value)),
        Cell("", parts=rules),
    ]
