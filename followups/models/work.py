"""What people do on a ticket, and what customers say back. These rows hold words, so they can be erased."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from followups.models.tickets import DismissReason, Ticket
from nps_loop.mail.models import Message


class RootCause(models.Model):
    """Why it happened, chosen by us from two levels. A retired cause keeps its history."""

    slug = models.SlugField(unique=True, max_length=80)
    name = models.CharField(max_length=120)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    position = models.PositiveIntegerField(default=100)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return f"{self.parent.name}: {self.name}" if self.parent else self.name


class ContactAttempt(models.Model):
    """A try to reach the customer. A talk is evidence of contact, a message left or no answer is a try."""

    class Channel(models.TextChoices):
        PHONE = "phone", _("Phone")
        VIDEO = "video", _("Video")
        VISIT = "visit", _("Visit")
        MAIL = "mail", _("Mail")

    class Outcome(models.TextChoices):
        SPOKE = "spoke", _("We spoke")
        LEFT_MESSAGE = "left_message", _("Left a message")
        NO_ANSWER = "no_answer", _("No answer")
        WRONG_NUMBER = "wrong_number", _("Wrong number")
        SENT = "sent", _("Personal mail")
        REPLIED = "replied", _("The customer replied")

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="attempts")
    cycle = models.PositiveSmallIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    channel = models.CharField(max_length=10, choices=Channel)
    outcome = models.CharField(max_length=15, choices=Outcome)
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    note = models.TextField(blank=True, help_text="Only colleagues read this.")
    line_for_customer = models.TextField(blank=True, help_text="Shown to the customer, word for word.")
    next_try_at = models.DateTimeField(null=True, blank=True)
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        help_text="The personal mail that is the try; it is evidence once the server accepted it.",
    )  # fmt: skip
    evidence_from = models.DateTimeField(null=True, blank=True, help_text="Since when it counts as contact.")
    voided_at = models.DateTimeField(null=True, blank=True, help_text="The mail came back.")

    class Meta:
        ordering = ["happened_at", "id"]
        indexes = [
            models.Index(fields=["ticket", "cycle"], name="attempts_of_a_cycle"),
            models.Index(fields=["message"], condition=Q(message__isnull=False), name="attempt_of_a_mail"),
        ]

    @property
    def is_evidence(self) -> bool:
        return self.evidence_from is not None and self.voided_at is None


# Promises whose owner was not warned, and whose lead was not told, about the date they have now.
UNWARNED = Q(warned_for=None) | Q(warned_for__lt=F("due_at")) | Q(warned_for__gt=F("due_at"))
UNTOLD = Q(late_told_for=None) | Q(late_told_for__lt=F("due_at")) | Q(late_told_for__gt=F("due_at"))


class Action(models.Model):
    """A promise: what will be done, by whom, by when. May belong to anyone, back office included."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        DONE = "done", _("done")
        DROPPED = "dropped", _("dropped")

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="actions")
    cycle = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=300, help_text="What will be done, as the customer reads it.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="actions")
    planned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="actions_planned"
    )
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    due_at = models.DateTimeField()
    first_promised_at = models.DateTimeField(null=True, blank=True, help_text="First date the customer was told.")
    told_at = models.DateTimeField(null=True, blank=True, help_text="When the customer was first told a date.")
    planned_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    what_changed = models.TextField(blank=True, help_text="One sentence; the customer reads it.")
    dropped_at = models.DateTimeField(null=True, blank=True)
    dropped_reason = models.TextField(blank=True, help_text="The customer reads it.")
    note = models.TextField(blank=True, help_text="Only colleagues read this.")
    warned_for = models.DateTimeField(null=True, blank=True, help_text="The due time its owner was warned about.")
    late_told_for = models.DateTimeField(null=True, blank=True, help_text="The due time the lead was told has passed.")

    class Meta:
        ordering = ["due_at", "id"]
        indexes = [
            models.Index(fields=["owner", "due_at"], condition=Q(state="open"), name="actions_of_an_owner"),
            # What the clocks look for. Neither holds what was told already, however long it has been late.
            models.Index(fields=["due_at"], condition=Q(state="open") & UNWARNED, name="actions_to_warn_of"),
            models.Index(fields=["due_at"], condition=Q(state="open") & UNTOLD, name="actions_to_tell_of"),
            models.Index(fields=["due_at"], condition=Q(state="open"), name="actions_running_out"),
        ]

    def __str__(self) -> str:
        return self.title


class ActionMove(models.Model):
    """A date that was moved, with the reason the customer was mailed."""

    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="moves")
    from_at = models.DateTimeField()
    to_at = models.DateTimeField()
    reason = models.TextField(help_text="The customer reads it.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    happened_at = models.DateTimeField()

    class Meta:
        ordering = ["happened_at", "id"]


class Resolution(models.Model):
    """What was done about it, once per cycle: what the customer is asked about."""

    class Told(models.TextChoices):
        MAIL = "mail", _("a resolution mail")
        TALK = "talk", _("settled in the talk")
        NOT_REACHED = "not_reached", _("nobody could be reached")
        NOT_MAILED = "not_mailed", _("not mailed, with a reason")

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="resolutions")
    cycle = models.PositiveSmallIntegerField()
    root_cause = models.ForeignKey(RootCause, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    what_changed = models.TextField(blank=True, help_text="The customer reads it.")
    why_it_happened = models.TextField(blank=True, help_text="The customer reads it.")
    told = models.CharField(max_length=12, choices=Told)
    no_mail_reason = models.CharField(max_length=300, blank=True)
    message = models.ForeignKey(Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    happened_at = models.DateTimeField()
    voided_at = models.DateTimeField(
        null=True, blank=True, help_text="Its mail came back; the ticket is in action again."
    )
    together = models.BooleanField(default=False, help_text="Resolved as one of many at once.")
    differ_text = models.TextField(blank=True, help_text="A lead's reasons on closing as agreed to differ; mailed.")

    class Meta:
        ordering = ["happened_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "cycle"], condition=Q(voided_at=None), name="one_resolution_per_cycle"
            ),
        ]
        indexes = [models.Index(fields=["by", "happened_at"], name="resolutions_of_a_person")]


class DismissalRequest(models.Model):
    """A wish to dismiss, which a lead who is not the owner decides. State and clocks run on meanwhile.

    Decided without a yes or a no, it was withdrawn: the ticket ended another way, or needed nobody's approval.
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="dismissal_requests")
    reason = models.CharField(max_length=20, choices=DismissReason)
    explanation = models.TextField(blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    approved = models.BooleanField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket"], condition=Q(decided_at=None), name="one_open_dismissal_request"),
        ]


class Note(models.Model):
    """Among colleagues. Never shown to a customer."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="notes")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    text = models.TextField()
    happened_at = models.DateTimeField()

    class Meta:
        ordering = ["happened_at", "id"]


class Reply(models.Model):
    """Words of the customer after the answer: a mail an employee logged, or words left on the customer's page."""

    class Via(models.TextChoices):
        MAIL = "mail", _("mail")
        PAGE = "page", _("their page")

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="replies")
    cycle = models.PositiveSmallIntegerField()
    via = models.CharField(max_length=5, choices=Via)
    text = models.TextField()
    to_personal_mail = models.BooleanField(default=False, help_text="It answers a mail a person wrote.")
    says_settled = models.BooleanField(default=False)
    logged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["happened_at", "id"]


class Verdict(models.Model):
    """A press of the customer on their page, with the cycle it showed."""

    class Choice(models.TextChoices):
        SETTLED = "settled", _("settled")
        NOT_YET = "not_yet", _("not yet")
        CALL_ME = "call_me", _("call me instead")
        SOMEBODY_ELSE = "somebody_else", _("somebody else should answer")
        LEAVE_IT = "leave_it", _("leave it")

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="verdicts")
    cycle = models.PositiveSmallIntegerField()
    choice = models.CharField(max_length=15, choices=Choice)
    text = models.TextField(blank=True)
    happened_at = models.DateTimeField()
    in_demo_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        help_text="Staff log-in of the browser; only the demo lets that through.",
    )  # fmt: skip

    class Meta:
        ordering = ["happened_at", "id"]
