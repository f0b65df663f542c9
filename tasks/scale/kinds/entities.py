"""Named entities: parts of a text with labels, and how they relate. Offsets count characters (code points) from 0."""

import uuid
from collections.abc import Sequence
from typing import Any

from tasks.scale.kinds.kind import Json, Kind, mark, read, said_before, shown, values


class Entities(Kind):
    """Mark spans of `text`; an order may bring the text as its attachment."""

    names = ("namedentityrecognition",)
    needs = ("labels",)
    about = ("attachment", "text")
    parts = ("relationships",)
    unasked = ()

    def wrong(self, params: Json) -> str:
        """Ask for a text, and for labels."""
        return super().wrong(params) or ("" if _text(params) else "Missing required parameter: text")

    def shape(self, params: Json) -> str:
        """Return spans."""
        return "spans"

    def form(self, params: Json, question: str) -> Json:
        """Return labels and relations; a text may have nothing in it."""
        related = shown(params.get("relationships"))
        form: Json = {"question": question, "labels": shown(params["labels"]), "empty": True, "overlapping": True}
        return {**form, "relations": related} if related else form

    def data(self, params: Json) -> Json:
        """Return the text."""
        return {"text": _text(params)}

    def predicted(self, params: Json) -> Json | None:
        """Return the spans that a machine marked, and how it relates them."""
        said = said_before(params)
        if not (found := said.get("annotations")):
            return None
        names = read(params["labels"], [one["label"] for one in found])
        spans = [
            {"start": one["start"], "end": one["end"], "label": name} for one, name in zip(found, names, strict=True)
        ]
        if not (asked := params.get("relationships")):
            return {"spans": spans}
        places = {one.get("uuid"): place for place, one in enumerate(found)}
        related = [
            {"from": places[one["from"]], "to": places[one["to"]], "label": read(asked, [one["label"]])[0]}
            for one in said.get("relationships") or []
        ]
        return {"spans": spans, "relations": related}

    def example(self, params: Json) -> Json:
        """Return the first word, marked."""
        first = _text(params).split(maxsplit=1)[0]
        start = _text(params).index(first)
        return {"spans": [{"start": start, "end": start + len(first), "label": shown(params["labels"])[0]}]}

    def response(self, params: Json, given: Sequence[Json], key: uuid.UUID) -> Json:
        """Return the spans with their words, and the relations by their ids."""
        spans = [
            {"uuid": mark(key, number), **one, "label": _named(params["labels"], one),
             "text": _text(params)[one["start"] : one["end"]]}
            for number, one in enumerate(given[0]["spans"])
        ]  # fmt: skip
        related = [
            {"label": _named(params["relationships"], one), "from": spans[one["from"]]["uuid"],
             "to": spans[one["to"]]["uuid"]}
            for one in given[0].get("relations", [])
        ]  # fmt: skip
        return {"annotations": spans, "relationships": related}


def _named(found: Any, one: Json) -> Any:  # noqa: ANN401 - whatever a program sent
    """Return the label of something as programs call it."""
    return values(found, [one["label"]])[0]


def _text(params: Json) -> str:
    said: Any = params.get("text") or params.get("attachment")
    return said if isinstance(said, str) else ""


KINDS = (Entities(),)
