"""What a task shows: the client's data as names and texts, and two things side by side where they come as a pair."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.template.loader import render_to_string

from coop import markdown as marked
from tasks.shapes import media

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


def of(data: dict[str, Any], *, without: Collection[str] = (), markdown: bool = False) -> Material:
    """Return the data as rows, leaving out what is hidden or shown elsewhere.

    Texts are escaped by the template; where the job says that they are `markdown`, they are clean HTML.
    """
    files = data.get(media.FILES, {})
    pair = (
        [_rows(data[side], markdown, files) for side in PAIR]
        if all(isinstance(data.get(s), dict) for s in PAIR)
        else []
    )
    left_out = {*HIDDEN, media.FILES, *without, *(PAIR if pair else ())}
    texts = [text(_text(data[name]), markdown=markdown) for name in data if name in PLAIN - left_out]
    rest = {name: value for name, value in data.items() if name not in PLAIN | left_out}
    return Material(texts, _rows(rest, markdown, files), pair)


def text(said: str, *, markdown: bool) -> str:
    """Return a text of the client's: as it is, or drawn as clean HTML where the job says that it is Markdown."""
    return marked.html(said, formulas=True) if markdown else said


def _rows(facts: dict[str, Any], markdown: bool, files: dict[str, Any]) -> list[tuple[str, str]]:  # noqa: FBT001 - handed on
    """Return name and text of every fact that says something; the name of a file becomes the file."""
    told = {name: _text(value) for name, value in facts.items() if value not in ("", None)}
    return [
        (name.replace("_", " "), _file(name, files[said]) if said in files else text(said, markdown=markdown))
        for name, said in told.items()
    ]


def _file(name: str, file: dict[str, Any]) -> str:
    """Return an image or a recording as HTML."""
    return render_to_string("tasks/work/file.html", {"name": name, "file": file})


def _text(value: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    if isinstance(value, dict):
        return "\n".join(f"{name}: {_text(part)}" for name, part in value.items())
    return "\n".join(map(_text, value)) if isinstance(value, list) else str(value)
