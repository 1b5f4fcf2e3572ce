"""Planning a round of a cadence: each customer's turn, spread over days. A job, in batches, that may be left any time.

A round is named by the day it starts on. Its job goes through all customers in the order of their keys and keeps how
far it came; a row that is there already (planned by a rival, or before its worker died) stays as it is, because the
database holds one invitation per survey, person and round. So two planners at once, or one killed and started anew,
plan nobody twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from nps_loop.jobs import running
from nps_loop.jobs.models import Job
from nps_loop.people.models import User
from nps_loop.zones import zone_of
from surveys.asking.fatigue import Asking, Person, rule_against
from surveys.asking.history import own_domains, people_of
from surveys.asking.turns import turn_in_round
from surveys.models import Contact, Invitation, Survey

Cause, Rule, State = Invitation.Cause, Invitation.Rule, Invitation.State

JOB_KIND = "plan_round"
BATCH = 1_000
ROUND = "round:"
# What is open today says nothing about a day later than tomorrow: the moment of sending looks again.
SOON = timedelta(days=1)


def start_rounds(*, now: datetime) -> int:
    """Start the rounds whose time has come, each as a job; returns how many. Two queries while there is none."""
    cadences = Survey.objects.filter(is_sent=True, kind=Survey.Kind.RELATIONAL, every_days__isnull=False)
    today = timezone.localtime(now, timezone.get_default_timezone()).date()
    return sum(_start(survey.pk, today, now) for survey in cadences.order_by("pk") if _is_due(survey, today))


class NotNow(Exception):
    """A round cannot start; says why, for the person who pressed."""


@dataclass(frozen=True, slots=True)
class Round:
    """One round of a survey: the day it was started on, its job, and how many of whom were asked or stopped."""

    day: date
    job: Job

    @property
    def planned(self) -> int | None:
        """How many are asked; None while the round is being planned."""
        return (self.job.result or {}).get("planned") if self.job.is_over else None

    @property
    def stopped(self) -> int:
        """How many some rule stopped, as far as it came."""
        return sum((self.job.result or {}).get("stopped", {}).values())


def last_round(survey: Survey) -> Round | None:
    """The newest round that was started. One query."""
    job = _jobs_of(survey).first()
    return Round(date.fromisoformat(job.parameters["round"]), job) if job else None


def start_by_hand(survey_id: int, *, by: User | None, now: datetime) -> Job:
    """Start a round today because somebody wants it, whenever the last one was. No rule is set aside for it.

    Raises NotNow where the survey is not sent to everybody in rounds, or today has its round, or one is being planned.
    """
    today = timezone.localtime(now, timezone.get_default_timezone()).date()
    with transaction.atomic():
        survey = Survey.objects.select_for_update(no_key=True).get(pk=survey_id)
        if not survey.is_sent or survey.kind != Survey.Kind.RELATIONAL:
            raise NotNow(gettext("Only a relational survey that is sent by mail has rounds."))
        last = last_round(survey)
        if last is not None and not last.job.is_over:
            raise NotNow(gettext("A round is being planned already."))
        if last is not None and last.day == today:
            raise NotNow(gettext("Today’s round has been started already. The next one can start tomorrow."))
        return _start_job(survey, today, by, now)


def _start_job(survey: Survey, today: date, by: User | None, now: datetime) -> Job:
    parameters = {"survey": survey.pk, "round": today.isoformat()}
    return running.start(JOB_KIND, parameters=parameters, created_by=by, now=now, total=candidates().count())


def _start(survey_id: int, today: date, now: datetime) -> bool:
    """Start this survey's round unless somebody else has just done so."""
    with transaction.atomic():
        survey = Survey.objects.select_for_update(no_key=True).filter(pk=survey_id, is_sent=True).first()
        if survey is None or not _is_due(survey, today):
            return False
        _start_job(survey, today, None, now)
        return True


def _is_due(survey: Survey, today: date) -> bool:
    """Whether the time between two rounds has passed since the last one that asked anybody, or is about to."""
    job = _jobs_of(survey).first()
    if job is not None and (not job.is_over or job.done or job.parameters["round"] == today.isoformat()):
        last = date.fromisoformat(job.parameters["round"])
    else:
        rows = Invitation.objects.filter(survey=survey, cause=Cause.CADENCE, reference__startswith=ROUND)
        reference = rows.order_by("-day").values_list("reference", flat=True).first()
        if reference is None:
            return True
        last = date.fromisoformat(reference.removeprefix(ROUND))
    return last + timedelta(days=survey.every_days or 0) <= today


def _jobs_of(survey: Survey) -> QuerySet[Job]:
    return Job.objects.filter(kind=JOB_KIND, parameters__survey=survey.pk).order_by("-pk")


def candidates() -> QuerySet[Contact]:
    """Whom a round is about: everybody we know, those whom some rule stops included."""
    return Contact.objects.filter(merged_into=None, erased_at=None)


def plan_round(job: Job, alive: Callable[..., None]) -> dict[str, Any]:
    """The work of a job: plan one round, and return how many were planned and how many each rule stopped."""
    survey = Survey.objects.filter(pk=job.parameters["survey"]).first()
    if survey is None:
        raise running.Unworkable("The survey of this round is gone.")
    starts_on = date.fromisoformat(job.parameters["round"]) + timedelta(days=1)
    kept = job.result or {}
    counts: Counter[str] = Counter(kept.get("counts", {}))
    after, done = kept.get("after", 0), job.done
    while batch := list(candidates().filter(pk__gt=after).order_by("pk")[:BATCH]):
        counts.update(plan_batch(survey, batch, starts_on, f"{ROUND}{job.parameters['round']}", now=timezone.now()))
        after, done = batch[-1].pk, done + len(batch)
        alive(done=done, result={"counts": dict(counts), "after": after})
    return {"planned": counts.pop(Rule.NONE.value, 0), "stopped": dict(counts)}


def plan_batch(
    survey: Survey, contacts: Sequence[Contact], starts_on: date, reference: str, *, now: datetime
) -> Counter[str]:
    """Write one invitation for each of these people, and return how many each rule stopped ("": planned).

    Seven queries at most, whatever their number. Rules that time changes are looked at as of the day of each.
    """
    people = people_of(contacts, staff=own_domains(), now=now, with_accounts=survey.account_most is not None)
    rows = []
    for contact in contacts:
        zone = zone_of(contact.time_zone, settings.TIME_ZONE)
        at = turn_in_round(survey, contact.pk, starts_on, zone)
        asking = asking_of(survey, Cause.CADENCE, reference, at)
        rows.append(invitation(survey, contact, people[contact.pk], asking, now=now))
    Invitation.objects.bulk_create(rows, ignore_conflicts=True)
    return Counter(row.stopped_by for row in rows)


def asking_of(survey: Survey, cause: str, reference: str, at: datetime, fresh_until: datetime | None = None) -> Asking:
    """What the rules need to know of a survey that wants to ask at that moment."""
    return Asking(
        survey_id=survey.pk,
        cause=cause,
        at=at,
        is_sent=survey.is_sent,
        reference=reference,
        share=survey.share,
        rest_days=survey.rest_days,
        account_most=survey.account_most,
        fresh_until=fresh_until,
    )


def invitation(
    survey: Survey, contact: Contact, person: Person, asking: Asking, *, now: datetime, **fields: Any
) -> Invitation:
    """The row, not saved, of asking this person then: planned, or stopped by the rule that says so today."""
    known = person if asking.at - now <= SOON else without_open_case(person)
    rule = rule_against(asking, known)
    return Invitation(
        survey=survey,
        contact=contact,
        account_id=contact.account_id,
        cause=asking.cause,
        reference=asking.reference,
        state=State.STOPPED if rule else State.PLANNED,
        stopped_by=rule,
        planned_for=asking.at,
        day=timezone.localtime(asking.at, timezone.get_default_timezone()).date(),
        language=contact.language,
        created_at=now,
        ended_at=now if rule else None,
        **{"touchpoint_id": survey.touchpoint_id, **fields},
    )


def without_open_case(person: Person) -> Person:
    """The same person as if nothing were open: by the day that counts it may be closed."""
    return replace(person, has_open_case=False) if person.has_open_case else person
