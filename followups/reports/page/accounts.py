"""/reports/accounts/: companies in which somebody was unhappy, those worth most first, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.urls import reverse

from followups import keyset
from followups.models import Ticket
from followups.persons import works_on
from followups.reports.metrics import AtAccount, accounts_with_detractors, at_accounts, reporting_day
from followups.reports.page.frame import Frame
from followups.reports.page.links import Links
from followups.viewing import Viewer
from surveys.models import Account

PAGE = 25
BY_VALUE = keyset.Order("value", "worth", keyset.amount, descending=True)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One company. `href` is its page, empty for whoever may not open it."""

    account: Account
    href: str
    value_href: str
    renews_in: int | None
    detractors: int
    detractors_href: str
    answers: int
    answers_href: str
    latest: list[int]
    latest_href: str
    open_detractors: int
    open_detractors_href: str
    open_tickets: int
    open_tickets_href: str


@dataclass(frozen=True, slots=True)
class AccountsPage:
    """Everything the template prints. `n` companies on all pages together."""

    n: int
    whole_href: str
    rows: list[AccountRow]
    before_query: str
    after_query: str


def accounts_page(frame: Frame, asked: QueryDict) -> AccountsPage:
    """One page of the companies. Six queries."""
    companies = accounts_with_detractors(frame.filters)
    place = {"after": asked.get("after", ""), "before": asked.get("before", "")}
    found = keyset.page(companies.select_related("owner"), BY_VALUE, size=PAGE, **place)
    open_to = _open_to(frame.viewer, found.rows)
    links = Links(frame.filters)
    today = reporting_day(frame.now).toordinal()
    rows = [
        _row(each, links, today, is_open=each.account.pk in open_to) for each in at_accounts(found.rows, frame.filters)
    ]
    return AccountsPage(
        n=companies.order_by().count(),
        whole_href=_address(frame),
        rows=rows,
        before_query=_query(frame, before=found.before) if found.before else "",
        after_query=_query(frame, after=found.after) if found.after else "",
    )


def _address(frame: Frame) -> str:
    return f"{frame.address}?{_query(frame)}"


def _query(frame: Frame, **place: str) -> str:
    asked = QueryDict(mutable=True)
    asked.update({**frame.form.kept(), **place})
    return asked.urlencode()


def _open_to(viewer: Viewer, accounts: Sequence[Account]) -> set[int]:
    """Those whose own page this person may open, as `account_page.account_of` has it."""
    keys = [account.pk for account in accounts]
    if viewer.user.is_superuser:
        return set(keys)
    worked_on = Ticket.objects.filter(works_on(viewer), account__in=keys).values_list("account", flat=True)
    own = {account.pk for account in accounts if account.owner_id == viewer.user.pk}
    return own | set(worked_on.distinct())


def _row(each: AtAccount, links: Links, today: int, *, is_open: bool) -> AccountRow:
    account = each.account
    here = {"account": account.pk}
    days = account.renewal_on.toordinal() - today if account.renewal_on else -1
    open_all = links.tickets_now(None, live="true", **here)
    return AccountRow(
        account=account,
        href=reverse("account", args=[account.pk]) if is_open else "",
        value_href=open_all,
        renews_in=days if days >= 0 else None,
        detractors=each.detractors,
        detractors_href=links.answers(**{"band": "detractor", **here}),
        answers=each.answers,
        answers_href=links.answers(**here),
        latest=list(each.latest),
        latest_href=links.ever().answers(**here),
        open_detractors=each.open_detractors,
        open_detractors_href=links.tickets_now(None, live="true", **{"band": "detractor", **here}),
        open_tickets=each.open_tickets,
        open_tickets_href=open_all,
    )
