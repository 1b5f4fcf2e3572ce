"""Set-up that decides: by when, and in which working time. Immutable once used."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from followups.calendars import WorkingHours


class ImmutableOnceUsed(models.Model):
    """A version that something points to may be retired, never edited: what was measured stays as it was measured."""

    used_at = models.DateTimeField(null=True, blank=True, editable=False)

    # What may still change on a used version: whether new work picks it.
    MAY_CHANGE = frozenset({"is_active", "used_at", "position"})

    class Meta:
        abstract = True

    def clean(self) -> None:
        super().clean()
        if self.pk is None or self.used_at is None:
            return
        stored = type(self)._base_manager.get(pk=self.pk)
        changed = [
            field.verbose_name
            for field in self._meta.concrete_fields
            if field.name not in self.MAY_CHANGE and getattr(stored, field.attname) != getattr(self, field.attname)
        ]
        if changed:
            raise ValidationError(
                f"This version is in use since {stored.used_at:%d %B %Y}, so its {', '.join(map(str, changed))} cannot "
                "change. Make a new version and switch this one off."
            )

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.clean()
        super().save(*args, **kwargs)


class Followed(ImmutableOnceUsed):
    """A version that the next one follows (`followups.versions`), with who made it and when."""

    made_at = models.DateTimeField(null=True, blank=True, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        abstract = True


class Calendar(Followed):
    """Working time of a team. Closed days are stored expanded, so a later change of holidays rewrites nothing."""

    slug = models.SlugField(max_length=60)
    version = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=120)
    zone = models.CharField(max_length=64, default="UTC")
    weekly = models.JSONField(help_text="Seven lists, Monday first, of [from, to] in minutes from midnight.")
    closed_days = models.JSONField(default=list, blank=True, help_text='[["2026-12-25", "Christmas Day"], …]')
    country = models.CharField(max_length=2, blank=True, help_text="Whose public holidays are among the closed days.")
    subdivision = models.CharField(max_length=30, blank=True)
    worked_holidays = models.JSONField(default=list, blank=True, help_text="Names of public holidays we work on.")
    own_days = models.JSONField(default=list, blank=True, help_text="Those of the closed days that are our own.")
    holidays_until = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Last year whose public holidays are among the closed days."
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["slug", "-version"]
        constraints = [models.UniqueConstraint(fields=["slug", "version"], name="one_calendar_per_version")]

    def __str__(self) -> str:
        return f"{self.name}, version {self.version}"

    @cached_property
    def hours(self) -> WorkingHours:
        from followups.calendars import WorkingHours

        return WorkingHours(
            zone=self.zone,
            weekly=tuple(tuple((int(start), int(end)) for start, end in day) for day in self.weekly),
            closed=frozenset(date.fromisoformat(day) for day, _name in self.closed_days),
        )


class SlaPolicy(Followed):
    """By when a customer of a band is contacted, answered, updated and the case resolved."""

    class Clock(models.TextChoices):
        CUSTOMER = "customer", _("Customer clock: wall time from the answer, never pauses")
        TEAM = "team", _("Team clock: the team's working time from receipt, less pauses")

    slug = models.SlugField(max_length=60)
    version = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=120)
    bands = models.JSONField(
        default=list, help_text='["detractor"]; a ticket takes the first active policy of its band.'
    )
    position = models.PositiveIntegerField(default=100)
    first_contact_clock = models.CharField(max_length=10, choices=Clock, default=Clock.CUSTOMER)
    first_contact_hours = models.PositiveIntegerField(null=True, blank=True, help_text="On the customer clock.")
    first_contact_working_days = models.PositiveIntegerField(null=True, blank=True, help_text="On the team clock.")
    answer_working_days = models.PositiveIntegerField(default=1, help_text="Answer to a customer who wrote.")
    update_working_days = models.PositiveIntegerField(default=5, help_text="Next update while a case is in action.")
    resolution_working_days = models.PositiveIntegerField(default=15)
    goal_percent = models.PositiveSmallIntegerField(default=80)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["slug", "version"], name="one_policy_per_version"),
            models.CheckConstraint(
                condition=Q(first_contact_clock="customer", first_contact_hours__isnull=False)
                | Q(first_contact_clock="team", first_contact_working_days__isnull=False),
                name="policy_has_a_first_contact_target",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, version {self.version}"
