"""What /contacts/<id>/ shows: one person, with everything they said, were told and were promised."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext

from followups.at_once import read_at_once
from followups.models import Action, ContactAttempt, ContactEvent, Deadline, Reply, Ticket, Verdict
from followups.next_step import Around, NextStep, next_step
from followups.persons import people_of
from followups.team_page.people import language_name
from followups.templatetags.moments import on_day
from followups.ticket_page.aside import Scores, how_it_went, scores, time_there
from followups.ticket_page.timeline import mail_tag, was_kept
from followups.viewing import Viewer
from nps_loop.mail.models import Message, Stream, Suppression
from surveys.models import Contact, ContactKey, Response
from surveys.quoting import display, quote

ANSWERS_SHOWN = 30
HAPPENED_SHOWN = 25
PROMISES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Voice:
    """One answer with what became of it."""

    answer: Response
    words: str
    words_hidden: bool
    outcome: str
    settled: bool
    may_open: bool
    # The ticket over it, where this person may open that.
    ticket: Ticket | None


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of what happened: icon, words before and after the bold name, a tag."""

    at: datetime
    mark: str
    who: str
    words: str
    ticket: int | None = None
    tag: tuple[str, str, str] | None = None
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Promised:
    """Something this person was told would happen: what, by whom, by when, and whether it was kept."""

    what: str
    who: str
    by: datetime
    kept: bool | None
    state: str
    ticket: int


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
    tickets: list[Ticket]
    promises: list[Promised]
    happened: list[Happened]
    scores: Scores | None
    may_send: list[MaySend]
    keys: list[ContactKey]
    language: str
    time_there: str
    open_count: int
    may_merge: bool
    more_answers: bool
    merged_on: dict[int, datetime]
    how_we_know: list[str]

    @property
    def may_open(self) -> bool:
        """Whether a ticket can be opened by hand over one of the answers."""
        return any(voice.may_open for voice in self.voices)


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
    """Everything about one person. Thirteen queries, however much there is."""
    answers = list(
        Response.objects.filter(contact=contact)
        .select_related("touchpoint", "source", "ticket__owner")
        .defer("search_text", "attributes")
        .order_by("-responded_at", "-id")[: ANSWERS_SHOWN + 1]
    )
    # Who works on one case of a person sees their other cases only where they may see those too.
    tickets = list(
        Ticket.objects.visible_to(viewer.user)
        .filter(contact=contact)
        .select_related("contact", "owner", "team__calendar", "account", "response")
        .order_by("-id")[:ANSWERS_SHOWN]
    )
    actions = (
        Action.objects.filter(ticket__in=[ticket.pk for ticket in tickets])
        .select_related("owner")
        .order_by("-planned_at", "-id")
    )
    running = sorted((ticket for ticket in tickets if ticket.is_live), key=lambda ticket: (ticket.rank, ticket.pk))
    first = running[0] if running else None
    around = Around([first] if first is not None else [])
    read_at_once(actions, *around.lists)
    step = None
    if first is not None:
        of_first = [action for action in actions if action.ticket_id == first.pk]
        known = around.of(first, sorted(of_first, key=lambda action: (action.due_at, action.pk)))
        step = next_step(first, known, viewer, now=now)
    keys = list(contact.keys.order_by("pk"))
    changes = list(ContactEvent.objects.filter(contact=contact).select_related("actor").order_by("-happened_at")[:20])
    may_send = _may_send(contact, answers, running, now)
    return ContactPage(
        contact=contact,
        voices=[_voice(answer, viewer, {row.pk: row for row in tickets}) for answer in answers[:ANSWERS_SHOWN]],
        more_answers=len(answers) > ANSWERS_SHOWN,
        open_ticket=first,
        step=step,
        tickets=tickets,
        promises=_promised(tickets, actions),
        happened=_happened(contact, answers, _readable(tickets, viewer), keys, changes),
        scores=scores(contact.short_name, answers),
        may_send=may_send,
        how_we_know=_how_we_know(contact, answers, now),
        keys=keys,
        merged_on={key: row.happened_at for row in changes if row.verb == "merge" for key in row.data.get("keys", ())},
        language=language_name(contact.language.partition("-")[0].lower()) if contact.language else "",
        time_there=time_there(contact, now),
        open_count=len(running),
        may_merge=viewer.leads,
    )


def _readable(tickets: Sequence[Ticket], viewer: Viewer) -> list[Ticket]:
    """Those whose mails and replies this person reads: not a case where only a promise was given, nor one on hold."""
    return [ticket for ticket in tickets if viewer.works_on(ticket) and viewer.sees_words(ticket)]


def _promised(tickets: Sequence[Ticket], actions: Iterable[Action]) -> list[Promised]:
    """What this person was told would happen, the newest first: that somebody gets in touch, and each action."""
    of = {ticket.pk: ticket for ticket in tickets}
    nobody = gettext("nobody yet")
    found = []
    for row in Deadline.objects.filter(ticket__in=list(of), promised_at__isnull=False).order_by("-starts_at", "-pk")[
        :20
    ]:
        ticket = of[row.ticket_id]
        what = gettext("An answer") if row.target == Deadline.Target.ANSWER else gettext("Somebody gets in touch")
        told = row.promised_at
        if told is None or row.target not in (Deadline.Target.ANSWER, Deadline.Target.FIRST_CONTACT):
            continue
        kept = row.met_at <= told if row.met_at is not None else None
        state = "done" if row.met_at else "dropped" if row.dropped_at else "open"
        found.append(Promised(what, ticket.owner.name if ticket.owner else nobody, told, kept, state, ticket.pk))
    for action in actions:
        if action.told_at:
            told = action.first_promised_at or action.due_at
            kept = was_kept(action)
            found.append(Promised(action.title, action.owner.name, told, kept, action.state, action.ticket_id))
    return sorted(found, key=lambda row: row.by, reverse=True)[:PROMISES_SHOWN]


def _voice(answer: Response, viewer: Viewer, visible: Mapping[int, Ticket]) -> Voice:
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
        ticket=visible.get(ticket.pk) if ticket is not None else None,
    )


def _happened(
    contact: Contact,
    answers: Sequence[Response],
    tickets: Sequence[Ticket],
    keys: Sequence[ContactKey],
    changes: Sequence[ContactEvent],
) -> list[Happened]:
    """Everything, newest first. `tickets` are those whose mails this person reads."""
    numbers = [ticket.pk for ticket in tickets]
    name = contact.short_name
    found = [
        Happened(
            answer.responded_at,
            "queue",
            name,
            gettext("answered with %(score)s") % {"score": answer.score},
            _number(answer, numbers),
        )
        for answer in answers
    ]
    for row in changes:
        who = row.actor.name if row.actor else gettext("A program")
        said = gettext("put two entries of one person together")
        if row.verb == ContactEvent.Verb.SPLIT:
            said = gettext("gave %(name)s an answer that had stood elsewhere") % {"name": name}
        found.append(Happened(row.happened_at, "swap", who, said))
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
    addresses = {key.value.partition("|")[0] for key in keys if key.kind == ContactKey.Kind.EMAIL}
    if not contact.is_shared_mailbox:
        addresses.add(contact.email)
    theirs = Q(case=None, recipient__in=[address for address in addresses if address]) | Q(case__in=numbers)
    mails = Message.objects.filter(theirs).exclude(stream=Stream.STAFF).defer("text", "html")
    for mail in mails.order_by("-id")[:HAPPENED_SHOWN]:
        at = mail.sent_at or mail.created_at
        found.append(Happened(at, "mail", "", mail.subject, mail.case, mail_tag(mail)))
    for reply in Reply.objects.filter(ticket__in=numbers).order_by("-happened_at", "-pk")[:HAPPENED_SHOWN]:
        found.append(
            Happened(reply.happened_at, "reply", name, gettext("wrote"), reply.ticket_id, quote=quote(reply.text, 200))
        )
    for verdict in Verdict.objects.filter(ticket__in=numbers).order_by("-happened_at")[:HAPPENED_SHOWN]:
        said = {"settled": gettext("said “settled”"), "not_yet": gettext("said “not yet”")}.get(
            verdict.choice, gettext("pressed: %(what)s") % {"what": verdict.get_choice_display()}
        )
        found.append(Happened(verdict.happened_at, "check", name, said, verdict.ticket_id))
    return sorted(found, key=lambda row: row.at, reverse=True)[:HAPPENED_SHOWN]


def _number(answer: Response, visible: Collection[int]) -> int | None:
    """Number of the ticket over this answer, where it leads somewhere."""
    ticket: Ticket | None = getattr(answer, "ticket", None)
    return ticket.pk if ticket is not None and ticket.pk in visible else None


def _may_send(contact: Contact, answers: Sequence[Response], running: Sequence[Ticket], now: datetime) -> list[MaySend]:
    """Per stream whether this person may be written to or called, and why or why not."""
    rows = {row.stream: row for row in Suppression.objects.filter(address=contact.email)} if contact.email else {}
    names = {
        Stream.SURVEYS: gettext("Surveys"),
        Stream.CASE: gettext("Mail about the own case"),
        Stream.NEWS: gettext("News, you said we did"),
        Stream.CALLS: gettext("Calls"),
    }
    asked = next((answer for answer in answers if answer.contact_me), None)
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
            since = on_day(row.since, now)
            why = gettext("%(reason)s, since %(day)s") % {"reason": row.get_reason_display(), "day": since}
        else:
            why = ""
        yes = gettext("not refused")
        if stream == Stream.CALLS and asked is not None:
            yes = gettext("asked for on %(day)s") % {"day": on_day(asked.responded_at, now)}
        elif stream == Stream.CASE and running:
            yes = gettext("always, while a case is open")
        found.append(MaySend(label, not why, why or yes))
    return found


def _how_we_know(contact: Contact, answers: Sequence[Response], now: datetime) -> list[str]:
    """What the person said about name and calls, with the day, from the newest answer that says so."""
    found = []
    for asked, yes, no in (
        (
            "share_name",
            gettext("Name may be shown to colleagues: yes, said on %(day)s."),
            gettext("Name may be shown to colleagues: no, said on %(day)s."),
        ),
        ("contact_me", gettext("Asked to be contacted on %(day)s."), gettext("Asked not to be contacted on %(day)s.")),
    ):
        answer = next((row for row in answers if getattr(row, asked) is not None), None)
        if answer is not None:
            found.append((yes if getattr(answer, asked) else no) % {"day": on_day(answer.responded_at, now)})
    if not any(answer.share_name is not None for answer in answers):
        found.append(gettext("Nobody asked whether the name may be shown: other teams read none."))
    return found
