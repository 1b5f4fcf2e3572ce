"""What German-speaking customers of the sample company write, by mood and by what it is about."""

UNHAPPY: dict[str, tuple[str, ...]] = {
    "technician": (
        "Der Termin war für Mittwoch zwischen acht und zehn zugesagt. Gekommen ist am Freitag jemand, ohne Ersatzteil.",
        "Zum dritten Mal war ein anderer Techniker da und hat wieder bei null angefangen.",
        "Zwei Leute haben auf Ihren Monteur gewartet. Abgesagt wurde eine Stunde nach dem Termin, per SMS.",
        "Der Boden war danach nass und die Maschine tropft immer noch.",
    ),
    "fault": (
        "Die Maschine im zweiten Stock zeigt seit Montag Fehler 41. Das hatten wir im Frühjahr schon.",
        "Am ersten Messetag ausgefallen. 300 Gäste und kein Kaffee.",
        "Der Wasserspender läuft seit zwei Wochen in den Schrank. Ich lege jeden Morgen ein neues Handtuch hin.",
        "Ausgetauscht gegen ein Gerät mit demselben Fehler.",
        "Seit dem Sommer steht das Schild „außer Betrieb“ öfter da als nicht.",
    ),
    "refill": (
        "Neun Tage ohne Filter, obwohl wir einen Dauerauftrag haben.",
        "Schon wieder entkoffeiniert geliefert. Das trinkt hier niemand.",
        "Die Lieferung stand im Regen vor dem Haupteingang. Bestellt war die Anlieferung im Hof.",
        "Halbe Bestellung, kein Lieferschein, keine Nachricht.",
    ),
    "invoice": (
        "Wir haben fünf Geräte und zahlen für sieben. Ich habe dreimal angerufen.",
        "Die zugesagte Gutschrift fehlt seit August, dafür kommt jetzt die zweite Mahnung.",
        "Ein Einsatz in der Garantiezeit wurde berechnet. Auf Nachfrage hieß es, das sei eine andere Abteilung.",
    ),
    "silence": (
        "Vier E-Mails, keine Antwort. Es würde mir reichen zu wissen, dass es jemand gelesen hat.",
        "Mir wurde ein Rückruf innerhalb einer Stunde versprochen. Das ist elf Tage her.",
        "Man hört von Ihnen nur, wenn der Vertrag ausläuft.",
        "Der Vorgang wurde geschlossen, ohne dass jemand mit uns gesprochen hat.",
    ),
    "price": (
        "Elf Prozent mehr, angekündigt in drei Zeilen. Ein Gespräch hätte ich erwartet.",
        "Wir zahlen den großen Vertrag und warten genauso lange wie mit dem kleinen.",
    ),
    "portal": (
        "Das Portal vergisst bei jeder Anmeldung unsere Standorte. Ich bestelle wieder per Telefon.",
        "Laut App ist alles in Ordnung. Vor mir steht eine Maschine mit Fehler 12.",
    ),
    "taste": (
        "Seit der Umstellung schmeckt der Kaffee verbrannt. Die Kollegen bringen eigene Kannen mit.",
        "Das Wasser schmeckt seit dem Filterwechsel nach Kunststoff.",
    ),
    "install": (
        "Der Aufbau dauerte zwei Tage statt eines Vormittags, weil niemand nach dem Abfluss gefragt hat.",
        "Die Einweisung, die im Angebot stand, hat bis heute nicht stattgefunden.",
    ),
}

LUKEWARM: dict[str, tuple[str, ...]] = {
    "technician": (
        "Gute Arbeit, nur das Zeitfenster von vier Stunden ist im Klinikalltag schwierig.",
        "Freundlich und schnell. Der Bericht kam erst eine Woche später.",
        "Ein Anruf vorher wäre schön.",
    ),
    "fault": (
        "Läuft meistens.",
        "Schnell repariert, aber eben schon zum dritten Mal in diesem Jahr.",
        "Solides Gerät, die Milchdüse verstopft oft.",
    ),
    "refill": (
        "Kommt pünktlich, aber mit zu viel Verpackung.",
        "Ich würde gern einen Monat aussetzen können.",
    ),
    "invoice": (
        "Stimmt, ist aber schwer zu lesen. Eine Zeile je Standort wäre gut.",
        "Korrekturen tauchen erst auf der übernächsten Rechnung auf.",
    ),
    "silence": (
        "Am Ende wurde alles gelöst. Nachfragen musste ich zweimal.",
        "Nette Leute, wenn man sie erreicht.",
    ),
    "price": ("Gut, aber nicht günstig.",),
    "portal": ("Am Rechner in Ordnung, am Telefon mühsam.",),
    "taste": (
        "Der Kaffee ist gut, der Kakao nicht.",
        "Die neue Mischung spaltet unsere Etage.",
    ),
    "install": ("Am Tag selbst reibungslos, bis zum Termin verging ein Monat.",),
}

HAPPY: dict[str, tuple[str, ...]] = {
    "technician": (
        "War am Sonntag innerhalb einer Stunde da.",
        "Hat unserer Nachtschicht gezeigt, wie man selbst entkalkt. Das hat sich schon gelohnt.",
        "Sauber, leise, fertig, und den alten Filter gleich mitgenommen.",
        "Immer dieselben zwei Leute, die kennen unseren Keller besser als ich.",
    ),
    "fault": (
        "Elf Monate ohne eine einzige Störung.",
        "Als sie doch ausfiel, stand am nächsten Morgen ein Ersatzgerät da.",
    ),
    "refill": (
        "Kommt am richtigen Tag an die richtige Tür. Mehr will ich nicht.",
        "Abends um neun geändert, am nächsten Tag stimmte die Lieferung.",
        "Der Fahrer trägt die Kisten in den zweiten Stock, obwohl er das nicht müsste.",
    ),
    "invoice": ("Eine Rechnung für alle Häuser, klar gegliedert. Unsere Buchhaltung dankt.",),
    "silence": (
        "Nach zweimal Klingeln war jemand dran, der wusste, um welche Maschine es geht.",
        "Mittags geschrieben, vor dem Feierabend gelöst.",
        "Sie haben gesagt, es dauert drei Tage und warum. Es hat drei Tage gedauert.",
    ),
    "price": ("Nicht billig, aber jeden Euro wert.",),
    "portal": ("Bestellen dauert jetzt eine Minute.",),
    "taste": (
        "Bester Bürokaffee, den ich kenne.",
        "Die Herbstmischung war nach vier Tagen leer.",
        "Unsere Gäste loben den Espresso in den Bewertungen.",
    ),
    "install": (
        "Von der Bestellung bis zur ersten Tasse neun Tage, Einweisung inbegriffen.",
        "Vor dem Aufbau haben sie eine Matte über unser altes Parkett gelegt.",
    ),
    "people": (
        "Zuverlässig.",
        "Ehrlich, auch wenn etwas schiefgeht.",
        "Ich habe Sie der Praxis gegenüber empfohlen.",
        "Auch als kleines Büro fühlt man sich ernst genommen.",
        "Weiter so.",
    ),
}

TAILS: dict[str, tuple[str, ...]] = {
    "unhappy": (
        "Bitte schauen Sie sich das richtig an.",
        "Ich spreche für vier Häuser.",
        "Mich kostet das jedes Mal einen halben Tag.",
        "Ein kurzer Anruf würde schon helfen.",
        "Früher haben wir Sie weiterempfohlen.",
    ),
    "lukewarm": (
        "Nichts Schlimmes.",
        "Sonst keine Wünsche.",
        "Vielleicht etwas für Ihre Liste.",
        "Wir bleiben trotzdem.",
    ),
    "happy": (
        "Danke.",
        "Grüße vom ganzen Team.",
        "Wir bleiben.",
        "Die Kollegen sehen das auch so.",
    ),
}
