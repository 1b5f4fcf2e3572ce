"""From the mail that asks to a customer won back, by mail and browser alone.

The mails leave by a mail server and come in by a mailbox, both real. Weeks pass by starting the system again later.
"""

from __future__ import annotations

import re
import smtplib
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Received, running_sink
from tests.journeys.company import Company, Visitor, loop_link
from tests.journeys.test_main_loop import next_working_day, unfilled
from tests.mail.dovecot import MISSING, Dovecot, delivering_smtp, running_dovecot
from tests.stack import Stack

pytestmark = [
    pytest.mark.stack,
    pytest.mark.browser,
    pytest.mark.full,
    pytest.mark.skipif(bool(MISSING), reason=MISSING),
]

MARTA = "marta@nordby-cold.com"
WORDS = "We waited eleven days for someone to tell us why the imports kept failing. I mind silence."

A_SURVEY = """
from surveys.models import Brand, Survey, Touchpoint
touchpoint = Touchpoint.objects.create(slug="onboarding", name="Onboarding", customer_phrase="your first 30 days")
Survey.objects.create(slug="after-onboarding", name="After onboarding", kind="transactional", touchpoint=touchpoint,
                      brand=Brand.objects.get(is_default=True), is_sent=True, remind_after_days=None)
"""


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Dovecot]:
    # A short path: its sockets lie below, and their names have room for 107 characters.
    with tempfile.TemporaryDirectory(prefix="nps-imap-") as folder, running_dovecot(Path(folder)) as server:
        yield server


@pytest.fixture(scope="module")
def company(mailbox: Dovecot) -> Iterator[Company]:
    with (
        running_sink() as sink,
        Stack(
            email_url=sink.url, sweep_seconds=2, env={"INBOUND_URL": mailbox.url, "REPLY_DOMAIN": "in.halden.example"}
        ) as stack,
    ):
        stack.python(A_SURVEY)
        yield Company(stack, sink)


def zone_where_it_is_noon() -> str:
    """Survey mails leave by day: whenever the test runs, it is day where this customer lives."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+d}"


def reply_to(mail: Received, words: str) -> EmailMessage:
    """What a customer's mail program sends who presses *Reply* and types above the quotation."""
    reply = EmailMessage()
    reply["From"] = f"Marta Lindqvist <{MARTA}>"
    reply["To"] = mail.message["Reply-To"]
    reply["Subject"] = f"Re: {mail.message['Subject']}"
    reply["Message-ID"] = make_msgid(domain="nordby-cold.com")
    reply["In-Reply-To"] = mail.message["Message-ID"]
    reply["Date"] = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
    quoted = "\n".join(f"> {line}" for line in mail.part("plain").splitlines())
    reply.set_content(f"{words}\n\nOn Friday, Hanna Brandt <care@halden.example> wrote:\n{quoted}\n")
    return reply


def log_a_call(hanna: Visitor, note: str) -> None:
    if not hanna.page.locator("#log-contact textarea[name=note]").is_visible():
        hanna.press("#log-contact summary")
    hanna.type("#log-contact textarea[name=note]", note)
    hanna.click("button", "Log the contact", exact=True)


def settle_it(hanna: Visitor, company: Company, number: int, what: str) -> Received:
    """Promise, do and resolve on the page of the ticket; returns the mail that asks whether it is settled."""
    hanna.page.goto(f"/tickets/{number}/")
    hanna.click("link", "Plan action")
    hanna.type("#add-action textarea[name=title]", what)
    hanna.page.fill("#add-action input[name=due_on]", next_working_day().isoformat())
    hanna.click("button", "Promise this action")
    update = company.mail_to(MARTA, lambda mail: what in mail.part("plain"))
    assert unfilled(update) == [] and "Hanna Brandt" in update.part("plain")
    hanna.click("link", "Finish action")
    if not hanna.page.locator("#complete-action textarea[name=what_changed]").is_visible():
        hanna.press("#complete-action summary.btn:has-text('Done')")
    hanna.type("#complete-action textarea[name=what_changed]", f"Done: {what}")
    hanna.click("button", "It is done")
    hanna.click("link", "Resolve")
    hanna.page.select_option("#resolve select[name=root_cause]", label="A fault")
    hanna.type("#resolve textarea[name=what_changed]", f"It works again. {what}")
    hanna.type("#resolve textarea[name=why_it_happened]", "Our import split addresses at commas.")
    hanna.click("button", "Resolve and ask Marta")
    asked = company.mail_to(MARTA, lambda mail: f"It works again. {what}" in mail.part("plain"))
    assert unfilled(asked) == [] and "Our import split" in asked.part("plain")
    return asked


def test_a_detractor_is_won_back_by_mail_and_browser_alone(company: Company, mailbox: Dovecot, browser: Any) -> None:
    stack = company.stack

    def visitor() -> Visitor:
        return Visitor(browser, stack.url, locale="en-GB")

    # Something happened, and another program says so; a mail asks about it.
    event = {
        "touchpoint": "onboarding", "reference": "order-1", "email": MARTA, "name": "Marta Lindqvist", "language": "en",
        "time_zone": zone_where_it_is_noon(), "phone": "+46 8 123456", "account": "A-17",
    }  # fmt: skip
    status, body = stack.post("/api/v1/events/", event, Authorization=f"Bearer {company.ingest_key}")
    assert status == 201, body
    invitation = company.mail_to(MARTA, seconds=30)
    assert unfilled(invitation) == [] and "your first 30 days" in invitation.part("plain")
    assert invitation.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    # She taps 3, sends it, and says why.
    marta = visitor()
    marta.page.goto(score_link(invitation, 3))
    assert "you tapped 3" in marta.text
    assert stack.rows("SELECT count(*) FROM surveys_response") == [(0,)]
    marta.click("button", "Send my 3")
    assert "Your 3 has arrived" in marta.text
    marta.type("textarea[name=why]", WORDS)
    marta.click("button", "Send it with these words")
    assert "A person will read this" in marta.text and "I mind silence." in marta.text

    # It is a ticket with an owner, and she is told so in her own words.
    (response,) = stack.rows("SELECT id FROM surveys_response")[0]
    number = company.ticket_of(response)
    heard = company.mail_to(MARTA, lambda mail: "I mind silence." in mail.part("plain"), seconds=30)
    assert unfilled(heard) == []
    assert stack.rows("SELECT count(*) FROM followups_ticket") == [(1,)]

    # The account manager calls, promises, does it, and asks.
    hanna = visitor().log_in("agent")
    hanna.page.goto(f"/tickets/{number}/")
    log_a_call(hanna, "Knows which imports failed.")
    assert company.state_of(number)[0] == "contacted"
    asked = settle_it(hanna, company, number, "You get the list of every import that failed.")
    assert company.state_of(number)[0] == "resolved"

    # She answers the mail: still broken. It is open again, with her words and nothing of what she quoted.
    assert asked.message["Reply-To"].startswith("reply+")
    with delivering_smtp(mailbox) as port, smtplib.SMTP("127.0.0.1", port) as server:
        server.send_message(reply_to(asked, "It is still broken: this morning two imports failed again."))
    stack.wait(lambda: company.state_of(number)[0] == "assigned", "the reply opens it again", 30)
    assert stack.rows("SELECT cycle FROM followups_ticket WHERE id = %s", [number]) == [(1,)]
    (said,) = stack.rows("SELECT text FROM followups_reply WHERE ticket_id = %s", [number])[0]
    assert said == "It is still broken: this morning two imports failed again."
    told = company.mail_to("hanna.brandt@halden.example", lambda mail: "pen again" in str(mail.message["Subject"]))
    assert f"#{number}" in str(told.message["Subject"])
    hanna.page.goto(f"/tickets/{number}/")
    assert "two imports failed again" in hanna.text

    # Resolved a second time, and now she says so herself.
    log_a_call(hanna, "Two files with a comma in the street.")
    asked = settle_it(hanna, company, number, "Every import of the last month is repaired.")
    marta.page.goto(loop_link(asked))
    assert "Is it settled for you?" in marta.text
    marta.press("summary:has-text('Yes, this is settled')")
    marta.click("button", "Send: it is settled")
    assert company.state_of(number) == ("closed", "confirmed")
    hanna.is_at_peace()

    # Weeks later she is asked once more, and gives a 9.
    before = len(company.sink.mails)
    stack.pass_days(weekday_after(31))
    stack.wait(
        lambda: any(MARTA in mail.recipients for mail in company.sink.mails[before:]), "the recovery question", 60
    )
    question = company.mail_to(MARTA)
    assert unfilled(question) == []
    marta.page.goto(score_link(question, 9))
    marta.click("button", "Send my 9")
    assert "Your 9 has arrived" in marta.text
    marta.is_at_peace()

    # The lead reads of a detractor won back, and opens the very ticket.
    stack.wait(lambda: company.report("recovery")["changes"]["detractor"]["promoter"] == 1, "the report counts her", 30)
    lead = visitor().log_in("lead")
    lead.page.goto("/reports/closure/")
    lead.page.locator("a[href*='from_detractor_to_promoter']").first.click()
    assert f"#{number}" in lead.text
    lead.is_at_peace()
    assert stack.rows("SELECT count(*) FROM followups_ticket") == [(1,)]


def score_link(mail: Received, score: int) -> str:
    found = re.search(rf"https?://\S+/survey/[\w-]+/\?score={score}\b", mail.part("plain"))
    assert found, mail.part("plain")
    return found[0]


def weekday_after(days: int) -> int:
    """At least so many days, until a Tuesday: no survey mail leaves on a weekend."""
    while (datetime.now(UTC) + timedelta(days=days)).weekday() != 1:
        days += 1
    return days
