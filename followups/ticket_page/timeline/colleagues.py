"""Lines about what colleagues did among themselves, and whatever has no line of its own."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext

from followups.models import Event
from followups.templatetags.moments import moment
from followups.ticket_page.timeline.telling import Entry, Teller


class Colleagues(Teller):
    """Notes, snoozes, links, and the rest in a sentence."""

    def _note(self, event: Event) -> Entry:
        entry = self._line(event, "note", gettext("<b>{who}</b> left a note"))
        row = self._said("note", event, "note")
        entry.words = row.text if row else gettext("The note was erased.")
        return entry

    def _snooze(self, event: Event) -> Entry:
        until = event.data.get("until")
        if not until:
            return self._line(event, "snooze", gettext("<b>{who}</b> ended the snooze"))
        when = moment(datetime.fromisoformat(until), self.now)
        return self._line(event, "snooze", gettext("<b>{who}</b> snoozed it until {when}"), when=when)

    def _recount(self, event: Event) -> Entry:
        if "calendar" in event.data.get("after", {}):
            words = gettext("<b>{who}</b> had what is due counted anew, by other working hours")
        else:
            words = gettext("<b>{who}</b> had what is due counted anew, by another policy")
        entry = self._line(event, "clock", words)
        if not event.data.get("moved"):
            entry.tags.append((gettext("nothing moved"), "", ""))
        return entry

    def _link(self, event: Event) -> Entry:
        linked = self._said("initiative", event, "initiative")
        if linked is None:
            return self._line(event, "flag", gettext("<b>{who}</b> linked it to an initiative"))
        words = gettext("<b>{who}</b> linked it to the initiative <b>{title}</b>")
        return self._line(event, "flag", words, title=linked.text)

    def _remind(self, event: Event) -> Entry:
        return self._mail(self._line(event, "mail", gettext("Reminder of the question to {name}")), event)

    def _plain(self, event: Event) -> Entry:
        words = {
            "resume": gettext("It came back by itself")
            if event.data.get("because") == "date"
            else gettext("<b>{who}</b> took it up again"),
            "hold": gettext("<b>{who}</b> put it on hold: owner and lead read the words, automatic mail stops"),
            "add-address": gettext("<b>{who}</b> added the address to those {name} is known by"),
            "unhold": gettext("<b>{who}</b> lifted the hold"),
            "join": gettext("<b>{who}</b> joined it with #{other}"),
            "split": gettext("<b>{who}</b> gave it to whom the answer is from")
            if event.data.get("contact")
            else gettext("<b>{who}</b> gave it a conversation of its own"),
            "merge": gettext("<b>{who}</b> put two entries of one person together"),
            "erase": gettext("The customer was erased: scores and times stay, names and words are gone"),
            "pass-on-action": self._passed_on(event),
        }.get(event.verb, gettext("<b>{who}</b>: {verb}"))
        marks = {"join": "swap", "merge": "swap", "split": "swap", "hold": "lock", "unhold": "lock", "resume": "clock"}
        mark = marks.get(event.verb, "info")
        return self._line(event, mark, words, verb=event.verb.replace("-", " "), other=event.data.get("with", ""))

    def _passed_on(self, event: Event) -> str:
        if event.data.get("back"):
            return gettext("A promise went back to whoever made it, who is here again")
        if event.data.get("away"):
            return gettext("A promise was passed on: whoever made it is away")
        return gettext("A promise was passed on to whoever has the ticket: its owner has left")
