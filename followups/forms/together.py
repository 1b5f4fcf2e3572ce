"""What several tickets are given at once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from followups.forms.base import ColleagueField, MomentField, TextField


class SnoozeTogether(forms.Form):
    until = MomentField(label=_("Until when?"), error_messages={"required": _("Say until when.")})

    def arguments(self) -> dict[str, Any]:
        return {"until": self.cleaned_data["until"]}


class AssignTogether(forms.Form):
    to = ColleagueField(label=_("To whom?"), error_messages={"required": _("Choose who takes them.")})
    reason = TextField(label=_("Why?"), error_messages={"required": _("Say why they change hands.")})

    def arguments(self) -> dict[str, Any]:
        return {"to": self.cleaned_data["to"], "reason": self.cleaned_data["reason"]}


TOGETHER: dict[str, type[SnoozeTogether] | type[AssignTogether]] = {"snooze": SnoozeTogether, "assign": AssignTogether}
