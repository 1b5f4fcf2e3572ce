"""Who does the work: teams, their members, and who is away."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from followups.calendars import WorkingHours
from followups.models.rules import Calendar
from surveys.models import Brand, Touchpoint


class TeamQuerySet(models.QuerySet["Team"]):
    def led_by(self, user: settings.AUTH_USER_MODEL) -> TeamQuerySet:  # type: ignore[name-defined]
        """Teams whose lead or deputy this person is; all of them for an administrator."""
        if user.is_superuser:
            return self
        return self.filter(
            members__user=user, members__role__in=[Member.Role.LEAD, Member.Role.DEPUTY], members__is_active=True
        )

    def of(self, user: settings.AUTH_USER_MODEL) -> TeamQuerySet:  # type: ignore[name-defined]
        """Teams this person belongs to; all of them for an administrator."""
        if user.is_superuser:
            return self
        return self.filter(members__user=user, members__is_active=True)


class Team(models.Model):
    slug = models.SlugField(unique=True, max_length=60)
    name = models.CharField(max_length=120)
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="teams")
    brand = models.ForeignKey(Brand, null=True, blank=True, on_delete=models.PROTECT, help_text="Empty: every brand.")
    touchpoints = models.ManyToManyField(Touchpoint, blank=True, related_name="teams")
    takes_tickets = models.BooleanField(default=True, help_text="Off: a back-office team, which is given actions only.")
    is_default = models.BooleanField(default=False, help_text="Takes what no touchpoint sends elsewhere.")
    # Working hours of the team without anything done on a ticket, after which each step is taken. None: never.
    nudge_after = models.PositiveSmallIntegerField(
        null=True, blank=True, default=16, help_text="Working hours after which the owner is reminded; empty: never."
    )
    tell_lead_after = models.PositiveSmallIntegerField(
        null=True, blank=True, default=24, help_text="Working hours after which the lead is told; empty: never."
    )
    reassign_after = models.PositiveSmallIntegerField(
        null=True, blank=True, default=40, help_text="Working hours after which somebody else gets it; empty: never."
    )
    director = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="teams_directed",
        help_text="Hears what stays late after the lead was told.",
    )

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="one_default_team"),
        ]

    def __str__(self) -> str:
        return self.name


class MemberQuerySet(models.QuerySet["Member"]):
    def team_of_each(self) -> dict[int, int]:
        """User -> id of the team whose tickets they work on; of several the first that is not the default one."""
        return dict(self.users_and_teams())

    def users_and_teams(self) -> models.QuerySet[Any, tuple[int, int]]:
        """The same as rows, of which the last of each user says it."""
        rows = self.filter(is_active=True, team__takes_tickets=True).order_by("-team__is_default", "-pk")
        return rows.values_list("user", "team")


class Member(models.Model):
    class Role(models.TextChoices):
        AGENT = "agent", _("Agent")
        LEAD = "lead", _("Lead")
        DEPUTY = "deputy", _("Deputy of the lead")

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=6, choices=Role, default=Role.AGENT)
    capacity = models.PositiveIntegerField(default=25, help_text="Tickets at work at one time; 0: takes none.")
    languages = models.JSONField(default=list, blank=True, help_text='Codes, e.g. ["en", "de"]; empty: any.')
    skills = models.JSONField(default=list, blank=True)
    rate_cap = models.PositiveIntegerField(
        null=True, blank=True, help_text="Most tickets given within the window; empty: no such limit."
    )
    rate_window_hours = models.PositiveSmallIntegerField(
        default=24, validators=[MinValueValidator(1)], help_text="Length of that window in hours."
    )
    is_active = models.BooleanField(default=True)
    last_assigned_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = MemberQuerySet.as_manager()

    class Meta:
        ordering = ["team", "user"]
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="one_membership_per_team")]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"


class AwayQuerySet(models.QuerySet["Away"]):
    def at(self, moment: datetime) -> AwayQuerySet:
        return self.filter(starts_at__lte=moment, ends_at__gt=moment)

    def visible_to(self, user: settings.AUTH_USER_MODEL) -> AwayQuerySet:  # type: ignore[name-defined]
        """One's own, and those of whoever is in a team one leads: who sees an absence may plan it too."""
        if user.is_superuser:
            return self
        led = Team.objects.led_by(user).order_by().values("pk")
        mates = Member.objects.filter(team__in=led, is_active=True, user__is_active=True).order_by().values("user")
        return self.filter(Q(user=user) | Q(user__in=mates))


class Away(models.Model):
    """An absence. While it lasts nothing new is assigned to the person; what falls due goes to the delegate."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="absences")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    delegate = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    note = models.CharField(max_length=200, blank=True)

    objects = AwayQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at"]
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="absence_ends_after_start")]
        indexes = [models.Index(fields=["user", "ends_at"], name="absence_of_a_person")]

    def __str__(self) -> str:
        return f"{self.user.name}, {self.starts_at:%d %B %Y} to {self.last_moment:%d %B %Y}"

    @property
    def last_moment(self) -> datetime:
        """The last of it: one that ends at midnight ends on the day before."""
        return self.ends_at - timedelta(seconds=1)


class WorkPattern(models.Model):
    """When one person works, in their own week. Without a row a person works when their team does."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="work_pattern")
    zone = models.CharField(max_length=64, default="UTC")
    weekly = models.JSONField(help_text="Seven lists, Monday first, of [from, to] in minutes from midnight.")
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Working week of {self.user}"

    @property
    def hours(self) -> WorkingHours:
        """The person's week, with no day closed: public holidays are those of the team."""
        return WorkingHours(
            self.zone, tuple(tuple((int(start), int(end)) for start, end in day) for day in self.weekly)
        )
