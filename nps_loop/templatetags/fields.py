"""A form's fields in the markup of the style guide: label, who reads it, control, hint or error. No query in here."""

from __future__ import annotations

from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField

register = template.Library()


@register.inclusion_tag("includes/field.html")
def field(
    bound: BoundField,
    sees: str = "",
    *,
    label: str = "",
    hint: str = "",
    rows: int = 0,
    placeholder: str = "",
    classes: str = "",
) -> dict[str, Any]:
    """One field. `sees` is "customer" or "colleagues": who reads what is typed. `hint` replaces the field's help text.

    What the customer reads word for word has an accent edge. Errors stand where the hint was, and are tied to the
    control for screen readers. Where the form moves the focus, it goes to the first field that is wrong.
    """
    widget = bound.field.widget
    hint = hint or str(bound.help_text or "")
    described = f"{bound.auto_id}-about" if hint or bound.errors else ""
    attrs: dict[str, Any] = {"class": "check" if isinstance(widget, forms.CheckboxInput) else "input"}
    if sees == "customer":
        attrs["class"] += " input-out"
    if bound.errors:
        attrs |= {"class": f"{attrs['class']} input-bad", "aria-invalid": "true"}
    focused = _is_first_wrong(bound)
    if focused:
        attrs["autofocus"] = True
    if described:
        attrs["aria-describedby"] = described
    if placeholder:
        attrs["placeholder"] = placeholder
    if rows and isinstance(widget, forms.Textarea):
        attrs["rows"] = rows
    if classes:
        attrs["class"] += f" {classes}"
    return {
        "bound": bound,
        "kind": _kind(widget),
        "control": None if isinstance(widget, forms.RadioSelect) else bound.as_widget(attrs=attrs),
        "label": label or bound.label,
        "sees": sees,
        "hint": hint,
        "described": described,
        "icons": getattr(bound.field, "icons", {}),
        "invalid": bool(bound.errors),
        "focused": focused,
    }


@register.filter
def icon_of(icons: dict[str, str], value: object) -> str:
    """The icon a choice is drawn with; empty where it has none."""
    return icons.get(str(value), "")


def _is_first_wrong(bound: BoundField) -> bool:
    if not bound.errors or not getattr(bound.form, "moves_focus", False):
        return False
    return bound.name == next(name for name in bound.form.fields if name in bound.form.errors)


def _kind(widget: forms.Widget) -> str:
    if isinstance(widget, forms.CheckboxSelectMultiple):
        return "ticks"
    if isinstance(widget, forms.RadioSelect):
        return "segs"
    if isinstance(widget, forms.CheckboxInput):
        return "choice"
    if isinstance(widget, forms.Select):
        return "select"
    return "input"
