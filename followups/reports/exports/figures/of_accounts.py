"""Rows about companies: what they are worth together, and each of them, however many there are.

A company's rows are not kept in memory: their keys are, and a batch of them is read at a time.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

from followups.reports import metrics
from followups.reports.exports.columns import Row
from followups.reports.exports.figures.asking import Asked
from followups.reports.exports.figures.groups import names_of
from followups.reports.exports.figures.rows import NOW, Fact, count, days_of, placed, share
from followups.reports.metrics.accounts import BY_VALUE, LATEST
from nps_loop.bulk import among

# A company's figures in the order of its rows.
FIGURES = (
    "annual_value",
    "detractors",
    "answers",
    *(f"latest_score_{place}" for place in range(1, LATEST + 1)),
    "open_detractors",
    "open_tickets",
)


def worth(asked: Asked) -> Iterator[Row]:
    """What is at risk now and what was won back, in money a year by currency."""
    report = metrics.worth_report(asked.filters, now=asked.now)
    for figure, found, days in (("at_risk", report.at_risk, NOW), ("saved", report.saved, days_of(asked.filters))):
        facts = [
            count(figure, found.accounts),
            *(Fact(f"{figure}_value", currency, rate=value) for currency, value in found.by_currency.items()),
            count(f"{figure}_without_value", found.without_value, found.accounts),
        ]
        yield from placed("worth", "all", "", days, facts)
    facts = [share("saved_rate", report.saved_rate), count("at_risk_again", report.at_risk_again)]
    yield from placed("worth", "all", "", days_of(asked.filters), facts)


def account_keys(asked: Asked, most: int | None = None) -> array[int]:
    """A negative key for each row of each company, those worth most first. One query."""
    companies = metrics.accounts_of(asked.filters, asked.figure, now=asked.now).order_by(*BY_VALUE.fields)
    keys: array[int] = array("q")
    for pk in companies.values_list("pk", flat=True).iterator(chunk_size=10_000):
        keys.extend(-(pk * len(FIGURES) + place) - 1 for place in range(len(FIGURES)))
        if most is not None and len(keys) >= most:
            break
    return keys[:most]


def account_rows(asked: Asked, keys: Sequence[int]) -> Iterator[Row]:
    """The rows of these keys; of companies that do not belong here any more there are none. Up to six queries."""
    wanted = [divmod(-key - 1, len(FIGURES)) for key in keys]
    companies = metrics.accounts_of(asked.filters, asked.figure, now=asked.now)
    accounts = list(companies.filter(among("pk", list({pk for pk, _place in wanted}))))
    found = {each.account.pk: each for each in metrics.at_accounts(accounts, asked.filters)}
    names, days = names_of(accounts, asked.viewer), days_of(asked.filters)
    for pk, place in wanted:
        if pk in found and (known := _fact(found[pk], FIGURES[place])) is not None:
            fact, is_now = known
            yield from placed("accounts", "account", names[pk], NOW if is_now else days, [fact])


def _fact(each: metrics.AtAccount, figure: str) -> tuple[Fact, bool] | None:
    """One figure of a company, and whether it is about this moment; None where there is none."""
    if figure == "annual_value":
        value = each.account.annual_value
        return None if value is None else (Fact(figure, each.account.currency, rate=value), True)
    if figure.startswith("latest_score_"):
        place = int(figure.removeprefix("latest_score_")) - 1
        return (Fact(figure, "score", rate=each.latest[place]), False) if place < len(each.latest) else None
    return count(figure, getattr(each, figure)), figure.startswith("open_")
