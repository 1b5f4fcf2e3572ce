"""What /contacts/<id>/ and /accounts/<id>/ show: one person, one company, with everything they said and were told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from followups.models import Action, ContactAttempt, Initiative, Ticket, Verdict
from followups.models.tickets import TicketState
from followups.next_step import NextStep, next_step
from followups.persons import people_of, works_on
from followups.team_page.people import language_name
from followups.templatetags.moments import on_day
from followups.ticket_page.aside import Scores, how_it_went, scores, time_there
from followups.ticket_page.timeline import mail_tag, was_kept
from followups.viewing import Viewer, customer_without_name
from nps_loop.mail.models import Message, Stream, Suppression
from surveys.models import Account, Contact, ContactKey, Response
from surveys.quoting import display, quote
from surveys.scoring import Nps, nps

ANSWERS_SHOWN = 30
HAPPENED_SHOWN = 25
YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Voice:
    """One answer with what became of it."""

    answer: Response
    words: str
    words_hidden: bool
    outcome: str
    settled: bool
    may_open: bool


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of what happened: icon, words before and after the bold name, a tag."""

    at: datetime
    mark: str
    who: str
    words: str
    ticket: int | None = None
    tag: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class MaySend:
    stream: str
    yes: bool
    why: str


@dataclass(frozen=True, slots=True)
class ContactPage:
    contact: Contact
    voices: list[Voice]
    open_ticket: Ticket | None
    step: NextStep | None
    promises: list[tuple[Action, bool | None]]
    happened: list[Happened]
    scores: Scores | None
    may_send: list[MaySend]
    keys: list[ContactKey]
    language: str
    time_there: str
    open_count: int
    may_merge: bool


def contact_of(viewer: Viewer, number: int) -> Contact | None:
    """The person, for whoever works on a case of theirs or looks after their company. Merged ones lead on."""
    rows = Contact.objects.select_related("account__owner")
    seen: set[int] = set()
    while number not in seen:
        seen.add(number)
        known = Q(pk__in=people_of(viewer).values("pk")) | Q(merged_into__isnull=False)
        found = rows.filter(known, pk=number).first()
        if found is None or found.merged_into_id is None:
            return found
        number = found.merged_into_id
    return None


def contact_page(contact: Contact, viewer: Viewer, *, now: datetime) -> ContactPage:
    """Everything about one person. Nine queries."""
    answers = list(
        Response.objects.filter(contact=contact)
        .select_related("touchpoint", "source", "ticket__owner")
        .defer("search_text", "attributes")
        .order_by("-responded_at", "-id")[:ANSWERS_SHOWN]
    )
    # Who works on one case of a person sees their other cases only where they may see those too.
    tickets = list(
        Ticket.objects.visible_to(viewer.user)
        .filter(contact=contact)
        .select_related("contact", "owner", "team", "account")
        .order_by("-id")[:ANSWERS_SHOWN]
    )
    actions = list(
        Action.objects.filter(ticket__in=[ticket.pk for ticket in tickets])
        .select_related("owner")
        .order_by("-planned_at", "-id")
    )
    running = sorted((ticket for ticket in tickets if ticket.is_live), key=lambda ticket: (ticket.rank, ticket.pk))
    first = running[0] if running else None
    step = None
    if first is not None:
        of_first = [action for action in actions if action.ticket_id == first.pk and action.cycle == first.cycle]
        step = next_step(first, sorted(of_first, key=lambda action: action.due_at), now=now)
    return ContactPage(
        contact=contact,
        voices=[_voice(answer, viewer, {ticket.pk for ticket in tickets}) for answer in answers],
        open_ticket=first,
        step=step,
        promises=[(action, was_kept(action)) for action in actions if action.told_at][:10],
        happened=_happened(contact, answers, tickets, now),
        scores=scores(contact.short_name, answers),
        may_send=_may_send(contact),
        keys=list(contact.keys.order_by("pk")),
        language=language_name(contact.language.partition("-")[0].lower()) if contact.language else "",
        time_there=time_there(contact, now),
        open_count=len(running),
        may_merge=viewer.leads,
    )


def _voice(answer: Response, viewer: Viewer, visible: Collection[int]) -> Voice:
    ticket: Ticket | None = getattr(answer, "ticket", None)
    seen = ticket is None or (ticket.pk in visible and viewer.sees_words(ticket))
    outcome = gettext("No ticket: history.") if answer.is_history and ticket is None else how_it_went(answer)
    return Voice(
        answer=answer,
        words=display(answer.verbatim) if seen else "",
        words_hidden=not seen,
        outcome=outcome,
        settled=ticket is not None and ticket.closed_as == "confirmed",
        may_open=ticket is None and not answer.excluded_as,
    )


def _happened(
    contact: Contact, answers: Sequence[Response], tickets: Sequence[Ticket], now: datetime
) -> list[Happened]:
    numbers = [ticket.pk for ticket in tickets]
    name = contact.short_name
    found = [
        Happened(
            answer.responded_at,
            "queue",
            name,
            gettext("answered with %(score)s") % {"score": answer.score},
            _number(answer),
        )
        for answer in answers
    ]
    attempts = ContactAttempt.objects.filter(ticket__in=numbers).exclude(message__isnull=False).select_related("by")
    for attempt in attempts.order_by("-happened_at")[:HAPPENED_SHOWN]:
        words = {
            "spoke": gettext("and %(name)s spoke"),
            "left_message": gettext("left a message"),
            "no_answer": gettext("tried, no answer"),
            "wrong_number": gettext("tried, wrong number"),
            "replied": gettext("got a reply"),
        }.get(attempt.outcome, attempt.get_outcome_display())
        who = attempt.by.name if attempt.by else gettext("Somebody")
        said = words % {"name": name} if "%(" in words else words
        found.append(Happened(attempt.happened_at, "phone", who, said, attempt.ticket_id))
    if contact.email:
        mails = Message.objects.filter(recipient=contact.email).exclude(stream=Stream.STAFF).defer("text", "html")
        mails = mails.filter(Q(case=None) | Q(case__in=numbers))
        for mail in mails.order_by("-id")[:HAPPENED_SHOWN]:
            at = mail.sent_at or mail.created_at
            found.append(Happened(at, "mail", "", mail.subject, mail.case, mail_tag(mail)))
    for verdict in Verdict.objects.filter(ticket__in=numbers).order_by("-happened_at")[:HAPPENED_SHOWN]:
        said = {"settled": gettext("said “settled”"), "not_yet": gettext("said “not yet”")}.get(
            verdict.choice, gettext("pressed: %(what)s") % {"what": verdict.get_choice_display()}
        )
        found.append(Happened(verdict.happened_at, "check", name, said, verdict.ticket_id))
    return sorted(found, key=lambda row: row.at, reverse=True)[:HAPPENED_SHOWN]


def _number(answer: Response) -> int | None:
    """Number of the ticket over this answer."""
    ticket: Ticket | None = getattr(answer, "ticket", None)
    return ticket.pk if ticket else None


def _may_send(contact: Contact) -> list[MaySend]:
    """Per stream whether this person may be written to or called, and why not."""
    rows = {row.stream: row for row in Suppression.objects.filter(address=contact.email)} if contact.email else {}
    names = {
        Stream.SURVEYS: gettext("Surveys"),
        Stream.CASE: gettext("Mail about the own case"),
        Stream.NEWS: gettext("News, you said we did"),
        Stream.CALLS: gettext("Calls"),
    }
    found = []
    for stream, label in names.items():
        row = rows.get(stream)
        if contact.erased_at:
            why = gettext("was erased")
        elif contact.do_not_contact:
            why = gettext("must not be contacted")
        elif stream == Stream.CALLS and not contact.phone:
            why = gettext("no number is known")
        elif stream != Stream.CALLS and not contact.email:
            why = gettext("no mail address is known")
        elif row is not None:
            since = on_day(row.since, timezone.now())
            why = gettext("%(reason)s, since %(day)s") % {"reason": row.get_reason_display(), "day": since}
        else:
            why = ""
        found.append(MaySend(label, not why, why or gettext("not refused")))
    return found


# --- a company -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a company: the last answer, and who spoke to them."""

    contact: Contact | None
    name: str
    about: str
    answer: Response
    quote: str
    spoken: str
    nobody_spoke: bool


@dataclass(frozen=True, slots=True)
class AccountPage:
    account: Account
    people: list[Person]
    nps: Nps
    answers_in_a_year: int
    kept: int
    promised: int
    renews_in: int | None
    open_tickets: int
    happened: list[Happened]
    initiatives: list[Initiative]


def account_of(viewer: Viewer, number: int) -> Account | None:
    """The company, for whoever works on one of its cases or looks after it."""
    rows = Account.objects.select_related("owner", "parent").filter(pk=number)
    if viewer.user.is_superuser:
        return rows.first()
    theirs = Ticket.objects.filter(works_on(viewer), account__isnull=False).values("account")
    return rows.filter(Q(pk__in=theirs) | Q(owner=viewer.user)).first()


def account_page(account: Account, viewer: Viewer, *, now: datetime) -> AccountPage:
    """Everything about one company. Seven queries."""
    answers = list(
        Response.objects.filter(account=account)
        .select_related("contact", "account", "ticket__owner", "touchpoint")
        .defer("search_text", "attributes")
        .order_by("-responded_at", "-id")[:200]
    )
    spoken: dict[int, ContactAttempt] = {}
    talks = ContactAttempt.objects.filter(
        ticket__account=account, evidence_from__isnull=False, voided_at=None
    ).select_related("by", "ticket")
    for attempt in talks.order_by("evidence_from"):
        if attempt.ticket.contact_id:
            spoken[attempt.ticket.contact_id] = attempt
    actions = list(Action.objects.filter(ticket__account=account, told_at__isnull=False).order_by("-due_at")[:200])
    ended = [action for action in actions if action.state == Action.State.DONE or action.due_at < now]
    bands = [answer.band for answer in answers if answer.responded_at >= now - YEAR and not answer.excluded_as]
    renewal = account.renewal_on
    days = (renewal - timezone.localtime(now).date()).days if renewal else -1
    people = _people(answers, spoken, viewer, now)
    return AccountPage(
        account=account,
        people=people,
        nps=nps(bands.count("promoter"), bands.count("passive"), bands.count("detractor")),
        answers_in_a_year=len(bands),
        kept=sum(1 for action in ended if was_kept(action)),
        promised=len(ended),
        renews_in=days if days >= 0 else None,
        open_tickets=Ticket.objects.filter(account=account).live().count(),
        happened=_at_account(answers, spoken, people),
        initiatives=list(Initiative.objects.filter(responses__account=account).distinct()[:5]),
    )


def _people(
    answers: Sequence[Response], spoken: dict[int, ContactAttempt], viewer: Viewer, now: datetime
) -> list[Person]:
    """The newest answer of each person, the unhappiest first."""
    seen: set[int] = set()
    found = []
    for answer in answers:
        contact = answer.contact
        if contact is None or contact.pk in seen:
            continue
        seen.add(contact.pk)
        ticket: Ticket | None = getattr(answer, "ticket", None)
        named = viewer.name_behind(answer)
        talk = spoken.get(contact.pk)
        words = ""
        if talk is not None:
            who = talk.by.name if talk.by else gettext("Somebody")
            words = f"{who}, {on_day(talk.evidence_from, now)}. "
        words += how_it_went(answer) if ticket is not None else ""
        hidden = ticket is not None and not viewer.sees_words(ticket)
        found.append(
            Person(
                contact=contact if named else None,
                name=named or customer_without_name(answer.segment, answer.region),
                about=contact.role if named else "",
                answer=answer,
                quote="" if hidden else quote(answer.verbatim, 120),
                spoken=words,
                nobody_spoke=talk is None and answer.score <= 8,
            )
        )
    return sorted(found, key=lambda person: (person.answer.score, -person.answer.responded_at.timestamp()))


def _at_account(
    answers: Sequence[Response], spoken: dict[int, ContactAttempt], people: Sequence[Person]
) -> list[Happened]:
    names = {person.answer.contact_id: person.name for person in people}
    found = []
    for answer in answers[:HAPPENED_SHOWN]:
        who = names.get(answer.contact_id) or gettext("Somebody without a name")
        ticket: Ticket | None = getattr(answer, "ticket", None)
        words = gettext("answered with %(score)s") % {"score": answer.score}
        found.append(Happened(answer.responded_at, "queue", who, words, _number(answer)))
        if ticket is not None and ticket.state == TicketState.CLOSED and ticket.closed_at:
            mark = "st-confirmed" if ticket.closed_as == "confirmed" else "st-unconfirmed"
            closed = gettext("closed: %(how)s") % {"how": ticket.get_closed_as_display().lower()}
            found.append(Happened(ticket.closed_at, mark, who, closed, ticket.pk))
    for contact_id, attempt in spoken.items():
        who = attempt.by.name if attempt.by else gettext("Somebody")
        words = gettext("and %(name)s were in touch") % {"name": names.get(contact_id, gettext("a customer"))}
        found.append(Happened(attempt.evidence_from or attempt.happened_at, "phone", who, words, attempt.ticket_id))
    return sorted(found, key=lambda row: row.at, reverse=True)[:HAPPENED_SHOWN]
