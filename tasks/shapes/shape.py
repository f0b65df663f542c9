"""What every kind of answer can do."""

from typing import Any, Protocol

from django.http import QueryDict

from coop.refusals import Text

type Json = dict[str, Any]


class Shape(Protocol):
    """One kind of answer: what its form and its value look like, and how they are read, checked and shown."""

    name: str
    do: str  # the template of the fields a member fills in
    review: str  # the template that shows a value, read-only

    def form_problems(self, form: Json) -> list[Text]:
        """Return what is wrong with a job's form; nothing when it can be opened."""

    def data_problems(self, form: Json, data: Json) -> list[Text]:
        """Return what a task's data lacks to be shown; nothing when a member can answer it."""

    def schema(self, form: Json) -> Json:
        """Return the JSON Schema of a value."""

    def read(self, form: Json, post: QueryDict) -> Json:
        """Return the value a page's fields hold, complete or not."""

    def problems(self, form: Json, value: Any) -> list[Text]:  # noqa: ANN401 - whatever was sent
        """Return what is missing or wrong in a value; nothing when it can be handed in."""

    def agreement_key(self, value: Json) -> str:
        """Return the part of a value in which answers agree or differ."""

    def page(self, form: Json, data: Json, seed: int) -> dict[str, object]:
        """Return what the templates need; `seed` (the assignment's id) fixes any order that is drawn by lot."""

    def columns(self, form: Json) -> list[str]:
        """Return the names of the columns a value fills in a table."""

    def cells(self, form: Json, value: Json) -> list[str]:
        """Return a value as the cells of those columns."""


def object_problems(value: Any, fields: dict[str, type]) -> list[Text]:  # noqa: ANN401 - whatever was sent
    """Return problems of form: not an object, unknown or missing fields, a field of another type."""
    if not isinstance(value, dict):
        return ["The answer must be a JSON object."]
    unknown: list[Text] = [f"Unknown field: {str(name)[:40]}." for name in value if name not in fields]
    wrong: list[Text] = [
        f"The field {name} must be of type {kind.__name__}."
        for name, kind in fields.items()
        if not isinstance(value.get(name), kind)
    ]
    return unknown + wrong
