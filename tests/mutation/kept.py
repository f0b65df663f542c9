"""What became of mutants in the runs before, as a file keeps it: one JSON a line."""

import json
from pathlib import Path
from typing import Any

# After all its tests, or as many of them as its time was enough for.
NOT_MISSED = ("survived", "cut off")


def kept(path: Path | None) -> list[dict[str, Any]]:
    """Return what is kept, in the order in which it was found."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path and path.is_file() else []


def names(path: str, *outcomes: str) -> set[str]:
    """Return the names of the mutants that a file keeps; of some outcomes only, if they are said."""
    return {one["mutant"] for one in kept(Path(path)) if not outcomes or one["outcome"] in outcomes}
