"""What a mail is: an answer of a person, thanks, nothing, an answering machine, a machine, a report, our own. Pure."""

from __future__ import annotations

import re
import unicodedata

from nps_loop.mail.inbound import absences, bounces
from nps_loop.mail.inbound.reading import Mail
from nps_loop.mail.models import Inbound

Kind = Inbound.Kind

_BULK = frozenset(("bulk", "junk", "list", "auto_reply", "auto-reply"))
_MACHINE_HEADERS = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-amazon-auto-reply", "list-id")
_MACHINES = re.compile(r"^(no-?reply|do-?not-?reply|noreply|donotreply|mailer-daemon|postmaster|bounces?)([+.-].*)?@")
_LETTERS = re.compile(r"[^\W_]+")
# Whole answers that say thanks and ask for nothing, as words without accents; after them may stand a name or two.
_THANKS = frozenset(
    """thank thanks you thx ty cheers much many very so a lot great perfect ok okay super good all appreciated got it
    received noted brilliant wonderful for your help the quick reply update and mail email message answer kind
    regards best danke dankeschon vielen dank herzlichen besten schon sehr lieben prima alles klar gut passt fur
    die ihre deine schnelle hilfe antwort ruckmeldung nachricht info erhalten mit freundlichen grussen viele
    grusse mfg lg vg merci beaucoup bien recu parfait d accord pour votre ton reponse retour aide cordialement
    bonne journee gracias muchas mil perfecto vale de acuerdo por su tu la respuesta ayuda recibido saludos un
    saludo grazie mille molte perfetto va bene per la risposta il suo aiuto ricevuto cordiali saluti bedankt dank
    je u wel hartelijk voor het uw je antwoord hulp prima groet groeten met vriendelijke dziekuje dzieki bardzo
    serdecznie za odpowiedz pomoc pozdrawiam obrigado obrigada muito pela resposta ajuda tack sa mycket tak takk
    kiitos paljon dekuji diky""".split()
)
_SAYS_THANKS = re.compile(
    r"\b(thank|thanks|thx|cheers|appreciated|danke|dankeschon|dank|merci|gracias|grazie|bedankt|dziekuje|dzieki|obrigado|obrigada"
    r"|tack|tak|takk|kiitos|dekuji|diky)\b"
)
_MOST_THANKS = 14
_NAMES = 3
# As `outbox` makes them: a word, 32 hexadecimal digits, our domain.
_OUR_ID = re.compile(r"<[a-z0-9_-]+\.[0-9a-f]{32}@([^<>@]+)>", re.ASCII)


def classify(mail: Mail, words: str, *, own_domain: str) -> str:
    """Return the kind of `mail`, whose own words (quotes cut off) are `words`. FOREIGN is for others to say.

    RFC 3834 (Auto-Submitted, null return path), RFC 3464 (reports), RFC 2919 (List-Id) and what is usual beside them.
    """
    if _is_own(mail, own_domain):
        return Kind.OWN
    if (report := bounces.report_in(mail)) is not None:
        return Kind.BOUNCE if report.is_final else Kind.DELAYED
    if bounces.is_report(mail):
        return Kind.AUTOMATIC
    automatic = is_automatic(mail)
    if absences.is_absence(mail.subject, mail.text, automatic=automatic):
        return Kind.AWAY
    if automatic:
        return Kind.AUTOMATIC
    if not _LETTERS.search(words):
        return Kind.EMPTY
    return Kind.THANKS if is_thanks(words) else Kind.REPLY


def is_automatic(mail: Mail) -> bool:
    """Whether a machine sent it, as far as its headers say."""
    headers = mail.headers
    submitted = headers.get("auto-submitted", "").split(";")[0].strip().lower()
    return (
        submitted not in ("", "no")
        or headers.get("precedence", "").strip().lower() in _BULK
        or headers.get("return-path", "").strip() == "<>"
        or any(name in headers for name in _MACHINE_HEADERS)
        or headers.get("x-auto-response-suppress", "").strip().lower() in ("all", "autoreply", "oof")
        or bool(_MACHINES.match(mail.from_address))
    )


def is_thanks(words: str) -> bool:
    """Whether `words` are thanks and nothing else: short, every word of a list, up to three names at the end."""
    if "?" in words or len(words) > 300:
        return False
    plain = unicodedata.normalize("NFKD", words.lower())
    plain = "".join(char for char in plain if not unicodedata.combining(char)).replace("ß", "ss").replace("ø", "o")
    spoken = _LETTERS.findall(plain.replace("ł", "l"))
    if not spoken or len(spoken) > _MOST_THANKS or not _SAYS_THANKS.search(" ".join(spoken)):
        return False
    if {"no", "not", "but", "aber", "kein", "keine", "nicht", "pas", "mais", "pero", "ma", "maar", "niet"} & set(
        spoken
    ):
        return False
    last_known = max(at for at, word in enumerate(spoken) if word in _THANKS)
    unknown_inside = [word for word in spoken[:last_known] if word not in _THANKS]
    # One more name may be spoken to: "Thanks, Hanna. Best, Marta".
    return len(unknown_inside) <= 1 and len(spoken) - 1 - last_known <= _NAMES and not _goes_on(words)


def _goes_on(words: str) -> bool:
    """A name stands on its own; digits or a longer line behind the thanks say something more."""
    return any(char.isdigit() for char in words)


def _is_own(mail: Mail, own_domain: str) -> bool:
    """By the form of our Message-IDs: the domain alone may be the company's, and then it is a colleague who writes."""
    found = _OUR_ID.fullmatch(mail.message_id.lower())
    return found is not None and found[1] == own_domain.lower()
