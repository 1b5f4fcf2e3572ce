"""A step of a ladder in a few words, as pages say it. No query in here."""

from __future__ import annotations

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from followups.models import Deadline, Escalation, LadderStep

Moment, Unit, Who = LadderStep.Moment, LadderStep.Unit, LadderStep.Who
# Each a message of its own: languages put an article before it, in its gender and case.
OF_ONE_TIME = {
    Deadline.Target.FIRST_CONTACT: _("for the first contact alone"),
    Deadline.Target.ANSWER: _("for the answer to a customer alone"),
    Deadline.Target.NEXT_UPDATE: _("for the next update alone"),
    Deadline.Target.RESOLUTION: _("for the resolution alone"),
}


def step_in_words(step: LadderStep) -> str:
    """`Owner, 3 hours before it is due`, `Lead and deputies, when it is due, for the first contact alone`."""
    parts = [who_in_words(step), when_in_words(step)]
    if step.target:
        parts.append(str(OF_ONE_TIME[Deadline.Target(step.target)]))
    if step.unassigned_only:
        parts.append(gettext("while nobody has it"))
    return ", ".join(parts)


def who_in_words(step: LadderStep) -> str:
    if step.who == Who.ADDRESS:
        return step.address
    if step.who == Who.WEBHOOK:
        return gettext("Webhook %(name)s") % {"name": step.endpoint}
    return str(step.get_who_display())


def when_in_words(step: LadderStep) -> str:
    if step.moment == Moment.SHARE:
        return gettext("once %(n)s %% of its time is gone") % {"n": step.amount}
    if not step.amount:
        return gettext("when it is due")
    length = _length(step)
    if step.moment == Moment.BEFORE:
        return gettext("%(length)s before it is due") % {"length": length}
    return gettext("%(length)s after it was due") % {"length": length}


def _length(step: LadderStep) -> str:
    minutes = step.amount
    if step.unit == Unit.CLOCK:
        if minutes % 60:
            return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
        return ngettext("%(n)s hour", "%(n)s hours", minutes // 60) % {"n": minutes // 60}
    if step.unit == Unit.DAYS:
        return ngettext("%(n)s working day", "%(n)s working days", minutes) % {"n": minutes}
    if minutes % 60:
        return ngettext("%(n)s minute of working time", "%(n)s minutes of working time", minutes) % {"n": minutes}
    return ngettext("%(n)s working hour", "%(n)s working hours", minutes // 60) % {"n": minutes // 60}


def how_in_words(step: LadderStep) -> str:
    """At once, in working time, or collected."""
    if step.digest:
        return gettext("with the next working morning's mail")
    return gettext("in working time") if step.waits else gettext("at once")


def level_in_words(row: Escalation) -> str:
    """What a step that was reached is called: as its ladder says it, else by the levels the program knows."""
    if row.step is not None:
        return step_in_words(row.step)
    return str(dict(Escalation.Level.choices).get(row.level, row.level))
