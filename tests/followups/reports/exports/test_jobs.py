"""Long lists are made by a worker: whole or not at all, gone on with where another stopped, dropped with an erasure."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.http import QueryDict
from django.utils import timezone

from followups.models import ExportRecord, Member, Team, Ticket
from followups.reports.exports import asking, files, keeping, listing, making
from followups.reports.exports.files import Format
from followups.viewing import Viewer
from nps_loop import retention
from nps_loop.jobs import running
from nps_loop.jobs.models import Job
from nps_loop.people.models import ApiKey, User
from surveys import erasing
from tests import factories as make
from tests.factories import DAY, HOUR, NOW
from tests.followups.reports.exports.reading import client_of, content_of, csv_of, table_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"
    monkeypatch.setattr(asking, "AT_ONCE", {Format.CSV: 3, Format.XLSX: 3})
    monkeypatch.setattr(listing, "BATCH", 2)
    monkeypatch.setattr(making, "STRIDE", 4)


@pytest.fixture
def team() -> Team:
    return make.make_team("Key accounts", is_default=True)


@pytest.fixture
def agent(team: Team) -> User:
    agent = make.make_user("Hanna Brandt")
    make.make_member(team, agent)
    return agent


@pytest.fixture
def tickets(team: Team) -> list[Ticket]:
    return [make.make_ticket(team=team, answer={"contact": make.make_contact(f"Customer {n}")}) for n in range(11)]


def ask(user: User, form: str = "csv", query: str = "") -> Job:
    export = asking.export_for(
        "tickets", Format(form), QueryDict(query), viewer=Viewer.of(user), key=None, in_words=True, now=NOW
    )
    return asking.ask(export)


def work(job: Job) -> Job:
    """As a worker would, later."""
    running.run_now(job, now=timezone.now() + HOUR)
    job.refresh_from_db()
    return job


def names_in(job: Job) -> list[str]:
    content = Path(job.file.path).read_bytes()
    rows = csv_of(content) if job.file.name.endswith("csv") else table_of(content)
    return [row.get("Customer name", "") for row in rows]


def lying() -> list[str]:
    return sorted(path.name for path in keeping.folder().iterdir())


ALL = [f"Customer {n}" for n in range(11)]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_long_list_is_asked_for_made_and_fetched(form: str, agent: User, tickets: list[Ticket]) -> None:
    client = client_of(agent)
    address = f"/exports/tickets.{form}?band=detractor"
    page = client.get(address)
    assert page.status_code == 200 and "11 rows" in page.content.decode()
    assert not Job.objects.exists() and not ExportRecord.objects.exists()
    assert client.post(address).headers["Location"] == "/exports/"
    job = Job.objects.get()
    assert (job.kind, job.total, job.created_by) == ("export_list", 11, agent)
    assert f"/exports/{job.pk}/" not in client.get("/exports/").content.decode()
    assert client.get(f"/exports/{job.pk}/").status_code == 404
    work(job)
    assert (job.state, job.done, job.result["rows"]) == ("done", 11, 11)
    assert names_in(job) == ALL
    assert job.result["bytes"] == Path(job.file.path).stat().st_size
    assert lying() == [Path(job.file.name).name]
    assert f'href="/exports/{job.pk}/"' in client.get("/exports/").content.decode()
    answer = client.get(f"/exports/{job.pk}/")
    assert content_of(answer) == Path(job.file.path).read_bytes()
    assert answer["Content-Disposition"] == f'attachment; filename="Tickets {timezone.now().date()}.{form}"'
    assert "no-store" in answer["Cache-Control"]
    record = ExportRecord.objects.get()
    assert (record.rows, record.job, record.asked) == (11, job, {"band": ["detractor"]})
    assert record.finished_at is not None


def test_asked_twice_while_it_waits_it_is_made_once(agent: User, tickets: list[Ticket]) -> None:
    first = ask(agent, query="band=detractor&sort=score")
    assert ask(agent, query="band=detractor") == first
    assert ask(agent, query="band=passive") != first
    assert ask(agent, "xlsx", "band=detractor") != first
    assert ask(make.make_admin(), query="band=detractor") != first
    work(first)
    assert ask(agent, query="band=detractor") != first


def test_done_twice_it_is_the_same_file(agent: User, tickets: list[Ticket]) -> None:
    job = work(ask(agent))
    before = Path(job.file.path).read_bytes()
    running.run_now(job, now=timezone.now() + HOUR)
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, leased_until=NOW)
    work(job)
    assert Path(job.file.path).read_bytes() == before
    assert job.result["rows"] == 11


class Killed(BaseException):
    """As a process that is killed: nothing after it runs."""


def killed_after(batches: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The worker dies before it reads the batch after so many. Returns what undoes that."""
    real = listing.batches
    left = [batches]

    def dying(*arguments: Any) -> Iterator[Any]:
        for each in real(*arguments):
            if not left[0]:
                raise Killed
            left[0] -= 1
            yield each

    monkeypatch.setattr(making, "batches", dying)
    return lambda: monkeypatch.setattr(making, "batches", real)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("batches", range(6))
def test_killed_anywhere_it_leaves_no_half_file_and_the_next_worker_makes_the_whole(
    batches: int, form: str, agent: User, tickets: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ask(agent, form)
    revive = killed_after(batches, monkeypatch)
    with pytest.raises(Killed):
        running.run_now(job, now=NOW)
    revive()
    job.refresh_from_db()
    assert (job.state, job.file.name) == ("running", "")
    assert not [name for name in lying() if name.endswith(("csv", "xlsx"))]
    assert client_of(agent).get(f"/exports/{job.pk}/").status_code == 404
    # What came in meanwhile was not asked for; what is safe already is not read again.
    make.make_ticket(team=tickets[0].team)
    reads: list[int] = []
    real = listing.listings["tickets"].read
    monkeypatch.setattr(
        listing.listings["tickets"], "read", lambda question, keys: reads.extend(keys) or real(question, keys)
    )
    work(job)
    assert (job.state, job.attempts) == ("done", 2)
    assert names_in(job) == ALL
    assert len(reads) == (11 - batches // 2 * 4 if form == "csv" else 11)
    assert lying() == [Path(job.file.name).name]
    assert ExportRecord.objects.get().rows == 11


def test_a_worker_thought_dead_that_wakes_up_spoils_nothing(
    agent: User, tickets: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ask(agent)
    real = listing.batches
    other: list[Job] = []

    def slow(*arguments: Any) -> Iterator[Any]:
        for number, each in enumerate(real(*arguments)):
            if number == 3 and not other:
                # Its lease ran out: another one takes the job over and ends it.
                other.append(Job.objects.get(pk=job.pk))
                running.run_now(other[0], now=timezone.now() + HOUR)
                assert other[0].state == "done"
            yield each

    monkeypatch.setattr(making, "batches", slow)
    running.run_now(job, now=NOW)
    job.refresh_from_db()
    assert names_in(job) == ALL
    assert job.file.name == other[0].file.name


def test_a_power_cut_in_the_middle_of_a_line_is_cut_off(
    agent: User, tickets: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ask(agent)
    revive = killed_after(3, monkeypatch)
    with pytest.raises(Killed):
        running.run_now(job, now=NOW)
    revive()
    (part,) = keeping.folder().glob("*.part")
    with part.open("ab") as file:
        file.write(b'"half a li')
    work(job)
    assert names_in(job) == ALL


def test_rights_lost_before_it_is_made_count(agent: User, team: Team, tickets: list[Ticket]) -> None:
    job = ask(agent)
    Member.objects.filter(user=agent).delete()
    work(job)
    assert names_in(job) == []
    assert content_of(client_of(agent).get(f"/exports/{job.pk}/"))


def test_rights_lost_while_it_is_made_begin_it_anew(
    agent: User, team: Team, tickets: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ask(agent)
    revive = killed_after(3, monkeypatch)
    with pytest.raises(Killed):
        running.run_now(job, now=NOW)
    revive()
    Member.objects.filter(user=agent).delete()
    work(job)
    assert names_in(job) == []


def test_a_file_made_with_other_rights_is_not_fetched_any_more(agent: User, team: Team, tickets: list[Ticket]) -> None:
    job = work(ask(agent))
    Member.objects.filter(user=agent).delete()
    answer = client_of(agent).get(f"/exports/{job.pk}/", follow=True)
    assert "Your teams have changed since this file was made." in answer.content.decode()
    again = work(ask(agent))
    assert names_in(again) == []


def test_only_who_asked_and_administrators_fetch_it(agent: User, team: Team, tickets: list[Ticket]) -> None:
    mate = make.make_user("Jo Whitfield")
    make.make_member(team, mate, role=Member.Role.LEAD)
    job = work(ask(agent))
    assert client_of(mate).get(f"/exports/{job.pk}/").status_code == 404
    assert job.file_name not in client_of(mate).get("/exports/").content.decode()
    admin = client_of(make.make_admin())
    assert content_of(admin.get(f"/exports/{job.pk}/"))
    assert "Hanna Brandt" in admin.get("/exports/").content.decode()


def test_whoever_is_gone_gets_no_file(agent: User, tickets: list[Ticket]) -> None:
    job = ask(agent)
    User.objects.filter(pk=agent.pk).update(is_active=False)
    work(job)
    assert (job.state, job.error) == ("failed", "Whoever asked for this is not here any more.")
    assert lying() == []


def test_a_revoked_key_gets_no_file(tickets: list[Ticket]) -> None:
    key, _secret = ApiKey.objects.issue("Dashboard", "read")
    export = asking.export_for(
        "tickets", Format.CSV, QueryDict(), viewer=asking.reader_of(None, key), key=key, in_words=False, now=NOW
    )
    job = asking.ask(export)
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=NOW)
    assert work(job).state == "failed"


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_erasure_drops_every_file_finished_or_not(
    form: str, agent: User, tickets: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    done, waiting = work(ask(agent)), ask(agent, form, "band=detractor")
    revive = killed_after(3, monkeypatch)
    with pytest.raises(Killed):
        running.run_now(waiting, now=NOW)
    revive()
    assert len(lying()) >= 2
    counts = erasing.erase(tickets[0].contact, by=None, now=NOW)  # type: ignore[arg-type]
    assert counts["export_files"] == 1
    assert lying() == []
    done.refresh_from_db()
    assert not done.file
    assert "It is kept for some days only" not in client_of(agent).get("/exports/").content.decode()
    assert client_of(agent).get(f"/exports/{done.pk}/").status_code == 404
    work(waiting)
    assert "Customer 0" not in names_in(waiting)
    assert len(waiting.result) and waiting.result["rows"] == 11


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_person_erased_while_it_is_made_is_not_in_it(
    form: str, agent: User, tickets: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ask(agent, form)
    real, erased = listing.batches, []

    def slow(*arguments: Any) -> Iterator[Any]:
        for number, each in enumerate(real(*arguments)):
            if number == 3 and not erased:
                erased.append(erasing.erase(tickets[0].contact, by=None, now=NOW))  # type: ignore[arg-type]
            yield each

    monkeypatch.setattr(making, "batches", slow)
    running.run_now(job, now=NOW)
    job.refresh_from_db()
    assert (job.state, job.file.name) == ("running", "")
    assert not [name for name in lying() if name.endswith(("csv", "xlsx"))]
    work(job)
    # Their answer still counts, and says of nobody whose it is.
    assert [name for name in names_in(job) if name] == ALL[1:]


def test_files_go_after_some_days_with_what_never_ended(agent: User, tickets: list[Ticket], settings: Any) -> None:
    job = work(ask(agent))
    left = keeping.folder() / "list-999-1.part"
    left.write_bytes(b"half")
    Job.objects.filter(pk=job.pk).update(finished_at=NOW)
    import os

    os.utime(left, (NOW.timestamp(), NOW.timestamp()))
    retention.run(now=NOW + 6 * DAY)
    assert len(lying()) == 2
    retention.run(now=NOW + 8 * DAY)
    assert lying() == []
    job.refresh_from_db()
    assert not job.file
    assert "It is kept for some days only" not in client_of(agent).get("/exports/").content.decode()
    assert client_of(agent).get(f"/exports/{job.pk}/").status_code == 404


def test_more_rows_than_a_sheet_holds_make_a_second_one(
    agent: User, tickets: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "ROWS_OF_A_SHEET", 6)
    job = work(ask(agent, "xlsx"))
    from tests.followups.reports.exports.reading import sheets_of

    assert {name: len(rows) for name, rows in sheets_of(Path(job.file.path).read_bytes()).items()} == {
        "Tickets": 7,
        "Tickets 2": 6,
    }


def test_what_no_spreadsheet_holds_is_refused_for_good_and_says_what_to_do(
    agent: User, tickets: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 2_000)
    job = work(ask(agent, "xlsx"))
    assert (job.state, job.error) == ("failed", "No spreadsheet holds so much. Take CSV, or ask for less.")
    assert not job.file


def test_a_sweep_that_must_soon_be_over_announces_a_long_file_and_does_not_make_it(
    agent: User, tickets: list[Ticket], monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    from followups.tasks import sweep
    from nps_loop.jobs.tasks import run_jobs

    job = ask(agent)
    rung: list[bool] = []
    monkeypatch.setattr(run_jobs, "apply_async", lambda **_options: rung.append(True))
    with django_capture_on_commit_callbacks(execute=True):
        assert sweep()["jobs"] == 0
    job.refresh_from_db()
    assert (job.state, rung) == ("waiting", [True])
    # The task it rings for, and the command on a machine without a broker, make it.
    assert run_jobs() == 1
    job.refresh_from_db()
    assert job.state == "done"
    assert run_jobs.time_limit > 30 * 60
