"""A rehearsal says what then really happens: the same answers, received anew, ticket by ticket."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count

from followups.assignment import assign_waiting, rounds
from followups.models import (
    AssignmentRound,
    Away,
    BonusHours,
    Conversation,
    Deadline,
    Decision,
    Event,
    Member,
    Rule,
    RuleBook,
    SlaPolicy,
    Team,
    Ticket,
)
from followups.models.tickets import LIVE, ClosedAs, TicketState
from followups.opening import open_awaiting
from followups.opening.claiming import WITH
from followups.rehearsal import Would, moments_of, rehearsal
from nps_loop.mail.models import Message
from surveys.models import Account, Contact, Response
from surveys.scoring import band
from tests.conftest import counted
from tests.factories import (
    DAY,
    HOUR,
    NOW,
    make_away,
    make_member,
    make_policy,
    make_rule,
    make_source,
    make_team,
    make_touchpoint,
    make_user,
)

pytestmark = pytest.mark.django_db

WORDS = ["", "", "Too slow.", "Nice people.", "My lawyer will write.", "I want my money back.", "The app fails."]
LASTS = timedelta(days=3)


def a_company(chance: Random) -> list[Contact]:
    """Three teams with eight people, some of them away for a time, and the accounts they look after."""
    default = Team.objects.get(is_default=True)
    north, south = make_team("North"), make_team("South")
    point = make_touchpoint("Support call")
    south.touchpoints.add(point)
    people = [make_user() for _ in range(8)]
    for n, user in enumerate(people):
        team = (default, north, south)[n % 3]
        make_member(team, user, capacity=chance.randint(2, 7), languages=chance.choice([[], [], ["en"], ["de", "en"]]))
    for user in people[:4]:
        starts = NOW - chance.randint(0, 80) * DAY
        make_away(user, starts, starts + chance.randint(2, 9) * DAY)
    make_policy(("none",), slug="key-accounts", name="Key accounts", position=900, first_contact_hours=12)
    owners = [None, None, make_user("Not Here", is_active=False), *people]
    accounts = Account.objects.bulk_create(
        Account(
            external_id=f"A-{n}",
            name=f"Account {n}",
            segment=chance.choice(["Key account", "Mid market"]),
            region=chance.choice(["Nordics", "DACH", "Iberia"]),
            annual_value=chance.choice([None, 5_000, 40_000, 250_000]),
            business_units=chance.choice([[], ["Cold chain"], ["Parcels", "Cold chain"]]),
            owner=chance.choice(owners),
        )
        for n in range(60)
    )
    return Contact.objects.bulk_create(
        Contact(
            name=f"Person {n}",
            email=chance.choice(["", f"p{n}@client.example", f"p{n}@client.example"]),
            language=chance.choice(["", "en", "de", "fr"]),
            account=chance.choice([None, *accounts]),
        )
        for n in range(400)
    )


def answers_of(contacts: list[Contact], count: int, chance: Random) -> None:
    """Answers over 90 days, several an hour, some of them of nobody, some of them history or left out."""
    point, source = Team.objects.get(name="South").touchpoints.get(), make_source()
    hours = [NOW - chance.randint(1, 90 * 24) * HOUR for _ in range(max(count // 25, 12))]
    rows = []
    for n in range(count):
        contact = chance.choice([None, *contacts])
        account = contact.account if contact else None
        at = chance.choice(hours) + timedelta(seconds=chance.randint(0, 3599))
        score = chance.randint(0, 10)
        rows.append(
            Response(
                source=source,
                external_id=f"a-{n}",
                score=score,
                band=band(score),
                verbatim=chance.choice(WORDS),
                language=chance.choice(["", "de"]),
                contact_me=chance.choice([None, None, True, False]),
                touchpoint=chance.choice([None, point]),
                contact=contact,
                account=account,
                segment=account.segment if account else "",
                region=account.region if account else "",
                account_owner=account.owner if account else None,
                responded_at=at - timedelta(minutes=chance.randint(0, 600)),
                received_at=at,
                day=at.date(),
                version_at=at,
                content_digest=f"{n:064d}",
                is_history=chance.random() < 0.03,
                excluded_as="test" if chance.random() < 0.02 else "",
            )
        )
    Response.objects.bulk_create(rows, batch_size=500)


def a_draft() -> RuleBook:
    """Rules that name teams, policies and priorities, before those that are shipped."""
    shipped = list(RuleBook.objects.in_force().get().rules.order_by("position"))
    book = RuleBook.objects.create(number=2, made_at=NOW)
    north = Team.objects.get(name="North")
    make_rule(
        "Key accounts North", book=book, position=1, segments=["key account"], regions=["Nordics", "DACH"],
        bands=["detractor", "passive"], team=north, policy_slug="key-accounts", priority=Rule.Priority.URGENT,
    )  # fmt: skip
    make_rule("Cold chain", book=book, position=2, business_units=["cold chain"], value_from=30_000, priority="high")
    make_rule("In German", book=book, position=3, languages=["de"], bands=["detractor"], team=north)
    for n, rule in enumerate(shipped, 4):
        Rule.objects.filter(pk=rule.pk).update(position=n)
        values = {name: getattr(rule, name) for name in Rule.SAYS}
        make_rule(book=book, **{**values, "slug": rule.slug, "position": n})
    return book


def tables() -> dict[str, Any]:
    """All that a rehearsal could have written."""
    models = (
        Ticket,
        Conversation,
        Deadline,
        Decision,
        Event,
        Message,
        Response,
        Member,
        Rule,
        RuleBook,
        SlaPolicy,
        Away,
    )
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


def predicted(book: RuleBook) -> dict[int, Would]:
    answers = list(Response.objects.select_related(*WITH))
    rules = list(book.rules.select_related("team__calendar").order_by("position", "id"))
    return rehearsal(answers, rules, lasts=LASTS).would


def close_what_is_over(now: Any) -> None:
    """Each ticket is closed once somebody has had it long enough, and its conversation with its last one."""
    over = Ticket.objects.filter(state__in=LIVE, assigned_at__lte=now - LASTS)
    over.update(state=TicketState.CLOSED, closed_as=ClosedAs.CONFIRMED, closed_at=now)
    open_ones = Ticket.objects.filter(state__in=LIVE).values("conversation")
    Conversation.objects.filter(closed_at=None).exclude(pk__in=open_ones).update(closed_at=now)


def happened() -> dict[int, Would]:
    policies = dict(Deadline.objects.filter(target="resolution").values_list("ticket", "policy"))
    found = {}
    for row in Decision.objects.select_related("rule", "ticket__rule"):
        ticket, rule = row.ticket, row.rule
        found[row.response_id] = Would(
            row.response_id,
            row.outcome,
            rule=rule.slug if rule else "",
            team=ticket.team_id if ticket else None,
            policy=policies[ticket.pk] if ticket else None,
            priority=rule.priority if rule else "",
            owner=ticket.owner_id if ticket else None,
            hold=row.hold_rule_id is not None,
        )
    return found


@pytest.mark.parametrize("seed", range(counted(2, full=1)))
def test_a_rehearsal_equals_what_then_really_happens(seed: int) -> None:
    chance = Random(seed)
    contacts = a_company(chance)
    answers_of(contacts, counted(150, full=5_000), chance)
    book = a_draft()
    before = tables()
    would = predicted(book)
    assert tables() == before
    assert len({row.owner for row in would.values()}) > 4 and any(row.owner is None for row in would.values())
    assert {row.priority for row in would.values()} == {"", "normal", "high", "urgent"}

    RuleBook.objects.in_force().update(retired_at=NOW)
    RuleBook.objects.filter(pk=book.pk).update(in_force_from=NOW)
    for now, slot in moments_of(Response.objects.all()):
        close_what_is_over(now)
        open_awaiting(now=now, response_ids=[row.pk for row in slot])
        assign_waiting(now=now)
    really = happened()
    assert {pk: (row, really[pk]) for pk, row in would.items() if row != really.get(pk)} == {}
    assert len(really) == len(would)
    hours = BonusHours.current()
    for ticket in Ticket.objects.filter(rule__priority="urgent"):
        assert ["a rule marks it urgent", hours.rule_urgent] in ticket.bonus


def in_bursts(chance: Random, days: int) -> None:
    """Fourteen answers in an hour, twice a day, of few people who answer again and again."""
    source = make_source()
    contacts = Contact.objects.bulk_create(Contact(name=f"P {n}", email=f"p{n}@client.example") for n in range(45))
    rows = []
    for n in range(28 * days):
        at = NOW - days * DAY + (n // 28) * DAY + (n // 14 % 2) * 5 * HOUR + timedelta(minutes=n % 14)
        rows.append(
            Response(
                source=source, external_id=f"b-{n}", score=chance.randint(0, 6), band="detractor",
                verbatim="Too slow.", contact=chance.choice(contacts), responded_at=at, received_at=at, day=at.date(),
                version_at=at, content_digest=f"{n:064d}",
            )
        )  # fmt: skip
    Response.objects.bulk_create(rows)


@pytest.mark.parametrize("seed", range(counted(1, full=1)))
def test_it_holds_over_many_rounds_an_hour_an_absence_and_a_daily_cap(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four tickets a round: what one round gives, and moves along with it, is the load the next one finds."""
    monkeypatch.setattr(rounds, "MAILS", 4)
    chance = Random(seed)
    team = Team.objects.get(is_default=True)
    people = [make_user() for _ in range(4)]
    caps = [{"capacity": 9}, {"capacity": 14, "rate_cap": 3}, {"capacity": 30}, {"capacity": 30, "rate_cap": 8}]
    for user, fields in zip(people, caps, strict=True):
        make_member(team, user, **fields)
    gone = people[2]
    make_away(gone, NOW - 4 * DAY, NOW - 2 * DAY)
    in_bursts(chance, days=6)
    book = RuleBook.objects.in_force().get()
    would = predicted(book)
    for now, slot in moments_of(Response.objects.all()):
        close_what_is_over(now)
        open_awaiting(now=now, response_ids=[row.pk for row in slot])
        assign_waiting(now=now)
    really = happened()
    assert {pk: (row, really[pk]) for pk, row in would.items() if row != really.get(pk)} == {}
    # What the comparison is about did happen: several rounds an hour, conversations that moved along, a cap that held.
    assert AssignmentRound.objects.values("happened_at").annotate(n=Count("pk")).filter(n__gt=1).exists()
    given = Event.objects.filter(verb="assign")
    assert given.filter(data__rule="conversation", data__has_key="with").exists()
    assert not given.filter(data__to=gone.pk, happened_at__gte=NOW - 4 * DAY, happened_at__lt=NOW - 2 * DAY).exists()
    assert given.filter(data__to=gone.pk, happened_at__lt=NOW - 4 * DAY).exists()
    assert given.filter(data__to=gone.pk, happened_at__gte=NOW - 2 * DAY).exists()
    assert (
        any(row.owner is None for row in would.values()) or AssignmentRound.objects.filter(left_waiting__gt=0).exists()
    )


@pytest.mark.skipif(connection.vendor != "postgresql", reason="constant query counts are promised on PostgreSQL")
def test_a_rehearsal_asks_no_query_for_an_answer(django_assert_max_num_queries: Any) -> None:
    chance = Random(1)
    answers_of(a_company(chance), 60, chance)
    book = a_draft()
    hours = len(list(moments_of(Response.objects.all())))
    rules = list(book.rules.select_related("team__calendar"))
    answers = list(Response.objects.select_related(*WITH))
    with django_assert_max_num_queries(12 + 6 * hours):
        rehearsal(answers, rules, lasts=LASTS)
