"""What a figure about tickets is called where its list is read, in the words of the reports that link to it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from followups.models import RootCause
from followups.reports.metrics.figures import CAUSE, CAUSE_BUT, CAUSES, CAUSES_BUT, HEARS, OF_DUE_BAND
from followups.reports.metrics.recovered import BANDS, FROM
from followups.reports.metrics.signals import Behind
from followups.reports.metrics.stretches import NAMED
from followups.reports.page.signals import signal_in_words
from followups.reports.sentences import days_in_words

NAMES: dict[str, Any] = {
    "cohort": _("Tickets of the answers"),
    "counted": _("Tickets that count, due or not yet"),
    "not_due": _("Not due yet"),
    "nobody_to_reach": _("Nobody to reach"),
    "left_in_peace": _("Left in peace"),
    "removed": _("Duplicate, test or spam"),
    "beside": _("Beside the figures"),
    "due": _("Due"),
    "declared": _("Declared resolved"),
    "told": _("Told what changed"),
    "confirmed": _("Confirmed by the customer"),
    "told_settled": _("Told, and said: settled"),
    "told_not_yet": _("Told, and said: not yet"),
    "told_silent": _("Told, and silent so far"),
    "told_unconfirmed": _("Told, and not confirmed"),
    "declared_only": _("Declared, neither told nor confirmed"),
    "not_told": _("Declared, and not told"),
    "agreed_to_differ": _("Agreed to differ"),
    "said_not_yet": _("Said not yet"),
    "dismissed": _("Dismissed"),
    "still_open": _("Due and still open"),
    "unfinished": _("Not due yet, dismissed or still open"),
    "on_time": _("First contact in time"),
    "contacted_later": _("First contact later"),
    "not_contacted": _("Due and never spoken to"),
    "spoken_to": _("Spoken to"),
    "never_spoken_to": _("Not spoken to"),
    "promises": _("With a promise that is due"),
    "promises_kept": _("With a promise kept"),
    "promises_moved": _("With a promise moved"),
    "promises_later": _("With a promise done later"),
    "promises_dropped": _("With a promise dropped"),
    "promises_broken": _("With a promise not done"),
    "promises_open": _("With an open promise"),
    "at_work": _("At work"),
    "late": _("Late"),
    "in_time": _("At work, in time"),
    "late_at_work": _("At work, late"),
    "breaking": _("Breaking in 24 h"),
    "unassigned": _("Without an owner"),
    "waiting": _("Waiting on the customer"),
    "silent": _("Without an event for a week"),
    "late_first_contact": _("First contact late"),
    "promise_over": _("With a promise whose date is over"),
    "not_yet_unanswered": _("Said not yet, and waits for our answer"),
    "reopened_twice": _("Reopened twice or more"),
    "approval_waiting": _("Dismissal to be decided"),
    "mail_stuck": _("With a mail that did not arrive"),
    "at_risk": _("Tickets of accounts at risk"),
    "at_risk_without_value": _("Tickets of accounts at risk without a value"),
    "asked_again": _("Asked again after closing"),
    "answered_again": _("Asked again, and answered"),
    "heard_again": _("Heard again after closing"),
    "saved": _("Tickets of accounts saved"),
    "saved_without_value": _("Tickets of accounts saved without a value"),
    "ever_resolved": _("Ever resolved"),
    "reopened": _("Reopened"),
    "with_cause": _("Resolved with a cause"),
    "without_cause": _("Resolved without a cause"),
}  # fmt: skip


def figure_in_words(name: str) -> str:
    """The figure `name`, as `is_figure` knows it. One query for one of causes, else none."""
    if name in NAMES:
        return str(NAMES[name])
    if found := NAMED.fullmatch(name):
        return _stretch_in_words(found["kind"], found["start"], found["end"])
    if name in HEARS:
        return gettext("Resolved with a cause: %(hears)s") % {"hears": HEARS[name].label}
    if name in OF_DUE_BAND:
        band, recovered = OF_DUE_BAND[name]
        text = gettext("%(band)s: due and recovered") if recovered else gettext("%(band)s: due")
        return text % {"band": capfirst(band.label)}
    return _recovery_in_words(name) or _causes_in_words(name)


def number_of_signal_in_words(name: str) -> str:
    """A number of the report on signals, as `Behind` writes it: what counts for it, or all it was looked at in."""
    behind = Behind.parse(name)
    text = gettext("Signal: %(name)s") if behind.only_counted else gettext("Looked at for the signal: %(name)s")
    return text % {"name": signal_in_words(behind.signal)}


def with_days(words: str, first: date | None, last: date | None) -> str:
    """A figure with the days of its answers, where both ends are known: `Told what changed, 7 Sep to 1 Dec`."""
    if first is None or last is None or first > last:
        return words
    return gettext("%(figure)s, %(days)s") % {"figure": words, "days": days_in_words(first, last)}


def _stretch_in_words(kind: str, start: str, end: str) -> str:
    heads = {
        "spoken": gettext("Spoken to"),
        "unspoken": gettext("Not spoken to"),
        "resolved": gettext("Resolved"),
        "unresolved": gettext("Not resolved"),
    }
    words = {"what": heads[kind], "start": int(start), "end": end and int(end)}
    if end:
        return gettext("%(what)s, after %(start)s to %(end)s h") % words
    return gettext("%(what)s, after %(start)s h and longer") % words if int(start) else heads[kind]


def _recovery_in_words(name: str) -> str:
    for first in FROM:
        label = capfirst(first.label)
        if name == f"heard_again_{first.value}":
            return gettext("%(band)s: heard again after closing") % {"band": label}
        if name == f"recovered_{first.value}":
            return gettext("%(band)s: recovered") % {"band": label}
        for later in BANDS:
            if name == f"from_{first.value}_to_{later.value}":
                return gettext("%(band)s: now %(label)s") % {"band": label, "label": later.label}
    return ""


def _causes_in_words(name: str) -> str:
    kind, dash, rest = name.partition("-")
    slugs = rest.split(".")
    known = dict(RootCause.objects.filter(slug__in=slugs).values_list("slug", "name"))
    text = {
        CAUSE: gettext("Root cause: %(value)s"),
        CAUSES: gettext("Root cause: %(value)s"),
        CAUSE_BUT: gettext("Root causes other than %(value)s"),
        CAUSES_BUT: gettext("Root causes other than %(value)s"),
    }[f"{kind}{dash}"]
    return text % {"value": ", ".join(known.get(slug, slug) for slug in slugs)}
