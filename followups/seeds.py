"""What a fresh deployment starts with: a brand, working hours, a team, policies, rules, root causes. All editable.

Each table is filled only while it is empty, so nothing an administrator deleted or changed comes back.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone

from followups import ladders
from followups.calendars import closed_days
from followups.holds import SHIPPED_TERMS
from followups.models import Calendar, LadderStep, LetterTemplate, RootCause, Rule, RuleBook, SlaPolicy, Team
from followups.shipped_templates import shipped
from surveys.models import Brand, Source
from surveys.scoring import Band

OFFICE_HOURS = [[[9 * 60, 12 * 60 + 30], [13 * 60 + 30, 17 * 60 + 30]]] * 5 + [[], []]

# At any score these words open a ticket: somebody who gives a 9 and wants to cancel is not happy.
COMPLAINT_WORDS = [
    "cancel our contract", "cancel my contract", "cancel the contract", "terminate the contract", "refund",
    "money back",
    "complaint", "unacceptable", "never again", "switch to another provider",
    "kündigen", "kündigung", "Geld zurück", "Beschwerde", "inakzeptabel", "nie wieder",
    "cancelar el contrato", "rescindir", "reembolso", "reclamación", "inaceptable", "nunca más",
    "résilier", "résiliation", "remboursement", "réclamation", "inacceptable", "plus jamais",
]  # fmt: skip

ROOT_CAUSES: list[tuple[str, str, list[tuple[str, str]]]] = [
    (
        "communication",
        "Communication",
        [
            ("communication-no-progress", "No progress reports during a case"),
            ("communication-wrong", "Wrong information given"),
            ("communication-nobody", "Nobody reachable"),
            ("communication-unknown-feature", "A feature nobody was told about"),
        ],
    ),
    (
        "product",
        "Product",
        [("product-fault", "A fault"), ("product-missing", "Something missing"), ("product-hard", "Hard to use")],
    ),
    (
        "billing",
        "Billing",
        [("billing-wrong", "A wrong invoice"), ("billing-unclear", "An unclear invoice"), ("billing-price", "Price")],
    ),
    (
        "delivery",
        "Delivery",
        [("delivery-late", "Late"), ("delivery-damaged", "Damaged"), ("delivery-wrong", "Wrong goods")],
    ),
    (
        "service",
        "Service",
        [("service-slow", "Slow to help"), ("service-manner", "Manner"), ("service-twice", "Had to say it twice")],
    ),
    ("training", "Training", [("training-none", "None given"), ("training-unclear", "Unclear")]),
    (
        "not-ours",
        "Outside our hands",
        [("not-ours-partner", "A partner"), ("not-ours-expectation", "Expected something else")],
    ),
]


def seed(**_signal: Any) -> None:
    """Fill every empty table of set-up. Connected to `post_migrate`, so it also runs after a database is flushed."""
    now = timezone.now()
    if not Brand.objects.exists():
        Brand.objects.create(
            slug="main",
            name="Customer care",
            sender_address=settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip(">"),
            is_default=True,
        )
    if not Source.objects.exists():
        Source.objects.create(slug="api", name="API", channel=Source.Channel.API)
    if not Calendar.objects.exists():
        years = range(now.year - 1, now.year + 3)
        Calendar.objects.create(
            slug="office",
            name="Office hours",
            zone=settings.TIME_ZONE,
            weekly=OFFICE_HOURS,
            closed_days=[[day.isoformat(), name] for day, name in _new_years_and_christmas(years)],
        )
    if not Team.objects.exists():
        Team.objects.create(
            slug="customer-care",
            name="Customer care",
            calendar=Calendar.objects.order_by("pk")[0],
            is_default=True,
        )
    if not SlaPolicy.objects.exists():
        policies = SlaPolicy.objects.bulk_create(_policies())
        LadderStep.objects.bulk_create([step for policy in policies for step in ladders.shipped(policy)])
    if not RuleBook.objects.exists():
        book = RuleBook.objects.create(number=1, made_at=now, in_force_from=now)
        Rule.objects.bulk_create(_rules(book))
    if not LetterTemplate.objects.exists():
        LetterTemplate.objects.bulk_create(shipped())
    if not RootCause.objects.exists():
        for position, (slug, name, children) in enumerate(ROOT_CAUSES, start=1):
            parent = RootCause.objects.create(slug=slug, name=name, position=position * 100)
            RootCause.objects.bulk_create(
                RootCause(slug=child, name=label, parent=parent, position=position * 100 + number)
                for number, (child, label) in enumerate(children, start=1)
            )


def _new_years_and_christmas(years: range) -> list[tuple[Any, str]]:
    """The two days nobody expects an answer on, wherever a company is; the rest is for its administrator to add."""
    wanted = {(1, 1), (12, 25)}
    return [(day, name) for day, name in closed_days("GB", "ENG", years) if (day.month, day.day) in wanted]


def _policies() -> list[SlaPolicy]:
    team, customer = SlaPolicy.Clock.TEAM, SlaPolicy.Clock.CUSTOMER
    return [
        SlaPolicy(
            slug="detractor-48h",
            name="Detractors: first contact in 48 hours",
            bands=[Band.DETRACTOR],
            position=100,
            first_contact_clock=customer,
            first_contact_hours=48,
            goal_percent=80,
        ),
        SlaPolicy(
            slug="detractor-24h",
            name="Detractors: first contact in 24 hours",
            bands=[Band.DETRACTOR],
            position=200,
            first_contact_clock=customer,
            first_contact_hours=24,
            goal_percent=90,
            is_active=False,
        ),
        SlaPolicy(
            slug="passive-5d",
            name="Passives: first contact in 5 working days",
            bands=[Band.PASSIVE],
            position=300,
            first_contact_clock=team,
            first_contact_working_days=5,
            goal_percent=80,
        ),
    ]


def _rules(book: RuleBook) -> list[Rule]:
    words, hold_words = COMPLAINT_WORDS, list(SHIPPED_TERMS)
    return [
        Rule(book=book, position=1, slug="hold-words", name="Words for a hold", kind=Rule.Kind.HOLD, words=hold_words),
        Rule(book=book, position=2, slug="detractor", name="Every detractor", bands=[Band.DETRACTOR]),
        Rule(book=book, position=3, slug="passive", name="Every passive", bands=[Band.PASSIVE]),
        Rule(book=book, position=4, slug="contact-me", name="Asked to be contacted, at any score", contact_me=True),
        Rule(book=book, position=5, slug="complaint-words", name="Words of a complaint, at any score", words=words),
    ]
