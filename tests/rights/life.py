"""The life of one customer with a row of every kind that can hold something of a person."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.base import ContentFile
from django.db import connection

from followups.models import (
    ActionMove,
    ContactAttempt,
    ContactEvent,
    Initiative,
    KeptDraft,
    LetterTemplate,
    Note,
    Reply,
    SavedView,
    Ticket,
)
from nps_loop.jobs.models import Job, JobItem
from nps_loop.mail.models import Attachment, Inbound, Stream, Suppression
from nps_loop.people.models import IdempotentRequest
from nps_loop.webhooks.models import Delivery
from surveys.incoming import IncomingResponse
from surveys.models import Contact, ContactKey, Invitation, Response, Source, Survey
from surveys.recording import record_responses
from tests.factories import (
    DAY,
    NOW,
    make_account,
    make_action,
    make_admin,
    make_dismissal_request,
    make_endpoint,
    make_message,
    make_resolution,
    make_source,
    make_team,
    make_ticket,
    make_user,
    make_verdict,
)

NAME = "Márta Kowalska-Brühl"
EMAIL = "marta.kowalska@weber-logistik.example"
PHONE = "+49 421 5550 173"
OWN_ID = "CRM-778812-K"
WORDS = "The driver Zbigniew left my orthopaedic bed in the rain on Lindenallee."
REPLY = "My orthopaedic bed is still wet and nobody came to Lindenallee."
TRACES = (NAME, "Márta", "Kowalska", EMAIL, PHONE, "5550173", OWN_ID, "orthopaedic", "Lindenallee", "Zbigniew")
SOURCE = "crm"
FILE = f"{'2' * 40}.bin"


def incoming(**fields: Any) -> IncomingResponse:
    known = {
        "row": 1, "score": 3, "external_id": f"answer-{OWN_ID}", "comment": WORDS, "email": EMAIL, "name": NAME,
        "phone": PHONE, "contact_external_id": OWN_ID, "responded_at": NOW - DAY, "driver": "Delivery",
        "account_external_id": "A-1", "account_name": "Weber Logistik", "attributes": {"order of": NAME},
        "touchpoint": "delivery",
    }  # fmt: skip
    return IncomingResponse(**{**known, **fields})


def source() -> Source:
    return Source.objects.filter(slug=SOURCE).first() or make_source(slug=SOURCE, name="CRM")


def lived() -> Contact:
    """A customer whose every trace is somewhere; returns them. Another customer is beside them, and colleagues."""
    make_account("Weber Logistik", external_id="A-1", segment="SMB", region="North")
    [outcome] = record_responses(source(), [incoming()], now=NOW, announce=False)
    record_responses(
        source(), [incoming(comment=f"{WORDS} Still.", version_at=NOW - timedelta(hours=3))], now=NOW, announce=False
    )
    answer = Response.objects.get(pk=outcome.response_id)
    contact = answer.contact
    assert contact is not None
    Contact.objects.filter(pk=contact.pk).update(good_time=f"after five, ask for {NAME}", role="Head of Lindenallee")
    twin = Contact.objects.create(name=NAME, email=f"old.{EMAIL}", merged_into=contact, search_name=NAME.lower())
    ContactKey.objects.create(kind="email", value=f"old.{EMAIL}", contact=twin)
    agent, admin = make_user("Hanna Brandt"), make_admin()
    team = make_team("Care", lead=make_user("Lea Lead"), agents=(agent,), is_default=True)
    ticket = make_ticket(answer, owner=agent, team=team, state="in_action", on_hold=True, hold_reason=f"ask {NAME}")
    _work(ticket, agent, contact)
    _mail(ticket, contact)
    _machinery(ticket, agent, admin, contact, twin)
    return contact


def _work(ticket: Ticket, agent: Any, contact: Contact) -> None:
    common = {"ticket": ticket, "cycle": 0}
    ContactAttempt.objects.create(
        **common, by=agent, channel="phone", outcome="spoke", happened_at=NOW, recorded_at=NOW, evidence_from=NOW,
        note=f"{NAME} was angry", line_for_customer=f"We spoke, {NAME}.",
    )  # fmt: skip
    action = make_action(
        ticket, agent, title=f"Bring {NAME} a dry bed", note=WORDS, what_changed=f"{NAME} has it", dropped_reason=REPLY
    )
    Ticket.objects.filter(pk=ticket.pk).update(due_at=action.due_at, due_for="action")
    ActionMove.objects.create(action=action, from_at=NOW, to_at=NOW, reason=f"{NAME} was out", happened_at=NOW)
    make_resolution(
        ticket, what_changed=f"{NAME} got a bed", why_it_happened=WORDS, no_mail_reason=f"{EMAIL} bounced",
        differ_text=f"Dear {NAME}",
    )  # fmt: skip
    make_dismissal_request(ticket, explanation=f"{NAME} did not mean it")
    Note.objects.create(ticket=ticket, by=agent, text=f"{NAME} lives at Lindenallee 4", happened_at=NOW)
    Reply.objects.create(**common, via="mail", text=REPLY, happened_at=NOW, recorded_at=NOW)
    make_verdict(ticket, text=f"Not yet. {REPLY}")
    KeptDraft.objects.create(user=agent, ticket=ticket, form="note", typed=KeptDraft.packed({"t": NAME}), kept_at=NOW)
    SavedView.objects.create(owner=agent, name=f"Of {NAME}"[:60], page="tickets", query=f"q={EMAIL}")
    Initiative.objects.create(title="Dry beds", description=f"As {NAME} said: {WORDS}", what_changed=WORDS)
    LetterTemplate.objects.create(name="For one", step="update", text=f"Dear {NAME}, {PHONE}")


def _mail(ticket: Ticket, contact: Contact) -> None:
    make_message(
        case=ticket.pk, recipient=EMAIL, recipient_name=NAME, subject=f"{NAME}: your bed", text=WORDS, html=WORDS
    )
    make_message(
        case=ticket.pk,
        recipient=EMAIL,
        state="bounced",
        reason=f"550 {EMAIL} unknown",
        ended_at=NOW,
        recipient_name=NAME,
    )
    make_message(
        stream=Stream.STAFF, case=ticket.pk, recipient="hanna@nordfracht.example", subject=f"New: {NAME}", text=WORDS
    )
    make_message(
        stream=Stream.STAFF, kind="morning", recipient="hanna@nordfracht.example",
        text=f"First {NAME}, {PHONE}. They said: {WORDS}", html=f"<p>{NAME}</p>",
    )  # fmt: skip
    make_message(stream=Stream.SURVEYS, kind="invitation", recipient=EMAIL, recipient_name=NAME, text=f"Dear {NAME}")
    folder = Path(settings.DATA_DIR) / "inbound" / "ab"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "one.eml").write_text(f"From: {EMAIL}\n\n{REPLY}")
    (folder / FILE).write_text(NAME)
    inbound = Inbound.objects.create(
        digest="d" * 64, route="imap", kind="reply", state="landed", stored_as="ab/one.eml", from_address=EMAIL,
        message_id=f"<1.{EMAIL}>", from_name=NAME, subject=f"Re: {NAME}", text=REPLY, words=REPLY, received_at=NOW,
        case=ticket.pk, to_address="reply+1@nordfracht.example", reason=f"from {EMAIL}",
    )  # fmt: skip
    Attachment.objects.create(
        inbound=inbound,
        name=f"{NAME}.pdf",
        content_type="application/pdf",
        size=1,
        digest="e" * 64,
        stored_as=f"ab/{FILE}",
    )
    Suppression.objects.create(address=EMAIL, stream="surveys", reason="unsubscribed", origin=f"said {NAME}")


def _machinery(ticket: Ticket, agent: Any, admin: Any, contact: Contact, twin: Contact) -> None:
    survey = Survey.objects.create(slug="rel", name="Relational")
    Invitation.objects.create(
        survey=survey,
        contact=contact,
        cause="event",
        reference=OWN_ID,
        planned_for=NOW,
        day=NOW.date(),
        state="planned",
    )
    job = Job.objects.create(
        kind="import", state="done", file_name=f"{NAME}.csv", parameters={"columns": {NAME: 1}}, error=f"{EMAIL} twice",
        result={"notes": [f"{EMAIL} is odd"]},
    )  # fmt: skip
    job.file.save("answers.csv", ContentFile(f"email;name\n{EMAIL};{NAME}\n".encode("utf-16")))
    JobItem.objects.create(job=job, number=2, object_id=ticket.response_id, state="refused", reason=f"“{EMAIL}” is bad")
    IdempotentRequest.objects.create(
        owner="key:1", key="k", path=f"/api/v1/contacts/{contact.pk}/", fingerprint="f" * 64, status=200,
        body=f'{{"name": "{NAME}", "words": "{WORDS}"}}',
    )  # fmt: skip
    Delivery.objects.create(
        endpoint=make_endpoint(), key="t:1", payload={"name": NAME}, next_try_at=NOW, created_at=NOW, error=f"{EMAIL}?"
    )
    LogEntry.objects.create(
        user=admin, content_type=ContentType.objects.get_for_model(Contact), object_id=str(contact.pk), object_repr=NAME,
        action_flag=CHANGE, change_message=f"Changed phone of {NAME}",
    )  # fmt: skip
    ContactEvent.objects.create(contact=contact, other=twin, verb="merge", data={"keys": [1]}, happened_at=NOW)
    session = SessionStore()
    session["kept_post"] = {"path": f"/tickets/{ticket.pk}/", "typed": {"text": f"{NAME}: {WORDS}"}}
    session.create()


def dump() -> list[tuple[str, str]]:
    """(table, all columns of one row as text) of every table there is, Django's own included; sessions unpacked."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found += [(table, "\x1f".join(_as_text(value) for value in row)) for row in cursor.fetchall()]
    for session in apps.get_model("sessions", "Session").objects.all():
        found.append(("sessions unpacked", repr(session.get_decoded())))
    return found


def files() -> list[tuple[str, str]]:
    """(name, content in every encoding it may have) of everything under DATA_DIR and where files are kept."""
    found = []
    for root in {Path(settings.DATA_DIR), Path(settings.MEDIA_ROOT)}:
        for path in root.rglob("*"):
            if path.is_file() and "sqlite3" not in path.name:
                content = path.read_bytes()
                said = "\n".join(content.decode(code, "replace") for code in ("utf-8", "utf-16", "cp1252"))
                found.append((path.name, said))
    return found


def _as_text(value: Any) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    # SQLite keeps JSON with codes for letters outside of ASCII.
    return text.encode().decode("unicode_escape", "replace") + text if "\\u" in text else text


def traces(rows: list[tuple[str, str]]) -> dict[str, set[str]]:
    """Table or file -> what of the person stands there, in large or small letters."""
    found: dict[str, set[str]] = {}
    for where, text in rows:
        lower = text.casefold()
        for trace in TRACES:
            if trace.casefold() in lower:
                found.setdefault(where, set()).add(trace)
    return found
