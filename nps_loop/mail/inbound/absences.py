"""Out-of-office answers: how they are told from others, and on which day their writer is back."""

from __future__ import annotations

import re
from datetime import date, timedelta

# Subjects of answering machines: English, German, French, Spanish, Italian, Dutch, Polish, Portuguese, Swedish, Danish,
# Norwegian, Finnish, Czech.
_SUBJECT = re.compile(
    r"\b(out of (the )?office|ooo\b|automatic reply|auto[- ]?reply|autoreply|on vacation|away from my (desk|mail)"
    r"|abwesenheit\w*|abwesend|automatische antwort|nicht im (büro|buero|haus)|im urlaub"
    r"|réponse automatique|reponse automatique|absence du bureau|absent du bureau|message d'absence|en congés?"
    r"|respuesta automática|respuesta automatica|fuera de (la )?oficina|ausente|de vacaciones"
    r"|risposta automatica|fuori (sede|ufficio)|assente"
    r"|automatisch antwoord|afwezig\w*|niet op kantoor|buiten kantoor"
    r"|automatyczna odpowiedź|autoodpowiedź|odpowiedź automatyczna|poza biurem|nieobecno\w+"
    r"|resposta automática|resposta automatica|ausência|fora do escritório|ausente do escritório"
    r"|autosvar|automatiskt svar|frånvaro\w*|frånvarande|automatisk svar|fravær\w*|ikke til stede|ikke på kontoret"
    r"|automaattinen vastaus|poissa toimistosta|poissaolo\w*|automatická odpověď|mimo kancelář)\b",
    re.IGNORECASE,
)
_TEXT = re.compile(
    r"(out of (the )?office|on (annual |parental )?leave|on vacation|on holiday|limited access to (my )?e?-?mail"
    r"|nicht im büro|außer haus|ausser haus|im urlaub|nicht erreichbar|abwesend"
    r"|absente? du bureau|en congés?|je suis absente?|actuellement absente?"
    r"|fuera de (la )?oficina|estoy ausente|de vacaciones|estaré ausente"
    r"|fuori (sede|ufficio)|sono assente|in ferie"
    r"|niet op kantoor|afwezig|met vakantie"
    r"|poza biurem|jestem nieobecn|na urlopie"
    r"|fora do escritório|estou ausente|de férias"
    r"|inte på kontoret|på semester|är frånvarande|ikke på kontoret|på ferie|er fraværende"
    r"|en ole toimistolla|olen lomalla|poissa toimistosta|mimo kancelář|na dovolené)",
    re.IGNORECASE,
)
# Words before the day somebody is back; between them and the date a few others may stand.
_BACK = re.compile(
    r"(back (in the office |at work )?on|back|return(ing)?( to the office)? on|return(ing)?|until|through|till"
    r"|ab dem|wieder (da )?(ab|am)|zurück am|bis (einschließlich|zum)?|wieder"
    r"|de retour le|retour le|jusqu'au|à partir du"
    r"|de vuelta el|regreso el|vuelvo el|hasta el|a partir del"
    r"|fino al|rientro il|torno il|di ritorno il|dal"
    r"|tot en met|terug op|tot|vanaf"
    r"|do dnia|wracam|od dnia|do"
    r"|até|regresso em|volto em|a partir de"
    r"|tillbaka|till och med|tilbage|tilbake|til og med|t\.?o\.?m\.?"
    r"|palaan|asti|takaisin|zpět|do)\b",
    re.IGNORECASE,
)
_STILL_AWAY = re.compile(
    r"^(until|through|till|bis|jusqu|hasta|fino|tot|do|até|till och|til og|t\.?o\.?m|asti)\b", re.IGNORECASE
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january januar jan janvier enero gennaio januari stycznia janeiro januar tammikuuta ledna",
            "february februar feb février fevrier febrero febbraio februari lutego fevereiro helmikuuta února",
            "march märz maerz mar mars marzo maart marca março marts maaliskuuta března",
            "april apr avril abril aprile kwietnia huhtikuuta dubna",
            "may mai mayo maggio mei maja maio maj toukokuuta května",
            "june juni jun juin junio giugno czerwca junho kesäkuuta června",
            "july juli jul juillet julio luglio lipca julho heinäkuuta července",
            "august aug août aout agosto augustus sierpnia augusti elokuuta srpna",
            "september sept sep septembre septiembre settembre września setembro syyskuuta září",
            "october oktober oct okt octobre octubre ottobre października outubro lokakuuta října",
            "november nov novembre noviembre listopada novembro marraskuuta listopadu",
            "december dezember dec dez décembre diciembre dicembre grudnia dezembro desember joulukuuta prosince",
        ),
        start=1,
    )
    for name in names.split()
}
_DATE = re.compile(
    r"(?P<y>20\d\d)-(?P<m>\d{1,2})-(?P<d>\d{1,2})"
    r"|(?P<d2>\d{1,2})[./](?P<m2>\d{1,2})[./]?(?P<y2>20\d\d|\d\d)?"
    r"|(?P<d3>\d{1,2})(?:st|nd|rd|th|er|\.|º)?\s(?:of |de |do )?(?P<mon>[^\W\d_]{3,15})\.?"
    r"(?:,? (?:de )?(?P<y3>20\d\d))?"
    r"|(?P<mon4>[^\W\d_]{3,15})\s(?P<d4>\d{1,2})(?:st|nd|rd|th)?(?:,? (?P<y4>20\d\d))?",
    re.IGNORECASE,
)
_LOOKED_THROUGH = 5_000
_LONGEST = timedelta(days=400)


def is_absence(subject: str, text: str, *, automatic: bool) -> bool:
    """Whether a mail says that its writer is away. Its text alone says so only where a machine sent it."""
    if _SUBJECT.search(subject[:300]) and not subject[:300].lower().startswith(("re:", "aw:", "sv:", "rv:", "odp:")):
        return True
    return automatic and bool(_TEXT.search(text[:_LOOKED_THROUGH]) or _SUBJECT.search(subject[:300]))


def back_on(text: str, *, today: date) -> date | None:
    """The day somebody is back by their own words, between tomorrow and 400 days from `today`; None if not said.

    "Until 5 May" is back on the sixth. A date with two numbers is read day first; the American order where that is no
    date, or where "a.m."-like months are written out. Without a year it is the next such day.
    """
    found: date | None = None
    text = " ".join(text[:_LOOKED_THROUGH].split())
    for cue in _BACK.finditer(text):
        said = _DATE.search(text, cue.end(), cue.end() + 45)
        day = _day(said, today) if said else None
        if day is None:
            continue
        if _STILL_AWAY.match(cue[0]):
            day += timedelta(days=1)
        if today < day <= today + _LONGEST and (found is None or day > found):
            found = day
    return found


def _day(said: re.Match[str], today: date) -> date | None:
    parts = said.groupdict()
    day = next((int(parts[name]) for name in ("d", "d2", "d3", "d4") if parts[name]), 0)
    year = next((int(parts[name]) for name in ("y", "y2", "y3", "y4") if parts[name]), 0)
    month_name = (parts["mon"] or parts["mon4"] or "").lower()
    month = _MONTHS.get(month_name, 0) if month_name else int(parts["m"] or parts["m2"] or 0)
    if month > 12 >= day:
        day, month = month, day
    year += 2000 if 0 < year < 100 else 0
    try:
        if year:
            return date(year, month, day)
        this = date(today.year, month, day)
        return this if this >= today else date(today.year + 1, month, day)
    except ValueError:
        return None
