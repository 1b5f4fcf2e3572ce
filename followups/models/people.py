"""What happens to persons rather than to one ticket: put together and taken apart, and who looks at a ticket now."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from followups.models.tickets import Ticket
from surveys.models import Contact


class ContactEvent(models.Model):
    """Two persons became one, or an answer went to whom it is from. Append-only, without names or words."""

    class Verb(models.TextChoices):
        MERGE = "merge", "merged"
        SPLIT = "split", "an answer went to somebody else"

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="events", help_text="Who remained, or whose the answer is now."
    )
    other = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="+", help_text="Who went into it, or whose the answer was."
    )
    verb = models.CharField(max_length=5, choices=Verb)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    data = models.JSONField(default=dict, blank=True, help_text="Ids of the keys, answers and tickets that moved.")
    happened_at = models.DateTimeField()

    class Meta:
        ordering = ["happened_at", "id"]


class LookingQuerySet(models.QuerySet["Looking"]):
    def at(self, now: datetime) -> LookingQuerySet:
        """Those who have it open at this moment."""
        return self.filter(seen_at__gt=now - Looking.LASTS, seen_at__lte=now + Looking.LASTS)


class Looking(models.Model):
    """A colleague has a ticket open. The page says so every 20 seconds; without that it is over after 50."""

    LASTS = timedelta(seconds=50)

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="looking")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()

    objects = LookingQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "user"], name="one_look_per_ticket_and_person")]
