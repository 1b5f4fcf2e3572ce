"""What a customer sends from a survey page. Everything may be missing but the score; nothing here asks a database."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from surveys.asking.wording import drivers_of
from surveys.identity import normalise_email
from surveys.incoming import LIMITS
from surveys.models import Survey

YES_NO = [("", ""), ("yes", _("Yes")), ("no", _("No"))]
# The value of the button beside the scale: the score is what the scale says. Else a button names its own.
BY_SCALE = "scale"
LONGEST_TIME = 120


class AnswerForm(forms.Form):
    """An answer as the page states it. A press of *Send my 3* names the score itself, whatever else is chosen."""

    score = forms.TypedChoiceField(
        choices=[(str(n), str(n)) for n in range(11)],
        coerce=int,
        error_messages={
            "required": _("Choose a number from 0 to 10."),
            "invalid_choice": _("A score goes from 0 to 10."),
        },
    )
    why = forms.CharField(required=False, max_length=LIMITS["comment"])
    driver = forms.ChoiceField(
        required=False, error_messages={"invalid_choice": _("This is not one of the reasons to pick from.")}
    )
    contact = forms.ChoiceField(required=False, choices=YES_NO)
    phone = forms.CharField(required=False, max_length=LIMITS["phone"])
    time = forms.CharField(required=False, max_length=LONGEST_TIME)
    share = forms.ChoiceField(required=False, choices=YES_NO)
    email = forms.CharField(required=False, max_length=LIMITS["email"])

    def __init__(self, data: Any, *, survey: Survey) -> None:
        data = data.copy()
        pressed = data.get("send", "")
        # *Send my 3* says its number itself.
        if pressed.isascii() and pressed.isdigit():
            data["score"] = pressed
        super().__init__(data)
        self.survey = survey
        labels = drivers_of(survey, settings.LANGUAGE_CODE)
        self.labels = dict(labels)
        self.fields["driver"].choices = [("", ""), *labels]  # type: ignore[attr-defined]

    def clean_email(self) -> str:
        typed: str = self.cleaned_data["email"].strip()
        if typed and not normalise_email(typed):
            raise forms.ValidationError(_("This is not an e-mail address."))
        return normalise_email(typed)

    @property
    def is_score_alone(self) -> bool:
        """Whether only a number was pressed: the comment may still follow."""
        pressed = self.data.get("send", "")
        return pressed == BY_SCALE or (pressed.isascii() and pressed.isdigit())

    @property
    def states_everything(self) -> bool:
        """Whether the page showed what we hold, so that an empty field takes back what stood there."""
        return bool(self.data.get("whole"))
