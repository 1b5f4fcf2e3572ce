"""Which rule stops an invitation: one function, from plain values. Pure.

Nobody is asked too often, whatever the survey, and nobody is asked who does not want to be. Whoever is not asked is
counted all the same, with the rule, so that a response rate has an honest denominator.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from nps_loop.mail.models import Suppression
from surveys.models import Invitation

Rule, Cause = Invitation.Rule, Invitation.Cause

# An event that long ago is not asked about any more: nobody remembers it well, and it says that we were away.
STILL_FRESH = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Asked:
    """That somebody was asked: when, and for how many days the survey then said to leave them alone."""

    at: datetime
    rest_days: int


@dataclass(frozen=True, slots=True)
class Asking:
    """What wants to ask: a survey and its moment. `at` is when the mail would leave; all times are aware.

    `fresh_until` is the last moment at which the question still makes sense; None: whenever.
    """

    survey_id: int
    cause: str
    at: datetime
    is_sent: bool = True
    reference: str = ""
    share: int = 100
    rest_days: int = 30
    account_most: int | None = None
    fresh_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Whom it would ask, and what is known about them.

    `asked` and `answered` hold every survey and every channel; what has been queued and not yet left counts as asked.
    `asked_at_account` holds the other people of the same account. `stopped_as` is the reason of a suppression of the
    surveys stream.
    """

    contact_id: int
    address: str = ""
    is_erased: bool = False
    is_merged: bool = False
    do_not_contact: bool = False
    is_own_staff: bool = False
    stopped_as: str = ""
    has_open_case: bool = False
    left_in_peace: bool = False
    asked: tuple[Asked, ...] = ()
    answered: tuple[datetime, ...] = ()
    asked_at_account: tuple[tuple[int, datetime], ...] = field(default=())


def rule_against(asking: Asking, person: Person) -> str:
    """The first rule that stops this invitation, as a value of `Invitation.Rule`; `Rule.NONE` ("") where none does.

    In this order, so that the row names what no waiting would change before what only time stands in the way of:

    1. the survey is not sent any more; its moment has passed: nobody at all is asked;
    2. erased, merged into somebody else, not to be contacted: there is nobody to ask, or the law says no;
    3. left in peace: only what follows a closed case, which is what they wanted no more of;
    4. no address, suppressed (mail that comes back has a rule of its own), own staff: nothing could arrive or count;
    5. not drawn into the sample: drawn before anything is looked at that changes from day to day, so that being asked
       depends on nothing but the draw;
    6. an open case: whoever waits for us is not asked how we are;
    7. asked lately, by whichever survey: within the days of the survey that asks or of the one that asked, whichever
       are more; answered lately, by whichever channel;
    8. enough people of the account were asked within the days of the survey that asks.

    Only the last depends on who is looked at first.
    """
    if not asking.is_sent:
        return Rule.SWITCHED_OFF
    if asking.fresh_until is not None and asking.at > asking.fresh_until:
        return Rule.TOO_LATE
    return _against_the_person(asking, person) or _against_the_moment(asking, person)


def _against_the_person(asking: Asking, person: Person) -> str:
    if person.is_erased:
        return Rule.ERASED
    if person.is_merged:
        return Rule.MERGED
    if person.do_not_contact:
        return Rule.DO_NOT_CONTACT
    if person.left_in_peace and asking.cause == Cause.RECOVERY:
        return Rule.LEFT_IN_PEACE
    if not person.address:
        return Rule.NO_ADDRESS
    if person.stopped_as:
        return _RULE_OF.get(person.stopped_as, Rule.SUPPRESSED)
    if person.is_own_staff:
        return Rule.OWN_STAFF
    return Rule.NONE if is_drawn(asking, person.contact_id) else Rule.NOT_IN_SHARE


def _against_the_moment(asking: Asking, person: Person) -> str:
    if person.has_open_case:
        return Rule.OPEN_CASE
    if rests_until(asking.rest_days, person.asked) > asking.at:
        return Rule.RESTING
    rest = timedelta(days=asking.rest_days)
    if any(at > asking.at - rest for at in person.answered):
        return Rule.ANSWERED_LATELY
    if asking.account_most is not None:
        others = {other for other, at in person.asked_at_account if at > asking.at - rest}
        if len(others - {person.contact_id}) >= asking.account_most:
            return Rule.ACCOUNT_RESTING
    return Rule.NONE


_RULE_OF: dict[str, str] = {
    Suppression.Reason.BOUNCED: Rule.BOUNCED,
    Suppression.Reason.DO_NOT_CONTACT: Rule.DO_NOT_CONTACT,
    Suppression.Reason.ERASED: Rule.ERASED,
}
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def rests_until(rest_days: int, asked: Iterable[Asked]) -> datetime:
    """When somebody who was `asked` may be asked again by a survey with these days of rest; long ago where never."""
    ends = (each.at + timedelta(days=max(rest_days, each.rest_days)) for each in asked)
    return max(ends, default=_LONG_AGO)


def is_drawn(asking: Asking, contact_id: int) -> bool:
    """Whether this person belongs to the share of this survey, round or event: the same answer however often asked.

    Each round draws anew, so that over the years everybody is asked alike.
    """
    return asking.share >= 100 or fraction("share", asking.survey_id, asking.reference, contact_id) * 100 < asking.share


def fraction(*words: object) -> float:
    """A number from 0 to (not quite) 1 that is the same for the same words, and evenly spread over different ones."""
    digest = hashlib.blake2b("\x1f".join(map(str, words)).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
