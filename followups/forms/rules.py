"""A rule as a lead writes it, and an answer to try the rules with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from followups.models import Member, Rule, SlaPolicy, Team
from nps_loop.set_up import LinesField, TicksField
from surveys.models import Account, Brand, Contact, Response, Source, Survey, Touchpoint
from surveys.scoring import Band, band

# Of what occurs in accounts and answers so many values are offered as ticks; others can be written beside them.
OFFERED = 24
LONGEST = 200


class WordsField(LinesField):
    """Words and names, one a line or parted by commas."""

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return super().to_python(re.sub(r"\s*[,;]\s*", "\n", str(value or "")))


def _known(column: str) -> list[str]:
    """What occurs in a column of accounts, in order. One query."""
    rows = Account.objects.exclude(**{column: ""}).order_by(column).values_list(column, flat=True).distinct()
    return list(rows[:OFFERED])


def _known_units() -> list[str]:
    lists = Account.objects.exclude(business_units=[]).values_list("business_units", flat=True)[:2_000]
    return sorted({str(unit) for units in lists for unit in units})[:OFFERED]


def _known_products() -> list[str]:
    rows = Response.objects.exclude(product="").order_by("-pk").values_list("product", flat=True)[:2_000]
    return sorted(set(rows))[:OFFERED]


def _known_skills() -> list[str]:
    lists = Member.objects.filter(is_active=True).values_list("skills", flat=True)
    return sorted({str(skill) for skills in lists for skill in skills})


class RuleForm(forms.Form):
    """Everything a rule says. `says()` gives the fields of `Rule.SAYS` from valid data."""

    use_required_attribute = False

    edits = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(
        label=_("Name"), max_length=120, error_messages={"required": _("Give the rule a name.")},
        help_text=_("Colleagues read it on every ticket the rule opens."),
    )  # fmt: skip
    kind = forms.ChoiceField(
        label=_("What it does"),
        choices=[(Rule.Kind.OPEN, _("Opens a ticket")), (Rule.Kind.HOLD, _("Puts a hold on it"))],
        widget=forms.RadioSelect,
    )
    bands = TicksField(label=_("Score"), help_text=_("None ticked: any score."))
    contact_me = forms.ChoiceField(
        label=_("Contact me"),
        required=False,
        choices=[("", _("Whatever was chosen")), ("yes", _("Yes")), ("no", _("No"))],
        widget=forms.RadioSelect,
    )
    words = WordsField(
        label=_("Words"), help_text=_("One a line. Any of them will do. A * at the end goes on: harass*")
    )
    segments = TicksField(label=_("Segment"))
    other_segments = WordsField(label=_("Other segments"), widget=forms.TextInput, help_text=_("Parted by commas."))
    regions = TicksField(label=_("Region"))
    other_regions = WordsField(label=_("Other regions"), widget=forms.TextInput, help_text=_("Parted by commas."))
    languages = TicksField(label=_("Language"), choices=settings.LANGUAGES)
    other_languages = WordsField(
        label=_("Other languages"), widget=forms.TextInput, help_text=_("Codes of two letters, such as it or pl.")
    )
    value_from = forms.DecimalField(
        label=_("Account value from"), required=False, min_value=0, max_digits=14, decimal_places=2
    )
    value_to = forms.DecimalField(
        label=_("and below"), required=False, min_value=0, max_digits=14, decimal_places=2,
        help_text=_("An account whose value nobody knows fits neither."),
    )  # fmt: skip
    business_units = TicksField(label=_("Business unit"))
    other_business_units = WordsField(label=_("Other units"), widget=forms.TextInput, help_text=_("Parted by commas."))
    brands = TicksField(label=_("Brand"))
    touchpoints = TicksField(label=_("Touchpoint"))
    survey_kinds = TicksField(label=_("Kind of survey"), choices=Survey.Kind.choices)
    products = TicksField(label=_("Product"))
    other_products = WordsField(label=_("Other products"), widget=forms.TextInput, help_text=_("Parted by commas."))

    team = forms.ModelChoiceField(
        Team.objects.filter(takes_tickets=True), label=_("Team"), required=False, empty_label=_("Team of the account"),
        help_text=_("Of the account owner, else of the touchpoint, else the default one."),
    )  # fmt: skip
    owner_first = forms.BooleanField(label=_("The account owner first, where they can take it"), required=False)
    policy_slug = forms.ChoiceField(label=_("Policy"), required=False)
    priority = forms.ChoiceField(
        label=_("Priority"),
        choices=[
            (Rule.Priority.NORMAL, _("Normal")),
            (Rule.Priority.HIGH, _("High")),
            (Rule.Priority.URGENT, _("Urgent")),
        ],
        widget=forms.RadioSelect,
        help_text=_("Moves the ticket up in the queue by the hours an administrator set."),
    )
    skills = TicksField(label=_("Needs somebody who can"))

    # Fields with values that occur, and the field for others beside them.
    OPEN_LISTS = {
        "segments": "other_segments",
        "regions": "other_regions",
        "languages": "other_languages",
        "business_units": "other_business_units",
        "products": "other_products",
    }

    RARER = (
        "languages", "other_languages", "value_from", "value_to", "business_units", "other_business_units", "brands",
        "touchpoints", "survey_kinds", "products", "other_products",
    )  # fmt: skip

    def __init__(self, data: Any = None, *, rule: Rule | None = None, edits: str = "", **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.initial.update(edits=edits, kind=Rule.Kind.OPEN, owner_first=True, priority=Rule.Priority.NORMAL)
        if rule is not None:
            self.initial.update({name: getattr(rule, name) for name in Rule.SAYS if name in self.fields})
            self.initial.update(team=rule.team_id, contact_me={None: "", True: "yes", False: "no"}[rule.contact_me])
        self._offer("bands", [(Band.DETRACTOR, "0–6"), (Band.PASSIVE, "7–8"), (Band.PROMOTER, "9–10")])
        self._offer_known("segments", _known("segment"))
        self._offer_known("regions", _known("region"))
        self._offer_known("languages", [code for code, _name in settings.LANGUAGES], dict(settings.LANGUAGES))
        self._offer_known("business_units", _known_units())
        self._offer_known("products", _known_products())
        self._offer("brands", Brand.objects.values_list("slug", "name"))
        self._offer("touchpoints", Touchpoint.objects.values_list("slug", "name"))
        skills = [*_known_skills(), *self.initial.get("skills", [])]
        self._offer("skills", [(skill, skill) for skill in dict.fromkeys(skills)])
        policies = {row.slug: row.name for row in SlaPolicy.objects.filter(is_active=True).order_by("version")}
        self.fields["policy_slug"].choices = [("", gettext("The one for the score")), *policies.items()]  # type: ignore[attr-defined]
        for field in self.fields.values():
            if isinstance(field, forms.ChoiceField) and "invalid_choice" not in field.error_messages:
                field.error_messages["invalid_choice"] = gettext("This is not offered any more.")

    def _offer(self, name: str, choices: Iterable[tuple[Any, Any]]) -> None:
        self.fields[name].choices = list(choices)  # type: ignore[attr-defined]

    def _offer_known(self, name: str, known: Sequence[str], labels: dict[str, Any] | None = None) -> None:
        """Offer what occurs; what the rule asks for beside it stands in the field for others."""
        said = self.initial.get(name, [])
        self._offer(name, [(value, (labels or {}).get(value, value)) for value in known])
        self.initial[name] = [value for value in said if value in known]
        self.initial[self.OPEN_LISTS[name]] = ", ".join(value for value in said if value not in known)

    @property
    def asks_for_more(self) -> bool:
        """Whether one of the rarer conditions is stated, or wrong: then they are shown."""
        return any(self[name].value() not in (None, "", []) or name in self.errors for name in self.RARER)

    def clean_words(self) -> list[str]:
        words: list[str] = self.cleaned_data["words"]
        if any(not re.search(r"\w", word) for word in words):
            raise ValidationError(gettext("A line without any letter is in nobody’s words."))
        return words

    def clean_other_languages(self) -> list[str]:
        codes = [code.lower() for code in self.cleaned_data["other_languages"]]
        if wrong := [code for code in codes if not re.fullmatch(r"[a-z]{2}", code)]:
            raise ValidationError(gettext("“%(code)s” is no code of two letters.") % {"code": wrong[0]})
        return codes

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        lower, upper = data.get("value_from"), data.get("value_to")
        if lower is not None and upper is not None and lower >= upper:
            self.add_error("value_to", gettext("No account is worth %(n)s or more and less.") % {"n": f"{lower:,.0f}"})
        if data.get("kind") == Rule.Kind.HOLD and not data.get("words") and "words" not in self.errors:
            self.add_error("words", gettext("A hold needs words: without them every ticket would be on hold."))
        return data

    def says(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        said = {name: data[name] for name in Rule.SAYS if name in data}
        for name, other in self.OPEN_LISTS.items():
            said[name] = list(dict.fromkeys([*data[name], *data[other]]))
        said["contact_me"] = {"yes": True, "no": False}.get(data["contact_me"])
        said["team_id"] = data["team"].pk if data["team"] else None
        return said


class TryForm(forms.Form):
    """An answer nobody gave, or the number of one that somebody did."""

    use_required_attribute = False

    score = forms.IntegerField(
        label=_("Score"), min_value=0, max_value=10, required=False,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), _("A score goes from 0 to 10.")),
    )  # fmt: skip
    contact_me = forms.ChoiceField(
        label=_("Contact me"), required=False, choices=[("", _("Not asked")), ("yes", _("Yes")), ("no", _("No"))]
    )
    segment = forms.ChoiceField(label=_("Segment"), required=False)
    region = forms.ChoiceField(label=_("Region"), required=False)
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=[("", _("Not known")), *settings.LANGUAGES]
    )
    touchpoint = forms.ModelChoiceField(
        Touchpoint.objects.all(), label=_("Touchpoint"), required=False, to_field_name="slug", empty_label=_("None")
    )
    account = forms.CharField(label=_("Company"), required=False, max_length=300)
    words = forms.CharField(
        label=_("Words"), required=False, max_length=20_000, widget=forms.Textarea,
        help_text=_("Or give the number of a real ticket, such as #1042, or of an answer: answer 88."),
    )  # fmt: skip

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        for name, column in (("segment", "segment"), ("region", "region")):
            known = [(value, value) for value in _known(column)]
            self.fields[name].choices = [("", gettext("Not known")), *known]  # type: ignore[attr-defined]

    def clean_account(self) -> Account | None:
        name = self.cleaned_data["account"].strip()
        if not name:
            return None
        found = list(Account.objects.select_related("owner").filter(name__iexact=name)[:2])
        if not found:
            raise ValidationError(gettext("No company has exactly this name."))
        if len(found) > 1:
            raise ValidationError(gettext("Several companies have this name."))
        return found[0]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if self.number is None and data.get("score") is None and "score" not in self.errors:
            self.add_error("score", gettext("A score goes from 0 to 10."))
        return data

    @property
    def number(self) -> tuple[str, int] | None:
        """("ticket", 1042) or ("answer", 88), where the words are nothing but such a number."""
        words = str(self.data.get("words", "")).strip().lower()
        found = re.fullmatch(rf"#\s*(\d{{1,18}})|(?:answer|{re.escape(gettext('answer'))})\s*#?\s*(\d{{1,18}})", words)
        if found is None:
            return None
        return ("ticket", int(found[1])) if found[1] else ("answer", int(found[2]))

    def made_up(self, *, now: datetime) -> Response:
        """An unsaved answer that says what was typed, from somebody who can be reached."""
        data = self.cleaned_data
        account: Account | None = data["account"]
        day = timezone.localtime(now, timezone.get_default_timezone()).date()
        return Response(
            source=Source(),
            score=data["score"],
            band=band(data["score"]),
            verbatim=data["words"],
            language=data["language"],
            contact_me={"yes": True, "no": False}.get(data["contact_me"]),
            touchpoint=data["touchpoint"],
            contact=Contact(email="somebody@customer.invalid", language=data["language"]),
            account=account,
            segment=data["segment"] or (account.segment if account else ""),
            region=data["region"] or (account.region if account else ""),
            account_owner=account.owner if account else None,
            responded_at=now,
            received_at=now,
            day=day,
        )
