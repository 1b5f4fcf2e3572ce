"""What followups hears from surveys and mail, and what it answers them. Each receiver calls one function."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.signals import post_migrate, post_save
from django.utils import timezone

from followups import erasing, exporting, hearing, incoming_page, leaving, opening, rehearsal, reranking, seeds
from followups.messages import notices, wording
from followups.messages.reasons import AUTOMATIC
from followups.models import Conversation, Member, Resolution, Ticket
from followups.models.tickets import LIVE, TicketState
from followups.reports.exports import keeping
from followups.workflow import accepting
from followups.workflow.keeping import mail_failed, personal_dropped, question_dropped
from nps_loop import erasing as forgetting
from nps_loop import links
from nps_loop.bulk import among
from nps_loop.celery import ring
from nps_loop.jobs import running
from nps_loop.mail import hooks, outbox
from nps_loop.mail.models import Message, Stream
from nps_loop.people.models import User
from nps_loop.webhooks import hooks as webhook_hooks
from nps_loop.webhooks.models import Endpoint
from surveys import followup_port, uploading
from surveys.models import Brand
from surveys.signals import responses_recorded

# Automatic mail that answers at once what a customer has just done: it keeps no distance from other mail.
AT_ONCE = {"acknowledgement", "promoter_thanks", "left_in_peace_thanks", "reopened"}


def connect() -> None:
    """Connect the receiver of the seam and register what surveys, mail and links ask of followups."""
    from django.apps import apps

    post_save.connect(person_saved, sender=User, dispatch_uid="followups.person_saved")
    post_save.connect(brand_saved, sender=Brand, dispatch_uid="followups.brand_saved")
    responses_recorded.connect(answers_came, dispatch_uid="followups.answers_came")
    post_migrate.connect(seeds.seed, sender=apps.get_app_config("followups"), dispatch_uid="followups.seed")
    followup_port.register_opener(open_tickets)
    followup_port.register_teams(teams_of)
    followup_port.register_what_changed(what_changed_in)
    followup_port.register_cases(standings_of)
    uploading.register_leads(leads_a_team)
    links.targets["loop"] = conversations_by_id
    running.register(reranking.KIND, reranking.rerank)
    running.register(rehearsal.KIND, rehearsal.rehearse)
    hooks.before_handover.append(why_no_longer)
    hooks.accepted.append(mails_accepted)
    hooks.failed.append(mails_failed)
    hooks.skipped.append(mails_skipped)
    hooks.at_once |= AT_ONCE
    hooks.visible_cases = cases_with_readable_mail
    hooks.brand_of = brand_of
    hooks.land = hearing.land
    hooks.sorts_mail = incoming_page.sorts_mail
    webhook_hooks.given_up.append(webhooks_given_up)
    # First of all: what the others look for still stands where it stood.
    # Before all: files of lists are dropped unread, and no other part need look for anybody in them.
    forgetting.erasers[:0] = [keeping.erase, erasing.erase]
    forgetting.erasers.append(exporting.erase)
    forgetting.writings.append(erasing.written_by)


def answers_came(sender: Any, response_ids: Sequence[int], **_kwargs: Any) -> None:
    from followups.tasks import open_and_assign

    ring(open_and_assign)


def person_saved(sender: Any, instance: User, update_fields: Collection[str] | None = None, **_kwargs: Any) -> None:
    """Whoever is switched off loses their tickets in the same transaction; the next round then gives them to others."""
    from followups.tasks import open_and_assign

    if instance.is_active or (update_fields is not None and "is_active" not in update_fields):
        return
    if leaving.release_from_the_gone(now=timezone.now(), users=[instance.pk]):
        ring(open_and_assign)


def brand_saved(sender: Any, instance: Brand, **_kwargs: Any) -> None:
    """A brand that is new, or saved by somebody who read it a while ago, says what is in force for it all the same."""
    wording.stamp(instance.pk)


def open_tickets(response_ids: Sequence[int], *, now: datetime) -> int:
    """What an import asks: decide on these answers now. Returns the tickets opened for them since `now`."""
    opening.open_awaiting(now=now, response_ids=response_ids)
    return Ticket.objects.filter(response__in=response_ids, opened_at__gte=now).count()


def teams_of(user_ids: Collection[int]) -> Mapping[int, int]:
    """The team of each account owner, which an answer keeps as it was when it came."""
    return Member.objects.filter(user__in=user_ids).team_of_each()


def what_changed_in(cases: Collection[int]) -> Mapping[int, str]:
    """What was written to the customer of each case as changed, in its last cycle that ended with such words."""
    told = Resolution.objects.filter(ticket__in=cases, voided_at=None).exclude(what_changed="").order_by("pk")
    return dict(told.values_list("ticket_id", "what_changed"))


def standings_of(contact_ids: Collection[int]) -> Mapping[int, followup_port.Standing]:
    """What surveys ask before they ask: which case is open, and whether the last one was left in peace."""
    is_open = Q(state__in=(*LIVE, TicketState.RESOLVED))
    rows = Ticket.objects.filter(among("contact_id", contact_ids)).filter(is_open | Q(left_in_peace=True))
    found: dict[int, followup_port.Standing] = {}
    for contact, number, state, left in rows.order_by("pk").values_list("contact", "pk", "state", "left_in_peace"):
        is_over = state not in LIVE and state != TicketState.RESOLVED
        open_case = found[contact].open_case if is_over and contact in found else None if is_over else number
        found[contact] = followup_port.Standing(open_case=open_case, left_in_peace=left)
    return found


def leads_a_team(user: User) -> bool:
    """What the import pages ask of somebody who is no administrator."""
    return Member.objects.filter(user=user, is_active=True, role__in=[Member.Role.LEAD, Member.Role.DEPUTY]).exists()


def conversations_by_id(ids: Iterable[int]) -> Mapping[int, links.Target]:
    rows = Conversation.objects.filter(pk__in=list(ids)).values_list("pk", "generation", "brand__link_host")
    return {pk: links.Target(generation=generation, host=host) for pk, generation, host in rows}


def why_no_longer(messages: Sequence[Message], now: datetime) -> dict[int, str]:
    """The last look before mails leave: a hold, an erasure, a cycle that is over. One query."""
    numbers: Collection[int] = {message.case for message in messages if message.case is not None}
    tickets = {row.pk: row for row in Ticket.objects.select_related("contact").filter(pk__in=numbers)}
    reasons = {}
    for message in messages:
        ticket = tickets.get(message.case or 0)
        if ticket is None or message.stream == Stream.STAFF:
            continue
        if ticket.contact is not None and ticket.contact.erased_at:
            reasons[message.pk] = "Not sent: this person was erased."
        elif ticket.contact is not None and ticket.contact.do_not_contact:
            reasons[message.pk] = f"Not sent: {ticket.contact.short_name} must not be contacted."
        elif ticket.left_in_peace and message.kind != "left_in_peace_thanks":
            reasons[message.pk] = "Not sent: the customer asked not to be contacted."
        elif ticket.on_hold and message.kind in AUTOMATIC:
            reasons[message.pk] = "Not sent: a hold on the case stops automatic mail."
        elif message.cycle != ticket.cycle and message.kind in ("reminder", "acknowledgement", "resolution"):
            reasons[message.pk] = "Not sent: the case has been opened again since."
    return reasons


def cases_with_readable_mail(user: Any) -> QuerySet[Any]:
    """Cases whose mails, names and words included, this person may read: own ones, and those of own teams.

    A hold leaves owner and lead; a promise on somebody else's ticket opens the ticket, not its mail.
    """
    if user.is_superuser:
        return Ticket.objects.order_by().values("pk")
    teams = Member.objects.filter(user=user, is_active=True)
    led = teams.filter(role__in=[Member.Role.LEAD, Member.Role.DEPUTY])
    mine = Q(owner=user) | Q(team__in=led.values("team")) | Q(team__in=teams.values("team"), on_hold=False)
    return Ticket.objects.filter(mine).order_by().values("pk")


def mails_accepted(messages: Sequence[Message], now: datetime) -> None:
    """Only a mail that a person wrote, that asks the question or tells what changed does something by arriving."""
    accepting.mails_accepted(messages, now=now)


def mails_failed(messages: Sequence[Message], now: datetime) -> None:
    for message in messages:
        if message.case is not None and message.stream != Stream.STAFF:
            with transaction.atomic():
                mail_failed(message, now=now)


def webhooks_given_up(endpoints: Sequence[Endpoint], now: datetime) -> None:
    """Administrators hear by mail that another program hears nothing any more."""
    brand = Brand.objects.order_by("-is_default", "pk").first()
    readers = list(User.objects.filter(is_superuser=True, is_active=True))
    if brand is not None:
        drafts = [each for row in endpoints for each in notices.endpoint_given_up(row, brand, readers, now=now)]
        outbox.queue(drafts, now=now)


def mails_skipped(messages: Sequence[Message], now: datetime) -> None:
    """What is not asked after all must not leave its ticket waiting for an answer."""
    dropped = {"resolution": question_dropped, "personal": personal_dropped}
    for message in messages:
        if message.case is not None and message.kind in dropped:
            with transaction.atomic():
                dropped[message.kind](message, now=now)


def brand_of(from_address: str) -> Any:
    """The brand a sender's address belongs to; the default one where none does."""
    brands = list(Brand.objects.all())
    match = [row for row in brands if row.sender_address.lower() == from_address.strip().lower()]
    default = [row for row in brands if row.is_default]
    return next(iter(match or default or brands), None) or {"name": ""}
