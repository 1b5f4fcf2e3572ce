"""What a customer's page says, worked out from the rows of their conversation. Reads only."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import translation

from followups import loop_page
from followups.loop_page import Entry, Kind, LeftOut, LoopPage, Missed, Option, Turn, Variant
from followups.messages import notices
from followups.messages.letters import Reader
from followups.models import Action, ActionMove, ContactAttempt, Conversation, Deadline, Resolution, Ticket, Verdict
from followups.models.tickets import LIVE, ClosedAs, TicketState
from followups.promises import in_words
from followups.replies import was_corrected
from followups.workflow.reopening import REOPEN_WITHIN
from nps_loop.moments import day_in_words, moment_in_words, unbroken
from surveys.quoting import display, quote

# How long after the end of a case its page can still be opened.
OPEN_AFTER = REOPEN_WITHIN
# How long something was "a moment ago".
A_MOMENT = timedelta(hours=1)


def has_run_out(conversation: Conversation, now: datetime) -> bool:
    """The link works as long as the case is open, and 90 days more."""
    return conversation.closed_at is not None and now - conversation.closed_at > OPEN_AFTER


def page_of(
    ticket: Ticket,
    *,
    now: datetime,
    just_pressed: Option | None = None,
    opened: str = "",
    typed: str = "",
    seen_by_staff: bool = False,
) -> LoopPage:
    """The page for this ticket at this moment, in the customer's language and zone.

    `just_pressed`: what they pressed a moment ago, where it counted. `opened`, `typed`: an answer that stands open.
    """
    reader = Reader.of(ticket)
    with translation.override(reader.language):
        return _Builder(ticket, reader, now).build(just_pressed, opened, typed, seen_by_staff)


class _Builder:
    def __init__(self, ticket: Ticket, reader: Reader, now: datetime) -> None:
        self.ticket, self.reader, self.now = ticket, reader, now
        self.zone = ZoneInfo(reader.zone)
        self.today = now.astimezone(self.zone).date()
        self.actions = list(ticket.actions.select_related("owner").prefetch_related("moves").order_by("due_at", "pk"))
        self.deadlines = list(ticket.deadlines.order_by("pk"))
        self.verdicts = list(ticket.verdicts.order_by("happened_at", "pk"))
        self.resolution = (
            ticket.resolutions.filter(cycle=ticket.cycle, voided_at=None).select_related("by").order_by("-pk").first()
        )

    # Words ------------------------------------------------------------------------------------------------------

    def day(self, at: datetime) -> str:
        words = day_in_words(at.astimezone(self.zone).date(), self.reader.language, today=self.today)
        return unbroken(words, self.reader.language)

    def moment(self, at: datetime) -> str:
        words = moment_in_words(at, self.reader.language, self.reader.zone, now=self.now)
        return unbroken(words, self.reader.language)

    def by(self, at: datetime) -> str:
        words = in_words(at, self.reader.language, self.reader.zone, now=self.now)
        return unbroken(words, self.reader.language)

    def iso(self, at: datetime) -> str:
        return at.astimezone(self.zone).date().isoformat()

    # The page ---------------------------------------------------------------------------------------------------

    def build(self, just_pressed: Option | None, opened: str, typed: str, seen_by_staff: bool) -> LoopPage:
        ticket, response, contact = self.ticket, self.ticket.response, self.ticket.contact
        variant = self.variant(just_pressed)
        owner = ticket.owner
        turn, next_step, by_when = self.whose_turn(variant)
        words = display(response.verbatim) if response else ""
        not_yet = self.last_not_yet()
        last = self.verdicts[-1] if self.verdicts else None
        letter = self.letter()
        return LoopPage(
            variant=variant,
            language=self.reader.language,
            brand=ticket.brand.name,
            brand_footer=ticket.brand.legal_footer,
            first_name=contact.greeting_name if contact else "",
            contact_name=contact.name if contact else "",
            owner_name=owner.name if owner else "",
            owner_first_name=(owner.first_name or owner.name) if owner else "",
            reply_address=(owner.email if owner else "") or ticket.brand.reply_address or ticket.brand.sender_address,
            whose_turn=turn,
            next_step=next_step,
            by_when=by_when,
            as_of=self.moment(self.now),
            missed=self.missed() if variant != Variant.LEFT else (),
            quote=quote(words),
            words=words,
            words_language=(response.language if response else "") or self.reader.language,
            told_on="" if response is None or response.undated else self.day(response.responded_at),
            answered_on="" if response is None or response.undated else self.moment(response.responded_at),
            score=response.score if response else None,
            story=self.story(variant),
            question=self.question() if variant == Variant.WAITING else "",
            why_it_happened=self.resolution.why_it_happened if self.resolution else "",
            left_out=tuple(
                LeftOut(text=action.title, reason=action.dropped_reason)
                for action in self.actions
                if action.state == Action.State.DROPPED and action.cycle == ticket.cycle
            ),
            letter=letter[0],
            letter_by=letter[1],
            letter_on=letter[2],
            missing=not_yet.text if not_yet and variant == Variant.NOT_YET else "",
            said_on=self.day(last.happened_at) if last else "",
            told_too=self.told_too() if variant == Variant.NOT_YET else (),
            silence_until=self.day(ticket.silence_until) if ticket.silence_until else "",
            ticket=ticket.pk,
            cycle=ticket.cycle,
            options=self.options(variant, seen_by_staff),
            opened=opened,
            typed=typed,
            phone_known=bool(contact and contact.phone),
            until=self.day(ticket.closed_at + OPEN_AFTER) if ticket.closed_at else "",
            seen_by_staff=seen_by_staff,
        )

    def variant(self, just_pressed: Option | None) -> Variant:
        ticket = self.ticket
        if ticket.state == TicketState.CLOSED:
            if ticket.closed_as == ClosedAs.CONFIRMED:
                return Variant.SETTLED if just_pressed == Option.SETTLED else Variant.ANSWERED
            if ticket.closed_as == ClosedAs.AGREED_TO_DIFFER:
                return Variant.DIFFER
            if ticket.left_in_peace or ticket.closed_as == ClosedAs.LEFT_IN_PEACE:
                return Variant.LEFT
            return Variant.SILENT
        if ticket.left_in_peace:
            return Variant.LEFT
        if ticket.state == TicketState.RESOLVED:
            return Variant.RESOLVED
        if ticket.state == TicketState.WAITING_ON_CUSTOMER:
            return Variant.WAITING
        said_not_yet = any(
            row.choice == Verdict.Choice.NOT_YET and row.cycle == ticket.cycle - 1 for row in self.verdicts
        )
        if ticket.state == TicketState.ASSIGNED and said_not_yet:
            return Variant.NOT_YET
        if ticket.state in (TicketState.NEW, TicketState.ASSIGNED) and ticket.cycle == 0 and not self.actions:
            return Variant.NEW
        return Variant.OPEN

    def whose_turn(self, variant: Variant) -> tuple[Turn, str, str]:
        """Whose turn it is, what comes next, and by when, in words."""
        ticket = self.ticket
        owner = ticket.owner.name if ticket.owner else ""
        if variant == Variant.RESOLVED:
            return Turn.YOURS, loop_page.verdict_comes(), self.day(ticket.silence_until) if ticket.silence_until else ""
        if variant == Variant.WAITING:
            return (
                Turn.YOURS,
                loop_page.reply_comes(owner),
                self.day(ticket.waiting_until) if ticket.waiting_until else "",
            )
        if variant == Variant.SETTLED:
            comes = loop_page.question_comes() if ticket.recovery_on else loop_page.nothing_comes()
            return Turn.NOBODY, comes, ""
        if variant in (Variant.ANSWERED, Variant.DIFFER, Variant.SILENT, Variant.LEFT):
            return Turn.NOBODY, loop_page.nothing_comes(), ""
        promised = self.promised(Deadline.Target.ANSWER) or self.promised(Deadline.Target.FIRST_CONTACT)
        running = [row for row in self.actions if row.state == Action.State.OPEN and row.told_at is not None]
        if ticket.customer_waits and self.wants_a_call():
            return Turn.OURS, loop_page.call_comes(owner), self.when(promised)
        if variant == Variant.NOT_YET or ticket.customer_waits:
            leads = notices.leads_of(ticket.team_id) if variant == Variant.NOT_YET else []
            lead = leads[0].name if leads else ""
            return Turn.OURS, loop_page.answer_comes(owner, lead, told=self.lead_told()), self.when(promised)
        if running:
            return (
                Turn.OURS,
                loop_page.action_comes(running[0].title, running[0].owner.name),
                self.when(running[0].due_at),
            )
        if ticket.first_contact_at is None:
            account = ticket.account.name if ticket.account else ""
            looks_after = bool(ticket.account and ticket.owner_id and ticket.account.owner_id == ticket.owner_id)
            return Turn.OURS, loop_page.contact_comes(owner, account, looks_after=looks_after), self.when(promised)
        return Turn.OURS, loop_page.plan_comes(owner), self.when(promised)

    def last_not_yet(self) -> Verdict | None:
        return next((row for row in reversed(self.verdicts) if row.choice == Verdict.Choice.NOT_YET), None)

    def lead_told(self) -> str:
        """When the lead was told of a *not yet*, in words; empty while that was a moment ago."""
        said = self.last_not_yet()
        return self.moment(said.happened_at) if said and self.now - said.happened_at >= A_MOMENT else ""

    def last_said(self) -> Verdict | None:
        """What they pressed last in this cycle."""
        return next((row for row in reversed(self.verdicts) if row.cycle == self.ticket.cycle), None)

    def wants_a_call(self) -> bool:
        """They would rather be called, and nobody has spoken to them since."""
        said = self.last_said()
        if said is None or said.choice != Verdict.Choice.CALL_ME:
            return False
        talks = self.ticket.attempts.filter(outcome=ContactAttempt.Outcome.SPOKE, voided_at=None)
        return not talks.filter(happened_at__gt=said.happened_at).exists()

    def when(self, at: datetime | None) -> str:
        """By when: a promise that has passed is no answer to that any more."""
        if at is None:
            return ""
        return self.by(at) if at > self.now else loop_page.no_new_time()

    def promised(self, target: str) -> datetime | None:
        return next(
            (
                row.promised_at
                for row in self.deadlines
                if row.target == target and row.is_open and row.promised_at and row.cycle == self.ticket.cycle
            ),
            None,
        )

    def missed(self) -> tuple[Missed, ...]:
        """Promises that passed unkept: the page says so before the customer does."""
        found = [
            Missed(
                what=loop_page.contact_comes(self.ticket.owner.name if self.ticket.owner else ""),
                promised=self.by(row.promised_at),
            )
            for row in self.deadlines
            if row.target in (Deadline.Target.FIRST_CONTACT, Deadline.Target.ANSWER)
            and row.promised_at
            and row.is_open
            and row.promised_at < self.now
            and self.ticket.state in LIVE
        ]
        for action in self.actions:
            if action.state == Action.State.OPEN and action.told_at and action.due_at < self.now:
                found.append(Missed(what=action.title, promised=self.by(action.due_at)))
        return tuple(found)

    def story(self, variant: Variant) -> tuple[Entry, ...]:
        """What was promised and what came of it, and the lines somebody wrote for the customer, in order of time."""
        rows: list[tuple[datetime, Entry]] = []
        over = variant in (Variant.RESOLVED, Variant.SETTLED, Variant.ANSWERED, Variant.SILENT, Variant.DIFFER)
        # Whoever asked to be left in peace hears nothing more, so what is still open is a promise no longer.
        left = variant == Variant.LEFT
        for row in self.deadlines:
            if row.target != Deadline.Target.FIRST_CONTACT or over or (left and not row.met_at):
                continue
            if row.promised_at:
                rows.append((row.promised_at, self._first_contact(row)))
        for action in self.actions:
            unheard = action.state == Action.State.OPEN and (action.told_at is None or left)
            if action.state == Action.State.DROPPED or unheard:
                continue
            at = action.done_at if action.state == Action.State.DONE and action.done_at else _first_told(action)
            rows.append((at, self._action(action, over)))
        attempts = self.ticket.attempts.exclude(line_for_customer="").filter(voided_at=None)
        attempts = attempts.exclude(outcome=ContactAttempt.Outcome.SENT)
        rows += [
            (
                row.happened_at,
                Entry(
                    when=self.day(row.happened_at),
                    day=self.iso(row.happened_at),
                    text=row.line_for_customer,
                    kind=Kind.TOLD,
                ),
            )
            for row in attempts
        ]
        if over and self.resolution and self.resolution.what_changed:
            texts = {action.what_changed for action in self.actions}
            if self.resolution.what_changed not in texts:
                at = self.resolution.happened_at
                rows.append((at, Entry(when=self.day(at), day=self.iso(at), text=self.resolution.what_changed)))
        return tuple(entry for _at, entry in sorted(rows, key=lambda pair: pair[0]))

    def _first_contact(self, row: Deadline) -> Entry:
        promised = row.promised_at or row.due_at
        kind = Kind.OPEN
        if row.met_at:
            kind = Kind.KEPT if row.met_at <= promised else Kind.MISSED
        elif promised < self.now:
            kind = Kind.MISSED
        owner = self.ticket.owner
        return Entry(
            when=self.by(promised),
            day=self.iso(promised),
            text=loop_page.contact_comes(owner.name if owner else ""),
            kind=kind,
        )

    def _action(self, action: Action, over: bool) -> Entry:
        if action.state == Action.State.DONE and action.done_at:
            kept = action.first_promised_at is None or action.done_at <= action.first_promised_at
            moves = list(action.moves.all())
            kind = Kind.DONE if over else (Kind.KEPT if kept else Kind.MOVED if moves else Kind.MISSED)
            return Entry(
                when=self.day(action.done_at),
                day=self.iso(action.done_at),
                text=action.what_changed or action.title,
                kind=kind,
            )
        moved = _moves_told(action)
        # Moved once its date had passed, it was not kept, whatever was promised instead.
        missed = action.due_at < self.now or any(move.happened_at > move.from_at for move in moved)
        first = _first_told(action)
        return Entry(
            when=self.by(first),
            day=self.iso(first),
            text=action.title,
            kind=Kind.MISSED if missed else Kind.MOVED if moved else Kind.OPEN,
            note=loop_page.moved(self.by(action.due_at), moved[-1].reason) if moved else "",
        )

    def question(self) -> str:
        """The question we wait for an answer to: the newest personal mail."""
        sent = self.ticket.attempts.filter(outcome=ContactAttempt.Outcome.SENT, voided_at=None)
        asked = sent.exclude(line_for_customer="").last()
        return asked.line_for_customer if asked else ""

    def letter(self) -> tuple[str, str, str]:
        """A lead's words on why it ended as agreed to differ: text, name, day."""
        row: Resolution | None = self.resolution
        if row is None or not row.differ_text or self.ticket.closed_at is None:
            return "", "", ""
        closing = self.ticket.events.filter(verb="agree-to-differ").select_related("actor").order_by("-seq").first()
        return row.differ_text, closing.actor.name if closing and closing.actor else "", self.day(self.ticket.closed_at)

    def told_too(self) -> tuple[str, ...]:
        return tuple(lead.name for lead in notices.leads_of(self.ticket.team_id) if lead.pk != self.ticket.owner_id)

    def options(self, variant: Variant, seen_by_staff: bool) -> frozenset[Option]:
        if seen_by_staff:
            return frozenset()
        return self.presses(variant) | self.corrections()

    def corrections(self) -> frozenset[Option]:
        """A slip of the score is corrected once, for as long as the case can be opened again."""
        closed = self.ticket.closed_at
        late = closed is not None and self.now - closed > timedelta(days=90)
        if self.ticket.response is None or late or was_corrected(self.ticket):
            return frozenset()
        return frozenset({Option.CORRECT})

    def presses(self, variant: Variant) -> frozenset[Option]:
        last = self.last_said()
        known = {Option.SETTLED} if last and last.choice == Verdict.Choice.SETTLED else set()
        match variant:
            case Variant.RESOLVED:
                return frozenset(
                    {Option.SETTLED, Option.NOT_YET, Option.CALL_ME, Option.SOMEBODY_ELSE, Option.LEAVE_IT}
                )
            case Variant.NEW | Variant.OPEN | Variant.WAITING | Variant.NOT_YET:
                offered = {Option.ADD_WORDS, Option.SETTLED, Option.CALL_ME, Option.SOMEBODY_ELSE, Option.LEAVE_IT}
                return frozenset(offered - known)
            case Variant.LEFT if self.ticket.state in LIVE:
                return frozenset({Option.ADD_WORDS})
            case Variant.SETTLED | Variant.ANSWERED | Variant.DIFFER | Variant.SILENT | Variant.LEFT:
                closed = self.ticket.closed_at
                late = closed is not None and self.now - closed > timedelta(days=90)
                return frozenset() if late else frozenset({Option.NOT_YET})


def _moves_told(action: Action) -> list[ActionMove]:
    """Moves the customer heard of: those of a promise they had been told."""
    told_at = action.told_at
    return [] if told_at is None else [move for move in action.moves.all() if move.happened_at >= told_at]


def _first_told(action: Action) -> datetime:
    """The date the customer was told first, however often it was moved since."""
    return action.first_promised_at or action.due_at


def reread(ticket: Ticket) -> Ticket:
    """The ticket as it is now, with everything a page needs."""
    return Ticket.objects.select_related(
        "response__touchpoint", "contact", "account", "owner", "brand", "team__calendar", "conversation"
    ).get(pk=ticket.pk)
