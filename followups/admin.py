"""Set-up of teams and causes. Versions of hours, policies and rules, tickets and what happened are there to look at."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from followups import priority, reranking
from followups.models import (
    Away,
    BonusHours,
    Calendar,
    Deadline,
    Decision,
    Draw,
    Event,
    ExportRecord,
    Initiative,
    LadderStep,
    LetterTemplate,
    Member,
    Review,
    ReviewDecision,
    RootCause,
    Rule,
    RuleBook,
    SlaPolicy,
    Team,
    Ticket,
)
from nps_loop.people.models import User
from nps_loop.set_up import KeptAdmin, LinesField, ReadOnlyAdmin, ReadOnlyInline

# --- versions --------------------------------------------------------------------------------------------------


@admin.register(Calendar)
class CalendarAdmin(ReadOnlyAdmin):
    """Versions of working hours, to look at. Leads and administrators write them under /calendars/."""

    list_display = ["name", "slug", "version", "zone", "is_active", "used_at", "made_by"]
    list_filter = ["is_active"]
    list_select_related = ["made_by"]


class LadderInline(ReadOnlyInline):
    model = LadderStep
    fields = ["level", "target", "moment", "amount", "unit", "who", "digest", "waits", "unassigned_only"]


@admin.register(SlaPolicy)
class SlaPolicyAdmin(ReadOnlyAdmin):
    """Versions of policies, to look at. Leads and administrators write them under /policies/, with their ladders."""

    list_display = ["name", "slug", "version", "bands", "position", "goal_percent", "is_active", "used_at", "made_by"]
    list_filter = ["is_active"]
    list_select_related = ["made_by"]
    inlines = [LadderInline]


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


# --- reviews ---------------------------------------------------------------------------------------------------


class DecisionOfReviewInline(ReadOnlyInline):
    model = ReviewDecision
    fields = ["kind", "what", "owner", "due_on", "first_due_on", "state", "reason", "outcome"]


class DrawInline(ReadOnlyInline):
    model = Draw
    fields = ["position", "ticket", "mark", "marked_by", "marked_at"]


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    """Reviews, to look at. Leads plan them and decide under /reviews/."""

    list_display = ["touchpoint", "meeting_on", "day_from", "day_to", "state", "planned_by"]
    list_filter = ["state"]
    list_select_related = ["touchpoint", "planned_by"]
    inlines = [DecisionOfReviewInline, DrawInline]


@admin.register(ExportRecord)
class ExportRecordAdmin(ReadOnlyAdmin):
    """Who took which rows out of here as a file, and when."""

    list_display = ["id", "user", "api_key", "listing", "format", "rows", "began_at", "finished_at", "job"]
    list_filter = ["listing", "format", "began_at"]
    list_select_related = ["user", "api_key", "job"]
