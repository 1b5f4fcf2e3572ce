"""What was heard again after closing, and who was asked at all: tables whose every number opens its list."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext

from followups.reports.metrics import Asked, RecoveryReport, ResponseRateReport
from followups.reports.metrics.recovered import BANDS, FROM
from followups.reports.page.figures import RateFigure, rate_of
from followups.reports.page.links import Links
from surveys.models import Invitation


@dataclass(frozen=True, slots=True)
class BandRow:
    """One band before: how many are in each band now (its name, count, list), of how many that is a recovery."""

    label: str
    cells: list[tuple[str, int, str]]
    recovered: RateFigure


@dataclass(frozen=True, slots=True)
class Recovery:
    """The section on recovery."""

    asked: int
    asked_href: str
    answered: RateFigure
    later: list[str]
    rows: list[BandRow]


@dataclass(frozen=True, slots=True)
class AskedRow:
    """One survey: counts with the lists they open. `rules` says who was not asked and why."""

    name: str
    asked: int
    asked_href: str
    answered: RateFigure
    not_asked: int
    not_asked_href: str
    rules: list[tuple[str, int, str]]


def recovery(report: RecoveryReport, links: Links) -> Recovery | None:
    """None where nobody was asked again and nothing was heard."""
    if not report.asked and not any(report.changes.values()):
        return None
    return Recovery(
        asked=report.asked,
        asked_href=links.tickets("asked_again"),
        answered=rate_of(
            report.response_rate, "answered_again", gettext("answered"), "bar", links.tickets("answered_again"), None
        ),
        later=[str(band.label) for band in BANDS],
        rows=[
            BandRow(
                label=str(first.label),
                cells=[
                    (
                        str(later.label),
                        report.changes[first.value, later.value],
                        links.tickets(f"from_{first.value}_to_{later.value}", band=None),
                    )
                    for later in BANDS
                ],
                recovered=rate_of(
                    report.recovered(first),
                    f"recovered_{first.value}",
                    gettext("recovered"),
                    "bar",
                    links.tickets(f"recovered_{first.value}"),
                    None,
                ),
            )
            for first in FROM
        ],
    )


def asked_rows(report: ResponseRateReport) -> list[AskedRow]:
    """A row for each survey, by name."""
    return [_asked_row(each, report) for each in report.by_survey]


def _asked_row(asked: Asked, report: ResponseRateReport) -> AskedRow:
    def href(**more: object) -> str:
        kept = report.filters.query(**{"team": None, "band": None, "survey": asked.slug, **more})
        return f"{reverse('invitations')}?{kept}"

    return AskedRow(
        name=asked.name,
        asked=asked.asked,
        asked_href=href(state="asked"),
        answered=rate_of(
            asked.rate, "answered", gettext("answered"), "bar", href(state=Invitation.State.ANSWERED), None
        ),
        not_asked=asked.not_asked,
        not_asked_href=href(state=Invitation.State.STOPPED),
        rules=[
            (str(Invitation.Rule(rule).label), n, href(rule=rule))
            for rule, n in sorted(asked.by_rule.items(), key=lambda pair: (-pair[1], pair[0]))
        ],
    )
