"""What happened while somebody was not at work: what came back, and what customers said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext

from followups.models import ContactAttempt, Event, Reply, Ticket, Verdict
from followups.models.tickets import AT_WORK, LIVE
from followups.viewing import Viewer
from nps_loop.mail.models import Message, Stream
from nps_loop.people.models import User
from surveys.models import Response
from surveys.quoting import quote

MOST = 6
LOOKED_AT = 40
QUOTED = 180


@dataclass(frozen=True, slots=True)
class CameBack:
    """A ticket that is in sight again, and why."""

    ticket: Ticket
    name: str
    symbol: str
    words: str
    at: datetime

    @property
    def account(self) -> str:
        return self.ticket.account.name if self.ticket.account else ""

    @property
    def path(self) -> str:
        return reverse("ticket", args=[self.ticket.pk])


# --- rows, one query each --------------------------------------------------------------------------------------


def tries(user: User, since: datetime, until: datetime) -> list[ContactAttempt]:
    """When this person meant to try again, from `since` to `until`: the newest try of each ticket decides."""
    newer = ContactAttempt.objects.filter(
        Q(happened_at__gt=OuterRef("happened_at")) | Q(happened_at=OuterRef("happened_at"), pk__gt=OuterRef("pk")),
        ticket=OuterRef("ticket"),
    )
    mine = ContactAttempt.objects.filter(
        ticket__owner=user,
        ticket__state__in=AT_WORK,
        cycle=F("ticket__cycle"),
        next_try_at__gt=since,
        next_try_at__lt=until,
    )
    return list(mine.exclude(Exists(newer)).order_by("next_try_at", "id")[:LOOKED_AT])


def resumed(user: User, since: datetime) -> list[Event]:
    """Tickets that stopped waiting by themselves."""
    events = Event.objects.filter(
        verb="resume", recorded_at__gt=since, ticket__owner=user, ticket__state__in=AT_WORK
    ).exclude(actor_kind__in=(Event.Actor.PERSON, Event.Actor.PROGRAM))
    return list(events.order_by("-recorded_at")[:LOOKED_AT])


def mails(user: User, since: datetime) -> list[Message]:
    """Mails of this person's open tickets that came back since then, and personal ones that are still to leave."""
    own = Ticket.objects.filter(owner=user, state__in=LIVE).order_by().values("pk")
    failed = Q(state__in=(Message.State.FAILED, Message.State.BOUNCED), ended_at__gt=since)
    going = Q(state__in=(Message.State.QUEUED, Message.State.SENDING), kind="personal")
    rows = Message.objects.filter(failed | going, case__in=own).exclude(stream=Stream.STAFF)
    return list(rows.defer("text", "html").order_by("-id")[:LOOKED_AT])


# --- what came back --------------------------------------------------------------------------------------------


def came_back(
    tickets: Mapping[int, Ticket],
    names: Mapping[int, str],
    *,
    attempts: Iterable[ContactAttempt],
    events: Iterable[Event],
    messages: Iterable[Message],
    snoozed: Iterable[Ticket],
    now: datetime,
) -> list[CameBack]:
    """Each ticket once, what needs a person most first: a mail that did not arrive, then the newest."""
    found: dict[int, CameBack] = {}

    def add(number: int | None, symbol: str, words: str, at: datetime) -> None:
        if number is not None and number in tickets and number not in found:
            found[number] = CameBack(tickets[number], names[number], symbol, words, at)

    for mail in messages:
        if mail.ended_at is not None:
            words = (
                gettext("A mail came back.")
                if mail.state == Message.State.BOUNCED
                else gettext("A mail could not be delivered.")
            )
            add(mail.case, "warn", words, mail.ended_at)
    for event in events:
        words = {
            "date": gettext("No answer by the day set. The clock runs again."),
            "not-delivered": gettext("The question did not arrive, so nobody waits for an answer."),
        }.get(event.data.get("because", ""), gettext("The customer answered."))
        add(event.ticket_id, "reply", words, event.recorded_at)
    for attempt in attempts:
        if attempt.next_try_at is not None and attempt.next_try_at <= now:
            add(attempt.ticket_id, "phone", gettext("You meant to try again now."), attempt.next_try_at)
    for ticket in snoozed:
        if ticket.snoozed_until is not None:
            add(ticket.pk, "snooze", gettext("The snooze is over."), ticket.snoozed_until)
    return sorted(found.values(), key=lambda row: (row.symbol != "warn", -row.at.timestamp()))


# --- what customers said ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SaidToMe:
    """What a customer said about what was done. `kind` is settled, praise, reply, not_yet or another press."""

    kind: str
    name: str
    words: str
    language: str
    at: datetime
    ticket: int | None = None
    contact: int | None = None
    account: str = ""
    score: int | None = None
    about: str = ""
    # Words on hold are shown to their readers here, and leave by no mail.
    is_held: bool = False

    @property
    def path(self) -> str:
        """Where it can be read in full; empty where this person may not know whose words they are."""
        if self.ticket is not None:
            return reverse("ticket", args=[self.ticket])
        return reverse("contact", args=[self.contact]) if self.contact is not None else ""

    @property
    def order(self) -> tuple[int, float]:
        """Praise first, of each kind the newest."""
        kinds = {"settled": 0 if self.words else 2, "praise": 1, "reply": 3, "not_yet": 5}
        return kinds.get(self.kind, 4), -self.at.timestamp()

    @property
    def is_praise(self) -> bool:
        return self.kind in ("settled", "praise")


def said(viewer: Viewer, since: datetime) -> list[SaidToMe]:
    """The words of this person's customers since then, praise first. Three queries."""
    own = {"ticket__owner": viewer.user, "happened_at__gt": since}
    with_case = ("ticket__contact", "ticket__account", "ticket__response")
    found = [
        _verdict(row, viewer)
        for row in Verdict.objects.filter(**own).select_related(*with_case).order_by("-happened_at", "-id")[:LOOKED_AT]
    ]
    found += [
        _reply(row, viewer)
        for row in Reply.objects.filter(**own).select_related(*with_case).order_by("-happened_at", "-id")[:LOOKED_AT]
    ]
    found += [_praise(row, viewer) for row in _promoters(viewer.user, since)]
    newest: dict[tuple[str, int | None, int | None], SaidToMe] = {}
    for row in sorted(found, key=lambda row: row.at):
        newest[row.kind, row.ticket, row.contact] = row
    ordered = sorted(newest.values(), key=lambda row: row.order)
    # Much praise must not push out what is not settled yet.
    praise, others = [row for row in ordered if row.is_praise], [row for row in ordered if not row.is_praise]
    room = max(MOST - len(others), MOST // 2)
    return [*praise[:room], *others[: MOST - len(praise[:room])]]


def _promoters(user: User, since: datetime) -> list[Response]:
    """Words of a nine or ten: of this person's accounts, or of somebody whose case this person had."""
    theirs = Ticket.objects.filter(owner=user, contact=OuterRef("contact"))
    rows = (
        Response.objects.counted()
        .filter(band="promoter", day__gte=since.date(), received_at__gt=since, is_history=False)
        .exclude(verbatim="")
        .filter(Q(account__owner=user) | Exists(theirs))
    )
    return list(
        rows.select_related("contact", "account", "ticket")
        .defer("search_text", "attributes")
        .order_by("-received_at", "-id")[:MOST]
    )


def _verdict(row: Verdict, viewer: Viewer) -> SaidToMe:
    ticket = row.ticket
    days = (row.happened_at - ticket.responded_at).days
    about = ""
    if row.choice == Verdict.Choice.SETTLED and days > 0:
        about = gettext("after %(n)s days") % {"n": days} if days > 1 else gettext("after a day")
    elif row.choice == Verdict.Choice.NOT_YET and row.cycle:
        about = gettext("for the second time") if row.cycle == 1 else gettext("once more")
    elif row.choice not in (Verdict.Choice.SETTLED, Verdict.Choice.NOT_YET):
        about = str(row.get_choice_display())
    return _of_ticket(ticket, viewer, row.choice, row.text, row.happened_at, about)


def _reply(row: Reply, viewer: Viewer) -> SaidToMe:
    return _of_ticket(row.ticket, viewer, "reply", row.text, row.happened_at, "")


def _of_ticket(ticket: Ticket, viewer: Viewer, kind: str, text: str, at: datetime, about: str) -> SaidToMe:
    return SaidToMe(
        kind=kind,
        name=str(ticket.contact) if ticket.contact else str(ticket),
        words=quote(text, QUOTED) if viewer.sees_words(ticket) else "",
        language=ticket.response.language if ticket.response else "",
        at=at,
        ticket=ticket.pk,
        contact=ticket.contact_id,
        account=ticket.account.name if ticket.account else "",
        about=about,
        is_held=ticket.on_hold,
    )


def _praise(row: Response, viewer: Viewer) -> SaidToMe:
    ticket: Ticket | None = getattr(row, "ticket", None)
    name = viewer.name_behind(row)
    return SaidToMe(
        kind="praise",
        name=name or gettext("A customer"),
        words=quote(row.verbatim, QUOTED) if ticket is None or viewer.sees_words(ticket) else "",
        language=row.language,
        at=row.received_at,
        contact=row.contact_id if name else None,
        account=row.account.name if row.account and name else "",
        score=row.score,
        is_held=ticket is not None and ticket.on_hold,
    )
