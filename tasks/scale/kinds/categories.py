"""Choosing: categorization by one list or by several (`taxonomies`), and comparison of attachments."""

import uuid
from collections.abc import Sequence

from tasks.scale.access import Wrong
from tasks.scale.kinds import fields
from tasks.scale.kinds.kind import SAID_BEFORE, Json, Kind, read, said_before, shown, values


class Categorization(Kind):
    """One category, several where `allow_multiple`; with `taxonomies` one answer to each."""

    names = ("categorization",)
    needs = ("attachment",)
    parts = ("categories", "category_ids", "allow_multiple", "taxonomies")
    unasked = ()

    def wrong(self, params: Json) -> str:
        """Ask for an attachment, and for categories or taxonomies."""
        if said := super().wrong(params):
            return said
        if isinstance(params.get("taxonomies"), dict) and params["taxonomies"]:
            return ""
        return "" if shown(params.get("categories")) else "Missing required parameter: categories or taxonomies"

    def shape(self, params: Json) -> str:
        """Return choice, or a form for taxonomies."""
        return "freeform" if params.get("taxonomies") else "choice"

    def form(self, params: Json, question: str) -> Json:
        """Return the labels, or a field for each taxonomy."""
        if params.get("taxonomies"):
            return {"question": question, "schema": fields.schema(_taxonomies(params))}
        named = shown(params["categories"])
        if len(named) < fields.FEWEST:
            message = f"categories are {len(named)}: give {fields.FEWEST} or more to choose from"
            raise Wrong(message)
        return {"question": question, "labels": named, "multiple": _several(params)}

    def left_out(self, params: Json) -> list[str]:
        """Tell that of several lists nothing is said before, and what is said of one that no form of ours asks."""
        if not params.get("taxonomies"):
            return []
        beside = [name for name in ("categories", "category_ids", "allow_multiple") if params.get(name)]
        before = [name for name in SAID_BEFORE if params.get(name)]
        return [*before, *(f"{name} beside taxonomies" for name in beside), *fields.left_out(_taxonomies(params))]

    def predicted(self, params: Json) -> Json | None:
        """Return the categories that a machine chose."""
        found = said_before(params).get("category")
        chosen = found if isinstance(found, list) else [] if found in (None, "") else [found]
        return {"labels": read(params["categories"], chosen)} if chosen else None

    def example(self, params: Json) -> Json:
        """Return the first category."""
        if params.get("taxonomies"):
            return fields.example(_taxonomies(params))
        return {"labels": shown(params["categories"])[:1]}

    def response(self, params: Json, given: Sequence[Json], key: uuid.UUID) -> Json:
        """Return the category, with its id where the order gave ids; of taxonomies a list for each."""
        if params.get("taxonomies"):
            asked = _taxonomies(params)
            return {"annotations": {one["field_id"]: fields.said(one, given[0]) for one in asked}}
        chosen = values(params["categories"], given[0]["labels"])
        by_name = {str(name): number for number, name in (params.get("category_ids") or {}).items()}
        ids = [by_name.get(str(name)) for name in chosen]
        known = {"category_id": ids if _several(params) else ids[0]} if any(ids) else {}
        return {"category": chosen if _several(params) else chosen[0], **known}


def _several(params: Json) -> bool:
    return bool(params.get("allow_multiple"))


def _taxonomies(params: Json) -> list[Json]:
    """Return the taxonomies as fields of a form."""
    return [
        {**one, "field_id": name, "title": one.get("description") or name, "required": True,
         "max_choices": len(one.get("choices") or ()) if one.get("allow_multiple") else 1}
        for name, one in params["taxonomies"].items()
        if isinstance(one, dict)
    ]  # fmt: skip


class Comparison(Kind):
    """Two or more attachments beside each other: a choice among `choices`, and texts for `fields`."""

    names = ("comparison",)
    needs = ("attachments",)
    about = ("attachments",)
    parts = ("choices", "fields")

    def wrong(self, params: Json) -> str:
        """Ask for two attachments, and for something to say of them."""
        if not isinstance(params.get("attachments"), list) or len(params["attachments"]) < 2:  # noqa: PLR2004 - compared
            return "Missing required parameter: attachments (two or more)"
        asked = shown(params.get("choices")) or params.get("fields")
        return "" if asked else "Missing required parameter: choices or fields"

    def shape(self, params: Json) -> str:
        """Return choice where nothing is to be written."""
        return "freeform" if params.get("fields") or len(shown(params.get("choices"))) < 2 else "choice"  # noqa: PLR2004 - a choice is of two

    def form(self, params: Json, question: str) -> Json:
        """Return the choices, or a form of them and the texts."""
        if self.shape(params) == "choice":
            return {"question": question, "labels": shown(params["choices"]), "multiple": False}
        return {"question": question, "schema": fields.schema(_compared(params))}

    def data(self, params: Json) -> Json:
        """Return the attachments, numbered."""
        return {f"attachment {number}": one for number, one in enumerate(params["attachments"], 1)}

    def example(self, params: Json) -> Json:
        """Return the first choice."""
        if self.shape(params) == "choice":
            return {"labels": shown(params["choices"])[:1]}
        return fields.example(_compared(params))

    def response(self, params: Json, given: Sequence[Json], key: uuid.UUID) -> Json:
        """Return the choice and the texts."""
        if self.shape(params) == "choice":
            return {"choice": values(params["choices"], given[0]["labels"])[0], "fields": {}}
        said = {one["field_id"]: fields.said(one, given[0]) for one in _compared(params)}
        choice = said.pop("choice", [])[:1]
        texts = {name: "".join(map(str, text)) for name, text in said.items()}
        return {**({"choice": choice[0]} if choice else {}), "fields": texts}


def _compared(params: Json) -> list[Json]:
    asked = fields.texts(params.get("fields"))
    if shown(params.get("choices")):
        asked.insert(0, {"type": "category", "field_id": "choice", "choices": params["choices"], "required": True})
    return asked


KINDS = (Categorization(), Comparison())
