"""Parquet: one row for each item; nested values as JSON text, since their shape differs between kinds of work."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from coop.portions import portions
from tasks import releases
from tasks.models import Release

AT_ONCE = 5_000
PIECE = 1 << 20
SCHEMA = pa.schema(
    [
        ("id", pa.string()), ("split", pa.string()), ("data", pa.string()), ("result", pa.string()),
        ("confidence", pa.float64()), ("agreement", pa.float64()), ("answers", pa.string()),
    ]
)  # fmt: skip
# What members answered, and what their answers come to, as the API streams both.
VIEWS = {
    "answers": pa.schema(
        [
            ("id", pa.string()), ("data", pa.string()), ("answer", pa.string()), ("by", pa.string()),
            ("state", pa.string()), ("accepted", pa.bool_()), ("at", pa.string()), ("number", pa.int64()),
            ("prediction", pa.string()), ("touched", pa.string()),
        ]
    ),
    "results": pa.schema(
        [
            ("id", pa.string()), ("data", pa.string()), ("result", pa.string()), ("confidence", pa.float64()),
            ("agreement", pa.float64()), ("answers", pa.int64()),
        ]
    ),
}  # fmt: skip
# What it holds, in words; croissant and the data card tell the same.
COLUMNS = {
    "id": "The client's own id of the item.",
    "split": "Which split the item is in.",
    "data": "What was shown, as JSON.",
    "result": "What the answers came to, as JSON; nothing where they are even.",
    "confidence": "How sure that is, from 0 to 1.",
    "agreement": "Which share of the answers says it, from 0 to 1.",
    "answers": "Each answer, with the pseudonym of who gave it and its rate card, as JSON.",
}


def write(release: Release) -> Iterator[bytes]:
    """Yield the file in pieces of one megabyte."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "items.parquet"
        save(path, releases.items(release))
        yield from pieces(path)


def view(name: str, found: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Yield rows of one of VIEWS as a file in pieces of one megabyte; nested values are JSON text."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        save(path, found, VIEWS[name])
        yield from pieces(path)


def pieces(path: Path) -> Iterator[bytes]:
    """Yield a file in pieces of one megabyte."""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def save(path: Path, items: Iterable[dict[str, Any]], schema: pa.Schema = SCHEMA) -> int:
    """Write items into a Parquet file and return how many; 5,000 in memory at a time, or fewer that are large."""
    count = 0
    with pq.ParquetWriter(path, schema) as writer:
        for some in portions((_row(one, schema) for one in items), most=AT_ONCE, weight=_letters):
            writer.write_table(pa.Table.from_pylist(some, schema))
            count += len(some)
    return count


def _letters(row: dict[str, Any]) -> int:
    return sum(len(cell) for cell in row.values() if isinstance(cell, str))


def _row(one: dict[str, Any], schema: pa.Schema) -> dict[str, Any]:
    """Return an item's columns: what is nested as JSON, nothing where it has none."""
    found = {name: one.get(name) for name in schema.names}
    return {name: _json(value) if isinstance(value, dict | list) else value for name, value in found.items()}


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
