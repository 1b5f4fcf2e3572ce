"""Lines about reaching the customer: tries, talks, mails and what came back."""

from __future__ import annotations

from django.utils.translation import gettext

from followups.models import ContactAttempt, Event
from followups.models.tickets import TicketState
from followups.templatetags.moments import moment
from followups.ticket_page.timeline.telling import Entry, Teller


class Reaching(Teller):
    """Between us and the customer."""

    def _log_contact(self, event: Event) -> Entry:
        attempt = self.attempts.get(event.data.get("attempt") or 0)
        outcome = attempt.outcome if attempt else event.data.get("outcome", "")
        channel = attempt.channel if attempt else event.data.get("channel", "")
        spoke = outcome == ContactAttempt.Outcome.SPOKE
        mark = {"mail": "mail", "visit": "team", "video": "eye"}.get(channel, "phone")
        if spoke:
            words = {
                "video": gettext("<b>{who}</b> and {name} <b>spoke by video</b>"),
                "visit": gettext("<b>{who}</b> visited, <b>they spoke</b>"),
            }.get(channel, gettext("<b>{who}</b> called, <b>they spoke</b>"))
        else:
            words = {
                "left_message": gettext("<b>{who}</b> tried, <b>left a message</b>"),
                "wrong_number": gettext("<b>{who}</b> tried, <b>wrong number</b>"),
            }.get(outcome, gettext("<b>{who}</b> tried to reach {name}, <b>no answer</b>"))
        entry = self._line(event, mark, words)
        if spoke and not self.contacted:
            self.contacted = True
            entry.tags.append((gettext("first contact"), "good", "check"))
        elif not spoke:
            self.tries += 1
            entry.tags.append((gettext("try %(n)s") % {"n": self.tries}, "", ""))
        if attempt is not None:
            entry.words, entry.customer_reads = attempt.note, attempt.line_for_customer
            if attempt.next_try_at is not None:
                entry.about = gettext("Next try: %(when)s.") % {"when": moment(attempt.next_try_at, self.now)}
        return entry

    def _log_reply(self, event: Event) -> Entry:
        reply = self._said("reply", event, "reply")
        if event.data.get("confirmed_by") == "reply":
            words = gettext("<b>{customer}</b> wrote that it is settled")
        elif reply is not None and not reply.flag and reply.code == "mail" and not self.contacted:
            words = gettext("<b>{customer}</b> answered the automatic mail")
        else:
            words = gettext("<b>{customer}</b> wrote")
        entry = self._line(event, "reply", words, customer=self.full)
        entry.kind = "people"
        if reply is not None:
            entry.words, entry.from_customer = reply.text, True
            if event.actor is not None:
                entry.about = gettext("Logged by %(name)s.") % {"name": event.actor.name}
            if not reply.flag and reply.code == "mail" and not self.contacted:
                entry.about += " " + gettext("An answer to an automatic mail is no first contact.")
        if event.data.get("attempt"):
            self.contacted = True
        return self._by_mail(entry, event)

    def _heard(self, event: Event) -> Entry:
        """Words that change nothing: thanks, or an answer to a case that was dismissed."""
        thanks = gettext("<b>{customer}</b> said thank you; nothing follows from it")
        words = thanks if event.data.get("thanks") else gettext("<b>{customer}</b> wrote; nothing follows from it")
        entry = self._line(event, "reply", words, customer=self.full)
        entry.kind = "people"
        if (reply := self._said("reply", event, "reply")) is not None:
            entry.words, entry.from_customer = reply.text, True
        return self._by_mail(entry, event)

    def _by_mail(self, entry: Entry, event: Event) -> Entry:
        """What a mail brought besides its words: files, and an address we did not know."""
        entry.inbound = event.data.get("inbound") or 0
        if entry.inbound:
            files = [row for row in self.case.of_kind("file") if row.number == entry.inbound]
            entry.files = [(row.pk if row.code else 0, row.text) for row in files]
        if event.data.get("other_address"):
            entry.tags.append((gettext("from another address"), "warn", "warn"))
            entry.may_add_address = not any(
                each.verb == "add-address" and each.data.get("inbound") == entry.inbound for each in self.case.events
            )
        return entry

    def _send_message(self, event: Event) -> Entry:
        entry = self._mail(self._line(event, "mail", gettext("<b>{who}</b> wrote to {name}")), event)
        if not event.data.get("attempt"):
            entry.about = gettext("An unedited template is no contact.")
        return entry

    def _wait(self, event: Event) -> Entry:
        words = gettext("<b>{who}</b> asked {name} something; the ticket waits for the answer")
        entry = self._mail(self._line(event, "pause", words), event)
        if event.data.get("unedited"):
            entry.about = f"{entry.about} {gettext('An unedited template is no contact.')}".strip()
        return entry

    def _mail_accepted(self, event: Event) -> Entry | None:
        if event.data.get("counts") is False:
            entry = self._line(event, "info", gettext("The mail does not count as contact"))
            if event.data.get("because") == "template":
                entry.about = gettext("An unedited template is no contact.")
                return entry
            entry.about = gettext("%(name)s asked for a call, and nobody has tried one yet.") % {"name": self.name}
            return entry
        if self.contacted or "attempt" not in event.data:
            # What is no mail that a person wrote has an entry of its own.
            return None
        self.contacted = True
        entry = self._line(event, "check", gettext("The mail server took the personal mail to {name}"))
        entry.tags.append((gettext("first contact"), "good", "check"))
        return entry

    def _mail_came_back(self, event: Event) -> Entry:
        message = self.messages.get(event.data.get("message") or 0)
        words = gettext("A mail to {name} came back: <b>{subject}</b>")
        entry = self._line(event, "warn", words, subject=message.subject if message else "")
        if event.to_state == TicketState.ASSIGNED:
            self.contacted = False
            entry.about = gettext("Nothing else stands as contact, so the clock runs as if it had never stopped.")
        elif event.to_state == TicketState.IN_ACTION:
            entry.about = gettext("%(name)s was not told, so the ticket is in action again.") % {"name": self.name}
        if message is not None and message.reason:
            entry.about = f"{message.reason_in_words} {entry.about}".strip()
        return entry

    def _take_back(self, event: Event) -> Entry:
        message = self.messages.get(event.data.get("message") or 0)
        words = gettext("<b>{who}</b> took back a mail before it left: <b>{subject}</b>")
        entry = self._line(event, "reply", words, subject=message.subject if message else "")
        if event.from_state == TicketState.RESOLVED:
            entry.about = gettext("Nobody was told, so it is not resolved.")
        elif event.from_state == TicketState.WAITING_ON_CUSTOMER:
            entry.about = gettext("%(name)s was not asked, so nothing waits for an answer.") % {"name": self.name}
        return entry
