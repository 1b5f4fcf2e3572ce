"""The hard days of the sample set: twenty kinds of case that break a careless program, each as data.

`plan` of a hard day gives its answers, `hard_lives` says what becomes of the tickets. The tests play the same days one by
one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from followups.models import Away
from nps_loop.samples import company
from nps_loop.samples.answers import DAY, HOUR, Answer
from nps_loop.samples.customers import Firm, Person
from nps_loop.samples.stage import Stage
from nps_loop.samples.words.diary import long_story


@dataclass(frozen=True, slots=True)
class Said:
    """One answer of a hard day, so long after its beginning. `who` is a number in `people`; None is nobody known.

    `as_typed` says that the answer itself carries name, address and number, instead of a customer we know.
    """

    score: int
    words: str = ""
    who: int | None = 0
    moment: str = "service-visit"
    after: timedelta = timedelta()
    topic: str = "technician"
    life: str = "untouched"
    contact_me: bool | None = None
    share_name: bool | None = None
    answered_for: str = ""
    opens: bool = True
    excluded: str = ""


@dataclass(frozen=True, slots=True)
class HardDay:
    """A kind of hard case. `ago` places it in the sample set; `as_typed` people are met in their answer first."""

    slug: str
    title: str
    ago: timedelta
    said: tuple[Said, ...]
    people: tuple[Person, ...] = ()
    firms: tuple[Firm, ...] = ()
    as_typed: bool = False
    begins: Callable[[datetime], datetime] | None = None
    prepares: Callable[[Stage, datetime], None] | None = None

    def at(self, now: datetime) -> datetime:
        """When it begins, in a sample set loaded at `now`."""
        return self.begins(now) if self.begins else now - self.ago

    def plan(self, at: datetime) -> list[Answer]:
        """Its answers, where it begins at `at`."""
        return [self._answer(number, said, at) for number, said in enumerate(self.said, start=1)]

    def _answer(self, number: int, said: Said, at: datetime) -> Answer:
        person = Person("", "", language="en") if said.who is None else self.people[said.who]
        return Answer(
            key=f"X-{self.slug}-{number}",
            moment=said.moment,
            at=at + said.after,
            score=said.score,
            words=said.words,
            language=person.language,
            topic=said.topic,
            email=person.email,
            name=person.name,
            phone=person.phone if self.as_typed else "",
            answered_for=said.answered_for,
            contact_me=said.contact_me,
            share_name=said.share_name,
            life=said.life if said.opens else "",
            opens=said.opens,
            excluded=said.excluded,
        )

    @property
    def known_people(self) -> tuple[Person, ...]:
        return () if self.as_typed else self.people


def _firm(
    number: int, name: str, owner: str, *, country: str = "GB", value: int = 42_000, partner: bool = False
) -> Firm:
    return Firm(f"X-{number}", name, "Hotel" if "Hotel" in name else "Office", country, owner, value, 120, partner)


# --- when and how they begin ------------------------------------------------------------------------------------


def _nobody_for_three_days(stage: Stage, at: datetime) -> None:
    """Everybody of the cafés' team is at the yearly meeting."""
    people = stage.company.people
    Away.objects.bulk_create(
        Away(user=people[login], starts_at=at - HOUR, ends_at=at + 3 * DAY, note="Yearly meeting")
        for login in ("diego", "jana")
    )


def _friday_evening(now: datetime) -> datetime:
    friday = company.closed_monday_before(now) - 3 * DAY
    return datetime.combine(friday, time(18), tzinfo=ZoneInfo("Europe/Madrid")).astimezone(now.tzinfo)


# --- the days --------------------------------------------------------------------------------------------------

HARD_DAYS: tuple[HardDay, ...] = (
    HardDay(
        "anonymous",
        "An answer without a name, an address or a company",
        2 * DAY,
        (Said(2, "Nobody knew that your technician was coming, and he did not know which door to use.", None),),
    ),
    HardDay(
        "phone-only",
        "A customer who left a number and no address",
        30 * HOUR,
        (
            Said(
                3, "No e-mail please, I am on the road. Ring me about the dripping tap.", contact_me=True, topic="fault"
            ),
        ),
        (Person("Gwendolyn Tarrant", "", phone="+44 20 7946 0815"),),
        as_typed=True,
    ),
    HardDay(
        "do-not-contact",
        "A customer whom nobody may contact",
        4 * DAY,
        (Said(4, "The water station hums all night.", topic="fault"),),
        (Person("Ferdinand Oakes", "f.oakes@lowmere-house.example", do_not_contact=True, phone="+44 20 7946 0816"),),
    ),
    HardDay(
        "left-in-peace",
        "A customer who asked not to be contacted about it",
        5 * DAY,
        (
            Said(
                3,
                "Too loud for a reading room. No need to call.",
                contact_me=False,
                life="left_in_peace",
                topic="fault",
            ),
        ),
        (Person("Isolde Marchetti", "isolde@reading-room-trust.example"),),
    ),
    HardDay(
        "shared-mailbox",
        "Two people behind one info@ address",
        13 * DAY,
        (
            Said(2, "The night shift has had no coffee since the weekend.", 0, topic="fault", life="confirmed"),
            Said(
                7, "Fine in general, the invoices come twice.", 1, "invoice", 3 * HOUR, "invoice", "passive_confirmed"
            ),
        ),
        (
            Person("Petra Lohse", "info@gasthof-lohse.example", language="de", role="Owner"),
            Person("Konrad Lohse", "info@gasthof-lohse.example", language="de", role="Accounts"),
        ),
    ),
    HardDay(
        "partner",
        "A partner who answers for a customer",
        22 * HOUR,
        (Said(4, "We look after their kitchens, and their people ask us why yours never come.", answered_for="X-12"),),
        (Person("Bettina Krug", "b.krug@krug-facility.example", "X-11", phone="+49 30 23125 190", language="de"),),
        (
            _firm(11, "Krug Facility Partner", "", country="DE", partner=True),
            _firm(12, "Hafenkontor Sieben", company.AGENT, country="DE", value=88_000),
        ),
    ),
    HardDay(
        "three-of-one-account",
        "Three unhappy people of one account in three days",
        12 * DAY,
        (
            Said(3, "Breakfast without coffee on a full house.", 0, topic="fault", life="settled_in_a_talk"),
            Said(1, "I have called four times.", 1, "support-call", 20 * HOUR, "silence", "settled_in_a_talk"),
            Said(5, "Two reminders for an invoice that is wrong.", 2, "invoice", 44 * HOUR, "invoice", "in_action"),
        ),
        (
            Person("Rosalind Achterberg", "r.achterberg@hotel-bellaria.example", "X-13", phone="+31 20 555 021"),
            Person("Tobias Achterberg", "t.achterberg@hotel-bellaria.example", "X-13", phone="+31 20 555 022"),
            Person("Mireille Dubois", "m.dubois@hotel-bellaria.example", "X-13", phone="+31 20 555 023"),
        ),
        (_firm(13, "Hotel Bellaria", "chiara", country="NL", value=120_000),),
    ),
    HardDay(
        "score-against-words",
        "The lowest score with the kindest words",
        24 * HOUR,
        (Said(1, "Fantastic service, everybody was wonderful and the coffee is excellent!", topic="people"),),
        (Person("Clementine Foxworth", "c.foxworth@ember-and-oak.example", "X-14", phone="+44 20 7946 0820"),),
        (_firm(14, "Ember & Oak Offices", company.AGENT),),
    ),
    HardDay(
        "promoter-who-complains",
        "A nine, and a threat to leave",
        44 * HOUR,
        (
            Said(
                9,
                "Love the coffee. But if the invoice is wrong once more we cancel our contract.",
                moment="invoice",
                topic="invoice",
            ),
        ),
        (Person("Leopold Stainer", "l.stainer@stainer-partner.example", "X-15", language="en"),),
        (_firm(15, "Stainer & Partner", "matteo", country="AT"),),
    ),
    HardDay(
        "no-words",
        "A score and nothing else",
        25 * HOUR,
        (Said(4, "", topic="refill", moment="refills"),),
        (Person("Hannelore Pfisterer", "h.pfisterer@pfisterer-optik.example", "X-16", language="de"),),
        (_firm(16, "Pfisterer Optik", "chiara", country="DE", value=9_000),),
    ),
    HardDay(
        "four-thousand-words",
        "Four thousand words",
        78 * HOUR,
        (Said(1, long_story(), topic="fault", moment="relationship", contact_me=True, life="in_action"),),
        (Person("Edmund Harcastle", "e.harcastle@harcastle-hall.example", "X-17", phone="+44 20 7946 0822"),),
        (_firm(17, "Harcastle Hall Hotel", company.AGENT, value=64_000),),
    ),
    HardDay(
        "abusive",
        "Insults and nothing to act on",
        20 * HOUR,
        (
            Said(
                0,
                "You are idiots, the lot of you, and your driver is a racist idiot as well. Go and rot.",
                moment="refills",
                topic="people",
                life="abuse_reported",
            ),
        ),
        (Person("Barnaby Crouch", "b.crouch@crouch-haulage.example", "X-18"),),
        (_firm(18, "Crouch Haulage", "matteo", value=5_000),),
    ),
    HardDay(
        "lawyer",
        "A customer whose lawyer is about to write",
        28 * HOUR,
        (
            Said(
                1,
                "A guest slipped in the water your machine left on the floor. My lawyer will write to you this week.",
                topic="fault",
                contact_me=True,
            ),
        ),
        (Person("Honor Blakeney", "h.blakeney@blakeney-arms.example", "X-19", phone="+44 20 7946 0824"),),
        (_firm(19, "Blakeney Arms Hotel", company.AGENT, value=71_000),),
    ),
    HardDay(
        "test-answer",
        "Somebody trying out the survey",
        7 * DAY,
        (Said(0, "test test", moment="relationship", opens=False, excluded="test"),),
        (Person("Test Person", "test@kestrel-instruments.example"),),
        as_typed=True,
    ),
    HardDay(
        "owner-leaves",
        "The owner leaves the company in the middle of a case",
        13 * DAY,
        (
            Said(
                2, "Third time this month that the machine on the terrace is dead.", topic="fault", life="owner_leaves"
            ),
        ),
        (Person("Saskia Vermeulen", "s.vermeulen@hotel-zeewind.example", "X-20", phone="+31 20 555 031"),),
        (_firm(20, "Hotel Zeewind", company.GONE, country="NL", value=54_000),),
    ),
    HardDay(
        "nobody-free",
        "Nobody of the team is there for three days",
        25 * DAY,
        (Said(3, "El pedido no llegó y nadie contesta.", moment="mokari-order", topic="refill", life="confirmed"),),
        (Person("Encarna Robledo", "encarna@cafe-robledo.example", language="es", zone="Europe/Madrid"),),
        prepares=_nobody_for_three_days,
    ),
    HardDay(
        "friday-evening",
        "Friday at six, and Monday is a day off",
        14 * DAY,
        (
            Said(
                2,
                "La máquina se ha parado y mañana tenemos bautizo.",
                moment="mokari-service",
                topic="fault",
                life="kept_over_a_holiday",
            ),
        ),
        (
            Person(
                "Amparo Ruano", "amparo@bar-ruano.example", language="es", zone="Europe/Madrid", phone="+34 910 601 241"
            ),
        ),
        begins=_friday_evening,
    ),
    HardDay(
        "resolution-bounces",
        "The mail that says what changed comes back",
        9 * DAY,
        (
            Said(
                4, "Our deliveries go to the old address.", moment="refills", topic="refill", life="resolution_bounces"
            ),
        ),
        (Person("Arnaud Lefort", "a.lefort@lefort-imprimerie.example", "X-21", language="fr", zone="Europe/Paris"),),
        (_firm(21, "Lefort Imprimerie", "chiara", country="FR", value=15_000),),
    ),
    HardDay(
        "not-yet-twice",
        "A customer who says not yet, and again",
        10 * DAY,
        (Said(2, "The machine was swapped for another broken one.", topic="fault", life="not_yet_twice"),),
        (Person("Winifred Tolland", "w.tolland@tolland-and-grey.example", "X-22", phone="+44 20 7946 0831"),),
        (_firm(22, "Tolland & Grey", company.AGENT, value=36_000),),
    ),
    HardDay(
        "colleague-presses",
        "A colleague presses settled on the customer's page",
        10 * DAY,
        (Said(5, "Training never happened.", moment="first-90-days", topic="install", life="colleague_presses"),),
        (Person("Dagny Solheim", "d.solheim@solheim-reklame.example", "X-23", phone="+46 8 465 0041"),),
        (_firm(23, "Solheim Reklame", company.AGENT, country="SE", value=12_000),),
    ),
    HardDay(
        "two-brands",
        "One person who is a customer of both brands",
        15 * DAY,
        (
            Said(3, "At the hotel the machine waits for a part.", 0, topic="fault", life="confirmed"),
            Said(
                5,
                "And in our café the beans came late.",
                0,
                "mokari-order",
                30 * HOUR,
                "refill",
                "confirmed",
            ),
            Said(4, "Beans late, cups missing.", 1, "mokari-order", 31 * HOUR, "refill", "settled_in_a_talk"),
        ),
        (
            Person("Salome Wyss", "salome@wyss-gastro.example", "X-24", language="de", zone="Europe/Zurich"),
            Person(
                "Lorenzo Prat", "lorenzo@can-prat.example", language="es", zone="Europe/Madrid", phone="+34 910 601 242"
            ),
        ),
        (_firm(24, "Wyss Gastro Hotel", "matteo", country="CH", value=47_000),),
    ),
)
BY_SLUG = {day.slug: day for day in HARD_DAYS}
