"""Raw mails of our own making, each with the kind it is. What a machine of every sort sends, and what people write."""

from __future__ import annotations

from nps_loop.mail.models import Inbound
from tests.mail.inbound.letters import raw

K = Inbound.Kind
QUOTES = {
    "gmail": "On Mon, Nov 23, 2026 at 10:00 AM Care <care@x.example> wrote:\n\n> We heard you.\n> Bye",
    "gmail broken over lines": "On Mon, Nov 23, 2026 at 10:00 AM Care of the whole house <\ncare@x.example> wrote:\n\n> We heard you.",
    "apple": "> On 23. Nov 2026, at 10:00, Care <care@x.example> wrote:\n> \n> We heard you.",
    "outlook": "________________________________\nFrom: Care <care@x.example>\nSent: Monday, November 23, 2026\nTo: Marta\nSubject: Hello\n\nWe heard you.",
    "outlook original": "-----Original Message-----\nFrom: Care\nSent: Monday\nTo: Marta\nSubject: Hello\n\nWe heard you.",
    "german": "Am Mo., 23. Nov. 2026 um 10:00 Uhr schrieb Care <care@x.example>:\n\n> We heard you.",
    "german outlook": "Von: Care <care@x.example>\nGesendet: Montag, 23. November 2026 10:00\nAn: Marta\nBetreff: Hallo\n\nWe heard you.",
    "spanish": "El lun, 23 nov 2026 a las 10:00, Care (<care@x.example>) escribió:\n\n> We heard you.",
    "spanish outlook": "De: Care <care@x.example>\nEnviado el: lunes\nPara: Marta\nAsunto: Hola\n\nWe heard you.",
    "french": "Le lun. 23 nov. 2026 à 10:00, Care <care@x.example> a écrit :\n\n> We heard you.",
    "french outlook": "De : Care <care@x.example>\nEnvoyé : lundi 23 novembre 2026\nÀ : Marta\nObjet : Bonjour\n\nWe heard you.",
    "italian": "Il giorno lun 23 nov 2026 alle ore 10:00 Care <care@x.example> ha scritto:\n\n> We heard you.",
    "dutch": "Op ma 23 nov 2026 om 10:00 schreef Care <care@x.example>:\n\n> We heard you.",
    "polish": "pon., 23 lis 2026 o 10:00 Care <care@x.example> napisał(a):\n\n> We heard you.",
    "portuguese": "Em seg., 23 de nov. de 2026 às 10:00, Care <care@x.example> escreveu:\n\n> We heard you.",
    "signature": "-- \nMarta Lindqvist\nNordby\nWe heard you.",
    "telephone": "Sent from my iPhone\n\n> We heard you.",
}
AWAY = {
    "english": ("Automatic reply: Hello", "I am out of office and back on 4 December 2026."),
    "german": ("Abwesenheitsnotiz", "Ich bin bis 3. Dezember 2026 nicht im Büro."),
    "french": ("Réponse automatique : Bonjour", "Je suis absente, de retour le 4 décembre 2026."),
    "spanish": ("Respuesta automática: Hola", "Estoy de vacaciones, vuelvo el 4 de diciembre de 2026."),
    "italian": ("Risposta automatica: Ciao", "Sono in ferie, rientro il 4 dicembre 2026."),
    "dutch": ("Automatisch antwoord: Hallo", "Ik ben tot en met 3 december 2026 afwezig."),
    "polish": ("Automatyczna odpowiedź: Cześć", "Jestem na urlopie, wracam 4 grudnia 2026."),
    "portuguese": ("Resposta automática: Olá", "Estou ausente, regresso em 4 de dezembro de 2026."),
    "swedish": ("Autosvar: Hej", "Jag är på semester, tillbaka 4 december 2026."),
    "danish": ("Automatisk svar: Hej", "Jeg er på ferie, tilbage 4. december 2026."),
    "finnish": ("Automaattinen vastaus: Hei", "Olen lomalla, takaisin 4.12.2026."),
    "czech": ("Automatická odpověď: Ahoj", "Jsem na dovolené, zpět 4.12.2026."),
}
THANKS = (
    "Thank you!", "Thanks a lot, Hanna.\n\nBest regards\nMarta Lindqvist", "Vielen Dank für die schnelle Antwort!\nViele Grüße\nMarta",
    "Danke", "Merci beaucoup", "Muchas gracias por su respuesta. Saludos", "Grazie mille", "Perfect, thank you", "Dziękuję bardzo",
)  # fmt: skip
NO_THANKS = (
    "Thanks, but it is still broken.", "Thank you. When will it be repaired?", "Danke, aber es geht noch nicht.", "No thanks.",
    "Thanks for nothing. I cancel the contract and want my money back by Friday.", "Thanks, please call me on 0171 55 66.",
    "It works.", "Yes", "My wrote was wrong", "On Monday I wrote a letter to you.",
)  # fmt: skip


def report(action: str = "failed", status: str = "5.1.1", message_id: str = "<personal.1@reply.example>") -> str:
    return (
        "--b\nContent-Type: text/plain\n\nWords.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        f"Final-Recipient: rfc822; marta@nordby.example\nAction: {action}\nStatus: {status}\n\n"
        f"--b\nContent-Type: message/rfc822\n\nMessage-ID: {message_id}\nSubject: Hello\n\nBody\n--b--"
    )


REPORT = 'multipart/report; report-type=delivery-status; boundary="b"'
DAEMON = "Mail Delivery System <MAILER-DAEMON@mx.example>"


def _nested(depth: int) -> bytes:
    body = "Content-Type: text/plain\n\nDeep down."
    for level in range(depth):
        body = f'Content-Type: multipart/mixed; boundary="b{level}"\n\n--b{level}\n{body}\n--b{level}--'
    head, _, rest = body.partition("\n\n")
    return raw(rest, content_type=head.partition(": ")[2])


def mails() -> dict[str, tuple[bytes, str]]:
    """Name -> (the mail, its kind)."""
    made: dict[str, tuple[bytes, str]] = {}
    for name, quote in QUOTES.items():
        made[f"quote {name}"] = (raw(f"It is still broken.\n\n{quote}"), K.REPLY)
        made[f"only a quote {name}"] = (raw(quote), K.EMPTY)
    for name, (subject, text) in AWAY.items():
        made[f"away {name}"] = (raw(text, subject=subject, Auto_Submitted="auto-replied"), K.AWAY)
    made["away without a header"] = (raw("I am back on Monday.", subject="Out of office: Hello"), K.AWAY)
    made["an answer about an absence"] = (raw("I was on vacation. It is still broken."), K.REPLY)
    for number, words in enumerate(THANKS):
        made[f"thanks {number}"] = (raw(words), K.THANKS)
    for number, words in enumerate(NO_THANKS):
        made[f"no thanks {number}"] = (raw(words), K.REPLY)
    for name, value in [
        ("Auto_Submitted", "auto-generated"), ("Precedence", "bulk"), ("Precedence", "auto_reply"), ("List_Id", "<l.example>"),
        ("X_Autoreply", "yes"), ("X_Autorespond", "1"), ("Return_Path", "<>"), ("X_Auto_Response_Suppress", "All"),
    ]:  # fmt: skip
        made[f"machine {name} {value}"] = (raw("Your ticket 4711 was created.", **{name: value}), K.AUTOMATIC)
    made["machine by its sender"] = (raw("News.", sender="no-reply@shop.example"), K.AUTOMATIC)
    made["not automatic"] = (raw("Broken.", Auto_Submitted="no"), K.REPLY)
    made["bounce"] = (raw(report(), sender=DAEMON, content_type=REPORT), K.BOUNCE)
    made["bounce for now"] = (raw(report(status="4.2.2"), sender=DAEMON, content_type=REPORT), K.DELAYED)
    made["delayed"] = (raw(report("delayed", "4.4.1"), sender=DAEMON, content_type=REPORT), K.DELAYED)
    made["delivered"] = (raw(report("delivered", "2.0.0"), sender=DAEMON, content_type=REPORT), K.AUTOMATIC)
    made["read receipt"] = (
        raw(
            "--b\nContent-Type: text/plain\n\nRead.\n--b--",
            content_type='multipart/report; report-type=disposition-notification; boundary="b"',
        ),
        K.AUTOMATIC,
    )
    for number, subject in enumerate(
        (
            "Undelivered Mail Returned to Sender",
            "Delivery Status Notification (Failure)",
            "Unzustellbar: Hallo",
            "failure notice",
        )
    ):
        text = "Your message was not delivered.\n550 5.1.1 no such user\nMessage-ID: <personal.1@reply.example>"
        made[f"plain bounce {number}"] = (raw(text, sender=DAEMON, subject=subject), K.BOUNCE)
    made["plain delay"] = (
        raw("Still trying.", sender=DAEMON, subject="Warning: mail delivery failed so far, delayed"),
        K.DELAYED,
    )
    made["own"] = (raw("We heard you.", Message_ID=f"<personal.{'0f' * 16}@reply.example>"), K.OWN)
    made["a colleague of the same domain"] = (raw("Is it done?", Message_ID="<CAF2.77@reply.example>"), K.REPLY)
    made["html only"] = (
        raw(
            "<style>p{}</style><p>It is <b>still</b> broken.</p><blockquote>We heard you.</blockquote>",
            content_type="text/html; charset=utf-8",
        ),
        K.REPLY,
    )
    made["broken html"] = (raw("<p>Broken <a href='x <!-- <<< & &#xFFFFFFFF; <b", content_type="text/html"), K.REPLY)
    made["no message id"] = (raw("Broken.", Message_ID=""), K.REPLY)
    made["no date"] = (raw("Broken.", Date=""), K.REPLY)
    made["bad date"] = (raw("Broken.", Date="Mon, 99 Foo 20266 99:99:99 +9999"), K.REPLY)
    made["no sender"] = (raw("Broken.", sender=""), K.REPLY)
    made["bad charset"] = (raw("Kaputt: äöü", content_type="text/plain; charset=x-no-such"), K.REPLY)
    made["zip as a charset"] = (raw("Kaputt", content_type="text/plain; charset=zip"), K.REPLY)
    made["latin"] = (raw("Kaputt: äöü".encode("latin-1"), content_type="text/plain; charset=iso-8859-1"), K.REPLY)
    made["utf-16"] = (raw("Kaputt".encode("utf-16"), content_type="text/plain; charset=utf-16"), K.REPLY)
    made["bad base64"] = (raw("Q!Q=Q=", Content_Transfer_Encoding="base64"), K.REPLY)
    made["bytes in the head"] = (raw("Kaputt", subject="\udce4\udcff"), K.REPLY)
    made["bad encoded words"] = (raw("Kaputt", subject="=?utf-8?B?!!!?= =?x?Q?=FF?="), K.REPLY)
    made["nested 100"] = (_nested(100), K.REPLY)
    made["nested 3000"] = (_nested(3_000), K.REPLY)
    made["head of 10 MB"] = (raw("Broken.", X_Long="x" * 10_000_000), K.REPLY)
    made["100,000 headers"] = (b"X-A: b\r\n" * 100_000 + raw("Broken."), K.REPLY)
    made["many recipients"] = (raw("Broken.", to=", ".join(f"a{n}@x.example" for n in range(5_000))), K.REPLY)
    made["brackets"] = (raw("Broken.", sender="(" * 5_000 + "<" * 5_000, to='"' * 5_000), K.REPLY)
    made["winmail"] = (
        raw("AAAA", content_type="application/ms-tnef; name=winmail.dat", Content_Transfer_Encoding="base64"),
        K.REPLY,
    )
    made["image only"] = (
        raw("AAAA", content_type="image/png; name=x.png", Content_Transfer_Encoding="base64"),
        K.REPLY,
    )
    made["nothing at all"] = (b"", K.EMPTY)
    made["zeros"] = (b"\x00" * 5_000, K.EMPTY)
    made["no head"] = (b"\r\n\r\nBroken.", K.REPLY)
    made["no end of its parts"] = (
        raw("--b\nContent-Type: text/plain\n\nBroken.", content_type='multipart/mixed; boundary="b"'),
        K.REPLY,
    )
    made["parts without a boundary"] = (raw("Broken.", content_type="multipart/mixed"), K.REPLY)
    made["2 MB on one line"] = (raw("broken " * 300_000), K.REPLY)
    made["200,000 quoted lines"] = (raw("Broken.\n" + "> quoted\n" * 200_000), K.REPLY)
    made["50,000 heads"] = (raw("Broken.\n" + "From: a\n" * 50_000), K.REPLY)
    made["forged in-reply-to"] = (raw("Broken.", In_Reply_To="<personal.1@reply.example>"), K.REPLY)
    made["answer between the lines"] = (
        raw("On Mon, 1 Nov 2026, Care <c@x.example> wrote:\n> When?\nOn Friday.\n> Where?\nHere."),
        K.REPLY,
    )
    made["forwarded mail"] = (
        raw(
            "--b\nContent-Type: text/plain\n\nSee below.\n--b\nContent-Type: message/rfc822\n\nSubject: x\n\nInner\n--b--",
            content_type='multipart/mixed; boundary="b"',
        ),
        K.REPLY,
    )
    made["calendar"] = (
        raw(
            "--b\nContent-Type: text/plain\n\nThursday.\n--b\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR\n--b--",
            content_type='multipart/alternative; boundary="b"',
        ),
        K.REPLY,
    )
    return made
