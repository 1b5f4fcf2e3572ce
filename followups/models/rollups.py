"""What reports have counted already, day by day, and the marks that say which day must be counted anew.

Everything here can be thrown away and made again from the other rows: `manage.py rebuild_rollups`.
"""

from __future__ import annotations

from typing import Any

from django.db import models

from followups.models.teams import Team
from surveys.models import Survey, Touchpoint
from surveys.scoring import Band


class RollupKind(models.TextChoices):
    """What is counted by day. Each kind has marks and days of its own."""

    ANSWERS = "answers", "answers"
    TICKETS = "tickets", "tickets"
    RECOVERY = "recovery", "recovery"
    INVITATIONS = "invitations", "invitations"
    SIGNALS = "signals", "signals"


class RollupMark(models.Model):
    """Something changed that may change a figure of this day. Only triggers write marks (`followups.rollup_triggers`).

    One day may have many marks: on PostgreSQL writers only append, so that none waits for another.
    """

    kind = models.CharField(max_length=11, choices=RollupKind)
    day = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["kind", "day"], name="rollup_marks_of_a_day")]


class RollupDay(models.Model):
    """A day that was counted. Its figures are those of any moment from `valid_from` to before `stale_at`.

    Between the two nothing comes due and no promise runs out. Empty: there is no such bound.
    """

    kind = models.CharField(max_length=11, choices=RollupKind)
    day = models.DateField()
    layout = models.BigIntegerField(help_text="Of which ways and figures its counts are.")
    valid_from = models.DateTimeField(null=True)
    stale_at = models.DateTimeField(null=True)
    left_out = models.JSONField(default=list, help_text="Ways that have too many groups this day to be kept.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "day"], name="one_rollup_day")]
        indexes = [models.Index(fields=["stale_at"], name="rollup_days_gone_stale")]


class RollupCheck(models.Model):
    """The daily look at a few days: whether what is kept is what a recount finds."""

    day = models.DateField(unique=True)
    checked_at = models.DateTimeField()
    differed = models.JSONField(default=list, help_text="What was found otherwise, one sentence each.")


class Tally(models.Model):
    """Counts of one day, of the rows that one group of one way holds. Way and group are empty for all rows."""

    day = models.DateField()
    way = models.TextField()
    group = models.TextField()

    class Meta:
        abstract = True


class AnswerTally(Tally):
    """Answers by score, and those left out of NPS by why.

    Team and touchpoint are what `answered_to` asks for: the touchpoint is empty where the team alone decides.
    """

    team_id_then = models.BigIntegerField(null=True)
    touchpoint = models.ForeignKey(
        Touchpoint, null=True, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    score_0 = models.IntegerField(default=0)
    score_1 = models.IntegerField(default=0)
    score_2 = models.IntegerField(default=0)
    score_3 = models.IntegerField(default=0)
    score_4 = models.IntegerField(default=0)
    score_5 = models.IntegerField(default=0)
    score_6 = models.IntegerField(default=0)
    score_7 = models.IntegerField(default=0)
    score_8 = models.IntegerField(default=0)
    score_9 = models.IntegerField(default=0)
    score_10 = models.IntegerField(default=0)
    excluded_test = models.IntegerField(default=0)
    excluded_spam = models.IntegerField(default=0)
    excluded_own_staff = models.IntegerField(default=0)
    excluded_duplicate = models.IntegerField(default=0)
    unhappy_accounts = models.BinaryField(default=bytes, help_text="Keys of companies with a counted detractor.")

    class Meta:
        indexes = [models.Index(fields=["way", "day"], name="answer_tallies_of_a_way")]


class OfTickets(Tally):
    """Counts of tickets, by the team and band that access and filters ask for."""

    team = models.ForeignKey(
        Team, null=True, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    band = models.CharField(max_length=10, choices=Band)

    class Meta:
        abstract = True


class TicketTally(OfTickets):
    """Tickets by figure. The bytes are arrays of unsigned numbers, the lowest byte first, so that they add up by
    being put one after the other.

    `counts`: 32 bits for each name of `layout.COUNTED`. `causes`: 32 bits per declared ticket that has a root cause,
    its key. `spoken` and `resolved`: 16 bits per counted ticket where it happened, the code of how long it took.
    `unspoken` and `unresolved`: 32 bits per counted ticket that still waits, the second of the answer since 2000.
    The same on the team clock: `spoken_work` and `resolved_work` as above; `unspoken_work` and `unresolved_work` twice
    32 bits, the key of the calendar and the second since 2000 from which its working time is counted, or 0 and the
    seconds of a wait that stands still. Tickets without any calendar are in none of the four.
    """

    tickets = models.IntegerField(help_text="How many there are.")
    counts = models.BinaryField()
    causes = models.BinaryField()
    spoken = models.BinaryField()
    unspoken = models.BinaryField()
    resolved = models.BinaryField()
    unresolved = models.BinaryField()
    spoken_work = models.BinaryField(default=bytes)
    unspoken_work = models.BinaryField(default=bytes)
    resolved_work = models.BinaryField(default=bytes)
    unresolved_work = models.BinaryField(default=bytes)
    # What the policies behind the first contacts ask for; empty where there are none.
    lowest_goal = models.IntegerField(null=True)
    highest_goal = models.IntegerField(null=True)
    shortest = models.IntegerField(null=True, help_text="Minutes.")
    longest = models.IntegerField(null=True, help_text="Minutes.")
    on_team_clock = models.IntegerField(default=0)
    due_accounts = models.BinaryField(default=bytes, help_text="Keys of companies with a detractor due.")

    class Meta:
        indexes = [models.Index(fields=["way", "day"], name="ticket_tallies_of_a_way")]


class RecoveryTally(OfTickets):
    """Tickets by what was heard after closing; groups of whom nothing was asked or heard have no row."""

    asked_again = models.IntegerField(default=0)
    answered_again = models.IntegerField(default=0, help_text="Of those asked again.")
    recovered_due = models.IntegerField(default=0, help_text="Of those due, those in a better band than they began.")
    later_detractor = models.IntegerField(default=0)
    later_passive = models.IntegerField(default=0)
    later_promoter = models.IntegerField(default=0)
    saved_accounts = models.BinaryField(default=bytes, help_text="Keys of companies with a recovered one.")

    class Meta:
        indexes = [models.Index(fields=["way", "day"], name="recovery_tallies_of_a_way")]


class SignalTally(OfTickets):
    """Tickets by the person whom signals put them down to: how many a signal looks at, and how many it counts.

    Those of declared tickets look at the same ones, `of_declared`.
    """

    person = models.BigIntegerField(null=True, help_text="Key of the person; empty for nobody.")
    of_declared = models.IntegerField(default=0)
    not_told = models.IntegerField(default=0)
    together = models.IntegerField(default=0)
    in_a_hurry = models.IntegerField(default=0)
    not_reached = models.IntegerField(default=0)
    not_asked = models.IntegerField(default=0)
    of_moved = models.IntegerField(default=0)
    moved = models.IntegerField(default=0)
    of_dismissal_asked = models.IntegerField(default=0)
    dismissal_asked = models.IntegerField(default=0)
    of_dismissal_approved = models.IntegerField(default=0)
    dismissal_approved = models.IntegerField(default=0)
    of_corrected = models.IntegerField(default=0)
    corrected = models.IntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["way", "day"], name="signal_tallies_of_a_way")]


class InvitationTally(models.Model):
    """Invitations of one day, by what became of them."""

    day = models.DateField()
    survey = models.ForeignKey(
        Survey, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    touchpoint = models.ForeignKey(
        Touchpoint, null=True, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    state = models.CharField(max_length=10)
    stopped_by = models.CharField(max_length=20)
    invitations = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["day"], name="invitation_tallies_of_a_day")]


TALLIES: dict[str, type[Any]] = {
    RollupKind.ANSWERS: AnswerTally,
    RollupKind.TICKETS: TicketTally,
    RollupKind.RECOVERY: RecoveryTally,
    RollupKind.INVITATIONS: InvitationTally,
    RollupKind.SIGNALS: SignalTally,
}
