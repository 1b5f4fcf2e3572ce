"""Variables of templates: `{first_name}` and its like. Pure: text in, text out.

Not `str.format`: a template is written by a person, and nothing in it may reach into an object. Braces around anything
but one word are braces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

# What there is to fill in, each with what it stands for.
VARIABLES = {
    "first_name": _("How the customer is called: the first name, else the whole"),
    "name": _("The customer’s whole name"),
    "account": _("The company"),
    "owner": _("Your own name"),
    "promise": _("By when somebody promised to get in touch, or the next open action"),
    "words": _("The customer’s own words, as a quotation"),
    "touchpoint": _("What the answer was about"),
    "number": _("The number of the ticket"),
}
# Only where a mail goes out by itself: whoever writes on a ticket writes for one brand anyway.
OF_AUTOMATIC_MAILS = {"brand": _("The name of the brand")}
_VARIABLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def used_in(text: str) -> list[str]:
    """Names of the variables in `text`, each once, in order."""
    return list(dict.fromkeys(_VARIABLE.findall(text)))


def unknown_in(text: str) -> list[str]:
    """Those among them that nobody can fill in."""
    return [name for name in used_in(text) if name not in VARIABLES]


def filled(text: str, values: Mapping[str, str]) -> str:
    """`text` with its variables filled in. One without a value stays as it is, so that its gap is seen."""
    return _VARIABLE.sub(lambda found: values.get(found[1]) or found[0], text)


def left_open(text: str) -> list[str]:
    """Known variables that still stand in `text`: gaps that somebody has to fill before a customer reads it."""
    return [name for name in used_in(text) if name in VARIABLES]
