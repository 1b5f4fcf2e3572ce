"""The API in plain words, read from its own schema: what the page under /api/docs/ shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

Schema = Mapping[str, Any]
_REF = "#/components/schemas/"
# Said once for all requests, and not again with each.
_EVERYWHERE = "Idempotency-Key"
_WORDS = {
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
    "string": "text",
}
_FORMATS = {"date-time": "date and time", "date": "date", "uri": "address", "email": "e-mail address"}


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a member of a body. `shape` names the object it holds, if it holds one of ours."""

    name: str
    kind: str
    required: bool = False
    about: str = ""
    shape: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    status: str
    kind: str
    shape: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    key: str
    method: str
    path: str
    about: str
    parameters: list[Field]
    body: list[Field]
    body_kind: str
    answers: list[Answer]


@dataclass(frozen=True, slots=True)
class Shape:
    name: str
    fields: list[Field]


@dataclass(frozen=True, slots=True)
class Reference:
    """The whole API: operations by subject, and the shape of every object that is answered."""

    about: str
    idempotency: str
    groups: list[tuple[str, list[Operation]]]
    shapes: list[Shape]


@cache
def reference() -> Reference:
    """Read the schema, once per process."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    return read(schema)


def read(schema: Schema) -> Reference:
    """The reference of an OpenAPI 3 document. Pure."""
    parts: Schema = schema.get("components", {}).get("schemas", {})
    groups: dict[str, list[Operation]] = {}
    idempotency = ""
    for path, methods in schema["paths"].items():
        for method, said in methods.items():
            for parameter in said.get("parameters", []):
                if parameter["name"] == _EVERYWHERE:
                    idempotency = parameter.get("description", "")
            subject = (said.get("tags") or ["other"])[0]
            groups.setdefault(subject, []).append(_operation(method, path, said, parts))
    return Reference(
        about=schema["info"].get("description", ""),
        idempotency=idempotency,
        groups=list(groups.items()),
        shapes=list(_shapes(groups, parts)),
    )


def _operation(method: str, path: str, said: Schema, parts: Schema) -> Operation:
    body = _content(said.get("requestBody") or {})
    inner, in_list = (body.get("items", {}), True) if body.get("type") == "array" else (body, False)
    named = parts.get(_name(inner), inner)
    return Operation(
        key=said["operationId"],
        method=method.upper(),
        path=path,
        about=said.get("description", ""),
        parameters=[
            Field(each["name"], _kind(each["schema"], parts), each.get("required", False), each.get("description", ""))
            for each in said.get("parameters", [])
            if each["name"] != _EVERYWHERE
        ],
        body=list(_members(named, parts, deep=True)),
        body_kind="A list of objects" if in_list else "An object",
        answers=[
            Answer(status, _kind(_content(answer), parts) or "nothing", _shape(_content(answer), parts))
            for status, answer in sorted(said["responses"].items())
            if status.startswith("2")
        ],
    )


def _members(schema: Schema, parts: Schema, *, deep: bool = False, within: str = "") -> Iterator[Field]:
    """Members of an object. With `deep` the members of objects inside it follow, as "settled.told"."""
    needed = set(schema.get("required", ()))
    for name, member in schema.get("properties", {}).items():
        shape = _shape(member, parts)
        yield Field(within + name, _kind(member, parts), name in needed, _about(member), "" if deep else shape)
        if deep and shape:
            yield from _members(parts[shape], parts, deep=True, within=f"{within}{name}.")


def _shapes(groups: Mapping[str, list[Operation]], parts: Schema) -> Iterator[Shape]:
    """Every object that an answer holds, or that one of those holds, by name."""
    waiting = [answer.shape for each in groups.values() for one in each for answer in one.answers if answer.shape]
    found: dict[str, Shape] = {}
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = Shape(name, list(_members(parts[name], parts)))
            waiting += [field.shape for field in found[name].fields if field.shape]
    yield from (found[name] for name in sorted(found))


def _content(said: Schema) -> Schema:
    found: Schema = said.get("content", {}).get("application/json", {}).get("schema", {})
    return found


def _name(schema: Schema) -> str:
    """Name of the component a schema refers to, directly, as its only part, or as what its list holds."""
    for each in (schema, *schema.get("allOf", ()), schema.get("items", {})):
        if ref := each.get("$ref"):
            return str(ref).removeprefix(_REF)
    return ""


def _shape(schema: Schema, parts: Schema) -> str:
    name = _name(schema)
    return name if parts.get(name, {}).get("properties") else ""


def _kind(schema: Schema, parts: Schema) -> str:
    """What may stand there, in words: "text, up to 300 characters", "one of midday, evening"."""
    if schema.get("type") == "array":
        return f"list: {_kind(schema['items'], parts)}"
    if choices := list(_choices(schema, parts)):
        words = "one of " + ", ".join(choices)
    elif name := _name(schema):
        words = name if _shape(schema, parts) else _kind(parts[name], parts)
    else:
        words = _FORMATS.get(schema.get("format", ""), _WORDS.get(schema.get("type", ""), ""))
        words += _limits(schema)
    return f"{words}, or null" if schema.get("nullable") and words else words


def _limits(schema: Schema) -> str:
    if "maxLength" in schema:
        return f", up to {schema['maxLength']:,} characters"
    if "minimum" in schema and schema.get("maximum", 2**31) < 2**31 - 1:
        return f", {schema['minimum']} to {schema['maximum']}"
    return ""


def _choices(schema: Schema, parts: Schema) -> Iterator[str]:
    """The values of a choice, which may be put together from several lists; an empty one is said as such."""
    for value in schema.get("enum", ()):
        yield "empty" if value == "" else str(value)
    for each in (*schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from _choices(each, parts)
    if ref := schema.get("$ref"):
        yield from _choices(parts[str(ref).removeprefix(_REF)], parts)


def _about(member: Schema) -> str:
    """What is said of a member, without the list of its choices, which stands in its kind already."""
    return str(member.get("description", "")).split("* `")[0].strip()
