"""The test that is named for each guard: it fails when the guard is off, and is tried first."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

# Of all apps, where one is asked for.
EVERY = "every"
NAMED = Path(__file__).with_name("guards.txt")


def named() -> dict[str, str]:
    """Return the tests by their guards."""
    lines = [line.split(maxsplit=1) for line in NAMED.read_text().splitlines() if not line.startswith("#")]
    return dict(lines)


def name(tried: Iterable[dict[str, Any]]) -> None:
    """Write down which test misses each guard, of those that a run has tried off."""
    head = [line for line in NAMED.read_text().splitlines() if line.startswith("#")]
    found = {
        one["target"]: one["by"] for one in tried if one["outcome"] == "killed" and one["mutant"].endswith(": off")
    }
    lines = [f"{guard} {test}" for guard, test in sorted((named() | found).items())]
    NAMED.write_text("\n".join([*head, *lines]) + "\n")
