"""Where other programs listen, and what they were sent."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from nps_loop.set_up import KeptAdmin, ReadOnlyAdmin
from nps_loop.webhooks import delivery, sending
from nps_loop.webhooks.models import Delivery, Endpoint


class EndpointForm(forms.ModelForm):
    url = forms.URLField(max_length=500, assume_scheme="https")

    class Meta:
        model = Endpoint
        fields = ["name", "url"]

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            sending.checked(url)
        except sending.NotSendable as reason:
            raise ValidationError(str(reason)) from None
        return url


@admin.register(Endpoint)
class EndpointAdmin(KeptAdmin):
    """One that failed for a day is off; switching it on sends what was held."""

    form = EndpointForm
    list_display = ["name", "url", "is_active", "failing_since", "disabled_at"]
    fields = ["name", "url", "secret", "is_active", "failing_since", "disabled_at"]
    readonly_fields = ["secret", "is_active", "failing_since", "disabled_at"]
    actions = ["on", "off"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # The secret is made with the row.
        return self.fields if obj else ["name", "url"]

    @admin.action(description="Switch on, and send what was held", permissions=["change"])
    def on(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        delivery.switch_on(list(queryset), now=timezone.now())

    @admin.action(description="Switch off", permissions=["change"])
    def off(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        delivery.switch_off(list(queryset))


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ["id", "endpoint", "key", "state", "attempts", "next_try_at", "status", "error"]
    list_filter = ["state", "endpoint"]
    list_select_related = ["endpoint"]
    show_full_result_count = False
