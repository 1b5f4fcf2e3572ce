"""The digest: what it finds, worst first; when it leaves, to whom, how often; and what its links open."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import connection, connections
from django.test import Client
from django.utils import translation

from followups.calendars import WorkingHours
from followups.digests import sending
from followups.digests.findings import COMPARED, ORDER, Comparison, Finding, Kind, beyond_chance, of_now, worst_first
from followups.digests.reading import Fallen, digest_of, month_before
from followups.digests.sending import send_digests, starts_period, with_the_rest
from followups.digests.wording import said, sentence
from followups.models import Digest, Member, SetGoal, Team, Ticket
from followups.models.tickets import TicketState
from followups.sweeping import sweep
from nps_loop.mail.models import Message, Stream
from nps_loop.people.models import User
from surveys.scoring import nps
from tests import factories as make
from tests.followups.pages.cast import Cast, add_ticket, make_cast
from tests.followups.reports.test_reports_page import client_of, counted_behind

pytestmark = pytest.mark.django_db

# Monday 23 November 2026; work starts at nine.
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
AWKWARD = "O'Brien & Söhne <x>"


@pytest.fixture
def cast(db: None) -> Cast:
    """A team whose lead has nothing to hear of."""
    return make_cast(MONDAY)


def plant(cast: Cast) -> None:
    """Three things worth a line: two first contacts that are late, one ticket nobody has, one mail that came back."""
    for name in ("Ada Late", "Bo Later"):
        add_ticket(cast, name, f"{name} Inc", 1, "Nobody calls.", due_in=-2 * HOUR)
    add_ticket(cast, "Una Signed", "Una", 2, "", due_in=None, owned=False)
    stuck = add_ticket(cast, "Max Back", "Max", 5, "", due_in=9 * HOUR)
    make.make_message(case=stuck.pk, state=Message.State.BOUNCED, ended_at=MONDAY - DAY)


def mails() -> list[Message]:
    return list(Message.objects.filter(kind="digest").order_by("pk"))


def lines(mail: Message) -> list[str]:
    return re.findall(r"(?m)^- (.*)$", mail.text)


def links(mail: Message) -> list[str]:
    return re.findall(r"(?m)^  (https?://\S+)$", mail.text)


# --- what it finds ---------------------------------------------------------------------------------------------


def test_a_week_with_nothing_to_say_has_no_digest(cast: Cast) -> None:
    add_ticket(cast, "Anna Fine", "Fine", 3, "", due_in=5 * HOUR)
    assert digest_of(cast.lead, "weekly", now=MONDAY) == []
    assert send_digests(now=MONDAY) == 0
    assert mails() == []
    assert Digest.objects.get(user=cast.lead).found == 0


def test_three_planted_findings_are_named_worst_first_and_no_others(cast: Cast) -> None:
    plant(cast)
    assert send_digests(now=MONDAY) == 1
    (mail,) = mails()
    assert lines(mail) == [
        "2 first contacts are late",
        "1 ticket nobody has",
        "A mail to 1 customer did not arrive this week",
    ]
    assert mail.subject == "This week: 2 first contacts are late"
    assert Digest.objects.get(user=cast.lead).found == 3


def test_each_line_opens_exactly_what_it_counts(cast: Cast) -> None:
    plant(cast)
    send_digests(now=MONDAY)
    (mail,) = mails()
    assert len(links(mail)) == 3
    for words, link in zip(lines(mail), links(mail), strict=True):
        n = re.search(r"\d+", words)
        assert n is not None
        assert link.startswith("http://testserver/tickets/?")
        assert counted_behind(link.removeprefix("http://testserver"), cast.lead, MONDAY) == int(n[0]), words
    for link in links(mail):
        assert link in unescape(mail.html)


def test_every_finding_of_this_moment(cast: Cast) -> None:
    """One ticket for each kind, each in the list of its own kind alone."""
    week = 8 * DAY
    late = add_ticket(cast, "A Late", "A", 1, "", due_in=-HOUR)
    nobodys = add_ticket(cast, "B Nobody", "B", 1, "", due_in=None, owned=False)
    broken = add_ticket(cast, "C Broken", "C", 1, "", due_in=None, state=TicketState.IN_ACTION)
    make.make_action(broken, cast.hanna, first_promised_at=MONDAY - DAY, due_at=MONDAY - DAY)
    kept = add_ticket(cast, "K Kept", "K", 1, "", due_in=None, state=TicketState.IN_ACTION)
    make.make_action(kept, cast.hanna, first_promised_at=MONDAY + DAY, due_at=MONDAY + DAY)
    make.make_action(kept, cast.hanna, due_at=MONDAY - DAY)  # no customer was told this date
    waits = add_ticket(cast, "D Waits", "D", 1, "", due_in=None, customer_waits=True, cycle=1)
    make.make_verdict(waits, cycle=0)
    again = add_ticket(cast, "E Again", "E", 1, "", due_in=None, cycle=2)
    silent = add_ticket(cast, "F Silent", "F", 1, "", due_in=None, answered=week)
    asked = add_ticket(cast, "G Asked", "G", 1, "", due_in=None)
    make.make_dismissal_request(asked, asked_at=MONDAY - HOUR)
    stuck = add_ticket(cast, "H Stuck", "H", 1, "", due_in=None)
    make.make_message(case=stuck.pk, state=Message.State.FAILED, ended_at=MONDAY - DAY)
    make.make_message(case=kept.pk, state=Message.State.FAILED, ended_at=MONDAY - 8 * DAY)
    make.make_message(case=kept.pk, state=Message.State.FAILED, ended_at=MONDAY - DAY, stream=Stream.STAFF)
    found = digest_of(cast.lead, "weekly", now=MONDAY)
    assert [finding.kind for finding in found] == [kind for kind in ORDER if kind not in COMPARED]
    assert {finding.n for finding in found} == {1}
    tickets = dict(
        zip([kind for kind in ORDER if kind not in COMPARED], [late, nobodys, broken, waits, again, silent, asked, stuck],
            strict=True)
    )  # fmt: skip
    from followups.reports.metrics import figure_of

    for kind, ticket in tickets.items():
        assert list(figure_of(Ticket.objects.all(), kind, now=MONDAY)) == [ticket], kind


def answers(team: Team, scores: list[int], *, ago: int, touchpoint: Any = None) -> None:
    for n, score in enumerate(scores):
        at = MONDAY - ago * DAY - n * MINUTE
        make.make_response(score, responded_at=at, day=at.date(), team_id_then=team.pk, touchpoint=touchpoint)


def test_an_nps_that_fell_beyond_chance(cast: Cast) -> None:
    answers(cast.team, [9] * 40 + [0] * 10, ago=40)
    answers(cast.team, [9] * 15 + [0] * 35, ago=10)
    (finding,) = digest_of(cast.lead, "weekly", now=MONDAY)
    assert finding.kind == Kind.NPS_FELL
    assert sentence(finding) == "NPS −40 over 50 answers, +60 in as many days before"
    assert counted_behind(finding.path, cast.lead, MONDAY) == 50


def test_a_fall_that_may_be_chance_and_a_rise_are_left_out(cast: Cast) -> None:
    answers(cast.team, [9] * 30 + [0] * 20, ago=40)
    answers(cast.team, [9] * 26 + [0] * 24, ago=10)
    assert digest_of(cast.lead, "weekly", now=MONDAY) == []
    answers(cast.team, [10] * 200, ago=9)
    assert digest_of(cast.lead, "weekly", now=MONDAY) == []


def test_under_twenty_answers_nothing_is_compared(cast: Cast) -> None:
    answers(cast.team, [10] * 19, ago=40)
    answers(cast.team, [0] * 19, ago=10)
    assert digest_of(cast.lead, "weekly", now=MONDAY) == []


def test_a_touchpoint_that_is_worse_than_the_rest(cast: Cast) -> None:
    # All in the days that a fall would be looked for before, so that nothing fell.
    bad, good = make.make_touchpoint(AWKWARD), make.make_touchpoint("Delivery")
    answers(cast.team, [0] * 25 + [9] * 5, ago=60, touchpoint=bad)
    answers(cast.team, [9] * 70 + [0] * 10, ago=60, touchpoint=good)
    (finding,) = digest_of(cast.lead, "weekly", now=MONDAY)
    assert sentence(finding) == f"{AWKWARD}: NPS −67 over 30 answers, +75 elsewhere"
    assert counted_behind(finding.path, cast.lead, MONDAY) == 30


def a_goal_of_told(cast: Cast, told: int, of: int, target: int) -> None:
    SetGoal.objects.create(
        metric="told", team=cast.team, target=target, valid_from=MONDAY.date() - 300 * DAY, set_at=MONDAY
    )
    for n in range(of):
        at = MONDAY - 30 * DAY - n * MINUTE
        make.make_ticket(
            owner=cast.hanna, team=cast.team, state=TicketState.CLOSED, told_at=at if n < told else None,
            answer={"responded_at": at},
        )  # fmt: skip


def test_a_goal_missed_beyond_chance(cast: Cast) -> None:
    a_goal_of_told(cast, told=15, of=40, target=80)
    found = [finding for finding in digest_of(cast.lead, "weekly", now=MONDAY) if finding.kind == Kind.GOAL_MISSED]
    (finding,) = found
    assert sentence(finding) == "Customers told what changed: 38\u00a0%, below the goal of 80\u00a0%"
    assert counted_behind(finding.path, cast.lead, MONDAY) == 15


@pytest.mark.parametrize(("told", "of"), [(29, 40), (40, 40), (3, 19)])
def test_a_goal_that_chance_may_have_missed_is_none(cast: Cast, told: int, of: int) -> None:
    a_goal_of_told(cast, told, of, target=80)
    assert [finding for finding in digest_of(cast.lead, "weekly", now=MONDAY) if finding.kind == Kind.GOAL_MISSED] == []


def test_holm_is_over_everything_one_digest_compares() -> None:
    """A chance of 3 % is a finding alone, and none beside nine other comparisons, good ones included."""
    one = Comparison(Finding(Kind.NPS_FELL, 50, "/a"), 0.03, is_worse=True)
    assert beyond_chance([one]) == [one.finding]
    better = Comparison(Finding(Kind.GOAL_MISSED, 50, "/b"), 0.9, is_worse=False)
    assert beyond_chance([one, *[better] * 9]) == []
    sure = Comparison(Finding(Kind.TOUCHPOINT_WORSE, 50, "/c"), 1e-6, is_worse=True)
    risen = Comparison(Finding(Kind.NPS_FELL, 50, "/d"), 1e-6, is_worse=False)
    assert beyond_chance([one, sure, risen]) == [one.finding, sure.finding]


def test_severity_comes_first_and_then_the_count() -> None:
    found = [
        Finding(Kind.NPS_FELL, 900, "/1"),
        Finding(Kind.SILENT, 3, "/2", "B"),
        Finding(Kind.SILENT, 3, "/3", "A"),
        Finding(Kind.SILENT, 7, "/4"),
        Finding(Kind.LATE_FIRST_CONTACT, 1, "/5"),
    ]
    assert [finding.path for finding in worst_first(found)] == ["/5", "/4", "/3", "/2", "/1"]
    assert of_now({"silent": 0, "unassigned": 2}, {"silent": "/s", "unassigned": "/u"}) == [
        Finding(Kind.UNASSIGNED, 2, "/u")
    ]


# --- when and to whom ------------------------------------------------------------------------------------------


def test_it_leaves_when_work_starts_on_monday_and_once_a_week(cast: Cast) -> None:
    plant(cast)
    assert send_digests(now=MONDAY - MINUTE) == 0
    assert send_digests(now=MONDAY) == 1
    assert send_digests(now=MONDAY) == send_digests(now=MONDAY + HOUR) == send_digests(now=MONDAY + DAY) == 0
    (mail,) = mails()
    assert mail.recipient == cast.lead.email and mail.stream == Stream.STAFF
    assert mail.dedupe_key == f"digest:weekly:{cast.lead.pk}:2026-11-23"
    Ticket.objects.filter(due_at__lt=MONDAY).update(due_at=MONDAY + DAY)
    assert send_digests(now=MONDAY + 7 * DAY) == 1


def test_the_sweep_sends_it(cast: Cast) -> None:
    plant(cast)
    assert sweep(MONDAY)["digests"] == 1
    assert sweep(MONDAY + MINUTE)["digests"] == 0


@pytest.mark.parametrize(
    ("zone", "hour"), [("Europe/Stockholm", 8), ("America/New_York", 14), ("Asia/Tokyo", 0), ("Mars/Olympus", 9)]
)
def test_monday_is_that_of_the_leads_own_clock(cast: Cast, zone: str, hour: int) -> None:
    plant(cast)
    User.objects.filter(pk=cast.lead.pk).update(time_zone=zone)
    starts = MONDAY.replace(hour=hour)
    assert send_digests(now=starts - MINUTE) == 0
    assert send_digests(now=starts) == 1


def test_where_monday_is_closed_it_is_the_next_working_day(cast: Cast) -> None:
    plant(cast)
    calendar = cast.team.calendar
    type(calendar).objects.filter(pk=calendar.pk).update(closed_days=[["2026-11-23", "A holiday"]])
    assert send_digests(now=MONDAY) == 0
    assert send_digests(now=MONDAY + DAY) == 1
    assert mails()[0].dedupe_key == f"digest:weekly:{cast.lead.pk}:2026-11-23"


def test_after_an_outage_it_leaves_while_monday_lasts(cast: Cast) -> None:
    plant(cast)
    assert send_digests(now=MONDAY + 8 * HOUR) == 1
    assert send_digests(now=MONDAY + 7 * DAY + 9 * HOUR) == 0


OFFICE = (((9 * 60, 17 * 60),),) * 5 + ((), ())


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago"])
@pytest.mark.parametrize("kind", ["weekly", "monthly"])
def test_once_in_each_period_whatever_the_clocks_do(zone: str, kind: str) -> None:
    """A sweep each quarter of an hour through a year with both changes of the clock: every period comes exactly once."""
    hours = WorkingHours(zone, OFFICE)
    at, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    days: dict[date, set[date]] = {}
    while at < end:
        period = starts_period(hours, sending.Kind(kind), at)
        if period is not None:
            days.setdefault(period, set()).add(at.date())
        at += timedelta(minutes=15)
    assert len(days) >= (52 if kind == "weekly" else 12)
    for period, seen in days.items():
        assert len(seen) <= 2 and (max(seen) - min(seen)).days <= 1, (period, seen)
        assert period.weekday() == 0 if kind == "weekly" else period.day == 1


def test_a_sunday_night_when_clocks_change_is_no_monday(cast: Cast) -> None:
    """On 29 March 2026 Europe goes from two to three; the Monday after begins at nine by the new clock."""
    berlin = WorkingHours("Europe/Berlin", OFFICE)
    assert starts_period(berlin, sending.Kind.WEEKLY, datetime(2026, 3, 30, 6, 59, tzinfo=UTC)) is None
    assert starts_period(berlin, sending.Kind.WEEKLY, datetime(2026, 3, 30, 7, 0, tzinfo=UTC)) == date(2026, 3, 30)
    assert starts_period(berlin, sending.Kind.WEEKLY, datetime(2026, 3, 23, 7, 59, tzinfo=UTC)) is None
    assert starts_period(berlin, sending.Kind.WEEKLY, datetime(2026, 3, 23, 8, 0, tzinfo=UTC)) == date(2026, 3, 23)


@pytest.mark.parametrize("change", [{"digest_mail": False}, {"is_active": False}, {"email": ""}])
def test_nobody_who_does_not_want_one_or_cannot_get_one(cast: Cast, change: dict[str, Any]) -> None:
    plant(cast)
    User.objects.filter(pk=cast.lead.pk).update(**change)
    assert send_digests(now=MONDAY) == 0
    assert mails() == []


def test_nobody_who_is_away_gets_one(cast: Cast) -> None:
    plant(cast)
    make.make_away(cast.lead, MONDAY - DAY, MONDAY + HOUR)
    assert send_digests(now=MONDAY) == 0
    assert not Digest.objects.exists()
    assert send_digests(now=MONDAY + HOUR) == 1


def test_agents_get_none_and_deputies_get_one(cast: Cast) -> None:
    plant(cast)
    Member.objects.filter(user=cast.nils).update(role=Member.Role.DEPUTY)
    assert send_digests(now=MONDAY) == 2
    assert {mail.recipient for mail in mails()} == {cast.lead.email, cast.nils.email}


def test_a_lead_of_two_teams_reads_which_is_meant_and_nothing_of_a_third(cast: Cast) -> None:
    plant(cast)
    second = make.make_team(AWKWARD, lead=cast.lead, calendar=cast.team.calendar)
    third = make.make_team("Third", calendar=cast.team.calendar)
    make.make_ticket(team=second)
    make.make_ticket(team=third)
    send_digests(now=MONDAY)
    (mail,) = mails()
    assert f"{AWKWARD}: 1 ticket nobody has" in lines(mail)
    assert "Key accounts North: 1 ticket nobody has" in lines(mail)
    assert "Third" not in mail.text
    assert "O&#x27;Brien &amp; Söhne &lt;x&gt;: 1 ticket nobody has" in mail.html and "<x>" not in mail.html


def test_directors_and_administrators_get_one_a_month(cast: Cast) -> None:
    """Through their own eyes: a director who belongs to no team of theirs reads of nothing they may not see."""
    first = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
    director, stranger = make.make_user("Dora Lind"), make.make_user("Sten Far")
    make.make_member(cast.team, director, capacity=0)
    Team.objects.filter(pk=cast.team.pk).update(director=director)
    Team.objects.filter(name="Key accounts South").update(director=stranger)
    plant(cast)
    make.make_ticket(team=Team.objects.get(name="Key accounts South"))
    User.objects.filter(pk=cast.lead.pk).update(digest_mail=False)
    assert send_digests(now=first - 8 * DAY) == 0
    assert send_digests(now=first - MINUTE) == 0
    assert send_digests(now=first) == 2
    by_reader = {mail.recipient: mail for mail in mails()}
    assert set(by_reader) == {director.email, cast.admin.email}
    assert "1 ticket nobody has" in lines(by_reader[director.email])
    assert "2 tickets nobody has" in lines(by_reader[cast.admin.email])
    assert by_reader[director.email].subject.startswith("This month: ")
    assert "once a month" in by_reader[director.email].text
    assert send_digests(now=first + HOUR) == 0
    assert digest_of(stranger, "monthly", now=first) == []


def test_a_month_is_compared_with_as_many_days_before(cast: Cast) -> None:
    assert month_before(date(2026, 12, 1)) == (date(2026, 11, 1), date(2026, 11, 30))
    assert month_before(date(2026, 3, 31)) == (date(2026, 2, 1), date(2026, 2, 28))
    assert month_before(date(2027, 1, 4)) == (date(2026, 12, 1), date(2026, 12, 31))


def test_one_that_raises_stops_no_other_and_is_tried_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(cast)
    Member.objects.filter(user=cast.nils).update(role=Member.Role.DEPUTY)
    real = sending.digest_of

    def failing(user: User, kind: str, *, now: datetime) -> Any:
        if user == cast.lead:
            raise RuntimeError("boom")
        return real(user, kind, now=now)

    monkeypatch.setattr(sending, "digest_of", failing)
    assert send_digests(now=MONDAY) == 1
    monkeypatch.setattr(sending, "digest_of", real)
    assert send_digests(now=MONDAY) == 1
    assert {mail.recipient for mail in mails()} == {cast.lead.email, cast.nils.email}


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite writes one after the other")
def test_two_sweeps_at_once_send_one() -> None:
    cast = make_cast(MONDAY)
    plant(cast)
    together = threading.Barrier(2)
    sent: list[int] = []

    def one() -> None:
        try:
            together.wait(timeout=20)
            sent.append(send_digests(now=MONDAY))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(sent) == [0, 1]
    assert len(mails()) == 1


def test_whoever_claimed_before_has_sent_it(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other sweep claims between our look and our claim."""
    plant(cast)
    real = sending.digest_of

    def slowly(user: User, kind: str, *, now: datetime) -> Any:
        found = real(user, kind, now=now)
        Digest.objects.create(user=user, kind=kind, period=MONDAY.date(), found=3, looked_at=now)
        return found

    monkeypatch.setattr(sending, "digest_of", slowly)
    assert send_digests(now=MONDAY) == 0
    assert mails() == []


def test_it_costs_the_same_with_few_and_many_tickets(
    cast: Cast, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    plant(cast)
    with django_assert_max_num_queries(60) as few:
        digest_of(cast.lead, "weekly", now=MONDAY)
    for n in range(25):
        add_ticket(cast, f"N{n} More", f"N{n}", 1, "", due_in=-HOUR)
    answers(cast.team, [9, 0] * 30, ago=10, touchpoint=make.make_touchpoint())
    with django_assert_max_num_queries(60) as many:
        digest_of(cast.lead, "weekly", now=MONDAY)
    # Two more where a day is counted from its rows as well; never more with more tickets.
    assert len(many) <= len(few) + 2


# --- how it reads ----------------------------------------------------------------------------------------------


def many_findings() -> list[Finding]:
    """Every kind for twelve teams with long and awkward names."""
    found = []
    for n in range(12):
        team = f"{AWKWARD} and a long name of a team that goes on and on, number {n}"
        for kind in ORDER:
            about: Any = Fallen(nps(10, 10, 30), nps(30, 10, 10), f"{AWKWARD} again and again, no end in sight {n}")
            if kind != Kind.GOAL_MISSED:
                found.append(Finding(kind, 1234 - n, "/tickets/?figure=silent&day_from=2026-01-01", team, about))
    return worst_first(found)


@pytest.mark.parametrize("language", ["en", "de", "es", "fr"])
@pytest.mark.parametrize("kind", ["weekly", "monthly"])
def test_it_has_under_200_words_whatever_there_is_to_say(cast: Cast, language: str, kind: str) -> None:
    cast.lead.language = language
    due = sending.Due(cast.lead, sending.Kind(kind), MONDAY.date())
    brand = cast.team.brand or make.make_brand()
    with translation.override(language):
        draft = sending.draft_of(due, many_findings(), brand, now=MONDAY)
    words = [word for word in draft.text.split() if re.search(r"\w", word) and not word.startswith("http")]
    assert 60 < len(words) < 200
    html = re.sub(r"(?s)<head.*?</head>|<[^>]+>", " ", draft.html)
    assert len([word for word in unescape(html).split() if re.search(r"\w", word)]) < 200
    assert len(re.findall(r"(?m)^- ", draft.text)) == len(re.findall(r"<li", draft.html)) > 5
    assert "O'Brien & Söhne <x>" in draft.text and "O&#x27;Brien &amp; Söhne &lt;x&gt;" in draft.html
    assert "<x>" not in draft.html and "&amp;" not in draft.text
    assert "\n" not in draft.subject and len(draft.subject.split()) < 30


def test_what_does_not_fit_is_counted_on_the_last_line(cast: Cast) -> None:
    body = said(many_findings())
    shown = sum(len(part.lines) for part in body.parts)
    assert body.left_out == len(many_findings()) - shown > 0
    last = with_the_rest(body, "/reports/digest/?kind=weekly")[-1].lines[-1]
    assert last.text == f"And {body.left_out} more" and last.path == "/reports/digest/?kind=weekly"
    assert said(many_findings(), words=None).left_out == 0


@pytest.mark.parametrize(
    ("language", "subject"),
    [("de", "Diese Woche"), ("es", "Esta semana"), ("fr", "Cette semaine")],
)
def test_it_speaks_the_readers_language(cast: Cast, language: str, subject: str) -> None:
    plant(cast)
    User.objects.filter(pk=cast.lead.pk).update(language=language)
    send_digests(now=MONDAY)
    (mail,) = mails()
    assert mail.subject.startswith(subject)
    assert "first contact" not in mail.text and "You get this mail" not in mail.text


# --- the page --------------------------------------------------------------------------------------------------


@pytest.fixture
def monday() -> Any:
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.mark.usefixtures("monday")
class TestPage:
    """/reports/digest/: the same at any time, and the switch."""

    def test_it_shows_what_the_mail_would_say(self, cast: Cast) -> None:
        plant(cast)
        text = client_of(cast.lead).get("/reports/digest/").content.decode()
        send_digests(now=MONDAY)
        for words in lines(mails()[0]):
            assert words in text

    def test_with_nothing_to_say_it_says_so(self, cast: Cast) -> None:
        assert "There is nothing to say" in client_of(cast.lead).get("/reports/digest/").content.decode()

    def test_it_is_for_whoever_gets_one(self, cast: Cast) -> None:
        assert client_of(cast.hanna).get("/reports/digest/").status_code == 404
        assert client_of(cast.hanna).post("/reports/digest/", {"mail": "off"}).status_code == 404
        assert Client().get("/reports/digest/").status_code == 302
        assert client_of(cast.admin).get("/reports/digest/?kind=monthly").status_code == 200
        assert client_of(cast.admin).get("/reports/digest/?kind=nonsense").status_code == 200

    def test_whoever_wants_no_mail_gets_none_and_may_want_it_again(self, cast: Cast) -> None:
        plant(cast)
        client = client_of(cast.lead)
        assert client.post("/reports/digest/", {"mail": "off"}).status_code == 302
        assert send_digests(now=MONDAY) == 0
        assert "Send me the digest by mail" in client.get("/reports/digest/").content.decode()
        client.post("/reports/digest/", {"mail": "on"})
        assert send_digests(now=MONDAY) == 1
