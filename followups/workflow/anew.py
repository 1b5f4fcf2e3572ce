"""What comes up again long after its end: a ticket of its own, which says which one it takes up."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext

from followups import deadlines, ladders, priority
from followups.models import BonusHours, Calendar, Conversation, Deadline, Event, Rule, Ticket
from followups.refusals import NotAllowed
from followups.workflow.writing import OpenTicket
from surveys.scoring import Band


def take_up_anew(work: OpenTicket, *, at: datetime, reason: str) -> Ticket:
    """Open a new ticket over the case of a closed one, `at` being when it came up again. Once per closed ticket.

    Nobody has it yet: the next round of the assigner gives it away like any other. Raises NotAllowed.
    """
    old, now = work.ticket, work.now
    if known := old.followed_by.first():
        raise NotAllowed(gettext("#%(number)s takes this up already.") % {"number": known.pk}, code="followed")
    policies = deadlines.Policies.active()
    rule = old.rule
    policy = policies.policy(
        old.band if old.band != Band.PROMOTER else Band.DETRACTOR, rule.policy_slug if rule else ""
    )
    calendar: Calendar = old.team.calendar if old.team else policies.default_calendar
    day = timezone.localtime(at, timezone.get_default_timezone()).date()
    fresh = Ticket(
        follows=old,
        conversation=_conversation_of(old, now),
        contact=old.contact,
        account=old.account,
        brand=old.brand,
        team=old.team,
        score=old.score,
        band=old.band,
        contact_me=old.contact_me,
        nobody_to_reach=old.contact is None or not old.contact.can_be_reached,
        on_hold=old.on_hold,
        hold_reason=old.hold_reason,
        version=1,
        opened_at=now,
        changed_at=now,
        responded_at=min(at, now),
        received_at=now,
        day=day,
    )
    account = old.account
    weight = priority.Weight(
        score=old.score,
        contact_me=old.contact_me,
        annual_value=account.annual_value if account else None,
        renewal_on=account.renewal_on if account else None,
        unhappy_before=True,
        rule_priority=rule.priority if rule else Rule.Priority.NORMAL,
    )
    fresh.bonus = priority.bonus(weight, day, BonusHours.current())
    owed = deadlines.at_opening(fresh, policy, calendar)
    vars(fresh).update(deadlines.due_fields(fresh, owed, ()))
    fresh.resolution_due_at = next(row.due_at for row in owed if row.target == Deadline.Target.RESOLUTION)
    fresh.save()
    ladders.plan(owed, fresh=True)
    Deadline.objects.bulk_create(owed)
    for version in (policy, calendar):
        type(version).objects.filter(pk=version.pk, used_at=None).update(used_at=now)
    Event.objects.create(
        ticket=fresh,
        seq=1,
        actor_kind=work.actor.kind,
        actor=work.actor.user,
        program=work.actor.program,
        verb="open",
        to_state=fresh.state,
        data={"follows": old.pk},
        happened_at=at,
        recorded_at=now,
    )
    if reason:
        fresh.notes.create(by=work.actor.user, text=reason, happened_at=now)
    work.write("taken-up-anew", data={"ticket": fresh.pk})
    return fresh


def _conversation_of(old: Ticket, now: datetime) -> Conversation:
    """The one the person has open, else a new one: the old one's link has run out."""
    if old.contact is None:
        return Conversation.objects.create(brand=old.brand, opened_at=now)
    fields = {"brand": old.brand, "opened_at": now}
    return Conversation.objects.get_or_create(contact=old.contact, closed_at=None, defaults=fields)[0]
