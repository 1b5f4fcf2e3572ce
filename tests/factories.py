"""Rows for tests, made with sensible defaults: name what a test is about, leave out the rest.

Plain functions; every keyword that is not explained here is a field of the row. Rows are written directly, so a state
that the rules would refuse can be made too. `NOW` is the moment most tests take for now: Tuesday 24 November 2026, 14:30
UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from followups import ladders
from followups.models import (
    Action,
    Away,
    Calendar,
    Conversation,
    Deadline,
    DismissalRequest,
    LadderStep,
    Member,
    Resolution,
    Review,
    RootCause,
    Rule,
    RuleBook,
    SlaPolicy,
    Team,
    Ticket,
    Verdict,
    WorkPattern,
)
from followups.models.tickets import ClosedAs, DismissReason, TicketState
from nps_loop.mail.models import Message, Stream
from nps_loop.people.models import User
from nps_loop.webhooks.models import Endpoint
from surveys.models import Account, Brand, Contact, Invitation, Response, Source, Survey, Touchpoint
from surveys.scoring import band

NOW = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

_number = count(1)


def _next() -> int:
    return next(_number)


# --- people and teams ------------------------------------------------------------------------------------------


def make_user(name: str = "", **fields: Any) -> User:
    """A colleague. `name` is given and family name: "Hanna Brandt"; the log-in name follows from it."""
    n = _next()
    first, _, last = (name or f"Person {n}").partition(" ")
    username = fields.pop("username", f"{first}.{last or 'x'}.{n}".lower())
    email = fields.pop("email", f"{username}@nordfracht.example".encode("ascii", "ignore").decode())
    password = fields.pop("password", None)
    user = User(username=username, email=email, first_name=first, last_name=last, **fields)
    if password is None:
        user.set_unusable_password()
    else:
        user.set_password(password)
    user.save()
    return user


def make_admin(name: str = "Ada Okafor", **fields: Any) -> User:
    return make_user(name, is_staff=True, is_superuser=True, **fields)


def make_calendar(**fields: Any) -> Calendar:
    """Monday to Friday, 09:00 to 17:30, UTC, no closed days. One row is shared unless something is named."""
    if not fields and (known := Calendar.objects.order_by("pk").first()):
        return known
    weekly = [[[9 * 60, 17 * 60 + 30]]] * 5 + [[], []]
    return Calendar.objects.create(
        **{"slug": f"office-{_next()}", "name": "Office hours", "zone": "UTC", "weekly": weekly, **fields}
    )


def make_policy(bands: tuple[str, ...] = ("detractor",), **fields: Any) -> SlaPolicy:
    """First contact within 48 hours on the customer clock, resolution in 15 working days, goal 80 %."""
    defaults = {"slug": f"policy-{_next()}", "name": "As shipped", "bands": list(bands), "first_contact_hours": 48}
    return SlaPolicy.objects.create(**{**defaults, **fields})


def make_rule(name: str = "", *, book: RuleBook | None = None, **fields: Any) -> Rule:
    """A rule of the book in force (or another), before all others unless `position` says where it stands."""
    n = _next()
    book = book or RuleBook.objects.in_force().get()
    defaults: dict[str, Any] = {"slug": f"rule-{n}", "name": name or f"Rule {n}", "position": 0}
    return Rule.objects.bulk_create([Rule(book=book, **{**defaults, **fields})])[0]


def make_team(name: str = "", *, lead: User | None = None, agents: tuple[User, ...] = (), **fields: Any) -> Team:
    """A team with its lead and agents as members. `is_default` takes the place of whichever team was the default."""
    n = _next()
    if fields.get("is_default"):
        Team.objects.filter(is_default=True).update(is_default=False)
    team = Team.objects.create(
        **{
            "slug": f"team-{n}",
            "name": name or f"Team {n}",
            "calendar": fields.pop("calendar", None) or make_calendar(),
        },
        **fields,
    )
    if lead is not None:
        make_member(team, lead, role=Member.Role.LEAD, capacity=0)
    for agent in agents:
        make_member(team, agent)
    return team


def make_member(team: Team, user: User, **fields: Any) -> Member:
    return Member.objects.create(team=team, user=user, **fields)


def make_away(user: User, starts_at: datetime, ends_at: datetime, **fields: Any) -> Away:
    return Away.objects.create(user=user, starts_at=starts_at, ends_at=ends_at, **fields)


# --- customers and what they say -------------------------------------------------------------------------------


def make_work_pattern(user: User, *days: int, start: int = 9 * 60, end: int = 17 * 60, **fields: Any) -> WorkPattern:
    """Somebody who works from `start` to `end` on these days of the week (0 is Monday)."""
    weekly = [[[start, end]] if day in days else [] for day in range(7)]
    return WorkPattern.objects.create(user=user, **{"weekly": weekly, "changed_at": NOW, **fields})


def make_brand(**fields: Any) -> Brand:
    """The default brand, one row shared unless something is named."""
    if not fields and (known := Brand.objects.filter(is_default=True).first()):
        return known
    n = _next()
    defaults = {"slug": f"brand-{n}", "name": "Nordfracht", "sender_address": "service@nordfracht.example"}
    return Brand.objects.create(**{**defaults, "is_default": not fields, **fields})


def make_touchpoint(name: str = "", **fields: Any) -> Touchpoint:
    n = _next()
    return Touchpoint.objects.create(**{"slug": f"touchpoint-{n}", "name": name or f"Touchpoint {n}", **fields})


def make_survey(name: str = "", **fields: Any) -> Survey:
    n = _next()
    return Survey.objects.create(**{"slug": f"survey-{n}", "name": name or f"Survey {n}", "is_sent": True, **fields})


def make_source(**fields: Any) -> Source:
    """Where answers come from, one row shared unless something is named."""
    if not fields and (known := Source.objects.order_by("pk").first()):
        return known
    n = _next()
    return Source.objects.create(**{"slug": f"source-{n}", "name": f"Source {n}", **fields})


def make_account(name: str = "", **fields: Any) -> Account:
    n = _next()
    return Account.objects.create(**{"external_id": f"A-{n}", "name": name or f"Company {n}", **fields})


def make_contact(name: str = "", **fields: Any) -> Contact:
    n = _next()
    defaults = {"name": name or f"Customer {n}", "email": f"customer{n}@client.example", "language": "en"}
    return Contact.objects.create(**{**defaults, **fields})


def make_response(score: int = 3, **fields: Any) -> Response:
    """An answer, decided on. `responded_at` is a day before NOW; day and received follow from it.

    A contact's account and segment are taken as the snapshot unless given. `contact=None` makes an anonymous answer.
    """
    n = _next()
    responded_at = fields.pop("responded_at", NOW - DAY)
    contact = fields.pop("contact", None)
    account = fields.pop("account", contact.account if contact else None)
    defaults: dict[str, Any] = {
        "external_id": f"r-{n}",
        "band": band(score),
        "verbatim": "We waited eleven days for an answer.",
        "account": account,
        "segment": account.segment if account else "",
        "region": account.region if account else "",
        "account_owner": account.owner if account else None,
        "received_at": responded_at,
        "day": responded_at.date(),
        "version_at": responded_at,
        "content_digest": f"{n:064d}",
        "decided_revision": 1,
    }
    source = fields.pop("source", None) or make_source()
    return Response.objects.create(
        source=source, score=score, contact=contact, responded_at=responded_at, **{**defaults, **fields}
    )


def make_invitation(contact: Contact | None = None, **fields: Any) -> Invitation:
    """One that was sent yesterday and can be answered for 29 more days; `contact` is a new one with an address."""
    n = _next()
    sent_at = fields.pop("sent_at", NOW - DAY)
    defaults: dict[str, Any] = {
        "cause": Invitation.Cause.CADENCE,
        "reference": f"round-{n}",
        "state": Invitation.State.SENT,
        "planned_for": sent_at or NOW,
        "day": (sent_at or NOW).date(),
        "expires_at": NOW + 29 * DAY,
    }
    contact = contact or make_contact(email=f"customer-{n}@client.example")
    survey = fields.pop("survey", None) or make_survey()
    return Invitation.objects.create(
        contact=contact, account=contact.account, survey=survey, sent_at=sent_at, **{**defaults, **fields}
    )


# --- the work --------------------------------------------------------------------------------------------------


def make_conversation(contact: Contact | None = None, **fields: Any) -> Conversation:
    return Conversation.objects.create(contact=contact, brand=fields.pop("brand", None) or make_brand(), **fields)


def make_ticket(response: Response | None = None, **fields: Any) -> Ticket:
    """A ticket over an answer (a new detractor's unless given), assigned where there is an owner, else new.

    Fields follow from the answer and the state: a closed ticket is confirmed unless `closed_as` says otherwise, a
    dismissed one a mistake. `score` makes the answer with that score, `answer` holds fields of the answer. The
    resolution target runs out 21 days after the answer.
    """
    answer = fields.pop("answer", {})
    if response is None:
        response = make_response(fields.pop("score", 3), **{"contact": make_contact(), **answer})
    owner = fields.get("owner")
    state = fields.setdefault("state", TicketState.ASSIGNED if owner else TicketState.NEW)
    if state == TicketState.CLOSED:
        fields.setdefault("closed_as", ClosedAs.CONFIRMED)
    if state == TicketState.DISMISSED:
        fields.setdefault("dismissed_as", DismissReason.MISTAKE)
    conversation = fields.pop("conversation", None)
    if conversation is None:
        open_one = Conversation.objects.filter(contact=response.contact, closed_at=None).first()
        conversation = (open_one if response.contact else None) or make_conversation(response.contact, owner=owner)
    defaults: dict[str, Any] = {
        "contact": response.contact,
        "account": response.account,
        "brand": conversation.brand,
        "score": response.score,
        "band": response.band,
        "contact_me": response.contact_me,
        "responded_at": response.responded_at,
        "received_at": response.received_at,
        "day": response.day,
        "opened_at": response.received_at,
        "changed_at": response.received_at,
        "assigned_at": response.received_at if owner else None,
        "resolution_due_at": response.responded_at + 21 * DAY,
    }
    return Ticket.objects.create(response=response, conversation=conversation, **{**defaults, **fields})


def make_deadline(ticket: Ticket, target: str = Deadline.Target.FIRST_CONTACT, **fields: Any) -> Deadline:
    """A time the ticket must meet: by default the first contact, 48 hours after the answer, on the customer clock."""
    minutes = fields.pop("minutes", 48 * 60)
    policy = fields.pop("policy", None) or SlaPolicy.objects.order_by("pk").first() or make_policy()
    defaults: dict[str, Any] = {
        "cycle": ticket.cycle,
        "clock": SlaPolicy.Clock.CUSTOMER,
        "calendar": make_calendar(),
        "starts_at": ticket.responded_at,
        "due_at": ticket.responded_at + timedelta(minutes=minutes),
    }
    row = Deadline(ticket=ticket, target=target, minutes=minutes, policy=policy, **{**defaults, **fields})
    ladders.plan([row], fresh=True)
    row.save()
    return row


def make_step(policy: SlaPolicy, level: str, who: str = LadderStep.Who.LEAD, **fields: Any) -> LadderStep:
    """A step of a ladder: the lead, when it is due, unless told otherwise."""
    return LadderStep.objects.create(policy=policy, level=level, who=who, **fields)


def make_endpoint(url: str = "https://hooks.example/", **fields: Any) -> Endpoint:
    return Endpoint.objects.create(url=url, **{"name": f"Endpoint {_next()}", **fields})


def make_action(ticket: Ticket, owner: User | None = None, **fields: Any) -> Action:
    """An open action due in two days, not promised to the customer unless `first_promised_at` is given."""
    owner = owner or ticket.owner or make_user()
    defaults: dict[str, Any] = {
        "cycle": ticket.cycle,
        "title": "Send the corrected invoice",
        "planned_by": owner,
        "due_at": fields.get("first_promised_at") or NOW + 2 * DAY,
        "planned_at": NOW - DAY,
    }
    return Action.objects.create(ticket=ticket, owner=owner, **{**defaults, **fields})


def make_root_cause(name: str = "", **fields: Any) -> RootCause:
    n = _next()
    return RootCause.objects.create(**{"slug": f"cause-{n}", "name": name or f"Cause {n}", **fields})


def make_resolution(ticket: Ticket, root_cause: RootCause | None = None, **fields: Any) -> Resolution:
    defaults: dict[str, Any] = {"cycle": ticket.cycle, "told": Resolution.Told.MAIL, "happened_at": NOW}
    return Resolution.objects.create(ticket=ticket, root_cause=root_cause, **{**defaults, **fields})


def make_dismissal_request(ticket: Ticket, **fields: Any) -> DismissalRequest:
    """A wish to dismiss; open unless `approved` is given."""
    defaults: dict[str, Any] = {"reason": DismissReason.DUPLICATE, "asked_at": NOW - HOUR, "asked_by": ticket.owner}
    if fields.get("approved") is not None:
        defaults |= {"decided_at": NOW}
    return DismissalRequest.objects.create(ticket=ticket, **{**defaults, **fields})


def make_verdict(ticket: Ticket, choice: str = Verdict.Choice.NOT_YET, **fields: Any) -> Verdict:
    return Verdict.objects.create(
        ticket=ticket, choice=choice, **{"cycle": ticket.cycle, "happened_at": NOW - HOUR, **fields}
    )


def make_review(touchpoint: Touchpoint | None = None, **fields: Any) -> Review:
    """A review of the last thirteen weeks' answers that is planned for the day after tomorrow."""
    today = NOW.date()
    defaults: dict[str, Any] = {
        "day_from": today - 91 * DAY,
        "day_to": today - DAY,
        "meeting_on": today + 2 * DAY,
        "prepare_on": today,
        "planned_at": NOW - DAY,
    }
    return Review.objects.create(touchpoint=touchpoint or make_touchpoint(), **{**defaults, **fields})


def make_message(**fields: Any) -> Message:
    """A mail of the case stream, queued unless a state is given."""
    n = _next()
    defaults: dict[str, Any] = {
        "kind": "personal",
        "stream": Stream.CASE,
        "recipient": f"customer{n}@client.example",
        "from_address": "service@nordfracht.example",
        "message_id": f"<{n}@nordfracht.example>",
        "subject": "Your answer",
        "text": "Hello",
    }
    return Message.objects.create(**{**defaults, **fields})
