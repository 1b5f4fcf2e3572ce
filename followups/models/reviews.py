"""Reviews of a touchpoint: those who answer for it meet, look at what customers say, and decide what gets better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from followups.models.teams import Member, Team
from followups.models.tickets import Ticket
from followups.models.work import RootCause
from surveys.models import Touchpoint

if TYPE_CHECKING:
    from nps_loop.people.models import User


class ReviewQuerySet(models.QuerySet["Review"]):
    def visible_to(self, user: User) -> ReviewQuerySet:
        """Reviews of touchpoints that own teams take, and those this person sits in or was given a decision by.

        All for administrators.
        """
        if not user.is_active:
            return self.none()
        if user.is_superuser:
            return self
        own = Team.objects.of(user).order_by()
        at_the_table = Review.people.through.objects.filter(user=user).values("review")
        decided = ReviewDecision.objects.filter(owner=user).order_by().values("review")
        return self.filter(_of_teams(own) | Q(pk__in=at_the_table) | Q(pk__in=decided))

    def in_teams_of(self, user: User) -> ReviewQuerySet:
        """Those of touchpoints that this person's own teams take: the lists behind their figures are theirs to open."""
        if not user.is_active:
            return self.none()
        return self if user.is_superuser else self.filter(_of_teams(Team.objects.of(user).order_by()))

    def led_by(self, user: User) -> ReviewQuerySet:
        """Those this person may plan, decide on and mark: of touchpoints that a team they lead takes."""
        if not user.is_active:
            return self.none()
        return self if user.is_superuser else self.filter(_of_teams(Team.objects.led_by(user).order_by()))

    def coming(self) -> ReviewQuerySet:
        """Not held yet, the next one first."""
        return self.exclude(state=Review.State.HELD).order_by("meeting_on", "pk")

    def held(self) -> ReviewQuerySet:
        """Held, the latest first."""
        return self.filter(state=Review.State.HELD).order_by("-meeting_on", "-pk")


def touchpoints_of(teams: models.QuerySet[Team]) -> Q:
    """The touchpoints these teams take, as a condition on Touchpoint: those named, for the default team all others."""
    named = Team.touchpoints.through.objects
    others = Q(Q(~Q(pk__in=named.values("touchpoint"))) & models.Exists(teams.filter(is_default=True)))
    return Q(pk__in=named.filter(team__in=teams.values("pk")).values("touchpoint")) | others


def _of_teams(teams: models.QuerySet[Team]) -> Q:
    return Q(touchpoint__in=Touchpoint.objects.filter(touchpoints_of(teams)).order_by().values("pk"))


def teams_taking(touchpoint: Touchpoint) -> models.QuerySet[Team]:
    """The teams that take a touchpoint: those it is named for, else the default one."""
    named = Team.objects.filter(touchpoints=touchpoint)
    nobody = ~models.Exists(Team.touchpoints.through.objects.filter(touchpoint=touchpoint))
    return Team.objects.filter(Q(pk__in=named.order_by().values("pk")) | Q(nobody, is_default=True))


def people_of(touchpoint: Touchpoint) -> models.QuerySet[Member]:
    """The active members of the teams that take a touchpoint."""
    return Member.objects.filter(team__in=teams_taking(touchpoint).order_by().values("pk"), is_active=True)


class Review(models.Model):
    """One meeting about one touchpoint and the answers of some days."""

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        PREPARED = "prepared", _("prepared")
        HELD = "held", _("held")

    touchpoint = models.ForeignKey(Touchpoint, on_delete=models.PROTECT, related_name="reviews")
    day_from = models.DateField(help_text="First day of the answers it is about, in the reporting zone.")
    day_to = models.DateField(help_text="Last day of the answers it is about.")
    meeting_on = models.DateField()
    prepare_on = models.DateField(help_text="Day from which the pack is prepared and mailed.")
    state = models.CharField(max_length=8, choices=State, default=State.PLANNED)
    people = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="reviews", help_text="Who sits at the table."
    )
    planned_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    planned_at = models.DateTimeField()
    prepared_at = models.DateTimeField(null=True, blank=True)
    held_at = models.DateTimeField(null=True, blank=True)
    held_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ["-meeting_on", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(day_to__gte=F("day_from")), name="review_ends_after_start"),
            models.UniqueConstraint(fields=["touchpoint", "meeting_on"], name="one_review_per_touchpoint_and_day"),
            models.CheckConstraint(
                condition=Q(state="held", held_at__isnull=False) | ~Q(state="held") & Q(held_at=None),
                name="held_says_when",
            ),
        ]
        indexes = [
            # What the sweep looks for.
            models.Index(fields=["prepare_on"], condition=Q(state="planned"), name="reviews_to_prepare"),
        ]

    def __str__(self) -> str:
        return f"{self.touchpoint}, {self.meeting_on:%d %B %Y}"

    @property
    def is_held(self) -> bool:
        return self.state == self.State.HELD


# Decisions whose owner was not reminded of the day they have now.
UNREMINDED = Q(reminded_for=None) | Q(reminded_for__lt=F("due_on")) | Q(reminded_for__gt=F("due_on"))


class ReviewDecision(models.Model):
    """What a review decided, who does it and by when. Its texts are words of colleagues; erasing looks through them."""

    class Kind(models.TextChoices):
        TRAINING = "training", _("Training")
        SOFT_SKILLS = "soft_skills", _("Soft skills")
        HEAD_COUNT = "head_count", _("Head count")
        PROCESS = "process", _("Process")
        PRODUCT = "product", _("Product")
        OTHER = "other", _("Other")

    class State(models.TextChoices):
        OPEN = "open", _("open")
        MOVED = "moved", _("moved")
        DONE = "done", _("done")
        DROPPED = "dropped", _("dropped")

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="decisions")
    root_cause = models.ForeignKey(
        RootCause, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="The cause it answers."
    )
    kind = models.CharField(max_length=11, choices=Kind)
    what = models.CharField(max_length=300)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="review_decisions")
    due_on = models.DateField()
    first_due_on = models.DateField(help_text="The day that was decided first.")
    state = models.CharField(max_length=7, choices=State, default=State.OPEN)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was moved or dropped.")
    outcome = models.CharField(max_length=300, blank=True, help_text="What became of it, in one sentence.")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=0)
    reminded_for = models.DateField(null=True, blank=True, help_text="The day its owner was reminded of.")

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(
                fields=["owner", "due_on"], condition=Q(state__in=["open", "moved"]), name="decisions_of_an_owner"
            ),
            models.Index(
                fields=["due_on"], condition=Q(state__in=["open", "moved"]) & UNREMINDED, name="decisions_to_remind_of"
            ),
        ]

    def __str__(self) -> str:
        return self.what

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_DECISIONS


OPEN_DECISIONS = (ReviewDecision.State.OPEN, ReviewDecision.State.MOVED)


class Draw(models.Model):
    """A closed loop that was drawn for a review, and what a lead says who reads it as its customer did.

    `cycle` is the one the ticket was in when it was drawn: what the customer was told in it, and said to it.
    """

    class Mark(models.TextChoices):
        NONE = "", _("not marked")
        YES = "yes", _("yes")
        NO = "no", _("no")
        UNSURE = "unsure", _("not sure")

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="draws")
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="draws")
    cycle = models.PositiveSmallIntegerField()
    position = models.PositiveSmallIntegerField()
    mark = models.CharField(max_length=6, choices=Mark, blank=True, default=Mark.NONE)
    marked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    marked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["review", "position"]
        constraints = [
            models.UniqueConstraint(fields=["review", "position"], name="one_draw_per_position"),
            models.UniqueConstraint(fields=["review", "ticket"], name="a_ticket_is_drawn_once"),
        ]

    def __str__(self) -> str:
        return f"{self.position} of review {self.review_id}"
