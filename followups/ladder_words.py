"""A step of a ladder in a few words, as pages say it. No query in here."""

from __future__ import annotations

from django.utils.translation import gettext, ngettext

from followups.models import Escalation, LadderStep

Moment, Unit, Who = LadderStep.Moment, LadderStep.Unit, LadderStep.Who


def step_in_words(step: LadderStep) -> str:
    """`Owner, 3 h before it is due`, `Director, 1 working day after it was due`."""
    parts = [who_in_words(step), when_in_words(step)]
    if step.target:
        parts.append(gettext("only of: %(target)s") % {"target": step.get_target_display()})
    if step.unassigned_only:
        parts.append(gettext("only while nobody has it"))
    return ", ".join(parts)


def who_in_words(step: LadderStep) -> str:
    if step.who == Who.ADDRESS:
        return step.address
    if step.who == Who.WEBHOOK:
        return gettext("Webhook %(name)s") % {"name": step.endpoint}
    return str(step.get_who_display())


def when_in_words(step: LadderStep) -> str:
    if step.moment == Moment.SHARE:
        return gettext("at %(n)s %% of its time") % {"n": step.amount}
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
