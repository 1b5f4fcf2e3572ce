"""Every page of the product by name: where it is, and whose eyes see it.

Pages about tickets are found in the database, one for each state, so any set of rows that is rich enough will do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from unittest.mock import patch

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Count
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone, translation

from followups.improve.reviews import deciding, drawing, planning, preparing
from followups.models import Away, Calendar, Cover, Escalation, Member, SlaPolicy, Team, Ticket
from followups.models.tickets import TicketState
from followups.reports.exports import asking
from followups.reports.exports.files import Format
from followups.reports.metrics import reporting_day
from followups.together import begin, chosen
from followups.viewing import Viewer
from nps_loop import links
from nps_loop.jobs.models import Job
from nps_loop.jobs.running import run_waiting
from nps_loop.mail.inbound import keeping
from nps_loop.mail.models import Attachment, Inbound, Message
from nps_loop.people.lapsed_forms import Lapsed
from nps_loop.people.models import User
from surveys.asking import answering
from surveys.models import Contact, Touchpoint
from tests.factories import DAY, make_invitation, make_survey
from tests.followups.loop_pages import pages as loop_pages
from tests.surveys.asking.links_to import open_page_of, page_of

NOWHERE = "/no-such-page/"


@dataclass(frozen=True)
class Place:
    """A page. With `html` it is served in place of what the address gives: a page that no address leads to at will."""

    name: str
    path: str
    who: User | None = None
    html: str = ""


@dataclass(frozen=True)
class Cast:
    agent: User
    lead: User
    admin: User
    back_office: User


def places(cast: Cast) -> list[Place]:
    return [*_public(cast), *_work(cast), *_tickets(cast), *_overview(cast), *_rules(cast), *_importing(cast)]


def _public(cast: Cast) -> Iterator[Place]:
    yield Place("login", "/login/")
    for name in ("400", "403", "403_csrf", "404", "500"):
        yield Place(f"error-{name}", NOWHERE, html=render_to_string(f"{name}.html"))
    lapsed = Lapsed(
        "/tickets/1/note/", [("version", "3"), ("text", "Rang twice, and nobody was there.\nNext try on Tuesday.")]
    )
    yield Place("error-lapsed", NOWHERE, html=render_to_string("403_csrf.html", {"lapsed": lapsed}))
    request = RequestFactory().get("/loop/token/")
    for variant, page in loop_pages().items():
        with translation.override(page.language):
            html = render_to_string("followups/loop/page.html", {"page": page}, request=request)
        yield Place(f"loop-{variant}", NOWHERE, html=html)
    with translation.override("de"):
        html = render_to_string("followups/loop/page.html", {"page": loop_pages("de")["resolved"]}, request=request)
    yield Place("loop-resolved-de", NOWHERE, html=html)
    mail = Message.objects.exclude(recipient="").order_by("pk").first()
    if mail is not None:
        token = links.make("unsubscribe", mail.pk, 0)
        yield Place("unsubscribe", f"/unsubscribe/{token}/")
        kept = Client().post(f"/unsubscribe/{token}/", {"preferences": "1", "stream": ["surveys", "news"]})
        yield Place("unsubscribe-saved", NOWHERE, html=kept.content.decode())
    yield Place("unsubscribe-unknown", "/unsubscribe/nothing/")
    yield Place("loop-unknown", "/loop/nothing/")
    yield from _surveys(cast)
    yield Place("api-docs", "/api/docs/")
    yield Place("locked-out", NOWHERE, html=render_to_string("registration/locked_out.html", {"minutes": 15}))


def _surveys(cast: Cast) -> Iterator[Place]:
    """Every page a customer answers on, and the ones a lead sets it up on."""
    drivers = [
        {"code": f"d{n}", "label": {"en": words}} for n, words in enumerate(("Being kept informed", "The price"))
    ]
    now = timezone.now()
    survey = make_survey("After delivery", drivers=drivers)
    asked, scored, done = (make_invitation(survey=survey, expires_at=now + DAY) for _ in range(3))
    answering.answer(scored, answering.Said(score=3, is_finished=False), now=now)
    answering.answer(done, answering.Said(score=3, why="I mind silence.", contact_me=True), now=now)
    for language in ("en", "de"):
        yield Place(f"survey-{language}", f"{page_of(asked)}?language={language}")
        yield Place(f"survey-tapped-{language}", f"{page_of(asked)}?score=3&language={language}")
    yield Place("survey-more", f"{page_of(scored)}?page=more")
    yield Place("survey-thanks", page_of(done))
    yield Place("survey-again", f"{page_of(done)}?page=again")
    refused = Client().post(page_of(asked), {"send": "all", "phone": "1" * 50, "why": "Kept."}).content.decode()
    yield Place("survey-refused", page_of(asked), html=refused)
    yield Place("survey-open", open_page_of(survey))
    yield Place("survey-unknown", "/survey/nothing/")
    yield Place("survey-as-colleague", page_of(asked), cast.agent)
    yield Place("surveys", "/surveys/", cast.lead)
    yield Place("survey-new", "/surveys/new/", cast.lead)
    yield Place("survey-set-up", f"/surveys/{survey.pk}/", cast.lead)
    yield Place("survey-wording", f"/surveys/{survey.pk}/wording/de/", cast.lead)
    yield Place("survey-preview", f"/surveys/{survey.pk}/preview/en/", cast.lead)
    secret = _logged_in(cast.lead).post(f"/surveys/{survey.pk}/secret/").content.decode()
    yield Place("survey-secret", f"/surveys/{survey.pk}/", cast.lead, html=secret)


def _work(cast: Cast) -> Iterator[Place]:
    yield Place("day", "/", cast.agent)
    yield Place("day-of-nobody", "/day/", cast.admin)
    yield Place("queue", "/queue/", cast.agent)
    for view in ("late", "today", "waiting", "snoozed", "unassigned"):
        yield Place(f"queue-{view}", f"/queue/?view={view}", cast.agent)
    yield Place("queue-team", "/queue/?view=team", cast.lead)
    yield Place("views", "/views/", cast.agent)
    yield Place("view-to-save", "/views/?page=tickets&query=band%3Ddetractor%26q%3Dinvoice", cast.agent)
    yield Place("view-not-to-save", "/views/?page=queue&query=view%3Dnonsense", cast.agent)
    yield Place("queue-none-found", "/queue/?q=zzzzz", cast.agent)
    yield Place("queue-of-nobody", "/queue/", cast.admin)
    yield Place("actions", "/actions/", cast.agent)
    yield Place("actions-back-office", "/actions/", cast.back_office)
    yield Place("actions-done", "/actions/?view=done", cast.agent)
    yield Place("actions-none", "/actions/", cast.admin)
    yield Place("tickets", "/tickets/", cast.lead)
    yield Place("tickets-none-found", "/tickets/?q=zzzzz", cast.lead)
    yield Place("invitations", "/surveys/invitations/", cast.lead)
    yield Place("invitations-none", "/surveys/invitations/?rule=merged", cast.admin)
    yield Place("suppressions", "/suppressions/", cast.lead)
    yield Place("suppressions-none", "/suppressions/?q=zzzzz", cast.lead)
    yield Place("fairness", "/team/fairness/", cast.lead)
    yield Place("fairness-of-all", "/team/fairness/?day_from=2026-01-01", cast.admin)
    yield Place("fairness-wrong", "/team/fairness/?day_from=2026-02-01&day_to=2026-01-01", cast.lead)
    yield Place("report-goals", "/reports/goals/", cast.lead)
    yield Place("report-goals-of-all", "/reports/goals/?period=year", cast.admin)
    wrong = {"metric": "nps", "team": "no-such", "target": "900", "valid_from": "x"}
    html = _logged_in(cast.lead).post("/reports/goals/", wrong).content.decode()
    yield Place("report-goals-wrong", "/reports/goals/", cast.lead, html=html)
    yield Place("report-signals", "/reports/signals/", cast.lead)
    yield Place("report-signals-of-all", "/reports/signals/?period=year", cast.admin)
    yield Place("report-signals-none", "/reports/signals/?day_from=2001-01-01&day_to=2001-01-02", cast.lead)
    yield Place("report-digest", "/reports/digest/", cast.lead)
    yield Place("report-digest-monthly", "/reports/digest/?kind=monthly", cast.admin)
    yield Place("templates", "/templates/", cast.lead)
    yield Place("templates-as-agent", "/templates/", cast.agent)
    yield Place("template-new", "/templates/new/", cast.lead)
    wrong = {"name": "x", "step": "update", "language": "en", "text": "{frist_name}"}
    html = _logged_in(cast.lead).post("/templates/new/", wrong).content.decode()
    yield Place("template-wrong", "/templates/new/", cast.lead, html=html)
    yield from _mails(cast)
    yield from _absences(cast)
    yield Place("not-found-inside", "/tickets/999999999/", cast.agent)
    mine = Ticket.objects.live().filter(owner=cast.agent).exclude(state=TicketState.NEW)[:3]
    for verb in ("snooze", "assign", "note", "ask-dismissal", "join", "link", "resolve"):
        data = {"do": verb, "ticket": [ticket.pk for ticket in mine]}
        client = _logged_in(cast.agent)
        html = client.post("/queue/together/", data).content.decode()
        yield Place(f"together-{verb}", "/queue/", cast.agent, html=html)
    asked = {"do": "snooze", "sure": "1", "ticket": [ticket.pk for ticket in mine], "until": "2020-01-01T09:00"}
    yield Place("together-done", _logged_in(cast.agent).post("/queue/together/", asked)["Location"], cast.agent)
    rows = chosen(Viewer.of(cast.agent), list(mine.values_list("pk", flat=True)) * 9, "note", now=timezone.now())
    left = begin(rows, "note", {"text": "Read."}, user=cast.agent, now=timezone.now())
    Job.objects.filter(pk=left.pk).update(state=Job.State.RUNNING, done=1)
    yield Place("together-running", f"/queue/together/{left.pk}/", cast.agent)
    yield Place("queue-view", "/queue/?view=today", cast.agent)


def _absences(cast: Cast) -> Iterator[Place]:
    now, day = timezone.now(), timedelta(days=1)
    held = Ticket.objects.live().filter(owner=cast.agent, state=TicketState.CONTACTED).order_by("-pk").first()
    if held is not None:
        current = Away.objects.create(
            user=cast.lead, starts_at=now - day, ends_at=now + 4 * day, delegate=cast.agent, note="Trade fair"
        )
        Cover.objects.create(away=current, ticket=held, absent=cast.lead, delegate=cast.agent, to=cast.agent, at=now)
        Ticket.objects.filter(pk=held.pk).update(silent_step=1, worked_at=now - 3 * day)
        yield Place("ticket-covered", f"/tickets/{held.pk}/", cast.agent)
        over = Away.objects.create(user=cast.agent, starts_at=now - 6 * day, ends_at=now - day, delegate=cast.lead)
        others = Ticket.objects.exclude(pk=held.pk).exclude(owner=None).order_by("-pk")[:2]
        for ticket, outcome in zip(others, (Cover.Outcome.BACK, Cover.Outcome.STAYED), strict=False):
            Cover.objects.create(
                away=over, ticket=ticket, absent=cast.agent, delegate=cast.lead, to=cast.lead, at=now - 6 * day,
                back_at=now - day, outcome=outcome,
            )  # fmt: skip
    yield Place("absences", "/absences/", cast.agent)
    yield Place("absences-as-lead", "/absences/", cast.lead)
    yield Place("absence-new", "/absences/new/", cast.agent)
    wrong = {"first_day": "2020-01-02", "last_day": "2020-01-01", "first_time": "x"}
    html = _logged_in(cast.agent).post("/absences/new/", wrong).content.decode()
    yield Place("absence-wrong", "/absences/new/", cast.agent, html=html)
    planned = Away.objects.filter(ends_at__gt=timezone.now()).order_by("pk").first()
    if planned is not None:
        yield Place("absence", f"/absences/{planned.pk}/", cast.admin)
    yield Place("working-week", "/working-week/", cast.agent)
    html = (
        _logged_in(cast.agent)
        .post("/working-week/", {"zone": "UTC", "monday": "09:00", "friday": "17-9"})
        .content.decode()
    )
    yield Place("working-week-wrong", "/working-week/", cast.agent, html=html)
    led = Member.objects.filter(user=cast.lead, role=Member.Role.LEAD).select_related("team").first()
    if led is not None:
        yield Place("left-alone", f"/team/{led.team.slug}/left-alone/", cast.lead)


def _tickets(cast: Cast) -> Iterator[Place]:
    """A ticket in each state and with each thing that may be the matter with it, as agent or lead sees it."""
    every = Ticket.objects.order_by("-pk")
    sets = {str(state): every.filter(state=state) for state in TicketState}
    sets |= {
        f"closed-{how}": every.filter(closed_as=how)
        for how in every.exclude(closed_as="").values_list("closed_as", flat=True).distinct().order_by("closed_as")
    }
    sets |= {
        "on_hold": every.filter(on_hold=True),
        "reopened": every.filter(cycle__gt=0, state=TicketState.ASSIGNED),
        "unassigned": every.live().filter(owner=None),
        "nobody_to_reach": every.filter(nobody_to_reach=True),
        "asked_to_dismiss": every.filter(dismissal_requests__decided_at=None, dismissal_requests__isnull=False),
    }
    for name, found in sets.items():
        ticket = found.filter(owner=cast.agent).first() or found.first()
        if ticket is None:
            continue
        mine = ticket.owner_id == cast.agent.pk and name != "asked_to_dismiss"
        who = (
            cast.agent
            if mine
            else cast.lead
            if Ticket.objects.visible_to(cast.lead).filter(pk=ticket.pk)
            else cast.admin
        )
        yield Place(f"ticket-{name}", f"/tickets/{ticket.pk}/", who)
    mine = every.filter(owner=cast.agent, state=TicketState.ASSIGNED, contact__isnull=False).first()
    if mine is not None:
        yield Place("ticket-considered", f"/tickets/{mine.pk}/considered/", cast.agent)
        client = _logged_in(cast.agent)
        stale = client.post(
            f"/tickets/{mine.pk}/log-contact/",
            {"version": "0", "channel": "phone", "outcome": "spoke", "note": "Wants to know who reads the case."},
        )
        yield Place("ticket-stale", f"/tickets/{mine.pk}/", cast.agent, html=stale.content.decode())
        wrong = client.post(f"/tickets/{mine.pk}/add-action/", {"version": str(mine.version)})
        yield Place("ticket-errors", f"/tickets/{mine.pk}/", cast.agent, html=wrong.content.decode())
        data = {"version": str(mine.version), "body": "You have the list by Friday 27 November.", "preview": "1"}
        seen = client.post(f"/tickets/{mine.pk}/send-message/", data)
        yield Place("ticket-preview", f"/tickets/{mine.pk}/", cast.agent, html=seen.content.decode())
        yield Place("ticket-draft", f"/tickets/{mine.pk}/?do=send-message", cast.agent)
        kept = Client().post(f"/tickets/{mine.pk}/send-message/", data).content.decode()
        yield Place("login-keeps-words", NOWHERE, html=kept)
        yield Place("contact", f"/contacts/{mine.contact_id}/", cast.agent)
        yield Place("contact-as-lead", f"/contacts/{mine.contact_id}/", cast.lead)
        yield Place("merge-search", f"/contacts/{mine.contact_id}/merge/", cast.admin)
        yield Place("export", f"/contacts/{mine.contact_id}/export/", cast.admin)
        erase = f"/contacts/{mine.contact_id}/erase/"
        yield Place("erase", erase, cast.admin)
        yield Place("erase-unsure", erase, cast.admin, html=_logged_in(cast.admin).post(erase).content.decode())
        yield Place("merge-none-found", f"/contacts/{mine.contact_id}/merge/?q=zzzzz", cast.admin)
        yield Place("merge-refused", f"/contacts/{mine.contact_id}/merge/?with={mine.contact_id}", cast.admin)
        twin = Contact.objects.exclude(pk=mine.contact_id).filter(merged_into=None, erased_at=None).earliest("pk")
        yield Place("merge-look", f"/contacts/{mine.contact_id}/merge/?with={twin.pk}", cast.admin)
        yield Place("whose-answer", f"/responses/{mine.response_id}/whose/", cast.admin)
        if mine.account_id:
            visit = f"/accounts/{mine.account_id}/visit/"
            yield Place("account", f"/accounts/{mine.account_id}/", cast.agent)
            yield Place("visit", visit, cast.agent)
            late = {"channel": "visit", "outcome": "spoke", "ticket": mine.pk, "seen": f"{mine.pk}:0"}
            refused = client.post(visit, late | {"note": "Sat together for an hour."})
            yield Place("visit-refused", visit, cast.agent, html=refused.content.decode())
    at_work = every.filter(owner=cast.agent, state=TicketState.IN_ACTION).first()
    if at_work is not None:
        yield Place("ticket-ask-and-wait", f"/tickets/{at_work.pk}/?do=wait", cast.agent)
        yield Place("ticket-resolve", f"/tickets/{at_work.pk}/?do=resolve", cast.agent)
    limited = every.filter(actions__owner=cast.back_office).exclude(owner=cast.back_office).first()
    if limited is not None:
        yield Place("ticket-limited", f"/tickets/{limited.pk}/", cast.back_office)


def _overview(cast: Cast) -> Iterator[Place]:
    yield Place("team", "/team/", cast.lead)
    for name in ("set-up", "calendars", "calendar-new", "policies", "policy-new"):
        yield Place(name, reverse(name), cast.lead)
    calendar, policy = Calendar.objects.order_by("pk")[0], SlaPolicy.objects.order_by("pk")[0]
    yield Place("calendar", reverse("calendar", args=[calendar.slug]), cast.lead)
    yield Place("policy", reverse("policy", args=[policy.slug]), cast.lead)
    owed = Ticket.objects.filter(deadlines__clock=SlaPolicy.Clock.TEAM).order_by("pk").first()
    if owed is not None:
        yield Place("ticket-due", reverse("ticket-due", args=[owed.pk]), cast.admin)
    yield from _escalations(cast)
    yield from _reviews(cast)
    yield Place("reports", "/reports/", cast.lead)
    yield Place("reports-as-agent", "/reports/", cast.agent)
    today = timezone.now().date().isoformat()
    yield Place("reports-few", f"/reports/?day_from={today}&day_to={today}", cast.lead)
    for name in ("closure", "times", "causes", "people", "touchpoints", "accounts"):
        yield Place(f"report-{name}", reverse(f"report-{name}"), cast.lead)
    yield Place("report-closure-by-person", f"{reverse('report-closure')}?by=person&compare=year", cast.admin)
    yield Place("report-nothing", f"{reverse('report-causes')}?day_from={today}&day_to={today}", cast.agent)
    yield Place("report-answers", reverse("report-answers"), cast.lead)
    yield from _exports(cast)
    yield Place("report-promises", reverse("report-promises"), cast.lead)
    yield Place("mailbox", "/mailbox/", cast.lead)
    yield Place("mailbox-none", "/mailbox/?q=zzzzz", cast.lead)
    for state in Message.objects.values_list("state", flat=True).distinct().order_by("state"):
        mail = Message.objects.filter(state=state).order_by("pk").last()
        yield Place(f"mail-{state}", f"/mailbox/{mail.pk}/", cast.admin)


def _reviews(cast: Cast) -> Iterator[Place]:
    """One that was held and decided something, the next one with loops drawn for it, and forms that were refused."""
    now = timezone.now()
    today = reporting_day(now)
    many = Ticket.objects.visible_to(cast.lead).exclude(response__touchpoint=None)
    commonest = many.order_by().values("response__touchpoint").annotate(n=Count("pk")).order_by("-n").first()
    if commonest is None:
        return
    point = Touchpoint.objects.get(pk=commonest["response__touchpoint"])
    for team in Team.objects.led_by(cast.lead).filter(takes_tickets=True):
        team.touchpoints.add(point)
    days = {"touchpoint": point, "people": [cast.lead, cast.agent, cast.back_office], "by": cast.lead}
    met = now - 30 * DAY
    last = planning.plan(
        day_from=today - 120 * DAY, day_to=today - 31 * DAY, meeting_on=reporting_day(met), now=met, **days
    )
    for n, owner in enumerate((cast.agent, cast.lead, cast.back_office, cast.agent)):
        deciding.decide(
            last, kind="process", what=f"Decided then, number {n}", owner=owner, due_on=today + n * DAY, by=cast.lead,
            now=met,
        )  # fmt: skip
    done, moved, dropped, _left = last.decisions.order_by("pk")
    deciding.complete(done, outcome="It is so now.", version=0, now=now)
    deciding.move(moved, due_on=today + 20 * DAY, reason="Legal texts had to be checked", version=0, now=now)
    deciding.drop(dropped, reason="It costs more than it helps", version=0, now=now)
    planning.hold(last, by=cast.lead, now=met)
    coming = planning.plan(day_from=today - 30 * DAY, day_to=today, meeting_on=today, now=now, **days)
    preparing.prepare_due(now=now)
    if (drawn := coming.draws.order_by("position").first()) is not None:
        drawing.mark(coming, drawn.pk, "unsure", by=cast.lead, now=now)
    client, path = _logged_in(cast.lead), f"/reviews/{coming.pk}/"
    yield Place("reviews", "/reviews/", cast.lead)
    yield Place("reviews-as-agent", "/reviews/", cast.agent)
    html = client.post("/reviews/", {"day_from": "2026-02-01", "day_to": "2026-01-01"}).content.decode()
    yield Place("review-plan-wrong", "/reviews/", cast.lead, html=html)
    yield Place("review", path, cast.lead)
    yield Place("review-held", f"/reviews/{last.pk}/", cast.lead)
    yield Place("review-as-agent", path, cast.agent)
    yield Place("review-as-guest", path, cast.back_office)
    html = client.post(f"{path}decide/", {"what": "Something"}).content.decode()
    yield Place("review-decide-wrong", path, cast.lead, html=html)
    late = {"reason": "Other things came first", "due_on": str(today + 30 * DAY), "version": 0}
    html = client.post(f"{path}decisions/{moved.pk}/move/", late).content.decode()
    yield Place("review-decision-stale", path, cast.lead, html=html)
    yield Place("review-edit", f"{path}edit/", cast.lead)


def _exports(cast: Cast) -> Iterator[Place]:
    """Files of long lists: none, some of every kind, one that is to be made, one that makes no sense."""
    client = _logged_in(cast.lead)
    yield Place("exports-none", reverse("exports"), cast.agent)
    client.post("/exports/tickets.csv?live=true")
    run_waiting(now=timezone.now())
    client.post("/exports/answers.xlsx")
    with patch.dict(asking.AT_ONCE, {Format.CSV: 0}):
        html = client.get("/exports/tickets.csv?live=true").content.decode()
    yield Place("exports-long", reverse("exports"), cast.lead, html=html)
    wrong = client.get("/exports/tickets.csv?state=odd&day_from=soon").content.decode()
    yield Place("exports-wrong", reverse("exports"), cast.lead, html=wrong)
    yield Place("exports", reverse("exports"), cast.lead)
    yield Place("exports-of-all", reverse("exports"), cast.admin)


def _rules(cast: Cast) -> Iterator[Place]:
    client = _logged_in(cast.lead)
    yield Place("rules", "/rules/", cast.lead)
    yield Place("rules-first-version", "/rules/1/", cast.lead)
    asked = {"score": "3", "contact_me": "yes", "language": "en", "words": "We waited eleven days. Ask my lawyer."}
    yield Place("rules-tried", "/rules/", cast.lead, html=client.post("/rules/", asked).content.decode())
    wrong = client.post("/rules/", {"score": "11", "account": "No such company"})
    yield Place("rules-tried-wrong", "/rules/", cast.lead, html=wrong.content.decode())
    yield Place("rule-new", "/rules/new/", cast.lead)
    more = {"priority": "urgent", "edits": "", "owner_first": "on", "team": "", "policy_slug": "", "contact_me": ""}
    rule = {
        "name": "Key accounts first",
        "kind": "open",
        "bands": ["detractor", "passive"],
        "other_segments": "Key account",
    }
    draft = client.post("/rules/new/", rule | more)["Location"]
    for edits in range(1, 5):
        client.post("/rules/move/", {"up": "key-accounts-first", "edits": edits})
    begun = client.post(f"{draft}replay/", {"days": "30"})["Location"]
    run_waiting(now=timezone.now())
    yield Place("rules-replayed", begun, cast.lead)
    yield Place("rules-draft", draft, cast.lead)
    yield Place("rules-beside-a-draft", "/rules/", cast.lead)
    yield Place("rule-edit", "/rules/edit/key-accounts-first/", cast.lead)
    bad = client.post("/rules/new/", rule | more | {"name": "", "kind": "hold", "value_from": "9", "value_to": "1"})
    yield Place("rule-wrong", "/rules/new/", cast.lead, html=bad.content.decode())
    waits = client.post(f"{draft}replay/", {"days": "90"})["Location"]
    number = int(waits.rstrip("/").rpartition("/")[2])
    Job.objects.filter(pk=number).update(state=Job.State.RUNNING, done=1)
    yield Place("rules-replaying", waits, cast.lead)


def _escalations(cast: Cast) -> Iterator[Place]:
    """As the sweep left them, one that somebody looks after, and the ladder of a policy."""
    yield Place("escalations", "/escalations/", cast.lead)
    yield Place("escalations-as-admin", "/escalations/", cast.admin)
    mine = Escalation.objects.filter(ticket__in=Ticket.objects.visible_to(cast.lead), level="late")
    if (one := mine.filter(told_at__isnull=False).order_by("-pk").first()) is not None:
        yield Place("escalation", f"/escalations/{one.pk}/", cast.lead)
        yield Place("ticket-escalated", f"/tickets/{one.ticket_id}/", cast.lead)
    policy = SlaPolicy.objects.filter(is_active=True).order_by("position").first()
    if policy is not None:
        yield Place("ladder", f"/policies/{policy.pk}/ladder/", cast.lead)
        client = _logged_in(cast.lead)
        formset = client.get(f"/policies/{policy.pk}/ladder/").context["formset"]
        wrong = {bound.html_name: bound.value() for bound in formset.management_form}
        for step in formset.initial_forms:
            wrong |= {bound.html_name: bound.value() for bound in step if bound.value() or bound.value() == 0}
        wrong |= {"form-0-who": "address", "form-0-number": "101", "form-0-span": "percent"}
        html = client.post(f"/policies/{policy.pk}/ladder/", wrong).content.decode()
        yield Place("ladder-wrong", f"/policies/{policy.pk}/ladder/", cast.lead, html=html)


FILE = """How likely are you to recommend us?,Why?,E-mail,Date,Plan
3,The driver app loses its stops.,ana@client-one.com,2026-11-02,gold
9,Quick and friendly.,bo@client-two.com,2026-11-13,gold
eleven,No number here.,cy@client-three.com,2026-11-14,silver
7,,dee@client-four.com,2026-11-15,silver
"""


def _importing(cast: Cast) -> Iterator[Place]:
    client = _logged_in(cast.admin)

    def upload(content: bytes) -> int:
        file = SimpleUploadedFile("autumn.csv", content, content_type="text/csv")
        answer = client.post("/import/", {"file": file, "source": "", "new_source": "Autumn survey"})
        assert answer.status_code == 302, answer.content.decode()
        return int(answer["Location"].rstrip("/").rpartition("/")[2])

    def go(job: int, do: str) -> None:
        page = client.get(f"/import/{job}/")
        form = page.context["form"]
        data = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
        columns = {f"column_{column.index}": column.meaning for column, _ in page.context["columns"]}
        begun = client.post(f"/import/{job}/begin/", {**data, **columns, "do": do})
        assert begun.status_code == 302, begun.context["form"].errors

    yield Place("import-unreadable", f"/import/{upload(b'name,age' + chr(10).encode() + b'a,3')}/", cast.admin)
    yield Place("import-columns", f"/import/{upload(FILE.encode())}/", cast.admin)
    tried, done, waits = (upload(FILE.encode()) for _ in range(3))
    go(tried, "try")
    go(done, "import")
    run_waiting(now=timezone.now())
    go(waits, "import")
    yield Place("import-tried", f"/import/{tried}/", cast.admin)
    yield Place("import-result", f"/import/{done}/", cast.admin)
    yield Place("import-progress", f"/import/{waits}/", cast.admin)
    yield Place("import", "/import/", cast.admin)


def _mails(cast: Cast) -> Iterator[Place]:
    client = _logged_in(cast.lead)
    words = {
        "kind": "acknowledgement",
        "language": "en",
        "subject": "It has arrived",
        "opening": "Rest assured, {name}.",
    }
    draft = client.post("/mails/new/", words)["Location"].partition("#")[0]
    yield Place("mails", "/mails/", cast.lead)
    yield Place("mail-new", "/mails/new/?kind=delay&language=de", cast.lead)
    yield Place("mail-new-wrong", "/mails/new/", cast.lead, html=client.post("/mails/new/", {}).content.decode())
    yield Place("mail-draft", draft, cast.lead)
    in_force = client.post("/mails/new/", words | {"kind": "reopened"})["Location"].partition("#")[0]
    client.post(f"{in_force}put-in-force/", {"edits": "1"})
    yield Place("mail-in-force", in_force, cast.lead)
    yield from _incoming(cast)


def _incoming(cast: Cast) -> Iterator[Place]:
    """What came in: nothing yet, then a mail that was set aside with a file that was kept and one that was not."""
    Inbound.objects.all().delete()
    empty = _logged_in(cast.lead).get("/mailbox/in/").content.decode()
    yield Place("incoming-none", "/mailbox/in/", cast.lead, html=empty)
    row = Inbound.objects.create(
        digest="0" * 64,
        route="imap",
        kind=Inbound.Kind.FOREIGN,
        state=Inbound.State.QUARANTINED,
        reason="It was not sent to the signed address of a case.",
        from_name="Joost van Dijk",
        from_address="a.quite.long.name.of.somebody@a-quite-long-name-of-a-company.example",
        subject="Re: Your answer has arrived",
        words="It leaks again.",
        text="It leaks again.\n\nOn Friday we wrote:\n> Your answer has arrived.",
        received_at=timezone.now(),
    )
    kept = keeping.write(b"A picture of a leak.", "bin")
    Attachment.objects.create(inbound=row, name="leak.jpg", content_type="image/jpeg", size=90_000, stored_as=kept)
    Attachment.objects.create(
        inbound=row, name="film.mp4", content_type="video/mp4", size=90_000_000, reason="Not kept: larger than 10 MB."
    )
    yield Place("incoming", "/mailbox/in/", cast.lead)
    yield Place("incoming-mail", f"/mailbox/in/{row.pk}/?view=all", cast.admin)


def _logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def named(found: list[Place], wanted: str) -> list[Place]:
    """Those of `found` whose names are asked for: "queue,ticket-*"; all of them where nothing is asked."""
    asked: list[str] = [name for name in wanted.split(",") if name]

    def fits(place: Place) -> bool:
        return any(place.name == name or (name.endswith("*") and place.name.startswith(name[:-1])) for name in asked)

    return [place for place in found if not asked or fits(place)]
