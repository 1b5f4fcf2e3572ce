"""What /tickets/<number>/ shows, worked out from rows that were read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.translation import gettext

from followups import canned, escalations_page, ticket_rows
from followups.clocks import WARN_BEFORE
from followups.dates_in_words import PromisedDay
from followups.forms import FORMS, ActionForm, Desk, LinkForm, ResolveForm, SplitForm, VerbForm
from followups.models import Action
from followups.models.tickets import TicketState
from followups.next_step import ABOUT_ACTIONS, NextStep, next_step, why_no_mail
from followups.permissions import WORKING
from followups.presence import looking_in_words
from followups.ticket_page import aside, kept
from followups.ticket_page.case import Case, find, read, unhappy_at_account
from followups.ticket_page.comparing import Conflict
from followups.ticket_page.owner import Why, why_follows, why_owner
from followups.ticket_page.stepper import Step, steps
from followups.ticket_page.timeline import Entry, timeline, was_kept
from followups.ticket_page.told import Stage, stages
from followups.viewing import Days, customer_without_name, time_left
from followups.why_here import Sum, why_here
from followups.workflow.ending import nobody_reached
from followups.workflow.table import Offer, offers
from nps_loop.mail.models import Message
from surveys.models import Response
from surveys.quoting import display, quote
from surveys.scoring import Band

__all__ = ["Case", "Conflict", "TicketPage", "find", "read"]

# The folds in the order of a case; what comes after "more" is needed rarely.
FOLDS = ("log-contact", "add-action", "send-message", "resolve")
RARER = (
    "log-reply",
    "wait",
    "delay",
    "assign",
    "release",
    "snooze",
    "ask-dismissal",
    "hold",
    "reopen",
    "agree-to-differ",
    "leave-in-peace",
    "join",
    "split",
    "link",
)
# What goes out by mail, and so needs somebody who may be written to.
BY_MAIL = ("send-message", "wait", "delay")


@dataclass(frozen=True, slots=True)
class Promise:
    """An action with its three forms, where they are open to this person."""

    action: Action
    kept: bool | None
    moves: int
    forms: dict[str, VerbForm]


@dataclass
class TicketPage:
    """The page. `bound` is a form that came back; `opened` the verb whose fold is open."""

    case: Case
    desk: Desk
    opened: str = ""
    only: str = ""
    bound: VerbForm | None = None
    refusal: str = ""
    conflict: Conflict | None = None
    preview: Mapping[str, Any] = field(default_factory=dict)
    # What a form starts with instead of its draft: a template put in, a date found in a mail. By verb.
    filled: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.case.now

    # Who and what ------------------------------------------------------------------------------------------------

    @cached_property
    def name(self) -> str:
        ticket = self.case.ticket
        if ticket.contact and self.case.sees_name:
            return str(ticket.contact)
        if ticket.contact is None:
            return gettext("Nobody known")
        response = ticket.response
        return customer_without_name(response.segment if response else "", response.region if response else "")

    @cached_property
    def short_name(self) -> str:
        return self.desk.customer if self.case.sees_name else gettext("the customer")

    @cached_property
    def words(self) -> str:
        ticket = self.case.ticket
        return display(ticket.response.verbatim) if ticket.response and self.case.sees_words else ""

    @property
    def renews_in(self) -> int | None:
        return ticket_rows.renews_in(self.case.ticket, self.now)

    @property
    def placed(self) -> Sum | None:
        """Why it stands where it stands in the queue."""
        return why_here(self.case.ticket, self.now)

    # What to do --------------------------------------------------------------------------------------------------

    @cached_property
    def offers(self) -> dict[str, Offer]:
        return offers(self.case.ticket, self.case.roles)

    @cached_property
    def step(self) -> NextStep:
        return next_step(self.case.ticket, self.case.known, self.case.viewer, now=self.now)

    @cached_property
    def steps(self) -> list[Step]:
        return steps(self.case)

    @property
    def is_full_brief(self) -> bool:
        """Before somebody reaches out, the fifteen seconds stand above the number."""
        return self.step.verb in ("log-contact", "send-message")

    @property
    def may_delay(self) -> bool:
        """Whether what the customer was told ends soon, or is over, and a mail can say so: then it goes first."""
        promised = self.case.ticket.promised_at
        in_danger = promised is not None and promised - WARN_BEFORE <= self.now
        return in_danger and self.offers["delay"].is_open and not self._speaks_against("delay")

    @cached_property
    def escalated(self) -> list[escalations_page.Case]:
        """What is late and was told, or somebody looks after. One query, two where there are any."""
        running = [row for row in self.case.current_deadlines if row.is_open] if self.case.ticket.is_live else []
        for row in running:
            row.ticket = self.case.ticket
        found = escalations_page.cases_of(running, self.case.viewer) if running else []
        return [each for each in found if each.acknowledged or (each.first and each.deadline.binding_at < self.now)]

    @cached_property
    def wrote_last(self) -> str:
        """What the customer wrote after the answer, where that came last."""
        later = [row for kind in ("verdict", "reply") for row in self.case.of_kind(kind) if row.text]
        return display(max(later, key=lambda row: row.at).text) if later and self.case.sees_words else ""

    @cached_property
    def quoted(self) -> str:
        """Their newest words, in a sentence or two."""
        return quote(self.wrote_last or self.words, 140)

    @cached_property
    def last_promise(self) -> tuple[str, str]:
        return aside.last_promise(self.case)

    @cached_property
    def unhappy(self) -> list[tuple[Response, str]]:
        """Others there, each with the name this person may read."""
        return [(answer, self.case.viewer.name_behind(answer)) for answer in unhappy_at_account(self.case)][:2]

    @cached_property
    def forms(self) -> dict[str, VerbForm]:
        """The forms of what this person may do now, by verb with underscores; the one that came back among them."""
        found: dict[str, VerbForm] = {}
        for verb, form in FORMS.items():
            if self.bound is not None and self.bound.verb == verb and not isinstance(self.bound, ActionForm):
                found[verb] = self.bound
            elif self._speaks_against(verb):
                continue
            elif self.offers[verb].is_open and not issubclass(form, ActionForm):
                more: dict[str, Any] = {"actions": self.case.open_actions} if form is ResolveForm else {}
                found[verb] = self._begun(form(desk=self.desk, **more))
        if self.case.open_request is None and self.bound is None:
            found.pop("decide-dismissal", None)
        if isinstance(split := found.get("split"), SplitForm):
            named = self.case.viewer.name_behind
            people = [answer.contact for answer in self.case.at_account if answer.contact and named(answer)]
            split.offer(people)
            if not people and self.bound is None:
                found.pop("split")
        if isinstance(linking := found.get("link"), LinkForm):
            linking.offer(self.case.initiatives_to_link)
        return {verb.replace("-", "_"): form for verb, form in found.items()}

    def _begun(self, form: VerbForm) -> VerbForm:
        """The form with what was typed before, or with what was just put into it."""
        if form.verb in self.filled:
            form.fill(self.filled[form.verb])
        elif draft := self.drafts.get(form.verb):
            form.fill(draft.typed)
            form.kept_at = draft.at
        return form

    @cached_property
    def drafts(self) -> dict[str, kept.Kept]:
        return kept.drafts(self.case)

    @cached_property
    def templates(self) -> dict[str, list[tuple[str, list[canned.Offered]]]]:
        """What each form may begin from, by verb with underscores."""
        return {verb.replace("-", "_"): kept.templates(self.case, verb) for verb in canned.STEPS}

    @cached_property
    def lacking(self) -> list[str]:
        """What has to happen before the customer can be asked, said before somebody fills in the form."""
        case, ticket = self.case, self.case.ticket
        done = any(action.state == Action.State.DONE for action in case.current_actions)
        needs_action = ticket.band != Band.PASSIVE and not done
        if ticket.state == TicketState.ASSIGNED:
            if not nobody_reached(ticket, case.attempts):
                return []
            return [gettext("a first contact"), *([gettext("an action that is done")] if needs_action else [])]
        if needs_action and ticket.state in (TicketState.CONTACTED, TicketState.IN_ACTION) and not case.open_actions:
            return [gettext("an action that is done, or a talk that settled it")]
        return []

    @property
    def looking(self) -> str:
        """Who else has it open at this moment, in words; empty where nobody has."""
        return looking_in_words([row.by for row in self.case.of_kind("looking")])

    @cached_property
    def promises(self) -> list[Promise]:
        """Actions of the present cycle; open ones with their forms."""
        return [self._promise(action) for action in self.case.current_actions]

    def _promise(self, action: Action) -> Promise:
        forms: dict[str, VerbForm] = {}
        mine = action.owner_id == self.case.viewer.user.pk
        for verb in ABOUT_ACTIONS:
            if isinstance(self.bound, ActionForm) and self.bound.verb == verb and self.bound.about == action.pk:
                forms[verb.replace("-", "_")] = self.bound
            elif action.state == Action.State.OPEN and self.offers[verb].is_open and (mine or self.works):
                form: type[VerbForm] = FORMS[verb]
                made = form(desk=self.desk, action=action)
                # One draft a form: it belongs to the action it was begun for.
                draft = self.drafts.get(verb)
                begun = draft is not None and draft.typed.get("action") == str(action.pk)
                forms[verb.replace("-", "_")] = self._begun(made) if begun else made
        moves = sum(1 for row in self.case.of_kind("move") if row.number == action.pk)
        return Promise(action, was_kept(action), moves, forms)

    @property
    def works(self) -> bool:
        return bool(self.case.roles & WORKING)

    @cached_property
    def open_fold(self) -> str:
        """The fold that stands open: the one that came back, the one asked for, or the next step's."""
        if self.bound is not None:
            return self.bound.verb
        if self.opened in self.offers:
            return self.opened
        if (begun := kept.newest(self.drafts)) and begun.replace("-", "_") in self.forms:
            return begun
        return self.step.verb if self.step.verb in FOLDS else ""

    @cached_property
    def not_now(self) -> list[Offer]:
        """What state or role does not allow, each with its sentence."""
        shown = [self.offers[verb] for verb in (*FOLDS, *RARER) if verb.replace("-", "_") not in self.forms]
        told = [replace(offer, why_not=offer.why_not or self._speaks_against(offer.name)) for offer in shown]
        return [offer for offer in told if offer.why_not]

    def _speaks_against(self, verb: str) -> str:
        """What the rows of the page say against a verb that state and role allow, as the workflow would say it."""
        if verb in BY_MAIL:
            return self._why_no_mail
        ticket = self.case.ticket
        if verb == "snooze" and (reason := ticket_rows.stays_in_sight(ticket, self.now)):
            return reason
        if verb == "agree-to-differ" and not any(row.code == "not_yet" for row in self.case.of_kind("verdict")):
            return gettext(self.offers[verb].verb.elsewhere)
        return ""

    @cached_property
    def _why_no_mail(self) -> str:
        return why_no_mail(self.case.ticket, now=self.now)

    # Mails on their way -----------------------------------------------------------------------------------------

    @property
    def waiting_mails(self) -> list[Message]:
        """Mails of this person that wait to leave: each can be taken back until then."""
        return kept.waiting_mails(self.case)

    @cached_property
    def promised_days(self) -> list[PromisedDay]:
        """Days the newest mail promises something by, and no action does yet."""
        return kept.promised_days(self.case) if self.works and self.case.sees_words else []

    def promise(self, day: str) -> None:
        """Begin the form of an action with what a mail promised for this day (as in an address)."""
        found = next((row for row in self.promised_days if row.day.isoformat() == day), None)
        if found is not None:
            typed = {"title": found.sentence, "due_on": day, "part": found.part, "tell_customer": "on"}
            self.filled = {**self.filled, "add-action": typed}

    @cached_property
    def stranded(self) -> list[kept.Stranded]:
        """Drafts of this person whose form is not open any more: to be read, copied and thrown away."""
        return kept.stranded(self.drafts, set(self.forms) | {verb.replace("-", "_") for verb in ABOUT_ACTIONS})

    @property
    def may_follow(self) -> bool:
        """The owner hears of everything anyway."""
        return self.works and self.case.ticket.owner_id != self.case.viewer.user.pk

    @property
    def follows(self) -> bool:
        return any(row.number == self.case.viewer.user.pk for row in self.case.watchers)

    # What happened -----------------------------------------------------------------------------------------------

    @cached_property
    def timeline(self) -> list[Entry]:
        return timeline(self.case, self.only)

    # Beside it ---------------------------------------------------------------------------------------------------

    @cached_property
    def arithmetic(self) -> aside.Arithmetic | None:
        return aside.why_due(self.case)

    @cached_property
    def why_owner(self) -> Why:
        return why_owner(self.case)

    @cached_property
    def followed_by(self) -> list[str]:
        return [why_follows(row) for row in self.case.watchers]

    @cached_property
    def told(self) -> list[Stage]:
        return stages(self.case)

    @cached_property
    def scores(self) -> aside.Scores | None:
        return aside.scores(self.name, self.case.own_answers)

    @cached_property
    def about_contact(self) -> str:
        contact = self.case.ticket.contact
        return aside.about_contact(contact, self.now) if contact else ""

    @cached_property
    def speaks_for(self) -> str:
        """Whom a partner answered for, and from where; empty where customers speak for themselves."""
        contact, account, response = self.case.ticket.contact, self.case.ticket.account, self.case.ticket.response
        if contact is None or account is None or response is None or response.answered_for_id is None:
            return ""
        if contact.account is None:
            return gettext("Speaks here for %(account)s.") % {"account": account.name}
        words = {"own": contact.account.name, "account": account.name}
        return gettext("Of %(own)s, speaks here for %(account)s.") % words

    @cached_property
    def time_there(self) -> str:
        contact = self.case.ticket.contact
        return aside.time_there(contact, self.now) if contact else ""

    @cached_property
    def earlier(self) -> list[tuple[Response, str]]:
        """What the same person said before that opened a ticket, with what became of it. The scores stand above."""
        own = self.case.ticket.response_id
        told = [answer for answer in self.case.own_answers if answer.pk != own and hasattr(answer, "ticket")]
        return [(answer, aside.how_it_went(answer)) for answer in told][:4]

    @cached_property
    def others_there(self) -> list[tuple[Response, str, str]]:
        """Others there with the name this person may read, and what became of their answer."""
        named = self.case.viewer.name_behind
        return [(answer, named(answer), aside.how_it_went(answer)) for answer in self.case.at_account][:4]

    @cached_property
    def due(self) -> tuple[datetime | None, object]:
        """Due time and what is left of it, as the clock takes them."""
        ticket = self.case.ticket
        if ticket.due_at is None or not ticket.is_live or ticket.state == TicketState.WAITING_ON_CUSTOMER:
            return None, None
        calendar = ticket.team.calendar if ticket.team else None
        days = Days.around(self.now, calendar)
        left = time_left(self.now, ticket.due_at, days, calendar) if ticket.due_at >= self.now else None
        return ticket.due_at, left
