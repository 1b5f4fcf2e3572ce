"""Long work, to look at."""

from __future__ import annotations

from django.contrib import admin

from nps_loop.jobs.models import Job
from nps_loop.set_up import ReadOnlyAdmin


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ["id", "kind", "state", "done", "total", "attempts", "created_by", "created_at", "finished_at"]
    list_filter = ["kind", "state"]
    list_select_related = ["created_by"]
