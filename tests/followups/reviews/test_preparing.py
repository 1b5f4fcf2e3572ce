"""Planned, prepared before the meeting and mailed, once; and the owners of decisions reminded, once per day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine

from followups.improve.reviews import deciding, planning
from followups.improve.reviews.preparing import prepare_due, remind_due
from followups.models import Draw, Review, ReviewDecision
from followups.refusals import Incomplete, NotAllowed
from followups.sweeping import sweep
from nps_loop.mail.models import Message
from tests import factories as make
from tests.factories import DAY, NOW
from tests.followups.reviews.company import DAY_FROM, DAY_TO, TODAY, Company, at, closed, make_review

# Thursday; the two working days before it are Tuesday and Wednesday.
THURSDAY = date(2026, 11, 26)


def plan(company: Company, meeting_on: date = THURSDAY, **fields: object) -> Review:
    given = {"day_from": DAY_FROM, "day_to": DAY_TO, "people": [company.lead, company.hanna], "by": company.lead}
    return planning.plan(company.touchpoint, meeting_on=meeting_on, now=NOW, **{**given, **fields})  # type: ignore[arg-type]


def mails() -> list[str]:
    return list(Message.objects.filter(kind="notice_review").order_by("pk").values_list("recipient_name", flat=True))


def test_the_day_of_preparing_is_two_working_days_before_by_the_team_s_calendar(company: Company) -> None:
    assert plan(company).prepare_on == date(2026, 11, 24)
    # From a Monday two working days back is the Thursday before.
    assert plan(company, date(2026, 12, 7)).prepare_on == date(2026, 12, 3)
    nobody_takes_it = make.make_touchpoint()
    assert planning.prepare_day(nobody_takes_it, date(2026, 12, 7)) == date(2026, 12, 3)


def test_the_last_whole_quarter_is_suggested() -> None:
    assert planning.quarter_before(date(2026, 11, 24)) == (date(2026, 7, 1), date(2026, 9, 30))
    assert planning.quarter_before(date(2026, 1, 1)) == (date(2025, 10, 1), date(2025, 12, 31))
    assert planning.quarter_before(date(2026, 4, 30)) == (date(2026, 1, 1), date(2026, 3, 31))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"meeting_on": TODAY - timedelta(days=1)}, "meeting_on"),
        ({"meeting_on": TODAY + timedelta(days=800)}, "meeting_on"),
        ({"day_from": DAY_TO, "day_to": DAY_FROM}, "day_to"),
        ({"day_from": date(2010, 1, 1)}, "day_to"),
        ({"day_from": date(1, 1, 1), "day_to": date(1, 1, 2)}, "day_from"),
        ({"day_from": date(9999, 1, 1), "day_to": date(9999, 12, 31)}, "day_from"),
        ({"day_from": TODAY + timedelta(days=20), "day_to": TODAY + timedelta(days=30)}, "meeting_on"),
    ],
)
def test_days_that_do_not_fit_are_refused_and_nothing_is_planned(
    company: Company, fields: dict[str, date], field: str
) -> None:
    with pytest.raises(Incomplete) as refused:
        plan(company, **fields)  # type: ignore[arg-type]
    assert next(iter(refused.value.errors)) == field
    assert not Review.objects.exists()


def test_one_review_of_a_touchpoint_a_day(company: Company) -> None:
    plan(company)
    with pytest.raises(Incomplete, match="already"):
        plan(company)
    assert Review.objects.count() == 1


def test_it_is_prepared_when_its_day_has_come_and_not_before(company: Company) -> None:
    closed(company)
    review = plan(company, date(2026, 12, 7))
    assert prepare_due(now=at(date(2026, 12, 2))) == 0
    assert not Draw.objects.exists()
    morning = at(date(2026, 12, 3), 0)
    assert prepare_due(now=morning) == 1
    review.refresh_from_db()
    assert (review.state, review.prepared_at) == ("prepared", morning)
    assert Draw.objects.filter(review=review).count() == 1
    assert sorted(mails()) == ["Hanna Brandt", "Tomás Ferreira"]


def test_a_beat_that_is_doubled_prepares_once(company: Company) -> None:
    closed(company)
    plan(company)
    assert [prepare_due(now=NOW), prepare_due(now=NOW)] == [1, 0]
    sweep(NOW)
    assert len(mails()) == 2
    assert Draw.objects.count() == 1


def test_the_mail_waits_for_the_morning_and_says_what_when_and_where(company: Company) -> None:
    company.lead.language = "de"
    company.lead.save()
    review = plan(company)
    night = at(date(2026, 11, 24), 0)
    prepare_due(now=night)
    german, english = (
        Message.objects.get(recipient=user.email, kind="notice_review") for user in (company.lead, company.hanna)
    )
    assert english.send_after == at(date(2026, 11, 24), 9).replace(minute=0)
    assert "Onboarding, day 30" in english.subject and "Thursday 26 November" in english.subject
    assert f"/reviews/{review.pk}/" in english.text and "Hanna Brandt, Tomás Ferreira" in english.text
    assert "Donnerstag" in german.subject
    assert english.stream == "staff"


def test_one_that_raises_stops_no_other(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    plan(company)
    other = plan(company, date(2026, 11, 25))
    from followups.improve.reviews import preparing

    real = preparing.draw

    def broken(review: Review) -> None:
        if review.pk == other.pk:
            raise RuntimeError("broken")
        real(review)

    monkeypatch.setattr(preparing, "draw", broken)
    assert prepare_due(now=NOW) == 1
    other.refresh_from_db()
    # Its claim was taken back with it, so the next sweep tries again.
    assert other.state == "planned"


def test_what_is_over_is_prepared_and_mailed_to_nobody(company: Company) -> None:
    plan(company)
    assert prepare_due(now=at(date(2026, 11, 30))) == 1
    assert mails() == []


def test_another_day_is_prepared_and_mailed_anew_and_draws_stay(company: Company) -> None:
    closed(company)
    review = plan(company)
    prepare_due(now=NOW)
    before = list(Draw.objects.values_list("pk", "ticket"))
    closed(company)
    days = {"day_from": DAY_FROM, "day_to": DAY_TO, "people": [company.lead]}
    planning.change(review, meeting_on=date(2026, 11, 27), now=NOW, **days)  # type: ignore[arg-type]
    review.refresh_from_db()
    assert (review.state, review.prepared_at) == ("planned", None)
    assert prepare_due(now=at(date(2026, 11, 25))) == 1
    assert list(Draw.objects.values_list("pk", "ticket")) == before
    assert mails().count("Tomás Ferreira") == 2 and mails().count("Hanna Brandt") == 1


def test_whoever_joins_a_prepared_review_is_told_at_once_and_the_others_not_again(company: Company) -> None:
    review = plan(company)
    prepare_due(now=NOW)
    days = {"day_from": DAY_FROM, "day_to": DAY_TO, "meeting_on": THURSDAY}
    people = [company.lead, company.hanna, company.guest]
    planning.change(review, people=people, now=NOW, **days)  # type: ignore[arg-type]
    planning.change(review, people=people, now=NOW, **days)  # type: ignore[arg-type]
    assert sorted(mails()) == ["Hanna Brandt", "Ivo Lenz", "Tomás Ferreira"]


def test_held_is_said_once_and_not_before_its_day(company: Company) -> None:
    review = make_review(company)
    with pytest.raises(NotAllowed, match="not come"):
        planning.hold(review, by=company.lead, now=NOW)
    planning.hold(review, by=company.lead, now=NOW + 2 * DAY)
    with pytest.raises(NotAllowed, match="already"):
        planning.hold(review, by=company.admin, now=NOW + 3 * DAY)
    review.refresh_from_db()
    assert (review.state, review.held_by) == ("held", company.lead)
    with pytest.raises(NotAllowed):
        planning.change(review, day_from=DAY_FROM, day_to=DAY_TO, meeting_on=THURSDAY, people=[], now=NOW)


def test_called_off_while_nothing_was_decided(company: Company) -> None:
    review = make_review(company)
    decide(company, review)
    with pytest.raises(NotAllowed, match="decided"):
        planning.call_off(review)
    review.decisions.all().delete()
    planning.call_off(review)
    planning.call_off(review)
    assert not Review.objects.exists()


# --- decisions -------------------------------------------------------------------------------------------------


def decide(company: Company, review: Review, **fields: object) -> ReviewDecision:
    given = {
        "kind": "process",
        "what": "One name for each new customer",
        "owner": company.guest,
        "due_on": TODAY + timedelta(days=7),
        "by": company.lead,
        "now": NOW,
    }
    return deciding.decide(review, **{**given, **fields})  # type: ignore[arg-type]


def test_the_same_press_twice_decides_once(company: Company) -> None:
    review = make_review(company)
    decide(company, review)
    with pytest.raises(NotAllowed, match="already"):
        decide(company, review, what="One name  for each new customer ")
    assert ReviewDecision.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"what": "  "}, "what"),
        ({"what": "x" * 301}, "what"),
        ({"kind": "magic"}, "kind"),
        ({"due_on": TODAY - timedelta(days=1)}, "due_on"),
        ({"due_on": date(9999, 12, 31)}, "due_on"),
    ],
)
def test_what_is_missing_is_said_by_field(company: Company, fields: dict[str, object], field: str) -> None:
    with pytest.raises(Incomplete) as refused:
        decide(company, make_review(company), **fields)
    assert list(refused.value.errors) == [field]
    assert not ReviewDecision.objects.exists()


def test_what_becomes_of_it(company: Company) -> None:
    review = make_review(company)
    later = TODAY + timedelta(days=30)
    moved = decide(company, review)
    deciding.move(moved, due_on=later, reason="Legal texts had to be checked", version=0, now=NOW)
    moved.refresh_from_db()
    assert (moved.state, moved.due_on, moved.first_due_on) == ("moved", later, TODAY + timedelta(days=7))
    deciding.complete(moved, outcome="Samira is that name.", version=1, now=NOW)
    moved.refresh_from_db()
    assert (moved.state, moved.outcome, moved.reason) == (
        "done",
        "Samira is that name.",
        "Legal texts had to be checked",
    )
    for verb, given in (
        (deciding.complete, {"outcome": "Again."}),
        (deciding.drop, {"reason": "No."}),
        (deciding.move, {"reason": "Later.", "due_on": later + DAY}),
    ):
        with pytest.raises(NotAllowed, match="done"):
            verb(moved, version=2, now=NOW, **given)  # type: ignore[operator]


def test_a_page_that_is_too_old_changes_nothing(company: Company) -> None:
    from followups.refusals import Stale

    decision = decide(company, make_review(company))
    deciding.move(decision, due_on=TODAY + timedelta(days=9), reason="Why not", version=0, now=NOW)
    with pytest.raises(Stale) as refused:
        deciding.drop(decision, reason="Never mind", version=0, now=NOW)
    assert refused.value.current_version == 1
    decision.refresh_from_db()
    assert decision.state == "moved"


def test_the_owner_is_reminded_on_the_day_once_and_again_for_another_day(company: Company) -> None:
    decision = decide(company, make_review(company))
    key = f"decision:{decision.pk}:"
    reminders = Message.objects.filter(dedupe_key__startswith=key)
    assert remind_due(now=NOW + 6 * DAY) == 0
    due = at(decision.due_on, 0)
    assert [remind_due(now=due), remind_due(now=due), remind_due(now=due + DAY)] == [1, 0, 0]
    [mail] = reminders.all()
    assert mail.recipient == company.guest.email
    assert "One name for each new customer" in mail.subject
    assert f"/reviews/{decision.review_id}/#decision-{decision.pk}" in mail.text
    assert mail.send_after == at(decision.due_on, 9).replace(minute=0)
    deciding.move(decision, due_on=decision.due_on + 3 * DAY, reason="Later", version=0, now=due)
    with time_machine.travel(due + 3 * DAY, tick=False):
        assert remind_due(now=due + 3 * DAY) == 1
    assert reminders.count() == 2


def test_nobody_is_reminded_of_what_is_done(company: Company) -> None:
    decision = decide(company, make_review(company))
    deciding.complete(decision, outcome="Done.", version=0, now=NOW)
    assert remind_due(now=NOW + 30 * DAY) == 0
    assert not Message.objects.filter(dedupe_key__startswith="decision:").exists()
