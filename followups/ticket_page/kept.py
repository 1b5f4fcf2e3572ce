"""What a ticket's page holds of drafts and templates, read with its other words. No query in here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from followups import canned, dates_in_words
from followups.canned import Offered
from followups.dates_in_words import PromisedDay
from followups.models import KeptDraft
from followups.ticket_page.case import Case
from followups.workflow.taking_back import KINDS
from nps_loop.mail.models import Message


@dataclass(frozen=True, slots=True)
class Kept:
    """What this person typed into one form before, and when it was kept."""

    typed: Mapping[str, str]
    at: datetime


@dataclass(frozen=True, slots=True)
class Stranded:
    """A draft whose form the ticket does not offer any more."""

    verb: str
    words: str
    at: datetime


def waiting_mails(case: Case) -> list[Message]:
    """What this person sent and what has not left yet."""
    mine = case.viewer.user.pk
    return [
        row
        for row in case.messages
        if row.state == Message.State.QUEUED
        and row.kind in KINDS
        and row.written_by_id == mine
        and row.send_after > case.now
    ]


def promised_days(case: Case) -> list[PromisedDay]:
    """Days by which the newest personal mail of this cycle promises something, where no action is due that day."""
    ticket = case.ticket
    gone = (Message.State.CANCELLED, Message.State.SKIPPED, Message.State.FAILED, Message.State.BOUNCED)
    mails = [row for row in case.messages if row.kind == "personal" and row.state not in gone]
    mail = mails[-1] if mails else None
    if mail is None or mail.cycle != ticket.cycle or not ticket.is_live:
        return []
    taken = {timezone.localtime(action.due_at).date() for action in case.current_actions}
    written, today = timezone.localtime(mail.created_at).date(), timezone.localtime(case.now).date()
    found = dates_in_words.promised_days(mail.text, mail.language, today=written)
    return [row for row in found if row.day >= today and row.day not in taken]


def drafts(case: Case) -> dict[str, Kept]:
    """By form, what this person has not sent yet."""
    return {row.code: Kept(KeptDraft.unpacked(row.text), row.at) for row in case.of_kind("draft")}


def stranded(found: Mapping[str, Kept], open_forms: Collection[str]) -> list[Stranded]:
    """Drafts without a form to stand in, each with its longest words."""
    return [
        Stranded(form, max(draft.typed.values(), key=len, default=""), draft.at)
        for form, draft in found.items()
        if form.replace("-", "_") not in open_forms
    ]


def newest(found: Mapping[str, Kept]) -> str:
    """The form that was typed into last; empty where there is no draft."""
    return max(found, key=lambda form: found[form].at, default="")


def templates(case: Case, verb: str) -> list[tuple[str, list[Offered]]]:
    """What a form may begin from, in groups by step, in the customer's language."""
    rows = sorted(case.of_kind("template"), key=lambda row: (row.number, row.text))
    return canned.for_form([Offered(row.pk, row.text, row.code) for row in rows], verb, case.ticket)
