"""Set-up of people and keys."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from nps_loop.people.models import ApiKey, User
from nps_loop.set_up import KeptAdmin, ZoneField


class UserForm(UserChangeForm):
    time_zone = ZoneField()


@admin.register(User)
class PersonAdmin(KeptAdmin, UserAdmin):
    """People. Whoever leaves is switched off: the tickets go to others, what was done keeps its name."""

    form = UserForm
    list_display = ["username", "name", "email", "title", "is_active", "is_superuser"]
    list_filter = ["is_active", "is_superuser"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Who it is", {"fields": ["first_name", "last_name", "email", "title", "phone"]}),
        ("How they work", {"fields": ["language", "time_zone", "single_keys", "morning_mail", "digest_mail"]}),
        ("What they may", {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        ("Since", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (
            None,
            {"fields": ["username", "usable_password", "password1", "password2", "first_name", "last_name", "email"]},
        ),
    ]
    readonly_fields = ["last_login", "date_joined"]


@admin.register(ApiKey)
class ApiKeyAdmin(KeptAdmin):
    """Keys. The secret is shown once, on the page that follows; afterwards only its digest exists."""

    list_display = [
        "name",
        "scope",
        "prefix",
        "user",
        "source",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
    ]
    list_filter = ["scope"]
    fields = ["name", "scope", "user", "source", "expires_at"]
    autocomplete_fields = ["user"]
    actions = ["revoke"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None else ["scope", "user", "source"]

    @sensitive_variables("secret")
    def save_model(self, request: HttpRequest, obj: ApiKey, form: forms.ModelForm, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        key, secret = ApiKey.objects.issue(
            obj.name, obj.scope, user=obj.user, source=obj.source, expires_at=obj.expires_at
        )
        obj.__dict__.update(key.__dict__)
        request.issued_secret = secret  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "key": obj, "secret": request.issued_secret}  # type: ignore[attr-defined]
        # Like every page here it is answered with `no-store`.
        return render(request, "admin/people/apikey/issued.html", context)

    @admin.action(description="Revoke: they open nothing from now on", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        count = queryset.filter(revoked_at=None).update(revoked_at=timezone.now())
        self.message_user(request, f"{count} revoked.")
