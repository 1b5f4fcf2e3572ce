"""/reports/accounts/: companies in which somebody was unhappy, those worth most first, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from followups.models import Ticket
from followups.persons import works_on
from followups.reports.linking import linked, said
from followups.reports.metrics import AtAccount, WorthReport, accounts_report, reporting_day
from followups.reports.metrics.accounts import OF_TICKETS
from followups.reports.page.frame import Frame
from followups.reports.page.links import Links
from followups.reports.sentences import joined, rate_in_words, rate_range
from followups.viewing import Viewer, company_without_name
from nps_loop.templatetags.look import money
from surveys.models import Account


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One company. `href` is its page; whoever may not open it reads neither its name nor whose it is."""

    account: Account
    name: str
    owner: str
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
class Stake:
    """What companies of one kind are worth a year: how many, with the list of them, and the sum by currency."""

    title: str
    n: int
    href: str
    sums: str
    words: str


@dataclass(frozen=True, slots=True)
class AccountsPage:
    """Everything the template prints. `n` companies on all pages together; `heading` says which these are."""

    n: int
    heading: str
    stakes: list[Stake]
    stakes_words: str
    rows: list[AccountRow]
    before_query: str
    after_query: str
    export_query: str


def accounts_page(frame: Frame, worth: WorthReport, asked: QueryDict) -> AccountsPage:
    """One page of the companies: those with a detractor, or those behind the `figure` that is asked. Six queries."""
    figure = asked.get("figure", "") if asked.get("figure") in OF_TICKETS else ""
    place = {"after": asked.get("after", ""), "before": asked.get("before", "")}
    report = accounts_report(frame.filters, figure, now=frame.now, **place)
    open_to = accounts_open_to(frame.viewer, [each.account for each in report.rows])
    links = Links(frame.filters)
    today = reporting_day(frame.now).toordinal()
    rows = [_row(each, links, today, is_open=each.account.pk in open_to) for each in report.rows]
    return AccountsPage(
        n=report.n,
        heading=said(_heading(figure, report.n), n=linked(report.n, _address(frame, figure))),
        stakes=_stakes(frame, worth),
        stakes_words=_saved_words(frame, worth),
        rows=rows,
        before_query=_query(frame, figure, before=report.before) if report.before else "",
        after_query=_query(frame, figure, after=report.after) if report.after else "",
        export_query=frame.export_query + (f"&{urlencode({'figure': figure})}" if figure else ""),
    )


def _address(frame: Frame, figure: str) -> str:
    return f"{frame.address}?{_query(frame, figure)}"


def _query(frame: Frame, figure: str, **place: str) -> str:
    return urlencode({**frame.form.kept(), **({"figure": figure} if figure else {}), **place})


def _heading(figure: str, n: int) -> str:
    if figure == "at_risk":
        return ngettext("%(n)s company at risk now", "%(n)s companies at risk now", n)
    if figure == "saved":
        return ngettext("%(n)s company won back", "%(n)s companies won back", n)
    if figure == "due_detractor":
        return ngettext("%(n)s company with a detractor due", "%(n)s companies with a detractor due", n)
    if figure == "saved_due":
        return ngettext("%(n)s company due and won back", "%(n)s companies due and won back", n)
    return ngettext("%(n)s company with an unhappy answer", "%(n)s companies with an unhappy answer", n)


def _stakes(frame: Frame, worth: WorthReport) -> list[Stake]:
    """At risk: a detractor's case is open, whatever its day. Won back: a detractor of these days recovered."""
    kinds = (
        ("at_risk", gettext("At risk now, a year"), worth.at_risk),
        ("saved", gettext("Won back, a year"), worth.saved),
    )
    found = []
    for figure, title, each in kinds:
        n = linked(each.accounts, _address(frame, figure))
        text = ngettext("%(n)s company.", "%(n)s companies.", each.accounts)
        parts: list[str] = [said(text, n=n)]
        if each.without_value:
            parts.append(gettext("For some of them no value is known: they are in no sum."))
        sums = " + ".join(money(value, currency) for currency, value in each.by_currency.items())
        found.append(Stake(title, each.accounts, _address(frame, figure), sums or "–", joined(parts)))
    return found


def _saved_words(frame: Frame, worth: WorthReport) -> str:
    """Of the companies with a detractor that is due, how many were won back."""
    rate = worth.saved_rate
    if not rate.of:
        return ""
    text = gettext("Of %(due)s companies with a detractor due, %(share)s were won back%(range)s.")
    full = gettext("%(count)s of %(all)s") % {"count": rate.count, "all": rate.of}
    return said(
        text,
        due=linked(rate.of, _address(frame, "due_detractor")),
        share=linked(rate_in_words(rate), _address(frame, "saved_due"), full if rate.rate is not None else ""),
        range=f" ({rate_range(rate)})" if rate.rate is not None else "",
    )


def accounts_open_to(viewer: Viewer, accounts: Sequence[Account]) -> set[int]:
    """Those whose own page this person may open, as `account_page.account_of` has it."""
    keys = [account.pk for account in accounts]
    if viewer.user.is_superuser:
        return set(keys)
    worked_on = Ticket.objects.filter(works_on(viewer), account__in=keys).values_list("account", flat=True)
    own = {account.pk for account in accounts if account.owner_id == viewer.user.pk}
    return own | set(worked_on.distinct())


def hide_names(groups: Iterable[dict[str, Any]], viewer: Viewer) -> None:
    """Take the names of companies that are not open to this person out of groups by company, each with its `slug`."""
    known = {int(group["slug"]): group for group in groups if group["slug"]}
    open_to = accounts_open_to(viewer, list(Account.objects.filter(pk__in=known)))
    for key, group in known.items():
        if key not in open_to:
            group["name"] = None


def _row(each: AtAccount, links: Links, today: int, *, is_open: bool) -> AccountRow:
    account = each.account
    here = {"account": account.pk}
    days = account.renewal_on.toordinal() - today if account.renewal_on else -1
    open_all = links.tickets_now(None, live="true", **here)
    return AccountRow(
        account=account,
        name=account.name if is_open else company_without_name(account.segment, account.region),
        owner=account.owner.name if is_open and account.owner else "",
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
