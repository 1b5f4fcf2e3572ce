"""The pack's figures are those of the reports, its links open the very lists, and it costs the same whatever there is."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from followups.improve.reviews.pack import Pack, filters_of, looks_of, pack_of
from followups.models import Review, Team, Ticket
from followups.reports.metrics import Scores, audience_of, closure_report, figure_queryset, nps_report
from followups.reports.metrics.reachable import Hears
from followups.reviews_page import sheet_of
from nps_loop.mail import suppression
from nps_loop.people.models import User
from surveys.models import Contact, Touchpoint
from surveys.scoring import difference
from tests import factories as make
from tests.factories import DAY, NOW
from tests.followups.reports.lives import throw_together
from tests.followups.reviews.company import TODAY, Company, answer, client_of, closed, make_review


def pack_for(review: Review, user: User) -> Pack:
    return pack_of(review, looks_of(review, user), now=NOW)


def test_the_figures_are_those_of_the_reports_for_the_same_eyes(db: None, clock: None) -> None:
    throw_together(11)
    invoice = Touchpoint.objects.get(name="Invoice")
    lead = make.make_user("Tomás Ferreira")
    team = Team.objects.get(name="South")
    make.make_member(team, lead, role="lead")
    review = Review.objects.create(
        touchpoint=invoice,
        day_from=TODAY - timedelta(days=60),
        day_to=TODAY,
        meeting_on=TODAY + timedelta(days=2),
        prepare_on=TODAY,
        planned_by=lead,
        planned_at=NOW,
    )
    for user in (lead, make.make_admin()):
        pack = pack_for(review, user)
        filters = filters_of(review, user)
        assert (filters.touchpoint, filters.viewer) == (invoice.slug, user)
        closure, nps = closure_report(filters, now=NOW), nps_report(filters, now=NOW)
        assert closure.counts["cohort"] and nps.nps.n
        assert pack.nps == nps
        assert (pack.closure.counts, pack.closure.promises, pack.closure.causes) == (
            closure.counts,
            closure.promises,
            closure.causes,
        )
        detractors = closure_report(pack.of_detractors, now=NOW)
        assert (pack.loops, pack.goal) == (detractors.counts, detractors.goal)


def numbers_and_lists(html: str) -> list[tuple[str, int]]:
    """(address of a list of tickets or answers, the one number its words name)."""
    sheet = html[html.index('<div class="sheet">') : html.index("off-sheet", html.index("Who hears"))]
    found = []
    for href, words in re.findall(r'<a[^>]* href="([^"]+)"[^>]*>([^<]+)</a>', sheet):
        number = re.findall(r"(?<![\d:+−])\d+(?!\d*\s?%)", words)
        if href.startswith(("/tickets/?", "/reports/answers/?")) and len(number) == 1 and "NPS before" not in words:
            found.append((href.replace("&amp;", "&"), int(number[0])))
    return found


def test_every_number_opens_as_many_rows(company: Company) -> None:
    for n in range(24):
        closed(company, score=n % 8, cause=n % 2, closed_as=("confirmed", "unconfirmed")[n % 2])
    for _ in range(12):
        answer(company, 9)
    answer(company, 2, excluded_as="test")
    make.make_action(closed(company), first_promised_at=NOW + DAY)
    review = make_review(company)
    client = client_of(company.lead)
    found = numbers_and_lists(client.get(f"/reviews/{review.pk}/").content.decode())
    assert len(found) > 12
    for href, number in found:
        listed = client.get(href)
        assert listed.status_code == 200
        found_there = listed.context["page"]
        rows = int(found_there.count) if href.startswith("/tickets/") else found_there.n
        assert rows == number, href


def test_under_twenty_there_is_no_figure(company: Company) -> None:
    for n in range(19):
        answer(company, n % 11)
    review = make_review(company)
    html = client_of(company.lead).get(f"/reviews/{review.pk}/").content.decode()
    assert "Not enough answers for an NPS." in html and "Not enough answers for a rate." in html
    assert "Not enough answers to compare." in html
    answer(company, 9)
    html = client_of(company.lead).get(f"/reviews/{review.pk}/").content.decode()
    assert "Not enough answers for an NPS." not in html


def test_before_is_the_last_review_s_days_where_no_answer_is_in_both(company: Company) -> None:
    answers = [answer(company, score, days_ago=95) for score in (9, 9, 3)]
    review = make_review(company)
    assert pack_for(review, company.lead).before == Scores.of({9: 2, 3: 1})
    last = make_review(
        company,
        state="held",
        meeting_on=TODAY - timedelta(days=80),
        day_from=answers[0].day - timedelta(days=1),
        day_to=answers[0].day,
    )
    answer(company, 0, days_ago=97)
    pack = pack_for(review, company.lead)
    assert pack.last == last and pack.before_days == (last.day_from, last.day_to)
    assert pack.before == Scores.of({9: 2, 3: 1})
    assert pack.change == difference(pack.nps.nps, pack.before.nps)
    # One that overlaps is compared with nothing of itself.
    Review.objects.filter(pk=last.pk).update(day_to=review.day_from)
    assert pack_for(review, company.lead).before_days == (
        pack.filters.before().day_from,
        pack.filters.before().day_to,
    )


def test_causes_nobody_decided_about_are_the_questions(company: Company) -> None:
    for cause in (0, 0, 1):
        closed(company, cause=cause)
    review = make_review(company)
    first, second = company.causes

    def asked() -> list[str]:
        return [cause.slug for cause in pack_for(review, company.lead).questions]

    assert asked() == [first.slug, second.slug]
    decision = review.decisions.create(
        root_cause=first, kind="process", what="Tell them", owner=company.hanna, due_on=TODAY, first_due_on=TODAY,
        decided_at=NOW, changed_at=NOW,
    )  # fmt: skip
    assert asked() == [second.slug]
    # A decision of last time that is still open answers it as well; one that is done does not any more.
    earlier = make_review(company, state="held", meeting_on=TODAY - timedelta(days=90))
    decision.review, decision.root_cause = earlier, second
    decision.save()
    assert asked() == [first.slug]
    decision.state = "done"
    decision.save()
    assert asked() == [first.slug, second.slug]


def test_what_became_of_last_time_and_what_is_still_open_of_before(company: Company) -> None:
    def decided(meeting_days_ago: int, state: str, what: str) -> None:
        row, _ = Review.objects.get_or_create(
            touchpoint=company.touchpoint,
            meeting_on=TODAY - timedelta(days=meeting_days_ago),
            defaults={
                "day_from": TODAY - timedelta(days=300), "day_to": TODAY - timedelta(days=290), "prepare_on": TODAY,
                "planned_at": NOW, "state": "held", "held_at": NOW,
            },
        )  # fmt: skip
        row.decisions.create(
            kind="other", what=what, owner=company.hanna, due_on=TODAY, first_due_on=TODAY, state=state, decided_at=NOW,
            changed_at=NOW,
        )  # fmt: skip

    decided(200, "done", "old and done")
    decided(200, "open", "old and open")
    decided(90, "done", "last and done")
    decided(90, "moved", "last and moved")
    decided(-30, "open", "of a later one")
    pack = pack_for(make_review(company), company.lead)
    assert [each.what for each in pack.earlier] == ["old and open", "last and done", "last and moved"]


def test_who_hears_of_it_and_who_is_left_out_why(company: Company) -> None:
    told = closed(company)
    twice = closed(company, contact=told.contact)
    no_address = closed(company)
    Contact.objects.filter(pk=no_address.contact_id).update(email="")
    shared = closed(company)
    Contact.objects.filter(pk=shared.contact_id).update(is_shared_mailbox=True)
    no_news = closed(company)
    assert no_news.contact
    Contact.objects.filter(pk=no_news.contact_id).update(email=no_news.contact.email.upper())
    suppression.suppress([no_news.contact.email], "news", "unsubscribed", now=NOW)
    no_survey = closed(company)
    assert no_survey.contact
    suppression.suppress([no_survey.contact.email], "surveys", "unsubscribed", now=NOW)
    left_alone = closed(company)
    Contact.objects.filter(pk=left_alone.contact_id).update(do_not_contact=True)
    held = closed(company)
    make.make_ticket(answer(company, 1, contact=held.contact), on_hold=True, team=company.team)
    nobody = closed(company)
    Ticket.objects.filter(pk=nobody.pk).update(contact=None)
    closed(company, cause=None)
    found = audience_of(filters_of(make_review(company), company.lead), now=NOW)
    assert (found.customers, found.tickets, found.can_be_told) == (8, 9, 2)
    assert found.left_out == {
        Hears.NOBODY: 1, Hears.NOT_CONTACTED: 1, Hears.NO_ADDRESS: 1, Hears.SHARED: 1, Hears.NO_NEWS: 1, Hears.HELD: 1,
    }  # fmt: skip
    filters = filters_of(make_review(company, meeting_on=TODAY + timedelta(days=9)), company.lead)
    assert set(figure_queryset("hears_yes", filters, now=NOW)) == {told, twice, no_survey}
    assert set(figure_queryset("hears_no_news", filters, now=NOW)) == {no_news}
    every = [figure_queryset(f"hears_{hears.value}", filters, now=NOW).count() for hears in Hears]
    assert sum(every) == figure_queryset("with_cause", filters, now=NOW).count() == 9


def test_open_promises_are_those_a_customer_was_told_of(company: Company) -> None:
    ticket, held = closed(company, state="in_action"), closed(company, state="in_action", on_hold=True)
    promised = make.make_action(ticket, first_promised_at=NOW + DAY)
    make.make_action(ticket)
    make.make_action(ticket, first_promised_at=NOW - DAY, state="done", done_at=NOW)
    make.make_action(held, first_promised_at=NOW)
    pack = pack_for(make_review(company), company.lead)
    assert list(pack.promises) == [promised]


def test_the_table_says_who_is_away_on_the_day(company: Company) -> None:
    review = make_review(company, meeting_on=TODAY + timedelta(days=7))
    make.make_away(company.hanna, NOW + 6 * DAY, NOW + 9 * DAY)
    table = pack_for(review, company.lead).table
    assert (list(table.present), list(table.away)) == ([company.lead], [company.hanna])


def test_a_guest_reads_the_sheet_as_the_lead_does_without_the_lists(company: Company) -> None:
    for n in range(21):
        closed(company, score=n % 11)
    review = make_review(company, people=[company.lead, company.guest])
    looks = looks_of(review, company.guest)
    assert (looks.eyes, looks.opens, looks.leads) == (company.lead, False, False)
    own, theirs = pack_for(review, company.lead), pack_for(review, company.guest)
    assert theirs.nps.nps == own.nps.nps and theirs.loops == own.loops
    assert theirs.asked is None
    html = client_of(company.guest).get(f"/reviews/{review.pk}/").content.decode()
    main = html[html.index("<main") : html.index("</main>")]
    assert "/tickets/" not in main and "/reports/" not in main and "<form" not in main
    assert "Marta Lindqvist" not in main


def test_the_sheet_of_somebody_whose_lead_has_left_is_empty_and_stands(company: Company) -> None:
    closed(company)
    review = make_review(company, people=[company.guest], planned_by=None)
    company.lead.is_active = False
    company.lead.save()
    assert client_of(company.guest).get(f"/reviews/{review.pk}/").status_code == 200
    assert sheet_of(pack_for(review, company.guest), looks_of(review, company.guest)).said == []


def lived(company: Company, n: int) -> None:
    for i in range(n):
        ticket = closed(company, score=i % 11, cause=i % 2)
        make.make_action(ticket, first_promised_at=NOW + DAY)
        answer(company, 9)


def queries(user: User, path: str) -> int:
    client = client_of(user)
    client.get(path)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200
    return len(asked)


@pytest.mark.parametrize("who", ["lead", "hanna", "guest", "admin"])
def test_more_rows_cost_no_more_queries(company: Company, who: str) -> None:
    from followups.improve.reviews.drawing import draw

    user: User = getattr(company, who)
    few = make_review(company, people=[company.lead, company.guest])
    lived(company, 5)
    draw(few)
    paths = [f"/reviews/{few.pk}/", "/reviews/", f"/api/v1/reviews/{few.pk}/", "/api/v1/reviews/"]
    before = [queries(user, path) for path in paths]
    lived(company, 20)
    people: list[Any] = [make.make_user() for _ in range(6)]
    few.people.add(*people)
    for number in range(6):
        row = make_review(
            company, meeting_on=TODAY - timedelta(days=30 + number), state="held", people=[company.guest, *people]
        )
        for review in (row, few):
            review.decisions.create(
                kind="other", what=f"{number} of it", owner=people[number], due_on=TODAY, first_due_on=TODAY,
                decided_at=NOW, changed_at=NOW, root_cause=company.causes[0],
            )  # fmt: skip
    after = [queries(user, path) for path in paths]
    # What is there at all is read once, whatever its number.
    assert all(now <= then + 1 for then, now in zip(before, after, strict=True)), (before, after)
    assert after[0] < 70
