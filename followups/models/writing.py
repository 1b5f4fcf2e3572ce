"""What is written with: texts to begin from, and what somebody is in the middle of writing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from followups.models.tickets import Ticket
from followups.variables import VARIABLES, unknown_in
from nps_loop.mail.models import Message


class LetterTemplateQuerySet(models.QuerySet["LetterTemplate"]):
    def offered_in(self, language: str) -> LetterTemplateQuerySet:
        """Those to begin from in a customer's language, in the order of the list."""
        return self.filter(is_active=True, language=language)


class LetterTemplate(models.Model):
    """A text to begin a mail from, or a passage to put into one, edited by leads. Variables stand in braces."""

    class Step(models.TextChoices):
        FIRST_CONTACT = "first_contact", "First contact"
        QUESTION = "question", "Question"
        UPDATE = "update", "Update"
        RESOLUTION = "resolution", "Resolution"
        PASSAGE = "passage", "Passage for any mail"

    name = models.CharField(max_length=120)
    step = models.CharField(max_length=15, choices=Step)
    language = models.CharField(max_length=10, choices=settings.LANGUAGES, default="en")
    subject = models.CharField(max_length=300, blank=True, help_text="Empty: what the answer was about.")
    text = models.TextField(max_length=10_000)
    position = models.PositiveIntegerField(default=100)
    is_active = models.BooleanField(default=True)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )

    objects = LetterTemplateQuerySet.as_manager()

    class Meta:
        ordering = ["language", "step", "position", "name"]
        constraints = [
            models.UniqueConstraint(fields=["language", "step", "name"], name="one_template_per_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"

    def clean(self) -> None:
        """Refuse variables nobody could fill: a customer would read them in braces."""
        known = ", ".join(f"{{{name}}}" for name in VARIABLES)
        errors = {
            field: f"Unknown: {', '.join(f'{{{name}}}' for name in unknown)}. There are {known}."
            for field in ("subject", "text")
            if (unknown := unknown_in(getattr(self, field)))
        }
        if errors:
            raise ValidationError(errors)


class KeptDraftQuerySet(models.QuerySet["KeptDraft"]):
    def of(self, user: Any, ticket: Ticket) -> KeptDraftQuerySet:
        """What this person is in the middle of writing on this ticket; what has been sent is not among it."""
        return self.filter(user=user, ticket=ticket, message=None)

    def untouched_since(self, moment: datetime) -> KeptDraftQuerySet:
        return self.filter(kept_at__lt=moment)


class KeptDraft(models.Model):
    """What somebody typed into a form of a ticket and has not sent. Only who wrote it sees it.

    With `message` it is what that mail was made of, kept for as long as the mail can be taken back.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="kept_drafts")
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="kept_drafts")
    form = models.CharField(max_length=30, help_text="The verb whose form it was typed into.")
    # Text and not JSON, so that it is read together with the other words of a ticket.
    typed = models.TextField(help_text="The fields by name, as JSON.")
    kept_at = models.DateTimeField()
    message = models.OneToOneField(Message, null=True, blank=True, on_delete=models.CASCADE, related_name="typed_as")

    objects = KeptDraftQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "ticket", "form"], condition=Q(message=None), name="one_draft_per_form"
            ),
        ]
        indexes = [models.Index(fields=["kept_at"], name="drafts_by_age")]

    def __str__(self) -> str:
        return f"{self.form} on #{self.ticket_id}"

    @staticmethod
    def packed(fields: Mapping[str, str]) -> str:
        return json.dumps(dict(fields), ensure_ascii=False)

    @staticmethod
    def unpacked(typed: str) -> dict[str, str]:
        found: dict[str, str] = json.loads(typed)
        return found
