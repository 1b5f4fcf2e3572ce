"""/mails/: what customers are told by themselves. Read into plain values that the templates draw from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.template import Context
from django.template.loader import get_template
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from followups.letter_linter import Finding, Letter, findings
from followups.mail_kinds import KINDS, PARTS, SUBJECT, MailKind
from followups.messages.wording import how_specific, worded
from followups.models import MailWording
from followups.promises import in_words
from followups.variables import OF_AUTOMATIC_MAILS, VARIABLES
from nps_loop.mail.models import Stream
from nps_loop.mail.outbox import Draft
from nps_loop.mail.rendering import Rendered
from nps_loop.moments import day_in_words, moment_in_words
from nps_loop.people.models import User
from nps_loop.templatetags.letter import Said
from surveys.models import Brand
from surveys.scoring import Band

LABELS = {"subject": _("Subject"), "opening": _("First paragraph"), "closing": _("Last paragraph")}
LANGUAGES = tuple(settings.LANGUAGES)


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of mail in one language: what is in force for all, and what there is beside it."""

    language: str
    name: str
    in_force: MailWording | None = None
    narrower: list[MailWording] = field(default_factory=list)
    drafts: list[MailWording] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of mail. `lacking` names the languages without words of ours, where another has some."""

    kind: MailKind
    cells: list[Cell]
    lacking: list[str]


def overview() -> list[Line]:
    """Every kind with what it says in each language. One query."""
    rows = list(MailWording.objects.with_places().exclude(state=MailWording.State.RETIRED))
    return [_line(kind, [row for row in rows if row.kind == kind.code]) for kind in KINDS.values()]


def _line(kind: MailKind, rows: Iterable[MailWording]) -> Line:
    cells = []
    for language, name in LANGUAGES:
        here = [row for row in rows if row.language == language]
        active = sorted((row for row in here if row.is_in_force), key=how_specific)
        for_all = active.pop(0) if active and not any(how_specific(active[0])) else None
        drafts = [row for row in here if row.is_draft]
        cells.append(Cell(language, name, for_all, active, drafts))
    worded_in = [cell for cell in cells if cell.in_force]
    lacking = [cell.name for cell in cells if not cell.in_force] if worded_in else []
    return Line(kind, cells, lacking)


def for_whom(row: MailWording) -> str:
    """`touchpoint Onboarding, passives`; *all customers* where nothing narrows it."""
    parts = []
    if row.touchpoint:
        parts.append(row.touchpoint.name)
    if row.band:
        parts.append(str(row.get_band_display()))
    if row.brand:
        parts.append(row.brand.name)
    return ", ".join(parts) or gettext("all customers")


def variables_of(kind: MailKind) -> list[tuple[str, Any]]:
    """What can be filled in, each with what it stands for."""
    words = VARIABLES | OF_AUTOMATIC_MAILS | {"owner": _("Who looks after the case")}
    return [(name, words[name]) for name in kind.variables]


def looked_over(row: MailWording) -> list[tuple[Any, Finding]]:
    """What is to be looked at in this wording: name of the part, and the finding."""
    kind = KINDS[row.kind]
    band = Band.PASSIVE.value if row.kind == "acknowledgement_passive" else row.band
    letter = Letter(
        parts=row.parts,
        language=row.language,
        band=band,
        framed=True,
        automatic=True,
        variables=kind.variables,
        expected={SUBJECT: ("promise",)} if kind.promises_in_subject else {},
    )
    return [(LABELS[found.where], found) for found in findings(letter)]


def shown(row: MailWording, user: User, *, now: datetime) -> Rendered:
    """The mail as a customer would get it, with a made-up customer; `user` is who looks after the case. By the function
    that makes those that are sent.
    """
    return worded(row.kind, row.language, facts_to_show(row, user, now=now), row.parts)


def with_parts(row: MailWording, parts: Mapping[str, str]) -> MailWording:
    """The same wording with other parts, not saved: what somebody is typing."""
    typed = copy(row)
    for part, text in parts.items():
        setattr(typed, part, text.replace("\x00", ""))
    return typed


def shipped_parts(row: MailWording, user: User, *, now: datetime) -> dict[str, str]:
    """What each part of this mail says as shipped, in the same language and for the same customer."""
    facts = facts_to_show(row, user, now=now) | {"language": row.language}
    found = {}
    for name in ("subject.txt", "body.txt"):
        template = get_template(f"emails/{row.kind}/{name}").template  # type: ignore[attr-defined]
        context = Context(facts, autoescape=False)
        with translation.override(row.language), context.bind_template(template):
            for node in template.nodelist.get_nodes_by_type(Said):
                found[node.part] = " ".join(node.nodelist.render(context).split())
    return {part: found[part] for part in PARTS if found.get(part)}


def facts_to_show(row: MailWording, user: User, *, now: datetime) -> dict[str, Any]:
    """Facts of a made-up case, whole for every kind of mail, in the language of the wording."""
    language, zone = row.language, settings.TIME_ZONE
    brand = row.brand or Brand.objects.order_by("-is_default", "pk").first()
    later, much_later = (in_words(now + timedelta(days=days), language, zone, now=now) for days in (2, 9))
    until = day_in_words((now + timedelta(days=9)).date(), language, today=now.date())
    with translation.override(language):
        about = row.touchpoint.phrase_in(language) if row.touchpoint else gettext("your last order")
        words = gettext("Eleven days, and nobody told us anything.")
        what = gettext("A corrected list, looked through by two people")
        changed = gettext("You have the corrected list, and each delivery now brings its own.")
        why = gettext("Two people thought that the other one had written.")
    heard = {
        "unassigned": False,
        "promise": later,
        "promise_short": in_words(now + timedelta(days=2), language, zone, now=now, with_date=False),
    }
    of_kind: dict[str, dict[str, Any]] = {
        "acknowledgement": heard,
        "acknowledgement_passive": heard,
        "action_update": {"what": what, "who": user.name, "by": later},
        "action_done": {"what": what, "who": user.name, "what_changed": changed},
        "hand_over": {"old_owner": "Jo Whitfield", "reason": "", "promise": later},
        "delay": {"what": what, "promised": later, "now_by": much_later, "why": why},
        "resolution": {
            "outcomes": [
                {
                    "date_words": day_in_words((now - timedelta(days=1)).date(), language, today=now.date()),
                    "text": changed,
                }
            ],
            "why_it_happened": why,
            "left_out": [],
            "silence_until": until,
        },
        "reminder": {"silence_until": until},
        "reopened": {"next_by": later},
    }
    has_case = row.kind != "promoter_thanks"
    return {
        "brand": brand.facts if brand else {"name": "", "colour": "", "legal_footer": "", "address": ""},
        "contact_name": "Marta Nordby",
        "salutation_name": "Marta",
        "account_name": "Nordby Cold Chain" if has_case else "",
        "quote": words,
        "quoted_on": moment_in_words(now - timedelta(hours=5), language, zone, now=now),
        "about": about,
        "owner": {
            "name": user.name if has_case else "",
            "title": user.title,
            "phone": user.phone,
            "looks_after": False,
        },
        "number": 1042 if has_case else None,
        "loop_link": "[[link:loop]]",
        "unsubscribe_link": "[[link:unsubscribe]]",
    } | of_kind.get(row.kind, {})


def to_oneself(row: MailWording, user: User, *, now: datetime) -> Draft:
    """The mail as shown, to whoever asks and nobody else. Pressed twice in a minute, it is one."""
    rendered = shown(row, user, now=now)
    brand = row.brand or Brand.objects.order_by("-is_default", "pk").first()
    return Draft(
        kind="wording_test",
        stream=Stream.STAFF,
        recipient=user.email,
        recipient_name=user.name,
        from_name=brand.name if brand else "nps_loop",
        from_address=brand.sender_address if brand else settings.DEFAULT_FROM_EMAIL,
        language=row.language,
        subject=gettext("Test: %(subject)s") % {"subject": rendered.subject},
        text=without_links(rendered.text),
        html=without_links(rendered.html),
        links={},
        dedupe_key=f"wording-test:{row.pk}:{row.edits}:{user.pk}:{now:%Y%m%d%H%M}",
    )


def without_links(text: str) -> str:
    """The mail of a case that is none: its links lead to our own address."""
    shown_as: Mapping[str, str] = {"loop": settings.SITE_URL, "unsubscribe": settings.SITE_URL}
    for name, address in shown_as.items():
        text = text.replace(f"[[link:{name}]]", address)
    return text
