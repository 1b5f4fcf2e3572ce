"""What a press on a survey page does: the answer is recorded at once, and again when the customer has said the rest.

Each press is a version of one answer (`surveys.recording`), so pressing twice, two tabs and going back do no harm: the
last press is the newest version, and all are kept. What is decided about an answer waits while it may still be being
written, so that the mail that follows quotes their words; whoever never finishes is decided on by the sweep.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from surveys.asking.forms import AnswerForm
from surveys.incoming import IncomingResponse
from surveys.models import Contact, Invitation, Response, Source, Survey
from surveys.recording import Outcome, Status, decide_now, record_responses

# How long the decision waits for a comment after a bare score. Whoever writes longer than this is heard all the same:
# the words come as a later version.
STILL_WRITING = timedelta(minutes=10)

# Names of attributes; they are read by colleagues, whatever the customer's language is.
NUMBER_GIVEN = "Number given"
IN_DEMO_BY = "Answered in the demo by"

_YES_NO = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Said:
    """One press: what the customer said. None where something was not asked or not answered; `driver` is its label.

    With `is_finished` False only the score was pressed. With `states_everything` an empty field takes back what stood
    there before; otherwise what was said earlier stays. `in_demo_by` is the colleague who pressed in the demo.
    """

    score: int
    why: str = ""
    driver: str = ""
    contact_me: bool | None = None
    share_name: bool | None = None
    phone: str = ""
    good_time: str = ""
    email: str = ""
    language: str = ""
    is_finished: bool = True
    states_everything: bool = False
    in_demo_by: str = ""

    @classmethod
    def of(cls, form: AnswerForm, *, language: str, in_demo_by: str = "") -> Said:
        """What a valid form says."""
        data = form.cleaned_data
        if form.is_score_alone:
            return cls(score=data["score"], language=language, is_finished=False, in_demo_by=in_demo_by)
        wants = _YES_NO.get(data["contact"]) if form.survey.asks_contact else None
        return cls(
            score=data["score"],
            why=data["why"].strip(),
            driver=form.labels.get(data["driver"], ""),
            contact_me=wants,
            share_name=_YES_NO.get(data["share"]) if form.survey.asks_share_name else None,
            # Somebody who wants no call gives no number, whatever stands in a field that is hidden by then.
            phone=data["phone"].strip() if wants else "",
            good_time=data["time"].strip() if wants else "",
            email=data["email"],
            language=language,
            states_everything=form.states_everything,
            in_demo_by=in_demo_by,
        )


@dataclass(frozen=True, slots=True)
class Identity:
    """Who answers by an open link, as the company that put it there has signed it."""

    email: str = ""
    external_id: str = ""
    name: str = ""


def source_of(survey: Survey) -> Source:
    """The source of the answers given on our own pages to this survey, made when the first one needs it."""
    source, _made = Source.objects.select_related("survey").get_or_create(
        slug=f"survey-{survey.pk}",
        defaults={
            "name": survey.name,
            "channel": Source.Channel.SURVEY,
            "survey": survey,
            "brand": survey.brand or (survey.touchpoint.brand if survey.touchpoint else None),
        },
    )
    return source


def source_row(survey: Survey) -> Source | None:
    """The same, where there is one."""
    return Source.objects.filter(slug=f"survey-{survey.pk}").first()


def new_secret(survey: Survey) -> str:
    """A new secret to sign identities with. The one before it holds as well, until the next takes its place."""
    secret = secrets.token_urlsafe(32)
    source_of(survey)
    with transaction.atomic():
        source = Source.objects.select_for_update().get(slug=f"survey-{survey.pk}")
        source.secrets = [secret, *source.secrets[:1]]
        source.save(update_fields=["secrets"])
    return secret


def can_be_answered(invitation: Invitation, *, now: datetime) -> bool:
    """Whether its page is open: its time is not over, and the person asked is known and not erased."""
    if invitation.contact is None or invitation.contact.erased_at is not None:
        return False
    if invitation.state == Invitation.State.EXPIRED:
        return False
    return invitation.expires_at is None or invitation.expires_at > now


def answer(invitation: Invitation, said: Said, *, now: datetime) -> Response | None:
    """Record what was said by this invitation; None where it can no longer be answered. Doing it twice is harmless."""
    source = source_of(invitation.survey)
    with transaction.atomic():
        # Two tabs at once: the second waits here, and its version comes after the first.
        rows = Invitation.objects.select_for_update(of=("self",)).select_related(
            "contact__merged_into", "response", "touchpoint"
        )
        invitation = rows.get(pk=invitation.pk)
        if not can_be_answered(invitation, now=now) or invitation.contact is None:
            return None
        person = invitation.contact.merged_into or invitation.contact
        touchpoint = invitation.touchpoint.slug if invitation.touchpoint else ""
        response = _record(source, f"invitation:{invitation.pk}", said, now=now, person=person, touchpoint=touchpoint)
        invitation.response, invitation.state = response, Invitation.State.ANSWERED
        # A mail that came back had arrived after all.
        invitation.stopped_by, invitation.stopped_about = Invitation.Rule.NONE, ""
        invitation.ended_at = invitation.ended_at or now
        invitation.remind_at = None
        invitation.save(update_fields=["response", "state", "stopped_by", "stopped_about", "ended_at", "remind_at"])
    return response


def answer_openly(survey: Survey, key: str, said: Said, *, now: datetime, identity: Identity | None = None) -> Response:
    """Record what was said by an open link. `key` is the random one of the page that was sent: once pressed, once kept.

    It is nobody's answer, unless an address was given or somebody we trust has signed who it is.
    """
    with transaction.atomic():
        return _record(
            source_of(survey),
            f"link:{key}",
            said,
            now=now,
            identity=identity or Identity(email=said.email),
            is_vouched_for=identity is not None,
        )


def new_key() -> str:
    return uuid.uuid4().hex


def held_by_link(survey: Survey, key: str) -> Response | None:
    """What was answered by an open link under this key."""
    return Response.objects.filter(
        source__slug=f"survey-{survey.pk}", source__channel=Source.Channel.SURVEY, external_id=f"link:{key}"
    ).first()


def _record(
    source: Source,
    external_id: str,
    said: Said,
    *,
    now: datetime,
    person: Contact | None = None,
    touchpoint: str = "",
    identity: Identity | None = None,
    is_vouched_for: bool = True,
) -> Response:
    held = Response.objects.filter(source=source, external_id=external_id).select_related("contact").first()
    incoming = _incoming(held, external_id, said, now=now, known=person or (held.contact if held else None))
    incoming = replace(incoming, touchpoint=touchpoint)
    if identity is not None:
        incoming = replace(incoming, email=identity.email, contact_external_id=identity.external_id, name=identity.name)
    [outcome] = record_responses(
        source,
        [incoming],
        now=now,
        decide_after=None if said.is_finished else now + STILL_WRITING,
        contacts={external_id: person} if person else None,
    )
    response = _kept(outcome)
    if said.is_finished:
        decide_now([response.pk])
    if said.good_time and response.contact_id is not None:
        known = Contact.objects.filter(pk=response.contact_id)
        # Whoever types an address into an open link may be anybody: what we know stays.
        (known if is_vouched_for else known.filter(good_time="")).update(good_time=said.good_time)
    return response


def _kept(outcome: Outcome) -> Response:
    """The answer as it now stands. The form has refused what cannot be stored."""
    if outcome.status is Status.REJECTED or outcome.response_id is None:
        raise ValueError(f"{outcome.field}: {outcome.reason}")
    return Response.objects.select_related("contact").get(pk=outcome.response_id)


def _incoming(
    held: Response | None, external_id: str, said: Said, *, now: datetime, known: Contact | None
) -> IncomingResponse:
    """One version of the answer: what was said now, and what was said before and not taken back."""
    kept = held if held is not None and not said.states_everything else None
    contact_me = said.contact_me if said.contact_me is not None or kept is None else kept.contact_me
    share_name = said.share_name if said.share_name is not None or kept is None else kept.share_name
    return IncomingResponse(
        row=1,
        score=said.score,
        external_id=external_id,
        responded_at=held.responded_at if held else now,
        version_at=now,
        comment=said.why or (kept.verbatim if kept else ""),
        driver=said.driver or (kept.driver if kept else ""),
        language=said.language,
        contact_me=contact_me,
        share_name=share_name,
        phone=said.phone,
        attributes=_attributes(held, said, known),
    )


def _attributes(held: Response | None, said: Said, known: Contact | None) -> dict[str, str]:
    """What belongs to the answer and has no field: a number other than the one we know, and who pressed in a demo."""
    attributes: dict[str, Any] = dict(held.attributes) if held else {}
    if said.phone and known is not None and known.phone and _digits(known.phone) != _digits(said.phone):
        attributes[NUMBER_GIVEN] = said.phone
    if said.in_demo_by:
        attributes[IN_DEMO_BY] = said.in_demo_by
    return attributes


def _digits(number: str) -> str:
    return "".join(char for char in number if char.isdigit())
