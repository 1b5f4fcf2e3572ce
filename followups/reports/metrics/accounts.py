"""Companies in which somebody was unhappy: how much, what they said before, and what is open there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, DecimalField, F, Q, QuerySet, Value, Window
from django.db.models.functions import Coalesce, RowNumber

from followups import keyset
from followups.models.tickets import LIVE
from followups.reports.metrics.companies import behind, unhappy
from followups.reports.metrics.filters import ReportFilters
from followups.reports.metrics.then import column
from nps_loop.bulk import among
from surveys.models import Account
from surveys.scoring import Band

PAGE = 25
BY_VALUE = keyset.Order("value", "worth", keyset.amount, descending=True)
# How many of the latest scores tell how a company felt lately.
LATEST = 5
# As long as a report may be.
EVER = timedelta(days=5 * 366)


@dataclass(frozen=True, slots=True)
class AtAccount:
    """One company in the cohort. `latest` holds its last scores, the newest first, also from before the cohort."""

    account: Account
    detractors: int
    answers: int
    latest: tuple[int, ...]
    open_detractors: int
    open_tickets: int

    def as_dict(self, *, is_named: bool) -> dict[str, Any]:
        account, value = self.account, self.account.annual_value
        return {
            "id": account.pk,
            "name": account.name if is_named else None,
            "owner": account.owner.username if is_named and account.owner else None,
            "segment": account.segment,
            "region": account.region,
            "annual_value": None if value is None else str(value),
            "currency": account.currency,
            "renewal_on": account.renewal_on and account.renewal_on.isoformat(),
            "detractors": self.detractors,
            "answers": self.answers,
            "latest_scores": list(self.latest),
            "open_detractors": self.open_detractors,
            "open_tickets": self.open_tickets,
        }


@dataclass(frozen=True, slots=True)
class AccountsReport:
    """One page of the companies of a cohort, those worth most first, of `n`; the places before and after it."""

    filters: ReportFilters
    now: datetime
    n: int
    rows: tuple[AtAccount, ...]
    before: str
    after: str

    def as_dict(self, named: Collection[int]) -> dict[str, Any]:
        """For the API: plain types. Only the `named` (keys) have a name and an owner."""
        return {
            "filters": self.filters.as_dict(),
            "as_of": self.now.isoformat(),
            "n": self.n,
            "accounts": [each.as_dict(is_named=each.account.pk in named) for each in self.rows],
            "after": self.after or None,
        }


# Companies behind figures about tickets, all of the named ones at once.
OF_TICKETS: dict[str, tuple[str, ...]] = {
    "at_risk": ("at_risk",),
    "saved": ("saved",),
    "due_detractor": ("due_detractor",),
    "saved_due": ("saved", "due_detractor"),
}


def accounts_of(filters: ReportFilters, figure: str = "", *, now: datetime) -> QuerySet[Account]:
    """Companies of which a detractor's answer counts in this cohort, or those behind one of `OF_TICKETS`.

    `worth` is their annual value, 0 where it is not known.
    """
    return _by_worth(_keys_of(filters, figure, now))


def _keys_of(filters: ReportFilters, figure: str, now: datetime) -> set[int]:
    if figure not in OF_TICKETS:
        return unhappy(filters, now=now)
    return set.intersection(*(behind(name, filters, now=now) for name in OF_TICKETS[figure]))


def _by_worth(keys: Collection[int]) -> QuerySet[Account]:
    money = DecimalField(max_digits=14, decimal_places=2)
    accounts = Account.objects.filter(among("pk", keys))
    return accounts.annotate(worth=Coalesce(F("annual_value"), Value(Decimal(0), money), output_field=money))


def accounts_report(
    filters: ReportFilters, figure: str = "", *, after: str = "", before: str = "", now: datetime
) -> AccountsReport:
    """One page of the companies with a detractor, or of those behind one of `OF_TICKETS`. Up to sixteen queries."""
    keys = _keys_of(filters, figure, now)
    found = keyset.page(_by_worth(keys).select_related("owner"), BY_VALUE, size=PAGE, after=after, before=before)
    rows = tuple(at_accounts(found.rows, filters))
    return AccountsReport(filters, filters.moment(now), len(keys), rows, found.before, found.after)


def lately(filters: ReportFilters) -> ReportFilters:
    """The same cohort with what was said before it, as far back as a report goes."""
    return replace(filters, day_from=filters.day_to - EVER)


def at_accounts(accounts: Sequence[Account], filters: ReportFilters) -> list[AtAccount]:
    """What the cohort says about these companies, in their order. Three queries."""
    keys = [account.pk for account in accounts]
    bands: defaultdict[int, Counter[str]] = defaultdict(Counter)
    counted = filters.answers().counted().filter(account__in=keys).order_by()
    for key, band, n in counted.values_list("account", counted.column("band")).annotate(n=Count("pk")):
        bands[key][band] = n
    ever = lately(filters).answers().counted().filter(account__in=keys)
    newest = Window(RowNumber(), partition_by=F("account"), order_by=[F("responded_at").desc(), F("pk").desc()])
    latest: defaultdict[int, list[int]] = defaultdict(list)
    placed = ever.annotate(place=newest).filter(place__lte=LATEST).order_by("account", "place")
    for key, score in placed.values_list("account", ever.column("score")):
        latest[key].append(score)
    every = filters.all_days()
    live = every.filter(**{f"{column(every, 'state')}__in": LIVE}, account__in=keys).order_by()
    open_ = {
        key: (unhappy, n)
        for key, unhappy, n in live.values_list("account").annotate(
            unhappy=Count("pk", filter=Q(band=Band.DETRACTOR)), n=Count("pk")
        )
    }
    return [
        AtAccount(
            account=account,
            detractors=bands[account.pk][Band.DETRACTOR],
            answers=bands[account.pk].total(),
            latest=tuple(latest[account.pk]),
            open_detractors=open_.get(account.pk, (0, 0))[0],
            open_tickets=open_.get(account.pk, (0, 0))[1],
        )
        for account in accounts
    ]
