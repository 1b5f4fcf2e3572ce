"""Where leads find what the loop works by: one line for each page that changes it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

# Name of the page's address, icon, what it is called, what is decided there.
PAGES: tuple[tuple[str, str, Any, Any], ...] = (
    ("calendars", "clock", _("Working hours"), _("When each team works, and on which days nobody does.")),
    ("policies", "flag", _("Policies"), _("By when somebody is contacted, answered, and the case resolved.")),
    ("rules", "rule", _("Rules"), _("Which answer opens a ticket, and who gets it.")),
    ("absences", "pause", _("Absences"), _("Who is away, who stands in, and when each person works.")),
    ("escalations", "late", _("Escalations"), _("Who was told of what runs out, and teams with nobody to turn to.")),
    ("fairness", "team", _("Fairness"), _("Who was given what and why, and whether the shares are even.")),
    (
        "surveys",
        "voices",
        _("Surveys"),
        _("What customers are asked, in which words, how it is sent, and the links to it."),
    ),
    ("mails", "mail", _("Mails"), _("What customers are told by themselves, in which words, and how it reads.")),
    ("suppressions", "x", _("Not to be written to"), _("Who gets nothing more of a kind, and why.")),
    ("templates", "note", _("Templates"), _("Texts to begin a mail from, and passages to put into one.")),
)
# Addresses that belong to the set-up, for the mark in the navigation.
ADDRESSES = ("/set-up/", "/calendars/", "/policies/", "/rules/", "/surveys/", "/mails/", "/suppressions/")
