"""What the sample company does about it, in the words its customers read: promise, outcome, reason and letter.

By topic and language. `title` is the promise, `changed` what came of it, `why` why it had happened, `letter` the heart
of a personal mail.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remedy:
    title: str
    changed: str
    why: str
    letter: str


# Topic -> (slug of the root cause, log-in of whoever in the back office does it; empty: the owner of the ticket).
CAUSES: dict[str, tuple[str, str]] = {
    "technician": ("service-slow", "olaf"),
    "fault": ("product-fault", "olaf"),
    "refill": ("delivery-late", "olaf"),
    "invoice": ("billing-wrong", "priya"),
    "silence": ("communication-no-progress", ""),
    "price": ("billing-price", ""),
    "portal": ("product-hard", ""),
    "taste": ("product-missing", "olaf"),
    "install": ("training-none", ""),
    "people": ("service-manner", ""),
}

REMEDIES: dict[str, dict[str, Remedy]] = {
    "en": {
        "technician": Remedy(
            "One technician is named for your site, with the part in the van, and comes at an hour you choose",
            "Your site has a named technician since this week. The visit took place at the hour you chose and the machine runs.",
            "Our planning gave every visit to whoever was nearest, so nobody knew what had been tried before.",
            "I have read the reports of all visits at your site, and nobody could have known from them what was tried before. "
            "That is ours to repair.",
        ),
        "fault": Remedy(
            "Your machine is replaced, not repaired, and the old one goes to the workshop",
            "A machine from the new series stands at your site. We ran it for 200 cups before it left the workshop.",
            "A batch of control boards fails when the water is cold in the morning. Yours was one of 31.",
            "I have looked at the error log of your machine: it is the control board, and a restart does not cure it.",
        ),
        "refill": Remedy(
            "Your standing order is set up anew, and we ring you before the first delivery",
            "The standing order runs again, the first delivery came complete, and your delivery hours stand on the driver’s list.",
            "When we moved to another warehouse in September the delivery notes of 12 customers were lost.",
            "Your order is still in our books, but without your delivery hours and without the filters. I am having it set up anew.",
        ),
        "invoice": Remedy(
            "You get a corrected invoice and the credit note, with one line per site",
            "The corrected invoice and the credit note are with you, with one line per site and your order number on it.",
            "Two machines you had given back were never taken off the contract.",
            "You are right: there are machines on the invoice that you no longer have. Please leave the reminder unpaid.",
        ),
        "silence": Remedy(
            "You get one name and one direct number, and a line from me every two days until it is done",
            "You have one name and one direct number, and every mail to us now goes there.",
            "Your mails went to a mailbox that nobody had read since our office moved.",
            "I have found all of your mails now. They lay in a mailbox that nobody read, and I am sorry for that.",
        ),
        "price": Remedy(
            "We go through the contract line by line and you get an offer in writing",
            "The new offer leaves out what you do not use. You pay what you paid last year.",
            "The letter went to everybody alike, without a look at what each customer uses.",
            "Three lines were not enough for such a letter. I would like to show you what stands behind the figure.",
        ),
        "portal": Remedy(
            "Your sites are kept in the portal, and I show you in ten minutes how to move one delivery",
            "The portal keeps your sites since Tuesday’s release, and moving one delivery takes two steps.",
            "A change in spring dropped the list of sites for customers with more than three.",
            "I could repeat it here: with more than three sites the list is gone after each log-in.",
        ),
        "taste": Remedy(
            "The old blend comes back to your site, and the grinder is set for it",
            "You have the old blend again, and the grinder was set for it on site, over a cup together.",
            "The new roast needs a coarser grind, and nobody had set your machines to it.",
            "You are not alone with this: several customers find the new blend burnt, and we believe it is the grind.",
        ),
        "install": Remedy(
            "The training takes place, for both shifts, on a day you choose",
            "Both shifts were trained on site, and the short guide hangs beside the machine.",
            "Installation and training were booked by two departments, and each thought that the other had rung you.",
            "The training stands in your offer and never happened. I would like to hold it myself.",
        ),
        "people": Remedy(
            "I look into it myself and tell you what I find",
            "We spoke about it in the team, and your wish is noted on your account for everybody who works with you.",
            "We did not know what mattered most to you.",
            "Thank you for being so plain. I would like to understand it better before I promise anything.",
        ),
    },
    "de": {
        "technician": Remedy(
            "Sie bekommen einen festen Techniker, der das Teil dabei hat und zu Ihrer Wunschzeit kommt",
            "Ihr Standort hat seit dieser Woche einen festen Techniker. Der Besuch fand zu Ihrer Wunschzeit statt, die Maschine läuft.",
            "Unsere Planung vergab jeden Einsatz an den, der am nächsten war. So wusste niemand, was schon versucht worden war.",
            "Ich habe die Berichte aller Einsätze bei Ihnen gelesen. Daraus konnte niemand erkennen, was schon versucht wurde.",
        ),
        "fault": Remedy(
            "Ihre Maschine wird ersetzt statt repariert, die alte kommt in die Werkstatt",
            "Bei Ihnen steht eine Maschine der neuen Serie. Sie hat in der Werkstatt 200 Tassen gebrüht, bevor sie zu Ihnen kam.",
            "Eine Lieferung Steuerplatinen fällt aus, wenn das Wasser morgens kalt ist. Ihre war eine von 31.",
            "Ich habe das Fehlerprotokoll Ihrer Maschine angesehen: Es ist die Steuerplatine, ein Neustart hilft da nicht.",
        ),
        "refill": Remedy(
            "Ihr Dauerauftrag wird neu angelegt, und wir rufen vor der ersten Lieferung an",
            "Der Dauerauftrag läuft wieder, die erste Lieferung war vollständig, Ihre Anlieferzeiten stehen auf der Liste des Fahrers.",
            "Beim Umzug des Lagers im September gingen die Lieferhinweise von 12 Kunden verloren.",
            "Ihr Auftrag steht noch bei uns, aber ohne Ihre Anlieferzeiten und ohne die Filter. Ich lasse ihn neu anlegen.",
        ),
        "invoice": Remedy(
            "Sie bekommen eine korrigierte Rechnung und die Gutschrift, mit einer Zeile je Standort",
            "Korrigierte Rechnung und Gutschrift liegen Ihnen vor, mit einer Zeile je Standort und Ihrer Bestellnummer.",
            "Zwei zurückgegebene Geräte waren nie aus dem Vertrag genommen worden.",
            "Sie haben recht: Auf der Rechnung stehen Geräte, die Sie nicht mehr haben. Bitte lassen Sie die Mahnung liegen.",
        ),
        "silence": Remedy(
            "Sie bekommen einen Namen und eine Durchwahl, und alle zwei Tage eine Zeile von mir, bis es erledigt ist",
            "Sie haben einen Namen und eine Durchwahl, und jede E-Mail an uns geht nun dorthin.",
            "Ihre E-Mails liefen in ein Postfach, das seit unserem Umzug niemand mehr gelesen hatte.",
            "Ich habe Ihre E-Mails jetzt alle gefunden. Sie lagen in einem Postfach, das niemand liest. Das tut mir leid.",
        ),
        "price": Remedy(
            "Wir gehen den Vertrag Zeile für Zeile durch, und Sie bekommen ein Angebot",
            "Das neue Angebot lässt weg, was Sie nicht nutzen. Sie zahlen so viel wie im letzten Jahr.",
            "Der Brief ging an alle gleich, ohne einen Blick darauf, was der einzelne Kunde nutzt.",
            "Drei Zeilen waren zu wenig für so einen Brief. Ich möchte Ihnen zeigen, was hinter der Zahl steht.",
        ),
        "portal": Remedy(
            "Ihre Standorte bleiben im Portal stehen, und ich zeige Ihnen, wie man eine einzelne Lieferung verschiebt",
            "Seit Dienstag merkt sich das Portal Ihre Standorte, und eine Lieferung verschieben Sie in zwei Schritten.",
            "Eine Änderung im Frühjahr ließ bei mehr als drei Standorten die Liste fallen.",
            "Ich konnte es hier nachstellen: Bei mehr als drei Standorten ist die Liste nach jeder Anmeldung weg.",
        ),
        "taste": Remedy(
            "Die alte Mischung kommt zurück, und die Mühle wird darauf eingestellt",
            "Sie haben wieder die alte Mischung, die Mühle wurde vor Ort darauf eingestellt, bei einer Tasse zusammen.",
            "Die neue Röstung braucht einen gröberen Mahlgrad, und den hatte bei Ihnen niemand eingestellt.",
            "Damit sind Sie nicht allein: Mehreren schmeckt die neue Mischung verbrannt, wir vermuten den Mahlgrad.",
        ),
        "install": Remedy(
            "Die Einweisung findet statt, für beide Schichten, an einem Tag Ihrer Wahl",
            "Beide Schichten sind eingewiesen, die Kurzanleitung hängt neben der Maschine.",
            "Aufstellung und Einweisung planen zwei Abteilungen, und jede dachte, die andere hätte Sie angerufen.",
            "Die Einweisung steht in Ihrem Angebot und hat nie stattgefunden. Ich würde sie gern selbst halten.",
        ),
        "people": Remedy(
            "Ich gehe der Sache selbst nach und sage Ihnen, was ich finde",
            "Wir haben im Team darüber gesprochen, und Ihr Wunsch steht bei Ihrem Konto für alle, die mit Ihnen arbeiten.",
            "Wir wussten nicht, was Ihnen am wichtigsten ist.",
            "Danke für die klaren Worte. Ich möchte es besser verstehen, bevor ich etwas zusage.",
        ),
    },
    "es": {
        "technician": Remedy(
            "Tendrá un técnico fijo, con la pieza en la furgoneta y a la hora que usted elija",
            "Desde esta semana tiene un técnico fijo. La visita fue a la hora que eligió y la máquina funciona.",
            "Cada visita se daba a quien estuviera más cerca, y nadie sabía qué se había probado antes.",
            "He leído los informes de todas las visitas. De ellos nadie podía saber qué se había probado ya.",
        ),
        "fault": Remedy(
            "Le cambiamos la máquina en vez de repararla, y la vieja va al taller",
            "Tiene una máquina de la serie nueva. En el taller hizo 200 tazas antes de salir.",
            "Una partida de placas falla cuando el agua está fría por la mañana. La suya era una de 31.",
            "He mirado el registro de errores de su máquina: es la placa, y reiniciar no la arregla.",
        ),
        "refill": Remedy(
            "Su pedido fijo se da de alta de nuevo y le llamamos antes de la primera entrega",
            "El pedido fijo funciona otra vez, la primera entrega llegó completa y su horario está en la lista del conductor.",
            "Al cambiar de almacén en septiembre se perdieron las notas de entrega de 12 clientes.",
            "Su pedido sigue en nuestros libros, pero sin su horario y sin los filtros. Lo están dando de alta de nuevo.",
        ),
        "invoice": Remedy(
            "Recibirá la factura corregida y el abono, con una línea por local",
            "Ya tiene la factura corregida y el abono, con una línea por local y su número de pedido.",
            "Una máquina que nos devolvió nunca se quitó del contrato.",
            "Tiene razón: en la factura hay una máquina que usted ya no tiene. No pague el recordatorio, por favor.",
        ),
        "silence": Remedy(
            "Tendrá un nombre y un número directo, y una línea mía cada dos días hasta que esté hecho",
            "Tiene un nombre y un número directo, y todos sus correos llegan ahora allí.",
            "Sus correos iban a un buzón que nadie leía desde que cambiamos de oficina.",
            "He encontrado todos sus correos. Estaban en un buzón que nadie leía. Lo siento de verdad.",
        ),
        "price": Remedy(
            "Repasamos el contrato línea por línea y le enviamos una oferta",
            "La nueva oferta quita lo que no usa. Paga lo mismo que el año pasado.",
            "La carta fue igual para todos, sin mirar qué usa cada cliente.",
            "Tres líneas eran pocas para una carta así. Me gustaría enseñarle qué hay detrás de la cifra.",
        ),
        "portal": Remedy(
            "Arreglamos la web para mover una sola entrega y le enseño cómo en diez minutos",
            "Desde el martes la web guarda su dirección y mover una entrega son dos pasos.",
            "Un cambio de primavera trataba todas las entregas como una.",
            "He podido repetirlo aquí: al mover una entrega se mueven todas.",
        ),
        "taste": Remedy(
            "Vuelve la mezcla de antes y ajustamos el molinillo en su local",
            "Tiene otra vez la mezcla de antes, con el molinillo ajustado en su barra.",
            "El tueste nuevo pide una molienda más gruesa y nadie la había ajustado.",
            "No es el único: a varios clientes les sabe a quemado y creemos que es la molienda.",
        ),
        "install": Remedy(
            "Hacemos la formación el día que usted elija",
            "La formación está hecha y la guía corta cuelga junto a la máquina.",
            "Instalación y formación las reservan dos departamentos, y cada uno creyó que había llamado el otro.",
            "La formación está en su oferta y no se hizo. Me gustaría darla yo.",
        ),
        "people": Remedy(
            "Lo miro yo y le cuento lo que encuentre",
            "Lo hemos hablado en el equipo y su deseo está anotado para todos los que trabajan con usted.",
            "No sabíamos qué era lo más importante para usted.",
            "Gracias por hablar claro. Quiero entenderlo mejor antes de prometer nada.",
        ),
    },
    "fr": {
        "technician": Remedy(
            "Vous avez un technicien attitré, avec la pièce dans le fourgon, à l’heure de votre choix",
            "Votre site a un technicien attitré depuis cette semaine. Il est venu à l’heure choisie et la machine fonctionne.",
            "Chaque visite allait à celui qui était le plus près, et personne ne savait ce qui avait déjà été essayé.",
            "J’ai lu les rapports de toutes les visites. Personne ne pouvait y voir ce qui avait déjà été essayé.",
        ),
        "fault": Remedy(
            "Votre machine est remplacée et non réparée, l’ancienne part à l’atelier",
            "Une machine de la nouvelle série est chez vous. Elle a fait 200 tasses à l’atelier avant de partir.",
            "Un lot de cartes lâche quand l’eau est froide le matin. La vôtre était l’une des 31.",
            "J’ai regardé le journal d’erreurs de votre machine : c’est la carte, et un redémarrage n’y change rien.",
        ),
        "refill": Remedy(
            "Votre commande permanente est recréée et nous vous appelons avant la première livraison",
            "La commande permanente tourne, la première livraison était complète, vos horaires sont sur la liste du livreur.",
            "En changeant d’entrepôt en septembre nous avons perdu les consignes de livraison de 12 clients.",
            "Votre commande est toujours chez nous, mais sans vos horaires et sans les filtres. Je la fais recréer.",
        ),
        "invoice": Remedy(
            "Vous recevez la facture corrigée et l’avoir, avec une ligne par site",
            "La facture corrigée et l’avoir sont chez vous, avec une ligne par site et votre numéro de commande.",
            "Deux machines rendues n’avaient jamais été retirées du contrat.",
            "Vous avez raison : la facture compte des machines que vous n’avez plus. Laissez la relance de côté.",
        ),
        "silence": Remedy(
            "Vous avez un nom et un numéro direct, et une ligne de moi tous les deux jours jusqu’à la fin",
            "Vous avez un nom et un numéro direct, et tous vos courriels y arrivent désormais.",
            "Vos courriels allaient dans une boîte que plus personne ne lisait depuis notre déménagement.",
            "J’ai retrouvé tous vos courriels. Ils étaient dans une boîte que personne ne lisait, et je vous prie de nous en excuser.",
        ),
        "price": Remedy(
            "Nous relisons le contrat ligne par ligne et vous recevez une offre écrite",
            "La nouvelle offre retire ce que vous n’utilisez pas. Vous payez comme l’an dernier.",
            "La lettre est partie à tous, sans regarder ce que chacun utilise.",
            "Trois lignes, c’était peu pour une telle lettre. Je voudrais vous montrer ce qu’il y a derrière le chiffre.",
        ),
        "portal": Remedy(
            "Vos sites restent dans le portail, et je vous montre comment déplacer une seule livraison",
            "Depuis mardi le portail garde vos sites, et déplacer une livraison prend deux étapes.",
            "Un changement au printemps perdait la liste au-delà de trois sites.",
            "J’ai pu le refaire ici : au-delà de trois sites, la liste disparaît à chaque connexion.",
        ),
        "taste": Remedy(
            "L’ancien mélange revient chez vous, et le moulin est réglé pour lui",
            "Vous avez de nouveau l’ancien mélange, et le moulin a été réglé sur place.",
            "La nouvelle torréfaction demande une mouture plus grosse, et personne n’avait réglé vos machines.",
            "Vous n’êtes pas seuls : plusieurs clients trouvent le nouveau mélange brûlé, et nous pensons à la mouture.",
        ),
        "install": Remedy(
            "La formation a lieu, pour les deux équipes, le jour de votre choix",
            "Les deux équipes sont formées et la fiche est affichée près de la machine.",
            "Installation et formation dépendent de deux services, et chacun croyait que l’autre vous avait appelés.",
            "La formation figure dans votre offre et n’a jamais eu lieu. J’aimerais la donner en personne.",
        ),
        "people": Remedy(
            "Je regarde cela en personne et je vous dis ce que je trouve",
            "Nous en avons parlé dans l’équipe, et votre souhait est noté pour tous ceux qui travaillent avec vous.",
            "Nous ne savions pas ce qui comptait le plus pour vous.",
            "Merci de votre franchise. Je voudrais mieux comprendre avant de promettre quoi que ce soit.",
        ),
    },
}
