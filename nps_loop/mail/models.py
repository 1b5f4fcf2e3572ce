"""The outbox: every mail is a row, written in the transaction that caused it. Knows addresses; no survey, no ticket."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from nps_loop.mail.wording import in_words


class Stream(models.TextChoices):
    """What a person may opt out of, each apart from the others."""

    SURVEYS = "surveys", _("Surveys")
    NEWS = "news", _("News about what changed")
    CASE = "case", _("Mail about an own open case")
    CALLS = "calls", _("Calls")
    STAFF = "staff", _("Notices to colleagues")


class Suppression(models.Model):
    """An address that must not be written to on a stream. Leaving surveys never stops mail about one's own case."""

    class Reason(models.TextChoices):
        UNSUBSCRIBED = "unsubscribed", _("asked for no more")
        BOUNCED = "bounced", _("mail came back")
        COMPLAINED = "complained", _("marked it as spam")
        DO_NOT_CONTACT = "do_not_contact", _("must not be contacted")
        ERASED = "erased", _("was erased")

    address = models.CharField(max_length=320, help_text="Normalised: lower case, no display name.")
    stream = models.CharField(max_length=10, choices=Stream)
    reason = models.CharField(max_length=20, choices=Reason)
    origin = models.CharField(max_length=200, blank=True, help_text="Where we know it from.")
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["address", "stream"], name="one_suppression_per_stream")]

    def __str__(self) -> str:
        return f"{self.address} ({self.stream}: {self.reason})"


class Message(models.Model):
    """One mail to one recipient, as rendered. Links stand as placeholders `[[link:name]]` until hand-over."""

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting to leave")
        SENDING = "sending", _("leaving")
        SENT = "sent", _("accepted by the mail server")
        FAILED = "failed", _("could not be delivered")
        BOUNCED = "bounced", _("came back")
        SKIPPED = "skipped", _("not sent")
        CANCELLED = "cancelled", _("taken back")

    kind = models.CharField(max_length=40)
    stream = models.CharField(max_length=10, choices=Stream)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    case = models.BigIntegerField(null=True, blank=True, help_text="Number of the case it is about, if any.")
    cycle = models.PositiveSmallIntegerField(
        default=0, help_text="Cycle of that case; a mail of an old one is dropped."
    )
    dedupe_key = models.CharField(max_length=200, unique=True, null=True, blank=True)

    recipient = models.CharField(max_length=320)
    recipient_name = models.CharField(max_length=200, blank=True)
    from_name = models.CharField(max_length=200, blank=True)
    from_address = models.CharField(max_length=320)
    reply_to = models.CharField(max_length=320, blank=True)
    message_id = models.CharField(max_length=255, unique=True)
    in_reply_to = models.CharField(max_length=255, blank=True)
    language = models.CharField(max_length=10, default="en")
    subject = models.CharField(max_length=500)
    text = models.TextField()
    html = models.TextField(blank=True)
    links = models.JSONField(default=dict, blank=True, help_text="Placeholder name -> [purpose, object id].")
    automatic = models.BooleanField(default=True, help_text="No person wrote it: says so in its headers.")
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="mails_written"
    )

    created_at = models.DateTimeField(default=timezone.now)
    send_after = models.DateTimeField(default=timezone.now, help_text="Undo and later sending: not before this moment.")
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Failed, bounced, skipped or cancelled.")
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was skipped or failed, in a sentence.")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["send_after", "id"], condition=models.Q(state="queued"), name="mail_to_send"),
            models.Index(fields=["leased_until"], condition=models.Q(state="sending"), name="mail_lease_ran_out"),
            models.Index(fields=["case", "id"], name="mail_of_a_case"),
            models.Index(fields=["recipient", "-id"], name="mail_to_an_address"),
            models.Index(
                fields=["-ended_at"], condition=models.Q(state__in=["failed", "bounced"]), name="mail_that_failed"
            ),
        ]

    @property
    def reason_in_words(self) -> str:
        """`reason` in the language of whoever looks."""
        return in_words(self.reason)

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient} ({self.state})"
