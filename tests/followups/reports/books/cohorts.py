"""Who sees what, which group an answer is in, and which tickets and answers a report is about."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from followups.models import Ticket
from nps_loop.people.models import User
from tests.followups.reports.books.rows import Rows


class Books(Rows):
    """All rows, and the cohorts that reports ask for."""

    def _teams_of(self, viewer: User) -> set[int]:
        return {row.team_id for row in self.members if row.user_id == viewer.pk}

    def _sees(self, viewer: User | None, ticket: Ticket) -> bool:
        if viewer is None or viewer.is_superuser:
            return True
        promised = (ticket.pk, viewer.pk) in self.promised
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
