"""What is searched, which views people keep, and how much a reason moves a ticket up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from followups.models.teams import Member, Team
from followups.models.tickets import Ticket

if TYPE_CHECKING:
    from nps_loop.people.models import User


class TicketDocument(models.Model):
    """All that a ticket is found by, as PostgreSQL reads it: words, customer, company, phone and number.

    Only the triggers of the migration write it, so no way to change an answer or a name can forget it. A table of its
    own, because a ticket changes with every step and its words hardly ever. On SQLite it stays empty.
    """

    ticket = models.OneToOneField(Ticket, primary_key=True, on_delete=models.CASCADE, related_name="searched")
    document = SearchVectorField()

    def __str__(self) -> str:
        return f"#{self.pk}"


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, user: User) -> SavedViewQuerySet:
        """Own views, and those that colleagues share with a team of this person."""
        teams = Member.objects.filter(user=user, is_active=True).values("team")
        return self.filter(Q(owner=user) | Q(team__in=teams))

    def owned_by(self, user: User) -> SavedViewQuerySet:
        return self.filter(owner=user)

    def of_page(self, page: str) -> SavedViewQuerySet:
        return self.filter(page=page)


class SavedView(models.Model):
    """A filter somebody keeps under a name: the query string of a page, without the place in it."""

    class Page(models.TextChoices):
        QUEUE = "queue", _("My queue")
        TICKETS = "tickets", _("All tickets")
        REPORTS = "reports", _("Reports: overview")
        CLOSURE = "report-closure", _("Reports: closure")
        TIMES = "report-times", _("Reports: times")
        CAUSES = "report-causes", _("Reports: causes")
        PEOPLE = "report-people", _("Reports: people")
        TOUCHPOINTS = "report-touchpoints", _("Reports: touchpoints")
        ACCOUNTS = "report-accounts", _("Reports: accounts")

    # Each value is the name of the page's address. Those of reports hold figures and no rows, so they have no count.
    REPORTS = frozenset(Page.values) - {Page.QUEUE, Page.TICKETS}

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        help_text="Whoever is in it sees the view too; empty: only its owner does.",
    )  # fmt: skip
    name = models.CharField(max_length=60)
    page = models.CharField(max_length=20, choices=Page)
    query = models.CharField(max_length=2000)
    created_at = models.DateTimeField(default=timezone.now)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "page", "name"], name="one_view_per_owner_page_and_name")
        ]
        indexes = [models.Index(fields=["team"], name="views_of_a_team")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_of_report(self) -> bool:
        return self.page in self.REPORTS


# Nobody waits longer than seven such reasons together, whatever an administrator sets.
MOST_HOURS = 72


def _hours(default: int, help_text: str) -> models.PositiveSmallIntegerField[int, int]:
    return models.PositiveSmallIntegerField(
        default=default, validators=[MaxValueValidator(MOST_HOURS)], help_text=help_text
    )


class BonusHours(models.Model):
    """How many hours each reason moves a ticket up in the queue. One row; without it the shipped hours count."""

    lowest_scores = _hours(6, "A score of 0 to 2.")
    low_scores = _hours(3, "A score of 3 to 6.")
    asked_for_contact = _hours(3, "The customer asked to be contacted.")
    large_account = _hours(6, "A large account.")
    middle_account = _hours(3, "A middle-sized account.")
    renews_soon = _hours(6, "The account renews within 60 days.")
    unhappy_again = _hours(6, "The customer was unhappy before.")
    rule_high = _hours(6, "The rule that opened it says high.")
    rule_urgent = _hours(18, "The rule that opened it says urgent.")
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "hours by which a ticket moves up"
        verbose_name_plural = "hours by which tickets move up"
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_row_of_bonus_hours")]

    def __str__(self) -> str:
        return "Hours by which tickets move up"

    @classmethod
    def current(cls) -> BonusHours:
        """What counts now: the stored row, or the shipped hours while there is none. One query."""
        return cls.of(cls.stored())

    @classmethod
    def stored(cls) -> models.QuerySet[BonusHours]:
        """The stored row, if there is one."""
        return cls.objects.filter(pk=1)

    @classmethod
    def of(cls, stored: Iterable[BonusHours]) -> BonusHours:
        """What counts, where `stored` was read."""
        return next(iter(stored), None) or cls(pk=1)
