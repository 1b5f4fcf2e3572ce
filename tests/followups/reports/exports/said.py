"""What the reports of the API say, as rows of the file of figures; written from their answers alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from followups.models import Team
from surveys.models import Touchpoint

Numbers = tuple[float | None, ...]  # count, of, rate, low, high
Said = Iterator[tuple[tuple[str, ...], Numbers]]


def share(found: Mapping[str, Any]) -> Numbers:
    return (found["count"], found["of"], found["rate"], found["low"], found["high"])


def one(n: float | None, of: float | None = None) -> Numbers:
    return (n, of, None, None, None)


def score(found: Mapping[str, Any], report: str, group: str, name: str, days: tuple[str, str]) -> Said:
    where = (report, group, name, *days)
    yield (*where, "nps"), (None, found["n"], found["nps"], found["low"], found["high"])
    for band in ("promoters", "passives", "detractors"):
        yield (*where, band), one(found[band], found["n"])


def days_of(found: Mapping[str, Any]) -> tuple[str, str]:
    return found["day_from"], found["day_to"]


def said_of_nps(found: Mapping[str, Any]) -> Said:
    days = days_of(found["filters"])
    yield from said_of_nps_before(found, "all", periods=True)
    yield ("nps", "all", "", *days, "excluded"), one(found["excluded"])
    for code, n in found["excluded_as"].items():
        yield ("nps", "all", "", *days, f"excluded_{code}"), one(n)
    for given, n in found["scores"].items():
        yield ("nps", "score", given, *days, "answers"), one(n, found["n"])
    for way in (name.removeprefix("by_") for name in found if name.startswith("by_") and name != "by_period"):
        for each in found[f"by_{way}"]:
            yield from score(each, "nps", way, each["name"], days)


def said_of_nps_before(found: Mapping[str, Any], group: str = "before", *, periods: bool) -> Said:
    yield from score(found, "nps", group, "", days_of(found["filters"]))
    for each in found["by_period"] if periods else ():
        yield from score(each, "nps", group, "", days_of(each))


def said_of_counts(found: Mapping[str, Any], *where: str) -> Said:
    for name, rate in found["rates"].items():
        yield (*where, name), share(rate)
    for name, n in found.items():
        if type(n) is int and name not in (
            *found["rates"],
            "goal_percent",
            "at_work",
            "capacity",
            "without_root_cause",
        ):
            yield (*where, name), one(n)


def said_of_closure_before(found: Mapping[str, Any], group: str = "before", *, periods: bool) -> Said:
    yield from said_of_counts(found, "closure", group, "", *days_of(found["filters"]))
    for each in found["by_period"] if periods else ():
        for name, n in each.items():
            if name not in ("day_from", "day_to"):
                yield ("closure", group, "", *days_of(each), name), one(n)


def said_of_closure(found: Mapping[str, Any]) -> Said:
    days = days_of(found["filters"])
    where = ("closure", "all", "", *days)
    yield from said_of_closure_before(found, "all", periods=True)
    yield (*where, "promises_kept"), share(found["promises"]["kept"])
    for name, n in found["promises"].items():
        if name not in ("kept", "promises_kept"):
            yield (*where, name), one(n)
    for name, target in found["goals"].items():
        yield (*where, f"goal_{name}"), (None, None, target, None, None)
    for way in (name.removeprefix("by_") for name in found if name.startswith("by_") and name != "by_period"):
        for each in found[f"by_{way}"]:
            yield from said_of_counts(each, "closure", way, each["name"], *days)


def said_of_now(found: Mapping[str, Any]) -> Said:
    for name in ("at_work", "late", "silent", "waiting", "unassigned"):
        yield ("closure", "now", "", "", "", name), one(found["now"][name])
    for age in found["now"]["by_age"]:
        name = f"{age['days_from']}+" if age["days_to"] is None else f"{age['days_from']}-{age['days_to']}"
        for figure in ("at_work", "late"):
            yield ("closure", "age", name, "", "", figure), one(age[figure])


def said_of_causes_in_closure(found: Mapping[str, Any]) -> Said:
    days, contact = days_of(found["filters"]), found["first_contact"]
    for each in found["root_causes"]:
        yield ("closure", "root_cause", each["name"], *days, "declared"), one(each["tickets"], found["declared"])
    yield ("closure", "all", "", *days, "without_root_cause"), one(found["without_root_cause"])
    for name, key in (("median", "median_seconds"), ("90_percent", "ninety_percent_seconds")):
        numbers = (contact["spoken_to"], contact["tickets"], contact[key], None, None)
        yield ("closure", "all", "", *days, f"first_contact_{name}"), numbers


def said_of_recovery(found: Mapping[str, Any]) -> Said:
    where = ("recovery", "all", "", *days_of(found["filters"]))
    yield (*where, "asked_again"), one(found["asked_again"])
    yield (*where, "answered_again"), share(found["response_rate"])
    for band in ("detractors", "passives"):
        yield (*where, f"recovered_{band}"), share(found[f"recovered_{band}"])
        yield (*where, f"recovered_{band}_of_due"), share(found[f"recovered_{band}_of_due"])
    for first, later in found["changes"].items():
        for band, n in later.items():
            yield (*where, f"from_{first}_to_{band}"), one(n)


def said_of_reopening(found: Mapping[str, Any], group: str = "all") -> Said:
    for name in ("reopened", "promises_moved"):
        yield ("reopening", group, "", *days_of(found["filters"]), name), share(found[name])


def said_of_times(found: Mapping[str, Any], *, is_before: bool = False) -> Said:
    days = days_of(found["filters"])
    for figure in ("first_contact", "resolution"):
        for clock, of in found[figure].items():
            where = ("times", clock, "", *days)
            for name in ("happened", "waiting"):
                yield (*where, f"{figure}_{name}"), one(of[name], of["tickets"])
            for name, key in (("median", "median"), ("90_percent", "ninety_percent")):
                between = of[f"{key}_between"] or [None, None]
                numbers = (of["happened"], of["tickets"], of[f"{key}_seconds"], *between)
                yield (*where, f"{figure}_{name}"), numbers
    if not is_before:
        yield ("times", "team_clock", "", *days, "without_calendar"), one(found["without_calendar"])


def said_of_causes(found: Mapping[str, Any]) -> Said:
    days, known = days_of(found["filters"]), found["with_root_cause"]
    yield ("causes", "all", "", *days, "declared"), one(found["declared"])
    yield ("causes", "all", "", *days, "with_cause"), one(known, found["declared"])
    for area in found["areas"]:
        yield ("causes", "area", area["name"], *days, "with_cause"), one(area["tickets"], known)
        for each in area["root_causes"]:
            yield ("causes", "root_cause", each["name"], *days, "with_cause"), one(each["tickets"], known)
    names = dict(Touchpoint.objects.values_list("slug", "name"))
    for column in ("band", "touchpoint", "segment"):
        rows = found[f"by_{column}"]
        for row in rows:
            value = row[column]
            total = sum(each["tickets"] for each in rows if each[column] == value)
            name = names[value] if column == "touchpoint" and value else value
            where = ("causes", column, name, *days)
            yield (*where, "with_cause"), one(total, known)
            yield (*where, f"cause-{row['root_cause']}"), one(row["tickets"], total)


def said_of_touchpoints(found: Mapping[str, Any]) -> Said:
    days, before = days_of(found["filters"]), found["compared_with"]
    for each in found["touchpoints"]:
        where = ("touchpoints", "touchpoint", each["name"], *days)
        yield from score(each, "touchpoints", "touchpoint", each["name"], days)
        yield (*where, "answered"), share(each["response_rate"])
        for name, rate in each["rates"].items():
            yield (*where, name), share(rate)
        if before:
            change = each["change"]
            yield (*where, "change"), (None, None, change["points"], change["low"], change["high"])
            yield from score(each["before"], "touchpoints", "touchpoint", each["name"], days_of(before))


def said_of_response_rate(found: Mapping[str, Any]) -> Said:
    days = days_of(found["filters"])
    for group, name, each in (("all", "", found), *(("survey", one["name"], one) for one in found["by_survey"])):
        where = ("response_rate", group, name, *days)
        yield (*where, "answered"), share(each["response_rate"])
        for figure in ("asked", "still_open", "waiting", "not_asked"):
            yield (*where, figure), one(each[figure])
        for rule, n in each["not_asked_by_rule"].items():
            yield (*where, f"not_asked_{rule}"), one(n)


def said_of_people(found: Mapping[str, Any]) -> Said:
    days = days_of(found["filters"])
    for each in found["people"]:
        yield from said_of_counts(each, "people", "person", each["name"], *days)
        for name in ("at_work", "capacity"):
            yield ("people", "person", each["name"], "", "", name), one(each[name])


def said_of_goals(found: Mapping[str, Any]) -> Said:
    names = dict(Team.objects.values_list("slug", "name"))
    for each in found["goals"]:
        group, name = ("team", names[each["team"]]) if each["team"] else ("all", "")
        where = ("goals", group, name, *days_of(each))
        yield (*where, each["metric"]), (each["count"], each["of"], each["value"], each["low"], each["high"])
        yield (*where, f"goal_{each['metric']}"), (None, None, each["goal"], None, None)


def said_of_effect(found: Mapping[str, Any]) -> Said:
    days = days_of(found["filters"])
    for name in ("not_due", "without_target"):
        yield ("effect", "all", "", *days, name), one(found[name])
    for name, each in found["groups"].items():
        where = ("effect", "contact", name, *days)
        yield (*where, "tickets"), one(each["tickets"])
        yield (*where, "heard_again"), one(each["heard_again"], each["tickets"])
        for figure in ("mean_first_score", "mean_later_score"):
            yield (*where, figure), (each["heard_again"], None, each[figure], None, None)
    for name, compared in found["against_never"].items():
        for figure, of in compared.items():
            numbers = (of["n"], of["n_never"], of["difference"], of["low"], of["high"])
            yield ("effect", "contact", name, *days, f"{figure}_against_never"), numbers


def said_of_worth(found: Mapping[str, Any]) -> Said:
    days = days_of(found["filters"])
    for figure, when in (("at_risk", ("", "")), ("saved", days)):
        of = found[figure]
        yield ("worth", "all", "", *when, figure), one(of["accounts"])
        yield ("worth", "all", "", *when, f"{figure}_without_value"), one(of["without_value"], of["accounts"])
        for value in of["annual_value"].values():
            yield ("worth", "all", "", *when, f"{figure}_value"), (None, None, float(value), None, None)
    yield ("worth", "all", "", *days, "saved_rate"), share(found["saved"]["rate"])
    yield ("worth", "all", "", *days, "at_risk_again"), one(found["saved"]["at_risk_again"])


def said_of_accounts(found: Mapping[str, Any]) -> Said:
    days = days_of(found["filters"])
    for each in found["accounts"]:
        name = each["name"] or f"A company, key account ({each['id']})"
        for figure in ("detractors", "answers"):
            yield ("accounts", "account", name, *days, figure), one(each[figure])
        for figure in ("open_detractors", "open_tickets"):
            yield ("accounts", "account", name, "", "", figure), one(each[figure])
        for place, given in enumerate(each["latest_scores"], 1):
            yield ("accounts", "account", name, *days, f"latest_score_{place}"), (None, None, given, None, None)
        if each["annual_value"] is not None:
            value = float(each["annual_value"])
            yield ("accounts", "account", name, "", "", "annual_value"), (None, None, value, None, None)
