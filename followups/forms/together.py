"""What several tickets are given at once. `arguments` are plain values: they are kept with the job that does it."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from followups.forms.base import CauseField, ColleagueField, InitiativeField, MomentField, TextField, TitleField
from followups.models.tickets import DismissReason


class TogetherForm(forms.Form):
    """Base of what is asked before a verb is done on many tickets."""

    # How the page asks, and who reads what is written: field -> "customer" or "colleagues".
    read_by: ClassVar[dict[str, str]] = {}
    use_required_attribute = False

    def arguments(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class SnoozeTogether(TogetherForm):
    until = MomentField(label=_("Until when?"), error_messages={"required": _("Say until when.")})

    def arguments(self) -> dict[str, Any]:
        return {"until": self.cleaned_data["until"].isoformat()}


class AssignTogether(TogetherForm):
    read_by: ClassVar[dict[str, str]] = {"reason": "colleagues"}

    to = ColleagueField(label=_("To whom?"), error_messages={"required": _("Choose who takes them.")})
    reason = TextField(label=_("Why?"), error_messages={"required": _("Say why they change hands.")})

    def arguments(self) -> dict[str, Any]:
        return {"to": self.cleaned_data["to"].pk, "reason": self.cleaned_data["reason"]}


class NoteTogether(TogetherForm):
    read_by: ClassVar[dict[str, str]] = {"text": "colleagues"}

    text = TextField(label=_("Note for colleagues"), error_messages={"required": _("Write the note first.")})


class DismissTogether(TogetherForm):
    read_by: ClassVar[dict[str, str]] = {"explanation": "colleagues"}

    reason = forms.ChoiceField(
        label=_("Why is there nothing to do?"),
        choices=[pair for pair in DismissReason.choices if pair[0]],
        error_messages={"required": _("Choose one.")},
    )
    explanation = TextField(label=_("What a lead should know"), required=False)


class JoinTogether(TogetherForm):
    other = forms.IntegerField(
        label=_("With which ticket?"),
        min_value=1,
        max_value=2**63 - 1,
        error_messages={"required": _("Name the ticket by its number."), "invalid": _("A ticket has a number.")},
    )


class ResolveTogether(TogetherForm):
    read_by: ClassVar[dict[str, str]] = {"why_it_happened": "customer"}

    root_cause = CauseField(error_messages={"required": _("Choose the root cause.")})
    why_it_happened = TextField(
        label=_("Why did it happen?"),
        error_messages={"required": _("Say why it happened. The customer reads it.")},
        max_length=5_000,
    )

    def arguments(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"root_cause": data["root_cause"].pk, "why_it_happened": data["why_it_happened"]}


class LinkTogether(TogetherForm):
    initiative = InitiativeField()
    title = TitleField()

    def arguments(self) -> dict[str, Any]:
        chosen = self.cleaned_data["initiative"]
        return {"initiative": chosen.pk if chosen else None, "title": self.cleaned_data["title"]}


TOGETHER: dict[str, type[TogetherForm]] = {
    "snooze": SnoozeTogether,
    "assign": AssignTogether,
    "note": NoteTogether,
    "ask-dismissal": DismissTogether,
    "join": JoinTogether,
    "resolve": ResolveTogether,
    "link": LinkTogether,
}
