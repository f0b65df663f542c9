"""Boxes over the frames of a video, each with a label and an id that stays the same; between keys they are reckoned.

A task names its `frames` as images in their order, or one video, of which the form may say how often it is shown.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.refusals import Text
from tasks.shapes import checking, film, media, merging, overlaps, plane, tracks
from tasks.shapes.image import LABELS, LABELS_HELP, picture
from tasks.shapes.shape import (
    Distance,
    Json,
    Lines,
    Shape,
    Together,
    drawing,
    in_rows,
    lacks,
    marks_or_nothing,
    obj,
    sent,
)

MOST_FRAMES = 100
NAMES = {
    "type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 2, "maxItems": MOST_FRAMES,
}  # fmt: skip


class Frames(Shape):
    """Draw a box round each thing in some of the frames that a task names as `frames`; the others follow.

    A box goes from its first key on, in a straight line from key to key, stays where its last key puts it, and is gone
    after `until`. What was out of sight for a while is two boxes.
    """

    name = "frames"
    label = gettext_lazy("Boxes over the frames of a video")
    picture = "M3 4h42v24H3zM10 4v24M38 4v24M5 9h3M5 16h3M5 23h3M40 9h3M40 16h3M40 23h3M17 10h11v10H17z"
    asks = {"labels": LABELS, "every": {"enum": film.EVERY}}
    needs = ("labels",)
    draws = frozenset({"frames", film.MOMENTS})
    files = {"frames": "image"}
    films = frozenset({"frames"})
    script = "tasks/frames.js"
    style = "tasks/drawing.css"
    longest = 1_000_000
    on_phone = False

    def fields(self) -> dict[str, forms.Field]:
        """Return the fields of labels and of the step of a video."""
        every = [("", gettext_lazy("As often as 100 frames let it")), *((f"{step:g}",) * 2 for step in film.EVERY)]
        return {
            "labels": Lines(label=gettext_lazy("Labels"), help_text=LABELS_HELP),
            "every": forms.ChoiceField(
                label=gettext_lazy("Of a video, seconds from frame to frame"), choices=every, required=False
            ),
        }

    def written(self, said: Mapping[str, Any]) -> Json:
        """Return the labels, and the step of a video where one is asked for."""
        every = said.get("every")
        return {"labels": said["labels"], **({"every": float(every)} if every else {})}

    def data_problems(self, form: Json, data: Json) -> list[Text]:
        """Return a problem unless the task names two to a hundred images in the order of time, or one video."""
        return [] if film_of(data) else lacks({"frames": NAMES}, data)

    def film_problems(self, form: Json, file: Json) -> list[Text]:
        """Return why a video cannot be shown as often as the form says."""
        return list(film.problems(file["facts"], form.get("every")))

    def kept(self, form: Json, data: Json, files: Mapping[str, Json]) -> Json:
        """Return the data with the moments of a video at which its frames are; what a client says of them is none."""
        file = files.get(film_of(data))
        own = {name: part for name, part in data.items() if name != film.MOMENTS}
        seen = file is not None and file["kind"] == "video"
        return {**own, film.MOMENTS: film.moments(file, form.get("every"))} if file and seen else own

    def schema(self, form: Json) -> Json:
        """Return the JSON Schema of a value."""
        kind = tracks.schema(form["labels"], MOST_FRAMES)
        found = {"type": "array", "items": kind, "maxItems": tracks.MOST_TRACKS}
        return obj({"tracks": found, "nothing": {"type": "boolean"}}, optional=("nothing",))

    def read(self, form: Json, data: Json, post: QueryDict) -> Json:
        """Return what the widget wrote, or the rows that say four numbers."""
        found = sent(post, self.longest)
        if found is None:
            rows = zip(*(post.getlist(name) for name in ("id", "label", "frame", "place", "until")), strict=False)
            found = {"tracks": tracks.read(rows), "nothing": "nothing" in post}
        return drawing(found, "tracks", tracks.schema(form["labels"], MOST_FRAMES))

    def problems(self, form: Json, data: Json, value: Json) -> list[Text]:
        """Return what is missing, and which box leaves its frame or goes on where there is none."""
        if checking.faults(self.schema(form), value):
            return []  # said by the schema
        if not value["tracks"] and not value.get("nothing"):
            return [_("Draw at least one box, or say that there is nothing to draw.")]
        if value["tracks"] and value.get("nothing"):
            return [_("There are boxes, so that there is something to draw.")]
        return list(tracks.problems(value["tracks"], _sizes(form, data)))

    def agrees(self, form: Json) -> bool:
        """Tell that no two drawings are the same to the pixel."""
        return False

    def agreement_key(self, value: Json) -> str | None:
        """Return nothing: members check boxes."""
        return None

    def together(self, form: Json, values: Sequence[Json]) -> Together | None:
        """Return the boxes that more than half of the answers have, each as the one closest to the others drew it."""
        if sum(len(one["tracks"]) for one in values) > overlaps.MOST_TRACKS:
            return None
        found = merging.merged(overlaps.boxes_over_time([one["tracks"] for one in values]), overlaps.moving)
        marks = [overlaps.closest(group, overlaps.moving)["mark"] for group in found.groups]
        kept = [{**mark, "id": str(number)} for number, mark in enumerate(marks, 1)]
        return Together(marks_or_nothing("tracks", kept), found.agreement)

    def distance(self, form: Json) -> Distance:
        """Return how far boxes cover each other over all frames."""
        return merging.distance("tracks", overlaps.moving, overlaps.boxes_over_time)

    def elements(self, value: Json) -> list[Json]:
        """Return the boxes, each with its keys."""
        found: list[Json] = value["tracks"]
        return found

    def page(self, form: Json, data: Json, value: Json, seed: int) -> Json:
        """Return the frames with what stands in each, and rows for a table."""
        drawn, pictures = value.get("tracks", []), [picture(file) for file in _files(form, data)]
        rows = [
            {"id": track["id"], "label": track["label"], "frame": key["frame"] + 1, "place": tracks.line(key),
             "until": track["until"] + 1 if "until" in track else ""}
            for track in drawn for key in track["keys"]
        ]  # fmt: skip
        return {
            **super().page(form, data, value, seed),
            "labels": form["labels"], "picture": pictures[0], "pictures": json.dumps(pictures),
            "drawn": [
                {"picture": one, "shapes": plane.drawn(tracks.shapes(drawn, frame), form["labels"])}
                for frame, one in enumerate(pictures)
            ],
            "rows": in_rows(rows, 5),
            "json": json.dumps(value or {"tracks": []}),
        }  # fmt: skip

    def columns(self, form: Json) -> list[str]:
        """Return the one column of boxes."""
        return ["tracks"]

    def cells(self, form: Json, value: Json) -> list[str]:
        """Return the boxes as JSON."""
        return [json.dumps(value["tracks"], ensure_ascii=False)]

    def label_studio(self, form: Json, data: Json, value: Json) -> list[Json]:
        """Return the boxes as regions of a video."""
        sizes = _sizes(form, data) if data.get(media.FILES) else []
        seconds = data[film.MOMENTS]["seconds"] if film_of(data) and film.MOMENTS in data else []
        return [tracks.region(track, sizes, seconds) for track in value["tracks"]] if sizes else []

    def from_label_studio(self, form: Json, data: Json, regions: list[Json]) -> Json:
        """Return the boxes, in pixels; where there is no region, that there is nothing to draw."""
        found = [tracks.of_region(one, _sizes(form, data)) for one in regions]
        return marks_or_nothing("tracks", found)

    def parts(self, form: Json) -> dict[str, Text]:
        """Return what of boxes may be wrong."""
        return {"tracks": _("A box or its place"), "labels": _("A label"), "missing": _("Something that is not drawn")}


def film_of(data: Json) -> str:
    """Return the name of the video that a task is about; nothing where it names images."""
    named = data.get("frames")
    return named if isinstance(named, str) else ""


def _files(form: Json, data: Json) -> list[Json]:
    if name := film_of(data):
        return film.pictures(media.file(data, name), form.get("every"))
    return [media.file(data, name) for name in data["frames"]]


def _sizes(form: Json, data: Json) -> list[tuple[int, int]]:
    return [(file["facts"]["width"], file["facts"]["height"]) for file in _files(form, data)]
