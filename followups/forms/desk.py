"""Who has it and when: hand over, give back, snooze, hold, note, join, split and link."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from followups import workflow
from followups.forms.base import ColleagueField, InitiativeField, MomentField, TextField, TitleField, VerbForm
from followups.improve.linking import link
from followups.models import Ticket
from surveys.models import Contact


class AssignForm(VerbForm):
    verb = "assign"
    act = staticmethod(workflow.assign)

    to = ColleagueField(label=_("To whom?"), error_messages={"required": _("Choose who takes it.")})
    reason = TextField(label=_("Why?"), required=False)

    def prepare(self) -> None:
        # Whoever opens a colleague's ticket to change who has it mostly takes it over.
        if self.desk.ticket.owner_id not in (None, self.desk.user.pk):
            self.initial.setdefault("to", self.desk.user.pk)


class ReleaseForm(VerbForm):
    verb = "release"
    act = staticmethod(workflow.release)

    reason = TextField(label=_("Why do you give it back?"))


class SnoozeForm(VerbForm):
    """Out of sight until a moment, or back at once with the button that says so."""

    verb = "snooze"
    act = staticmethod(workflow.snooze)

    until = MomentField(label=_("Until when?"), required=False)
    wake = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def prepare(self) -> None:
        due_at, morning = self.desk.ticket.due_at, self.desk.next_morning()
        self.initial.setdefault("until", min(morning, due_at) if due_at else morning)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not data.get("wake") and data.get("until") is None and "until" not in self.errors:
            self.add_error("until", _("Say until when."))
        return data

    def arguments(self) -> dict[str, Any]:
        return {"until": None if self.cleaned_data["wake"] else self.cleaned_data["until"]}


class HoldForm(VerbForm):
    verb = "hold"
    act = staticmethod(workflow.hold)

    reason = forms.CharField(label=_("Why?"), max_length=200)


class UnholdForm(VerbForm):
    verb = "unhold"
    act = staticmethod(workflow.unhold)


class NoteForm(VerbForm):
    verb = "note"
    act = staticmethod(workflow.note)

    text = TextField(label=_("Note for colleagues"))


class JoinForm(VerbForm):
    """Another ticket of the same person or company; of any customer where nobody knows who gave this answer."""

    verb = "join"
    act = staticmethod(workflow.join)

    other = forms.ModelChoiceField(
        Ticket.objects.none(),
        label=_("Number of the other ticket"),
        widget=forms.NumberInput,
        error_messages={
            "required": _("Which ticket?"),
            "invalid_choice": _("There is no such ticket of this customer or company."),
        },
    )

    def prepare(self) -> None:
        ticket = self.desk.ticket
        others = Ticket.objects.visible_to(self.desk.user).exclude(pk=ticket.pk)
        if ticket.contact_id is not None:
            others = others.filter(Q(contact=ticket.contact_id) | Q(account__isnull=False, account=ticket.account_id))
        self.fields["other"].queryset = others  # type: ignore[attr-defined]


class LinkForm(VerbForm):
    """The answer is one of those that ask for an improvement."""

    verb = "link"
    act = staticmethod(link)

    initiative = InitiativeField()
    title = TitleField()

    def offer(self, initiatives: Iterable[tuple[int, str]]) -> None:
        """Which ones are drawn to choose from; without this the field would ask for them."""
        self.fields["initiative"].choices = [("", _("Choose an initiative")), *initiatives]  # type: ignore[attr-defined]


class SplitForm(VerbForm):
    """This answer turns out to be another person's at the company."""

    verb = "split"
    act = staticmethod(workflow.split)

    contact = forms.ModelChoiceField(
        Contact.objects.none(),
        label=_("Whose answer is it?"),
        error_messages={
            "required": _("Choose whose answer it is."),
            "invalid_choice": _("Nobody of this company is known by that."),
        },
    )

    def prepare(self) -> None:
        ticket = self.desk.ticket
        people = Contact.objects.filter(account__isnull=False, account=ticket.account_id, merged_into=None)
        self.fields["contact"].queryset = people.exclude(pk=ticket.contact_id or 0)  # type: ignore[attr-defined]

    def offer(self, people: Iterable[Contact]) -> None:
        """Who is drawn to choose from; without this the field would ask for everybody."""
        choices = [("", _("Choose a person")), *((person.pk, str(person)) for person in people)]
        self.fields["contact"].choices = choices  # type: ignore[attr-defined]
