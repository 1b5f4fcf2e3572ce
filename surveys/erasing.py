"""Erase a person everywhere, for good: scores and times stay, and nothing says any more whose they were.

The order makes it safe to be interrupted and begun anew. First the person is marked, so that nothing is sent to them
any more; then every part of the program forgets; last their own row, which held what was looked for. From then on
fingerprints alone tell that they were erased, so that a later version of an answer, or the same file once more, counts
and brings nothing back.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from nps_loop.erasing import Person, erasers, writings
from nps_loop.jobs import running
from nps_loop.jobs.models import Job
from nps_loop.mail.fingerprints import keep_pepper
from nps_loop.people.models import User
from nps_loop.redacting import redact
from surveys.models import Contact, ContactKey, ErasedKey, Erasure, Invitation, Response, Revision
from surveys.recording.erased import ERASED, answer_digest, forget_words, key_digest

KIND = "erase_contact"

_EMPTIED: dict[str, Any] = {
    "name": "", "search_name": "", "first_name": "", "role": "", "email": "", "phone": "", "language": "",
    "time_zone": "", "preferred_channel": "", "good_time": "", "away_until": None,
}  # fmt: skip
# Shorter ones stand in other words too: nobody is found by them alone.
_SHORTEST = {"name": 5, "number": 5, "id": 4, "sentence": 25}
_MOST_SENTENCES = 300
_SENTENCES = re.compile(r"[.!?\n]+\s*")


def ask(contact: Contact, *, by: User | None, now: datetime) -> Job:
    """Leave the erasure of `contact` to a worker. Asked twice, it is done once."""
    root = _root(contact)
    waiting = Job.objects.filter(
        kind=KIND, parameters={"contact": root.pk}, state__in=[Job.State.WAITING, Job.State.RUNNING]
    )
    return waiting.first() or running.start(KIND, parameters={"contact": root.pk}, created_by=by, now=now)


def run_job(job: Job, alive: Callable[..., None]) -> dict[str, Any]:
    """Do an erasure that was left as a job; returns how much of what went. Raises Unworkable for nobody."""
    contact = Contact.objects.filter(pk=job.parameters["contact"]).first()
    if contact is None:
        raise running.Unworkable("Nobody has this number.")
    alive(total=1)
    counts = erase(contact, by=job.created_by, now=timezone.now())
    alive(done=1)
    return dict(counts)


def erase(contact: Contact, *, by: User | None, now: datetime) -> Counter[str]:
    """Erase `contact`, and whoever was put together with them, everywhere. Harmless when repeated.

    Returns rows by kind. Costs some passes over every table: a job's work, not a request's.
    """
    keep_pepper()
    root = _root(contact)
    with transaction.atomic():
        together = Contact.objects.filter(Q(pk=root.pk) | Q(merged_into=root))
        together.filter(erased_at=None).update(erased_at=now)
        erasure, _made = Erasure.objects.get_or_create(contact=root, defaults={"asked_at": now, "by": by})
    person = person_of(root)
    counts: Counter[str] = Counter()
    for eraser in erasers:
        counts.update(eraser(person, now))
    counts.update(redact(person, now))
    counts["answers"] += _forget(root, erasure, person, now)
    # Once more, for what came while this lasted.
    person = _with_answers(person)
    for eraser in erasers:
        eraser(person, now)
    redact(person, now)
    counts = +counts
    if erasure.finished_at is None:
        Erasure.objects.filter(pk=erasure.pk).update(finished_at=now, counts=dict(counts))
    return counts


def person_of(contact: Contact) -> Person:
    """All numbers of a person, and the strings that betray them. Of one who was erased only the numbers are left."""
    together = list(Contact.objects.filter(Q(pk=contact.pk) | Q(merged_into=contact)).order_by("pk"))
    contacts = frozenset(row.pk for row in together)
    keys = list(ContactKey.objects.filter(contact__in=contacts))
    addresses = {key.value.partition("|")[0] for key in keys if key.kind == ContactKey.Kind.EMAIL}
    addresses |= {row.email.lower() for row in together}
    ids = {key.value for key in keys if key.kind == ContactKey.Kind.EXTERNAL_ID}
    names = {row.name.strip() for row in together if " " in row.name.strip()}
    numbers = {row.phone.strip() for row in together}
    strings = {
        *(text for text in ids if len(text) >= _SHORTEST["id"]),
        *(text for text in names if len(text) >= _SHORTEST["name"] and not _is_anothers("name", text, contacts)),
        *(text for text in numbers if len(text) >= _SHORTEST["number"] and not _is_anothers("phone", text, contacts)),
        *(text for text in addresses if text and not _is_anothers("email", text, contacts)),
    }
    strings |= {row.email for row in together if row.email.lower() in strings}
    answers = Response.objects.filter(contact__in=contacts)
    said = [*answers.values_list("verbatim", flat=True)]
    said += Revision.objects.filter(response__in=answers).values_list("verbatim", flat=True)
    for writing in writings:
        said += writing(contacts)
    return Person(
        contacts=contacts,
        responses=frozenset(answers.values_list("pk", flat=True)),
        addresses=frozenset(addresses - {""}),
        strings=tuple(sorted(strings - {""})),
        words=tuple(_sentences(said)),
    )


def finish_late(*, now: datetime) -> int:
    """An answer that was on its way while its person was erased loses its words too. Returns how many did."""
    late = Response.objects.filter(contact__in=Contact.objects.filter(erased_at__isnull=False).values("pk"))
    late = late.exclude(external_id__startswith=ERASED)
    owners = Contact.objects.filter(pk__in=late.values("contact"), erasures__finished_at__isnull=False)
    found = list(owners)
    for contact in found:
        erase(contact, by=None, now=now)
    return len(found)


def _root(contact: Contact) -> Contact:
    return contact.merged_into or contact


def _with_answers(person: Person) -> Person:
    answers = Response.objects.filter(contact__in=person.contacts).values_list("pk", flat=True)
    return Person(person.contacts, frozenset(answers), person.addresses, person.strings, person.words)


def _forget(root: Contact, erasure: Erasure, person: Person, now: datetime) -> int:
    """The last step, in one transaction: fingerprints in, the person's own row and the words of their answers out."""
    with transaction.atomic():
        answers = list(
            Response.objects.filter(contact__in=person.contacts)
            .exclude(external_id__startswith=ERASED)
            .select_related("source")
            .order_by("pk")
            .select_for_update(of=("self",))
        )
        keys = ContactKey.objects.filter(contact__in=person.contacts)
        digests = {key_digest(key.kind, key.namespace, key.value) for key in keys}
        digests |= {answer_digest(answer.source.slug, answer.external_id) for answer in answers}
        ErasedKey.objects.bulk_create(
            (ErasedKey(digest=digest, erasure=erasure) for digest in sorted(digests)), ignore_conflicts=True
        )
        keys.delete()
        forget_words(answers)
        invited = Invitation.objects.filter(contact__in=person.contacts)
        invited.filter(state=Invitation.State.PLANNED).update(
            state=Invitation.State.STOPPED, stopped_by=Invitation.Rule.ERASED, ended_at=now
        )
        if erasure.finished_at is None:
            invited.update(reference="", stopped_about="", generation=F("generation") + 1)
        Contact.objects.filter(pk__in=person.contacts).update(**_EMPTIED)
    return len(answers)


def _is_anothers(field: str, text: str, contacts: frozenset[int]) -> bool:
    """Whether somebody else is called so too, or reads this mailbox: then it betrays nobody, and stays theirs."""
    if Contact.objects.filter(**{f"{field}__iexact": text}).exclude(pk__in=contacts).exists():
        return True
    if field == "name":
        first, _, last = text.partition(" ")
        return User.objects.filter(first_name__iexact=first, last_name__iexact=last).exists()
    return field == "email" and User.objects.filter(email__iexact=text).exists()


def _sentences(texts: Iterable[str]) -> list[str]:
    found: set[str] = set()
    for text in texts:
        each = [text.strip(), *(part.strip() for part in _SENTENCES.split(text))]
        found.update(part for part in each if len(part) >= _SHORTEST["sentence"])
    return sorted(found, key=len, reverse=True)[:_MOST_SENTENCES]
