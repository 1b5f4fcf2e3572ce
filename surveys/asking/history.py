"""What is known about many people at once, as `fatigue` needs it: the same few queries for one and for a thousand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db.models import Q

from nps_loop.bulk import among, plain_rows
from nps_loop.mail import suppression
from nps_loop.mail.models import Stream
from surveys.asking.fatigue import Asked, Person
from surveys.followup_port import standings_of
from surveys.models import Brand, Contact, Invitation, Response

# The longest that a survey may tell others to leave somebody alone.
REMEMBERED = timedelta(days=365)

# What counts as having asked: it left and did not come back, or it is on its way.
ASKED = ~Q(state=Invitation.State.STOPPED) & (
    Q(sent_at__isnull=False) | Q(state=Invitation.State.PLANNED, message__isnull=False)
)


def own_domains() -> frozenset[str]:
    """The mail domains of our own staff, of all brands. One query."""
    lists = Brand.objects.values_list("own_domains", flat=True)
    return frozenset(str(domain).strip().lower().lstrip("@") for domains in lists for domain in domains or () if domain)


def people_of(
    contacts: Iterable[Contact],
    *,
    staff: frozenset[str],
    now: datetime,
    with_accounts: bool = True,
    without: Collection[int] = (),
) -> dict[int, Person]:
    """Contact id -> what is known about them at `now`. Five queries for any number, four without their accounts.

    `staff` are the `own_domains`. The invitations in `without` are not looked at: they are what is asked about.
    """
    known = {contact.pk: contact for contact in contacts}
    if not known:
        return {}
    since = now - REMEMBERED
    addresses = {pk: suppression.normalise(contact.email) for pk, contact in known.items() if contact.email}
    stops = suppression.suppressed(addresses.values(), Stream.SURVEYS)
    standings = standings_of(list(known))
    asked = _asked(known, since, without)
    answered = _answered(known, since)
    accounts = {contact.account_id for contact in known.values() if contact.account_id} if with_accounts else set()
    at_account = _asked_at(accounts, since, without) if accounts else {}
    people = {}
    for pk, contact in known.items():
        address, standing = addresses.get(pk, ""), standings.get(pk)
        people[pk] = Person(
            contact_id=pk,
            address=address if suppression.is_one_address(address) else "",
            is_erased=contact.erased_at is not None,
            is_merged=contact.merged_into_id is not None,
            do_not_contact=contact.do_not_contact,
            is_own_staff=_is_ours(address, staff),
            stopped_as=stops[address].reason if address in stops else "",
            has_open_case=standing is not None and standing.open_case is not None,
            left_in_peace=standing is not None and standing.left_in_peace,
            asked=tuple(asked.get(pk, ())),
            answered=tuple(answered.get(pk, ())),
            asked_at_account=tuple(at_account.get(contact.account_id or 0, ())),
        )
    return people


def _is_ours(address: str, staff: frozenset[str]) -> bool:
    """Whether this is an address of our own domains; a subdomain of one is ours as well, as it is for answers."""
    domain = address.rpartition("@")[2]
    return any(domain == own or domain.endswith(f".{own}") for own in staff)


def _asked(contacts: Collection[int], since: datetime, without: Collection[int]) -> dict[int, list[Asked]]:
    rows = Invitation.objects.filter(among("contact_id", contacts), ASKED).filter(_when(since)).exclude(pk__in=without)
    columns = ("contact_id", "sent_at", "message__created_at", "survey__rest_days")
    found: dict[int, list[Asked]] = defaultdict(list)
    for contact, sent_at, queued_at, rest in plain_rows(rows.order_by().values_list(*columns)):
        found[contact].append(Asked(sent_at or queued_at, rest))
    return found


def _asked_at(
    accounts: Collection[int], since: datetime, without: Collection[int]
) -> dict[int, list[tuple[int, datetime]]]:
    rows = Invitation.objects.filter(among("account_id", accounts), ASKED).filter(_when(since)).exclude(pk__in=without)
    found: dict[int, list[tuple[int, datetime]]] = defaultdict(list)
    columns = ("account_id", "contact_id", "sent_at", "message__created_at")
    for account, contact, sent_at, queued_at in plain_rows(rows.order_by().values_list(*columns)):
        found[account].append((contact or 0, sent_at or queued_at))
    return found


def _when(since: datetime) -> Q:
    return Q(sent_at__gt=since) | Q(sent_at=None)


def _answered(contacts: Collection[int], since: datetime) -> dict[int, list[datetime]]:
    rows = Response.objects.filter(among("contact_id", contacts), responded_at__gt=since).order_by()
    found: dict[int, list[datetime]] = defaultdict(list)
    for contact, at in plain_rows(rows.values_list("contact_id", "responded_at")):
        found[contact].append(at)
    return found
