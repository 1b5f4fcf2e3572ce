"""Mails to colleagues: what is with them now, what was promised in their name, what a lead must know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext, ngettext

from followups.messages.letters import owner_facts
from followups.models import Action, Member, Ticket
from followups.promises import in_words
from followups.reports.sentences import days_in_words
from followups.templatetags.moments import in_full
from nps_loop.mail.models import Stream
from nps_loop.mail.outbox import Draft
from nps_loop.mail.rendering import render
from nps_loop.people.models import User
from nps_loop.webhooks.models import Endpoint
from surveys.models import Brand, Response
from surveys.quoting import quote

# A round that gives somebody more than this many tickets tells of them in one mail, which names so many of them.
MOST_ALONE = 5
MOST_NAMED = 20

# Subject and lines of a notice, made when it is called: in the language of whoever reads it.
Words = Callable[[], tuple[str, Sequence[str]]]
# Further places a notice leads to, made likewise: (what is done there, path of ours).
MoreLinks = Callable[[], Sequence[tuple[str, str]]]
# A sentence within a notice, made likewise.
Sentence = Callable[[], str]


def link_to(path: str) -> str:
    """An address of ours for colleagues; never built from a request."""
    return f"{settings.SITE_URL.rstrip('/')}{path}"


@dataclass(frozen=True, slots=True)
class MorningLine:
    """One line of a morning mail or a digest and where it leads: a path of ours, or nowhere."""

    text: str
    path: str


@dataclass(frozen=True, slots=True)
class MorningPart:
    heading: str
    lines: list[MorningLine]


def morning(
    user: User, brand: Brand, *, subject: str, heading: str, parts: Sequence[MorningPart], path: str, dedupe_key: str
) -> Draft:
    """The day ahead, once. What is given is in the reader's language already; `path` is where their day is."""
    facts = _in_parts(subject, heading, parts, path)
    return _notice("morning", user, brand, facts, ticket=None, dedupe_key=dedupe_key)


def digest(
    user: User,
    brand: Brand,
    *,
    subject: str,
    heading: str,
    parts: Sequence[MorningPart],
    path: str,
    is_monthly: bool,
    dedupe_key: str,
) -> Draft:
    """What needs a look, once a week or month. Given as the day ahead is; `path` is where the same is read again."""
    facts = _in_parts(subject, heading, parts, path) | {"monthly": is_monthly}
    return _notice("digest", user, brand, facts, ticket=None, dedupe_key=dedupe_key)


def _in_parts(subject: str, heading: str, parts: Sequence[MorningPart], path: str) -> dict[str, Any]:
    """What a mail of lines with links is made of; a line that leads nowhere leads to `path`."""
    return {
        "subject": subject,
        "heading": heading,
        "parts": [
            {
                "heading": part.heading,
                "lines": [{"text": line.text, "link": link_to(line.path or path)} for line in part.lines],
            }
            for part in parts
        ],
        "link": link_to(path),
    }


def to_address(address: str, brand: Brand, words: Words, *, path: str, dedupe_key: str) -> Draft:
    """A notice to an address that is no colleague's, in the language of the deployment: no names, nobody's words."""
    with translation.override(settings.LANGUAGE_CODE):
        subject, lines = words()
    nobody = User(email=address, language=settings.LANGUAGE_CODE)
    facts = {"subject": subject, "lines": list(lines), "quote": "", "link": link_to(path)}
    return _notice("notice_lead", nobody, brand, facts, ticket=None, dedupe_key=dedupe_key)


def to_colleague(
    user: User, brand: Brand, words: Words, *, path: str, dedupe_key: str, send_after: datetime | None = None
) -> Draft:
    """A notice that belongs to no ticket; `words` speaks the reader's language when called."""
    with translation.override(user.language):
        subject, lines = words()
    facts = {"subject": subject, "lines": list(lines), "quote": "", "link": link_to(path)}
    return _notice("notice_lead", user, brand, facts, ticket=None, dedupe_key=dedupe_key, send_after=send_after)


def review_ready(
    user: User,
    brand: Brand,
    *,
    touchpoint: str,
    days: tuple[date, date],
    meeting_on: date,
    names: str,
    path: str,
    dedupe_key: str,
    send_after: datetime | None = None,
) -> Draft:
    """To somebody at the table of a review: what about, when, with whom, and where the pack is. Nobody's words."""
    with translation.override(user.language):
        facts = {
            "touchpoint": touchpoint,
            "days": days_in_words(*days),
            "meeting_on": in_full(meeting_on),
            "names": names,
            "link": link_to(path),
        }
    return _notice("notice_review", user, brand, facts, ticket=None, dedupe_key=dedupe_key, send_after=send_after)


def endpoint_given_up(endpoint: Endpoint, brand: Brand, readers: Iterable[User], *, now: datetime) -> list[Draft]:
    """To administrators: a webhook failed for too long and is switched off; what it should have heard is kept."""
    drafts = []
    for reader in readers:
        with translation.override(reader.language):
            subject = gettext("A webhook was switched off: %(name)s") % {"name": endpoint.name}
            lines = [
                gettext("It has taken nothing for a day, or said that it will listen no more."),
                gettext("What it should have heard is kept, and is sent once you switch it on again."),
            ]
        facts = {
            "subject": subject,
            "lines": lines,
            "quote": "",
            "link": link_to(f"/admin/webhooks/endpoint/{endpoint.pk}/change/"),
        }
        key = f"webhook:{endpoint.pk}:{int(now.timestamp())}:{reader.pk}"
        drafts.append(_notice("notice_lead", reader, brand, facts, ticket=None, dedupe_key=key))
    return drafts


def figures_differed(days: Sequence[date], brand: Brand, readers: Iterable[User], *, now: datetime) -> list[Draft]:
    """To administrators: what reports had kept of these days was not what a recount finds."""
    drafts = []
    for reader in readers:
        with translation.override(reader.language):
            named = ", ".join(day.isoformat() for day in days)
            subject = gettext("Figures of reports were kept wrong, and are counted anew")
            lines = [
                gettext("The daily look found other counts than were kept for these days: %(days)s.") % {"days": named},
                gettext("Reports count these days from the answers and cases themselves until that is done."),
                gettext("Please tell whoever looks after the server: `manage.py rebuild_rollups --check` says more."),
            ]
        facts = {"subject": subject, "lines": lines, "quote": "", "link": link_to("/reports/")}
        key = f"rollups:{now.date().isoformat()}:{reader.pk}"
        drafts.append(_notice("notice_lead", reader, brand, facts, ticket=None, dedupe_key=key))
    return drafts


def _notice(
    kind: str,
    user: User,
    brand: Brand,
    facts: Mapping[str, Any],
    *,
    ticket: Ticket | None,
    dedupe_key: str | None,
    send_after: datetime | None = None,
) -> Draft:
    rendered = render(kind, user.language, {"brand": brand.facts, "salutation_name": user.first_name} | dict(facts))
    return Draft(
        kind=kind,
        stream=Stream.STAFF,
        recipient=user.email,
        recipient_name=user.name,
        from_name="nps_loop",
        from_address=brand.sender_address,
        reply_to="",
        language=user.language,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        links={},
        case=ticket.pk if ticket else None,
        cycle=ticket.cycle if ticket else 0,
        dedupe_key=dedupe_key,
        automatic=True,
        send_after=send_after,
        skip="" if user.email else f"Not sent: no mail address of {user.name} is known.",
    )


def _who(ticket: Ticket) -> str:
    return ticket.contact.name if ticket.contact else ""


def _ticket_facts(ticket: Ticket) -> dict[str, Any]:
    return {
        "number": ticket.pk,
        "who": _who(ticket),
        "account_name": ticket.account.name if ticket.account else "",
        # A hold keeps the words inside the application, where owner and lead read them.
        "quote": quote(ticket.response.verbatim) if ticket.response and not ticket.on_hold else "",
        "score": ticket.score,
        "hold": ticket.on_hold,
        "cycle": ticket.cycle,
        "link": link_to(f"/tickets/{ticket.pk}/"),
    }


def assigned(tickets: Iterable[Ticket], reasons: Mapping[int, Sentence], *, now: datetime) -> list[Draft]:
    """One mail per owner and ticket; where a round gives somebody more than five, one mail that counts them.

    `reasons` says of each ticket why this owner has it.
    """
    by_owner: dict[int, list[Ticket]] = {}
    for ticket in tickets:
        if ticket.owner_id:
            by_owner.setdefault(ticket.owner_id, []).append(ticket)
    drafts = []
    for given in by_owner.values():
        owner = given[0].owner
        if owner is None:
            continue
        if len(given) > MOST_ALONE:
            latest = max(given, key=lambda ticket: ticket.pk)
            named = [_given_as(ticket) for ticket in given[:MOST_NAMED]]
            drafts.append(
                assigned_together(owner, given[0].brand, named, count=len(given), latest=(latest.pk, latest.version))
            )
            continue
        for ticket in given:
            zone = owner.time_zone or settings.TIME_ZONE
            facts = _ticket_facts(ticket) | {
                "owner": owner_facts(owner),
                "due": in_words(ticket.due_at, owner.language, zone, now=now) if ticket.due_at else "",
                "reason": _said_to(owner, reasons[ticket.pk]) if ticket.pk in reasons else "",
            }
            drafts.append(
                _notice(
                    "notice_assigned",
                    owner,
                    ticket.brand,
                    facts,
                    ticket=ticket,
                    dedupe_key=f"assigned:{ticket.pk}:{ticket.version}",
                )
            )
    return drafts


class Given(NamedTuple):
    """What a mail about many tickets says of each."""

    number: int
    who: str
    account_name: str
    score: int


def _given_as(ticket: Ticket) -> Given:
    return Given(ticket.pk, _who(ticket), ticket.account.name if ticket.account else "", ticket.score)


def assigned_together(
    owner: User, brand: Brand, named: Sequence[Given], *, count: int, latest: tuple[int, int]
) -> Draft:
    """One mail for many: it names the first ones, so that it says more than a number and is like no other mail.

    `named` are the first `MOST_NAMED` of `count` tickets; `latest` is the one with the highest number, and its version.
    """
    with translation.override(owner.language):
        more = count - len(named)
        subject = gettext("%(count)s tickets are with you now") % {"count": count}
        lines = [
            gettext("%(count)s tickets were given to you. The queue has them in order, what is due first on top.")
            % {"count": count}
        ]
        lines += [_in_a_line(each) for each in named]
        if more > 0:
            lines.append(ngettext("And %(count)s more.", "And %(count)s more.", more) % {"count": more})
    facts = {
        "subject": subject,
        "lines": lines,
        "quote": "",
        "link": link_to("/queue/"),
    }
    number, version = latest
    key = f"assigned:{owner.pk}:{number}:{version}:{count}"
    return _notice("notice_lead", owner, brand, facts, ticket=None, dedupe_key=key)


def _in_a_line(given: Given) -> str:
    score = gettext("%(score)s of 10") % {"score": given.score}
    return " · ".join(filter(None, (f"#{given.number}", given.who, given.account_name, score)))


def action_given(ticket: Ticket, action: Action, *, now: datetime) -> Draft:
    """To the owner of an action: the customer's words and the promise. The name only where it may be shown."""
    owner = action.owner
    response = ticket.response
    shown = owner.pk == ticket.owner_id or bool(response and response.share_name)
    facts = _ticket_facts(ticket) | {
        "who": _who(ticket) if shown else "",
        "account_name": ticket.account.name if shown and ticket.account else "",
        "what": action.title,
        "by": in_words(action.due_at, owner.language, owner.time_zone or settings.TIME_ZONE, now=now),
        "owner": owner_facts(ticket.owner),
        "link": link_to("/actions/"),
    }
    return _notice(
        "notice_action",
        owner,
        ticket.brand,
        facts,
        ticket=ticket,
        dedupe_key=f"action:{action.pk}:{int(action.due_at.timestamp())}",
    )


def _said_to(user: User, sentence: Sentence) -> str:
    with translation.override(user.language):
        return sentence()


def to_person(
    user: User,
    ticket: Ticket,
    words: Words,
    *,
    dedupe_key: str | None = None,
    send_after: datetime | None = None,
    more: MoreLinks | None = None,
    path: str = "",
) -> Draft:
    """A notice in plain sentences to somebody who works on the ticket; `words` speaks their language when called.

    With `send_after` it can be taken back until then. It leads to `path`, the ticket's page unless given; `more` are
    further places, each with what is done there.
    """
    with translation.override(user.language):
        subject, lines = words()
        further = [{"text": text, "link": link_to(where)} for text, where in more()] if more else []
    facts = _ticket_facts(ticket) | {"subject": subject, "lines": list(lines), "quote": "", "more": further}
    if path:
        facts["link"] = link_to(path)
    return _notice(
        "notice_lead", user, ticket.brand, facts, ticket=ticket, dedupe_key=dedupe_key, send_after=send_after
    )


def leading(**of_team: Any) -> QuerySet[Member]:
    """Lead and then deputies who are active, of the team that the lookups name."""
    leads = Member.objects.filter(
        **of_team,
        role__in=[Member.Role.LEAD, Member.Role.DEPUTY],
        is_active=True,
        user__is_active=True,
    )
    # "lead" comes after "deputy" in the alphabet: whoever signs or is named first is the lead.
    return leads.select_related("user").order_by("-role", "user__first_name", "user_id")


def administrators() -> QuerySet[User]:
    """Who is told where a team has no lead."""
    return User.objects.filter(is_superuser=True, is_active=True)


def leads_of(team_id: int | None) -> list[User]:
    """Lead and then deputies of a team who are active; administrators where a team has none. One or two queries."""
    found = [member.user for member in leading(team=team_id)] if team_id else []
    return found or list(administrators())


def to_leads(
    ticket: Ticket,
    words: Words,
    *,
    dedupe_key: str,
    leads: Sequence[User] | None = None,
    send_after: datetime | None = None,
) -> list[Draft]:
    """One notice to each lead of the ticket's team, in their language; `leads` where the caller has read them."""
    readers = leads_of(ticket.team_id) if leads is None else leads
    return [
        to_person(lead, ticket, words, dedupe_key=f"{dedupe_key}:{lead.pk}", send_after=send_after) for lead in readers
    ]


def named(user: User, response: Response, brand: Brand, ticket: Ticket | None) -> Draft:
    """To a colleague whose name stands in a customer's words, praise or not."""
    shown = bool(response.share_name)
    facts = {
        "quote": quote(response.verbatim),
        "who": response.contact.name if shown and response.contact else "",
        "account_name": response.account.name if shown and response.account else "",
        "score": response.score,
        "link": link_to(f"/tickets/{ticket.pk}/") if ticket and ticket.owner_id == user.pk else "",
    }
    return _notice(
        "notice_named",
        user,
        brand,
        facts,
        ticket=ticket,
        dedupe_key=f"named:{response.pk}:{response.revision}:{user.pk}",
    )


def watching(user: User, ticket: Ticket, reason: Sentence) -> Draft:
    """To an account owner who was passed over: who has it instead, and why."""
    facts = _ticket_facts(ticket) | {"owner": owner_facts(ticket.owner), "reason": _said_to(user, reason)}
    return _notice(
        "notice_watcher", user, ticket.brand, facts, ticket=ticket, dedupe_key=f"watch:{ticket.pk}:{user.pk}"
    )
