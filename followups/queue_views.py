"""The names of the queue's views, for whoever checks one without building the queue."""

from __future__ import annotations

# Groups of *mine* with how many rows of each are shown at first.
GROUPS = {"late": 20, "today": 20, "next": 15, "later": 10, "waiting": 5}
VIEWS = ("late", "today", "next", "waiting", "snoozed", "mine", "team", "unassigned")
