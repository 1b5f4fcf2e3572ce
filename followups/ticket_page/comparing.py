"""A form was sent from a page that had grown old: what is different by now, and field by field both sides. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils import formats
from django.utils.translation import gettext

from followups.forms import ActionForm, VerbForm
from followups.models import Action, Event
from followups.models.tickets import TicketState
from followups.templatetags.moments import moment
from followups.ticket_page.case import Case, Said
from followups.ticket_page.timeline import Entry
from nps_loop.mail.models import Message


@dataclass(frozen=True, slots=True)
class Change:
    """A fact of the ticket as the old page showed it, and as it is."""

    name: str
    then: str
    now: str


@dataclass(frozen=True, slots=True)
class Line:
    """One field: what the ticket or the colleague's entry says there by now, and what was typed."""

    name: str
    theirs: str
    yours: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """What was posted on a page that had grown old: the sentence, what happened since, and both sides."""

    message: str
    since: list[Entry]
    typed: str
    changes: list[Change]
    lines: list[Line]


def changes(case: Case, version: int) -> list[Change]:
    """The facts that differ between the version the page showed and now."""
    ticket = case.ticket
    before = [event for event in case.events if event.seq <= version]
    after = [event for event in case.events if event.seq > version]
    state = next((event.from_state for event in after if event.to_state), ticket.state)
    cycle = before[-1].cycle if before else ticket.cycle
    owner = _owner_after(before) if any(_gives(event) for event in after) else ticket.owner_id
    held = _held_after(before) if any(event.verb in ("hold", "unhold") for event in after) else ticket.on_hold
    nobody = gettext("nobody")
    yes, no = gettext("yes"), gettext("no")
    facts = [
        Change(gettext("State"), _state(state), _state(ticket.state)),
        Change(
            gettext("Owner"),
            case.names.get(owner or 0, nobody),
            ticket.owner.name if ticket.owner is not None else nobody,
        ),
        Change(gettext("Cycle"), str(cycle + 1), str(ticket.cycle + 1)),
        Change(gettext("On hold"), yes if held else no, yes if ticket.on_hold else no),
    ]
    return [fact for fact in facts if fact.then != fact.now]


def _state(state: str) -> str:
    return str(TicketState(state).label) if state else "–"


def _gives(event: Event) -> bool:
    return event.verb in ("assign", "hand-over", "release")


def _owner_after(events: Iterable[Event]) -> int | None:
    """Who had it after these, by the events that give and take."""
    owner = None
    for event in events:
        if _gives(event):
            owner = event.data.get("to") if event.verb != "release" else None
    return owner


def _held_after(events: Iterable[Event]) -> bool:
    held = False
    for event in events:
        if event.verb == "open":
            held = bool(event.data.get("hold"))
        elif event.verb in ("hold", "unhold"):
            held = event.verb == "hold"
    return held


def lines(form: VerbForm, case: Case, version: int) -> list[Line]:
    """Every field somebody filled in, beside what stands there by now. Nothing that was typed is left out."""
    theirs = _theirs(form, case, version)
    found = []
    for name, field in form.fields.items():
        if name == "version" or isinstance(field.widget, forms.HiddenInput):
            continue
        yours, other = _yours(form, name, field, case.now), theirs.get(name, "")
        if yours or other:
            found.append(Line(_label(form, name), other, yours))
    return found


def _label(form: VerbForm, name: str) -> str:
    unnamed = {
        "line_for_customer": gettext("%(name)s will read"),
        "settled_told": gettext("How was %(name)s told?"),
        "text": gettext("What you wrote"),
    }
    label = str(form.fields[name].label or unnamed.get(name, "") or form[name].label)
    return label % {"name": form.desk.customer} if "%(name)s" in label else label


def _yours(form: VerbForm, name: str, field: forms.Field, now: datetime) -> str:
    """What came in this field, in words; as it was typed where it is none of the choices."""
    raw = form.data.get(form.add_prefix(name), "")
    value = getattr(form, "cleaned_data", {}).get(name)
    if isinstance(field, forms.BooleanField):
        return gettext("yes") if value else ""
    if isinstance(field, forms.ModelChoiceField):
        return str(getattr(value, "name", None) or value or raw)
    if isinstance(field, forms.ChoiceField):
        known = {str(key): str(label) for key, label in _flat(list(field.choices))}  # type: ignore[arg-type]
        return known.get(str(raw), str(raw))
    return _in_words(value, now) if isinstance(value, date) else str(raw).strip()


def _flat(choices: Iterable[Any]) -> Iterable[tuple[Any, Any]]:
    for key, label in choices:
        if isinstance(label, list | tuple):
            yield from _flat(label)
        else:
            yield key, label


def _in_words(value: date, now: datetime) -> str:
    return moment(value, now) if isinstance(value, datetime) else formats.date_format(value, "D j M Y")


def _theirs(form: VerbForm, case: Case, version: int) -> Mapping[str, str]:
    """What the fields of this form hold by now: of the ticket, else of what came in since the page was shown."""
    ticket, now = case.ticket, case.now
    new = {event.verb: event for event in case.events if event.seq > version}
    if isinstance(form, ActionForm):
        return _of_action(next((row for row in case.actions if row.pk == form.about), None), case)
    if form.verb == "assign":
        return {"to": ticket.owner.name if ticket.owner is not None else gettext("nobody")}
    if form.verb == "snooze":
        return {"until": moment(ticket.snoozed_until, now) if ticket.snoozed_until else gettext("not snoozed")}
    if form.verb == "wait" and ticket.waiting_until:
        return {"until": moment(ticket.waiting_until, now)} | _of_mail(case, new.get("wait"), "question")
    if form.verb == "hold" and ticket.on_hold:
        return {"reason": ticket.hold_reason if case.sees_words else gettext("on hold already")}
    if form.verb == "log-contact":
        return _of_attempt(case, new.get("log-contact"))
    if form.verb == "send-message":
        return _of_mail(case, new.get("send-message"), "body")
    if form.verb == "add-action" and "add-action" in new:
        return _of_action(_pointed_to(case.actions, new["add-action"], "action"), case)
    if form.verb == "resolve" and (done := _last(case.of_kind("resolution"))) and "resolve" in new:
        return {"root_cause": done.code, "what_changed": done.text, "why_it_happened": done.more}
    if form.verb == "ask-dismissal" and case.open_request is not None:
        return {"reason": case.dismissal_reason, "explanation": case.open_request.text}
    if form.verb == "log-reply" and (reply := _last(case.of_kind("reply"))) and "log-reply" in new:
        return {"text": reply.text, "happened_at": moment(reply.at, now)}
    return {}


def _last(rows: list[Said]) -> Said | None:
    return rows[-1] if rows else None


def _pointed_to(rows: Iterable[Any], event: Event, key: str) -> Any:
    return next((row for row in rows if row.pk == event.data.get(key)), None)


def _of_attempt(case: Case, event: Event | None) -> dict[str, str]:
    row = _pointed_to(case.attempts, event, "attempt") if event is not None else None
    if row is None:
        return {}
    return {
        "channel": str(row.get_channel_display()),
        "outcome": str(row.get_outcome_display()),
        "happened_at": moment(row.happened_at, case.now),
        "note": row.note,
        "line_for_customer": row.line_for_customer,
    }


def _of_mail(case: Case, event: Event | None, body: str) -> dict[str, str]:
    mail: Message | None = _pointed_to(case.messages, event, "message") if event is not None else None
    return {"subject": mail.subject, body: mail.text} if mail is not None else {}


def _of_action(action: Action | None, case: Case) -> dict[str, str]:
    if action is None:
        return {}
    return {
        "title": action.title,
        "owner": action.owner.name,
        "due_on": _in_words(action.due_at, case.now),
        "what_changed": action.what_changed,
        "reason": action.dropped_reason,
        "note": action.note,
    }
