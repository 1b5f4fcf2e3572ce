"""Who hears that a time runs out or is gone, and when: the steps of a policy's ladder."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from followups.models.rules import SlaPolicy
from followups.models.trail import Deadline
from nps_loop.webhooks.models import Endpoint


class LadderStep(models.Model):
    """One step. It belongs to a version of a policy and is as immutable as that: used ones are copied, never edited."""

    class Moment(models.TextChoices):
        BEFORE = "before", _("before it is due")
        AFTER = "after", _("after it was due")
        SHARE = "share", _("per cent of its time gone")

    class Unit(models.TextChoices):
        WORKING = "working", _("working time")
        DAYS = "days", _("working days")
        CLOCK = "clock", _("by the clock, day and night")

    class Who(models.TextChoices):
        OWNER = "owner", _("Owner")
        LEAD = "lead", _("Lead and deputies")
        DEPUTY = "deputy", _("Deputies")
        DIRECTOR = "director", _("Director")
        ADDRESS = "address", _("A mail address")
        WEBHOOK = "webhook", _("A webhook")

    policy = models.ForeignKey(SlaPolicy, on_delete=models.CASCADE, related_name="ladder")
    level = models.SlugField(max_length=40, help_text="Stays the same from version to version: each fires once.")
    target = models.CharField(max_length=15, choices=Deadline.Target, blank=True, help_text="Empty: any of them.")
    moment = models.CharField(max_length=6, choices=Moment, default=Moment.AFTER)
    amount = models.PositiveIntegerField(default=0, help_text="Minutes, working days, or per cent of the time.")
    unit = models.CharField(max_length=7, choices=Unit, default=Unit.WORKING)
    who = models.CharField(max_length=8, choices=Who)
    address = models.EmailField(max_length=254, blank=True)
    endpoint = models.ForeignKey(Endpoint, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    digest = models.BooleanField(default=False, help_text="Collected to one mail on the next working morning.")
    waits = models.BooleanField(default=False, help_text="Quiet hours: waits for the team's working time.")
    unassigned_only = models.BooleanField(default=False, help_text="Only while nobody has the ticket.")

    class Meta:
        ordering = ["policy", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "level"], name="one_step_per_level"),
            models.CheckConstraint(
                condition=~Q(moment="share") | Q(amount__gte=1, amount__lte=100), name="share_is_1_to_100_per_cent"
            ),
            models.CheckConstraint(condition=~Q(who="address") | ~Q(address=""), name="address_step_has_an_address"),
            models.CheckConstraint(
                condition=~Q(who="webhook") | Q(endpoint__isnull=False), name="webhook_step_has_an_endpoint"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.level} of {self.policy}"

    @property
    def is_warning(self) -> bool:
        """Whether it speaks of a time that is still to come, and so says nothing once that is over."""
        return self.moment == self.Moment.BEFORE or (self.moment == self.Moment.SHARE and self.amount < 100)

    def clean(self) -> None:
        super().clean()
        used_at = SlaPolicy.objects.filter(pk=self.policy_id).values_list("used_at", flat=True).first()
        if used_at is not None:
            raise ValidationError(
                f"This policy is in use since {used_at:%d %B %Y}, so its ladder cannot change. Make a new version."
            )

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.clean()
        super().save(*args, **kwargs)
