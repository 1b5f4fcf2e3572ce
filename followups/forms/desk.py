"""Who has it and when: hand over, give back, snooze, hold, note, join, split and link."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import Exists, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from followups import workflow
from followups.forms.base import ColleagueField, InitiativeField, MomentField, RowField, TextField, TitleField, VerbForm
from followups.improve.linking import link
from followups.models import Ticket
from nps_loop.people.models import User
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

    other = RowField(
        label=_("Number of the other ticket"),
        widget=forms.NumberInput,
        error_messages={
            "required": _("Which ticket?"),
            "invalid_choice": _("There is no such ticket of this customer or company."),
        },
    )

    @classmethod
    def offered(cls, number: int, user: User) -> QuerySet[Ticket]:
        this = Ticket.objects.filter(pk=number)
        belongs = Q(contact__in=this.values("contact")) | Q(account__in=this.values("account"))
        others = Ticket.objects.visible_to(user).exclude(pk=number)
        return others.filter(belongs | Exists(this.filter(contact=None)))

    def prepare(self) -> None:
        self.fields["other"].queryset = self.offered(self.desk.ticket.pk, self.desk.user)  # type: ignore[attr-defined]


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

    contact = RowField(
        label=_("Whose answer is it?"),
        error_messages={
            "required": _("Choose whose answer it is."),
            "invalid_choice": _("Nobody of this company is known by that."),
        },
    )

    @classmethod
    def offered(cls, number: int, user: User) -> QuerySet[Contact]:
        this = Ticket.objects.filter(pk=number)
        people = Contact.objects.filter(account__in=this.values("account"), merged_into=None)
        people = people.select_related("account")
        return people.exclude(pk__in=this.filter(contact__isnull=False).values("contact"))

    def prepare(self) -> None:
        people = self.offered(self.desk.ticket.pk, self.desk.user)
        self.fields["contact"].queryset = people  # type: ignore[attr-defined]

    def offer(self, people: Iterable[Contact]) -> None:
        """Who is drawn to choose from; without this the field would ask for everybody."""
        choices = [("", _("Choose a person")), *((person.pk, str(person)) for person in people)]
        self.fields["contact"].choices = choices  # type: ignore[attr-defined]
