"""/api/v1/tickets/: lists, one ticket with everything, and the verbs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from followups import workflow
from followups.actors import Actor
from followups.api.base import FollowupView
from followups.assignment import pull_next
from followups.at_once import read_at_once
from followups.filters import TicketFilter
from followups.improve.linking import link
from followups.models import Member, Ticket
from followups.models.tickets import TicketQuerySet
from followups.next_step import next_step
from followups.permissions import WORKING, roles_of, sees_name, sees_words
from followups.serializers.detail import TicketDetailSerializer, known_of, read_detail
from followups.serializers.due import DueSerializer
from followups.serializers.tickets import TicketSerializer
from followups.serializers.verbs import BODIES, NextSerializer
from followups.ticket_page.counted import counted
from followups.viewing import Viewer
from followups.workflow.table import offers
from followups.workflow.writing import stale
from nps_loop.api.filters import CheckedFilters
from nps_loop.api.pagination import KeysetPagination, Order


class TicketView(FollowupView):
    """Tickets that the one who asks may see. All others do not exist: 404."""

    queryset = Ticket.objects.none()

    def get_queryset(self) -> TicketQuerySet:
        return Ticket.objects.visible_to(self.caller()).for_list()

    def ticket(self, *besides: QuerySet[Any]) -> Ticket:
        """The ticket, or 404; `besides` is read in the same query."""
        rows = self.get_queryset().filter(pk=self.kwargs["number"])
        read_at_once(rows, *besides)
        if not rows:
            raise Http404
        return rows[0]

    def detail(self, ticket: Ticket) -> Response:
        """One ticket with everything, as it stands in the database. One query."""
        caller, actor = self.caller(), self.actor()
        memberships = Viewer.memberships_of(caller) if caller.pk is not None else Member.objects.none()
        shown, mails = read_detail(ticket.pk, memberships)
        reader = Viewer(caller, tuple(memberships))
        has_action = any(action.owner_id == caller.pk for action in shown.actions.all())
        roles = reader.roles_on(shown, has_action=has_action) if actor.user else roles_of(actor, shown)
        context = {
            **self.get_serializer_context(),
            "reader": reader,
            "name_shown": sees_name(shown, self.caller(), shown.response.share_name if shown.response else None, roles),
            "words_shown": sees_words(shown, self.caller(), roles),
            "only_promises_of": None if roles & WORKING else self.caller().pk,
            "messages": mails,
            "offers": offers(shown, roles).values(),
            "next_step": next_step(
                shown,
                known_of(shown, mails),
                reader,
                now=self.now,
                zone=caller.time_zone if caller.pk is not None else settings.TIME_ZONE,
            ),
        }
        return Response(TicketDetailSerializer(shown, context=context).data)


class TicketListView(TicketView):
    """Tickets, filtered and in pages."""

    serializer_class = TicketSerializer
    filterset_class = TicketFilter
    filter_backends = [CheckedFilters]
    pagination_class = KeysetPagination
    orders: ClassVar[dict[str, Order]] = {
        "rank": Order("rank"),
        "-opened_at": Order("opened_at", descending=True),
        "opened_at": Order("opened_at"),
        "-changed_at": Order("changed_at", descending=True),
        "changed_at": Order("changed_at"),
        "-responded_at": Order("responded_at", descending=True),
        "responded_at": Order("responded_at"),
        "score": Order("score"),
        "-score": Order("score", descending=True),
        "number": Order("id"),
        "-number": Order("id", descending=True),
    }

    @extend_schema(operation_id="tickets_list", responses=TicketSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List tickets. Usually in the order of the queue: what is due first, moved up by what weighs more."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        context = {**self.get_serializer_context(), "reader": self.reader()}
        return self.get_paginated_response(TicketSerializer(page, many=True, context=context).data)


class NextTicketView(TicketView):
    """Give me the next."""

    serializer_class = TicketDetailSerializer

    @extend_schema(operation_id="tickets_next", request=NextSerializer, responses={200: TicketDetailSerializer})
    def post(self, request: Request) -> Response:
        """Take the most pressing waiting ticket of your teams that you can take: skills, language, room.

        409 with the reason where there is none for you now. A key without a user takes none.
        """
        self.checked(NextSerializer(data=request.data))
        return self.detail(pull_next(actor=self.actor(), now=self.now))


class TicketDetailView(TicketView):
    """One ticket."""

    serializer_class = TicketDetailSerializer

    def get(self, request: Request, number: int) -> Response:
        """One ticket with events, deadlines and why, actions, attempts, mails, and the verbs that are open to you."""
        return self.detail(self.ticket())


class TicketVerbView(TicketView):
    """One verb on one ticket. Every verb takes the `version` that was read; 412 tells the current one."""

    verb: str = "note"

    def get_serializer_class(self) -> Any:
        return BODIES[self.verb]

    @extend_schema(responses={200: TicketDetailSerializer})
    def post(self, request: Request, number: int) -> Response:
        """Do it, and answer with the ticket as it is then."""
        context = {**self.get_serializer_context(), "number": number, "user": request.user}
        body = BODIES[self.verb](data=request.data, context=context)
        ticket = context["ticket"] = self.ticket(*body.looks_up())
        given = self.checked(body)
        if given["version"] != ticket.version:
            # The verbs compare it under lock; a note alone takes any, for a page must not lose one. A program is told.
            raise stale(ticket)
        do: Callable[..., Ticket] = link if self.verb == "link" else getattr(workflow, self.verb.replace("-", "_"))
        actor: Actor = self.actor()
        return self.detail(do(ticket, actor=actor, now=self.now, **given))


class TicketDueView(TicketView):
    """Why it is due when it is, for those who work on the ticket."""

    serializer_class = DueSerializer

    @extend_schema(operation_id="ticket_due", responses={200: DueSerializer(many=True)})
    def get(self, request: Request, number: int) -> Response:
        """Every deadline of the ticket, open ones first, down to the stretches of time that were counted."""
        ticket = self.ticket()
        if not self.reader().works_on(ticket):
            raise Http404
        owed = list(ticket.deadlines.select_related("policy", "calendar"))
        rows = counted(ticket, owed, list(ticket.events.order_by("seq")), now=self.now)
        return Response(DueSerializer(rows, many=True).data)
