"""Whom somebody knows: found by those in hand as by everybody there is."""

from __future__ import annotations

from typing import Any

import pytest

from followups.persons import known_among, people_of
from followups.viewing import Viewer
from surveys.models import Contact
from tests.factories import make_account, make_admin, make_contact, make_response, make_team, make_ticket, make_user

pytestmark = pytest.mark.django_db


def test_those_in_hand_whom_somebody_knows_are_those_of_everybody(django_assert_num_queries: Any) -> None:
    hanna, nils = make_user("Hanna Brandt"), make_user("Nils Holm")
    ours, theirs = make_team("North", agents=(hanna,)), make_team("South", agents=(nils,))
    for team, owner in ((ours, None), (ours, nils), (theirs, hanna), (theirs, nils), (theirs, nils)):
        make_ticket(make_response(contact=make_contact()), team=team, owner=owner)
    looked_after, strange = make_account(owner=hanna), make_account(owner=nils)
    for account in (looked_after, strange, None):
        make_contact(account=account)
    everybody = list(Contact.objects.order_by("pk").values_list("pk", flat=True))
    numbers = []
    for user in (hanna, nils, make_admin()):
        viewer = Viewer.of(user)
        known = set(people_of(viewer).values_list("pk", flat=True))
        numbers.append(len(known))
        for in_hand in (everybody, everybody[::2], everybody[-1:], []):
            with django_assert_num_queries(1 if in_hand and not user.is_superuser else 0):
                assert known_among(in_hand, viewer) == known & set(in_hand)
    assert numbers == [4, 5, len(everybody)]
