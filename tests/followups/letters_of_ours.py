"""Forty letters of our own making, ten a language: half of them good, half robotic, selling, nameless or dateless."""

from __future__ import annotations

from typing import NamedTuple


class Sample(NamedTuple):
    """`bad` names what is wrong with it, as a person would say; empty for a good one."""

    name: str
    language: str
    bad: str
    text: str


GOOD = ""
SAMPLES = [
    # --- English
    Sample(
        "en list by Friday",
        "en",
        GOOD,
        "Dear Marta,\n\n> Eleven days, and nobody wrote.\n\nYou waited eleven days for a list, and that is too long. I "
        "corrected it with Ivo this morning. You have it by Friday midday, 27 November.\n\nHanna Brandt",
    ),
    Sample(
        "en call tomorrow",
        "en",
        GOOD,
        "Dear Tom,\n\nI tried to call you at ten. I try again tomorrow between 08:00 and 10:00. If that does not suit "
        "you, write me another time and I call then.\n\nJo Whitfield, key accounts",
    ),
    Sample(
        "en invoice corrected",
        "en",
        GOOD,
        "Dear Grace,\n\nwe have corrected the invoice of 3 November: the surcharge is gone, and 84 euros go back to "
        "your account on Monday. It happened because the old price list was still in use.\n\nNils Berg",
    ),
    Sample(
        "en no, and why",
        "en",
        GOOD,
        "Dear Ann,\n\nI asked our depot about evening deliveries. They cannot do it before March, and I do not want to "
        "promise you what will not hold. On Wednesday I send you the two hours that are free in the morning.\n\nDevika",
    ),
    Sample(
        "en from a template",
        "en",
        GOOD,
        "Dear {first_name},\n\nI have your case in front of me and look at the imports that stopped. You hear from me "
        "{promise}, with what I found.\n\n{owner}",
    ),
    Sample(
        "en valued customer",
        "en",
        "robotic, no date, no name",
        "Dear valued customer,\n\nwe value your feedback and apologise for any inconvenience. Rest assured that we "
        "take this very seriously.\n\nBest regards,\nThe Customer Care Team",
    ),
    Sample(
        "en ticket closed",
        "en",
        "ticket-speak, no name",
        "Hello,\n\nyour ticket has been closed on 24 November. Ticket number 1042. This mailbox is not monitored.\n\n"
        "Support",
    ),
    Sample(
        "en upgrade",
        "en",
        "sells",
        "Dear Tom,\n\nI am sorry about the import. Did you know that our premium plan imports twice as fast? If you "
        "upgrade by Friday you get 20% off.\n\nHanna Brandt",
    ),
    Sample(
        "en soon",
        "en",
        "dateless",
        "Dear Grace,\n\nI am looking into the surcharge and will get back to you as soon as possible.\n\nNils Berg",
    ),
    Sample(
        "en your mistake",
        "en",
        "blames",
        "Dear Ann,\n\nI checked the log of Tuesday. You should have read the manual first, it was a user error.\n\n"
        "Devika Rao",
    ),
    # --- German
    Sample(
        "de Liste bis Freitag",
        "de",
        GOOD,
        "Guten Tag Frau Nordby,\n\nelf Tage ohne ein Wort von uns, das war falsch. Ich habe die Liste heute mit Ivo "
        "Lenz durchgesehen; die drei Fehler sind heraus. Sie bekommen sie bis Freitagmittag, 27. November.\n\n"
        "Hanna Brandt",
    ),
    Sample(
        "de Anruf",
        "de",
        GOOD,
        "Guten Tag Tom Berger,\n\nich habe Sie um zehn nicht erreicht. Morgen zwischen 8 und 10 Uhr versuche ich es "
        "wieder. Passt Ihnen das nicht, schreiben Sie mir eine andere Zeit.\n\nJo Weiß",
    ),
    Sample(
        "de Rechnung",
        "de",
        GOOD,
        "Guten Tag Grace Lind,\n\nwir haben die Rechnung vom 3. November korrigiert. 84 Euro gehen am Montag zurück. "
        "Der Grund: Die alte Preisliste war noch in Gebrauch.\n\nNils Berg\nKundenbetreuung",
    ),
    Sample(
        "de nein, und warum",
        "de",
        GOOD,
        "Guten Tag Anne,\n\nich habe im Lager wegen der Lieferung am Abend gefragt. Vor März geht es nicht, und ich "
        "verspreche nichts, was nicht hält. Am Mittwoch schicke ich Ihnen die beiden freien Stunden am Vormittag.\n\n"
        "Devika Rao",
    ),
    Sample(
        "de aus einer Vorlage",
        "de",
        GOOD,
        "Guten Tag {name},\n\nich sehe mir gerade an, warum der Import stehen blieb. Sie hören von mir {promise}, mit "
        "dem, was ich gefunden habe.\n\n{owner}",
    ),
    Sample(
        "de Meinung wichtig",
        "de",
        "robotic, no date, no name",
        "Sehr geehrte Damen und Herren,\n\nIhre Meinung ist uns wichtig. Wir bedauern die Unannehmlichkeiten und sind "
        "stets bemüht, uns zu verbessern.\n\nMit freundlichen Grüßen\nIhr Serviceteam",
    ),
    Sample(
        "de Vorgang",
        "de",
        "ticket-speak, no name",
        "Guten Tag,\n\nIhr Anliegen wurde am 24. November erfasst. Vorgangsnummer 1042. Bitte antworten Sie nicht auf "
        "diese E-Mail.\n\nKundenservice",
    ),
    Sample(
        "de Rabatt",
        "de",
        "sells",
        "Guten Tag Tom Berger,\n\nes tut mir leid, dass der Import hängt, ich sehe ihn mir am Freitag an. Bis dahin: "
        "20 % Rabatt auf unser Premium-Paket, jetzt buchen.\n\nHanna Brandt",
    ),
    Sample(
        "de zeitnah",
        "de",
        "dateless",
        "Guten Tag Grace Lind,\n\nich kümmere mich um den Zuschlag und melde mich zeitnah.\n\nNils Berg",
    ),
    Sample(
        "de Bedienfehler",
        "de",
        "blames",
        "Guten Tag Anne,\n\nich habe das Protokoll vom Dienstag gelesen. Sie hätten vorher die Anleitung lesen müssen, "
        "das war ein Bedienfehler.\n\nDevika Rao",
    ),
    # --- Spanish
    Sample(
        "es lista el viernes",
        "es",
        GOOD,
        "Hola, Marta:\n\nonce días sin una palabra nuestra es demasiado. Hoy he corregido la lista con Ivo Lenz. La "
        "tendrá a más tardar el viernes al mediodía, 27 de noviembre.\n\nHanna Brandt",
    ),
    Sample(
        "es llamada",
        "es",
        GOOD,
        "Hola, Tomás:\n\nhe intentado llamarle a las diez. Le llamaré mañana entre las 8:00 y las 10:00. Si no le va "
        "bien, escríbame otra hora.\n\nJo Ruiz",
    ),
    Sample(
        "es factura",
        "es",
        GOOD,
        "Hola, Gracia:\n\nhemos corregido la factura del 3 de noviembre: el recargo ya no está y el lunes le "
        "devolvemos 84 euros. Ocurrió porque seguía en uso la lista de precios antigua.\n\nNils Berg",
    ),
    Sample(
        "es no, y por qué",
        "es",
        GOOD,
        "Hola, Ana:\n\nhe preguntado en el almacén por las entregas de tarde. Antes de marzo no pueden, y no quiero "
        "prometerle lo que no se cumplirá. El miércoles le enviaré las dos horas libres de la mañana.\n\nDevika Rao",
    ),
    Sample(
        "es de una plantilla",
        "es",
        GOOD,
        "Hola, {first_name}:\n\nestoy mirando por qué se paró la importación. Volverá a saber de mí {promise}, con lo "
        "que haya encontrado.\n\n{owner}",
    ),
    Sample(
        "es opinión importante",
        "es",
        "robotic, no date, no name",
        "Estimado cliente:\n\nsu opinión es muy importante para nosotros. Lamentamos las molestias y tenga la "
        "seguridad de que nos lo tomamos muy en serio.\n\nUn saludo,\nEl equipo de atención al cliente",
    ),
    Sample(
        "es incidencia",
        "es",
        "ticket-speak, no name",
        "Hola:\n\nsu incidencia ha sido registrada el 24 de noviembre. Número de incidencia 1042. No responda a este "
        "correo.\n\nSoporte",
    ),
    Sample(
        "es oferta",
        "es",
        "sells",
        "Hola, Tomás:\n\nsiento lo de la importación, la miraré el viernes. Mientras tanto, aproveche un 20 % de "
        "descuento en nuestro plan superior.\n\nHanna Brandt",
    ),
    Sample(
        "es en breve",
        "es",
        "dateless",
        "Hola, Gracia:\n\nestoy revisando el recargo y le contestaré en breve.\n\nNils Berg",
    ),
    Sample(
        "es error suyo",
        "es",
        "blames",
        "Hola, Ana:\n\nhe mirado el registro del martes. Usted debería haber leído el manual, fue un error de uso.\n\n"
        "Devika Rao",
    ),
    # --- French
    Sample(
        "fr liste vendredi",
        "fr",
        GOOD,
        "Bonjour Marta,\n\nonze jours sans un mot de notre part, c’est trop. J’ai corrigé la liste ce matin avec Ivo "
        "Lenz. Vous l’avez d’ici vendredi midi, 27 novembre.\n\nHanna Brandt",
    ),
    Sample(
        "fr appel",
        "fr",
        GOOD,
        "Bonjour Thomas,\n\nje n’ai pas réussi à vous joindre à dix heures. Je vous rappelle demain entre 8 h 00 et "
        "10 h 00. Si cela ne vous va pas, écrivez-moi une autre heure.\n\nJo Vasseur",
    ),
    Sample(
        "fr facture",
        "fr",
        GOOD,
        "Bonjour Grâce,\n\nnous avons corrigé la facture du 3 novembre : le supplément n’y est plus, et 84 euros vous "
        "reviennent lundi. L’ancienne liste de prix servait encore.\n\nNils Berg",
    ),
    Sample(
        "fr non, et pourquoi",
        "fr",
        GOOD,
        "Bonjour Anne,\n\nj’ai demandé à l’entrepôt si une livraison le soir était possible. Pas avant mars, et je ne "
        "veux pas promettre ce qui ne tiendra pas. Mercredi, je vous envoie les deux heures libres du matin.\n\n"
        "Devika Rao",
    ),
    Sample(
        "fr d’un modèle",
        "fr",
        GOOD,
        "Bonjour {first_name},\n\nje regarde pourquoi l’import s’est arrêté. Je reviens vers vous {promise}, avec ce "
        "que j’ai trouvé.\n\n{owner}",
    ),
    Sample(
        "fr avis important",
        "fr",
        "robotic, no date, no name",
        "Cher client,\n\nvotre avis est très important pour nous. Veuillez nous excuser pour la gêne occasionnée. "
        "N’hésitez pas à nous contacter.\n\nCordialement,\nL’équipe du service client",
    ),
    Sample(
        "fr dossier clos",
        "fr",
        "ticket-speak, no name",
        "Bonjour,\n\nvotre demande a été clôturée le 24 novembre. Numéro de dossier 1042. Merci de ne pas répondre à "
        "ce message.\n\nService client",
    ),
    Sample(
        "fr offre",
        "fr",
        "sells",
        "Bonjour Thomas,\n\nje suis désolé pour l’import, je le regarde vendredi. En attendant, profitez de 20 % de "
        "réduction sur notre formule supérieure.\n\nHanna Brandt",
    ),
    Sample(
        "fr dès que possible",
        "fr",
        "dateless",
        "Bonjour Grâce,\n\nje regarde ce supplément et je reviens vers vous dans les meilleurs délais.\n\nNils Berg",
    ),
    Sample(
        "fr de votre part",
        "fr",
        "blames",
        "Bonjour Anne,\n\nj’ai relu le journal de mardi. Vous auriez dû lire le manuel, c’est une erreur de votre "
        "part.\n\nDevika Rao",
    ),
]
