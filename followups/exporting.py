"""All that is held about a person, in one file for them: a JSON that can be read, and the files of their mails.

Nothing of another customer goes in: a mail in a mailbox that two people share is taken only where it belongs to a case
of this one. What colleagues are told about cases, and words of theirs that were never sent, stay out as well.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

from django.core.files.base import File
from django.db import models
from django.db.models import Q, QuerySet

from followups.erasing import tickets_of
from followups.models import (
    Action,
    ActionMove,
    ContactAttempt,
    ContactEvent,
    DismissalRequest,
    Event,
    Note,
    Reply,
    Resolution,
    Ticket,
    Verdict,
)
from nps_loop.erasing import Person
from nps_loop.jobs import running
from nps_loop.jobs.models import Job
from nps_loop.mail.inbound.keeping import path_of
from nps_loop.mail.models import Attachment, Inbound, Message, Stream, Suppression
from nps_loop.people.models import User
from nps_loop.retention import EXPORT
from surveys.erasing import person_of
from surveys.models import Contact, ContactKey, Invitation, Response, Revision

KIND = EXPORT
# What says nothing about the person: how the program finds, sends and counts.
_INNER = frozenset({
    "search_name", "search_text", "phone_digits", "content_digest", "decide_attempts", "decide_after", "decide_error",
    "decided_revision", "leased_until", "dedupe_key", "links", "html", "digest", "stored_as", "next_try_at",
    "generation", "attempts", "rank", "version", "team_id_then",
})  # fmt: skip
_OF_TICKETS: tuple[tuple[str, type[models.Model], str], ...] = (
    ("events", Event, "ticket"),
    ("attempts", ContactAttempt, "ticket"),
    ("actions", Action, "ticket"),
    ("moved_actions", ActionMove, "action__ticket"),
    ("resolutions", Resolution, "ticket"),
    ("dismissal_requests", DismissalRequest, "ticket"),
    ("notes", Note, "ticket"),
    ("replies", Reply, "ticket"),
    ("verdicts", Verdict, "ticket"),
)


@dataclass(frozen=True, slots=True)
class Held:
    """What is held about a person: rows by kind, ready for JSON, and files as (name in the archive, where it lies)."""

    facts: dict[str, list[dict[str, Any]]]
    files: list[tuple[str, Path]]


def ask(contact: Contact, *, by: User | None, now: datetime) -> Job:
    """Leave the export of `contact` to a worker. Asked twice while it waits, it is done once."""
    root = contact.merged_into or contact
    waiting = exports_of(root).filter(state__in=[Job.State.WAITING, Job.State.RUNNING]).first()
    return waiting or running.start(KIND, parameters={"contact": root.pk}, created_by=by, now=now)


def exports_of(contact: Contact) -> QuerySet[Job]:
    """The exports that were asked for about this person, the newest first."""
    return Job.objects.filter(kind=KIND, parameters={"contact": contact.merged_into_id or contact.pk}).order_by("-pk")


def run_job(job: Job, alive: Callable[..., None]) -> dict[str, Any]:
    """Write the archive of an export that was left as a job; returns rows by kind. Raises Unworkable for nobody."""
    contact = Contact.objects.filter(pk=job.parameters["contact"]).first()
    if contact is None:
        raise running.Unworkable("Nobody has this number.")
    _refuse_erased(contact)
    alive(total=1)
    held = held_about(contact)
    # Named by the job, so that one that was interrupted leaves no second copy behind.
    name, storage = f"jobs/export-{job.pk}.zip", job.file.storage
    with tempfile.TemporaryFile() as archive:
        write_archive(held, archive)
        archive.seek(0)
        storage.delete(name)
        name = storage.save(name, File(archive))
    Job.objects.filter(pk=job.pk).update(file=name, file_name=f"person-{contact.pk}.zip")
    contact.refresh_from_db()
    if contact.erased_at is not None:
        _remove({contact.pk})
        _refuse_erased(contact)
    alive(done=1)
    return {kind: len(rows) for kind, rows in held.facts.items()}


def erase(person: Person, now: datetime) -> Mapping[str, int]:
    """Delete the archives about somebody who is erased."""
    return {"exports": _remove(person.contacts)}


def _remove(contacts: Iterable[int]) -> int:
    gone = 0
    for job in Job.objects.filter(kind=KIND, parameters__contact__in=list(contacts)).exclude(file=""):
        job.file.delete(save=False)
        gone += Job.objects.filter(pk=job.pk).update(file="")
    return gone


def held_about(contact: Contact) -> Held:
    """Everything held about `contact` and whoever was put together with them. A fixed number of queries."""
    person = person_of(contact)
    own = person.addresses - _shared(person.addresses, person.contacts)
    tickets = tickets_of(person)
    numbers = list(tickets.values_list("pk", flat=True))
    sent = Message.objects.exclude(stream=Stream.STAFF)
    came = Inbound.objects.all()
    to_them, from_them = Q(recipient__in=person.addresses), Q(from_address__in=person.addresses)
    rows: dict[str, QuerySet[Any]] = {
        "contact": Contact.objects.filter(pk__in=person.contacts),
        "keys": ContactKey.objects.filter(contact__in=person.contacts),
        "merged": ContactEvent.objects.filter(contact__in=person.contacts),
        "answers": Response.objects.filter(pk__in=person.responses),
        "versions": Revision.objects.filter(response__in=person.responses),
        "cases": tickets,
        **{kind: model._default_manager.filter(**{f"{way}__in": numbers}) for kind, model, way in _OF_TICKETS},
        "mails_to_them": sent.filter(
            Q(recipient__in=own) & (Q(case=None) | Q(case__in=numbers)) | to_them & Q(case__in=numbers)
        ),
        "mails_from_them": came.filter(
            Q(from_address__in=own) & (Q(case=None) | Q(case__in=numbers)) | from_them & Q(case__in=numbers)
        ),
        "invitations": Invitation.objects.filter(contact__in=person.contacts),
        "suppressions": Suppression.objects.filter(address__in=person.addresses),
    }
    facts = {kind: _rows(found) for kind, found in rows.items()}
    mails = [row["id"] for row in facts["mails_from_them"]]
    files = []
    facts["attachments"] = []
    for row in Attachment.objects.filter(inbound__in=mails).order_by("pk"):
        name = f"attachments/{row.pk}-{row.name.replace('/', '_').replace(chr(92), '_')}"
        kept = bool(row.stored_as) and path_of(row.stored_as).is_file()
        facts["attachments"].append({**_row(row), "file": name if kept else ""})
        if kept:
            files.append((name, path_of(row.stored_as)))
    return Held(facts, files)


def write_archive(held: Held, to: IO[bytes]) -> None:
    """Write what is held as one zip: `person.json` and `attachments/`."""
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("person.json", json.dumps(held.facts, ensure_ascii=False, indent=2))
        for name, path in held.files:
            archive.write(path, name)


def _refuse_erased(contact: Contact) -> None:
    if contact.erased_at is not None:
        raise running.Unworkable("This person was erased: nothing is held that says who they were.")


def _shared(addresses: frozenset[str], contacts: frozenset[int]) -> set[str]:
    """Those of `addresses` that somebody else reads too: what lies there may be theirs."""
    others = Contact.objects.exclude(pk__in=contacts).filter(email__in=addresses)
    keys = ContactKey.objects.exclude(contact__in=contacts).filter(kind=ContactKey.Kind.EMAIL)
    theirs = Q(value__in=addresses)
    for address in addresses:
        theirs |= Q(value__startswith=f"{address}|")
    found = {email.lower() for email in others.values_list("email", flat=True)}
    return found | {value.partition("|")[0] for value in keys.filter(theirs).values_list("value", flat=True)}


def _rows(found: QuerySet[Any]) -> list[dict[str, Any]]:
    """All of a kind in the order they came; whoever they point at comes along in the same query."""
    pointing = [field.name for field in found.model._meta.concrete_fields if _is_named(field)]
    return [_row(row) for row in found.select_related(*pointing).order_by("pk")]


def _row(row: models.Model) -> dict[str, Any]:
    said = {}
    for field in row._meta.concrete_fields:
        if field.name in _INNER:
            continue
        value = getattr(row, field.name if _is_named(field) else field.attname)
        if value not in (None, ""):
            said[field.name] = _plain(value)
    return said


def _is_named(field: models.Field[Any, Any]) -> bool:
    """Whether it points at something that reads better by its name: a colleague, a survey; no person, no case."""
    to = field.related_model if field.many_to_one else None
    return to is not None and to not in (Contact, Ticket, Response, Message, Inbound, Action, Invitation)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, models.Model):
        return str(value)
    return float(value) if isinstance(value, Decimal) else value
