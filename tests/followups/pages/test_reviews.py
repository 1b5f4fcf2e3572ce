"""/reviews/ and what is below it: works, is refused, done twice; and what nobody may see before it is time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from followups.improve.reviews.drawing import draw
from followups.models import Draw, Review, ReviewDecision, Ticket
from nps_loop.people.models import User
from tests import factories as make
from tests.factories import DAY, NOW
from tests.followups.reviews.company import (
    DAY_FROM,
    DAY_TO,
    TODAY,
    Company,
    client_of,
    closed,
    make_company,
    make_review,
)

pytestmark = pytest.mark.usefixtures("clock")
PLAN = {"day_from": "2026-08-24", "day_to": "2026-11-22", "meeting_on": "2026-11-26"}
DECISION = {"kind": "training", "what": "Say what comes next before leaving", "due_on": "2026-12-15"}


@pytest.fixture
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def company(db: None) -> Company:
    return make_company()


def words_of(answer: Any) -> str:
    html = answer.content.decode()
    main = html[html.index("<main") : html.index("</main>")]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def page(user: User, path: str) -> str:
    answer = client_of(user).get(path)
    assert answer.status_code == 200
    return words_of(answer)


def test_a_lead_plans_a_review_and_chooses_who_sits_at_the_table(company: Company) -> None:
    client = client_of(company.lead)
    form = client.get("/reviews/").context["form"]
    assert (form.initial["day_from"].isoformat(), form.initial["day_to"].isoformat()) == ("2026-07-01", "2026-09-30")
    assert list(form.fields["touchpoint"].queryset) == [company.touchpoint]
    answer = client.post("/reviews/", {**PLAN, "touchpoint": company.touchpoint.pk})
    review = Review.objects.get()
    assert answer["Location"] == f"/reviews/{review.pk}/edit/"
    assert (review.day_from, review.day_to, review.planned_by) == (DAY_FROM, DAY_TO, company.lead)
    assert list(review.people.all()) == [company.lead]
    shown = client.get(f"/reviews/{review.pk}/edit/").context["form"]["shown"].value()
    people = {"people": [company.lead.pk, company.hanna.pk], "guests": [company.guest.pk]}
    client.post(f"/reviews/{review.pk}/edit/", {**PLAN, **people, "shown": shown})
    assert set(review.people.all()) == {company.lead, company.hanna, company.guest}
    assert "Onboarding, day 30" in page(company.guest, "/reviews/")


def test_an_edit_that_came_too_late_is_refused_and_kept(company: Company) -> None:
    review = make_review(company)
    client = client_of(company.lead)
    shown = client.get(f"/reviews/{review.pk}/edit/").context["form"]["shown"].value()
    review.people.set([company.guest])
    answer = client.post(f"/reviews/{review.pk}/edit/", {**PLAN, "people": [company.lead.pk], "shown": shown})
    assert answer.status_code == 400 and "changed while you were writing" in words_of(answer)
    assert list(review.people.all()) == [company.guest]


@pytest.mark.parametrize(
    "data",
    [
        {"touchpoint": "", **PLAN},
        {"touchpoint": "x", **PLAN},
        {"touchpoint": 10**30, **PLAN},
        {"meeting_on": "2026-11-01"},
        {"meeting_on": "9999-12-31"},
        {"day_from": "0001-01-01"},
        {"day_from": "2026-11-31"},
        {"day_to": "\0"},
        {"day_to": "2020-01-01"},
    ],
)
def test_nonsense_plans_nothing_and_says_why(company: Company, data: dict[str, Any]) -> None:
    given = {**PLAN, "touchpoint": company.touchpoint.pk, **data} if "touchpoint" not in data else data
    answer = client_of(company.lead).post("/reviews/", given)
    assert answer.status_code == 400 and 'aria-invalid="true"' in answer.content.decode()
    assert not Review.objects.exists()


def test_the_same_plan_twice_is_one_review(company: Company) -> None:
    client = client_of(company.lead)
    given = {**PLAN, "touchpoint": company.touchpoint.pk}
    assert [client.post("/reviews/", given).status_code for _ in range(2)] == [302, 400]
    assert Review.objects.count() == 1


def test_who_may_read_plan_decide_and_mark(company: Company) -> None:
    closed(company)
    review = make_review(company, people=[company.lead, company.guest])
    draw(review)
    decision = decided(company, review, owner=company.hanna)
    base = f"/reviews/{review.pk}/"
    owner = {"what": "Another", **DECISION, "owner": company.hanna.pk}
    reads = {"lead": 200, "hanna": 200, "guest": 200, "admin": 200, "outsider": 404}
    leads = {"lead": 302, "admin": 302, "hanna": 404, "guest": 404, "outsider": 404}
    for name, status in reads.items():
        assert client_of(getattr(company, name)).get(base).status_code == status, name
    posts: list[tuple[str, dict[str, Any]]] = [
        (f"{base}draws/{Draw.objects.get().pk}/mark/", {"mark": "yes"}),
        (f"{base}held/", {}),
        (f"{base}decide/", owner),
        (f"{base}call-off/", {}),
    ]
    for path, data in posts:
        for name, status in sorted(leads.items(), key=lambda pair: -pair[1]):
            client = client_of(getattr(company, name))
            assert client.get(path).status_code == 405, path
            assert client.post(path, data).status_code == status, (path, name)
    assert client_of(company.guest).get(f"{base}edit/").status_code == 404
    assert client_of(company.lead).get(f"{base}edit/").status_code == 200
    # What becomes of a decision says its owner, or who leads.
    path = f"{base}decisions/{decision.pk}/drop/"
    for name, status in (("guest", 404), ("outsider", 404), ("hanna", 302)):
        data = {"reason": "No more", "version": 0}
        assert client_of(getattr(company, name)).post(path, data).status_code == status, name
    assert Client().get(base)["Location"].startswith("/login/")


def test_an_agent_plans_nothing(company: Company) -> None:
    client = client_of(company.hanna)
    assert client.get("/reviews/").context["form"] is None
    assert client.post("/reviews/", {**PLAN, "touchpoint": company.touchpoint.pk}).status_code == 404
    assert "/reviews/" not in client.get("/queue/").content.decode()
    assert '/reviews/"' in client_of(company.lead).get("/team/").content.decode()


def test_a_lead_plans_nothing_for_a_touchpoint_of_others(company: Company) -> None:
    answer = client_of(company.outsider).post("/reviews/", {**PLAN, "touchpoint": company.touchpoint.pk})
    assert answer.status_code == 400 and not Review.objects.exists()
    # What no team is named for is the default team's.
    free = make.make_touchpoint("Invoice")
    assert client_of(company.outsider).post("/reviews/", {**PLAN, "touchpoint": free.pk}).status_code == 302
    review = Review.objects.get()
    assert client_of(company.hanna).get(f"/reviews/{review.pk}/").status_code == 404


def decided(company: Company, review: Review, **fields: Any) -> ReviewDecision:
    return ReviewDecision.objects.create(
        review=review,
        **{
            "kind": "process", "what": "One name for each new customer", "owner": company.guest,
            "due_on": TODAY + timedelta(days=9), "first_due_on": TODAY + timedelta(days=9), "decided_at": NOW,
            "changed_at": NOW, **fields,
        },
    )  # fmt: skip


def test_a_decision_is_kept_once_and_stands_on_the_sheet(company: Company) -> None:
    closed(company)
    review = make_review(company)
    client = client_of(company.lead)
    data = {**DECISION, "owner": company.guest.pk, "root_cause": company.causes[0].pk}
    assert "What do we change about “Imports fail without a word”?" in page(company.lead, f"/reviews/{review.pk}/")
    for _ in range(2):
        assert client.post(f"/reviews/{review.pk}/decide/", data).status_code == 302
    one = ReviewDecision.objects.get()
    assert (one.kind, one.owner, one.root_cause, one.decided_by) == (
        "training",
        company.guest,
        company.causes[0],
        company.lead,
    )
    shown = page(company.lead, f"/reviews/{review.pk}/")
    assert "Say what comes next before leaving Training · Ivo Lenz, Tue 15 Dec" in shown
    assert "What do we change about" not in shown
    # Whoever was given one may read it, and finds it on the list.
    assert "Say what comes next before leaving" in page(company.guest, "/reviews/")
    assert client_of(company.guest).get(f"/reviews/{review.pk}/").status_code == 200


@pytest.mark.parametrize(
    "wrong", [{"what": ""}, {"what": "x" * 301}, {"owner": 0}, {"owner": "x"}, {"kind": "?"}, {"due_on": "2020-01-01"}]
)
def test_a_decision_that_lacks_something_keeps_what_was_typed(company: Company, wrong: dict[str, Any]) -> None:
    review = make_review(company)
    data = {**DECISION, "owner": company.guest.pk, **wrong}
    answer = client_of(company.lead).post(f"/reviews/{review.pk}/decide/", data)
    assert answer.status_code == 400
    html = answer.content.decode()
    assert 'aria-invalid="true"' in html and "Nothing was saved yet." in html
    assert ('value="2026-12-15"' in html) == ("due_on" not in wrong)
    assert not ReviewDecision.objects.exists()


def test_done_moved_dropped_and_too_late(company: Company) -> None:
    review = make_review(company)
    one = decided(company, review)
    base = f"/reviews/{review.pk}/decisions/{one.pk}"
    owner = client_of(company.guest)
    later = (TODAY + timedelta(days=20)).isoformat()
    assert owner.post(f"{base}/move/", {"due_on": later, "reason": "Legal texts", "version": 0}).status_code == 302
    stale = owner.post(f"{base}/done/", {"outcome": "All have one now", "version": 0})
    assert stale.status_code == 409
    html = stale.content.decode()
    assert "Somebody changed it meanwhile" in html and 'value="All have one now"' in html
    assert 'name="version" value="1"' in html
    assert owner.post(f"{base}/done/", {"outcome": "All have one now", "version": 1}).status_code == 302
    one.refresh_from_db()
    assert (one.state, one.outcome, one.reason, one.first_due_on) == (
        "done",
        "All have one now",
        "Legal texts",
        TODAY + timedelta(days=9),
    )
    again = owner.post(f"{base}/drop/", {"reason": "Never mind", "version": 2}, follow=True)
    assert "It is done already." in words_of(again)
    for verb, data in (("dance", {}), ("done", {"version": "x"}), ("done", {"version": 9**40, "outcome": "x"})):
        assert owner.post(f"{base}/{verb}/", data).status_code in (400, 404)
    assert owner.post(f"/reviews/{review.pk}/decisions/{10**25}/done/", {}).status_code == 404


def test_what_became_of_last_time_is_said(company: Company) -> None:
    last = make_review(company, state="held", meeting_on=TODAY - timedelta(days=89))
    decided(company, last, state="done", outcome="Samira is that name")
    decided(
        company, last, what="Half the mails in week one", state="moved", reason="legal texts", first_due_on=DAY_TO,
        due_on=TODAY + timedelta(days=21),
    )  # fmt: skip
    shown = page(company.lead, f"/reviews/{make_review(company).pk}/")
    assert "Since the last review, 27 Aug" in shown
    assert "One name for each new customer done Ivo Lenz: Samira is that name" in shown
    assert "moved Ivo Lenz, from 22 Nov to 15 Dec: legal texts" in shown


def test_the_customer_s_answer_shows_only_once_a_mark_is_set(company: Company) -> None:
    closed(company, closed_as="agreed_to_differ")
    review = make_review(company)
    draw(review)
    one, client, path = Draw.objects.get(), client_of(company.lead), f"/reviews/{review.pk}/"
    before = client.get(path).content.decode()
    drawn = before[before.index('id="drawn"') :]
    assert "Every import that fails writes to its owner." in drawn and "Nobody was told when one failed." in drawn
    assert "not yet" not in drawn and f"/tickets/{one.ticket_id}/" not in drawn
    api = client.get(f"/api/v1/reviews/{review.pk}/").json()["drawn"]
    assert [row["their_answer"] for row in api] == [None]
    assert client.post(f"{path}draws/{one.pk}/mark/", {"mark": "yes"})["Location"] == f"{path}#drawn"
    client.post(f"{path}draws/{one.pk}/mark/", {"mark": "no"})
    shown = words_of(client.get(path))
    assert "Tomás Ferreira would have been satisfied: yes . The customer: not yet ." in shown
    assert "you and the customer said the same in 0 of 1. Not enough answers for a rate." in shown
    assert client.get(f"/api/v1/reviews/{review.pk}/").json()["drawn"][0]["their_answer"] == "not_yet"


def test_words_on_hold_are_on_no_sheet_and_in_no_draw(company: Company) -> None:
    ticket = closed(company, answer={"verbatim": "My lawyer will hear of this machine and its owner."})
    review = make_review(company)
    draw(review)
    assert "My lawyer" in page(company.lead, f"/reviews/{review.pk}/")
    Ticket.objects.filter(pk=ticket.pk).update(on_hold=True)
    shown = page(company.lead, f"/reviews/{review.pk}/")
    assert "My lawyer" not in shown and "1 more was drawn that is another team’s, or on hold." in shown


def test_a_name_is_said_only_where_it_may_be(company: Company) -> None:
    account = make.make_account("Nordby Cold", segment="Mid market", region="DACH")
    closed(company, name="Marta Lindqvist", answer={"account": account})
    review = make_review(company)

    def said() -> str:
        html = client_of(company.lead).get(f"/reviews/{review.pk}/").content.decode()
        return html[html.index("What they said") : html.index("Picked by a rule")]

    assert "A customer, mid market, DACH" in said() and "Marta" not in said()
    company.touchpoint.response_set.update(share_name=True)
    assert "Marta Lindqvist, Nordby Cold" in said()
    company.touchpoint.response_set.update(share_name=False)
    assert "Marta" not in said()


def test_held_is_pressed_once_it_was_and_then_nothing_moves(company: Company) -> None:
    review = make_review(company, meeting_on=TODAY)
    client = client_of(company.lead)
    assert "Did the meeting take place?" in page(company.lead, f"/reviews/{review.pk}/")
    for _ in range(2):
        assert client.post(f"/reviews/{review.pk}/held/").status_code == 302
    review.refresh_from_db()
    assert (review.state, review.held_at) == ("held", NOW)
    assert client.get(f"/reviews/{review.pk}/edit/")["Location"] == f"/reviews/{review.pk}/"
    assert client.post(f"/reviews/{review.pk}/call-off/", follow=True).status_code == 200
    assert Review.objects.exists()
    assert "Held" in page(company.lead, "/reviews/")


def test_called_off(company: Company) -> None:
    review = make_review(company)
    answer = client_of(company.lead).post(f"/reviews/{review.pk}/call-off/", follow=True)
    assert "Called off." in words_of(answer) and not Review.objects.exists()


def test_the_list_of_held_ones_goes_on(company: Company) -> None:
    for n in range(33):
        make_review(company, state="held", meeting_on=TODAY - timedelta(days=n + 1))
    client = client_of(company.lead)
    first = client.get("/reviews/").context["page"]
    assert len(first.held) == 30 and first.next_query
    assert len(client.get(f"/reviews/?{first.next_query}").context["page"].held) == 3
    for nonsense in ("x", "9" * 40, "-1", "²"):
        assert client.get("/reviews/", {"before": nonsense}).status_code == 200


def test_every_customer_s_words_are_text(company: Company) -> None:
    closed(company, answer={"verbatim": "<script>alert(1)</script> and a few words more than that"})
    decision = decided(company, make_review(company), what="<b>bold</b>")
    html = client_of(company.lead).get(f"/reviews/{decision.review_id}/").content.decode()
    assert "<script>alert" not in html and "<b>bold" not in html


def test_the_api_says_what_the_page_says(company: Company) -> None:
    for n in range(25):
        closed(company, score=n % 11)
    review = make_review(company)
    client = client_of(company.lead)
    listed = client.get("/api/v1/reviews/", {"touchpoint": "onboarding", "state": "planned"}).json()["results"]
    assert [row["id"] for row in listed] == [review.pk]
    figures = client.get(f"/api/v1/reviews/{review.pk}/").json()["figures"]
    asked = {"touchpoint": "onboarding", "day_from": DAY_FROM.isoformat(), "day_to": DAY_TO.isoformat()}
    nps = client.get("/api/v1/reports/nps/", asked).json()
    closure = client.get("/api/v1/reports/closure/", asked).json()
    detractors = client.get("/api/v1/reports/closure/", {**asked, "band": "detractor"}).json()
    assert {name: figures["nps"][name] for name in ("n", "nps", "low", "high", "excluded")} == {
        name: nps[name] for name in ("n", "nps", "low", "high", "excluded")
    }
    assert figures["root_causes"] == closure["root_causes"] and figures["promises"] == closure["promises"]
    loops = figures["loops_of_detractors"]
    assert (loops["due"], loops["told"], loops["confirmed"]) == (
        detractors["due"],
        detractors["told"],
        detractors["rates"]["confirmed"],
    )
    assert loops["on_time"] == detractors["rates"]["on_time"]
    for wrong in ({"touchpoint": "nowhere"}, {"state": "gone"}, {"cursor": "x"}):
        assert client.get("/api/v1/reviews/", wrong).status_code == 400
    assert client_of(company.outsider).get(f"/api/v1/reviews/{review.pk}/").status_code == 404
    assert client.get(f"/api/v1/reviews/{10**30}/").status_code == 404


def test_an_erased_customer_s_draw_stands_without_words(company: Company) -> None:
    from surveys import erasing

    ticket = closed(company, answer={"verbatim": "The import of Lindenallee failed, and nobody said a word."})
    review = make_review(company)
    draw(review)
    assert ticket.contact
    erasing.erase(ticket.contact, by=None, now=NOW + DAY)
    shown = page(company.lead, f"/reviews/{review.pk}/")
    assert "Lindenallee" not in shown and "Marta Lindqvist" not in shown
    assert "Every import" not in shown and Draw.objects.count() == 1
