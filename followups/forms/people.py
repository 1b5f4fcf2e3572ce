"""Two entries that are one person, and an answer that is somebody else's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from followups.refusals import Incomplete
from surveys.models import Contact, ContactKey


class _PersonForm(forms.Form):
    use_required_attribute = False

    def refuse(self, refusal: Incomplete) -> None:
        """Put each reason on the field it is about."""
        for name, reason in refusal.errors.items():
            self.add_error(name if name in self.fields else None, reason)


class MergeForm(_PersonForm):
    across_accounts = forms.BooleanField(
        label=_("They stand under two accounts: it is one person all the same"), required=False
    )

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, auto_id="merge-%s", **kwargs)


class WhoseForm(_PersonForm):
    """Somebody who is known, or a name; and which keys lead to that person from now on."""

    to = forms.ModelChoiceField(
        Contact.objects.none(),
        label=_("Whose answer is it?"),
        required=False,
        empty_label=_("Somebody who is not known yet"),
        error_messages={"invalid_choice": _("Nobody you may see is known by that.")},
    )
    name = forms.CharField(label=_("Name"), required=False, max_length=300)
    email = forms.EmailField(
        label=_("Mail address"), required=False, error_messages={"invalid": _("This is not an e-mail address.")}
    )
    keys = forms.TypedMultipleChoiceField(
        label=_("Keys that go along"),
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "check"}),
    )

    def __init__(
        self, data: Any = None, *, people: Sequence[Contact], keys: Sequence[ContactKey], **kwargs: Any
    ) -> None:
        super().__init__(data, auto_id="whose-%s", **kwargs)
        field = self.fields["to"]
        field.queryset = Contact.objects.filter(pk__in=[person.pk for person in people])  # type: ignore[attr-defined]
        first = [("", field.empty_label)]  # type: ignore[attr-defined]
        field.choices = [*first, *((person.pk, _described(person)) for person in people)]  # type: ignore[attr-defined]
        self.fields["keys"].choices = [(key.pk, key.value) for key in keys]  # type: ignore[attr-defined]

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of `workflow.give_answer`, from valid data."""
        return self.cleaned_data


def _described(person: Contact) -> str:
    known = [part for part in (str(person), person.role, person.email if person.name else "") if part]
    return ", ".join(known)
