"""What long work holds of a person: files that were brought in, and what was remarked about their rows."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime

from django.db.models import Q

from nps_loop.erasing import Person
from nps_loop.jobs.models import Job, JobItem
from nps_loop.redacting import holds_any

# Files come in the encodings that spreadsheets write; a string is looked for in each.
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "cp1252")


def erase(person: Person, now: datetime) -> Mapping[str, int]:
    """Delete the files of jobs that are over and name the person, and empty the remarks about their rows."""
    over = Job.objects.filter(state__in=[Job.State.DONE, Job.State.FAILED]).exclude(file="")
    files = 0
    pattern = holds_any(person.strings) if person.strings else None
    for job in over.iterator():
        if pattern and any(pattern.search(text) for text in _texts(job)):
            job.file.delete(save=False)
            Job.objects.filter(pk=job.pk).update(file="", file_name="")
            files += 1
    imported = Q(job__kind="import", object_id__in=person.responses)
    remarks = JobItem.objects.filter(imported).exclude(reason="").update(reason="", field="")
    return {"import_files": files, "import_rows": remarks}


def _texts(job: Job) -> Iterator[str]:
    """What a file says, read in every way it may have been written. A file that is gone says nothing."""
    try:
        with job.file.open("rb") as file:
            content = file.read()
            if zipfile.is_zipfile(file):
                with zipfile.ZipFile(file) as archive:
                    for name in archive.namelist():
                        yield archive.read(name).decode("utf-8", "replace")
    except (FileNotFoundError, zipfile.BadZipFile):
        return
    for encoding in _ENCODINGS:
        yield content.decode(encoding, "replace")
