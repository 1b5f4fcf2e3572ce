"""What a figure is called where its list is read: every one has a name, and the list says it with its days."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import translation

from followups.models import Team
from followups.reports.figure_names import figure_in_words, number_of_signal_in_words, with_days
from followups.reports.metrics.figures import FIGURES, HEARS, OF_DUE_BAND, WITH_CAUSE
from followups.reports.metrics.recovered import OF_RECOVERY
from followups.reports.metrics.signals import OF_TICKETS
from tests import factories as make
from tests.followups.pages.conftest import logged_in

EVERY = sorted({*FIGURES, *WITH_CAUSE, *HEARS, *OF_DUE_BAND, *OF_RECOVERY})
STRETCHES = ["spoken-0-24", "unspoken-24-48", "resolved-0-", "unresolved-240-"]


@pytest.mark.parametrize("language", ["en", "de", "es", "fr"])
def test_every_figure_has_a_name_of_its_own(language: str) -> None:
    with translation.override(language):
        names = [figure_in_words(name) for name in (*EVERY, *STRETCHES)]
    assert all(names) and len(set(names)) == len(names)


def test_stretches_say_their_hours() -> None:
    assert [figure_in_words(name) for name in STRETCHES] == [
        "Spoken to, after 0 to 24 h", "Not spoken to, after 24 to 48 h", "Resolved", "Not resolved, after 240 h and longer",
    ]  # fmt: skip


@pytest.mark.django_db
def test_causes_are_called_by_their_names() -> None:
    cause = make.make_root_cause("Late delivery")
    assert figure_in_words(f"cause-{cause.slug}") == "Root cause: Late delivery"
    assert figure_in_words(f"causes-{cause.slug}") == "Root cause: Late delivery"
    assert figure_in_words(f"causes_but-{cause.slug}.gone") == "Root causes other than Late delivery, gone"


def test_the_days_stand_beside_it_where_there_are_any() -> None:
    first, last = date(2026, 9, 7), date(2026, 12, 1)
    assert with_days("Told what changed", first, last) == "Told what changed, 7 Sep to 1 Dec"
    assert with_days("At work", None, None) == "At work"
    assert with_days("Told what changed", last, first) == "Told what changed"


@pytest.mark.parametrize("signal", OF_TICKETS)
def test_numbers_on_signals_have_names(signal: str) -> None:
    counted, looked_at = (number_of_signal_in_words(f"{signal}.12.{part}") for part in ("counted", "all"))
    assert counted.startswith("Signal: ") and looked_at == f"Looked at for the s{counted[1:]}"


@pytest.mark.django_db
def test_the_list_behind_a_figure_says_which() -> None:
    lead = make.make_user("Lena Lead")
    make.make_member(Team.objects.first() or make.make_team(), lead, role="lead")
    client = logged_in(lead)
    page = client.get("/tickets/?figure=told&day_from=2026-09-07&day_to=2026-12-01").content.decode()
    assert '<h1 class="page-title">Told what changed, 7 Sep to 1 Dec</h1>' in page
    assert "<title>Told what changed, 7 Sep to 1 Dec" in page
    assert ">Told what changed<" in page and "Answered from 7 September 2026" in page
    assert "Behind a figure" not in page and "Answered from 2026-09-07" not in page
    page = client.get("/tickets/?signal=moved.-12.counted&day_from=2026-09-07&day_to=2026-12-01").content.decode()
    assert '<h1 class="page-title">Signal: Promised dates moved, 7 Sep to 1 Dec</h1>' in page
    for rule, words in (("any", "Given"), ("least_load", "Given by rule: Least load")):
        page = client.get(f"/tickets/?given=12.{rule}.2026-09-07.2026-12-01").content.decode()
        assert f'<h1 class="page-title">{words}, 7 Sep to 1 Dec</h1>' in page and f">{words}<" in page
    for query in ("", "?signal=x", "?given=x", "?figure=nonsense", "?band=detractor"):
        assert '<h1 class="page-title">All tickets</h1>' in client.get(f"/tickets/{query}").content.decode()
