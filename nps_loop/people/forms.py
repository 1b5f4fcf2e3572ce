"""The form of the log-in page."""

from __future__ import annotations

from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _


class LogInForm(AuthenticationForm):
    """One sentence for every wrong pair: it must not tell which of the two is wrong, or who works here."""

    error_messages = {
        "invalid_login": _(
            "That name and password do not belong together. Check capital letters, or ask your administrator for a new "
            "password."
        ),
        "inactive": _(
            "That name and password do not belong together. Check capital letters, or ask your administrator for a new "
            "password."
        ),
    }
