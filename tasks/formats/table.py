"""CSV: one row for each item, what its answers came to in the columns of its kind."""

import csv
import json
from collections.abc import Iterator
from typing import Any

from coop import spreadsheets
from tasks import exports, releases
from tasks.models import Release


def write(release: Release) -> Iterator[bytes]:
    """Yield the head and a row for each item; no cell is taken for a formula by a spreadsheet."""
    shape, form = release.job.shape, release.job.form
    columns = shape.columns(form)
    writer = csv.writer(exports.Line())
    yield _row(writer, ["id", "split", *columns, "confidence", "agreement", "answers", "data"])
    for one in releases.items(release):
        cells = shape.cells(form, one["result"]) if one["result"] is not None else [""] * len(columns)
        figures = [str(one["confidence"]), str(one["agreement"]), str(len(one["answers"]))]
        yield _row(writer, [one["id"], one["split"], *cells, *figures, json.dumps(one["data"], ensure_ascii=False)])


def _row(writer: Any, cells: list[str]) -> bytes:  # noqa: ANN401 - csv has no name for its writers
    written: str = writer.writerow([spreadsheets.harmless(cell) for cell in cells])
    return written.encode()
