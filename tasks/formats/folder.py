"""A folder as Hugging Face reads it: one Parquet file for each split, a card, and the pay certificate; as ZIP."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_STORED, ZipFile

import pyarrow as pa

from tasks import releases
from tasks.formats import card, carried, parquet
from tasks.models import Release

# Returns the texts that a format adds, from the folder of the files and the splits that have one.
type More = Callable[[Release, Path, list[str]], dict[str, str]]


def write(release: Release) -> Iterator[bytes]:
    """Yield the ZIP in pieces."""
    return packed(release, _more)


def write_with_files(release: Release) -> Iterator[bytes]:
    """Yield the ZIP in pieces, images and recordings in its rows."""
    return packed(release, _more, files=True)


def packed(release: Release, more: More, *, files: bool = False) -> Iterator[bytes]:
    """Yield a ZIP of one Parquet file for each split, what goes with every version, and what `more` says."""
    with TemporaryDirectory() as name:
        folder, schema = Path(name), _columns(release, files=files)
        # A split that nothing fell into has no file: programs take an empty one for a fault.
        splits = [split for split in release.splits if _save(release, split, folder, schema, files=files)]
        texts = {"certificate.json": card.bundle(release), "STATEMENT.md": card.statement(release)}
        with ZipFile(folder / "all.zip", "w", ZIP_STORED) as packing:
            for text, content in {**texts, **more(release, folder, splits)}.items():
                packing.writestr(text, content)
            for split in splits:
                packing.write(folder / f"{split}.parquet", f"data/{split}.parquet")
                (folder / f"{split}.parquet").unlink()
        yield from parquet.pieces(folder / "all.zip")


def _columns(release: Release, *, files: bool) -> pa.Schema:
    found = parquet.with_types(release)
    if not files:
        return found
    held = [pa.field(name, carried.FILE) for name in carried.parts(release.job)]
    return pa.schema([*found, *held]).with_metadata(carried.described(release.job))


def _save(release: Release, split: str, folder: Path, schema: pa.Schema, *, files: bool) -> int:
    chosen = (one for one in releases.items(release) if one["split"] == split)
    found = carried.carried(release, chosen) if files else chosen
    return parquet.save(folder / f"{split}.parquet", found, schema)


def _more(release: Release, _where: Path, splits: list[str]) -> dict[str, str]:
    files = "".join(f"  - split: {split}\n    path: data/{split}.parquet\n" for split in splits)
    head = f"---\nconfigs:\n- config_name: default\n  data_files:\n{files}---\n\n"
    return {"README.md": head + card.statement(release)}
