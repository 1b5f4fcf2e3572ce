"""What a company wants of its figures from which day on, and which digests of them were looked at."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from followups.models.teams import Team


class SetGoal(models.Model):
    """A goal as somebody set it. Rows are only ever added, so that the past is judged by the goal of its day.

    It holds from its day until the next one of the same figure and team. Of two for the same day the later row counts.
    """

    class Metric(models.TextChoices):
        ON_TIME = "on_time", _("First contact in time")
        TOLD = "told", _("Customers told what changed")
        CONFIRMED = "confirmed", _("Customers said settled")
        KEPT = "kept", _("Promises kept")
        RECOVERY = "recovery", _("Detractors recovered")
        NPS = "nps", _("NPS")
        RESPONSE_RATE = "response_rate", _("Response rate")

    metric = models.CharField(max_length=13, choices=Metric)
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.CASCADE, related_name="goals", help_text="Empty: everybody."
    )
    target = models.SmallIntegerField(
        null=True, blank=True, help_text="Per cent, or points of NPS. Empty: no goal any more from that day on."
    )
    valid_from = models.DateField(help_text="First day of the answers it is for.")
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    set_at = models.DateTimeField()

    class Meta:
        ordering = ["valid_from", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(target=None)
                | Q(metric="nps", target__gte=-100, target__lte=100)
                | ~Q(metric="nps") & Q(target__gte=1, target__lte=100),
                name="goal_within_its_scale",
            ),
            # Whom we invite belongs to no team yet.
            models.CheckConstraint(
                condition=~Q(metric="response_rate") | Q(team=None), name="goal_of_invitations_is_everybodys"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric} {self.target} from {self.valid_from:%d %B %Y}"


class Digest(models.Model):
    """Somebody's digest of one week or month was looked at; whoever wrote this row queues the mail or keeps silent."""

    class Kind(models.TextChoices):
        WEEKLY = "weekly", _("weekly")
        MONTHLY = "monthly", _("monthly")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="digests")
    kind = models.CharField(max_length=7, choices=Kind)
    period = models.DateField(help_text="Monday of the week or first of the month in which it was sent.")
    found = models.PositiveIntegerField(default=0, help_text="Findings there were; 0: nothing to say, so no mail.")
    looked_at = models.DateTimeField()

    class Meta:
        ordering = ["period", "pk"]
        constraints = [models.UniqueConstraint(fields=["user", "kind", "period"], name="one_digest_per_period")]

    def __str__(self) -> str:
        return f"{self.kind} digest of {self.period:%d %B %Y}"
