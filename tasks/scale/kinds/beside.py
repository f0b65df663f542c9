"""What an order says to members beside its instruction, for their guide, and what it lays beside the task."""

from collections.abc import Iterable, Iterator
from typing import Any

from tasks.scale.kinds.kind import BOUNDS, Json, options

# Lists of what there is to choose or to draw, each of which may say what it means.
LISTS = ("categories", "choices", "labels", "relationships", "objects_to_annotate")


def explained(params: Json) -> str:
    """Return what is said of the task and its labels, examples and bounds, as Markdown for the end of a guide."""
    about = [_line(params["description"])] if params.get("description") else []
    parts: dict[str, Iterable[str]] = {
        "About": about, "What they mean": _meanings(params), "Examples": _examples(params), "Bounds": _bounds(params),
    }  # fmt: skip
    said = {title: list(dict.fromkeys(lines)) for title, lines in parts.items()}
    return "".join(
        f"\n\n## {title}\n\n" + "\n".join(f"- {one}" for one in lines) for title, lines in said.items() if lines
    )


def laid(params: Json) -> Json:
    """Return what is to be looked at beside the task, by its name: context, and pictures of examples."""
    context = {
        f"context {number}": _file(one, "attachment") for number, one in _numbered(params, "context_attachments")
    }
    examples = {f"example {number}": _file(one, "image") for number, one in _numbered(params, "examples")}
    return {name: file for name, file in {**context, **examples}.items() if file}


def _numbered(params: Json, name: str) -> Iterator[tuple[int, Any]]:
    found = params.get(name)
    yield from enumerate(found if isinstance(found, list) else [], 1)


def _file(one: Any, name: str) -> str:  # noqa: ANN401 - whatever a program sent
    said = one.get(name) if isinstance(one, dict) else one if name == "attachment" else ""
    return str(said or "")


def _meanings(params: Json) -> Iterator[str]:
    parts = [found for name in ("geometries", "annotation_attributes") if isinstance(found := params.get(name), dict)]
    for said in (params, *(one for part in parts for one in part.values() if isinstance(one, dict))):
        for one in (each for name in LISTS for each in options(said.get(name)) if each.about):
            yield f"**{_line(one.shown)}**: {_line(one.about)}"


def _examples(params: Json) -> Iterator[str]:
    for number, one in _numbered(params, "examples"):
        if isinstance(one, dict):
            verdict = {True: "right", False: "wrong"}.get(one.get("correct"), "")  # type: ignore[arg-type]  # whatever came
            words = ": ".join(part for part in (verdict, _line(one.get("explanation") or "")) if part)
        else:
            words = _line(one)
        yield f"Example {number}: {words}" if words else f"Example {number}"


def _bounds(params: Json) -> Iterator[str]:
    geometries = params.get("geometries")
    drawn = geometries if isinstance(geometries, dict) else {}
    yield from (f"{name}: {_line(params[name])}" for name in BOUNDS if params.get(name))
    for kind, said in drawn.items():
        for name, bound in said.items() if isinstance(said, dict) else ():
            if isinstance(bound, int | float | str) and not isinstance(bound, bool) and bound != "":
                yield f"{_line(kind)}, {_line(name)}: {_line(bound)}"


def _line(said: object) -> str:
    """Return words on one line: what comes after them is none of theirs."""
    return " ".join(str(said).split())
