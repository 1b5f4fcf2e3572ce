"""/reports/ and the answers behind it: every number opens what it counted, for whoever may see it."""

from __future__ import annotations

import html
import json
import re
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.http import QueryDict
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.utils import translation

from followups.filters import TicketFilter
from followups.models import Deadline, Member, SetGoal, Team, Ticket
from followups.reports import charts, metrics
from followups.reports.answers_page import chosen
from followups.reports.forms import ReportForm, days_of
from followups.reports.page.answers import LineChart
from followups.reports.page.tables import Table
from followups.reports.promises_page import promises_page
from followups.viewing import Viewer
from nps_loop.people.models import User
from nps_loop.templatetags.look import NBSP
from tests import factories as make
from tests.factories import DAY, NOW
from tests.followups.reports.anchors import anchors, read
from tests.followups.reports.lives import throw_together

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def lead() -> User:
    """Leads both teams of sixty random tickets and more answers."""
    throw_together(5, tickets=50, answers=80)
    lead = make.make_user("Tomás Ferreira")
    for team in Team.objects.exclude(slug="customer-care"):
        make.make_member(team, lead, role=Member.Role.LEAD, capacity=0)
    return lead


def page(user: User, query: str = "") -> str:
    answer = client_of(user).get(f"/reports/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def counted_behind(href: str, user: User, now: datetime = NOW) -> int:
    """How many rows a link of the page opens, by the filters of the list that it points to."""
    address = urlsplit(href)
    asked = QueryDict(address.query)
    if address.path == "/reports/answers/":
        form = ReportForm(asked, viewer=user, today=now.date())
        return chosen(form.filters(), asked).count()
    if address.path == "/reports/promises/":
        form = ReportForm(asked, viewer=user, today=NOW.date())
        return promises_page(form.filters(), Viewer.of(user), asked, now=NOW).n
    assert address.path == "/tickets/"
    request = RequestFactory().get(href)
    request.user = user
    found = TicketFilter(asked, queryset=Ticket.objects.visible_to(user), request=request, now=now)
    assert found.is_valid(), (href, found.errors)
    return found.qs.count()


@pytest.mark.parametrize("query", ["", "?period=year&band=detractor", "?segment=Mid+market&survey_kind=transactional"])
def test_every_number_with_a_link_opens_exactly_as_many(lead: User, query: str) -> None:
    numbers = [found for found in anchors(page(lead, query)) if re.fullmatch(r"\d+", found.words)]
    assert {"/tickets/"} <= {urlsplit(found.href).path for found in numbers}
    assert len(numbers) > 15
    for found in numbers:
        assert counted_behind(found.href, lead) == int(found.words), found


def test_counts_in_words_open_exactly_as_many_too(lead: User) -> None:
    """ "3 excluded", "nobody to reach 6", "12 promoters", "26 of 60"."""
    checked = 0
    for found in anchors(page(lead)):
        if urlsplit(found.href).path not in ("/tickets/", "/reports/answers/") or re.search(
            "promises|cause-", found.href
        ):
            continue
        words = re.fullmatch(r"(\d+) (?:excluded|promoters|passives|detractors|of \d+)|\D+ (\d+)", found.words)
        if words:
            checked += 1
            assert counted_behind(found.href, lead) == int(words[1] or words[2]), found
    assert checked >= 6


def test_marks_of_the_charts_open_what_their_titles_say(lead: User) -> None:
    checked = 0
    for found in anchors(page(lead)):
        said = re.search(r": (\d+) (confirmed|told|declared|open|answers?$)|^(\d+) at work", found.words)
        if said:
            checked += 1
            assert counted_behind(found.href, lead) == int(said[1] or said[3]), found
    assert checked > 10


def test_headline_figures_are_those_of_the_report(lead: User) -> None:
    filters = ReportForm(QueryDict(), viewer=lead, today=NOW.date()).filters()
    nps, closure = metrics.nps_report(filters, now=NOW), metrics.closure_report(filters, now=NOW)
    text = " ".join(re.sub(r"<[^>]+>", " ", page(lead)).split())
    assert f"n = {nps.nps.n}" in text
    rate = closure.counts.rate("confirmed")
    assert rate.rate is not None
    assert f"{int(rate.rate * 100 + 0.5)} % confirmed, {rate.count} of {rate.of}" in text
    assert f"Loops closed, of {closure.counts['due']} due" in text


def test_the_api_gives_the_same_figures(lead: User) -> None:
    """For the same person and the same days, down to every count and both ends of every interval."""
    filters = ReportForm(QueryDict(), viewer=lead, today=NOW.date()).filters()
    days = f"?day_from={filters.day_from}&day_to={filters.day_to}"
    api = client_of(lead)
    closure = metrics.closure_report(filters, now=NOW)
    given = api.get(f"/api/v1/reports/closure/{days}").json()
    assert given == json.loads(json.dumps(closure.as_dict()))
    assert api.get(f"/api/v1/reports/nps/{days}").json() == json.loads(
        json.dumps(metrics.nps_report(filters, now=NOW).as_dict())
    )
    shown = {found.words: found.href for found in anchors(page(lead)) if "figure=told&" in f"{found.href}&"}
    assert any(str(given["told"]) in words for words in shown)


def test_an_agent_reads_figures_of_the_own_team_and_no_table_of_colleagues(lead: User) -> None:
    agent = Member.objects.filter(role=Member.Role.AGENT).select_related("user").order_by("pk")[0].user
    text = page(agent)
    assert "Team figures" not in text
    assert "Team figures" in page(lead)
    numbers = [found for found in anchors(text) if re.fullmatch(r"\d+", found.words)]
    assert numbers
    for found in numbers:
        assert counted_behind(found.href, agent) == int(found.words), found


def test_somebody_without_a_team_reads_nothing(lead: User) -> None:
    assert "Nobody answered in these days" in page(make.make_user())


def test_under_twenty_answers_there_is_no_figure_but_the_answers() -> None:
    lead = make.make_user()
    team = make.make_team("North", lead=lead, is_default=True)
    for score in (2, 5, 9):
        make.make_response(score)
    make.make_ticket(make.make_response(4), team=team, resolution_due_at=NOW, told_at=NOW, state="resolved")
    text = page(lead)
    assert "4 answers: not enough for a figure, enough to read" in text
    assert "Read the 4 answers" in text
    assert "1 of 1" in text
    assert "%" not in re.sub(r'"[^"]*"', "", text[text.index("<main") : text.index("</main>")])


def test_no_style_no_script_no_id_twice(lead: User) -> None:
    reader = read(page(lead))
    assert "style" not in reader.attributes
    assert not {name for name in reader.attributes if name.startswith("on")}
    assert len(reader.ids) == len(set(reader.ids))


def test_marks_are_printed_alike_in_every_language(lead: User) -> None:
    """A template prints 12.5 as "12,5" to a German reader: as an attribute that draws nothing."""
    numbers = re.compile(r' (?:x|y|x1|x2|y1|y2|cx|cy|width|height)="([^"]*)"')
    english = numbers.findall(page(lead))
    with translation.override("de"):
        answer = client_of(lead).get("/reports/", headers={"accept-language": "de"})
    german = numbers.findall(answer.content.decode())
    assert english == german
    assert not [each for each in german if "," in each]


@pytest.mark.parametrize(
    "query",
    [
        "?period=nonsense&team=nobody&touchpoint=%00&segment=" + "x" * 500 + "&account_owner=abc&band=%F0%9F%98%80",
        "?period=own&day_from=2026-11-20&day_to=2026-11-01",
        "?period=own&day_from=0001-01-01&day_to=9999-12-31",
        "?period=own&day_from=9999-12-31",
        "?day_from=2026-11-01&day_from=2026-11-02",
        "?account_owner=99999999999999999999999",
    ],
)
def test_nonsense_in_the_address_is_left_out(lead: User, query: str) -> None:
    assert client_of(lead).get(f"/reports/{query}").status_code == 200
    assert client_of(lead).get(f"/reports/answers/{query}&score=99999&after=-1&band=x").status_code == 200


def test_a_segment_no_database_can_look_for_is_left_out(lead: User) -> None:
    response = client_of(lead).get("/reports/", {"segment": "Key\x00account"})
    assert response.status_code == 200
    assert b"\x00" not in response.content


def test_figures_change_with_the_filters(lead: User) -> None:
    touchpoint = Ticket.objects.exclude(response__touchpoint=None)[0].response.touchpoint  # type: ignore[union-attr]
    links = {
        parse_qs(urlsplit(a.href).query).get("touchpoint", [""])[0] for a in anchors(page(lead)) if "figure" in a.href
    }
    assert links == {""}
    narrowed = anchors(page(lead, f"?touchpoint={touchpoint.slug}"))
    assert {parse_qs(urlsplit(a.href).query)["touchpoint"][0] for a in narrowed if "figure=" in a.href} == {
        touchpoint.slug
    }


def test_only_reading_is_allowed(lead: User) -> None:
    assert client_of(lead).post("/reports/").status_code == 405
    assert Client().get("/reports/").status_code == 302


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("weeks", "2026-08-31", "2026-11-24"),
        ("month", "2026-11-01", "2026-11-24"),
        ("last_month", "2026-10-01", "2026-10-31"),
        ("quarter", "2026-10-01", "2026-11-24"),
        ("last_quarter", "2026-07-01", "2026-09-30"),
        ("year", "2025-12-01", "2026-11-24"),
    ],
)
def test_named_periods(period: str, first: str, last: str) -> None:
    assert [day.isoformat() for day in days_of(period, NOW.date())] == [first, last]


# What each page may ask of the database, whatever the number of tickets, answers, companies, people or causes.
QUERIES = {
    "": 45, "closure/?by=person": 38, "times/": 32, "causes/": 17, "people/": 29, "touchpoints/": 30, "accounts/": 22,
    "answers/": 14, "promises/": 14,
}  # fmt: skip


def test_the_number_of_queries_does_not_grow(django_assert_max_num_queries: Any) -> None:
    for size in (10, 80):
        throw_together(size, tickets=size, answers=size)
        admin = make.make_admin(username=f"admin{size}")
        client = client_of(admin)
        for path, most in QUERIES.items():
            with django_assert_max_num_queries(most):
                assert client.get(f"/reports/{path}").status_code == 200


# --- answers ---------------------------------------------------------------------------------------------------


def test_answers_hide_a_name_that_must_not_be_shown_and_words_on_hold() -> None:
    agent, lead = make.make_user(), make.make_user()
    team = make.make_team("North", lead=lead, agents=(agent,), is_default=True)
    shy = make.make_contact("Marta Lindqvist")
    make.make_response(9, contact=shy, share_name=False, verbatim="All good.", segment="Key account", region="Nordics")
    held = make.make_response(0, contact=make.make_contact("Vera Kranz"), verbatim="Our lawyer has it.")
    make.make_ticket(held, team=team, on_hold=True)
    seen = client_of(agent).get("/reports/answers/").content.decode()
    assert "Marta Lindqvist" not in seen
    assert "A customer, key account, Nordics" in seen
    assert "Our lawyer has it." not in seen
    assert "On hold: owner and lead read the words." in seen
    assert "Our lawyer has it." in client_of(lead).get("/reports/answers/").content.decode()


def test_an_answer_without_a_date_does_not_pass_for_one_of_the_day_it_came_in() -> None:
    make.make_response(2, undated=True)
    seen = client_of(make.make_admin()).get("/reports/answers/").content.decode()
    assert "undated, came in " in seen


def test_a_customer_whose_ticket_went_to_another_team_has_a_name_only_where_they_agreed() -> None:
    agent = make.make_user("Hanna Brandt")
    ours = make.make_team("Ours", agents=(agent,), is_default=True)
    theirs = make.make_team("Theirs")
    for name, share_name, team in (
        ("Marta Lindqvist", None, theirs), ("Erik Solheim", True, theirs), ("Ana Ruiz", None, ours),
    ):  # fmt: skip
        answer = make.make_response(3, contact=make.make_contact(name), share_name=share_name)
        make.make_ticket(answer, team=team)
    seen = client_of(agent).get("/reports/answers/").content.decode()
    assert "Marta Lindqvist" not in seen
    assert "Erik Solheim" in seen and "Ana Ruiz" in seen


def test_a_company_that_is_only_met_in_figures_has_no_name() -> None:
    agent = make.make_user("Hanna Brandt")
    ours = make.make_team("Ours", agents=(agent,), is_default=True)
    theirs = make.make_team("Theirs")
    owner = make.make_user("Jonas Weber")
    for name, team in (("Solheim Transport", theirs), ("Ruiz Imports", ours)):
        account = make.make_account(name, segment="Key account", region="Nordics", owner=owner)
        make.make_ticket(make.make_response(3, contact=make.make_contact(account=account)), team=team)
    for address in ("/reports/accounts/", "/reports/answers/"):
        seen = client_of(agent).get(address).content.decode()
        assert "Solheim Transport" not in seen
        assert "Ruiz Imports" in seen
    accounts = client_of(agent).get("/reports/accounts/").content.decode()
    assert "A company, key account, Nordics" in accounts
    assert "Solheim Transport" in client_of(make.make_admin()).get("/reports/accounts/").content.decode()


def test_answers_are_read_page_by_page_each_once() -> None:
    admin = make.make_admin()
    for n in range(120):
        make.make_response(9, verbatim=f"Words number {n}.")
    client, seen, address = client_of(admin), [], "/reports/answers/"
    while address:
        text = client.get(address).content.decode()
        assert "120 answers behind the figure" in text
        seen += re.findall(r"Words number (\d+)\.", text)
        following = [a.href for a in anchors(text) if a.words == "Next page"]
        address = f"/reports/answers/{following[0]}" if following else ""
    assert sorted(map(int, seen)) == list(range(120))


def test_customers_words_stay_text() -> None:
    admin = make.make_admin()
    make.make_response(1, verbatim="<script>alert(1)</script>", contact=make.make_contact("<b>Eve</b>"))
    text = client_of(admin).get("/reports/answers/").content.decode()
    assert "<script>alert(1)" not in text
    assert "<b>Eve" not in text


def test_excluded_answers_say_why() -> None:
    admin = make.make_admin()
    make.make_response(1, excluded_as="own_staff", responded_at=NOW - DAY)
    make.make_response(1)
    text = client_of(admin).get("/reports/answers/?excluded=1").content.decode()
    assert "1 answer left out of NPS" in text
    assert "own staff" in text


def test_only_the_chart_that_adds_percentages_up_says_so(lead: User) -> None:
    team = Team.objects.filter(members__user=lead).first()
    cause = make.make_root_cause("Paperwork")
    for _ in range(24):
        ticket = make.make_ticket(state="closed", team=team, resolution_due_at=NOW)
        make.make_resolution(ticket, cause)
    added = "The percentage adds up from the top."
    assert added in page(lead) and "Paperwork" in page(lead, "causes/")
    assert added not in page(lead, "causes/")


def test_how_even_the_load_is_stands_where_its_number_leads(lead: User) -> None:
    shown = re.search(r'Load per limit: evenness <a href="([^"]+)">([\d.]+)</a>', page(lead))
    assert shown is not None
    address, fragment = html.unescape(shown[1]).split("#")
    there = client_of(lead).get(address).content.decode()
    assert address.startswith("/reports/people/") and f'id="{fragment}"' in there
    assert f">{shown[2]}</a>, where 1 is even." in there
    assert "fairness index" not in there


def _moment(label: str, value: float | None, then: float | None) -> charts.Moment:
    low, high = (None, None) if value is None else (value - 9, value + 9)
    return charts.Moment(label, label, "/n/", 30, value, low, high, then, label if then else "", "/b/" if then else "")


@pytest.mark.parametrize(("then", "is_line"), [((None, 12.0, None), False), ((9.0, 12.0, None), True)])
def test_the_legend_names_the_mark_that_is_drawn(then: tuple[float | None, ...], is_line: bool) -> None:
    chart = charts.line_chart([_moment(str(i), 20.0, value) for i, value in enumerate(then)])
    line = LineChart("NPS by week", "", chart, "Before: 1 to 21 Sep", Table("NPS by week", [], []))
    drawn = render_to_string("followups/reports/_nps_line.html", {"page": {"line": line}})
    plot, legend = drawn.split('<p class="legend">')
    assert 'class="point-before"' in plot and ('class="line-before"' in plot) == is_line
    assert ('class="lg-before"' in legend) == is_line
    assert ('class="point-before"' in legend) != is_line


def test_goals_and_axes_of_the_charts_are_named(lead: User) -> None:
    for metric in ("confirmed", "kept"):
        SetGoal.objects.create(metric=metric, target=55, valid_from=(NOW - 400 * DAY).date(), set_at=NOW)
    closure = page(lead, "closure/")
    for head in ("The customer&#x27;s word", "The customer's word", "Promises kept"):
        section = closure.partition(f"<h2>{head}</h2>")[2].partition("</section>")[0]
        assert ('class="tick"' in section) == (f"goal of 55{NBSP}%" in section)
    assert f"goal of 55{NBSP}%" in closure
    for metric in ("", "times/"):
        assert "hours since the answer</text>" in page(lead, metric)
    assert "working hours since the answer</text>" in page(lead, "times/")
    assert "days since the answer</text>" in page(lead)


def test_a_goal_that_policies_want_at_different_times_is_drawn_and_said(lead: User) -> None:
    first_ones = Deadline.objects.filter(target=Deadline.Target.FIRST_CONTACT)
    first_ones.update(clock="customer", minutes=48 * 60)
    assert re.search(r">48 h: \d+\xa0% spoken to</text>", page(lead))
    first_ones.filter(ticket__score__lte=4).update(minutes=24 * 60)
    SetGoal.objects.create(metric="on_time", target=80, valid_from=(NOW - 400 * DAY).date(), set_at=NOW)
    shown = page(lead)
    assert "goal 80 %, within 24 to 48 h</text>" in shown and 'class="goal"' in shown
