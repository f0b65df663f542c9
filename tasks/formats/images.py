"""Items of drawings with their image's measures, as the formats for images tell them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import batched

from tasks import releases
from tasks.models import Release
from tasks.shapes import Json, media

AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Drawn:
    """An item with a result: its place in the job, the client's id, the image's name and size in px, the shapes."""

    number: int
    name: str
    image: str
    width: int
    height: int
    shapes: list[Json]


def with_files(release: Release) -> Iterator[Json]:
    """Yield the items of a version with what is known of the files they name; 50 in memory at a time."""
    for some in batched(releases.items(release), AT_ONCE, strict=False):
        names = {name for one in some for name in media.names(one["data"])}
        files = list(release.job.files.filter(name__in=names, usable=True)) if names else ()
        for one in some:
            facts = {file.name: {"facts": file.facts} for file in files if file.after < one["position"]}
            yield {**one, "data": {**one["data"], media.FILES: facts}}


def drawn(release: Release) -> Iterator[Drawn]:
    """Yield every item that has a result."""
    for one in with_files(release):
        if one["result"] is not None:
            image = one["data"]["image"]
            size = media.file(one["data"], image)["facts"]
            yield Drawn(one["position"], one["id"], image, size["width"], size["height"], one["result"]["shapes"])


def box(shape: Json) -> tuple[float, float, float, float]:
    """Return the left, the top, the width and the height of what a shape takes, in px."""
    if "points" not in shape:
        return shape["x"], shape["y"], shape.get("width", 0), shape.get("height", 0)
    across, down = zip(*shape["points"], strict=True)
    return min(across), min(down), max(across) - min(across), max(down) - min(down)
