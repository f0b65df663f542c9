"""How many paid answers does the built-in machine need, in the order of its doubt and in any order?

On published answers of a real crowd (product-match): of each pair the first three answers, their majority is what the
machine learns; how often it is right is told by the truth, of 2,000 pairs nobody is paid for.
`python -m tests.bench.learning` prints the table.
"""

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.machines import baseline, learning
from tests.bench.place import ROOT, Place

FOLDER = Path(ROOT).parent / "shared" / "data" / "product-match"
EACH, KEPT, DRAWS, ENOUGH = 3, 2_000, 8, 1_500
AIMS = (0.915, 0.920, 0.925, 0.9275, 0.930)

type Curve = list[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Crowd:
    """The pairs as the machine sees them, what most of three said of each, and the truth."""

    table: Any
    said: npt.NDArray[np.str_]
    truth: npt.NDArray[np.str_]


def crowd() -> Crowd:
    """Return the published pairs and answers."""
    pairs = [json.loads(line) for line in (FOLDER / "pairs.jsonl").read_text().splitlines()]
    truth = {row["pair"]: row["same"] for row in _rows("truth.csv")}
    answers: dict[str, list[int]] = {}
    for row in _rows("answers.csv"):
        answers.setdefault(row["pair"], []).append(int(row["answer"]))
    most = [str(int(2 * sum(answers[pair["id"]][:EACH]) > EACH)) for pair in pairs]
    table = baseline.described([{side: pair[side] for side in baseline.PAIR} for pair in pairs])
    return Crowd(table, np.array(most), np.array([truth[pair["id"]] for pair in pairs]))


def _rows(name: str) -> Iterable[dict[str, str]]:
    return csv.DictReader((FOLDER / name).read_text().splitlines())


def curve(given: Crowd, *, by_doubt: bool, seed: int) -> Curve:
    """Return after how many answers the machine is right how often, taught anew with every fifth more."""
    drawn = np.random.default_rng(seed).permutation(len(given.truth))
    kept, left = drawn[:KEPT], list(drawn[KEPT:])
    first = -(-learning.LEAST // EACH)
    known, left, found = left[:first], left[first:], []
    while len(known) < ENOUGH:
        machine = baseline.taught(given.table[known], given.said[known])
        found.append((EACH * len(known), float((machine.predict(given.table[kept]) == given.truth[kept]).mean())))
        if by_doubt:
            chances = machine.predict_proba(given.table[left]).max(axis=1)
            left = [left[place] for place in np.argsort(chances, kind="stable")]
        more = max(1, round((learning.GROWTH - 1) * len(known)))
        known, left = known + left[:more], left[more:]
    return found


def needed(curves: list[Curve], aim: float) -> int | None:
    """Return the fewest answers at which the machine is right as often as that, over all draws; None if never."""
    means = [(steps[0][0], np.mean([right for _answers, right in steps])) for steps in zip(*curves, strict=True)]
    return next((answers for answers, right in means if right >= aim), None)


def measure(_here: Place | None) -> list[tuple[str, str]]:
    """Return the answers needed for each aim, in both orders, and how many fewer by doubt."""
    if not FOLDER.exists():
        return [("learn product-match", f"not measured: no data at {FOLDER}")]
    given = crowd()
    both = [[curve(given, by_doubt=doubt, seed=seed) for seed in range(DRAWS)] for doubt in (False, True)]
    return [_told(aim, *(needed(curves, aim) for curves in both)) for aim in AIMS]


def _told(aim: float, anyhow: int | None, by_doubt: int | None) -> tuple[str, str]:
    less = f"{100 * (1 - by_doubt / anyhow):.0f} % fewer" if anyhow and by_doubt else "not reached"
    return (
        f"answers until {100 * aim:.2f} % right (aim 30 % fewer)",
        f"{anyhow} in any order, {by_doubt} by doubt: {less}",
    )


def main() -> None:
    """Print the table."""
    for name, figure in measure(None):
        print(f"{name:<56}  {figure}", flush=True)  # noqa: T201 - the table is what the command is for


if __name__ == "__main__":
    main()
