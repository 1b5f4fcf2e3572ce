"""A few more answers while somebody watches the demo: posted one by one, as a survey tool would post them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from random import Random

from django.db.models import Exists, OuterRef

from followups.models import Conversation
from nps_loop.samples import company
from nps_loop.samples.words import DRIVERS, Voice
from surveys.incoming import IncomingResponse
from surveys.models import Contact, Response, Source
from surveys.recording import record_responses
from surveys.scoring import Band, band

# Scores in the order in which they come, with the moment they are about: each kind of case is seen within minutes.
COMING: tuple[tuple[int, str, bool | None], ...] = (
    (3, "service-visit", True),
    (9, "relationship", None),
    (6, "refills", None),
    (2, "mokari-order", None),
    (7, "first-90-days", None),
    (10, "service-visit", None),
    (1, "support-call", True),
    (8, "invoice", None),
    (4, "relationship", None),
    (9, "mokari-service", None),
    (5, "service-visit", False),
    (0, "invoice", True),
)


def answers(*, now: datetime) -> Iterator[tuple[Source, IncomingResponse]]:
    """Answers of customers who have no open case, one after the other, without end. `now` makes their ids and choices.

    Each is taken from the database when it is asked for, so that what happened meanwhile is known.
    """
    chance = Random(now.isoformat())  # noqa: S311  (a story, no secret)
    voice = Voice(chance, said=Response.objects.exclude(verbatim="").values_list("verbatim", flat=True))
    sources = {source.slug: source for source in Source.objects.select_related("survey")}
    slugs = {moment.slug: moment.source for moment in company.MOMENTS}
    number = 0
    while True:
        score, moment, contact_me = COMING[number % len(COMING)]
        number += 1
        contact = _somebody(moment, chance)
        if contact is None:
            return
        topic, words = voice.say(contact.language, Band(band(score)), company.topics_of(moment))
        incoming = IncomingResponse(
            row=1,
            score=score,
            external_id=f"F-{now:%Y%m%d%H%M%S}-{number:03d}",
            comment=words,
            driver=DRIVERS.get(topic, ""),
            email=contact.email,
            name=contact.name,
            language=contact.language,
            touchpoint=moment,
            contact_me=contact_me,
        )
        yield sources[slugs[moment]], incoming


def _somebody(moment: str, chance: Random) -> Contact | None:
    """A customer of that kind who has no open case, and of whom nothing hard is known."""
    people = Contact.objects.exclude(email="").filter(do_not_contact=False, is_shared_mailbox=False)
    busy = Conversation.objects.filter(contact=OuterRef("pk"), closed_at=None)
    free = people.filter(~Exists(busy))
    mokari = free.filter(account__isnull=True) | free.filter(account__owner__username__in=["diego", "jana"])
    desk = free.filter(account__owner__username__in=[login for login, *_ in company.DESK])
    ids = sorted((mokari if moment.startswith("mokari") else desk).values_list("pk", flat=True))
    return Contact.objects.get(pk=chance.choice(ids)) if ids else None


def record(source: Source, incoming: IncomingResponse, *, now: datetime) -> Response:
    """Record one answer as given at `now`; a worker hears of it at once."""
    outcome = record_responses(source, [incoming], now=now)[0]
    return Response.objects.select_related("contact").filter(pk=outcome.response_id or 0)[0]
