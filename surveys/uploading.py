"""A file on its way to being imported: kept, looked into, tried out, begun. What is recorded is `importing`'s to say.

An uploaded file is a job that is over: no worker takes it. Beginning makes it one to do, by an UPDATE that names what
it expects, so that pressing twice begins once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext

from nps_loop.celery import ring
from nps_loop.jobs.models import Job
from nps_loop.jobs.tasks import run_jobs
from nps_loop.people.models import User
from surveys.importing import JOB_KIND, Instructions, look
from surveys.models import Source
from surveys.readers.answers import LookedInto
from surveys.readers.columns import Choices, in_words
from surveys.readers.delimited import UnreadableFile

UPLOADED = "import-upload"
# A file that nobody went on with is thrown away after this.
KEPT_FOR = timedelta(days=2)
SLUG_LIMIT = 60

ATTRIBUTE = "attribute"
LEFT_OUT = ""

_leads: Callable[[User], bool] | None = None


def register_leads(leads: Callable[[User], bool]) -> None:
    """Called once, when the follow-up side starts: it knows who leads a team."""
    global _leads
    _leads = leads


def may_import(user: User) -> bool:
    """Administrators and leads of a team import answers."""
    return user.is_active and (user.is_superuser or (_leads is not None and _leads(user)))


# --- from upload to job ----------------------------------------------------------------------------------------


def keep(file: UploadedFile, *, source: Source | None, new_source: str, by: User, now: datetime) -> Job:
    """Keep an uploaded file to be looked into. With `source` None a new one of that name is made on importing."""
    throw_away_old(now)
    parameters = {"source": source.slug if source else "", "new_source": "" if source else new_source}
    job = Job(
        kind=UPLOADED,
        state=Job.State.DONE,
        parameters=parameters,
        created_by=by,
        created_at=now,
        finished_at=now,
        file_name=(file.name or "")[:255],
    )
    # The name a person gave is kept beside the file and never becomes a path.
    job.file.save("answers.csv", file, save=False)
    job.save()
    return job


def throw_away_old(now: datetime) -> None:
    """Uploads that were never begun, with their files."""
    for job in Job.objects.filter(kind=UPLOADED, created_at__lt=now - KEPT_FOR):
        job.file.delete(save=False)
        job.delete()


def imports() -> QuerySet[Job]:
    """Uploads and imports, newest first."""
    return Job.objects.filter(kind__in=[UPLOADED, JOB_KIND]).select_related("created_by").order_by("-id")


def source_of(job: Job) -> Source | None:
    slug = job.parameters.get("source")
    return Source.objects.select_related("survey").filter(slug=slug).first() if slug else None


def can_begin(job: Job) -> bool:
    """Whether the file waits for a person: uploaded only, or tried out."""
    return job.kind == UPLOADED or (job.state == Job.State.DONE and bool(job.parameters.get("dry_run")))


def begin(job: Job, instructions: Instructions, *, dry_run: bool) -> bool:
    """Let a worker take the file. False where somebody has begun it already."""
    if not can_begin(job):
        return False
    with transaction.atomic():
        source = source_of(job) or _new_source(job.parameters.get("new_source") or "", instructions.choices.time_zone)
        parameters = {"source": source.slug, "dry_run": dry_run, **instructions.as_json()}
        won = Job.objects.filter(pk=job.pk, kind=job.kind, state=job.state, finished_at=job.finished_at).update(
            kind=JOB_KIND,
            state=Job.State.WAITING,
            parameters=parameters,
            result={},
            error="",
            done=0,
            attempts=0,
            started_at=None,
            finished_at=None,
        )
        if not won:
            # What was made for it is taken back with it.
            transaction.set_rollback(True)
            return False
        job.items.all().delete()
    ring(run_jobs)
    return True


def _new_source(name: str, time_zone: str) -> Source:
    """A source of this name, with a slug nobody has."""
    base = slugify(name)[: SLUG_LIMIT - 4] or "import"
    slug, number = base, 2
    while Source.objects.filter(slug=slug).exists():
        slug, number = f"{base}-{number}", number + 1
    return Source.objects.create(
        slug=slug,
        name=name[:200] or slug,
        channel=Source.Channel.FILE,
        time_zone=time_zone or settings.TIME_ZONE,
    )


# --- columns ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file: its name, first values, what it is read as, and what the file alone says it is."""

    index: int
    name: str
    samples: list[str]
    meaning: str
    guessed: str

    @property
    def is_chosen(self) -> bool:
        return self.meaning != self.guessed


def looked_into(job: Job, choices: Choices) -> LookedInto:
    """Look into a kept file. Raises UnreadableFile."""
    return look(Path(job.file.path), source_of(job), choices)


def columns(found: LookedInto, guess: LookedInto) -> list[Column]:
    """Every column with its meaning in `found`, beside the one of the guess."""
    return [
        Column(index, name, found.samples[index], meaning(found, index), meaning(guess, index))
        for index, name in enumerate(found.table.header)
    ]


def meaning(found: LookedInto, index: int) -> str:
    """What a column is read as, in the words a person chooses from. Also where the file cannot be read as it stands."""
    if found.columns is not None:
        return _in_choices(found.meaning_of(index))
    header = found.header
    known = {place: ours for ours, place in {**header.guessed, **header.chosen}.items()}
    if index in known:
        return _in_choices(known[index])
    return LEFT_OUT if found.table.header[index] in header.choices.left_out else ATTRIBUTE


def _in_choices(ours: str) -> str:
    """A person says "account"; whether it is the id or the name follows from the column."""
    return "account" if ours in ("account_external_id", "account_name") else ours


def choices_from(
    guess: LookedInto, wanted: Mapping[int, str], *, date_order: Any, time_zone: str, score_is_nps: bool
) -> Choices:
    """What a person said, as the difference to what the file says by itself.

    `wanted` maps the index of a column to its meaning. Raises UnreadableFile where two columns mean the same.
    """
    names = guess.table.header
    changed = {index: ours for index, ours in wanted.items() if index < len(names) and ours != meaning(guess, index)}
    said: dict[str, str] = {}
    for index, ours in changed.items():
        if ours in (ATTRIBUTE, LEFT_OUT):
            continue
        if ours in said:
            raise UnreadableFile(
                gettext("“%(column)s” and “%(other)s” cannot both be the %(meaning)s.")
                % {"column": said[ours], "other": names[index], "meaning": in_words(ours)}
            )
        said[ours] = names[index]
    if score_is_nps and "score" not in said:
        # Vouching is for a column by name, also where it is the one the file points to.
        scores = [names[index] for index, ours in wanted.items() if ours == "score" and index < len(names)]
        said |= {"score": scores[0]} if scores else {}
    # A column that was taken for something and shall merely be kept has to be named as an attribute, all others too.
    demoted = {names[index] for index, ours in changed.items() if ours == ATTRIBUTE}
    kept = [index for index, ours in wanted.items() if ours == ATTRIBUTE and index < len(names)] if demoted else []
    attributes = {names[index] or f"column {index + 1}": names[index] for index in kept} if demoted else None
    left_out = frozenset(names[index] for index, ours in changed.items() if ours == LEFT_OUT)
    return Choices(
        columns=said,
        attributes=attributes,
        left_out=left_out | demoted,
        date_order=date_order or None,
        time_zone=time_zone,
        score_is_nps=score_is_nps,
    )
