"""An exported list of answers is a file that our own import knows: same counts, same NPS, nothing to be told."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command

from followups.reports import metrics
from surveys.models import Response
from tests import factories as make
from tests.factories import DAY, NOW
from tests.followups.reports.exports.reading import client_of, content_of
from tests.followups.reports.lives import throw_together

pytestmark = pytest.mark.django_db
HOSTILE = ("=1+1", "-12 points", "@home", 'quoted "words", commas;\nand lines', "", "Ünïcödé 👍🏿", "+49 170")


@pytest.mark.parametrize("language", ["en", "de", "es", "fr"])
def test_exported_answers_are_imported_with_the_same_counts_and_nps(language: str, tmp_path: Path) -> None:
    throw_together(7, tickets=10, answers=40)
    for number, words in enumerate(HOSTILE):
        make.make_response(number, verbatim=words, contact=make.make_contact(), contact_me=number % 2 == 0)
    admin = make.make_admin(language=language, time_zone="Europe/Berlin")
    filters = metrics.ReportFilters(day_from=NOW.date() - 400 * DAY, day_to=NOW.date(), viewer=admin)
    with time_machine.travel(NOW, tick=False):
        found = metrics.nps_report(filters, now=NOW)
        content = content_of(client_of(admin).get(f"/exports/answers.csv?{filters.query()}"))
    path = tmp_path / "answers.csv"
    path.write_bytes(content)
    known = set(Response.objects.values_list("pk", flat=True))
    out = StringIO()
    with time_machine.travel(NOW + DAY):
        call_command("import_responses", str(path), "--source", "again", "--follow-up", "none", "--json", stdout=out)
    told = json.loads(out.getvalue())
    own = found.nps
    assert (told["rows"], told["recorded"], told["rejected"]) == (own.n, own.n, 0)
    assert (told["promoters"], told["passives"], told["detractors"]) == (own.promoters, own.passives, own.detractors)
    assert told["nps"] == round(own.value or 0, 2)
    again = Response.objects.exclude(pk__in=known)
    before = Response.objects.filter(pk__in=known, excluded_as="")
    assert sorted(again.values_list("external_id", "score")) == sorted(before.values_list("external_id", "score"))
    # To the second, as the file has it, and on the same day.
    assert {(row.external_id, row.responded_at.replace(microsecond=0)) for row in again} == {
        (row.external_id, row.responded_at.replace(microsecond=0)) for row in before
    }
    words = {row.external_id: row.verbatim for row in before}
    assert {row.verbatim.removeprefix("'") for row in again} == {
        text.strip().removeprefix("'") for text in words.values()
    }
    said = set(before.values_list("external_id", "contact_me", "driver", "language", "touchpoint__name"))
    assert set(again.values_list("external_id", "contact_me", "driver", "language", "touchpoint__name")) == said
    assert again.exclude(contact=None).count() == before.exclude(contact=None).count()
