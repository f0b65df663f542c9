"""Does a request have the shape that Stripe's own SDK declares for it? Read from the SDK's types, field by field."""

import sys
from types import UnionType
from typing import Any, ForwardRef, Literal, NotRequired, Required, Union, get_args, get_origin
from urllib.parse import parse_qsl

from stripe import RequestOptions

type Said = dict[str, Any]


def read(body: str) -> Said:
    """Return what a form says: `a[b]=1&c[0]=2` as {"a": {"b": "1"}, "c": {"0": "2"}}."""
    said: Said = {}
    for name, value in parse_qsl(body, keep_blank_values=True, strict_parsing=bool(body)):
        *path, last = name.replace("]", "").split("[")
        place = said
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    return said


def wrong(said: Any, shape: type) -> list[str]:
    """Return what in a request the SDK's type for it does not know, or misses."""
    scope = vars(sys.modules[shape.__module__])
    # A type that also holds how to ask: that is no part of what is asked.
    ways = RequestOptions.__annotations__ if RequestOptions in getattr(shape, "__orig_bases__", ()) else ()
    hints = {name: hint for name, hint in shape.__annotations__.items() if name not in ways}
    needed = {name for name in hints if name in getattr(shape, "__required_keys__", ())}
    found = [f"{name} is unknown" for name in said if name not in hints]
    found += [f"{name} is missing" for name in needed - set(said)]
    for name, value in said.items():
        if name in hints:
            found += [f"{name}: {words}" for words in misfit(value, hints[name], scope)]
    return found


def misfit(value: Any, hint: Any, scope: dict[str, Any]) -> list[str]:
    """Return why a value is none of what a type allows; a choice that the SDK names is held to be the whole of it."""
    if isinstance(hint, ForwardRef):
        hint = hint.__forward_arg__
    if isinstance(hint, str):
        hint = eval(hint, scope)  # noqa: S307 - the SDK's own words
    origin = get_origin(hint)
    if origin in {NotRequired, Required}:
        return misfit(value, get_args(hint)[0], scope)
    if origin in {Union, UnionType}:
        ways = get_args(hint)
        ways = tuple(way for way in ways if way is not str) if any(get_origin(way) is Literal for way in ways) else ways
        tried = [misfit(value, way, scope) for way in ways]
        return [] if [] in tried else tried[0]
    if hasattr(hint, "__required_keys__"):
        return wrong(value, hint) if isinstance(value, dict) else ["not a group"]
    return plain(value, hint, scope)


def plain(value: Any, hint: Any, scope: dict[str, Any]) -> list[str]:
    """Return why a value is not what a simple type allows."""
    origin, ways = get_origin(hint), get_args(hint)
    if origin is Literal:
        return [] if value in ways else [f"{value} is none of {ways}"]
    if origin is list:
        ordered = isinstance(value, dict) and list(value) == [str(place) for place in range(len(value))]
        return [words for one in value.values() for words in misfit(one, ways[0], scope)] if ordered else ["no list"]
    if origin is dict:
        return [] if isinstance(value, dict) and all(isinstance(one, str) for one in value.values()) else ["no pairs"]
    if hint is int:
        return [] if isinstance(value, str) and value.lstrip("-").isdecimal() else [f"{value} is no whole number"]
    if hint is bool:
        return [] if value in {"true", "false"} else [f"{value} is no yes or no"]
    return [] if isinstance(value, str) and hint is str else [f"{value} is no text"]
