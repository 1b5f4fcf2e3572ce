"""What is at stake in money: accounts with an unhappy customer who waits for us, and accounts won back.

An account counts once, however many of its people are unhappy. Values are of now, per year, in the account's currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from followups.models.tickets import TicketQuerySet
from followups.reports.metrics.closure import Rate, figure_queryset
from followups.reports.metrics.filters import ReportFilters


@dataclass(frozen=True, slots=True)
class Worth:
    """Accounts and what they are worth a year, by currency (ISO 4217); `without_value` are in no sum."""

    accounts: int
    by_currency: Mapping[str, Decimal]
    without_value: int

    @classmethod
    def of(cls, rows: Iterable[tuple[int, Decimal | None, str]]) -> Worth:
        """From (account, annual value, currency); an account that comes twice counts once."""
        known = {account: (value, currency) for account, value, currency in rows}
        sums: dict[str, Decimal] = {}
        for value, currency in known.values():
            if value is not None:
                sums[currency] = sums.get(currency, Decimal(0)) + value
        without = sum(value is None for value, _ in known.values())
        return cls(len(known), dict(sorted(sums.items())), without)

    def as_dict(self) -> dict[str, Any]:
        return {
            "accounts": self.accounts,
            "annual_value": {currency: f"{value:.2f}" for currency, value in self.by_currency.items()},
            "without_value": self.without_value,
        }


@dataclass(frozen=True, slots=True)
class WorthReport:
    """Accounts at risk now, whatever the day of the answer, and accounts of the cohort with a recovered detractor.

    `saved_rate`: of the accounts with a detractor's ticket that is due. `at_risk_again`: saved ones that are at risk.
    """

    filters: ReportFilters
    now: datetime
    at_risk: Worth
    saved: Worth
    saved_rate: Rate
    at_risk_again: int

    def as_dict(self) -> dict[str, Any]:
        """For the API: plain types; sums are decimals in text."""
        return {
            "filters": self.filters.as_dict(),
            "as_of": self.now.isoformat(),
            "at_risk": self.at_risk.as_dict(),
            "saved": {**self.saved.as_dict(), "rate": self.saved_rate.as_dict(), "at_risk_again": self.at_risk_again},
        }


def worth_report(filters: ReportFilters, *, now: datetime) -> WorthReport:
    """Count the accounts behind the figures `at_risk`, `saved` and `due_detractor`. Three queries."""
    at_risk = _accounts(figure_queryset("at_risk", filters, now=now))
    saved = _accounts(figure_queryset("saved", filters, now=now))
    due = set(
        figure_queryset("due_detractor", filters, now=now)
        .filter(account__isnull=False)
        .order_by()
        .values_list("account", flat=True)
        .distinct()
    )
    saved_keys = {account for account, *_ in saved}
    return WorthReport(
        filters=filters,
        now=now,
        at_risk=Worth.of(at_risk),
        saved=Worth.of(saved),
        # A case that recovered before its target ran out is in neither part of the rate.
        saved_rate=Rate.counted(len(saved_keys & due), len(due)),
        at_risk_again=len(saved_keys & {account for account, *_ in at_risk}),
    )


def _accounts(tickets: TicketQuerySet) -> list[tuple[int, Decimal | None, str]]:
    columns = ("account", "account__annual_value", "account__currency")
    return list(tickets.order_by().values_list(*columns).distinct())
