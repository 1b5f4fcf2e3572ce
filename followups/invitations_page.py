"""/surveys/invitations/: whom we asked, whom not, and the rule that said so. For leads and administrators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from followups.persons import known_among
from followups.reports.metrics import ReportFilters, invitations_of
from followups.viewing import Viewer, customer_without_name
from nps_loop.api.filters import MomentField
from surveys.models import Invitation, Survey

PAGE = 50
# Everybody whom the question reached, whatever became of it since.
ASKED = "asked"


class InvitationsForm(forms.Form):
    """Which invitations. What does not fit is said beside the field, and narrows nothing."""

    survey = forms.ModelChoiceField(
        Survey.objects.order_by("name"), to_field_name="slug", label=_("Survey"), required=False, empty_label=_("any")
    )
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("any")), (ASKED, _("asked")), *Invitation.State.choices]
    )
    rule = forms.ChoiceField(
        label=_("Not asked because"),
        required=False,
        choices=[("", _("any")), *[choice for choice in Invitation.Rule.choices if choice[0]]],
    )
    day_from = forms.DateField(label=_("From"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    day_to = forms.DateField(label=_("To"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    touchpoint = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)
    segment = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)
    survey_kind = forms.ChoiceField(required=False, choices=[("", ""), *Survey.Kind.choices], widget=forms.HiddenInput)
    account_owner = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
    as_of = MomentField(required=False, widget=forms.HiddenInput)
    use_required_attribute = False

    @property
    def narrowed(self) -> dict[str, Any]:
        """What was asked for and makes sense."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}


@dataclass(frozen=True, slots=True)
class Row:
    """One invitation as this person may read it. `href` is the person's page, where they may open it."""

    invitation: Invitation
    name: str
    href_contact: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class InvitationsPage:
    form: InvitationsForm
    rows: list[Row]
    n: int
    next_query: str


def invitations_page(looking: Viewer, asked: QueryDict) -> InvitationsPage:
    """One page of them, the newest first; four queries whatever their number. `after` is the key of the last seen."""
    form = InvitationsForm(asked)
    narrowed = form.narrowed
    rows = chosen(narrowed)
    n = rows.order_by().count()
    after = asked.get("after", "")
    if after.isascii() and after.isdigit() and len(after) < 19:
        rows = rows.filter(pk__lt=int(after))
    found = list(rows.select_related("survey", "contact", "account").order_by("-pk")[: PAGE + 1])
    shown = found[:PAGE]
    contacts = [row.contact_id for row in shown if row.contact_id]
    known = known_among(contacts, looking)
    following = asked.copy()
    if len(found) > PAGE:
        following["after"] = str(shown[-1].pk)
    return InvitationsPage(
        form=form,
        rows=[_row(row, known) for row in shown],
        n=n,
        next_query=following.urlencode() if len(found) > PAGE else "",
    )


def chosen(narrowed: dict[str, Any]) -> QuerySet[Invitation]:
    """The invitations that a form's `narrowed` asks for."""
    rows: QuerySet[Invitation] = Invitation.objects.all()
    narrowing = {
        name: narrowed[name]
        for name in ("touchpoint", "segment", "survey_kind", "account_owner", "as_of")
        if name in narrowed
    }
    then = "then_" if "as_of" in narrowed else ""
    if narrowing or "day_from" in narrowed or "day_to" in narrowed:
        days = narrowed.get("day_from") or date.min, narrowed.get("day_to") or date.max
        rows = invitations_of(ReportFilters(*days, **narrowing))
    if survey := narrowed.get("survey"):
        rows = rows.filter(survey=survey)
    if rule := narrowed.get("rule"):
        rows = rows.filter(**{f"{then}stopped_by": rule})
    state = narrowed.get("state")
    if state == ASKED:
        asked = (Invitation.State.SENT, Invitation.State.ANSWERED, Invitation.State.EXPIRED)
        rows = rows.filter(**{f"{then}state__in": asked})
    elif state:
        rows = rows.filter(**{f"{then}state": state})
    return rows


def _row(row: Invitation, known: set[int]) -> Row:
    contact, account = row.contact, row.account
    if contact is None:
        name = gettext("Nobody known")
    elif contact.pk in known:
        name = str(contact)
    else:
        name = customer_without_name(account.segment if account else "", account.region if account else "")
    reason = str(row.get_stopped_by_display()) if row.stopped_by else ""
    return Row(row, name, contact.pk if contact and contact.pk in known else None, reason)
