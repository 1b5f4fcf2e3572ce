"""Columns get a meaning where their names leave no doubt; the score column only where its values agree."""

from collections.abc import Mapping

import pytest

from surveys.readers.answers import LookedInto, look_into
from surveys.readers.columns import Choices, plain
from surveys.readers.delimited import UnreadableFile

SCORES = (10, 0, 9, 7, 3, 8, 10, 2, 9, 6)


def look(tmp_path, header: str, *rows: str, **said) -> LookedInto:
    path = tmp_path / "answers.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return look_into(path, Choices(**said))


def with_values(tmp_path, file: Mapping[str, object], **said) -> LookedInto:
    """A file of ten rows; a column is a list of ten values, or one value for all rows."""
    lists = [values if isinstance(values, tuple | list) else [values] * 10 for values in file.values()]
    rows = (",".join(f'"{value}"' for value in row) for row in zip(*lists, strict=True))
    return look(tmp_path, ",".join(f'"{name}"' for name in file), *rows, **said)


def meanings(found: LookedInto) -> dict[str, str]:
    assert not found.problem, found.problem
    return {name: found.meaning_of(index) for index, name in enumerate(found.table.header)}


@pytest.mark.parametrize(
    "name",
    [
        "score", "Score", "NPS", "nps_score", "npsScore", "NPS Rating", "Q1_NPS", "rating", "grade", "nota", "Puntuación",
        "Bewertung", "net promoter score", "survey score", "likelihood_to_recommend",
        "How likely are you to recommend this airline?",
        "How likely is it that you would recommend us to a friend or colleague?",
        "Wie wahrscheinlich ist es, dass Sie uns weiterempfehlen?",
        "¿Qué tan probable es que nos recomiende?",
        "Quelle est la probabilité que vous nous recommandiez ?",
        "On a scale of 0-10, how would you rate us?",
        "Auf einer Skala von 0 bis 10: wie zufrieden sind Sie?",
    ],
)  # fmt: skip
def test_names_of_the_score(tmp_path, name):
    assert meanings(with_values(tmp_path, {"market": "UK", name: SCORES}))[name] == "score"


@pytest.mark.parametrize(
    "name",
    [
        "nps_category",
        "NPS comment",
        "promoter_type",
        "score_band",
        "month",
        "sessions",
        "total_responses",
        "csat",
        "scores",
    ],
)
def test_names_that_are_no_score(tmp_path, name):
    assert with_values(tmp_path, {"market": "UK", name: SCORES}).problem.startswith("No score column")


def test_what_says_nps_beats_what_says_rating_beats_what_says_0_to_10(tmp_path):
    columns = {"on a scale of 0 to 10": SCORES, "rating": SCORES[::-1], "nps": SCORES}
    assert meanings(with_values(tmp_path, columns))["nps"] == "score"
    del columns["nps"]
    assert meanings(with_values(tmp_path, columns))["rating"] == "score"


def test_a_column_of_words_that_says_nps_is_not_the_score(tmp_path):
    found = with_values(tmp_path, {"NPS": "Promoter", "score": SCORES})
    assert meanings(found)["score"] == "score"


def test_of_two_ratings_the_one_that_looks_like_0_to_10_is_the_score(tmp_path):
    found = with_values(tmp_path, {"rating": (4, 5, 5, 1, 2, 3, 5, 4, 4, 5), "score": SCORES})
    assert meanings(found) == {"rating": "attribute", "score": "score"}


def test_of_equal_questions_the_one_followed_by_why_is_the_score_and_why_the_comment(tmp_path):
    columns = {
        "On a scale of 0-10, how would you rate the opening?": SCORES[::-1],
        "On a scale of 0-10, how would you rate us?": SCORES,
        "...why?": "because",
    }
    found = meanings(with_values(tmp_path, columns))
    assert list(found.values()) == ["attribute", "score", "comment"]


def test_two_equal_candidates_are_not_guessed_between(tmp_path):
    columns = {"score": SCORES, "rating": SCORES[::-1]}
    assert "could each be the score" in with_values(tmp_path, columns).problem
    said = with_values(tmp_path, columns, columns={"score": "RATING"})
    assert meanings(said)["rating"] == "score"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((1, 0, 1, 1, 0, 1, 1, 1, 0, 1), "thumbs"),
        ((5, 4, 1, 3, 5, 2, 5, 4, 1, 5), "five stars"),
        ((50, 100, 75, 0, 25, 100, 90, 80, 10, 60), "outside 0 to 10"),
        (("good",) * 10, "texts such as “good”"),
        (("",) * 10, "blank"),
    ],
)
def test_a_column_that_does_not_look_like_0_to_10_stops_the_import_and_says_what_was_seen(tmp_path, values, said):
    guessed = with_values(tmp_path, {"market": "UK", "score": values})
    chosen = with_values(tmp_path, {"market": "UK", "thumb": values}, columns={"score": "thumb"})
    for found in (guessed, chosen):
        assert said in found.problem
        assert "\n" not in found.problem


def test_a_person_may_vouch_for_a_chosen_score_column(tmp_path):
    values = (1, 0, 1, 1, 0, 1, 1, 1, 0, 1)
    found = with_values(tmp_path, {"thumb": values}, columns={"score": "thumb"}, score_is_nps=True)
    assert meanings(found) == {"thumb": "score"}


def test_the_meanings_of_a_full_header(tmp_path):
    header = {
        "Response ID": "r",
        "nps_score": SCORES,
        "Verbatim": "w",
        "E-Mail": "e",
        "CustomerID": "c",
        "Full Name": "n",
        "Phone": "p",
        "Language": "en",
        "account_id": "a",
        "Company": "co",
        "touchpoint": "t",
        "Driver": "d",
        "contact_me": "yes",
        "share_name": "no",
        "product": "x",
        "Submitted At": "2026-11-20T10:00Z",
        "updated_at": "2026-11-20T10:00Z",
        "created_at": "2020-11-20T10:00Z",
        "Depot": "Malmö",
    }
    assert list(meanings(with_values(tmp_path, header)).values()) == [
        "external_id", "score", "comment", "email", "contact_external_id", "name", "phone", "language",
        "account_external_id", "account_name", "touchpoint", "driver", "contact_me", "share_name", "product",
        "responded_at", "version_at", "attribute", "attribute",
    ]  # fmt: skip


def test_first_and_last_name_make_a_name(tmp_path):
    found = with_values(tmp_path, {"First Name": "Ada", "Last Name": "Okafor", "score": SCORES})
    assert meanings(found) == {"First Name": "name", "Last Name": "name", "score": "score"}


def test_a_bare_id_is_kept_and_spoken_of(tmp_path):
    found = with_values(tmp_path, {"id": tuple(range(10)), "score": SCORES})
    assert meanings(found)["id"] == "attribute"
    assert any("may be the id of the answer or of the customer" in note for note in found.notes)
    said = with_values(tmp_path, {"id": tuple(range(10)), "score": SCORES}, columns={"external_id": "id"})
    assert meanings(said)["id"] == "external_id"


def test_two_columns_for_one_field_are_not_guessed_between(tmp_path):
    found = with_values(tmp_path, {"email": "a", "E-Mail": "b", "score": SCORES})
    assert meanings(found)["email"] == "attribute"
    assert any("could each be the email" in note for note in found.notes)


def test_two_dates_of_equal_right_stop_the_import(tmp_path):
    columns = {"Start of it": "x", "completed_at": "2026-11-01", "submitted_at": "2026-11-02", "score": SCORES}
    assert "could each be the date" in with_values(tmp_path, columns).problem
    said = with_values(tmp_path, columns, columns={"responded_at": "submitted_at"})
    assert meanings(said)["submitted_at"] == "responded_at"


def test_a_column_named_for_a_date_that_holds_none_is_not_the_date(tmp_path):
    found = with_values(tmp_path, {"date": "Q1", "score": SCORES})
    assert meanings(found)["date"] == "attribute"
    assert any("undated" in note for note in found.notes)


def test_the_account_option_follows_the_name_of_the_column(tmp_path):
    columns = {"Kundennr": "1", "Firma GmbH": "x", "client no": "7", "score": SCORES}
    assert (
        meanings(with_values(tmp_path, columns, columns={"account": "client no"}))["client no"] == "account_external_id"
    )
    assert meanings(with_values(tmp_path, columns, columns={"account": "Firma GmbH"}))["Firma GmbH"] == "account_name"


def test_attributes_that_are_named_are_the_only_ones(tmp_path):
    columns = {"market": "UK", "plan": "Pro", "score": SCORES}
    found = with_values(tmp_path, columns, attributes={"country": "market"})
    assert meanings(found) == {"market": "attribute", "plan": "", "score": "score"}
    left_out = with_values(tmp_path, columns, left_out=frozenset({"plan"}))
    assert meanings(left_out) == {"market": "attribute", "plan": "", "score": "score"}


def test_more_columns_than_can_be_kept_are_said(tmp_path):
    found = with_values(tmp_path, {"score": SCORES} | {f"c{n}": n for n in range(120)})
    assert sum(meaning == "attribute" for meaning in meanings(found).values()) == 100
    assert any("the first 100 are kept" in note for note in found.notes)


def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path):
    with pytest.raises(UnreadableFile, match="no column “mood”; the file has “score”"):
        with_values(tmp_path, {"score": SCORES}, columns={"comment": "mood"})


def test_two_columns_of_one_name_cannot_be_chosen(tmp_path):
    with pytest.raises(UnreadableFile, match="2 columns are named “score”"):
        look(tmp_path, "score,score", "9,1", columns={"score": "score"})
    assert "could each be the score" in look(tmp_path, "score,score", "9,1").problem


def test_choices_survive_being_stored():
    said = Choices({"score": "NPS"}, {"a": "b"}, frozenset({"c"}), None, "Europe/Berlin", True)
    assert Choices.from_json(said.as_json()) == said
    assert Choices.from_json({}) == Choices()


@pytest.mark.parametrize(
    ("name", "words"),
    [("CustomerID", "customer id"), ("customer_id", "customer id"), ("E-Mail", "e mail"), ("npsScore", "nps score"),
     ("  Größe ", "große"), ("Prénom", "prenom")],
)  # fmt: skip
def test_plain_names(name, words):
    assert plain(name) == words.replace("ß", "ss")
