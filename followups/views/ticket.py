"""/tickets/<number>/ and its verbs: each a POST to an address named as in the API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from followups import canned, drafts, undoing
from followups.actors import Actor
from followups.forms import FORMS, ActionForm, Desk, LogContactForm, ResolveForm, SendMessageForm, Shelf, VerbForm
from followups.letter_preview import preview_of
from followups.mentions import mentions
from followups.models import AssignmentRound, LetterTemplate, Ticket
from followups.queue_page import neighbour
from followups.refusals import Incomplete, Refused, Stale
from followups.templatetags.moments import lower_first, moment
from followups.ticket_page import Conflict, TicketPage, comparing, find, read
from followups.ticket_page.counted import counted
from followups.ticket_page.owner import GIVING, considered, whom_it_is_about
from followups.ticket_page.timeline import timeline
from followups.variables import filled
from followups.viewing import Viewer, remember, viewer
from followups.views import actions
from followups.way_back import way_back
from nps_loop.mail.models import Message
from nps_loop.people.kept_posts import kept_post, login_keeps_what_is_typed
from nps_loop.people.models import User

# The verbs that may send a mail which can be taken back.
SENDS = ("send-message", "wait", "resolve", "log-contact")
# The field of each form that holds what is hardest to write again.
LONGEST = ("body", "text", "note", "what_changed", "question", "title", "reason", "settled_what", "explanation")


@login_required
@require_safe
def ticket_page(request: HttpRequest, number: int) -> HttpResponse:
    now = timezone.now()
    ticket = found_ticket(request, number)
    page = _page(request, ticket, now, opened=request.GET.get("do", ""), only=request.GET.get("show", ""))
    page.promise(request.GET.get("promised", ""))
    return _draw(request, page)


@login_keeps_what_is_typed
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, number: int, verb: str) -> HttpResponse:
    """Do one verb. What is refused draws the page again, with everything typed still in it."""
    if verb not in FORMS:
        raise Http404
    if request.method != "POST":
        # The address of a form that came back: the links on that page, and a reload, lead to the ticket.
        if typed := kept_post(request):
            _keep_through_login(request, number, verb, typed)
            if typed.get("from") == "actions":
                return redirect("actions")
        return redirect(f"{reverse('ticket', args=[number])}?{request.GET.urlencode() or urlencode({'do': verb})}")
    now, user = timezone.now(), cast(User, request.user)
    looked_up, memberships = FORMS[verb].looks_up(number, user, request.POST, now=now), Viewer.memberships_of(user)
    ticket = found_ticket(request, number, memberships, *looked_up.values())
    remember(request, memberships)
    form = form_for(request, ticket, verb, now, request.POST, looked_up)
    typed = drafts.typed_into(form.fields, request.POST)
    if "use-template" in request.POST:
        return _with_template(request, ticket, form, typed, now)
    if not form.is_valid():
        return _again(request, ticket, form, now, status=400)
    if "preview" in request.POST:
        # The frame reads it from there, and whoever leaves the page finds it again.
        drafts.keep(user, ticket, verb, typed, now=now)
        return _again(request, ticket, form, now, status=200, preview=True)
    undo = timedelta(seconds=settings.UNDO_SECONDS)
    try:
        done = _do(form, ticket, Actor.person(user, undo=undo), now)
    except Incomplete as refusal:
        form.refuse(refusal)
        return _again(request, ticket, form, now, status=400)
    except Stale as refusal:
        return _again(request, ticket, form, now, status=409, stale=refusal)
    except Refused as refusal:
        return _again(request, ticket, form, now, status=409, refusal=refusal.message)
    said = _done(form, done)
    wrote = verb in SENDS and (not isinstance(form, LogContactForm) or form.is_settled_open)
    message = undoing.just_sent(done, user) if undo and wrote else None
    # What leaves later can be taken back on the ticket's page until then.
    can_undo = message is not None and message.send_after <= now + undo
    if can_undo and message is not None:
        said = _done_with_undo(form, message, said)
        undoing.remember(request, message, said, undo=undo, now=now)
    if isinstance(form, LogContactForm):
        # The talk stays logged: only the resolution that came with it is there to be said again.
        drafts.sent(user, ticket, verb, now=now, message=message, typed=form.as_resolution(), again_in="resolve")
    else:
        drafts.sent(user, ticket, verb, now=now, message=message, typed=typed)
    if not can_undo:
        messages.success(request, said)
    _say_who_was_called(request, form, done)
    if request.POST.get("then") == "next" and (following := neighbour(ticket, viewer(request), back=False)):
        return redirect("ticket", following.pk)
    return _back(request, ticket, done)


def _with_template(
    request: HttpRequest, ticket: Ticket, form: VerbForm, typed: dict[str, str], now: datetime
) -> HttpResponse:
    """The page again, with a template put into the form and everything typed kept."""
    user, field = cast(User, request.user), canned.FIELD.get(form.verb, "")
    template = canned.find(ticket, request.POST.get("template", "")) if field else None
    if template is not None:
        values = canned.values_for(ticket, user, now=now)
        others = LetterTemplate.objects.offered_in(template.language).values_list("text", flat=True)
        typed[field] = canned.put_in(
            filled(template.text, values),
            template,
            typed.get(field, ""),
            opening=form.opening if isinstance(form, SendMessageForm) else "",
            others=[filled(other, values) for other in others],
        )
        if template.subject and not typed.get("subject", "").strip():
            typed["subject"] = filled(template.subject, values)
    page = _page(request, ticket, now, opened=form.verb, filled={form.verb: typed})
    return _draw(request, page)


def _keep_through_login(request: HttpRequest, number: int, verb: str, typed: dict[str, str]) -> None:
    """What was sent while nobody was logged in becomes a draft of that form."""
    now = timezone.now()
    ticket = found_ticket(request, number)
    form = form_for(request, ticket, verb, now, QueryDict())
    drafts.keep(cast(User, request.user), ticket, verb, drafts.typed_into(form.fields, typed), now=now)
    messages.success(request, gettext("What you wrote is kept and stands in the form again. It was not sent yet."))


def _say_who_was_called(request: HttpRequest, form: VerbForm, ticket: Ticket) -> None:
    """Of the names called in a note: who cannot see the ticket and so was not told, and which name nobody."""
    if form.verb != "note":
        return
    called = mentions(form.cleaned_data["text"], ticket, by=cast(User, request.user))
    for person in called.blind:
        said = gettext("%(name)s cannot see this ticket, and so was not told.")
        messages.warning(request, said % {"name": person.name})
    for handle in called.several:
        said = gettext(
            "Several colleagues are called @%(name)s: nobody was told. Add the family name, as in @%(example)s."
        )
        surname = gettext("surname")
        messages.warning(request, said % {"name": handle, "example": f"{handle}.{surname}"})
    for handle in called.unknown:
        messages.warning(request, gettext("Nobody here is called @%(name)s.") % {"name": handle})


def _do(form: VerbForm, ticket: Ticket, actor: Actor, now: datetime) -> Ticket:
    """Act on the version the page showed, or on the present one where nothing happened since that could matter.

    That is so for a note, which changes nothing, and where a mail server took a mail and no state changed: the ticket
    of whoever has just sent one would be stale a second later.
    """
    version = form.cleaned_data["version"]
    try:
        return form.act(ticket, actor=actor, now=now, version=version, **form.arguments())
    except Stale as refusal:
        since = ticket.events.filter(seq__gt=version).exclude(verb="mail-accepted", to_state="")
        if version > refusal.current_version or (form.verb != "note" and since.exists()):
            raise
        return form.act(ticket, actor=actor, now=now, version=refusal.current_version, **form.arguments())


def _back(request: HttpRequest, before: Ticket, done: Ticket) -> HttpResponse:
    """To the page the form stood on: the promises of a person, else the ticket; the queue once it is out of sight."""
    if request.POST.get("from") in ("actions", "team"):
        return redirect(request.POST["from"])
    # Whoever saw it sees it still, unless it went into other hands.
    same = (before.pk, before.owner_id, before.team_id) == (done.pk, done.owner_id, done.team_id)
    if same or viewer(request).works_on(done):
        return redirect("ticket", done.pk)
    if not Ticket.objects.visible_to(cast(User, request.user)).filter(pk=done.pk).exists():
        return redirect("queue")
    return redirect("ticket", done.pk)


@login_required
@require_safe
def beside(request: HttpRequest, number: int, way: str) -> HttpResponse:
    """The next or previous ticket of one's queue; back to the queue at its end."""
    ticket = found_ticket(request, number)
    found = neighbour(ticket, viewer(request), back=way == "previous")
    return redirect("ticket", found.pk) if found else redirect("queue")


@login_required
@require_safe
def considered_page(request: HttpRequest, number: int) -> HttpResponse:
    """Who else was considered when the ticket was given: a piece for htmx, a page without it."""
    ticket = found_ticket(request, number)
    given = ticket.events.filter(verb__in=GIVING).order_by("-seq").first()
    stored = AssignmentRound.objects.filter(pk=given.data.get("round")).first() if given else None
    shelf = Shelf(ticket, cast(User, request.user))
    chosen = given.data.get("to") if given else None
    people = (
        considered(stored, chosen, shelf.names, team=ticket.team_id, about=whom_it_is_about(ticket)) if stored else []
    )
    context = {"ticket": ticket, "people": people, "stored": stored, "now": timezone.now()}
    name = "considered_list" if request.headers.get("HX-Request") else "considered"
    folder = "followups/includes" if name == "considered_list" else "followups"
    return render(request, f"{folder}/{name}.html", context)


@login_required
@require_safe
def due_page(request: HttpRequest, number: int) -> HttpResponse:
    """Every deadline of the ticket, down to the stretches that were counted."""
    ticket, now = found_ticket(request, number), timezone.now()
    if not viewer(request).works_on(ticket):
        raise Http404
    owed = list(ticket.deadlines.select_related("policy", "calendar"))
    rows = counted(ticket, owed, list(ticket.events.order_by("seq")), now=now)
    return render(request, "followups/due.html", {"ticket": ticket, "rows": rows, "now": now})


# --- pieces ----------------------------------------------------------------------------------------------------


def found_ticket(request: HttpRequest, number: int, *besides: QuerySet[Any]) -> Ticket:
    """The ticket, or 404; `besides` is read in the same query."""
    ticket = find(cast(User, request.user), number, *besides) if number < 2**63 else None
    if ticket is None:
        raise Http404
    return ticket


def _desk(request: HttpRequest, ticket: Ticket, now: datetime) -> Desk:
    user, response = cast(User, request.user), ticket.response
    share = response.share_name if response else None
    # Neither the owner nor a name that anybody may read needs a look at the teams.
    sees = ticket.owner_id == user.pk or share is True or viewer(request).sees_name(ticket, share)
    return Desk(ticket, user, now, Shelf(ticket, user), hides_name=not sees)


def form_for(
    request: HttpRequest,
    ticket: Ticket,
    verb: str,
    now: datetime,
    data: QueryDict,
    looked_up: Mapping[str, QuerySet[Any]] | None = None,
) -> VerbForm:
    """The form of a verb with what was posted; `looked_up` is what it named to be read together with the ticket."""
    desk, known = _desk(request, ticket, now), looked_up or {}
    more: dict[str, Any] = {}
    if FORMS[verb] is ResolveForm:
        more = {"actions": known["actions"] if known else ResolveForm.actions_of(ticket.pk)}
    return FORMS[verb](data, desk=desk, looked_up=known, **more)


def _page(request: HttpRequest, ticket: Ticket, now: datetime, **shown: Any) -> TicketPage:
    case = read(ticket, viewer(request), now=now)
    bound: VerbForm | None = shown.get("bound")
    desk = bound.desk if bound else _desk(request, ticket, now)
    if not case.is_limited:
        desk.shelf.read()
        case.names = desk.shelf.names
    if case.is_limited or ticket.owner_id == viewer(request).user.pk:
        # The page belongs to the list one came from, in the navigation too.
        request.nav_place = "/actions/" if case.is_limited else "/queue/"  # type: ignore[attr-defined]
    return TicketPage(case, desk, **shown)


def _again(
    request: HttpRequest,
    ticket: Ticket,
    form: VerbForm,
    now: datetime,
    *,
    status: int,
    stale: Stale | None = None,
    refusal: str = "",
    preview: bool = False,
) -> HttpResponse:
    """The page as it stands now, with the form as it was filled in, ready to be sent again."""
    old_version = form.cleaned_data.get("version") if hasattr(form, "cleaned_data") else None
    if stale is not None or refusal:
        ticket = found_ticket(request, ticket.pk)
        data = request.POST.copy()
        data["version"] = str(ticket.version)
        form = form_for(request, ticket, form.verb, now, data)
        form.is_valid()
    if isinstance(form, ActionForm) and request.POST.get("from") == "actions":
        lines = []
        if stale is not None or refusal:
            # The promise may have left the page, and its form with it: what was typed stands here.
            lines = comparing.lines(form, read(ticket, viewer(request), now=now), old_version or 0)
        notice = _not_saved(form) if stale else refusal
        return actions.draw(request, bound=form, notice=notice, lines=lines, status=status)
    page = _page(
        request,
        ticket,
        now,
        bound=form,
        refusal=refusal,
        preview=preview_of(form) if preview else {},
    )
    if stale is not None:
        old = old_version or 0
        since = [entry for entry in timeline(page.case) if entry.key[0] > old]
        page.conflict = Conflict(
            message=_not_saved(form),
            since=since[:3],
            typed=_longest(request.POST),
            changes=comparing.changes(page.case, old),
            lines=comparing.lines(form, page.case, old),
        )
    return _draw(request, page, status=status)


def _draw(request: HttpRequest, page: TicketPage, *, status: int = 200) -> HttpResponse:
    ticket = page.case.ticket
    back = way_back(request, ticket.pk, fallback="queue" if ticket.owner_id == request.user.pk else "tickets")
    context = {"page": page, "case": page.case, "ticket": ticket, "now": page.now, "back": back}
    name = "ticket_limited" if page.case.is_limited else "ticket"
    return render(request, f"followups/{name}.html", context, status=status)


def _longest(data: QueryDict) -> str:
    """What was typed that would be missed most, to be read again beside what happened meanwhile."""
    return max((data.get(name, "").strip() for name in LONGEST), key=len)


def _not_saved(form: VerbForm) -> str:
    what = {
        "log-contact": gettext("Your contact was not saved"),
        "log-reply": gettext("The reply was not saved"),
        "send-message": gettext("Your mail was not sent"),
        "wait": gettext("Your question was not sent"),
        "add-action": gettext("The action was not promised"),
        "resolve": gettext("The ticket was not resolved"),
    }.get(form.verb, gettext("Your change was not saved"))
    return gettext("%(what)s: the ticket changed while you were writing.") % {"what": what}


def _done_with_undo(form: VerbForm, message: Message, said: str) -> str:
    """The same while the mail can still be called back."""
    if form.verb not in ("send-message", "wait"):
        return said
    return gettext("Your mail to %(name)s is written.") % {"name": message.recipient_name or message.recipient}


def _done(form: VerbForm, ticket: Ticket) -> str:
    """One sentence about what was done, as the next page says it."""
    name = form.desk.customer
    state = lower_first(ticket.get_state_display())
    if isinstance(form, LogContactForm):
        if form.cleaned_data["quick"]:
            said = gettext("No answer logged for #%(n)s, next try tomorrow.") % {"n": ticket.pk}
            if ticket.due_at is None or not form.desk.now < ticket.due_at < form.desk.next_morning():
                return said
            owed = gettext("It stays due %(when)s, before that.") % {"when": moment(ticket.due_at, form.desk.now)}
            return f"{said} {owed}"
        return gettext("Logged on #%(n)s. It is %(state)s.") % {"n": ticket.pk, "state": state}
    if form.verb == "send-message" and (later := form.cleaned_data["send_after"]) and later > form.desk.now:
        return gettext("Your mail to %(name)s leaves %(when)s.") % {
            "name": name,
            "when": moment(later, form.desk.now),
        }
    words = {
        "send-message": gettext("Your mail to %(name)s leaves now."),
        "wait": gettext("Your question to %(name)s leaves now, and #%(n)s waits for the answer."),
        "add-action": gettext("Promised on #%(n)s."),
        "complete-action": gettext("Done on #%(n)s.")
        if ticket.owner_id == form.desk.user.pk
        else gettext("Done. The owner of #%(n)s takes it from here."),
        "move-action": gettext("Moved, and %(name)s hears it before the old date."),
        "delay": gettext("%(name)s is told the new time."),
        "drop-action": gettext("Left out, with the reason."),
        "resolve": gettext("#%(n)s is resolved. %(name)s has the last word."),
        "reopen": gettext("#%(n)s is open again."),
        "leave-in-peace": gettext("#%(n)s is read and left in peace. Nothing was sent."),
        "agree-to-differ": gettext("#%(n)s is closed: agreed to differ."),
        "ask-dismissal": gettext("#%(n)s is dismissed.")
        if state == "dismissed"
        else gettext("A lead is asked to dismiss #%(n)s. It goes on until then."),
        "decide-dismissal": gettext("#%(n)s is dismissed.")
        if state == "dismissed"
        else gettext("#%(n)s stays open, and whoever asked hears it."),
        "assign": gettext("#%(n)s is with %(owner)s now."),
        "release": gettext("#%(n)s is given back."),
        "snooze": gettext("#%(n)s is out of sight until then.") if ticket.snoozed_until else gettext("#%(n)s is back."),
        "hold": gettext("#%(n)s is on hold."),
        "unhold": gettext("The hold on #%(n)s is lifted."),
        "note": gettext("Your note stands on #%(n)s."),
    }.get(form.verb, gettext("Saved on #%(n)s."))
    owner = ticket.owner.name if ticket.owner else ""
    return words % {"n": ticket.pk, "name": name[:1].upper() + name[1:], "owner": owner}
