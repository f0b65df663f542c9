"""What a task shows: the client's data as names and texts, and two things side by side where they come as a pair."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

# The client's own number is no help to the member, and could name what should stay blind.
HIDDEN = frozenset({"id", "external_id"})
PAIR = ("left", "right")
# What a task is about stands by itself; a name before it would say nothing.
PLAIN = frozenset({"text", "question", "prompt"})


@dataclass(frozen=True, slots=True)
class Material:
    """A task's data ready to be shown: plain texts, rows of name and text, and for a pair its two lists of rows."""

    texts: list[str]
    rows: list[tuple[str, str]]
    pair: list[list[tuple[str, str]]] = field(default_factory=list)


def of(data: dict[str, Any], *, without: Collection[str] = ()) -> Material:
    """Return the data as rows, leaving out what is hidden or shown elsewhere; texts are escaped by the template."""
    pair = [_rows(data[side]) for side in PAIR] if all(isinstance(data.get(side), dict) for side in PAIR) else []
    left_out = {*HIDDEN, *without, *(PAIR if pair else ())}
    texts = [_text(data[name]) for name in data if name in PLAIN - left_out]
    rest = {name: value for name, value in data.items() if name not in PLAIN | left_out}
    return Material(texts, _rows(rest), pair)


def _rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Return name and text of every fact that says something."""
    return [(name.replace("_", " "), _text(value)) for name, value in facts.items() if value not in ("", None)]


def _text(value: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    if isinstance(value, dict):
        return "\n".join(f"{name}: {_text(part)}" for name, part in value.items())
    return "\n".join(map(_text, value)) if isinstance(value, list) else str(value)
