"""Lines about how a ticket ended, and began again."""

from __future__ import annotations

from django.utils.translation import gettext

from followups.models import Event
from followups.models.tickets import DismissReason, TicketState
from followups.ticket_page.timeline.telling import Entry, Teller, mail_tag


class Endings(Teller):
    """Resolved, closed, dismissed, opened again, and what the customer pressed."""

    def _resolve(self, event: Event) -> Entry:
        row = self._said("resolution", event, "resolution")
        entry = self._line(event, "check", gettext("<b>{who}</b> resolved it and asked {name} whether it is settled"))
        if event.data.get("told") == "not_reached":
            entry = self._line(event, "check", gettext("<b>{who}</b> resolved it: {name} could not be reached"))
        elif event.data.get("told") == "not_mailed":
            entry = self._line(event, "check", gettext("<b>{who}</b> resolved it without a mail to {name}"))
        if row is not None:
            entry.customer_reads = row.text
            entry.about = f"{row.more} ({row.code})" if row.more and row.code else row.more or row.code
        mails = [mail for mail in self.case.messages if mail.kind == "resolution" and mail.cycle == event.cycle]
        message = next((mail for mail in mails if mail.pk not in self.used), None)
        if message is not None:
            self.used.add(message.pk)
            entry.tags.append(mail_tag(message))
        return entry

    def _close(self, event: Event) -> Entry:
        closed_as = event.data.get("closed_as", "")
        if closed_as == "confirmed":
            words = gettext("<b>{customer}</b> said that it is settled")
            return self._line(event, "st-confirmed", words, customer=self.full)
        if closed_as == "not_asked":
            return self._line(event, "st-unconfirmed", gettext("Closed: no question could be delivered to {name}"))
        return self._line(
            event, "st-unconfirmed", gettext("Closed after seven working days without a word from {name}")
        )

    def _agree_to_differ(self, event: Event) -> Entry:
        entry = self._line(event, "st-unconfirmed", gettext("<b>{who}</b> closed it: agreed to differ"))
        texts = [row.third for row in self.case.of_kind("resolution") if row.third]
        entry.customer_reads = texts[-1] if texts else ""
        return self._mail(entry, event, in_bubble=False)

    def _leave_in_peace(self, event: Event) -> Entry:
        return self._line(event, "st-unconfirmed", gettext("<b>{who}</b> read it and left {name} in peace"))

    def _reopen(self, event: Event) -> Entry:
        return self._line(event, "reopen", gettext("<b>{who}</b> opened it again"))

    def _press(self, event: Event) -> Entry:
        verdict = self._said("verdict", event, "verdict")
        words, mark = {
            "settled": (gettext("<b>{customer}</b> said that it is settled"), "st-confirmed"),
            "settled-early": (gettext("<b>{customer}</b> said that it is settled already"), "st-confirmed"),
            "not-yet": (gettext("<b>{customer}</b> said “not yet”"), "st-reopened"),
            "call-me": (gettext("<b>{customer}</b> asked for a call"), "phone"),
            "somebody-else": (gettext("<b>{customer}</b> asked that somebody else answers"), "user"),
            "leave-it": (gettext("<b>{customer}</b> asked to leave it"), "stop"),
        }[event.verb]
        entry = self._line(event, mark, words, customer=self.full)
        entry.kind = "people"
        if verdict is not None and verdict.text:
            entry.words, entry.from_customer = verdict.text, True
        return entry

    def _ask_dismissal(self, event: Event) -> Entry:
        reason = DismissReason(event.data["reason"]).label if event.data.get("reason") else ""
        words = gettext("<b>{who}</b> asked to dismiss it: {reason}")
        if event.to_state == TicketState.DISMISSED:
            words = gettext("<b>{who}</b> dismissed it: {reason}")
        entry = self._line(event, "stop", words, reason=reason)
        row = self._said("request", event, "request")
        entry.words = row.text if row else ""
        return entry

    def _decide_dismissal(self, event: Event) -> Entry:
        if event.data.get("approved"):
            return self._line(event, "stop", gettext("<b>{who}</b> agreed: dismissed"))
        return self._line(event, "stop", gettext("<b>{who}</b> said no: it goes on"))
