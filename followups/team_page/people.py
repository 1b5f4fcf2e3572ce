"""Who there is to do the work: load, absences, and why nobody took a ticket."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import get_language_info, gettext, ngettext

from followups.models import AssignmentRound, Away, Conflict, Member, Ticket
from followups.models.tickets import AT_WORK, LIVE, TicketState, falls_due, falls_due_at
from followups.reports.charts import percent
from followups.templatetags.moments import in_full
from nps_loop.people.models import User

# Absences that start within this time are shown beforehand.
AHEAD = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Load:
    """One member's bar: widths as attributes, the late part first. `capacity` 0: takes none.

    `late` counts a promise on a ticket that waits for its customer as well, though waiting tickets are no load.
    """

    user: User
    at_work: int
    late: int
    capacity: int
    track: str
    width: str
    late_width: str
    away: Away | None
    href: str


@dataclass(frozen=True, slots=True)
class Absence:
    away: Away
    is_now: bool
    promises: int


@dataclass(frozen=True, slots=True)
class Crew:
    """Members of the teams with what they carry now, by name."""

    members: Sequence[Member]
    loads: list[Load]
    absences: list[Absence]
    at_work: int
    capacity: int
    waiting: int

    def names(self) -> dict[int, str]:
        return {member.user_id: member.user.name for member in self.members}

    def load_of(self, user_id: int) -> int:
        return next((load.at_work for load in self.loads if load.user.pk == user_id), 0)


def crew_of(teams: Any, href_of: Any, *, now: datetime) -> Crew:
    """Members, loads and absences of these teams (a queryset). Four queries; `href_of(user)` names the list behind."""
    members = list(
        Member.objects.filter(team__in=teams, is_active=True, user__is_active=True, team__takes_tickets=True)
        .select_related("user")
        .order_by("pk")
    )
    tickets = Ticket.objects.filter(team__in=teams).order_by()
    carried = {
        row["owner"]: row
        for row in tickets.filter(state__in=LIVE)
        .values("owner")
        .annotate(n=Count("pk", filter=Q(state__in=AT_WORK)), late=Count("pk", filter=falls_due(lt=now)))
    }
    absences = list(
        Away.objects.filter(user__in=[m.user_id for m in members], ends_at__gt=now, starts_at__lt=now + AHEAD)
        .select_related("user", "delegate")
        .order_by("starts_at", "pk")
    )
    due = list(
        tickets.filter(falls_due(gte=now), state__in=LIVE, owner__in=[a.user_id for a in absences]).values_list(
            "owner", falls_due_at()
        )
    )
    gone = {absence.user_id: absence for absence in absences if absence.starts_at <= now}
    capacity: dict[int, int] = {}
    for member in members:
        capacity[member.user_id] = capacity.get(member.user_id, 0) + member.capacity
    users = {member.user_id: member.user for member in members}
    most = max([*capacity.values(), *(row["n"] for key, row in carried.items() if key), 1])
    loads = []
    for key, user in users.items():
        row = carried.get(key, {"n": 0, "late": 0})
        if not capacity[key] and not row["n"]:
            continue
        loads.append(
            Load(
                user=user,
                at_work=row["n"],
                late=row["late"],
                capacity=capacity[key],
                track=percent(capacity[key] / most),
                width=percent(row["n"] / most),
                late_width=percent(min(row["late"], row["n"]) / most),
                away=gone.get(key),
                href=href_of(user),
            )
        )
    return Crew(
        members=members,
        loads=sorted(loads, key=lambda load: (load.user.name.casefold(), load.user.pk)),
        absences=[
            Absence(
                away,
                away.starts_at <= now,
                sum(at is not None and key == away.user_id and away.starts_at <= at < away.ends_at for key, at in due),
            )
            for away in absences
        ],
        at_work=sum(load.at_work for load in loads),
        capacity=sum(load.capacity for load in loads),
        waiting=tickets.filter(state=TicketState.WAITING_ON_CUSTOMER).count(),
    )


def last_round() -> AssignmentRound | None:
    """The round that speaks for every ticket still waiting; one that changes nothing is not stored again."""
    return AssignmentRound.objects.order_by("-pk").first()


def complained_about(tickets: Iterable[Ticket]) -> dict[int, set[int]]:
    """Conversation -> whom its tickets complain about. One query."""
    found: dict[int, set[int]] = {}
    conversations = {ticket.conversation_id for ticket in tickets}
    rows = Conflict.objects.filter(ticket__conversation__in=conversations)
    for conversation, user in rows.values_list("ticket__conversation", "user"):
        found.setdefault(conversation, set()).add(user)
    return found


def why_nobody(
    ticket: Ticket, crew: Crew, found: AssignmentRound | None, about: Mapping[int, Collection[int]] | None = None
) -> str:
    """Why a ticket has no owner: what nobody can do, who was left out of the last round, who is full, and whom it is
    about. The ticket comes with its rule. Pure.
    """
    if ticket.team is None:
        return gettext("no team takes it")
    members = [member for member in crew.members if member.team_id == ticket.team_id]
    if not members:
        return gettext("nobody in %(team)s takes tickets") % {"team": ticket.team.name}
    if found is None:
        return gettext("it was not looked at yet")
    left_out: dict[int, tuple[str, str]] = {
        row["user"]: (row.get("code", ""), row.get("until") or "")
        for row in found.exclusions
        if row.get("team") == ticket.team_id
    }
    skills = sorted(ticket.rule.skills) if ticket.rule else []
    able = [member for member in members if set(skills) <= set(member.skills)]
    there = [member for member in able if member.user_id not in left_out and member.capacity]
    barred = (about or {}).get(ticket.conversation_id, ())
    here = [member for member in there if member.user_id not in barred]
    at_rate = {row["user"] for row in found.candidates if row.get("left") == 0}
    if any(crew.load_of(member.user_id) < member.capacity and member.user_id not in at_rate for member in here):
        return gettext("somebody is free again: it is given within a minute")
    said = []
    if len(here) < len(there):
        names = _list(member.user.name for member in there if member.user_id in barred)
        said.append(gettext("the words may complain about %(names)s") % {"names": names})
    if here:
        said.append(gettext("full: %(names)s") % {"names": _list(member.user.name for member in here)})
    said += _left_out(left_out, {member.user_id: member.user.name for member in able})
    if not able:
        said = [_nobody_is_able(skills, members, ticket.team.name)]
    elif said and len(able) < len(members):
        words = {"skills": _list(skills), "reasons": said[0]}
        said[0] = gettext("of those who have the skills it needs (%(skills)s), %(reasons)s") % words
    language = (ticket.contact.language if ticket.contact else "")[:2].lower()
    taking = [member for member in members if member.capacity]
    if language and not any(not member.languages or language in member.languages for member in taking):
        words = {"team": ticket.team.name, "language": language_name(language)}
        said.append(gettext("nobody in %(team)s writes %(language)s") % words)
    return "; ".join(said) or gettext("nobody could take it")


def _nobody_is_able(skills: Sequence[str], members: Sequence[Member], team: str) -> str:
    """Which skills nobody has; where each has somebody, that nobody has them all."""
    lacking = [skill for skill in skills if not any(skill in member.skills for member in members)]
    if not lacking:
        return gettext("nobody in %(team)s has all the skills it needs: %(skills)s") % {
            "team": team, "skills": _list(skills),
        }  # fmt: skip
    words = ngettext(
        "nobody in %(team)s has the skill %(skills)s", "nobody in %(team)s has the skills %(skills)s", len(lacking)
    )
    return words % {"team": team, "skills": _list(lacking)}


def _left_out(codes: Mapping[int, tuple[str, str]], names: Mapping[int, str]) -> list[str]:
    away, others = [], {"inactive": [], "no_capacity": [], "": []}  # type: ignore[var-annotated]
    for key, (code, until) in codes.items():
        name = names.get(key)
        if name is None:
            continue
        if code == "away" and until:
            day = in_full(timezone.localtime(datetime.fromisoformat(until)))
            away.append(gettext("%(name)s until %(day)s") % {"name": name, "day": day})
        elif code == "away":
            away.append(name)
        else:
            others[code if code in others else ""].append(name)
    words = {
        "inactive": gettext("log-in switched off: %(names)s"),
        "no_capacity": gettext("takes no tickets: %(names)s"),
        "": gettext("left out: %(names)s"),
    }
    found = [gettext("away: %(names)s") % {"names": _list(away)}] if away else []
    return found + [words[code] % {"names": _list(each)} for code, each in others.items() if each]


def language_name(code: str) -> str:
    """A language in the reader's own, or its code where it is not one we speak."""
    try:
        return str(gettext(get_language_info(code)["name"]))
    except KeyError:
        return code


def _list(names: Iterable[str]) -> str:
    return get_text_list(list(names), gettext("and"))
