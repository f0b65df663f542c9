"""The files that a task names, as its template and its checks read them."""

import re
from collections.abc import Iterator
from typing import Any

from tasks.media.bounds import NAME_CHARACTERS

# Where a task's data hold the facts of the files it names; no column of a client's can be called so (tasks.rows).
FILES = "\0files"
# A name with an ending, in folders or not; in a task's data nothing else is taken for a file's name.
NAME = re.compile(rf"(?=.{{1,{NAME_CHARACTERS}}}$)[^\x00-\x1f\x7f\\:]*[^\x00-\x1f\x7f\\:/]\.[A-Za-z0-9]{{1,5}}")


def names(data: Any) -> Iterator[str]:  # noqa: ANN401 - whatever JSON can hold
    """Yield every text in a task's data that could be the name of a file."""
    if isinstance(data, str):
        if NAME.fullmatch(data):
            yield data
    elif isinstance(data, dict | list):
        for part in data.values() if isinstance(data, dict) else data:
            yield from names(part)


def file(data: dict[str, Any], name: object) -> dict[str, Any]:
    """Return a file that the data name: address, small address, kind and facts; an empty one where there is none."""
    found: dict[str, Any] = data.get(FILES, {}).get(name, {})
    return found


def muted(data: dict[str, Any]) -> dict[str, Any]:
    """Return a task's data with its files told to begin without a sound."""
    return {**data, FILES: {name: {**found, "muted": True} for name, found in data.get(FILES, {}).items()}}
