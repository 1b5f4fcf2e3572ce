"""`load_samples` and `feed_samples`: into an empty database only, with log-ins only where asked for."""

from __future__ import annotations

from io import StringIO
from itertools import islice
from random import Random
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from followups.models import Ticket
from followups.sweeping import open_and_assign
from nps_loop.people.models import User
from nps_loop.samples import company, customers, feeding
from surveys.models import Contact, Response
from tests.factories import DAY, NOW, make_account


@pytest.mark.django_db
def test_a_database_with_customers_is_left_alone() -> None:
    make_account("Somebody real")
    with override_settings(MAIL_SERVER=False), pytest.raises(CommandError, match="knows customers already"):
        call_command("load_samples")
    assert not Response.objects.exists() and not User.objects.exists()


@pytest.mark.django_db
def test_nothing_is_loaded_where_mail_would_leave() -> None:
    with override_settings(MAIL_SERVER=True), pytest.raises(CommandError, match="nobody may be mailed"):
        call_command("load_samples")
    assert not Response.objects.exists() and not User.objects.exists() and not Contact.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("asked", [True, False])
def test_only_three_may_log_in_and_only_where_asked_for(asked: bool) -> None:
    people = company.set_up(now=NOW, with_logins=asked).people
    may = {login for login, user in people.items() if user.check_password(company.PASSWORD)}
    assert may == (set(company.LOGINS) if asked else set())
    assert all(user.has_usable_password() == (login in may) for login, user in people.items())
    assert [user.username for user in people.values() if user.is_superuser] == ["admin"]


@pytest.mark.django_db
def test_feeding_needs_the_sample_answers() -> None:
    with pytest.raises(CommandError, match="run load_samples first"):
        call_command("feed_samples", stdout=StringIO())


@pytest.mark.django_db(transaction=True)
def test_fed_answers_become_tickets_with_owners(settings: Any) -> None:
    """One after the other, each kind of case: a ticket for whom the rules ask, with somebody who has it."""
    settings.MAIL_SERVER = False
    people = customers.plan(Random(3))
    rows = company.set_up(now=NOW - 30 * DAY)
    customers.write(people.firms, people.people, rows.people, now=NOW)
    said = set()
    for source, incoming in islice(feeding.answers(now=NOW), len(feeding.COMING)):
        response = feeding.record(source, incoming, now=NOW)
        open_and_assign(lambda: NOW)
        ticket = Ticket.objects.filter(response=response).first()
        assert (ticket is not None) == (response.score <= 8)
        assert ticket is None or ticket.owner is not None
        said.add((response.contact_id, response.verbatim))
    assert len({contact for contact, _words in said}) >= 10
    assert Ticket.objects.count() == sum(score <= 8 for score, _moment, _contact_me in feeding.COMING)
