"""Everything a ticket's page is drawn from, read once in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import (
    BigIntegerField,
    BooleanField,
    CharField,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Cast

from followups import counting
from followups.at_once import read_at_once
from followups.covered import with_cover
from followups.improve.linking import open_initiatives
from followups.messages.letters import Reader
from followups.models import (
    Action,
    ActionMove,
    ContactAttempt,
    Deadline,
    DismissalRequest,
    Event,
    Initiative,
    KeptDraft,
    LetterTemplate,
    Looking,
    Note,
    Reply,
    Resolution,
    Team,
    Ticket,
    Verdict,
    Watcher,
)
from followups.models.tickets import DismissReason
from followups.next_step import Known
from followups.permissions import WORKING, Role
from followups.team_page import people
from followups.viewing import Viewer
from nps_loop.mail.models import Attachment, Message, Stream
from nps_loop.people.models import User
from surveys.models import Response

WITH = (
    "response__touchpoint",
    "response__source",
    "contact__account",
    "account__owner",
    "owner",
    "team__calendar",
    "brand",
    "conversation",
    "rule",
)
UNHAPPY_LATELY = timedelta(days=120)


@dataclass(frozen=True, slots=True)
class Said:
    """A row that holds words, of whichever table, or one that stands beside them."""

    kind: str
    pk: int
    at: datetime
    by: str
    text: str = ""
    more: str = ""
    third: str = ""
    code: str = ""
    number: int = 0
    flag: bool = False
    other: bool = False


@dataclass
class Case:
    """A ticket with its rows. Lists are in the order in which things happened."""

    ticket: Ticket
    viewer: Viewer
    now: datetime
    roles: frozenset[Role]
    actions: list[Action] = field(default_factory=list)
    attempts: list[ContactAttempt] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    deadlines: list[Deadline] = field(default_factory=list)
    around: list[Response] = field(default_factory=list)
    # Why an open ticket has no owner, as the lead reads it.
    why_nobody: str = ""
    # Names of colleagues by id, for events that point to one. Whoever draws the page has them anyway.
    names: Mapping[int, str] = field(default_factory=dict)

    @property
    def is_limited(self) -> bool:
        """Somebody who was only given an action: words and promise, not the case around them."""
        return not self.roles & WORKING

    @cached_property
    def sees_words(self) -> bool:
        return self.viewer.sees_words(self.ticket)

    @cached_property
    def sees_name(self) -> bool:
        response = self.ticket.response
        return self.viewer.sees_name(self.ticket, response.share_name if response else None)

    @cached_property
    def by_kind(self) -> dict[str, dict[int, Said]]:
        found: dict[str, dict[int, Said]] = defaultdict(dict)
        for row in self.said:
            found[row.kind][row.pk] = row
        return found

    def of_kind(self, kind: str) -> list[Said]:
        return sorted(self.by_kind.get(kind, {}).values(), key=lambda row: (row.at, row.pk))

    @property
    def current_actions(self) -> list[Action]:
        """Actions of the present cycle, by date."""
        return [action for action in self.actions if action.cycle == self.ticket.cycle]

    @property
    def open_actions(self) -> list[Action]:
        return [action for action in self.current_actions if action.state == Action.State.OPEN]

    @property
    def current_deadlines(self) -> list[Deadline]:
        return [row for row in self.deadlines if row.cycle == self.ticket.cycle]

    @cached_property
    def known(self) -> Known:
        """What the next step hangs on."""
        verdicts = self.of_kind("verdict")
        return Known.of(
            self.ticket,
            actions=self.actions,
            attempts=self.attempts,
            last_verdict=verdicts[-1].code if verdicts else "",
            mails=self.messages,
        )

    @cached_property
    def open_request(self) -> Said | None:
        """The wish to dismiss that a lead has still to decide on."""
        return next((row for row in self.of_kind("request") if not row.flag), None) if self.ticket.is_live else None

    @property
    def dismissal_reason(self) -> str:
        """Why it should be dismissed, as the list calls it."""
        return str(DismissReason(self.open_request.code).label) if self.open_request else ""

    @property
    def initiatives(self) -> list[Said]:
        return self.of_kind("initiative")

    @property
    def initiatives_to_link(self) -> list[tuple[int, str]]:
        """Open ones this answer is not linked to, by title."""
        return sorted(
            ((row.pk, row.text) for row in self.of_kind("initiative-to-link")),
            key=lambda row: (row[1].casefold(), row[0]),
        )

    @property
    def watchers(self) -> list[Said]:
        return self.of_kind("watcher")

    @cached_property
    def own_answers(self) -> list[Response]:
        """What the same person said before and since, newest first, this answer included."""
        contact = self.ticket.contact_id
        return [answer for answer in self.around if contact and answer.contact_id == contact]

    @cached_property
    def at_account(self) -> list[Response]:
        """The newest answer of each other person at the account."""
        seen: set[int] = set()
        found = []
        for answer in self.around:
            person = answer.contact_id
            if answer.account_id != self.ticket.account_id or not answer.account_id or not person:
                continue
            if person != self.ticket.contact_id and person not in seen:
                seen.add(person)
                found.append(answer)
        return found

    @cached_property
    def same_reason(self) -> list[Response]:
        """Answers of other customers who picked the same reason at the same touchpoint."""
        ticket = self.ticket
        return [
            answer
            for answer in self.around
            if answer.contact_id != ticket.contact_id
            and (not answer.account_id or answer.account_id != ticket.account_id)
        ]


def find(user: User, number: int, *besides: QuerySet[Any]) -> Ticket | None:
    """The ticket with this number, if this person may see it; `besides` is read in the same query."""
    rows = with_cover(Ticket.objects.visible_to(user).select_related(*WITH)).filter(pk=number)
    read_at_once(rows, *besides)
    return next(iter(rows), None)


def read(ticket: Ticket, viewer: Viewer, *, now: datetime) -> Case:
    """Read all rows of a ticket that was found with `find`. One query; six more say why nobody has it."""
    actions = Action.objects.filter(ticket=ticket).select_related("owner", "planned_by").order_by("due_at", "id")
    said = _said(ticket, viewer, now)
    if not viewer.roles_on(ticket) & WORKING:
        read_at_once(actions, said)
        return _case(ticket, viewer, now, [row for row in actions if row.owner_id == viewer.user.pk], said)
    attempts = ContactAttempt.objects.filter(ticket=ticket).select_related("by")
    events = Event.objects.filter(ticket=ticket).select_related("actor").order_by("seq")
    mails = Message.objects.filter(case=ticket.pk).exclude(stream=Stream.STAFF).select_related("written_by")
    mails = mails.defer("html").order_by("id")
    owed = Deadline.objects.filter(ticket=ticket).select_related("policy", "calendar").order_by("cycle", "id")
    around = _around(ticket, viewer)
    read_at_once(actions, said, attempts, events, mails, owed, around)
    case = _case(ticket, viewer, now, actions, said)
    case.attempts, case.events, case.messages = list(attempts), list(events), list(mails)
    case.deadlines, case.around = list(owed), list(around)
    if ticket.owner_id is None and ticket.is_live and not ticket.nobody_to_reach:
        crew = people.crew_of(Team.objects.filter(pk=ticket.team_id or 0), lambda user: "", now=now)
        case.why_nobody = people.why_nobody(ticket, crew, people.last_round(), people.complained_about([ticket]))
    return case


def _case(
    ticket: Ticket, viewer: Viewer, now: datetime, actions: Iterable[Action], said: Iterable[tuple[Any, ...]]
) -> Case:
    rows = list(actions)
    for action in rows:
        action.ticket = ticket  # the one in hand, so that nobody asks for it again
    mine = any(action.owner_id == viewer.user.pk for action in rows)
    roles = viewer.roles_on(ticket, has_action=mine)
    return Case(ticket, viewer, now, roles, rows, said=[_as_said(row) for row in said])


def _said(ticket: Ticket, viewer: Viewer, now: datetime) -> QuerySet[Any]:
    """Words of every kind, as rows of one shape: eleven small tables would be eleven lists."""
    text, code = Value("", TextField()), Value("", CharField())
    no, zero = Value(False, BooleanField()), Value(0, BigIntegerField())

    def rows(kind: str, found: QuerySet[Any], at: str, by: str, **columns: Any) -> QuerySet[Any]:
        shown = {
            "c_text": text,
            "c_more": text,
            "c_third": text,
            "c_code": code,
            "c_number": zero,
            "c_flag": no,
            "c_other": no,
        } | {f"c_{name}": value for name, value in columns.items()}
        who = {
            "c_first": F(f"{by}__first_name") if by else code,
            "c_last": F(f"{by}__last_name") if by else code,
            "c_user": F(f"{by}__username") if by else code,
        }
        return (
            found.order_by()
            .annotate(c_kind=Value(kind, CharField()), c_at=F(at), **who, **shown)
            .values_list("c_kind", "pk", "c_at", *who, *shown)
        )

    parts = [
        rows("note", Note.objects.filter(ticket=ticket), "happened_at", "by", text=F("text")),
        rows(
            "reply",
            Reply.objects.filter(ticket=ticket),
            "happened_at",
            "logged_by",
            text=F("text"),
            code=F("via"),
            flag=F("to_personal_mail"),
            other=F("says_settled"),
        ),
        rows(
            "file",
            Attachment.objects.filter(inbound__case=ticket.pk),
            "inbound__received_at",
            "",
            text=F("name"),
            number=F("inbound_id"),
            code=F("stored_as"),
        ),
        rows("verdict", Verdict.objects.filter(ticket=ticket), "happened_at", "", text=F("text"), code=F("choice")),
        rows(
            "move",
            ActionMove.objects.filter(action__ticket=ticket),
            "happened_at",
            "by",
            text=F("reason"),
            number=F("action_id"),
        ),
        rows(
            "resolution",
            Resolution.objects.filter(ticket=ticket),
            "happened_at",
            "by",
            text=F("what_changed"),
            more=F("why_it_happened"),
            third=F("differ_text"),
            code=F("root_cause__name"),
        ),
        rows(
            "request",
            DismissalRequest.objects.filter(ticket=ticket),
            "asked_at",
            "asked_by",
            text=F("explanation"),
            code=F("reason"),
            number=F("asked_by_id"),
            # A wish is decided without a yes or a no too: it was withdrawn, or needed nobody's approval.
            flag=ExpressionWrapper(Q(decided_at__isnull=False), output_field=BooleanField()),
        ),
        rows(
            "watcher",
            Watcher.objects.filter(ticket=ticket).exclude(user=ticket.owner_id),
            "since",
            "user",
            code=F("reason"),
            text=F("detail"),
            number=F("user_id"),
        ),
        rows("draft", KeptDraft.objects.of(viewer.user, ticket), "kept_at", "", code=F("form"), text=F("typed")),
        rows(
            "template",
            LetterTemplate.objects.offered_in(Reader.of(ticket).language),
            "changed_at",
            "",
            code=F("step"),
            text=Cast("name", TextField()),
            number=F("position"),
        ),
        rows(
            "looking",
            Looking.objects.at(now).filter(ticket=ticket).exclude(user=viewer.user),
            "seen_at",
            "user",
            number=F("user_id"),
        ),
    ]
    if ticket.response_id:
        linked = Initiative.objects.filter(responses=ticket.response_id)
        to_link = open_initiatives().order_by().exclude(responses=ticket.response_id)
        for kind, initiatives in (("initiative", linked), ("initiative-to-link", to_link)):
            parts.append(rows(kind, initiatives, "created_at", "owner", text=F("title"), code=F("state")))
    first, *others = parts
    return first.union(*others, all=True)


def _as_said(row: tuple[Any, ...]) -> Said:
    kind, pk, at, first, last, username, text, more, third, code, number, flag, other = row
    name = " ".join(part for part in (first, last) if part) or username or ""
    return Said(kind, pk, at, name, text, more, third, code or "", number or 0, bool(flag), bool(other))


def _around(ticket: Ticket, viewer: Viewer) -> QuerySet[Response]:
    """Answers beside this one: of the same person, of the account, and with the same reason. Newest first."""
    answers = Response.objects.filter(excluded_as=Response.Exclusion.NONE)
    newest = answers.order_by("-responded_at", "-id")
    parts: list[tuple[QuerySet[Response], int]] = []
    if ticket.contact_id:
        parts.append((newest.filter(contact=ticket.contact_id), 6))
    if ticket.account_id:
        parts.append((newest.filter(account=ticket.account_id).exclude(contact=ticket.contact_id), 8))
    response = ticket.response
    if response and response.driver and response.touchpoint_id and ticket.team_id in viewer.team_ids:
        parts.append(
            (
                newest.filter(
                    touchpoint=response.touchpoint_id,
                    day__gte=response.day - timedelta(days=60),
                    driver=response.driver,
                    ticket__team=ticket.team_id,
                    ticket__on_hold=False,
                ).exclude(pk=response.pk),
                3,
            )
        )
    rows = Response.objects.select_related("contact", "account", "ticket__owner").defer("search_text", "attributes")
    return counting.first_of_each(rows, parts).order_by("-responded_at", "-id")


def unhappy_at_account(case: Case) -> Iterable[Response]:
    """Others at the account who gave a six or less lately."""
    since = case.now - UNHAPPY_LATELY
    return [answer for answer in case.at_account if answer.score <= 6 and answer.responded_at >= since]
