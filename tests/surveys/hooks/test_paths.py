"""Where a value lies in somebody else's JSON."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.hooks.paths import MISSING, BadPath, as_text, find, steps

BODY = {
    "score": 0,
    "person": {"email": "marta@nordby.example", "tags": ["key", "nordics"], "gone": None},
    "answers": [
        {"type": "number", "number": 3, "field": {"ref": "recommend", "id": 7}},
        {"type": "text", "text": "Late.", "field": {"ref": "why"}},
        {"type": "boolean", "boolean": True, "field": {"ref": "call"}},
    ],
    "data": {"How likely … us?": 8, "a.b": 1, "x[y]": 2},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("score", 0),
        ("person.email", "marta@nordby.example"),
        ("person.tags[1]", "nordics"),
        ("person.tags[2]", MISSING),
        ("person.gone", None),
        ("person.phone", MISSING),
        ("score.more", MISSING),
        ("answers.type", MISSING),
        ("answers[0].number", 3),
        ("answers[?field.ref==why].text", "Late."),
        ('answers[?field.ref=="why"].text', "Late."),
        ("answers[?field.id==7].number", 3),
        ("answers[?boolean==true].field.ref", "call"),
        ("answers[?type==rating].number", MISSING),
        ('data["How likely … us?"]', 8),
        ('data["a.b"]', 1),
        ('data["x[y]"]', 2),
        (" person.email ", "marta@nordby.example"),
    ],
)
def test_a_path_leads_to_its_value(path: str, value: Any) -> None:
    assert find(BODY, path) is value or find(BODY, path) == value


@pytest.mark.parametrize(
    "path", ["", " ", ".", ".score", "a..b", "a[", "a[x]", 'a["', "a[?b]", "a]", "a b", "a[99999999]", "a" * 301]
)
def test_what_is_no_path_is_said(path: str) -> None:
    with pytest.raises(BadPath):
        steps(path)


@given(st.text(max_size=60))
def test_any_text_is_a_path_or_is_refused(path: str) -> None:
    try:
        find(BODY, path)
    except BadPath as error:
        assert str(error)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    ),
    st.sampled_from(["score", "a.b.c", "answers[?field.ref==why].text", "a[0][1].x", 'data["q"]']),
)
def test_any_body_has_something_there_or_nothing(body: Any, path: str) -> None:
    find(body, path)


def test_a_long_list_is_walked_once() -> None:
    body = {"answers": [{"field": {"ref": f"r{n}"}, "number": n} for n in range(100_000)]}
    began = time.process_time()
    assert find(body, "answers[?field.ref==r99999].number") == 99_999
    assert time.process_time() - began < 5  # linear; quadratic would take hours


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (7, "7"), ("x", "x"), (None, None), ([1], None), ({}, None)]
)
def test_scalars_as_people_write_them(value: Any, text: str | None) -> None:
    assert as_text(value) == text
