"""One form for a visit that several cases of an account were talked about in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from followups.forms.base import MomentField, TextField
from followups.forms.contact import LogContactForm
from followups.models import ContactAttempt


class VisitForm(forms.Form):
    """The contact, and on which tickets. With each ticket travels the version the page showed."""

    channel = forms.ChoiceField(
        label=_("How did you reach out?"),
        choices=LogContactForm.base_fields["channel"].choices,  # type: ignore[attr-defined]
        widget=forms.RadioSelect,
        initial=ContactAttempt.Channel.VISIT,
        error_messages={"required": _("Choose one.")},
    )
    outcome = forms.ChoiceField(
        label=_("What happened?"),
        choices=LogContactForm.base_fields["outcome"].choices,  # type: ignore[attr-defined]
        widget=forms.RadioSelect,
        initial=ContactAttempt.Outcome.SPOKE,
        error_messages={"required": _("Choose one.")},
    )
    happened_at = MomentField(label=_("When?"), required=False)
    note = TextField(label=_("Note"), required=False)
    line_for_customer = TextField(label=_("Each of them will read:"), required=False)
    ticket = forms.TypedMultipleChoiceField(
        label=_("Who was there?"),
        coerce=int,
        error_messages={"required": _("Tick at least one ticket.")},
    )

    use_required_attribute = False

    def __init__(self, data: QueryDict | None = None, *, now: datetime, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "visit-%s")
        super().__init__(data, **kwargs)
        self.now = now
        self.fields["channel"].icons = {"phone": "phone", "video": "eye", "visit": "team", "mail": "mail"}  # type: ignore[attr-defined]
        self.initial.setdefault("happened_at", now.replace(second=0, microsecond=0))
        # Which of them are open, and to whom, the workflow says: here a number is a number.
        self.fields["ticket"].choices = [(number, number) for number in self.ticked]  # type: ignore[attr-defined]

    @property
    def ticked(self) -> list[int]:
        """Numbers of the tickets that came ticked."""
        sent = self.data.getlist("ticket") if isinstance(self.data, QueryDict) else []
        return [int(text) for text in sent if text.isdecimal() and len(text) < 19]

    @property
    def seen(self) -> Mapping[int, int]:
        """Ticket -> the version the page showed, of those that carry one."""
        found = {}
        for text in self.data.getlist("seen") if isinstance(self.data, QueryDict) else []:
            number, _colon, version = text.partition(":")
            if number.isdecimal() and version.isdecimal() and len(text) < 40:
                found[int(number)] = int(version)
        return found

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of `visiting.log_visit`, from valid data."""
        data = {name: value for name, value in self.cleaned_data.items() if name != "ticket"}
        # The field shows minutes: a talk "now" must not lie before something that happened in the same minute.
        if data["happened_at"] == self.now.replace(second=0, microsecond=0):
            data["happened_at"] = self.now
        return data
