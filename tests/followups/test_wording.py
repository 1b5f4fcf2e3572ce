"""Which words a mail says, and what a version in force may still become."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from followups import wording_versions
from followups.letter_linter import Letter, findings
from followups.mail_kinds import KINDS, PARTS
from followups.messages import letters
from followups.messages.wording import Addressed, chosen, parts_said, worded
from followups.models import MailWording, Ticket
from followups.refusals import Incomplete, NotAllowed, Stale
from nps_loop.people.models import User
from surveys.models import Brand
from tests import factories
from tests.factories import DAY, NOW
from tests.mail_templates.samples import CUSTOMER_KINDS, LANGUAGES, context

# --- which of them ---------------------------------------------------------------------------------------------

# As the page and the documentation say it: what must fit, most specific first.
ORDER = [
    ("touchpoint", "band", "brand"),
    ("touchpoint", "band"),
    ("touchpoint", "brand"),
    ("touchpoint",),
    ("band", "brand"),
    ("band",),
    ("brand",),
    (),
]

wordings = st.builds(
    MailWording,
    kind=st.sampled_from(["reopened", "resolution"]),
    language=st.sampled_from(["en", "de"]),
    band=st.sampled_from(["", "detractor", "passive"]),
    touchpoint_id=st.sampled_from([None, 1, 2]),
    brand_id=st.sampled_from([None, 1, 2]),
)
mails = st.builds(
    Addressed,
    kind=st.sampled_from(["reopened", "resolution"]),
    language=st.sampled_from(["en", "de", "fr"]),
    band=st.sampled_from(["detractor", "passive"]),
    touchpoint_id=st.sampled_from([None, 1, 2]),
    brand_id=st.sampled_from([1, 2]),
)


def by_the_list(rows: list[MailWording], to: Addressed) -> MailWording | None:
    """The stated order, read off naively: the first line of it for which there is a row."""
    for narrowed in ORDER:
        wanted: dict[str, Any] = {"kind": to.kind, "language": to.language}
        wanted["band"] = to.band if "band" in narrowed else ""
        wanted["touchpoint_id"] = to.touchpoint_id if "touchpoint" in narrowed else None
        wanted["brand_id"] = to.brand_id if "brand" in narrowed else None
        for row in rows:
            if all(getattr(row, name) == value for name, value in wanted.items()):
                return row
    return None


@given(st.lists(wordings, max_size=12, unique_by=lambda row: row.own_place()), mails)
def test_the_most_specific_one_speaks_in_the_stated_order(rows: list[MailWording], to: Addressed) -> None:
    assert chosen(rows, to) is by_the_list(rows, to)
    assert chosen(rows[::-1], to) is by_the_list(rows, to)


def test_of_everything_there_could_be_each_takes_the_place_of_the_next() -> None:
    to = Addressed(kind="reopened", language="en", band="detractor", touchpoint_id=7, brand_id=9)
    rows = [
        MailWording(kind="reopened", language="en", band=band, touchpoint_id=touchpoint, brand_id=brand)
        for touchpoint, band, brand in product([7, None], ["detractor", ""], [9, None])
    ]
    # Built in the stated order, so taking the first away leaves the next one to speak.
    while rows:
        assert chosen(rows, to) is rows.pop(0)
    assert chosen(rows, to) is None


def test_a_part_with_a_gap_says_what_is_shipped() -> None:
    parts = {"subject": "For {account}", "opening": "Dear {first_name}, thank you.", "closing": "{promise}"}
    facts = {"salutation_name": "Marta", "account_name": "", "next_by": "by Friday"}
    assert parts_said(parts, "reopened", facts) == {"opening": "Dear Marta, thank you.", "closing": "by Friday"}


# --- what is never worded away ---------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [kind for kind in CUSTOMER_KINDS if kind in KINDS])
def test_no_wording_takes_the_facts_out(kind: str, language: str) -> None:
    facts = context(kind, language)
    silent = worded(kind, language, facts, {part: "." for part in KINDS[kind].parts})
    shipped = worded(kind, language, facts, {})
    said = " ".join(" ".join(line.removeprefix("> ") for line in silent.text.split("\n")).split())
    shown_anyway = ["promise", "next_by", "now_by", "silence_until"]
    if kind not in ("hand_over", "delay"):
        shown_anyway.append("quote")
    for name in shown_anyway:
        assert str(facts.get(name, "")) in said
    for link in ("[[link:loop]]", "[[link:loop]]#settled", "[[link:loop]]#not-yet", "[[link:unsubscribe]]"):
        assert silent.html.count(link) == shipped.html.count(link)
    assert ("Hanna D'Arc" in shipped.text) == ("Hanna D'Arc" in silent.text)


# --- versions --------------------------------------------------------------------------------------------------


@pytest.fixture
def jo(db: None) -> User:
    return factories.make_user("Jo Whitfield")


def place(**fields: Any) -> MailWording:
    return MailWording(**{"kind": "acknowledgement", "language": "en", **fields})


def in_force(by: User, words: str = "Hello there.", **fields: Any) -> MailWording:
    draft = wording_versions.save_draft(place(**fields), {"opening": words}, edits=None, by=by, now=NOW)
    return wording_versions.put_in_force(draft.pk, edits=draft.edits, by=by, now=NOW)


@pytest.mark.parametrize("change", [*PARTS, "version", "language", "state"])
def test_a_version_in_force_cannot_change(jo: User, change: str) -> None:
    row = in_force(jo)
    setattr(row, change, {"version": 7, "language": "de", "state": "draft"}.get(change, "Other."))
    with pytest.raises(ValidationError):
        row.save()
    assert MailWording.objects.get().opening == "Hello there."


def test_the_next_one_takes_its_place_and_one_can_go_back(jo: User) -> None:
    first = in_force(jo)
    second = in_force(jo, "Good day.")
    first.refresh_from_db()
    assert (first.state, first.retired_at, second.version) == ("retired", NOW, 2)
    assert MailWording.objects.in_force().get() == second
    draft = wording_versions.go_back_to(first.pk, edits=None, by=jo, now=NOW + DAY)
    assert (draft.version, draft.opening, draft.state) == (3, "Hello there.", "draft")
    wording_versions.put_in_force(draft.pk, edits=draft.edits, by=jo, now=NOW + DAY)
    assert [row.state for row in MailWording.objects.order_by("version")] == ["retired", "retired", "active"]


def test_who_comes_second_is_told_and_overwrites_nothing(jo: User) -> None:
    draft = wording_versions.save_draft(place(), {"opening": "One."}, edits=None, by=jo, now=NOW)
    for edits in (None, 0, 7):
        with pytest.raises(Stale):
            wording_versions.save_draft(place(), {"opening": "Two."}, edits=edits, by=jo, now=NOW)
    with pytest.raises(Stale):
        wording_versions.put_in_force(draft.pk, edits=0, by=jo, now=NOW)
    wording_versions.put_in_force(draft.pk, edits=1, by=jo, now=NOW)
    with pytest.raises(NotAllowed):
        wording_versions.put_in_force(draft.pk, edits=1, by=jo, now=NOW)
    assert MailWording.objects.get().opening == "One."


@pytest.mark.parametrize(
    ("fields", "parts", "field"),
    [
        ({}, {"opening": "Dear {frist_name}"}, "opening"),
        ({"kind": "promoter_thanks"}, {"opening": "Your number is {number}"}, "opening"),
        ({"kind": "hand_over"}, {"subject": "New"}, "subject"),
        ({"band": "passive"}, {"opening": "Hello"}, "band"),
        ({}, {}, "__all__"),
        ({"kind": "personal"}, {"opening": "Hello"}, "kind"),
    ],
)
def test_what_no_mail_could_say_is_refused(jo: User, fields: dict[str, str], parts: dict[str, str], field: str) -> None:
    with pytest.raises(Incomplete) as refused:
        wording_versions.save_draft(place(**fields), parts, edits=None, by=jo, now=NOW)
    assert list(refused.value.errors) == [field]
    assert not MailWording.objects.exists()


# --- in the mails that are sent --------------------------------------------------------------------------------


def acknowledgement(score: int = 3) -> Any:
    contact = factories.make_contact("Marta Lindqvist")
    response = factories.make_response(score=score, verbatim="Eleven days.", contact=contact)
    ticket = factories.make_ticket(response=response, owner=factories.make_user("Hanna Brandt"))
    ticket = Ticket.objects.select_related("brand", "contact", "response__touchpoint", "team__calendar", "owner",
                                           "account", "conversation").get(pk=ticket.pk)  # fmt: skip
    with CaptureQueriesContext(connection) as asked:
        [draft] = letters.acknowledgements([ticket], {ticket.pk: NOW + 2 * DAY}, now=NOW, lately=(), thanked=())
    return draft, len(asked)


def test_what_is_in_force_is_said_and_costs_no_query_but_the_first(jo: User) -> None:
    shipped, asked = acknowledgement()
    assert "nobody has read your words yet" in " ".join(shipped.text.split()) and asked == 0
    in_force(jo, "Good day, {first_name}. It is here.")
    ours, asked = acknowledgement()
    assert "It is here." in ours.text and "It is here." in ours.html and asked == 1
    assert "nobody has read your words yet" not in ours.text
    assert acknowledgement()[1] == 0
    wording_versions.back_to_shipped(MailWording.objects.in_force().get().pk, now=NOW)
    again, asked = acknowledgement()
    assert "It is here." not in again.text and asked == 0


def test_a_brand_made_later_says_it_too(jo: User) -> None:
    in_force(jo)
    late = Brand.objects.create(slug="late", name="Late", sender_address="late@example.com")
    stamps = set(Brand.objects.values_list("words_stamp", flat=True))
    late.refresh_from_db()
    assert late.words_stamp and "" not in stamps


def test_a_passive_is_thanked_and_asked_nothing_back(db: None) -> None:
    for score in (7, 8):
        draft, _asked = acknowledgement(score)
        own = "\n".join(line for line in draft.text.partition("\n-- \n")[0].splitlines() if "http" not in line)
        found = findings(Letter(parts={"text": own}, band="passive", framed=True, automatic=True))
        assert "Thank you for your answer" in draft.text and "Hanna Brandt" in draft.text
        assert [each.code for each in found if each.code != "too_long"] == []
        assert draft.kind == "acknowledgement" and draft.automatic
    assert "?" in acknowledgement(3)[0].text
