"""/rules/: leads and administrators read, try, write and replay rules; to everybody else the pages do not exist."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from followups import rule_books
from followups.models import Rule, RuleBook, Team, Ticket
from followups.opening import open_awaiting
from nps_loop.jobs.models import Job
from surveys.models import Response
from tests.factories import make_account, make_contact, make_response, make_rule, make_ticket
from tests.followups.pages.cast import Cast

pytestmark = pytest.mark.django_db

KEY = {
    "name": "Key accounts North", "kind": "open", "other_segments": "Key account", "other_regions": "Nordics, UK",
    "bands": ["detractor", "passive"], "owner_first": "on", "priority": "high", "team": "", "policy_slug": "",
    "contact_me": "", "words": "",
}  # fmt: skip


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_to_an_agent_the_pages_do_not_exist(cast: Cast, client: Client) -> None:
    client.force_login(cast.hanna)
    for path in ("/rules/", "/rules/1/", "/rules/new/", "/rules/edit/detractor/", "/rules/replays/1/"):
        assert client.get(path).status_code == 404
    for path in ("/rules/", "/rules/move/", "/rules/edit/detractor/remove/", "/rules/discard/", "/rules/put-in-force/",
                 "/rules/1/replay/", "/rules/new/"):  # fmt: skip
        assert client.post(path, {"up": "passive", "edits": ""}).status_code == 404
    assert RuleBook.objects.count() == 1
    assert client.get("/rules/move/").status_code == 405


def test_the_page_says_when_and_then_and_counts_lead_to_the_very_tickets(cast: Cast, lead: Client) -> None:
    detractor = Rule.objects.get(slug="detractor")
    seen = [make_ticket(rule=detractor, team=cast.team) for _ in range(3)]
    make_ticket(rule=detractor, team=None)
    page = lead.get("/rules/")
    assert "when score 0 to 6 then Team of the account, account owner first, policy of the band" in text_of(page)
    assert "The first rule that fits decides." in text_of(page)
    line = next(line for line in page.context["page"].opens if line.rule == detractor)
    listed = lead.get(line.url).context["page"]
    mine = Ticket.objects.visible_to(cast.lead).filter(rule=detractor)
    assert line.count == len(listed.rows) == mine.count() >= len(seen)
    assert {row.ticket.pk for row in listed.rows} == set(mine.values_list("pk", flat=True))
    make_response(10, team_id_then=cast.team.pk, received_at=cast.now, decided_revision=0)
    make_response(3, team_id_then=cast.team.pk, received_at=cast.now, decided_revision=0)
    open_awaiting(now=cast.now)
    count, url = lead.get("/rules/").context["page"].nothing_fits
    assert count == lead.get(url).context["page"].n == 1


def test_a_lead_writes_a_rule_moves_it_and_makes_it_the_next_version(cast: Cast, lead: Client) -> None:
    page = lead.post("/rules/new/", KEY | {"edits": ""}, follow=True)
    assert page.redirect_chain == [("/rules/2/", 302)]
    assert "is in the draft. It decides nothing until you make it version 2." in text_of(page)
    rule = Rule.objects.get(slug="key-accounts-north")
    assert (rule.segments, rule.regions, rule.priority, rule.changed_by) == (
        ["Key account"], ["Nordics", "UK"], "high", cast.lead,
    )  # fmt: skip
    for edits in (1, 2, 3, 4):
        lead.post("/rules/move/", {"up": "key-accounts-north", "edits": edits})
    first = lead.get("/rules/2/").context["page"].opens[0]
    assert (first.rule.slug, first.is_first) == ("key-accounts-north", True)
    assert "<b>Nordics</b> or <b>UK</b>" in str(first.when)
    made = lead.post("/rules/put-in-force/", {"edits": 5, "note": "Tomas asked for it."}, follow=True)
    assert made.redirect_chain == [("/rules/", 302)]
    words = text_of(made)
    assert "Version 2 decides from now on." in words and "Tomas asked for it." in words
    assert "“Key accounts North” is new, in place 1." in words
    assert lead.get("/rules/1/").status_code == 200 and "kept as it was" in text_of(lead.get("/rules/1/"))


def test_what_came_too_late_or_is_wrong_is_said_and_changes_nothing(cast: Cast, lead: Client) -> None:
    lead.post("/rules/new/", KEY | {"edits": ""})
    late = lead.post("/rules/edit/detractor/", KEY | {"edits": "0"})
    assert late.status_code == 400 and "A colleague changed the draft meanwhile" in text_of(late)
    assert "A colleague changed" in text_of(lead.post("/rules/move/", {"down": "passive", "edits": "0"}, follow=True))
    assert "A colleague changed" in text_of(lead.post("/rules/discard/", {"edits": "7"}, follow=True))
    wrong = KEY | {"edits": "1", "name": "", "value_from": "10", "value_to": "5", "other_languages": "german"}
    said = text_of(lead.post("/rules/new/", wrong))
    assert "Give the rule a name." in said and "no code of two letters" in said and "No account is worth" in said
    assert "A hold needs words" in text_of(lead.post("/rules/new/", KEY | {"edits": "1", "kind": "hold"}))
    assert lead.get("/rules/edit/none-such/").status_code == 404 == lead.get("/rules/99/").status_code
    assert RuleBook.objects.get(number=2).edits == 1


@pytest.mark.parametrize("name", ["up", "down"])
def test_a_move_without_a_rule_is_refused(name: str, lead: Client) -> None:
    page = lead.post("/rules/move/", {name: "none-such", "edits": ""}, follow=True)
    assert "not in the draft any more" in text_of(page)
    assert not RuleBook.objects.drafts().exists()


def test_trying_an_answer_says_which_rule_who_and_by_when_and_writes_nothing(cast: Cast, lead: Client) -> None:
    Team.objects.filter(is_default=True).update(is_default=False)
    Team.objects.filter(pk=cast.team.pk).update(is_default=True)
    before = Response.objects.count(), Ticket.objects.count()
    page = lead.post("/rules/", {"score": "3", "words": "We waited eleven days.", "contact_me": "", "language": "en"})
    words = text_of(page)
    assert "Rule 1, Every detractor. A ticket opens." in words
    assert "would get it: of " in words and "First contact promised by" in words
    trial = page.context["page"].trial
    assert [line.is_hit for line in page.context["page"].opens] == [True, False, False, False]
    assert "not looked at" in words and "has none of the" in words and "score 3" in words
    assert trial.others and (Response.objects.count(), Ticket.objects.count()) == before
    assert "No rule fits" in text_of(lead.post("/rules/", {"score": "10", "words": ""}))
    assert lead.post("/rules/", {"score": "11", "words": ""}).status_code == 400
    assert lead.post("/rules/", {"score": "", "words": ""}).status_code == 400


def test_a_real_answer_is_tried_by_its_number_where_it_may_be_seen(cast: Cast, lead: Client) -> None:
    mine = make_ticket(team=cast.team, score=7)
    other = make_ticket(team=None, score=7)
    without = make_response(10)
    said = text_of(lead.post("/rules/", {"words": f"#{mine.pk}"}))
    assert "Rule 2, Every passive." in said
    for words in (f"#{other.pk}", f"answer {other.response_id}", "#999999999", "answer 999999999"):
        answer = lead.post("/rules/", {"words": words})
        assert "You can see no answer of this number." in text_of(answer)
    assert "No rule fits" in text_of(lead.get(f"/rules/?answer={without.pk}"))


def test_a_company_is_known_by_its_name_and_its_owner_would_get_it(cast: Cast, lead: Client) -> None:
    make_account("Nordby Cold Chain", owner=cast.hanna, segment="Key account")
    page = lead.post("/rules/", {"score": "3", "words": "Late.", "account": "nordby cold chain"})
    assert f"{cast.hanna.name} would get it: account owner, not away" in text_of(page)
    assert "No company has exactly this name." in text_of(lead.post("/rules/", {"score": "3", "account": "Nobody"}))


def test_a_replay_sets_the_draft_beside_what_is_in_force(cast: Cast, lead: Client) -> None:
    account = make_account("Nordby", segment="Key account", region="Nordics")
    for score in (3, 9, 10):
        make_response(score, contact=make_contact(account=account), responded_at=cast.now - timedelta(days=2))
    rule_books.remove_rule("passive", by=cast.lead, now=cast.now, edits=None)
    draft = RuleBook.objects.drafts().get()
    make_rule("All of key accounts", book=draft, segments=["key account"])
    before = Ticket.objects.count()
    page = lead.post("/rules/2/replay/", {"days": "30"}, follow=True)
    job = Job.objects.get(kind="rehearse")
    assert job.state == "done", job.error
    assert page.redirect_chain == [(f"/rules/replays/{job.pk}/", 302)]
    found = page.context["page"]
    passives = Response.objects.filter(band="passive", received_at__gt=cast.now - timedelta(days=30)).count()
    assert (found.counts["more"], found.counts["less"]) == (2, passives)
    assert "A ticket more, by “All of key accounts”." in text_of(page)
    assert sum(person.after for person in found.people) == found.tickets
    row = next(row for row in found.rows if "more" in row.changes[0])
    assert lead.get(f"/rules/2/?answer={row.answer}").context["page"].trial.rule.name == "All of key accounts"
    assert Ticket.objects.count() == before
    replayed = lead.get("/rules/2/").context["page"].replayed
    assert (replayed.more, replayed.url) == (2, f"/rules/replays/{job.pk}/")
    rule_books.move_rule("detractor", up=False, by=cast.lead, now=cast.now, edits=1)
    assert lead.get("/rules/2/").context["page"].replayed is None
    assert "The draft was changed since." in text_of(lead.get(f"/rules/replays/{job.pk}/"))


def test_a_replay_of_many_is_left_to_a_worker(cast: Cast, lead: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("followups.rehearsal.running.FEW", 0)
    make_response(3)
    page = lead.post("/rules/1/replay/", {"days": "90"}, follow=True)
    assert "answers gone through" in text_of(page) and Job.objects.get().state == "waiting"


@pytest.mark.skipif(connection.vendor != "postgresql", reason="constant query counts are promised on PostgreSQL")
def test_the_page_costs_the_same_with_many_rules_and_versions(cast: Cast, lead: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert lead.get("/rules/").status_code == 200
        return len(queries)

    few = cost()
    for n in range(3):
        rule_books.save_rule("", {"name": f"Rule {n}", "bands": ["passive"]}, by=cast.lead, now=cast.now, edits=None)
        rule_books.put_in_force(note="", by=cast.lead, now=cast.now, edits=1)
    assert cost() == few


@pytest.mark.skipif(connection.vendor != "postgresql", reason="constant query counts are promised on PostgreSQL")
def test_opening_costs_the_same_however_many_rules_there_are(cast: Cast) -> None:
    def cost(count: int) -> int:
        for _ in range(count):
            make_response(3, contact=make_contact(), received_at=cast.now, decided_revision=0)
        with CaptureQueriesContext(connection) as queries:
            open_awaiting(now=cast.now)
        return len(queries)

    make_rule(team=cast.team, segments=["none such"])
    cost(1)
    few = cost(2)
    for n in range(40):
        make_rule(team=cast.team, regions=[f"Region {n}"])
    Rule.objects.update(used_at=cast.now)
    assert cost(50) == few
