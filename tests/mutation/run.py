"""All tests that come by a mutant, for each mutant of a sample, until one fails."""

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from tests import conftest
from tests.mutation import code, database
from tests.mutation.kept import NOT_MISSED, names
from tests.mutation.mutants import Incompetent, Mutant
from tests.mutation.named import EVERY, named
from tests.mutation.suite import TEST, Suite

EQUIVALENT = Path(__file__).with_name("equivalent.txt")
PRISTINE = "workhall_pristine"


class Run:
    """A run over a sample of the mutants of an app, as is asked."""

    def __init__(self, session: pytest.Session, asked: dict[str, Any]) -> None:
        """Start what the tests share with the first of them, and find out what each runs."""
        self.asked = asked
        self.suite = Suite(session)
        if self.suite.fails(next(iter(self.suite.items))):
            pytest.exit("the first test fails without any mutant", returncode=3)
        self.cluster = conftest.shared_cluster()
        if self.asked["app"] != EVERY:
            self.suite.trace(self.cluster, self.asked["app"], afresh=self.asked["afresh"])
        conftest.recreate(self.cluster, PRISTINE)
        urls = [self.cluster.url("postgres", name) for name in (conftest.TEMPLATE, TEST)]
        known = [*database.mutants(urls, self.asked["app"]), *code.mutants(self.asked["app"])]
        same = equivalent()
        self.known = [mutant for mutant in known if mutant.name not in same]
        self.ends = time.monotonic() + self.asked["seconds"]

    def results(self) -> Iterator[dict[str, Any]]:
        """Yield what became of each mutant of the sample, as long as there is time."""
        for mutant in self._chosen():
            if time.monotonic() > self.ends:
                return
            began = time.monotonic()
            result = self.tried(mutant)
            took = round(time.monotonic() - began, 1)
            yield {"mutant": mutant.name, "target": mutant.target, **result, "seconds": took}

    def _chosen(self) -> list[Mutant]:
        """Return what is to be tried: a sample; of a run over the guards, after it each guard off."""
        done = names(self.asked["keep"])
        known = [mutant for mutant in self.known if self.asked["only"] in mutant.name and mutant.name not in done]
        if self.asked["again"]:
            survivors = names(self.asked["again"], *NOT_MISSED)
            known = [mutant for mutant in known if mutant.name in survivors]
        draw = random.Random(self.asked["seed"])  # noqa: S311 - a sample that can be drawn again
        off = [mutant for mutant in known if self.asked["guards"] and mutant.name.endswith(": off")]
        if self.asked["name"]:
            off = [mutant for mutant in off if mutant.target not in named()]
        others = [mutant for mutant in known if not (off and mutant.name.endswith(": off"))]
        asked = self.asked["sample"]
        many = (0 if off else len(others)) if asked is None else min(asked, len(others))
        part, parts = self.asked["part"]
        return [*draw.sample(others, many), *draw.sample(off, len(off))][part::parts]

    def tried(self, mutant: Mutant) -> dict[str, Any]:
        """Run the tests of a mutant until one fails; whoever fails must pass again without it, or is asked no more."""
        try:
            by, run, all_run = self._first_to_fail(mutant)
            while by is not None and self._alone_fails(by):
                self.suite.dismiss(by)
                by, run, all_run = self._first_to_fail(mutant)
        except Incompetent as error:
            return {"outcome": "incompetent", "why": str(error)}
        if by is None:
            return {"outcome": "survived" if all_run else "cut off", "tests": run}
        self.suite.killed(mutant, by)
        return {"outcome": "killed", "by": by, "tests": run}

    def _first_to_fail(self, mutant: Mutant) -> tuple[str | None, int, bool]:
        """Return the test that fails, how many were run, and whether those were all that come by the mutant."""
        tests, began = self.suite.of(mutant), time.process_time()
        connections.close_all()
        with mutant.at_work():
            for run, test in enumerate(tests):
                if time.process_time() - began > self.asked["each"]:
                    return None, run, False
                if self.suite.fails(test):
                    connections.close_all()
                    return test, run + 1, True
            connections.close_all()
        return None, len(tests), True

    def _alone_fails(self, test: str) -> bool:
        """Tell whether a test fails without any mutant, in databases made anew if it does at first."""
        if not self.suite.fails(test):
            return False
        connections.close_all()
        for name in (conftest.TEMPLATE, TEST):
            conftest.recreate(self.cluster, name, template=PRISTINE)
        return self.suite.fails(test)


def equivalent() -> set[str]:
    """Return the names of the mutants that change nothing, each with a reason on the line after it."""
    lines = EQUIVALENT.read_text().splitlines()
    return {line for line in lines if line and not line.startswith(("#", "    "))}
