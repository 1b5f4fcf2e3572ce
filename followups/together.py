"""One verb on several tickets: what it would leave out is shown first, then each goes through the workflow alone.

Beginning freezes the choice as a job: each ticket with the version it was chosen in. Each is then one transaction of
the verb and of what became of it, so a worker that dies leaves nothing half done, and whoever goes on does nothing
twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from followups import workflow
from followups.actors import Actor
from followups.improve.linking import chosen_or_new, link
from followups.models import Action, Initiative, RootCause, Ticket
from followups.refusals import NotAllowed, Refused, Stale
from followups.ticket_rows import stays_in_sight
from followups.viewing import Viewer, name_of
from followups.workflow.ending import lacks_for_together
from followups.workflow.table import VERBS, why_not
from nps_loop.jobs import running as jobs
from nps_loop.jobs.models import Job, JobItem
from nps_loop.people.models import User

JOB_KIND = "together"
# What one choice can hold.
MOST = 2_000
# So few are done while one waits; more are left to a worker.
FEW = 20
# Progress is kept, and the lease with it, after so many.
STRIDE = 20


@dataclass(frozen=True, slots=True)
class Chosen:
    """A ticket that was ticked, and why it would be left out (empty where it would not)."""

    ticket: Ticket
    name: str
    why_not: str


def chosen(viewer: Viewer, numbers: Sequence[int], verb: str, *, now: datetime) -> list[Chosen]:
    """The ticked tickets this person may see, with what keeps each from `verb`. Two queries at most."""
    tickets = Ticket.objects.visible_to(viewer.user).filter(pk__in=list(numbers)[:MOST])
    rows = list(tickets.select_related("response", "contact", "account", "owner").in_queue_order())
    actions = _actions_of(rows) if verb == "resolve" else {}
    return [
        Chosen(ticket, name_of(ticket, viewer), _left_out(ticket, verb, viewer, actions.get(ticket.pk, ()), now))
        for ticket in rows
    ]


def _actions_of(tickets: Sequence[Ticket]) -> dict[int, list[Action]]:
    """Actions of the present cycle of each ticket. One query."""
    cycles = {ticket.pk: ticket.cycle for ticket in tickets}
    found: dict[int, list[Action]] = defaultdict(list)
    for action in Action.objects.filter(ticket__in=cycles).order_by("due_at", "id"):
        if action.cycle == cycles[action.ticket_id]:
            found[action.ticket_id].append(action)
    return found


def _left_out(ticket: Ticket, verb: str, viewer: Viewer, actions: Sequence[Action], now: datetime) -> str:
    if reason := why_not(VERBS[verb], ticket, viewer.roles_on(ticket)):
        return reason
    if verb == "snooze":
        return stays_in_sight(ticket, now)
    return lacks_for_together(ticket, actions) if verb == "resolve" else ""


# --- as a job --------------------------------------------------------------------------------------------------


def begin(rows: Sequence[Chosen], verb: str, arguments: Mapping[str, Any], *, user: User, now: datetime) -> Job:
    """Freeze the choice as a job of this person, what is left out included. Few tickets are done at once.

    `arguments` are plain values, as the forms of `followups.forms.together` give them. Constant number of queries,
    beside what is done at once. Raises Incomplete where the arguments cannot be settled on for all of them.
    """
    possible = [row for row in rows if not row.why_not]
    with transaction.atomic():
        settled = SETTLED[verb](arguments, user, now) if verb in SETTLED else arguments
        job = jobs.start(
            JOB_KIND,
            parameters={
                "verb": verb,
                "arguments": dict(settled),
                "versions": {str(row.ticket.pk): row.ticket.version for row in possible},
            },
            created_by=user,
            now=now,
            total=len(rows),
        )
        JobItem.objects.bulk_create(
            [
                JobItem(
                    job=job,
                    number=number,
                    object_id=row.ticket.pk,
                    state=JobItem.State.REFUSED if row.why_not else JobItem.State.WAITING,
                    reason=row.why_not[:500],
                )
                for number, row in enumerate(rows, 1)
            ],
            batch_size=500,
        )
    if len(possible) <= FEW:
        jobs.run_now(job, now=now)
    return job


def run_job(job: Job, alive: Callable[..., None]) -> dict[str, Any]:
    """Do what is left of a choice, ticket by ticket; returns how many were done and refused."""
    if job.created_by is None:
        raise jobs.Unworkable(gettext("Whoever asked for this is no longer known, so nobody does it in their name."))
    waiting = job.items.filter(state=JobItem.State.WAITING).order_by("number").values_list("pk", flat=True)
    for count, pk in enumerate(list(waiting), 1):
        _do(job, pk, job.created_by)
        if count % STRIDE == 0:
            alive(done=_over(job), attempts=0)
    alive(done=_over(job))
    states = list(job.items.values_list("state", flat=True))
    return {"done": states.count(JobItem.State.DONE), "refused": states.count(JobItem.State.REFUSED)}


def _over(job: Job) -> int:
    return job.items.exclude(state=JobItem.State.WAITING).count()


def _do(job: Job, item_pk: int, user: User) -> None:
    """One ticket: the verb and what became of it in one transaction; a refusal takes back the verb alone."""
    with transaction.atomic():
        item = JobItem.objects.select_for_update().get(pk=item_pk)
        if item.state != JobItem.State.WAITING:
            return
        item.state = JobItem.State.DONE
        try:
            with transaction.atomic():
                _act(job, item.object_id or 0, user, now=timezone.now())
        except Refused as refusal:
            item.state, item.reason = JobItem.State.REFUSED, refusal.message[:500]
        item.save(update_fields=["state", "reason"])


def _act(job: Job, number: int, user: User, *, now: datetime) -> None:
    verb, arguments = job.parameters["verb"], job.parameters["arguments"]
    ticket = Ticket.objects.visible_to(user).filter(pk=number).first()
    if ticket is None:
        raise NotAllowed(gettext("This ticket is not yours to see any more."))
    if verb == "assign" and ticket.owner_id == arguments["to"]:
        return  # It went along with another ticket of the same customer.
    version = job.parameters["versions"].get(str(number))
    if version != ticket.version and verb != "note":
        raise Stale(gettext("It changed after it was chosen. Look at it first."), current_version=ticket.version)
    if verb == "resolve" and (lacks := lacks_for_together(ticket, _actions_of([ticket])[number])):
        raise NotAllowed(lacks)
    ACTS[verb](ticket, arguments, actor=Actor.person(user), now=now, version=ticket.version)


def _snooze(ticket: Ticket, given: Mapping[str, Any], **who: Any) -> Ticket:
    return workflow.snooze(ticket, until=datetime.fromisoformat(given["until"]), **who)


def _assign(ticket: Ticket, given: Mapping[str, Any], **who: Any) -> Ticket:
    return workflow.assign(ticket, to=User.objects.get(pk=given["to"]), reason=given["reason"], **who)


def _note(ticket: Ticket, given: Mapping[str, Any], **who: Any) -> Ticket:
    return workflow.note(ticket, text=given["text"], **who)


def _ask_dismissal(ticket: Ticket, given: Mapping[str, Any], **who: Any) -> Ticket:
    return workflow.ask_dismissal(ticket, reason=given["reason"], explanation=given["explanation"], **who)


def _join(ticket: Ticket, given: Mapping[str, Any], *, actor: Actor, **more: Any) -> Ticket:
    seen = Ticket.objects.visible_to(actor.user) if actor.user else Ticket.objects.none()
    return workflow.join(ticket, other=seen.filter(pk=given["other"]).first(), actor=actor, **more)


def _resolve(ticket: Ticket, given: Mapping[str, Any], **who: Any) -> Ticket:
    """With what its own action changed, so that each customer reads of their own case."""
    done = [action for action in _actions_of([ticket])[ticket.pk] if action.state == Action.State.DONE]
    return workflow.resolve(
        ticket,
        root_cause=RootCause.objects.filter(pk=given["root_cause"]).first(),
        what_changed="\n".join(action.what_changed or action.title for action in done),
        why_it_happened=given["why_it_happened"],
        together=True,
        **who,
    )


def _link(ticket: Ticket, given: Mapping[str, Any], **who: Any) -> Ticket:
    initiative = Initiative.objects.filter(pk=given["initiative"]).first()
    if initiative is None:
        raise NotAllowed(gettext("This initiative is not there any more."))
    return link(ticket, initiative=initiative, **who)


def _one_initiative(given: Mapping[str, Any], user: User, now: datetime) -> dict[str, Any]:
    """A new initiative is made once, for all of them."""
    known = Initiative.objects.filter(pk=given["initiative"]).first() if given["initiative"] else None
    return {"initiative": chosen_or_new(known, given["title"], by=user, now=now).pk}


# What is decided once when the job is frozen: verb -> the arguments that each ticket is then given.
SETTLED: dict[str, Callable[[Mapping[str, Any], User, datetime], dict[str, Any]]] = {"link": _one_initiative}

ACTS: dict[str, Callable[..., Ticket]] = {
    "snooze": _snooze,
    "assign": _assign,
    "note": _note,
    "ask-dismissal": _ask_dismissal,
    "join": _join,
    "resolve": _resolve,
    "link": _link,
}


def job_of(number: int, user: User) -> Job | None:
    """A choice that this person began (an administrator sees everybody's)."""
    found = Job.objects.filter(pk=number, kind=JOB_KIND)
    return (found if user.is_superuser else found.filter(created_by=user)).first()


def outcome(job: Job, viewer: Viewer) -> list[tuple[JobItem, Ticket | None, str]]:
    """Each ticket of a choice, what became of it, and the customer's name as this person may read it. Two queries."""
    items = list(job.items.order_by("number"))
    seen = Ticket.objects.visible_to(viewer.user).filter(pk__in=[item.object_id for item in items])
    tickets = {ticket.pk: ticket for ticket in seen.select_related("response", "contact", "account")}
    found = []
    for item in items:
        ticket = tickets.get(item.object_id or 0)
        found.append((item, ticket, name_of(ticket, viewer) if ticket else ""))
    return found
