"""Named entities: parts of a text with labels, and how they relate. Offsets count characters (code points) from 0."""

import uuid
from collections.abc import Sequence
from typing import Any

from tasks.scale.kinds.kind import Json, Kind, labels, mark, said_before


class Entities(Kind):
    """Mark spans of `text`; an order may bring the text as its attachment."""

    names = ("namedentityrecognition",)
    needs = ("labels",)
    unasked = ()

    def wrong(self, params: Json) -> str:
        """Ask for a text, and for labels."""
        return super().wrong(params) or ("" if _text(params) else "Missing required parameter: text")

    def shape(self, params: Json) -> str:
        """Return spans."""
        return "spans"

    def form(self, params: Json, question: str) -> Json:
        """Return labels and relations; a text may have nothing in it."""
        related = labels(params.get("relationships"))
        form: Json = {"question": question, "labels": labels(params["labels"]), "empty": True, "overlapping": True}
        return {**form, "relations": related} if related else form

    def data(self, params: Json) -> Json:
        """Return the text."""
        return {"text": _text(params)}

    def predicted(self, params: Json) -> Json | None:
        """Return the spans that a machine marked."""
        found = said_before(params).get("annotations")
        return {"spans": [{name: one[name] for name in ("start", "end", "label")} for one in found]} if found else None

    def example(self, params: Json) -> Json:
        """Return the first word, marked."""
        first = _text(params).split(maxsplit=1)[0]
        start = _text(params).index(first)
        return {"spans": [{"start": start, "end": start + len(first), "label": labels(params["labels"])[0]}]}

    def response(self, params: Json, values: Sequence[Json], key: uuid.UUID) -> Json:
        """Return the spans with their words, and the relations by their ids."""
        spans = [
            {"uuid": mark(key, number), **one, "text": _text(params)[one["start"] : one["end"]]}
            for number, one in enumerate(values[0]["spans"])
        ]
        related = [
            {"label": one["label"], "from": spans[one["from"]]["uuid"], "to": spans[one["to"]]["uuid"]}
            for one in values[0].get("relations", [])
        ]
        return {"annotations": spans, "relationships": related}


def _text(params: Json) -> str:
    said: Any = params.get("text") or params.get("attachment")
    return said if isinstance(said, str) else ""


KINDS = (Entities(),)
