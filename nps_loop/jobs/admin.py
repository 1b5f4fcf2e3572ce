"""Long work, to look at."""

from __future__ import annotations

from django.contrib import admin

from nps_loop.jobs.models import Job, RetentionRun
from nps_loop.set_up import ReadOnlyAdmin


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ["id", "kind", "state", "done", "total", "attempts", "created_by", "created_at", "finished_at"]
    list_filter = ["kind", "state"]
    list_select_related = ["created_by"]


@admin.register(RetentionRun)
class RetentionRunAdmin(ReadOnlyAdmin):
    """How much of each kind was forgotten on which day."""

    list_display = ["day", "started_at", "finished_at", "counts"]
