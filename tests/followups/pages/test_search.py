"""What a search finds, what it may not find, and what each database makes of it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from followups import ticket_search
from followups.models import Ticket
from followups.models.finding import TicketDocument
from nps_loop.people.models import User
from surveys.models import Account, Contact, Response
from surveys.searching import normalise_for_search
from tests import factories
from tests.followups.pages.cast import DAY, Cast, add_ticket
from tests.followups.pages.test_queue import many

ON_POSTGRESQL = pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL's full text")


def numbers(text: str, user: User) -> list[int]:
    """The tickets this person finds by `text`, the best match first where they are ranked."""
    search = ticket_search.look_up([text])[text]
    rows = ticket_search.found(Ticket.objects.visible_to(user), search, user)
    if search.is_ranked:
        rows = rows.annotate(place=ticket_search.place_in(search)).order_by("place")
    return list(rows.values_list("pk", flat=True))


def said(
    cast: Cast, name: str, words: str, *, language: str = "en", company: str = "Larkfield", **fields: object
) -> int:
    """A ticket as it is after recording: what is searched is folded."""
    ticket = add_ticket(cast, name, company, 3, words, answer={"language": language}, **fields)  # type: ignore[arg-type]
    Contact.objects.filter(pk=ticket.contact_id).update(search_name=normalise_for_search(name))
    Response.objects.filter(pk=ticket.response_id).update(search_text=normalise_for_search(words))
    return ticket.pk


@pytest.mark.parametrize(
    ("asked", "words", "language"),
    [
        ("failing import", "All our imports failed on Monday.", "en"),
        ("the import that failed", "All our imports are failing.", "en"),
        ("Lieferung verspätet", "Die Lieferungen kamen verspätet an.", "de"),
        ("VERSPATET", "Die Lieferungen kamen verspätet an.", "de"),
        ("factura", "Las facturas no llegan.", "es"),
        ("importación", "Fallan las IMPORTACIONES", "es"),
        ("livraison", "Deux livraisons perdues à Besançon", "fr"),
        ("besancon", "Deux livraisons perdues à Besançon", "fr"),
        ("don't answer", "They don’t answer", "en"),
    ],
)
def test_words_are_found_in_the_forms_they_take_and_without_their_accents(
    cast: Cast, asked: str, words: str, language: str
) -> None:
    wanted = said(cast, "Grace Adeyemi", words, language=language)
    said(cast, "Jonas Weidmann", "Nothing of the sort", company="Kessler")
    if connection.vendor != "postgresql" and asked in ("importación", "don't answer"):
        pytest.skip("stems of this kind are PostgreSQL's")
    assert numbers(asked, cast.hanna) == [wanted]


def test_names_are_found_by_their_beginning_and_without_accents(cast: Cast) -> None:
    wanted = said(cast, "Lucía Arrieta", "No.", company="Müller & Söhne")
    said(cast, "Søren Ibsen", "No.", company="Ibsen")
    Account.objects.filter(name="Müller & Söhne").update(search_name=normalise_for_search("Müller & Söhne"))
    for asked in ("Lucia", "LUCÍA", "luc arr", "Arrieta, Lucía", "muller", "Söhne", "lucia muller"):
        assert numbers(asked, cast.hanna) == [wanted], asked


def test_all_words_must_occur_wherever_they_stand(cast: Cast) -> None:
    wanted = said(cast, "Lucía Arrieta", "The invoice was wrong", company="Nordby")
    said(cast, "Lucía Ibsen", "The van was late", company="Ibsen")
    assert numbers("lucia invoice nordby", cast.hanna) == [wanted]
    assert numbers("lucia invoice ibsen", cast.hanna) == []


def test_a_number_is_found_with_and_without_its_sign(cast: Cast) -> None:
    first, second = said(cast, "Lucía Arrieta", "No."), said(cast, "Jonas Weidmann", "No.", company="B")
    assert numbers(f"#{first}", cast.hanna) == [first]
    assert numbers(f"{second}", cast.hanna) == [second]
    assert numbers(f"lucia #{first}", cast.hanna) == [first]
    assert numbers(f"lucia #{second}", cast.hanna) == []
    assert numbers("#99999999999999999999", cast.hanna) == []


@pytest.mark.parametrize("phone", ["+49 170 555 48 21", "0170/5554821", "(0170) 555-48.21"])
@pytest.mark.parametrize("asked", ["4821", "5554821", "0170 555 48 21", "555-4821"])
def test_a_phone_number_is_found_by_its_end_however_it_is_written(cast: Cast, phone: str, asked: str) -> None:
    wanted = said(cast, "Lucía Arrieta", "No.", contact={"phone": phone})
    said(cast, "Jonas Weidmann", "No.", company="B", contact={"phone": "+49 170 555 48 22"})
    assert numbers(asked, cast.hanna) == [wanted]
    Contact.objects.filter(tickets=wanted).update(phone="+49 30 1")
    assert numbers(asked, cast.hanna) == []


def test_words_on_hold_are_found_only_by_those_who_read_them(cast: Cast) -> None:
    held = said(cast, "Vera Kranz", "We gave it to our lawyer.", company="Kranz", on_hold=True)
    found = {user.username: numbers("lawyer", user) for user in (cast.hanna, cast.lead, cast.admin, cast.nils)}
    assert found == {"hanna": [held], "tomas": [held], "ada": [held], "nils": []}
    assert numbers("kranz", cast.nils) == [held]
    assert numbers("kranz lawyer", cast.nils) == []


def test_a_name_that_may_not_be_known_is_not_found_by(cast: Cast) -> None:
    number = said(cast, "Jonas Weidmann", "Too slow")
    factories.make_action(Ticket.objects.get(pk=number), cast.devika, due_at=cast.now + DAY)
    assert numbers("slow", cast.devika) == [number]
    assert numbers("jonas", cast.devika) == []
    assert numbers("jonas slow", cast.devika) == []
    Response.objects.filter(ticket=number).update(share_name=True)
    assert numbers("jonas", cast.devika) == [number]


def test_nobody_finds_what_they_may_not_see(cast: Cast) -> None:
    said(cast, "Lucía Arrieta", "The invoice was wrong")
    assert numbers("lucia", cast.outsider) == []
    assert numbers("invoice", cast.outsider) == []


@pytest.mark.parametrize(
    "text",
    ["", "   ", "'", "a & | ! :*", "\\", "the", "%", "_", "'); DROP TABLE x;--", "x" * 5000, "🙂", "\x00", "日本語"],
)
def test_nothing_typed_breaks_a_search(cast: Cast, text: str) -> None:
    said(cast, "Lucía Arrieta", "The invoice was wrong")
    numbers(text, cast.hanna)
    numbers(text, cast.admin)


def test_a_search_says_its_words_folded_and_without_empty_ones() -> None:
    assert ticket_search.words_of("The Müller  invoice #1042") == ("muller", "invoice", "#1042")
    assert ticket_search.words_of("the") == ("the",)
    assert ticket_search.words_of("call +49 (0)170 / 555-4821") == ("call", "4901705554821")
    assert len(ticket_search.words_of(" ".join(f"w{n}" for n in range(50)))) == ticket_search.MOST_WORDS


@pytest.mark.parametrize(
    ("word", "expected"),
    [("imports", "import"), ("failing", "fail"), ("failed", "fail"), ("bus", "bus"), ("sing", "sing")],
)
def test_the_plain_stem_leaves_short_words_alone(word: str, expected: str) -> None:
    assert ticket_search.stem(word) == expected


# --- PostgreSQL ------------------------------------------------------------------------------------------------


@ON_POSTGRESQL
def test_the_better_match_comes_first(cast: Cast) -> None:
    once = said(cast, "Grace Adeyemi", "The invoice came late and the van too, and nobody rang, and so on and on.")
    often = said(cast, "Jonas Weidmann", "Invoice after invoice: every invoice is wrong.", company="B")
    assert numbers("invoice", cast.hanna) == [often, once]


@ON_POSTGRESQL
def test_what_is_searched_follows_every_change_however_it_is_written(cast: Cast) -> None:
    number = said(cast, "Grace Adeyemi", "The invoice is wrong", company="Larkfield")
    ticket = Ticket.objects.get(pk=number)
    Response.objects.filter(ticket=number).update(search_text="the van was late")
    assert (numbers("invoice", cast.hanna), numbers("van", cast.hanna)) == ([], [number])
    Contact.objects.filter(pk=ticket.contact_id).update(search_name="erased")
    assert (numbers("grace", cast.hanna), numbers("erased", cast.hanna)) == ([], [number])
    Account.objects.filter(pk=ticket.account_id).update(search_name="newname")
    assert (numbers("larkfield", cast.hanna), numbers("newname", cast.hanna)) == ([], [number])
    other = factories.make_contact("Ada", search_name="ada lovelace")
    Ticket.objects.filter(pk=number).update(contact=other)
    assert (numbers("erased", cast.hanna), numbers("lovelace", cast.hanna)) == ([], [number])
    Response.objects.filter(ticket=number).update(language="de", search_text="die lieferungen")
    assert numbers("lieferung", cast.hanna) == [number]


@ON_POSTGRESQL
def test_a_change_of_state_leaves_the_document_alone(cast: Cast) -> None:
    number = said(cast, "Grace Adeyemi", "The invoice is wrong")

    def written() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT xmin::text FROM followups_ticketdocument WHERE ticket_id = %s", [number])
            return str(cursor.fetchone()[0])

    before = written()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    Ticket.objects.filter(pk=number).update(rank=1, version=9)
    assert written() == before
    assert TicketDocument.objects.count() == 1


@ON_POSTGRESQL
def test_common_words_are_looked_for_among_the_newest_and_the_page_says_so(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(cast, 12)
    Response.objects.update(search_text="again and again")
    newest = list(Ticket.objects.order_by("-pk").values_list("pk", flat=True))
    monkeypatch.setattr(ticket_search, "MOST", 11)
    search = ticket_search.look_up(["again"])["again"]
    assert search.is_common
    assert "More than 11 tickets hold this." in ticket_search.in_words(search)
    rows = ticket_search.found(Ticket.objects.all(), search, cast.hanna, among=5)
    assert sorted(rows.values_list("pk", flat=True), reverse=True) == newest[:5]
    assert ticket_search.found(Ticket.objects.all(), search, cast.hanna, among=0).count() == 12
    monkeypatch.setattr(ticket_search, "MOST", 12)
    assert ticket_search.look_up(["again"])["again"].is_ranked


@ON_POSTGRESQL
def test_many_searches_are_looked_up_in_one_query(cast: Cast) -> None:
    number = said(cast, "Grace Adeyemi", "The invoice is wrong")
    with CaptureQueriesContext(connection) as captured:
        found = ticket_search.look_up(["invoice", "grace", "nothing", ""])
    assert len(captured) == 1
    assert [search.numbers for search in found.values()] == [(number,), (number,), (), None]
