"""Each list as a file: the rows its page counts, and of them what its reader may see."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from followups.models import ExportRecord, Member, Team, Ticket
from followups.models.tickets import TicketState
from followups.reports import metrics
from followups.reports.exports import asking, listing
from followups.reports.exports.files import Format
from followups.viewing import Viewer
from nps_loop.people.models import User
from surveys.models import Revision
from tests import factories as make
from tests.factories import DAY, NOW
from tests.followups.reports.exports.reading import client_of, content_of, csv_of, fetch, table_of
from tests.followups.reports.lives import throw_together

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def team() -> Team:
    return make.make_team("Key accounts", is_default=True)


@pytest.fixture
def agent(team: Team) -> User:
    agent = make.make_user("Hanna Brandt", time_zone="Europe/Berlin")
    make.make_member(team, agent)
    return agent


@pytest.fixture
def lead(team: Team) -> User:
    lead = make.make_user("Tomas Ruiz")
    make.make_member(team, lead, role=Member.Role.LEAD, capacity=0)
    return lead


def ticket_of(team: Team, name: str = "Marta Lund", **fields: Any) -> Ticket:
    account = make.make_account("Nordby Cold Chain", segment="Key account", region="Nordics", annual_value="1200.50")
    answer = {
        "contact": make.make_contact(name, search_name=name.lower(), phone="+47 22 11 00", account=account),
        **fields.pop("answer", {}),
    }
    return make.make_ticket(team=team, answer=answer, **fields)


def test_a_ticket_is_a_row_with_everything_its_team_knows(agent: User, team: Team) -> None:
    ticket = ticket_of(team, owner=agent, answer={"verbatim": "=we wait", "language": "nb"}, due_at=NOW + DAY)
    (row,) = fetch(agent, "/exports/tickets.csv")
    assert row["Ticket"] == str(ticket.pk)
    assert (row["Score"], row["Band"], row["State"], row["Owner"]) == ("3", "Detractor", "Assigned", "Hanna Brandt")
    assert (row["Customer name"], row["E-mail"]) == ("Marta Lund", ticket.contact.email)  # type: ignore[union-attr]
    assert (row["Phone"], row["Comment"]) == ("'+47 22 11 00", "'=we wait")
    assert (row["Company"], row["Annual value"], row["Currency"]) == ("Nordby Cold Chain", "1200.50", "EUR")
    assert row["Due at"] == "2026-11-25T15:30:00+01:00"


def test_another_teams_customer_has_no_name_no_address_and_no_number(agent: User, team: Team) -> None:
    other = make.make_team("South")
    seen = ticket_of(other)
    make.make_action(seen, agent)
    (row,) = fetch(agent, "/exports/tickets.csv")
    assert row["Customer name"] == "A customer, key account, Nordics"
    assert {row[name] for name in ("E-mail", "Phone", "Company", "Account id", "Annual value", "Renewal")} == {""}
    seen.response.share_name = True  # type: ignore[union-attr]
    seen.response.save()  # type: ignore[union-attr]
    (row,) = fetch(agent, "/exports/tickets.csv")
    assert (row["Customer name"], row["Company"]) == ("Marta Lund", "Nordby Cold Chain")
    assert (row["E-mail"], row["Phone"]) == ("", "")
    ticket_of(other, "Nobody of ours")
    assert len(fetch(agent, "/exports/tickets.csv")) == 1


def test_words_on_hold_are_for_owner_and_lead(agent: User, lead: User, team: Team) -> None:
    mate = make.make_user("Jo Whitfield")
    make.make_member(team, mate)
    ticket = ticket_of(team, owner=agent, on_hold=True, answer={"verbatim": "My lawyer calls."})
    make.make_action(ticket, agent)
    make.make_action(ticket, mate)

    def words(user: User, path: str) -> str:
        (row,) = fetch(user, path)
        return row["Comment"]

    for path in ("/exports/tickets.csv", "/exports/answers.csv?period=year"):
        assert [words(user, path) for user in (agent, lead, mate)] == ["My lawyer calls.", "My lawyer calls.", ""]
    assert [words(user, "/exports/promises.csv") for user in (agent, mate)] == ["My lawyer calls.", ""]


def test_filters_search_and_figures_choose_what_the_page_chooses(lead: User, team: Team) -> None:
    throw_together(3, tickets=40, answers=20)
    admin = make.make_admin()
    filters = metrics.ReportFilters(day_from=NOW.date() - 400 * DAY, day_to=NOW.date(), viewer=admin)
    counts = metrics.closure_report(filters, now=NOW).counts
    for figure in ("due", "declared", "told", "confirmed", "beside"):
        rows = fetch(admin, f"/exports/tickets.csv?{filters.query(figure=figure)}")
        assert len(rows) == counts[figure], figure
    live = fetch(admin, "/exports/tickets.csv?live=true&sort=score&after=nonsense")
    assert len(live) == Ticket.objects.live().count()
    assert [int(row["Ticket"]) for row in live] == sorted(int(row["Ticket"]) for row in live)
    ticket = ticket_of(team, "Zebulon Quist")
    assert [row["Ticket"] for row in fetch(admin, "/exports/tickets.csv?q=Zebulon")] == [str(ticket.pk)]


def test_a_name_one_may_not_read_finds_nothing_in_a_file_either(agent: User, team: Team) -> None:
    seen = ticket_of(make.make_team("South"), "Zebulon Quist")
    make.make_action(seen, agent)
    assert fetch(agent, "/exports/tickets.csv?q=Zebulon") == []


def test_the_queue_is_ones_own_view(agent: User, team: Team) -> None:
    late = ticket_of(team, owner=agent, due_at=NOW - DAY)
    ticket_of(team, "Someone Else", owner=agent, due_at=NOW + 30 * DAY)
    ticket_of(team, "Not Mine")
    assert [row["Ticket"] for row in fetch(agent, "/exports/queue.csv?view=late")] == [str(late.pk)]
    assert len(fetch(agent, "/exports/queue.csv")) == 2
    assert len(fetch(agent, "/exports/queue.csv?view=team")) == 3
    assert client_of(agent).get("/exports/queue.csv?view=nonsense").status_code == 400


def test_answers_are_those_behind_the_figure(lead: User) -> None:
    throw_together(5, tickets=20, answers=30)
    admin = make.make_admin()
    filters = metrics.ReportFilters(day_from=NOW.date() - 400 * DAY, day_to=NOW.date(), viewer=admin)
    found = metrics.nps_report(filters, now=NOW)
    rows = fetch(admin, f"/exports/answers.csv?{filters.query()}")
    assert len(rows) == found.nps.n
    assert [row["Band"] for row in rows].count("Promoter") == found.nps.promoters
    excluded = fetch(admin, f"/exports/answers.csv?{filters.query(excluded=1)}")
    assert len(excluded) == found.n_excluded


def test_as_of_a_past_moment_answers_say_what_they_said_then(lead: User) -> None:
    answer = make.make_response(9, responded_at=NOW - 5 * DAY)
    for number, (score, at) in enumerate(((3, NOW - 5 * DAY), (9, NOW - DAY)), 1):
        Revision.objects.create(
            response=answer, number=number, score=score, content_digest=str(number), version_at=at, received_at=at
        )
    admin = make.make_admin()
    filters = metrics.ReportFilters(day_from=NOW.date() - 9 * DAY, day_to=NOW.date(), viewer=admin)
    [now] = fetch(admin, f"/exports/answers.csv?{filters.query()}")
    assert (now["Score"], now["Band"]) == ("9", "Promoter")
    [then] = fetch(admin, f"/exports/answers.csv?{replace(filters, as_of=NOW - 2 * DAY).query()}")
    assert (then["Score"], then["Band"]) == ("3", "Detractor")


def test_who_is_not_known_to_the_reader_has_no_address_behind_an_answer(agent: User, team: Team) -> None:
    make.make_response(10, contact=make.make_contact("Happy Hal", email="hal@client.example"), verbatim="Good.")
    (row,) = fetch(agent, "/exports/answers.csv")
    # Came to this team, so the name stands there as on the page; the person's address is for whoever works with them.
    assert (row["Customer name"], row["E-mail"], row["Score"]) == ("Happy Hal", "", "10")
    (row,) = fetch(make.make_admin(), "/exports/answers.csv")
    assert row["E-mail"] == "hal@client.example"


def test_invitations_are_for_leads(agent: User, lead: User) -> None:
    make.make_invitation(make.make_contact("Marta Lund"))
    assert client_of(agent).get("/exports/invitations.csv").status_code == 404
    (row,) = fetch(lead, "/exports/invitations.csv?state=asked")
    # A lead who does not work with the person reads no name, as on the page.
    assert (row["Customer name"], row["E-mail"], row["State"]) == ("A customer", "", "sent")
    (row,) = fetch(make.make_admin(), "/exports/invitations.csv")
    assert row["Customer name"] == "Marta Lund"
    assert client_of(lead).get("/exports/invitations.csv?day_from=yesterday").status_code == 400


def test_mails_are_those_of_ones_cases(agent: User, team: Team) -> None:
    ticket = ticket_of(team, owner=agent)
    make.make_message(case=ticket.pk, recipient="marta@client.example", subject="+ your case")
    make.make_message(recipient="somebody@else.example")
    (row,) = fetch(agent, "/exports/mails.csv?q=client")
    assert (row["Address"], row["Subject"], row["Kind"]) == ("marta@client.example", "'+ your case", "Personal")
    assert len(fetch(make.make_admin(), "/exports/mails.csv")) == 2


def test_promises_are_ones_own(agent: User, lead: User, team: Team) -> None:
    ticket = ticket_of(team, owner=agent)
    make.make_action(ticket, agent, title="Send the list", note="Ask Ivo")
    make.make_action(ticket, lead)
    (row,) = fetch(agent, "/exports/promises.csv")
    assert (row["What"], row["State"], row["Customer name"]) == ("Send the list", "open", "Marta Lund")
    assert fetch(agent, "/exports/promises.csv?view=done") == []


def test_figures_are_those_of_the_reports(lead: User) -> None:
    throw_together(5, tickets=50, answers=80)
    admin = make.make_admin()
    filters = metrics.ReportFilters(day_from=NOW.date() - 80 * DAY, day_to=NOW.date(), viewer=admin)
    rows = fetch(admin, f"/exports/figures.csv?{filters.query()}")
    nps = metrics.nps_report(filters, now=NOW).as_dict()
    whole = (filters.day_from.isoformat(), filters.day_to.isoformat())
    found = {
        (row["Report"], row["Group"], row["Of"], row["Figure"]): row
        for row in rows
        if (row["From"], row["To"]) in (whole, ("", ""))
    }
    own = found["NPS", "All", "", "nps"]
    assert (own["Out of"], own["Unit"]) == (str(nps["n"]), "points")
    assert [float(own[name]) for name in ("Value", "Lower bound, 95 %", "Upper bound, 95 %")] == pytest.approx(
        [nps["nps"], nps["low"], nps["high"]]
    )
    assert "'" not in own["Lower bound, 95 %"]
    closure = metrics.closure_report(filters, now=NOW)
    due = found["Closing the loop", "All", "", "due"]
    assert due["Count"] == str(closure.counts["due"])
    told = found["Closing the loop", "All", "", "told"]
    assert (told["Count"], told["Out of"], told["Unit"]) == (
        str(closure.counts["told"]), str(closure.counts["due"]), "share",
    )  # fmt: skip
    assert found["Closing the loop", "Now", "", "at_work"]["Count"] == str(closure.at_work)
    periods = {(row["From"], row["To"]) for row in rows if row["Report"] == "NPS" and row["Figure"] == "nps"}
    assert {(each["day_from"], each["day_to"]) for each in nps["by_period"]} <= periods
    for person in metrics.people_report(filters, now=NOW):
        assert found["People", "Person", person.user.name, "cohort"]["Count"] == str(person.counts["cohort"])
    make.make_member(Team.objects.led_by(lead).get(), make.make_user())
    make.make_invitation()
    assert {row["Report"] for row in fetch(lead, "/exports/figures.csv")} >= {"People", "Response rate"}


def test_people_goals_and_response_rates_are_for_leads(agent: User, lead: User) -> None:
    make.make_invitation()
    for_leads = {"People", "Response rate"}
    assert not {row["Report"] for row in fetch(agent, "/exports/figures.csv")} & {*for_leads, "Goals"}
    assert {row["Report"] for row in fetch(lead, "/exports/figures.csv")} >= for_leads


def test_a_spreadsheet_holds_the_same_with_numbers_and_days(agent: User, team: Team) -> None:
    ticket = ticket_of(team, owner=agent, state=TicketState.IN_ACTION, answer={"verbatim": "=1+1"})
    answer = client_of(agent).get("/exports/tickets.xlsx")
    assert answer["Content-Type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    (row,) = table_of(content_of(answer))
    assert (row["Ticket"], row["Score"], row["Annual value"], row["Comment"]) == (str(ticket.pk), 3, 1200.5, "=1+1")
    # 23 November 2026, 14:30 UTC is 15:30 in Berlin.
    assert row["Answered at"] == pytest.approx(46_349 + 15.5 / 24)
    assert row["Day of the answer"] == 46_349


@pytest.mark.parametrize(
    ("language", "heading", "name"), [("de", "Kundenname", "Antworten"), ("fr", "Note", "Réponses")]
)
def test_headings_and_file_names_are_in_the_readers_language(
    agent: User, team: Team, language: str, heading: str, name: str
) -> None:
    User.objects.filter(pk=agent.pk).update(language=language)
    answer = client_of(agent).get("/exports/answers.csv")
    assert heading in content_of(answer).decode("utf-8-sig").splitlines()[0].split(",")
    plain = f'filename="{name} 2026-11-24.csv"'
    assert answer["Content-Disposition"] in (
        f"attachment; {plain}", f"attachment; filename*=utf-8''{quote(name)}%202026-11-24.csv",
    )  # fmt: skip


def test_the_mark_by_which_excel_knows_utf_8_can_be_left_out(agent: User) -> None:
    assert content_of(client_of(agent).get("/exports/tickets.csv")).startswith(b"\xef\xbb\xbfTicket,")
    assert content_of(client_of(agent).get("/exports/tickets.csv?mark=no")).startswith(b"Ticket,")


def test_the_first_rows_leave_before_the_last_are_read(
    agent: User, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "BATCH", 2)
    tickets = [ticket_of(team, f"Customer {n}", owner=agent) for n in range(6)]
    answer = client_of(agent).get("/exports/tickets.csv")
    parts = iter(answer.streaming_content)
    head = next(parts)
    first = next(parts)
    assert b"Customer 0" in first and b"Customer 5" not in first
    # What is changed meanwhile is read as it is then: the rest was not read before.
    tickets[5].contact.name = "Later"  # type: ignore[union-attr]
    tickets[5].contact.save()  # type: ignore[union-attr]
    rows = csv_of(head + first + b"".join(parts))
    assert [row["Customer name"] for row in rows] == [*(f"Customer {n}" for n in range(5)), "Later"]


def test_who_loses_a_team_meanwhile_gets_none_of_its_rows_any_more(
    agent: User, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "BATCH", 2)
    for n in range(6):
        ticket_of(team, f"Customer {n}")
    parts = iter(client_of(agent).get("/exports/tickets.csv").streaming_content)
    begun = next(parts) + next(parts)
    Member.objects.filter(user=agent).delete()
    assert len(csv_of(begun + b"".join(parts))) == 2


@pytest.mark.parametrize("name", ["tickets", "answers", "invitations", "mails", "promises", "queue"])
def test_a_batch_costs_as_many_queries_whatever_it_holds(
    name: str, lead: User, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(n: int) -> None:
        for _ in range(n):
            ticket = ticket_of(team, owner=lead)
            make.make_action(ticket, lead)
            make.make_message(case=ticket.pk)
            make.make_invitation(make.make_contact())

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            content_of(client_of(lead).get(f"/exports/{name}.csv"))
        return len(queries)

    fill(2)
    few = cost()
    fill(10)
    assert cost() == few
    monkeypatch.setattr(listing, "BATCH", 6)
    assert 0 < cost() - few <= 2


def test_each_export_is_recorded_with_what_was_asked_and_how_many_rows_left(agent: User, team: Team) -> None:
    ticket_of(team)
    fetch(agent, "/exports/tickets.csv?live=true&q=&band=detractor&sort=score")
    record = ExportRecord.objects.get()
    assert (record.user, record.listing, record.format, record.rows) == (agent, "tickets", "csv", 1)
    assert record.asked == {"live": ["true"], "band": ["detractor"]}
    assert (record.began_at, record.finished_at) == (NOW, NOW)
    content_of(client_of(agent).get("/exports/tickets.xlsx"))
    assert ExportRecord.objects.first().rows == 1  # type: ignore[union-attr]


def test_what_was_broken_off_is_recorded_as_far_as_it_went(
    agent: User, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "BATCH", 2)
    for n in range(6):
        ticket_of(team, f"Customer {n}")
    export = asking.export_for(
        "tickets", Format.CSV, QueryDict(), viewer=Viewer.of(agent), key=None, in_words=True, now=NOW
    )
    answer: Any = asking.answer(export)
    parts = iter(answer.streaming_content)
    next(parts), next(parts)
    # As the response does when its connection is gone; closing it here would close the database too.
    for close in answer._resource_closers:
        close()
    record = ExportRecord.objects.get()
    assert (record.rows, record.finished_at) == (2, None)


def test_looking_at_the_head_records_nothing(agent: User) -> None:
    answer = client_of(agent).head("/exports/tickets.csv")
    assert answer.status_code == 200 and "attachment" in answer["Content-Disposition"]
    assert not ExportRecord.objects.exists()


@pytest.mark.parametrize(
    "path",
    [
        "tickets.csv?state=nonsense", "tickets.csv?day_from=2026-99-99", "tickets.csv?figure=none", "mails.csv?kind=x",
        "answers.csv?day_from=0001-01-01", "figures.csv?period=own&day_from=2026-02-01&day_to=2026-01-01",
        "promises.csv?view=%00", "invitations.csv?survey=%00",
    ],
)  # fmt: skip
def test_nonsense_is_answered_with_what_is_wrong_and_never_with_a_fault(path: str) -> None:
    answer = client_of(make.make_admin()).get(f"/exports/{path}")
    assert answer.status_code == 400, path
    assert not ExportRecord.objects.exists()


@pytest.mark.parametrize("path", ["nothing.csv", "tickets.pdf", "tickets.", "99999999999999999999/", "1/"])
def test_what_is_not_there_is_404(path: str, agent: User) -> None:
    assert client_of(agent).get(f"/exports/{path}").status_code == 404


@pytest.mark.parametrize(
    "path", ["tickets.csv?q=%00", "tickets.csv?q=" + "x" * 200, "answers.csv?score=99999&band=x&decided=%00"]
)
def test_odd_input_finds_nothing(path: str, agent: User) -> None:
    assert client_of(agent).get(f"/exports/{path}").status_code in (200, 400)


def test_nobody_who_is_not_logged_in_gets_a_file(client: Any) -> None:
    assert client.get("/exports/tickets.csv").status_code == 302
    assert asking.KIND == "export_list"
