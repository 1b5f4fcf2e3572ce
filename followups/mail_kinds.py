"""The automatic mails whose words leads may change: which parts of each, and what can be filled in there. Pure.

Who, by when, the question and every link stand in the shipped frame of a mail, not in these parts, so that no wording
can take them out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

SUBJECT, OPENING, CLOSING = "subject", "opening", "closing"
PARTS = (SUBJECT, OPENING, CLOSING)


@dataclass(frozen=True, slots=True)
class MailKind:
    """A mail as the page of the wordings knows it; `code` is also the folder of its templates.

    `stage` is what it tells in the course of a case, `parts` what may be worded, `variables` what can be filled in.
    Where `promises_in_subject`, the shipped subject says by when. With `by_band` a wording may be for one band only; a
    mail that is for one band anyway is not asked.
    """

    code: str
    label: Any
    stage: Any
    parts: tuple[str, ...] = PARTS
    variables: tuple[str, ...] = ("first_name", "name", "account", "owner", "promise", "touchpoint", "number", "brand")
    by_band: bool = True
    promises_in_subject: bool = False


_WITHOUT_A_DATE = ("first_name", "name", "account", "owner", "touchpoint", "number", "brand")
_WITHOUT_A_CASE = ("first_name", "name", "touchpoint", "brand")

KINDS = {
    kind.code: kind
    for kind in (
        MailKind(
            "acknowledgement",
            _("Your answer has arrived"),
            _("Heard, who calls and by when"),
            by_band=False,
            promises_in_subject=True,
        ),
        MailKind(
            "acknowledgement_passive",
            _("Thank you, to a 7 or 8"),
            _("Heard, who looks at it and by when"),
            by_band=False,
            promises_in_subject=True,
        ),
        MailKind(
            "action_update",
            _("What we do, and by when"),
            _("What is done about it, by whom and by when"),
            promises_in_subject=True,
        ),
        MailKind("action_done", _("Promised, and done"), _("What changed by one promise"), variables=_WITHOUT_A_DATE),
        # Its first paragraph is the new name itself, and its subject changes with what is handed over.
        MailKind("hand_over", _("A new name"), _("Who does it from now on"), parts=(CLOSING,)),
        # Its first paragraph says whether the date has passed.
        MailKind(
            "delay",
            _("A date does not hold"),
            _("Which date moves, and why"),
            parts=(SUBJECT, CLOSING),
            promises_in_subject=True,
        ),
        # What stands below the question is when the case closes by itself.
        MailKind("resolution", _("What changed"), _("What changed, why, and is it settled?"), parts=(SUBJECT, OPENING)),
        MailKind("reminder", _("Is it settled?"), _("The question, once more"), parts=(SUBJECT, OPENING)),
        MailKind(
            "reopened", _("It is open again"), _("Heard again, who answers and by when"), promises_in_subject=True
        ),
        MailKind(
            "promoter_thanks",
            _("Thank you, to a 9 or 10"),
            _("Heard, nothing follows"),
            variables=_WITHOUT_A_CASE,
            by_band=False,
        ),
        MailKind(
            "left_in_peace_thanks",
            _("Thank you, we leave you in peace"),
            _("Heard, nobody calls"),
            variables=(*_WITHOUT_A_CASE, "account"),
        ),
    )
}

# What says "by when" in a mail, whichever of its facts that is.
_PROMISES = ("promise_short", "promise", "next_by", "now_by", "by", "silence_until")


def values_from(facts: Mapping[str, Any]) -> dict[str, str]:
    """What the variables stand for, read from the facts a mail is rendered with; empty for what is not known."""
    owner, number = facts.get("owner") or {}, facts.get("number")
    return {
        "first_name": facts.get("salutation_name") or facts.get("contact_name") or "",
        "name": facts.get("contact_name") or "",
        "account": facts.get("account_name") or "",
        "owner": owner.get("name") or "",
        "promise": next((str(facts[name]) for name in _PROMISES if facts.get(name)), ""),
        "touchpoint": facts.get("about") or "",
        "number": f"#{number}" if number else "",
        "brand": (facts.get("brand") or {}).get("name") or "",
    }
