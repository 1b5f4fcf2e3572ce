"""Linking the answer behind a ticket to an initiative: who raised it is found again when something has changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext

from followups.actors import Actor
from followups.models import Initiative, Ticket
from followups.refusals import Incomplete, NotAllowed
from followups.workflow.locking import opened
from nps_loop.people.models import User

# Nobody adds a voice to what is over.
OVER = (Initiative.State.DONE, Initiative.State.DECLINED)
TITLE = 200


def open_initiatives() -> QuerySet[Initiative]:
    """Those an answer can be linked to. They are the company's, so everybody may choose any; by title."""
    return Initiative.objects.exclude(state__in=OVER).order_by("title", "id")


def chosen_or_new(initiative: Initiative | None, title: str, *, by: User | None, now: datetime) -> Initiative:
    """The initiative that was chosen, or a new idea of this title. Raises Incomplete where it is neither or both.

    A title that an open initiative has already is that one: two people who name it at once mean the same.
    """
    wanted = _chosen_or_new(initiative, title, open_initiatives() if initiative is None else (), by=by, now=now)
    if wanted._state.adding:
        wanted.save()
    return wanted


def _chosen_or_new(
    initiative: Initiative | None, title: str, known: Iterable[Initiative], *, by: User | None, now: datetime
) -> Initiative:
    """The same, where a new one is not saved; `known` are those that are open."""
    title = " ".join(title.split())
    if initiative is not None and title:
        raise Incomplete({"title": gettext("Choose an initiative or name a new one, not both.")})
    if initiative is None and not title:
        raise Incomplete({"initiative": gettext("Choose an initiative, or name a new one.")})
    if initiative is not None:
        _check_open(initiative)
        return initiative
    if len(title) > TITLE:
        raise Incomplete({"title": gettext("A title has at most %(n)s characters.") % {"n": TITLE}})
    of_this_title = (each for each in known if each.title.casefold() == title.casefold())
    return next(of_this_title, None) or Initiative(title=title, owner=by, created_at=now)


def link(
    ticket: Ticket,
    *,
    actor: Actor,
    now: datetime,
    version: int | None,
    initiative: Initiative | None = None,
    title: str = "",
) -> Ticket:
    """Link the answer behind the ticket to an initiative, or to a new one of this title.

    Raises NotAllowed where no answer is behind it or the answer is linked already, Incomplete where no initiative is
    meant or it is over. The event names the initiative by its id.
    """
    links = Initiative.responses.through.objects
    looked_at = [links.filter(response__ticket=ticket.pk), open_initiatives() if title else Initiative.objects.none()]
    with opened(
        ticket, actor=actor, now=now, version=version, makes=[Initiative] if title else (), besides=looked_at
    ) as work:
        work.check("link")
        answer = work.ticket.response_id
        if answer is None:
            raise NotAllowed(gettext("There is no answer behind this ticket that could be linked."))
        linked, known = work.around.besides
        wanted = _chosen_or_new(initiative, title, known, by=actor.user, now=now)
        if wanted._state.adding:
            work.make(wanted)
        elif any(row.initiative_id == wanted.pk for row in linked):
            raise NotAllowed(gettext("It is linked to “%(title)s” already.") % {"title": wanted.title})
        work.add(links.model(initiative_id=wanted.pk, response_id=answer))
        work.write("link", data={"initiative": wanted.pk})
    return work.ticket


def _check_open(initiative: Initiative) -> None:
    if initiative.state in OVER:
        raise Incomplete(
            {
                "initiative": gettext("“%(title)s” is over (%(state)s). Choose an open one.")
                % {"title": initiative.title, "state": initiative.get_state_display()}
            }
        )
