"""Captions: one sentence per chart that is true of the data, with its uncertainty. Pure: reports in, words out.

Where one group is picked out of several, the sentence holds after correcting for how many were compared; if it does
not, it says that it may be chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist

from django.utils import formats
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from followups.reports.charts import signed
from followups.reports.linking import linked, said
from followups.reports.metrics import Cause, ClosureReport, Period, Rate
from followups.reports.metrics.goals import Verdict, verdict
from followups.reports.metrics.periods import Grain
from nps_loop.templatetags.look import NBSP
from surveys.scoring import Z95, Difference, Nps, difference, enough, nps


def day_short(day: date) -> str:
    """`24 Aug`."""
    return formats.date_format(day, pgettext("short date format", "j M"))


def days_in_words(first: date, last: date) -> str:
    """`24 Aug to 22 Nov`, with the year where the two do not share it."""
    if first == last:
        return day_short(first)
    year = "" if first.year == last.year else f" {first.year}"
    end = f"{day_short(last)} {last.year}" if year else day_short(last)
    return gettext("%(first)s to %(last)s") % {"first": day_short(first) + year, "last": end}


def period_label(period: Period, grain: Grain) -> str:
    """What stands under a point of a chart."""
    if grain == "month":
        return formats.date_format(period.first, pgettext("month format", "M Y"))
    return day_short(period.first)


def period_name(period: Period, grain: Grain) -> str:
    """What a sentence calls a period."""
    if grain == "week":
        return gettext("the week of %(day)s") % {"day": day_short(period.first)}
    return period_label(period, grain)


def hours_in_words(seconds: float) -> str:
    """A wait as a headline shows it, rounded: `40 min`, `31 h`, `6 days`."""
    if seconds < 3600:
        return f"{max(round(seconds / 60), 0)}{NBSP}min"
    hours = round(seconds / 3600)
    if hours <= 120:
        return f"{hours}{NBSP}h"
    days = round(hours / 24)
    return ngettext("%(n)s day", "%(n)s days", days).replace(" ", NBSP) % {"n": days}


def rate_in_words(rate: Rate) -> str:
    """`81 %`, or the count where there are too few for a rate: `8 of 12`."""
    if rate.rate is None:
        return gettext("%(count)s of %(all)s") % {"count": rate.count, "all": rate.of}
    return whole_percent(rate.rate)


def whole_percent(share: float) -> str:
    """A fraction of 1, rounded half up: `81 %`."""
    return f"{math.floor(share * 100 + 0.5)}{NBSP}%"


def rate_range(rate: Rate) -> str:
    """The 95 % interval of a rate: `71 to 87 %`; empty without one."""
    if rate.low is None or rate.high is None:
        return ""
    return percent_range(rate.low, rate.high)


def percent_range(low: float, high: float) -> str:
    """Two fractions of 1, rounded half up: `71 to 87 %`."""
    words = {"low": math.floor(low * 100 + 0.5), "high": f"{math.floor(high * 100 + 0.5)}{NBSP}%"}
    return gettext("%(low)s to %(high)s") % words


def interval(found: Nps) -> str:
    """`+12 to +27`; empty without answers."""
    if found.low is None or found.high is None:
        return ""
    return signed_range(found.low, found.high)


def signed_range(low: float, high: float) -> str:
    """Points of NPS: `+12 to +27`."""
    return gettext("%(low)s to %(high)s") % {"low": signed(low), "high": signed(high)}


# --- which group stands out ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standout:
    """The group furthest from all others together, by how sure that is. `margin` is corrected for `compared`."""

    name: str
    own: Nps
    others: Nps
    points: float
    margin: float
    compared: int
    may_be_chance: bool


def standout(groups: Sequence[tuple[str, Nps]]) -> Standout | None:
    """The group to speak of, out of those with enough answers; None with fewer than two.

    Bonferroni: with k groups compared each comparison is made at 5 %/k, so that all of them together err in 5 %.
    """
    known = [(name, found) for name, found in groups if found.is_enough]
    if len(known) < 2:
        return None
    compared = len(known) if len(known) > 2 else 1
    wider = NormalDist().inv_cdf(1 - 0.025 / compared) / Z95
    best: Standout | None = None
    for name, own in known:
        others = _rest(own, [found for _, found in known])
        apart = difference(own, others)
        if apart.value is None or apart.margin is None or apart.low is None or apart.high is None:
            continue
        margin, centre = apart.margin * wider, (apart.low + apart.high) / 2
        chance = apart.may_be_chance or abs(apart.value) <= margin or abs(centre) <= margin
        found = Standout(name, own, others, apart.value, margin, len(known), chance)
        if best is None or abs(found.points) / found.margin > abs(best.points) / best.margin:
            best = found
    return best


def _rest(own: Nps, all_groups: Sequence[Nps]) -> Nps:
    return nps(
        sum(each.promoters for each in all_groups) - own.promoters,
        sum(each.passives for each in all_groups) - own.passives,
        sum(each.detractors for each in all_groups) - own.detractors,
    )


# How many bars of a chart are compared is no number that opens anything, so it is written as a word.
LETTERS = (
    _("two"), _("three"), _("four"), _("five"), _("six"), _("seven"), _("eight"), _("nine"), _("ten"), _("eleven"),
    _("twelve"),
)  # fmt: skip


def in_letters(n: int) -> str:
    """`seven`; digits from 13 on."""
    return str(LETTERS[n - 2]) if 2 <= n <= len(LETTERS) + 1 else str(n)


def nps_linked(found: Nps, href: str) -> str:
    """`+19` as a link that says how many answers it is of."""
    return linked(signed(found.value or 0), href, gettext("NPS of %(n)s answers") % {"n": found.n})


def points_apart(points: float, margin: float) -> str:
    """`−17 ± 18`."""
    return f"{signed(points)}{NBSP}±{NBSP}{math.floor(margin + 0.5)}"


def _apart(found: Standout, hrefs: Mapping[str, str]) -> dict[str, object]:
    return {
        "name": found.name,
        "Name": found.name[:1].upper() + found.name[1:],
        "own": nps_linked(found.own, hrefs.get(found.name, "")),
        "points": points_apart(found.points, found.margin),
        "n": in_letters(found.compared),
    }


def periods_caption(groups: Sequence[tuple[str, Nps]], hrefs: Mapping[str, str]) -> str:
    """What can be said of NPS over time. `hrefs` holds what each period opens, by its name."""
    found = standout(groups)
    if found is None:
        return gettext("Too few periods have enough answers to compare them.")
    if found.may_be_chance:
        text = gettext(
            "Nothing stands out. The surest difference is %(name)s at %(own)s, %(points)s points against the rest, "
            "which may be chance with %(n)s compared."
        )
    else:
        text = gettext(
            "%(Name)s stands out at %(own)s, %(points)s points against the rest. That is more than chance, even with "
            "%(n)s compared."
        )
    return said(text, **_apart(found, hrefs))


def groups_caption(groups: Sequence[tuple[str, Nps]], hrefs: Mapping[str, str]) -> str:
    """What can be said of NPS by touchpoint, segment or kind of survey, and of those with too few answers.

    `hrefs` holds what each group opens, by its name.
    """
    found = standout(groups)
    few = [name for name, each in groups if not each.is_enough]
    sentences = []
    if found is None:
        sentences.append(gettext("There is nothing to compare: fewer than two have enough answers for a figure."))
    elif found.compared == 2:
        other = next(name for name, each in groups if each.is_enough and name != found.name)
        text = (
            gettext("%(Name)s lies at %(own)s, the other at %(others)s: %(points)s points, which may be chance.")
            if found.may_be_chance
            else gettext("%(Name)s lies at %(own)s, the other at %(others)s: %(points)s points, more than chance.")
        )
        others = nps_linked(found.others, hrefs.get(other, ""))
        sentences.append(said(text, **_apart(found, hrefs), others=others))
    else:
        text = (
            gettext(
                "The surest difference is at %(name)s, %(own)s: %(points)s points against the others. With %(n)s "
                "compared, even that may be chance."
            )
            if found.may_be_chance
            else gettext(
                "%(Name)s stands apart at %(own)s, %(points)s points against the others: more than chance, even with "
                "%(n)s compared."
            )
        )
        sentences.append(said(text, **_apart(found, hrefs)))
    if few:
        text = ngettext(
            "%(name)s has not enough answers for a figure, so you see the answers.",
            "%(n)s have not enough answers for a figure, so you see the answers.",
            len(few),
        )
        n = in_letters(len(few))
        sentences.append(said(text, name=few[0], n=n[:1].upper() + n[1:]))
    return joined(sentences)


def joined(parts: Sequence[str]) -> str:
    """Sentences one after the other, each made harmless where it is not markup already."""
    return said(" ".join(f"%({i})s" for i in range(len(parts))), **{str(i): part for i, part in enumerate(parts)})


# --- sentences under the headline figures ----------------------------------------------------------------------


def change_sentence(change: Difference, before: Nps, when: str, href: str) -> str:
    """How the NPS compares with an earlier one; `when` names that time and `href` opens its answers."""
    words: dict[str, object] = {"when": when, "before": nps_linked(before, href), "interval": interval(before)}
    if not before.n:
        return said(gettext("%(when)s: no answer to compare with."), **words)
    if not before.is_enough:
        text = ngettext(
            "%(when)s: %(n)s answer, not enough to compare.",
            "%(when)s: %(n)s answers, not enough to compare.",
            before.n,
        )
        return said(text, **words, n=linked(before.n, href))
    if change.may_be_chance or change.value is None:
        return said(gettext("%(when)s: %(before)s (%(interval)s). The change may be chance."), **words)
    points = points_apart(change.value, change.margin or 0)
    text = gettext("%(when)s: %(before)s (%(interval)s). The change, %(points)s points, is more than chance.")
    return said(text, **words, points=points)


def rate_change_sentence(change: Difference, before: Rate, when: str, href: str) -> str:
    """How a rate compares with an earlier one, as `change_sentence` says it of an NPS."""
    if not before.of:
        return said(gettext("%(when)s: none due."), when=when)
    full = "" if before.rate is None else gettext("%(count)s of %(all)s") % {"count": before.count, "all": before.of}
    words: dict[str, object] = {"when": when, "before": linked(rate_in_words(before), href, full)}
    if change.value is None:
        return said(gettext("%(when)s: %(before)s, not enough to compare."), **words)
    if change.may_be_chance:
        return said(gettext("%(when)s: %(before)s. The change may be chance."), **words)
    points = points_apart(change.value, change.margin or 0)
    return said(
        gettext("%(when)s: %(before)s. The change, %(points)s points, is more than chance."), **words, points=points
    )


def on_time_sentence(report: ClosureReport, due_href: str) -> str:
    """How the rate of first contacts stands to the goal, as far as the count can tell. `due_href` opens that count."""
    rate = report.counts.rate("on_time")
    return "" if rate.rate is None else rate_goal_sentence(rate, report.goal.percent, due_href)


def rate_goal_sentence(rate: Rate, goal: int | None, href: str = "") -> str:
    """How a rate stands to a goal in per cent; empty without a goal, or where there are too few for a rate."""
    if goal is None or rate.low is None or rate.high is None:
        return ""
    found = verdict(goal, rate.low * 100, rate.high * 100, rate.of)
    reached = 100 * rate.count >= goal * rate.of
    return goal_sentence(found, f"{goal}{NBSP}%", linked(rate.of, href), reached=reached)


def nps_goal_sentence(found: Nps, goal: int | None, href: str = "") -> str:
    """How an NPS stands to a goal in points; empty without a goal, or where there are too few answers."""
    if goal is None or not found.is_enough:
        return ""
    reached = found.value is not None and found.value >= goal
    found_so = verdict(goal, found.low, found.high, found.n)
    return goal_sentence(found_so, signed(goal), linked(found.n, href), reached=reached)


def goal_sentence(found: Verdict, goal: str, n: object, *, reached: bool) -> str:
    """What an interval over `n` says of a goal in words; `n` may be a link. `reached`: the figure itself is not below.

    Where the interval spans the goal, only a figure that comes up to it is said to be at it.
    """
    words = {"goal": goal, "n": n}
    if found == Verdict.FEW:
        return said(gettext("%(n)s: not enough to hold against the goal of %(goal)s."), **words)
    if found == Verdict.ABOVE:
        return said(gettext("Above the goal of %(goal)s."), **words)
    if found == Verdict.BELOW:
        return said(gettext("Below the goal of %(goal)s."), **words)
    if not reached:
        return said(gettext("%(n)s cannot tell whether the goal of %(goal)s is reached."), **words)
    return said(gettext("At the goal of %(goal)s, as far as %(n)s can tell."), **words)


def causes_sentence(causes: Sequence[Cause], declared: int, href_of: Callable[[str], str]) -> str:
    """How many causes make up most of what was declared resolved, for a chart that adds percentages up.

    `href_of` opens a figure by its name.
    """
    found = causes_share(causes, declared, href_of)
    if not enough(sum(cause.tickets for cause in causes)):
        return found
    return joined([found, gettext("The percentage adds up from the top.")])


def causes_share(causes: Sequence[Cause], declared: int, href_of: Callable[[str], str]) -> str:
    """How many causes make up most of what was declared resolved."""
    known = sum(cause.tickets for cause in causes)
    if not known:
        return ""
    counts = {"known": linked(known, href_of("with_cause")), "declared": linked(declared, href_of("declared"))}
    if not enough(known):
        text = ngettext(
            "%(known)s ticket was resolved with a cause, of %(declared)s.",
            "%(known)s tickets were resolved with a cause, of %(declared)s.",
            known,
        )
        return said(text, **counts)
    added, used = 0, 0
    for cause in causes:
        added, used = added + cause.tickets, used + 1
        if added * 2 >= known:
            break
    level = causes[used - 1].tickets
    if used < len(causes) and causes[used].tickets == level:
        return _tied_causes([cause.tickets for cause in causes], level, counts)
    return _top_causes(added / known, used, counts)


def _top_causes(share: float, used: int, counts: Mapping[str, object]) -> str:
    text = ngettext(
        "One cause makes up %(share)s of the %(known)s tickets resolved with a cause, of %(declared)s resolved.",
        "%(used)s causes make up %(share)s of the %(known)s tickets resolved with a cause, of %(declared)s resolved.",
        used,
    )
    return said(text, **counts, used=_capital(in_letters(used)), share=whole_percent(share))


def _tied_causes(tickets: Sequence[int], level: int, counts: Mapping[str, object]) -> str:
    """Half is reached among causes with `level` tickets each: those above them, and how many share that place."""
    known, above, tied = sum(tickets), [n for n in tickets if n > level], tickets.count(level)
    words = {"used": _capital(in_letters(tied)), "share": whole_percent(level / known)}
    if above:
        shared = gettext("%(used)s share the next place, each with %(share)s.")
        return joined([_top_causes(sum(above) / known, len(above), counts), said(shared, **words)])
    text = gettext(
        "%(used)s causes share the first place, each with %(share)s of the %(known)s tickets resolved with a cause, of "
        "%(declared)s resolved."
    )
    return said(text, **counts, **words)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def load_fairness(loads: Sequence[tuple[int, int]]) -> float | None:
    """Jain's index of at work per capacity: 1 where all carry the same share; None where nobody carries anything.

    R. Jain, D. Chiu and W. Hawe, "A quantitative measure of fairness", 1984.
    """
    shares = [at_work / capacity for at_work, capacity in loads if capacity]
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else None
