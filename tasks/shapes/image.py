"""Shapes on an image: boxes, polygons, points, ellipses and lines, each with a label, in pixels of the original.

Where the form asks for words, each shape also says what is written there: in a document, on a sign; where it has
attributes, what they ask of it.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.refusals import Text
from tasks.shapes import attributes, checking, fitting, media, merging, overlaps, plane
from tasks.shapes.shape import Distance, Json, Lines, Shape, Together, drawing, marks_or_nothing, sent

# So many shapes, and so many corners of all of them together.
MOST_SHAPES, MOST_CORNERS = 200, 20_000
SMALL = 1024  # the longer side of the image that phones get (tasks.media.images)
MARKS = 70  # so many letters stand along the longer side
LABELS: Json = {
    "type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 60}, "minItems": 1, "maxItems": 60,
    "uniqueItems": True,
}  # fmt: skip
LABELS_HELP = gettext_lazy("One on each line, 1 to 60 of them.")
ATTRIBUTES_HELP = gettext_lazy(
    "One on each line: its name, then what to choose from. hidden | no, half, all. A name alone asks for a text."
)


class Image(Shape):
    """Draw shapes on an image that the task names as `image`, or say that there is nothing to draw."""

    name = "image"
    label = gettext_lazy("Shapes on an image")
    picture = "M3 3h42v26H3zM3 25l11-10 8 7 7-6 16 11M29 7h11v9H29z"
    asks = {
        "labels": LABELS,
        "types": {"type": "array", "items": {"enum": [*plane.TYPES]}, "minItems": 1, "uniqueItems": True},
        "words": {"type": "boolean"},
        **fitting.ASKS,
        **attributes.ASKS,
    }
    needs = ("labels", "types")
    draws = frozenset({"image"})
    files = {"image": "image"}
    script = "tasks/image.js"
    style = "tasks/drawing.css"
    longest = 1_000_000

    def fields(self) -> dict[str, forms.Field]:
        """Return the fields of labels, types, words and attributes."""
        return {
            "labels": Lines(label=gettext_lazy("Labels"), help_text=LABELS_HELP),
            "types": forms.MultipleChoiceField(
                label=gettext_lazy("What members draw"), choices=list(plane.TYPES.items()), initial=["box"],
                widget=forms.CheckboxSelectMultiple,
            ),
            "words": forms.BooleanField(
                label=gettext_lazy("Members write down what is written in each"), required=False,
            ),
            "attributes": Lines(
                label=gettext_lazy("What else they say of each"), required=False, rows=3,
                help_text=ATTRIBUTES_HELP,
            ),
        }  # fmt: skip

    def written(self, said: Mapping[str, Any]) -> Json:
        """Return labels and types, and words and attributes where they are asked for."""
        found = {"labels": said["labels"], "types": list(said["types"])}
        asked = {"words": bool(said.get("words")), "attributes": attributes.from_lines(said.get("attributes") or [])}
        return {**found, **{name: part for name, part in asked.items() if part}}

    def form_problems(self, form: Json) -> list[Text]:
        """Return what is said of labels and types that there are not, and of attributes that nobody can answer."""
        return fitting.form_problems(form) or attributes.form_problems(form)

    def form_for_guess(self, form: Json) -> Json:
        """Return a form whose attributes may be left for the member to say."""
        return attributes.for_guess(form)

    def schema(self, form: Json) -> Json:
        """Return the JSON Schema of a value."""
        shapes = {"type": "array", "items": _one(form), "maxItems": MOST_SHAPES}
        return {
            "type": "object",
            "properties": {"shapes": shapes, "nothing": {"type": "boolean"}},
            "required": ["shapes"],
            "additionalProperties": False,
        }

    def read(self, form: Json, data: Json, post: QueryDict) -> Json:
        """Return what the widget wrote, or the rows of the table that say a place."""
        found = sent(post, self.longest)
        if found is not None:
            return drawing(found, "shapes", _one(form))
        said = post.getlist("words") if form.get("words") else []
        rows = enumerate(zip_longest(*map(post.getlist, ("type", "label", "place")), said, fillvalue=""))
        shapes = [_drawn(*row) | attributes.read(form, post, str(at)) for at, row in rows if row[2].strip()]
        return {"shapes": shapes, "nothing": True} if "nothing" in post else {"shapes": shapes}

    def problems(self, form: Json, data: Json, value: Json) -> list[Text]:
        """Return what is missing, and which shape leaves the image or is none."""
        if checking.faults(self.schema(form), value):
            return []  # said by the schema
        shapes = value["shapes"]
        if not shapes and not value.get("nothing"):
            return [_("Draw at least one shape, or say that there is nothing to draw.")]
        if shapes and value.get("nothing"):
            return [_("There are shapes, so that there is something to draw.")]
        if sum(len(one.get("points", ())) for one in shapes) > MOST_CORNERS:
            return [_("All shapes together have at most %(most)s corners.") % {"most": f"{MOST_CORNERS:,}"}]
        if attributes.too_much(shapes):
            most = f"{attributes.MOST_SAID:,}"
            return [_("What is said of all shapes together has at most %(most)s characters.") % {"most": most}]
        facts = media.file(data, data.get("image"))["facts"]
        wrong = enumerate((self._wrong(form, shape, facts["width"], facts["height"]) for shape in shapes), 1)
        words = _("Shape %(number)d %(problem)s.")
        return [words % {"number": number, "problem": text} for number, found in wrong for text in found]

    def _wrong(self, form: Json, shape: Json, width: float, height: float) -> Iterator[str]:
        wrong = list(plane.problems(shape, width, height))
        yield from wrong or fitting.problems(form, shape)
        if form.get("words") and not shape.get("words", "").strip():
            yield _("does not say what is written there")
        yield from attributes.problems(form, shape)

    def agrees(self, form: Json) -> bool:
        """Tell that no two drawings are the same to the pixel."""
        return False

    def agreement_key(self, value: Json) -> str | None:
        """Return nothing: members check shapes."""
        return None

    def together(self, form: Json, values: Sequence[Json]) -> Together | None:
        """Return the shapes that more than half of the answers have; None where more than box and outline is asked for.

        A box is in the middle of theirs, a polygon or an ellipse the one closest to the others; of single choices each
        says what most said. How near two points are one is for whoever checks an answer, as what is written in a shape.
        Answers agree as far as their shapes pair, times the share of what is said alike of those.
        """
        outlines = set(form["types"]) <= {"box", "polygon", "ellipse"}
        if not outlines or form.get("words") or not attributes.merge(form):
            return None
        if sum(len(shape.get("points", "1234")) for one in values for shape in one["shapes"]) > overlaps.MOST_CORNERS:
            return None
        found = merging.merged([one["shapes"] for one in values], overlaps.areas)
        shapes = [_for_all(form, group) for group in found.groups]
        agreement = found.agreement * attributes.alike(form, found.groups)
        return Together(marks_or_nothing("shapes", shapes), agreement)

    def distance(self, form: Json) -> Distance | None:
        """Return how far shapes cover each other, times the share of what is said alike of two, where they merge."""
        if not self.merges(form):
            return None
        return merging.distance("shapes", overlaps.areas, share=lambda *pair: attributes.alike(form, [pair]))

    def meets(self, form: Json, value: Json, known: Json) -> bool | None:
        """Tell whether each shape of a value is one of those known, and says what is known of it; more is no fault."""
        if self.together(form, [value, known]) is None:
            return None
        found = merging.merged([value["shapes"], known["shapes"]], overlaps.areas)
        return found.agreement == 1 and all(attributes.says(*pair) for pair in found.groups)

    def page(self, form: Json, data: Json, value: Json, seed: int) -> Json:
        """Return the image, the shapes as they are drawn, and rows for a table."""
        shapes = [one for one in value.get("shapes", []) if isinstance(one, dict) and one.get("type") in form["types"]]
        return {
            **super().page(form, data, value, seed),
            "labels": form["labels"],
            "types": [(kind, plane.TYPES[kind]) for kind in form["types"]],
            "words": bool(form.get("words")),
            "only": json.dumps(form["only"]) if form.get("only") else "",
            "cornered": not plane.LEAST_CORNERS.keys().isdisjoint(form["types"]),
            "image": picture(media.file(data, data.get("image"))),
            "drawn": [{**one, "said": attributes.lines(form, one)} for one in plane.drawn(shapes, form["labels"])],
            "asked": attributes.fields(form, {}, ""),
            "rows": (rows := _rows(form, shapes)),
            "brief": any(one.get("kept") for one in rows),
            "json": json.dumps(value if value.get("shapes") or value.get("nothing") else {"shapes": []}),
        }

    def columns(self, form: Json) -> list[str]:
        """Return the one column of shapes."""
        return ["shapes"]

    def cells(self, form: Json, value: Json) -> list[str]:
        """Return the shapes as JSON."""
        return [json.dumps(value["shapes"], ensure_ascii=False)]

    def label_studio(self, form: Json, data: Json, value: Json) -> list[Json]:
        """Return the shapes in hundredths of the image, as Label Studio counts; words as a region of the same id."""
        facts = media.file(data, data.get("image")).get("facts", {})
        drawn = enumerate(value["shapes"] if facts else (), 1)
        size = facts.get("width"), facts.get("height")
        regions = (plane.regions(number, one, *size, attributes.regions(form, one)) for number, one in drawn)
        return [region for found in regions for region in found]

    def from_label_studio(self, form: Json, data: Json, regions: list[Json]) -> Json:
        """Return the shapes, in pixels; where there is no region, that there is nothing to draw."""
        said: dict[str, Json] = defaultdict(dict)
        for one in regions:
            if found := attributes.of_region(form, one):
                said[one["id"]].setdefault("attributes", {}).update(found)
            elif one["type"] == "textarea":
                said[one["id"]]["words"] = " ".join(one["value"]["text"])
        drawn = (one for one in regions if one["type"] in plane.REGIONS.values())
        return marks_or_nothing(
            "shapes", [plane.of_region({**one, **said.get(one.get("id", ""), {})}) for one in drawn]
        )

    def from_coco(self, form: Json, annotations: list[Json]) -> Json:
        """Return the shapes that the form asks for; a polygon becomes its box where it asks for boxes alone."""
        told = (attributes.of_coco(form, one) for one in annotations)
        return marks_or_nothing("shapes", [shape for one in told for shape in plane.of_coco(one, form["types"])])

    def elements(self, value: Json) -> list[Json]:
        """Return the shapes."""
        shapes: list[Json] = value["shapes"]
        return shapes

    def parts(self, form: Json) -> dict[str, Text]:
        """Return what of a drawing may be wrong."""
        return {
            "shapes": _("A shape or its place"),
            "labels": _("A label"),
            "missing": _("Something that is not drawn"),
        }


def _one(form: Json) -> Json:
    """Return the JSON Schema of one shape that a form asks for."""
    words = bool(form.get("words"))
    return plane.schema(form["types"], form["labels"], words=words, beside=attributes.schema(form))


def _drawn(kind: str, label: str, place: str, words: str) -> Json:
    """Return the shape that a row of the table says."""
    return plane.read(kind, label, place) | ({"words": words.strip()} if words.strip() else {})


def _rows(form: Json, shapes: list[Json]) -> list[Json]:
    """Return the rows of the table, each with the fields of what is asked beside."""
    return attributes.rows(form, [{**one, "place": plane.line(one)} for one in shapes], 4)


def picture(file: Json) -> Json:
    """Return the image as the template draws it: with the width of the small one and the size of letters, in pixels."""
    longer = max(file["facts"]["width"], file["facts"]["height"])
    small = round(file["facts"]["width"] * min(1, SMALL / longer))
    return {**file, "small_width": small, "mark": round(longer / MARKS, 1), "dot": round(longer / MARKS / 2, 1)}


def _for_all(form: Json, group: list[Json]) -> Json:
    """Return the shape that stands for those of several answers."""
    drawn = plane.middle(group) if group[0]["type"] == "box" else overlaps.closest(group, overlaps.areas)
    return {name: part for name, part in drawn.items() if name != "attributes"} | attributes.usual(form, group)
