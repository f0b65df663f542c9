"""All tests that speak of a mutant, for each mutant of a sample, until one fails."""

import inspect
import json
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from tests import conftest
from tests.mutation import code, database
from tests.mutation.mutants import Incompetent, Mutant

# These look at the whole schema, play thousands of random steps, or take minutes: none of them speaks of one guard.
LEFT_OUT = ("test_model", "test_interleavings", "test_kept", "test_pages", "test_case_pages")
EQUIVALENT = Path(__file__).with_name("equivalent.txt")


class Tests:
    """The tests of a run, and what each one speaks of."""

    def __init__(self, session: pytest.Session) -> None:
        """Read what the tests say."""
        self.items = [item for item in session.items if isinstance(item, pytest.Function)]
        self.items = [item for item in self.items if item.path.stem not in LEFT_OUT]
        self.text = {item: _text(item) for item in self.items}
        self.file = {path: path.read_text() for path in {item.path for item in self.items}}

    def of(self, mutant: Mutant) -> list[pytest.Function]:
        """Return all tests: those that name a mutant's target, then what is near it, then those in files that do."""

        def distance(item: pytest.Function) -> int:
            said = (self.text[item], self.file[item.path])
            asked = [(mutant.words, said[0]), (mutant.near, said[0]), (mutant.words, said[1]), (mutant.near, said[1])]
            return next((n for n, (words, text) in enumerate(asked) if any(word in text for word in words)), len(asked))

        return sorted(self.items, key=distance)

    def fails(self, item: pytest.Function) -> bool:
        """Run a test, keep what the session shares, and tell whether it fails."""
        # What pytest is told comes next is what it does not tear down: never the test itself.
        other = next(one for one in self.items if one.path != item.path)
        reports = runtestprotocol(item, log=False, nextitem=other)
        return any(report.failed for report in reports)


def _text(item: pytest.Function) -> str:
    """Return a test's own words and those it is given."""
    given = getattr(item, "callspec", None)
    return inspect.getsource(item.function) + (repr(given.params) if given else "")


class Run:
    """A run over a sample of the mutants of an app, as the environment says."""

    def __init__(self, session: pytest.Session) -> None:
        """Start what the tests share with the first of them."""
        self.asked = json.loads(os.environ["MUTATION"])
        self.tests = Tests(session)
        if self.tests.fails(self.tests.items[0]):
            pytest.exit("the first test fails without any mutant", returncode=3)
        cluster = conftest.shared_cluster()
        urls = [cluster.url("postgres", name) for name in (conftest.TEMPLATE, "workhall_test")]
        known = [*database.mutants(urls, self.asked["app"]), *code.mutants(self.asked["app"])]
        self.known = [mutant for mutant in known if mutant.name not in equivalent()]
        self.ends = time.monotonic() + self.asked["seconds"]

    def results(self) -> Iterator[dict[str, Any]]:
        """Yield what became of each mutant of the sample, as long as there is time."""
        draw = random.Random(self.asked["seed"])  # noqa: S311 - a sample that can be drawn again
        chosen = draw.sample(self.known, min(self.asked["sample"], len(self.known)))
        for mutant in chosen:
            if time.monotonic() > self.ends:
                return
            yield {"mutant": mutant.name, "target": mutant.target, **self.tried(mutant)}

    def tried(self, mutant: Mutant) -> dict[str, Any]:
        """Run the tests of a mutant until one fails; whoever fails must pass again without it."""
        run, by = 0, None
        try:
            with mutant.at_work():
                began = time.monotonic()
                for item in self.tests.of(mutant):
                    if time.monotonic() - began > self.asked["each"]:
                        break
                    run += 1
                    if self.tests.fails(item):
                        by = item
                        break
        except Incompetent as error:
            return {"outcome": "incompetent", "why": str(error)}
        if by is not None and self.tests.fails(by):
            return {"outcome": "unsound", "by": by.nodeid}
        return {"outcome": "killed" if by else "survived", "by": by and by.nodeid, "tests": run}


def equivalent() -> set[str]:
    """Return the names of the mutants that change nothing, each with a reason on the line after it."""
    lines = EQUIVALENT.read_text().splitlines()
    return {line for line in lines if line and not line.startswith(("#", "    "))}
