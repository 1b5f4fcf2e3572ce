"""One filled context per kind of mail and language, with names and words that break careless templates."""

from __future__ import annotations

from typing import Any

CUSTOMER_KINDS = [
    "acknowledgement",
    "acknowledgement_passive",
    "personal",
    "action_update",
    "action_done",
    "resolution",
    "reopened",
    "hand_over",
    "delay",
    "reminder",
    "promoter_thanks",
    "left_in_peace_thanks",
    "agreed_to_differ",
    "invitation",
    "invitation_reminder",
    "recovery_question",
]
STAFF_KINDS = ["morning", "notice_assigned", "notice_action", "notice_named", "notice_lead", "notice_watcher"]
KINDS = CUSTOMER_KINDS + STAFF_KINDS
LANGUAGES = ["en", "de", "es", "fr"]

# What the caller says in the reader's language: about, quoted_on, promise, promise_short, silence_until, later promise.
MOMENTS = {
    "en": (
        "your first 30 days",
        "Sunday, 22 November, at 20:42",
        "by Tuesday evening, 24 November",
        "by Tuesday evening",
        "Friday, 11 December",
        "by Thursday midday, 26 November",
    ),
    "de": (
        "Ihre ersten 30 Tage",
        "Sonntag, 22. November, um 20:42 Uhr",
        "bis Dienstagabend, 24. November",
        "bis Dienstagabend",
        "Freitag, 11. Dezember",
        "bis Donnerstagmittag, 26. November",
    ),
    "es": (
        "sus primeros 30 días",
        "domingo, 22 de noviembre, a las 20:42",
        "a más tardar el martes por la tarde, 24 de noviembre",
        "a más tardar el martes por la tarde",
        "viernes, 11 de diciembre",
        "a más tardar el jueves al mediodía, 26 de noviembre",
    ),
    "fr": (
        "vos 30 premiers jours",
        "dimanche 22 novembre à 20\u00a0h\u00a042",
        "d’ici mardi soir, 24 novembre",
        "d’ici mardi soir",
        "vendredi 11 décembre",
        "d’ici jeudi midi, 26 novembre",
    ),
}
# Typed by people, so the same in every language here: nothing in it is ours to translate.
QUOTE = "Zwölf Tage <b>Stille</b> & kein Wort. ¿Por qué? “Rien.”"
WHAT = "Ivo prüft 1 < 2 & schickt die Liste"


def context(kind: str, language: str, **changed: Any) -> dict[str, Any]:
    """Everything `kind` needs in `language`; `changed` replaces single values."""
    about, quoted_on, promise, promise_short, silence_until, later = MOMENTS[language]
    common: dict[str, Any] = {
        "language": language,
        "brand": {"name": "Müller & Søn", "colour": "#12664a", "legal_footer": "Müller & Søn ApS, Ågade 1"},
        "contact_name": "Marta O'Brien & Co",
        "salutation_name": "Marta",
        "quote": QUOTE,
        "quoted_on": quoted_on,
        "about": about,
        "owner": {"name": "Hanna D'Arc", "title": "Key accounts & service", "phone": "+46 00 000 00 00"},
        "account_name": "Nordby Cold & Chain",
        "loop_link": "[[link:loop]]",
        "unsubscribe_link": "[[link:unsubscribe]]",
    }
    asks: dict[str, Any] = {
        "question": "1 < 2 & 3?",
        "low": "A & B",
        "high": "C & D",
        "scores": tuple(range(11)),
        "asked_in": language,
        "occasion_on": silence_until,
        "asked_on": silence_until,
        "until": silence_until,
        "rest_days": 30,
        "score": 3,
        "what_changed": "",
        "case": None,
        "survey_link": "[[link:survey]]",
    }
    own: dict[str, dict[str, Any]] = {
        "acknowledgement": {"unassigned": False, "promise": promise, "promise_short": promise_short},
        "acknowledgement_passive": {"unassigned": False, "promise": promise, "promise_short": promise_short},
        "personal": {"body": f"Marta,\n\n> {QUOTE}\n\n{WHAT}.\n\nHanna", "subject": WHAT},
        "action_update": {"what": WHAT, "who": "Ivo Lenz", "by": promise},
        "action_done": {"what": WHAT, "who": "Ivo Lenz", "what_changed": "All 14 are repaired."},
        "resolution": {
            "outcomes": [{"date_words": "26.11", "text": WHAT}, {"date_words": "1.12", "text": "A < B"}],
            "why_it_happened": "1 & 2",
            "left_out": [{"text": "C & D.", "reason": "E > F."}],
            "silence_until": silence_until,
        },
        "reopened": {"next_by": promise},
        "hand_over": {"old_owner": "Jo O'Neill", "reason": "1 & 2.", "promise": promise},
        "delay": {"what": WHAT, "promised": promise, "now_by": later, "why": "1 & 2."},
        "reminder": {"silence_until": silence_until},
        "promoter_thanks": {},
        "left_in_peace_thanks": {},
        "agreed_to_differ": {"text": "1 & 2.\n\n3 < 4."},
        "invitation": asks,
        "invitation_reminder": asks,
        "recovery_question": asks | {"what_changed": WHAT, "case": 1042},
        "morning": {
            "subject": "1 & 2: Zwölf",
            "heading": "Marta O'Brien & Co",
            "parts": [
                {
                    "heading": "A & B",
                    "lines": [
                        {"text": f"{WHAT}. {QUOTE}", "link": "https://loop.example/tickets/1042/"},
                        {"text": "3 < 4.", "link": "https://loop.example/tickets/1042/"},
                    ],
                },
                {"heading": "C & D", "lines": [{"text": "5 > 4.", "link": "https://loop.example/tickets/1042/"}]},
            ],
        },
        "notice_assigned": {
            "number": 1042,
            "who": "Marta O'Brien & Co",
            "score": 3,
            "due": "24.11. 17:30",
            "reason": "1 & 2.",
            "cycle": 0,
            "hold": True,
        },
        "notice_action": {"what": WHAT, "by": "27.11. 17:30", "who": "Marta O'Brien & Co"},
        "notice_named": {"who": "", "score": 9},
        "notice_lead": {"subject": "#1042 & #1043", "lines": ["1 & 2.", "3 < 4."]},
        "notice_watcher": {"number": 1042, "who": "", "score": 3, "reason": "1 & 2."},
    }
    filled = common | own[kind]
    if kind in STAFF_KINDS:
        filled["link"] = "https://loop.example/tickets/1042/"
    return filled | changed
