"""All rows of every table a report reads, in memory, as they stand or stood at a moment."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from followups.models import (
    Action,
    ActionMove,
    Calendar,
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

DAY = timedelta(days=1)
BANDS = ("detractor", "passive", "promoter")
BETTER = {"detractor": ("passive", "promoter"), "passive": ("promoter",)}
AT_WORK = ("new", "assigned", "contacted", "in_action")
LIVE = (*AT_WORK, "waiting_on_customer")
SETTLED = ("resolved", "closed")


class Rows:
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
        self.promised = {(each.row.ticket_id, each.row.owner_id) for each in self.actions}
        self.invitations = list(Invitation.objects.select_related("survey", "touchpoint", "account"))
        self.questions, self.by_contact, self.heard = defaultdict(list), defaultdict(list), defaultdict(list)
        self._what_was_heard()
        self.calendars = {calendar.pk: calendar for calendar in Calendar.objects.all()}
        self.deadlines: dict[int, list[Deadline]] = defaultdict(list)
        for deadline in Deadline.objects.select_related("policy").order_by("ordinal", "pk"):
            self.deadlines[deadline.ticket_id].append(deadline)
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

    def _what_was_heard(self) -> None:
        """Answers that count by their contact, and by the answer whose recovery question they answer, the first first."""
        asked_by = {row.response_id: row.recovers_id for row in self.invitations if row.response_id}
        for row in self.invitations:
            self.questions[row.recovers_id].append(row)
        for answer in self.answers.values():
            if answer.excluded_as == "":
                self.by_contact[answer.contact_id].append(answer)
                self.heard[asked_by.get(answer.pk)].append(answer)

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
        said, approved, resolved = set(), set(), defaultdict(list)
        for verdict in Verdict.objects.all():
            if verdict.choice == "not_yet" and (not self.then or verdict.happened_at <= self.now):
                said.add(verdict.ticket_id)
        for wish in DismissalRequest.objects.all():
            if wish.approved and (not self.then or (wish.decided_at and wish.decided_at <= self.now)):
                approved.add(wish.ticket_id)
        for row in Resolution.objects.select_related("root_cause__parent").order_by("pk"):
            if row.voided_at is None or (self.then and row.voided_at > self.now):
                resolved[row.ticket_id, row.cycle].append(row)
        return [
            self._loop(ticket, history[ticket.pk], ticket.pk in said, ticket.pk in approved, resolved)
            for ticket in Ticket.objects.select_related("account").order_by("pk")
            if not self.then or history[ticket.pk]
        ]

    def _loop(self, ticket: Ticket, events: list[Event], said: bool, approved: bool, resolved: Any) -> Any:
        """One ticket with the names that `recount.tickets_of` asks for."""
        contact = "none"
        owed = [row for row in self.deadlines[ticket.pk] if row.target == "first_contact" and row.cycle == 0]
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
            events=events,
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
            resolution=standing[0] if standing else None,
            cause=standing[0].root_cause if declared and standing else None,
        )
