"""`manage.py sweep`: every due piece of work once, without Celery, and what was done."""

from io import StringIO

import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_it_prints_a_count_for_each_kind_of_work() -> None:
    out = StringIO()
    call_command("sweep", stdout=out)
    counts = dict(line.split(": ") for line in out.getvalue().splitlines())
    assert {"answers_decided", "assigned", "mails_sent", "failed_parts"} <= counts.keys()
    assert set(counts.values()) == {"0"}
