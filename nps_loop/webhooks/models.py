"""What other programs are told: an address with its secret, and a row for each thing it is to hear.

A delivery is written in the transaction that caused it, as a mail is. It holds ids, codes and links, never anybody's
words.
"""

from __future__ import annotations

import base64
import secrets

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


def new_secret() -> str:
    """A signing secret as Standard Webhooks writes it: 32 random bytes in base64 after `whsec_`."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


class Endpoint(models.Model):
    """Where another program listens. One that has failed for a day is switched off, and administrators are told."""

    name = models.CharField(max_length=120, unique=True)
    url = models.URLField(max_length=500)
    secret = models.CharField(max_length=100, default=new_secret, help_text="Shown to administrators alone.")
    is_active = models.BooleanField(default=True)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    disabled_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="When it was given up.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One thing one endpoint is to hear, and how far it got. The same `webhook-id` goes with every try."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting to be sent")
        DELIVERED = "delivered", _("taken by the other side")
        FAILED = "failed", _("given up")
        HELD = "held", _("the endpoint is switched off")

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries")
    key = models.CharField(max_length=120, help_text="What it is about; the same is not queued twice.")
    payload = models.JSONField()
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(help_text="Not before; while it is being sent, when its lease runs out.")
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="HTTP status of the last try.")
    error = models.CharField(max_length=300, blank=True, help_text="What was wrong with the last try.")
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["endpoint", "key"], name="one_delivery_per_key")]
        indexes = [
            models.Index(fields=["next_try_at", "id"], condition=models.Q(state="waiting"), name="deliveries_to_send"),
        ]

    def __str__(self) -> str:
        return f"{self.key} to {self.endpoint_id} ({self.state})"
