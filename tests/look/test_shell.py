"""The frame of every staff page: what each role finds in the navigation, where one is, and the way out."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.base import Message
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

from nps_loop.people.models import User


def shown(path: str = "/queue/", *, nav: dict[str, object] | None = None, **who: object) -> str:
    """The frame around an empty page, for a person who need not be in the database."""
    request = RequestFactory().get(path)
    request.user = User(username="hanna", first_name="Hanna", last_name="Brandt", title="Account manager", **who)
    values = {"request": request, "user": request.user, "nav": nav or {}, "csrf_token": "token"}
    return render_to_string("base_app.html", values)


def places(html: str) -> list[str]:
    return re.findall(r'class="nav-link" href="([^"]+)"', html)


def test_an_agent_finds_own_work_first_and_nothing_that_is_closed_to_agents() -> None:
    assert places(shown()) == ["/queue/", "/actions/", "/tickets/", "/reports/", "/mailbox/", "/absences/"]


@pytest.mark.parametrize(("path", "day"), [("/", "/"), ("/day/", "/day/")])
def test_whoever_has_tickets_finds_the_day_and_is_there(path: str, day: str) -> None:
    html = shown(path, nav={"day": day})
    assert places(html)[0] == day
    assert re.findall(r'href="([^"]+)" aria-current="page"', html) == [day]
    assert f'href="{day}" aria-current="page" data-go="d"' in html
    assert 'aria-current="page"' not in shown("/reports/x/", nav={"day": day}).split('href="/queue/"')[0]


def test_a_lead_finds_the_team_first() -> None:
    found = places(shown("/team/", nav={"leads": True}))
    assert found[0] == "/team/" and {"/mailbox/", "/import/"} <= set(found) and "/admin/" not in found


def test_an_administrator_finds_import_and_set_up() -> None:
    # What only administrators set up is a line of the page that leads share with them.
    assert {"/team/", "/mailbox/", "/import/", "/set-up/"} <= set(places(shown(is_staff=True, is_superuser=True)))
    assert "/admin/" in places(shown(is_staff=True))


@pytest.mark.parametrize(
    ("path", "place", "here"),
    [("/queue/", "", "/queue/"), ("/tickets/7/", "", "/tickets/"), ("/tickets/7/", "/queue/", "/queue/")],
)
def test_one_place_is_marked_as_here(path: str, place: str, here: str) -> None:
    html = shown(path, nav={"place": place})
    assert re.findall(r'href="([^"]+)" aria-current="page"', html) == [here]


def test_a_count_is_shown_with_what_it_counts_and_none_where_there_is_none() -> None:
    assert '5<span class="vh"> late or due today</span>' in shown(nav={"queue_late": 5})
    assert "count-hot" not in shown(nav={"queue_late": 0})


def test_the_way_out_is_a_press_and_never_a_link() -> None:
    html = shown()
    assert re.search(r'<form method="post" action="/logout/">.*?Log out', html, re.DOTALL)
    assert 'href="/logout/"' not in html


def test_single_keys_are_off_for_whoever_wants_them_off() -> None:
    assert 'data-keys="on"' in shown() and 'id="keys"' in shown()
    off = shown(single_keys=False)
    assert "data-keys" not in off and 'id="keys"' not in off


def test_htmx_runs_under_a_strict_policy() -> None:
    html = shown()
    assert '"includeIndicatorStyles": false' in html and '"allowEval": false' in html
    assert 'hx-headers=\'{"X-CSRFToken": "token"}\'' in html


@pytest.mark.parametrize(
    ("level", "classes"),
    [(25, "notice notice-good"), (30, "notice notice-warn"), (40, "notice notice-bad"), (20, "notice")],
)
def test_a_message_shows_how_it_is_meant_and_is_text(level: int, classes: str) -> None:
    html = render_to_string("includes/messages.html", {"messages": [Message(level, "<b>Marta</b> & Co")]})
    assert f'class="{classes}"' in html
    assert "&lt;b&gt;Marta&lt;/b&gt; &amp; Co" in html
    assert ('role="alert"' in html) == (level == 40)


@pytest.mark.parametrize("language", ["de", "es", "fr"])
def test_the_frame_speaks_the_language_of_its_reader(language: str) -> None:
    with translation.override(language):
        html = shown()
    assert f'<html lang="{language}"' in html
    assert "My queue" not in html and "Log out" not in html


@pytest.mark.parametrize("wrong", [False, True])
def test_the_log_in_page_says_in_one_sentence_what_is_wrong(wrong: bool) -> None:
    form = {"errors": {"__all__": ["x"]} if wrong else {}, "username": {"value": '"><script>'}}
    values = {"form": form, "next": "/queue/", "user": AnonymousUser(), "csrf_token": "token"}
    html = render_to_string("registration/login.html", values)
    assert ("do not belong together" in html) == wrong
    assert ('aria-invalid="true"' in html) == wrong
    assert "<script>" not in html.replace("<script src=", "")
    assert 'name="next" value="/queue/"' in html
