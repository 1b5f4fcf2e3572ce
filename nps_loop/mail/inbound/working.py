"""Reading what was kept: each mail once, whoever looks at it. What raises is tried again, then shown as stuck."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from nps_loop.mail import hooks, telling
from nps_loop.mail.inbound import absences, addresses, attaching, bounces, classes, cutting, keeping, reading
from nps_loop.mail.inbound.reading import Mail
from nps_loop.mail.models import Inbound, Message

logger = logging.getLogger(__name__)

Kind, State = Inbound.Kind, Inbound.State

MAX_ATTEMPTS = 5
_WAIT = timedelta(minutes=1)
# Words of a person that belong to nothing are for a person to look at; what a machine sent is not.
_OF_A_PERSON = (Kind.REPLY, Kind.THANKS, Kind.EMPTY)


def read_waiting(now: datetime, *, limit: int = 200) -> int:
    """Read up to `limit` mails that wait, in the order they came, and return how many. Safe to run side by side."""
    done = 0
    for pk in list(Inbound.objects.waiting(now).order_by("received_at", "pk").values_list("pk", flat=True)[:limit]):
        try:
            done += _read_one(pk, now)
        except Exception as error:
            logger.exception("Mail %d that came in could not be read.", pk)
            _put_off(pk, error, now)
    return done


def _read_one(pk: int, now: datetime) -> int:
    written: list[str] = []
    name = Inbound.objects.waiting(now).filter(pk=pk).values_list("stored_as", flat=True).first()
    if name is None:
        return 0
    # A large mail takes its time to be read: nobody who wants to write waits for that.
    mail = reading.read(keeping.path_of(name).read_bytes())
    try:
        with transaction.atomic():
            row = Inbound.objects.waiting(now).select_for_update(skip_locked=True).filter(pk=pk).first()
            if row is None:
                return 0
            _note(row, mail)
            row.next_try_at, row.handled_at = None, now
            _follow(row, mail, now)
            if row.state != State.NEW:
                written += [file.stored_as for file in attaching.keep(row, mail.files) if file.stored_as]
            row.save()
    except Exception:
        for name in written:
            keeping.remove(name)
        raise
    return 1


def _note(row: Inbound, mail: Mail) -> None:
    """What the mail says, as fields of its row."""
    signed = addresses.first_signed(mail.recipients)
    row.message_id, row.in_reply_to = mail.message_id[:255], mail.in_reply_to[:255]
    row.from_address, row.from_name, row.subject = mail.from_address, mail.from_name, mail.subject
    row.to_address = (signed[0] if signed else next(iter(mail.recipients), ""))[:320]
    row.text, row.words = mail.text, cutting.cut(mail.text)
    row.sent_at = mail.sent_at
    row.thread = signed[1].thread if signed else None
    row.kind = classes.classify(mail, row.words, own_domain=settings.REPLY_DOMAIN)
    if row.kind == Kind.EMPTY and mail.files:
        # A picture of what is wrong is an answer, too.
        row.kind = Kind.REPLY
    wanted = [each for each in (mail.in_reply_to, *reversed(mail.references)) if each]
    known = {each.message_id: each for each in Message.objects.filter(message_id__in=wanted)} if wanted else {}
    row.about = next((known[each] for each in wanted if each in known), None)


def _follow(row: Inbound, mail: Mail, now: datetime) -> None:
    """Let follow what follows from the mail, and say on its row what became of it."""
    if row.kind in (Kind.BOUNCE, Kind.DELAYED):
        _report(row, mail, now)
    elif row.kind == Kind.OWN:
        _end(row, State.IGNORED, "One of our own mails came round.")
    else:
        signed = addresses.first_signed(mail.recipients)
        if signed is None:
            if row.kind in _OF_A_PERSON:
                row.kind = Kind.FOREIGN
                _end(row, State.QUARANTINED, "It was not sent to the signed address of a case.")
            else:
                _end(row, State.IGNORED, "Sent by a machine, and belongs to no case.")
            return
        day = (mail.sent_at or now).date()
        back = absences.back_on(f"{mail.subject}\n{row.words}", today=day) if row.kind == Kind.AWAY else None
        landed = hooks.land(row, signed[1].generation, back, now)
        row.case, row.is_known_sender = landed.case, landed.is_known_sender
        _end(row, State(landed.state), landed.reason)


def _report(row: Inbound, mail: Mail, now: datetime) -> None:
    """A mail of ours came back. Believed where it names a Message-ID of ours, and no other recipient."""
    report = bounces.report_in(mail)
    if report is None:
        _end(row, State.IGNORED, "A report that says nothing of a mail.")
        return
    about = Message.objects.filter(message_id__in=report.message_ids).order_by("-pk").first()
    if about is None or report.recipient not in ("", about.recipient):
        _end(row, State.IGNORED, "A report about a mail that is none of ours.")
        return
    row.about, row.case = about, about.case
    if about.state == Message.State.SENDING:
        # It came back sooner than its leaving was noted down.
        row.next_try_at, row.handled_at = now + _WAIT, None
        return
    if row.kind == Kind.BOUNCE:
        telling.mark_bounced([about.pk], reason=f"Came back: {report.reason}", now=now)
    _end(row, State.IGNORED, f"The mail server says: {report.reason}")


def _end(row: Inbound, state: str, reason: str) -> None:
    row.state, row.reason = state, reason[:300]


def _put_off(pk: int, error: Exception, now: datetime) -> None:
    row = Inbound.objects.filter(pk=pk, state=State.NEW).first()
    if row is None:
        return
    attempts = row.attempts + 1
    fields: dict[str, object] = {"attempts": attempts, "next_try_at": now + _WAIT * 2**attempts}
    if attempts >= MAX_ATTEMPTS:
        fields |= {"state": State.STUCK, "reason": f"Could not be read ({type(error).__name__})."}
    Inbound.objects.filter(pk=pk, state=State.NEW).update(**fields)
