"""Set-up of brands, surveys and sources, and the customers' master data. Answers can be looked at."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from nps_loop.set_up import KeptAdmin, LinesField, ReadOnlyAdmin, ReadOnlyInline, SecretsField, ZoneField
from surveys.hooks.reading import problems
from surveys.identity import email_key, normalise_email
from surveys.models import (
    Account,
    Brand,
    Contact,
    ContactKey,
    Invitation,
    ReportableAttribute,
    Response,
    Revision,
    Source,
    Survey,
    Touchpoint,
)
from surveys.searching import normalise_for_search


class BrandForm(forms.ModelForm):
    own_domains = LinesField(help_text="Mail domains of our own staff, one a line. Their answers do not count.")

    class Meta:
        model = Brand
        fields = [
            "slug", "name", "sender_address", "reply_address", "colour", "legal_footer", "link_host", "own_domains",
            "is_default",
        ]  # fmt: skip

    def clean_colour(self) -> str:
        colour = str(self.cleaned_data["colour"])
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
            raise forms.ValidationError("Write a colour as #rrggbb.")
        return colour.lower()


@admin.register(Brand)
class BrandAdmin(admin.ModelAdmin):
    form = BrandForm
    list_display = ["name", "sender_address", "is_default"]


@admin.register(ReportableAttribute)
class ReportableAttributeAdmin(admin.ModelAdmin):
    list_display = ["position", "name", "label"]
    list_display_links = ["name"]


@admin.register(Touchpoint)
class TouchpointAdmin(admin.ModelAdmin):
    list_display = ["name", "slug", "customer_phrase", "brand"]
    list_select_related = ["brand"]
    search_fields = ["name", "slug"]


@admin.register(Survey)
class SurveyAdmin(admin.ModelAdmin):
    list_display = ["name", "slug", "kind", "touchpoint", "brand"]
    list_filter = ["kind"]
    list_select_related = ["touchpoint", "brand"]


class SourceForm(forms.ModelForm):
    time_zone = ZoneField(help_text="Zone of times that name none.")
    secrets = SecretsField(
        most=2,
        help_text="For webhooks. Two are live while one is replaced by the other. Kept ones are not shown; left empty, "
        "they stay.",
    )

    class Meta:
        model = Source
        fields = [
            "slug", "name", "channel", "survey", "brand", "time_zone", "preset", "secrets", "mapping", "is_active",
        ]  # fmt: skip

    def clean_secrets(self) -> list[str]:
        return self.cleaned_data["secrets"] or self.instance.secrets

    def clean_mapping(self) -> dict[str, Any]:
        mapping = self.cleaned_data["mapping"] or {}
        if not isinstance(mapping, dict):
            raise forms.ValidationError("Write an object: our field, their column or path.")
        if self.cleaned_data.get("channel") == Source.Channel.WEBHOOK and (wrong := list(problems(mapping))):
            raise forms.ValidationError(wrong)
        return mapping


@admin.register(Source)
class SourceAdmin(KeptAdmin):
    """Sources. Answers point to theirs for good, so one that is no longer used is switched off."""

    form = SourceForm
    list_display = ["name", "slug", "channel", "address", "survey", "is_active"]
    list_filter = ["channel", "is_active"]
    list_select_related = ["survey"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        # Ids of contacts are kept under the source's slug.
        return [] if obj is None else ["slug", "address"]

    @admin.display(description="Where a survey tool sends to")
    def address(self, source: Source) -> str:
        if source.channel != Source.Channel.WEBHOOK:
            return "–"
        return f"{settings.SITE_URL.rstrip('/')}{reverse('hook', args=[source.slug])}"


class AccountForm(forms.ModelForm):
    business_units = LinesField(help_text="One a line.")

    class Meta:
        model = Account
        fields = [
            "external_id", "name", "parent", "segment", "region", "business_units", "annual_value", "currency",
            "customer_since", "renewal_on", "owner", "is_partner", "is_active",
        ]  # fmt: skip


@admin.register(Account)
class AccountAdmin(KeptAdmin):
    form = AccountForm
    list_display = ["name", "external_id", "segment", "region", "owner", "renewal_on", "is_active"]
    list_filter = ["segment", "region", "is_active"]
    list_select_related = ["owner"]
    search_fields = ["search_name", "external_id"]
    autocomplete_fields = ["parent", "owner"]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        return super().get_search_results(request, queryset, normalise_for_search(search_term))

    def save_model(self, request: HttpRequest, obj: Account, form: forms.ModelForm, change: bool) -> None:
        obj.search_name = normalise_for_search(obj.name)[:300]
        super().save_model(request, obj, form, change)


class ContactForm(forms.ModelForm):
    time_zone = ZoneField(required=False)

    class Meta:
        model = Contact
        fields = [
            "account", "name", "first_name", "role", "email", "phone", "language", "time_zone", "preferred_channel",
            "good_time", "is_shared_mailbox", "do_not_contact",
        ]  # fmt: skip

    def clean_email(self) -> str:
        return normalise_email(self.cleaned_data["email"])


@admin.register(Contact)
class ContactAdmin(KeptAdmin):
    form = ContactForm
    list_display = ["__str__", "email", "account", "language", "do_not_contact"]
    list_filter = ["do_not_contact", "language"]
    list_select_related = ["account"]
    search_fields = ["search_name"]
    autocomplete_fields = ["account"]
    show_full_result_count = False

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        return super().get_search_results(request, queryset, normalise_for_search(search_term))

    def save_model(self, request: HttpRequest, obj: Contact, form: forms.ModelForm, change: bool) -> None:
        obj.search_name = normalise_for_search(f"{obj.name} {obj.email}")[:700]
        super().save_model(request, obj, form, change)
        if obj.email and "email" in form.changed_data:
            # The next answer from this address finds the person; an address that is somebody else's stays theirs.
            ContactKey.objects.get_or_create(
                kind=ContactKey.Kind.EMAIL,
                namespace="",
                value=email_key(obj.email, obj.name),
                defaults={"contact": obj},
            )


class RevisionInline(ReadOnlyInline):
    model = Revision
    fields = ["number", "score", "verbatim", "version_at", "received_at", "superseded_on_arrival"]


@admin.register(Response)
class ResponseAdmin(ReadOnlyAdmin):
    """Answers. Nobody here edits what a customer said."""

    list_display = ["id", "source", "external_id", "score", "band", "touchpoint", "responded_at", "excluded_as"]
    list_filter = ["band", "excluded_as", "source"]
    list_select_related = ["source", "touchpoint"]
    search_fields = ["search_text", "external_id"]
    show_full_result_count = False
    inlines = [RevisionInline]


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Whom we asked, whom not, and why."""

    list_display = ["id", "survey", "contact_id", "cause", "state", "stopped_by", "planned_for", "sent_at"]
    list_filter = ["state", "stopped_by", "cause", "survey"]
    list_select_related = ["survey"]
    search_fields = ["reference"]
    raw_id_fields = ["contact", "account", "response", "recovers", "message", "reminder"]
    show_full_result_count = False
