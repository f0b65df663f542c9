"""Weaken the guards of an app one at a time and say which no test misses: `python -m tests.mutation --sample 50`."""

import json
import math
import os
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.mutation import named

TESTS = (
    "tests/governance",
    "tests/payments/test_attacks.py",
    "tests/payments/test_policies.py",
    "tests/payments/test_surplus_promises.py",
    "tests/test_attacks.py",
)
# What a test fails with is not read; the log of what pages refuse says nothing either.
QUIET = ("-q", "-s", "--tb=no", "-p", "no:logging", "-p", "no:xdist", "-p", "no:cacheprovider")


def asked() -> Namespace:
    """Return what the command line asks for."""
    parser = ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--app", default="governance")
    parser.add_argument("--sample", type=int, help="how many, drawn with --seed; all without")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="mutants whose names have these words")
    parser.add_argument(
        "--guards", action="store_true", help="each guard and constraint of the database off, after the sample"
    )
    parser.add_argument("--part", type=int, nargs=2, default=(0, 1), help="which part of how many, from 0")
    parser.add_argument("--seconds", type=float, default=86_400, help="for the whole run")
    parser.add_argument("--each", type=float, default=20, help="seconds of computing for one mutant")
    parser.add_argument("--afresh", action="store_true", help="find out anew what each test runs")
    parser.add_argument("--keep", type=Path, help="a file for what became of each mutant, one JSON a line")
    parser.add_argument("--name", action="store_true", help="write down which test misses each guard that is off")
    parser.add_argument("--least", type=float, default=0.9, help="the score below which the run fails")
    return parser.parse_args()


def results(asked: Namespace) -> Iterator[dict[str, Any]]:
    """Run the mutants in a process of tests and yield what it says of each."""
    command = [sys.executable, "-m", "pytest", *QUIET, "-p", "tests.mutation.plugin", *TESTS]
    environment = os.environ | {"MUTATION": json.dumps(vars(asked) | {"keep": None})}
    environment.pop("WORKHALL_TEST_STATE", None)
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        for line in process.stdout or ():
            if line.startswith("{"):
                yield json.loads(line)
            elif line.strip():
                print(line, end="", file=sys.stderr)  # noqa: T201 - what pytest itself says


def main() -> int:
    """Print the survivors and the score, as a whole and for each guard; fail below the least, or if none was tried."""
    wish, known = asked(), 0
    tried: list[dict[str, Any]] = []
    for result in results(wish):
        known = result.get("known", known)
        if "mutant" in result:
            tried.append(result)
            if wish.keep:
                with wish.keep.open("a") as file:
                    file.write(json.dumps(result, ensure_ascii=False) + "\n")
    if wish.name:
        named.name(tried)
    return tell(tried, known, wish)


def tell(tried: list[dict[str, Any]], known: int, wish: Namespace) -> int:
    """Print a run in words and return whether it fails."""
    counts = Counter(one["outcome"] for one in tried)
    targets = {one["target"]: Counter[str]() for one in tried}
    for one in tried:
        targets[one["target"]][one["outcome"]] += 1
    for name, of in sorted(targets.items()):
        print(f"{of['killed']:>4} of {of['killed'] + of['survived']:>3} killed  {name}")  # noqa: T201 - a report
    for one in tried:
        if one["outcome"] == "survived":
            print(f"survived {one['tests']}{'' if one['all'] else ' and more'} tests: {one['mutant']}")  # noqa: T201 - likewise
    held = counts["killed"] + counts["survived"]
    share = counts["killed"] / held if held else 0.0
    low, high = between(share, held)
    print(f"{counts['killed']} of {held} killed: {share:.1%}, 95 % between {low:.1%} and {high:.1%}; seed {wish.seed};")  # noqa: T201 - likewise
    print(f"{dict(counts)} of {known} known")  # noqa: T201 - likewise
    return int(share < wish.least)


def between(share: float, held: int) -> tuple[float, float]:
    """Return the 95 % interval of a share among so many, by Wilson's formula."""
    z, n = 1.96, max(held, 1)
    middle, wide = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (middle - wide) / (1 + z * z / n), (middle + wide) / (1 + z * z / n)


if __name__ == "__main__":
    sys.exit(main())
