"""Sending what is due: each invitation is looked at once more, and its mail queued in the same transaction.

One sender at a time, so that two surveys that want the same person in the same minute see each other. What a sender
that died had in hand was never committed, and is due as before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from django.conf import settings

from nps_loop.bulk import update_rows
from nps_loop.mail import outbox
from nps_loop.mail.models import Message
from nps_loop.mail.nights import after_the_quiet
from nps_loop.one_at_a_time import one_at_a_time
from nps_loop.zones import zone_of
from surveys.asking import letters
from surveys.asking.fatigue import STILL_FRESH, Asked, Asking, Person, rule_against
from surveys.asking.history import own_domains, people_of
from surveys.asking.planning import asking_of
from surveys.models import Contact, Invitation, Survey

Cause, Rule, State = Invitation.Cause, Invitation.Rule, Invitation.State

BATCH = 200
# Any number no other advisory lock of this program uses.
ASKING_LOCK = 4_815_162_343
_LOOKED_AT = ("state", "stopped_by", "planned_for", "ended_at", "message", "expires_at", "language", "account")


def send_due(*, now: datetime, limit: int = 1_000) -> int:
    """Queue the mails of the invitations that are due at `now`, and return how many were looked at.

    Those that a rule stops keep the rule; those whose person sleeps or is away by their own word are put off.
    """
    looked_at = 0
    while looked_at < limit:
        with one_at_a_time(ASKING_LOCK) as mine:
            count = _send_batch(min(BATCH, limit - looked_at), now) if mine else 0
        looked_at += count
        if count < BATCH:
            break
    return looked_at


def _send_batch(size: int, now: datetime) -> int:
    rows = list(
        Invitation.objects.due(now)
        .select_related("survey__brand", "survey__touchpoint", "contact__account", "touchpoint__brand")
        .order_by("planned_for", "pk")
        .select_for_update(of=("self",), skip_locked=True)[:size]
    )
    if not rows:
        return 0
    leaving = look_again(rows, now=now)
    for row in leaving:
        # The link in the mail works as long as this says.
        row.expires_at = now + timedelta(days=row.survey.answer_within_days)
    for row, message in zip(leaving, outbox.queue(letters.drafts(leaving, now=now), now=now), strict=True):
        row.message = message
        if message.state == Message.State.SKIPPED:
            _stop(row, Rule.NOT_DELIVERED, now)
    update_rows(rows, _LOOKED_AT)
    return len(rows)


def look_again(rows: Sequence[Invitation], *, now: datetime) -> list[Invitation]:
    """Put off or stop those of these invitations that must not be sent now, in place, and return the others.

    In order: what is about to be sent counts for those after it, of the same person and of the same account.
    """
    contacts = {row.contact.pk: row.contact for row in rows if row.contact is not None}
    people = people_of(
        contacts.values(),
        staff=own_domains(),
        now=now,
        with_accounts=any(row.survey.account_most is not None for row in rows),
        without=[row.pk for row in rows],
    )
    leaving = []
    asked_now: list[tuple[int, int | None, Asked]] = []
    for row in rows:
        if row.contact is None:
            _stop(row, Rule.ERASED, now)
            continue
        row.account_id = row.contact.account_id
        later = _put_off_to(row.survey, row.contact, now)
        if later > now and not (is_about_an_event(row) and later > fresh_until(row)):
            row.planned_for = later
            continue
        person = _with(people[row.contact.pk], row.account_id, asked_now)
        if rule := rule_against(asking_now(row, max(now, later)), person):
            _stop(row, rule, now)
            continue
        row.language = row.contact.language
        asked_now.append((row.contact.pk, row.account_id, Asked(now, row.survey.rest_days)))
        leaving.append(row)
    return leaving


def asking_now(row: Invitation, at: datetime) -> Asking:
    """What this invitation asks at that moment."""
    return asking_of(row.survey, row.cause, row.reference, at, fresh_until(row))


def is_about_an_event(row: Invitation) -> bool:
    """Whether it asks about something that happened on a certain day, and not how things are."""
    return row.occasion_at is not None and row.cause in (Cause.EVENT, Cause.JOURNEY)


def fresh_until(row: Invitation) -> datetime:
    """How long the question makes sense: a while after its event, or after the moment it was planned for."""
    if row.occasion_at is not None and is_about_an_event(row):
        return row.occasion_at + timedelta(hours=row.survey.wait_hours) + STILL_FRESH
    return row.planned_for + STILL_FRESH


def _put_off_to(survey: Survey, contact: Contact, now: datetime) -> datetime:
    """The first moment from `now` on at which this person is awake, and back as far as we know."""
    zone = zone_of(contact.time_zone, settings.TIME_ZONE)
    moment = now
    if contact.away_until and contact.away_until > now.astimezone(zone).date():
        moment = datetime.combine(contact.away_until, time(survey.quiet_until % 24), tzinfo=zone)
    return after_the_quiet(moment, zone, survey.quiet_from, survey.quiet_until)


def _with(person: Person, account: int | None, asked_now: Sequence[tuple[int, int | None, Asked]]) -> Person:
    """This person, with what the same batch asks before."""
    own = tuple(asked for contact, _account, asked in asked_now if contact == person.contact_id)
    of_account = tuple((contact, each.at) for contact, of, each in asked_now if account is not None and of == account)
    if not own and not of_account:
        return person
    return replace(person, asked=person.asked + own, asked_at_account=person.asked_at_account + of_account)


def _stop(row: Invitation, rule: str, now: datetime) -> None:
    row.state, row.stopped_by, row.ended_at = State.STOPPED, Rule(rule), now
