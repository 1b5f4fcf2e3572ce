"""What the survey page says, worked out from a survey, who is asked, and what they have answered so far. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.conf import settings

from nps_loop.mail.rendering import language_of
from nps_loop.moments import day_in_words, moment_in_words, unbroken
from surveys.asking.wording import Words, drivers_of, languages_of, name_of, words_of
from surveys.models import Brand, Contact, Invitation, Response, Survey, Touchpoint
from surveys.quoting import display
from surveys.scoring import Band, band


class Stage(StrEnum):
    ASKED = "asked"  # nothing said yet
    TAPPED = "tapped"  # a score was tapped in the mail; nothing is saved
    MORE = "more"  # the score is saved, the rest may follow
    AGAIN = "again"  # everything was said, and is being corrected
    THANKS = "thanks"


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the fields: what was answered before, or what was just sent and could not be taken."""

    score: int | None = None
    why: str = ""
    driver: str = ""
    contact: str = ""
    phone: str = ""
    time: str = ""
    share: str = ""
    email: str = ""

    @classmethod
    def from_post(cls, post: Mapping[str, str]) -> Typed:
        score = post.get("score", "")
        return cls(
            score=int(score) if score.isascii() and score.isdigit() and len(score) < 3 else None,
            **{name: display(post.get(name, "")) for name in _TEXTS},
        )


_TEXTS = ("why", "driver", "contact", "phone", "time", "share", "email")


@dataclass(frozen=True, slots=True)
class SurveyPage:
    """Everything the page shows, ready-made. `language` is the survey's, `chrome` the one our own words are in."""

    stage: Stage
    language: str
    chrome: str
    brand: str
    brand_footer: str
    reply_address: str
    words: Words
    languages: list[tuple[str, str]]
    drivers: list[tuple[str, str]]
    asks_contact: bool
    asks_share_name: bool
    name: str = ""
    about: str = ""
    until: str = ""
    typed: Typed = Typed()
    errors: Mapping[str, str] = field(default_factory=dict)
    answered_on: str = ""
    knows_number: bool = False
    # An open link: nobody is known, so an address can be given, and `key` names this one answer.
    is_open: bool = False
    asks_address: bool = False
    is_known: bool = True
    key: str = ""
    # Looked at by a colleague, or from the set-up: it cannot be sent.
    seen_by_staff: bool = False
    is_preview: bool = False
    query: str = ""

    @property
    def scores(self) -> range:
        return range(11)

    @property
    def can_be_sent(self) -> bool:
        return not self.seen_by_staff and not self.is_preview

    @property
    def band(self) -> Band | None:
        return band(self.typed.score) if self.typed.score is not None else None

    @property
    def why(self) -> str:
        """The question for the score that is already given."""
        if self.band is Band.PASSIVE:
            return self.words.why_passive
        return self.words.why_promoter if self.band is Band.PROMOTER else self.words.why

    @property
    def wants_contact(self) -> bool:
        return self.typed.contact == "yes"

    @property
    def wants_peace(self) -> bool:
        return self.typed.contact == "no"


def brand_of(survey: Survey, touchpoint: Touchpoint | None) -> Brand | None:
    """The brand of the survey, else of the moment, else the default one."""
    own = survey.brand or (touchpoint.brand if touchpoint else None)
    return own or Brand.objects.order_by("-is_default", "pk").first()


def page_of(
    survey: Survey,
    language: str,
    *,
    now: datetime,
    invitation: Invitation | None = None,
    response: Response | None = None,
    contact: Contact | None = None,
    stage: Stage | None = None,
    typed: Typed | None = None,
    errors: Mapping[str, str] | None = None,
    **shown: object,
) -> SurveyPage:
    """The page in `language`, one of the survey's. `shown` are further fields of SurveyPage.

    Without a `stage` it is the one that what was answered leads to. `typed` is what was sent and is shown again.
    """
    touchpoint = (invitation.touchpoint if invitation else None) or survey.touchpoint
    brand = brand_of(survey, touchpoint)
    chrome = language_of(language)
    zone = (contact.time_zone if contact else "") or settings.TIME_ZONE
    expires_at = invitation.expires_at if invitation else None
    drivers = drivers_of(survey, language)
    return SurveyPage(
        stage=stage or (Stage.THANKS if response else Stage.ASKED),
        language=language,
        chrome=chrome,
        brand=brand.name if brand else "",
        brand_footer=brand.legal_footer if brand else "",
        reply_address=(brand.reply_address or brand.sender_address) if brand else "",
        words=words_of(survey, language, brand.name if brand else ""),
        languages=[(code, name_of(code)) for code in languages_of(survey)],
        drivers=drivers,
        asks_contact=survey.asks_contact,
        asks_share_name=survey.asks_share_name,
        name=contact.greeting_name if contact else "",
        about=touchpoint.phrase_in(language) if touchpoint else "",
        until=unbroken(day_in_words(expires_at.astimezone(ZoneInfo(zone)).date(), chrome, today=now.date()), chrome)
        if expires_at
        else "",
        typed=typed or _held(survey, response),
        errors=errors or {},
        answered_on=unbroken(moment_in_words(response.version_at, chrome, zone, now=now), chrome) if response else "",
        is_known=response is None or response.contact_id is not None,
        knows_number=bool(contact and contact.phone),
        **shown,  # type: ignore[arg-type]
    )


def _held(survey: Survey, response: Response | None) -> Typed:
    """The fields as what was answered fills them. Number and time are the person's and are not shown again."""
    if response is None:
        return Typed()
    codes = {label: code for code, label in drivers_of(survey, settings.LANGUAGE_CODE)}
    words = {True: "yes", False: "no"}
    return Typed(
        score=response.score,
        why=display(response.verbatim),
        driver=codes.get(response.driver, ""),
        contact=words.get(response.contact_me, "") if response.contact_me is not None else "",
        share=words.get(response.share_name, "") if response.share_name is not None else "",
    )
