"""The customers of the sample company: forty accounts, their people, and cafés that are nobody's account.

Pure up to `write`: the same seed gives the same people. Addresses end in `.example` and phone numbers are of the ranges
that regulators keep free for stories, so nobody can be reached by accident.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from nps_loop.people.models import User
from surveys.identity import email_key, is_shared_mailbox
from surveys.models import Account, Contact, ContactKey
from surveys.searching import normalise_for_search


@dataclass(frozen=True, slots=True)
class Firm:
    """An account as planned. `owner` is a log-in, empty for nobody's; `renews_in` counts days from the day of loading."""

    number: str
    name: str
    segment: str
    country: str
    owner: str
    value: int
    renews_in: int
    is_partner: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """A contact as planned; `firm` is the number of an account or empty. An empty `email` has to be a known one's."""

    name: str
    email: str
    firm: str = ""
    role: str = ""
    phone: str = ""
    language: str = "en"
    zone: str = "Europe/Berlin"
    prefers: str = ""
    good_time: str = ""
    do_not_contact: bool = False


# Country -> language, time zone, region, start of a phone number.
COUNTRIES: dict[str, tuple[str, str, str, str]] = {
    "DE": ("de", "Europe/Berlin", "DACH", "+49 30 23125 "),
    "AT": ("de", "Europe/Vienna", "DACH", "+43 1 5550"),
    "CH": ("de", "Europe/Zurich", "DACH", "+41 44 555 0"),
    "FR": ("fr", "Europe/Paris", "France", "+33 1 99 00 4"),
    "ES": ("es", "Europe/Madrid", "Iberia", "+34 910 601 "),
    "GB": ("en", "Europe/London", "UK and Ireland", "+44 20 7946 0"),
    "IE": ("en", "Europe/Dublin", "UK and Ireland", "+353 20 914 "),
    "NL": ("en", "Europe/Amsterdam", "Benelux and Nordics", "+31 20 555 0"),
    "SE": ("en", "Europe/Stockholm", "Benelux and Nordics", "+46 8 465 00"),
    "US": ("en", "America/New_York", "North America", "+1 212 555 0"),
}

# name, segment, country, owner
_FIRMS: tuple[tuple[str, str, str, str], ...] = (
    ("Hotel Drei Linden", "Hotel", "DE", "agent"),
    ("Seehof Klinik", "Clinic", "DE", "agent"),
    ("Ostwerk Studios", "Office", "DE", "agent"),
    ("Harbour Lane Hotels", "Hotel", "GB", "agent"),
    ("Pellworth & Sons Solicitors", "Office", "GB", "agent"),
    ("Kestrel Instruments", "Office", "GB", "agent"),
    ("Grandvik Conference Hotel", "Hotel", "SE", "agent"),
    ("Lindholt Media", "Office", "SE", "agent"),
    ("Brouwer Architects", "Office", "NL", "agent"),
    ("Alpenblick Resort", "Hotel", "AT", "matteo"),
    ("Wiener Ringpraxis", "Clinic", "AT", "matteo"),
    ("Hochschule am Park", "Office", "DE", "matteo"),
    ("Zürichberg Suites", "Hotel", "CH", "matteo"),
    ("Tannhof Versicherung", "Office", "CH", "matteo"),
    ("Marlowe Business Centre", "Office", "GB", "matteo"),
    ("Foyle Street Dental", "Clinic", "IE", "matteo"),
    ("Hôtel des Quais", "Hotel", "FR", "chiara"),
    ("Clinique Sainte-Aude", "Clinic", "FR", "chiara"),
    ("Cabinet Morel Avocats", "Office", "FR", "chiara"),
    ("Résidence Valmer", "Hotel", "FR", "chiara"),
    ("Atelier Nantais", "Office", "FR", "chiara"),
    ("Laboratoires Ferrand", "Office", "FR", "chiara"),
    ("Klinikum Südtor", "Clinic", "DE", "chiara"),
    ("Quay House Partners", "Office", "IE", "yusuf"),
    ("Northgate Co-working", "Office", "GB", "yusuf"),
    ("Bergmann Logistik", "Office", "DE", "yusuf"),
    ("Hudson Row Offices", "Office", "US", "yusuf"),
    ("Hotel Alte Mühle", "Hotel", "DE", "tomasz"),
    ("Strandhotel Ahrens", "Hotel", "DE", "tomasz"),
    ("Parkview Serviced Flats", "Hotel", "GB", "tomasz"),
    ("Cafés La Plaza", "Café", "ES", "diego"),
    ("Panaderías Olmo", "Café", "ES", "diego"),
    ("Grupo Mirador", "Hotel", "ES", "diego"),
    ("Librería Cortázar", "Shop", "ES", "diego"),
    ("Café Kante", "Café", "DE", "jana"),
    ("Backhaus Gerlach", "Café", "DE", "jana"),
    ("Röstkammer Ulm", "Café", "DE", "jana"),
    ("Tiendas Verdemar", "Shop", "ES", ""),
    ("Two Sparrows Coffee", "Café", "GB", ""),
    ("Kaffeehaus Sperling", "Café", "AT", ""),
)
_FIRST_NAMES = {
    "de": "Anke Bernd Carla Dirk Elif Falk Gesa Holger Imke Jürgen Katrin Lukas Maren Norbert Ortrun Peer Renate Sönke "
    "Tilman Ulrike Volker Wiebke Annegret Börge Cem Dörte Emre Frauke Gunnar Hauke",
    "en": "Aidan Beatrice Callum Deirdre Edwin Fiona Graham Hazel Imran Joanna Kieran Leonie Malcolm Niamh Oluwaseun "
    "Philippa Quentin Rhona Stephen Tamsin Usha Verity Wesley Yvonne Zara Alistair Bronwyn Cormac Delphine Euan",
    "fr": "Amélie Bastien Camille Damien Estelle Fabrice Gaëlle Hugo Inès Julien Karine Laurent Margaux Noémie Olivier "
    "Pauline Quitterie Romain Solène Thibault Ursule Véronique Yannick Zoé",
    "es": "Adriana Benito Candela Darío Elvira Fermín Gloria Horacio Inmaculada Joaquín Leticia Manuel Nuria Óscar Paloma "
    "Quintín Remedios Santiago Teresa Úrsula Vicente Ximena Yolanda Álvaro Begoña Cristina",
}
_LAST_NAMES = {
    "de": "Abel Brockmann Claasen Dittrich Engelke Fromm Grothe Hinrichs Iversen Jessen Kallweit Lammers Mertens Nolte "
    "Ohlsen Petersen Quast Reimers Siebert Thomsen Uhlig Vollmer Wessels Zander Ackermann Behrens Cordes Drews",
    "en": "Ashworth Bellamy Carmody Dunmore Eastman Fairley Goddard Hargreaves Ingram Jessop Kinsella Lockwood Merriman "
    "Norbury Oyelaran Pemberton Quigley Rutherford Stanhope Thackeray Underhill Vickers Whitcombe Yardley Abbot Bose",
    "fr": "Aubert Bonnet Caron Delorme Estève Fontaine Garnier Hamelin Imbert Jacquet Kessler Lambert Mercier Navarre "
    "Oudin Perrot Quentin Rivière Sabatier Tessier Urbain Vasseur Wagner Yvon",
    "es": "Aguilar Benítez Cabrera Domínguez Escudero Ferrer Gallardo Herrero Ibáñez Jurado Lozano Montero Navarro Ortega "
    "Pascual Quintana Redondo Serrano Tejada Urrutia Vidal Zamora Arribas Bermejo",
}
_ROLES = {
    "Hotel": (
        "Front office manager",
        "Food and beverage manager",
        "Head of housekeeping",
        "General manager",
        "Night manager",
    ),
    "Clinic": ("Practice manager", "Ward sister", "Head of facilities", "Purchasing", "Reception"),
    "Office": ("Office manager", "Facility manager", "Head of purchasing", "Executive assistant", "Managing partner"),
    "Café": ("Owner", "Barista", "Branch manager", "Accounts"),
    "Shop": ("Owner", "Branch manager", "Accounts"),
}
_GOOD_TIMES = (
    "before 10:00",
    "after the lunch rush, from 15:00",
    "Tuesdays and Thursdays",
    "evenings, after check-in",
    "",
)
_CAFES = {
    "de": ("Café Nebenan", "Kleine Rösterei", "Kiosk Ufer", "Teestube Elbblick", "Konditorei Blau", "Café Zeitlos"),
    "es": (
        "La Barra de Lola",
        "Café Bohemia",
        "El Rincón Dulce",
        "Bar Estación",
        "La Tetería",
        "Café Lisboa",
        "Obrador Sur",
    ),
    "fr": ("Le Petit Comptoir", "Café du Canal", "La Brûlerie", "Au Bon Grain"),
    "en": (
        "The Corner Cup",
        "Mill Lane Deli",
        "Bluebell Tearoom",
        "Station Beans",
        "Fern & Kettle",
        "The Reading Room",
    ),
}


@dataclass(frozen=True)
class Customers:
    """All accounts and people. `of_firm` holds people by account, `alone` those without one."""

    firms: tuple[Firm, ...]
    people: tuple[Person, ...]

    @property
    def alone(self) -> list[Person]:
        return [person for person in self.people if not person.firm]

    def of(self, firm: str) -> list[Person]:
        return [person for person in self.people if person.firm == firm]


def plan(chance: Random) -> Customers:
    """Make up accounts and people; about 120 people at 40 accounts and 46 without."""
    firms = tuple(_firm(number, *row, chance) for number, row in enumerate(_FIRMS, start=1))
    used: set[str] = set()
    people = [
        _person(firm.country, firm.segment, _host(firm.name), firm.number, used, chance)
        for firm in firms
        for _ in range(chance.choice((2, 3, 3, 4, 4) if firm.segment not in ("Café", "Shop") else (2, 2, 3)))
    ]
    cafes = [(name, language) for language, names in _CAFES.items() for name in names]
    country_of = {"de": "DE", "es": "ES", "fr": "FR", "en": "GB"}
    for name, language in cafes:
        for _ in range(2):
            people.append(_person(country_of[language], "Café", _host(name), "", used, chance))
    return Customers(firms, tuple(people))


def _firm(number: int, name: str, segment: str, country: str, owner: str, chance: Random) -> Firm:
    low, high = {"Hotel": (18, 160), "Clinic": (12, 120), "Office": (6, 90)}.get(segment, (2, 26))
    value = int(low * 1000 + (chance.random() ** 2) * (high - low) * 1000) // 100 * 100
    return Firm(f"C-{1000 + number}", name, segment, country, owner, value, chance.randint(-20, 340))


def _person(country: str, segment: str, host: str, firm: str, used: set[str], chance: Random) -> Person:
    language, zone, _region, number = COUNTRIES[country]
    while True:
        first = chance.choice(_FIRST_NAMES[language].split())
        last = chance.choice(_LAST_NAMES[language].split())
        email = f"{_plain(first)}.{_plain(last)}@{host}"
        if f"{first} {last}" not in used:
            break
    used.add(f"{first} {last}")
    has_phone = chance.random() < 0.75
    by_phone = has_phone and chance.random() < 0.3
    return Person(
        name=f"{first} {last}",
        email=email,
        firm=firm,
        role=chance.choice(_ROLES[segment]),
        phone=f"{number}{chance.randint(10, 99)}" if has_phone else "",
        language=language,
        zone=zone,
        prefers="phone" if by_phone else "",
        good_time=chance.choice(_GOOD_TIMES) if has_phone else "",
    )


def _plain(text: str) -> str:
    return "".join(letter for letter in normalise_for_search(text) if letter.isalnum())


def _host(name: str) -> str:
    return "-".join(filter(None, (_plain(word) for word in name.split()))) + ".example"


# --- writing ---------------------------------------------------------------------------------------------------


def write(firms: Sequence[Firm], people: Sequence[Person], colleagues: dict[str, User], *, now: datetime) -> None:
    """Write accounts and contacts, with the keys that find them again when they answer."""
    today = now.date()
    Account.objects.bulk_create(
        Account(
            external_id=firm.number,
            name=firm.name,
            search_name=normalise_for_search(firm.name),
            segment=firm.segment,
            region=COUNTRIES[firm.country][2],
            annual_value=Decimal(firm.value),
            renewal_on=today + timedelta(days=firm.renews_in),
            owner=colleagues.get(firm.owner),
            is_partner=firm.is_partner,
            created_at=now,
        )
        for firm in firms
    )
    accounts = {account.external_id: account for account in Account.objects.all()}
    contacts = [
        Contact(
            account=accounts.get(person.firm),
            name=person.name,
            search_name=normalise_for_search(f"{person.name} {person.email}"),
            role=person.role,
            email=person.email,
            phone=person.phone,
            language=person.language,
            time_zone=person.zone,
            preferred_channel=person.prefers,
            good_time=person.good_time,
            is_shared_mailbox=is_shared_mailbox(person.email),
            do_not_contact=person.do_not_contact,
            created_at=now,
        )
        for person in people
    ]
    Contact.objects.bulk_create(contacts)
    ContactKey.objects.bulk_create(
        ContactKey(kind=ContactKey.Kind.EMAIL, value=email_key(person.email, person.name), contact=contact)
        for person, contact in zip(people, contacts, strict=True)
        if person.email
    )
