"""The customer's page in each of its variants: the case of the mocks, as a view would fill it."""

from __future__ import annotations

from dataclasses import replace

from django.utils import translation

from followups import loop_page
from followups.loop_page import Entry, Kind, LeftOut, LoopPage, Missed, Option, Turn, Variant

WORDS = (
    "We waited eleven days for someone to tell us why the imports kept failing. In the end our own driver found the "
    "cause, a comma in an address. I don’t mind bugs. I mind silence. If you call: before ten is best, after that "
    "there is no signal in the cold store."
)
AT_WORK = frozenset({Option.SETTLED, Option.CALL_ME, Option.SOMEBODY_ELSE, Option.LEAVE_IT, Option.ADD_WORDS})
ASKED = frozenset({Option.SETTLED, Option.NOT_YET, Option.CALL_ME, Option.SOMEBODY_ELSE, Option.LEAVE_IT})
# Day, moment, promise, in each language, as followups.promises makes them.
MOMENTS = {
    "en": ("Sunday, 22 November", "Thursday, 3 December, at 08:12", "by Friday evening, 27 November"),
    "de": ("Sonntag, 22. November", "Donnerstag, 3. Dezember, um 08:12 Uhr", "bis Freitagabend, 27. November"),
    "es": (
        "domingo, 22 de noviembre",
        "jueves, 3 de diciembre, a las 08:12",
        "a más tardar el viernes por la tarde, 27 de noviembre",
    ),
    "fr": ("dimanche 22 novembre", "jeudi 3 décembre à 8\u00a0h\u00a012", "d’ici vendredi soir, 27 novembre"),
}
PROMISED = (
    Entry(when="24 Nov", day="2026-11-24", text="Hanna Brandt gets in touch by Tuesday evening.", kind=Kind.KEPT),
    Entry(
        when="by 27 Nov, evening",
        day="2026-11-27",
        text="Check every import of the last 30 days, repair the ones that failed and send you the list.",
        kind=Kind.OPEN,
    ),
    Entry(
        when="by 1 Dec, evening",
        day="2026-12-01",
        text="Read commas in addresses correctly, tested with your own file.",
        kind=Kind.MOVED,
        note="Moved to Wednesday midday, 2 December. We test it with your file of today as well.",
    ),
)
CHANGED = (
    Entry(
        when="26 Nov",
        day="2026-11-26",
        text="You have the list, 14 imports had failed, all with a comma in the address. All 14 are repaired.",
    ),
    Entry(
        when="1 Dec",
        day="2026-12-01",
        text="Imports read commas correctly, tested with your own file of 20 November.",
    ),
    Entry(
        when="2 Dec",
        day="2026-12-02",
        text="While a case is open you hear from us every two working days. Samira Haddad is your one name.",
    ),
)


def pages(language: str = "en") -> dict[str, LoopPage]:
    """Every variant by name, in one language. What people typed stays as it was typed."""
    day, moment, promise = MOMENTS[language]
    base = LoopPage(
        variant=Variant.NEW,
        language=language,
        brand="Halden",
        brand_footer="Halden AB, Ågatan 1",
        first_name="Marta",
        contact_name="Marta Lindqvist",
        owner_name="Hanna Brandt",
        owner_first_name="Hanna",
        reply_address="hanna.brandt@halden.example",
        as_of=moment,
        quote="I don’t mind bugs. I mind silence.",
        words=WORDS,
        words_language="en",
        told_on=day,
        answered_on=moment,
        score=3,
        by_when=promise,
        cycle=1,
        options=AT_WORK,
    )
    with translation.override(language):
        new = replace(base, next_step=loop_page.contact_comes("Hanna Brandt", "Nordby Cold Chain", looks_after=True))
        work = replace(
            base,
            variant=Variant.OPEN,
            next_step=loop_page.action_comes("You get the list of every import that failed", "Ivo Lenz"),
            story=PROMISED,
        )
        asked = replace(
            base,
            variant=Variant.RESOLVED,
            whose_turn=Turn.YOURS,
            next_step=loop_page.verdict_comes(),
            silence_until=day,
            story=CHANGED,
            why_it_happened="Our import split addresses at commas.",
            left_out=(LeftOut(text="Moving the depot addresses.", reason="You asked us to leave this until spring."),),
            options=ASKED,
        )
        nobody = replace(
            base,
            whose_turn=Turn.NOBODY,
            next_step=loop_page.nothing_comes(),
            by_when="",
            until=day,
            said_on=moment,
            options=frozenset({Option.NOT_YET}),
        )
        return {
            "new": new,
            "open": work,
            "late": replace(
                work,
                missed=(Missed(what="The list of every import that failed, and why.", promised=promise),),
                story=(PROMISED[0], replace(PROMISED[1], kind=Kind.MISSED), PROMISED[2]),
            ),
            "waiting": replace(
                work,
                variant=Variant.WAITING,
                whose_turn=Turn.YOURS,
                next_step=loop_page.reply_comes("Hanna Brandt"),
                question="Which of your two depots\nuses the old file?",
                phone_known=False,
            ),
            "resolved": asked,
            "choosing": replace(asked, opened="not_yet", typed="Two addresses failed again."),
            "settled": replace(
                nobody,
                variant=Variant.SETTLED,
                next_step=loop_page.question_comes(),
                by_when=promise,
                told_too=("Samira Haddad", "Ivo Lenz"),
                story=CHANGED,
            ),
            "answered": replace(nobody, variant=Variant.ANSWERED),
            "not_yet": replace(
                base,
                variant=Variant.NOT_YET,
                next_step=loop_page.answer_comes("Hanna Brandt", "Tomás Ferreira"),
                said_on=moment,
                missing="The list was good. But last night two addresses failed again, both with an apostrophe.",
            ),
            "differ": replace(
                nobody,
                variant=Variant.DIFFER,
                story=CHANGED,
                missing="The imports are fine now. The eleven days are not, and I want them back on the bill.",
                letter="We do not pay for days below what the contract says.\n\nYou told us that this is not the same.",
                letter_by="Tomás Ferreira",
                letter_on=day,
            ),
            "silent": replace(
                nobody, variant=Variant.SILENT, story=CHANGED, options=frozenset({Option.SETTLED, Option.NOT_YET})
            ),
            "left": replace(nobody, variant=Variant.LEFT),
        }
