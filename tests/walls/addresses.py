"""Every address of the site, out of Django's own resolver, filled in with the numbers and names of real things."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from django.urls import URLResolver, get_resolver

PLACE = re.compile(r"<(?:\w+:)?(\w+)>")
# What regular expressions hold beside their groups, and what it stands for in an address.
LOOSE = (("(?:/*)", ""), ("/+", "/"), ("\\.", "."), ("^", ""), ("$", ""))


def every(resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield the route of each address, as Django names it, and the methods to try there.

    A page takes whatever it is sent with; a view that is a class has what it names.
    """
    for found in (resolver or get_resolver()).url_patterns:
        route = before + str(found.pattern)
        if isinstance(found, URLResolver):
            yield from every(found, route)
        else:
            view = getattr(found.callback, "cls", None)
            yield route, ["GET", "POST", "DELETE", *(name.upper() for name in ("put", "patch") if hasattr(view, name))]


def names(route: str) -> list[str]:
    """Return the names of what stands in a route."""
    return PLACE.findall(route)


def filled(route: str, values: Mapping[str, object]) -> str:
    """Return the path of a route with these values; raise KeyError, naming the route, where one is missing."""
    path = route
    while (at := path.find("(?P<")) >= 0:
        end = _closing(path, at)
        name = path[at + 4 : path.index(">", at)]
        path = path[:at] + f"<{name}>" + path[end + 1 :]
    for said, means in LOOSE:
        path = path.replace(said, means)
    missing = [name for name in names(path) if name not in values]
    if missing:
        message = f"{route}: the walk has nothing for {missing}; name it in tests/walls/material.py"
        raise KeyError(message)
    return "/" + PLACE.sub(lambda it: quote(str(values[it[1]])), path)


def _closing(path: str, at: int) -> int:
    depth = 0
    for place in range(at, len(path)):
        depth += {"(": 1, ")": -1}.get(path[place], 0)
        if depth == 0:
            return place
    raise ValueError(path)
