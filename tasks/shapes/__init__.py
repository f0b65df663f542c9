"""The kinds of answer. One module per kind; a work type names its shape, a job's form holds its question.

A shape's form and value are plain JSON, so that what a client downloads is what a member handed in:

    choice      form {"question": text, "labels": [text, …], "multiple": bool}   value {"labels": [text, …]}
    comparison  form {"question": text, "min_reason": characters}
                value {"preference": "a_much" … "both_bad", "reason": text, "shown": "ab" or "ba"}

A task may bring its own labels in its data, when the form has none (as onboarding questions do).
"""

from typing import Any

from tasks.shapes import choice, comparison
from tasks.shapes.shape import Shape

__all__ = ["Shape", "find", "form_for", "names"]

_ALL: dict[str, Shape] = {shape.name: shape for shape in (choice.Choice(), comparison.Comparison())}


def find(name: str) -> Shape:
    """Return the shape of that name; raise KeyError when there is none."""
    return _ALL[name]


def names() -> list[str]:
    """Return the names of all shapes."""
    return list(_ALL)


def form_for(form: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """Return the form as it stands for one task: with the task's own labels where the job has none."""
    if form.get("labels") or not isinstance(data.get("labels"), list):
        return form
    return {**form, "labels": data["labels"]}
