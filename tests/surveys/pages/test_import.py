"""/import/: upload, columns, trying out, importing, result, and who may."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from nps_loop.jobs.models import Job
from nps_loop.jobs.running import run_waiting
from nps_loop.people.models import User
from surveys.models import Contact, Response, Source
from surveys.uploading import KEPT_FOR, UPLOADED, throw_away_old
from tests import factories
from tests.surveys.pages.conftest import logged_in


def answers(*rows: str, header: str = "ResponseID,NPS,Comment,E-Mail,Company,Date,Depot") -> str:
    return "\n".join([header, *rows]) + "\n"


def recent(days: int = 1) -> str:
    return (timezone.now() - timedelta(days=days)).date().isoformat()


def file() -> str:
    return answers(
        f"R-1,3,We waited.,marta@nordby.example,Nordby,{recent()},Malmö",
        f"R-2,9,Great,erik@nordby.example,Nordby,{recent()},Oslo",
        f"R-3,11,,a@b.example,Nordby,{recent()},Oslo",
        f"=cmd|calc,n/a,,a@b.example,Nordby,{recent()},Oslo",
    )


def upload(client: Client, content: str | bytes, name: str = "onboarding.csv", **data: object) -> HttpResponse:
    sent = SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)
    return client.post("/import/", {"file": sent, "new_source": "Onboarding survey", **data})


def columns_of(page: str) -> dict[str, str]:
    """Column name -> what it is read as, as the page shows it."""
    found = {}
    for row in re.findall(r'<tr><th scope="row"><label.*?</tr>', page, re.S):
        name = re.search(r"<label[^>]*>([^<]*)<", row)
        chosen = re.search(r'<option value="([^"]*)" selected', row)
        assert name is not None and chosen is not None
        found[name[1]] = chosen[1]
    return found


def form_of(page: str) -> dict[str, str]:
    """What the columns page would send as it stands."""
    sent = {"follow_up": "auto", "acknowledge": "no", "time_zone": "UTC"}
    for index, meaning in enumerate(columns_of(page).values()):
        sent[f"column_{index}"] = meaning
    return sent


def run() -> None:
    run_waiting(now=timezone.now())


def test_a_file_goes_from_upload_to_result(admin: Client) -> None:
    answer = upload(admin, file())
    job = Job.objects.get()
    assert answer["Location"] == f"/import/{job.pk}/"
    page = admin.get(answer["Location"]).content.decode()
    assert "4 rows, 7 columns" in page
    assert columns_of(page) == {
        "ResponseID": "external_id",
        "NPS": "score",
        "Comment": "comment",
        "E-Mail": "email",
        "Company": "account",
        "Date": "responded_at",
        "Depot": "attribute",
    }
    assert not Response.objects.exists()
    answer = admin.post(f"/import/{job.pk}/begin/", form_of(page) | {"do": "import"})
    assert answer.status_code == 302
    assert "A worker takes it in a moment" in admin.get(f"/import/{job.pk}/").content.decode()
    run()
    page = admin.get(f"/import/{job.pk}/").content.decode()
    assert "2 answers recorded." in page
    assert "1 ticket opened." in page
    assert "2 rows rejected" in page
    assert "A score is a whole number from 0 to 10" in page
    assert Source.objects.get(slug="onboarding-survey").name == "Onboarding survey"
    assert set(Response.objects.values_list("external_id", "score")) == {("R-1", 3), ("R-2", 9)}


def test_the_same_file_again_adds_nothing(admin: Client) -> None:
    for _ in range(2):
        source = Source.objects.filter(slug="onboarding-survey").first()
        upload(admin, file(), **({"source": source.pk} if source else {}))
        job = Job.objects.order_by("-pk")[0]
        page = admin.get(f"/import/{job.pk}/").content.decode()
        admin.post(f"/import/{job.pk}/begin/", form_of(page) | {"do": "import"})
        run()
    assert Response.objects.count() == 2
    assert "2 known already" in admin.get(f"/import/{job.pk}/").content.decode()


def test_trying_out_records_nothing_and_can_be_followed_by_importing(admin: Client) -> None:
    upload(admin, file())
    job = Job.objects.get()
    page = admin.get(f"/import/{job.pk}/").content.decode()
    admin.post(f"/import/{job.pk}/begin/", form_of(page) | {"do": "try"})
    run()
    page = admin.get(f"/import/{job.pk}/").content.decode()
    assert "Tried out: nothing was recorded." in page
    assert "2 recorded" in page
    assert not Response.objects.exists()
    assert admin.post(f"/import/{job.pk}/begin/").status_code == 302
    run()
    assert "2 answers recorded." in admin.get(f"/import/{job.pk}/").content.decode()
    assert Response.objects.count() == 2
    assert job.items.count() == 2


def test_beginning_twice_begins_once(admin: Client) -> None:
    upload(admin, file())
    job = Job.objects.get()
    form = form_of(admin.get(f"/import/{job.pk}/").content.decode()) | {"do": "import"}
    admin.post(f"/import/{job.pk}/begin/", form)
    run()
    finished = Job.objects.get().finished_at
    assert admin.post(f"/import/{job.pk}/begin/", form)["Location"] == f"/import/{job.pk}/"
    run()
    assert Job.objects.get().finished_at == finished
    assert Source.objects.filter(name="Onboarding survey").count() == 1


def test_columns_can_be_chosen(admin: Client) -> None:
    content = answers(
        f"7,fine,x@y.example,2,{recent()}", header="Recommend 0-10,Why so,Mail address,Rating,Day of answer"
    )
    upload(admin, content)
    job = Job.objects.get()
    page = admin.get(f"/import/{job.pk}/").content.decode()
    form = form_of(page) | {"column_1": "comment", "column_2": "email", "column_3": "", "column_4": "responded_at"}
    looked = admin.post(f"/import/{job.pk}/begin/", form | {"do": "look"}).content.decode()
    assert columns_of(looked) == {
        "Recommend 0-10": "score",
        "Why so": "comment",
        "Mail address": "email",
        "Rating": "",
        "Day of answer": "responded_at",
    }
    assert "chosen by you" in looked
    admin.post(f"/import/{job.pk}/begin/", form_of(looked) | {"do": "import"})
    run()
    answer = Response.objects.get()
    assert (answer.score, answer.verbatim, answer.attributes) == (7, "fine", {})
    assert Contact.objects.get().email == "x@y.example"


def test_a_column_that_was_taken_for_something_can_be_merely_kept(admin: Client) -> None:
    upload(admin, file())
    job = Job.objects.get()
    page = admin.get(f"/import/{job.pk}/").content.decode()
    index = list(columns_of(page)).index("Comment")
    admin.post(f"/import/{job.pk}/begin/", form_of(page) | {f"column_{index}": "attribute", "do": "import"})
    run()
    answer = Response.objects.get(external_id="R-1")
    assert answer.verbatim == ""
    assert answer.attributes == {"Comment": "We waited.", "Depot": "Malmö"}


def test_two_columns_cannot_mean_the_same(admin: Client) -> None:
    upload(admin, file())
    job = Job.objects.get()
    page = admin.get(f"/import/{job.pk}/").content.decode()
    form = form_of(page) | {"column_5": "product", "column_6": "product", "do": "import"}
    answer = admin.post(f"/import/{job.pk}/begin/", form)
    assert answer.status_code == 422
    assert "cannot both be the product" in answer.content.decode()
    assert Job.objects.get().kind == UPLOADED


def test_an_unproven_order_of_dates_is_asked_for(admin: Client) -> None:
    content = answers("R-1,3,a,m@n.example,N,03/04/2026,x", "R-2,9,b,e@n.example,N,04/05/2026,x")
    upload(admin, content)
    job = Job.objects.get()
    page = admin.get(f"/import/{job.pk}/").content.decode()
    assert "the day comes first" in page
    form = form_of(page) | {"do": "import"}
    assert admin.post(f"/import/{job.pk}/begin/", form).status_code == 422
    assert not Response.objects.exists()
    assert admin.post(f"/import/{job.pk}/begin/", form | {"date_order": "dmy"}).status_code == 302
    run()
    assert [answer.responded_at.month for answer in Response.objects.order_by("external_id")] == [4, 5]


def test_a_score_that_does_not_look_like_one_is_not_taken_unasked(admin: Client) -> None:
    content = "id,nps,date\n" + "".join(f"{n},{n % 5 + 1},{recent()}\n" for n in range(60))
    upload(admin, content)
    job = Job.objects.get()
    page = admin.get(f"/import/{job.pk}/").content.decode()
    assert "is not read as the score" in page
    form = form_of(page) | {"column_1": "score", "do": "import"}
    assert admin.post(f"/import/{job.pk}/begin/", form).status_code == 422
    assert admin.post(f"/import/{job.pk}/begin/", form | {"score_is_nps": "on"}).status_code == 302
    run()
    assert Response.objects.count() == 60


def test_what_is_no_table_is_refused_in_one_line(admin: Client) -> None:
    answer = upload(admin, b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" * 50, name="photo.csv")
    page = admin.get(answer["Location"])
    assert page.status_code == 422
    assert "This file cannot be taken." in page.content.decode()


def test_without_a_file_or_a_source_it_says_so(admin: Client) -> None:
    answer = admin.post("/import/", {"new_source": "X"})
    assert answer.status_code == 400
    assert "Choose a file first." in answer.content.decode()
    answer = admin.post("/import/", {"file": SimpleUploadedFile("a.csv", b"nps\n3\n")})
    assert answer.status_code == 400
    assert "Give the new source a name, or choose a known one." in answer.content.decode()
    assert not Job.objects.exists()


def test_rejections_can_be_downloaded_and_no_cell_runs_as_a_formula(admin: Client) -> None:
    content = answers(f"R-1,=1+1,,a@b.example,N,{recent()},x", f"R-2,4,,a@b.example,N,{recent()},x")
    upload(admin, content)
    job = Job.objects.get()
    form = form_of(admin.get(f"/import/{job.pk}/").content.decode()) | {"do": "import"}
    admin.post(f"/import/{job.pk}/begin/", form)
    run()
    item = job.items.get()
    item.reason = "=HYPERLINK(1)"
    item.save()
    answer = admin.get(f"/import/{job.pk}/rejected.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="onboarding-rejected.csv"'
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert rows == [["Row", "Field", "Reason"], ["2", "score", "'=HYPERLINK(1)"]]


def test_the_progress_page_asks_again_by_itself(admin: Client) -> None:
    job = Job.objects.create(
        kind="import",
        state="running",
        total=1_318,
        done=812,
        file_name="onboarding.csv",
        started_at=timezone.now() - timedelta(seconds=8),
    )
    page = admin.get(f"/import/{job.pk}/").content.decode()
    assert "Reading, 812 of 1,318 rows" in page
    assert "seconds left" in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert f'hx-get="/import/{job.pk}/"' in page
    Job.objects.update(state="done", result={"rows": 1_318, "recorded": 1_318})
    assert admin.get(f"/import/{job.pk}/", headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_a_file_that_failed_says_why(admin: Client) -> None:
    job = Job.objects.create(kind="import", state="failed", file_name="a.csv", error="It stopped three times.")
    page = admin.get(f"/import/{job.pk}/").content.decode()
    assert "The file could not be taken." in page
    assert "It stopped three times." in page


def test_leads_import_agents_do_not(agent: User) -> None:
    lead = User.objects.get(username="tomas")
    assert logged_in(lead).get("/import/").status_code == 200
    client = logged_in(agent)
    job = Job.objects.create(kind="import", state="done", file_name="a.csv")
    for address in ("/import/", f"/import/{job.pk}/", f"/import/{job.pk}/rejected.csv"):
        assert client.get(address).status_code == 403
    assert upload(client, file()).status_code == 403
    assert client.post(f"/import/{job.pk}/begin/").status_code == 403
    assert Client().get("/import/")["Location"].startswith("/login/")
    assert Job.objects.count() == 1


def test_jobs_of_another_kind_are_no_imports(admin: Client) -> None:
    job = Job.objects.create(kind="export", state="done")
    assert admin.get(f"/import/{job.pk}/").status_code == 404
    assert admin.get("/import/99999999999999999999/").status_code == 404


def test_beginning_is_a_post(admin: Client) -> None:
    upload(admin, file())
    assert admin.get(f"/import/{Job.objects.get().pk}/begin/").status_code == 405


def test_an_upload_nobody_went_on_with_is_thrown_away(admin: Client) -> None:
    upload(admin, file())
    job = Job.objects.get()
    storage, name = job.file.storage, job.file.name
    throw_away_old(timezone.now())
    assert Job.objects.exists()
    throw_away_old(timezone.now() + KEPT_FOR + timedelta(hours=1))
    assert not Job.objects.exists()
    assert not storage.exists(name)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\x00b.csv", "=1+1.csv", "ü" * 300 + ".csv"])
def test_no_file_name_becomes_a_path(admin: Client, name: str) -> None:
    upload(admin, file(), name=name)
    job = Job.objects.get()
    assert job.file.name.startswith("jobs/")
    assert admin.get(f"/import/{job.pk}/").status_code == 200


def test_the_last_imports_are_listed(admin: Client) -> None:
    factories.make_source(name="Known")
    upload(admin, file())
    page = admin.get("/import/").content.decode()
    assert "onboarding.csv" in page
    assert "not imported yet" in page
    assert ">Known</option>" in page
