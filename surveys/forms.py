"""What people say about a file of answers: where it comes from, what its columns mean, what is to be done with it."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from surveys.importing import Instructions
from surveys.models import Response, Source
from surveys.readers.answers import LookedInto
from surveys.readers.columns import Choices
from surveys.readers.dates import DateOrder
from surveys.readers.delimited import UnreadableFile
from surveys.uploading import ATTRIBUTE, LEFT_OUT, Column, choices_from

# Larger files go through the command, which needs no upload.
LARGEST_FILE = 200 * 1024 * 1024

MEANINGS = [
    ("score", _("Score, 0 to 10")),
    ("comment", _("The customer’s words")),
    ("email", _("E-mail")),
    ("name", _("Name")),
    ("phone", _("Phone")),
    ("language", _("Language")),
    ("contact_external_id", _("Id of the customer")),
    ("account", _("Company")),
    ("touchpoint", _("Touchpoint")),
    ("driver", _("Reason picked")),
    ("contact_me", _("Contact me")),
    ("share_name", _("Name may be shown")),
    ("answered_for", _("Answered for (partner)")),
    ("product", _("Product")),
    ("responded_at", _("Answered at")),
    ("version_at", _("Changed at")),
    ("external_id", _("Id of the answer")),
    (ATTRIBUTE, _("Keep as attribute")),
    (LEFT_OUT, _("Leave out")),
]


class UploadForm(forms.Form):
    """A file and where it comes from: a known source or the name of a new one."""

    use_required_attribute = False

    file = forms.FileField(label=_("Choose a file"), error_messages={"required": _("Choose a file first.")})
    source = forms.ModelChoiceField(
        Source.objects.filter(is_active=True),
        label=_("Where the answers come from"),
        required=False,
        empty_label=_("A new source"),
        help_text=_("The same answer from the same source is recorded once, however often you import it."),
    )
    new_source = forms.CharField(
        label=_("Name of the new source"), required=False, max_length=200, help_text=_("Such as “Onboarding survey”.")
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(gettext("This file is larger than 200 MB. Use the import_responses command."))
        return file

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not data.get("source") and not (data.get("new_source") or "").strip():
            self.add_error("new_source", gettext("Give the new source a name, or choose a known one."))
        return data


class ColumnsForm(forms.Form):
    """What each column means, one field per column, and what is to be done with the answers."""

    use_required_attribute = False

    date_order = forms.ChoiceField(
        label=_("In dates such as 01/02/2027"),
        choices=[
            ("", _("as the file proves")),
            (DateOrder.DMY.value, _("the day comes first")),
            (DateOrder.MDY.value, _("the month comes first")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )
    time_zone = forms.CharField(
        label=_("Times that name no zone are in"), required=False, max_length=64, help_text=_("Such as Europe/Berlin.")
    )
    score_is_nps = forms.BooleanField(
        label=_("The score goes from 0 to 10, though it does not look so"), required=False
    )
    follow_up = forms.ChoiceField(
        label=_("Which answers are followed up?"),
        choices=[
            (Response.FollowUp.AUTO, _("The recent ones")),
            (Response.FollowUp.ALL, _("All of them")),
            (Response.FollowUp.NONE, _("None")),
        ],
        widget=forms.RadioSelect,
        initial=Response.FollowUp.AUTO,
        help_text=_("Older than 30 days when they come in, or without a date, they are history: counted, no ticket."),
    )
    acknowledge = forms.ChoiceField(
        label=_("Send “your answer has arrived”?"),
        choices=[("no", _("To nobody")), ("yes", _("To answers of the last 7 days"))],
        widget=forms.RadioSelect,
        initial="no",
        help_text=_("Only if you ask for it, and never for answers older than 7 days."),
    )

    def __init__(self, data: Any = None, *, guess: LookedInto, source: Source | None, **kwargs: Any) -> None:
        self.guess = guess
        super().__init__(data, **kwargs)
        self.initial.setdefault("time_zone", source.time_zone if source else settings.TIME_ZONE)
        for index, name in enumerate(guess.table.header):
            # No initial: what a column stands at is drawn by the page from the file itself.
            self.fields[f"column_{index}"] = forms.ChoiceField(
                label=name or gettext("column %(n)s") % {"n": index + 1}, choices=MEANINGS, required=False
            )

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        if zone:
            try:
                ZoneInfo(zone)
            except (KeyError, ValueError, OSError) as error:
                raise forms.ValidationError(gettext("This is no time zone. Write it as in Europe/Berlin.")) from error
        return zone

    def choices(self) -> Choices:
        """The columns as a person wants them. Raises UnreadableFile where that cannot be."""
        data = self.cleaned_data
        wanted = {index: data[f"column_{index}"] for index in range(len(self.guess.table.header))}
        order = data["date_order"]
        return choices_from(
            self.guess,
            wanted,
            date_order=DateOrder(order) if order else None,
            time_zone=data["time_zone"],
            score_is_nps=data["score_is_nps"],
        )

    def instructions(self, choices: Choices) -> Instructions:
        data = self.cleaned_data
        return Instructions(choices, data["follow_up"], data["acknowledge"] == "yes")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                self.choices()
            except UnreadableFile as problem:
                self.add_error(None, str(problem))
        return data


def how_sure(column: Column) -> str:
    """Why a column is read as it is, in a word or two."""
    if column.is_chosen:
        return gettext("chosen by you")
    if column.meaning == ATTRIBUTE:
        return gettext("kept as it is")
    return gettext("left out") if column.meaning == LEFT_OUT else gettext("certain")
