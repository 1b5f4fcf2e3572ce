"""Which customers can be told that something has changed, and why the others cannot: each has exactly one reason."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, TextChoices, Value, When
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from followups.models import Ticket
from followups.models.tickets import LIVE
from nps_loop.mail.models import Stream, Suppression

Tickets = TypeVar("Tickets", bound="QuerySet[Ticket]")


class Hears(TextChoices):
    """Whether news reaches the customer of a ticket. The first that fits counts, in this order."""

    NOBODY = "nobody", _("nobody known")
    NOT_CONTACTED = "not_contacted", _("not to be contacted")
    NO_ADDRESS = "no_address", _("no address")
    SHARED = "shared", _("shared mailbox")
    NO_NEWS = "no_news", _("no news mail")
    HELD = "held", _("a hold on an open case")
    YES = "yes", _("can be told")


def with_hearing(tickets: Tickets) -> Tickets:
    """The tickets with `hears`. It is a fact about the customer: two tickets of one person have the same."""
    mail = Suppression.objects.filter(address=Lower(OuterRef("contact__email")))
    held = Ticket.objects.filter(contact=OuterRef("contact"), on_hold=True, state__in=LIVE)
    return tickets.annotate(
        hears=Case(
            When(contact=None, then=Value(Hears.NOBODY)),
            When(contact__erased_at__isnull=False, then=Value(Hears.NOBODY)),
            When(contact__do_not_contact=True, then=Value(Hears.NOT_CONTACTED)),
            When(contact__email="", then=Value(Hears.NO_ADDRESS)),
            When(contact__is_shared_mailbox=True, then=Value(Hears.SHARED)),
            When(Q(Exists(mail.filter(stream=Stream.NEWS))), then=Value(Hears.NO_NEWS)),
            When(Q(Exists(held)), then=Value(Hears.HELD)),
            default=Value(Hears.YES),
            output_field=CharField(),
        )
    )
