"""A ticket with everything that belongs to it: what was decided, promised, done, said and sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Model, QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from followups.at_once import read_at_once
from followups.models import (
    Action,
    ActionMove,
    ContactAttempt,
    Deadline,
    Decision,
    DismissalRequest,
    Event,
    Initiative,
    Note,
    Reply,
    Resolution,
    SlaPolicy,
    Ticket,
    Verdict,
    Watcher,
)
from followups.next_step import Known
from followups.serializers.people import PersonSerializer
from followups.serializers.tickets import TicketSerializer
from nps_loop.mail.models import Message, Stream
from surveys.models import Response


class WordsField(serializers.CharField):
    """The customer's words: null while a hold hides them from whoever asks."""

    shown_where = ("words_shown",)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, allow_null=True, **kwargs)

    def get_attribute(self, instance: Any) -> Any:
        return super().get_attribute(instance) if all(self.context[name] for name in self.shown_where) else None


class LetterField(WordsField):
    """What was written to the customer, by name and quoting: null for whoever may not read the one or the other."""

    shown_where = ("words_shown", "name_shown")


class AnswerSerializer(serializers.ModelSerializer[Response]):
    """The answer a ticket is about."""

    source = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    verbatim = WordsField()

    class Meta:
        model = Response
        fields = [
            "id", "source", "external_id", "survey_kind", "score", "band", "verbatim", "language", "driver",
            "contact_me", "share_name", "product", "attributes", "segment", "region", "responded_at", "received_at",
            "undated", "revision", "excluded_as",
        ]  # fmt: skip
        read_only_fields = fields


class DeadlineSerializer(serializers.ModelSerializer[Deadline]):
    """A time something is owed by, and from what it was worked out."""

    policy = serializers.CharField(source="policy.__str__", read_only=True)
    calendar = serializers.CharField(source="calendar.__str__", read_only=True)
    is_open = serializers.BooleanField(read_only=True)
    why = serializers.SerializerMethodField()

    class Meta:
        model = Deadline
        fields = [
            "cycle", "target", "ordinal", "clock", "policy", "calendar", "starts_at", "minutes", "due_at",
            "promised_at", "met_at", "dropped_at", "is_open", "why",
        ]  # fmt: skip
        read_only_fields = fields

    def get_why(self, deadline: Deadline) -> str:
        start = f"from {deadline.starts_at:%Y-%m-%d %H:%M} UTC, by the policy “{deadline.policy}”"
        if deadline.clock == SlaPolicy.Clock.CUSTOMER:
            return f"{deadline.minutes / 60:g} hours of the customer's time {start}. This clock never pauses."
        return (
            f"{deadline.minutes / 60:g} working hours {start}, counted in the working time of “{deadline.calendar}” "
            "and less the time in which the customer was asked something."
        )


class ActionMoveSerializer(serializers.ModelSerializer[ActionMove]):
    by = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = ActionMove
        fields = ["from_at", "to_at", "reason", "by", "happened_at"]
        read_only_fields = fields


class ActionSerializer(serializers.ModelSerializer[Action]):
    owner = PersonSerializer(read_only=True)
    planned_by = PersonSerializer(read_only=True, allow_null=True)
    moves = ActionMoveSerializer(many=True, read_only=True)

    class Meta:
        model = Action
        fields = [
            "id", "cycle", "title", "owner", "planned_by", "state", "due_at", "first_promised_at", "told_at",
            "planned_at", "done_at", "what_changed", "dropped_at", "dropped_reason", "note", "moves",
        ]  # fmt: skip
        read_only_fields = fields


class AttemptSerializer(serializers.ModelSerializer[ContactAttempt]):
    by = PersonSerializer(read_only=True, allow_null=True)
    message = serializers.IntegerField(source="message_id", read_only=True, allow_null=True)
    is_evidence = serializers.BooleanField(read_only=True)

    class Meta:
        model = ContactAttempt
        fields = [
            "id", "cycle", "by", "channel", "outcome", "happened_at", "recorded_at", "note", "line_for_customer",
            "next_try_at", "message", "is_evidence", "evidence_from", "voided_at",
        ]  # fmt: skip
        read_only_fields = fields


class ResolutionSerializer(serializers.ModelSerializer[Resolution]):
    root_cause = serializers.SlugRelatedField(slug_field="slug", read_only=True, allow_null=True)
    by = PersonSerializer(read_only=True, allow_null=True)
    message = serializers.IntegerField(source="message_id", read_only=True, allow_null=True)

    class Meta:
        model = Resolution
        fields = [
            "cycle", "root_cause", "what_changed", "why_it_happened", "told", "no_mail_reason", "message", "by",
            "happened_at", "voided_at", "differ_text",
        ]  # fmt: skip
        read_only_fields = fields


class DismissalRequestSerializer(serializers.ModelSerializer[DismissalRequest]):
    asked_by = PersonSerializer(read_only=True, allow_null=True)
    decided_by = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = DismissalRequest
        fields = ["reason", "explanation", "asked_by", "asked_at", "decided_by", "decided_at", "approved"]
        read_only_fields = fields


class NoteSerializer(serializers.ModelSerializer[Note]):
    by = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Note
        fields = ["id", "by", "text", "happened_at"]
        read_only_fields = fields


class ReplySerializer(serializers.ModelSerializer[Reply]):
    text = WordsField()
    logged_by = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Reply
        fields = ["id", "cycle", "via", "text", "to_personal_mail", "says_settled", "logged_by", "happened_at"]
        read_only_fields = fields


class VerdictSerializer(serializers.ModelSerializer[Verdict]):
    text = WordsField()

    class Meta:
        model = Verdict
        fields = ["cycle", "choice", "text", "happened_at"]
        read_only_fields = fields


class MailSerializer(serializers.ModelSerializer[Message]):
    """A mail about the ticket. Links still stand as placeholders: nobody gets a customer's link from here."""

    subject = LetterField()
    text = LetterField()
    written_by = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Message
        fields = [
            "id", "kind", "stream", "state", "reason", "cycle", "subject", "text", "language", "automatic",
            "written_by", "created_at", "send_after", "sent_at", "ended_at",
        ]  # fmt: skip
        read_only_fields = fields


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    """Why there is a ticket, or a hold on it."""

    rule = serializers.CharField(source="rule.__str__", read_only=True, default="")
    hold_rule = serializers.CharField(source="hold_rule.__str__", read_only=True, default="")

    class Meta:
        model = Decision
        fields = ["revision", "outcome", "rule", "hold_rule", "decided_at"]
        read_only_fields = fields


class EventSerializer(serializers.ModelSerializer[Event]):
    actor = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Event
        fields = [
            "seq", "cycle", "verb", "from_state", "to_state", "actor_kind", "actor", "program", "data", "happened_at",
            "recorded_at",
        ]  # fmt: skip
        read_only_fields = fields


class WatcherSerializer(serializers.ModelSerializer[Watcher]):
    user = PersonSerializer(read_only=True)

    class Meta:
        model = Watcher
        fields = ["user", "reason", "detail", "since"]
        read_only_fields = fields


class InitiativeSerializer(serializers.ModelSerializer[Initiative]):
    """An improvement this answer is linked to."""

    class Meta:
        model = Initiative
        fields = ["id", "title", "state"]
        read_only_fields = fields


class OfferSerializer(serializers.Serializer[Any]):
    """A verb, and whether it is open to whoever asks."""

    name = serializers.CharField()
    label = serializers.CharField()
    is_open = serializers.BooleanField()
    why_not = serializers.CharField(help_text="Empty where it is open.")


class NextStepSerializer(serializers.Serializer[Any]):
    """The one thing to do next, as the page names it."""

    verb = serializers.CharField(help_text="Empty: nothing but to look.")
    label = serializers.CharField()
    reason = serializers.CharField()


class TicketDetailSerializer(TicketSerializer):
    """One ticket with all that belongs to it.

    The context adds `offers` (verbs), `next_step`, `messages`, `words_shown` and `name_shown` for whoever asks, and
    `only_promises_of`: the id of somebody who was only given an action and sees the words and own promises, not the
    case around them; else None.
    """

    AROUND = (
        "decisions", "deadlines", "attempts", "resolutions", "dismissal_requests", "notes", "replies", "verdicts",
        "watchers", "messages", "events", "initiatives",
    )  # fmt: skip

    answer = AnswerSerializer(source="response", read_only=True, allow_null=True)
    follows = serializers.IntegerField(source="follows_id", read_only=True, allow_null=True)
    rule = serializers.CharField(source="rule.__str__", read_only=True, default="")
    decisions = DecisionSerializer(many=True, read_only=True)
    deadlines = DeadlineSerializer(many=True, read_only=True)
    actions = ActionSerializer(many=True, read_only=True)
    attempts = AttemptSerializer(many=True, read_only=True)
    resolutions = ResolutionSerializer(many=True, read_only=True)
    dismissal_requests = DismissalRequestSerializer(many=True, read_only=True)
    notes = NoteSerializer(many=True, read_only=True)
    replies = ReplySerializer(many=True, read_only=True)
    verdicts = VerdictSerializer(many=True, read_only=True)
    watchers = WatcherSerializer(many=True, read_only=True)
    messages = serializers.SerializerMethodField()
    events = EventSerializer(many=True, read_only=True)
    initiatives = serializers.SerializerMethodField()
    next_step = serializers.SerializerMethodField()
    verbs = serializers.SerializerMethodField(help_text="What can be done with it, and why not.")

    class Meta(TicketSerializer.Meta):
        fields = [
            *TicketSerializer.Meta.fields, "hold_reason", "bonus", "waiting_from", "wait_count", "question_accepted_at",
            "silence_until", "remind_at", "recovery_on", "follows", "rule", "answer", "decisions", "deadlines",
            "actions", "attempts", "resolutions", "dismissal_requests", "notes", "replies", "verdicts", "watchers",
            "messages", "events", "initiatives", "next_step", "verbs",
        ]  # fmt: skip
        read_only_fields = fields

    def to_representation(self, ticket: Ticket) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(ticket)
        if (user := self.context["only_promises_of"]) is not None:
            shown |= {name: [] for name in self.AROUND} | {"hold_reason": "", "bonus": []}
            shown["actions"] = [action for action in shown["actions"] if action["owner"]["id"] == user]
            if shown["answer"] is not None:
                shown["answer"] |= {"external_id": "", "attributes": {}}
        return shown

    @extend_schema_field(MailSerializer(many=True))
    def get_messages(self, ticket: Ticket) -> Any:
        return MailSerializer(self.context["messages"], many=True, context=self.context).data

    @extend_schema_field(InitiativeSerializer(many=True))
    def get_initiatives(self, ticket: Ticket) -> Any:
        linked = list(ticket.response.initiatives.all()) if ticket.response else []
        return InitiativeSerializer(linked, many=True).data

    @extend_schema_field(NextStepSerializer)
    def get_next_step(self, ticket: Ticket) -> Any:
        return NextStepSerializer(self.context["next_step"]).data

    @extend_schema_field(OfferSerializer(many=True))
    def get_verbs(self, ticket: Ticket) -> Any:
        return OfferSerializer(self.context["offers"], many=True).data


# What the serializer reads of a ticket, by the name it goes by there, with what is joined to each row.
DETAIL_ROWS: dict[str, tuple[type[Model], tuple[str, ...]]] = {
    "decisions": (Decision, ("rule", "hold_rule")),
    "deadlines": (Deadline, ("policy", "calendar")),
    "actions": (Action, ("owner", "planned_by")),
    "attempts": (ContactAttempt, ("by",)),
    "resolutions": (Resolution, ("root_cause", "by")),
    "dismissal_requests": (DismissalRequest, ("asked_by", "decided_by")),
    "notes": (Note, ("by",)),
    "replies": (Reply, ("logged_by",)),
    "verdicts": (Verdict, ()),
    "watchers": (Watcher, ("user",)),
    "events": (Event, ("actor",)),
}


def read_detail(number: int, *also: QuerySet[Any]) -> tuple[Ticket, list[Message]]:
    """A ticket with all rows the serializer shows, and its mails to the customer. One query, `also` read by it too."""
    tickets = Ticket.objects.for_list().select_related("rule", "response__source", "team__calendar").filter(pk=number)
    rows = {
        name: model._default_manager.filter(ticket=number).select_related(*joined) if joined
        else model._default_manager.filter(ticket=number)
        for name, (model, joined) in DETAIL_ROWS.items()
    }  # fmt: skip
    moves = ActionMove.objects.filter(action__ticket=number).select_related("by")
    linked = Initiative.objects.filter(responses__ticket=number)
    mails = Message.objects.filter(case=number).exclude(stream=Stream.STAFF).select_related("written_by").order_by("id")
    read_at_once(tickets, *rows.values(), moves, mails, linked, *also)
    [ticket] = tickets
    # As `prefetch_related` leaves them, which would ask for each by itself.
    vars(ticket)["_prefetched_objects_cache"] = rows
    if ticket.response is not None:
        vars(ticket.response)["_prefetched_objects_cache"] = {"initiatives": linked}
    for action in rows["actions"]:
        vars(action)["_prefetched_objects_cache"] = {"moves": [move for move in moves if move.action_id == action.pk]}
    return ticket, list(mails)


def known_of(ticket: Ticket, mails: Iterable[Message]) -> Known:
    """What the next step hangs on, of a ticket read by `read_detail`. No query."""
    verdicts = sorted(ticket.verdicts.all(), key=lambda row: (row.happened_at, row.pk))
    return Known.of(
        ticket,
        actions=sorted(ticket.actions.all(), key=lambda row: (row.due_at, row.pk)),
        attempts=sorted(ticket.attempts.all(), key=lambda row: (row.happened_at, row.pk)),
        last_verdict=verdicts[-1].choice if verdicts else "",
        mails=mails,
    )
