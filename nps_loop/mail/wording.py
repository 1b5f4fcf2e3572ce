"""Why a mail did not arrive, or was set aside when it came in: kept with it in English for good, read in the language
of whoever looks at it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache

from django.utils import formats, translation
from django.utils.translation import gettext, gettext_noop

# Every sentence that is kept with a mail, whoever keeps it. What stands here is only read; a sentence that is not here
# is shown as it was kept, as is what a mail server answered.
KEPT = (
    gettext_noop("Not sent: %(name)s asked for no more surveys on %(day)s."),
    gettext_noop("Not sent: %(name)s asked for no more mails on %(day)s."),
    gettext_noop("Not sent: mail to %(address)s came back on %(day)s."),
    gettext_noop("Not sent: %(name)s marked a mail of ours as spam on %(day)s."),
    gettext_noop("Not sent: %(name)s is not to be contacted, since %(day)s."),
    gettext_noop("Not sent: the address was erased on %(day)s."),
    gettext_noop("Not sent: no mail address is known."),
    gettext_noop("Not sent: “%(address)s” is not one mail address."),
    gettext_noop("Not sent: nobody knows who gave this answer."),
    gettext_noop("Not sent: this person was erased."),
    gettext_noop("Not sent: the customer asked not to be contacted."),
    gettext_noop("Not sent: %(name)s must not be contacted."),
    gettext_noop("Not sent: %(name)s asked not to be contacted."),
    gettext_noop("Not sent: no mail address of %(name)s is known."),
    gettext_noop("Not sent: a hold on the case stops automatic mail; the owner may tell the customer in person."),
    gettext_noop("Not sent: a hold on the case stops automatic mail."),
    gettext_noop("Not sent: the case has been opened again since."),
    gettext_noop("Not sent: imported without acknowledgements."),
    gettext_noop("Not sent: the answer is older than 7 days."),
    gettext_noop("Not sent: thanked within the last 90 days."),
    gettext_noop("Not sent: an acknowledgement of this conversation went out in the last 14 days."),
    gettext_noop("The customer asked not to be contacted."),
    gettext_noop("Waits: another mail went to this person on %(day)s."),
    gettext_noop("Waits: it is night where this person is."),
    gettext_noop("Not sent: this survey was answered meanwhile."),
    gettext_noop("Not sent: it has ended."),
    gettext_noop("Not sent: a case of this person is open."),
    gettext_noop("Not sent: this survey is not sent any more."),
    gettext_noop("Not sent: this person was put together with another."),
    gettext_noop("Not sent: this person must not be contacted."),
    gettext_noop("Not sent: this is a colleague."),
    gettext_noop("Taken back before it left."),
    gettext_noop("Noted by %(name)s."),
    gettext_noop("We cannot tell whether this mail left. Check with %(name)s before you send it again."),
    gettext_noop("What its link “%(link)s” leads to no longer exists."),
    gettext_noop("The mail server could not be reached (%(error)s)."),
    gettext_noop("The mail server cannot take an address with such letters."),
    gettext_noop("The connection broke during the hand-over (%(error)s): the mail may have left."),
    gettext_noop("The mail could not be put together (%(error)s)."),
    gettext_noop("The mail server takes nothing now: %(answer)s."),
    gettext_noop("The mail server put it off: %(answer)s."),
    gettext_noop("The mail server refused it: %(answer)s."),
    # What became of a mail that came in.
    gettext_noop("The address it was sent to has been withdrawn."),
    gettext_noop("Its conversation has no case that could take it."),
    gettext_noop("An answering machine: nothing follows from it."),
    gettext_noop("Sent by a machine: nothing follows from it."),
    gettext_noop("Nothing stands in it."),
    gettext_noop("Too many like it within a day: a machine answers."),
    gettext_noop("More came from this address within a day than one person writes: look whether somebody does."),
    gettext_noop("From another address than those of the customer."),
    gettext_noop("Put with its case by hand."),
    gettext_noop("Looked at, and nothing follows from it."),
    gettext_noop("One of our own mails came round."),
    gettext_noop("It was not sent to the signed address of a case."),
    gettext_noop("Sent by a machine, and belongs to no case."),
    gettext_noop("Came back: %(answer)s"),
    gettext_noop("Nothing here knows the case it belongs to."),
    gettext_noop("A report that says nothing of a mail."),
    gettext_noop("A report about a mail that is none of ours."),
    gettext_noop("The mail server says: %(answer)s"),
    gettext_noop("Could not be read (%(error)s)."),
    # Of files that came with them.
    gettext_noop("Not kept: larger than 10 MB."),
    gettext_noop("Kept for a time only, and that is over."),
    gettext_noop("Not kept: it came with more than 50 files."),
    gettext_noop("Not kept: the files of this mail are larger than 25 MB together."),
)


def in_words(kept: str) -> str:
    """A sentence that was kept in English, in the language that is active; one that nobody knows stays as it is."""
    if not kept or (translation.get_language() or "en").startswith("en"):
        return kept
    for message, pattern in _patterns():
        if found := pattern.fullmatch(kept):
            values = found.groupdict()
            if day := values.get("day"):
                values["day"] = _day(day)
            return gettext(message) % values
    return kept


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    return [
        (message, re.compile(re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+?)", re.escape(message)), re.DOTALL))
        for message in KEPT
    ]


def _day(kept: str) -> str:
    """`3 May` and `3 May 2025` as they are written in the language that is active."""
    has_year = kept[-4:].isdecimal()
    try:
        # A leap year for those without one, so that every day there is can be read.
        day = datetime.strptime(kept if has_year else f"{kept} 2000", "%d %B %Y").replace(tzinfo=UTC)
    except ValueError:
        return kept
    return formats.date_format(day, "DATE_FORMAT" if has_year else "MONTH_DAY_FORMAT")
