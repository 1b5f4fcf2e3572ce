"""Erasing a person: nothing of them is left anywhere, every figure stays, and they stay erased."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import models

from followups.models import Event, Ticket
from followups.reports.metrics import ReportFilters, closure_report, nps_report
from nps_loop.jobs import running
from nps_loop.mail import suppression
from nps_loop.mail.models import Message, Stream, Suppression
from surveys import erasing
from surveys.models import Contact, Erasure, Invitation, ReportableAttribute, Response, Revision
from surveys.recording import Status, record_responses
from tests.factories import NOW, make_contact, make_message, make_response, make_ticket
from tests.rights import life

pytestmark = pytest.mark.django_db

# Tables with texts in which no words of a customer and nothing of who they are can stand, and why.
WITHOUT_A_PERSON = {
    "nps_loop.people: colleagues": {"people.user", "people.apikey"},
    "set up by colleagues, for all customers": {
        "surveys.brand", "surveys.touchpoint", "surveys.survey", "surveys.source", "followups.rule", "followups.rulebook",
        "followups.calendar", "followups.slapolicy", "followups.team", "followups.member", "followups.ladderstep",
        "followups.rootcause", "followups.workpattern", "followups.bonushours", "webhooks.endpoint", "followups.away",
        "followups.mailwording", "surveys.reportableattribute", "followups.setgoal",
    },
    "the company that buys": {"surveys.account"},
    "codes and numbers alone": {
        "followups.conversation", "followups.event", "followups.deadline", "followups.decision", "followups.escalation",
        "followups.cover", "followups.conflict", "followups.watcher", "followups.assignmentround", "followups.contactevent",
        "followups.review", "followups.draw",
        "jobs.retentionrun", "mail.position", "mail.pepper", "surveys.erasedkey", "surveys.erasure",
        "people.presses", "followups.digest", "surveys.exclusion",
    },
    # What answers are grouped by goes from here with the count after it went from the answers, within a sweep.
    "counts of whole days": {
        "followups.rollupmark", "followups.rollupday", "followups.rollupcheck", "followups.answertally",
        "followups.tickettally", "followups.recoverytally", "followups.invitationtally", "followups.signaltally",
    },
    "Django's and its apps'": {
        "auth.permission", "auth.group", "contenttypes.contenttype", "axes.accessattempt", "axes.accesslog",
        "axes.accessfailurelog", "axes.accessattemptexpiration", "sessions.session",
    },
}  # fmt: skip
FILTERS = ReportFilters(day_from=date(2026, 1, 1), day_to=date(2026, 12, 31))


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Any, settings: Any) -> None:
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def person() -> Contact:
    return life.lived()


def erase(person: Contact) -> dict[str, int]:
    return dict(erasing.erase(person, by=None, now=NOW))


def test_every_table_with_texts_is_lived_in_or_said_to_hold_nobody(person: Contact) -> None:
    lived_in = set(life.traces(life.dump()))
    said = set().union(*WITHOUT_A_PERSON.values())
    silent = {
        model._meta.label_lower
        for model in apps.get_models()
        if any(
            isinstance(field, models.CharField | models.TextField | models.JSONField) for field in model._meta.fields
        )
        and model._meta.db_table not in lived_in
    }

    assert silent - said == set(), "Let the life in tests/rights/life.py leave a trace there, or say why it cannot."


def test_nothing_of_the_person_is_left_in_any_table_or_file(person: Contact) -> None:
    assert life.traces(life.files()) != {}

    erase(person)

    assert life.traces(life.dump()) == {}
    assert life.traces(life.files()) == {}


def test_every_figure_is_what_it_was(person: Contact, client: Any, admin_user: Any) -> None:
    # What was only planned is not sent to them any more, and the table of who was asked says so.
    Invitation.objects.filter(state=Invitation.State.PLANNED).delete()
    make_ticket(make_response(9, contact=make_contact()), state="closed")
    make_ticket(make_response(2, contact=make_contact()), state="resolved", resolved_at=NOW)

    def figures() -> list[Any]:
        later = NOW + timedelta(days=40)
        reports: list[Any] = [nps_report(FILTERS, now=later), closure_report(FILTERS, now=later)]
        with time_machine.travel(NOW, tick=False):
            client.force_login(admin_user)
            said = [client.get(f"/api/v1/reports/{name}/").json() for name in ("nps", "closure")]
            page = client.get("/reports/?period=year")
        assert page.status_code == 200
        # What stands on the page, without what a form carries to know its own.
        words = re.sub(r"<[^>]*>", " ", page.content.decode())
        return [*reports, *said, words]

    def counted() -> list[Any]:
        columns = ("score", "band", "segment", "region", "product", "account", "driver", "responded_at", "received_at")
        return [
            *Response.objects.order_by("pk").values_list(*columns),
            *Ticket.objects.order_by("pk").values_list("state"),
        ]

    before = figures(), counted()
    erase(person)

    assert (figures(), counted()) == before


def test_what_groups_reports_stays_where_many_share_it_and_goes_where_it_tells_who(person: Contact) -> None:
    for position, name in enumerate(("plan", "order of"), start=1):
        ReportableAttribute.objects.create(name=name, position=position)
    mine = Response.objects.filter(contact=person)
    for row in mine:
        row.attributes = {"plan": "pro", "order of": life.NAME, "not declared": "pro"}
        row.save()
    for n in range(4):
        make_response(9, contact=make_contact(), attributes={"plan": "pro", "order of": f"order {n}"})
    for _n in range(3):
        make_response(9, contact=make_contact(), attributes={"plan": "rare"})

    def by_plan() -> dict[str, int]:
        groups = nps_report(FILTERS, now=NOW, by=["attribute:plan"]).groups["attribute:plan"]
        return {group.slug: group.scores.nps.n for group in groups}

    before = by_plan()
    erase(person)
    assert by_plan() == before
    assert {str(row.attributes) for row in Response.objects.filter(external_id__startswith="erased:")} == {
        "{'plan': 'pro'}"
    }
    # Its next version brings its plan, and nothing else.
    record_responses(
        life.source(), [life.incoming(score=8, attributes={"plan": "pro", "order of": life.NAME})], now=NOW
    )
    assert {str(row.attributes) for row in Response.objects.filter(external_id__startswith="erased:")} == {
        "{'plan': 'pro'}"
    }


def test_another_customer_of_the_same_words_keeps_them(person: Contact) -> None:
    other = make_response(3, contact=make_contact("Jan Novak"), verbatim=life.WORDS)
    mail = make_message(recipient="jan@client.example", text=f"You told us: {life.WORDS}")

    erase(person)

    other.refresh_from_db()
    mail.refresh_from_db()
    assert (other.verbatim, mail.text) == (life.WORDS, f"You told us: {life.WORDS}")


def test_a_namesake_keeps_the_name(person: Contact) -> None:
    namesake = make_contact(life.NAME, email="another@client.example")
    mail = make_message(recipient=namesake.email, recipient_name=life.NAME, text=f"Dear {life.NAME}")

    erase(person)

    namesake.refresh_from_db()
    mail.refresh_from_db()
    assert namesake.name == mail.recipient_name == life.NAME
    assert life.NAME in mail.text


def test_twice_is_once(person: Contact) -> None:
    erase(person)
    rows = sorted(life.dump())
    erase(person)

    assert sorted(life.dump()) == rows
    assert Erasure.objects.count() == 1


def test_one_that_was_interrupted_is_taken_up_again(person: Contact, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_args: Any) -> Any:
        raise OSError("the disk is gone")

    with monkeypatch.context() as broken:
        broken.setattr(erasing, "redact", dies)
        with pytest.raises(OSError, match="disk"):
            erase(person)
    erase(person)

    assert life.traces(life.dump()) == {}


def test_a_mail_that_waits_does_not_leave(person: Contact) -> None:
    erase(person)

    assert not Message.objects.filter(state="queued").exclude(stream=Stream.STAFF).exists()


def test_their_ticket_says_so_and_stays_as_it_is(person: Contact) -> None:
    erase(person)

    ticket = Ticket.objects.get(contact=person)
    assert ticket.state == "in_action"
    assert Event.objects.filter(ticket=ticket, verb="erase").count() == 1
    assert str(Contact.objects.get(pk=person.pk)) == "erased person"


def test_links_they_hold_end(person: Contact) -> None:
    before = Ticket.objects.get(contact=person).conversation.generation
    erase(person)

    assert Ticket.objects.get(contact=person).conversation.generation == before + 1
    assert Invitation.objects.get().stopped_by == "erased"


def test_the_same_file_once_more_brings_nothing_back(person: Contact) -> None:
    erase(person)
    known = Response.objects.count()

    [outcome] = record_responses(life.source(), [life.incoming()], now=NOW + timedelta(days=1), announce=False)

    assert outcome.status is Status.DUPLICATE
    assert Response.objects.count() == known
    assert life.traces(life.dump()) == {}


def test_a_later_version_counts_its_score_and_keeps_no_word(person: Contact) -> None:
    erase(person)
    later = life.incoming(score=6, comment=f"{life.WORDS} Again.", version_at=NOW)

    [outcome] = record_responses(life.source(), [later], now=NOW + timedelta(days=1), announce=False)

    answer = Response.objects.get(pk=outcome.response_id)
    assert (outcome.status, answer.score, answer.verbatim) == (Status.UPDATED, 6, "")
    assert Revision.objects.filter(response=answer).count() == 3
    assert life.traces(life.dump()) == {}


@pytest.mark.parametrize("left_out", ["email", "contact_external_id"])
def test_a_new_answer_of_theirs_counts_without_a_person(person: Contact, left_out: str) -> None:
    erase(person)
    fresh = replace(life.incoming(external_id="another", score=10), **{left_out: ""})

    [outcome] = record_responses(life.source(), [fresh], now=NOW, announce=False)

    answer = Response.objects.get(pk=outcome.response_id)
    assert (answer.score, answer.contact, answer.verbatim, answer.attributes) == (10, None, "", {})
    assert life.traces(life.dump()) == {}


def test_they_stay_erased_under_a_new_secret(person: Contact, settings: Any) -> None:
    erase(person)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "quite another secret", []

    record_responses(life.source(), [life.incoming(external_id="another")], now=NOW, announce=False)

    assert life.traces(life.dump()) == {}
    assert suppression.suppressed([life.EMAIL], Stream.NEWS)


def test_the_list_knows_the_address_by_its_fingerprint_alone(person: Contact) -> None:
    erase(person)

    assert set(suppression.suppressed([life.EMAIL.upper()], Stream.CASE)) == {life.EMAIL}
    assert not Suppression.objects.filter(address__contains="@", reason="erased").exists()
    assert suppression.suppressed(["somebody@client.example"], Stream.CASE) == {}


def test_an_answer_that_was_on_its_way_is_found_by_the_sweep(person: Contact) -> None:
    erase(person)
    late = make_response(2, contact=person, verbatim=life.WORDS)

    assert erasing.finish_late(now=NOW) == 1
    late.refresh_from_db()
    assert late.verbatim == ""
    assert erasing.finish_late(now=NOW) == 0


def test_as_a_job_it_says_how_much_went(person: Contact) -> None:
    job = erasing.ask(person, by=None, now=NOW)
    assert erasing.ask(person, by=None, now=NOW) == job

    running.run_now(job, now=NOW)

    assert job.state == "done"
    assert job.result["answers"] == 1
    assert life.traces(life.dump()) == {}


def test_the_command_asks_first(person: Contact, capsys: Any) -> None:
    with pytest.raises(CommandError, match="--yes"):
        call_command("erase_contact", str(person.pk))
    assert Contact.objects.get(pk=person.pk).erased_at is None

    call_command("erase_contact", str(person.pk), "--yes")

    assert "Erased." in capsys.readouterr().out
    assert life.traces(life.dump()) == {}
