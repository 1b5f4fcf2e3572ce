"""Trying an answer, real or made up: which rules fit and why, who would get it, and what the customer would be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext

from followups import deadlines, rule_books
from followups.conditions import Facts, Look, look_at
from followups.conflicts import complained_about
from followups.deciding import Ruling, rule_on
from followups.models import AssignmentRound, Deadline, Decision, Rule, RuleBook, SlaPolicy, Ticket
from followups.opening.batch import SetUp
from followups.opening.claiming import WITH
from followups.opening.tickets import ticket_for
from followups.rehearsal.assigner import who_now
from followups.ticket_page.owner import Considered, considered
from followups.viewing import Viewer
from nps_loop.people.models import User
from surveys.models import Response
from surveys.recording.merging import follow_merges


@dataclass(frozen=True, slots=True)
class Trial:
    """What would become of an answer. `looks` by rule; `hits` says per kind which rule fits first."""

    looks: Mapping[int, Look]
    hits: Mapping[str, int]
    number: int
    rule: Rule | None
    hold: Rule | None
    said: str
    who: str = ""
    policy: SlaPolicy | None = None
    promised_at: datetime | None = None
    others: Sequence[Considered] = field(default_factory=tuple)
    opens: bool = False


def find_answer(viewer: Viewer, *, ticket: int | None = None, answer: int | None = None) -> Response | None:
    """The answer of a ticket this person may see, or one without a ticket; None where there is none to show them."""
    rows = Response.objects.select_related(*WITH, "ticket")
    row = rows.filter(ticket=ticket).first() if ticket is not None else rows.filter(pk=answer or 0).first()
    if row is None:
        return None
    known = getattr(row, "ticket", None)
    if known is not None and not Ticket.objects.visible_to(viewer.user).filter(pk=known.pk).exists():
        return None
    follow_merges([row], save=False)
    return row


def try_answer(response: Response, book: RuleBook, *, now: datetime) -> Trial:
    """An answer, real or an unsaved row that nobody gave, as if it came in at this moment. Writes nothing."""
    rules = rule_books.rules_of(book)
    setup = SetUp.read(rules)
    brand = setup.brand_for(response)
    ruling = rule_on(response, rules, has_ticket=False, brand=brand)
    return _trial(response, rules, Facts.of(response, brand), ruling, setup, now)


def _trial(
    response: Response, rules: Sequence[Rule], facts: Facts, ruling: Ruling, setup: SetUp, now: datetime
) -> Trial:
    looks = {rule.pk: look_at(rule, facts) for rule in rules}
    found = ((Rule.Kind.OPEN, ruling.rule), (Rule.Kind.HOLD, ruling.hold_rule))
    hits = {str(kind): rule.pk for kind, rule in found if rule is not None}
    if ruling.outcome != Decision.Outcome.OPENED or ruling.rule is None:
        return Trial(looks, hits, 0, None, ruling.hold_rule, _why_none(ruling))
    same = [rule.pk for rule in rules if rule.kind == Rule.Kind.OPEN]
    ticket, owed = ticket_for(setup, response, ruling, unhappy_before=False, now=now)
    choice, pool = who_now(ticket, owed, now=now)
    first = next((row for row in owed if row.target == Deadline.Target.FIRST_CONTACT), None)
    zone = (response.contact.time_zone if response.contact else "") or (owed[0].calendar.hours.zone)
    team = choice.candidate.team.pk if choice else ticket.team_id
    stored = AssignmentRound(
        candidates=[row for row in pool.snapshot() if row["team"] == team],
        exclusions=[row for row in pool.exclusions if row["team"] == team],
    )
    people = {row["user"] for row in (*stored.candidates, *stored.exclusions)}
    names = {user.pk: user.name for user in User.objects.filter(pk__in=people)}
    return Trial(
        looks=looks,
        hits=hits,
        number=same.index(ruling.rule.pk) + 1,
        rule=ruling.rule,
        hold=ruling.hold_rule,
        said=gettext("A ticket opens."),
        who=_who(choice, ticket),
        policy=owed[0].policy,
        promised_at=deadlines.promise_for(first, zone, now=now).ends_at if first else None,
        others=considered(
            stored,
            choice.candidate.user.pk if choice else None,
            names,
            team=team,
            about=complained_about(response.verbatim, response.band, pool.names),
        ),
        opens=True,
    )


def _why_none(ruling: Ruling) -> str:
    if ruling.outcome == Decision.Outcome.NO_RULE:
        return gettext("No rule fits. The answer is recorded and counted, and says why it has no ticket.")
    why = ruling.outcome.label
    return gettext("No ticket, whatever the rules say: %(why)s.") % {"why": why}


def _who(choice: object, ticket: Ticket) -> str:
    """Who would get it, and why, in a sentence."""
    if choice is None:
        return gettext("Nobody could take it at this moment, so it would wait, and the lead would hear of it.")
    found = choice.candidate  # type: ignore[attr-defined]
    values = {
        "name": found.user.name,
        "team": found.team.name,
        "load": found.load,
        "capacity": found.capacity,
        "account": ticket.account.name if ticket.account else "",
    }
    words = {
        "conversation": gettext("%(name)s would get it: already in conversation with this customer."),
        "same_account": gettext("%(name)s would get it: has the ticket of somebody else at %(account)s."),
        "account_owner": gettext("%(name)s would get it: account owner, not away, %(load)s of %(capacity)s."),
        "least_load": gettext("%(name)s would get it: of %(team)s the least loaded, %(load)s of %(capacity)s."),
    }.get(choice.rule, gettext("%(name)s of %(team)s would get it, %(load)s of %(capacity)s."))  # type: ignore[attr-defined]
    return words % values
