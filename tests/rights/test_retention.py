"""What is kept for a time only goes once a day, and the run says how much."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nps_loop import retention
from nps_loop.jobs.models import Job, RetentionRun
from nps_loop.mail.models import Attachment, Inbound
from nps_loop.webhooks.models import Delivery
from tests.factories import DAY, NOW, make_message
from tests.rights import life

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Any, settings: Any) -> None:
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"


def test_each_kind_goes_when_its_time_is_over(settings: Any) -> None:
    life.lived()
    Job.objects.update(finished_at=NOW)
    Delivery.objects.update(state="delivered")
    sent = make_message(state="sent", text="Dear Marta", created_at=NOW, sent_at=NOW)
    raw = Path(settings.DATA_DIR) / "inbound" / "ab" / "one.eml"

    assert retention.run(now=NOW + 29 * DAY) == 0
    assert raw.exists()
    retention.run(now=NOW + 31 * DAY)
    assert not raw.exists()
    assert Inbound.objects.get().words != ""
    assert not Job.objects.get(kind="import").file
    retention.run(now=NOW + 91 * DAY)
    assert not Delivery.objects.exists()
    sent.refresh_from_db()
    assert sent.text == "Dear Marta"
    retention.run(now=NOW + 366 * DAY)
    sent.refresh_from_db()
    assert (sent.text, sent.state, sent.sent_at) == ("", "sent", NOW)


def test_what_came_in_by_mail_goes_after_a_year_and_says_so(settings: Any) -> None:
    row = Inbound.objects.create(
        digest="d",
        route="imap",
        kind="reply",
        state="landed",
        text="Hello",
        words="Hello",
        subject="Re",
        received_at=NOW,
    )
    new = Inbound.objects.create(digest="e", route="imap", state="quarantined", words="Who?", received_at=NOW)
    store = Path(settings.DATA_DIR) / "inbound" / "aa"
    store.mkdir(parents=True)
    (store / "file").write_bytes(b"list")
    file = Attachment.objects.create(
        inbound=row, name="list.csv", content_type="text/csv", size=4, digest="f", stored_as="aa/file"
    )
    retention.run(now=NOW + 364 * DAY)
    row.refresh_from_db()
    assert row.words == "Hello"
    retention.run(now=NOW + 366 * DAY)
    for each in (row, new, file):
        each.refresh_from_db()
    assert (row.text, row.words, row.subject, row.state) == ("", "", "", "landed")
    assert new.words == "Who?"
    assert (file.stored_as, file.name, file.reason) == ("", "list.csv", "Kept for a time only, and that is over.")
    assert not (store / "file").exists()


def test_a_day_has_one_run_with_its_counts() -> None:
    make_message(state="sent", created_at=NOW)
    make_message(state="queued", created_at=NOW)
    later = NOW + 400 * DAY

    assert retention.run(now=later) == 1
    assert retention.run(now=later) == 0
    run = RetentionRun.objects.get()
    assert run.finished_at is not None
    nothing = dict.fromkeys(
        ("raw_mails", "inbound_words", "attachments", "import_files", "exports", "webhook_deliveries"), 0
    )
    assert run.counts == {"mail_words": 1, **nothing}


def test_nought_days_keep_it_for_good(settings: Any) -> None:
    settings.KEPT_DAYS = dict.fromkeys(settings.KEPT_DAYS, 0)
    mail = make_message(state="sent", text="Dear Marta", created_at=NOW)

    assert retention.run(now=NOW + 4000 * DAY) == 0
    mail.refresh_from_db()
    assert mail.text == "Dear Marta"
