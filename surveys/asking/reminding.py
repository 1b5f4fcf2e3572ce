"""One reminder to whoever has not answered, and the end of what nobody answered in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from nps_loop.bulk import update_rows
from nps_loop.mail import outbox
from nps_loop.one_at_a_time import one_at_a_time
from surveys.asking import letters
from surveys.asking.fatigue import Person, rule_against
from surveys.asking.history import own_domains, people_of
from surveys.asking.sending import ASKING_LOCK, BATCH, asking_now
from surveys.models import Invitation

Rule, State = Invitation.Rule, Invitation.State

# How a row says why no reminder left; the rule's code follows.
NOT_REMINDED = "no reminder: "


def remind_due(*, now: datetime, limit: int = 1_000) -> int:
    """Queue the reminders that are due at `now`, once each, and return how many were looked at.

    The rules are asked again, the question itself left out: who answered something else, or has a case by now, is left
    alone. The mail keeps its distance from others as all automatic mail does.
    """
    looked_at = 0
    while looked_at < limit:
        with one_at_a_time(ASKING_LOCK) as mine:
            count = _remind_batch(min(BATCH, limit - looked_at), now) if mine else 0
        looked_at += count
        if count < BATCH:
            break
    return looked_at


def _remind_batch(size: int, now: datetime) -> int:
    rows = list(
        Invitation.objects.to_remind(now)
        .select_related("survey__brand", "survey__touchpoint", "contact__account", "touchpoint__brand")
        .order_by("remind_at", "pk")
        .select_for_update(of=("self",), skip_locked=True)[:size]
    )
    if not rows:
        return 0
    contacts = {row.contact.pk: row.contact for row in rows if row.contact is not None}
    people = people_of(
        contacts.values(), staff=own_domains(), now=now, with_accounts=False, without=[row.pk for row in rows]
    )
    leaving = []
    for row in rows:
        row.remind_at = None
        rule = _rule_against_reminding(row, people, now)
        if rule:
            row.stopped_about = f"{NOT_REMINDED}{rule}"
        else:
            leaving.append(row)
    for row, message in zip(
        leaving, outbox.queue(letters.drafts(leaving, now=now, reminder=True), now=now), strict=True
    ):
        row.reminder = message
    update_rows(rows, ("remind_at", "stopped_about", "reminder"))
    return len(rows)


def _rule_against_reminding(row: Invitation, people: dict[int, Person], now: datetime) -> str:
    """Which rule forbids the reminder; "" where none does."""
    if row.contact is None:
        return Rule.ERASED
    if row.expires_at is not None and row.expires_at <= now:
        return Rule.TOO_LATE
    # The draw and the places of the account were theirs when the question left.
    asking = replace(asking_now(row, now), share=100, account_most=None, fresh_until=None)
    return rule_against(asking, people[row.contact.pk])


def expire_due(*, now: datetime) -> int:
    """End the questions that nobody answered in time; returns how many."""
    return Invitation.objects.to_expire(now).update(state=State.EXPIRED, ended_at=now, remind_at=None)
