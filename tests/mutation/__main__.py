"""Weaken the guards of an app one at a time and say which no test misses: `python -m tests.mutation --sample 50`."""

import json
import math
import os
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.mutation import kept, named
from tests.mutation.named import EVERY

# Where the tests of an app's guards stand; of every app's, their words alone say which are likely.
TESTS = {
    "governance": (
        "tests/governance", "tests/payments/test_attacks.py", "tests/payments/test_policies.py",
        "tests/payments/test_budgets.py", "tests/payments/test_enactments.py", "tests/payments/test_floors.py",
        "tests/payments/test_registry.py", "tests/payments/test_surplus.py", "tests/payments/test_surplus_promises.py",
        "tests/payments/test_versions.py", "tests/payments/test_replay.py", "tests/payments/test_alike.py",
        "tests/payments/test_raises.py", "tests/payments/test_held.py",
        "tests/database/test_kept.py", "tests/database/test_frozen.py", "tests/database/test_present.py",
        "tests/database/test_founding.py", "tests/test_attacks.py", "tests/tasks/test_turned_away.py",
    ),
    EVERY: (
        "tests/governance", "tests/payments", "tests/tasks", "tests/people", "tests/record", "tests/database",
        "tests/test_attacks.py", "tests/test_privacy.py",
    ),
}  # fmt: skip
# What a test fails with is not read; the log of what pages refuse says nothing either.
QUIET = ("-q", "-s", "--tb=no", "-p", "no:logging", "-p", "no:xdist", "-p", "no:cacheprovider")


def asked() -> Namespace:
    """Return what the command line asks for."""
    parser = ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--app", default="governance", choices=TESTS, help="its guards, or those of every app")
    parser.add_argument("--sample", type=int, help="how many, drawn with --seed; all without")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="mutants whose names have these words")
    parser.add_argument(
        "--guards", action="store_true", help="each guard and constraint of the database off, after the sample"
    )
    parser.add_argument(
        "--named", action="store_true", help="each guard of every app off, against the test named for it"
    )
    parser.add_argument("--part", type=int, nargs=2, default=(0, 1), help="which part of how many, from 0")
    parser.add_argument("--seconds", type=float, default=86_400, help="for the whole run")
    parser.add_argument("--each", type=float, default=20, help="seconds of computing for one mutant")
    parser.add_argument("--afresh", action="store_true", help="find out anew what each test runs")
    parser.add_argument("--again", type=Path, help="a file so kept: only those that survived there")
    parser.add_argument(
        "--keep", type=Path, help="a file for what became of each mutant, one JSON a line; a run goes on where it ends"
    )
    parser.add_argument(
        "--name", action="store_true", help="of --guards, those that no test is named for; write down which misses them"
    )
    parser.add_argument("--least", type=float, default=0.9, help="the score below which the run fails")
    return parser.parse_args()


def wished(asked: Namespace) -> Iterator[dict[str, Any]]:
    """Run what the command line asks for, in a cluster of its own."""
    os.environ.pop("WORKHALL_TEST_STATE", None)
    if asked.named:
        chosen = [(guard, test) for guard, test in sorted(named.named().items()) if asked.only in guard]
        part, parts = asked.part
        return named_off(chosen[part::parts])
    return results(
        vars(asked) | {"keep": str(asked.keep or ""), "again": str(asked.again or ""), "named": None, "beside": None},
        TESTS[asked.app],
    )


def named_off(
    guards: Sequence[tuple[str, str]], *, beside: str | None = None, app: str | None = None
) -> Iterator[dict[str, Any]]:
    """Switch each of some guards off against the test named for it; of an `app`, weaken what is named likewise.

    `beside` a process of a run of tests, by its id.
    """
    return results({"named": guards, "beside": beside, "app": app}, sorted({test for _guard, test in guards}))


def results(asked: dict[str, Any], tests: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Run mutants in a process of these tests and yield what it says of each."""
    command = [sys.executable, "-m", "pytest", *QUIET, "-p", "tests.mutation.plugin", *tests]
    environment = os.environ | {"MUTATION": json.dumps(asked)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        for line in process.stdout or ():
            if line.startswith("{"):
                yield json.loads(line)
            elif line.strip():
                print(line, end="", file=sys.stderr)  # noqa: T201 - what pytest itself says


def main() -> int:
    """Print the survivors and the score, as a whole and for each guard; fail below the least, or if none was tried."""
    wish, known = asked(), 0
    tried = kept.kept(wish.keep)
    for result in wished(wish):
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
        print(f"{of['killed']:>4} of {held(of):>3} killed  {name}")  # noqa: T201 - a report
    for one in tried:
        if one["outcome"] in {"failed", "gone"}:
            print(f"{one['outcome']}: {one['target']} {one.get('by', '')} {one.get('why', '')}")  # noqa: T201 - likewise
        if one["outcome"] in kept.NOT_MISSED:
            print(f"{one['outcome']} after {one['tests']} tests: {one['mutant']}")  # noqa: T201 - likewise
    of_all = held(counts)
    share = counts["killed"] / of_all if of_all else 0.0
    low, high = between(share, of_all)
    print(f"{counts['killed']} of {of_all} killed: {share:.1%}; seed {wish.seed}")  # noqa: T201 - likewise
    print(f"95 % between {low:.1%} and {high:.1%}")  # noqa: T201 - likewise
    print(f"{dict(counts)} of {known} known")  # noqa: T201 - likewise
    return int(share < wish.least)


def held(counts: Counter[str]) -> int:
    """Return of how many mutants the score speaks; one whose tests were cut off by the time counts as not missed."""
    return sum(counts[outcome] for outcome in ("killed", *kept.NOT_MISSED))


def between(share: float, held: int) -> tuple[float, float]:
    """Return the 95 % interval of a share among so many, by Wilson's formula."""
    z, n = 1.96, max(held, 1)
    middle, wide = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (middle - wide) / (1 + z * z / n), (middle + wide) / (1 + z * z / n)


if __name__ == "__main__":
    sys.exit(main())
