"""A template or passage, as a lead edits it."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from followups.models import LetterTemplate


class LetterTemplateForm(forms.ModelForm):
    """Everything of a template. Variables nobody could fill in are refused by the model."""

    use_required_attribute = False

    class Meta:
        model = LetterTemplate
        fields = ["name", "step", "language", "subject", "text", "is_active"]
        labels = {
            "name": _("Name"),
            "step": _("For which step?"),
            "language": _("Language of the customer"),
            "subject": _("Subject"),
            "text": _("Text"),
            "is_active": _("Offered to colleagues"),
        }
        help_texts = {"subject": _("Optional. Left empty, it names what the answer was about.")}

    # In the words of this page, whatever the model says to programs.
    step = forms.ChoiceField(
        label=_("For which step?"),
        choices=[
            (LetterTemplate.Step.FIRST_CONTACT, _("First contact")),
            (LetterTemplate.Step.QUESTION, _("Question")),
            (LetterTemplate.Step.UPDATE, _("Update")),
            (LetterTemplate.Step.RESOLUTION, _("Resolution")),
            (LetterTemplate.Step.PASSAGE, _("Passage for any mail")),
        ],
    )
    language = forms.ChoiceField(label=_("Language of the customer"), choices=settings.LANGUAGES)
    text = forms.CharField(
        label=_("Text"),
        widget=forms.Textarea,
        max_length=10_000,
        error_messages={"required": _("Write the text first.")},
    )
