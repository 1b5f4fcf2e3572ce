"""What happened so far, newest first: events, with the words, mails and tries they point to. Pure.

`telling` is a line and what it is made with; `hands`, `reaching`, `promises`, `endings` and `colleagues` hold the lines
of one subject each.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.utils.html import format_html
from django.utils.translation import gettext

from followups.models import Event
from followups.ticket_page.case import Case
from followups.ticket_page.timeline.colleagues import Colleagues
from followups.ticket_page.timeline.endings import Endings
from followups.ticket_page.timeline.hands import Hands
from followups.ticket_page.timeline.promises import Promises
from followups.ticket_page.timeline.reaching import Reaching
from followups.ticket_page.timeline.telling import Entry, mail_tag, was_kept
from nps_loop.mail.models import Message

__all__ = ["Entry", "mail_tag", "timeline", "was_kept"]

# Logged this much after it happened, both times are shown.
LATER = timedelta(minutes=10)


def timeline(case: Case, only: str = "") -> list[Entry]:
    """Newest first. `only` is "mails" or "people": the mails, or what people did and said."""
    story = _Story(case)
    entries = [entry for event in case.events if (entry := story.entry_of(event)) is not None]
    entries += story.mails_of_their_own()
    entries.sort(key=lambda entry: (entry.at, entry.key), reverse=True)
    if only == "mails":
        return [entry for entry in entries if entry.mail is not None or entry.kind == "mail"]
    if only == "people":
        return [entry for entry in entries if entry.kind == "people"]
    return entries


class _Story(Hands, Reaching, Promises, Endings, Colleagues):
    """Every verb with its line."""

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self.verbs: dict[str, Callable[[Event], Entry | None]] = {
            "open": self._open,
            "assign": self._assign,
            "hand-over": self._hand_over,
            "release": self._release,
            "left-alone": self._left_alone,
            "log-contact": self._log_contact,
            "log-reply": self._log_reply,
            "heard": self._heard,
            "send-message": self._send_message,
            "wait": self._wait,
            "mail-accepted": self._mail_accepted,
            "mail-came-back": self._mail_came_back,
            "take-back": self._take_back,
            "add-action": self._add_action,
            "move-action": self._move_action,
            "delay": self._delay,
            "complete-action": self._complete_action,
            "drop-action": self._drop_action,
            "resolve": self._resolve,
            "close": self._close,
            "settled-before": self._close,
            "agree-to-differ": self._agree_to_differ,
            "leave-in-peace": self._leave_in_peace,
            "reopen": self._reopen,
            "settled": self._press,
            "settled-early": self._press,
            "not-yet": self._press,
            "call-me": self._press,
            "somebody-else": self._press,
            "leave-it": self._press,
            "answer-changed": self._answer_changed,
            "correct-score": self._correct_score,
            "ask-dismissal": self._ask_dismissal,
            "decide-dismissal": self._decide_dismissal,
            "note": self._note,
            "snooze": self._snooze,
            "link": self._link,
            "remind": self._remind,
            "recount": self._recount,
            # It follows from the line before and says nothing of its own.
            "start-action": lambda event: None,
            # The mail that makes the promise has an entry of its own.
            "promise": lambda event: None,
        }

    def entry_of(self, event: Event) -> Entry | None:
        make = self.verbs.get(event.verb, self._plain)
        entry = make(event)
        if entry is not None and event.data.get("withdrew"):
            withdrawn = gettext("With that the wish to dismiss it was withdrawn.")
            entry.about = f"{entry.about} {withdrawn}".strip()
        if entry is not None and event.recorded_at - event.happened_at > LATER:
            entry.logged_at = event.recorded_at
        return entry

    def mails_of_their_own(self) -> list[Entry]:
        """What the system wrote by itself, and what it did not send with the reason."""
        names = {
            "acknowledgement": gettext("Acknowledgement to {name}"),
            "left_in_peace_thanks": gettext("Thank-you to {name}"),
            "hand_over": gettext("Mail to {name} with the new name"),
            "reopened": gettext("Mail to {name}: it is open again"),
            "reminder": gettext("Reminder of the question to {name}"),
            "delay": gettext("Mail to {name}: a date moves"),
            "action_update": gettext("Update to {name}"),
        }
        entries = []
        for message in self.case.messages:
            if message.pk in self.used:
                continue
            line = format_html(names.get(message.kind, gettext("Mail to {name}")), name=self.name)
            entry = Entry(message.sent_at or message.created_at, "mail", line, (0, message.pk), "mail", mail=message)
            entry.tags.append(mail_tag(message))
            if message.automatic and message.state in (Message.State.QUEUED, Message.State.SENDING, Message.State.SENT):
                entry.about = gettext("Sent by the system, and it says so. It does not count as contact.")
            entries.append(entry)
        return entries
