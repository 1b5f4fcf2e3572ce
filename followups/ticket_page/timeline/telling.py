"""A line of the timeline, and what every line is made with: who did it, the mail it sent, the words it points to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from followups.models import Action, Event
from followups.ticket_page.case import Case, Said
from nps_loop.mail.models import Message

Line = str | SafeString


@dataclass(slots=True)
class Entry:
    """One line of the timeline with what hangs below it. `mark` is an icon; tags are (words, tone, icon)."""

    at: datetime
    mark: str
    line: Line
    key: tuple[int, int]
    kind: str = "work"
    logged_at: datetime | None = None
    tags: list[tuple[str, str, str]] = field(default_factory=list)
    words: str = ""
    from_customer: bool = False
    customer_reads: str = ""
    about: str = ""
    # Files that came with it: (number, name; number 0: not kept), and the mail they and the words came with.
    files: list[tuple[int, str]] = field(default_factory=list)
    inbound: int = 0
    may_add_address: bool = False
    mail: Message | None = None

    @property
    def has_bubble(self) -> bool:
        return bool(self.words or self.customer_reads or self.about or self.mail)


class Teller:
    """Turns events into lines. The rows an event points to are looked up by id, never asked for."""

    def __init__(self, case: Case) -> None:
        self.case, self.now = case, case.now
        self.attempts = {row.pk: row for row in case.attempts}
        self.actions = {row.pk: row for row in case.actions}
        self.messages = {row.pk: row for row in case.messages}
        self.used: set[int] = set()
        contact = case.ticket.contact
        self.name = contact.short_name if contact else gettext("the customer")
        self.full = str(contact) if contact else gettext("The customer")
        self.tries = 0
        self.contacted = False

    def _who(self, event: Event) -> str:
        if event.actor is not None:
            return event.actor.name
        if event.actor_kind == Event.Actor.CUSTOMER:
            return self.full
        return gettext("A program") if event.actor_kind == Event.Actor.PROGRAM else gettext("nps_loop")

    def _line(self, event: Event, mark: str, words: str, **values: Any) -> Entry:
        kind = "people" if event.actor_kind in (Event.Actor.PERSON, Event.Actor.CUSTOMER) else "work"
        line = format_html(words, who=self._who(event), name=self.name, **values)
        return Entry(event.happened_at, mark, line, (event.seq, 0), kind)

    def _mail(self, entry: Entry, event: Event, *, in_bubble: bool = True) -> Entry:
        message = self.messages.get(event.data.get("message") or 0)
        if message is not None:
            self.used.add(message.pk)
            entry.tags.append(mail_tag(message))
            if in_bubble:
                entry.mail = message
            elif message.reason:
                entry.about = f"{entry.about} {message.reason_in_words}".strip()
        return entry

    def _said(self, kind: str, event: Event, key: str) -> Said | None:
        return self.case.by_kind.get(kind, {}).get(event.data.get(key) or 0)


def mail_tag(message: Message) -> tuple[str, str, str]:
    """What became of a mail, as a tag: words, tone, icon."""
    state = Message.State
    return {
        state.SENT: (gettext("accepted by the mail server"), "good", "check"),
        state.QUEUED: (gettext("waiting to leave"), "", "clock"),
        state.SENDING: (gettext("leaving"), "", "clock"),
        state.BOUNCED: (gettext("came back"), "bad", "x"),
        state.FAILED: (gettext("could not be delivered"), "bad", "x"),
        state.SKIPPED: (gettext("not sent"), "warn", "x"),
        state.CANCELLED: (gettext("taken back"), "", "x"),
    }[state(message.state)]


def was_kept(action: Action) -> bool | None:
    """Whether a promise was done by the first date the customer was told; None where none was told or it is open."""
    if action.state != Action.State.DONE or action.done_at is None or action.first_promised_at is None:
        return None
    return action.done_at <= action.first_promised_at
