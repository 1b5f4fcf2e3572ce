"""Every report recounted the plain way: all rows read into memory once, then a loop for each figure.

It shares no code with what it checks, and reads a moment of the past from the same rows in a way of its own.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from followups.models import (
    Action,
    ActionMove,
    Away,
    Deadline,
    DismissalRequest,
    Event,
    Member,
    Resolution,
    Team,
    Ticket,
    Verdict,
)
from nps_loop.people.models import User
from surveys.models import Brand, Exclusion, Invitation, Response, Revision, Touchpoint
from tests.followups.reports import recount

DAY = timedelta(days=1)
BANDS = ("detractor", "passive", "promoter")
BETTER = {"detractor": ("passive", "promoter"), "passive": ("promoter",)}
AT_WORK = ("new", "assigned", "contacted", "in_action")
LIVE = (*AT_WORK, "waiting_on_customer")


class Books:
    """All rows. `now` is the moment that is looked at; with `then` it is one of the past."""

    def __init__(self, now: datetime, *, then: bool = False) -> None:
        self.now, self.then = now, then
        self.members = [row for row in Member.objects.all() if row.is_active]
        self.teams = {team.pk: team for team in Team.objects.all()}
        self.users = {user.pk: user for user in User.objects.all()}
        self.default_brand = Brand.objects.get(is_default=True).slug
        self.taken: dict[int, set[int]] = defaultdict(set)
        for touchpoint, team in Touchpoint.teams.through.objects.values_list("touchpoint_id", "team_id"):
            self.taken[touchpoint].add(team)
        self.answers = self._answers()
        self.actions = self._actions()
        self.invitations = list(Invitation.objects.select_related("survey", "touchpoint", "account"))
        self.tickets = self._tickets()

    # --- rows as they stood --------------------------------------------------------------------------------------

    def _answers(self) -> dict[int, Any]:
        versions, changes = defaultdict(list), defaultdict(list)
        for version in Revision.objects.order_by("number"):
            versions[version.response_id].append(version)
        for change in Exclusion.objects.order_by("happened_at", "pk"):
            changes[change.response_id].append(change)
        found: dict[int, Any] = {}
        rows = Response.objects.select_related("touchpoint__brand", "source__brand", "account")
        for row in rows.order_by("responded_at", "pk"):
            if self.then:
                if row.received_at > self.now:
                    continue
                for version in versions[row.pk]:
                    if version.received_at <= self.now and not version.superseded_on_arrival:
                        row.score = version.score
                row.band = "promoter" if row.score > 8 else "passive" if row.score > 6 else "detractor"
                before = [change.to for change in changes[row.pk] if change.happened_at <= self.now]
                after = [change.was for change in changes[row.pk] if change.happened_at > self.now]
                row.excluded_as = before[-1] if before else after[0] if after else row.excluded_as
            found[row.pk] = row
        return found

    def _actions(self) -> list[Any]:
        moves = defaultdict(list)
        for move in ActionMove.objects.order_by("happened_at", "pk"):
            moves[move.action_id].append(move)
        found = []
        for row in Action.objects.all():
            mine = moves[row.pk]
            if self.then:
                if row.planned_at > self.now:
                    continue
                later = [move for move in mine if move.happened_at > self.now]
                row.due_at = later[0].from_at if later else row.due_at
                ended = row.done_at if row.state == "done" else row.dropped_at if row.state == "dropped" else None
                if ended is not None and ended > self.now:
                    row.state, row.done_at = "open", None
                if row.told_at is not None and row.told_at > self.now:
                    row.first_promised_at = None
                mine = [move for move in mine if move.happened_at <= self.now]
            found.append(SimpleNamespace(row=row, moves=mine))
        return found

    def _tickets(self) -> list[Any]:
        history = defaultdict(list)
        self.taken_up_again = set()
        for event in Event.objects.order_by("seq"):
            if event.recorded_at <= self.now:
                history[event.ticket_id].append(event)
            if event.from_state in ("resolved", "closed") and event.to_state == "assigned":
                if not self.then or event.recorded_at <= self.now:
                    self.taken_up_again.add(event.ticket_id)
        met, said, approved, resolved = defaultdict(list), set(), set(), defaultdict(list)
        for deadline in Deadline.objects.select_related("policy"):
            if deadline.target == "first_contact" and deadline.cycle == 0:
                met[deadline.ticket_id].append(deadline)
        for verdict in Verdict.objects.all():
            if verdict.choice == "not_yet" and (not self.then or verdict.happened_at <= self.now):
                said.add(verdict.ticket_id)
        for wish in DismissalRequest.objects.all():
            if wish.approved and (not self.then or (wish.decided_at and wish.decided_at <= self.now)):
                approved.add(wish.ticket_id)
        for row in Resolution.objects.select_related("root_cause").order_by("pk"):
            if row.voided_at is None or (self.then and row.voided_at > self.now):
                resolved[row.ticket_id, row.cycle].append(row)
        return [
            self._loop(ticket, history[ticket.pk], met[ticket.pk], ticket.pk in said, ticket.pk in approved, resolved)
            for ticket in Ticket.objects.select_related("account").order_by("pk")
            if not self.then or history[ticket.pk]
        ]

    def _loop(
        self, ticket: Ticket, events: list[Event], owed: list[Deadline], said: bool, approved: bool, resolved: Any
    ) -> Any:
        """One ticket with the names that `recount.tickets_of` asks for."""
        contact = "none"
        if self.then:
            newest = events[-1]
            for name, value in vars(newest).items():
                if name.startswith("then_"):
                    setattr(ticket, name.removeprefix("then_"), value)
            ticket.cycle, ticket.changed_at = newest.cycle, newest.recorded_at
            contact = ([event.first_contact for event in events if event.first_contact] or ["none"])[-1]
        else:
            done = [row for row in owed if row.met_at is not None]
            in_time = any(row.met_at <= row.due_at for row in done if row.met_at)
            contact = "in_time" if in_time else "later" if done else "none"
        dismissed, state = ticket.state == "dismissed", ticket.state
        removed = dismissed and ticket.dismissed_as in ("duplicate", "test", "spam") and approved
        in_peace = not removed and bool(ticket.left_in_peace or ticket.closed_as == "left_in_peace")
        nobody = not removed and not in_peace and bool(ticket.nobody_to_reach)
        counted = not (removed or in_peace or nobody)
        target = ticket.resolution_due_at
        due = counted and (state in ("closed", "dismissed") or (target is not None and target <= self.now))
        declared = due and state in ("resolved", "closed")
        standing = resolved[ticket.pk, ticket.cycle][:1]
        return SimpleNamespace(
            ticket=ticket,
            answer=self.answers.get(ticket.response_id or 0),
            owed=owed,
            removed=removed,
            in_peace=in_peace,
            nobody=nobody,
            counted=counted,
            due=due,
            declared=declared,
            told=declared and ticket.told_at is not None,
            confirmed=declared and ticket.closed_as == "confirmed",
            dismissed=due and dismissed,
            not_yet=said,
            on_time=due and contact == "in_time",
            contacted_later=due and contact == "later",
            cause=standing[0].root_cause if declared and standing else None,
        )

    # --- who sees what, and which cohort -------------------------------------------------------------------------

    def _teams_of(self, viewer: User) -> set[int]:
        return {row.team_id for row in self.members if row.user_id == viewer.pk}

    def _sees(self, viewer: User | None, ticket: Ticket) -> bool:
        if viewer is None or viewer.is_superuser:
            return True
        promised = any(each.row.owner_id == viewer.pk and each.row.ticket_id == ticket.pk for each in self.actions)
        return ticket.team_id in self._teams_of(viewer) or ticket.owner_id == viewer.pk or promised

    def teams_of_answer(self, answer: Any) -> set[int]:
        if answer.team_id_then is not None:
            return {answer.team_id_then}
        if answer.touchpoint_id in self.taken:
            return self.taken[answer.touchpoint_id]
        return {team.pk for team in self.teams.values() if team.is_default}

    def groups(self, way: str, answer: Any, ticket: Ticket | None = None) -> tuple[str, ...]:
        """The groups of an answer, or of a ticket whose answer it is (None: it has none)."""
        if way == "team":
            keys = self.teams_of_answer(answer) if ticket is None else {ticket.team_id}
            return tuple(self.teams[key].slug for key in keys if key in self.teams) or ("",)
        if way == "person" and ticket is not None:
            return (str(ticket.owner_id or ""),)
        if way == "brand":
            own = answer and answer.touchpoint and answer.touchpoint.brand
            own = own or (answer and answer.source.brand)
            return (own.slug if own else self.default_brand,)
        if answer is None:
            return ("",)
        if way == "business_unit":
            return tuple(answer.account.business_units if answer.account else ()) or ("",)
        if way.startswith("attribute:"):
            value = answer.attributes.get(way.partition(":")[2], "")
            return (value if isinstance(value, str) else json.dumps(value),)
        if way == "touchpoint":
            return (answer.touchpoint.slug if answer.touchpoint else "",)
        name = {"person": "account_owner_id", "account_owner": "account_owner_id", "account": "account_id"}.get(
            way, way
        )
        return (str(getattr(answer, name) or ""),)

    def _fits(self, asked: Any, answer: Any, ticket: Ticket | None = None) -> bool:
        for way, value in asked.narrowed.items():
            wanted = "" if value == "-" else value
            if wanted not in self.groups(way, answer, ticket):
                return False
        return True

    def cohort(self, asked: Any, *, all_days: bool = False) -> list[Any]:
        """The loops a report is about."""
        return [
            loop
            for loop in self.tickets
            if (all_days or asked.day_from <= loop.ticket.day <= asked.day_to)
            and self._sees(asked.viewer, loop.ticket)
            and (not asked.team or (loop.ticket.team_id and self.teams[loop.ticket.team_id].slug == asked.team))
            and (not asked.band or loop.ticket.band == asked.band)
            and self._fits(asked, loop.answer, loop.ticket)
        ]

    def answers_of(self, asked: Any, first: date | None = None, last: date | None = None) -> list[Any]:
        """The answers a report is about, those left out of NPS included."""
        first, last = first or asked.day_from, last or asked.day_to
        viewer = asked.viewer
        everything = viewer is None or viewer.is_superuser
        own = set() if everything else self._teams_of(viewer)
        team = {key for key, each in self.teams.items() if each.slug == asked.team}
        return [
            row
            for row in self.answers.values()
            if first <= row.day <= last
            and self._fits(asked, row)
            and (everything or own & self.teams_of_answer(row))
            and (not asked.team or team & self.teams_of_answer(row))
        ]

    # --- the reports, in the shapes of the API -------------------------------------------------------------------

    def nps(self, asked: Any, ways: Iterable[str]) -> dict[str, Any]:
        rows = self.answers_of(asked)
        length = asked.day_to - asked.day_from + DAY
        before = self.answers_of(asked, asked.day_from - length, asked.day_from - DAY)
        counted = [row for row in rows if row.excluded_as == ""]
        found = {
            **scores(rows),
            "scores": {str(score): sum(row.score == score for row in counted) for score in range(11)},
            "excluded": len(rows) - len(counted),
            "excluded_as": dict(Counter(row.excluded_as for row in rows if row.excluded_as)),
            "before": scores(before),
            "change": change(rows, before),
            "by_period": [
                {"day_from": a.isoformat(), "day_to": b.isoformat(), **scores(r for r in rows if a <= r.day <= b)}
                for a, b in periods(asked.day_from, asked.day_to)
            ],
        }
        for way in ways:
            groups = defaultdict(list)
            for row in counted:
                for group in self.groups(way, row):
                    groups[group].append(row)
            found[f"by_{way}"] = {group: scores(kept) for group, kept in groups.items()}
        return found

    def closure(self, asked: Any, ways: Iterable[str]) -> dict[str, Any]:
        loops = self.cohort(asked)
        counts = counts_of(loops)
        causes = Counter((loop.cause.slug, loop.cause.name) for loop in loops if loop.cause)
        promised, _tickets = self.promises(loops)
        names = ("kept", "moved", "later", "dropped", "broken")
        found: dict[str, Any] = {
            **counts,
            "rates": {
                name: rate(counts[name], counts["due"])
                for name in ("declared", "told", "confirmed", "on_time", "dismissed")
            },
            **self._waits(loops),
            "promises": {
                "promises": promised["promises"],
                **{f"promises_{name}": promised[f"promises_{name}"] for name in names},
                "kept": rate(promised["promises_kept"], promised["promises"]),
            },
            "root_causes": {slug: n for (slug, _name), n in causes.items()},
            "without_root_cause": counts["declared"] - causes.total(),
            "now": self._now(self.cohort(asked, all_days=True)),
            "by_period": [
                {
                    "day_from": a.isoformat(),
                    "day_to": b.isoformat(),
                    **counts_of(x for x in loops if a <= x.ticket.day <= b),
                }
                for a, b in periods(asked.day_from, asked.day_to)
            ],
        }
        for way in ways:
            groups = defaultdict(list)
            for loop in loops:
                for group in self.groups(way, loop.answer, loop.ticket):
                    groups[group].append(loop)
            found[f"by_{way}"] = {group: counts_of(kept) for group, kept in groups.items()}
        return found

    def _waits(self, loops: list[Any]) -> dict[str, Any]:
        spells = []
        for loop in loops:
            if loop.counted:
                at = loop.ticket.first_contact_at
                seconds = max(((at or self.now) - loop.ticket.responded_at).total_seconds(), 0.0)
                spells.append((seconds, at is not None))
        goals = {row.policy.goal_percent for loop in loops for row in loop.owed}
        return {
            "goal_percent": goals.pop() if len(goals) == 1 else None,
            "first_contact": {
                "tickets": len(spells),
                "spoken_to": sum(spoken for _, spoken in spells),
                "median_seconds": reached(spells, 0.5),
                "ninety_percent_seconds": reached(spells, 0.9),
            },
        }

    def _now(self, loops: list[Any]) -> dict[str, Any]:
        today = self.now.date()
        at_work = [each.ticket for each in loops if each.ticket.state in AT_WORK and each.ticket.owner_id]
        ages = ((0, 1), (2, 3), (4, 7), (8, 14), (15, 30), (31, None))

        def of_age(first: int, last: int | None) -> list[Any]:
            return [
                ticket
                for ticket in at_work
                if first <= max((today - ticket.day).days, 0) and (last is None or (today - ticket.day).days <= last)
            ]

        def late(tickets: list[Any]) -> int:
            return sum(ticket.due_at is not None and ticket.due_at < self.now for ticket in tickets)

        return {
            "at_work": len(at_work),
            "late": late(at_work),
            "silent": sum(ticket.changed_at < self.now - 7 * DAY for ticket in at_work),
            "waiting": sum(each.ticket.state == "waiting_on_customer" for each in loops),
            "unassigned": sum(each.ticket.state in LIVE and each.ticket.owner_id is None for each in loops),
            "by_age": [
                {"days_from": a, "days_to": b, "at_work": len(of_age(a, b)), "late": late(of_age(a, b))}
                for a, b in ages
            ],
        }

    def falls_due(self, loops: list[Any], lowest: datetime | None, below: datetime) -> set[int]:
        """Tickets on which something of ours is due first from `lowest` on and before `below`."""
        found = set()
        for loop in loops:
            ticket = loop.ticket
            first = ticket.due_at if ticket.state in AT_WORK else None
            if ticket.state == "waiting_on_customer":
                dates = [
                    each.row.due_at
                    for each in self.actions
                    if each.row.ticket_id == ticket.pk
                    and each.row.state == "open"
                    and (ticket.waiting_until is None or each.row.due_at <= ticket.waiting_until)
                ]
                first = min(dates, default=None)
            if first is not None and first < below and (lowest is None or first >= lowest):
                found.add(ticket.pk)
        return found

    def promises(self, loops: list[Any]) -> tuple[Counter[str], dict[str, set[int]]]:
        counts: Counter[str] = Counter()
        tickets: dict[str, set[int]] = defaultdict(set)
        kept = {loop.ticket.pk for loop in loops if not loop.removed}
        for each in self.actions:
            name = fate(each.row, each.moves, self.now) if each.row.ticket_id in kept else ""
            for figure in (name, "promises") if name else ():
                counts[figure] += 1
                tickets[figure].add(each.row.ticket_id)
        return counts, tickets

    def recovery(self, asked: Any) -> dict[str, Any]:
        changes, asked_again, answered = Counter(), 0, 0
        by_question = {row.response_id: row.recovers_id for row in self.invitations if row.response_id}
        counted = [row for row in self.answers.values() if row.excluded_as == ""]
        for loop in self.cohort(asked):
            response = loop.ticket.response_id
            sent = response is not None and any(
                row.recovers_id == response and row.sent_at is not None and self._left(row) for row in self.invitations
            )
            linked = [row for row in counted if response is not None and by_question.get(row.pk) == response]
            asked_again += sent
            answered += bool(sent and linked)
            later = linked[:1] or self._again(loop, counted)[:1]
            if later:
                changes[loop.ticket.band, later[0].band] += 1
        return {
            "asked_again": asked_again,
            "answered_again": answered,
            "response_rate": rate(answered, asked_again),
            **{
                f"recovered_{first}s": rate(
                    sum(changes[first, band] for band in BETTER[first]), sum(changes[first, band] for band in BANDS)
                )
                for first in BETTER
            },
            "changes": {first: {band: changes[first, band] for band in BANDS} for first in BETTER},
        }

    def _left(self, row: Invitation) -> bool:
        if self.then and row.sent_at is not None and row.sent_at > self.now:
            return False
        return row.state != "stopped" or bool(self.then and row.ended_at and row.ended_at > self.now)

    def _again(self, loop: Any, counted: list[Any]) -> list[Any]:
        answer, closed = loop.answer, loop.ticket.closed_at
        if answer is None or closed is None or not loop.ticket.contact_id:
            return []
        about = (answer.survey_id, answer.touchpoint_id)
        return [
            row
            for row in counted
            if row.contact_id == loop.ticket.contact_id
            and row.responded_at > closed
            and (row.survey_id, row.touchpoint_id) == about != (None, None)
        ]

    def _later_band(self, loop: Any) -> str:
        """The band of what was heard after the case; empty where nothing was."""
        by_question = {row.response_id: row.recovers_id for row in self.invitations if row.response_id}
        counted = [row for row in self.answers.values() if row.excluded_as == ""]
        response = loop.ticket.response_id
        linked = [row for row in counted if response is not None and by_question.get(row.pk) == response]
        later = linked[:1] or self._again(loop, counted)[:1]
        return later[0].band if later else ""

    def worth(self, asked: Any) -> dict[str, Any]:
        """Accounts with a detractor who waits for us, and those of the cohort where one recovered."""

        def at_stake(loops: list[Any]) -> dict[int, Any]:
            tickets = [loop.ticket for loop in loops if loop.ticket.band == "detractor" and loop.ticket.account_id]
            return {ticket.account_id: ticket.account for ticket in tickets}

        def money(accounts: Iterable[Any]) -> dict[str, Any]:
            known, sums = list(accounts), Counter()
            for account in known:
                if account.annual_value is not None:
                    sums[account.currency] += account.annual_value
            without = sum(account.annual_value is None for account in known)
            values = {currency: f"{value:.2f}" for currency, value in sums.items()}
            return {"accounts": len(known), "annual_value": values, "without_value": without}

        cohort = self.cohort(asked)
        risk = at_stake([loop for loop in self.cohort(asked, all_days=True) if loop.ticket.state in LIVE])
        saved = at_stake([loop for loop in cohort if self._later_band(loop) in BETTER["detractor"]])
        due = at_stake([loop for loop in cohort if loop.due])
        return {
            "at_risk": money(risk.values()),
            "saved": {
                **money(saved.values()),
                "rate": rate(len(set(saved) & set(due)), len(due)),
                "at_risk_again": len(set(saved) & set(risk)),
            },
        }

    def reopening(self, asked: Any) -> dict[str, Any]:
        loops = [loop for loop in self.cohort(asked) if loop.counted]
        again = [loop for loop in loops if loop.ticket.pk in self.taken_up_again]
        ever = [loop for loop in loops if loop in again or loop.ticket.state in ("resolved", "closed")]
        promised, _tickets = self.promises(self.cohort(asked))
        return {
            "reopened": rate(len(again), len(ever)),
            "promises_moved": rate(promised["promises_moved"], promised["promises"]),
        }

    def response_rate(self, asked: Any) -> dict[str, Any]:
        by_survey: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for row in self.invitations:
            if not asked.day_from <= row.day <= asked.day_to or (self.then and row.created_at > self.now):
                continue
            if asked.touchpoint and asked.touchpoint != (row.touchpoint.slug if row.touchpoint else "-"):
                continue
            if asked.survey_kind and row.survey.kind != asked.survey_kind:
                continue
            own = (row.account.segment, row.account.region) if row.account else (None, None)
            wanted = zip(own, (asked.segment, asked.region), strict=True)
            if any(value and its != ("" if value == "-" else value) for its, value in wanted):
                continue
            if asked.account is not None and row.account_id != asked.account:
                continue
            if asked.account_owner and (row.account is None or row.account.owner_id != asked.account_owner):
                continue
            by_survey[row.survey.slug].append(self._asked(row))
        together = [each for rows in by_survey.values() for each in rows]
        return {**asked_of(together), "by_survey": {slug: asked_of(rows) for slug, rows in by_survey.items()}}

    def _asked(self, row: Invitation) -> tuple[str, str]:
        if not self.then or (row.ended_at is not None and row.ended_at <= self.now):
            return row.state, row.stopped_by
        if row.ended_at is None and row.state != "sent":
            return row.state, row.stopped_by
        if row.state == "answered" and row.expires_at is not None and row.expires_at <= self.now:
            return "expired", ""
        return ("sent", "") if row.sent_at is not None and row.sent_at <= self.now else ("planned", "")

    def people(self, asked: Any) -> dict[int, tuple[dict[str, int], int, int, bool]]:
        """By key: counts, at work, capacity, away."""
        viewer = asked.viewer
        led = {
            key
            for key, team in self.teams.items()
            if (viewer is None or viewer.is_superuser or self._leads(viewer, key))
            and (not asked.team or team.slug == asked.team)
        }
        loops = [each for each in self.cohort(asked) if each.ticket.team_id in led and each.ticket.owner_id]
        now = [each for each in self.cohort(asked, all_days=True) if each.ticket.team_id in led]
        capacity: Counter[int] = Counter()
        for row in self.members:
            if row.team_id in led and self.teams[row.team_id].takes_tickets:
                capacity[row.user_id] += row.capacity
        away = {row.user_id for row in Away.objects.all() if row.starts_at <= self.now < row.ends_at}
        keys = {each.ticket.owner_id for each in loops} | {key for key, limit in capacity.items() if limit}
        return {
            key: (
                counts_of(each for each in loops if each.ticket.owner_id == key),
                sum(each.ticket.owner_id == key and each.ticket.state in AT_WORK for each in now),
                capacity[key],
                key in away,
            )
            for key in keys
        }

    def _leads(self, viewer: User, team: int) -> bool:
        return any(
            row.user_id == viewer.pk and row.team_id == team and row.role in ("lead", "deputy") for row in self.members
        )


# --- arithmetic ------------------------------------------------------------------------------------------------


def counts_of(loops: Iterable[Any]) -> dict[str, int]:
    return {name: len(tickets) for name, tickets in recount.tickets_of(loops).items()}


def fate(row: Action, moves: list[ActionMove], now: datetime) -> str:
    """What became of one promise; empty where it is none, or not due."""
    first = row.first_promised_at
    if first is None:
        return ""
    if row.state == "done" and row.done_at is not None and row.done_at <= first:
        return "promises_kept"
    if row.state == "dropped":
        return "promises_dropped"
    if row.state == "open" and first > now:
        return ""
    if row.due_at > first and not any(move.from_at == first and move.happened_at > first for move in moves):
        return "promises_moved"
    return "promises_later" if row.state == "done" else "promises_broken"


def periods(first: date, last: date) -> list[tuple[date, date]]:
    """Days up to two weeks, weeks from Monday up to 190 days, else months."""
    n = (last - first).days + 1
    key: Callable[[date], Any] = date.toordinal
    if n > 14:
        key = (lambda day: day - timedelta(days=day.weekday())) if n <= 190 else (lambda day: (day.year, day.month))
    found: dict[Any, list[date]] = {}
    for at in range(n):
        day = first + timedelta(days=at)
        found.setdefault(key(day), []).append(day)
    return [(days[0], days[-1]) for days in found.values()]


def _bands(rows: Iterable[Any]) -> tuple[int, int, int]:
    counted = [row.score for row in rows if row.excluded_as == ""]
    promoters, detractors = sum(score >= 9 for score in counted), sum(score <= 6 for score in counted)
    return promoters, detractors, len(counted)


def _adjusted(promoters: int, detractors: int, n: int) -> tuple[float, float]:
    p, d, m = (promoters + 0.75) / (n + 3), (detractors + 0.75) / (n + 3), n + 3
    return 100 * (p - d), 100 * math.sqrt((p + d - (p - d) ** 2) / m)


def scores(rows: Iterable[Any]) -> dict[str, Any]:
    """NPS with its Adjusted-Wald interval; no figure under 20."""
    p, d, n = _bands(rows)
    found: dict[str, Any] = {"n": n, "promoters": p, "passives": n - p - d, "detractors": d}
    if n < 20:
        return {**found, "nps": None, "low": None, "high": None}
    centre, error = _adjusted(p, d, n)
    value = 100 * (p - d) / n
    low, high = min(centre - 1.96 * error, value), max(centre + 1.96 * error, value)
    return {**found, "nps": value, "low": max(low, -100.0), "high": min(high, 100.0)}


def change(rows: list[Any], before: list[Any]) -> dict[str, Any]:
    """How far the NPS moved, where both sides have 20 answers."""
    (p1, d1, n1), (p2, d2, n2) = _bands(rows), _bands(before)
    if min(n1, n2) < 20:
        return {"points": None, "low": None, "high": None, "may_be_chance": None}
    (c1, e1), (c2, e2) = _adjusted(p1, d1, n1), _adjusted(p2, d2, n2)
    points = 100 * (p1 - d1) / n1 - 100 * (p2 - d2) / n2
    margin = 1.96 * math.sqrt(e1 * e1 + e2 * e2)
    low, high = min(c1 - c2 - margin, points), max(c1 - c2 + margin, points)
    return {"points": points, "low": low, "high": high, "may_be_chance": low <= 0 <= high or abs(points) <= margin}


def rate(k: int, n: int) -> dict[str, Any]:
    """A part of a whole with its Wilson interval; no figure under 20."""
    if n < 20:
        return {"count": k, "of": n, "rate": None, "low": None, "high": None}
    p, z = k / n, 1.96
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return {"count": k, "of": n, "rate": p, "low": max(centre - half, 0.0), "high": min(centre + half, 1.0)}


def reached(spells: list[tuple[float, bool]], share: float) -> float | None:
    """Kaplan and Meier: after how many seconds this share have been spoken to."""
    waiting = 1.0
    for seconds in sorted({seconds for seconds, spoken in spells if spoken}):
        at_risk = sum(each >= seconds for each, _ in spells)
        waiting *= 1 - sum(each == seconds and spoken for each, spoken in spells) / at_risk
        if 1 - waiting >= share - 1e-9:
            return seconds
    return None


def asked_of(rows: list[tuple[str, str]]) -> dict[str, Any]:
    """Invitations by what became of them."""
    states = Counter(state for state, _ in rows)
    asked = states["sent"] + states["answered"] + states["expired"]
    return {
        "asked": asked,
        "still_open": states["sent"],
        "not_asked": states["stopped"],
        "not_asked_by_rule": dict(Counter(rule for _, rule in rows if rule)),
        "waiting": states["planned"],
        "answered": states["answered"],
        "response_rate": rate(states["answered"], asked),
    }
