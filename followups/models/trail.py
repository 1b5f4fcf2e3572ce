"""What was decided and what happened: append-only, without anybody's words, so that erasure never touches it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from followups.models.routing import Rule
from followups.models.rules import Calendar, SlaPolicy
from followups.models.standing import StoodKey, StoodMoment, StoodWord, StoodYesNo
from followups.models.teams import Away
from followups.models.tickets import Ticket
from followups.models.work import Action
from surveys.models import Response

if TYPE_CHECKING:
    from nps_loop.people.models import User


class Decision(models.Model):
    """Per response revision: the rule that matched, or why there is no ticket."""

    class Outcome(models.TextChoices):
        OPENED = "opened", _("a ticket was opened")
        HAS_TICKET = "has_ticket", _("its ticket is already there")
        NO_RULE = "no_rule", _("no rule asks for a ticket")
        HISTORY = "history", _("too old or undated when received")
        EXCLUDED = "excluded", _("left out of the figures")
        TOLD_NOT_TO = "told_not_to", _("imported without follow-up")

    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="decisions")
    revision = models.PositiveIntegerField()
    outcome = models.CharField(max_length=12, choices=Outcome)
    rule = models.ForeignKey(Rule, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    hold_rule = models.ForeignKey(Rule, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ticket = models.ForeignKey(Ticket, null=True, blank=True, on_delete=models.CASCADE, related_name="decisions")
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["response", "revision"], name="one_decision_per_revision")]


class AssignmentRound(models.Model):
    """One pass of the assigner: who could take tickets, how loaded they were, who could not and why."""

    happened_at = models.DateTimeField()
    candidates = models.JSONField(help_text="[{user, team, load, capacity, hours, left?}, …] as the round began.")
    exclusions = models.JSONField(help_text="[{user, team, code, until?}, …]")
    tickets = models.PositiveIntegerField(default=0)
    left_waiting = models.PositiveIntegerField(default=0)


class Conflict(models.Model):
    """The answer complains about an employee: the assigner never gives the ticket to them. No words, only why."""

    class Because(models.TextChoices):
        COMPLAINT = "complaint", _("the words complain about them")
        UNCLEAR = "unclear", _("they are named by an unhappy customer, and not praised")

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="conflicts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    because = models.CharField(max_length=10, choices=Because)
    found_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "user"], name="one_conflict_per_ticket_and_person")]


class FirstContact(models.TextChoices):
    """When the first contact of the first cycle was, by evidence, against its deadline."""

    IN_TIME = "in_time", _("in time")
    LATER = "later", _("later")
    NONE = "none", _("not yet")

    @classmethod
    def of(cls, deadlines: Iterable[Deadline]) -> FirstContact:
        """By the deadlines of one ticket; several may have been owed, where the customer changed their mind."""
        target = Deadline.Target.FIRST_CONTACT
        owed = [row for row in deadlines if row.cycle == 0 and row.target == target and row.met_at is not None]
        if any(row.met_at is not None and row.met_at <= row.due_at for row in owed):
            return cls.IN_TIME
        return cls.LATER if owed else cls.NONE


class Event(models.Model):
    """One change of one ticket. `seq` equals the ticket's version after it; replay by seq gives the present state."""

    class Actor(models.TextChoices):
        PERSON = "person"
        CUSTOMER = "customer"
        SYSTEM = "system"
        PROGRAM = "program"

    # The constraint below begins with the ticket, and nobody asks for all events of somebody.
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="events", db_index=False)
    seq = models.PositiveIntegerField()
    cycle = models.PositiveSmallIntegerField(default=0)
    actor_kind = models.CharField(max_length=8, choices=Actor)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    program = models.BigIntegerField(null=True, blank=True, help_text="Key of the API key that acted.")
    verb = models.CharField(max_length=30)
    from_state = models.CharField(max_length=20, blank=True)
    to_state = models.CharField(max_length=20, blank=True)
    data = models.JSONField(default=dict, blank=True, help_text="Ids and codes only, never words.")
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    # How the ticket stood after it. `first_contact` is empty where the event changed nothing about it.
    then_state = StoodWord(max_length=20, blank=True, default="", editable=False)
    then_closed_as = StoodWord(max_length=20, blank=True, default="", editable=False)
    then_dismissed_as = StoodWord(max_length=20, blank=True, default="", editable=False)
    then_owner_id = StoodKey(null=True, editable=False)
    then_team_id = StoodKey(null=True, editable=False)
    then_nobody_to_reach = StoodYesNo(null=True, editable=False)
    then_left_in_peace = StoodYesNo(null=True, editable=False)
    then_told_at = StoodMoment(null=True, editable=False)
    then_first_contact_at = StoodMoment(null=True, editable=False)
    then_resolved_at = StoodMoment(null=True, editable=False)
    then_closed_at = StoodMoment(null=True, editable=False)
    then_resolution_due_at = StoodMoment(null=True, editable=False)
    then_due_at = StoodMoment(null=True, editable=False)
    then_due_for = StoodWord(max_length=20, blank=True, default="", editable=False)
    then_customer_waits = StoodYesNo(null=True, editable=False)
    then_waiting_until = StoodMoment(null=True, editable=False)
    first_contact = models.CharField(
        max_length=7, choices=FirstContact, blank=True, editable=False,
        help_text="Of cycle 0 against its deadline, where it was met or lost with this event.",
    )  # fmt: skip

    class Meta:
        ordering = ["ticket", "seq"]
        constraints = [models.UniqueConstraint(fields=["ticket", "seq"], name="one_event_per_version")]
        indexes = [models.Index(fields=["verb", "recorded_at"], name="events_by_verb")]


class Deadline(models.Model):
    """A time by which something must have happened, with the versions it was worked out from."""

    class Target(models.TextChoices):
        FIRST_CONTACT = "first_contact", _("first contact")
        ANSWER = "answer", _("answer to a customer")
        NEXT_UPDATE = "next_update", _("next update")
        RESOLUTION = "resolution", _("resolution")

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="deadlines")
    cycle = models.PositiveSmallIntegerField(default=0)
    target = models.CharField(max_length=15, choices=Target)
    ordinal = models.PositiveSmallIntegerField(default=0, help_text="Which of its kind in the cycle.")
    clock = models.CharField(max_length=10, choices=SlaPolicy.Clock)
    policy = models.ForeignKey(SlaPolicy, on_delete=models.PROTECT, related_name="+")
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    minutes = models.PositiveIntegerField(help_text="Length: wall minutes or working minutes, by the clock.")
    due_at = models.DateTimeField()
    promised_at = models.DateTimeField(null=True, blank=True, help_text="End of the half-day the customer was told.")
    met_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True, help_text="No longer owed: dismissed, left in peace.")
    next_step_at = models.DateTimeField(null=True, blank=True, help_text="When the next step of its ladder is due.")
    next_step = models.CharField(max_length=40, blank=True, help_text="Level of that step.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "cycle", "target", "ordinal"], name="one_deadline_per_target"),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(met_at=None, dropped_at=None), name="deadlines_running"),
            # What a tick of the clocks looks for: it holds only what still has a step before it.
            models.Index(
                fields=["next_step_at", "id"],
                condition=models.Q(met_at=None, dropped_at=None, next_step_at__isnull=False),
                name="deadlines_to_climb",
            ),
        ]

    @property
    def is_open(self) -> bool:
        return self.met_at is None and self.dropped_at is None

    @property
    def key(self) -> tuple[int, int, str, int]:
        """What an escalation has in common with the deadline it is about."""
        return self.ticket_id, self.cycle, self.target, self.ordinal

    @property
    def recovered_after(self) -> timedelta | None:
        """How late it was met after all; None where it was met in time, or not yet."""
        return self.met_at - self.binding_at if self.met_at and self.met_at > self.binding_at else None

    @property
    def binding_at(self) -> datetime:
        """The earlier of what the customer was told and what the policy says."""
        return min(self.due_at, self.promised_at) if self.promised_at else self.due_at


class EscalationQuerySet(models.QuerySet["Escalation"]):
    def visible_to(self, user: User) -> EscalationQuerySet:
        """Those of tickets this person may see, and of teams they direct."""
        if user.is_superuser:
            return self
        tickets = Ticket.objects.visible_to(user).order_by().values("pk")
        return self.filter(models.Q(ticket__in=tickets) | models.Q(ticket__team__director=user))

    def unanswered(self) -> EscalationQuerySet:
        """Somebody was told, and nobody has said since that they look after it."""
        return self.filter(told_at__isnull=False, acknowledged_at=None)

    def about(self, key: tuple[int, int, str, int]) -> EscalationQuerySet:
        """All of one deadline."""
        ticket, cycle, target, ordinal = key
        return self.filter(ticket=ticket, cycle=cycle, target=target, ordinal=ordinal)


class Escalation(models.Model):
    """A step that was reached, whether anybody was told of it or not: once per ticket, cycle, target and level."""

    class Level(models.TextChoices):
        """Levels that the program itself knows; a ladder has others."""

        HALF = "half", _("half of the time was gone and everybody was full")
        UNOWNED = "unowned", _("half of the time is gone and nobody has it")
        SOON = "soon", _("the owner is warned")
        LATE = "late", _("the lead is told")
        DIRECTOR = "director", _("the director is told")
        UNASSIGNED = "unassigned", _("nobody took it")

    class Untold(models.TextChoices):
        """Why a step that was reached told nobody."""

        TOO_LATE = "too_late", _("it was too late for a warning")
        HISTORY = "history", _("the answer is an old one")
        OWNED = "owned", _("somebody had it already")
        MET = "met", _("it was done by then")
        RESTING = "resting", _("nobody was at work on it by then")
        ACKNOWLEDGED = "acknowledged", _("somebody looked after it already")
        NOBODY = "nobody", _("there is nobody to tell")

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="escalations")
    cycle = models.PositiveSmallIntegerField()
    target = models.CharField(max_length=15, choices=Deadline.Target)
    ordinal = models.PositiveSmallIntegerField(default=0)
    level = models.CharField(max_length=40)
    step = models.ForeignKey("LadderStep", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    happened_at = models.DateTimeField()
    tell_at = models.DateTimeField(
        null=True, blank=True, help_text="Quiet hours and digests: not before. Empty: never."
    )
    told_at = models.DateTimeField(null=True, blank=True)
    told_to = models.JSONField(default=list, blank=True, help_text="Keys of the colleagues who were told.")
    untold = models.CharField(max_length=12, choices=Untold, blank=True, help_text="Why nobody was told.")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = EscalationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "cycle", "target", "ordinal", "level"], name="one_escalation_per_level"
            ),
        ]
        indexes = [
            models.Index(
                fields=["tell_at", "id"],
                condition=models.Q(told_at=None, tell_at__isnull=False),
                name="escalations_to_tell",
            ),
            models.Index(fields=["-happened_at", "-id"], name="escalations_newest_first"),
        ]

    @property
    def key(self) -> tuple[int, int, str, int]:
        """The same as that of the deadline it is about."""
        return self.ticket_id, self.cycle, self.target, self.ordinal

    def __str__(self) -> str:
        return f"{self.level} of {self.target} of #{self.ticket_id}"


class Watcher(models.Model):
    """Somebody who follows a ticket, with the reason they read."""

    class Reason(models.TextChoices):
        PASSED_OVER = "passed_over", _("account owner who was passed over")
        SAME_ACCOUNT = "same_account", _("account owner of a second unhappy person")
        NAMED = "named", _("named in the customer's words")
        CHOSE = "chose", _("chose to")

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="watchers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="watching")
    reason = models.CharField(max_length=15, choices=Reason)
    detail = models.CharField(max_length=200, blank=True, help_text="Code of why they were passed over.")
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "user"], name="one_watch_per_ticket")]


class CoverQuerySet(models.QuerySet["Cover"]):
    def open(self) -> CoverQuerySet:
        """What somebody still holds for an absent colleague."""
        return self.filter(back_at=None)

    def to_give_back(self, moment: datetime) -> CoverQuerySet:
        """Open ones of people who are not away any more."""
        return self.open().exclude(Exists(Away.objects.at(moment).filter(user=OuterRef("absent"))))


class Cover(models.Model):
    """A ticket, or one promise on it, that somebody holds while its owner is away. Open until the owner is back."""

    class Outcome(models.TextChoices):
        OPEN = "", _("not over yet")
        BACK = "back", _("went back")
        STAYED = "stayed", _("stays: the customer was spoken to, or promised something, meanwhile")
        GIVEN = "given", _("was given to somebody else meanwhile")
        OVER = "over", _("was over before")
        GONE = "gone", _("stays: its owner takes no tickets any more")

    away = models.ForeignKey(Away, null=True, on_delete=models.SET_NULL, related_name="covers")
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="covers")
    action = models.ForeignKey(
        Action, null=True, blank=True, on_delete=models.CASCADE, related_name="covers",
        help_text="The promise that is covered; empty: the ticket is.",
    )  # fmt: skip
    absent = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="covered")
    delegate = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+",
        help_text="Whom the absence named then.",
    )  # fmt: skip
    to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="covering",
        help_text="Who got it; empty: whoever the assigner found.",
    )  # fmt: skip
    at = models.DateTimeField()
    back_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=6, choices=Outcome, blank=True, default=Outcome.OPEN)

    objects = CoverQuerySet.as_manager()

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["away", "ticket"], condition=Q(action=None, back_at=None), name="one_open_cover_of_a_ticket"
            ),
            models.UniqueConstraint(
                fields=["away", "action"],
                condition=Q(action__isnull=False, back_at=None),
                name="one_open_cover_of_an_action",
            ),
        ]
        indexes = [
            models.Index(fields=["absent"], condition=Q(back_at=None), name="covers_open"),
            models.Index(fields=["to"], condition=Q(back_at=None), name="covers_held"),
        ]
