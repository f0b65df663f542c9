"""CSV: one row for each item, what its answers came to in the columns of its kind."""

import json
from collections.abc import Iterator
from itertools import chain

from tasks import exports, releases
from tasks.models import Release
from tasks.shapes import Json


def write(release: Release) -> Iterator[bytes]:
    """Yield the head and a row for each item."""
    columns = release.job.shape.columns(release.job.form)
    head = ["id", "split", *columns, "confidence", "agreement", "composed", "answers", "data"]
    rows = (_cells(release, one, len(columns)) for one in releases.items(release))
    return (line.encode() for line in exports.lines_of(chain([head], rows)))


def _cells(release: Release, one: Json, columns: int) -> list[str]:
    shape, form, result = release.job.shape, release.job.form, one["result"]
    cells = [""] * columns if result is None else shape.cells(form, result)
    figures = [str(one["confidence"]), str(one["agreement"]), exports.parts_cell(one), str(len(one["answers"]))]
    return [one["id"], one["split"], *cells, *figures, json.dumps(one["data"], ensure_ascii=False)]
