"""/api/docs/ says in plain words what the schema holds, without a script and without a log-in."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from nps_loop.api.reference import Field, read, reference


def test_every_operation_is_there_with_what_it_takes_and_answers(client: Client) -> None:
    html = client.get("/api/docs/").content.decode()
    schema = SchemaGenerator().get_schema(request=None, public=True)
    operations = [(path, method.upper()) for path, methods in schema["paths"].items() for method in methods]
    assert len(operations) >= 20
    for path, method in operations:
        assert f'<b class="method">{method}</b><code>{path}</code>' in html
    assert len(re.findall("<summary>", html)) == len(operations) + len(reference().shapes)
    assert "<script" not in html.replace('<script src="/static/theme.js"></script>', "")


def test_every_shape_that_is_linked_stands_on_the_page(client: Client) -> None:
    html = client.get("/api/docs/").content.decode()
    linked = set(re.findall(r'href="#(\w+)"', html)) - {"i-loop", "i-right"}
    assert "TicketDetail" in linked
    assert linked <= set(re.findall(r'id="([\w-]+)"', html))


def test_a_member_is_said_in_words() -> None:
    answers = next(one for _, each in reference().groups for one in each if one.key == "responses_create")
    members = {field.name: field for field in answers.body}
    assert members["score"].kind == "whole number, 0 to 10" and members["score"].required
    assert members["kind"].kind == "one of relational, transactional, episodic"
    assert members["responded_at"].kind == "date and time"
    assert [answer.status for answer in answers.answers] == ["200", "201"]
    contact = next(one for _, each in reference().groups for one in each if one.path.endswith("/log-contact/"))
    assert "settled.why_it_happened" in {field.name for field in contact.body}


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, "text"),
        ({"type": "string", "maxLength": 5000, "nullable": True}, "text, up to 5,000 characters, or null"),
        ({"type": "array", "items": {"type": "integer"}}, "list: whole number"),
        ({"oneOf": [{"enum": ["a", "b"]}, {"enum": [""]}]}, "one of a, b, empty"),
        ({"allOf": [{"$ref": "#/components/schemas/Thing"}]}, "Thing"),
        ({}, ""),
    ],
)
def test_kinds(schema: dict[str, object], kind: str) -> None:
    thing = {"properties": {"x": schema}}
    answer = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}
    found = read(
        {
            "info": {},
            "paths": {"/x/": {"get": {"operationId": "x", "responses": {"200": answer}}}},
            "components": {"schemas": {"Thing": thing}},
        }
    )
    shape = "Thing" if kind == "Thing" else ""
    assert found.shapes[0].fields == [Field("x", kind, shape=shape)]
