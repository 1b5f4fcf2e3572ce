"""Who was erased: that, when and by whom, and fingerprints by which they stay erased. Nothing says who they were."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from surveys.models.customers import Contact


class Erasure(models.Model):
    """One person who was erased. `counts` says how much of what went."""

    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="erasures")
    asked_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    finished_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["contact"], name="one_erasure_per_person")]

    def __str__(self) -> str:
        return f"erasure {self.pk}"


class ErasedKey(models.Model):
    """Fingerprint of a key that led to an erased person, or of the number of one of their answers."""

    digest = models.CharField(max_length=64, unique=True)
    erasure = models.ForeignKey(Erasure, on_delete=models.CASCADE, related_name="keys")

    def __str__(self) -> str:
        return self.digest
