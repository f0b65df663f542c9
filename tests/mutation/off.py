"""Guards off, and weakenings, each against the one test that misses it, which must fail then and pass otherwise."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.db import connections

from tests import conftest
from tests.mutation import code, database
from tests.mutation.suite import Suite


class Off:
    """A run over guards, or weakenings of an app by name, and the tests named for them, in this process's database."""

    def __init__(self, session: pytest.Session, named: Sequence[tuple[str, str]], app: str | None = None) -> None:
        """Start what the tests share with the first of them."""
        self.suite, self.named = Suite(session), named
        self.suite.fails(next(iter(self.suite.items)))
        urls = [conftest.shared_cluster().url("postgres", conftest.own_database(session.config))]
        self.known = {mutant.target: mutant for mutant in database.switched_off(urls)}
        if app:
            self.known |= {mutant.name: mutant for mutant in (*database.mutants(urls, app), *code.mutants(app))}

    def results(self) -> Iterator[dict[str, Any]]:
        """Yield what became of each guard, in the words of `Run`; "failed" is a test that fails with the guard on."""
        for guard, test in self.named:
            began = time.monotonic()
            outcome = self._tried(guard, test)
            took = round(time.monotonic() - began, 1)
            name = self.known[guard].name if guard in self.known else guard
            yield {"mutant": name, "target": guard, **outcome, "seconds": took}

    def _tried(self, guard: str, test: str) -> dict[str, Any]:
        if guard not in self.known:
            return {"outcome": "gone"}
        if test not in self.suite.items:
            return {"outcome": "failed", "by": test, "why": "there is no such test"}
        if self.suite.fails(test):
            return {"outcome": "failed", "by": test, "why": self.suite.why}
        connections.close_all()
        with self.known[guard].at_work():
            missed = self.suite.fails(test)
            connections.close_all()
        return {"outcome": "killed", "by": test} if missed else {"outcome": "survived", "tests": 1}
