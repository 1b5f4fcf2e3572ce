"""The words of an automatic mail, as a lead writes them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from followups.mail_kinds import CLOSING, KINDS, OPENING, PARTS, SUBJECT
from followups.models import MailWording
from followups.refusals import Incomplete
from surveys.models import Brand, Touchpoint
from surveys.scoring import Band


class PartsForm(forms.Form):
    """The parts of one draft. `kind` says which this mail has; what cannot be filled in is refused on saving."""

    use_required_attribute = False

    edits = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    subject = forms.CharField(label=_("Subject"), required=False, max_length=200)
    opening = forms.CharField(label=_("First paragraph"), required=False, max_length=3_000, widget=forms.Textarea)
    closing = forms.CharField(label=_("Last paragraph"), required=False, max_length=3_000, widget=forms.Textarea)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for part in PARTS:
            if kind in KINDS and part not in KINDS[kind].parts:
                del self.fields[part]

    @property
    def parts(self) -> dict[str, str]:
        return {part: self.cleaned_data.get(part, "") for part in PARTS}

    def refuse(self, refusal: Incomplete) -> None:
        """Say at each field what is wrong with it, at the top what belongs to none."""
        for name, words in refusal.errors.items():
            self.add_error(name if name in self.fields else None, words)


class NewWordingForm(PartsForm):
    """A first draft: which mail, for whom, and its parts."""

    kind = forms.ChoiceField(label=_("Which mail?"), choices=[(code, kind.label) for code, kind in KINDS.items()])
    language = forms.ChoiceField(label=_("Language of the customer"), choices=settings.LANGUAGES)
    band = forms.ChoiceField(
        label=_("Only for a band"), required=False, choices=[("", _("all")), *((b.value, b.label) for b in Band)]
    )
    touchpoint = forms.ModelChoiceField(
        label=_("Only for a touchpoint"), required=False, queryset=Touchpoint.objects.all(), empty_label=_("all")
    )
    brand = forms.ModelChoiceField(
        label=_("Only for a brand"), required=False, queryset=Brand.objects.all(), empty_label=_("all")
    )
    field_order = ["kind", "language", "touchpoint", "band", "brand", SUBJECT, OPENING, CLOSING]

    def place(self) -> MailWording:
        """A row, not saved, that says where the words belong."""
        data = self.cleaned_data
        return MailWording(
            kind=data["kind"],
            language=data["language"],
            band=data["band"],
            touchpoint=data["touchpoint"],
            brand=data["brand"],
        )
