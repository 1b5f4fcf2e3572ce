"""The question after a closed case, as an invitation that is linked to the first answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from nps_loop.mail.nights import after_the_quiet
from nps_loop.zones import zone_of
from surveys.asking.fatigue import Person, rests_until
from surveys.asking.history import own_domains, people_of
from surveys.asking.planning import asking_of, invitation
from surveys.models import Contact, Invitation, Response, Survey

# Asks where the first answer belongs to no survey that we send.
RECOVERY_SURVEY = "recovery"


@dataclass(frozen=True, slots=True)
class ClosedCase:
    """A case whose recovery question is due: its number and cycle, whom to ask, and the answer it was about."""

    number: int
    cycle: int
    contact: Contact
    response: Response | None


def plan_recovery(cases: Sequence[ClosedCase], *, now: datetime) -> int:
    """Plan the question for each of these cases, once; returns how many invitations were written, stopped ones too.

    Whoever still rests from another question is asked when that is over, because the case stays what it was. Seven
    queries for any number of cases, the survey's own row included.
    """
    if not cases:
        return 0
    own = None if all(map(_survey_of, cases)) else _own_survey()
    people = people_of({case.contact.pk: case.contact for case in cases}.values(), staff=own_domains(), now=now)
    rows = []
    for case in cases:
        survey = _survey_of(case) or own
        if survey is None:
            continue
        person = people[case.contact.pk]
        at = _when(survey, case.contact, person, now)
        asking = asking_of(survey, Invitation.Cause.RECOVERY, f"case:{case.number}.{case.cycle}", at)
        rows.append(
            invitation(
                survey,
                case.contact,
                person,
                asking,
                now=now,
                recovers=case.response,
                case=case.number,
                occasion_at=case.response.responded_at if case.response else None,
                touchpoint_id=case.response.touchpoint_id if case.response else survey.touchpoint_id,
            )
        )
    Invitation.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _when(survey: Survey, contact: Contact, person: Person, now: datetime) -> datetime:
    rest = timedelta(days=survey.rest_days)
    rested = max((rests_until(survey.rest_days, person.asked), *(at + rest for at in person.answered)))
    zone = zone_of(contact.time_zone, settings.TIME_ZONE)
    return after_the_quiet(max(now, rested), zone, survey.quiet_from, survey.quiet_until)


def _survey_of(case: ClosedCase) -> Survey | None:
    """The survey the first answer came from, where we send it."""
    survey = case.response.survey if case.response else None
    return survey if survey is not None and survey.is_sent else None


def _own_survey() -> Survey:
    defaults = {"name": "After a closed case", "kind": Survey.Kind.TRANSACTIONAL, "is_sent": True}
    return Survey.objects.get_or_create(slug=RECOVERY_SURVEY, defaults=defaults)[0]
