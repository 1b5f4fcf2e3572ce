"""What every form of a ticket shares: the version the page showed, and how its fields become a verb's arguments."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from followups import calendars
from followups.at_once import read_at_once
from followups.improve.linking import TITLE, open_initiatives
from followups.models import Conflict, Member, RootCause, Ticket
from followups.refusals import Incomplete
from nps_loop.counted_years import in_counted_years
from nps_loop.people.models import User

Choices = list[tuple[Any, Any]]


class Shelf:
    """Root causes and colleagues to choose from, each read once however many forms of a page offer them."""

    def __init__(self, ticket: Ticket, user: User) -> None:
        self.ticket, self.user = ticket, user

    def read(self) -> None:
        """Read both in one query, for a page that offers both."""
        read_at_once(self._causes, self.people)

    @cached_property
    def _causes(self) -> QuerySet[RootCause]:
        return RootCause.objects.filter(is_active=True).order_by("position", "name")

    @cached_property
    def causes(self) -> Choices:
        """Two levels as groups: a cause without any below it stands for itself."""
        rows = self._causes
        below: dict[int, Choices] = {}
        for cause in rows:
            if cause.parent_id is not None:
                below.setdefault(cause.parent_id, []).append((cause.pk, cause.name))
        found: Choices = [("", gettext("Choose the cause"))]
        for cause in rows:
            if cause.parent_id is None:
                found.append((cause.name, below[cause.pk]) if cause.pk in below else (cause.pk, cause.name))
        return found

    @cached_property
    def people(self) -> QuerySet[User]:
        """Everybody who works or worked here; whether they are of the ticket's team, and whether it is about them."""
        of_team = Member.objects.filter(user=OuterRef("pk"), team=self.ticket.team_id, is_active=True)
        shown = ("first_name", "last_name", "username", "title", "is_active")
        about = Conflict.objects.filter(user=OuterRef("pk"), ticket__conversation=self.ticket.conversation_id)
        return User.objects.only(*shown).annotate(of_team=Exists(of_team), is_about=Exists(about))

    @property
    def names(self) -> dict[int, str]:
        return {person.pk: person.name for person in self.people}

    @cached_property
    def colleagues(self) -> Choices:
        """Everybody who is active: oneself, the team, then all others."""
        team: Choices = []
        others: Choices = []
        for person in self.people:
            if not person.is_active:
                continue
            if person.pk == self.user.pk:
                team.insert(0, (person.pk, gettext("%(name)s (me)") % {"name": person.name}))
                continue
            label = f"{person.name}, {person.title}" if person.title else person.name
            if person.is_about:  # type: ignore[attr-defined]
                label = gettext("%(name)s: the words may complain about them") % {"name": label}
            (team if person.of_team else others).append((person.pk, label))  # type: ignore[attr-defined]
        groups = [(gettext("The team"), team), (gettext("Everybody else"), others)]
        return [("", gettext("Choose a colleague")), *(group for group in groups if group[1])]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a form is filled in: the ticket, who fills it in, when, and what there is to choose from."""

    ticket: Ticket
    user: User
    now: datetime
    shelf: Shelf
    # Whether this person may not know who the customer is.
    hides_name: bool = False

    @property
    def customer(self) -> str:
        """What labels call the customer."""
        contact = None if self.hides_name else self.ticket.contact
        return contact.short_name if contact else gettext("the customer")

    def next_morning(self) -> datetime:
        """When the team starts on its next working day; without a team, tomorrow at nine by the person's clock."""
        team = self.ticket.team
        if team is None:
            local = timezone.localtime(self.now) + timedelta(days=1)
            return local.replace(hour=9, minute=0, second=0, microsecond=0)
        hours = team.calendar.hours
        day = calendars.next_working_day(hours, calendars.day_of(hours, self.now))
        return calendars.working_stretches(hours, day)[0][0]

    def working_day(self, n: int) -> date | None:
        """The n-th working day of the ticket's team after today; None without a team."""
        if self.ticket.team is None:
            return None
        hours = self.ticket.team.calendar.hours
        return calendars.add_working_days(hours, calendars.day_of(hours, self.now), n)


class VerbForm(forms.Form):
    """A form that ends in one workflow verb. `act` is that function; `arguments` what it is given beside the ticket."""

    verb: ClassVar[str]
    act: ClassVar[Callable[..., Ticket]]
    # Names the workflow gives a field of this form where it differs from ours.
    renamed: ClassVar[Mapping[str, str]] = {}

    version = forms.IntegerField(
        widget=forms.HiddenInput,
        error_messages={"required": _("This page is too old. Load it again."), "invalid": _("This page is too old.")},
    )
    # Refused, the page has the focus on the first field that is wrong.
    moves_focus = True
    required_css_class = ""
    use_required_attribute = False

    def __init__(
        self, data: Any = None, *, desk: Desk, looked_up: Mapping[str, QuerySet[Any]] | None = None, **kwargs: Any
    ) -> None:
        self.desk = desk
        self.looked_up = looked_up or {}
        kwargs.setdefault("auto_id", f"{self.verb}-%s")
        super().__init__(data, **kwargs)
        self.initial.setdefault("version", desk.ticket.version)
        # Callables, so that the lists are read where they are drawn: a posted form that is fine never asks.
        for name, field in self.fields.items():
            if isinstance(field, RowField):
                field.at_hand = self.looked_up.get(name, ())
            if field.error_messages.get("required") == forms.Field.default_error_messages["required"]:
                is_choice = isinstance(field, forms.ChoiceField | forms.ModelChoiceField)
                field.error_messages["required"] = _("Choose one.") if is_choice else _("Write something here first.")
            if isinstance(field, CauseField):
                field.choices = lambda: desk.shelf.causes
            elif isinstance(field, ColleagueField):
                field.choices = lambda: desk.shelf.colleagues
        self.prepare()

    @classmethod
    def looks_up(cls, number: int, user: User, data: Mapping[str, Any], *, now: datetime) -> dict[str, QuerySet[Any]]:
        """What checking such a form looks up, by name: for whoever reads it together with the ticket of this number."""
        named = {
            name: (cls.offered(number, user) if field.queryset is None else field.queryset, str(data.get(name, "")))
            for name, field in cls.base_fields.items()
            if isinstance(field, RowField)
        }
        return {
            name: rows.filter(pk=int(key)) for name, (rows, key) in named.items() if key.isdecimal() and len(key) < 19
        }

    @classmethod
    def offered(cls, number: int, user: User) -> QuerySet[Any]:
        """The rows to choose from where they depend on the ticket and on the person."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Fill in what a form starts with."""

    @property
    def given(self) -> dict[str, Any]:
        """What else than data and desk another form of the kind is made with."""
        return {}

    # When what it is filled with was kept, where that is a draft.
    kept_at: datetime | None = None

    def fill(self, typed: Mapping[str, str]) -> None:
        """Start from what somebody typed before, as a browser posts it; fields it does not name stay as they are."""
        for name, field in self.fields.items():
            if name in typed:
                self.initial[name] = typed[name]
            elif isinstance(field, forms.BooleanField):
                # A tick that is taken off is not posted at all.
                self.initial[name] = False

    def is_worth_keeping(self, typed: Mapping[str, str]) -> bool:
        """Whether any words were typed that the form did not start with."""
        return any(
            typed.get(name, "").split() not in ([], str(self.get_initial_for_field(field, name) or "").split())
            for name, field in self.fields.items()
            if type(field) in (forms.CharField, TextField)
        )

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of the verb, from valid data."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}

    def refuse(self, refusal: Incomplete) -> None:
        """Put each reason of the workflow on the field it is about; what belongs to none stands above the form."""
        for name, reason in refusal.errors.items():
            ours = self.renamed.get(name, name)
            self.add_error(ours if ours in self.fields else None, reason)


class RowField(forms.ModelChoiceField):
    """A row, which may be at hand already. Without a queryset it is one of those its form has `offered`."""

    at_hand: Collection[Any] = ()

    def __init__(self, queryset: QuerySet[Any] | None = None, **kwargs: Any) -> None:
        super().__init__(queryset, **kwargs)

    def to_python(self, value: Any) -> Any:
        found = next((row for row in self.at_hand if str(row.pk) == str(value)), None)
        return found or super().to_python(value)


class CauseField(RowField):
    """A root cause of the two-level list."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Root cause"))
        super().__init__(
            RootCause.objects.filter(is_active=True),
            error_messages={"invalid_choice": _("This cause is no longer in use."), **kwargs.pop("error_messages", {})},
            **kwargs,
        )


class InitiativeField(RowField):
    """An initiative that is still open; left empty where a new one is named beside it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            open_initiatives(),
            label=_("Initiative"),
            required=False,
            empty_label=_("Choose an initiative"),
            error_messages={"invalid_choice": _("This initiative is over, or not there any more.")},
            **kwargs,
        )


class TitleField(forms.CharField):
    """A new initiative."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label=_("Or a new one: what should get better?"), required=False, max_length=TITLE, **kwargs)


class ColleagueField(RowField):
    """An active colleague."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            User.objects.filter(is_active=True),
            error_messages={
                "invalid_choice": _("This colleague is no longer here."),
                **kwargs.pop("error_messages", {}),
            },
            **kwargs,
        )


class MomentInput(forms.DateTimeInput):
    """A day and a time of the person's own clock."""

    input_type = "datetime-local"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M", **kwargs)


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class MomentField(forms.DateTimeField):
    widget = MomentInput

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("error_messages", {"invalid": _("This is not a day and a time.")})
        super().__init__(**kwargs)


class DayField(forms.DateField):
    """A day of the years that are counted."""

    widget = DayInput
    default_validators = [in_counted_years]

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("error_messages", {"invalid": _("This is not a day.")})
        super().__init__(**kwargs)


class TextField(forms.CharField):
    """Words of several lines."""

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 20_000)
        super().__init__(**kwargs)
