"""`import_responses`: what it prints, what it records, and when it refuses the file as a whole."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from surveys import followup_port
from surveys.models import Response, Source

pytestmark = pytest.mark.django_db

FILE = """response_id,nps_score,comment,email,survey_date
r-1,10,Great,ada@client.example,2026-11-20
r-2,3,Slow,bo@client.example,2026-11-20
r-3,8,Fine,cy@client.example,2026-11-20
r-4,11,?,di@client.example,2026-11-20
r-5,,,,
r-6,0,Never,p.raman@,2026-11-20
"""
KEYS = [
    "rows", "recorded", "duplicates", "updated", "rejected", "promoters", "passives", "detractors", "nps", "tickets",
    "rejections",
]  # fmt: skip


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "answers.csv"
    path.write_text(FILE, encoding="utf-8")
    return path


@pytest.fixture
def opener(monkeypatch):
    """Somebody who opens a ticket for every answer below 9, and remembers what was asked."""
    asked: list[list[int]] = []

    def open_tickets(response_ids, *, now):
        asked.append(list(response_ids))
        return Response.objects.filter(pk__in=response_ids, score__lt=9).count()

    monkeypatch.setattr(followup_port, "_opener", open_tickets)
    return asked


def run(path, *options: str) -> str:
    out = StringIO()
    call_command("import_responses", str(path), *options, stdout=out)
    return out.getvalue()


def figures(path, *options: str) -> dict:
    return json.loads(run(path, "--json", *options))


def refusal(path, *options: str) -> str:
    with pytest.raises(CommandError) as refused:
        run(path, *options)
    assert refused.value.returncode == 2
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_the_json_has_the_promised_keys_and_figures(file, opener):
    told = figures(file)
    assert list(told) == KEYS
    assert {key: told[key] for key in KEYS[:-1]} == {
        "rows": 6, "recorded": 4, "duplicates": 0, "updated": 0, "rejected": 2, "promoters": 1, "passives": 1,
        "detractors": 2, "nps": -25.0, "tickets": 3,
    }  # fmt: skip
    assert [(refused["row"], refused["field"]) for refused in told["rejections"]] == [(5, "score"), (6, "score")]
    assert all(refused["reason"] for refused in told["rejections"])


def test_a_second_import_adds_nothing(file, opener):
    figures(file)
    told = figures(file)
    assert (told["rows"], told["recorded"], told["duplicates"], told["updated"], told["tickets"]) == (6, 0, 4, 0, 0)
    assert (told["promoters"], told["nps"]) == (0, None)
    assert Response.objects.count() == 4
    assert len(opener) == 1


def test_a_changed_file_updates(file, opener):
    figures(file)
    file.write_text(FILE.replace("r-1,10", "r-1,2"), encoding="utf-8")
    told = figures(file)
    assert (told["recorded"], told["duplicates"], told["updated"], told["tickets"]) == (0, 3, 1, 1)
    assert told["detractors"] == 1


def test_words_say_the_same(file, opener):
    words = run(file)
    assert "6 rows: 4 recorded, 0 known already, 0 updated, 2 rejected." in words
    assert "NPS -25.0" in words
    assert "3 tickets opened." in words
    assert "Row 5: A score" in words
    assert "Row 7: “p.raman@” is not an e-mail address" in words


def test_a_dry_run_says_the_same_and_leaves_nothing(file, opener):
    dry = figures(file, "--dry-run")
    assert not Response.objects.exists()
    assert not Source.objects.filter(slug__in=["import", "x" * 61, "a b"]).exists()
    assert figures(file) == dry
    assert figures(file, "--dry-run")["duplicates"] == 4


def test_a_dry_run_knows_what_it_took_back(tmp_path, opener, monkeypatch):
    monkeypatch.setattr("surveys.importing.CHUNK", 2)
    path = tmp_path / "repeats.csv"
    path.write_text("response_id,score\nr-1,3\nr-2,9\nr-1,3\nr-2,4\nr-2,4\n,9\n,9\n", encoding="utf-8")
    dry = figures(path, "--dry-run")
    real = figures(path)
    assert [dry[key] for key in KEYS[:5]] == [real[key] for key in KEYS[:5]] == [7, 4, 2, 1, 0]


def test_the_source_is_made_once_and_named(file, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    figures(file, "--source", "bank")
    figures(file, "--source", "bank")
    source = Source.objects.get(slug="bank")
    assert (source.slug, source.channel, source.time_zone) == ("bank", Source.Channel.FILE, "Europe/Berlin")
    figures(file)
    assert set(Source.objects.filter(channel=Source.Channel.FILE).values_list("slug", flat=True)) >= {"bank", "import"}


def test_the_mapping_of_the_source_names_columns_and_the_options_overrule_it(tmp_path, file):
    Source.objects.create(slug="mapped", name="Mapped", mapping={"driver": "comment", "score": "nps_score"})
    figures(file, "--source", "mapped")
    assert Response.objects.get(external_id="r-2").driver == "Slow"
    figures(file, "--source", "mapped", "--driver", "survey_date")
    assert Response.objects.get(external_id="r-2").driver == "2026-11-20"


def test_every_column_can_be_named(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(
        "a;b;c;d;e;f;g;h id;i;j;k;l;m;n;o\n"
        "7;Slow;ada@client.example;C-1;Ada;123;de;A-1;Onboarding;Price;no;03/11/2026;R-1;Pro;x\n",
        encoding="utf-8",
    )
    figures(
        path, "--score", "a", "--comment", "b", "--email", "c", "--contact-id", "d", "--name", "e", "--phone", "f",
        "--language", "g", "--account", "h id", "--touchpoint", "i", "--driver", "j", "--contact-me", "k",
        "--responded-at", "l", "--external-id", "m", "--attribute", "plan=n", "--date-order", "dmy",
        "--time-zone", "Asia/Tokyo",
    )  # fmt: skip
    row = Response.objects.select_related("contact", "account", "touchpoint").get()
    assert (row.score, row.verbatim, row.driver, row.contact_me) == (7, "Slow", "Price", False)
    assert (row.contact.email, row.contact.name, row.contact.phone) == ("ada@client.example", "Ada", "123")
    assert (row.account.external_id, row.touchpoint.name, row.external_id) == ("A-1", "Onboarding", "R-1")
    assert row.attributes == {"plan": "Pro"}
    assert row.responded_at.isoformat() == "2026-11-03T03:00:00+00:00"


def test_follow_up_and_acknowledgement_are_kept_with_the_answers(file):
    figures(file, "--follow-up", "none", "--source", "one")
    assert set(Response.objects.values_list("follow_up", "acknowledge")) == {("none", False)}
    figures(file, "--follow-up", "all", "--acknowledge", "--source", "two")
    assert set(Response.objects.filter(source__slug="two").values_list("follow_up", flat=True)) == {"all"}


def test_without_a_follow_up_side_the_import_announces(file, monkeypatch, django_capture_on_commit_callbacks):
    from surveys.signals import responses_recorded

    monkeypatch.setattr(followup_port, "_opener", None)
    heard: list[int] = []

    def listen(response_ids, **_):
        heard.extend(response_ids)

    responses_recorded.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            assert figures(file)["tickets"] == 0
    finally:
        responses_recorded.disconnect(listen)
    assert sorted(heard) == list(Response.objects.order_by("pk").values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--score", "mood"], "no column “mood”"),
        (["--source", "a b"], "no slug"),
        (["--source", "x" * 61], "60 characters"),
        (["--time-zone", "Mars/Base"], "no time zone"),
    ],
)
def test_options_that_cannot_be_followed_refuse_the_file(file, options, said):
    assert said in refusal(file, *options)
    assert not Response.objects.exists()
    assert not Source.objects.filter(slug__in=["import", "x" * 61, "a b"]).exists()


def test_a_file_that_cannot_be_taken_records_nothing(tmp_path):
    path = tmp_path / "ambiguous.csv"
    path.write_text("score,date\n9,3/11/2026\n3,4/11/2026\n", encoding="utf-8")
    assert "must be stated (dmy or mdy)" in refusal(path)
    assert figures(path, "--date-order", "mdy")["recorded"] == 2
    assert "no such file" in refusal(tmp_path / "missing.csv")


def test_a_doubtful_score_says_how_to_vouch_for_it(tmp_path):
    path = tmp_path / "stars.csv"
    path.write_text("rating\n" + "5\n4\n3\n" * 5, encoding="utf-8")
    assert "five stars" in refusal(path)
    assert "--score-is-nps" in refusal(path, "--score", "rating")
    assert figures(path, "--score", "rating", "--score-is-nps")["detractors"] == 15


def test_an_attribute_option_without_a_column_is_refused(file):
    with pytest.raises(CommandError, match="NAME=COL"):
        run(file, "--attribute", "plan")
