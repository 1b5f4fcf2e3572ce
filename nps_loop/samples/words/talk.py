"""What is said while a case is open: by customers (in their language), and by colleagues among themselves (English)."""

# --- customers, by language ------------------------------------------------------------------------------------

NOT_YET: dict[str, tuple[str, ...]] = {
    "en": (
        "The machine is fine now. But the credit for the lost days is still missing.",
        "It worked for four days. This morning the same sign hung there again.",
        "Half of it is done. The second site has heard nothing yet.",
    ),
    "de": (
        "Die Maschine läuft, aber die zweite Filiale hat noch nichts gehört.",
        "Vier Tage ging es gut, heute früh dasselbe Bild.",
    ),
    "es": ("Funciona, pero el abono sigue sin llegar.", "Cuatro días bien y hoy otra vez lo mismo."),
    "fr": (
        "La machine marche, mais le deuxième site attend toujours.",
        "Quatre jours bien, et ce matin encore pareil.",
    ),
}
SETTLED: dict[str, tuple[str, ...]] = {
    "en": ("", "Good. Thank you for staying on it.", "Settled, and quicker than I thought.", ""),
    "de": ("", "Passt. Danke fürs Dranbleiben.", "", "Erledigt, danke."),
    "es": ("", "Resuelto, gracias.", ""),
    "fr": ("", "C’est réglé, merci.", ""),
}
REPLIES: dict[str, tuple[str, ...]] = {
    "en": (
        "Thursday after ten suits us, please ring the service entrance.",
        "It is the one on floor 3, serial ending in 418.",
    ),
    "de": ("Donnerstag ab zehn passt uns, bitte am Lieferanteneingang klingeln.",),
    "es": ("El jueves a partir de las diez nos va bien.",),
    "fr": ("Jeudi après dix heures nous convient.",),
}

# --- we to customers, by language ------------------------------------------------------------------------------

HELLO = {"en": "Dear {name},", "de": "Guten Tag {name},", "es": "Hola, {name}:", "fr": "Bonjour {name},"}
HELLO_NOBODY = {"en": "Hello,", "de": "Guten Tag,", "es": "Hola:", "fr": "Bonjour,"}
ENDING = {
    "en": "I ring you tomorrow so that we can agree what happens next. If another time is better, answer this mail.",
    "de": "Ich rufe Sie morgen an, damit wir vereinbaren, wie es weitergeht. Passt eine andere Zeit besser, antworten Sie einfach.",
    "es": "Le llamo mañana para acordar los siguientes pasos. Si le va mejor otra hora, responda a este correo.",
    "fr": "Je vous appelle demain pour convenir de la suite. Si une autre heure vous va mieux, répondez à ce courriel.",
}
SUBJECTS = {"en": "Your answer to us", "de": "Ihre Antwort an uns", "es": "Su respuesta", "fr": "Votre réponse"}
QUESTIONS: dict[str, tuple[str, ...]] = {
    "en": (
        "Which of your machines is it? The serial number stands on the inside of the door.",
        "Which day next week suits you for the visit, and which entrance may we use?",
    ),
    "de": ("Um welche Ihrer Maschinen geht es? Die Seriennummer steht innen an der Tür.",),
    "es": ("¿De qué máquina se trata? El número de serie está en el interior de la puerta.",),
    "fr": ("De quelle machine s’agit-il ? Le numéro de série est à l’intérieur de la porte.",),
}
LINES: dict[str, tuple[str, ...]] = {
    "en": ("Thank you for the talk. I have noted what matters most to you.", ""),
    "de": ("Danke für das Gespräch. Ich habe notiert, was Ihnen am wichtigsten ist.", ""),
    "es": ("Gracias por la charla. He apuntado lo que más le importa.", ""),
    "fr": ("Merci pour cet échange. J’ai noté ce qui compte le plus pour vous.", ""),
}
MOVED = {
    "en": "The part comes from abroad and arrives two days later than we were told.",
    "de": "Das Ersatzteil kommt aus dem Ausland und ist zwei Tage später da, als uns gesagt wurde.",
    "es": "La pieza viene de fuera y llega dos días más tarde de lo que nos dijeron.",
    "fr": "La pièce vient de l’étranger et arrive deux jours plus tard qu’annoncé.",
}
DROPPED = {
    "en": "You asked us to leave this until the refurbishment.",
    "de": "Sie haben uns gebeten, damit bis zum Umbau zu warten.",
    "es": "Nos pidió dejarlo para después de la reforma.",
    "fr": "Vous nous avez demandé d’attendre la fin des travaux.",
}
SECOND_PROMISE = {
    "en": "A second machine for the terrace is looked at",
    "de": "Eine zweite Maschine für die Terrasse wird geprüft",
    "es": "Se estudia una segunda máquina para la terraza",
    "fr": "Une deuxième machine pour la terrasse est étudiée",
}
DIFFER = {
    "en": "The visit was late and we have said so. A credit for days on which the machine ran we cannot give: the contract "
    "pays from the second day without coffee, and there was one. If it happens again, ring me and not the queue.",
    "de": "Der Besuch kam zu spät, das haben wir gesagt. Eine Gutschrift für Tage, an denen die Maschine lief, können wir nicht "
    "geben: Der Vertrag zahlt ab dem zweiten Tag, und es war einer. Passiert es wieder, rufen Sie bitte mich an.",
    "es": "La visita llegó tarde y así lo hemos dicho. Un abono por días en que la máquina funcionó no podemos darlo: el "
    "contrato paga desde el segundo día y fue uno. Si vuelve a pasar, llámeme a mí.",
    "fr": "La visite a eu du retard et nous l’avons dit. Un avoir pour des jours où la machine marchait n’est pas possible : le "
    "contrat paie à partir du deuxième jour, et il y en a eu un. Si cela se reproduit, appelez-moi.",
}

# --- among colleagues ------------------------------------------------------------------------------------------

NOTES_OF_A_TALK = (
    "Calm, wants a date and a name. Knows the contract better than I do.",
    "Angry about the third technician rather than about the machine. Let me explain the plan, agreed to Thursday.",
    "Short call between two meetings. Main point: somebody should ring before they come.",
    "Has an offer from somebody else on the table. Will wait for what we do about this.",
    "Very kind, apologised for the tone of the answer. No need.",
    "Wants it in writing for the director.",
)
NOTES = (
    "Please do not call before ten, breakfast service.",
    "Renewal talk is in the same month: I told sales to wait until this is settled.",
    "Serial number looked up: machine is from the batch with the weak boards.",
    "Spoke to the driver, he was sent to the old address.",
    "Keep an eye on this one, it is the third answer from this house.",
)
