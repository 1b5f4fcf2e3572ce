"""Why this person has the ticket: the rule of the round that gave it, and who else was considered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext

from followups.models import AssignmentRound, Conflict, Event, Ticket, Watcher
from followups.models.tickets import TicketState
from followups.templatetags.moments import in_full
from followups.ticket_page.case import Case, Said

GIVING = ("assign", "hand-over")


@dataclass(frozen=True, slots=True)
class Why:
    """Heading and sentence of the card; `round` is the round to open for who else was considered, if one gave it."""

    heading: str
    sentence: str
    round: int | None = None


def given_by(case: Case) -> Event | None:
    """The event that gave the ticket to who has it."""
    return next((event for event in reversed(case.events) if event.verb in GIVING), None)


def why_owner(case: Case) -> Why:
    """Why the owner has it; for a ticket without one, that nobody could take it yet."""
    ticket, you = case.ticket, case.viewer.user.pk == case.ticket.owner_id
    if ticket.owner is None:
        words = gettext("Nobody could take it so far. It is looked at again every half minute.")
        if because := case.why_nobody:
            values = {"because": because[:1].upper() + because[1:]}
            words = gettext("%(because)s. It is looked at again every half minute.") % values
        over = ticket.state in (TicketState.CLOSED, TicketState.DISMISSED)
        return Why(gettext("Nobody has it"), "" if over else words)
    name = gettext("You") if you else ticket.owner.name
    heading = gettext("Why you") if you else gettext("Why %(name)s") % {"name": name}
    event = given_by(case)
    if event is None:
        return Why(heading, "")
    account = ticket.account.name if ticket.account else ""
    values = {
        "name": name,
        "account": account,
        "team": ticket.team.name if ticket.team else "",
        "actor": event.actor.name if event.actor else "",
        "had": case.names.get(event.data.get("from") or 0) or gettext("the team"),
    }
    rule = event.data.get("rule", "")
    if rule == "same_account" and ticket.account and ticket.account.owner_id == ticket.owner_id:
        rule = "same_account_own"
    if rule == "by_hand" and event.actor_id == ticket.owner_id:
        sentence = gettext("You took it.") if you else gettext("%(name)s took it.") % values
    elif you:
        sentence = {
            "conversation": gettext("You are in conversation with this customer already."),
            "same_contact": gettext("You had this customer's last ticket."),
            "same_account": gettext("You have the ticket of somebody else at %(account)s."),
            "same_account_own": gettext("You look after %(account)s and have the ticket of somebody else there."),
            "account_owner": gettext("You look after %(account)s and were not away."),
            "least_load": gettext("Of %(team)s you had the least for your capacity."),
            "cap_yielded": gettext("Everybody in %(team)s was full and half of the time was gone; you had the least."),
            "skills_yielded": gettext("Nobody with the skills could take it and half of the time was gone."),
            "pulled": gettext("You asked for the next one."),
            "by_hand": gettext("%(actor)s gave it to you."),
            "away": gettext("You stand in for %(had)s, who is away."),
            "back": gettext("It was yours before you were away. %(had)s looked after it."),
        }.get(rule, "")
    else:
        sentence = {
            "conversation": gettext("%(name)s is in conversation with this customer already."),
            "same_contact": gettext("%(name)s had this customer's last ticket."),
            "same_account": gettext("%(name)s has the ticket of somebody else at %(account)s."),
            "same_account_own": gettext("%(name)s looks after %(account)s and has the ticket of somebody else there."),
            "account_owner": gettext("%(name)s looks after %(account)s and was not away."),
            "least_load": gettext("Of %(team)s, %(name)s had the least for the capacity."),
            "cap_yielded": gettext("Everybody in %(team)s was full and half of the time was gone."),
            "skills_yielded": gettext("Nobody with the skills could take it and half of the time was gone."),
            "pulled": gettext("%(name)s asked for the next one."),
            "by_hand": gettext("%(actor)s gave it to %(name)s."),
            "away": gettext("%(name)s stands in for %(had)s, who is away."),
            "back": gettext("%(name)s had it before. %(had)s looked after it meanwhile."),
        }.get(rule, "")
    return Why(heading, sentence % values if "%(" in sentence else sentence, event.data.get("round"))


def why_follows(watcher: Said) -> str:
    """Who follows the ticket beside its owner, and why."""
    name = {"name": watcher.by}
    if watcher.code == Watcher.Reason.PASSED_OVER:
        code, _, until = watcher.text.partition(" ")
        because = {
            "full": gettext("had as many tickets as fit"),
            "inactive": gettext("is no longer here"),
            "no_team": gettext("is in no team that takes tickets"),
            "no_capacity": gettext("takes no tickets at present"),
            "rate_cap": gettext("had been given as many as they take in that time"),
            "skills": gettext("has not the skills it needs"),
            "not_in_time": gettext("was not at work before the first contact was due"),
            "gave_back": gettext("gave it back"),
        }.get(code, gettext("could not take it at once"))
        if code == "away":
            because = gettext("was away")
            if until:
                day = in_full(timezone.localtime(datetime.fromisoformat(until)))
                because = gettext("was away until %(day)s") % {"day": day}
        return gettext("%(name)s looks after the account, %(because)s, and follows it.") % {**name, "because": because}
    return {
        Watcher.Reason.SAME_ACCOUNT: gettext("%(name)s looks after the account and follows it."),
        Watcher.Reason.NAMED: gettext("%(name)s is named in the words and follows it."),
    }.get(Watcher.Reason(watcher.code), gettext("%(name)s follows it.")) % name


@dataclass(frozen=True, slots=True)
class Considered:
    name: str
    words: str
    chosen: bool = False


def whom_it_is_about(ticket: Ticket) -> dict[int, str]:
    """Whom the words of its conversation may complain about, with the code of why. One query."""
    rows = Conflict.objects.filter(ticket__conversation=ticket.conversation_id)
    return dict(rows.values_list("user", "because"))


def considered(
    stored: AssignmentRound,
    chosen: int | None,
    names: Mapping[int, str],
    *,
    team: int | None,
    about: Mapping[int, str],
) -> list[Considered]:
    """Who of the ticket's team could have taken it in a round, with their load; who could not, and why. Pure.

    `about` holds whom the words may complain about, with the code of why.
    """
    unknown = gettext("a colleague who is gone")
    teams = {team} if team else set()
    found = []
    rows = [row for row in stored.candidates if not teams or row["team"] in teams or row["user"] == chosen]
    # The winner first, then whoever had the least for their capacity and hours.
    for row in sorted(rows, key=lambda row: (row["user"] != chosen, _share(row))):
        words = _load_in_words(row)
        if row["user"] == chosen:
            words = gettext("chosen: %(words)s") % {"words": words}
        elif row["user"] in about:
            words = _left_out("conflict", about[row["user"]])
        elif row["load"] >= row["capacity"]:
            words = gettext("full: %(words)s") % {"words": words}
        elif row.get("left") == 0:
            words = gettext("given as many as they take in that time: %(words)s") % {"words": words}
        found.append(Considered(names.get(row["user"], unknown), words, row["user"] == chosen))
    for row in stored.exclusions:
        if not teams or row.get("team") in teams:
            words = _left_out(row.get("code", ""), row.get("until", ""))
            found.append(Considered(names.get(row["user"], unknown), words))
    return found


def _share(row: Mapping[str, Any]) -> float:
    weight = row["capacity"] * row.get("hours", 1)
    return row["load"] / weight if weight else float("inf")


def _load_in_words(row: Mapping[str, Any]) -> str:
    if "hours" not in row:
        return gettext("%(load)s of %(capacity)s as the round began") % row
    hours = formats.number_format(row["hours"], 1).rstrip("0").rstrip(".,")
    said = gettext("%(load)s of %(capacity)s as the round began, %(hours)s h at work in the next five working days")
    return said % {"load": row["load"], "capacity": row["capacity"], "hours": hours}


def _left_out(code: str, until: str) -> str:
    if code == "away" and until:
        day = in_full(timezone.localtime(datetime.fromisoformat(until)))
        return gettext("left out: away until %(day)s") % {"day": day}
    if code == "conflict" and until == Conflict.Because.UNCLEAR:
        return gettext("left out: named by an unhappy customer, and not praised")
    return {
        "away": gettext("left out: away"),
        "inactive": gettext("left out: no longer here"),
        "no_capacity": gettext("left out: takes no tickets"),
        "full": gettext("left out: full"),
        "conflict": gettext("left out: the words complain about them"),
    }.get(code, gettext("left out"))
