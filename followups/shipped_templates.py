"""The templates and passages a fresh deployment starts with: starting points, for leads to put into their own words."""

from __future__ import annotations

from followups.models.writing import LetterTemplate

Step = LetterTemplate.Step

# (language, step, name, text)
SHIPPED: list[tuple[str, str, str, str]] = [
    (
        "en",
        Step.FIRST_CONTACT,
        "Thank you, and a question",
        "Hello {first_name},\n\n{words}\n\nThank you for writing this about {touchpoint}. I have read it and I would "
        "like to understand it better before I answer: what should have happened instead?\n\n{owner}",
    ),
    (
        "en",
        Step.QUESTION,
        "Which case is it?",
        "Hello {first_name},\n\nso that I look at the right thing: on which day was it, and which order or case was it "
        "about?\n\n{owner}",
    ),
    (
        "en",
        Step.UPDATE,
        "Where it stands",
        "Hello {first_name},\n\nhere is where your case stands. You hear from me again {promise}.\n\n{owner}",
    ),
    ("en", Step.RESOLUTION, "Put right", "We have put it right: "),
    ("en", Step.PASSAGE, "By telephone instead", "If you would rather talk about it, tell me when I may call you."),
    (
        "de",
        Step.FIRST_CONTACT,
        "Danke, und eine Frage",
        "Guten Tag {name},\n\n{words}\n\nDanke, dass Sie uns das geschrieben haben. Es geht um: {touchpoint}. Ich "
        "habe es gelesen und möchte es besser verstehen, bevor ich antworte: Was hätte stattdessen geschehen "
        "sollen?\n\n{owner}",
    ),
    (
        "de",
        Step.QUESTION,
        "Um welchen Fall geht es?",
        "Guten Tag {name},\n\ndamit ich das Richtige ansehe: An welchem Tag war es, und um welche Bestellung oder "
        "welchen Fall ging es?\n\n{owner}",
    ),
    (
        "de",
        Step.UPDATE,
        "Wie es steht",
        "Guten Tag {name},\n\nso steht es um Ihren Fall. Sie hören wieder von mir {promise}.\n\n{owner}",
    ),
    ("de", Step.RESOLUTION, "In Ordnung gebracht", "Wir haben es in Ordnung gebracht: "),
    (
        "de",
        Step.PASSAGE,
        "Lieber am Telefon",
        "Wenn Sie lieber darüber sprechen möchten, sagen Sie mir, wann ich Sie anrufen darf.",
    ),
    (
        "es",
        Step.FIRST_CONTACT,
        "Gracias, y una pregunta",
        "Hola, {first_name}:\n\n{words}\n\nGracias por escribirnos esto sobre {touchpoint}. Lo he leído y quiero "
        "entenderlo mejor antes de responder: ¿qué tendría que haber pasado?\n\n{owner}",
    ),
    (
        "es",
        Step.QUESTION,
        "¿De qué caso se trata?",
        "Hola, {first_name}:\n\npara mirar lo que toca: ¿qué día fue y de qué pedido o caso se trataba?\n\n{owner}",
    ),
    (
        "es",
        Step.UPDATE,
        "Cómo está su caso",
        "Hola, {first_name}:\n\nasí está su caso. Volverá a saber de mí {promise}.\n\n{owner}",
    ),
    ("es", Step.RESOLUTION, "Corregido", "Lo hemos corregido: "),
    ("es", Step.PASSAGE, "Mejor por teléfono", "Si prefiere hablarlo, dígame cuándo puedo llamar."),
    (
        "fr",
        Step.FIRST_CONTACT,
        "Merci, et une question",
        "Bonjour {first_name},\n\n{words}\n\nMerci de nous avoir écrit cela à propos de : {touchpoint}. Je l’ai lu et "
        "je voudrais mieux comprendre avant de répondre : qu’aurait-il fallu faire ?\n\n{owner}",
    ),
    (
        "fr",
        Step.QUESTION,
        "De quel dossier s’agit-il ?",
        "Bonjour {first_name},\n\npour regarder le bon dossier : quel jour était-ce, et de quelle commande "
        "s’agissait-il ?\n\n{owner}",
    ),
    (
        "fr",
        Step.UPDATE,
        "Où en est votre dossier",
        "Bonjour {first_name},\n\nvoici où en est votre dossier. Je reviens vers vous {promise}.\n\n{owner}",
    ),
    ("fr", Step.RESOLUTION, "Corrigé", "Nous l’avons corrigé : "),
    ("fr", Step.PASSAGE, "Plutôt par téléphone", "Si vous préférez en parler, dites-moi quand je peux vous appeler."),
]


def shipped() -> list[LetterTemplate]:
    """Unsaved rows, in the order they are offered in."""
    return [
        LetterTemplate(language=language, step=step, name=name, text=text, position=number * 10)
        for number, (language, step, name, text) in enumerate(SHIPPED, start=1)
    ]
