"""When somebody is away, when they work, and when a team looks after what its owners leave alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from followups import absence, working_weeks
from followups.absence.planning import NOTE_LIMIT
from followups.absences_page import as_days, from_days
from followups.forms.base import DayField
from followups.forms.week import WeekForm
from followups.models import Away, Team
from followups.working_weeks import Week
from nps_loop.people.models import User

MOST_HOURS = 400


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%H:%M", **kwargs)


class ClockField(forms.TimeField):
    widget = TimeInput

    def __init__(self, **kwargs: Any) -> None:
        kwargs = {"required": False, "error_messages": {"invalid": _("This is not a time.")}, **kwargs}
        super().__init__(**kwargs)


class ShownForm(forms.Form):
    """A form that carries what its page showed, and is refused where somebody changed it meanwhile."""

    use_required_attribute = False
    shown = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, stands: str, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.stands = stands
        self.initial["shown"] = stands

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("shown", "") != self.stands:
            # What is sent next is about what stands there now.
            self.data = {**self.data.dict(), "shown": self.stands}  # type: ignore[attr-defined]
            raise forms.ValidationError(
                _("It was changed while you were writing. What you chose is kept: look at it, then save it again.")
            )
        return data


class MateField(forms.ModelChoiceField):
    """A colleague, by name."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class AbsenceForm(ShownForm):
    """First and last day, who stands in, and a line for colleagues."""

    first_day = DayField(
        label=_("First day away"),
        error_messages={"required": _("Say from which day."), "invalid": _("This is not a day.")},
    )
    first_time = ClockField(label=_("From what time?"), help_text=_("Empty: from the morning."))
    last_day = DayField(
        label=_("Last day away"),
        error_messages={"required": _("Say until which day."), "invalid": _("This is not a day.")},
    )
    last_time = ClockField(label=_("Back at what time?"), help_text=_("Empty: the next day."))
    delegate = MateField(
        User.objects.none(),
        label=_("Who stands in?"),
        required=False,
        empty_label=_("Nobody: the team shares it"),
        error_messages={"invalid_choice": _("This colleague is in no team of yours that takes tickets.")},
    )
    note = forms.CharField(label=_("A line for colleagues"), required=False, max_length=NOTE_LIMIT)

    def __init__(self, data: Any = None, *, user: User, away: Away | None, now: datetime) -> None:
        super().__init__(data, stands=absence.stands(away))
        self.user, self.away, self.now = user, away, now
        self.fields["delegate"].queryset = absence.mates_of(user)  # type: ignore[attr-defined]
        if away is not None:
            self.initial.update(as_days(away), delegate=away.delegate_id, note=away.note)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        first, last = data.get("first_day"), data.get("last_day")
        if first is None or last is None:
            return data
        starts, ends = from_days(first, data.get("first_time"), last, data.get("last_time"))
        if why_not := absence.why_not_between(starts, ends, now=self.now):
            self.add_error("last_day", why_not)
        else:
            data |= {"starts_at": starts, "ends_at": ends}
        return data

    def save(self) -> Away:
        """Keep it, with what follows from it at once. Raises NotAllowed where it was over before it was sent."""
        data = self.cleaned_data
        return absence.plan(
            self.user,
            starts_at=data["starts_at"],
            ends_at=data["ends_at"],
            delegate=data["delegate"],
            note=data["note"],
            now=self.now,
            away=self.away,
        )

    def delegate_is_away(self) -> Away | None:
        """The absence in which the chosen delegate is not there either, for a word about it."""
        data = self.cleaned_data
        if data["delegate"] is None:
            return None
        rows = Away.objects.filter(user=data["delegate"], starts_at__lt=data["ends_at"], ends_at__gt=data["starts_at"])
        return rows.order_by("starts_at").first()


class WorkingWeekForm(ShownForm, WeekForm):
    """Seven days, a line each, and whose clock they are read on."""

    zone = forms.ChoiceField(
        label=_("Time zone"), choices=lambda: [(name, name) for name in sorted(available_timezones())]
    )

    def __init__(self, data: Any = None, *, week: Week) -> None:
        super().__init__(data, stands=working_weeks.stands(week.row))
        self.initial["zone"] = week.zone
        self.initial.update(self.initial_of(week.weekly))

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.errors and not any(self.week):
            raise forms.ValidationError(working_weeks.no_day())
        return data


class LeftAloneForm(ShownForm):
    """After how many working hours without anything done each step is taken; an empty one never is."""

    nudge_after = forms.IntegerField(
        label=_("The owner is reminded after"), required=False, min_value=1, max_value=MOST_HOURS
    )
    tell_lead_after = forms.IntegerField(
        label=_("The lead is told after"), required=False, min_value=1, max_value=MOST_HOURS
    )
    reassign_after = forms.IntegerField(
        label=_("Somebody else gets it after"), required=False, min_value=1, max_value=MOST_HOURS
    )

    STEPS = ("nudge_after", "tell_lead_after", "reassign_after")

    def __init__(self, data: Any = None, *, team: Team) -> None:
        values = {name: getattr(team, name) for name in self.STEPS}
        super().__init__(data, stands="-".join(str(value or "") for value in values.values()))
        self.initial.update(values)
        for name in self.STEPS:
            self.fields[name].help_text = _("Working hours; empty: never.")

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        before = 0
        for name in self.STEPS:
            hours = data.get(name)
            if hours is not None and hours < before:
                self.add_error(name, _("Each step comes after the one before it."))
            before = hours or before
        return data
