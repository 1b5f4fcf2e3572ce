"""Linking the answer behind a ticket to an initiative: who raised it is found again when something has changed."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext

from followups.actors import Actor
from followups.models import Initiative, Ticket
from followups.refusals import Incomplete, NotAllowed
from followups.workflow.writing import opened
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
    known = {each.title.casefold(): each for each in open_initiatives()}.get(title.casefold())
    return known or Initiative.objects.create(title=title, owner=by, created_at=now)


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
    with opened(ticket, actor=actor, now=now, version=version) as work:
        work.check("link")
        answer = work.ticket.response_id
        if answer is None:
            raise NotAllowed(gettext("There is no answer behind this ticket that could be linked."))
        wanted = chosen_or_new(initiative, title, by=actor.user, now=now)
        if wanted.responses.filter(pk=answer).exists():
            raise NotAllowed(gettext("It is linked to “%(title)s” already.") % {"title": wanted.title})
        wanted.responses.add(answer)
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
