"""Mail that says what became of a mail of ours: a delivery report (RFC 3464), or a mail server's own prose."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nps_loop.mail.inbound.reading import Mail
from nps_loop.mail.suppression import normalise

_DAEMON = re.compile(
    r"^(mailer-daemon|mailerdaemon|postmaster|mail-daemon|bounce[s]?|mdaemon)(\+.*|-.*)?@", re.IGNORECASE
)
_SUBJECT = re.compile(
    r"(undeliver(able|ed)|delivery (status notification|failure|has failed|failed)|returned mail"
    r"|mail delivery (failed|failure|system)"
    r"|failure notice|unzustellbar|zustellung fehlgeschlagen|nicht zugestellt|non remis"
    r"|échec de (la )?remise|echec de la remise"
    r"|no se puede entregar|no entregado|mancata consegna|impossibile recapitare|onbestelbaar"
    r"|nie dostarczono|não entregue)",
    re.IGNORECASE,
)
_LATE = re.compile(
    r"\b(delay(ed)?|warning|verzöger\w*|retardé|retrasad[oa]|still trying|will (be )?retr\w+)\b", re.IGNORECASE
)
_FOR_NOW = re.compile(r"\b4\.\d{1,3}\.\d{1,3}\b|mailbox (is )?full|over quota|temporar", re.IGNORECASE)
_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_ID = re.compile(r"message-id:\s{0,20}(<[^<>\s]{1,250}>)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a mail of ours: `is_final` where nobody tries again; `reason` in the server's words."""

    is_final: bool
    recipient: str
    reason: str
    message_ids: tuple[str, ...]


def report_in(mail: Mail) -> Report | None:
    """What `mail` reports about a mail that did not arrive, or not yet; None where it is no such report."""
    if mail.report_type == "delivery-status" or mail.report:
        return _from_fields(mail)
    if _DAEMON.match(mail.from_address) or mail.headers.get("return-path", "").strip() == "<>":
        return _from_prose(mail)
    return None


def is_report(mail: Mail) -> bool:
    """Whether it is a mail server's report of whatever kind, a receipt and "was delivered" included."""
    return mail.report_type in ("delivery-status", "disposition-notification") or bool(mail.report)


def _from_fields(mail: Mail) -> Report | None:
    for block in mail.report:
        action = block.get("action", "").split()[:1]
        if not action or action[0].lower() not in ("failed", "delayed"):
            continue
        status = block.get("status", "").strip()
        final = action[0].lower() == "failed" and not status.startswith("4")
        told = block.get("diagnostic-code", "").partition(";")[2].strip() or block.get("diagnostic-code", "")
        recipient = block.get("original-recipient") or block.get("final-recipient", "")
        return Report(
            is_final=final,
            recipient=normalise(recipient.partition(";")[2] or recipient),
            reason=(told or status or "it did not say why")[:200],
            message_ids=_ids_of(mail),
        )
    return None


def _from_prose(mail: Mail) -> Report | None:
    text = mail.text[:20_000]
    if not _SUBJECT.search(mail.subject[:300]):
        return None
    late = bool(_LATE.search(mail.subject[:300])) or bool(_FOR_NOW.search(text))
    status = _STATUS.search(text)
    line = next((each.strip() for each in text.split("\n") if status and status[0] in each), "")
    failed = normalise(mail.headers.get("x-failed-recipients", "").split(",")[0])
    return Report(not late, failed, (line or mail.subject or "it did not say why")[:200], _ids_of(mail))


def _ids_of(mail: Mail) -> tuple[str, ...]:
    """Message-IDs of the mail in question, the surest source first."""
    ids = [*mail.returned_ids]
    if mail.in_reply_to:
        ids.append(mail.in_reply_to)
    ids += [*mail.references, *_ID.findall(mail.text[:100_000])]
    return tuple(dict.fromkeys(ids))
