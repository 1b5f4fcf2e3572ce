"""Where leads find what the loop works by: one line for each page that changes it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

# Name of the page's address, icon, what it is called, what is decided there.
PAGES: tuple[tuple[str, str, Any, Any], ...] = (
    ("calendars", "clock", _("Working hours"), _("When each team works, and on which days nobody does.")),
    ("policies", "flag", _("Policies"), _("By when somebody is contacted, answered, and the case resolved.")),
    ("templates", "note", _("Templates"), _("Texts to begin a mail from, and passages to put into one.")),
)
# Addresses that belong to the set-up, for the mark in the navigation.
ADDRESSES = ("/set-up/", "/calendars/", "/policies/")
