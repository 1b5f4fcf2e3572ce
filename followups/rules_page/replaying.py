"""What a replay found, in names and with addresses: how much stays, who would have got how much, and each answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from followups.models import Decision, Member, Rule, RuleBook, SlaPolicy, Team, Ticket
from followups.viewing import Viewer
from nps_loop.jobs.models import Job
from nps_loop.people.models import User
from surveys.models import Response


@dataclass(frozen=True, slots=True)
class Person:
    """Tickets somebody would have got, and the most at one time, beside their capacity. Nobody is the last row."""

    name: str
    before: int
    after: int
    peak: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Row:
    """An answer that would fare otherwise: what differs, in words. `ticket` is the one it has, where it may be seen."""

    answer: int
    score: int
    band: str
    received_at: datetime
    changes: list[str]
    ticket: int | None


@dataclass(frozen=True, slots=True)
class ReplayPage:
    job: Job
    book: RuleBook | None
    days: int
    is_outdated: bool = False
    answers: int = 0
    tickets: int = 0
    lasts_days: float = 0
    compares: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    people: list[Person] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    left_out: int = 0


def replay_page(viewer: Viewer, job: Job) -> ReplayPage:
    """The page of one replay; while it runs, nothing but the job. A fixed number of queries."""
    given, found = job.parameters, job.result
    book = RuleBook.objects.filter(pk=given["book"]).first()
    if not job.is_over or job.error:
        return ReplayPage(job, book, given["days"])
    compares = found["against"] is not None and found["against"] != given["number"]
    counts = {kind: found["counts"].get(kind, 0) for kind in ("same_team", "team", "more", "less", "policy")}
    counts |= {kind: found["counts"].get(kind, 0) for kind in ("priority", "person")}
    differing = sum(found["counts"].get(kind, 0) for kind in ("more", "less"))
    return ReplayPage(
        job,
        book,
        given["days"],
        is_outdated=book is None or book.edits != given["edits"],
        answers=found["answers"],
        tickets=found["tickets"],
        lasts_days=round(found["lasts_hours"] / 24, 1),
        compares=compares,
        counts=counts | {"ticket": differing},
        people=_people(found["people"]),
        rows=_rows(viewer, found["changes"]),
        left_out=0,
    )


def _people(rows: list[dict[str, int]]) -> list[Person]:
    """Most tickets first; whom nobody could take stands at the end."""
    ids = [row["user"] for row in rows]
    names = {user.pk: user.name for user in User.objects.filter(pk__in=ids)}
    capacity: dict[int, int] = {}
    for user, room in Member.objects.filter(user__in=ids, is_active=True).values_list("user", "capacity"):
        capacity[user] = max(capacity.get(user, 0), room)
    found = [
        Person(
            names.get(row["user"], gettext("a colleague who is gone"))
            if row["user"]
            else gettext("Nobody could take it"),
            row["before"],
            row["after"],
            row["peak"],
            capacity.get(row["user"], 0),
        )
        for row in sorted(rows, key=lambda row: (row["user"] == 0, -row["after"], -row["before"]))
    ]
    return [person for person in found if person.before or person.after]


def _rows(viewer: Viewer, changes: list[dict[str, Any]]) -> list[Row]:
    """The answers one by one, the newest first. Six queries."""
    answers = Response.objects.in_bulk([change["response"] for change in changes])
    seen = Ticket.objects.visible_to(viewer.user).filter(response__in=answers)
    tickets = dict(seen.order_by().values_list("response", "pk"))
    sides = [change[side] for change in changes for side in ("before", "after")]
    users = {row["owner"] for row in sides}
    words = _Words(
        rules=dict(Rule.objects.order_by("book__number").values_list("slug", "name")),
        teams=dict(Team.objects.values_list("pk", "name")),
        policies={row.pk: f"{row.name} ({row.version})" for row in SlaPolicy.objects.all()},
        people={user.pk: user.name for user in User.objects.filter(pk__in=users - {None})},
    )
    found = []
    for change in changes:
        answer = answers.get(change["response"])
        if answer is None:
            continue
        told = [words.of(kind, change["before"], change["after"]) for kind in change["kinds"]]
        found.append(Row(answer.pk, answer.score, answer.band, answer.received_at, told, tickets.get(answer.pk)))
    return sorted(found, key=lambda row: row.received_at, reverse=True)


@dataclass(frozen=True, slots=True)
class _Words:
    rules: Mapping[str, str]
    teams: Mapping[int, str]
    policies: Mapping[int, str]
    people: Mapping[int, str]

    def of(self, kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
        """One difference in a sentence."""
        if kind == "more":
            return gettext("A ticket more, by “%(rule)s”.") % {"rule": self.rules.get(after["rule"], after["rule"])}
        if kind == "less":
            outcome = Decision.Outcome(after["outcome"]).label
            return gettext("No ticket any more: %(why)s.") % {"why": outcome}
        label, names, key = {
            "team": (gettext("Team"), self.teams, "team"),
            "policy": (gettext("Policy"), self.policies, "policy"),
            "priority": (
                gettext("Priority"),
                {str(value): str(label) for value, label in Rule.Priority.choices},
                "priority",
            ),
            "person": (gettext("Owner"), self.people, "owner"),
        }[kind]
        nobody = gettext("nobody")
        values = {
            "label": label,
            "before": names.get(before[key], nobody),  # type: ignore[attr-defined]
            "after": names.get(after[key], nobody),  # type: ignore[attr-defined]
        }
        return gettext("%(label)s: %(after)s, not %(before)s.") % values
