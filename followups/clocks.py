"""What time alone brings about: waiting tickets that come back, silence that closes, reminders, and who must be told.

Each function claims its rows, so that two sweeps at once do nothing twice, and each may fail without the others. Where
each ticket is dealt with alone, one that raises is logged and passed over, also by its like: the others go on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext, gettext_noop, ngettext

from followups.actors import Actor
from followups.messages import letters, notices
from followups.models import Action, Conversation, Deadline, Escalation, Ticket
from followups.models.tickets import AT_WORK, LIVE, TicketState
from followups.workflow.contact import comes_back
from followups.workflow.ending import close_as_silent, remind
from followups.workflow.giving import keep_promises, make_promises, shared_conversations
from followups.workflow.writing import WITH, opened
from nps_loop.mail import outbox
from nps_loop.people.models import User

logger = logging.getLogger(__name__)

BATCH = 200
# After this long without an owner the lead signs the acknowledgement, so that the customer hears in time.
UNASSIGNED_AFTER = timedelta(minutes=15)
# An owner is warned this long before something is due.
WARN_BEFORE = timedelta(hours=3)
# More than this many in one sweep are told in one mail.
DIGEST_OVER = 3


def bring_back_waiting(*, now: datetime) -> int:
    """Waiting tickets whose day has come go back to where they came from; their owner hears of it."""
    return _each(Ticket.objects.waiting().filter(waiting_until__lte=now).order_by("waiting_until"), _bring_back, now)


def _bring_back(ticket: Ticket, *, now: datetime) -> None:
    with opened(ticket, actor=Actor.system(), now=now, version=None) as work:
        current = work.ticket
        if current.state != TicketState.WAITING_ON_CUSTOMER or not current.waiting_until or current.waiting_until > now:
            return
        comes_back(work, "resume", data={"because": "date"}, at=now)
        if current.owner is not None:
            key = f"back:{current.pk}:{current.version}"
            work.mail_later(
                [notices.to_person(current.owner, current, lambda: _no_answer_from(current), dedupe_key=key)]
            )


def _no_answer_from(ticket: Ticket) -> tuple[str, list[str]]:
    who = {"name": ticket.contact.short_name if ticket.contact else gettext("The customer"), "number": ticket.pk}
    line = gettext("%(name)s was asked a question and has not answered by the day set. The clock runs again.")
    return gettext("No answer from %(name)s (#%(number)s)") % who, [line % who]


def close_the_silent(*, now: datetime) -> int:
    """Resolved tickets whose silence ran out close as unconfirmed, or as not asked."""
    silent = Ticket.objects.filter(state=TicketState.RESOLVED, silence_until__lte=now).order_by("silence_until")
    return _each(silent, close_as_silent, now)


def remind_once(*, now: datetime) -> int:
    """The one reminder of the question."""
    open_questions = Ticket.objects.filter(state=TicketState.RESOLVED, remind_at__lte=now).order_by("remind_at")
    return _each(open_questions, remind, now)


def _each(due: QuerySet[Ticket], act: Callable[..., object], now: datetime) -> int:
    """Let `act` deal with a batch of the tickets that are due, each alone; returns with how many it did."""
    done = 0
    raised: list[int] = []
    while done < BATCH and len(raised) < BATCH:
        # Those that raised are not asked for again, so that they take nobody's place in the batch.
        tickets = list(due.exclude(pk__in=raised)[: BATCH - done])
        if not tickets:
            break
        for ticket in tickets:
            try:
                act(ticket, now=now)
                done += 1
            except Exception:
                logger.exception("What is due on ticket %s raised; the others go on.", ticket.pk)
                raised.append(ticket.pk)
    return done


def acknowledge_the_unassigned(*, now: datetime) -> int:
    """Nobody took it within 15 minutes: the lead is told, and signs the acknowledgement where one is to be sent."""
    target, level = Deadline.Target.FIRST_CONTACT, Escalation.Level.UNASSIGNED
    untold = (
        Ticket.objects.unassigned()
        .filter(
            opened_at__lte=now - UNASSIGNED_AFTER,
            cycle=0,
            state=TicketState.NEW,
            response__is_history=False,
        )
        .exclude(escalations__level=level)
    )
    if not untold.exists():
        return 0
    with transaction.atomic():
        tickets = list(
            untold.select_related(*WITH)
            .select_for_update(of=("self",), no_key=True, skip_locked=True)
            .order_by("opened_at", "pk")[:BATCH]
        )
        if not tickets:
            return 0
        Escalation.objects.bulk_create(
            [Escalation(ticket=row, cycle=0, target=target, level=level, happened_at=now) for row in tickets],
            ignore_conflicts=True,
        )
        conversations = shared_conversations(tickets)
        promises = make_promises(tickets, now=now)
        leads: dict[int | None, list[User]] = {}
        drafts = []
        for ticket in tickets:
            if ticket.team_id not in leads:
                leads[ticket.team_id] = notices.leads_of(ticket.team_id)
        for team_id, signers in leads.items():
            of_team = [ticket for ticket in tickets if ticket.team_id == team_id]
            if signers:
                drafts += letters.acknowledgements(of_team, promises.times, now=now, signer=signers[0])
            drafts += _told_together(
                signers,
                [(ticket, "unassigned") for ticket in of_team],
                subject=gettext_noop("Nobody has it yet"),
                line=gettext_noop("Nobody could take it for 15 minutes. Give it to somebody, or free somebody up."),
            )
        keep_promises(promises, outbox.queue(drafts, now=now), tickets)
        Ticket.objects.bulk_update(tickets, ["due_at", "due_for", "promised_at", "rank"], batch_size=500)
        Conversation.objects.bulk_update(conversations, ["thread_root"], batch_size=500)
    return len(tickets)


def _told_together(
    readers: Iterable[User], tickets: Sequence[tuple[Ticket, str]], *, subject: str, line: str
) -> list[outbox.Draft]:
    """One mail a ticket, or one for all where there are many: a bad day must not bury whoever has to act on it.

    `subject` and `line` are messages of the catalogues, so that each reader has them in their own language.

    With each ticket comes what is told of it, as a code, so that the same is told once and something else again. A
    ticket with several things to tell of is told of once.
    """
    drafts = []
    once = list({row.pk: (row, code) for row, code in reversed(tickets)}.values())[::-1]
    for reader in readers:
        if len(once) <= DIGEST_OVER:
            drafts += [
                notices.to_person(
                    reader,
                    row,
                    lambda number=row.pk: (f"{gettext(subject)}: #{number}", [gettext(line)]),  # type: ignore[misc]
                    dedupe_key=f"{code}:{row.pk}:{row.cycle}:{reader.pk}",
                )
                for row, code in once
            ]
        else:
            first, code = once[0]
            drafts.append(
                notices.to_person(
                    reader,
                    first,
                    lambda: (
                        _count_of(gettext(subject), len(once)),
                        [gettext(line), _numbers([row for row, _ in once])],
                    ),
                    dedupe_key=f"{code}:{first.pk}:{first.cycle}:{reader.pk}:{len(once)}",
                )
            )
    return drafts


def _count_of(subject: str, count: int) -> str:
    words = ngettext("%(subject)s: %(count)s ticket", "%(subject)s: %(count)s tickets", count)
    return words % {"subject": subject, "count": count}


def _numbers(tickets: Sequence[Ticket]) -> str:
    """The first twenty of them by number, and how many more there are."""
    numbers, more = ", ".join(f"#{row.pk}" for row in tickets[:20]), len(tickets) - 20
    if more <= 0:
        return f"{numbers}."
    return ngettext("%(numbers)s and %(more)s more.", "%(numbers)s and %(more)s more.", more) % {
        "numbers": numbers,
        "more": more,
    }


def warn_owners(*, now: datetime) -> int:
    """Something is due within three hours: its owner is warned, once."""
    return _escalate(now=now, until=now + WARN_BEFORE, level=Escalation.Level.SOON, tell=_owner_of)


def tell_leads_of_the_late(*, now: datetime) -> int:
    """A promised or due time has passed: the lead is told, once per ticket, cycle and target."""
    return _escalate(now=now, until=now, level=Escalation.Level.LATE, tell=_leads_of)


def _owner_of(ticket: Ticket, known: dict[int | None, list[User]]) -> list[User]:
    return [ticket.owner] if ticket.owner and ticket.owner.is_active else []


def _leads_of(ticket: Ticket, known: dict[int | None, list[User]]) -> list[User]:
    if ticket.team_id not in known:
        known[ticket.team_id] = notices.leads_of(ticket.team_id)
    return known[ticket.team_id]


def _escalate(
    *, now: datetime, until: datetime, level: str, tell: Callable[[Ticket, dict[int | None, list[User]]], list[User]]
) -> int:
    told = Escalation.objects.filter(
        ticket=OuterRef("ticket"),
        cycle=OuterRef("cycle"),
        target=OuterRef("target"),
        ordinal=OuterRef("ordinal"),
        level=level,
    )
    running = (
        Deadline.objects.filter(met_at=None, dropped_at=None, ticket__state__in=AT_WORK)
        .filter(Q(due_at__lte=until) | Q(promised_at__lte=until))
        .exclude(Exists(told))
    )
    if not running.exists():
        return 0
    with transaction.atomic():
        rows = list(
            running.select_related(
                "ticket__owner", "ticket__contact", "ticket__account", "ticket__brand", "ticket__response"
            )
            .select_for_update(of=("self",), no_key=True, skip_locked=True)
            .order_by("due_at", "pk")[:BATCH]
        )
        # What is late already is no warning any more; it is marked, so that it is not looked at again.
        tellable = [row for row in rows if level != Escalation.Level.SOON or row.binding_at > now]
        Escalation.objects.bulk_create(
            [
                Escalation(
                    ticket=row.ticket,
                    cycle=row.cycle,
                    target=row.target,
                    ordinal=row.ordinal,
                    level=level,
                    happened_at=now,
                )
                for row in rows
            ],
            ignore_conflicts=True,
        )
        known: dict[int | None, list[User]] = {}
        by_reader: dict[int, tuple[User, list[Deadline]]] = {}
        for row in tellable:
            # Answers imported from the past are late from the start; the pages say so, nobody is mailed about each.
            if row.ticket.response and row.ticket.response.is_history:
                continue
            for reader in tell(row.ticket, known):
                by_reader.setdefault(reader.pk, (reader, []))[1].append(row)
        drafts = []
        for reader, theirs in by_reader.values():
            subject, line = _words_for(level)
            told_of = [(row.ticket, f"{level}:{row.target}:{row.ordinal}") for row in theirs]
            drafts += _told_together([reader], told_of, subject=subject, line=line)
        outbox.queue(drafts, now=now)
    return len(rows)


def warn_of_promises_in_danger(*, now: datetime) -> int:
    """A promised action is due within three hours: its owner is asked to do it, or to move it in time."""
    return _tell_of_actions(
        now=now,
        until=now + WARN_BEFORE,
        field="warned_for",
        subject=gettext_noop("Promised, and due soon"),
        line=gettext_noop(
            "If it will not be ready, move the date now: the customer then hears it before, and not after."
        ),
        with_leads=False,
    )


def tell_of_broken_promises(*, now: datetime) -> int:
    """A promised time has passed: the action's owner, the ticket's owner and the lead hear it, once per date."""
    return _tell_of_actions(
        now=now,
        until=now,
        field="late_told_for",
        subject=gettext_noop("A promise was not kept in time"),
        line=gettext_noop("The customer's page says so already. Tell the customer, with a new date and the reason."),
        with_leads=True,
    )


def _tell_of_actions(*, now: datetime, until: datetime, field: str, subject: str, line: str, with_leads: bool) -> int:
    due = Action.objects.filter(state=Action.State.OPEN, due_at__lte=until, ticket__state__in=LIVE).filter(
        Q(**{f"{field}__isnull": True}) | ~Q(**{field: F("due_at")})
    )
    if not due.exists():
        return 0
    with transaction.atomic():
        actions = list(
            due.select_related(
                "owner", *(f"ticket__{name}" for name in ("owner", "contact", "account", "brand", "response"))
            )
            .select_for_update(of=("self",), no_key=True, skip_locked=True)
            .order_by("due_at", "pk")[:BATCH]
        )
        known: dict[int | None, list[User]] = {}
        drafts = []
        for action in actions:
            setattr(action, field, action.due_at)
            if not with_leads and action.due_at <= now:
                continue
            readers = {user.pk: user for user in (action.owner, action.ticket.owner) if user and user.is_active}
            if with_leads:
                readers |= {user.pk: user for user in _leads_of(action.ticket, known)}
            drafts += [
                notices.to_person(
                    reader,
                    action.ticket,
                    lambda action=action: (  # type: ignore[misc]
                        f"{gettext(subject)}: #{action.ticket_id}",
                        [
                            gettext("“%(action)s”, with %(name)s.")
                            % {"action": action.title, "name": action.owner.name},
                            gettext(line),
                        ],
                    ),
                    dedupe_key=f"{field}:{action.pk}:{int(action.due_at.timestamp())}:{reader.pk}",
                )
                for reader in readers.values()
            ]
        Action.objects.bulk_update(actions, [field], batch_size=500)
        outbox.queue(drafts, now=now)
    return len(actions)


def _words_for(level: str) -> tuple[str, str]:
    """Subject and line, as messages of the catalogues."""
    if level == Escalation.Level.SOON:
        return (
            gettext_noop("Due within three hours"),
            gettext_noop("If the date does not hold, say so to the customer before it passes."),
        )
    return (
        gettext_noop("Late"),
        gettext_noop("A time that was due or promised has passed. See whether somebody else should help."),
    )
