"""Calendars and policies, as a lead writes them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

import holidays
from babel import Locale
from django import forms
from django.conf import settings
from django.forms.models import model_to_dict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from followups.forms.week import ClosuresField, WeekForm
from followups.models import Calendar, SlaPolicy, Team
from followups.refusals import Incomplete
from followups.versions import Hours
from surveys.scoring import Band

RECOUNT = _("Also count what is due on open tickets anew")
RECOUNT_HINT = _(
    "Left off, open tickets keep the times they have. Ticked, each ticket concerned says in its history that it was "
    "counted anew. What a customer was told stays promised."
)


@lru_cache(maxsize=16)
def countries(language: str) -> list[tuple[str, str]]:
    """Countries whose public holidays are known, as (code, name in that language), in the order of the names."""
    names = Locale.parse(language.replace("-", "_")).territories
    known = [(code, str(names.get(code, code))) for code in holidays.list_supported_countries(include_aliases=False)]
    return sorted(known, key=lambda pair: pair[1].casefold())


class CalendarForm(WeekForm):
    """A week, public holidays, days of our own, and the teams that work by it."""

    use_required_attribute = False

    name = forms.CharField(label=_("Name"), max_length=120)
    zone = forms.ChoiceField(label=_("Time zone"))
    country = forms.ChoiceField(
        label=_("Public holidays of"), required=False, help_text=_("They are kept with this version, by name.")
    )
    subdivision = forms.CharField(
        label=_("State, canton or province"),
        required=False,
        max_length=30,
        help_text=_("Its short form, such as BY or ZH."),
    )
    worked_holidays = forms.MultipleChoiceField(
        label=_("Public holidays we work on"), required=False, widget=forms.CheckboxSelectMultiple
    )
    own_days = ClosuresField(
        label=_("Days of our own on which we are closed"),
        help_text=_("One a line: 2026-12-24 Christmas Eve, or 2026-12-28 to 2026-12-31 Between the years."),
    )
    teams = forms.ModelMultipleChoiceField(
        label=_("Teams that work by these hours"),
        queryset=Team.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    recount = forms.BooleanField(label=RECOUNT, required=False, help_text=RECOUNT_HINT)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, calendar: Calendar | None, holiday_names: list[str]) -> None:
        initial: dict[str, Any] = {"version": calendar.version if calendar else 0, "zone": settings.TIME_ZONE}
        if calendar is not None:
            initial |= self.initial_of(calendar.weekly)
            initial |= {
                name: getattr(calendar, name)
                for name in ("name", "zone", "country", "subdivision", "worked_holidays", "own_days")
            }
            initial["teams"] = list(calendar.teams.all())
            if not calendar.own_days and not calendar.country:
                # Written before a calendar knew which of its days are its own.
                initial["own_days"] = calendar.closed_days
        super().__init__(data, initial=initial)
        self.fields["zone"].choices = [(name, name) for name in sorted(available_timezones())]  # type: ignore[attr-defined]
        names = countries(get_language() or "en")
        self.fields["country"].choices = [("", _("None: we write our own days")), *names]  # type: ignore[attr-defined]
        # Those worked on before stay to be unticked, whatever country is chosen now.
        worked = [name for name in initial.get("worked_holidays", []) if name not in holiday_names]
        self.fields["worked_holidays"].choices = [(name, name) for name in [*holiday_names, *worked]]  # type: ignore[attr-defined]
        if calendar is None:
            del self.fields["recount"]

    def hours(self) -> Hours:
        """What was written, once the form is valid."""
        data = self.cleaned_data
        return Hours(
            name=data["name"],
            zone=data["zone"],
            weekly=self.week,
            country=data["country"],
            subdivision=data["subdivision"].strip(),
            worked_holidays=data["worked_holidays"],
            own_days=data["own_days"],
        )

    def refuse(self, incomplete: Incomplete) -> None:
        for field, reason in incomplete.errors.items():
            self.add_error(field, reason)


class PolicyForm(forms.ModelForm):
    """By when somebody is contacted, answered, told the next thing, and the case resolved."""

    use_required_attribute = False

    bands = forms.MultipleChoiceField(
        label=_("For whom?"), choices=Band.choices, required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: everybody. A ticket takes the first that fits, or the one its rule names."),
    )  # fmt: skip
    first_contact_clock = forms.ChoiceField(
        label=_("First contact runs on"),
        choices=[
            (SlaPolicy.Clock.CUSTOMER, _("the customer’s clock: day and night")),
            (SlaPolicy.Clock.TEAM, _("the team’s clock: working time")),
        ],
        help_text=_("The customer’s clock begins with the answer, the team’s when we received it."),
    )
    recount = forms.BooleanField(label=RECOUNT, required=False, help_text=RECOUNT_HINT)
    version = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = SlaPolicy
        fields = [
            "name", "bands", "first_contact_clock", "first_contact_hours", "first_contact_working_days",
            "answer_working_days", "update_working_days", "resolution_working_days", "goal_percent", "position",
            "is_active",
        ]  # fmt: skip
        labels = {
            "name": _("Name"),
            "first_contact_hours": _("First contact within so many hours"),
            "first_contact_working_days": _("First contact within so many working days"),
            "answer_working_days": _("Answer to a customer who wrote, working days"),
            "update_working_days": _("Next update while we act, working days"),
            "resolution_working_days": _("Resolution, working days"),
            "goal_percent": _("Goal, per cent in time"),
            "position": _("Place in the list"),
            "is_active": _("New tickets take it"),
        }
        help_texts = {
            "first_contact_hours": _("For the customer’s clock."),
            "first_contact_working_days": _("For the team’s clock."),
            "answer_working_days": "",
            "update_working_days": "",
            "position": _("Lower comes first."),
        }

    def __init__(self, data: Any = None, *, policy: SlaPolicy | None) -> None:
        initial: dict[str, Any] = {"version": policy.version if policy else 0}
        if policy is not None:
            initial |= model_to_dict(policy, fields=self.Meta.fields)
        super().__init__(data, initial=initial)
        for name in ("answer_working_days", "update_working_days", "resolution_working_days"):
            self.fields[name].min_value = 1  # type: ignore[attr-defined]
        if policy is None:
            del self.fields["recount"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("first_contact_clock") == SlaPolicy.Clock.CUSTOMER:
            if not data.get("first_contact_hours"):
                self.add_error("first_contact_hours", _("Say within how many hours."))
        elif not data.get("first_contact_working_days"):
            self.add_error("first_contact_working_days", _("Say within how many working days."))
        for name in ("answer_working_days", "update_working_days", "resolution_working_days"):
            if name in data and not 1 <= (data[name] or 0) <= 250:
                self.add_error(name, _("From 1 to 250 working days."))
        if (data.get("first_contact_hours") or 0) > 8_760:
            self.add_error("first_contact_hours", _("At most a year: 8,760 hours."))
        if (data.get("first_contact_working_days") or 0) > 250:
            self.add_error("first_contact_working_days", _("From 1 to 250 working days."))
        if "goal_percent" in data and not 1 <= (data["goal_percent"] or 0) <= 100:
            self.add_error("goal_percent", _("A goal is 1 to 100 per cent."))
        return data

    def validate_constraints(self) -> None:
        """What the one constraint asks for is said above, in words."""

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}
