"""What /accounts/<id>/ shows: one company, who there said what, who spoke to whom, and what was promised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import formats, timezone
from django.utils.translation import gettext, ngettext

from followups.customer_page import HAPPENED_SHOWN, Happened
from followups.models import Action, ContactAttempt, Initiative, Ticket
from followups.models.tickets import TicketState
from followups.persons import works_on
from followups.templatetags.moments import lower_first, moment, on_day
from followups.ticket_page.aside import how_it_went
from followups.ticket_page.timeline import was_kept
from followups.viewing import Viewer, customer_without_name
from surveys.models import Account, Contact, Response
from surveys.quoting import quote
from surveys.scoring import Nps, nps

YEAR = timedelta(days=365)
ANSWERS_READ = 200
ANSWERS_SHOWN = 40
POINTS_SHOWN = 40
TICKETS_SHOWN = 12
# So close to the renewal the page says with whom to begin.
RENEWS_SOON = 90


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a company: the last answer, and who spoke to them."""

    contact: Contact | None
    name: str
    about: str
    answer: Response
    quote: str
    hidden: bool
    spoken: str
    nobody_spoke: bool


@dataclass(frozen=True, slots=True)
class Said:
    """One answer of the company, under the name this person may read."""

    answer: Response
    name: str
    quote: str
    hidden: bool
    outcome: str


@dataclass(frozen=True, slots=True)
class Dot:
    """One answer on the line of time. Lengths are percentages, as SVG attributes take them."""

    x: float
    y: int
    score: int
    title: str


@dataclass(frozen=True, slots=True)
class History:
    """All scores of the company over time: dots of many people, so no line goes through them."""

    dots: list[Dot]
    first: str
    last: str
    words: str


@dataclass(frozen=True, slots=True)
class AccountPage:
    account: Account
    people: list[Person]
    without_name: str
    never_answered: str
    said: list[Said]
    more_answers: bool
    history: History | None
    nps: Nps
    answers_in_a_year: int
    kept: int
    promised: int
    running: str
    renews_in: int | None
    begin_with: list[tuple[str, str]]
    tickets: list[Ticket]
    open_tickets: int
    may_log: int
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
    """Everything about one company. Six queries, however many answered."""
    answers = list(
        Response.objects.filter(account=account)
        .select_related("contact", "account", "ticket__owner", "touchpoint")
        .defer("search_text", "attributes")
        .order_by("-responded_at", "-id")[: ANSWERS_READ + 1]
    )
    tickets = list(
        Ticket.objects.visible_to(viewer.user)
        .filter(account=account)
        .select_related("owner", "contact", "response")
        .order_by("-id")[:ANSWERS_READ]
    )
    visible = {ticket.pk for ticket in tickets}
    spoken, tries = _contacts(account)
    actions = list(Action.objects.filter(ticket__account=account, told_at__isnull=False).order_by("-due_at")[:200])
    ended = [action for action in actions if action.state == Action.State.DONE or action.due_at < now]
    running = [action for action in actions if action.state == Action.State.OPEN and action.due_at >= now]
    bands = [answer.band for answer in answers if answer.responded_at >= now - YEAR and not answer.excluded_as]
    renewal = account.renewal_on
    days = (renewal - timezone.localtime(now).date()).days if renewal else -1
    people = _people(answers, spoken, tries, viewer, now)
    at_work = [ticket for ticket in tickets if ticket.is_live]
    return AccountPage(
        account=account,
        people=people,
        without_name=_without_name(answers),
        never_answered=_never_answered(account, answers, viewer),
        said=[_said(answer, viewer) for answer in answers[:ANSWERS_SHOWN]],
        more_answers=len(answers) > ANSWERS_SHOWN,
        history=_history(answers),
        nps=nps(bands.count("promoter"), bands.count("passive"), bands.count("detractor")),
        answers_in_a_year=len(bands),
        kept=sum(1 for action in ended if was_kept(action)),
        promised=len(ended),
        running=_running(running, now),
        renews_in=days if days >= 0 else None,
        begin_with=_begin_with(people) if 0 <= days <= RENEWS_SOON else [],
        tickets=sorted(tickets, key=lambda ticket: (not ticket.is_live, -ticket.pk))[:TICKETS_SHOWN],
        open_tickets=len(at_work),
        may_log=sum(1 for ticket in at_work if viewer.works_on(ticket)),
        happened=_at_account(answers, spoken, people, visible),
        initiatives=list(Initiative.objects.filter(responses__account=account).distinct()[:5]),
    )


def _contacts(account: Account) -> tuple[dict[int, ContactAttempt], dict[int, list[ContactAttempt]]]:
    """Person -> the last time they were spoken to, and the tries without that since. One query."""
    spoken: dict[int, ContactAttempt] = {}
    tries: dict[int, list[ContactAttempt]] = {}
    rows = ContactAttempt.objects.filter(ticket__account=account, ticket__contact__isnull=False, voided_at=None)
    for attempt in rows.select_related("by", "ticket").order_by("-happened_at", "-pk")[:ANSWERS_READ]:
        person = attempt.ticket.contact_id or 0
        if person in spoken:
            continue
        if attempt.evidence_from is not None:
            spoken[person] = attempt
        elif attempt.outcome not in (ContactAttempt.Outcome.SENT, ContactAttempt.Outcome.REPLIED):
            tries.setdefault(person, []).append(attempt)
    return spoken, tries


def _people(
    answers: Sequence[Response],
    spoken: dict[int, ContactAttempt],
    tries: dict[int, list[ContactAttempt]],
    viewer: Viewer,
    now: datetime,
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
        talk, tried = spoken.get(contact.pk), tries.get(contact.pk, [])
        parts = []
        if talk is not None:
            who = talk.by.name if talk.by else gettext("Somebody")
            parts.append(f"{who}, {on_day(talk.evidence_from, now)}.")
        if tried:
            words = ngettext("%(n)s try, %(when)s.", "%(n)s tries, the last %(when)s.", len(tried))
            parts.append(words % {"n": len(tried), "when": moment(tried[0].happened_at, now)})
        if ticket is not None:
            parts.append(how_it_went(answer))
        hidden = ticket is not None and not viewer.sees_words(ticket)
        found.append(
            Person(
                contact=contact if named else None,
                name=named or customer_without_name(answer.segment, answer.region),
                about=contact.role if named else "",
                answer=answer,
                quote="" if hidden else quote(answer.verbatim, 120),
                hidden=hidden,
                spoken=" ".join(parts),
                nobody_spoke=talk is None and answer.score <= 8,
            )
        )
    return sorted(found, key=lambda person: (person.answer.score, -person.answer.responded_at.timestamp()))


def _said(answer: Response, viewer: Viewer) -> Said:
    ticket: Ticket | None = getattr(answer, "ticket", None)
    hidden = ticket is not None and not viewer.sees_words(ticket)
    name = viewer.name_behind(answer) or customer_without_name(answer.segment, answer.region)
    outcome = "" if answer.contact is None and ticket is None else how_it_went(answer)
    return Said(answer, name, "" if hidden else quote(answer.verbatim, 200), hidden, outcome)


def _without_name(answers: Sequence[Response]) -> str:
    """`2 more answered without a name: 7, 9.`"""
    scores = [str(answer.score) for answer in answers if answer.contact_id is None]
    if not scores:
        return ""
    words = gettext("%(n)s more without a name: %(scores)s.")
    return words % {"n": len(scores), "scores": ", ".join([*scores[:8], *(["…"] if len(scores) > 8 else [])])}


def _never_answered(account: Account, answers: Sequence[Response], viewer: Viewer) -> str:
    """Who is known there and said nothing yet: by name for whoever looks after the company, else how many."""
    heard = {answer.contact_id for answer in answers if answer.contact_id}
    rows = Contact.objects.filter(account=account, merged_into=None, erased_at=None, responses=None)
    silent = [row for row in rows.order_by("search_name", "pk")[:20] if row.pk not in heard]
    if not silent:
        return ""
    if viewer.user.is_superuser or account.owner_id == viewer.user.pk:
        return gettext("Known there and never heard: %(names)s.") % {"names": ", ".join(str(row) for row in silent[:6])}
    words = ngettext(
        "%(n)s more is known there and never answered.", "%(n)s more are known there and never answered.", len(silent)
    )
    return words % {"n": len(silent)}


def _history(answers: Sequence[Response]) -> History | None:
    """The scores by their day; None where fewer than two count."""
    rows = [answer for answer in reversed(answers[:POINTS_SHOWN]) if not answer.excluded_as]
    if len(rows) < 2:
        return None
    begins, ends = rows[0].responded_at, rows[-1].responded_at
    length = max((ends - begins).total_seconds(), 1.0)
    dots = [
        Dot(
            x=round(4 + 92 * (row.responded_at - begins).total_seconds() / length, 1),
            y=84 - 8 * row.score,
            score=row.score,
            title=f"{row.score}, {formats.date_format(timezone.localtime(row.responded_at), 'j M Y')}",
        )
        for row in rows
    ]
    first, last = (formats.date_format(timezone.localtime(at), "M Y") for at in (begins, ends))
    count = Counter(row.band for row in rows)
    words = gettext(
        "%(n)s scores from %(first)s to %(last)s: %(promoters)s from 9 up, %(passives)s of 7 or 8, %(detractors)s below"
    ) % {
        "n": len(rows),
        "first": first,
        "last": last,
        "promoters": count["promoter"],
        "passives": count["passive"],
        "detractors": count["detractor"],
    }
    return History(dots, first, last if last != first else "", words)


def _running(actions: Sequence[Action], now: datetime) -> str:
    """`1 more ends Fri 17:30.`"""
    if not actions:
        return ""
    soonest = min(action.due_at for action in actions)
    words = ngettext("%(n)s more ends %(when)s.", "%(n)s more run, the next ends %(when)s.", len(actions))
    return words % {"n": len(actions), "when": moment(soonest, now)}


def _begin_with(people: Sequence[Person]) -> list[tuple[str, str]]:
    """With whom to begin before the renewal, each with the reason: the unheard, the unsettled, and who is content."""
    found = []
    for person in people:
        ticket: Ticket | None = getattr(person.answer, "ticket", None)
        score = {"name": person.name, "score": person.answer.score}
        if person.answer.score <= 6 and ticket is not None and ticket.is_live:
            unheard = gettext("Nobody has spoken to this customer yet.")
            why = unheard if person.nobody_spoke else how_it_went(person.answer)
            found.append((gettext("%(name)s: the %(score)s is open.") % score, why))
        elif person.answer.score <= 8 and ticket is not None and ticket.closed_as in ("unconfirmed", "not_asked"):
            found.append((gettext("%(name)s: the %(score)s was never confirmed.") % score, how_it_went(person.answer)))
    found = found[:3]
    content = [person for person in people if person.answer.score >= 9 and person.contact and person.answer.share_name]
    if content:
        best = max(content, key=lambda person: person.answer.responded_at)
        said = gettext("Name may be shown: yes.")
        found.append((gettext("%(name)s is content and may be named.") % {"name": best.name}, said))
    return found


def _at_account(
    answers: Sequence[Response], spoken: dict[int, ContactAttempt], people: Sequence[Person], visible: set[int]
) -> list[Happened]:
    """What happened there, newest first. A number leads somewhere only for whom it is open."""
    names = {person.answer.contact_id: person.name for person in people}
    found = []
    for answer in answers[:HAPPENED_SHOWN]:
        who = names.get(answer.contact_id) or gettext("Somebody without a name")
        ticket: Ticket | None = getattr(answer, "ticket", None)
        number = ticket.pk if ticket is not None and ticket.pk in visible else None
        words = gettext("answered with %(score)s") % {"score": answer.score}
        found.append(Happened(answer.responded_at, "queue", who, words, number))
        if ticket is not None and ticket.state == TicketState.CLOSED and ticket.closed_at:
            mark = "st-confirmed" if ticket.closed_as == "confirmed" else "st-unconfirmed"
            closed = gettext("closed: %(how)s") % {"how": lower_first(ticket.get_closed_as_display())}
            found.append(Happened(ticket.closed_at, mark, who, closed, number))
    for contact_id, attempt in spoken.items():
        who = attempt.by.name if attempt.by else gettext("Somebody")
        words = gettext("and %(name)s were in touch") % {"name": names.get(contact_id, gettext("a customer"))}
        number = attempt.ticket_id if attempt.ticket_id in visible else None
        found.append(Happened(attempt.evidence_from or attempt.happened_at, "phone", who, words, number))
    return sorted(found, key=lambda row: row.at, reverse=True)[:HAPPENED_SHOWN]
