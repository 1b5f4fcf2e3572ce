"""The ladder of a policy as a lead edits it: one form a step, and an empty one for another step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from followups.models import Deadline, LadderStep
from nps_loop.webhooks.models import Endpoint

Moment, Unit, Who = LadderStep.Moment, LadderStep.Unit, LadderStep.Who

# How an amount is said: (unit, minutes each).
SPANS = {
    "clock_minutes": (Unit.CLOCK, 1),
    "clock_hours": (Unit.CLOCK, 60),
    "working_minutes": (Unit.WORKING, 1),
    "working_hours": (Unit.WORKING, 60),
    "working_days": (Unit.DAYS, 1),
}
# Nobody is told of anything a year later.
MOST = {"working_days": 250, "clock_hours": 366 * 24, "working_hours": 2_000}
MOST_MINUTES = 100_000
MOST_STEPS = 12


class StepForm(forms.Form):
    """One step. Left without a reader it is no step."""

    use_required_attribute = False

    level = forms.SlugField(required=False, max_length=40, widget=forms.HiddenInput)
    who = forms.ChoiceField(label=_("Who hears it"), required=False, choices=[("", _("Nobody")), *Who.choices])
    address = forms.EmailField(
        label=_("Mail address"),
        required=False,
        help_text=_("Of somebody without a log-in: they read numbers, no names and no words."),
    )
    endpoint = forms.ModelChoiceField(
        label=_("Webhook"), required=False, queryset=Endpoint.objects.none(), empty_label=_("none")
    )
    number = forms.IntegerField(label=_("How much"), required=False, min_value=0)
    span = forms.ChoiceField(
        label=_("Counted in"),
        choices=[
            ("clock_hours", _("hours by the clock")),
            ("clock_minutes", _("minutes by the clock")),
            ("working_hours", _("working hours")),
            ("working_days", _("working days")),
            ("working_minutes", _("minutes of working time")),
            ("percent", _("per cent of its time")),
        ],
    )
    moment = forms.ChoiceField(
        label=_("Before or after"),
        choices=[(Moment.BEFORE, _("before it is due")), (Moment.AFTER, _("after it was due"))],
        help_text=_("Per cent count from the beginning."),
    )
    target = forms.ChoiceField(
        label=_("Of which time"), required=False, choices=[("", _("any of them")), *Deadline.Target.choices]
    )
    how = forms.ChoiceField(
        label=_("When is it told"),
        choices=[
            ("at_once", _("at once")),
            ("waits", _("in the team's working time")),
            ("digest", _("with the next working morning's mail")),
        ],
    )
    unassigned_only = forms.BooleanField(label=_("Only while nobody has the ticket"), required=False)
    remove = forms.BooleanField(label=_("Take this step out"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(field := self.fields["endpoint"], forms.ModelChoiceField):
            field.queryset = Endpoint.objects.order_by("name")

    @property
    def is_new(self) -> bool:
        return not (self["level"].value() or "")

    @property
    def is_left_out(self) -> bool:
        return bool(self.cleaned_data.get("remove")) or not self.cleaned_data.get("who")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("remove") or not data.get("who"):
            return data
        if data["who"] == Who.ADDRESS and not data.get("address"):
            self.add_error("address", gettext("Write the address that hears it."))
        if data["who"] == Who.WEBHOOK and data.get("endpoint") is None:
            self.add_error("endpoint", gettext("Choose the webhook. Administrators make them in the set-up."))
        number, span = data.get("number"), data.get("span")
        if number is None and "number" not in self.errors:
            self.add_error("number", gettext("Write how much: 0 is the moment it is due."))
        elif number is not None and span == "percent" and not 1 <= number <= 100:
            self.add_error("number", gettext("Per cent go from 1 to 100."))
        elif number is not None and span in SPANS and number > MOST.get(span, MOST_MINUTES):
            self.add_error("number", gettext("This is more than a year: choose less."))
        return data

    def step(self, taken: set[str]) -> LadderStep:
        """The step as it is now, without its policy. One that is new gets a level nobody has had."""
        data = self.cleaned_data
        percent = data["span"] == "percent"
        unit, each = (Unit.WORKING, 1) if percent else SPANS[data["span"]]
        moment = Moment.SHARE if percent else data["moment"]
        level = data["level"] or free_level(f"{data['who']}-{moment}-{data['number'] * each}", taken)
        return LadderStep(
            level=level,
            target=data["target"],
            moment=moment,
            amount=data["number"] * each,
            unit=unit,
            who=data["who"],
            address=data["address"] if data["who"] == Who.ADDRESS else "",
            endpoint=data["endpoint"] if data["who"] == Who.WEBHOOK else None,
            digest=data["how"] == "digest",
            waits=data["how"] == "waits",
            unassigned_only=data["unassigned_only"],
        )


def free_level(wanted: str, taken: set[str]) -> str:
    """A level that no step has: a level is told once, so a new step must not take an old one's name."""
    level, n = wanted[:36], 2
    while level in taken:
        level, n = f"{wanted[:36]}-{n}", n + 1
    return level


StepFormSet = forms.formset_factory(
    StepForm, extra=1, max_num=MOST_STEPS, validate_max=True, absolute_max=MOST_STEPS + 1
)


def as_typed(step: LadderStep) -> dict[str, Any]:
    """What a form shows of a step."""
    if step.moment == Moment.SHARE:
        each, span = 1, "percent"
    elif not step.amount:
        each, span = 1, f"{'clock' if step.unit == Unit.CLOCK else 'working'}_hours"
    else:
        # The longest span that it is a whole number of.
        each, span = max(
            (minutes, name)
            for name, (unit, minutes) in SPANS.items()
            if unit == step.unit and step.amount % minutes == 0
        )
    return {
        "level": step.level,
        "who": step.who,
        "address": step.address,
        "endpoint": step.endpoint_id,
        "number": step.amount // each,
        "span": span,
        "moment": Moment.AFTER if step.moment == Moment.SHARE else step.moment,
        "target": step.target,
        "how": "digest" if step.digest else "waits" if step.waits else "at_once",
        "unassigned_only": step.unassigned_only,
    }


def steps_of(forms_: Sequence[StepForm], ever: set[str]) -> list[LadderStep]:
    """The steps that stay or come, in order. `ever` holds the levels of every version of this policy."""
    kept = [form for form in forms_ if form.has_changed() or not form.is_new]
    taken, found = set(ever), []
    for form in kept:
        if form.is_left_out:
            continue
        step = form.step(taken)
        taken.add(step.level)
        found.append(step)
    return found
