"""Telling whoever is to hear of a step: by mail, at once or with the next morning's, or another program by webhook.

What is to be told stands in rows, with the moment from which it may be told; they are claimed, looked at once more (it
may be done by now, or somebody looks after it), told and marked in one transaction with the mails.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext, gettext_noop, ngettext

from followups import ladders
from followups.clocks.readers import Readers
from followups.messages import notices
from followups.models import Deadline, Escalation, LadderStep, Ticket
from followups.models.tickets import AT_WORK
from nps_loop.bulk import update_rows
from nps_loop.mail import outbox
from nps_loop.mail.outbox import Draft
from nps_loop.people.models import User
from nps_loop.webhooks import delivery
from nps_loop.webhooks.models import Endpoint

BATCH = 1_000
# More than this many for one reader in one go are told in one mail.
DIGEST_OVER = 3

Untold, Who = Escalation.Untold, LadderStep.Who


@dataclass(frozen=True, slots=True)
class Told:
    """A step that is told now: the row, its deadline and the step of the ladder."""

    row: Escalation
    deadline: Deadline
    step: LadderStep

    @property
    def ticket(self) -> Ticket:
        return self.row.ticket


def due(now: datetime) -> QuerySet[Escalation]:
    """What may be told now and was not, the longest due first."""
    return Escalation.objects.filter(told_at=None, tell_at__lte=now).order_by("tell_at", "pk")


def tell(*, now: datetime) -> int:
    """Tell of every step whose time to be told has come. Returns how many were."""
    with transaction.atomic():
        rows = list(
            due(now)
            .select_related(
                *(f"ticket__{name}" for name in ("owner", "contact", "account", "brand", "response", "team"))
            )
            .select_for_update(of=("self",), no_key=True, skip_locked=True)[:BATCH]
        )
        if not rows:
            return 0
        told = _still_to_tell(rows, now)
        readers = Readers.of([each.ticket for each in told])
        drafts: list[Draft] = []
        news: list[delivery.News] = []
        mails: dict[tuple[str, object], list[Told]] = {}
        for each in told:
            hearing = readers.of_step(each.step, each.ticket)
            each.row.told_to = [user.pk for user in hearing]
            if each.step.who == Who.WEBHOOK:
                if each.step.endpoint is not None:
                    news.append(_news(each, each.step.endpoint))
            elif each.step.who == Who.ADDRESS:
                mails.setdefault((each.step.address, None), []).append(each)
            for user in hearing:
                mails.setdefault(("", user), []).append(each)
            if hearing or each.step.who in (Who.WEBHOOK, Who.ADDRESS):
                each.row.told_at = now
            else:
                each.row.untold, each.row.tell_at = Untold.NOBODY, None
        for (address, reader), theirs in mails.items():
            if isinstance(reader, User):
                drafts += _mails_to(reader, theirs, now)
            else:
                drafts += _mails_to_address(address, theirs)
        outbox.queue(drafts, now=now)
        delivery.queue(news, now=now)
        update_rows(rows, ["told_at", "tell_at", "told_to", "untold"])
    return sum(row.told_at is not None for row in rows)


def _still_to_tell(rows: Sequence[Escalation], now: datetime) -> list[Told]:
    """Those still worth telling now; on the others it is set why not, or when: an outage must not break the night's
    quiet. Working time is that of the calendar pinned to each deadline. Four queries.
    """
    found = Deadline.objects.filter(ticket__in={row.ticket_id for row in rows}).select_related("calendar")
    deadlines = {deadline.key: deadline for deadline in found}
    steps = {
        policy: {step.level: step for step in ladder}
        for policy, ladder in ladders.ladders_of({deadline.policy_id for deadline in deadlines.values()}).items()
    }
    so_far = ladders.climbed(deadlines.values())
    told = []
    for row in rows:
        deadline = deadlines.get(row.key)
        step = steps[deadline.policy_id].get(row.level) if deadline else None
        if deadline is None or step is None or not deadline.is_open:
            why: str = Untold.MET
        elif row.ticket.state not in AT_WORK:
            why = Untold.RESTING
        elif so_far[row.key].acknowledged:
            why = Untold.ACKNOWLEDGED
        elif step.is_warning and deadline.binding_at <= now:
            why = Untold.TOO_LATE
        elif step.unassigned_only and row.ticket.owner_id is not None:
            why = Untold.OWNED
        elif (later := ladders.quiet_until(step, deadline.calendar.hours, now)) is not None:
            row.tell_at = later
            continue
        else:
            told.append(Told(row, deadline, step))
            continue
        row.untold, row.tell_at = why, None
    return told


# --- in words --------------------------------------------------------------------------------------------------


def words_for(step: LadderStep) -> tuple[str, str]:
    """Subject and line of a step, as messages of the catalogues."""
    if step.unassigned_only:
        return (
            gettext_noop("Nobody has it, and its time runs"),
            gettext_noop("A good part of its time is gone. Give it to somebody, or free somebody up."),
        )
    if step.is_warning:
        line = gettext_noop("If the date does not hold, say so to the customer before it passes.")
        if step.moment == LadderStep.Moment.BEFORE and step.amount == 180:
            return gettext_noop("Due within three hours"), line
        return gettext_noop("Due soon"), line
    if step.who in (Who.DIRECTOR, Who.ADDRESS):
        return (
            gettext_noop("Late for long"),
            gettext_noop("A time that was due or promised has passed, and nobody has said that they look after it."),
        )
    return (
        gettext_noop("Late"),
        gettext_noop("A time that was due or promised has passed. See whether somebody else should help."),
    )


def _mails_to(reader: User, told: Sequence[Told], now: datetime) -> list[Draft]:
    """What one colleague is mailed: steps of a kind together where there are many, all that was collected in one."""
    collected = [each for each in told if each.step.digest]
    drafts = [_digest(reader, collected)] if collected else []
    kinds: dict[tuple[str, str, str], list[Told]] = {}
    for each in told:
        if not each.step.digest:
            kinds.setdefault((each.row.level, *words_for(each.step)), []).append(each)
    for (level, subject, line), theirs in kinds.items():
        # What is not collected and yet much: one mail names them all.
        each_once = list({each.ticket.pk: each for each in reversed(theirs)}.values())[::-1]
        if len(each_once) > DIGEST_OVER:
            rows = [(each.ticket, f"{level}:{each.row.target}:{each.row.ordinal}") for each in each_once]
            drafts += told_together([reader], rows, subject=subject, line=line, page=_page_for(theirs[0].step))
        else:
            drafts += [_alone(reader, each, subject, line, now) for each in each_once]
    return drafts


def _alone(reader: User, told: Told, subject: str, line: str, now: datetime) -> Draft:
    """One mail about one ticket. The owner's leads to the delay mail, the lead's says where none was sent."""
    ticket, deadline, step = told.ticket, told.deadline, told.step

    def words() -> tuple[str, list[str]]:
        lines = [gettext(line)]
        if not step.is_warning and deadline.promised_at is not None and deadline.promised_at <= now:
            lines.append(gettext("The customer was promised this time, and no mail has said that it will be later."))
        return f"{gettext(subject)}: #{ticket.pk}", lines

    def more() -> list[tuple[str, str]]:
        page = f"/escalations/{told.row.pk}/"
        found = [(gettext("Say that I look after it"), page)] if reader.pk != ticket.owner_id else []
        if step.who == Who.OWNER and deadline.promised_at is not None:
            found.insert(0, (gettext("Write that it will be later"), f"/tickets/{ticket.pk}/?do=delay#delay"))
        return found

    return notices.to_person(
        reader,
        ticket,
        words,
        dedupe_key=f"{told.row.level}:{told.row.target}:{told.row.ordinal}:{ticket.pk}:{ticket.cycle}:{reader.pk}",
        more=more,
        path=f"/escalations/{told.row.pk}/" if step.who == Who.DIRECTOR else "",
    )


def _digest(reader: User, told: Sequence[Told]) -> Draft:
    """One mail for all that was collected until this morning."""
    tickets = list({each.ticket.pk: each.ticket for each in told}.values())

    def words() -> tuple[str, list[str]]:
        lines = [gettext("Collected since the last working morning. What is late stands first.")]
        for each in sorted(told, key=lambda each: (each.deadline.binding_at, each.row.pk)):
            lines.append(f"#{each.ticket.pk}: {gettext(words_for(each.step)[0])}")
        return _count_of(gettext("Times that run out"), len(tickets)), lines

    return notices.to_person(
        reader,
        told[0].ticket,
        words,
        dedupe_key=f"digest:{told[0].row.pk}:{reader.pk}:{len(told)}",
        path=_page_for(told[0].step),
    )


def _page_for(step: LadderStep) -> str:
    return "/queue/" if step.who == Who.OWNER else "/escalations/"


def told_together(
    readers: Iterable[User], tickets: Sequence[tuple[Ticket, str]], *, subject: str, line: str, page: str = ""
) -> list[Draft]:
    """One mail a ticket, or one for all where there are many: a bad day must not bury whoever has to act on it.

    `subject` and `line` are messages of the catalogues, so that each reader has them in their own language; `page` is
    where the mail for all leads.

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
                    path=page,
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


# --- to others -------------------------------------------------------------------------------------------------


def _mails_to_address(address: str, told: Sequence[Told]) -> list[Draft]:
    """To an address that is nobody's here: numbers and links, no names and no words."""
    subject, line = words_for(told[0].step)
    tickets = list({each.ticket.pk: each.ticket for each in told}.values())
    return [
        notices.to_address(
            address,
            tickets[0].brand,
            lambda: (_count_of(gettext(subject), len(tickets)), [gettext(line), _numbers(tickets)]),
            path=f"/escalations/{told[0].row.pk}/" if len(tickets) == 1 else "/escalations/",
            dedupe_key=f"address:{told[0].row.pk}:{len(told)}",
        )
    ]


def _news(told: Told, endpoint: Endpoint) -> delivery.News:
    row, deadline, ticket = told.row, told.deadline, told.ticket
    data: Mapping[str, object] = {
        "escalation": row.pk,
        "ticket": ticket.pk,
        "cycle": row.cycle,
        "target": row.target,
        "ordinal": row.ordinal,
        "level": row.level,
        "due_at": deadline.due_at.isoformat(),
        "promised_at": deadline.promised_at.isoformat() if deadline.promised_at else None,
        "state": ticket.state,
        "score": ticket.score,
        "owner": ticket.owner_id,
        "team": ticket.team.slug if ticket.team else None,
        "links": {
            "ticket": notices.link_to(f"/tickets/{ticket.pk}/"),
            "escalation": notices.link_to(f"/escalations/{row.pk}/"),
        },
    }
    return delivery.News(endpoint, f"escalation:{row.pk}", "escalation", data)
