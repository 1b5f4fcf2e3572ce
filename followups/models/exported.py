"""Who took which rows out of here as a file, and when: for the administrator."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from nps_loop.jobs.models import Job
from nps_loop.people.models import ApiKey


class ExportRecord(models.Model):
    """One export. Without `finished_at` it was broken off, or is not done yet; `rows` left here so far."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="exports"
    )
    api_key = models.ForeignKey(ApiKey, null=True, blank=True, on_delete=models.SET_NULL, related_name="exports")
    listing = models.CharField(max_length=40, help_text="Which list: tickets, answers, figures, …")
    format = models.CharField(max_length=4)
    asked = models.JSONField(default=dict, blank=True, help_text="Filters as asked: name -> values.")
    reading = models.JSONField(default=dict, blank=True, help_text="Language, zone and headings of the file.")
    rights = models.CharField(
        max_length=64, blank=True, help_text="Fingerprint of the teams and roles it was made with."
    )
    rows = models.PositiveIntegerField(default=0)
    began_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    job = models.OneToOneField(
        Job,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="export",
        help_text="Where a worker made it.",
    )

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["user", "-id"], name="exports_of_a_person")]

    @property
    def who(self) -> str:
        """Who asked, by name; empty where they are gone."""
        asked_by = self.user or self.api_key
        return asked_by.name if asked_by else ""

    def __str__(self) -> str:
        return f"{self.listing}.{self.format} {self.pk}"
