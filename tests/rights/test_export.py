"""The export of all that is held about a person: whole, theirs alone, for administrators, and for some days only."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from followups import exporting
from followups.models import Member, Note
from nps_loop import retention
from nps_loop.jobs import running
from nps_loop.jobs.models import Job
from nps_loop.mail.models import Inbound, Stream
from surveys import erasing
from surveys.models import Contact
from tests.factories import (
    DAY,
    NOW,
    make_admin,
    make_contact,
    make_member,
    make_message,
    make_response,
    make_team,
    make_ticket,
    make_user,
)
from tests.rights import life

pytestmark = pytest.mark.django_db

# What the life in tests/rights/life.py wrote about them, or they wrote themselves.
TEXTS = (
    life.NAME, life.EMAIL, f"old.{life.EMAIL}", life.PHONE, life.OWN_ID, life.WORDS, f"{life.WORDS} Still.", life.REPLY,
    "Head of Lindenallee", f"after five, ask for {life.NAME}", f"ask {life.NAME}", f"{life.NAME} was angry",
    f"We spoke, {life.NAME}.", f"Bring {life.NAME} a dry bed", f"{life.NAME} has it", f"{life.NAME} was out",
    f"{life.NAME} got a bed", f"{life.EMAIL} bounced", f"Dear {life.NAME}", f"{life.NAME} did not mean it",
    f"{life.NAME} lives at Lindenallee 4", f"Not yet. {life.REPLY}", f"{life.NAME}: your bed", f"Re: {life.NAME}",
    f"550 {life.EMAIL} unknown", f"said {life.NAME}", f"{life.NAME}.pdf",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Any, settings: Any) -> None:
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"


def export(person: Contact) -> tuple[dict[str, Any], zipfile.ZipFile]:
    packed = io.BytesIO()
    exporting.write_archive(exporting.held_about(person), packed)
    archive = zipfile.ZipFile(packed)
    return json.loads(archive.read("person.json")), archive


def texts_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {text for each in (*value.values(), *value) for text in texts_in(each)}
    if isinstance(value, list):
        return {text for each in value for text in texts_in(each)}
    return {value} if isinstance(value, str) else set()


def test_every_text_of_a_life_is_in_it() -> None:
    facts, archive = export(life.lived())

    assert set(TEXTS) - texts_in(facts) == set()
    assert [kind for kind, rows in facts.items() if not rows] == ["events"], "The life is made without any."
    [file] = [name for name in archive.namelist() if name != "person.json"]
    assert (file, archive.read(file).decode()) == (facts["attachments"][0]["file"], life.NAME)


def test_nothing_of_a_namesake_and_nothing_meant_for_colleagues_is_in_it() -> None:
    person = life.lived()
    other = make_contact(life.NAME, email="namesake@elsewhere.example")
    ticket = make_ticket(make_response(1, contact=other, verbatim="Namesake words"))
    Note.objects.create(ticket=ticket, text="Namesake note", happened_at=NOW)
    make_message(case=ticket.pk, recipient=other.email, text="Namesake mail")
    make_message(recipient=life.EMAIL, case=ticket.pk, text="Namesake case")
    make_message(recipient=life.EMAIL, stream=Stream.STAFF, text="Namesake notice")
    Inbound.objects.create(digest="a" * 64, route="imap", from_address=other.email, text="Namesake", received_at=NOW)

    facts, _archive = export(person)

    assert "namesake" not in json.dumps(facts).lower()
    assert "hanna@nordfracht.example" not in texts_in(facts["mails_to_them"])


def test_of_a_shared_mailbox_only_what_belongs_to_an_own_case_is_in_it() -> None:
    one, other = make_contact("Ann One", email="info@shared.example"), make_contact("Bob Two")
    Contact.objects.filter(pk=other.pk).update(email="info@shared.example")
    ticket = make_ticket(make_response(1, contact=one))
    make_message(recipient="info@shared.example", text="Whose is this?")
    make_message(recipient="info@shared.example", text="Yours, Ann", case=ticket.pk)

    facts, _archive = export(one)

    assert [mail["text"] for mail in facts["mails_to_them"]] == ["Yours, Ann"]


def test_more_rows_cost_no_more_queries() -> None:
    person = make_contact("Marta Weber")
    make_ticket(make_response(2, contact=person))
    with CaptureQueriesContext(connection) as few:
        exporting.held_about(person)
    for _ in range(5):
        make_ticket(make_response(2, contact=person))
    with CaptureQueriesContext(connection) as many:
        exporting.held_about(person)

    assert len(many) == len(few)


def address(person: Contact) -> str:
    return f"/contacts/{person.pk}/export/"


def test_an_administrator_gets_it_as_a_download(client: Client) -> None:
    person = life.lived()
    client.force_login(make_admin(email="second@nordfracht.example"))

    assert address(person) in client.get(f"/contacts/{person.pk}/").content.decode()
    client.post(address(person))
    client.post(address(person))
    running.run_waiting(now=timezone.now())
    [job] = Job.objects.filter(kind=exporting.KIND)
    assert f"{address(person)}{job.pk}/" in client.get(address(person)).content.decode()
    answer = client.get(f"{address(person)}{job.pk}/")

    assert answer["Content-Disposition"] == f'attachment; filename="person-{person.pk}.zip"'
    packed = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    assert life.WORDS in packed.read("person.json").decode()


def test_to_others_there_is_no_such_page(client: Client) -> None:
    person, other, lead = make_contact("Marta Weber"), make_contact("Bob Two"), make_user()
    team = make_team()
    make_member(team, lead, role=Member.Role.LEAD)
    make_ticket(make_response(2, contact=person), team=team)
    job = exporting.ask(person, by=None, now=NOW)
    running.run_waiting(now=timezone.now())

    for path in (address(person), f"{address(person)}{job.pk}/"):
        assert client.get(path).status_code == 302
    client.force_login(lead)
    for path in (address(person), f"{address(person)}{job.pk}/"):
        assert client.get(path).status_code == 404
    assert client.post(address(person)).status_code == 404
    assert Job.objects.filter(kind=exporting.KIND).count() == 1
    client.force_login(make_admin())
    assert client.get(f"{address(other)}{job.pk}/").status_code == 404


def test_after_some_days_its_file_is_gone() -> None:
    job = exporting.ask(make_contact("Marta Weber"), by=None, now=NOW)
    running.run_waiting(now=NOW)
    Job.objects.filter(pk=job.pk).update(finished_at=NOW)
    job.refresh_from_db()
    path = Path(job.file.path)

    retention.run(now=NOW + 6 * DAY)
    assert path.exists()
    retention.run(now=NOW + 8 * DAY)
    assert not path.exists()


def test_an_erasure_takes_the_exports_along_and_none_can_be_made_after_it() -> None:
    person = life.lived()
    job = exporting.ask(person, by=None, now=NOW)
    running.run_waiting(now=NOW)
    job.refresh_from_db()
    path = Path(job.file.path)
    assert path.exists()

    erasing.erase(person, by=None, now=NOW)
    again = exporting.ask(person, by=None, now=NOW)
    running.run_waiting(now=NOW)

    assert not path.exists()
    again.refresh_from_db()
    assert (again.state, bool(again.file)) == ("failed", False)


def test_the_command_writes_it_and_replaces_nothing(tmp_path: Path) -> None:
    person = make_contact("Marta Weber")
    file = tmp_path / "marta.zip"

    call_command("export_contact", str(person.pk), to=file)
    assert "Marta Weber" in zipfile.ZipFile(file).read("person.json").decode()
    with pytest.raises(CommandError, match="there already"):
        call_command("export_contact", str(person.pk), to=file)
    with pytest.raises(CommandError, match="Nobody"):
        call_command("export_contact", "999999", to=tmp_path / "other.zip")
