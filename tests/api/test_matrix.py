"""Who may do what: every address of the API, as the URL resolver knows it, times everybody who may call.

An address without a row here fails the test, so that none can be added without saying who may use it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import QueryDict
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from followups.models import ExportRecord
from followups.reports.exports.asking import ask, export_for
from followups.reports.exports.files import Format
from followups.viewing import Viewer
from nps_loop.api.pages import no_such_address
from tests.api.conftest import Caller, Cast, key_caller

pytestmark = pytest.mark.django_db

CALLERS = (
    "anonymous", "wrong_key", "ingest", "read", "write", "write_of_agent", "agent", "mate", "lead", "outsider",
    "back_office", "admin", "gone",
)  # fmt: skip
NOBODY = {"anonymous": 401, "wrong_key": 401, "gone": 401}

# What each caller gets; everybody who is not named gets `else`. "ok" is anything that got past who-may: 2xx, or a
# refusal of the body (400), of the state (409) or of the version (412), for the bodies here are empty.
OWN_TICKET = {**NOBODY, "ingest": 403, "outsider": 404, "else": "ok"}
READ_OWN_TICKET = OWN_TICKET
CHANGE_OWN_TICKET = {**OWN_TICKET, "read": 403}
# Whoever was only given an action on a ticket does not work with its customer.
CONTACT_OF_OWN_TICKET = {**OWN_TICKET, "back_office": 404}
DECIDE_ABOUT_CONTACT = {
    **NOBODY, "ingest": 403, "read": 403, "outsider": 404, "back_office": 404, "agent": 403, "mate": 403,
    "write_of_agent": 403, "else": "ok",
}  # fmt: skip
ANSWERS_IN = {**NOBODY, "ingest": "ok", "write": "ok", "write_of_agent": "ok", "admin": "ok", "else": 403}
ANSWERS_OUT = {**NOBODY, "read": "ok", "write": "ok", "admin": "ok", "else": 403}
EVERYBODY = {**NOBODY, "ingest": 403, "else": "ok"}
# Absence and working week of the agent: their own, or of a team one leads.
PLAN_OF_AGENT = {**NOBODY, "ingest": 403, "mate": 404, "outsider": 404, "back_office": 404, "else": "ok"}
CHANGE_PLAN_OF_AGENT = {**PLAN_OF_AGENT, "read": 403}
LEADS = {
    **NOBODY, "ingest": 403, "agent": 404, "write_of_agent": 404, "mate": 404, "outsider": 404, "back_office": 404,
    "else": "ok",
}  # fmt: skip

EXPORT_OF_AGENT = {**NOBODY, "ingest": 403, "agent": "ok", "write_of_agent": "ok", "admin": "ok", "else": 404}

VERBS = (
    "assign", "release", "log-contact", "log-reply", "send-message", "add-action", "move-action", "delay", "complete-action",
    "drop-action", "wait", "resume", "resolve", "reopen", "ask-dismissal", "decide-dismissal", "hold", "unhold", "note",
    "snooze", "join", "split", "link", "leave-in-peace", "agree-to-differ",
)  # fmt: skip
MATRIX: dict[tuple[str, str], dict[str, Any]] = {
    ("get", "responses/"): ANSWERS_OUT,
    ("post", "responses/"): ANSWERS_IN,
    ("post", "responses/bulk/"): ANSWERS_IN,
    ("get", "responses/<int:pk>/"): ANSWERS_OUT,
    ("post", "events/"): ANSWERS_IN,
    ("post", "events/bulk/"): ANSWERS_IN,
    ("post", "responses/<int:pk>/open-ticket/"): {**EVERYBODY, "read": 403},
    ("post", "responses/<int:pk>/exclude/"): {
        **NOBODY, "lead": "ok", "admin": "ok", "write": "ok", "outsider": 404, "else": 403,
    },
    ("get", "tickets/"): EVERYBODY,
    ("post", "tickets/next/"): {**EVERYBODY, "read": 403, "write": 403},
    ("get", "tickets/<int:number>/"): READ_OWN_TICKET,
    ("get", "tickets/<int:number>/due/"): {**READ_OWN_TICKET, "back_office": 404},
    **{("post", f"tickets/<int:number>/{verb}/"): CHANGE_OWN_TICKET for verb in VERBS},
    ("get", "contacts/<int:contact>/"): CONTACT_OF_OWN_TICKET,
    ("post", "contacts/<int:contact>/merge/"): DECIDE_ABOUT_CONTACT,
    ("post", "contacts/<int:contact>/split/"): DECIDE_ABOUT_CONTACT,
    ("get", "escalations/"): EVERYBODY,
    ("get", "escalations/<int:escalation>/"): READ_OWN_TICKET,
    # Whoever looks after it is somebody who leads the team and does not own the ticket.
    ("post", "escalations/<int:escalation>/acknowledge/"): {
        **CHANGE_OWN_TICKET, "write": 403, "back_office": 403, "agent": 403, "mate": 403, "write_of_agent": 403,
    },
    ("get", "absences/"): EVERYBODY,
    ("post", "absences/"): {**EVERYBODY, "read": 403},
    ("get", "absences/<int:away>/"): PLAN_OF_AGENT,
    ("post", "absences/<int:away>/change/"): CHANGE_PLAN_OF_AGENT,
    ("post", "absences/<int:away>/cancel/"): CHANGE_PLAN_OF_AGENT,
    ("get", "people/<str:person>/working-week/"): PLAN_OF_AGENT,
    ("put", "people/<str:person>/working-week/"): CHANGE_PLAN_OF_AGENT,
    ("delete", "people/<str:person>/working-week/"): CHANGE_PLAN_OF_AGENT,
    ("get", "reviews/"): EVERYBODY,
    # Of a touchpoint that the team of the ticket takes.
    ("get", "reviews/<int:review>/"): {**READ_OWN_TICKET, "back_office": 404},
    ("get", "exports/"): EVERYBODY,
    ("post", "exports/"): EVERYBODY,
    ("get", "exports/<slug:what>.<slug:form>"): EVERYBODY,
    # One that the agent asked for; administrators see everybody's, and so does nobody else, whatever key they have.
    ("get", "exports/<int:export>/"): EXPORT_OF_AGENT,
    ("get", "exports/<int:export>/file/"): EXPORT_OF_AGENT,
    ("get", "reports/nps/"): EVERYBODY,
    ("get", "reports/closure/"): EVERYBODY,
    ("get", "reports/recovery/"): EVERYBODY,
    ("get", "reports/times/"): EVERYBODY,
    ("get", "reports/worth/"): EVERYBODY,
    ("get", "reports/reopening/"): EVERYBODY,
    ("get", "reports/effect/"): EVERYBODY,
    ("get", "reports/causes/"): EVERYBODY,
    ("get", "reports/touchpoints/"): EVERYBODY,
    ("get", "reports/accounts/"): EVERYBODY,
    ("get", "reports/people/"): LEADS,
    ("get", "reports/response-rate/"): LEADS,
    ("get", "reports/goals/"): LEADS,
    ("get", "reports/signals/"): LEADS,
    ("get", "reports/fairness/"): LEADS,
}  # fmt: skip


def endpoints() -> Iterator[tuple[str, str]]:
    """(method, pattern) of everything under /api/v1/."""

    def walk(patterns: Any, prefix: str) -> Iterator[tuple[str, Any]]:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            elif isinstance(pattern, URLPattern):
                yield route, pattern.callback

    for route, view in walk(get_resolver().url_patterns, ""):
        if route.startswith("api/v1/") and view is not no_such_address:
            for method in ("get", "post", "put", "patch", "delete"):
                if hasattr(view.cls, method):
                    yield method, route.removeprefix("api/v1/")


def test_every_address_of_the_api_has_a_row_in_the_matrix() -> None:
    assert set(endpoints()) == set(MATRIX)


@pytest.fixture
def callers(cast: Cast) -> dict[str, Caller]:
    logged_in = {
        name: Caller(user=getattr(cast, name)) for name in ("agent", "mate", "lead", "outsider", "back_office")
    }
    return logged_in | {
        "anonymous": Caller(),
        "wrong_key": Caller("npsl_nobody-has-this-key"),
        "ingest": key_caller("ingest"),
        "read": key_caller("read"),
        "write": key_caller("write"),
        "write_of_agent": key_caller("write", user=cast.agent),
        "admin": Caller(user=cast.admin),
        "gone": Caller(user=cast.gone),
    }


def path_of(route: str, cast: Cast) -> str:
    """The address for the ticket of the cast, its answer or its customer."""
    keys = {
        "number": cast.ticket.pk, "pk": cast.ticket.response_id, "contact": cast.ticket.contact_id,
        "away": cast.away.pk, "escalation": cast.escalation.pk, "review": cast.review.pk, "export": export_of(cast),
    }  # fmt: skip
    for name, key in keys.items():
        route = route.replace(f"<int:{name}>", str(key))
    route = route.replace("<str:person>", cast.agent.username).replace("<slug:what>.<slug:form>", "tickets.csv")
    return f"/api/v1/{route}"


def export_of(cast: Cast) -> int:
    """The number of a file that the agent asked for."""
    if known := ExportRecord.objects.filter(user=cast.agent).first():
        return int(known.job_id or 0)
    export = export_for(
        "tickets", Format.CSV, QueryDict(), viewer=Viewer.of(cast.agent), key=None, in_words=False, now=timezone.now()
    )
    return int(ask(export).pk)


@pytest.mark.parametrize(("method", "route"), sorted(MATRIX), ids=" ".join)
def test_each_caller_gets_what_the_matrix_says(method: str, route: str, cast: Cast, callers: dict[str, Caller]) -> None:
    path = path_of(route, cast)
    expected = MATRIX[method, route]
    got = {name: callers[name].request(method, path).status_code for name in CALLERS}
    wrong = {
        name: f"{status} instead of {expected.get(name, expected.get('else'))}"
        for name, status in got.items()
        if not _is(status, expected.get(name, expected.get("else")))
    }
    assert wrong == {}


def _is(status: int, expected: Any) -> bool:
    return status in (200, 201, 400, 409, 412) if expected == "ok" else status == expected


def test_a_log_in_changes_nothing_without_the_token_against_forged_requests(cast: Cast) -> None:
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.admin)
    answer = client.post(f"/api/v1/tickets/{cast.ticket.pk}/note/", b"{}", content_type="application/json")
    assert answer.status_code == 403
    assert "CSRF" in answer.json()["errors"][0]["detail"]


def test_a_deactivated_user_s_key_opens_nothing(cast: Cast) -> None:
    caller = key_caller("write", user=cast.gone)
    assert caller.get("/api/v1/tickets/").status_code == 401


def test_somebody_who_left_the_team_meets_404_at_every_address_of_its_ticket(cast: Cast) -> None:
    caller = Caller(user=cast.mate)
    address = f"/api/v1/tickets/{cast.ticket.pk}/"
    assert caller.get(address).status_code == 200
    cast.mate.memberships.update(is_active=False)
    assert caller.get(address).status_code == 404
    assert {caller.post(f"{address}{verb}/").status_code for verb in VERBS} == {404}


def test_lists_and_searches_hold_only_what_one_may_see(cast: Cast, reading: Caller) -> None:
    def numbers(caller: Caller, **query: str) -> set[int]:
        return {row["number"] for row in caller.get("/api/v1/tickets/", query).json()["results"]}

    assert numbers(Caller(user=cast.agent)) == {cast.ticket.pk}
    assert numbers(Caller(user=cast.outsider)) == {cast.other_ticket.pk}
    assert numbers(Caller(user=cast.outsider), q=f"#{cast.ticket.pk}") == set()
    assert numbers(reading) == {cast.ticket.pk, cast.other_ticket.pk}


def test_asking_what_an_address_takes_breaks_none(cast: Cast, writing: Caller) -> None:
    for route in {route for _method, route in MATRIX}:
        path = path_of(route, cast)
        for method in ("options", "head", "put", "patch", "delete"):
            if (method, route) in MATRIX:
                continue
            answer = getattr(writing.client, method)(path, headers=writing.headers)
            # A file that the agent asked for is not there for this key, whatever is asked about it.
            hidden = {404} if method == "head" and MATRIX.get(("get", route)) is EXPORT_OF_AGENT else set()
            assert answer.status_code in {200, 405} | hidden, (method, path)
