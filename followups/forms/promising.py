"""Actions: promise one, say that it is done, move its date, leave it out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from followups import workflow
from followups.forms.base import ColleagueField, DayField, RowField, TextField, VerbForm
from followups.models import Action
from followups.promises import next_half_day
from nps_loop.people.models import User

# An action is suggested for the end of the n-th working day: soon enough to be heard of, far enough to be kept.
SUGGESTED_DAYS = 3
PARTS = [("midday", _("by midday")), ("evening", _("by evening"))]


class HalfDayField(forms.ChoiceField):
    """A customer is told half-days, so that is what a colleague chooses."""

    def __init__(self) -> None:
        super().__init__(label=_("Which half of the day?"), choices=PARTS, widget=forms.RadioSelect, initial="evening")


class AddActionForm(VerbForm):
    verb = "add-action"
    act = staticmethod(workflow.add_action)

    title = TextField(label=_("What will be done?"), max_length=300)
    owner = ColleagueField(label=_("Who does it?"), error_messages={"required": _("Choose who does it.")})
    due_on = DayField(label=_("By when?"), error_messages={"required": _("Say by which day.")})
    part = HalfDayField()
    tell_customer = forms.BooleanField(required=False, initial=True)
    note = TextField(label=_("Note"), required=False)

    def prepare(self) -> None:
        name = {"name": self.desk.customer}
        self.fields["tell_customer"].label = gettext("Tell %(name)s what we will do and by when") % name
        self.initial.setdefault("owner", self.desk.user.pk)
        if (day := self.desk.working_day(SUGGESTED_DAYS)) is not None:
            self.initial.setdefault("due_on", day)


class ActionForm(VerbForm):
    """About one open action of the ticket."""

    action = RowField(
        widget=forms.HiddenInput,
        error_messages={"invalid_choice": _("This action is not open any more."), "required": _("Which action?")},
    )

    @property
    def about(self) -> int | None:
        """Id of the action this form is about, whether it is empty or came back."""
        value = str(self["action"].value() or "")
        return int(value) if value.isdecimal() and len(value) < 19 else None

    def __init__(self, data: Any = None, *, action: Action | None = None, **kwargs: Any) -> None:
        if action is not None:
            kwargs.setdefault("auto_id", f"{self.verb}-{action.pk}-%s")
            kwargs.setdefault("initial", {"action": action.pk})
        super().__init__(data, **kwargs)
        actions = self.offered(self.desk.ticket.pk, self.desk.user)
        self.fields["action"].queryset = actions  # type: ignore[attr-defined]

    @classmethod
    def offered(cls, number: int, user: User) -> QuerySet[Action]:
        """Closed ones too: the workflow says in a sentence what became of it."""
        return Action.objects.filter(ticket=number)


class DelayForm(VerbForm):
    """Ready for one click: the next half-day of the team after the promised one stands in it already."""

    verb = "delay"
    act = staticmethod(workflow.delay)

    due_on = DayField(label=_("New date"), error_messages={"required": _("Say by which day.")})
    part = HalfDayField()
    reason = TextField(max_length=2_000, required=False)

    def prepare(self) -> None:
        self.fields["reason"].label = gettext("Why? %(name)s reads this. It may stay empty.") % _capital(
            {"name": self.desk.customer}
        )
        ticket = self.desk.ticket
        if ticket.promised_at is not None and ticket.team is not None:
            later = next_half_day(ticket.team.calendar.hours, max(ticket.promised_at, self.desk.now))
            self.initial.setdefault("due_on", later.date)
            self.initial.setdefault("part", later.part)


class CompleteActionForm(ActionForm):
    verb = "complete-action"
    act = staticmethod(workflow.complete_action)

    what_changed = TextField(max_length=2_000)
    tell_customer = forms.BooleanField(required=False)

    def prepare(self) -> None:
        name = {"name": self.desk.customer}
        self.fields["what_changed"].label = gettext("What changed? %(name)s reads this.") % _capital(name)
        self.fields["tell_customer"].label = gettext("Tell %(name)s now, before the ticket is resolved") % name


class MoveActionForm(ActionForm):
    verb = "move-action"
    act = staticmethod(workflow.move_action)

    due_on = DayField(label=_("New date"), error_messages={"required": _("Say by which day.")})
    part = HalfDayField()
    reason = TextField(max_length=2_000)

    def prepare(self) -> None:
        self.fields["reason"].label = gettext("Why? %(name)s reads this.") % _capital({"name": self.desk.customer})


class DropActionForm(ActionForm):
    verb = "drop-action"
    act = staticmethod(workflow.drop_action)

    reason = TextField(max_length=2_000)

    def prepare(self) -> None:
        name = _capital({"name": self.desk.customer})
        self.fields["reason"].label = gettext("Why is it left out? %(name)s reads this.") % name


def _capital(words: dict[str, str]) -> dict[str, str]:
    """The same names fit to begin a sentence."""
    return {key: value[:1].upper() + value[1:] for key, value in words.items()}
