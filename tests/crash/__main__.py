"""Strike a platform under load: `python -m tests.crash --rounds 50 --seed 1`; it fails when anything is lost."""

import sys
from argparse import ArgumentParser

from tests.bench.place import platform
from tests.crash import rounds


def main() -> int:
    """Print each round, and what is left when all is done."""
    parser = ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tasks", type=int, default=20_000)
    wish = parser.parse_args()
    lost = False
    with platform() as here:
        crash = rounds.Crash(here, tasks=wish.tasks)
        for number, (name, seconds) in enumerate(rounds.plan(wish.rounds, wish.seed), start=1):
            one = crash.strike(name, seconds=seconds)
            lost = lost or bool(one.problems)
            stands = one.problems or "all stands"
            print(f"{number:>3} {name:16} after {seconds:.1f} s, {one.answered} answered: {stands}", flush=True)  # noqa: T201 - a report
        left = crash.finish()
        print(f"{crash.answered.count()} answered in all; in the end: {left or 'all stands'}")  # noqa: T201 - likewise
    return int(lost or bool(left))


if __name__ == "__main__":
    sys.exit(main())
