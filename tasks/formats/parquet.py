"""Parquet: one row for each item.

What is nested stands as JSON text, the same for every kind of work, and beside it in columns of its own types
(`tasks.formats.typed`).
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from coop.portions import portions
from tasks import releases
from tasks.formats import typed, zipped
from tasks.models import Release

AT_ONCE, HEAVIEST = 5_000, 16_000_000
OWN = tuple(f"{part}_" for part in typed.PARTS)
SCHEMA = pa.schema(
    [
        ("id", pa.string()), ("split", pa.string()), ("data", pa.string()), ("result", pa.string()),
        ("confidence", pa.float64()), ("agreement", pa.float64()), ("composed", pa.string()),
        ("answers", pa.string()),
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
            ("agreement", pa.float64()), ("composed", pa.string()), ("answers", pa.int64()),
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
    "composed": "Where no whole answer was given more often than every other: each part with how sure it is, as JSON.",
    "answers": "Each answer, with the pseudonym of who gave it and its rate card, as JSON.",
}


def described(name: str) -> str:
    """Return what a column holds, in words."""
    part, _line, key = name.partition("_")
    return COLUMNS.get(name) or f"“{key}” of {'what was shown' if part == 'data' else 'what the answers came to'}."


def write(release: Release) -> Iterator[bytes]:
    """Yield the file in pieces of one megabyte."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "items.parquet"
        save(path, releases.items(release), with_types(release))
        yield from pieces(path)


def with_types(release: Release) -> pa.Schema:
    """Return the columns of a version: those of every kind of work, then those of its own types. It is read once."""
    found = typed.columns(releases.items(release))
    return pa.schema([*SCHEMA, *(pa.field(name, kind) for name, kind in found.items())])


def view(name: str, found: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Yield rows of one of VIEWS as a file in pieces of one megabyte; nested values are JSON text."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        save(path, found, VIEWS[name])
        yield from pieces(path)


def pieces(path: Path) -> Iterator[bytes]:
    """Yield a file in pieces of one megabyte."""
    with path.open("rb") as file:
        yield from zipped.pieces(file)


def save(path: Path, items: Iterable[dict[str, Any]], schema: pa.Schema = SCHEMA) -> int:
    """Write items into a Parquet file and return how many; 5,000 in memory at a time, or fewer that are large."""
    count = 0
    with pq.ParquetWriter(path, schema) as writer:
        for some in portions(_rows(items, schema), most=AT_ONCE, weight=_letters, heaviest=HEAVIEST):
            writer.write_table(pa.Table.from_pylist(some, schema))
            count += len(some)
    return count


def _letters(row: dict[str, Any]) -> int:
    cells = [it["bytes"] if isinstance(it, dict) and "bytes" in it else it for it in row.values()]
    return sum(len(cell) for cell in cells if isinstance(cell, str | bytes))


def _rows(items: Iterable[dict[str, Any]], schema: pa.Schema) -> Iterator[dict[str, Any]]:
    """Yield each item's columns: as JSON where the column is a text and it is nested, nothing where it has none."""
    own = [name for name in schema.names if name.startswith(OWN)]
    others = [name for name in schema.names if name not in own]
    texts = {name for name in others if pa.types.is_string(schema.field(name).type)}
    for one in items:
        found = {name: _text(one.get(name)) if name in texts else one.get(name) for name in others}
        yield found | typed.cells(one, own)


def _text(value: object) -> object:
    return json.dumps(value, sort_keys=True, ensure_ascii=False) if isinstance(value, dict | list) else value
