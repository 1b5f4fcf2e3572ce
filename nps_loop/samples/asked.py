"""Whom the sample company asked: a round of its yearly survey, with those who answered, those who did not, and those
whom a rule left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from django.utils import timezone

from surveys.asking.fatigue import rule_against
from surveys.asking.history import own_domains, people_of
from surveys.asking.planning import asking_of
from surveys.models import Contact, Invitation, Response, Survey

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ROUND = timedelta(days=42)
State, Rule = Invitation.State, Invitation.Rule


def invite(*, now: datetime, seed: int) -> int:
    """Write the invitations of the round that led to the answers of the last weeks; returns how many. Seeded."""
    survey = Survey.objects.filter(kind=Survey.Kind.RELATIONAL).order_by("pk").first()
    if survey is None:
        return 0
    chance = Random(f"{seed} asked")  # noqa: S311
    began = now - ROUND
    reference = f"round:{began.date().isoformat()}"
    answers: dict[int, Response] = {}
    for one in Response.objects.filter(contact__isnull=False, survey=survey, responded_at__gt=began).order_by("pk"):
        answers.setdefault(one.contact_id or 0, one)
    contacts = list(Contact.objects.filter(merged_into=None, erased_at=None).order_by("pk"))
    people = people_of(contacts, staff=own_domains(), now=now)
    rows = []
    for contact in contacts:
        answer = answers.get(contact.pk)
        at = answer.responded_at - 3 * HOUR if answer else began + chance.random() * ROUND * 0.8
        row = Invitation(
            survey=survey,
            contact=contact,
            account_id=contact.account_id,
            touchpoint_id=answer.touchpoint_id if answer else survey.touchpoint_id,
            cause=Invitation.Cause.CADENCE,
            reference=reference,
            planned_for=at,
            day=timezone.localtime(at, timezone.get_default_timezone()).date(),
            language=contact.language,
            created_at=began,
        )
        if answer is not None:
            row.state, row.response, row.sent_at, row.ended_at = State.ANSWERED, answer, at, answer.responded_at
        else:
            asking = replace(asking_of(survey, row.cause, reference, at), is_sent=True)
            rule = Rule.NOT_IN_SHARE if chance.random() < 0.1 else rule_against(asking, people[contact.pk])
            if rule:
                row.state, row.stopped_by, row.ended_at = State.STOPPED, Rule(rule), at
            else:
                row.sent_at, row.expires_at = at, at + survey.answer_within_days * DAY
                row.state = State.EXPIRED if row.expires_at <= now else State.SENT
                row.ended_at = row.expires_at if row.state == State.EXPIRED else None
        rows.append(row)
    Invitation.objects.bulk_create(rows, batch_size=1_000, ignore_conflicts=True)
    return len(rows)
