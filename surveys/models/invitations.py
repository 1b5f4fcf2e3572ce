"""Whom we asked, whom we did not ask and why: the honest denominator of every response rate."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from nps_loop.mail.models import Message
from surveys.models.asking import Survey, Touchpoint
from surveys.models.customers import Account, Contact
from surveys.models.responses import Response


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def as_of(self, moment: datetime) -> InvitationQuerySet:
        """The invitations that were there at `moment`, with `then_state` and `then_stopped_by` as they stood.

        When one expired is not kept where it was answered all the same; it counts from `expires_at` on.
        """
        states = Invitation.State
        over = Q(ended_at__lte=moment) | Q(ended_at=None) & ~Q(state=states.SENT)
        return self.filter(created_at__lte=moment).annotate(
            then_state=Case(
                When(over, then=F("state")),
                When(state=states.ANSWERED, expires_at__lte=moment, then=Value(states.EXPIRED)),
                When(sent_at__lte=moment, then=Value(states.SENT)),
                default=Value(states.PLANNED),
                output_field=models.CharField(),
            ),
            then_stopped_by=Case(When(over, then=F("stopped_by")), default=Value(""), output_field=models.CharField()),
        )

    def due(self, now: datetime) -> InvitationQuerySet:
        """Planned, not yet with the mails that are to leave, and their moment has come."""
        return self.filter(state=Invitation.State.PLANNED, message=None, planned_for__lte=now)

    def to_remind(self, now: datetime) -> InvitationQuerySet:
        """Sent and not answered, and the reminder is due."""
        return self.filter(state=Invitation.State.SENT, remind_at__lte=now)

    def to_expire(self, now: datetime) -> InvitationQuerySet:
        """Sent, and the time to answer is over."""
        return self.filter(state=Invitation.State.SENT, expires_at__lte=now)


class Invitation(models.Model):
    """One survey for one person, once. One that was not sent stays, with the rule that stopped it."""

    class Cause(models.TextChoices):
        CADENCE = "cadence", _("its turn in the cadence")
        EVENT = "event", _("something happened")
        JOURNEY = "journey", _("a journey ended")
        RECOVERY = "recovery", _("a case was closed")
        PERSON = "person", _("a colleague asked for it")

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        SENT = "sent", _("sent")
        ANSWERED = "answered", _("answered")
        STOPPED = "stopped", _("not sent")
        EXPIRED = "expired", _("not answered in time")

    class Rule(models.TextChoices):
        """What stopped it."""

        NONE = "", _("nothing")
        NO_ADDRESS = "no_address", _("no mail address is known")
        SUPPRESSED = "suppressed", _("asked for no more surveys")
        DO_NOT_CONTACT = "do_not_contact", _("must not be contacted")
        ERASED = "erased", _("was erased")
        MERGED = "merged", _("is the same person as another one who is asked")
        BOUNCED = "bounced", _("mail comes back")
        OPEN_CASE = "open_case", _("a case of theirs is open")
        LEFT_IN_PEACE = "left_in_peace", _("asked to be left in peace")
        RESTING = "resting", _("was asked lately")
        ANSWERED_LATELY = "answered_lately", _("has answered lately")
        ACCOUNT_RESTING = "account_resting", _("enough people of this account were asked lately")
        NOT_IN_SHARE = "not_in_share", _("was not drawn into the sample")
        OWN_STAFF = "own_staff", _("works for us")
        TOO_LATE = "too_late", _("its moment had passed")
        SWITCHED_OFF = "switched_off", _("the survey is not sent any more")
        NOT_DELIVERED = "not_delivered", _("the mail could not be delivered")

    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="invitations")
    contact = models.ForeignKey(Contact, null=True, on_delete=models.SET_NULL, related_name="invitations")
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text="As it was when planned."
    )
    touchpoint = models.ForeignKey(Touchpoint, null=True, blank=True, on_delete=models.PROTECT)
    cause = models.CharField(max_length=10, choices=Cause)
    reference = models.CharField(
        max_length=200, blank=True, help_text="Their number of the event, or our name of the round: asked once."
    )
    occasion_at = models.DateTimeField(null=True, blank=True, help_text="When what it asks about happened.")
    recovers = models.ForeignKey(
        Response, null=True, blank=True, on_delete=models.SET_NULL, related_name="recovery_questions"
    )
    case = models.BigIntegerField(null=True, blank=True, help_text="Number of the case it follows, if any.")

    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    stopped_by = models.CharField(max_length=20, choices=Rule, blank=True, default=Rule.NONE)
    stopped_about = models.CharField(max_length=200, blank=True, help_text="Details of the rule; no names, no words.")
    planned_for = models.DateTimeField(help_text="Not before; always in their day.")
    day = models.DateField(help_text="Day it was planned for, in the deployment's reporting zone.")
    language = models.CharField(max_length=10, blank=True)
    generation = models.PositiveIntegerField(default=1, help_text="Raised to make links that are out invalid.")
    message = models.ForeignKey(Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    reminder = models.ForeignKey(Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True, help_text="The mail server took it.")
    remind_at = models.DateTimeField(null=True, blank=True, help_text="When the one reminder is due.")
    expires_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Answered, stopped or expired.")
    response = models.OneToOneField(
        Response, null=True, blank=True, on_delete=models.SET_NULL, related_name="invitation"
    )

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["survey", "contact", "reference"],
                condition=~Q(reference=""),
                name="one_invitation_per_occasion",
            ),
            models.CheckConstraint(
                condition=Q(state="stopped", stopped_by__gt="") | (~Q(state="stopped") & Q(stopped_by="")),
                name="stopped_by_a_rule",
            ),
        ]
        indexes = [
            models.Index(fields=["planned_for", "id"], condition=Q(state="planned"), name="invitation_to_send"),
            models.Index(fields=["remind_at"], condition=Q(state="sent", remind_at__isnull=False), name="to_remind"),
            models.Index(fields=["expires_at"], condition=Q(state="sent"), name="invitation_to_expire"),
            models.Index(fields=["contact", "-sent_at"], name="invitation_of_contact"),
            models.Index(fields=["account", "-sent_at"], name="invitation_of_account"),
            models.Index(fields=["day", "survey"], name="invitation_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.survey_id} for {self.contact_id} ({self.state})"
