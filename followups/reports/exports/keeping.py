"""Files that workers made: where they lie, who may fetch them, and when they go.

All lie in one folder under names that begin alike, unfinished ones too, so that an erasure finds every one of them.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from followups.models import ExportRecord
from followups.reports.exports.asking import KIND, rights_of
from followups.viewing import Viewer
from nps_loop.erasing import Person
from nps_loop.jobs.models import Job
from nps_loop.retention import LIST_FILES

SHOWN = 30


def folder() -> Path:
    """Where the files of jobs lie; made where there is none."""
    place = Path(settings.MEDIA_ROOT) / "jobs"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def unfinished(job: Job, attempt: int) -> Path:
    """Where one attempt at a job writes. Each has its own, so that a worker thought dead disturbs none."""
    return folder() / f"{LIST_FILES}{job.pk}-{attempt}.part"


def exports_of(viewer: Viewer) -> QuerySet[ExportRecord]:
    """The files workers made for this person or program, the newest first; those of everybody for an administrator."""
    found = ExportRecord.objects.filter(job__isnull=False).select_related("job", "user", "api_key").order_by("-pk")
    user: Any = viewer.user
    if user.pk is None:
        return found.filter(api_key=user.key)
    return found if user.is_superuser else found.filter(user=user)


def may_still_fetch(record: ExportRecord, viewer: Viewer) -> bool:
    """Whether a file was made with the rights its asker has now. An administrator sees all, so always may."""
    return viewer.user.is_superuser or record.rights == rights_of(viewer)


def erase(person: Person, now: datetime) -> Mapping[str, int]:
    """Drop every file of a list, finished or not: anybody may be in any of them, and each is made again in a minute.

    Whatever is being written loses its file, fails as it ends, and begins anew.
    """
    return {"export_files": drop_all()}


def drop_all() -> int:
    gone = Job.objects.filter(kind=KIND).exclude(file="").update(file="")
    for path in folder().glob(f"{LIST_FILES}*"):
        remove(path)
    return gone


def remove(path: Path) -> None:
    """A file, or a folder with all in it; harmless where it is gone."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
