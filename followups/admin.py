"""Set-up of teams, working time, targets, rules and causes. Tickets and what happened to them can be looked at."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Max, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from followups import ladders, priority, reranking
from followups.models import (
    Away,
    BonusHours,
    Calendar,
    Deadline,
    Decision,
    Event,
    Initiative,
    LetterTemplate,
    Member,
    RootCause,
    Rule,
    RuleBook,
    SlaPolicy,
    Team,
    Ticket,
)
from nps_loop.people.models import User
from nps_loop.set_up import KeptAdmin, LinesField, ReadOnlyAdmin, ReadOnlyInline, TicksField, ZoneField
from surveys.scoring import Band

MINUTES_A_DAY = 24 * 60


# --- versions --------------------------------------------------------------------------------------------------


class VersionAdmin(admin.ModelAdmin):
    """Rows that are immutable once used: a used one can be switched off or moved; a change is a new version."""

    actions = ["make_new_version"]
    readonly_fields = ["version", "used_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None or obj.used_at is None:
            return list(self.readonly_fields)
        return [field.name for field in obj._meta.fields if field.name not in obj.MAY_CHANGE or field.name == "used_at"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return (obj is None or obj.used_at is None) and super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        # It would delete used versions with the others.
        actions.pop("delete_selected", None)
        return actions

    @admin.action(description="Make a new version of it, switched off", permissions=["add"])
    def make_new_version(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            made = new_version(row)
            self.message_user(request, f"Made “{made}”. Change it, then switch it on and the old one off.")


def new_version(row: Calendar | SlaPolicy) -> Calendar | SlaPolicy:
    """A copy of a version under the next number, unused and switched off."""
    kind = type(row)
    fields = [field for field in kind._meta.concrete_fields if not field.primary_key]
    newest = kind.objects.filter(slug=row.slug).aggregate(newest=Max("version"))["newest"]
    values = {field.attname: getattr(row, field.attname) for field in fields}
    made = kind(**{**values, "version": newest + 1, "used_at": None, "is_active": False})
    made.save()
    if isinstance(row, SlaPolicy) and isinstance(made, SlaPolicy):
        ladders.copy(row, made)
    return made


class CalendarForm(forms.ModelForm):
    zone = ZoneField()

    class Meta:
        model = Calendar
        fields = ["slug", "name", "zone", "weekly", "closed_days", "country", "subdivision", "is_active"]

    def clean_weekly(self) -> list[list[list[int]]]:
        return checked_week(self.cleaned_data["weekly"])

    def clean_closed_days(self) -> list[list[str]]:
        return checked_days(self.cleaned_data["closed_days"])


def checked_week(week: Any) -> list[list[list[int]]]:
    """Seven lists of [from, to] in minutes, blocks in order, somebody working on some day. Raises ValidationError."""
    if not isinstance(week, list) or len(week) != 7 or not all(isinstance(day, list) for day in week):
        raise ValidationError("Seven lists, Monday first: [[[540, 1050]], …, [], []].")
    for day in week:
        last = 0
        for block in day:
            if not isinstance(block, list) or len(block) != 2 or not all(type(minute) is int for minute in block):
                raise ValidationError("Each block is [from, to] in minutes from midnight, such as [540, 1050].")
            start, end = block
            if not last <= start < end <= MINUTES_A_DAY:
                raise ValidationError("Blocks of a day follow each other and end by midnight (1440).")
            last = end
    if not any(week):
        raise ValidationError("Somebody has to work at some time.")
    return week


def checked_days(days: Any) -> list[list[str]]:
    """Closed days as [["2026-12-25", "Christmas Day"], …], in order. Raises ValidationError."""
    try:
        found = {date.fromisoformat(day).isoformat(): str(name)[:100] for day, name in days or []}
    except (TypeError, ValueError):
        raise ValidationError('Each closed day is ["2026-12-25", "Christmas Day"].') from None
    return [[day, name] for day, name in sorted(found.items())]


@admin.register(Calendar)
class CalendarAdmin(VersionAdmin):
    form = CalendarForm
    list_display = ["name", "slug", "version", "zone", "is_active", "used_at"]
    list_filter = ["is_active"]


class SlaPolicyForm(forms.ModelForm):
    bands = TicksField(choices=Band.choices, help_text="None: all of them.")

    class Meta:
        model = SlaPolicy
        fields = [
            "slug", "name", "bands", "position", "first_contact_clock", "first_contact_hours",
            "first_contact_working_days", "answer_working_days", "update_working_days", "resolution_working_days",
            "goal_percent", "is_active",
        ]  # fmt: skip

    def clean_goal_percent(self) -> int:
        goal = int(self.cleaned_data["goal_percent"])
        if not 1 <= goal <= 100:
            raise ValidationError("A goal is 1 to 100 per cent.")
        return goal


@admin.register(SlaPolicy)
class SlaPolicyAdmin(VersionAdmin):
    form = SlaPolicyForm
    list_display = ["name", "slug", "version", "bands", "position", "goal_percent", "is_active", "used_at"]
    list_filter = ["is_active"]


class RuleInline(ReadOnlyInline):
    model = Rule
    fields = ["position", "name", "kind", "slug", "version", "team", "policy_slug", "priority", "used_at"]
    readonly_fields = ["used_at"]


@admin.register(RuleBook)
class RuleBookAdmin(ReadOnlyAdmin):
    """Versions of the rules, to look at. Leads and administrators write them under /rules/, where a draft is tried."""

    list_display = ["number", "in_force_from", "retired_at", "put_in_force_by", "note"]
    list_select_related = ["put_in_force_by"]
    fields = ["number", "note", "made_by", "made_at", "put_in_force_by", "in_force_from", "retired_at"]
    inlines = [RuleInline]


# --- people and causes -----------------------------------------------------------------------------------------


class MemberForm(forms.ModelForm):
    languages = LinesField(
        help_text="Codes, one a line, e.g. en. Empty: any.", widget=forms.Textarea(attrs={"rows": 2})
    )
    skills = LinesField(help_text="One a line.", widget=forms.Textarea(attrs={"rows": 2}))

    class Meta:
        model = Member
        fields = [
            "user", "role", "capacity", "rate_cap", "rate_window_hours", "languages", "skills", "is_active",
        ]  # fmt: skip


class MemberInline(admin.TabularInline):
    model = Member
    form = MemberForm
    extra = 0
    autocomplete_fields = ["user"]


@admin.register(Team)
class TeamAdmin(KeptAdmin):
    list_display = ["name", "slug", "calendar", "brand", "takes_tickets", "is_default"]
    list_select_related = ["calendar", "brand"]
    fields = [
        "slug", "name", "calendar", "brand", "touchpoints", "takes_tickets", "is_default", "director",
        "nudge_after", "tell_lead_after", "reassign_after",
    ]  # fmt: skip
    autocomplete_fields = ["director"]
    filter_horizontal = ["touchpoints"]
    inlines = [MemberInline]


@admin.register(Away)
class AwayAdmin(admin.ModelAdmin):
    list_display = ["user", "starts_at", "ends_at", "delegate", "note"]
    list_select_related = ["user", "delegate"]
    autocomplete_fields = ["user", "delegate"]


@admin.register(RootCause)
class RootCauseAdmin(admin.ModelAdmin):
    """Two levels. One that was used can only be switched off, so that old tickets keep theirs."""

    list_display = ["__str__", "slug", "position", "is_active"]
    list_filter = ["is_active"]
    list_select_related = ["parent"]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "parent":
            kwargs["queryset"] = RootCause.objects.filter(parent=None)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(LetterTemplate)
class LetterTemplateAdmin(admin.ModelAdmin):
    """Leads edit them under /templates/; here they can be put in order and deleted too."""

    list_display = ["name", "step", "language", "position", "is_active"]
    list_filter = ["language", "step", "is_active"]
    list_editable = ["position"]


@admin.register(Initiative)
class InitiativeAdmin(ReadOnlyAdmin):
    list_display = ["title", "owner", "state", "done_at"]
    list_select_related = ["owner"]
    fields = ["title", "description", "owner", "state", "what_changed", "created_at", "done_at"]


# --- to look at ------------------------------------------------------------------------------------------------


class EventInline(ReadOnlyInline):
    model = Event
    fields = ["seq", "verb", "from_state", "to_state", "actor_kind", "actor", "program", "data", "happened_at"]


class DeadlineInline(ReadOnlyInline):
    model = Deadline
    fields = [
        "cycle",
        "target",
        "clock",
        "policy",
        "calendar",
        "starts_at",
        "due_at",
        "promised_at",
        "met_at",
        "dropped_at",
    ]


class DecisionInline(ReadOnlyInline):
    model = Decision
    fields = ["revision", "outcome", "rule", "hold_rule", "decided_at"]


@admin.register(Ticket)
class TicketAdmin(ReadOnlyAdmin):
    """Tickets. Their state is changed by the verbs of the page and the API, and nowhere else."""

    list_display = ["id", "state", "closed_as", "score", "owner", "team", "account", "due_at", "opened_at"]
    list_filter = ["state", "closed_as", "band", "team"]
    list_select_related = ["owner", "team", "account"]
    search_fields = ["=id"]
    show_full_result_count = False
    inlines = [EventInline, DeadlineInline, DecisionInline]


# --- the order of the queue ------------------------------------------------------------------------------------


@admin.register(BonusHours)
class BonusHoursAdmin(KeptAdmin):
    """One row. Saving it leaves a job that brings every ticket in line."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not BonusHours.objects.exists()

    def save_model(self, request: HttpRequest, obj: BonusHours, form: forms.ModelForm, change: bool) -> None:
        reranking.change_hours(obj, by=cast(User, request.user), now=timezone.now())
        self.message_user(
            request,
            f"Nobody waits longer than {priority.longest_wait(obj)} hours because of these reasons. "
            "The queues are put in the new order now; the job is among the long work.",
        )
