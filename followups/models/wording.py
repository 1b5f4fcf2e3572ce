"""What leads let the automatic mails say, in versions. One in force is never changed: the next one takes its place."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from followups.mail_kinds import KINDS, PARTS
from followups.variables import used_in
from surveys.models import Brand, Touchpoint
from surveys.scoring import Band


class MailWordingQuerySet(models.QuerySet["MailWording"]):
    def in_force(self) -> MailWordingQuerySet:
        return self.filter(state=MailWording.State.ACTIVE)

    def drafts(self) -> MailWordingQuerySet:
        return self.filter(state=MailWording.State.DRAFT)

    def with_places(self) -> MailWordingQuerySet:
        """With all that says where it applies and who wrote it."""
        return self.select_related("touchpoint", "brand", "made_by", "put_in_force_by")


class MailWording(models.Model):
    """Words for one kind of automatic mail in one language, for all customers or those of a band, touchpoint, brand.

    Rows of one `place` are versions of the same thing: one is in force at most, one is being written at most. A part
    left empty says what is shipped.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        ACTIVE = "active", _("in force")
        RETIRED = "retired", _("retired")

    # What a version in force may still become, beside nothing else of it changing.
    MAY_CHANGE = frozenset({"state", "retired_at"})

    kind = models.CharField(max_length=40)
    band = models.CharField(max_length=10, choices=Band, blank=True)
    touchpoint = models.ForeignKey(Touchpoint, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    brand = models.ForeignKey(Brand, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    language = models.CharField(max_length=10, choices=settings.LANGUAGES, default="en")
    place = models.CharField(max_length=120, editable=False, help_text="Kind and what it is for, as one word.")
    version = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    edits = models.PositiveIntegerField(default=0, help_text="Raised by every change of a draft.")

    subject = models.CharField(max_length=200, blank=True)
    opening = models.TextField(max_length=3_000, blank=True)
    closing = models.TextField(max_length=3_000, blank=True)

    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    in_force_from = models.DateTimeField(null=True, blank=True)
    put_in_force_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = MailWordingQuerySet.as_manager()

    class Meta:
        ordering = ["place", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["place", "version"], name="one_wording_per_version"),
            models.UniqueConstraint(fields=["place"], condition=Q(state="active"), name="one_wording_in_force"),
            models.UniqueConstraint(fields=["place"], condition=Q(state="draft"), name="one_draft_of_a_wording"),
        ]

    def __str__(self) -> str:
        return f"{self.place}, version {self.version}"

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_in_force(self) -> bool:
        return self.state == self.State.ACTIVE

    @property
    def parts(self) -> dict[str, str]:
        """Subject, opening and closing, as far as they say something."""
        return {part: getattr(self, part) for part in PARTS if getattr(self, part)}

    def own_place(self) -> str:
        """Kind, language and what it is for, as `place` keeps it: unique where a nullable column could not be."""
        where = (self.kind, self.language, self.band, self.touchpoint_id or "", self.brand_id or "")
        return ":".join(map(str, where))

    def clean(self) -> None:
        """Refuse what no mail could say, and any change of a version that is or was in force."""
        if self.kind not in KINDS:
            raise ValidationError({"kind": gettext("There is no such mail.")})
        kind = KINDS[self.kind]
        errors = {}
        known = ", ".join(f"{{{name}}}" for name in kind.variables)
        for part, text in self.parts.items():
            if part not in kind.parts:
                errors[part] = gettext("This mail has nothing to word there. Leave it empty.")
            elif unknown := [f"{{{name}}}" for name in used_in(text) if name not in kind.variables]:
                words = {"unknown": ", ".join(unknown), "known": known}
                errors[part] = gettext("Unknown in this mail: %(unknown)s. There are %(known)s.") % words
        if self.band and not kind.by_band:
            errors["band"] = gettext("This mail goes to one band only. Leave it empty.")
        if errors:
            raise ValidationError(errors)
        self._refuse_changes()

    def _refuse_changes(self) -> None:
        stored = type(self)._base_manager.filter(pk=self.pk).first() if self.pk else None
        if stored is None or stored.is_draft:
            return
        fields = [field for field in self._meta.concrete_fields if field.name not in self.MAY_CHANGE]
        changed = [str(field.verbose_name) for field in fields if _differs(stored, self, field.attname)]
        if changed or self.is_draft:
            raise ValidationError(
                gettext("This version has been in force, so it cannot change. Write the next one in its place.")
            )

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.place = self.own_place()
        self.clean()
        super().save(*args, **kwargs)


def _differs(one: MailWording, other: MailWording, attribute: str) -> bool:
    return bool(getattr(one, attribute) != getattr(other, attribute))
