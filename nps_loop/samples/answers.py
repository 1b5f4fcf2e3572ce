"""Three months of answers, planned: who says what, when, and what is to become of it. Pure.

The first part is history: the company had asked before it used this program, so those answers come in one file, count
and open nothing. What came later came in as it was given, and its tickets were worked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from nps_loop.samples import company
from nps_loop.samples.customers import Customers, Person
from nps_loop.samples.words import DRIVERS, Voice
from surveys.scoring import Band, band

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
# Days before the day of loading: from when on there are answers, from when on they open tickets, and from when on the
# desk is planned answer by answer (`desk`).
FIRST, LIVE, DESK = 89, 38, 3
HISTORY_ANSWERS, LIVE_ANSWERS = 445, 95
# A team that works on weekdays may not have touched yet what came in so lately; `desk` plans that by hand.
QUIET_TRADE = 9

# The planted dip: answers about service visits, while a new route plan sent technicians to the wrong doors.
DIP_MOMENT, DIP_FROM, DIP_TO = "service-visit", 30, 17

# How often each moment is asked about, and how its answers spread over detractors, passives and promoters.
_SPREAD: dict[str, tuple[int, tuple[float, float, float]]] = {
    "relationship": (22, (0.20, 0.24, 0.56)),
    "service-visit": (22, (0.17, 0.20, 0.63)),
    "refills": (12, (0.19, 0.22, 0.59)),
    "invoice": (8, (0.33, 0.27, 0.40)),
    "support-call": (9, (0.27, 0.22, 0.51)),
    "first-90-days": (5, (0.20, 0.30, 0.50)),
    "mokari-order": (15, (0.18, 0.22, 0.60)),
    "mokari-service": (7, (0.22, 0.22, 0.56)),
}
_DIPPED = (0.56, 0.22, 0.22)
_BANDS = (Band.DETRACTOR, Band.PASSIVE, Band.PROMOTER)
_SCORES = {
    Band.DETRACTOR: (0, 1, 2, 2, 3, 3, 3, 4, 4, 5, 5, 5, 6, 6, 6),
    Band.PASSIVE: (7, 7, 8, 8, 8),
    Band.PROMOTER: (9, 9, 9, 9, 10, 10, 10, 10, 10),
}
_HAS_WORDS = {Band.DETRACTOR: 0.88, Band.PASSIVE: 0.68, Band.PROMOTER: 0.5}
_MACHINES = ("C3", "C5 Twin", "Aqua 12", "Aqua 30", "Mini")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as planned. `key` is its id at the source, `life` names what becomes of its ticket (`lives`).

    `opens` says whether the rules ask for a ticket; `excluded` why it does not count.
    """

    key: str
    moment: str
    at: datetime
    score: int
    words: str = ""
    language: str = ""
    topic: str = ""
    email: str = ""
    name: str = ""
    phone: str = ""
    account: str = ""
    answered_for: str = ""
    product: str = ""
    contact_me: bool | None = None
    share_name: bool | None = None
    life: str = ""
    opens: bool = False
    excluded: str = ""

    @property
    def source(self) -> str:
        return next(one.source for one in company.MOMENTS if one.slug == self.moment)

    @property
    def is_mokari(self) -> bool:
        return self.moment.startswith("mokari")

    @property
    def band(self) -> Band:
        return band(self.score)

    @property
    def driver(self) -> str:
        return DRIVERS.get(self.topic, "") if self.words or self.score < 9 else ""


@dataclass
class Pool:
    """Who may still be the one of an answer that opens a ticket: everybody once, so that cases do not mix."""

    customers: Customers
    taken: set[str] = field(default_factory=set)

    def take(self, people: Sequence[Person], chance: Random) -> Person | None:
        free = [person for person in people if person.email not in self.taken]
        if not free:
            return None
        person = chance.choice(free)
        self.taken.add(person.email)
        return person

    def of_owner(self, login: str) -> list[Person]:
        """People at the accounts of a colleague; of nobody's accounts and of none for an empty log-in."""
        firms = {firm.number for firm in self.customers.firms if firm.owner == login}
        return [person for person in self.customers.people if (person.firm in firms or (not login and not person.firm))]


def plan(pool: Pool, voice: Voice, chance: Random, *, now: datetime) -> list[Answer]:
    """The answers of three months but for the last three, in order of time."""
    history = [
        _answer(f"H-{n:04d}", _when(now, FIRST, LIVE, chance), pool, voice, chance, now, opens=False)
        for n in range(1, HISTORY_ANSWERS + 1)
    ]
    live = [
        _answer(f"L-{n:04d}", _when(now, LIVE, DESK, chance), pool, voice, chance, now, opens=True)
        for n in range(1, LIVE_ANSWERS + 1)
    ]
    return sorted([*history, *live], key=lambda answer: (answer.at, answer.key))


def _when(now: datetime, first: int, last: int, chance: Random) -> datetime:
    """A moment between two days before now, when people answer: in the day, and less at weekends."""
    zone = ZoneInfo(company.ZONE)
    while True:
        at = now - first * DAY + chance.random() * (first - last - 0.1) * DAY
        local = at.astimezone(zone)
        if not 7 <= local.hour < 22 or (local.weekday() > 4 and chance.random() < 0.6):
            continue
        return at.replace(second=chance.randrange(60), microsecond=0)


def is_in_dip(moment: str, at: datetime, now: datetime) -> bool:
    """Whether an answer falls into the planted dip."""
    return moment == DIP_MOMENT and DIP_TO <= (now - at) / DAY <= DIP_FROM


def _answer(key: str, at: datetime, pool: Pool, voice: Voice, chance: Random, now: datetime, *, opens: bool) -> Answer:
    moment = chance.choices(list(_SPREAD), weights=[weight for weight, _ in _SPREAD.values()])[0]
    spread = _DIPPED if is_in_dip(moment, at, now) else _SPREAD[moment][1]
    felt = chance.choices(_BANDS, weights=spread)[0]
    if opens and moment.startswith("mokari") and now - at < QUIET_TRADE * DAY:
        felt = Band.PROMOTER
    crowd = _crowd(moment, pool.customers)
    person = pool.take(crowd, chance) if opens and felt is not Band.PROMOTER else None
    if person is None and opens and felt is not Band.PROMOTER:
        felt = Band.PROMOTER
    person = person or chance.choice(crowd)
    topic, words = voice.say(person.language, felt, company.topics_of(moment))
    return Answer(
        key=key,
        moment=moment,
        at=at,
        score=chance.choice(_SCORES[felt]),
        words=words if chance.random() < _HAS_WORDS[felt] else "",
        language=person.language,
        topic=topic,
        email=person.email,
        name=person.name,
        product=chance.choice(_MACHINES) if moment != "relationship" else "",
        contact_me=_wants_contact(felt, moment, chance),
        share_name=chance.choice((True, True, False, None, None)),
        opens=opens and felt is not Band.PROMOTER,
    )


def _crowd(moment: str, customers: Customers) -> list[Person]:
    trade = {firm.number for firm in customers.firms if firm.owner in ("diego", "jana", "")}
    if moment.startswith("mokari"):
        return [person for person in customers.people if not person.firm or person.firm in trade]
    return [person for person in customers.people if person.firm and person.firm not in trade]


def _wants_contact(felt: Band, moment: str, chance: Random) -> bool | None:
    if moment in ("refills", "invoice", "mokari-order"):
        return None  # These surveys do not ask.
    yes, no = {Band.DETRACTOR: (0.45, 0.08), Band.PASSIVE: (0.2, 0.12), Band.PROMOTER: (0.0, 0.3)}[felt]
    dice = chance.random()
    return True if dice < yes else False if dice < yes + no else None


def with_lives(answers: Sequence[Answer], people: Sequence[Person], chance: Random, *, now: datetime) -> list[Answer]:
    """The same answers, with what becomes of those that open a ticket. What takes long starts early enough."""
    from nps_loop.samples import lives

    phones = {person.email for person in people if person.phone}
    missing = set(lives.LIVES)
    found = []
    for answer in answers:
        if answer.opens:
            options = lives.options_for(answer, (now - answer.at) / DAY, answer.email in phones)
            answer = replace(answer, life=lives.choose(options, missing, chance))
        found.append(answer)
    return found
