"""Lines about how a ticket began and who has it."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext

from followups.models import Event
from followups.silence import Step
from followups.templatetags.moments import moment
from followups.ticket_page.timeline.telling import Entry, Teller


class Hands(Teller):
    """Opened, given, covered, given back, left alone."""

    def _open(self, event: Event) -> Entry:
        ticket = self.case.ticket
        rule = ticket.rule.name if ticket.rule else ""
        if event.actor is not None or event.data.get("follows"):
            return self._line(event, "queue", gettext("<b>{who}</b> opened this ticket by hand"))
        source = ticket.response.source.name if ticket.response else ""
        if not rule:
            return self._line(event, "queue", gettext("Answer received from “{source}”, ticket opened"), source=source)
        words = gettext("Answer received from “{source}”, ticket opened by the rule <b>{rule}</b>")
        return self._line(event, "queue", words, source=source, rule=rule)

    def _assign(self, event: Event) -> Entry:
        ticket = self.case.ticket
        to = self.case.names.get(event.data.get("to") or 0) or gettext("a colleague")
        if event.actor is not None:
            words = gettext("<b>{who}</b> took it") if event.actor_id == event.data.get("to") else ""
            return self._line(event, "swap", words or gettext("<b>{who}</b> gave it to <b>{to}</b>"), to=to)
        account = ticket.account
        if account is not None and account.owner_id == event.data.get("to"):
            words = gettext("Given to <b>{to}</b>, who looks after {account}")
            return self._line(event, "rule", words, to=to, account=account.name)
        return self._line(event, "rule", gettext("Given to <b>{to}</b>"), to=to)

    def _hand_over(self, event: Event) -> Entry:
        names, unknown = self.case.names, gettext("a colleague")
        to, had = (names.get(event.data.get(key) or 0) or unknown for key in ("to", "from"))
        if event.data.get("rule") == "back":
            words = gettext("<b>{to}</b> is back and has it again from {had}")
        else:
            words = gettext("<b>{to}</b> stands in for {had}, who is away")
        return self._line(event, "swap", words, to=to, had=had)

    def _release(self, event: Event) -> Entry:
        had = self.case.names.get(event.data.get("from") or 0) or gettext("a colleague")
        words = {
            "away": gettext("Nobody stands in for <b>{had}</b>, who is away: the team shares it"),
            "inactive": gettext("<b>{had}</b> is no longer here: somebody else gets it"),
            "silent": gettext("<b>{had}</b> had done nothing on it for a long time: somebody else gets it"),
        }.get(event.data.get("because", ""), gettext("<b>{who}</b> gave it back"))
        return self._line(event, "swap", words, had=had)

    def _left_alone(self, event: Event) -> Entry:
        words = {
            Step.NUDGE: gettext("Nothing was done on it for a while: its owner was reminded"),
            Step.TELL_LEAD: gettext("Still nothing was done on it: the lead was told"),
            Step.REASSIGN: gettext("Still nothing was done on it, and it stays where it is"),
        }[Step(event.data["step"])]
        entry = self._line(event, "clock", words)
        if event.data.get("because") == "nobody_else":
            entry.about = gettext("Nobody else was free to take it. The lead was told.")
        elif event.data.get("because") == "same_customer":
            entry.about = gettext("Its owner is at work with the same customer on another ticket. The lead was told.")
        if since := event.data.get("since"):
            when = moment(datetime.fromisoformat(since), self.now)
            entry.about = f"{entry.about} {gettext('Last done something: %(when)s.') % {'when': when}}".strip()
        return entry

    def _correct_score(self, event: Event) -> Entry:
        line = gettext("<b>{name}</b> corrected the score on their page from {before} to {after}")
        return self._line(event, "queue", line, before=event.data["from"], after=event.data["to"])

    def _answer_changed(self, event: Event) -> Entry:
        return self._line(event, "queue", gettext("A later version of the answer came in"))
