"""Cuboids in a point cloud, or in several that follow each other, in metres as the cloud has them."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.refusals import Text
from tasks.shapes import checking, media, merging, overlaps
from tasks.shapes.image import LABELS, LABELS_HELP
from tasks.shapes.shape import Distance, Json, Lines, Shape, Together, drawing, in_rows, marks_or_nothing, obj, sent

MOST_CUBOIDS = 500
MOST_FRAMES = 100
LONGEST = 100
NUMBERS = 7
NUMBER = re.compile(r"-?\d{1,5}(?:\.\d{1,6})?")
ID = {"type": "string", "minLength": 1, "maxLength": 40}


def clouds(data: Json) -> list[Json]:
    """Return the clouds that a task names as `cloud`, one or a list of them, in their order."""
    named = data.get("cloud")
    return [media.file(data, name) for name in (named if isinstance(named, list) else [named])]


class Cuboids(Shape):
    """Put a cuboid round each thing in a point cloud, with a label and an id that stays the same over frames."""

    name = "cuboids"
    label = gettext_lazy("Cuboids in a point cloud")
    picture = "M9 11l15-7 15 7v11l-15 7-15-7zM9 11l15 7 15-7M24 18v11"
    asks = {"labels": LABELS}
    needs = ("labels",)
    draws = frozenset({"cloud"})
    files = {"cloud": "cloud"}
    script = "tasks/cuboids.js"
    style = "tasks/cuboids.css"
    longest = 200_000
    on_phone = False

    def fields(self) -> dict[str, forms.Field]:
        """Return the field of labels."""
        return {"labels": Lines(label=gettext_lazy("Labels"), help_text=LABELS_HELP)}

    def written(self, said: Mapping[str, Any]) -> Json:
        """Return the labels."""
        return {"labels": said["labels"]}

    def data_problems(self, form: Json, data: Json) -> list[Text]:
        """Return a problem where a task names more clouds than one answer is about."""
        if isinstance(data.get("cloud"), list) and len(data["cloud"]) > MOST_FRAMES:
            return [_("A task has at most %(most)d clouds.") % {"most": MOST_FRAMES}]
        return []

    def schema(self, form: Json) -> Json:
        """Return the JSON Schema of a value."""
        cuboids = {"type": "array", "items": self._cuboid(form), "maxItems": MOST_CUBOIDS}
        return obj({"cuboids": cuboids, "nothing": {"type": "boolean"}}, optional=("nothing",))

    def _cuboid(self, form: Json) -> Json:
        number = {"type": "number", "minimum": -1e6, "maximum": 1e6}
        three = {"type": "array", "items": number, "minItems": 3, "maxItems": 3}
        frame = {"type": "integer", "minimum": 0, "maximum": MOST_FRAMES - 1}
        label = {"type": "string", "enum": form["labels"]}
        parts = {"id": ID, "label": label, "center": three, "size": three, "yaw": number}
        return obj({**parts, "frame": frame}, optional=("frame",))

    def read(self, form: Json, data: Json, post: QueryDict) -> Json:
        """Return what the widget wrote, or the rows that say seven numbers."""
        found = sent(post, self.longest)
        if found is None:
            found = {"cuboids": list(_rows(post)), "nothing": "nothing" in post}
        return drawing(found, "cuboids", self._cuboid(form))

    def problems(self, form: Json, data: Json, value: Json) -> list[Text]:
        """Return what is missing, which cuboid is none or lies outside, and whose label or size changes."""
        if checking.faults(self.schema(form), value):
            return []  # said by the schema
        cuboids = value["cuboids"]
        if not cuboids and not value.get("nothing"):
            return [_("Place at least one cuboid, or say that there is none.")]
        if cuboids and value.get("nothing"):
            return [_("There are cuboids, so that there is something to mark.")]
        return [*_faults(cuboids, clouds(data)), *_changes(cuboids)]

    def elements(self, value: Json) -> list[Json]:
        """Return the cuboids."""
        cuboids: list[Json] = value["cuboids"]
        return cuboids

    def agrees(self, form: Json) -> bool:
        """Tell that no two cuboids are the same to the millimetre."""
        return False

    def agreement_key(self, value: Json) -> str | None:
        """Return nothing: members check cuboids."""
        return None

    def together(self, form: Json, values: Sequence[Json]) -> Together | None:
        """Return the things that more than half of the answers have, each as the one closest to the others set it."""
        if sum(len(one["cuboids"]) for one in values) > overlaps.MOST_CUBOIDS:
            return None
        found = merging.merged(_things([one["cuboids"] for one in values]), overlaps.moving)
        kept = [overlaps.closest(group, overlaps.moving)["mark"] for group in found.groups]
        cuboids = [{**one, "id": str(number)} for number, mark in enumerate(kept, 1) for one in mark]
        return Together(marks_or_nothing("cuboids", cuboids), found.agreement)

    def distance(self, form: Json) -> Distance:
        """Return how far things cover each other, in space and over all clouds."""
        return merging.distance("cuboids", overlaps.moving, _things)

    def page(self, form: Json, data: Json, value: Json, seed: int) -> Json:
        """Return the clouds, the cuboids, and rows for a table."""
        cuboids = value.get("cuboids", [])
        given = [{**one["facts"], "address": one["address"]} for one in clouds(data)]
        rows = [{**one, "place": _line(one)} for one in cuboids]
        return {
            **super().page(form, data, value, seed),
            "labels": form["labels"], "clouds": json.dumps(given), "frames": range(len(given)), "first": given[0],
            "drawn": rows, "rows": in_rows(rows, 4),
            "json": json.dumps(value or {"cuboids": []}),
        }  # fmt: skip

    def columns(self, form: Json) -> list[str]:
        """Return the one column of cuboids."""
        return ["cuboids"]

    def cells(self, form: Json, value: Json) -> list[str]:
        """Return the cuboids as JSON."""
        return [json.dumps(value["cuboids"], ensure_ascii=False)]

    def parts(self, form: Json) -> dict[str, Text]:
        """Return what of cuboids may be wrong."""
        return {
            "cuboids": _("A cuboid or its place"),
            "labels": _("A label"),
            "missing": _("Something that has no cuboid"),
        }


def _line(one: Json) -> str:
    return " ".join(f"{number:g}" for number in (*one["center"], *one["size"], one["yaw"]))


def _rows(post: QueryDict) -> Iterator[Json]:
    """Yield the cuboids that rows of fields say: x y z, length width height, yaw."""
    rows = zip(*(post.getlist(name) for name in ("id", "label", "place", "frame")), strict=False)
    for name, label, place, frame in rows:
        numbers = [float(found) for found in NUMBER.findall(place)]
        if len(numbers) == NUMBERS:
            when = {"frame": int(frame)} if frame.isdecimal() and frame != "0" else {}
            yield {
                "id": name.strip(),
                "label": label,
                "center": numbers[:3],
                "size": numbers[3:6],
                "yaw": numbers[6],
                **when,
            }


def _faults(cuboids: list[Json], known: list[Json]) -> Iterator[Text]:
    seen = set[tuple[str, int]]()
    for number, one in enumerate(cuboids, 1):
        said = {"number": number, "id": one["id"], "most": LONGEST}
        place = (one["id"], one.get("frame", 0))
        if place[1] >= len(known):
            yield _("Cuboid %(number)d is in a frame that there is not.") % said
        elif place in seen:
            yield _("Two cuboids are called “%(id)s” in one frame.") % said
        elif not all(0 < length <= LONGEST for length in one["size"]):
            yield _("Cuboid %(number)d needs sizes above zero and at most %(most)d metres.") % said
        elif not _inside(one, known[place[1]]["facts"]):
            yield _("The centre of cuboid %(number)d lies outside the cloud.") % said
        elif abs(one["yaw"]) > math.tau:
            yield _("Cuboid %(number)d is turned by more than a full turn.") % said
        seen.add(place)


def _inside(one: Json, facts: Json) -> bool:
    return all(low <= at <= high for low, at, high in zip(facts["low"], one["center"], facts["high"], strict=True))


def _changes(cuboids: list[Json]) -> Iterator[Text]:
    """Yield the ids whose label or size is another in another frame."""
    known: dict[str, tuple[str, list[float]]] = {}
    told = set[str]()
    for one in cuboids:
        found = (one["label"], one["size"])
        if known.setdefault(one["id"], found) != found and one["id"] not in told:
            told.add(one["id"])
            yield _("“%(id)s” has the same label and size in every frame.") % {"id": one["id"]}


def _things(answers: Sequence[Sequence[Json]]) -> list[list[Json]]:
    return [overlaps.things_over_time(cuboids) for cuboids in answers]
