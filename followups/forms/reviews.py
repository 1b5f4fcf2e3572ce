"""Planning a review, who sits at the table, what is decided and what becomes of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from followups.forms.absence import ShownForm
from followups.forms.base import DayField
from followups.improve.reviews.deciding import LIMIT
from followups.improve.reviews.planning import quarter_before
from followups.models import Review, ReviewDecision, RootCause, Team
from followups.models.reviews import people_of, touchpoints_of
from followups.refusals import Incomplete
from nps_loop.people.models import User
from surveys.models import Touchpoint

REQUIRED = {"required": _("Write something here first.")}
CHOOSE = {"required": _("Choose one."), "invalid_choice": _("Choose one.")}
# From the end of a quarter to the meeting about it, where nothing else is said.
DAYS_TO_READ = timedelta(days=14)


def touchpoints_led_by(user: User) -> QuerySet[Touchpoint]:
    """Those this person may plan reviews of."""
    if user.is_superuser:
        return Touchpoint.objects.order_by("name")
    return Touchpoint.objects.filter(touchpoints_of(Team.objects.led_by(user).order_by())).order_by("name")


def _refuse(form: forms.Form, refusal: Incomplete) -> None:
    """Put each reason on the field it is about."""
    for name, reason in refusal.errors.items():
        form.add_error(name if name in form.fields else None, reason)


class RefusedForm(forms.Form):
    use_required_attribute = False

    def refuse(self, refusal: Incomplete) -> None:
        _refuse(self, refusal)


class PlanForm(RefusedForm):
    """A new review: of what, of which answers, and when. It begins with the last whole quarter, met in two weeks."""

    touchpoint = forms.ModelChoiceField(
        Touchpoint.objects.none(), label=_("Touchpoint"), empty_label=_("Choose a touchpoint"), error_messages=CHOOSE
    )
    day_from = DayField(label=_("Answers from"))
    day_to = DayField(label=_("Answers to"))
    meeting_on = DayField(label=_("Meeting on"))

    def __init__(self, data: Any = None, *, user: User, today: date) -> None:
        super().__init__(data, auto_id="plan-%s")
        self.fields["touchpoint"].queryset = touchpoints_led_by(user)  # type: ignore[attr-defined]
        first, last = quarter_before(today)
        self.initial.update({"day_from": first, "day_to": last, "meeting_on": today + DAYS_TO_READ})


class ChangeForm(ShownForm):
    """Other days, and who sits at the table: the teams that take the touchpoint, and guests."""

    day_from = DayField(label=_("Answers from"))
    day_to = DayField(label=_("Answers to"))
    meeting_on = DayField(label=_("Meeting on"))
    people = forms.ModelMultipleChoiceField(
        User.objects.none(), label=_("Of the team"), required=False, widget=forms.CheckboxSelectMultiple
    )
    guests = forms.ModelMultipleChoiceField(
        User.objects.none(),
        label=_("Guests"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("They read the sheet, and not the lists behind it."),
    )

    def __init__(self, data: Any = None, *, review: Review) -> None:
        invited = set(review.people.values_list("pk", flat=True))
        own = set(people_of(review.touchpoint).values_list("user", flat=True))
        days = (review.day_from, review.day_to, review.meeting_on)
        super().__init__(data, stands=" ".join(map(str, [*days, review.state, *sorted(invited)])), auto_id="review-%s")
        everybody = User.objects.filter(Q(is_active=True) | Q(pk__in=invited)).order_by("first_name", "last_name", "pk")
        for name, rows in (("people", everybody.filter(pk__in=own)), ("guests", everybody.exclude(pk__in=own))):
            field: Any = self.fields[name]
            field.queryset = rows
            field.label_from_instance = _with_title
            self.initial[name] = sorted(invited & own if name == "people" else invited - own)
        self.initial.update({"day_from": review.day_from, "day_to": review.day_to, "meeting_on": review.meeting_on})

    def refuse(self, refusal: Incomplete) -> None:
        _refuse(self, refusal)

    def arguments(self) -> dict[str, Any]:
        """What `planning.change` takes."""
        data = self.cleaned_data
        days = {name: data[name] for name in ("day_from", "day_to", "meeting_on")}
        return {**days, "people": [*data["people"], *data["guests"]]}


def _with_title(user: User) -> str:
    return f"{user.name}, {user.title}" if user.title else user.name


class DecideForm(RefusedForm):
    """A decision: what kind of thing, what, who does it and by when."""

    kind = forms.ChoiceField(label=_("What kind"), choices=ReviewDecision.Kind.choices, error_messages=CHOOSE)
    what = forms.CharField(label=_("What will be done"), max_length=LIMIT, error_messages=REQUIRED)
    root_cause = forms.ModelChoiceField(
        RootCause.objects.filter(is_active=True).select_related("parent"),
        label=_("The cause it answers"),
        required=False,
        empty_label=_("None of them"),
    )
    owner = forms.ModelChoiceField(
        User.objects.filter(is_active=True).order_by("first_name", "last_name", "pk"),
        label=_("Who does it"),
        empty_label=_("Choose a colleague"),
        error_messages=CHOOSE,
    )
    due_on = DayField(label=_("By when"), error_messages={**REQUIRED, "invalid": _("This is not a day.")})

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="decide-%s")
        self.fields["owner"].label_from_instance = _with_title  # type: ignore[attr-defined]


class _ChangeDecisionForm(RefusedForm):
    """What becomes of one decision; it carries the version its page showed."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)

    def __init__(self, data: Any = None, *, decision: ReviewDecision) -> None:
        super().__init__(data, auto_id=f"{type(self).__name__.lower()}-{decision.pk}-%s")
        self.decision = decision
        self.initial["version"] = decision.version


class DoneForm(_ChangeDecisionForm):
    outcome = forms.CharField(label=_("What became of it, in one sentence"), max_length=LIMIT, error_messages=REQUIRED)


class MoveForm(_ChangeDecisionForm):
    due_on = DayField(label=_("The new day"))
    reason = forms.CharField(label=_("Why"), max_length=LIMIT, error_messages=REQUIRED)


class DropForm(_ChangeDecisionForm):
    reason = forms.CharField(label=_("Why"), max_length=LIMIT, error_messages=REQUIRED)


FORMS: dict[str, type[_ChangeDecisionForm]] = {"done": DoneForm, "move": MoveForm, "drop": DropForm}


def stale(form: _ChangeDecisionForm, message: str, current: int | str) -> None:
    """Keep what was typed, and let what is sent next be about what stands there now."""
    form.data = {**form.data.dict(), "version": str(current)}  # type: ignore[attr-defined]
    form.add_error(None, message or gettext("Somebody changed it meanwhile."))
