"""Who hears of a round: owners, account owners who were passed over, and the lead, of what a round decided for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from django.utils.text import get_text_list
from django.utils.translation import gettext

from followups.assignment.choosing import Choice
from followups.assignment.waiting import Waiting
from followups.messages import notices
from followups.models import Conflict, Deadline, Escalation, Ticket, Watcher
from followups.templatetags.moments import in_full
from followups.workflow.locking import WITH
from nps_loop.mail import outbox
from nps_loop.mail.outbox import Draft
from nps_loop.people.models import User
from surveys.models import Brand

# By these rules somebody got it who should not have, were there anybody else: the lead is told.
YIELDED = frozenset({"cap_yielded", "skills_yielded"})

Outcome = tuple[Waiting, Choice, Ticket | None]


def tell(
    given: Sequence[Outcome], conflicts: Sequence[Conflict], of_many: Sequence[Draft] = (), *, now: datetime
) -> None:
    """Queue every notice of a round at once, those `of_many` with them.

    `given` holds the ticket where somebody is written to about it alone.
    """
    drafts = [*of_many, *_passed_over(given, now)]
    drafts += _leads_of_what_yielded(given, now)
    drafts += _leads_of_conflicts(given, conflicts)
    outbox.queue(drafts, now=now)


def owners_of_many(given: Sequence[tuple[Waiting, Choice]], brands: Mapping[int, Brand]) -> list[Draft]:
    """Whoever got more than a few hears of them in one mail. No query: `brands` are those of the tickets, by key."""
    of_owner: dict[int, list[Waiting]] = {}
    owners: dict[int, User] = {}
    for row, choice in given:
        of_owner.setdefault(choice.candidate.key, []).append(row)
        owners[choice.candidate.key] = choice.candidate.user
    many = {owner: rows for owner, rows in of_owner.items() if len(rows) > notices.MOST_ALONE}
    drafts = []
    for owner, rows in many.items():
        named = [
            notices.Given(row.pk, row.contact_name, row.account_name, row.score) for row in rows[: notices.MOST_NAMED]
        ]
        latest = max(rows, key=lambda row: row.pk)
        drafts.append(
            notices.assigned_together(
                owners[owner], brands[rows[0].brand], named, count=len(rows), latest=(latest.pk, latest.version)
            )
        )
    return drafts


def _passed_over(given: Sequence[Outcome], now: datetime) -> list[Draft]:
    """An account owner who could not take it follows the ticket and reads why; one it complains about does not."""
    watchers: list[Watcher] = []
    drafts: list[Draft] = []
    over = [
        (ticket, choice.passed_over)
        for _row, choice, ticket in given
        if ticket is not None and choice.passed_over is not None and choice.passed_over[1] != "conflict"
    ]
    users = User.objects.in_bulk({owner for _ticket, (owner, _code, _until) in over}) if over else {}
    for ticket, (owner, code, until) in over:
        if owner == ticket.owner_id or owner not in users:
            continue
        watchers.append(
            Watcher(
                ticket=ticket,
                user_id=owner,
                reason=Watcher.Reason.PASSED_OVER,
                detail=f"{code} {until}".strip(),
                since=now,
            )
        )
        if users[owner].is_active:
            drafts.append(notices.watching(users[owner], ticket, partial(passed_over_because, code, until)))
    # Whoever watches as account owner already reads from now on why it went to somebody else.
    Watcher.objects.bulk_create(
        watchers,
        update_conflicts=True,
        unique_fields=["ticket", "user"],
        update_fields=["reason", "detail"],
        batch_size=500,
    )
    return drafts


def passed_over_because(code: str, until: str) -> str:
    """Why the account owner did not get it, as they read it, in the language that is active."""
    if code == "away" and until:
        return gettext("You are away until %(day)s.") % {"day": in_full(datetime.fromisoformat(until))}
    return {
        "away": gettext("You are away."),
        "full": gettext("You have as many tickets as fit."),
        "rate_cap": gettext("You were given as many tickets as you take in that time."),
        "skills": gettext("It needs skills that are not among yours."),
        "not_in_time": gettext("You are not at work before the customer has to be contacted."),
        "gave_back": gettext("It was given back."),
        "inactive": gettext("Your log-in is switched off."),
        "no_team": gettext("You are in no team that takes tickets."),
        "no_capacity": gettext("You take no tickets at present."),
    }.get(code, gettext("Somebody else could take it at once."))


def _leads_of_what_yielded(given: Sequence[Outcome], now: datetime) -> list[Draft]:
    yielded = {
        ticket.pk: (ticket, choice.rule)
        for _row, choice, ticket in given
        if ticket is not None and choice.rule in YIELDED
    }
    if not yielded:
        return []
    fresh = _escalations_that_are_new([ticket for ticket, _rule in yielded.values()], Escalation.Level.HALF, now)
    leads = _Leads()
    drafts: list[Draft] = []
    for ticket in fresh:
        words = _given_beyond_capacity if yielded[ticket.pk][1] == "cap_yielded" else _given_without_the_skills
        drafts += notices.to_leads(
            ticket,
            partial(words, ticket),
            dedupe_key=f"half:{ticket.pk}:{ticket.cycle}",
            leads=leads.of(ticket.team_id),
        )
    return drafts


def _given_beyond_capacity(ticket: Ticket) -> tuple[str, list[str]]:
    line = gettext("Half of its time was gone and everybody was full: %(name)s has it.")
    return (
        gettext("Given beyond capacity: #%(number)s") % {"number": ticket.pk},
        [line % {"name": ticket.owner.name if ticket.owner else ""}],
    )


def _given_without_the_skills(ticket: Ticket) -> tuple[str, list[str]]:
    line = gettext("Half of its time was gone and nobody with the skills it needs could take it: %(name)s has it.")
    return (
        gettext("Given to somebody without the skills: #%(number)s") % {"number": ticket.pk},
        [line % {"name": ticket.owner.name if ticket.owner else ""}],
    )


def _escalations_that_are_new(tickets: Sequence[Ticket], level: str, now: datetime) -> list[Ticket]:
    target = Deadline.Target.FIRST_CONTACT
    known = set(
        Escalation.objects.filter(ticket__in=tickets, target=target, level=level).values_list("ticket", "cycle")
    )
    fresh = [ticket for ticket in tickets if (ticket.pk, ticket.cycle) not in known]
    Escalation.objects.bulk_create(
        [
            Escalation(ticket=row, cycle=row.cycle, target=target, level=level, happened_at=now, told_at=now)
            for row in fresh
        ],
        ignore_conflicts=True,
    )
    return fresh


# --- conflicts of interest --------------------------------------------------------------------------------------


def _leads_of_conflicts(given: Sequence[Outcome], conflicts: Sequence[Conflict]) -> list[Draft]:
    """The lead hears once of each ticket that complains about somebody; never whom it complains about."""
    if not conflicts:
        return []
    about: dict[int, list[int]] = {}
    for conflict in conflicts:
        about.setdefault(conflict.ticket_id, []).append(conflict.user_id)
    tickets = Ticket.objects.select_related(*WITH).filter(pk__in=about).order_by("pk")
    people = User.objects.in_bulk({user for users in about.values() for user in users})
    went_to = {row.pk: choice.candidate.user for row, choice, _ticket in given}
    leads = _Leads()
    drafts: list[Draft] = []
    for ticket in tickets:
        readers = [lead for lead in leads.of(ticket.team_id) if lead.pk not in about[ticket.pk]]
        names = [people[user].name for user in about[ticket.pk]]
        drafts += notices.to_leads(
            ticket,
            partial(_complains_about, ticket.pk, names, went_to.get(ticket.pk)),
            dedupe_key=f"conflict:{ticket.pk}",
            leads=readers or [lead for lead in notices.leads_of(None) if lead.pk not in about[ticket.pk]],
        )
    return drafts


def _complains_about(number: int, names: Sequence[str], went_to: User | None) -> tuple[str, list[str]]:
    about = get_text_list(list(names), gettext("and"))
    line = gettext("The customer's words seem to complain about %(names)s, who is not given it.") % {"names": about}
    if went_to is not None:
        then = gettext("%(name)s has it now.") % {"name": went_to.name}
    else:
        then = gettext("Nobody else can take it, so it waits for you: take it, or give it to somebody.")
    return gettext("#%(number)s may complain about %(names)s") % {"number": number, "names": about}, [line, then]


class _Leads:
    """Leads of each team, read once."""

    def __init__(self) -> None:
        self._known: dict[int | None, list[User]] = {}

    def of(self, team: int | None) -> list[User]:
        if team not in self._known:
            self._known[team] = notices.leads_of(team)
        return self._known[team]
