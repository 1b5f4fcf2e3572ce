"""What a report is asked for: a period and what narrows it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from followups.models import Team
from followups.reports.metrics import Compare, ReportFilters, reporting_day
from followups.reports.metrics.ways import ATTRIBUTE, LONGEST_ATTRIBUTE, WITHOUT, attribute_of, reportable, way_of
from nps_loop.api.filters import MomentField
from nps_loop.counted_years import in_counted_years
from nps_loop.people.models import User
from surveys.models import Account, Brand, Survey, Touchpoint
from surveys.scoring import Band

PERIODS = [
    ("weeks", _("Last 13 weeks")),
    ("month", _("This month")),
    ("last_month", _("Last month")),
    ("quarter", _("This quarter")),
    ("last_quarter", _("Last quarter")),
    ("year", _("Last 12 months")),
    ("own", _("Other days")),
]
LONGEST = timedelta(days=5 * 366)


def days_of(period: str, today: date) -> tuple[date, date]:
    """First and last day of a named period. Thirteen weeks end with this one and start on a Monday."""
    month = today.replace(day=1)
    quarter = month.replace(month=(month.month - 1) // 3 * 3 + 1)
    before = timedelta(days=1)
    if period == "month":
        return month, today
    if period == "last_month":
        return (month - before).replace(day=1), month - before
    if period == "quarter":
        return quarter, today
    if period == "last_quarter":
        last = quarter - before
        return last.replace(month=last.month - 2, day=1), last
    if period == "year":
        return (month - timedelta(days=330)).replace(day=1), today
    return today - timedelta(days=today.weekday() + 12 * 7), today


class MomentInput(forms.DateTimeInput):
    """A moment on the reader's clock, whatever zone an address named it in."""

    def __init__(self) -> None:
        super().__init__({"type": "datetime-local", "step": "1"}, "%Y-%m-%dT%H:%M:%S")

    def format_value(self, value: Any) -> str | None:
        with suppress(ValueError, OverflowError):
            moment = parse_datetime(value) if isinstance(value, str) else value
            if moment is not None and timezone.is_aware(moment):
                value = timezone.localtime(moment).replace(tzinfo=None)
        shown: str | None = super().format_value(value)
        return shown


DRESS = {"class": "input"}
DAYS = ("day_from", "day_to")
FURTHER = (
    "band", "survey_kind", "account_owner", "region", "brand", "product", "business_unit", "language", "attribute",
    "as_of",
)  # fmt: skip
# What figures may be grouped by: those whose groups a list of tickets can be narrowed to. The first is the usual one.
GROUPS = [
    (name, way_of(name).label)
    for name in (
        "touchpoint", "team", "person", "survey_kind", "product", "segment", "region", "business_unit", "language",
        "brand",
    )
]  # fmt: skip


def known_attribute(text: str) -> None:
    """Raises ValidationError for what names no attribute and value."""
    try:
        attribute_of(text)
    except ValueError as error:
        raise forms.ValidationError(_("Write it as name:value."), code="invalid") from error


class DayField(forms.DateField):
    """A day of the years that are counted."""

    default_validators = [in_counted_years]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"), **kwargs)


class ReportForm(forms.Form):
    """The filters of a report, from a query string. `filters()` gives them; nonsense is left out and says why."""

    period = forms.ChoiceField(label=_("Period"), choices=PERIODS, required=False)
    day_from = DayField(label=_("From"))
    day_to = DayField(label=_("To"))
    team = forms.ChoiceField(label=_("Team"), required=False)
    touchpoint = forms.ChoiceField(label=_("Touchpoint"), required=False)
    segment = forms.ChoiceField(label=_("Segment"), required=False)
    band = forms.ChoiceField(
        label=_("Tickets of"),
        required=False,
        choices=[
            ("", _("Everybody")),
            (Band.DETRACTOR, _("Detractors")),
            (Band.PASSIVE, _("Passives")),
            (Band.PROMOTER, _("Promoters")),
        ],
    )
    survey_kind = forms.ChoiceField(
        label=_("Survey"), required=False, choices=[("", _("All surveys")), *Survey.Kind.choices]
    )
    account_owner = forms.TypedChoiceField(
        label=_("Account owner"), required=False, coerce=int, empty_value=None, choices=()
    )

    as_of = MomentField(label=_("As it stood"), required=False, widget=MomentInput())
    region = forms.ChoiceField(label=_("Region"), required=False, choices=())
    brand = forms.ChoiceField(label=_("Brand"), required=False, choices=())
    product = forms.CharField(label=_("Product"), required=False, max_length=200)
    business_unit = forms.CharField(label=_("Business unit"), required=False, max_length=200)
    language = forms.CharField(label=_("Language"), required=False, max_length=10)
    attribute = forms.CharField(
        label=_("Attribute, as name:value"), required=False, max_length=LONGEST_ATTRIBUTE, validators=[known_attribute]
    )
    compare = forms.ChoiceField(label=_("Compared with"), required=False, choices=Compare.choices)
    by = forms.ChoiceField(label=_("Grouped by"), required=False, choices=GROUPS)

    def __init__(
        self,
        data: Any,
        *,
        viewer: User,
        today: date,
        now: datetime | None = None,
        also: Collection[str] = (),
        with_past: bool = True,
    ) -> None:
        """`also` names what the page asks besides its cohort: `compare`, `by`, or both.

        `with_past` is off for figures that are of now alone: then there is no field for a past moment.
        """
        given = data.copy()
        self.now = now or timezone.now()
        groups = self._groups(given.get("by", ""), offered="by" in also)
        for name, usual, choices in (("compare", Compare.BEFORE, Compare.choices), ("by", GROUPS[0][0], groups)):
            if given.get(name) not in dict(choices):
                given[name] = usual
        if not given.get("period"):
            given["period"] = "own" if given.get("day_from") or given.get("day_to") else "weeks"
        teams = list(Team.objects.of(viewer).filter(takes_tickets=True).order_by("name").values_list("slug", "name"))
        if len(teams) == 1 and given.get("team") != WITHOUT:
            given["team"] = teams[0][0]
        super().__init__(given, auto_id="report-%s")
        self.viewer, self.today, self.also = viewer, today, also
        if not with_past:
            del self.fields["as_of"]
        for field in self.fields.values():
            field.widget.attrs |= DRESS
        self.team_name = dict(teams).get(given.get("team", ""), "")
        touchpoints = Touchpoint.objects.values_list("slug", "name")
        known = Account.objects.exclude(segment="").order_by("segment").values_list("segment", flat=True)
        segments = list(known.distinct())
        # Answers remember segments that no account has any more.
        if (asked := given.get("segment", "")) and asked.isprintable() and asked not in (*segments, WITHOUT):
            segments.append(asked[:80])
        owners = User.objects.filter(Exists(Account.objects.filter(owner=OuterRef("pk"))))
        self._choose("team", _("All my teams") if len(teams) > 1 else None, teams)
        self._choose("touchpoint", _("All touchpoints"), touchpoints)
        regions = Account.objects.exclude(region="").order_by("region").values_list("region", flat=True).distinct()
        self._choose("region", _("All regions"), [(region, region) for region in regions])
        self._choose("brand", _("All brands"), Brand.objects.order_by("name").values_list("slug", "name"))
        self._choose("segment", _("All segments"), [(segment, segment) for segment in segments])
        self.fields["by"].choices = groups  # type: ignore[attr-defined]
        self._choose("account_owner", _("Everybody"), [(owner.pk, owner.name) for owner in owners])

    @staticmethod
    def _groups(asked: str, *, offered: bool) -> list[tuple[str, Any]]:
        """What to group by, with the attributes that were declared reportable where it is asked. At most one query."""
        if not offered and not asked.startswith(ATTRIBUTE):
            return GROUPS
        declared = [(way.name, way.label) for way in reportable() if way.name.startswith(ATTRIBUTE)]
        return [*GROUPS, *declared]

    def _choose(self, name: str, everything: Any, choices: Any) -> None:
        first = [("", everything)] if everything else []
        if self.data.get(name) == WITHOUT:
            first.append((WITHOUT, _("Without one")))
        field = self.fields[name]
        field.choices = first + list(choices)  # type: ignore[attr-defined]
        field.error_messages["invalid_choice"] = _("There is no such choice here.")

    def clean_as_of(self) -> datetime | None:
        moment: datetime | None = self.cleaned_data["as_of"]
        if moment is not None and moment > self.now:
            raise forms.ValidationError(_("This moment is still to come."), code="invalid")
        return moment

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("period") == "own":
            first, last = data.get("day_from"), data.get("day_to")
            if first and last and last < first:
                self.add_error("day_to", _("The last day lies before the first."))
            elif first and last and last - first > LONGEST:
                self.add_error("day_to", _("Five years at most."))
        return data

    @property
    def grouped_by(self) -> str:
        """What to group by."""
        return str(self.data["by"])

    @property
    def compared_with(self) -> str:
        """What to compare with: a value of `Compare`."""
        return str(self.data["compare"])

    def kept(self) -> dict[str, str]:
        """What was asked for and makes sense, as an address keeps it: a named period stays one and moves with time."""
        self.is_valid()
        usual = {"period": "weeks", "compare": Compare.BEFORE.value, "by": GROUPS[0][0]}
        own = self.cleaned_data.get("period") == "own"
        kept = {}
        for name in self.fields:
            value = self.cleaned_data.get(name)
            if value in (None, "") or value == usual.get(name) or (name in DAYS and not own):
                continue
            kept[name] = value.isoformat() if isinstance(value, date) else str(value)
        return kept

    def words_of(self, name: str) -> str:
        """What a field is set to, in words."""
        value = self.cleaned_data.get(name)
        choices = {str(key): str(label) for key, label in getattr(self.fields[name], "choices", ())}
        return choices.get(str(value), str(value))

    def filters(self) -> ReportFilters:
        """What to count. A field that holds nonsense counts as not set; days that do as the last 13 weeks."""
        self.is_valid()
        data = self.cleaned_data
        as_of = data.get("as_of")
        today = reporting_day(as_of) if as_of else self.today
        first, last = days_of(data.get("period") or "weeks", today)
        if data.get("period") == "own" and "day_to" not in self.errors and "day_from" not in self.errors:
            last = data.get("day_to") or max(today, data.get("day_from") or today)
            first = data.get("day_from") or min(first, last)
            first = max(first, last - LONGEST)
        return ReportFilters(
            day_from=first,
            day_to=last,
            viewer=self.viewer,
            team=data.get("team") or "",
            touchpoint=data.get("touchpoint") or "",
            segment=data.get("segment") or "",
            account_owner=data.get("account_owner"),
            band=data.get("band") or "",
            survey_kind=data.get("survey_kind") or "",
            as_of=as_of,
            attributes=(attribute_of(data["attribute"]),) if data.get("attribute") else (),
            region=data.get("region") or "",
            brand=data.get("brand") or "",
            product=data.get("product") or "",
            business_unit=data.get("business_unit") or "",
            language=data.get("language") or "",
        )

    def _fields(self, names: Iterable[str]) -> list[forms.BoundField]:
        """Those of the fields to draw: days only for a period of one's own, and no choice where there is but one."""
        return [
            self[name]
            for name in names
            if name in self.fields
            and (
                self["period"].value() == "own"
                if name in DAYS
                else len(getattr(self.fields[name], "choices", "..")) > 1
            )
        ]

    @property
    def first_fields(self) -> list[forms.BoundField]:
        return self._fields(("period", *DAYS, "team", "touchpoint", "segment", *self.also))

    @property
    def further_fields(self) -> list[forms.BoundField]:
        return self._fields(FURTHER)

    @property
    def carried_fields(self) -> list[forms.BoundField]:
        """What is set and has no field on this page: handed on, so that other pages still know it."""
        kept = self.kept()
        return [self[name] for name in ("compare", "by") if name in kept and name not in self.also]

    @property
    def further_set(self) -> bool:
        """Whether the fold is open because something in it narrows the figures."""
        return any(self.data.get(name) for name in FURTHER)
