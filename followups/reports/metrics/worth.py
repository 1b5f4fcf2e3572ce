"""What is at stake in money: accounts with an unhappy customer who waits for us, and accounts won back.

An account counts once, however many of its people are unhappy. Values are of now, per year, in the account's currency.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum

from followups.reports.metrics.closure import Rate
from followups.reports.metrics.companies import behind
from followups.reports.metrics.filters import ReportFilters
from nps_loop.bulk import among
from surveys.models import Account


@dataclass(frozen=True, slots=True)
class Worth:
    """Accounts and what they are worth a year, by currency (ISO 4217); `without_value` are in no sum."""

    accounts: int
    by_currency: Mapping[str, Decimal]
    without_value: int

    @classmethod
    def of(cls, accounts: Collection[int]) -> Worth:
        """Of the accounts with these keys. One query."""
        rows = Account.objects.filter(among("pk", accounts)).order_by().values_list("currency")
        found = rows.annotate(value=Sum("annual_value"), n=Count("pk"), known=Count("annual_value"))
        sums = {currency: (value, n, known) for currency, value, n, known in found}
        return cls(
            accounts=sum(n for _value, n, _known in sums.values()),
            by_currency={currency: value for currency, (value, _n, known) in sorted(sums.items()) if known},
            without_value=sum(n - known for _value, n, known in sums.values()),
        )

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
    """Count the accounts behind the figures `at_risk`, `saved` and `due_detractor`. Up to fifteen queries."""
    now = filters.moment(now)
    at_risk, saved, due = (behind(name, filters, now=now) for name in ("at_risk", "saved", "due_detractor"))
    return WorthReport(
        filters=filters,
        now=now,
        at_risk=Worth.of(at_risk),
        saved=Worth.of(saved),
        # A case that recovered before its target ran out is in neither part of the rate.
        saved_rate=Rate.counted(len(saved & due), len(due)),
        at_risk_again=len(saved & at_risk),
    )
