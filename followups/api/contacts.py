"""/api/v1/contacts/: who is who. One person, two entries that are one, and an answer that is somebody else's."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response as Answer

from followups import workflow
from followups.api.base import FollowupView
from followups.customer_page import contact_of
from followups.models import Ticket
from followups.persons import people_of
from followups.serializers.contacts import (
    ContactDetailSerializer,
    MergedSerializer,
    MergeSerializer,
    SplitAnswerSerializer,
)
from nps_loop.api.errors import NotPermitted
from surveys.models import Contact, Response

LARGEST = 2**63


class ContactView(FollowupView):
    """Persons that the one who asks works with. All others do not exist: 404."""

    queryset = Contact.objects.none()

    def contact(self) -> Contact:
        """The person; of an entry that was merged, whoever it was merged into."""
        number = self.kwargs["contact"]
        found = contact_of(self.reader(), number) if number < LARGEST else None
        if found is None:
            raise Http404
        return found

    def people(self) -> QuerySet[Contact]:
        """Whom a body may name; an entry that was merged into one of them is named as long as anybody knows its id."""
        known = people_of(self.reader())
        return known | Contact.objects.filter(merged_into__in=known.values("pk"))

    def shown(self, contact: Contact) -> dict[str, Any]:
        """The person as they stand in the database now."""
        fresh = Contact.objects.select_related("account").prefetch_related("keys").get(pk=contact.pk)
        context = {**self.get_serializer_context(), "user": self.caller()}
        return dict(ContactDetailSerializer(fresh, context=context).data)


class ContactDetailView(ContactView):
    """One person."""

    serializer_class = ContactDetailSerializer

    @extend_schema(operation_id="contact_read")
    def get(self, request: Request, contact: int) -> Answer:
        """One customer: how they are known, their answers, and those of their tickets that you may see."""
        return Answer(self.shown(self.contact()))


class _DecidingView(ContactView):
    """A lead or an administrator says who is who; a key without a user may too."""

    def contact(self) -> Contact:
        found = super().contact()
        if not workflow.may_merge(self.caller()):
            raise NotPermitted("A lead or an administrator decides this.")
        return found


class MergeView(_DecidingView):
    """Two entries are one person."""

    serializer_class = MergeSerializer

    @extend_schema(operation_id="contact_merge", responses={200: MergedSerializer})
    def post(self, request: Request, contact: int) -> Answer:
        """Merge `other` into this person: keys, answers, tickets and the conversation. Twice changes nothing."""
        kept = self.contact()
        context = {**self.get_serializer_context(), "people": self.people()}
        given = self.checked(MergeSerializer(data=request.data, context=context))
        moved = workflow.merge(kept, actor=self.actor(), now=self.now, **given)
        return Answer({"contact": self.shown(kept), "moved_tickets": [ticket.pk for ticket in moved or []]})


class SplitView(_DecidingView):
    """An answer is another person's."""

    serializer_class = SplitAnswerSerializer

    @extend_schema(operation_id="contact_split", responses={200: ContactDetailSerializer})
    def post(self, request: Request, contact: int) -> Answer:
        """Give one answer of this person, with its ticket, to whom it is from. Answers with that person."""
        person = self.contact()
        context = {**self.get_serializer_context(), "people": self.people(), "contact": person}
        given = self.checked(SplitAnswerSerializer(data=request.data, context=context))
        answer: Response = given.pop("response")
        ticket = Ticket.objects.filter(response=answer).first()
        if ticket is not None and not Ticket.objects.visible_to(self.caller()).filter(pk=ticket.pk).exists():
            raise Http404
        return Answer(self.shown(workflow.give_answer(answer, actor=self.actor(), now=self.now, **given)))
