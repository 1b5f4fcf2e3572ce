"""Which persons somebody may see, and whom an entry could be put together with."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet

from followups.models import Ticket
from followups.viewing import Viewer
from nps_loop.bulk import among
from surveys.models import Contact, Response
from surveys.searching import normalise_for_search

# More than this is no choice but a list: a longer word finds fewer.
MOST = 12


def works_on(viewer: Viewer) -> Q:
    """Tickets this person works on."""
    return Q(team__in=viewer.team_ids) | Q(owner=viewer.user)


def people_of(viewer: Viewer) -> QuerySet[Contact]:
    """The persons this person works with: somebody on a case of theirs, or of a company they look after."""
    if viewer.user.is_superuser:
        return Contact.objects.all()
    theirs = Ticket.objects.filter(works_on(viewer), contact__isnull=False).values("contact")
    return Contact.objects.filter(Q(pk__in=theirs) | Q(account__owner=viewer.user))


def known_among(contacts: Collection[int], viewer: Viewer) -> set[int]:
    """Those of these that are `people_of` the viewer, found by them, since a viewer may know a million. One query."""
    if viewer.user.is_superuser or not contacts:
        return set(contacts)
    on_a_case = Ticket.objects.filter(works_on(viewer), among("contact", contacts)).order_by()
    looked_after = Contact.objects.filter(among("pk", contacts), account__owner=viewer.user).order_by()
    return set(on_a_case.values_list("contact", flat=True).union(looked_after.values_list("pk", flat=True)))


def could_be(person: Contact, viewer: Viewer, words: str) -> list[Contact]:
    """Who `person` might be under another entry: found by `words` or a number, else of their name or company.

    Only whom this person may know by name. Two queries.
    """
    known = Q(pk__in=people_of(viewer).values("pk"))
    if person.account_id is not None:
        named = Response.objects.filter(account=person.account_id, share_name=True, contact__isnull=False)
        known |= Q(pk__in=named.values("contact"))
    rows = Contact.objects.filter(known, merged_into=None, erased_at=None).exclude(pk=person.pk)
    searched = normalise_for_search(words)
    if searched.isdecimal() and len(searched) < 19:
        rows = rows.filter(Q(pk=int(searched)) | Q(phone__endswith=searched))
    elif searched:
        rows = rows.filter(search_name__contains=searched)
    else:
        like = Q(search_name__startswith=normalise_for_search(person.name)) if person.name else Q(pk=0)
        rows = rows.filter(like | Q(account__isnull=False, account=person.account_id))
    return list(rows.select_related("account").order_by("search_name", "pk")[:MOST])
