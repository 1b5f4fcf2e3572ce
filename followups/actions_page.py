"""What /actions/ shows: the promises of one person, back office included, with the words behind each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext

from followups import counting
from followups.forms import FORMS, ActionForm, Desk, Shelf, VerbForm
from followups.models import Action, ActionMove, KeptDraft, Verdict
from followups.templatetags.moments import as_promised, moment, on_day
from followups.ticket_page.timeline import was_kept
from followups.viewing import Days, Viewer, name_of, short_name_of, time_left
from followups.workflow.table import VERBS, why_not
from nps_loop.people.models import User
from surveys.quoting import display

MOST = 100
DONE_SHOWN = 20
LATELY = timedelta(days=30)
VIEWS = ("open", "today", "done")
FORMS_HERE = ("complete-action", "move-action")


@dataclass(frozen=True, slots=True)
class Promise:
    """One open promise, ready to be drawn."""

    action: Action
    who: str
    short_name: str
    words: str
    words_hidden: bool
    left: timedelta | None
    label: str
    tip: list[tuple[str, str]]
    moves: list[ActionMove]
    forms: dict[str, VerbForm]
    why_not: str


@dataclass(frozen=True, slots=True)
class Kept:
    """One promise that is done or left out."""

    action: Action
    who: str
    kept: bool | None


@dataclass(frozen=True, slots=True)
class Promises:
    view: str
    tabs: list[tuple[str, str, str, bool]]
    open: list[Promise]
    done: list[Kept]
    figures: list[tuple[str, int]]
    came_of_it: list[tuple[Verdict, str]] = field(default_factory=list)


def promises(viewer: Viewer, *, view: str, now: datetime, bound: ActionForm | None = None) -> Promises:
    """The page. `bound` is a form that came back; it stands in place of the empty one of its action. Six queries."""
    days = Days.around(now, viewer.calendar)
    views = of_each_view(viewer.user, days)
    dropped = Action.objects.filter(owner=viewer.user, state=Action.State.DROPPED, dropped_at__gte=now - LATELY)
    counts = counting.count_each({**views, "dropped": dropped})
    shown = [] if view == "done" else list(_with_case(views[view])[:MOST])
    ended = list(_with_case(views["done"]).order_by("-done_at", "-id")[:MOST])
    moves, kept = _moves(viewer.user, now), _drafts(viewer.user, shown)
    labels = {"open": gettext("Open"), "today": gettext("Today"), "done": gettext("Done, 30 days")}
    return Promises(
        view=view,
        tabs=[(f"?view={name}", labels[name], counting.in_words(counts[name]), name == view) for name in VIEWS],
        open=[_promise(action, moves[action.pk], kept, viewer, days, bound) for action in shown],
        done=[Kept(action, name_of(action.ticket, viewer), was_kept(action)) for action in ended[:DONE_SHOWN]],
        figures=_figures(ended, moves, counts["dropped"]),
        came_of_it=_came_of_it(ended, viewer),
    )


def of_each_view(user: User, days: Days) -> dict[str, QuerySet[Action]]:
    """The promises of this person that each of VIEWS holds."""
    mine = Action.objects.filter(owner=user)
    running = mine.filter(state=Action.State.OPEN)
    return {
        "open": running,
        "today": running.filter(due_at__lte=days.today_ends),
        "done": mine.filter(state=Action.State.DONE, done_at__gte=days.now - LATELY),
    }


def _with_case(rows: QuerySet[Action]) -> QuerySet[Action]:
    return rows.select_related(
        "ticket__response", "ticket__contact", "ticket__account", "ticket__owner", "ticket__team__calendar", "owner"
    ).order_by("due_at", "id")


def _moves(user: User, now: datetime) -> dict[int, list[ActionMove]]:
    """Moved dates of this person's promises that are open or ended lately, in the order in which they were moved."""
    rows = ActionMove.objects.filter(action__owner=user).exclude(action__done_at__lt=now - LATELY)
    found: dict[int, list[ActionMove]] = defaultdict(list)
    for row in rows.order_by("happened_at", "id")[: MOST * 5]:
        found[row.action_id].append(row)
    return found


def _drafts(user: User, actions: list[Action]) -> dict[tuple[str, str], KeptDraft]:
    """What this person is in the middle of writing, by form and action. One draft a form and ticket, as on its page."""
    rows = KeptDraft.objects.filter(
        user=user, ticket__in={action.ticket_id for action in actions}, form__in=FORMS_HERE, message=None
    )
    return {(row.form, KeptDraft.unpacked(row.typed).get("action", "")): row for row in rows}


def _promise(
    action: Action,
    moves: list[ActionMove],
    kept: dict[tuple[str, str], KeptDraft],
    viewer: Viewer,
    days: Days,
    bound: ActionForm | None,
) -> Promise:
    ticket, now = action.ticket, days.now
    seen = viewer.sees_words(ticket)
    calendar = ticket.team.calendar if ticket.team else None
    tip = []
    if action.first_promised_at and action.told_at:
        first = as_promised(action.first_promised_at, now)
        tip.append((gettext("First told"), f"{on_day(action.told_at, now)}, {first}"))
    tip.append((gettext("Moved"), str(len(moves)) if moves else gettext("never")))
    tip.append((gettext("Now"), moment(action.due_at, now)))
    roles = viewer.roles_on(ticket, has_action=True)
    refused = why_not(VERBS["complete-action"], ticket, roles)
    hides = not viewer.sees_name(ticket, ticket.response.share_name if ticket.response else None)
    desk = Desk(ticket, viewer.user, now, Shelf(ticket, viewer.user), hides_name=hides)
    forms: dict[str, VerbForm] = {}
    for verb in FORMS_HERE:
        if bound is not None and bound.verb == verb and bound.about == action.pk:
            forms[verb.replace("-", "_")] = bound
        elif not refused:
            form: VerbForm = FORMS[verb](desk=desk, action=action)
            if draft := kept.get((verb, str(action.pk))):
                form.fill(KeptDraft.unpacked(draft.typed))
                form.kept_at = draft.kept_at
            forms[verb.replace("-", "_")] = form
    return Promise(
        action=action,
        who=name_of(ticket, viewer),
        short_name=short_name_of(ticket, viewer),
        words=display(ticket.response.verbatim) if ticket.response and seen else "",
        words_hidden=not seen,
        left=time_left(now, action.due_at, days, calendar) if action.due_at >= now else None,
        label=as_promised(action.due_at, now),
        tip=tip,
        moves=moves,
        forms=forms,
        why_not=refused,
    )


def _figures(ended: list[Action], moves: dict[int, list[ActionMove]], dropped: int) -> list[tuple[str, int]]:
    """How promises of the last 30 days went, by the first date the customer was told."""
    told = [action for action in ended if action.first_promised_at]
    kept = [action for action in told if was_kept(action)]
    late = [action for action in told if not was_kept(action)]
    moved = [action for action in late if _moved_in_time(action, moves[action.pk])]
    return [
        (gettext("Done by the first date"), len(kept)),
        (gettext("Moved, customer told before"), len(moved)),
        (gettext("Later, customer told too late"), len(late) - len(moved)),
        (gettext("Left out, with a reason"), dropped),
    ]


def _moved_in_time(action: Action, moves: list[ActionMove]) -> bool:
    """Whether every date was moved before it passed, and the last one was kept."""
    before = all(move.happened_at <= move.from_at for move in moves)
    return bool(moves) and before and action.done_at is not None and action.done_at <= action.due_at


def _came_of_it(ended: list[Action], viewer: Viewer) -> list[tuple[Verdict, str]]:
    """What customers said after a promise of this person was done."""
    tickets = {action.ticket_id: action.ticket for action in ended}
    if not tickets:
        return []
    rows = Verdict.objects.filter(ticket__in=tickets, choice=Verdict.Choice.SETTLED).order_by("-happened_at", "-id")[:3]
    return [(row, name_of(tickets[row.ticket_id], viewer)) for row in rows]
