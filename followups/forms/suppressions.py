"""An address that must not be written to: put on the list by hand, found in it, and taken off it again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from nps_loop.mail.models import Stream, Suppression
from nps_loop.mail.suppression import is_one_address, normalise

Reason = Suppression.Reason
_STREAMS = [choice for choice in Stream.choices if choice[0] != Stream.STAFF]
_BY_HAND = (Reason.UNSUBSCRIBED, Reason.COMPLAINED, Reason.DO_NOT_CONTACT)


class FindForm(forms.Form):
    """Which addresses. What does not fit narrows nothing."""

    q = forms.CharField(label=_("Address"), required=False, max_length=320)
    stream = forms.ChoiceField(label=_("About"), required=False, choices=[("", _("any")), *Stream.choices])
    reason = forms.ChoiceField(label=_("Because"), required=False, choices=[("", _("any")), *Reason.choices])
    use_required_attribute = False

    @property
    def narrowed(self) -> dict[str, Any]:
        """What was asked for and makes sense."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class AddForm(forms.Form):
    address = forms.CharField(label=_("Address"), max_length=320)
    stream = forms.ChoiceField(label=_("About"), choices=_STREAMS)
    reason = forms.ChoiceField(
        label=_("Because"),
        choices=[(reason.value, reason.label) for reason in _BY_HAND],
        help_text=_("Who must not be contacted gets nothing at all, whatever is chosen before."),
    )
    origin = forms.CharField(label=_("Where we know it from"), max_length=200)
    use_required_attribute = False

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="add-%s")

    def clean_address(self) -> str:
        address = normalise(self.cleaned_data["address"])
        if not is_one_address(address):
            raise forms.ValidationError(gettext("This is not one mail address: write it like name@company.com."))
        return address


class LiftForm(forms.Form):
    why = forms.CharField(label=_("Why they may be written to again"), max_length=200)
    use_required_attribute = False
