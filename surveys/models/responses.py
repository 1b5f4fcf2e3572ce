"""What customers say. Only `surveys.recording` writes these rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Case, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from surveys.models.asking import Source, Survey, Touchpoint
from surveys.models.customers import Account, Contact
from surveys.scoring import Band, band


class ResponseQuerySet(models.QuerySet["Response"]):
    def awaiting_decision(self, now: datetime | None = None) -> ResponseQuerySet:
        """Answers whose newest revision nobody has decided on; with `now`, without those put off after a fault."""
        waiting = self.filter(decided_revision__lt=F("revision"))
        if now is None:
            return waiting
        return waiting.filter(Q(decide_after=None) | Q(decide_after__lte=now))

    def counted(self) -> ResponseQuerySet:
        """Answers that count in NPS."""
        return self.filter(**{self.column("excluded_as"): ""})

    def left_out(self) -> ResponseQuerySet:
        """Answers that do not count in NPS."""
        return self.exclude(**{self.column("excluded_as"): ""})

    def as_of(self, moment: datetime) -> ResponseQuerySet:
        """The answers that were here at `moment`, with `then_score`, `then_band` and `then_excluded_as` as they stood.

        Score and band are those of the version that was the newest by then. Everything else is as it is known now.
        """
        newest = Revision.objects.filter(response=OuterRef("pk"), received_at__lte=moment, superseded_on_arrival=False)
        score = Coalesce(Subquery(newest.order_by("-number").values("score")[:1]), F("score"))
        changes = Exclusion.objects.filter(response=OuterRef("pk"))
        before = changes.filter(happened_at__lte=moment).order_by("-happened_at", "-pk").values("to")
        after = changes.filter(happened_at__gt=moment).order_by("happened_at", "pk").values("was")
        return (
            self.filter(received_at__lte=moment)
            .annotate(
                then_score=score,
                then_excluded_as=Coalesce(
                    Subquery(before[:1]), Subquery(after[:1]), F("excluded_as"), output_field=models.CharField()
                ),
            )
            .annotate(
                then_band=Case(
                    When(then_score__gte=9, then=Value(Band.PROMOTER)),
                    When(then_score__gte=7, then=Value(Band.PASSIVE)),
                    default=Value(Band.DETRACTOR),
                    output_field=models.CharField(),
                )
            )
        )

    def column(self, name: str) -> str:
        """What `score`, `band` or `excluded_as` is called here: of now, or as of the moment that was asked for."""
        return f"then_{name}" if "then_score" in self.query.annotations else name


class Response(models.Model):
    """One answer, in its newest version by the vendor's own time. Every version is a Revision.

    The snapshot fields hold account, segment, region, owner and team as they were when the answer was recorded.
    """

    class FollowUp(models.TextChoices):
        AUTO = "auto", _("by the rules, history left out")
        ALL = "all", _("by the rules, history included")
        NONE = "none", _("no ticket")

    class Exclusion(models.TextChoices):
        NONE = "", _("counts")
        TEST = "test", _("a test")
        SPAM = "spam", _("spam")
        OWN_STAFF = "own_staff", _("own staff")
        DUPLICATE = "duplicate", _("a duplicate")

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="responses")
    external_id = models.CharField(
        max_length=300, help_text="Theirs, or `row:<digest>:<ordinal>` for files without one."
    )
    survey = models.ForeignKey(Survey, null=True, blank=True, on_delete=models.PROTECT)
    survey_kind = models.CharField(max_length=15, choices=Survey.Kind, default=Survey.Kind.RELATIONAL)
    touchpoint = models.ForeignKey(Touchpoint, null=True, blank=True, on_delete=models.PROTECT)

    score = models.PositiveSmallIntegerField()
    band = models.CharField(max_length=10, choices=Band)
    verbatim = models.TextField(blank=True)
    search_text = models.TextField(blank=True, editable=False)
    language = models.CharField(max_length=10, blank=True)
    driver = models.CharField(max_length=200, blank=True, help_text="Reason the customer picked.")
    contact_me = models.BooleanField(null=True, blank=True, help_text="None: not asked.")
    share_name = models.BooleanField(null=True, blank=True, help_text="None: not asked.")
    product = models.CharField(max_length=200, blank=True)
    attributes = models.JSONField(default=dict, blank=True)

    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="responses")
    answered_for = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.SET_NULL, related_name="responses_by_partners"
    )

    account = models.ForeignKey(Account, null=True, blank=True, on_delete=models.SET_NULL, related_name="responses")
    segment = models.CharField(max_length=80, blank=True)
    region = models.CharField(max_length=80, blank=True)
    account_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    team_id_then = models.BigIntegerField(null=True, blank=True, help_text="Team of the account owner, as it was.")

    responded_at = models.DateTimeField(help_text="Theirs; never later than received.")
    received_at = models.DateTimeField(help_text="Ours.")
    undated = models.BooleanField(default=False, help_text="Their time is not known; received is used in its place.")
    day = models.DateField(help_text="Day of the answer in the deployment's reporting zone.")
    is_history = models.BooleanField(default=False, help_text="Too old or undated when received: counted, no ticket.")
    follow_up = models.CharField(max_length=5, choices=FollowUp, default=FollowUp.AUTO)
    acknowledge = models.BooleanField(default=True)

    excluded_as = models.CharField(max_length=10, choices=Exclusion, blank=True, default=Exclusion.NONE)
    excluded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    excluded_reason = models.CharField(max_length=200, blank=True)

    version_at = models.DateTimeField(help_text="The vendor's own time of the newest version.")
    content_digest = models.CharField(max_length=64)
    revision = models.PositiveIntegerField(default=1)
    decided_revision = models.PositiveIntegerField(default=0)
    decide_attempts = models.PositiveSmallIntegerField(default=0)
    decide_after = models.DateTimeField(null=True, blank=True)
    decide_error = models.CharField(max_length=300, blank=True)

    objects = ResponseQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="one_response_per_source_and_id"),
            models.CheckConstraint(condition=Q(score__gte=0, score__lte=10), name="score_from_0_to_10"),
            models.CheckConstraint(condition=Q(responded_at__lte=F("received_at")), name="responded_before_received"),
            models.CheckConstraint(condition=Q(decided_revision__lte=F("revision")), name="decided_what_exists"),
            models.CheckConstraint(
                condition=Q(band="detractor", score__lte=6)
                | Q(band="passive", score__gte=7, score__lte=8)
                | Q(band="promoter", score__gte=9),
                name="band_follows_score",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(decided_revision__lt=F("revision")), name="response_awaiting_decision"
            ),
            models.Index(fields=["day", "band"], name="responses_of_a_day"),
            models.Index(fields=["day", "excluded_by"], condition=~Q(excluded_as=""), name="responses_left_out"),
            models.Index(fields=["contact", "-responded_at"], name="response_of_contact"),
            models.Index(fields=["account", "-responded_at"], name="response_of_account"),
            models.Index(fields=["touchpoint", "day"], name="response_of_touchpoint"),
        ]

    def __str__(self) -> str:
        return f"{self.score} from {self.source_id}:{self.external_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.band:
            self.band = band(self.score)
        super().save(*args, **kwargs)


class Revision(models.Model):
    """One version of an answer as it came, newest or not."""

    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    score = models.PositiveSmallIntegerField()
    verbatim = models.TextField(blank=True)
    driver = models.CharField(max_length=200, blank=True)
    contact_me = models.BooleanField(null=True, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    content_digest = models.CharField(max_length=64)
    version_at = models.DateTimeField()
    received_at = models.DateTimeField()
    superseded_on_arrival = models.BooleanField(default=False, help_text="An older version that arrived late.")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["response", "number"], name="one_revision_per_number"),
        ]


class Exclusion(models.Model):
    """An answer was left out of NPS, or counts again: append-only. What was so from the first version on has no row."""

    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="exclusions")
    was = models.CharField(max_length=10, choices=Response.Exclusion, blank=True)
    to = models.CharField(max_length=10, choices=Response.Exclusion, blank=True)
    happened_at = models.DateTimeField()

    class Meta:
        ordering = ["happened_at", "id"]
