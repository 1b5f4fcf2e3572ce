"""From an unhappy answer to a loop the customer calls closed, through a browser and a mail server."""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime, timedelta
from email.utils import getaddresses
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_date

from tests.conftest import Received
from tests.journeys.company import Company, Visitor, loop_link

pytestmark = [pytest.mark.stack]

MARTA = (
    "We waited eleven days for someone to tell us why the imports kept failing. I don’t mind bugs. I mind silence. If "
    "you call: before ten is best."
)


def unfilled(mail: Received) -> list[str]:
    """Whatever in a mail looks like a variable that nobody filled, or a greeting of nobody."""
    whole = "\n".join([str(mail.message["Subject"]), mail.part("plain"), mail.part("html")])
    return re.findall(r"\[\[.*?\]\]|\{\{|\}\}|\{%|%\(\w+\)s|\bNone\b|(?m:^\w+ ,|^,$)|>\s*,", whole)


def without_links(text: str) -> str:
    return re.sub(r"https?://\S+", "<link>", text)


def next_working_day() -> date:
    """A day on which a promise can end, whichever day the test runs on."""
    day = datetime.now(UTC).date() + timedelta(days=2)
    while day.weekday() > 4 or (day.month, day.day) in ((12, 25), (12, 26), (1, 1)):
        day += timedelta(days=1)
    return day


# --- the acknowledgement ---------------------------------------------------------------------------------------


def test_a_detractor_is_acknowledged_within_seconds(company: Company) -> None:
    began = time.monotonic()
    response = company.answer(
        score=2, comment="Seit dem Update springt die Tourenplanung zurück. Ich habe es dreimal gemeldet!",
        email="jonas@kessler-getraenke.com", name="Jonas Weidmann", language="de", time_zone="Europe/Berlin",
        contact_me=True, phone="+49 40 123456", account="A-17",
    )  # fmt: skip
    mail = company.mail_to("jonas@kessler-getraenke.com")
    seconds = time.monotonic() - began
    print(f"\nfrom the POST of an answer to its acknowledgement at the mail server: {seconds:.2f} s")
    assert seconds < 20

    ticket = company.ticket_of(response)
    (promised_at,) = company.stack.rows("SELECT promised_at FROM followups_ticket WHERE id = %s", [ticket])[0]
    if isinstance(promised_at, str):
        promised_at = datetime.fromisoformat(promised_at)
    promised_at = promised_at if promised_at.tzinfo else promised_at.replace(tzinfo=UTC)
    there = promised_at.astimezone(ZoneInfo("Europe/Berlin"))
    half = "mittag" if there.hour < 13 or (there.hour, there.minute) == (13, 0) else "abend"
    promise = f"bis {format_date(there, 'EEEE', locale='de')}{half}, {format_date(there, 'd. MMMM', locale='de')}"

    text = mail.part("plain")
    assert "Seit dem Update springt die Tourenplanung zurück." in text
    assert "Hanna Brandt" in text
    assert promise in text and promise in mail.part("html")
    assert "automatisch" in text
    assert [address for _, address in getaddresses([mail.message["Reply-To"]])] == ["hanna.brandt@halden.example"]
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert getaddresses([mail.message["From"]]) == [("Hanna Brandt", "care@halden.example")]
    assert unfilled(mail) == []
    assert loop_link(mail)


ANSWERS = [
    ("en", "The driver app loses its stops when the signal is gone."),
    ("en", "Two vans stood at the wrong depot on a Saturday."),
    ("en", "I explain our set-up from scratch each time."),
    ("en", "The price rise came in a footnote on page two."),
    ("en", ""),
    ("de", "Die Rechnung stimmt seit März nicht mehr."),
    ("de", "Niemand ruft zurück."),
    ("de", "Die Schulung war zu kurz, und wir standen allein da."),
    ("de", "Alles dauert zu lange"),
    ("de", ""),
    ("es", "La factura llega siempre con un centro de coste equivocado."),
    ("es", "Nadie contesta al teléfono."),
    ("es", "El pedido llegó tarde y roto."),
    ("es", "¿Por qué tengo que repetirlo todo?"),
    ("es", ""),
    ("fr", "On nous avait promis un rappel."),
    ("fr", "Le conducteur attend chaque matin une heure."),
    ("fr", "L’application se ferme toute seule."),
    ("fr", "Rien ne change depuis un an."),
    ("fr", ""),
]


def test_twenty_answers_get_twenty_mails_of_their_own(company: Company) -> None:
    zones = {"en": "Europe/London", "de": "Europe/Vienna", "es": "America/Bogota", "fr": "Europe/Paris"}
    for n, (language, words) in enumerate(ANSWERS):
        company.answer(
            external_id=f"twenty-{n}", score=n % 7, comment=words, email=f"reader{n}@client{n}.com",
            name=f"{['Ana', 'Lou', 'Kim'][n % 3]} Reader{n}", language=language, time_zone=zones[language], account="S-20",
        )  # fmt: skip
    mails = [company.mail_to(f"reader{n}@client{n}.com", seconds=60) for n in range(len(ANSWERS))]
    for (_, words), mail in zip(ANSWERS, mails, strict=True):
        assert words in mail.part("plain") and unfilled(mail) == []
    for kind in ("plain", "html"):
        bodies = {without_links(mail.part(kind)) for mail in mails}
        assert len(bodies) == len(mails), kind


# --- the whole loop --------------------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_the_whole_loop(company: Company, browser: Any, script: bool) -> None:
    who = "Marta" if script else "Maria"
    address = f"{who.lower()}@nordby-cold.com"
    response = company.answer(
        score=3, comment=MARTA, email=address, name=f"{who} Lindqvist", contact_id=who, account="A-17", language="en",
        time_zone="Europe/Stockholm", phone="+46 8 123456", contact_me=True, driver="being kept informed",
    )  # fmt: skip
    number = company.ticket_of(response)
    before = company.report("closure")

    def visitor() -> Visitor:
        return Visitor(browser, company.stack.url, java_script_enabled=script, locale="en-GB")

    # The account manager finds the ticket, and calls.
    hanna = visitor().log_in("agent")
    assert "My day" in hanna.page.title()
    hanna.click("link", "My queue")
    hanna.click("link", f"Call {who}", hanna.row(f"{who} Lindqvist"))
    assert f"/tickets/{number}/" in hanna.page.url
    assert "I mind silence." in hanna.text
    hanna.type("#log-contact textarea[name=note]", "Wants the list of failed imports; knows the cause already.")
    hanna.type("#log-contact textarea[name=line_for_customer]", "You get the list of failed imports first.")
    hanna.click("button", "Log the contact", exact=True)
    assert company.state_of(number)[0] == "contacted"

    # An action with a name and a date, which the customer hears of.
    hanna.click("link", "Plan action")
    hanna.type("#add-action textarea[name=title]", "You get the list of every import that failed.")
    hanna.page.fill("#add-action input[name=due_on]", next_working_day().isoformat())
    hanna.click("button", "Promise this action")
    assert company.state_of(number)[0] == "in_action"
    update = company.mail_to(address, lambda mail: "list of every import" in mail.part("plain"))
    assert unfilled(update) == [] and "Hanna Brandt" in update.part("plain")

    hanna.click("link", "Finish action")
    if not hanna.page.locator("#complete-action textarea[name=what_changed]").is_visible():
        hanna.press("#complete-action summary.btn:has-text('Done')")
    hanna.type("#complete-action textarea[name=what_changed]", "You have the list: 14 imports had failed.")
    hanna.click("button", "It is done")

    # The resolution, and the question that only the customer can answer.
    hanna.click("link", "Resolve")
    hanna.page.select_option("#resolve select[name=root_cause]", label="A fault")
    hanna.type("#resolve textarea[name=what_changed]", "All 14 imports are repaired, and commas are read correctly.")
    hanna.type("#resolve textarea[name=why_it_happened]", "Our import split addresses at commas.")
    hanna.click("button", f"Resolve and ask {who}")
    assert company.state_of(number)[0] == "resolved"
    asked = company.mail_to(address, lambda mail: "commas are read correctly" in mail.part("plain"))
    assert "I mind silence." in asked.part("plain") and "Our import split" in asked.part("plain")
    assert unfilled(asked) == []
    assert getaddresses([asked.message["Reply-To"]])[0][1] == "hanna.brandt@halden.example"

    # Colleagues read the same mail in the mailbox.
    company.stack.wait(
        lambda: bool(
            company.stack.rows("SELECT 1 FROM followups_ticket WHERE id = %s AND told_at IS NOT NULL", [number])
        ),
        "the accepted mail is noted",
    )
    hanna.page.goto(f"/mailbox/?q={address}")
    assert str(asked.message["Subject"]) in hanna.text
    frame = hanna.page.frame_locator("iframe.mail-frame")
    assert "commas are read correctly" in frame.locator("body").inner_text()

    # The customer, who has never logged in anywhere.
    customer = visitor()
    customer.page.goto(loop_link(asked))
    assert "Is it settled for you?" in customer.text
    assert "commas are read correctly" in customer.text and "You get the list of failed imports first." in customer.text
    assert "knows the cause already" not in customer.text
    customer.press("summary:has-text('Yes, this is settled')")
    customer.click("button", "Send: it is settled")
    assert f"Thank you, {who}" in customer.text
    assert company.state_of(number) == ("closed", "confirmed")

    # The lead sees it closed, and counted.
    lead = visitor().log_in("lead")
    assert lead.page.url.endswith("/team/")
    lead.page.goto(f"/tickets/{number}/")
    assert "Confirmed" in lead.page.inner_text("header.page-head") + lead.page.inner_text("ol.steps")
    lead.page.goto("/team/")
    assert "Settled" in lead.page.inner_text("aside") and f"{who} Lindqvist" in lead.page.inner_text("aside")
    lead.page.goto("/reports/")
    assert "Closing the loop" in lead.text
    lead.page.locator("a[href*='figure=confirmed']").first.click()
    assert f"#{number}" in lead.text
    after = company.report("closure")
    for figure in ("due", "declared", "told", "confirmed"):
        assert after[figure] == before[figure] + 1, figure
    for someone in (hanna, customer, lead):
        someone.is_at_peace()


# --- few clicks ------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_no_answer_try_tomorrow_is_at_most_three_clicks_and_no_typing(company: Company, browser: Any) -> None:
    response = company.answer(
        score=1, comment="Nobody picked up the emergency line.", email="grace@larkfield.com", name="Grace Adeyemi",
        phone="+44 20 7946 0000", contact_me=True,
    )  # fmt: skip
    number = company.ticket_of(response)
    hanna = Visitor(browser, company.stack.url, locale="en-GB").log_in("agent")
    hanna.click("link", "My queue")
    hanna.click("link", "Call Grace", hanna.row("Grace Adeyemi"))
    hanna.click("button", "No answer, try tomorrow")
    assert "No answer logged" in hanna.text
    print(f"\nfrom the day to “no answer, try tomorrow”: {hanna.clicks} clicks, {hanna.typed} letters typed")
    assert hanna.clicks <= 3 and hanna.typed == 0
    tries = "SELECT outcome FROM followups_contactattempt WHERE ticket_id = %s"
    assert company.stack.rows(tries, [number]) == [("no_answer",)]
    assert company.state_of(number)[0] == "assigned"


@pytest.mark.browser
def test_a_call_that_settles_it_is_one_form_and_one_submit(company: Company, browser: Any) -> None:
    response = company.answer(
        score=4, comment="The invoice names the wrong cost centre.", email="lucia@olmos.com", name="Lucia Arrieta",
        phone="+34 91 000 00 00", contact_me=True,
    )  # fmt: skip
    number = company.ticket_of(response)
    hanna = Visitor(browser, company.stack.url, locale="en-GB").log_in("agent")
    hanna.click("link", "My queue")
    hanna.click("link", "Call Lucia", hanna.row("Lucia Arrieta"))
    hanna.press("#log-contact summary:has-text('It is settled already')")
    hanna.type("#log-contact textarea[name=settled_what]", "The cost centre is corrected on every invoice.")
    hanna.page.select_option("#log-contact select[name=settled_cause]", label="A wrong invoice")
    hanna.type("#log-contact textarea[name=settled_why]", "An old cost centre was never removed.")
    hanna.click("button", "Log, resolve and ask Lucia", exact=True)
    print(f"\na call that settles it: {len(hanna.posts)} submit, {hanna.clicks} clicks from the day")
    assert hanna.posts == [f"/tickets/{number}/log-contact/"]
    assert company.state_of(number)[0] == "resolved"
    mail = company.mail_to("lucia@olmos.com", lambda mail: "corrected on every invoice" in mail.part("plain"))
    assert unfilled(mail) == []
