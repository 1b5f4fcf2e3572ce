"""Each verb: works; refused, and then nothing is sent and nothing changes; done twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from followups import workflow
from followups.actors import Actor
from followups.assignment import assign_waiting
from followups.models import Action, Event, RootCause, Ticket
from followups.opening import open_awaiting
from followups.refusals import Forbidden, Incomplete, NotAllowed, Refused, Stale
from followups.reports.metrics import ReportFilters, closure_report
from nps_loop.mail import suppression
from nps_loop.mail.models import Message, Stream
from nps_loop.people.models import User
from surveys.models import Contact
from tests.factories import NOW, make_away, make_contact, make_response, make_team, make_user

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Verb = Callable[..., Ticket]


def do(verb: Verb, ticket: Ticket, by: User, **arguments: Any) -> Ticket:
    ticket.refresh_from_db()
    return verb(ticket, actor=Actor.person(by), now=NOW, **{"version": ticket.version, **arguments})


def refused(kind: type[Refused], verb: Verb, ticket: Ticket, by: User, **arguments: Any) -> Any:
    """The refusal, after checking that nothing was written and nothing queued."""

    def counts() -> tuple[int, int, int]:
        ticket.refresh_from_db()
        return ticket.version, Event.objects.count(), Message.objects.count()

    before = counts()
    with pytest.raises(kind) as caught:
        do(verb, ticket, by, **arguments)
    assert counts() == before
    return caught.value


# --- contact -----------------------------------------------------------------------------------------------------


def test_a_try_is_counted_and_stops_no_clock(case: Ticket, hanna: User) -> None:
    case = do(workflow.log_contact, case, hanna, channel="phone", outcome="no_answer", next_try_at=NOW + DAY)
    assert case.state == "assigned" and case.first_contact_at is None
    assert case.deadlines.get(target="first_contact").is_open
    assert case.snoozed_until == NOW + DAY


def test_a_next_try_never_hides_a_ticket_past_its_due_time(case: Ticket, hanna: User) -> None:
    assert case.due_at is not None
    later = case.due_at + HOUR
    case = do(workflow.log_contact, case, hanna, channel="phone", outcome="no_answer", next_try_at=later)
    assert case.snoozed_until is None


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"channel": "fax", "outcome": "spoke"}, "channel"),
        ({"channel": "phone", "outcome": "sent"}, "outcome"),
        ({"channel": "mail", "outcome": "spoke"}, "outcome"),
        ({"channel": "phone", "outcome": "spoke", "happened_at": NOW + HOUR}, "happened_at"),
        ({"channel": "phone", "outcome": "spoke", "happened_at": NOW - DAY}, "happened_at"),
        ({"channel": "phone", "outcome": "no_answer", "next_try_at": NOW - DAY}, "next_try_at"),
    ],
)
def test_a_contact_that_cannot_be_is_refused_by_field(
    case: Ticket, hanna: User, arguments: dict[str, Any], field: str
) -> None:
    assert field in refused(Incomplete, workflow.log_contact, case, hanna, **arguments).errors


def test_a_stale_version_is_refused_and_names_the_present_one(case: Ticket, hanna: User) -> None:
    do(workflow.note, case, hanna, text="Read.")
    refusal = refused(
        Stale, workflow.log_contact, case, hanna, channel="phone", outcome="spoke", version=case.version - 1
    )
    case.refresh_from_db()
    assert refusal.current_version == case.version


def test_somebody_of_another_team_may_not(case: Ticket, zoe: User) -> None:
    refused(Forbidden, workflow.log_contact, case, zoe, channel="phone", outcome="spoke")


def test_a_mail_without_words_or_to_nobody_is_refused(case: Ticket, hanna: User) -> None:
    refused(Incomplete, workflow.send_message, case, hanna, subject="", body="  ")
    assert case.contact is not None
    case.contact.email = ""
    case.contact.save()
    refused(NotAllowed, workflow.send_message, case, hanna, subject="", body="Hello.")


# --- actions -----------------------------------------------------------------------------------------------------


def test_a_promise_is_mailed_and_its_owner_gets_the_words(in_action: Ticket, ivo: User) -> None:
    action = in_action.actions.get()
    assert in_action.state == "in_action"
    assert action.first_promised_at == action.due_at
    update = Message.objects.get(kind="action_update")
    assert "Repair the imports." in update.text and "Ivo Lenz" in update.text
    notice = Message.objects.get(kind="notice_action")
    assert notice.recipient == ivo.email and "We waited eleven days" in notice.text
    assert in_action.deadlines.filter(target="next_update", met_at=None).exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"owner": None}, "owner"),
        ({"due_on": None}, "due_on"),
        ({"due_on": (NOW - DAY).date()}, "due_on"),
        ({"part": "noon"}, "part"),
    ],
)
def test_an_incomplete_promise_is_refused_by_field(
    contacted: Ticket, hanna: User, ivo: User, change: dict[str, Any], field: str
) -> None:
    whole = {"title": "Repair.", "owner": ivo, "due_on": (NOW + DAY).date()}
    assert field in refused(Incomplete, workflow.add_action, contacted, hanna, **(whole | change)).errors


def test_a_promise_before_contact_is_refused(case: Ticket, hanna: User, ivo: User) -> None:
    refused(NotAllowed, workflow.add_action, case, hanna, title="Repair.", owner=ivo, due_on=(NOW + DAY).date())


def test_the_action_owner_of_the_back_office_moves_and_completes_only_their_own(
    contacted: Ticket, hanna: User, zoe: User, ivo: User
) -> None:
    day = (NOW + 3 * DAY).date()
    do(workflow.add_action, contacted, hanna, title="Book the credit.", owner=zoe, due_on=day)
    do(workflow.add_action, contacted, hanna, title="Repair.", owner=ivo, due_on=day)
    hers, his = contacted.actions.get(owner=zoe), contacted.actions.get(owner=ivo)
    refused(Forbidden, workflow.complete_action, contacted, zoe, action=his, what_changed="Done.")
    do(
        workflow.move_action,
        contacted,
        zoe,
        action=hers,
        due_on=(NOW + 6 * DAY).date(),
        reason="The bank file is late.",
    )
    delay = Message.objects.get(kind="delay")
    assert "The bank file is late." in delay.text and delay.recipient.endswith("@nordby.example")
    assert Message.objects.filter(recipient=hanna.email, subject__startswith="A date was moved").exists()
    do(workflow.complete_action, contacted, zoe, action=hers, what_changed="The credit is booked.")
    hers.refresh_from_db()
    assert (hers.state, hers.what_changed) == ("done", "The credit is booked.")
    assert hers.first_promised_at is not None and hers.first_promised_at < hers.due_at
    assert Message.objects.filter(recipient=hanna.email, subject__startswith="Done: Book the credit").exists()
    refused(NotAllowed, workflow.complete_action, contacted, zoe, action=hers, what_changed="Again.")
    refused(Forbidden, workflow.log_contact, contacted, zoe, channel="phone", outcome="spoke")


def test_a_date_is_moved_only_with_a_reason(in_action: Ticket, ivo: User) -> None:
    action = in_action.actions.get()
    errors = refused(
        Incomplete, workflow.move_action, in_action, ivo, action=action, due_on=(NOW + 9 * DAY).date(), reason=""
    ).errors
    assert set(errors) == {"reason"}


@pytest.mark.parametrize("years", [2, 10, 7973])
def test_a_date_more_than_a_year_ahead_is_no_promise(in_action: Ticket, hanna: User, ivo: User, years: int) -> None:
    action, mails = in_action.actions.get(), Message.objects.count()
    due_on = NOW.date().replace(year=NOW.year + years)
    new = {"title": "Send the list", "owner": ivo, "due_on": due_on}
    for arguments in (new, {**new, "tell_customer": False}):
        errors = refused(Incomplete, workflow.add_action, in_action, hanna, **arguments).errors
        assert list(errors) == ["due_on"] and "until 25 November 2027." in errors["due_on"]
    moving = {"action": action, "due_on": due_on, "reason": "Later."}
    assert list(refused(Incomplete, workflow.move_action, in_action, hanna, **moving).errors) == ["due_on"]
    assert in_action.actions.get().due_at == action.due_at and Message.objects.count() == mails


def test_a_promise_may_lie_a_year_ahead(in_action: Ticket, hanna: User) -> None:
    action, due_on = in_action.actions.get(), (NOW + 365 * DAY).date()
    do(workflow.move_action, in_action, hanna, action=action, due_on=due_on, reason="With the next harvest.")
    action.refresh_from_db()
    assert action.due_at.date() == due_on


def test_an_action_of_another_ticket_is_refused(
    in_action: Ticket, open_case: Callable[..., Ticket], hanna: User
) -> None:
    other = open_case(contact=make_contact("Erik Sol", email="e@sol.example"))
    refused(NotAllowed, workflow.drop_action, other, hanna, action=in_action.actions.get(), reason="x")


# --- resolving ---------------------------------------------------------------------------------------------------


def test_resolving_names_everything_that_lacks(in_action: Ticket, hanna: User) -> None:
    errors = refused(
        Incomplete, workflow.resolve, in_action, hanna, root_cause=None, what_changed="", why_it_happened=""
    ).errors
    assert set(errors) == {"root_cause", "what_changed", "why_it_happened", "ticket"}
    assert "Repair the imports." in errors["ticket"]


def test_a_contacted_detractor_needs_an_action_that_is_done(contacted: Ticket, hanna: User, cause: RootCause) -> None:
    errors = refused(
        Incomplete, workflow.resolve, contacted, hanna, root_cause=cause, what_changed="x", why_it_happened="y"
    ).errors
    assert "an action that is done" in errors["ticket"]


def test_a_contacted_passive_is_resolved_without_one(
    open_case: Callable[..., Ticket], hanna: User, cause: RootCause
) -> None:
    case = open_case(7)
    do(workflow.log_contact, case, hanna, channel="phone", outcome="spoke")
    case = do(
        workflow.resolve, case, hanna, root_cause=cause, what_changed="Showed it.", why_it_happened="Nobody told you."
    )
    assert case.state == "resolved"


def test_the_resolution_mail_says_what_changed_what_was_left_out_and_why(
    in_action: Ticket, hanna: User, ivo: User, cause: RootCause
) -> None:
    day = (NOW + 3 * DAY).date()
    do(workflow.add_action, in_action, hanna, title="Move the depot addresses.", owner=hanna, due_on=day)
    first, second = in_action.actions.order_by("pk")
    do(workflow.complete_action, in_action, ivo, action=first, what_changed="All 14 are repaired.")
    do(workflow.drop_action, in_action, hanna, action=second, reason="You asked us to leave it until spring.")
    do(
        workflow.resolve,
        in_action,
        hanna,
        root_cause=cause,
        what_changed="Commas are read.",
        why_it_happened="We split.",
    )
    text = Message.objects.get(kind="resolution").text
    for words in ("All 14 are repaired.", "Commas are read.", "We split.", "Move the depot addresses.", "until spring"):
        assert words in text
    in_action.refresh_from_db()
    assert in_action.due_at is None


def test_without_contact_three_tries_on_two_days_are_needed(case: Ticket, hanna: User, cause: RootCause) -> None:
    arguments = {"root_cause": cause, "what_changed": "", "why_it_happened": ""}
    refused(Incomplete, workflow.resolve, case, hanna, **arguments)
    for hours in (0, 1, 25):
        workflow.log_contact(
            case, actor=Actor.person(hanna), now=NOW + hours * HOUR, version=None, channel="phone", outcome="no_answer"
        )
    case.refresh_from_db()
    case = workflow.resolve(
        case,
        actor=Actor.person(hanna),
        now=NOW + 26 * HOUR,
        version=case.version,
        **arguments,  # type: ignore[arg-type]
    )
    assert (case.state, case.told_at) == ("resolved", None)
    assert case.resolutions.get().told == "not_reached"
    assert case.deadlines.get(target="first_contact").met_at is None


def test_not_mailing_needs_a_reason(in_action: Ticket, hanna: User, ivo: User, cause: RootCause) -> None:
    do(workflow.complete_action, in_action, ivo, action=in_action.actions.get(), what_changed="Repaired.")
    whole = {"root_cause": cause, "what_changed": "x", "why_it_happened": "y", "send_mail": False}
    assert set(refused(Incomplete, workflow.resolve, in_action, hanna, **whole).errors) == {"no_mail_reason"}
    do(workflow.resolve, in_action, hanna, **whole, no_mail_reason="Told in person at the fair.")
    assert not Message.objects.filter(kind="resolution").exists()


def test_resolving_twice_is_refused(resolved: Ticket, hanna: User, cause: RootCause) -> None:
    refused(NotAllowed, workflow.resolve, resolved, hanna, root_cause=cause, what_changed="x", why_it_happened="y")


# --- ending otherwise --------------------------------------------------------------------------------------------


def test_agreeing_to_differ_takes_a_not_yet_and_another_lead(resolved: Ticket, hanna: User, tomas: User) -> None:
    refused(Forbidden, workflow.agree_to_differ, resolved, hanna, text="No.")
    refused(NotAllowed, workflow.agree_to_differ, resolved, tomas, text="We cannot change the price.")
    resolved.verdicts.create(cycle=0, choice="not_yet", text="It still costs too much.", happened_at=NOW)
    case = do(workflow.agree_to_differ, resolved, tomas, text="We cannot change the price.")
    assert (case.state, case.closed_as) == ("closed", "agreed_to_differ")
    mail = Message.objects.get(kind="agreed_to_differ")
    assert "We cannot change the price." in mail.text and "It still costs too much." in mail.text
    assert case.recovery_on is not None


def test_left_in_peace_sends_one_thank_you_and_ends_with_a_cause(
    open_case: Callable[..., Ticket], hanna: User, cause: RootCause
) -> None:
    case = open_case(2, contact_me=False)
    assert list(Message.objects.filter(stream="case").values_list("kind", flat=True)) == ["left_in_peace_thanks"]
    refused(Incomplete, workflow.leave_in_peace, case, hanna, root_cause=None)
    refused(NotAllowed, workflow.send_message, case, hanna, subject="", body="Hello.")
    case = do(workflow.leave_in_peace, case, hanna, root_cause=cause)
    assert (case.closed_as, case.recovery_on, case.due_at) == ("left_in_peace", None, None)
    assert Message.objects.filter(stream="case").count() == 1


def test_a_detractor_is_dismissed_by_another_lead_only(case: Ticket, hanna: User, tomas: User) -> None:
    case = do(workflow.ask_dismissal, case, hanna, reason="mistake")
    assert case.state == "assigned" and case.due_at is not None
    refused(NotAllowed, workflow.ask_dismissal, case, hanna, reason="test")
    refused(Forbidden, workflow.decide_dismissal, case, hanna, approve=True)
    case = do(workflow.decide_dismissal, case, tomas, approve=True)
    assert (case.state, case.dismissed_as, case.due_at) == ("dismissed", "mistake", None)
    refused(NotAllowed, workflow.reopen, case, hanna, reason="No.")
    case = do(workflow.reopen, case, tomas, reason="It was no mistake.")
    assert (case.state, case.cycle, case.dismissed_as) == ("assigned", 1, "")


def test_a_refused_dismissal_changes_nothing_but_tells_who_asked(case: Ticket, hanna: User, tomas: User) -> None:
    do(workflow.ask_dismissal, case, hanna, reason="mistake")
    case = do(workflow.decide_dismissal, case, tomas, approve=False)
    assert case.state == "assigned"
    assert Message.objects.filter(recipient=hanna.email, subject__contains="not dismissed").exists()
    refused(NotAllowed, workflow.decide_dismissal, case, tomas, approve=True)


def test_a_lead_who_owns_the_ticket_does_not_decide_on_it(case: Ticket, tomas: User, hanna: User) -> None:
    Ticket.objects.filter(pk=case.pk).update(owner=tomas)
    do(workflow.ask_dismissal, case, hanna, reason="mistake")
    refused(Forbidden, workflow.decide_dismissal, case, tomas, approve=True)


def test_a_passive_is_dismissed_at_once_unless_contact_was_asked_for(
    open_case: Callable[..., Ticket], hanna: User
) -> None:
    assert do(workflow.ask_dismissal, open_case(8), hanna, reason="spam").state == "dismissed"
    asked = open_case(8, contact_me=True, contact=make_contact("Erik Sol", email="e@sol.example"))
    assert do(workflow.ask_dismissal, asked, hanna, reason="spam").state != "dismissed"


# --- whose it is -------------------------------------------------------------------------------------------------


def test_handing_over_takes_a_reason_and_the_customer_learns_the_new_name(case: Ticket, hanna: User, ivo: User) -> None:
    assert set(refused(Incomplete, workflow.assign, case, hanna, to=ivo).errors) == {"reason"}
    case = do(workflow.assign, case, hanna, to=ivo, reason="Ivo knows the import.")
    assert case.owner == ivo and case.conversation.owner == ivo
    mail = Message.objects.get(kind="hand_over")
    assert "Ivo Lenz" in mail.text and "Hanna Brandt" in mail.text and mail.reply_to == ivo.email
    assert "Ivo knows the import." not in mail.text
    refused(NotAllowed, workflow.assign, case, hanna, to=ivo, reason="Again.")


def test_it_is_not_given_to_who_is_away_inactive_or_takes_none(case: Ticket, hanna: User, ivo: User, zoe: User) -> None:
    make_away(ivo, NOW - HOUR, NOW + DAY)
    gone = make_user("Nils Aker", is_active=False)
    for to in (ivo, zoe, gone):
        assert set(refused(Incomplete, workflow.assign, case, hanna, to=to, reason="Please.").errors) == {"to"}


def test_only_owner_or_lead_give_it_to_another_team(case: Ticket, hanna: User, ivo: User) -> None:
    mia = make_user("Mia Holm")
    make_team("Other team", agents=(mia,))
    refused(Forbidden, workflow.assign, case, ivo, to=mia, reason="Theirs.")
    assert do(workflow.assign, case, hanna, to=mia, reason="Theirs.").team.name == "Other team"  # type: ignore[union-attr]


def test_nobody_is_mailed_whose_address_is_stopped_however_it_is_written(case: Ticket, tomas: User, ivo: User) -> None:
    ivo.email = "Ivo@MÜLLER.example"
    ivo.save()
    suppression.suppress([ivo.email], Stream.STAFF, "bounced", now=NOW)
    workflow.assign(case, actor=Actor.person(tomas), now=NOW, version=None, to=ivo, reason="Knows them.")
    mail = Message.objects.get(recipient="ivo@müller.example")
    assert (mail.state, "came back" in mail.reason) == (Message.State.SKIPPED, True)


def test_giving_back_leaves_it_unassigned_with_its_clocks_running(case: Ticket, hanna: User) -> None:
    due_at = case.due_at
    case = do(workflow.release, case, hanna, reason="Too close to it.")
    assert (case.owner, case.state, case.due_at) == (None, "assigned", due_at)
    assert case.conversation.owner_id is None or case.conversation.__class__.objects.get().owner_id is None


def test_an_answer_of_nobody_joins_the_person_it_was_from_and_can_be_split_again(
    open_case: Callable[..., Ticket], case: Ticket, hanna: User
) -> None:
    stranger = open_case(contact=make_contact("Erik Sol", email="e@sol.example"))
    refused(NotAllowed, workflow.join, case, hanna, other=stranger)
    refused(Incomplete, workflow.join, case, hanna, other=None)
    response = make_response(2, received_at=NOW, responded_at=NOW - HOUR, decided_revision=0)
    open_awaiting(now=NOW)
    assign_waiting(now=NOW)
    unknown = Ticket.objects.get(response=response)
    do(workflow.join, unknown, hanna, other=case)
    unknown.refresh_from_db()
    assert (unknown.conversation, unknown.contact, unknown.owner) == (case.conversation, case.contact, hanna)
    assert not unknown.nobody_to_reach
    assert unknown.deadlines.filter(target="first_contact", met_at=None).exists() and unknown.due_for
    refused(NotAllowed, workflow.join, unknown, hanna, other=case)
    do(workflow.split, unknown, hanna, contact=stranger.contact)
    unknown.refresh_from_db()
    assert (unknown.conversation, unknown.contact) == (stranger.conversation, stranger.contact)


def test_two_people_of_one_account_get_one_owner_and_keep_their_own_pages(
    open_case: Callable[..., Ticket], case: Ticket, hanna: User, ivo: User
) -> None:
    other = open_case(contact=make_contact("Annika Dahl", account=case.account, email="a@nordby.example"))
    refused(NotAllowed, workflow.join, other, hanna, other=case)
    do(workflow.assign, other, hanna, to=ivo, reason="Ivo knows Annika.")
    do(workflow.join, other, hanna, other=case)
    other.refresh_from_db()
    assert other.owner == hanna and other.conversation_id != case.conversation_id
    assert other.conversation.owner == hanna


def unowned(contact: Contact | None) -> Ticket:
    """A ticket of this person that came in just now and that nobody has yet."""
    account = contact.account if contact else None
    response = make_response(
        2, contact=contact, account=account, received_at=NOW, responded_at=NOW - HOUR, decided_revision=0
    )
    open_awaiting(now=NOW)
    return Ticket.objects.get(response=response)


def test_a_new_ticket_that_is_joined_is_given_like_any_other(case: Ticket, hanna: User, tomas: User) -> None:
    of_nobody = unowned(None)
    of_another = unowned(make_contact("Annika Dahl", account=case.account, email="a@nordby.example"))
    for ticket in (of_nobody, of_another):
        do(workflow.join, ticket, tomas, other=case)
        ticket.refresh_from_db()
        assert (ticket.state, ticket.owner) == ("assigned", hanna) and ticket.assigned_at is not None
        assert Message.objects.filter(kind="notice_assigned", recipient=hanna.email, case=ticket.pk).exists()
    mail = Message.objects.get(kind="acknowledgement", case=of_another.pk)
    assert mail.state == "queued"
    assert of_another.promised_at is not None
    assert of_another.promised_at == of_another.deadlines.get(target="first_contact").promised_at


def test_what_was_joined_with_it_goes_along_to_the_owner_of_the_other(
    open_case: Callable[..., Ticket], case: Ticket, hanna: User, ivo: User
) -> None:
    annika = make_contact("Annika Dahl", account=case.account, email="a@nordby.example")
    first, second = open_case(contact=annika), open_case(contact=annika)
    do(workflow.assign, first, hanna, to=ivo, reason="Ivo knows Annika.")
    do(workflow.join, first, hanna, other=case)
    second.refresh_from_db()
    assert second.owner == hanna and second.conversation.owner == hanna


def test_a_new_ticket_split_to_somebody_with_an_owner_is_given_to_that_owner(
    case: Ticket, hanna: User, tomas: User
) -> None:
    other = unowned(make_contact("Annika Dahl", account=case.account, email="a@nordby.example"))
    do(workflow.split, other, tomas, contact=case.contact)
    other.refresh_from_db()
    assert (other.state, other.owner, other.conversation) == ("assigned", hanna, case.conversation)


def test_what_a_talk_settled_is_done_and_no_promise_that_was_kept(resolved: Ticket) -> None:
    action = resolved.actions.get()
    assert (action.state, action.done_at, action.first_promised_at, action.told_at) == ("done", NOW, None, None)
    today = NOW.date()
    promises = closure_report(ReportFilters(today, today), now=NOW + DAY).promises
    assert (promises["promises"], promises["promises_kept"]) == (0, 0)


@pytest.fixture
def closed(resolved: Ticket, hanna: User) -> Ticket:
    return do(workflow.log_reply, resolved, hanna, text="It works again.", says_settled=True)


@pytest.mark.parametrize("comes_up", ["by a person", "by a reply"])
def test_what_comes_up_again_after_ninety_days_is_a_new_ticket(closed: Ticket, hanna: User, comes_up: str) -> None:
    def again(ticket: Ticket, now: datetime) -> Ticket:
        who = {"actor": Actor.person(hanna), "now": now, "version": None}
        if comes_up == "by a person":
            return workflow.reopen(ticket, reason="It is broken again.", **who)
        return workflow.log_reply(ticket, text="It is broken again.", **who)

    late = NOW + 91 * DAY
    fresh = again(closed, late)
    assert (fresh.pk != closed.pk, fresh.follows, fresh.state, fresh.owner) == (True, closed, "new", None)
    assert fresh.conversation != closed.conversation and fresh.day == late.date()
    assert fresh.deadlines.get(target="first_contact").due_at == late + 48 * HOUR
    assert fresh.events.get(seq=1).verb == "open"
    assert fresh.replies.count() + fresh.notes.count() == 1
    closed.refresh_from_db()
    assert (closed.state, closed.cycle) == ("closed", 0)
    assign_waiting(now=late)
    fresh.refresh_from_db()
    assert (fresh.state, fresh.owner) == ("assigned", hanna)
    assert not Message.objects.filter(kind="acknowledgement", case=fresh.pk).exists()
    with pytest.raises(NotAllowed):
        again(closed, late)
    assert Ticket.objects.filter(follows=closed).count() == 1


def test_up_to_ninety_days_it_is_the_same_ticket(closed: Ticket, hanna: User) -> None:
    late = NOW + 90 * DAY
    again = workflow.reopen(closed, actor=Actor.person(hanna), now=late, version=None, reason="It is broken again.")
    assert (again.pk, again.state, again.cycle) == (closed.pk, "assigned", 1)
    assert not Ticket.objects.filter(follows=closed).exists()


# --- the rest ----------------------------------------------------------------------------------------------------


def test_snooze_never_passes_the_due_time_nor_a_waiting_customer(case: Ticket, hanna: User) -> None:
    assert case.due_at is not None
    refused(Incomplete, workflow.snooze, case, hanna, until=case.due_at + HOUR)
    refused(Incomplete, workflow.snooze, case, hanna, until=NOW - HOUR)
    assert do(workflow.snooze, case, hanna, until=case.due_at).snoozed_until == case.due_at
    assert do(workflow.snooze, case, hanna, until=None).snoozed_until is None
    do(workflow.log_reply, case, hanna, text="Well?")
    refused(NotAllowed, workflow.snooze, case, hanna, until=NOW + HOUR)


def test_a_snooze_ends_where_something_comes_due_before_it(contacted: Ticket, hanna: User, ivo: User) -> None:
    do(workflow.snooze, contacted, hanna, until=NOW + 6 * DAY)
    case = do(workflow.add_action, contacted, hanna, title="Repair it.", owner=ivo, due_on=(NOW + 2 * DAY).date())
    assert case.due_at is not None and case.snoozed_until == case.due_at < NOW + 6 * DAY


def test_a_hold_stops_automatic_mail_and_only_a_lead_lifts_it(
    case: Ticket, hanna: User, ivo: User, tomas: User
) -> None:
    do(workflow.hold, case, hanna, reason="A lawyer writes.")
    do(workflow.assign, case, hanna, to=ivo, reason="Ivo knows them.")
    assert Message.objects.get(kind="hand_over").state == "skipped"
    refused(Forbidden, workflow.unhold, case, ivo)
    assert not do(workflow.unhold, case, tomas).on_hold
    refused(NotAllowed, workflow.unhold, case, tomas)


def test_notes_are_for_colleagues_and_never_reach_a_customer(case: Ticket, hanna: User) -> None:
    do(workflow.note, case, hanna, text="Difficult, be careful.")
    assert case.notes.get().text == "Difficult, be careful."
    assert not Message.objects.filter(text__contains="be careful").exists()
    refused(Incomplete, workflow.note, case, hanna, text=" ")


def test_waiting_asks_by_mail_and_a_reply_brings_it_back(in_action: Ticket, hanna: User) -> None:
    refused(Incomplete, workflow.wait, in_action, hanna, question=" ")
    refused(Incomplete, workflow.wait, in_action, hanna, question="Which?", until=NOW - HOUR)
    case = do(workflow.wait, in_action, hanna, question="Which file was it?")
    assert case.state == "waiting_on_customer" and "Which file was it?" in Message.objects.get(kind="personal").text
    case = do(workflow.log_reply, case, hanna, text="The one of Friday.")
    assert (case.state, case.customer_waits) == ("in_action", True)
    refused(NotAllowed, workflow.resume, case, hanna)


def test_events_hold_no_words(in_action: Ticket, hanna: User, ivo: User) -> None:
    do(workflow.note, in_action, hanna, text="SECRETWORD")
    do(workflow.log_reply, in_action, hanna, text="SECRETWORD")
    do(workflow.complete_action, in_action, ivo, action=Action.objects.get(), what_changed="SECRETWORD")
    assert not [event for event in Event.objects.all() if "SECRETWORD" in str(event.data)]


def test_a_talk_ends_the_waiting(in_action: Ticket, hanna: User) -> None:
    case = do(workflow.wait, in_action, hanna, question="Which file was it?")
    case = do(workflow.log_contact, case, hanna, channel="phone", outcome="spoke")
    assert (case.state, case.waiting_until) == ("in_action", None)


def test_words_of_the_hold_list_in_a_reply_put_a_hold(case: Ticket, hanna: User, tomas: User) -> None:
    case = do(workflow.log_reply, case, hanna, text="You hear from my lawyer.")
    assert case.on_hold and case.events.filter(verb="hold").exists()
    notice = Message.objects.get(recipient=tomas.email, subject__startswith="On hold")
    assert "lawyer" not in notice.text


def test_with_every_action_dropped_it_can_be_resolved(in_action: Ticket, hanna: User, cause: RootCause) -> None:
    do(workflow.drop_action, in_action, hanna, action=in_action.actions.get(), reason="You asked us to leave it.")
    case = do(workflow.resolve, in_action, hanna, root_cause=cause, what_changed="Nothing.", why_it_happened="Price.")
    assert case.state == "resolved"


def test_dismissing_ends_what_was_promised(in_action: Ticket, hanna: User, tomas: User) -> None:
    do(workflow.ask_dismissal, in_action, hanna, reason="test")
    do(workflow.decide_dismissal, in_action, tomas, approve=True)
    assert in_action.actions.get().state == "dropped"


def test_a_passive_who_became_a_detractor_is_dismissed_by_a_lead_only(
    open_case: Callable[..., Ticket], hanna: User
) -> None:
    case = open_case(8)
    Ticket.objects.filter(pk=case.pk).update(score=2)
    assert do(workflow.ask_dismissal, case, hanna, reason="spam").state == "assigned"
