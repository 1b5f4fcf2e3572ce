"""What /mailbox/ shows: the mails a person may read, narrowed down and paged, and one of them as it was received."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from nps_loop import links
from nps_loop.mail import envelope, hooks
from nps_loop.mail.models import Message, Stream
from nps_loop.mail.suppression import normalise

State = Message.State

PAGE = 50
# Counts beside the views stop here: a higher number helps nobody, and costs.
MOST = 500

KINDS: dict[str, Any] = {
    "acknowledgement": _("Acknowledgement"),
    "personal": _("Personal"),
    "action_update": _("Action update"),
    "resolution": _("Resolution"),
    "agreed_to_differ": _("Agreed to differ"),
    "reopened": _("Reopened"),
    "hand_over": _("Hand-over"),
    "delay": _("Delay"),
    "reminder": _("Reminder"),
    "left_in_peace_thanks": _("Thanks, nothing more"),
    "promoter_thanks": _("Thanks for a recommendation"),
    "invitation": _("Invitation"),
    "recovery_question": _("Recovery question"),
    "you_said_we_did": _("You said, we did"),
    "morning": _("Morning mail"),
    "digest": _("Digest"),
    "notice_assigned": _("Notice: a ticket is yours"),
    "notice_action": _("Notice: a promise"),
    "notice_lead": _("Notice to the lead"),
    "notice_watcher": _("Notice to the account owner"),
    "notice_named": _("Notice: named by a customer"),
}

VIEWS: dict[str, tuple[Any, Q]] = {
    "customers": (_("To customers"), ~Q(stream=Stream.STAFF)),
    "waiting": (_("Waiting to leave"), Q(state__in=[State.QUEUED, State.SENDING])),
    "not_sent": (_("Not sent, with reason"), Q(state__in=[State.SKIPPED, State.CANCELLED])),
    "failed": (_("Not delivered"), Q(state__in=[State.FAILED, State.BOUNCED])),
    "staff": (_("To colleagues"), Q(stream=Stream.STAFF)),
}
USUAL_VIEW = "customers"


class MailboxForm(forms.Form):
    """What the list is narrowed by. Whatever is no value of a field is as if it were not there."""

    view = forms.ChoiceField(choices=[(name, label) for name, (label, _where) in VIEWS.items()], required=False)
    kind = forms.ChoiceField(choices=[("", _("Every kind")), *KINDS.items()], required=False)
    q = forms.CharField(max_length=200, required=False)
    before = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False)

    def wanted(self) -> dict[str, Any]:
        self.full_clean()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}


@dataclass(frozen=True)
class Row:
    """One mail of the list, in words."""

    message: Message
    now: datetime

    @property
    def kind(self) -> str:
        return kind_in_words(self.message.kind)

    @property
    def name(self) -> str:
        return self.message.recipient_name or self.message.recipient or gettext("nobody")

    @property
    def at(self) -> datetime:
        """When it left; else when it will, or when it was composed."""
        return self.message.sent_at or (self.message.send_after if self.is_waiting else self.message.created_at)

    @property
    def is_waiting(self) -> bool:
        return self.message.state == State.QUEUED

    @property
    def is_unclear(self) -> bool:
        """The process that handed it over is gone, and nobody knows how far it got."""
        message = self.message
        return bool(
            message.state == State.SENDING
            and message.sent_at is None
            and message.ended_at is None
            and message.leased_until
            and message.leased_until < self.now
        )

    @property
    def tag(self) -> dict[str, str]:
        """Text, tone and symbol of the label that says how it went."""
        text, tone, symbol = self._how()
        return {"text": str(text), "tone": tone, "symbol": symbol}

    def _how(self) -> tuple[Any, str, str]:
        message = self.message
        if message.state == State.SENT or (message.state == State.SENDING and message.sent_at):
            return _("accepted"), "good", "check"
        if message.state == State.FAILED or (message.state == State.SENDING and message.ended_at):
            return _("not delivered"), "bad", "stop"
        if message.state == State.BOUNCED:
            return _("came back"), "bad", "warn"
        if message.state == State.SKIPPED:
            return _("not sent"), "", "info"
        if message.state == State.CANCELLED:
            return _("taken back"), "", "info"
        if self.is_unclear:
            return _("may have left"), "warn", "warn"
        if message.state == State.SENDING:
            return _("leaving"), "", "mail"
        if message.attempts:
            return _("tried, waits to try again"), "warn", "clock"
        return _("waiting to leave"), "", "clock"


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    here: bool
    count: str
    hot: bool


@dataclass(frozen=True)
class Page:
    """The list: its rows, its views, and how it goes on."""

    rows: list[Row]
    tabs: list[Tab]
    wanted: dict[str, Any]
    older_url: str
    newest_url: str
    kinds: list[tuple[str, Any, bool]] = field(default_factory=list)

    @property
    def query(self) -> str:
        return _query(self.wanted)

    @property
    def export_query(self) -> str:
        """What asks for all mails of this view as a file."""
        return _query(self.wanted | {"before": ""}).removeprefix("?")


def visible_to(user: Any) -> QuerySet[Message]:
    """The mails a person may read: an administrator all, others those of their cases and notices to themselves."""
    if user.is_superuser:
        return Message.objects.all()
    own = Q(stream=Stream.STAFF, recipient=normalise(user.email)) if user.email else Q(pk__in=[])
    return Message.objects.filter(Q(case__in=hooks.visible_cases(user)) | own)


def page(user: Any, data: Any, *, now: datetime) -> Page:
    """The page of the list that `data` (the query string) asks for. One query for the rows, one per view for counts."""
    wanted = completed(MailboxForm(data).wanted())
    mine = visible_to(user)
    found = narrowed(mine, wanted)
    if wanted["before"]:
        found = found.filter(pk__lt=wanted["before"])
    messages = list(found.order_by("-pk").select_related("written_by").defer("text", "html", "links")[: PAGE + 1])
    more = len(messages) > PAGE
    shown = messages[:PAGE]
    return Page(
        rows=[Row(message, now) for message in shown],
        tabs=[_tab(name, mine, wanted) for name in VIEWS],
        wanted=wanted,
        older_url=_query(wanted | {"before": shown[-1].pk}) if more else "",
        newest_url=_query(wanted | {"before": ""}) if wanted["before"] else "",
        kinds=[("", _("Every kind"), not wanted["kind"])]
        + [(name, label, wanted["kind"] == name) for name, label in KINDS.items()],
    )


def completed(wanted: dict[str, Any]) -> dict[str, Any]:
    """What is wanted, with the view that is meant where none is named."""
    # Notices to colleagues have a view of their own: whoever asks for a kind of them means that one.
    usual = "staff" if wanted["kind"].startswith("notice_") else USUAL_VIEW
    return {**wanted, "view": wanted["view"] or usual}


def narrowed(mails: QuerySet[Message], wanted: dict[str, Any]) -> QuerySet[Message]:
    """Those of `mails` that are wanted, whatever page of the list is shown."""
    found = mails.filter(VIEWS[wanted["view"]][1])
    if wanted["kind"]:
        found = found.filter(kind=wanted["kind"])
    if wanted["q"]:
        # Addresses are kept in lower case, so this finds the same on every database.
        found = found.filter(recipient__contains=wanted["q"].strip().lower())
    return found


def as_received(message: Message, *, now: datetime) -> tuple[str, str]:
    """Text and HTML of `message` for colleagues: its links work in the demo only, elsewhere they lead nowhere.

    A link is its customer's alone, so nobody else gets one that acts.
    """
    if settings.DEMO and message.sent_at:
        try:
            filled = envelope.urls(message, envelope.look_up([message]), now=now)
        except envelope.Unfillable:
            return links.deaden(message.text, message.html, message.links)
        return links.fill(message.text, message.html, filled)
    return links.deaden(message.text, message.html, message.links)


def kind_in_words(kind: str) -> str:
    return str(KINDS.get(kind, kind.replace("_", " ").capitalize()))


def _tab(name: str, mine: QuerySet[Message], wanted: dict[str, Any]) -> Tab:
    label, where = VIEWS[name]
    count = mine.filter(where).order_by().values("pk")[: MOST + 1].count()
    return Tab(
        label=str(label),
        url=_query({"view": name, "kind": wanted["kind"], "q": wanted["q"]}),
        here=wanted["view"] == name and not wanted["before"],
        count=f"{MOST}+" if count > MOST else str(count),
        hot=name == "failed" and count > 0,
    )


def _query(wanted: dict[str, Any]) -> str:
    kept: Iterable[tuple[str, Any]] = ((name, value) for name, value in wanted.items() if value and value != USUAL_VIEW)
    encoded = urlencode(list(kept))
    return f"?{encoded}" if encoded else "?"
