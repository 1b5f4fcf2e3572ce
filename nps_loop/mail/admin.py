"""Who must not be written to, and the mails themselves to look at."""

from __future__ import annotations

from django.contrib import admin

from nps_loop.mail.models import Message, Suppression
from nps_loop.set_up import ReadOnlyAdmin


@admin.register(Suppression)
class SuppressionAdmin(admin.ModelAdmin):
    list_display = ["address", "stream", "reason", "origin", "since"]
    list_filter = ["stream", "reason"]
    search_fields = ["address"]


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ["id", "kind", "recipient", "state", "case", "send_after", "sent_at", "reason"]
    list_filter = ["state", "stream", "kind"]
    search_fields = ["recipient", "=case"]
    show_full_result_count = False
