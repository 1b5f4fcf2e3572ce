"""Who gets one ticket, by the order that `followups.assignment` describes. No query, nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext

from followups.assignment.pool import Candidate, Pool
from followups.assignment.waiting import Waiting
from followups.messages.notices import Sentence

NOBODY: frozenset[int] = frozenset()


@dataclass(slots=True)
class Choice:
    """`load` is the winner's before this ticket; `passed_over` the account owner with code and end of why not."""

    candidate: Candidate
    rule: str
    why: Sentence
    passed_over: tuple[int, str, str] | None = None
    load: int = 0


def choose(
    ticket: Waiting,
    pool: Pool,
    *,
    conversation_owner: int | None = None,
    same_contact: int | None = None,
    account_mate: int | None = None,
    cap_yields: bool = False,
    gave_back: int | None = None,
    barred: frozenset[int] = NOBODY,
) -> Choice | None:
    """The person for one ticket; None where it has to wait.

    `barred` are those the customer complains about: no way leads to them.
    """
    fits = _Fitting(ticket, pool, barred)
    if conversation_owner is not None and (found := fits(conversation_owner)):
        return _chosen(found, "conversation", _in_conversation)
    found = fits(same_contact, but=gave_back) if same_contact is not None else None
    if found and not found.is_full and found.skills >= ticket.skills:
        return _chosen(found, "same_contact", _had_the_last)
    account = ticket.account_name
    found = fits(account_mate, but=gave_back) if account_mate is not None else None
    if found and found.skills >= ticket.skills:
        return _chosen(found, "same_account", lambda: _has_the_others(account))
    owner = ticket.account_owner
    passed_over = None
    if owner is not None and ticket.owner_first:
        code, until = _why_not_the_owner(ticket, pool, gave_back=gave_back, barred=barred)
        if not code and (found := fits(owner)):
            return _chosen(found, "account_owner", lambda: _looks_after(account))
        passed_over = (owner, code, until)
    teams = pool.teams_for(ticket, owner_passed_over=passed_over is not None)
    # Whoever gave it back is asked again only where nobody else can take it.
    without = (barred | {gave_back}, barred) if gave_back is not None else (barred,)
    asked = (pool.least_loaded(ticket, team, cap_yields=cap_yields, but=but) for but in without for team in teams)
    least = next(filter(None, asked), None)
    if least is None:
        return None
    if not least.skills >= ticket.skills:
        choice = _chosen(least, "skills_yielded", lambda: _nobody_has_the_skills(least))
    elif least.is_full:
        choice = _chosen(least, "cap_yielded", lambda: _had_the_least_of_the_full(least))
    else:
        load = least.load  # As it is now: it grows with each ticket of the round.
        choice = _chosen(least, "least_load", lambda: _had_the_least(least, load))
    choice.passed_over = passed_over
    return choice


@dataclass(slots=True)
class _Fitting:
    """Somebody by id as the candidate they are for this ticket; None where they cannot or must not take it."""

    ticket: Waiting
    pool: Pool
    barred: frozenset[int]

    def __call__(self, user: int | None, *, but: int | None = None) -> Candidate | None:
        if user is None or user == but or user in self.barred:
            return None
        found = self.pool.of_user(user, self.ticket.team)
        return found if found is not None and self._in_time(found) else None

    def _in_time(self, found: Candidate) -> bool:
        """At work before the first contact is due, or nobody of the team is either."""
        due_at = self.ticket.due_at
        if found.is_there_by(due_at):
            return True
        team = self.pool.by_team.get(self.ticket.team or 0, ())
        return not any(row.is_there_by(due_at) for row in team if row.user.pk not in self.barred)


def _chosen(candidate: Candidate, rule: str, why: Callable[[], str]) -> Choice:
    return Choice(candidate, rule, why, load=candidate.load)


def _why_not_the_owner(
    ticket: Waiting, pool: Pool, *, gave_back: int | None, barred: frozenset[int]
) -> tuple[str, str]:
    owner = ticket.account_owner or 0
    if owner in barred:
        return ("conflict", "")
    if owner == gave_back:
        return ("gave_back", "")
    code, until = pool.why_not(owner, is_active=ticket.account_owner_is_active)
    if code:
        return code, until
    found = pool.of_user(owner, ticket.team)
    if found is None or found.is_full:
        return ("full" if found is None else found.why_full, "")
    if not found.skills >= ticket.skills:
        return ("skills", "")
    return ("", "") if _Fitting(ticket, pool, barred)(owner) else ("not_in_time", "")


def in_conversation_elsewhere(ticket: Waiting, pool: Pool, user: int, barred: frozenset[int]) -> bool:
    """Whether a colleague who can take it is in conversation with this customer."""
    owner = ticket.conversation_owner
    return owner != user and _Fitting(ticket, pool, barred)(owner) is not None


# --- why, as whoever gets it reads it ---------------------------------------------------------------------------


def _in_conversation() -> str:
    return gettext("You are in conversation with this customer already.")


def _had_the_last() -> str:
    return gettext("You had this customer's last ticket.")


def _has_the_others(account: str) -> str:
    return gettext("You have the ticket of somebody else at %(account)s.") % {"account": account}


def _looks_after(account: str) -> str:
    return gettext("You look after %(account)s and are not away.") % {"account": account}


def _had_the_least_of_the_full(chosen: Candidate) -> str:
    words = gettext("Everybody in %(team)s is full and half of the time is gone. You had the least for your capacity.")
    return words % {"team": chosen.team.name}


def _nobody_has_the_skills(chosen: Candidate) -> str:
    words = gettext("Nobody in %(team)s who has the skills can take it, and half of the time is gone.")
    return words % {"team": chosen.team.name}


def _had_the_least(chosen: Candidate, load: int) -> str:
    words = gettext("Of %(team)s you had the least for your capacity: %(load)s of %(capacity)s.")
    return words % {"team": chosen.team.name, "load": load, "capacity": chosen.capacity}
