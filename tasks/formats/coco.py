"""COCO's JSON: images, categories and annotations. Points are keypoints of one, called `point` in their category.

Each annotation has a `segmentation`, as tools draw nothing without: a polygon its own corners, a box and an ellipse the
four of its box, a point and a line corners round no area. COCO has neither lines nor words: the corners of a line stand
beside as `points`, `words` is what is written, and `attributes` what is said of a shape, as CVAT writes them.

Source: cocodataset.org, "Data format". Written in two passes over the version, so that memory stays the same.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import count, pairwise

from tasks.formats import images
from tasks.formats.images import Drawn
from tasks.models import Release
from tasks.shapes import Json


def write(release: Release) -> Iterator[bytes]:
    """Yield the file, an image or an annotation at a time."""
    labels, types = release.job.form["labels"], release.job.form["types"]
    keypoints = {"keypoints": ["point"], "skeleton": []} if "point" in types else {}
    info = {"description": release.job.title, "version": str(release.number), "digest": release.digest}
    yield f'{{"info": {json.dumps(info, ensure_ascii=False)}, "licenses": [],\n"categories": '.encode()
    yield json.dumps([{"id": number, "name": label, **keypoints} for number, label in enumerate(labels, 1)]).encode()
    yield b',\n"images": ['
    yield from listed(_image(one) for one in images.drawn(release))
    yield b'],\n"annotations": ['
    numbers = count(1)
    found = (_annotation(next(numbers), one, shape, labels) for one in images.drawn(release) for shape in one.shapes)
    yield from listed(found)
    yield b"]}\n"


def listed(rows: Iterable[Json]) -> Iterator[bytes]:
    """Yield what stands between the brackets of a list, a row on each line."""
    for number, row in enumerate(rows):
        yield f"{',' if number else ''}\n{json.dumps(row, ensure_ascii=False)}".encode()


def _image(one: Drawn) -> Json:
    return {"id": one.number, "file_name": one.image, "width": one.width, "height": one.height, "item": one.name}


def _annotation(number: int, one: Drawn, shape: Json, labels: list[str]) -> Json:
    left, top, width, height = images.box(shape)
    told: Json = {
        "id": number, "image_id": one.number, "category_id": labels.index(shape["label"]) + 1, "iscrowd": 0,
        "bbox": [left, top, width, height], "area": area(shape), "type": shape["type"],
        "segmentation": [[part for place in _outline(shape) for part in place]],
    }  # fmt: skip
    told |= {name: shape[name] for name in ("words", "attributes") if name in shape}
    if shape["type"] == "line":
        told["points"] = shape["points"]
    if shape["type"] == "point":
        told |= {"keypoints": [shape["x"], shape["y"], 2], "num_keypoints": 1}
    return told


def _outline(shape: Json) -> list[list[float]]:
    """Return the corners round a shape: of a line there and back, of a point itself three times."""
    if shape["type"] == "line":
        return [*shape["points"], *shape["points"][-2::-1]]
    if shape["type"] == "point":
        return [[shape["x"], shape["y"]]] * 3
    if shape["type"] == "polygon":
        corners: list[list[float]] = shape["points"]
        return corners
    left, top, width, height = images.box(shape)
    return [[left, top], [left + width, top], [left + width, top + height], [left, top + height]]


def area(shape: Json) -> float:
    """Return the area in square px: of a polygon by the shoelace formula, of a line none, else of its box."""
    if shape["type"] == "line":
        return 0.0
    if shape["type"] != "polygon":
        _left, _top, width, height = images.box(shape)
        return float(width * height)
    points = [*shape["points"], shape["points"][0]]
    twice: float = sum(x * after - other * y for (x, y), (other, after) in pairwise(points))
    return abs(twice) / 2
