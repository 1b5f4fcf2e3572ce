"""What each verb takes, one body per verb, every field named. The rules behind them live in `followups.workflow`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from followups import calendars
from followups.improve.linking import TITLE
from followups.models import Action, ContactAttempt, Initiative, RootCause, Ticket
from followups.models.tickets import DismissReason
from followups.workflow.contact import Settlement
from nps_loop.api.fields import DayField, MomentField, StrictSerializer
from nps_loop.people.models import User
from surveys.models import Contact

LARGEST_VERSION = 2**31 - 1
LARGEST_ID = 2**63 - 1
REASONS_TO_DISMISS = [pair for pair in DismissReason.choices if pair[0]]
LINE, TEXT, MAIL = 300, 5_000, 50_000


@extend_schema_field({"oneOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]})
class MorningField(serializers.Field[datetime, Any, Any, Any]):
    """A moment, or a day: then when the ticket's team begins to work on it."""

    def to_internal_value(self, data: Any) -> datetime:
        if not isinstance(data, str) or len(data) != len("2026-11-30"):
            return MomentField().to_internal_value(data)
        team = self.context["ticket"].team
        if team is None:
            raise serializers.ValidationError("Nobody works on this ticket yet: name a time as well.", code="invalid")
        hours = team.calendar.hours
        return calendars.next_working_moment(
            hours, calendars.clock_moment(hours, DayField().to_internal_value(data), 0)
        )

    def to_representation(self, value: datetime) -> str:
        return value.isoformat()


class LooksUp:
    """A field that names a row. What it looks up may be read before it is checked, together with the ticket."""

    _asked: QuerySet[Any] | None = None

    def named(self, data: Any) -> QuerySet[Any] | None:
        """The row that `data` names, or none; None where it cannot name any."""
        raise NotImplementedError

    def look_up(self, data: Any) -> QuerySet[Any] | None:
        """The same, kept for when the field is checked."""
        self._asked = self.named(data)
        return self._asked

    def found(self, data: Any) -> Any:
        rows = self.named(data) if self._asked is None else self._asked
        return None if rows is None else next(iter(rows), None)


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "string"}], "description": "Id or user name."})
class ColleagueField(LooksUp, serializers.Field[User, Any, Any, Any]):
    """An active colleague, by id or user name."""

    def named(self, data: Any) -> QuerySet[User] | None:
        people = User.objects.filter(is_active=True)
        if isinstance(data, int) and not isinstance(data, bool) and 0 < data <= LARGEST_ID:
            return people.filter(pk=data)
        if isinstance(data, str) and data.isprintable() and len(data) <= 150:
            return people.filter(username=data)
        return None

    def to_internal_value(self, data: Any) -> User:
        found: User | None = self.found(data)
        if found is None:
            raise serializers.ValidationError("There is no such active colleague.", code="does_not_exist")
        return found

    def to_representation(self, value: User) -> str:
        return value.username


class RowField(LooksUp, serializers.IntegerField):
    """A row by its key, out of those that `rows` says this ticket and this person may name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 1, "max_value": LARGEST_ID, **kwargs})

    def rows(self) -> Any:
        raise NotImplementedError

    def named(self, data: Any) -> Any:
        try:
            return self.rows().filter(pk=super().to_internal_value(data))
        except serializers.ValidationError:
            return None

    def to_internal_value(self, data: Any) -> Any:
        super().to_internal_value(data)
        found = self.found(data)
        if found is None:
            raise serializers.ValidationError("There is none with this number here.", code="does_not_exist")
        return found

    def run_validators(self, value: Any) -> None:
        """The bounds are those of the key, and it was found."""


class ActionField(RowField):
    """An action of this ticket."""

    def rows(self) -> Any:
        # By the column of the key: Django checks there whether a number fits, and not in a comparison of rows.
        return Action.objects.filter(ticket__pk=self.context["number"])


class OtherTicketField(RowField):
    """Another ticket that the one who asks may see."""

    def rows(self) -> Any:
        return Ticket.objects.visible_to(self.context["user"]).exclude(pk=self.context["number"])


class ContactField(RowField):
    """A customer of this ticket's account, or of a ticket that the one who asks may see."""

    def rows(self) -> Any:
        seen = Ticket.objects.visible_to(self.context["user"])
        known = Contact.objects.filter(pk__in=seen.values("contact"))
        this = Ticket.objects.filter(pk=self.context["number"])
        return (known | Contact.objects.filter(account__in=this.values("account"))).select_related("account")


class InitiativeField(RowField):
    """Any initiative: they are the whole company's."""

    def rows(self) -> Any:
        return Initiative.objects.all()


class RootCauseField(LooksUp, serializers.SlugRelatedField[RootCause]):
    """A root cause in use, by its slug."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="slug", queryset=RootCause.objects.filter(is_active=True), **kwargs)

    def named(self, data: Any) -> QuerySet[RootCause] | None:
        return RootCause.objects.filter(is_active=True, slug=data) if isinstance(data, str) else None

    def to_internal_value(self, data: Any) -> RootCause:
        if not isinstance(data, str):
            self.fail("invalid")
        cause: RootCause = self.found(data) or super().to_internal_value(data)
        return cause


class VerbSerializer(StrictSerializer):
    """What every verb takes."""

    version = serializers.IntegerField(
        min_value=0, max_value=LARGEST_VERSION, help_text="The ticket's version as you read it; 412 when it is older."
    )

    def looks_up(self) -> list[QuerySet[Any]]:
        """What checking this body looks up, for whoever reads it together with the ticket."""
        return _looked_up(self, self.initial_data)


def _looked_up(body: serializers.Serializer[Any], data: Any) -> list[QuerySet[Any]]:
    found: list[QuerySet[Any]] = []
    for name, field in body.fields.items():
        given = data.get(name) if isinstance(data, Mapping) else None
        if isinstance(field, serializers.Serializer):
            found += _looked_up(field, given)
        elif isinstance(field, LooksUp) and (rows := field.look_up(given)) is not None:
            found.append(rows)
    return found


class NextSerializer(StrictSerializer):
    """Nothing: whoever asks is known, and what they get is chosen here."""


class AssignSerializer(VerbSerializer):
    to = ColleagueField()
    reason = serializers.CharField(
        default="", allow_blank=True, max_length=TEXT, help_text="Needed when somebody else has the ticket."
    )


class ReasonSerializer(VerbSerializer):
    reason = serializers.CharField(max_length=TEXT)


class HoldSerializer(VerbSerializer):
    reason = serializers.CharField(max_length=200)


class SettlementSerializer(StrictSerializer):
    """A talk that settled it."""

    what_was_done = serializers.CharField(max_length=TEXT)
    root_cause = RootCauseField()
    why_it_happened = serializers.CharField(max_length=TEXT)
    told = serializers.ChoiceField(choices=["talk", "mail"], default="talk")

    def validate(self, attrs: dict[str, Any]) -> Any:
        return Settlement(**attrs)


class LogContactSerializer(VerbSerializer):
    channel = serializers.ChoiceField(choices=ContactAttempt.Channel.choices)
    outcome = serializers.ChoiceField(choices=ContactAttempt.Outcome.choices)
    happened_at = MomentField(required=False, allow_null=True, help_text="Now where it is left out.")
    note = serializers.CharField(default="", allow_blank=True, max_length=TEXT, help_text="Only colleagues read it.")
    line_for_customer = serializers.CharField(
        default="", allow_blank=True, max_length=TEXT, help_text="The customer reads it, word for word."
    )
    next_try_at = MomentField(required=False, allow_null=True)
    settled = SettlementSerializer(required=False, allow_null=True, help_text="The talk settled it: resolves at once.")


class LogReplySerializer(VerbSerializer):
    text = serializers.CharField(max_length=MAIL, help_text="What the customer wrote.")
    happened_at = MomentField(required=False, allow_null=True, help_text="Now where it is left out.")
    to_personal_mail = serializers.BooleanField(default=False)
    says_settled = serializers.BooleanField(default=False)


class SendMessageSerializer(VerbSerializer):
    subject = serializers.CharField(max_length=LINE)
    body = serializers.CharField(max_length=MAIL)
    send_after = MomentField(required=False, allow_null=True)
    is_template_unedited = serializers.BooleanField(
        default=False, help_text="An unedited template is no evidence of contact."
    )


class AddActionSerializer(VerbSerializer):
    title = serializers.CharField(max_length=LINE, help_text="What will be done, as the customer reads it.")
    owner = ColleagueField()
    due_on = DayField()
    part = serializers.ChoiceField(choices=["midday", "evening"], default="evening")
    tell_customer = serializers.BooleanField(default=True)
    note = serializers.CharField(default="", allow_blank=True, max_length=TEXT, help_text="Only colleagues read it.")


class MoveActionSerializer(VerbSerializer):
    action = ActionField()
    due_on = DayField()
    reason = serializers.CharField(max_length=TEXT, help_text="The customer reads it.")
    part = serializers.ChoiceField(choices=["midday", "evening"], default="evening")


class DelaySerializer(VerbSerializer):
    due_on = DayField(help_text="By when the promised contact or answer comes instead.")
    part = serializers.ChoiceField(choices=["midday", "evening"], default="evening")
    reason = serializers.CharField(default="", allow_blank=True, max_length=TEXT, help_text="The customer reads it.")


class CompleteActionSerializer(VerbSerializer):
    action = ActionField()
    what_changed = serializers.CharField(max_length=TEXT, help_text="One sentence; the customer reads it.")
    tell_customer = serializers.BooleanField(default=False)


class DropActionSerializer(VerbSerializer):
    action = ActionField()
    reason = serializers.CharField(max_length=TEXT, help_text="The customer reads it.")


class WaitSerializer(VerbSerializer):
    question = serializers.CharField(max_length=MAIL)
    subject = serializers.CharField(default="", allow_blank=True, max_length=LINE)
    until = MorningField(required=False, allow_null=True, help_text="In 5 working days where it is left out.")
    is_template_unedited = serializers.BooleanField(
        default=False, help_text="An unedited template is no evidence of contact."
    )


class ResolveSerializer(VerbSerializer):
    root_cause = RootCauseField(required=False, allow_null=True, default=None)
    what_changed = serializers.CharField(
        default="", allow_blank=True, max_length=TEXT, help_text="The customer reads it."
    )
    why_it_happened = serializers.CharField(
        default="", allow_blank=True, max_length=TEXT, help_text="The customer reads it."
    )
    send_mail = serializers.BooleanField(default=True)
    no_mail_reason = serializers.CharField(default="", allow_blank=True, max_length=LINE)


class AskDismissalSerializer(VerbSerializer):
    reason = serializers.ChoiceField(choices=REASONS_TO_DISMISS)
    explanation = serializers.CharField(default="", allow_blank=True, max_length=TEXT)


class DecideDismissalSerializer(VerbSerializer):
    approve = serializers.BooleanField()


class TextSerializer(VerbSerializer):
    text = serializers.CharField(max_length=TEXT)


class SnoozeSerializer(VerbSerializer):
    until = MomentField(allow_null=True, help_text="Null wakes it.")


class JoinSerializer(VerbSerializer):
    other = OtherTicketField(
        help_text="Number of the ticket whose owner, and for one person whose conversation, this takes."
    )


class SplitSerializer(VerbSerializer):
    contact = ContactField(required=False, allow_null=True, default=None)


class LinkSerializer(VerbSerializer):
    initiative = InitiativeField(
        required=False, allow_null=True, default=None, help_text="Id of an initiative; else name a new one in `title`."
    )
    title = serializers.CharField(
        default="", allow_blank=True, max_length=TITLE, help_text="A new initiative, or the open one of this title."
    )


class LeaveInPeaceSerializer(VerbSerializer):
    root_cause = RootCauseField(required=False, allow_null=True, default=None)
    note = serializers.CharField(default="", allow_blank=True, max_length=TEXT, help_text="Only colleagues read it.")


# Verb -> what it takes. The verbs and their order are those of `followups.workflow.table`.
BODIES: dict[str, type[VerbSerializer]] = {
    "assign": AssignSerializer,
    "release": ReasonSerializer,
    "log-contact": LogContactSerializer,
    "log-reply": LogReplySerializer,
    "send-message": SendMessageSerializer,
    "add-action": AddActionSerializer,
    "move-action": MoveActionSerializer,
    "delay": DelaySerializer,
    "complete-action": CompleteActionSerializer,
    "drop-action": DropActionSerializer,
    "wait": WaitSerializer,
    "resume": VerbSerializer,
    "resolve": ResolveSerializer,
    "reopen": ReasonSerializer,
    "ask-dismissal": AskDismissalSerializer,
    "decide-dismissal": DecideDismissalSerializer,
    "hold": HoldSerializer,
    "unhold": VerbSerializer,
    "note": TextSerializer,
    "snooze": SnoozeSerializer,
    "join": JoinSerializer,
    "split": SplitSerializer,
    "link": LinkSerializer,
    "leave-in-peace": LeaveInPeaceSerializer,
    "agree-to-differ": TextSerializer,
}
