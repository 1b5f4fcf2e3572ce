"""An import as a job: interrupted anywhere, taken up again, nothing counted twice."""

import json

import pytest
from django.core.files.base import ContentFile

from nps_loop.jobs import running
from nps_loop.jobs.models import Job, JobItem
from surveys import followup_port, importing
from surveys.importing import Instructions
from surveys.models import Response
from surveys.readers.columns import Choices
from tests.factories import NOW, make_source

pytestmark = pytest.mark.django_db

ROWS = [(10, "same"), (3, "same"), (3, "same"), (12, "no score"), (8, "x"), (3, "same"), (0, "y"), (9, "z")]


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    monkeypatch.setattr(importing, "CHUNK", 3)
    monkeypatch.setattr(
        followup_port, "_opener", lambda ids, *, now: Response.objects.filter(pk__in=ids, score__lt=9).count()
    )


def start(text: str = "", **parameters) -> Job:
    text = text or "score,comment\n" + "".join(f"{score},{comment}\n" for score, comment in ROWS)
    return running.start(
        importing.JOB_KIND,
        parameters={"source": make_source().slug, **Instructions().as_json(), **parameters},
        created_by=None,
        now=NOW,
        file=ContentFile(text.encode()),
        file_name="answers.csv",
    )


def test_a_job_imports_and_tells_what_became_of_every_row():
    job = start()
    assert running.run_waiting(now=NOW) == 1
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == (Job.State.DONE, 8, 8)
    assert {key: job.result[key] for key in ("rows", "recorded", "rejected", "nps", "tickets")} == {
        "rows": 8, "recorded": 7, "rejected": 1, "nps": round(100 * (2 - 4) / 7, 2), "tickets": 5,
    }  # fmt: skip
    item = job.items.get()
    assert (item.number, item.state, item.field) == (5, JobItem.State.REFUSED, "score")
    assert json.dumps(job.result)


@pytest.mark.parametrize("crash_after", [0, 1, 2])
def test_an_interrupted_job_goes_on_where_it_was(monkeypatch, crash_after):
    job = start()
    calls = []
    record = importing.record_responses

    def crash(*args, **how):
        calls.append(1)
        outcomes = record(*args, **how)
        if len(calls) == crash_after + 1:
            raise ConnectionError("the worker was killed")
        return outcomes

    monkeypatch.setattr(importing, "record_responses", crash)
    with pytest.raises(ConnectionError):
        importing.run_job(job, _alive(job))
    monkeypatch.setattr(importing, "record_responses", record)
    assert Response.objects.count() == sum(score <= 10 for score, _ in ROWS[: 3 * crash_after])

    job.refresh_from_db()
    assert job.done == 3 * crash_after
    result = importing.run_job(job, _alive(job))
    assert (result["rows"], result["recorded"], result["duplicates"], result["rejected"]) == (8, 7, 0, 1)
    assert result["tickets"] == 5
    assert Response.objects.count() == 7


def _alive(job: Job):
    return lambda **progress: Job.objects.filter(pk=job.pk).update(**progress)


def test_progress_grants_new_attempts():
    job = start()
    Job.objects.filter(pk=job.pk).update(attempts=2)
    running.run_waiting(now=NOW)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.DONE, 0)


def test_a_file_that_cannot_be_taken_fails_the_job_with_its_one_line():
    job = start("mood\nfine\n")
    running.run_waiting(now=NOW)
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert job.error.startswith("No score column")


def test_a_try_out_tells_the_same_and_leaves_nothing():
    dry = start(dry_run=True)
    running.run_waiting(now=NOW)
    dry.refresh_from_db()
    assert not Response.objects.exists()
    assert dry.items.count() == 1
    real = start()
    running.run_waiting(now=NOW)
    real.refresh_from_db()
    assert dry.result == real.result


def test_instructions_survive_being_stored():
    said = Instructions(Choices({"score": "a"}), "all", True)
    assert Instructions.from_json(json.loads(json.dumps(said.as_json()))) == said
