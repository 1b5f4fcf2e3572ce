"""How a mail reads before it is sent: rendered by the same functions, and thrown away. No row is written."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from followups.calendars import add_working_days, day_of, working_day_end
from followups.letter_linter import Finding, Letter, findings
from followups.messages import letters
from followups.models import Action, Resolution, Ticket
from followups.workflow.ending import SILENCE_DAYS
from nps_loop import links

if TYPE_CHECKING:
    from followups.forms import VerbForm

PLACEHOLDER = re.compile(r"\[\[link:(\w+)\]\]")


def preview_of(form: VerbForm) -> dict[str, Any]:
    """Sender, recipient, subject, text and HTML of the mail this valid form would send, and what in its words is worth
    a second look (pairs of field and finding, advice only); empty for one that sends none.

    Links in the HTML lead nowhere: they are made when the mail leaves.
    """
    desk, data = form.desk, form.cleaned_data
    ticket, user, now = desk.ticket, desk.user, desk.now
    if form.verb == "send-message":
        typed = {"subject": data["subject"], "text": data["body"]}
        draft = letters.personal(ticket, user, subject=data["subject"], body=data["body"], now=now)
    elif form.verb == "wait":
        typed = {"text": data["question"]}
        draft = letters.personal(ticket, user, subject="", body=data["question"], now=now)
    elif form.verb == "resolve":
        typed = {"text": f"{data['what_changed']}\n\n{data['why_it_happened']}"}
        row = Resolution(
            ticket=ticket,
            cycle=ticket.cycle,
            what_changed=data["what_changed"],
            why_it_happened=data["why_it_happened"],
        )
        until = _silence_until(ticket, now)
        draft = letters.resolution(ticket, row, _as_decided(form), user, silence_until=until, now=now)
    else:
        return {}
    return {
        "verb": form.verb,
        "sender": draft.from_name,
        "brand": ticket.brand.name,
        "to": draft.recipient,
        "subject": draft.subject,
        "text": PLACEHOLDER.sub(_in_words, draft.text),
        "html": links.deaden("", draft.html, draft.links)[1],
        "skip": draft.skip,
        "found": _looked_over(form.verb, typed, draft.language),
    }


def _looked_over(verb: str, typed: dict[str, str], language: str) -> list[tuple[str, Finding]]:
    """What in the typed words is worth a second look. Every mail from a ticket is signed; of these kinds only a letter
    has to bring its own day.
    """
    # A question is what a person asks in a case; only mails that go out by themselves ask a passive nothing.
    letter = Letter(parts=typed, language=language, signed=True, framed=verb != "send-message")
    return [("", found) for found in findings(letter)]


def _in_words(link: re.Match[str]) -> str:
    """A link that is only made when the mail leaves."""
    if link[1] == "unsubscribe":
        return gettext("(link to end the surveys)")
    return gettext("(link to the page of the case)")


def _silence_until(ticket: Ticket, now: datetime) -> datetime:
    """Until when the customer could answer if the mail left today, by the team's calendar."""
    if ticket.team is None:
        return now
    hours = ticket.team.calendar.hours
    return working_day_end(hours, add_working_days(hours, day_of(hours, now), SILENCE_DAYS))


def _as_decided(form: VerbForm) -> list[Action]:
    """The actions of the cycle as the form leaves them, none of it saved."""
    ticket, data = form.desk.ticket, form.cleaned_data
    actions = list(ticket.actions.filter(cycle=ticket.cycle).order_by("due_at", "id"))
    for action in actions:
        words = data.get(f"words_{action.pk}", "")
        match data.get(f"becomes_{action.pk}"):
            case "done":
                action.state, action.done_at, action.what_changed = Action.State.DONE, form.desk.now, words
            case "drop":
                action.state, action.dropped_reason = Action.State.DROPPED, words
    return actions
