"""`manage.py sweep`: every due piece of work once, without Celery, and what was done."""

from io import StringIO

import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_it_prints_a_count_for_each_kind_of_work() -> None:
    first, second = _swept(), _swept()
    assert {"answers_decided", "assigned", "mails_sent", "failed_parts"} <= first.keys()
    # Tests before this one may have left days to count; they are counted once.
    del first["days_counted"]
    assert set(first.values()) == set(second.values()) == {"0"}


def _swept() -> dict[str, str]:
    out = StringIO()
    call_command("sweep", stdout=out)
    return dict(line.split(": ") for line in out.getvalue().splitlines())
