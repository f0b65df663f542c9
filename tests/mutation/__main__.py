"""Weaken the guards of an app one at a time and say which no test misses: `python -m tests.mutation --sample 50`."""

import json
import os
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator
from typing import Any

ALL = 1_000_000
TESTS = (
    "tests/governance",
    "tests/payments/test_attacks.py",
    "tests/payments/test_policies.py",
    "tests/test_attacks.py",
)


def asked() -> Namespace:
    """Return what the command line asks for."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--app", default="governance")
    parser.add_argument("--sample", type=int, default=ALL, help="how many, drawn with --seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=86_400, help="for the whole run")
    parser.add_argument("--each", type=float, default=60, help="seconds for one mutant")
    return parser.parse_args()


def results(asked: Namespace) -> Iterator[dict[str, Any]]:
    """Run the mutants in a process of tests and yield what it says of each."""
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "tests.mutation.plugin", "-p", "no:xdist", *TESTS]
    environment = os.environ | {"MUTATION": json.dumps(vars(asked))}
    environment.pop("WORKHALL_TEST_STATE", None)
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        for line in process.stdout or ():
            if line.startswith("{"):
                yield json.loads(line)
            elif line.strip():
                print(line, end="", file=sys.stderr)  # noqa: T201 - what pytest itself says


def main() -> int:
    """Print the survivors and the score, as a whole and for each guard; fail below nine in ten."""
    counts, targets, survivors = Counter[str](), dict[str, Counter[str]](), []
    known = 0
    for result in results(asked()):
        known = result.get("known", known)
        if "mutant" in result:
            counts[result["outcome"]] += 1
            targets.setdefault(result["target"], Counter())[result["outcome"]] += 1
            if result["outcome"] == "survived":
                survivors.append(result)
    tell(counts, targets, survivors, known)
    return int(counts["unsound"] > 0 or counts["killed"] * 10 < 9 * (counts["killed"] + counts["survived"]))


def tell(counts: Counter[str], targets: dict[str, Counter[str]], survivors: list[dict[str, Any]], known: int) -> None:
    """Print a run in words."""
    for name, of in sorted(targets.items()):
        print(f"{of['killed']:>4} of {of['killed'] + of['survived']:>3} killed  {name}")  # noqa: T201 - a report
    for one in survivors:
        print(f"survived {one['tests']} tests: {one['mutant']}")  # noqa: T201 - likewise
    tried = counts["killed"] + counts["survived"]
    share = counts["killed"] / tried if tried else 0
    print(f"{counts['killed']} of {tried} killed ({share:.1%}); {dict(counts)} of {known} known")  # noqa: T201 - likewise


if __name__ == "__main__":
    sys.exit(main())
