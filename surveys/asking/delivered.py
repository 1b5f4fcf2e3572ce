"""What became of the mails of invitations: the outbox tells, in the transaction that gives a mail its final state."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import Q

from nps_loop.bulk import update_rows
from nps_loop.mail.models import Message, Stream
from surveys.asking.fatigue import rule_against
from surveys.asking.history import own_domains, people_of
from surveys.asking.sending import asking_now
from surveys.models import Contact, Invitation
from surveys.models.invitations import InvitationQuerySet

Rule, State = Invitation.Rule, Invitation.State

# Why a mail that waited its turn is not sent after all, by the rule that came up meanwhile. What suppresses an address
# the outbox says itself; who is asked first was settled when the mail was queued.
_REASONS = {
    Rule.SWITCHED_OFF: "Not sent: this survey is not sent any more.",
    Rule.MERGED: "Not sent: this person was put together with another.",
    Rule.DO_NOT_CONTACT: "Not sent: this person must not be contacted.",
    Rule.OWN_STAFF: "Not sent: this is a colleague.",
    Rule.OPEN_CASE: "Not sent: a case of this person is open.",
    Rule.ANSWERED_LATELY: "Not sent: this survey was answered meanwhile.",
}
_OVER = "Not sent: it has ended."


def zones_of(addresses: Collection[str]) -> Mapping[str, str]:
    """The time zones of whoever has these (normalised) addresses, where they are known. One query."""
    rows = Contact.objects.filter(email__in=addresses).exclude(time_zone="").order_by("pk")
    return dict(rows.values_list("email", "time_zone"))


def why_no_longer(messages: Sequence[Message], now: datetime) -> dict[int, str]:
    """The last look before invitations and reminders leave: answered, ended, or a case was opened meanwhile.

    No query for mails of other streams, a few for any number of these.
    """
    ours = [message.pk for message in messages if message.stream == Stream.SURVEYS]
    if not ours:
        return {}
    rows = list(_with_mails(ours).select_related("survey", "contact"))
    contacts = {row.contact.pk: row.contact for row in rows if row.contact is not None}
    people = people_of(
        contacts.values(), staff=own_domains(), now=now, with_accounts=False, without=[row.pk for row in rows]
    )
    reasons: dict[int, str] = {}
    for row in rows:
        reason = ""
        if row.state == State.ANSWERED:
            reason = _REASONS[Rule.ANSWERED_LATELY]
        elif row.state not in (State.PLANNED, State.SENT) or (row.expires_at is not None and row.expires_at <= now):
            reason = _OVER
        elif row.contact is not None:
            # The draw and the moment were theirs when it was queued: they must not hide that a case is open by now.
            asking = replace(asking_now(row, now), share=100, fresh_until=None)
            reason = _REASONS.get(Rule(rule_against(asking, people[row.contact.pk])), "")
        if reason:
            reasons |= {pk: reason for pk in (row.message_id, row.reminder_id) if pk is not None and pk in ours}
    return reasons


def accepted(messages: Sequence[Message], now: datetime) -> None:
    """The mail server took them: now they are sent, and the days until reminder and end are counted. Two queries."""
    left = {message.pk: message.sent_at or now for message in messages if message.stream == Stream.SURVEYS}
    if not left:
        return
    rows = list(
        Invitation.objects.filter(message__in=left, sent_at=None)
        .select_related("survey")
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    for row in rows:
        row.sent_at = left[row.message_id or 0]
        if row.state != State.PLANNED:
            continue  # answered before we heard that it had left
        row.state = State.SENT
        row.expires_at = row.sent_at + timedelta(days=row.survey.answer_within_days)
        days = row.survey.remind_after_days
        if days is not None and days < row.survey.answer_within_days:
            row.remind_at = row.sent_at + timedelta(days=days)
    update_rows(rows, ("state", "sent_at", "expires_at", "remind_at"))


def failed(messages: Sequence[Message], now: datetime) -> None:
    """They failed for good or came back: whoever never got the question was not asked. One query."""
    lost = [message.pk for message in messages if message.stream == Stream.SURVEYS]
    if lost:
        waiting = Invitation.objects.filter(message__in=lost, state__in=[State.PLANNED, State.SENT])
        waiting.update(state=State.STOPPED, stopped_by=Rule.NOT_DELIVERED, ended_at=now, remind_at=None)


def skipped(messages: Sequence[Message], now: datetime) -> None:
    """They were dropped at the last look: the row keeps the rule. A reminder that is dropped leaves it as it was."""
    dropped = [message.pk for message in messages if message.stream == Stream.SURVEYS]
    if not dropped:
        return
    rows = list(
        Invitation.objects.filter(message__in=dropped, state=State.PLANNED)
        .select_related("survey", "contact")
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    contacts = {row.contact.pk: row.contact for row in rows if row.contact is not None}
    people = people_of(
        contacts.values(), staff=own_domains(), now=now, with_accounts=False, without=[row.pk for row in rows]
    )
    for row in rows:
        rule = rule_against(asking_now(row, now), people[row.contact.pk]) if row.contact is not None else Rule.ERASED
        row.state, row.stopped_by, row.ended_at = State.STOPPED, Rule(rule or Rule.NOT_DELIVERED), now
    update_rows(rows, ("state", "stopped_by", "ended_at"))


def _with_mails(message_ids: Collection[int]) -> InvitationQuerySet:
    return Invitation.objects.filter(Q(message__in=message_ids) | Q(reminder__in=message_ids))
