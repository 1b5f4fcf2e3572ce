"""The sample company: two brands, three teams, its people, what it asks and about what.

Corvane rents coffee machines and water stations, with service, to hotels, offices and clinics; its desk is staffed every
day from seven to eleven at night. Mokari sells beans and small machines to cafés and shops, on weekdays. The back office
takes no tickets, only actions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from followups import rule_books
from followups.calendars import closed_days
from followups.models import Away, Calendar, Member, Rule, RuleBook, SetGoal, Team
from nps_loop.people.models import User
from nps_loop.samples.words import drivers_to_pick
from surveys.models import Brand, Source, Survey, Touchpoint
from surveys.scoring import Band

ZONE = "Europe/Berlin"
PASSWORD = "demo"  # noqa: S105  (the demo's, printed when it starts)
DESK_HOURS: list[list[list[int]]] = [[[7 * 60, 23 * 60]]] * 7
TRADE_HOURS: list[list[list[int]]] = [[[9 * 60, 12 * 60 + 30], [13 * 60 + 30, 17 * 60 + 30]]] * 5 + [[], []]
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Colleague:
    login: str
    name: str
    title: str
    phone: str = ""
    languages: tuple[str, ...] = ("en",)


AGENT, LEAD, ADMIN = "agent", "lead", "admin"
COLLEAGUES: tuple[Colleague, ...] = (
    Colleague(AGENT, "Nora Feldmann", "Account manager, hotels and offices", "+49 30 23125 140", ("en", "de")),
    Colleague(LEAD, "Rafael Osei", "Team lead, hotels and offices", "+49 30 23125 100", ("en", "de", "fr")),
    Colleague(ADMIN, "Ilse Korhonen", "Operations", "+49 30 23125 101"),
    Colleague("matteo", "Matteo Brandl", "Account manager, hotels and offices", "+49 30 23125 141", ("en", "de")),
    Colleague("chiara", "Chiara Weiss", "Account manager, France and clinics", "+49 30 23125 142", ("en", "fr", "de")),
    Colleague("yusuf", "Yusuf Demir", "Account manager, offices", "+49 30 23125 143", ("en", "de")),
    Colleague("tomasz", "Tomasz Wrona", "Account manager, hotels", "+49 30 23125 144", ("en", "de")),
    Colleague("elodie", "Élodie Marchand", "Team lead, cafés and shops", "+34 910 601 100", ("es", "fr", "en")),
    Colleague("diego", "Diego Salas", "Customer care, Mokari", "+34 910 601 101", ("es", "en", "fr")),
    Colleague("jana", "Jana Novak", "Customer care, Mokari", "+34 910 601 102", ("de", "en", "es")),
    Colleague("greta", "Greta Holm", "Head of workshop and billing", "+49 30 23125 150"),
    Colleague("priya", "Priya Raman", "Billing", "+49 30 23125 151"),
    Colleague("olaf", "Olaf Jensen", "Workshop and routes", "+49 30 23125 152"),
)
LOGINS = (AGENT, LEAD, ADMIN)
# Whoever works slowly on purpose: first contact comes after the promised time (see `truth`).
SLOW = "matteo"
# Left the company while cases were open.
GONE = "tomasz"

# Team -> (log-in, role, capacity).
DESK = (
    ("lead", Member.Role.LEAD, 0),
    ("agent", Member.Role.AGENT, 25),
    ("matteo", Member.Role.AGENT, 20),
    ("chiara", Member.Role.AGENT, 20),
    ("yusuf", Member.Role.AGENT, 15),
    ("tomasz", Member.Role.AGENT, 15),
)
TRADE = (
    ("elodie", Member.Role.LEAD, 0),
    ("lead", Member.Role.DEPUTY, 0),
    ("diego", Member.Role.AGENT, 20),
    ("jana", Member.Role.AGENT, 20),
)
BACK_OFFICE = (
    ("greta", Member.Role.LEAD, 0),
    ("priya", Member.Role.AGENT, 0),
    ("olaf", Member.Role.AGENT, 0),
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A touchpoint: for colleagues, for customers by language, the kind of survey that asks about it, and its source."""

    slug: str
    name: str
    phrases: dict[str, str]
    source: str
    is_mokari: bool = False


MOMENTS: tuple[Moment, ...] = (
    Moment(
        "relationship",
        "Relationship, half-yearly",
        {
            "en": "working with us",
            "de": "die Zusammenarbeit mit uns",
            "es": "el trato con nosotros",
            "fr": "notre relation",
        },
        "relationship-survey",
    ),
    Moment(
        "service-visit",
        "Service visit",
        {
            "en": "our last service visit",
            "de": "unser letzter Servicebesuch",
            "es": "nuestra última visita técnica",
            "fr": "notre dernier passage",
        },
        "after-service",
    ),
    Moment(
        "refills",
        "Refills and filters",
        {
            "en": "your last delivery of beans and filters",
            "de": "Ihre letzte Lieferung",
            "es": "su última entrega",
            "fr": "votre dernière livraison",
        },
        "after-service",
    ),
    Moment(
        "invoice",
        "Invoice",
        {
            "en": "your last invoice",
            "de": "Ihre letzte Rechnung",
            "es": "su última factura",
            "fr": "votre dernière facture",
        },
        "after-service",
    ),
    Moment(
        "support-call",
        "Support call",
        {
            "en": "your call to our desk",
            "de": "Ihr Anruf bei uns",
            "es": "su llamada a nuestro servicio",
            "fr": "votre appel à notre service",
        },
        "after-service",
    ),
    Moment(
        "first-90-days",
        "First 90 days",
        {
            "en": "your first 90 days with us",
            "de": "Ihre ersten 90 Tage mit uns",
            "es": "sus primeros 90 días con nosotros",
            "fr": "vos 90 premiers jours avec nous",
        },
        "first-90-days",
    ),
    Moment(
        "mokari-order",
        "Mokari order",
        {
            "en": "your last order",
            "de": "Ihre letzte Bestellung",
            "es": "su último pedido",
            "fr": "votre dernière commande",
        },
        "mokari-orders",
        is_mokari=True,
    ),
    Moment(
        "mokari-service",
        "Mokari machine service",
        {
            "en": "the service of your machine",
            "de": "der Service an Ihrer Maschine",
            "es": "el servicio de su máquina",
            "fr": "l’entretien de votre machine",
        },
        "mokari-orders",
        is_mokari=True,
    ),
)
SURVEYS: tuple[tuple[str, str, str, str, str], ...] = (
    # source, name, kind, touchpoint it is about unless an answer says otherwise, question
    (
        "relationship-survey",
        "Half-yearly survey",
        Survey.Kind.RELATIONAL,
        "relationship",
        "How likely are you to recommend Corvane to somebody you work with?",
    ),
    (
        "after-service",
        "After a visit, delivery, invoice or call",
        Survey.Kind.TRANSACTIONAL,
        "service-visit",
        "After this: how likely are you to recommend us?",
    ),
    (
        "first-90-days",
        "First 90 days",
        Survey.Kind.EPISODIC,
        "first-90-days",
        "After your first 90 days: how likely are you to recommend us?",
    ),
    (
        "mokari-orders",
        "Mokari, orders and service",
        Survey.Kind.TRANSACTIONAL,
        "mokari-order",
        "How likely are you to recommend Mokari to another café?",
    ),
)


@dataclass(frozen=True)
class Company:
    """The rows of the company, by log-in and slug."""

    people: dict[str, User]
    brands: dict[str, Brand]
    teams: dict[str, Team]
    sources: dict[str, Source]
    touchpoints: dict[str, Touchpoint]
    # A Monday on which the weekday team is closed; the Friday before has an answer at 18:00.
    closed_monday: date = field(default=date.min)


def closed_monday_before(now: datetime) -> date:
    """The Monday the weekday team takes stock: the last one at least eight days ago, by the company's clock."""
    today = now.astimezone(ZoneInfo(ZONE)).date() - 8 * DAY
    return today - today.weekday() * DAY


def set_up(*, now: datetime, with_logins: bool = False) -> Company:
    """Write the company into a database that has only what `seeds` left. `now` decides absences and holidays.

    With `with_logins` the log-ins agent, lead and admin get the password of the demo; nobody else can log in.
    """
    people = _people(with_logins)
    brands = _brands()
    points = _touchpoints(brands)
    monday = closed_monday_before(now)
    teams = _teams(brands, points, people, now, monday)
    company = Company(people, brands, teams, _sources(brands, points), points, monday)
    _absences(company, now)
    _rules(people["lead"], now)
    _goals(teams, people, now)
    return company


def _goals(teams: dict[str, Team], people: dict[str, User], now: datetime) -> None:
    """What is wanted: of everybody for a year, of first contacts more for two months, and what two teams want."""
    long_ago, lately = now - 370 * DAY, now - 62 * DAY
    wanted = (
        (SetGoal.Metric.ON_TIME, None, 75, long_ago, ADMIN),
        (SetGoal.Metric.ON_TIME, None, 85, lately, ADMIN),
        (SetGoal.Metric.TOLD, None, 80, long_ago, ADMIN),
        (SetGoal.Metric.CONFIRMED, None, 50, long_ago, ADMIN),
        (SetGoal.Metric.KEPT, None, 80, long_ago, ADMIN),
        (SetGoal.Metric.RECOVERY, None, 40, long_ago, ADMIN),
        (SetGoal.Metric.NPS, None, 25, long_ago, ADMIN),
        (SetGoal.Metric.RESPONSE_RATE, None, 30, long_ago, ADMIN),
        (SetGoal.Metric.TOLD, teams["desk"], 85, lately, LEAD),
        (SetGoal.Metric.TOLD, teams["trade"], 70, lately, "elodie"),
    )
    SetGoal.objects.bulk_create(
        SetGoal(metric=metric, team=team, target=target, valid_from=day.date(), set_by=people[by], set_at=day)
        for metric, team, target, day, by in wanted
    )


def _rules(lead: User, now: datetime) -> None:
    """What the company decides otherwise than a fresh deployment: large customers and the words of leaving come first."""
    RuleBook.objects.in_force().update(made_at=now - 300 * DAY, in_force_from=now - 300 * DAY)
    detractors: dict[str, Any] = {"bands": [Band.DETRACTOR], "priority": Rule.Priority.HIGH}
    large = {"name": "Large hotels and clinics", "segments": ["Hotel", "Clinic"], "value_from": 60_000, **detractors}
    book = rule_books.save_rule("", large, by=lead, now=now - 120 * DAY, edits=None)
    mokari = {"name": "Mokari, unhappy with an order", "touchpoints": ["mokari-order"], "brands": ["mokari"]}
    rule_books.save_rule("", mokari | {"bands": [Band.DETRACTOR]}, by=lead, now=now - 120 * DAY, edits=book.edits)
    for slug in ("large-hotels-and-clinics", "mokari-unhappy-with-an-order"):
        for _place in range(4):
            edits = RuleBook.objects.drafts().get().edits
            rule_books.move_rule(slug, up=True, by=lead, now=now - 120 * DAY, edits=edits)
    rule_books.put_in_force(
        note="Large customers first, Mokari by itself.",
        by=lead,
        now=now - 119 * DAY,
        edits=RuleBook.objects.drafts().get().edits,
    )


def _people(with_logins: bool) -> dict[str, User]:
    rows = []
    for one in COLLEAGUES:
        first, _, last = one.name.partition(" ")
        brand = "mokari" if one.login in ("elodie", "diego", "jana") else "corvane"
        address = f"{first}.{last}@{brand}.example".lower().replace("é", "e")
        user = User(
            username=one.login,
            first_name=first,
            last_name=last,
            email=address,
            title=one.title,
            phone=one.phone,
            time_zone=ZONE,
            is_staff=one.login == ADMIN,
            is_superuser=one.login == ADMIN,
        )
        if with_logins and one.login in LOGINS:
            user.set_password(PASSWORD)
        else:
            user.set_unusable_password()
        rows.append(user)
    User.objects.bulk_create(rows)
    return {user.username: user for user in rows}


def _brands() -> dict[str, Brand]:
    corvane = Brand.objects.filter(is_default=True).first() or Brand(is_default=True)
    _write(
        corvane,
        slug="corvane",
        name="Corvane",
        sender_address="service@corvane.example",
        reply_address="service@corvane.example",
        colour="#0f5c57",
        legal_footer="Corvane GmbH, Uferhallen 12, 13357 Berlin. Managing directors: L. Adeyemi, P. Stern.",
        own_domains=["corvane.example", "mokari.example"],
    )
    mokari = Brand(
        slug="mokari",
        name="Mokari",
        sender_address="hola@mokari.example",
        reply_address="hola@mokari.example",
        colour="#8a3b12",
        legal_footer="Mokari, una marca de Corvane Ibérica S.L., Calle del Sol 8, 28012 Madrid.",
        own_domains=["corvane.example", "mokari.example"],
    )
    mokari.save()
    return {"corvane": corvane, "mokari": mokari}


def _touchpoints(brands: dict[str, Brand]) -> dict[str, Touchpoint]:
    rows = [
        Touchpoint(
            slug=one.slug,
            name=one.name,
            customer_phrase=one.phrases["en"],
            phrases=one.phrases,
            brand=brands["mokari" if one.is_mokari else "corvane"],
        )
        for one in MOMENTS
    ]
    Touchpoint.objects.bulk_create(rows)
    return {row.slug: row for row in rows}


def _teams(
    brands: dict[str, Brand], points: dict[str, Touchpoint], people: dict[str, User], now: datetime, monday: date
) -> dict[str, Team]:
    years = range(now.year - 1, now.year + 2)
    spanish = [[day.isoformat(), name] for day, name in closed_days("ES", "MD", years)]
    desk_hours = Calendar.objects.create(
        slug="service-desk", name="Service desk, every day", zone=ZONE, weekly=DESK_HOURS
    )
    trade_hours = Calendar.objects.create(
        slug="weekdays",
        name="Weekdays, Madrid",
        zone="Europe/Madrid",
        country="ES",
        subdivision="MD",
        weekly=TRADE_HOURS,
        closed_days=sorted([*spanish, [monday.isoformat(), "Stocktaking"]]),
    )
    desk = Team.objects.filter(is_default=True).first() or Team(is_default=True)
    _write(desk, slug="hotels-and-offices", name="Hotels and offices", calendar=desk_hours, brand=brands["corvane"])
    trade = Team(slug="cafes-and-shops", name="Cafés and shops", calendar=trade_hours, brand=brands["mokari"])
    trade.save()
    trade.touchpoints.set([points[one.slug] for one in MOMENTS if one.is_mokari])
    back = Team(slug="workshop-and-billing", name="Workshop and billing", calendar=trade_hours, takes_tickets=False)
    back.save()
    languages = {one.login: list(one.languages) for one in COLLEAGUES}
    members = [(desk, DESK), (trade, TRADE), (back, BACK_OFFICE)]
    Member.objects.bulk_create(
        Member(team=team, user=people[login], role=role, capacity=capacity, languages=languages[login])
        for team, rows in members
        for login, role, capacity in rows
    )
    return {"desk": desk, "trade": trade, "back": back}


def _sources(brands: dict[str, Brand], points: dict[str, Touchpoint]) -> dict[str, Source]:
    sources = []
    for slug, name, kind, about, question in SURVEYS:
        brand = brands["mokari" if slug.startswith("mokari") else "corvane"]
        survey = Survey.objects.create(
            slug=slug,
            name=name,
            kind=kind,
            touchpoint=points[about],
            brand=brand,
            question=question,
            drivers=drivers_to_pick(topics_of(about)),
        )
        sources.append(
            Source(slug=slug, name=name, channel=Source.Channel.FILE, survey=survey, brand=brand, time_zone=ZONE)
        )
    Source.objects.bulk_create(sources)
    return {source.slug: source for source in sources}


def _absences(company: Company, now: datetime) -> None:
    people = company.people
    Away.objects.bulk_create(
        [
            Away(
                user=people["yusuf"],
                starts_at=now - 2 * DAY,
                ends_at=now + 5 * DAY,
                delegate=people[AGENT],
                note="Holiday",
            ),
            Away(
                user=people["diego"],
                starts_at=now - DAY,
                ends_at=now + 2 * DAY,
                delegate=people["jana"],
                note="Trade fair",
            ),
            Away(user=people["chiara"], starts_at=now + 6 * DAY, ends_at=now + 9 * DAY, delegate=people["matteo"]),
        ]
    )


def _write(row: Any, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()


def topics_of(moment: str) -> Iterable[str]:
    """What customers speak of when they are asked about this moment; first of all its own matter."""
    return {
        "relationship": ("silence", "price", "fault", "technician", "taste", "portal", "refill", "people"),
        "service-visit": ("technician", "fault", "silence"),
        "refills": ("refill", "taste", "portal"),
        "invoice": ("invoice", "price"),
        "support-call": ("silence", "fault"),
        "first-90-days": ("install", "portal", "taste", "people"),
        "mokari-order": ("refill", "portal", "price", "taste"),
        "mokari-service": ("technician", "fault"),
    }[moment]
