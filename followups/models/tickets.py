"""The work to close one loop over one response, and the thread with the customer it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from followups.models.routing import Rule
from followups.models.teams import Member, Team
from surveys.models import Account, Brand, Contact, Response
from surveys.scoring import Band

if TYPE_CHECKING:
    from followups.models.work import Action
    from nps_loop.mail.models import Message
    from nps_loop.people.models import User


class Conversation(models.Model):
    """One per contact while open: owner, mail thread and the customer's link live here.

    An answer without a contact gets a conversation of its own.
    """

    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="conversations")
    # Nobody looks conversations up by brand or owner, and without these indexes a new owner rewrites none. That the
    # owner exists is checked with the tickets of the conversation, whose owner it is, written in the same transaction.
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, db_index=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, db_index=False, db_constraint=False
    )
    thread_root = models.CharField(max_length=255, blank=True, help_text="Message-ID the thread starts with.")
    generation = models.PositiveIntegerField(default=1, help_text="Raising it revokes every link given out.")
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact"],
                condition=Q(closed_at=None, contact__isnull=False),
                name="one_open_conversation_per_contact",
            ),
        ]


class TicketState(models.TextChoices):
    NEW = "new", _("New")
    ASSIGNED = "assigned", _("Assigned")
    CONTACTED = "contacted", _("Contacted")
    IN_ACTION = "in_action", _("In action")
    WAITING_ON_CUSTOMER = "waiting_on_customer", _("Waiting on customer")
    RESOLVED = "resolved", _("Resolved")
    CLOSED = "closed", _("Closed")
    DISMISSED = "dismissed", _("Dismissed")


# Somebody still has work to do. Resolved is the customer's turn.
LIVE = (
    TicketState.NEW,
    TicketState.ASSIGNED,
    TicketState.CONTACTED,
    TicketState.IN_ACTION,
    TicketState.WAITING_ON_CUSTOMER,
)
# What counts against a person's capacity: before resolved and not waiting.
AT_WORK = (TicketState.NEW, TicketState.ASSIGNED, TicketState.CONTACTED, TicketState.IN_ACTION)


class ClosedAs(models.TextChoices):
    NONE = "", _("not closed")
    CONFIRMED = "confirmed", _("Confirmed")
    UNCONFIRMED = "unconfirmed", _("Unconfirmed")
    NOT_ASKED = "not_asked", _("Not asked")
    AGREED_TO_DIFFER = "agreed_to_differ", _("Agreed to differ")
    LEFT_IN_PEACE = "left_in_peace", _("Left in peace")


class DismissReason(models.TextChoices):
    NONE = "", _("not dismissed")
    DUPLICATE = "duplicate", _("Duplicate of another ticket")
    TEST = "test", _("A test answer")
    SPAM = "spam", _("Spam")
    MISTAKE = "mistake", _("The customer gave this score by mistake")
    NOT_OURS = "not_ours", _("Not about us")
    ABUSE = "abuse", _("Abusive, nothing to act on")
    NOBODY_TO_REACH = "nobody_to_reach", _("Nobody to reach and nothing to do")


def falls_due(**bounds: datetime) -> Q:
    """Tickets on which our side owes something within bounds, as lookups of a moment: `falls_due(gte=now, lt=then)`.

    At work it is what is due first. While the customer is asked something, targets stand still, but a promise does not:
    then it is the first open action that is due before the ticket comes back by itself.
    """
    return falls_due_among(_promises_that_run_on(), "", bounds)


def falls_due_among(promises: models.QuerySet[Action], prefix: str, bounds: Mapping[str, datetime]) -> Q:
    """The same where `prefix` begins the names of the columns, with the promises that run on beside a question."""
    before = {"gte": "lt", "gt": "lte"}
    found = Q(
        **{f"{prefix}state__in": AT_WORK}, **{f"{prefix}due_at__{name}": moment for name, moment in bounds.items()}
    )
    promised = []
    for name, moment in bounds.items():
        # The first one lies in the bounds where one lies below the upper and none below the lower.
        below = Exists(promises.filter(**{f"{prefix}due_at__{before.get(name, name)}": moment}))
        promised.append(Q(~below) if name in before else Q(below))
    return found | Q(*promised, **{f"{prefix}state": TicketState.WAITING_ON_CUSTOMER})


def falls_due_at() -> Case:
    """When: the moment that `falls_due` compares; null where nothing is owed by us."""
    first = _promises_that_run_on().order_by("due_at").values("due_at")[:1]
    return Case(
        When(state__in=AT_WORK, then=F("due_at")),
        When(state=TicketState.WAITING_ON_CUSTOMER, then=Subquery(first)),
        output_field=models.DateTimeField(),
    )


def _promises_that_run_on() -> models.QuerySet[Action]:
    """Open actions of the ticket outside that are due before it stops waiting; as `next_step.runs_on` has it."""
    from followups.models.work import Action  # rows of work point at tickets

    open_ones = Action.objects.filter(ticket=OuterRef("pk"), state=Action.State.OPEN)
    return open_ones.filter(Q(ticket__waiting_until=None) | Q(due_at__lte=F("ticket__waiting_until")))


class TicketQuerySet(models.QuerySet["Ticket"]):
    def visible_to(self, user: User) -> TicketQuerySet:
        """What this person may see: tickets of own teams, own tickets, and those of actions given to them."""
        if not user.is_active:
            return self.none()
        if user.is_superuser:
            return self
        teams = Member.objects.filter(user=user, is_active=True).values("team")
        actions = user.actions.values("ticket")
        return self.filter(Q(team__in=teams) | Q(owner=user) | Q(pk__in=actions))

    def live(self) -> TicketQuerySet:
        return self.filter(state__in=LIVE)

    def to_ask_again(self, day: date) -> TicketQuerySet:
        """Closed cases whose recovery question is due by that day, the longest due first."""
        return self.filter(state=TicketState.CLOSED, recovery_on__lte=day).order_by("recovery_on", "pk")

    def resolved_together(self) -> TicketQuerySet:
        """Resolved in their present cycle as one of many at once."""
        return self.filter(
            resolved_at__isnull=False,
            resolutions__together=True,
            resolutions__voided_at=None,
            resolutions__cycle=F("cycle"),
        )

    def unassigned(self) -> TicketQuerySet:
        """Live and no owner, in any state."""
        return self.live().filter(owner=None)

    def owned_by(self, user: User) -> TicketQuerySet:
        return self.filter(owner=user)

    def waiting(self) -> TicketQuerySet:
        return self.filter(state=TicketState.WAITING_ON_CUSTOMER)

    def snoozed(self, now: datetime) -> TicketQuerySet:
        return self.live().filter(snoozed_until__gt=now)

    def awake(self, now: datetime) -> TicketQuerySet:
        """Live, not waiting on the customer and not snoozed: what somebody could work on now."""
        return self.filter(state__in=AT_WORK).filter(Q(snoozed_until=None) | Q(snoozed_until__lte=now))

    def late(self, now: datetime) -> TicketQuerySet:
        """What our side owes and is over, a promise on a ticket that waits for its customer included."""
        return self.filter(falls_due(lt=now))

    def left_alone(self, now: datetime) -> TicketQuerySet:
        """At work with somebody who has done nothing on it for so long that a step is due."""
        return self.filter(state__in=AT_WORK, owner__isnull=False, silent_at__lte=now)

    def for_list(self) -> TicketQuerySet:
        """Everything a row of a list shows, in one query."""
        return self.select_related("response__touchpoint", "contact", "account", "owner", "team")

    def in_queue_order(self) -> TicketQuerySet:
        return self.order_by("rank", "id")


class Ticket(models.Model):
    """One loop to close. Its key is its number. State and owner are two facts; only `workflow` changes them."""

    response = models.OneToOneField(Response, null=True, blank=True, on_delete=models.PROTECT, related_name="ticket")
    follows = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="followed_by", db_index=False,
        help_text="The ticket this one takes up again, after the 90 days in which it could be reopened.",
    )  # fmt: skip
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="tickets")
    # Contact, account and team each begin an index of their own below; every index is written anew with every change.
    contact = models.ForeignKey(
        Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="tickets", db_index=False
    )
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.SET_NULL, related_name="tickets", db_index=False
    )
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.PROTECT, related_name="tickets", db_index=False
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="tickets"
    )
    rule = models.ForeignKey(Rule, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    state = models.CharField(max_length=20, choices=TicketState, default=TicketState.NEW)
    closed_as = models.CharField(max_length=20, choices=ClosedAs, blank=True, default=ClosedAs.NONE)
    dismissed_as = models.CharField(max_length=20, choices=DismissReason, blank=True, default=DismissReason.NONE)
    cycle = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=0)

    score = models.PositiveSmallIntegerField(help_text="As on the newest revision.")
    band = models.CharField(max_length=10, choices=Band, help_text="As when the ticket opened.")
    contact_me = models.BooleanField(null=True, blank=True)
    nobody_to_reach = models.BooleanField(default=False)
    left_in_peace = models.BooleanField(default=False, help_text="The customer asked not to be contacted.")
    on_hold = models.BooleanField(default=False)
    hold_reason = models.CharField(max_length=200, blank=True)
    customer_waits = models.BooleanField(
        default=False, help_text="The customer wrote or pressed and awaits our answer."
    )

    opened_at = models.DateTimeField()
    responded_at = models.DateTimeField()
    received_at = models.DateTimeField()
    day = models.DateField(help_text="Day of the answer in the reporting zone: the cohort.")
    assigned_at = models.DateTimeField(null=True, blank=True)
    first_contact_at = models.DateTimeField(null=True, blank=True, help_text="First evidence of contact, any cycle.")
    resolved_at = models.DateTimeField(null=True, blank=True, help_text="Of the present cycle.")
    told_at = models.DateTimeField(
        null=True, blank=True, help_text="Delivered specific mail or talk after the last action."
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()

    due_at = models.DateTimeField(null=True, blank=True, help_text="Earliest open deadline or promise.")
    due_for = models.CharField(max_length=20, blank=True, help_text="Target that is due first.")
    promised_at = models.DateTimeField(null=True, blank=True, help_text="Half-day the customer was told, its end.")
    resolution_due_at = models.DateTimeField(null=True, blank=True, help_text="Of cycle 0: when the cohort counts it.")
    bonus = models.JSONField(default=list, blank=True, help_text="[[reason, hours], …] that moved it up.")
    rank = models.BigIntegerField(default=0, help_text="Seconds since 1970 of due time minus bonus.")

    snoozed_until = models.DateTimeField(null=True, blank=True)
    waiting_until = models.DateTimeField(null=True, blank=True)
    waiting_from = models.CharField(max_length=20, blank=True, help_text="State it goes back to.")
    wait_count = models.PositiveSmallIntegerField(default=0)
    question_accepted_at = models.DateTimeField(null=True, blank=True, help_text="'Is it settled?' left our server.")
    silence_until = models.DateTimeField(null=True, blank=True)
    remind_at = models.DateTimeField(null=True, blank=True)
    recovery_on = models.DateField(
        null=True, blank=True, help_text="Day of the recovery question; empty once it is planned."
    )

    worked_at = models.DateTimeField(null=True, blank=True, help_text="When its owner did something on it, or got it.")
    silent_at = models.DateTimeField(null=True, blank=True, help_text="When the next step towards its owner is due.")
    silent_step = models.PositiveSmallIntegerField(default=0, help_text="Steps taken since: reminded, lead told, …")

    objects = TicketQuerySet.as_manager()

    class Meta:
        ordering = ["rank", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(response__isnull=False) | Q(follows__isnull=False), name="ticket_comes_from_an_answer"
            ),
            models.CheckConstraint(
                condition=Q(state="closed") & ~Q(closed_as="") | ~Q(state="closed") & Q(closed_as=""),
                name="closed_says_how",
            ),
            models.CheckConstraint(
                condition=Q(state="dismissed") & ~Q(dismissed_as="") | ~Q(state="dismissed") & Q(dismissed_as=""),
                name="dismissed_says_why",
            ),
            models.CheckConstraint(condition=Q(score__gte=0, score__lte=10), name="ticket_score_from_0_to_10"),
        ]
        indexes = [
            models.Index(fields=["owner", "rank", "id"], condition=Q(state__in=LIVE), name="queue_of_an_owner"),
            models.Index(fields=["team", "rank", "id"], condition=Q(state__in=LIVE), name="queue_of_a_team"),
            models.Index(fields=["rank", "id"], condition=Q(state__in=LIVE), name="queue_of_everybody"),
            models.Index(
                fields=["opened_at", "id"], condition=Q(state__in=LIVE, owner=None), name="tickets_unassigned"
            ),
            models.Index(
                fields=["rank", "id"], condition=Q(state__in=LIVE, customer_waits=True), name="tickets_to_answer"
            ),
            models.Index(
                fields=["rank", "id"],
                condition=Q(state__in=LIVE, nobody_to_reach=True),
                name="tickets_of_nobody_to_reach",
            ),
            models.Index(fields=["due_at"], condition=Q(state__in=AT_WORK), name="tickets_running_out"),
            models.Index(
                fields=["waiting_until"], condition=Q(state="waiting_on_customer"), name="tickets_to_bring_back"
            ),
            models.Index(fields=["silence_until"], condition=Q(state="resolved"), name="tickets_gone_silent"),
            models.Index(
                fields=["recovery_on"],
                condition=Q(state="closed", recovery_on__isnull=False),
                name="tickets_to_ask_again",
            ),
            models.Index(fields=["remind_at"], condition=Q(state="resolved"), name="tickets_to_remind"),
            models.Index(
                fields=["silent_at"], condition=Q(state__in=AT_WORK, owner__isnull=False), name="tickets_left_alone"
            ),
            # Few tickets take up another; an index of all the others would be written anew with every change.
            models.Index(fields=["follows"], condition=Q(follows__isnull=False), name="tickets_taken_up_again"),
            models.Index(fields=["day", "team"], name="tickets_of_a_cohort"),
            models.Index(fields=["contact", "-id"], name="tickets_of_a_contact"),
            models.Index(fields=["account", "-id"], name="tickets_of_an_account"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @cached_property
    def just_written(self) -> list[Message]:
        """Mails that verbs queued while they had this ticket in hand. Nothing of it is stored."""
        return []

    @property
    def number(self) -> int:
        return self.pk

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def is_reopened(self) -> bool:
        return self.cycle > 0
