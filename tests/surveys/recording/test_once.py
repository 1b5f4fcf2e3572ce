"""An answer is recorded once, however often and in whatever pieces it comes."""

from datetime import timedelta

import pytest

from surveys.incoming import IncomingResponse
from surveys.models import Contact, Response, Revision
from surveys.recording import Status, record_responses
from surveys.scoring import Band
from surveys.signals import responses_recorded
from tests.factories import DAY, NOW, make_brand, make_source, make_touchpoint

pytestmark = pytest.mark.django_db


def answer(external_id: str = "r-1", score: int = 3, **fields) -> IncomingResponse:
    return IncomingResponse(**{"row": 1, "score": score, "external_id": external_id, **fields})


def record(*answers: IncomingResponse, **how):
    return record_responses(how.pop("source", None) or make_source(), answers, now=how.pop("now", NOW), **how)


def statuses(outcomes) -> list[str]:
    return [outcome.status.value for outcome in outcomes]


def test_an_answer_becomes_a_row_with_everything_that_was_said():
    touchpoint = make_touchpoint("Onboarding")
    said = answer(
        comment="Größe and SERVICE",
        driver="Support",
        email="Ada@Client.example",
        name="Ada Okafor",
        phone="+49 40 1",
        language="de",
        account_external_id="A-1",
        account_name="Client",
        touchpoint="onboarding",
        contact_me=False,
        share_name=True,
        answered_for="A-2",
        product="Box",
        attributes={"plan": "Pro"},
        responded_at=NOW - DAY,
    )
    (outcome,) = record(said)
    row = Response.objects.get()
    assert (outcome.status, outcome.response_id) == (Status.RECORDED, row.pk)
    assert (row.score, row.band, row.verbatim, row.driver) == (3, Band.DETRACTOR, "Größe and SERVICE", "Support")
    assert row.search_text == "grosse and service support"
    assert (row.contact_me, row.share_name, row.product, row.attributes) == (False, True, "Box", {"plan": "Pro"})
    assert (row.contact.name, row.contact.email, row.contact.phone) == ("Ada Okafor", "ada@client.example", "+49 40 1")
    assert (row.account.external_id, row.account.name, row.answered_for.external_id) == ("A-1", "Client", "A-2")
    assert (row.touchpoint, row.language) == (touchpoint, "de")
    assert (row.responded_at, row.received_at, row.day) == (NOW - DAY, NOW, (NOW - DAY).date())
    assert (row.revision, row.decided_revision, row.is_history, row.undated) == (1, 0, False, False)
    revision = row.revisions.get()
    assert (revision.number, revision.score, revision.verbatim) == (1, 3, "Größe and SERVICE")
    assert revision.content_digest == row.content_digest


def test_the_same_answer_again_changes_nothing():
    first = record(answer(comment="x"))
    again = record(answer(comment="x"), now=NOW + DAY)
    assert statuses(first + again) == ["recorded", "duplicate"]
    assert first[0].response_id == again[0].response_id
    assert (Response.objects.get().revision, Revision.objects.count()) == (1, 1)


def test_the_same_id_from_another_source_is_another_answer():
    assert statuses(record(answer()) + record(answer(), source=make_source(slug="other"))) == ["recorded"] * 2


def test_answers_without_an_id_or_a_key_are_each_new():
    assert statuses(record(answer(""), answer(""))) == ["recorded", "recorded"]


def test_rows_of_a_file_are_known_by_their_key():
    rows = (answer("", row_key="row:aa:0"), answer("", row_key="row:aa:1"))
    assert statuses(record(*rows)) == ["recorded", "recorded"]
    assert statuses(record(*rows)) == ["duplicate", "duplicate"]
    assert Response.objects.count() == 2


def test_the_same_id_twice_in_one_batch_is_one_answer():
    outcomes = record(answer(score=3), answer(score=3), answer(score=9))
    assert statuses(outcomes) == ["recorded", "duplicate", "updated"]
    assert len({outcome.response_id for outcome in outcomes}) == 1
    row = Response.objects.get()
    assert (row.score, row.band, row.revision) == (9, Band.PROMOTER, 2)
    assert list(row.revisions.values_list("number", "score")) == [(1, 3), (2, 9)]


def test_a_bad_row_is_refused_and_the_others_are_recorded():
    outcomes = record(answer("r-1"), answer("r-2", comment="a\x00b"), answer("r-3"))
    assert statuses(outcomes) == ["recorded", "rejected", "recorded"]
    assert (outcomes[1].field, outcomes[1].response_id) == ("comment", None)
    assert "NUL" in outcomes[1].reason
    assert Response.objects.count() == 2


def test_nothing_to_record_is_no_fault():
    assert record() == []
    assert statuses(record(answer(comment="\ud800"))) == ["rejected"]


def test_what_is_recorded_is_announced_once_it_is_committed(django_capture_on_commit_callbacks):
    heard: list[list[int]] = []

    def listen(response_ids, **_):
        heard.append(response_ids)

    responses_recorded.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            outcomes = record(answer("r-1"), answer("r-2"))
            assert heard == []
        with django_capture_on_commit_callbacks(execute=True):
            record(answer("r-1"), answer("r-2"))
            record(answer("r-3"), announce=False)
    finally:
        responses_recorded.disconnect(listen)
    assert heard == [[outcome.response_id for outcome in outcomes]]


def test_a_listener_that_fails_costs_no_answer(django_capture_on_commit_callbacks, caplog):
    def fail(**_):
        raise RuntimeError("deaf")

    responses_recorded.connect(fail)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            assert statuses(record(answer())) == ["recorded"]
    finally:
        responses_recorded.disconnect(fail)
    assert Response.objects.count() == 1


# --- history, dates, what is not counted ---


def test_an_answer_older_than_thirty_days_is_history():
    record(
        answer("old", responded_at=NOW - 30 * DAY - timedelta(seconds=1)), answer("new", responded_at=NOW - 30 * DAY)
    )
    assert list(Response.objects.order_by("external_id").values_list("external_id", "is_history")) == [
        ("new", False),
        ("old", True),
    ]


def test_an_old_answer_that_was_touched_lately_is_history_when_it_comes_for_the_first_time():
    record(answer(responded_at=NOW - 400 * DAY, version_at=NOW - DAY))
    assert Response.objects.get().is_history


def test_an_undated_answer_of_a_file_is_history_and_an_undated_one_of_a_program_is_now():
    record(answer("file"), undated_is_history=True)
    record(answer("program"))
    file, program = Response.objects.order_by("external_id")
    assert (file.is_history, file.undated, file.responded_at) == (True, True, NOW)
    assert (program.is_history, program.undated, program.responded_at) == (False, False, NOW)


def test_a_clock_that_runs_ahead_is_cut_and_a_wrong_year_is_refused():
    outcomes = record(
        answer("ahead", responded_at=NOW + timedelta(hours=3)),
        answer("year", responded_at=NOW + 365 * DAY),
        answer("unset", responded_at=NOW - 20_000 * DAY),
    )
    assert statuses(outcomes) == ["recorded", "rejected", "rejected"]
    assert Response.objects.get().responded_at == NOW


def test_the_day_is_the_day_of_the_reporting_zone(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    record(answer(responded_at=NOW.replace(day=20, hour=23, minute=30)))
    assert Response.objects.get().day.isoformat() == "2026-11-21"


@pytest.mark.parametrize(
    ("email", "excluded_as"),
    [
        ("anna@nordfracht.example", "own_staff"),
        ("anna@mail.Nordfracht.example", "own_staff"),
        ("anna@notnordfracht.example", ""),
        ("test@client.example", "test"),
        ("test+7@client.example", "test"),
        ("someone@mailinator.com", "test"),
        ("testa.rossa@client.example", ""),
        ("", ""),
    ],
)
def test_own_staff_and_test_addresses_are_recorded_and_not_counted(email, excluded_as):
    make_brand(own_domains=["Nordfracht.example"])
    (outcome,) = record(answer(email=email))
    row = Response.objects.get()
    assert row.excluded_as == excluded_as
    assert bool(row.excluded_reason) == bool(excluded_as)
    assert outcome.counts == (not excluded_as)
    assert Response.objects.counted().count() == (not excluded_as)


def test_an_address_that_comes_later_is_looked_at_then():
    record(answer(version_at=NOW - DAY))
    record(answer(version_at=NOW, email="test@client.example"))
    assert Response.objects.get().excluded_as == "test"


def test_an_address_that_is_none_is_said_and_the_answer_recorded():
    (outcome,) = record(answer(email="p.raman@"))
    assert outcome.status is Status.RECORDED
    assert "“p.raman@” is not an e-mail address" in outcome.reason
    assert Response.objects.get().contact is None


# --- what was asked for ---


def test_acknowledgements_only_within_the_days_asked_for():
    record(
        answer("new", responded_at=NOW - 6 * DAY),
        answer("old", responded_at=NOW - 8 * DAY),
        answer("undated"),
        acknowledge_days=7,
    )
    acknowledged = Response.objects.filter(acknowledge=True).values_list("external_id", flat=True)
    assert list(acknowledged) == ["new"]


def test_history_that_is_asked_for_afterwards_awaits_a_decision_once():
    old = answer(responded_at=NOW - 90 * DAY)
    record(old)
    Response.objects.update(decided_revision=1)
    assert not Response.objects.awaiting_decision().exists()
    outcomes = record(old, follow_up="all")
    assert (outcomes[0].status, outcomes[0].is_news) == (Status.DUPLICATE, True)
    assert Response.objects.awaiting_decision().count() == 1
    Response.objects.update(decided_revision=2)
    assert not record(old, follow_up="all")[0].is_news
    assert not record(old)[0].is_news
    row = Response.objects.get()
    assert (row.revision, row.follow_up, row.revisions.count()) == (2, "all", 2)


def test_a_fresh_answer_needs_no_asking_again():
    record(answer())
    assert not record(answer(), follow_up="all")[0].is_news
    record(answer("quiet"), follow_up="none")
    assert record(answer("quiet"), follow_up="auto")[0].is_news


def test_half_a_batch_is_never_recorded(monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("power cut")

    monkeypatch.setattr(Revision.objects, "bulk_create", fail)
    with pytest.raises(RuntimeError, match="power cut"):
        record(answer(email="ada@client.example"))
    assert not Response.objects.exists()
    assert not Contact.objects.exists()
