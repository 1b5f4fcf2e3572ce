"""Actions: what will be done, by whom, by when. A promise the customer can hold us to; it may belong to anyone."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.utils import formats
from django.utils.translation import gettext, pgettext

from followups import calendars, deadlines
from followups.actors import Actor
from followups.messages import letters, notices
from followups.models import Action, ActionMove, Deadline, Ticket
from followups.models.tickets import TicketState
from followups.permissions import WORKING
from followups.refusals import Forbidden, Incomplete, NotAllowed
from followups.templatetags.moments import in_full
from followups.workflow.contact import update_given
from followups.workflow.locking import opened
from followups.workflow.writing import OpenTicket
from nps_loop.mail.models import Message
from nps_loop.people.models import User

PARTS = ("midday", "evening")
# How far ahead a promise may lie: whatever is further away was a mistyped year, and the customer would be mailed it.
FURTHEST = timedelta(days=366)


def add_action(
    ticket: Ticket,
    *,
    actor: Actor,
    now: datetime,
    version: int | None,
    title: str,
    owner: User | None,
    due_on: date | None,
    part: str = "evening",
    tell_customer: bool = True,
    note: str = "",
) -> Ticket:
    """Promise an action by the midday or evening of a day. The customer is told, its owner gets the words.

    Raises Incomplete naming what lacks.
    """
    with opened(
        ticket, actor=actor, now=now, version=version, ahead=("suppressed",), makes=(Message, Action), others=[owner]
    ) as work:
        work.check("add-action")
        errors = {}
        if not title.strip():
            errors["title"] = gettext("Say in one sentence what will be done. The customer reads it.")
        elif len(title) > 300:
            errors["title"] = gettext("Keep it to one sentence of at most 300 characters.")
        if owner is None or not owner.is_active:
            errors["owner"] = gettext("Choose who does it: somebody who is active.")
        due_at = _due(work, due_on, part, errors)
        if errors or owner is None or due_at is None:
            raise Incomplete(errors)
        action = Action(
            ticket=work.ticket,
            cycle=work.ticket.cycle,
            title=title.strip(),
            owner=owner,
            planned_by=actor.user,
            due_at=due_at,
            planned_at=now,
            note=note,
        )
        message = None
        if tell_customer:
            message = work.mail(letters.action_update(work.ticket, action, actor.user, now=now))
            _told(action, message, now)
        work.promise(action)
        to = TicketState.IN_ACTION if work.ticket.state == TicketState.CONTACTED else None
        data = {"action": action.pk, "owner": owner.pk, "message": message.pk if message else None}
        work.write("add-action", to=to, data=data)
        _start_updates(work)
        if owner != actor.user:
            work.mail_later([notices.action_given(work.ticket, action, now=now)])
    return work.ticket


def _due(work: OpenTicket, due_on: date | None, part: str, errors: dict[str, str]) -> datetime | None:
    if due_on is None:
        errors["due_on"] = gettext("Say by which day.")
        return None
    if part not in PARTS:
        errors["part"] = gettext("Say midday or evening.")
        return None
    _policy, calendar = work.pinned()
    furthest = calendars.day_of(calendar.hours, work.now) + FURTHEST
    if due_on > furthest:
        errors["due_on"] = gettext(
            "The date lies more than a year ahead: check its year, and choose a day until %(day)s."
        ) % {"day": formats.date_format(furthest, pgettext("date format", "j F Y"))}
        return None
    due_at = deadlines.end_of(calendar, due_on, part)
    if due_at <= work.now:
        errors["due_on"] = gettext("This time is over: choose one that is still to come.")
        return None
    return due_at


def _told(action: Action, message: Message | None, now: datetime) -> None:
    """The first date a customer is told is the one a promise is measured by."""
    if message is None or message.state == Message.State.SKIPPED:
        return
    action.told_at = action.told_at or now
    action.first_promised_at = action.first_promised_at or action.due_at


def _start_updates(work: OpenTicket) -> None:
    """While something is being done the customer hears of it every few days."""
    target = Deadline.Target.NEXT_UPDATE
    if any(row.target == target and row.is_open and row.cycle == work.ticket.cycle for row in work.deadlines):
        return
    policy, calendar = work.pinned()
    work.owe(
        deadlines.next_update(work.ticket, policy, calendar, starts_at=work.now, ordinal=work.next_ordinal(target))
    )


def _own_action(work: OpenTicket, action: Action, verb: str) -> Action:
    """The action as it is now. Whoever only owns an action may touch only that one. Raises NotAllowed, Forbidden."""
    work.check(verb)
    current = next((row for row in work.every_action if row.pk == action.pk), None)
    if current is None:
        raise NotAllowed(gettext("This action belongs to another ticket."), code="other_ticket")
    if current.state != Action.State.OPEN:
        raise NotAllowed(
            gettext("This action is %(state)s already.") % {"state": current.get_state_display()}, code="not_open"
        )
    if work.actor.user is not None and not work.roles & WORKING and current.owner_id != work.actor.user.pk:
        raise Forbidden(gettext("Only its owner, or somebody who works on the ticket, changes this action."))
    return current


def move_action(
    ticket: Ticket,
    *,
    actor: Actor,
    now: datetime,
    version: int | None,
    action: Action,
    due_on: date | None,
    reason: str,
    part: str = "evening",
) -> Ticket:
    """ "Not by Friday": a new date with a reason. A customer who was told the old one is mailed. It counts as moved."""
    with opened(ticket, actor=actor, now=now, version=version, ahead=("suppressed",), makes=(Message,)) as work:
        current = _own_action(work, action, "move-action")
        errors: dict[str, str] = {}
        if not reason.strip():
            errors["reason"] = gettext("Say why. The customer reads it.")
        due_at = _due(work, due_on, part, errors)
        if due_at is not None and due_at == current.due_at:
            errors["due_on"] = gettext("This is the date it has already.")
        if errors or due_at is None:
            raise Incomplete(errors)
        old_due = current.due_at
        work.add(
            ActionMove(action=current, from_at=old_due, to_at=due_at, reason=reason, by=actor.user, happened_at=now)
        )
        current.due_at = due_at
        work.keep(current, "due_at")
        message = None
        if current.told_at is not None:
            author = work.ticket.owner or actor.user
            message = work.mail(letters.delay(work.ticket, current, old_due, reason, author, now=now))
        work.write(
            "move-action",
            data={
                "action": current.pk,
                "from": old_due.isoformat(),
                "to": due_at.isoformat(),
                "message": message.pk if message else None,
                "before_it_passed": now <= old_due,
            },
        )
        _tell_owner(
            work,
            current,
            lambda: (
                gettext("A date was moved: %(action)s") % {"action": current.title},
                [
                    gettext("%(name)s moved it to %(day)s.") % {"name": current.owner.name, "day": in_full(due_at)},
                    gettext("Reason: %(reason)s") % {"reason": reason},
                ],
            ),
        )
    return work.ticket


def delay(
    ticket: Ticket,
    *,
    actor: Actor,
    now: datetime,
    version: int | None,
    due_on: date | None,
    part: str = "evening",
    reason: str = "",
) -> Ticket:
    """A promised contact or answer comes later than the customer was told: they are mailed the new half-day.

    What we owe by policy stays as it is, and a mail that says "later" is no contact. Raises Incomplete, and NotAllowed
    where nothing is promised or the customer cannot be mailed.
    """
    with opened(ticket, actor=actor, now=now, version=version, ahead=("suppressed",), makes=(Message,)) as work:
        work.check("delay")
        promised = [row for row in work.deadlines if row.is_open and row.promised_at and row.cycle == work.ticket.cycle]
        row = min(promised, key=lambda each: each.promised_at or now, default=None)
        if row is None or row.promised_at is None:
            raise NotAllowed(gettext("No contact or answer is promised to the customer now."), code="nothing_promised")
        errors: dict[str, str] = {}
        due_at = _due(work, due_on, part, errors)
        old = row.promised_at
        if due_at is not None and due_at <= old:
            errors["due_on"] = gettext("This is not later than what was promised.")
        if errors or due_at is None:
            raise Incomplete(errors)
        author = actor.user or work.ticket.owner
        message = work.mail(
            letters.contact_delayed(work.ticket, row.target, old, due_at, reason.strip(), author, now=now)
        )
        if message.state == Message.State.SKIPPED:
            raise NotAllowed(message.reason, code="cannot_be_mailed")
        row.promised_at = due_at
        work.changed(row)
        work.write(
            "delay",
            data={
                "target": row.target,
                "from": old.isoformat(),
                "to": due_at.isoformat(),
                "message": message.pk,
                "before_it_passed": now <= old,
            },
        )
    return work.ticket


def complete_action(
    ticket: Ticket,
    *,
    actor: Actor,
    now: datetime,
    version: int | None,
    action: Action,
    what_changed: str,
    tell_customer: bool = False,
) -> Ticket:
    """It is done: one sentence what changed, which the customer reads. The ticket's owner hears of it."""
    if not what_changed.strip():
        raise Incomplete({"what_changed": gettext("Say in one sentence what changed. The customer reads it.")})
    with opened(ticket, actor=actor, now=now, version=version, ahead=("suppressed",), makes=(Message,)) as work:
        current = _own_action(work, action, "complete-action")
        current.state = Action.State.DONE
        current.done_at = now
        current.what_changed = what_changed.strip()
        work.keep(current, "state", "done_at", "what_changed")
        message = None
        if tell_customer:
            message = work.mail(letters.action_update(work.ticket, current, work.ticket.owner or actor.user, now=now))
            if message.state != Message.State.SKIPPED:
                update_given(work, now)
        work.write("complete-action", data={"action": current.pk, "message": message.pk if message else None})
        _tell_owner(
            work,
            current,
            lambda: (
                gettext("Done: %(action)s") % {"action": current.title},
                [
                    gettext("%(name)s says what changed: %(what)s")
                    % {"name": current.owner.name, "what": what_changed.strip()}
                ],
            ),
        )
    return work.ticket


def drop_action(
    ticket: Ticket, *, actor: Actor, now: datetime, version: int | None, action: Action, reason: str
) -> Ticket:
    """It is left out, with a reason the customer reads in the resolution."""
    if not reason.strip():
        raise Incomplete({"reason": gettext("Say why it is left out. The customer reads it.")})
    with opened(ticket, actor=actor, now=now, version=version, ahead=("suppressed",)) as work:
        current = _own_action(work, action, "drop-action")
        current.state = Action.State.DROPPED
        current.dropped_at = now
        current.dropped_reason = reason.strip()
        work.keep(current, "state", "dropped_at", "dropped_reason")
        work.write("drop-action", data={"action": current.pk})
        _tell_owner(
            work,
            current,
            lambda: (
                gettext("Left out: %(action)s") % {"action": current.title},
                [gettext("Reason: %(reason)s") % {"reason": reason.strip()}],
            ),
        )
    return work.ticket


def _tell_owner(work: OpenTicket, action: Action, words: notices.Words) -> None:
    """Owner of the ticket and owner of the action hear what somebody else did."""
    people = {user.pk: user for user in (work.ticket.owner, action.owner) if user is not None}
    for user in people.values():
        if user != work.actor.user and user.is_active:
            work.mail_later(
                [
                    notices.to_person(
                        user,
                        work.ticket,
                        words,
                        dedupe_key=f"action:{action.pk}:{work.ticket.version}:{user.pk}",
                    )
                ]
            )
