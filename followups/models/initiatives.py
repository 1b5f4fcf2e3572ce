"""The outer loop: an improvement that many answers ask for."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from surveys.models import Response


class Initiative(models.Model):
    class State(models.TextChoices):
        IDEA = "idea", _("Idea")
        TRIAGED = "triaged", _("Triaged")
        IN_PROGRESS = "in_progress", _("In progress")
        DONE = "done", _("Done")
        DECLINED = "declined", _("Declined")

    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="initiatives"
    )
    state = models.CharField(max_length=12, choices=State, default=State.IDEA)
    what_changed = models.TextField(blank=True, help_text="What those who raised it are told.")
    responses = models.ManyToManyField(Response, blank=True, related_name="initiatives")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title
