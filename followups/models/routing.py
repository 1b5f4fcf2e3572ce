"""Which answers open a ticket, and where it goes: ordered rules, kept in books. A book in force is never changed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import IsNull
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from followups.models.rules import ImmutableOnceUsed


class RuleBookQuerySet(models.QuerySet["RuleBook"]):
    def in_force(self) -> RuleBookQuerySet:
        """The one book that decides."""
        return self.filter(in_force_from__isnull=False, retired_at=None)

    def drafts(self) -> RuleBookQuerySet:
        """The one book somebody is still writing, if there is one."""
        return self.filter(in_force_from=None)


class RuleBook(models.Model):
    """All rules as they were in force for a time. A draft is in force since never, and the only one that is changed."""

    number = models.PositiveIntegerField(unique=True)
    note = models.CharField(max_length=300, blank=True, help_text="What changed, as its maker says it.")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    edits = models.PositiveIntegerField(default=0, help_text="Raised by every change of a draft.")
    in_force_from = models.DateTimeField(null=True, blank=True)
    put_in_force_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = RuleBookQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                IsNull(F("retired_at"), True),
                condition=Q(in_force_from__isnull=False, retired_at=None),
                name="one_book_in_force",
            ),
            models.UniqueConstraint(
                IsNull(F("in_force_from"), True), condition=Q(in_force_from=None), name="one_draft_of_a_book"
            ),
            models.CheckConstraint(
                condition=Q(retired_at=None) | Q(in_force_from__isnull=False), name="only_what_was_in_force_retires"
            ),
        ]

    def __str__(self) -> str:
        return f"Rules, version {self.number}"

    @property
    def is_draft(self) -> bool:
        return self.in_force_from is None

    @property
    def is_in_force(self) -> bool:
        return self.in_force_from is not None and self.retired_at is None


class Rule(ImmutableOnceUsed):
    """Conditions an answer must meet, and what then happens to it. Ordered; of each kind the first match wins.

    Each book has its own rows, so a decision points at the rule as it stood. `version` rises only where the rule itself
    changed: in the next book an untouched rule keeps its version.
    """

    class Kind(models.TextChoices):
        OPEN = "open", _("opens a ticket")
        HOLD = "hold", _("puts a hold on it")

    class Priority(models.TextChoices):
        NORMAL = "normal", _("normal")
        HIGH = "high", _("high")
        URGENT = "urgent", _("urgent")

    MAY_CHANGE = frozenset({"used_at"})
    # What a rule says, beside where it stands.
    SAYS = (
        "name", "kind", "bands", "contact_me", "words", "touchpoints", "survey_kinds", "products", "segments",
        "regions", "languages", "value_from", "value_to", "business_units", "brands", "team_id", "owner_first",
        "policy_slug", "priority", "skills",
    )  # fmt: skip

    book = models.ForeignKey(RuleBook, on_delete=models.CASCADE, related_name="rules")
    slug = models.SlugField(max_length=60, help_text="The same in every book: what the rule is called in figures.")
    version = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=5, choices=Kind, default=Kind.OPEN)
    position = models.PositiveIntegerField(default=100)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    # --- when: every condition that is stated must be true; an empty list states nothing
    bands = models.JSONField(default=list, blank=True, help_text="Empty: any score.")
    contact_me = models.BooleanField(null=True, blank=True, help_text="None: whatever the customer chose.")
    words = models.JSONField(default=list, blank=True, help_text="Any of these in the words; empty: any words or none.")
    touchpoints = models.JSONField(default=list, blank=True, help_text="Slugs; empty: all.")
    survey_kinds = models.JSONField(default=list, blank=True, help_text="Empty: all.")
    products = models.JSONField(default=list, blank=True, help_text="Empty: all.")
    segments = models.JSONField(default=list, blank=True, help_text="Empty: all.")
    regions = models.JSONField(default=list, blank=True, help_text="Empty: all.")
    languages = models.JSONField(default=list, blank=True, help_text="Codes of two letters; empty: all.")
    value_from = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, blank=True, help_text="Annual value of the account, at least."
    )
    value_to = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, blank=True, help_text="Annual value of the account, below."
    )
    business_units = models.JSONField(default=list, blank=True, help_text="Any of the account's; empty: all.")
    brands = models.JSONField(default=list, blank=True, help_text="Slugs; empty: all.")

    # --- then
    team = models.ForeignKey(
        "followups.Team", null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="Empty: the account owner's team, else the touchpoint's, else the default one.",
    )  # fmt: skip
    owner_first = models.BooleanField(
        default=True,
        help_text="On: the account's owner gets the ticket where they can take it. Off: whoever has the least for "
        "their capacity. The assigner reads it as ticket.rule.owner_first; one customer keeps one owner either way.",
    )
    policy_slug = models.SlugField(
        max_length=60, blank=True, help_text="The policy whose active version is pinned; empty: that of the band."
    )
    priority = models.CharField(max_length=6, choices=Priority, default=Priority.NORMAL)
    skills = models.JSONField(
        default=list, blank=True, help_text="What the owner must be able to do; the assigner reads ticket.rule.skills."
    )

    class Meta:
        ordering = ["book", "kind", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["book", "slug"], name="one_rule_per_book")]

    def __str__(self) -> str:
        return f"{self.name}, version {self.version}"

    def clean(self) -> None:
        """A book that is or was in force takes no change, whether this rule of it was used or not."""
        super().clean()
        if not self.book.is_draft:
            raise ValidationError(
                gettext("Version %(number)s of the rules is not a draft, so nothing in it changes. Change the draft.")
                % {"number": self.book.number}
            )

    @property
    def said(self) -> tuple[Any, ...]:
        """What the rule says, to compare two of them by."""
        return tuple(getattr(self, name) for name in self.SAYS)

    def says_the_same(self, other: Rule) -> bool:
        return self.said == other.said
