"""What the linter listens for, by language: patterns over lower-case text with plain apostrophes and spaces."""

from __future__ import annotations

# Phrases of machines: nobody says them, and they say nothing.
ROBOTIC = {
    "en": (
        r"we (?:truly |really |highly )?(?:value|appreciate) your (?:feedback|opinion|business|input|patience)",
        r"your (?:feedback|opinion|call|satisfaction|business|experience) is (?:very |extremely )?(?:important|valu)",
        r"rest assured",
        r"please be (?:advised|informed)",
        r"any inconvenience|the inconvenience",
        r"(?:thank you|thanks) for (?:reaching out|contacting us)",
        r"we strive to|committed to (?:providing|delivering|excellence)|constantly (?:improving|working)",
        r"valued customer|dear (?:customer|client|sir)",
        r"at your earliest convenience",
        r"(?:do not|don't|please do not) hesitate",
        r"very seriously",
        r"(?:has|have) been (?:escalated|forwarded|logged|registered|passed on)",
        r"(?:fully |completely )?understand your frustration",
        r"continue to improve|improve our (?:services?|products?|processes)",
    ),
    "de": (
        r"(?:feedback|meinung|anruf|zufriedenheit|rückmeldung) ist uns (?:sehr |besonders )?wichtig",
        r"(?:schätzen|freuen uns über) ihr(?:e)? (?:feedback|meinung|rückmeldung|geduld)",
        r"liegt uns (?:sehr )?am herzen",
        r"seien sie versichert|wir versichern ihnen",
        r"unannehmlichkeit",
        r"(?:vielen dank|danke) für ihre (?:kontaktaufnahme|anfrage)",
        r"stets bemüht|arbeiten (?:ständig|stetig|kontinuierlich)",
        r"sehr geehrte(?:r)? (?:damen und herren|kund)|liebe(?:r)? kund",
        r"zögern sie nicht|jederzeit gern(?:e)? zur verfügung",
        r"sehr ernst",
        r"(?:wurde|ist) (?:an die zuständige|an den zuständigen|weitergeleitet|erfasst|registriert)|weitergeleitet",
        r"verständnis für ihren ärger|können ihren (?:ärger|unmut)",
    ),
    "es": (
        r"(?:opinión|satisfacción|llamada|experiencia) es (?:muy )?importante",
        r"valoramos (?:mucho )?(?:su|sus|tu)",
        r"tenga la (?:seguridad|certeza)",
        r"no dude en|quedamos a su (?:entera )?disposición",
        r"molestias|inconveniente",
        r"estimad[oa](?:/a)?s? client",
        r"gracias por (?:ponerse en contacto|contactar)",
        r"ha sido (?:remitid|trasladad|escalad|registrad|enviad)[oa] al? (?:departamento|equipo|área)",
        r"ha sido registrad",
        r"trabajamos (?:cada día|constantemente|continuamente)|seguir mejorando",
        r"muy en serio",
        r"entendemos su (?:frustración|malestar)",
    ),
    "fr": (
        r"(?:avis|satisfaction|appel|retour|opinion) (?:nous )?est (?:très |particulièrement )?(?:important|précieu)",
        r"au cœur de nos (?:priorités|préoccupations)|compte beaucoup pour nous",
        r"soyez assuré|vous assurons",
        r"n'hésitez pas|restons à votre (?:entière )?disposition",
        r"désagrément|gêne occasionnée",
        r"ch(?:er|ère)(?:e)?s? client|madame, monsieur",
        r"merci de nous avoir contacté|nous vous remercions de (?:votre|l'intérêt)",
        r"(?:a|ont) (?:bien )?été (?:transmis|transféré|escaladé|enregistré|pris[e]? en compte)",
        r"tout en œuvre|améliorer (?:sans cesse|continuellement|nos services)|ne cessons d'améliorer",
        r"très au sérieux",
        r"comprenons votre (?:frustration|mécontentement)",
    ),
}

# What says that nobody will read an answer.
NO_REPLY = {
    "en": (r"(?:do not|don't) reply|no-?reply|unmonitored|not monitored",),
    "de": (r"(?:nicht|bitte nicht) auf diese (?:e-?mail|mail|nachricht)|antworten sie (?:bitte )?nicht|no-?reply",),
    "es": (r"no respond(?:a|er) a este|no-?reply|buzón no (?:se )?(?:atendid|supervis)",),
    "fr": (r"ne pas répondre|ne répondez pas|no-?reply|boîte (?:mail )?n'est pas (?:lue|relevée)",),
}

# The case as a thing of ours, not of theirs.
TICKET_SPEAK = {
    "en": (
        r"(?:your|this|the) ticket\b|ticket (?:number|id)|(?:case|reference) (?:number|id)|"
        r"(?:case|ticket|request) (?:has been|is now|was|will be) (?:closed|resolved)|incident\b",
    ),
    "de": (
        r"ticket|vorgangsnummer|fallnummer|ihr (?:vorgang|anliegen) (?:wurde|wird)|"
        r"(?:anfrage|fall) wurde (?:geschlossen|abgeschlossen)",
    ),
    "es": (
        r"ticket|número de (?:incidencia|caso|referencia)|su incidencia|(?:caso|incidencia) (?:ha sido|está) cerrad",
    ),
    "fr": (r"ticket|numéro de (?:dossier|référence|incident)|(?:dossier|demande) (?:a été|est) (?:clos|clôtur|ferm)",),
}

# A time that is none.
VAGUE = {
    "en": (
        r"as soon as (?:possible|we can)|\basap\b|shortly\b|in due course|in the near future|"
        r"within (?:the next )?\d+ (?:business |working )?(?:hours|days)",
    ),
    "de": (
        r"so (?:schnell|bald) wie möglich|schnellstmöglich|baldmöglichst|in kürze|zeitnah|umgehend|"
        r"(?:innerhalb|binnen) (?:von )?\d+ (?:stunden|tagen|werktagen|arbeitstagen)",
    ),
    "es": (
        r"lo antes posible|a la mayor brevedad|en breve|próximamente|cuanto antes|"
        r"en (?:un plazo de|las próximas) \d+ (?:horas|días)",
    ),
    "fr": (
        r"dès que possible|(?:meilleurs|plus brefs) délais|prochainement|sous peu|"
        r"sous \d+ (?:h\b|heures|jours)|dans les \d+ (?:h\b|heures|jours)",
    ),
}

SELLS = {
    "en": (
        r"\d+ ?% (?:off|discount)|discount|voucher|coupon|(?:special|exclusive|limited|great) offer|upgrad|"
        r"premium (?:plan|package|version)|free trial|loyalty points|buy (?:now|our)|"
        r"our (?:new|latest) (?:product|plan)|"
        r"sale ends|check out our|recommend (?:us|our)",
    ),
    "de": (
        r"\d+ ?% (?:rabatt|nachlass)|rabatt|gutschein|(?:sonder|exklusives? |neues? |passendes? )angebot|upgrade|"
        r"premium|kostenlos testen|jetzt (?:kaufen|bestellen|buchen|sichern)|treuepunkte|empfehlen sie uns",
    ),
    "es": (
        r"descuento|cupón|vale de regalo|oferta|promoción|plan superior|premium|upgrade|prueba gratuita|"
        r"compre ahora|aproveche|recomiénde",
    ),
    "fr": (
        r"remise|réduction de \d|\d+ ?% de réduction|code promo|bon d'achat|offre (?:exclusive|spéciale|promo\w*)|"
        r"premium|essai gratuit|profitez|découvrez (?:notre|nos)|formule supérieure|upgrade|recommandez",
    ),
}

ASKS_BACK = {
    "en": (r"\?|let (?:us|me) know|tell (?:us|me)\b|(?:please )?(?:answer|reply to) this|get back to us|rate us",),
    "de": (r"\?|sagen sie (?:uns|mir)|teilen sie (?:uns|mir)|lassen sie (?:uns|mich) wissen|antworten sie",),
    "es": (r"\?|díga(?:nos|me)|cuénte(?:nos|me)|hága(?:nos|me) saber|responda a",),
    "fr": (r"\?|dites-(?:nous|moi)|faites-(?:nous|moi) savoir|répondez|racontez",),
}

BLAMES = {
    "en": (
        r"you should have|you (?:failed|forgot|neglected|overlooked|misunderstood)|you (?:did not|"
        r"didn't) (?:follow|read)|"
        r"user error|your (?:own )?(?:mistake|fault)|had you (?:read|followed|told)|"
        r"as (?:clearly )?(?:stated|explained) in (?:our|the) (?:terms|manual|contract)",
    ),
    "de": (
        r"sie hätten .{0,60}(?:sollen|müssen)|ihr (?:eigener )?fehler|bedien(?:ungs)?fehler|"
        r"sie haben (?:es )?(?:\w+ ){0,4}(?:versäumt|vergessen|übersehen|missverstanden)|falsche bedienung|"
        r"wie in (?:unseren agb|der anleitung)",
    ),
    "es": (
        r"usted (?:debería|debió|olvidó|no siguió|no leyó)|error (?:suyo|de uso|del usuario)|"
        r"si hubiera (?:leído|seguido)|"
        r"culpa suya|como (?:se )?indica(?:n)? (?:en )?nuestr[oa]s (?:condiciones|términos)",
    ),
    "fr": (
        r"vous auriez dû|vous avez (?:oublié|omis|négligé|mal compris)|erreur de votre part|mauvaise (?:utilisation|"
        r"manipulation)|si vous aviez (?:lu|suivi)|comme indiqué dans (?:nos conditions|le contrat)",
    ),
}

# In an automatic mail nobody has read anything yet.
CLAIMS_READING = {
    "en": (r"(?:i|we)(?: have|'ve)? (?:carefully |just )?(?:read|reviewed|looked at) your",),
    "de": (
        r"(?:ich habe|wir haben) ihre? (?:antwort|worte|nachricht|rückmeldung) (?:\w+ )?(?:gelesen|geprüft)",
        r"aufmerksam gelesen",
    ),
    "es": (r"(?:he|hemos) (?:leído|revisado)",),
    "fr": (r"(?:j'ai|nous avons) (?:bien |attentivement )?(?:lu|examiné)",),
}

# Somebody does something: the writer in the first person, or a thing that was done and can be checked.
ACTS = {
    "en": (
        r"\bi(?:'ve|'ll|'m)?\b(?! (?:fully |completely )?understand)",
        r"we(?: have|'ve)? (?:\w+ )?(?:corrected|refunded|replaced|fixed|changed|mended|repaired|credited|moved|"
        r"removed|"
        r"sent|switched|cancelled|rewritten|paid|added)",
    ),
    "de": (
        r"\bich\b",
        r"(?:wir haben|haben wir) .{0,120}?(?:korrigiert|erstattet|ersetzt|geändert|behoben|gutgeschrieben|verschickt|"
        r"repariert|ausgetauscht|umgestellt|gestrichen|überwiesen)",
    ),
    "es": (
        r"\b(?:he|yo|voy|estoy|llamo|escribo|envío|mando|\w+(?:aré|eré|iré|qué|lé|té))\b(?<!\bqué)",
        r"hemos (?:corregido|devuelto|cambiado|reparado|sustituido|abonado|anulado|reescrito)",
    ),
    "fr": (
        r"\b(?:je|j')",
        r"nous avons (?:\w+ )?(?:corrigé|remboursé|remplacé|changé|réparé|envoyé|crédité|supprimé|modifié|annulé)",
    ),
}

# Days and hours that are said without a name of a day or a month.
TIMES = {
    "en": r"\b(?:today|tomorrow|yesterday|tonight|this (?:morning|afternoon|evening))\b",
    "de": r"\b(?:heute|gestern|übermorgen|(?<!guten )morgen)\b",
    "es": r"\b(?:hoy|ayer|mañana)\b",
    "fr": r"\b(?:aujourd'hui|demain|hier|ce (?:matin|soir))\b",
}

# A line that signs for nobody in particular, and the forms of politeness that are no name.
TEAM_WORDS = (
    r"team|support|service|care|department|customer|success|kunden|abteilung|vertrieb|equipo|atención|soporte|"
    r"servicio|departamento|équipe|client|direction|relation|gmbh|ltd|inc\b|help ?desk"
)
GREETINGS = (
    r"(?:best|kind|warm)?\s*regards|sincerely|yours|cheers|thank you|thanks|many thanks|mit freundlichen grüßen|"
    r"freundliche grüße|(?:viele|beste|herzliche) grüße|danke|un saludo|saludos(?: cordiales)?|atentamente|gracias|"
    r"(?:bien )?cordialement|merci|sincères salutations"
)
