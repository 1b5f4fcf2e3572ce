"""The people of the page tests: an account manager with a queue, her lead, a colleague, the back office, an outsider.

`now` decides every time, so the same cast serves a frozen clock and a browser on the real one. Rows are made directly
where only how they look matters; what a test is about goes through the workflow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from followups.models import Deadline, Event, Member, RootCause, SlaPolicy, Team, Ticket
from followups.models.tickets import TicketState
from nps_loop.people.models import User
from surveys.models import Account, Brand, Contact, Response, Touchpoint
from tests import factories

PASSWORD = "a long enough password"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass
class Cast:
    """Who plays, and the tickets by the customer's first name."""

    now: datetime
    hanna: User
    lead: User
    nils: User
    devika: User
    outsider: User
    admin: User
    team: Team
    causes: list[RootCause]
    policy: SlaPolicy
    tickets: dict[str, Ticket] = field(default_factory=dict)

    @property
    def marta(self) -> Ticket:
        return self.tickets["Marta"]


def make_cast(now: datetime) -> Cast:
    """The people and their set-up, without tickets."""
    Brand.objects.filter(pk=factories.make_brand().pk).update(name="Halden", sender_address="care@halden.example")
    calendar = factories.make_calendar(slug="page-office", name="Office hours", zone="UTC")
    hanna = _person("Hanna Brandt", "Account manager")
    lead = _person("Tomás Ruiz", "Team lead")
    nils = _person("Nils Aker", "Account manager")
    devika = _person("Devika Rao", "Finance operations")
    outsider = _person("Otto Fern", "Account manager")
    admin = factories.make_admin("Ada Okafor", username="ada", password=PASSWORD)
    team = factories.make_team("Key accounts North", lead=lead, agents=(hanna, nils), calendar=calendar)
    Member.objects.filter(user=hanna).update(capacity=25)
    factories.make_team("Finance", agents=(devika,), takes_tickets=False, calendar=calendar)
    factories.make_team("Key accounts South", agents=(outsider,), calendar=calendar)
    parent = factories.make_root_cause("Communication")
    causes = [
        factories.make_root_cause("No progress reports during a case", parent=parent),
        factories.make_root_cause("Wrong information given", parent=parent),
    ]
    policy = factories.make_policy(slug="page-key", name="Key accounts", version=3)
    return Cast(now, hanna, lead, nils, devika, outsider, admin, team, causes, policy)


def _person(name: str, title: str) -> User:
    username = name.split()[0].lower().replace("á", "a")
    return factories.make_user(name, title=title, username=username, password=PASSWORD)


def add_ticket(
    cast: Cast,
    name: str,
    company: str,
    score: int,
    words: str,
    *,
    due_in: timedelta | None = 3 * HOUR,
    answered: timedelta = 2 * DAY,
    target: str = Deadline.Target.FIRST_CONTACT,
    owner: User | None = None,
    touchpoint: str = "Support case",
    answer: dict[str, object] | None = None,
    contact: dict[str, object] | None = None,
    account: dict[str, object] | None = None,
    **fields: object,
) -> Ticket:
    """One ticket with its answer, first-contact deadline and opening events. Kept in the cast by first name."""
    now = cast.now
    owner = cast.hanna if owner is None and fields.pop("owned", True) else owner
    place, _ = Account.objects.get_or_create(
        name=company,
        defaults={"external_id": f"A-{company}", "owner": owner, "search_name": company.lower(), **(account or {})},
    )
    person = factories.make_contact(
        name,
        account=place,
        email=f"{name.split()[0].lower()}@{company.split()[0].lower()}.example",
        search_name=name.lower(),
        **(contact or {}),
    )
    point, _ = Touchpoint.objects.get_or_create(
        slug=touchpoint.lower().replace(" ", "-").replace(",", ""), defaults={"name": touchpoint}
    )
    response = factories.make_response(
        score,
        contact=person,
        responded_at=now - answered,
        verbatim=words,
        search_text=words.lower(),
        touchpoint=point,
        **(answer or {}),
    )
    due_at = now + due_in if due_in is not None else None
    rank = int(due_at.timestamp()) if due_at else 2**52
    ticket = factories.make_ticket(
        response,
        owner=owner,
        team=cast.team,
        due_at=due_at,
        due_for=target if due_at else "",
        promised_at=due_at if target == Deadline.Target.FIRST_CONTACT else None,
        rank=rank,
        **fields,
    )
    if due_at is not None:
        factories.make_deadline(
            ticket,
            target,
            policy=cast.policy,
            calendar=cast.team.calendar,
            due_at=due_at + 3 * HOUR,
            promised_at=due_at,
            starts_at=response.responded_at,
        )
    _opened(ticket, owner, now - answered)
    cast.tickets[name.split()[0]] = ticket
    return ticket


def _opened(ticket: Ticket, owner: User | None, at: datetime) -> None:
    """The two events every ticket begins with."""
    times = {"happened_at": at, "recorded_at": at}
    Event.objects.create(
        ticket=ticket, seq=1, actor_kind="system", verb="open", to_state=TicketState.NEW, data={}, **times
    )
    version = 1
    if owner is not None:
        data = {"rule": "account_owner", "to": owner.pk}
        Event.objects.create(
            ticket=ticket,
            seq=2,
            actor_kind="system",
            verb="assign",
            from_state=TicketState.NEW,
            to_state=TicketState.ASSIGNED,
            data=data,
            **times,
        )
        version = 2
    Ticket.objects.filter(pk=ticket.pk).update(version=version)
    ticket.version = version


MARTA = (
    "We waited eleven days for someone to tell us why the imports kept failing. In the end our own driver found the "
    "cause, a comma in an address. I don’t mind bugs. I mind silence. If you call: before ten is best."
)


def add_marta(cast: Cast, **fields: object) -> Ticket:
    """The ticket of the mocks: a detractor who asked to be contacted, at an account that renews soon."""
    return add_ticket(
        cast,
        "Marta Lindqvist",
        "Nordby Cold Chain",
        3,
        MARTA,
        touchpoint="Onboarding, day 30",
        contact_me=True,
        contact={
            "role": "Head of Operations",
            "phone": "+46 00 000 00 00",
            "time_zone": "Europe/Stockholm",
            "preferred_channel": "phone",
            "good_time": "08:00 to 10:00",
        },
        account={
            "annual_value": 184_000,
            "renewal_on": (cast.now + 37 * DAY).date(),
            "customer_since": date(2021, 3, 1),
            "segment": "Key account",
            "region": "Nordics",
        },
        answer={"driver": "being kept informed", "contact_me": True, "share_name": True, "language": "en"},
        **fields,
    )


def add_queue(cast: Cast) -> None:
    """A queue with every group in it."""
    add_ticket(
        cast,
        "Grace Adeyemi",
        "Larkfield Dairy",
        0,
        "Two vans stood at the wrong depot on the busiest Saturday of the year and nobody picked up the emergency "
        "line. I rang four times. I still do not know what happened.",
        due_in=-1.5 * HOUR,
        touchpoint="Emergency support",
        contact={"phone": "+44 000 000", "preferred_channel": "phone"},
        account={"annual_value": 96_000},
    )
    jonas = add_ticket(
        cast,
        "Jonas Weidmann",
        "Kessler Getränke",
        2,
        "Seit dem Update springt die Tourenplanung jeden Morgen auf die alten Zeitfenster zurück. Wir korrigieren das "
        "von Hand, täglich, zu zweit. Ich habe es dreimal gemeldet.",
        target="action",
        state=TicketState.IN_ACTION,
        touchpoint="Release 8",
        answer={"language": "de"},
        account={"annual_value": 72_000},
    )
    factories.make_action(
        jonas,
        cast.hanna,
        title="Send the corrected build",
        due_at=cast.now + 3 * HOUR,
        told_at=cast.now - DAY,
        first_promised_at=cast.now + 3 * HOUR,
    )
    add_marta(cast)
    daniel = add_ticket(
        cast,
        "Daniel Osei",
        "Bluewater Linen",
        5,
        "Support is friendly, but I explain our set-up from scratch each time. Nobody seems to write anything down.",
        target=Deadline.Target.ANSWER,
        cycle=1,
        customer_waits=True,
        account={"annual_value": 41_000},
    )
    factories.make_verdict(
        daniel, cycle=0, text="The notes are there. The new person did not read them.", happened_at=cast.now - 16 * HOUR
    )
    add_ticket(
        cast,
        "Lucía Arrieta",
        "Panadería Los Olmos",
        6,
        "La aplicación va bien, pero la factura llega siempre con un centro de coste equivocado.",
        touchpoint="Invoice",
        answer={"language": "es"},
        account={"annual_value": 28_000},
    )
    add_ticket(
        cast,
        "Søren Ibsen",
        "Ibsen Køl",
        5,
        "The dock times moved by an hour after the clocks changed, and three lorries came too late.",
        due_in=22 * HOUR,
        contact={"phone": "+45 000 000"},
        contact_me=True,
        account={"annual_value": 54_000},
    )
    add_ticket(
        cast,
        "Ellen Marchetti",
        "Corriere Tre Valli",
        4,
        "The price rise came in a footnote on page two. We would have accepted it if someone had called.",
        due_in=9 * DAY,
        target=Deadline.Target.NEXT_UPDATE,
        state=TicketState.CONTACTED,
        touchpoint="Contract renewal",
        account={"annual_value": 215_000, "renewal_on": (cast.now + 12 * DAY).date()},
    )
    add_ticket(
        cast,
        "Priya Raman",
        "Ashgrove Pharmacies",
        7,
        "Good planner, reliable. For a nine I would want the driver app to work where there is no signal.",
        due_in=10 * DAY,
        touchpoint="Half-year review",
        snoozed_until=cast.now + 2 * DAY,
        account={"annual_value": 130_000},
    )
    add_ticket(
        cast,
        "Henrik Falk",
        "Storå Timber",
        6,
        "",
        due_in=None,
        state=TicketState.WAITING_ON_CUSTOMER,
        waiting_until=cast.now + 6 * DAY,
        account={"annual_value": 19_000},
    )
    add_ticket(cast, "Chloé Marin", "Biscuiterie Marin", 4, "On nous avait promis un rappel.", owned=False)


def answers_of(contact: Contact) -> list[Response]:
    return list(contact.responses.order_by("responded_at"))
