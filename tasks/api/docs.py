"""The page of the API, made from its schema: every call, what it takes and gives. Nothing of it is fetched."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from coop.people.keys import SCOPES
from coop.people.scopes import PROBLEMS

type Json = Mapping[str, Any]

VERBS = ("get", "post", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a body or a parameter: its name, its type in words, what is said about it."""

    name: str
    kind: str
    about: str
    needed: bool


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API."""

    name: str
    verb: str
    path: str
    about: str
    parameters: list[Field]
    takes: list[tuple[str, list[Field]]]
    gives: list[tuple[str, str]]


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show every call."""
    problems = {code: _plain(words) for code, words in PROBLEMS.items()}
    return render(request, "tasks/api.html", {"calls": calls(), "scopes": SCOPES, "problems": problems})


@cache
def calls() -> list[Call]:
    """Return the calls in the order of their addresses."""
    schema: Json = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return [_call(schema, path, verb) for path in schema["paths"] for verb in VERBS if verb in schema["paths"][path]]


def _call(schema: Json, path: str, verb: str) -> Call:
    said = schema["paths"][path][verb]
    given = said.get("requestBody", {}).get("content", {})
    return Call(
        name=said["operationId"], verb=verb.upper(), path=path, about=_plain(said.get("description", "")),
        parameters=[_parameter(one) for one in said.get("parameters", []) if one["name"] != "Idempotency-Key"],
        takes=[(kind, list(_fields(schema, one.get("schema", {})))) for kind, one in given.items()],
        gives=[(code, _named(one)) for code, one in said["responses"].items() if code.startswith("2")],
    )  # fmt: skip


def _parameter(one: Json) -> Field:
    return Field(one["name"], _kind(one["schema"]), _plain(one.get("description", "")), one.get("required", False))


def _fields(schema: Json, body: Json) -> Iterator[Field]:
    whole = schema["components"]["schemas"].get(body.get("$ref", "").rpartition("/")[2], body)
    for name, one in whole.get("properties", {}).items():
        yield Field(name, _kind(one), _plain(one.get("description", "")), name in whole.get("required", []))


def _kind(one: Json) -> str:
    """Return the type of a value in words."""
    if "enum" in one:
        return " | ".join(map(str, one["enum"]))
    if "$ref" in one:
        return str(one["$ref"].rpartition("/")[2])
    if one.get("type") == "array":
        return f"list of {_kind(one['items'])}"
    kind = one.get("format") or one.get("type") or "object"
    return str(kind)


def _named(response: Json) -> str:
    """Return what an answer holds: the name of its schema, or its kinds of content."""
    content = response.get("content", {})
    named = content.get("application/json", {}).get("schema", {})
    return _kind(named) if named else ", ".join(content)


def _plain(words: str) -> str:
    """Return what the schema says in Markdown without its marks of code."""
    return words.replace("`", "")
