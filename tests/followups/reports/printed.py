"""The numbers that the seven report pages print and the file of them, held against the recount: read off the page as whoever looks reads it."""

from __future__ import annotations

import html as markup
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.test import Client

from nps_loop.people.models import User
from tests.followups.reports.books import Books, about, again, answers, loops, persons, times
from tests.followups.reports.checks import check_export

SHOWN = ("told", "confirmed", "on_time")
HOURS = ((0, 24), (24, 48), (48, 72), (72, 120), (120, 240), (240, None))
DETAILS = (
    "due", "declared", "told", "confirmed", "agreed_to_differ", "still_open", "not_contacted", "dismissed",
)  # fmt: skip


@dataclass
class Read:
    """One page: what it was asked and kept of that, its tables by their label as (heading, cells), its figures, and all its words."""

    filters: Any
    kept: dict[str, str]
    tables: dict[str, list[tuple[str, list[str]]]]
    figures: dict[str, str]
    words: str
    context: Any

    def cells(self, table: str) -> dict[str, list[str]]:
        """The rows of a table, which have a heading of their own each."""
        found = dict(self.tables[table])
        assert len(found) == len(self.tables[table]), table
        return found


def plain(part: str) -> str:
    """What is seen of a piece of HTML."""
    part = re.sub(r'<span class="vh">.*?</span>', "", part, flags=re.DOTALL)
    return " ".join(markup.unescape(re.sub(r"<[^>]+>", " ", part)).replace("\xa0", " ").split())


def read(client: Client, page: str, query: str) -> Read:
    answer = client.get(f"/reports/{page}?{query}")
    assert answer.status_code == 200, page
    text = answer.content.decode()
    tables = {}
    for label, table in re.findall(r'aria-label="([^"]*)"><table(.*?)</table>', text, re.DOTALL):
        rows = re.findall(r'<tr[^>]*><th scope="row"[^>]*>(.*?)</th>(.*?)</tr>', table, re.DOTALL)
        tables[markup.unescape(label)] = [
            (plain(head), [plain(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", cells, re.DOTALL)])
            for head, cells in rows
        ]
    figures = {
        plain(head): plain(rest)
        for head, rest in re.findall(r'<section class="figure"><h2>(.*?)</h2>(.*?)</section>', text, re.DOTALL)
    }
    frame = answer.context["frame"]
    return Read(frame.filters, frame.form.kept(), tables, figures, plain(text), answer.context["page"])


# --- how numbers are written -------------------------------------------------------------------------------------


def percent(share: float) -> str:
    return f"{int(100 * share + 0.5)} %"


def part(found: dict[str, Any]) -> str:
    """A rate, or where there are too few for one its counts."""
    return f"{found['count']} of {found['of']}" if found["rate"] is None else percent(found["rate"])


def signed(points: float) -> str:
    whole = int(abs(points) + 0.5)
    return "0" if not whole else f"+{whole}" if points > 0 else f"−{whole}"


def waited(seconds: float, *, of_team: bool) -> str:
    hours = round(seconds / 3600)
    if seconds < 3600:
        return f"{round(seconds / 60)} min"
    if of_team or hours <= 120:
        return f"{hours} h"
    days = round(hours / 24)
    return f"{days} days"


# --- page by page ------------------------------------------------------------------------------------------------


def check_pages(viewer: User, query: str, books: Books) -> None:
    client = Client()
    client.force_login(viewer)
    query = f"period=own&{query}"
    for check in (overview, closure, times_page, causes, touchpoints, accounts):
        check(client, query, books)
    # Whoever is in one team is shown that team; whoever leads none reads nothing about persons.
    first = read(client, "", query)
    # The page leaves out what it does not offer this reader, and links to the file without it; the file would refuse.
    check_export(viewer, urlencode(first.kept), first.filters, books)
    if persons.leads_somebody(books, first.filters):
        people(client, query, books)
    else:
        assert client.get(f"/reports/people/?{query}").status_code == 404


def overview(client: Client, query: str, books: Books) -> None:
    found = read(client, "", query)
    counts, nps = loops.closure(books, found.filters, ()), answers.nps(books, found.filters, ())
    assert dict(found.context.counts) == {name: counts[name] for name in found.context.counts}
    _rates_stand(found, counts)
    if nps["nps"] is not None:
        assert f"NPS {signed(nps['nps'])}" in found.words
        assert f"n = {nps['n']}" in found.words
        assert [scores.nps.n for _, scores in found.context.nps.by_period] == [each["n"] for each in nps["by_period"]]
    now = counts["now"]
    assert sum(bar.tickets for bar in found.context.causes.bars) == sum(counts["root_causes"].values())
    if now["at_work"]:
        assert re.search(rf"\b{now['at_work']}\b", found.words)


def closure(client: Client, query: str, books: Books) -> None:
    found = read(client, "closure/", query)
    counts = loops.closure(books, found.filters, ())
    assert found.context.counts == {name: counts[name] for name in found.context.counts}
    if not counts["cohort"]:
        return
    _rates_stand(found, counts)
    first = f"{counts['on_time']} in time, {counts['contacted_later']} later, {counts['not_contacted']} never."
    assert first in found.figures["First contact in time"]
    came_back, kept = loops.reopening(books, found.filters)["reopened"], counts["promises"]["kept"]
    assert found.figures["Reopened"].startswith(part(came_back))
    if kept["of"]:
        assert found.figures["Promises kept"].startswith(part(kept))
    heard = again.recovery(books, found.filters)
    for band in again.BETTER:
        if heard[f"recovered_{band}s"]["of"]:
            assert part(heard[f"recovered_{band}s"]) in found.words


def _rates_stand(found: Read, counts: dict[str, Any]) -> None:
    if not counts["cohort"]:
        return
    rates = counts["rates"]
    assert [each.words.replace("\xa0", " ") for each in found.context.rates] == [
        part(rates[name]) for name in ("declared", "told", "confirmed")
    ]
    assert found.context.on_time.words.replace("\xa0", " ") == part(rates["on_time"])


def times_page(client: Client, query: str, books: Books) -> None:
    found = read(client, "times/", query)
    expected, counts = times.times(books, found.filters), loops.closure(books, found.filters, ())
    now = counts["now"]
    assert (found.context.cohort, found.context.at_work) == (counts["cohort"], now["at_work"])
    if not counts["cohort"] and not now["at_work"]:
        return
    charts = iter(found.context.charts)
    for event, kinds in (("first_contact", ("spoken", "unspoken")), ("resolution", ("resolved", "unresolved"))):
        for clock in ("customer_clock", "team_clock"):
            chart, known = next(charts), expected[event][clock]
            of_team = clock == "team_clock"
            assert chart.n == known["tickets"]
            for words, name in ((chart.half, "median"), (chart.ninety, "ninety_percent")):
                seconds = known[f"{name}_seconds"]
                shown = "" if seconds is None else waited(seconds, of_team=of_team)
                assert words.replace("\xa0", " ").replace("1 days", "1 day") == shown.replace("1 days", "1 day"), name
            if chart.n < 20 or of_team:
                continue
            rows = found.cells(f"{chart.title}, {chart.clock}")
            for start, end in HOURS:
                cells = [len(times.waits_within(books, found.filters, kind, start, end)) for kind in kinds]
                label = f"{start} to {end} h" if end else f"{start} h and longer"
                assert [int(cell) for cell in rows.get(label, ["0", "0"])[:2]] == cells, label
            assert rows["Together"][:2] == [str(known["happened"]), str(known["waiting"])]
    neglected = [cells[0] for _, cells in found.tables["What nobody looks after"]]
    assert neglected == [str(now[name]) for name in ("at_work", "late", "silent", "waiting", "unassigned")]


def causes(client: Client, query: str, books: Books) -> None:
    found = read(client, "causes/", query)
    expected = about.causes(books, found.filters)
    assert (found.context.known, found.context.declared) == (expected["with_root_cause"], expected["declared"])
    bars = []
    for area in expected["areas"]:
        bars.append((area["name"], area["tickets"]))
        below = area["root_causes"]
        if [each["slug"] for each in below] != [area["slug"]]:
            bars += [("itself" if one["slug"] == area["slug"] else one["name"], one["tickets"]) for one in below]
    assert [(bar.name, bar.tickets) for bar in found.context.bars] == bars
    if bars:
        shown = [(head, int(cells[0])) for head, cells in found.tables["Root causes"]]
        assert shown == bars


def people(client: Client, query: str, books: Books) -> None:
    found = read(client, "people/", query)
    expected = persons.people(books, found.filters)
    if not expected:
        return
    by_name = sorted(expected.items(), key=lambda each: (books.users[each[0]].name.casefold(), each[0]))
    rows = found.tables["What became of their tickets"]
    team = found.tables["Team figures"]
    for (key, (counts, at_work, capacity, _away)), (_head, cells), (_name, load) in zip(
        by_name, rows[:-1], team[:-1], strict=True
    ):
        assert cells[: len(DETAILS)] == [str(counts[name]) for name in DETAILS], key
        assert (f"{at_work} of {capacity}" if capacity else str(at_work)) in load[0]
        assert str(counts["said_not_yet"]) == load[4]
    together = [sum(counts[name] for counts, *_ in expected.values()) for name in DETAILS]
    assert [int(cell) for cell in rows[-1][1][: len(DETAILS)]] == together


def touchpoints(client: Client, query: str, books: Books) -> None:
    found = read(client, "touchpoints/", query)
    expected = about.touchpoints(books, found.filters, leads=persons.leads_somebody(books, found.filters))
    assert found.context.n == answers.nps(books, found.filters, ())["n"]
    names = {row.touchpoint.slug: row.touchpoint.name for row in books.answers.values() if row.touchpoint}
    names |= {row.touchpoint.slug: row.touchpoint.name for row in books.invitations if row.touchpoint}
    ordered = sorted(expected, key=lambda slug: (not slug, names.get(slug, "").casefold(), slug))
    for slug, (_head, cells) in zip(ordered, found.tables.get("Each touchpoint", []), strict=True):
        each = expected[slug]
        assert cells[0] == str(each["n"])
        if each["nps"] is not None:
            assert cells[1] == signed(each["nps"])
        if each["change"]["points"] is not None:
            assert cells[4].startswith(signed(each["change"]["points"])), slug
            assert cells[4].endswith("may be chance") == each["change"]["may_be_chance"]
        assert cells[-4:] == [
            str(each["rates"]["told"]["of"]),
            *(part(each["rates"][name]) if each["rates"][name]["of"] else "–" for name in SHOWN),
        ]


def accounts(client: Client, query: str, books: Books) -> None:
    found = read(client, "accounts/", query)
    expected, worth = about.accounts(books, found.filters), again.worth(books, found.filters)
    assert found.context.n == len(expected)
    assert [stake.n for stake in found.context.stakes] == [
        worth["at_risk"]["accounts"],
        worth["saved"]["accounts"],
    ]
    shown = found.context.rows
    assert len(shown) == min(len(expected), 25)
    for row, (_head, cells) in zip(shown, found.tables.get("Companies", []), strict=True):
        each = expected[row.account.pk]
        latest = [int(score) for score in re.findall(r"\d+", cells[4])]
        assert latest == each["latest_scores"]
        counts = ("detractors", "answers", "open_detractors", "open_tickets")
        assert [cells[2], cells[3], cells[5], cells[6]] == [str(each[name]) for name in counts]
