"""Captions: one sentence per chart that is true of the data, with its uncertainty. Pure: reports in, words out.

Where one group is picked out of several, the sentence holds after correcting for how many were compared; if it does
not, it says that it may be chance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist

from django.utils import formats
from django.utils.translation import gettext, ngettext, pgettext

from followups.reports.charts import signed
from followups.reports.metrics import Cause, ClosureReport, NpsReport, Period, Rate
from followups.reports.metrics.goals import Verdict, verdict
from followups.reports.metrics.periods import Grain
from nps_loop.templatetags.look import NBSP
from surveys.scoring import Z95, Nps, difference, enough, nps


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


def _apart(found: Standout) -> dict[str, object]:
    return {
        "name": found.name,
        "Name": found.name[:1].upper() + found.name[1:],
        "own": signed(found.own.value or 0),
        "others": signed(found.others.value or 0),
        "points": f"{math.floor(abs(found.points) + 0.5)}{NBSP}±{NBSP}{math.floor(found.margin + 0.5)}",
        "n": found.compared,
    }


def periods_caption(groups: Sequence[tuple[str, Nps]]) -> str:
    """What can be said of NPS over time."""
    found = standout(groups)
    if found is None:
        return gettext("Too few periods have enough answers to compare them.")
    words = _apart(found)
    if found.may_be_chance:
        return (
            gettext(
                "Nothing stands out. The surest difference is %(name)s, %(own)s against %(others)s in the rest: "
                "%(points)s points, which may be chance with %(n)s compared."
            )
            % words
        )
    return (
        gettext(
            "%(Name)s stands out: %(own)s against %(others)s in the rest, a difference of %(points)s points. That is "
            "more than chance, even with %(n)s compared."
        )
        % words
    )


def groups_caption(groups: Sequence[tuple[str, Nps]]) -> str:
    """What can be said of NPS by touchpoint, segment or kind of survey, and of those with too few answers."""
    found = standout(groups)
    few = [name for name, each in groups if not each.is_enough]
    said = []
    if found is None:
        said.append(gettext("There is nothing to compare: fewer than two have enough answers for a figure."))
    else:
        words = _apart(found)
        if found.compared == 2:
            text = (
                gettext(
                    "%(Name)s lies at %(own)s, the other at %(others)s: %(points)s points apart, which may be chance."
                )
                if found.may_be_chance
                else gettext(
                    "%(Name)s lies at %(own)s, the other at %(others)s: %(points)s points apart, more than chance."
                )
            )
        elif found.may_be_chance:
            text = gettext(
                "The surest difference is at %(name)s, %(own)s against %(others)s elsewhere (%(points)s points). "
                "With %(n)s compared, even that may be chance."
            )
        else:
            text = gettext(
                "%(Name)s stands apart, %(own)s against %(others)s elsewhere (%(points)s points): more than chance, "
                "even with %(n)s compared."
            )
        said.append(text % words)
    if few:
        said.append(
            ngettext(
                "%(name)s has not enough answers for a figure, so you see the answers.",
                "%(n)s have not enough answers for a figure, so you see the answers.",
                len(few),
            )
            % {"name": few[0], "n": len(few)}
        )
    return " ".join(said)


# --- sentences under the headline figures ----------------------------------------------------------------------


def change_sentence(report: NpsReport) -> str:
    """How the NPS compares with as many days before."""
    if not report.before.nps.n:
        return gettext("There is no answer from before to compare with.")
    if not report.before.nps.is_enough:
        return ngettext(
            "As many days before there was %(n)s answer: not enough to compare.",
            "As many days before there were %(n)s answers: not enough to compare.",
            report.before.nps.n,
        ) % {"n": report.before.nps.n}
    words = {"before": interval(report.before.nps)}
    if report.change.may_be_chance or report.change.value is None:
        return gettext("As many days before: %(before)s. The change may be chance.") % words
    words["points"] = f"{signed(report.change.value)}{NBSP}±{NBSP}{math.floor((report.change.margin or 0) + 0.5)}"
    return gettext("As many days before: %(before)s. The change, %(points)s points, is more than chance.") % words


def on_time_sentence(report: ClosureReport) -> str:
    """How the rate of first contacts stands to the goal, as far as the count can tell."""
    return rate_goal_sentence(report.counts.rate("on_time"), report.goal.percent)


def rate_goal_sentence(rate: Rate, goal: int | None) -> str:
    """How a rate stands to a goal in per cent; empty without a goal, or where there are too few for a rate."""
    if goal is None or rate.low is None or rate.high is None:
        return ""
    return goal_sentence(verdict(goal, rate.low * 100, rate.high * 100, rate.of), f"{goal}{NBSP}%", rate.of)


def nps_goal_sentence(found: Nps, goal: int | None) -> str:
    """How an NPS stands to a goal in points; empty without a goal, or where there are too few answers."""
    if goal is None or not found.is_enough:
        return ""
    return goal_sentence(verdict(goal, found.low, found.high, found.n), signed(goal), found.n)


def goal_sentence(found: Verdict, goal: str, n: int) -> str:
    """What an interval over `n` says of a goal in words."""
    words = {"goal": goal, "n": n}
    if found == Verdict.FEW:
        return gettext("%(n)s: not enough to hold against the goal of %(goal)s.") % words
    if found == Verdict.ABOVE:
        return gettext("Above the goal of %(goal)s.") % words
    if found == Verdict.BELOW:
        return gettext("Below the goal of %(goal)s.") % words
    return gettext("At the goal of %(goal)s, as far as %(n)s can tell.") % words


def causes_sentence(causes: Sequence[Cause], declared: int) -> str:
    """How many causes make up most of what was declared resolved, for a chart that adds percentages up."""
    said = causes_share(causes, declared)
    enough_known = enough(sum(cause.tickets for cause in causes))
    return f"{said} {gettext('The percentage adds up from the top.')}" if enough_known else said


def causes_share(causes: Sequence[Cause], declared: int) -> str:
    """How many causes make up most of what was declared resolved."""
    known = sum(cause.tickets for cause in causes)
    if not known:
        return ""
    if not enough(known):
        return ngettext(
            "%(known)s ticket was resolved with a cause, of %(declared)s.",
            "%(known)s tickets were resolved with a cause, of %(declared)s.",
            known,
        ) % {"known": known, "declared": declared}
    added, used = 0, 0
    for cause in causes:
        added, used = added + cause.tickets, used + 1
        if added * 2 >= known:
            break
    return ngettext(
        "%(used)s cause makes up %(share)s of the %(known)s tickets resolved with a cause, of %(declared)s resolved.",
        "%(used)s causes make up %(share)s of the %(known)s tickets resolved with a cause, of %(declared)s resolved.",
        used,
    ) % {"used": used, "share": whole_percent(added / known), "known": known, "declared": declared}


def load_fairness(loads: Sequence[tuple[int, int]]) -> float | None:
    """Jain's index of at work per capacity: 1 where all carry the same share; None where nobody carries anything.

    R. Jain, D. Chiu and W. Hawe, "A quantitative measure of fairness", 1984.
    """
    shares = [at_work / capacity for at_work, capacity in loads if capacity]
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else None
