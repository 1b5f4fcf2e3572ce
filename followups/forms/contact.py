"""Reaching the customer: log a talk or a try, log a reply, write, ask and wait."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import QuerySet
from django.utils import formats, timezone
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from followups import canned, workflow
from followups.forms.base import CauseField, MomentField, TextField, VerbForm
from followups.messages.letters import Reader
from followups.models import ContactAttempt
from followups.sending_later import next_morning_there
from followups.variables import left_open
from nps_loop.people.models import User
from nps_loop.templatetags.letter import greeting_line
from surveys.quoting import quote

Channel, Outcome = ContactAttempt.Channel, ContactAttempt.Outcome


class LogContactForm(VerbForm):
    """A talk, or a try. One button logs "no answer, try tomorrow" without a word typed.

    The settled part makes it one submit from the talk to the resolution; it counts as filled in once any of it is, and
    its own button asks for all of it.
    """

    verb = "log-contact"
    act = staticmethod(workflow.log_contact)
    renamed = {"what_was_done": "settled_what", "root_cause": "settled_cause", "why_it_happened": "settled_why"} | {
        "told": "settled_told"
    }

    channel = forms.ChoiceField(
        label=_("How did you reach out?"),
        choices=[
            (Channel.PHONE, _("Phone")),
            (Channel.VIDEO, _("Video")),
            (Channel.VISIT, _("Visit")),
            (Channel.MAIL, _("Other mail")),
        ],
        widget=forms.RadioSelect,
        initial=Channel.PHONE,
    )
    outcome = forms.ChoiceField(
        label=_("What happened?"),
        choices=[
            (Outcome.SPOKE, _("We spoke")),
            (Outcome.LEFT_MESSAGE, _("Left a message")),
            (Outcome.NO_ANSWER, _("No answer")),
            (Outcome.WRONG_NUMBER, _("Wrong number")),
        ],
        widget=forms.RadioSelect,
        initial=Outcome.SPOKE,
    )
    happened_at = MomentField(label=_("When?"), required=False)
    note = TextField(label=_("Note"), required=False)
    line_for_customer = TextField(required=False)
    settled_what = TextField(label=_("What was done?"), required=False)
    settled_cause = CauseField(required=False)
    settled_why = TextField(label=_("Why did it happen?"), required=False)
    settled_told = forms.ChoiceField(
        choices=[("talk", _("In this talk")), ("mail", _("By the resolution mail"))],
        widget=forms.RadioSelect,
        required=False,
        initial="mail",
    )
    settled = forms.ChoiceField(choices=[("yes", "")], required=False, widget=forms.HiddenInput, initial="")
    quick = forms.ChoiceField(
        choices=[("no-answer-tomorrow", "")], required=False, widget=forms.HiddenInput, initial=""
    )

    def prepare(self) -> None:
        self.fields["channel"].icons = {"phone": "phone", "video": "eye", "visit": "team", "mail": "mail"}  # type: ignore[attr-defined]
        self.fields["settled_told"].icons = {"talk": "phone", "mail": "mail"}  # type: ignore[attr-defined]
        self.initial.setdefault("happened_at", self.desk.now.replace(second=0, microsecond=0))
        if self.data.get("quick"):
            # The button stands for these; whatever else the form shows stays as it was found.
            self.fields["channel"].required = self.fields["outcome"].required = False

    @property
    def is_settled_open(self) -> bool:
        return self.is_bound and any(
            self[name].data for name in ("settled", "settled_what", "settled_cause", "settled_why")
        )

    def arguments(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data["quick"]:
            return {
                "channel": Channel.PHONE,
                "outcome": Outcome.NO_ANSWER,
                "note": data["note"],
                "next_try_at": self.desk.next_morning(),
            }
        settled = None
        if data["settled"] or data["settled_what"] or data["settled_cause"] or data["settled_why"]:
            settled = workflow.Settlement(
                what_was_done=data["settled_what"],
                root_cause=data["settled_cause"],
                why_it_happened=data["settled_why"],
                told=data["settled_told"] or "mail",
            )
        # The field shows minutes: a talk "now" must not lie before something that happened in the same minute.
        at = data["happened_at"]
        if at is not None and at == self.desk.now.replace(second=0, microsecond=0):
            at = self.desk.now
        return {
            "channel": data["channel"],
            "outcome": data["outcome"],
            "happened_at": at,
            "note": data["note"],
            "line_for_customer": data["line_for_customer"],
            "settled": settled,
        }

    def as_resolution(self) -> dict[str, str]:
        """The settled part as the form of the resolution takes it."""
        return {
            "root_cause": self.data.get("settled_cause", ""),
            "what_changed": self.data.get("settled_what", ""),
            "why_it_happened": self.data.get("settled_why", ""),
        }


class LogReplyForm(VerbForm):
    verb = "log-reply"
    act = staticmethod(workflow.log_reply)

    text = TextField()
    happened_at = MomentField(label=_("When did it come?"), required=False)
    to_personal_mail = forms.BooleanField(label=_("It answers a mail that a person wrote"), required=False)
    says_settled = forms.BooleanField(label=_("It says that this is settled"), required=False)

    def prepare(self) -> None:
        self.fields["text"].label = gettext("What did %(name)s write?") % {"name": self.desk.customer}


class WrittenForm(VerbForm):
    """A mail that may be nothing but templates, which is looked for whatever the browser says."""

    @classmethod
    def looks_up(cls, number: int, user: User, data: Mapping[str, Any], *, now: datetime) -> dict[str, QuerySet[Any]]:
        compared = {"texts": canned.texts(), "promises": canned.promises(number, now=now)}
        return super().looks_up(number, user, data, now=now) | compared

    def is_only_canned(self, text: str, *, opening: str = "") -> bool:
        desk, known = self.desk, self.looked_up
        read = canned.Read(known["texts"], known["promises"]) if known else None
        return canned.is_only_canned(text, desk.ticket, desk.user, opening=opening, now=desk.now, read=read)


class SendMessageForm(WrittenForm):
    """A mail in the customer's words, from the person who writes it."""

    verb = "send-message"
    act = staticmethod(workflow.send_message)

    subject = forms.CharField(label=_("Subject"), required=False, max_length=300)
    body = TextField(label=_("Your mail"))
    when = forms.ChoiceField(label=_("When does it leave?"), widget=forms.RadioSelect, required=False, initial="now")
    send_after = MomentField(
        label=_("A moment of your own"), required=False, help_text=_("By your clock, within 60 days.")
    )

    def prepare(self) -> None:
        self.initial.setdefault("body", self.opening)
        there = formats.date_format(timezone.localtime(self.morning_there, ZoneInfo(self.zone_there)), "D j M, H:i")
        self.fields["when"].choices = [  # type: ignore[attr-defined]
            ("now", _("Now")),
            ("morning", gettext("Next working morning there: %(when)s") % {"when": there}),
            ("moment", _("At a moment of my own")),
        ]

    @property
    def zone_there(self) -> str:
        return Reader.of(self.desk.ticket).zone

    @cached_property
    def morning_there(self) -> datetime:
        """Nine o'clock of the customer, on the next day we work too."""
        team = self.desk.ticket.team
        return next_morning_there(team.calendar.hours if team else None, self.zone_there, now=self.desk.now)

    def clean(self) -> dict[str, Any]:
        """Settle on one moment; where the choice and the field beside it say two things, ask."""
        data = super().clean() or self.cleaned_data
        when, own = data.get("when"), data.get("send_after")
        if when == "morning" and not own:
            data["send_after"] = self.morning_there
        elif when == "moment" and not own and "send_after" not in self.errors:
            self.add_error("send_after", gettext("Say at which moment."))
        elif when in ("now", "morning") and own:
            said = gettext("Leave this empty, or choose “At a moment of my own”: it says two things now.")
            self.add_error("send_after", said)
        return data

    def clean_body(self) -> str:
        """What a person wrote; the opening alone says nothing to the customer."""
        body: str = self.cleaned_data["body"]
        if _words(body) == _words(self.opening):
            raise forms.ValidationError(gettext("So far this is only the opening: write what you have to say."))
        return without_gaps(body)

    @property
    def opening(self) -> str:
        """What an empty sheet starts with: greeting, the customer's own sentence, the name below."""
        ticket, user = self.desk.ticket, self.desk.user
        contact = ticket.contact
        said = quote(ticket.response.verbatim) if ticket.response and not ticket.on_hold else ""
        with override(Reader.of(ticket).language):
            hello = greeting_line(contact.greeting_name, contact.name) if contact else greeting_line("", "")
        quoted = "".join(f"> {line}\n" for line in said.splitlines())
        return f"{hello}\n\n{quoted}\n\n\n{user.first_name or user.name}\n"

    def arguments(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "subject": data["subject"],
            "body": data["body"],
            "send_after": data["send_after"],
            "is_template_unedited": self.is_only_canned(data["body"], opening=self.opening),
        }


class WaitForm(WrittenForm):
    verb = "wait"
    act = staticmethod(workflow.wait)

    question = TextField()
    until = MomentField(
        label=_("Comes back by itself"), required=False, help_text=_("Left empty: in five working days.")
    )

    def prepare(self) -> None:
        self.fields["question"].label = gettext("What do you ask %(name)s?") % {"name": self.desk.customer}

    def clean_question(self) -> str:
        return without_gaps(self.cleaned_data["question"])

    def arguments(self) -> dict[str, Any]:
        unedited = self.is_only_canned(self.cleaned_data["question"])
        return super().arguments() | {"is_template_unedited": unedited}


class ResumeForm(VerbForm):
    verb = "resume"
    act = staticmethod(workflow.resume)


def without_gaps(text: str) -> str:
    """`text`, where no variable of a template still stands in it: a customer would read it in braces."""
    if gaps := left_open(text):
        names = ", ".join(f"{{{name}}}" for name in gaps)
        raise forms.ValidationError(gettext("Still to be filled in by hand: %(names)s.") % {"names": names})
    return text


def _words(text: str) -> list[str]:
    return text.split()
