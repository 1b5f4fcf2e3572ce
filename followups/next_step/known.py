"""What the next step hangs on beside the ticket: promises, tries, the last word of the customer, mails."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.db.models import F, Q, QuerySet

from followups.models import Action, ContactAttempt, Ticket, Verdict
from followups.models.tickets import TicketState
from followups.workflow.ending import TRIES
from nps_loop.mail.models import Message, Stream

REACHING = (TicketState.NEW, TicketState.ASSIGNED)
ENDED = (Message.State.BOUNCED, Message.State.SENT)
GOING = (Message.State.QUEUED, Message.State.SENDING)


@dataclass(frozen=True, slots=True)
class Known:
    """Rows of one ticket, in the order in which things happened; actions by date.

    `actions` and `tries` are of the present cycle, `mails` those to the customer.
    """

    actions: Sequence[Action] = ()
    tries: Sequence[ContactAttempt] = ()
    said_not_yet: bool = False
    mails: Sequence[Message] = ()

    @classmethod
    def of(
        cls,
        ticket: Ticket,
        *,
        actions: Iterable[Action],
        attempts: Iterable[ContactAttempt] = (),
        last_verdict: str = "",
        mails: Iterable[Message] = (),
    ) -> Self:
        """Out of all rows of a ticket, whoever read them. `last_verdict` is the newest choice of the customer."""
        return cls(
            [row for row in actions if row.cycle == ticket.cycle],
            [row for row in attempts if row.cycle == ticket.cycle and row.outcome in TRIES],
            bool(ticket.cycle) and last_verdict == Verdict.Choice.NOT_YET,
            list(mails),
        )


class Around:
    """The rows that next steps hang on, of a page of tickets: three lists, to be read by one query with others.

    Read only of tickets on which somebody may have to reach out now.
    """

    def __init__(self, tickets: Iterable[Ticket]) -> None:
        reaching = [row for row in tickets if row.is_live and (row.state in REACHING or row.customer_waits)]
        keys = [row.pk for row in reaching]
        self._attempts = (
            ContactAttempt.objects.filter(ticket__in=keys, cycle=F("ticket__cycle"), outcome__in=TRIES)
            .defer("note", "line_for_customer")
            .order_by("happened_at", "pk")
        )
        again = [row.pk for row in reaching if row.cycle]
        self._verdicts = Verdict.objects.filter(ticket__in=again).defer("text").order_by("happened_at", "pk")
        matters = Q(state__in=ENDED) | Q(state__in=GOING, kind="personal")
        mails = Message.objects.filter(matters, case__in=keys).exclude(stream=Stream.STAFF)
        self._mails = mails.defer("subject", "text", "html").order_by("pk")
        self._of_ticket: tuple[dict[int, list[Any]], dict[int, str], dict[int, list[Message]]] | None = None

    @property
    def lists(self) -> tuple[QuerySet[Any], ...]:
        return self._attempts, self._verdicts, self._mails

    def of(self, ticket: Ticket, actions: Iterable[Action]) -> Known:
        """What is known of one of them, with its actions."""
        attempts, verdicts, mails = self._sorted()
        return Known.of(
            ticket,
            actions=actions,
            attempts=attempts.get(ticket.pk, ()),
            last_verdict=verdicts.get(ticket.pk, ""),
            mails=mails.get(ticket.pk, ()),
        )

    def _sorted(self) -> tuple[dict[int, list[Any]], dict[int, str], dict[int, list[Message]]]:
        if self._of_ticket is None:
            attempts: dict[int, list[Any]] = defaultdict(list)
            for row in self._attempts:
                attempts[row.ticket_id].append(row)
            mails: dict[int, list[Message]] = defaultdict(list)
            for mail in self._mails:
                mails[mail.case or 0].append(mail)
            verdicts = {row.ticket_id: row.choice for row in self._verdicts}
            self._of_ticket = attempts, verdicts, mails
        return self._of_ticket
