"""Somebody asks for the next ticket: the most pressing one that this person may and can take, under the one lock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext, ngettext

from followups.actors import Actor
from followups.assignment import telling
from followups.assignment.choosing import NOBODY, in_conversation_elsewhere
from followups.assignment.pool import Candidate, Pool
from followups.assignment.rounds import Found, look_around
from followups.assignment.waiting import Waiting, first_of, in_order, read
from followups.models import Ticket
from followups.models.tickets import LIVE
from followups.refusals import Forbidden, NotAllowed
from followups.templatetags.moments import in_full
from followups.workflow.handing import Handing, assignment_lock, give
from followups.workflow.locking import WITH
from nps_loop.people.models import User

# How many of those that wait are looked at for one that fits.
LOOKED_AT = 200


def pull_next(*, actor: Actor, now: datetime) -> Ticket:
    """Give the actor the first waiting ticket of their teams that they can take, with what belongs to it.

    Raises NotAllowed with the reason where there is none, and Forbidden for a program that acts for nobody.
    """
    user = actor.user
    if user is None:
        raise Forbidden(gettext("Only somebody who works on tickets takes one: this key acts for nobody."))
    with assignment_lock():
        pool = Pool.at(now)
        rows = {row.team.pk: row for row in pool.by_user.get(user.pk, ())}
        tickets, taken = _take(user, rows, pool, actor=actor, now=now)
    if taken is not None:
        return taken
    raise NotAllowed(_why_none(user, rows, pool, tickets), code="nothing_to_take")


Looked = tuple[Waiting, str]


def _take(
    user: User, rows: dict[int, Candidate], pool: Pool, *, actor: Actor, now: datetime
) -> tuple[Sequence[Looked], Ticket | None]:
    """What was looked at, each with the code of why not; and the ticket where one was taken."""
    if not rows:
        return (), None
    waiting = Ticket.objects.unassigned().filter(team__in=rows)
    first, _is_all = first_of(in_order(waiting, LOOKED_AT), most=LOOKED_AT, most_mails=LOOKED_AT)
    if not first:
        return (), None
    locked = read(first)
    tickets = sorted(
        (row for row in locked if row.pk in first and row.owner is None and row.state in LIVE),
        key=lambda row: (row.rank, row.pk),
    )
    found = look_around(tickets, locked, pool, now)
    telling.tell((), found.conflicts, now=now)
    looked = [(row, _why_not(row, rows[row.team or 0], pool, found, now)) for row in tickets]
    chosen = next((row for row, code in looked if not code), None)
    if chosen is None:
        return looked, None
    together = [
        row.pk
        for row in locked
        if row.conversation == chosen.conversation and row.owner != user.pk and row.pk != chosen.pk
    ]
    read_again = {
        ticket.pk: ticket
        for ticket in Ticket.objects.select_related(*WITH).filter(pk__in=[chosen.pk, *together]).order_by("pk")
    }
    team = rows[chosen.team or 0].team
    handings = [
        Handing(read_again[pk], user, team, _asked_for_the_next, {"rule": rule})
        for pk, rule in [(chosen.pk, "pulled"), *((pk, "conversation") for pk in together)]
    ]
    give(handings, actor=actor, now=now)
    return looked, read_again[chosen.pk]


def _asked_for_the_next() -> str:
    return gettext("You asked for the next one.")


def _why_not(row: Waiting, candidate: Candidate, pool: Pool, found: Found, now: datetime) -> str:
    """Code of why this person cannot take it; empty where they can. At half of the time caps and skills yield."""
    user, half = candidate.user.pk, row.is_past_half(now)
    barred = found.barred.get(row.conversation, NOBODY)
    if user in barred:
        return "kept"
    if in_conversation_elsewhere(row, pool, user, barred):
        return "conversation"
    if found.gave_back.get(row.pk) == user:
        return "gave_back"
    if not row.skills <= candidate.skills and not half:
        return "skills"
    if row.language and candidate.languages and row.language not in candidate.languages and not half:
        return "language"
    return candidate.why_full if candidate.is_full and not half else ""


def _why_none(user: User, rows: dict[int, Candidate], pool: Pool, looked: Sequence[Looked]) -> str:
    """Why there is nothing to take, as the person who asked reads it."""
    if not rows:
        code, until = pool.excluded.get(user.pk, ("no_team", ""))
        if code == "away" and until:
            day = in_full(timezone.localtime(datetime.fromisoformat(until)))
            return gettext("You are marked as away until %(day)s. End the absence, then take the next one.") % {
                "day": day
            }
        return telling.passed_over_because(code, "")
    if not looked:
        return gettext("No ticket of your teams waits for somebody.")
    count = Counter(code for _row, code in looked)
    said = []
    one = next(iter(rows.values()))
    if count["full"]:
        said.append(
            gettext("you have %(load)s of the %(capacity)s tickets you take at one time")
            % {"load": one.load, "capacity": min(row.capacity for row in rows.values())}
        )
    if count["rate_cap"]:
        said.append(gettext("you were given as many as you take in that time"))
    for code, words in _kept_away(count).items():
        if count[code]:
            said.append(words % {"n": count[code]})
    waits = ngettext("%(n)s ticket waits", "%(n)s tickets wait", len(looked)) % {"n": len(looked)}
    because = get_text_list(said, gettext("and"))
    return gettext("%(waits)s, but none for you now: %(because)s.") % {"waits": waits, "because": because}


def _kept_away(count: Counter[str]) -> dict[str, str]:
    return {
        "skills": ngettext(
            "%(n)s needs skills that are not among yours",
            "%(n)s need skills that are not among yours",
            count["skills"],
        ),
        "language": ngettext(
            "%(n)s is in a language you do not write", "%(n)s are in languages you do not write", count["language"]
        ),
        "conversation": ngettext(
            "%(n)s belongs to a colleague's customer", "%(n)s belong to customers of colleagues", count["conversation"]
        ),
        "gave_back": ngettext("%(n)s you gave back", "%(n)s you gave back", count["gave_back"]),
        "kept": ngettext("%(n)s is kept for somebody else", "%(n)s are kept for somebody else", count["kept"]),
    }
