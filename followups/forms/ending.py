"""How a loop ends and opens again: resolve, reopen, leave in peace, agree to differ, dismiss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import F, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from followups import workflow
from followups.forms.base import CauseField, TextField, VerbForm
from followups.forms.contact import without_gaps
from followups.models import Action
from followups.models.tickets import DismissReason, TicketState
from followups.wrapping_up import Decided, resolve_with_actions
from nps_loop.people.models import User

TOLD = [("mail", _("By the resolution mail")), ("no", _("Not told, because…"))]
BECOMES = [("done", _("It is done")), ("drop", _("Drop it"))]


@dataclass(frozen=True, slots=True)
class OpenAction:
    """An action that is still open, with the two fields that say what becomes of it."""

    action: Action
    becomes: forms.BoundField
    words: forms.BoundField


class ResolveForm(VerbForm):
    """Cause, what changed, why it happened. Every action still open is decided on in the same form."""

    verb = "resolve"
    act = staticmethod(resolve_with_actions)

    root_cause = CauseField(required=False)
    what_changed = TextField(required=False)
    why_it_happened = TextField(required=False)
    told = forms.ChoiceField(choices=TOLD, widget=forms.RadioSelect, initial="mail")
    no_mail_reason = forms.CharField(label=_("Why is no mail sent?"), required=False, max_length=300)

    @classmethod
    def looks_up(cls, number: int, user: User, data: Mapping[str, Any], *, now: datetime) -> dict[str, QuerySet[Any]]:
        return super().looks_up(number, user, data, now=now) | {"actions": cls.actions_of(number)}

    @staticmethod
    def actions_of(number: int) -> QuerySet[Action]:
        """Those of the present cycle."""
        return Action.objects.filter(ticket=number, cycle=F("ticket__cycle")).order_by("due_at", "id")

    def __init__(self, data: Any = None, *, actions: Sequence[Action] = (), **kwargs: Any) -> None:
        self.actions = [action for action in actions if action.state == Action.State.OPEN]
        super().__init__(data, **kwargs)

    @property
    def given(self) -> dict[str, Any]:
        return {"actions": self.actions}

    def prepare(self) -> None:
        name = {"name": self.desk.customer}
        start = {"name": name["name"][:1].upper() + name["name"][1:]}
        self.fields["what_changed"].label = gettext("What changed? %(name)s reads this.") % start
        self.fields["why_it_happened"].label = gettext("Why did it happen? %(name)s reads this.") % start
        self.fields["told"].label = gettext("How is %(name)s told?") % name
        self.fields["told"].icons = {"mail": "mail"}  # type: ignore[attr-defined]
        if self.desk.ticket.state == TicketState.ASSIGNED:
            # Nobody was reached, so nobody is told: the page leaves that question out.
            self.fields["told"].required = False
        if self.desk.ticket.nobody_to_reach:
            self.fields["what_changed"].label = gettext("What changed, if anything?")
            self.fields["why_it_happened"].label = gettext("Why did it happen?")
        for action in self.actions:
            self.fields[f"becomes_{action.pk}"] = forms.ChoiceField(
                label=_("What becomes of it?"), choices=BECOMES, widget=forms.RadioSelect, required=False
            )
            self.fields[f"words_{action.pk}"] = TextField(
                label=gettext("What changed, or why is it dropped? %(name)s reads this.") % start, required=False
            )
        # As the page draws them: actions first.
        self.order_fields([f"{name}_{action.pk}" for action in self.actions for name in ("becomes", "words")])

    def clean_what_changed(self) -> str:
        return without_gaps(self.cleaned_data["what_changed"])

    @property
    def open_actions(self) -> list[OpenAction]:
        return [OpenAction(action, self[f"becomes_{action.pk}"], self[f"words_{action.pk}"]) for action in self.actions]

    def arguments(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "root_cause": data["root_cause"],
            "what_changed": data["what_changed"],
            "why_it_happened": data["why_it_happened"],
            "send_mail": data["told"] != "no",
            "no_mail_reason": data["no_mail_reason"],
            "decided": [
                Decided(action, data[f"becomes_{action.pk}"], data[f"words_{action.pk}"])
                for action in self.actions
                if data[f"becomes_{action.pk}"]
            ],
        }


class ReopenForm(VerbForm):
    verb = "reopen"
    act = staticmethod(workflow.reopen)

    reason = TextField(label=_("Why is it opened again?"))


class LeaveInPeaceForm(VerbForm):
    verb = "leave-in-peace"
    act = staticmethod(workflow.leave_in_peace)

    root_cause = CauseField(error_messages={"required": _("Choose the root cause: it is all this ticket is for.")})
    note = TextField(label=_("Note"), required=False)


class AgreeToDifferForm(VerbForm):
    verb = "agree-to-differ"
    act = staticmethod(workflow.agree_to_differ)

    text = TextField()

    def prepare(self) -> None:
        name = self.desk.customer
        self.fields["text"].label = gettext("Why does it end here? %(name)s reads this.") % {
            "name": name[:1].upper() + name[1:]
        }


class AskDismissalForm(VerbForm):
    verb = "ask-dismissal"
    act = staticmethod(workflow.ask_dismissal)

    reason = forms.ChoiceField(
        label=_("Why is there nothing to do?"),
        choices=[("", _("Choose a reason")), *((value, label) for value, label in DismissReason.choices if value)],
    )
    explanation = TextField(label=_("In your own words"), required=False)


class DecideDismissalForm(VerbForm):
    verb = "decide-dismissal"
    act = staticmethod(workflow.decide_dismissal)

    approve = forms.TypedChoiceField(
        choices=[("yes", _("Dismiss it")), ("no", _("Keep it open"))],
        coerce=lambda value: value == "yes",
        error_messages={"required": _("Say yes or no.")},
    )
