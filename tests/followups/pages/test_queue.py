"""/queue/: order, groups, views, search, pages, and what it costs."""

import pytest
from django.test import Client
from tests.followups.pages.cast import Cast


def test_a_queue_shows_each_group_with_its_tickets(queue: Cast, hanna: Client) -> None:
    page = hanna.get("/queue/")
    assert page.status_code == 200
    text = page.content.decode()
    print(text[:200])
