"""Who imports: an administrator, a lead; and who does not."""

import pytest
from django.test import Client

from nps_loop.people.models import User
from tests import factories


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def admin(db: None) -> Client:
    return logged_in(factories.make_admin())


@pytest.fixture
def agent(db: None) -> User:
    user = factories.make_user("Hanna Brandt")
    factories.make_team(lead=factories.make_user("Tomás Ruiz", username="tomas"), agents=(user,))
    return user
