"""What the set-up pages (`/admin/`) of all apps share: rows to read only, lists written line by line, time zones."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

admin.site.site_header = "nps_loop: set-up"
admin.site.site_title = "nps_loop set-up"
admin.site.index_title = "What the loop works with"
admin.site.enable_nav_sidebar = False


class KeptAdmin(admin.ModelAdmin):
    """Rows that others point to for good: switched off, never deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyAdmin(KeptAdmin):
    """Rows that only the program writes. They can be looked at here and changed by their own functions alone."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyInline(admin.TabularInline):
    """Rows below another, to look at."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class LinesField(forms.CharField):
    """A list of short texts, one a line."""

    longest_line = 200

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "widget": forms.Textarea(attrs={"rows": 4}), **kwargs})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        lines = [line.strip() for line in str(super().to_python(value) or "").splitlines()]
        return list(dict.fromkeys(line for line in lines if line))

    def validate(self, value: Any) -> None:
        super().validate(value)
        if any(len(line) > self.longest_line for line in value):
            raise forms.ValidationError(f"A line has at most {self.longest_line} characters.")

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(data) != (initial or [])


class SecretsField(LinesField):
    """Secrets, one a line, that are never shown again. Left empty, those that are kept stay."""

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        self.most = most
        super().__init__(**{"widget": forms.Textarea(attrs={"rows": most, "autocomplete": "off"}), **kwargs})

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else ""

    def validate(self, value: Any) -> None:
        super().validate(value)
        if len(value) > self.most:
            raise forms.ValidationError(f"At most {self.most} secrets are live at a time.")
        if any(len(line) < 16 for line in value):
            raise forms.ValidationError("A secret of fewer than 16 characters could be guessed.")

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(data))


class TicksField(forms.MultipleChoiceField):
    """Some of a few choices, stored as a list."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "widget": forms.CheckboxSelectMultiple, **kwargs})


class ZoneField(forms.ChoiceField):
    """A time zone by its name."""

    def __init__(self, *, required: bool = True, **kwargs: Any) -> None:
        choices = [(name, name) for name in sorted(available_timezones())]
        blank = [] if required else [("", "not known")]
        super().__init__(required=required, choices=blank + choices, **kwargs)
