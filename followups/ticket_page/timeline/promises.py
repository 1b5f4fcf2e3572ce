"""Lines about what was promised, moved, finished and left out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext, pgettext

from followups.models import Action, Event
from followups.templatetags.moments import as_promised
from followups.ticket_page.timeline.telling import Entry, Teller, was_kept


class Promises(Teller):
    """Actions, and dates that customers were told."""

    def _action(self, event: Event, mark: str, words: str, **values: Any) -> tuple[Entry, Action | None]:
        action = self.actions.get(event.data.get("action") or 0)
        title = action.title if action else gettext("an action")
        return self._line(event, mark, words, title=title, **values), action

    def _add_action(self, event: Event) -> Entry:
        action = self.actions.get(event.data.get("action") or 0)
        doer = action.owner.name if action else ""
        entry, action = self._action(event, "task", gettext("<b>{who}</b> promised: {title}"))
        if action is not None:
            when = as_promised(action.first_promised_at or action.due_at, self.now)
            entry.about = f"{doer}, {when}." + (f" {action.note}" if action.note else "")
        return self._mail(entry, event, in_bubble=False)

    def _move_action(self, event: Event) -> Entry:
        entry, action = self._action(event, "clock", gettext("<b>{who}</b> moved: {title}"))
        entry.tags.append((pgettext("of a promise", "moved"), "warn", ""))
        moves = [row for row in self.case.of_kind("move") if action and row.number == action.pk]
        if moves:
            entry.customer_reads = min(moves, key=lambda row: abs(row.at - event.happened_at)).text
        return self._mail(entry, event, in_bubble=False)

    def _delay(self, event: Event) -> Entry:
        words = gettext("<b>{who}</b> told {name} a later time")
        entry = self._line(event, "clock", words)
        entry.tags.append((pgettext("of a promise", "moved"), "warn", ""))
        old, new = (datetime.fromisoformat(event.data[name]) for name in ("from", "to"))
        entry.about = gettext("Promised %(old)s, now %(new)s.") % {
            "old": as_promised(old, self.now),
            "new": as_promised(new, self.now),
        }
        return self._mail(entry, event, in_bubble=False)

    def _complete_action(self, event: Event) -> Entry:
        entry, action = self._action(event, "task", gettext("<b>{who}</b> finished: {title}"))
        if action is not None:
            if was_kept(action) is True:
                entry.tags.append((pgettext("of a promise", "kept"), "good", "check"))
            elif was_kept(action) is False:
                entry.tags.append((pgettext("of a promise", "later than first told"), "warn", ""))
            if action.what_changed != action.title:
                entry.customer_reads = action.what_changed
        return self._mail(entry, event, in_bubble=False)

    def _drop_action(self, event: Event) -> Entry:
        entry, action = self._action(event, "x", gettext("<b>{who}</b> left out: {title}"))
        entry.customer_reads = action.dropped_reason if action else ""
        return entry
