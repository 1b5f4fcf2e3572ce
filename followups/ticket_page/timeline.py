"""What happened so far, newest first: events, with the words, mails and tries they point to. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext

from followups.models import Action, ContactAttempt, Event
from followups.models.tickets import DismissReason, TicketState
from followups.silence import Step
from followups.templatetags.moments import as_promised, moment
from followups.ticket_page.case import Case, Said
from nps_loop.mail.models import Message

Line = str | SafeString
# Logged this much after it happened, both times are shown.
LATER = timedelta(minutes=10)


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
    mail: Message | None = None

    @property
    def has_bubble(self) -> bool:
        return bool(self.words or self.customer_reads or self.about or self.mail)


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


class _Story:
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
        self.verbs: dict[str, Callable[[Event], Entry | None]] = {
            "open": self._open,
            "assign": self._assign,
            "hand-over": self._hand_over,
            "release": self._release,
            "left-alone": self._left_alone,
            "log-contact": self._log_contact,
            "log-reply": self._log_reply,
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
            "ask-dismissal": self._ask_dismissal,
            "decide-dismissal": self._decide_dismissal,
            "note": self._note,
            "snooze": self._snooze,
            "link": self._link,
            "remind": self._remind,
            "recount": self._recount,
            # It follows from the line before and says nothing of its own.
            "start-action": lambda event: None,
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

    # Pieces ------------------------------------------------------------------------------------------------------

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

    # Beginning and hands -----------------------------------------------------------------------------------------

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

    def _answer_changed(self, event: Event) -> Entry:
        return self._line(event, "queue", gettext("A later version of the answer came in"))

    # Reaching the customer ---------------------------------------------------------------------------------------

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
        if self.contacted:
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

    # Actions -----------------------------------------------------------------------------------------------------

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

    # Ending and opening again ------------------------------------------------------------------------------------

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

    # Among colleagues --------------------------------------------------------------------------------------------

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
            "unhold": gettext("<b>{who}</b> lifted the hold"),
            "join": gettext("<b>{who}</b> joined it with #{other}"),
            "split": gettext("<b>{who}</b> gave it to whom the answer is from")
            if event.data.get("contact")
            else gettext("<b>{who}</b> gave it a conversation of its own"),
            "merge": gettext("<b>{who}</b> put two entries of one person together"),
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

    # Mails that no event tells of --------------------------------------------------------------------------------

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
