"""What keeps a ticket in order besides the way it goes: hold, note, snooze, dismissal, and a mail that came back."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext

from followups.actors import Actor
from followups.mentions import handles_in, mentions
from followups.messages import notices
from followups.models import Action, ContactAttempt, Deadline, DismissalRequest, Note, Resolution, Ticket
from followups.models.tickets import LIVE, ClosedAs, DismissReason, TicketState
from followups.permissions import Role
from followups.refusals import Forbidden, Incomplete, NotAllowed
from followups.templatetags.moments import in_full_at
from followups.workflow.around import LEADS
from followups.workflow.contact import comes_back
from followups.workflow.ending import (
    SILENCE_DAYS,
    told_in_person,
    working_days_after,
)
from followups.workflow.locking import opened
from followups.workflow.writing import OpenTicket
from nps_loop.mail.models import Message
from nps_loop.mail.outbox import Draft
from nps_loop.people.models import User
from surveys.scoring import Band, band


def hold(ticket: Ticket, *, actor: Actor, now: datetime, version: int | None, reason: str) -> Ticket:
    """Automatic mail stops and the words are for owner and lead only; the lead is told. Clocks run on."""
    if not reason.strip():
        raise Incomplete({"reason": gettext("Say why: what a lawyer, the press or a doctor would have to know first.")})
    with opened(ticket, actor=actor, now=now, version=version, ahead=(*LEADS, "suppressed")) as work:
        work.check("hold")
        work.write("hold", on_hold=True, hold_reason=reason.strip()[:200])
        work.mail_later(
            notices.to_leads(
                work.ticket,
                lambda: (
                    gettext("On hold: #%(number)s") % {"number": work.ticket.pk},
                    [
                        gettext(
                            "Automatic mail stops, and the words are shown to owner and lead only. The clocks run on."
                        )
                    ],
                ),
                dedupe_key=f"hold:{work.ticket.pk}:{work.ticket.version}",
                leads=work.around.leads,
            )
        )
    return work.ticket


def unhold(ticket: Ticket, *, actor: Actor, now: datetime, version: int | None) -> Ticket:
    with opened(ticket, actor=actor, now=now, version=version) as work:
        work.check("unhold")
        work.write("unhold", on_hold=False, hold_reason="")
    return work.ticket


def note(ticket: Ticket, *, actor: Actor, now: datetime, version: int | None, text: str) -> Ticket:
    """Words for colleagues. Append-only, so a note never loses to a stale page: `version` is not compared.

    Whoever is called by name in it (`@hanna`) and may see the ticket is told once.
    """
    if not text.strip():
        raise Incomplete({"text": gettext("Write the note first.")})
    ahead = ("colleagues", "suppressed") if handles_in(text) else ()
    with opened(ticket, actor=actor, now=now, version=None, ahead=ahead, makes=(Note,)) as work:
        work.check("note")
        row = work.make(Note(ticket=work.ticket, by=actor.user, text=text.strip(), happened_at=now))
        named = mentions(row.text, work.ticket, by=actor.user, people=work.around.colleagues)
        work.write("note", data={"note": row.pk, "told": [user.pk for user in named.told]})
        work.mail_later([_called(work, user, row.pk) for user in named.told])
    return work.ticket


def _called(work: OpenTicket, user: User, note_id: int) -> Draft:
    """To a colleague whom a note calls by name. The note itself stays in the application."""

    def words() -> tuple[str, list[str]]:
        name = {"who": work.actor.user.name if work.actor.user else gettext("A program"), "n": work.ticket.pk}
        line = gettext("%(who)s wrote a note on this ticket and wants you to read it.")
        return gettext("%(who)s calls you in a note (#%(n)s)") % name, [line % name]

    return notices.to_person(user, work.ticket, words, dedupe_key=f"mention:{note_id}:{user.pk}")


def snooze(ticket: Ticket, *, actor: Actor, now: datetime, version: int | None, until: datetime | None) -> Ticket:
    """Out of sight until a time that is still before the next due one. None ends it. Stops no clock."""
    with opened(ticket, actor=actor, now=now, version=version) as work:
        work.check("snooze")
        due_at = work.ticket.due_at
        if until is not None and until <= now:
            raise Incomplete({"until": gettext("Choose a time that is still to come.")})
        if until is not None and due_at is not None and until > due_at:
            if due_at <= now:
                raise Incomplete({"until": gettext("It is late already, so it stays in sight.")})
            # On the clock of whoever asks, and it says which.
            there = timezone.localtime(due_at)
            raise Incomplete(
                {
                    "until": gettext("Something is due before that: %(when)s. Snooze up to then.")
                    % {"when": f"{in_full_at(due_at)} {there:%Z}"}
                }
            )
        work.write("snooze", data={"until": until.isoformat() if until else None}, snoozed_until=until)
    return work.ticket


def ask_dismissal(
    ticket: Ticket, *, actor: Actor, now: datetime, version: int | None, reason: str, explanation: str = ""
) -> Ticket:
    """Dismiss with a reason from the list. For detractors and *contact me* another lead decides on the wish."""
    if reason not in DismissReason.values or not reason:
        raise Incomplete({"reason": gettext("Choose a reason from the list.")})
    with opened(
        ticket,
        actor=actor,
        now=now,
        version=version,
        ahead=("wish", "suppressed", *LEADS),
        makes=(DismissalRequest,),
        may_end=True,
    ) as work:
        work.check("ask-dismissal")
        current = work.ticket
        if work.wish is not None:
            raise NotAllowed(gettext("A lead is asked already."), code="asked_already")
        # By the band it opened with or the score it has now, whichever is worse.
        needs_lead = Band.DETRACTOR in (current.band, band(current.score)) or bool(current.contact_me)
        request = work.make(
            DismissalRequest(
                ticket=current, reason=reason, explanation=explanation.strip(), asked_by=actor.user, asked_at=now
            )
        )
        if needs_lead:
            work.write("ask-dismissal", data={"request": request.pk, "reason": reason})
            work.mail_later(
                notices.to_leads(
                    current,
                    lambda: (
                        gettext("May this be dismissed? #%(number)s") % {"number": current.pk},
                        [
                            gettext("%(name)s asks. Reason: %(reason)s.")
                            % {
                                "name": actor.user.name if actor.user else gettext("A program"),
                                "reason": request.get_reason_display(),
                            }
                        ],
                    ),
                    dedupe_key=f"dismissal:{request.pk}",
                    leads=work.around.leads,
                )
            )
        else:
            # Decided without a lead, and so not approved: it stays in the rates, whatever the reason.
            request.decided_at, request.decided_by = now, actor.user
            work.keep(request, "decided_at", "decided_by")
            _dismiss(work, "ask-dismissal", request)
    return work.ticket


def decide_dismissal(ticket: Ticket, *, actor: Actor, now: datetime, version: int | None, approve: bool) -> Ticket:
    """A lead who is neither owner nor the one who asked says yes or no. State and clocks ran on until here."""
    with opened(ticket, actor=actor, now=now, version=version, ahead=("wish", "suppressed"), may_end=approve) as work:
        work.check("decide-dismissal")
        request = work.wish
        if request is None:
            raise NotAllowed(gettext("Nobody asked to dismiss this ticket."), code="not_asked")
        if Role.OWNER in work.roles or request.asked_by_id == (actor.user.pk if actor.user else None):
            raise Forbidden(gettext("Another lead than the owner, and than whoever asked, decides this."))
        request.approved, request.decided_at, request.decided_by = approve, now, actor.user
        work.keep(request, "approved", "decided_at", "decided_by")
        if approve:
            _dismiss(work, "decide-dismissal", request)
        else:
            work.write("decide-dismissal", data={"request": request.pk, "approved": False})
        if request.asked_by and request.asked_by != actor.user:
            work.mail_later(
                [
                    notices.to_person(
                        request.asked_by,
                        work.ticket,
                        lambda: (
                            (
                                gettext("#%(number)s is dismissed")
                                if approve
                                else gettext("#%(number)s is not dismissed, it goes on")
                            )
                            % {"number": work.ticket.pk},
                            [
                                gettext("%(name)s decided.")
                                % {"name": actor.user.name if actor.user else gettext("An administrator")}
                            ],
                        ),
                        dedupe_key=f"dismissal-decided:{request.pk}",
                    )
                ]
            )
    return work.ticket


def _dismiss(work: OpenTicket, verb: str, request: DismissalRequest) -> None:
    work.drop_deadlines()
    for action in work.every_action:
        if action.state == Action.State.OPEN:
            action.state, action.dropped_at = Action.State.DROPPED, work.now
            work.keep(action, "state", "dropped_at")
    work.write(
        verb,
        to=TicketState.DISMISSED,
        data={"request": request.pk, "reason": request.reason, "approved": request.approved is True},
        dismissed_as=request.reason,
        closed_as=ClosedAs.NONE,
        customer_waits=False,
        snoozed_until=None,
        waiting_until=None,
        waiting_from="",
    )
    work.end_conversation()


# What the outbox reports ------------------------------------------------------------------------------------------


def mail_failed(message: Message, *, now: datetime) -> None:
    """A mail came back or could not be delivered: what rested on it falls, and the owner hears of it."""
    ticket = Ticket.objects.filter(pk=message.case or 0).first()
    if ticket is None:
        return
    with opened(ticket, actor=Actor.system(), now=now, version=None) as work:
        current = work.ticket
        attempt = ContactAttempt.objects.filter(message=message, voided_at=None).first()
        if attempt is not None:
            stood = attempt.is_evidence
            attempt.voided_at = now
            attempt.save(update_fields=["voided_at"])
            if stood:
                _evidence_falls(work, attempt, message)
            _question_falls(work, attempt)
        if message.kind == "resolution" and message.cycle == current.cycle and current.state == TicketState.RESOLVED:
            _resolution_falls(work, message)
        if message.kind == "action_update" and message.sent_at and current.told_at == message.sent_at:
            work.write("mail-came-back", data={"message": message.pk}, told_at=told_in_person(work))
        if current.owner is not None:
            work.mail_later(
                [
                    notices.to_person(
                        current.owner,
                        current,
                        lambda: (
                            gettext("A mail came back (#%(number)s)") % {"number": current.pk},
                            [
                                gettext("“%(subject)s” was not delivered: %(reason)s.")
                                % {
                                    "subject": message.subject,
                                    "reason": message.reason_in_words or gettext("no such address"),
                                }
                            ],
                        ),
                        dedupe_key=f"came-back:{message.pk}",
                    )
                ]
            )


def _question_falls(work: OpenTicket, attempt: ContactAttempt) -> None:
    """The customer never read what they were asked, so there is nothing to wait for: our turn again, the clock runs."""
    current = work.ticket
    if current.state != TicketState.WAITING_ON_CUSTOMER or not attempt.line_for_customer:
        return
    asked = current.attempts.filter(outcome=ContactAttempt.Outcome.SENT).exclude(line_for_customer="")
    if asked.order_by("-happened_at", "-pk").values_list("pk", flat=True).first() == attempt.pk:
        comes_back(work, "resume", data={"because": "not-delivered", "message": attempt.message_id}, at=work.now)


def personal_dropped(message: Message, *, now: datetime) -> None:
    """A mail somebody wrote was held back at the last look: nobody read it, and its writer has to know."""
    ticket = Ticket.objects.filter(pk=message.case or 0).first()
    attempt = ContactAttempt.objects.filter(message=message, voided_at=None).first()
    if ticket is None or attempt is None:
        return
    with opened(ticket, actor=Actor.system(), now=now, version=None) as work:
        attempt.voided_at = now
        attempt.save(update_fields=["voided_at"])
        _question_falls(work, attempt)
        if attempt.by is not None:
            work.mail_later(
                [
                    notices.to_person(
                        attempt.by,
                        work.ticket,
                        lambda: (
                            gettext("A mail did not leave (#%(number)s)") % {"number": ticket.pk},
                            [
                                gettext("“%(subject)s” was not sent. %(reason)s")
                                % {"subject": message.subject, "reason": message.reason_in_words}
                            ],
                        ),
                        dedupe_key=f"did-not-leave:{message.pk}",
                    )
                ]
            )


def question_dropped(message: Message, *, now: datetime) -> None:
    """The resolution mail was held back at the last look: nobody is asked, so it closes as not asked in its time."""
    ticket = Ticket.objects.filter(pk=message.case or 0).first()
    if ticket is None:
        return
    with opened(ticket, actor=Actor.system(), now=now, version=None) as work:
        current = work.ticket
        if current.state != TicketState.RESOLVED or message.cycle != current.cycle or current.silence_until:
            return
        current.resolutions.filter(cycle=current.cycle, voided_at=None, told=Resolution.Told.MAIL).update(
            told=Resolution.Told.NOT_MAILED, no_mail_reason=message.reason
        )
        work.write(
            "mail-dropped", data={"message": message.pk}, silence_until=working_days_after(work, SILENCE_DAYS, now)
        )


def _evidence_falls(work: OpenTicket, attempt: ContactAttempt, message: Message) -> None:
    """Where nothing else stands as evidence: back to assigned, the clock as if it had never stopped.

    What the mail met is met by the next evidence that stands, else owed again. A resolved ticket goes back into action.
    """
    current = work.ticket
    remaining = list(
        current.attempts.filter(evidence_from__isnull=False, voided_at=None).order_by("evidence_from", "pk")
    )
    in_cycle = [row for row in remaining if row.cycle == attempt.cycle]
    owed_again = False
    for row in work.deadlines:
        if (
            row.cycle == attempt.cycle
            and row.met_at == attempt.evidence_from
            and row.target in (Deadline.Target.FIRST_CONTACT, Deadline.Target.ANSWER)
        ):
            times = (each.evidence_from for each in in_cycle)
            row.met_at = next((at for at in times if at and at >= row.starts_at), None)
            work.changed(row)
            owed_again |= row.met_at is None and row.target == Deadline.Target.ANSWER and row.cycle == current.cycle
    alone = attempt.cycle == current.cycle and not in_cycle
    back = alone and current.state in (
        TicketState.CONTACTED,
        TicketState.IN_ACTION,
        TicketState.WAITING_ON_CUSTOMER,
    )
    work.write(
        "mail-came-back",
        to=TicketState.ASSIGNED if back else None,
        data={"message": message.pk, "attempt": attempt.pk},
        first_contact_at=remaining[0].evidence_from if remaining else None,
        waiting_until=None if back else current.waiting_until,
        waiting_from="" if back else current.waiting_from,
        customer_waits=current.customer_waits or (owed_again and current.state in LIVE),
    )
    if current.state in (TicketState.RESOLVED, TicketState.CLOSED) and current.told_at == attempt.evidence_from:
        work.set(told_at=told_in_person(work))
    if alone and current.state == TicketState.RESOLVED:
        rested_on_it = current.resolutions.filter(cycle=current.cycle, voided_at=None)
        if rested_on_it.exclude(told=Resolution.Told.NOT_REACHED).exists():
            _resolution_falls(work, message)


def _resolution_falls(work: OpenTicket, message: Message) -> None:
    """Nobody was told, or what told of it rested on no contact: it is in action again."""
    current = work.ticket
    talk = current.resolutions.filter(cycle=current.cycle, voided_at=None, told=Resolution.Told.TALK).exists()
    if talk:
        # Told in the talk; only the question did not arrive, so it ends as not asked.
        work.write(
            "mail-came-back",
            data={"message": message.pk},
            question_accepted_at=None,
            remind_at=None,
            silence_until=working_days_after(work, SILENCE_DAYS),
        )
        return
    current.resolutions.filter(cycle=current.cycle, voided_at=None).update(voided_at=work.now)
    for row in work.deadlines:
        if (
            row.cycle == current.cycle
            and row.target == Deadline.Target.RESOLUTION
            and row.met_at == current.resolved_at
        ):
            row.met_at = None
            work.changed(row)
    work.write(
        "mail-came-back",
        to=TicketState.IN_ACTION,
        data={"message": message.pk},
        resolved_at=None,
        told_at=None,
        question_accepted_at=None,
        silence_until=None,
        remind_at=None,
    )
