"""Walk record, schema, votes, pay, ledger and standing, and say in plain words what does not add up."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from coop.audit import mandates, money, walks
from coop.audit.findings import Finding, Walk
from coop.audit.looking import looking

# What an auditor of the books asks for in one word.
PARTS = {"money": tuple(walk.name for walk in money.WALKS)}


def chosen(parts: list[str]) -> list[Walk]:
    """Return the walks of the parts asked for, all when none is, in their order."""
    names = {name for part in parts for name in PARTS.get(part, (part,))}
    return [walk for walk in walks.ALL if not parts or walk.name in names]


class Command(BaseCommand):
    """`manage.py audit`: exit code 1 when something does not add up. Any role that may read will do."""

    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what is looked at, and the form of the answer."""
        named = [*PARTS, *(walk.name for walk in walks.ALL)]
        parser.add_argument("parts", nargs="*", choices=[*named, []], metavar="PART", help=f"of {', '.join(named)}")
        parser.add_argument("--json", action="store_true", help="for machines")
        parser.add_argument(
            "--head", type=Path, action="append", default=[], help="a kept /record/head.json, or a letter"
        )
        parser.add_argument("--voters", type=int, metavar="VOTE", help="only say in whose names ballots were counted")

    def handle(self, **options: Any) -> None:
        """Walk, and say what was found."""
        if options["voters"] is not None:
            self.say_voters(options["voters"])
            return
        with looking():
            taken = [*chosen(options["parts"]), *(walks.of_head(file) for file in options["head"])]
            found = {walk: list(self.walk(walk, quiet=options["json"])) for walk in taken}
        certain = sum(one.certain for findings in found.values() for one in findings)
        (self.for_machines if options["json"] else self.in_words)(found)
        if certain:
            message = f"{certain} things do not add up; they stand above."
            raise CommandError(message)

    def say_voters(self, vote: int) -> None:
        """Print the numbers of those in whose names ballots lie in the box of a counted vote, for them to be asked."""
        with looking():
            for person in mandates.voters(vote):
                self.stdout.write(str(person))

    def walk(self, walk: Walk, *, quiet: bool) -> Iterator[Finding]:
        """Take one walk, showing how far it is."""
        with tqdm(desc=walk.name, unit=" rows", disable=quiet or not sys.stderr.isatty(), leave=False) as bar:
            yield from walk.find(lambda rows: bar.update(rows))  # noqa: PLW0108 - its own type is narrower

    def in_words(self, found: dict[Walk, list[Finding]]) -> None:
        """Print a line for each walk, and each finding under its walk."""
        for walk, findings in found.items():
            good = not any(one.certain for one in findings)
            mark = self.style.SUCCESS("good") if good else self.style.ERROR("LOOK")
            self.stdout.write(f"{mark}  {walk.name}: {walk.says}")
            for one in findings:
                self.stdout.write(f"      {one}" if one.certain else f"      (perhaps) {one}")

    def for_machines(self, found: dict[Walk, list[Finding]]) -> None:
        """Print one JSON object."""
        plain = {walk.name: [one.plain() for one in findings] for walk, findings in found.items()}
        certain = any(one.certain for findings in found.values() for one in findings)
        self.stdout.write(json.dumps({"adds_up": not certain, "walks": plain}, indent=1))
