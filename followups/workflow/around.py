"""The rows around one ticket that verbs look at. Those a verb names ahead are read by one query, with the lock.

Each list is a queryset that says by itself which rows belong to the ticket, by its number alone, so that it can be
asked together with the ticket. What nobody named ahead is read when somebody looks at it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cached_property
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower

from followups import ladders, watching
from followups.actors import Actor
from followups.at_once import read_at_once
from followups.mentions import those_who_may_be_named
from followups.messages import notices
from followups.models import (
    Action,
    ContactAttempt,
    Deadline,
    DismissalRequest,
    Escalation,
    Event,
    LadderStep,
    Member,
    Reply,
    Rule,
    Ticket,
    Verdict,
    Watcher,
)
from followups.models.tickets import TicketQuerySet
from followups.permissions import Role, roles_by, roles_of
from nps_loop.mail.models import Message, Stream, Suppression
from nps_loop.mail.outbox import Stops
from nps_loop.mail.suppression import normalise
from nps_loop.people.models import User
from surveys.models import Contact

# What every verb looks at, if only to work out what is due.
ALWAYS = ("deadlines", "actions", "steps", "told")
# Behind `leads`.
LEADS = ("leading", "administrators")


class Around:
    """Lists by name, each read once.

    `others`: people who may be written to too; `besides`: what one verb looks at; `together`: tickets locked with it.
    """

    def __init__(
        self,
        number: int,
        others: Iterable[User | None] = (),
        besides: Iterable[QuerySet[Any]] = (),
        together: QuerySet[Ticket] | None = None,
    ) -> None:
        self.number = number
        self.others = [person for person in others if person is not None]
        self.besides = [rows.all() for rows in besides]
        self.together = together
        self._asked: frozenset[str] = frozenset()

    def read(self, *names: str) -> None:
        """Read these together, those that nobody read before. One query, or none."""
        missing = [name for name in names if name not in vars(self)]
        read_at_once(*(getattr(self, name) for name in missing))

    def ask(self, names: Collection[str]) -> list[QuerySet[Any]]:
        """The querysets of these names, for whoever reads them together now."""
        self._asked |= frozenset(names)
        return [getattr(self, name) for name in names]

    # What is owed ------------------------------------------------------------------------------------------------

    @cached_property
    def deadlines(self) -> QuerySet[Deadline]:
        """Deadlines of every cycle."""
        return Deadline.objects.filter(ticket=self.number).select_related("policy", "calendar").order_by("pk")

    @cached_property
    def actions(self) -> QuerySet[Action]:
        """Actions of every cycle, with their owners."""
        return Action.objects.filter(ticket=self.number).select_related("owner")

    @cached_property
    def steps(self) -> QuerySet[LadderStep]:
        """The ladders of its deadlines' policies."""
        policies = Deadline.objects.filter(ticket=self.number).order_by().values("policy")
        return LadderStep.objects.filter(policy__in=policies).select_related("endpoint").order_by("pk")

    @cached_property
    def told(self) -> QuerySet[Escalation]:
        """How far up its deadlines are."""
        return Escalation.objects.filter(ticket=self.number)

    def climbing(self) -> ladders.Read:
        return ladders.Read(list(self.steps), list(self.told))

    # What was said -----------------------------------------------------------------------------------------------

    @cached_property
    def events(self) -> QuerySet[Event]:
        """What happened so far."""
        return Event.objects.filter(ticket=self.number).order_by("seq")

    @cached_property
    def waits(self) -> QuerySet[Event]:
        """When the customer was asked something."""
        return Event.objects.filter(ticket=self.number, verb="wait")

    @cached_property
    def attempts(self) -> QuerySet[ContactAttempt]:
        """Every try to reach the customer, and every talk."""
        return ContactAttempt.objects.filter(ticket=self.number)

    @cached_property
    def updates(self) -> QuerySet[Message]:
        """Mails about what an action changed that arrived."""
        return updates_that_arrived(Q(case=self.number))

    @cached_property
    def verdicts(self) -> QuerySet[Verdict]:
        """What the customer pressed, in any cycle, the last one first."""
        return Verdict.objects.filter(ticket=self.number).order_by("-happened_at", "-pk")

    @cached_property
    def last_reply(self) -> QuerySet[Reply]:
        """What the customer wrote last in the present cycle: one row or none."""
        replies = Reply.objects.filter(ticket=self.number, cycle=F("ticket__cycle"))
        return replies.order_by("-happened_at", "-pk")[:1]

    @cached_property
    def wish(self) -> QuerySet[DismissalRequest]:
        """The wish to dismiss it that nobody decided on: one row or none."""
        open_ones = DismissalRequest.objects.filter(ticket=self.number, decided_at=None)
        return open_ones.select_related("asked_by").order_by("pk")[:1]

    @cached_property
    def hold_rules(self) -> QuerySet[Rule]:
        """Rules in force whose words put a hold."""
        in_force = Rule.objects.filter(book__in_force_from__isnull=False, book__retired_at=None)
        return in_force.filter(kind=Rule.Kind.HOLD).exclude(words=[]).order_by("position", "id")

    # Who hears of it ---------------------------------------------------------------------------------------------

    @cached_property
    def leading(self) -> QuerySet[Member]:
        return notices.leading(team__tickets=self.number)

    @cached_property
    def administrators(self) -> QuerySet[User]:
        return notices.administrators()

    @cached_property
    def watchers(self) -> QuerySet[User]:
        """Who follows it and may still read of it."""
        return watching.following(self.number)

    @cached_property
    def colleagues(self) -> QuerySet[User]:
        """Everybody whom a note may call by name, and whether they may see it."""
        return those_who_may_be_named(self.number)

    @property
    def leads(self) -> list[User]:
        """Lead and then deputies of its team; administrators where it has none."""
        return [member.user for member in self.leading] or list(self.administrators)

    @cached_property
    def suppressed(self) -> QuerySet[Suppression]:
        """What stops mail to the customer, and to colleagues who may hear of the ticket."""
        its_row = Ticket.objects.filter(pk=self.number)
        if self.together is not None:
            its_row = Ticket.objects.filter(Q(pk=self.number) | Q(pk__in=self.together.order_by().values("pk")))
        customer = Contact.objects.filter(pk__in=its_row.values("contact")).annotate(address=Lower("email"))
        # Whom a note calls by name may be anybody.
        anybody = Q(is_active=True) if "colleagues" in self._asked else Q(is_superuser=True)
        people = User.objects.filter(
            anybody
            | Q(pk__in=[person.pk for person in self.others])
            | Q(pk__in=its_row.values("owner"))
            | Q(pk__in=Member.objects.filter(team__in=its_row.values("team")).values("user"))
            | Q(pk__in=Watcher.objects.filter(ticket=self.number).values("user"))
            | Q(pk__in=Action.objects.filter(ticket=self.number).values("owner"))
            | Q(pk__in=DismissalRequest.objects.filter(ticket=self.number).values("asked_by"))
        ).annotate(address=Lower("email"))
        return Suppression.objects.filter(
            Q(stream=Stream.CASE, address__in=customer.values("address"))
            | Q(stream=Stream.STAFF, address__in=people.values("address"))
        )

    def stops(self, ticket: Ticket, together: Iterable[Ticket] = ()) -> Stops:
        """What was looked up for the mails of a verb, where it was; the outbox asks for everybody else itself."""
        if "suppressed" not in self._asked:
            return {}
        tickets = [ticket, *together]
        people = [*self.others, *(each.owner for each in tickets), *(action.owner for action in self.actions)]
        if self._asked.issuperset(LEADS):
            people += self.leads
        if "watchers" in self._asked:
            people += self.watchers
        if "colleagues" in self._asked:
            people += self.colleagues
        if "wish" in self._asked:
            people += [wish.asked_by for wish in self.wish]
        asked = [(person.email, str(Stream.STAFF)) for person in people if person is not None]
        asked += [(each.contact.email, str(Stream.CASE)) for each in tickets if each.contact is not None]
        found = {(row.address, row.stream): row for row in self.suppressed}
        known = [(normalise(address), stream) for address, stream in asked if _was_looked_for(address)]
        return {pair: found.get(pair) for pair in known}


def updates_that_arrived(of: Q) -> QuerySet[Message]:
    """Mails about what an action changed that the mail server took and that did not come back, without their words."""
    arrived = Message.objects.filter(of, kind="action_update", sent_at__isnull=False)
    return arrived.exclude(state=Message.State.BOUNCED).only("case", "cycle", "created_at", "sent_at").order_by("pk")


def _was_looked_for(address: str) -> bool:
    """Whether `Lower` makes of this address what is stored; one written in another way was looked for in vain.

    SQLite, and PostgreSQL in some locales, know small letters for ASCII only.
    """
    return normalise(address) == (address.lower() if address.isascii() else address)


def with_roles(rows: TicketQuerySet, actor: Actor) -> TicketQuerySet:
    """Tickets with what the person who acts is to each, so that it costs no query of its own."""
    if actor.user is None:
        return rows
    membership = Member.objects.filter(team=OuterRef("team"), user=actor.user, is_active=True)
    return rows.annotate(
        membership_of_actor=Subquery(membership.values("role")[:1]),
        actor_has_action=Exists(Action.objects.filter(ticket=OuterRef("pk"), owner=actor.user)),
    )


def roles_in_hand(ticket: Ticket, actor: Actor) -> frozenset[Role]:
    """What the person who acts is to a ticket that was read so."""
    if actor.user is None:
        return roles_of(actor, ticket)
    found: Any = ticket
    return roles_by(ticket, actor.user, found.membership_of_actor or "", has_action=found.actor_has_action)
