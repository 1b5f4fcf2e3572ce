"""A survey as a lead edits it: what is asked and sent, the reasons to pick from, and the words of each language."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from surveys.asking import wording
from surveys.asking.open_links import origin_of
from surveys.models import Source, Survey

MOST_DRIVERS = 30
LONGEST_LABEL = 100
_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}", re.ASCII)


class SurveyForm(forms.ModelForm):
    """Everything of a survey but its words in single languages."""

    use_required_attribute = False

    drivers = forms.CharField(
        label=_("Reasons to pick from"),
        required=False,
        widget=forms.Textarea,
        help_text=_("One on each line: a short code, a colon, the label in English. Codes stay when labels change."),
    )
    frame_hosts = forms.CharField(
        label=_("Sites that may show it in a frame"),
        required=False,
        widget=forms.Textarea,
        help_text=_("One on each line, as https://shop.example. Without any, no site may."),
    )

    class Meta:
        model = Survey
        fields = [
            "name", "kind", "touchpoint", "brand", "question", "asks_contact", "asks_share_name", "is_sent",
            "every_days", "spread_days", "share", "wait_hours", "rest_days", "account_most", "remind_after_days",
            "answer_within_days", "quiet_from", "quiet_until",
        ]  # fmt: skip
        labels = {
            "name": _("Name"),
            "kind": _("Kind"),
            "touchpoint": _("Touchpoint"),
            "brand": _("Brand"),
            "question": _("The question, in English"),
            "asks_contact": _("Asks whether somebody should get in touch"),
            "asks_share_name": _("Asks whether colleagues may see the name"),
            "is_sent": _("We send it by mail"),
            "every_days": _("Each customer again after so many days"),
            "spread_days": _("A round is spread over so many days"),
            "share": _("Per cent who are asked"),
            "wait_hours": _("Hours after an event before the mail leaves"),
            "rest_days": _("Nobody is asked again within so many days"),
            "account_most": _("At most so many people of one account within them"),
            "remind_after_days": _("One reminder after so many days"),
            "answer_within_days": _("The link works for so many days"),
            "quiet_from": _("No mail from this hour on"),
            "quiet_until": _("No mail before this hour"),
        }
        help_texts = {
            "question": _("Left empty, it is ours: how likely they are to recommend you."),
            "every_days": _("For relational surveys. Left empty, there are no rounds."),
            "spread_days": "",
            "share": "",
            "wait_hours": "",
            "rest_days": _("By any survey. From 7 to 365."),
            "account_most": _("Left empty, as many as are due."),
            "remind_after_days": _("Left empty, nobody is reminded."),
            "answer_within_days": "",
            "quiet_from": _("On the customer’s own clock."),
            "quiet_until": _("On the customer’s own clock."),
            "asks_contact": "",
            "asks_share_name": "",
            "is_sent": _("Switched off, answers only come in: by link, file or from another tool."),
        }

    def __init__(self, *args: Any, source: Source | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["drivers"] = "\n".join(
            f"{code}: {label}" for code, label in wording.drivers_of(self.instance, "en")
        )
        self.initial["frame_hosts"] = "\n".join(source.frame_hosts) if source else ""

    def clean_drivers(self) -> list[dict[str, Any]]:
        """The reasons as the survey keeps them; the labels in other languages stay with their code."""
        kept = {
            each["code"]: each["label"]
            for each in self.instance.drivers
            if isinstance(each, dict) and isinstance(each.get("label"), dict) and "code" in each
        }
        found: dict[str, dict[str, Any]] = {}
        for line in filter(None, (line.strip() for line in self.cleaned_data["drivers"].splitlines())):
            code, colon, label = (part.strip() for part in line.partition(":"))
            if not colon or not label or not _CODE.fullmatch(code):
                raise forms.ValidationError(
                    gettext("“%(line)s”: write a code of small letters, a colon and a label.") % {"line": line[:60]}
                )
            if len(label) > LONGEST_LABEL:
                raise forms.ValidationError(gettext("“%(line)s” is too long for a label.") % {"line": label[:60]})
            if code in found:
                raise forms.ValidationError(gettext("The code “%(code)s” stands there twice.") % {"code": code})
            found[code] = {"code": code, "label": kept.get(code, {}) | {"en": label}}
        if len(found) > MOST_DRIVERS:
            raise forms.ValidationError(
                gettext("At most %(most)s reasons can be picked from.") % {"most": MOST_DRIVERS}
            )
        return list(found.values())

    def clean_frame_hosts(self) -> list[str]:
        lines = [line for line in self.cleaned_data["frame_hosts"].split() if line]
        for line in lines:
            if not origin_of(line):
                raise forms.ValidationError(
                    gettext("“%(line)s” is no site: write it as https://shop.example.") % {"line": line[:60]}
                )
        return sorted({origin_of(line) for line in lines})

    def save(self, commit: bool = True) -> Survey:
        self.instance.drivers = self.cleaned_data["drivers"]
        saved: Survey = super().save(commit=commit)
        return saved


class WordingForm(forms.Form):
    """The words of one language. What is left empty is said in ours."""

    def __init__(self, survey: Survey, language: str, data: Any = None) -> None:
        self.survey, self.language = survey, language
        own = survey.wording.get(language)
        own = own if isinstance(own, dict) else {}
        super().__init__(data, initial=own | {f"driver-{code}": label for code, label in self._labels().items()})
        ours = wording.words_of(Survey(), language, "…")
        for part, label in wording.PARTS.items():
            said = getattr(ours, part)
            self.fields[part] = forms.CharField(
                label=label,
                required=False,
                max_length=wording.LONGEST,
                help_text=gettext("Left empty: %(words)s") % {"words": said} if said else "",
            )
        for code, english in wording.drivers_of(survey, "en"):
            self.fields[f"driver-{code}"] = forms.CharField(
                label=gettext("The reason “%(label)s”") % {"label": english}, required=False, max_length=LONGEST_LABEL
            )

    def _labels(self) -> dict[str, str]:
        return {
            each["code"]: str(each["label"][self.language])
            for each in self.survey.drivers
            if isinstance(each, dict) and isinstance(each.get("label"), dict) and each["label"].get(self.language)
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.language not in wording.LANGUAGES and not data.get("question") and any(data.values()):
            self.add_error("question", gettext("We have no words in this language: write the question first."))
        return data

    def save(self) -> Survey:
        """Keep what was written. A language without a word of its own is none of the survey's."""
        data = self.cleaned_data
        words = {part: data[part].strip() for part in wording.PARTS if data.get(part, "").strip()}
        everything = {code: own for code, own in self.survey.wording.items() if code != self.language}
        self.survey.wording = everything | ({self.language: words} if words else {})
        for each in self.survey.drivers:
            label = data.get(f"driver-{each['code']}", "").strip() if isinstance(each, dict) and "code" in each else ""
            if label:
                each["label"] = each["label"] | {self.language: label}
            elif isinstance(each, dict) and self.language != "en" and isinstance(each.get("label"), dict):
                each["label"].pop(self.language, None)
        self.survey.save(update_fields=["wording", "drivers"])
        return self.survey


def language_typed(text: str) -> str:
    """The code of a language somebody wants to write in; "" where it is none."""
    code = wording.code_of(text.strip())
    return code if _LANGUAGE.fullmatch(code) else ""
