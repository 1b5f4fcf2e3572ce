"""The outbox: every mail is a row, written in the transaction that caused it. Knows addresses; no survey, no ticket."""

from __future__ import annotations

from datetime import datetime

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


class Pepper(models.Model):
    """The secret under which `fingerprints` are made. One row, made once; whoever loses it forgets who was erased."""

    value = models.CharField(max_length=64, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="one_pepper")]

    def __str__(self) -> str:
        return "pepper"


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
            # The few that are leaving, by key: a lease that changes then writes no index, and the row stays in place.
            models.Index(fields=["id"], condition=models.Q(state="sending"), name="mail_on_its_way"),
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


class InboundQuerySet(models.QuerySet["Inbound"]):
    def waiting(self, now: datetime) -> InboundQuerySet:
        """Kept, and nobody has looked what they are; those put off after a fault once their time has come."""
        return self.filter(models.Q(next_try_at=None) | models.Q(next_try_at__lte=now), state=Inbound.State.NEW)


class Inbound(models.Model):
    """One mail that came in. Kept before anybody reads it, so that none is lost; then it lands, or is set aside."""

    class Kind(models.TextChoices):
        UNREAD = "", _("not looked at yet")
        REPLY = "reply", _("an answer")
        THANKS = "thanks", _("thanks and nothing else")
        EMPTY = "empty", _("nothing in it")
        AWAY = "away", _("out of office")
        AUTOMATIC = "automatic", _("sent by a machine")
        BOUNCE = "bounce", _("a mail of ours came back")
        DELAYED = "delayed", _("a mail of ours is late")
        OWN = "own", _("one of our own mails")
        FOREIGN = "foreign", _("belongs to no case")

    class State(models.TextChoices):
        NEW = "new", _("not looked at yet")
        LANDED = "landed", _("stands with its case")
        QUARANTINED = "quarantined", _("set aside for a person to look at")
        IGNORED = "ignored", _("kept, and nothing follows from it")
        STUCK = "stuck", _("could not be read")

    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the mail as it came: taken once.")
    route = models.CharField(max_length=40, help_text="How it came: imap, or the name of a provider's webhook.")
    kind = models.CharField(max_length=10, choices=Kind, blank=True, default=Kind.UNREAD)
    state = models.CharField(max_length=12, choices=State, default=State.NEW)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was set aside or ignored, in a sentence.")
    stored_as = models.CharField(max_length=120, blank=True, help_text="File with the mail as it came; empty: deleted.")

    message_id = models.CharField(max_length=255, blank=True)
    in_reply_to = models.CharField(max_length=255, blank=True)
    from_address = models.CharField(max_length=320, blank=True)
    from_name = models.CharField(max_length=200, blank=True)
    to_address = models.CharField(max_length=320, blank=True, help_text="The address of ours it was sent to.")
    subject = models.CharField(max_length=500, blank=True)
    text = models.TextField(blank=True, help_text="All of it, as text.")
    words = models.TextField(blank=True, help_text="What they wrote, without what they quoted.")
    sent_at = models.DateTimeField(null=True, blank=True, help_text="Theirs.")
    received_at = models.DateTimeField(help_text="Ours.")

    case = models.BigIntegerField(null=True, blank=True, help_text="Number of the case it landed on.")
    thread = models.BigIntegerField(null=True, blank=True, help_text="Conversation its signed address names.")
    is_known_sender = models.BooleanField(default=False, help_text="From an address of the person the case is about.")
    about = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="answers", help_text="Mail of ours."
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    handled_at = models.DateTimeField(null=True, blank=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = InboundQuerySet.as_manager()

    @property
    def reason_in_words(self) -> str:
        """`reason` in the language of whoever looks."""
        return in_words(self.reason)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["received_at"], condition=models.Q(state="new"), name="inbound_to_read"),
            models.Index(
                fields=["received_at"], condition=models.Q(state__in=["quarantined", "stuck"]), name="inbound_set_aside"
            ),
            models.Index(fields=["case", "id"], name="inbound_of_a_case"),
            models.Index(fields=["from_address", "-id"], name="inbound_from"),
        ]

    def __str__(self) -> str:
        return f"{self.kind or 'mail'} from {self.from_address} ({self.state})"


class Attachment(models.Model):
    """A file that came with a mail. Stored under a name of ours, and only ever handed out as a download."""

    inbound = models.ForeignKey(Inbound, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=200, help_text="Theirs, made harmless.")
    content_type = models.CharField(max_length=120)
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    stored_as = models.CharField(max_length=120, blank=True, help_text="Empty: not kept, see reason.")
    reason = models.CharField(max_length=200, blank=True)

    @property
    def reason_in_words(self) -> str:
        """`reason` in the language of whoever looks."""
        return in_words(self.reason)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class Position(models.Model):
    """How far a mailbox has been read: by its own numbers, which begin anew with `validity`."""

    mailbox = models.CharField(max_length=200, unique=True, help_text="User, host and folder.")
    validity = models.BigIntegerField(default=0)
    read_to = models.BigIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.mailbox
