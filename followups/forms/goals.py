"""A goal: of which figure, for whom, how high, from which day on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from followups.models import SetGoal, Team
from followups.refusals import Forbidden, Incomplete
from followups.reports.forms import DayField


class GoalForm(forms.Form):
    """`teams` are those whose goals may be set; with `everybody` that of all teams together may be set too."""

    metric = forms.ChoiceField(label=_("Figure"), choices=SetGoal.Metric.choices)
    team = forms.ChoiceField(label=_("For whom"), required=False)
    target = forms.IntegerField(
        label=_("Goal"),
        required=False,
        help_text=_("Per cent, or points of NPS. Empty: no goal any more from that day on."),
    )
    valid_from = DayField(
        label=_("From"), help_text=_("Answers of this day and later are judged by it. Days that are over keep theirs.")
    )
    use_required_attribute = False

    def __init__(self, data: Any, *, teams: Sequence[Team], everybody: bool, today: date) -> None:
        super().__init__(data, auto_id="goal-%s", initial={"valid_from": today})
        self.teams = {team.slug: team for team in teams}
        choices = [(team.slug, team.name) for team in teams]
        self.fields["team"].choices = [("", _("Everybody")), *choices] if everybody else choices  # type: ignore[attr-defined]
        self.fields["team"].required = not everybody
        self.fields["valid_from"].required = True

    def arguments(self) -> dict[str, Any]:
        """What `set_goal` takes."""
        data = self.cleaned_data
        team = self.teams.get(data.get("team") or "")
        return {"metric": data["metric"], "team": team, "target": data["target"], "valid_from": data["valid_from"]}

    def refuse(self, refusal: Incomplete | Forbidden) -> None:
        """Put each reason on the field it is about; what is not theirs to set, on whose goal it is."""
        reasons = refusal.errors if isinstance(refusal, Incomplete) else {"team": refusal.message}
        for name, reason in reasons.items():
            self.add_error(name, reason)
