"""The mail that asks, its one reminder, and the question that follows a case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from email.utils import parseaddr
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import prefetch_related_objects

from nps_loop import links
from nps_loop.mail.models import Stream
from nps_loop.mail.outbox import Draft
from nps_loop.mail.rendering import language_of, render
from nps_loop.moments import day_in_words
from surveys.asking.wording import language_for, words_of
from surveys.followup_port import what_changed_in
from surveys.models import Brand, Invitation
from surveys.quoting import quote

# The page behind the link; its objects are invitations.
PURPOSE = "survey"
SCORES = tuple(range(11))

_RELATED = (
    "contact__account",
    "survey__brand",
    "survey__touchpoint__brand",
    "touchpoint__brand",
    "recovers",
    "message",
)


def drafts(invitations: Sequence[Invitation], *, now: datetime, reminder: bool = False) -> list[Draft]:
    """One mail for each invitation, in order; with `reminder` the one that asks again.

    An invitation whose contact is gone or has no address gives a draft that says why it is not sent. A constant number
    of queries, whatever relations the rows come with.
    """
    prefetch_related_objects(list(invitations), *_RELATED)
    default = Brand.objects.order_by("-is_default", "pk").first() if invitations else None
    changed = what_changed_in({row.case for row in invitations if row.cause == Invitation.Cause.RECOVERY and row.case})
    return [_draft(row, default, changed, now=now, reminder=reminder) for row in invitations]


def brand_of(invitation: Invitation, default: Brand | None) -> Brand | None:
    """The brand the customer is asked by: of the survey, of the moment, or `default`."""
    survey, touchpoint = invitation.survey, invitation.touchpoint or invitation.survey.touchpoint
    return survey.brand or (touchpoint.brand if touchpoint else None) or default


def language_of_invitation(invitation: Invitation) -> str:
    """The language somebody is asked in: the one it was planned in, else the person's own."""
    contact = invitation.contact
    return language_for(invitation.survey, invitation.language, contact.language if contact else "")


def targets(invitation_ids: Iterable[int]) -> Mapping[int, links.Target]:
    """What links to survey pages lead to. One query."""
    rows = Invitation.objects.filter(pk__in=list(invitation_ids)).values_list(
        "pk", "generation", "survey__brand__link_host", "touchpoint__brand__link_host"
    )
    return {pk: links.Target(generation, own or of_moment or "") for pk, generation, own, of_moment in rows}


def _draft(
    invitation: Invitation, default: Brand | None, changed: Mapping[int, str], *, now: datetime, reminder: bool
) -> Draft:
    contact, brand = invitation.contact, brand_of(invitation, default)
    asked_in = language_of_invitation(invitation)
    language = language_of(asked_in)
    kind = _kind(invitation, reminder=reminder)
    facts = _facts(invitation, brand, asked_in, language, changed, now=now)
    rendered = render(kind, language, facts)
    sender = brand.sender_address if brand else parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return Draft(
        kind=kind,
        stream=Stream.SURVEYS,
        recipient=contact.email if contact else "",
        recipient_name=contact.name if contact else "",
        from_name=brand.name if brand else "",
        from_address=sender,
        reply_to=(brand.reply_address if brand else "") or sender,
        language=language,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        links={"survey": (PURPOSE, invitation.pk), "unsubscribe": ("unsubscribe", 0)},
        dedupe_key=f"invitation:{invitation.pk}" + (":reminder" if reminder else ""),
        automatic=True,
        skip="Not sent: this person was erased." if contact and contact.erased_at else "",
    )


def _kind(invitation: Invitation, *, reminder: bool) -> str:
    if reminder:
        return "invitation_reminder"
    return "recovery_question" if invitation.cause == Invitation.Cause.RECOVERY else "invitation"


def _facts(
    invitation: Invitation,
    brand: Brand | None,
    asked_in: str,
    language: str,
    changed: Mapping[int, str],
    *,
    now: datetime,
) -> dict[str, Any]:
    """Every value ready-made, in the reader's language and zone. `asked_in` may be a language of the survey alone."""
    contact, first = invitation.contact, invitation.recovers
    zone = ZoneInfo((contact.time_zone if contact else "") or settings.TIME_ZONE)
    today = now.astimezone(zone).date()

    def day(at: datetime | None) -> str:
        return day_in_words(at.astimezone(zone).date(), language, today=today) if at else ""

    touchpoint = invitation.touchpoint or invitation.survey.touchpoint
    words = words_of(invitation.survey, asked_in, brand.name if brand else "")
    account = contact.account if contact else None
    return {
        "brand": brand.facts if brand else {},
        "contact_name": contact.name if contact else "",
        "salutation_name": contact.greeting_name if contact else "",
        "account_name": account.name if account else "",
        "about": touchpoint.phrase_in(asked_in) if touchpoint else "",
        "occasion_on": day(invitation.occasion_at),
        "asked_on": day(invitation.sent_at),
        "until": day(invitation.expires_at),
        "rest_days": invitation.survey.rest_days,
        "asked_in": asked_in,
        "question": words.question,
        "low": words.low,
        "high": words.high,
        "scores": SCORES,
        "quote": quote(first.verbatim) if first else "",
        "quoted_on": day(first.responded_at) if first and not first.undated else "",
        "score": first.score if first else None,
        "what_changed": changed.get(invitation.case or 0, ""),
        "case": invitation.case,
        "survey_link": "[[link:survey]]",
        "unsubscribe_link": "[[link:unsubscribe]]",
    }
