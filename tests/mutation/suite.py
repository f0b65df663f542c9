"""The tests of a run: what each speaks of and what it runs, which come first for a mutant, whether one fails."""

import inspect
import signal
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Never

import pytest
from _pytest.runner import runtestprotocol
from django.db import connections

from coop.database.embedded import Cluster
from tests import conftest
from tests.mutation import traces
from tests.mutation.mutants import Mutant
from tests.mutation.named import named

# These play thousands of random steps, for longer than all others together: they speak of no guard in particular.
LEFT_OUT = ("test_model", "test_interleavings")
# These read whether a guard is on: that it does anything they do not say.
ONLY_READ = (
    "test_the_owners_guards_stay_on_in_every_session", "test_every_guard_of_ours_fires_whatever_the_session_says",
    "test_no_session_keeps_an_act_from_the_person", "test_a_decision_edited_even_by_the_owner",
    "test_what_was_written_stays", "test_a_version_has_a_number_above_zero_and_a_known_kind",
)  # fmt: skip
# These ask each guard there is by itself, and name none.
ASK_EACH = (
    "test_they_refuse_whoever_looks_at_the_past", "test_they_decide_on_what_stands_now",
    "test_only_the_owner_founds_by_the_founding_with_first_versions",
)  # fmt: skip
TEST = "workhall_test"
# How near a test is that speaks of the target itself: more than all that only stands around.
SPEAKS = 7
# A test that computes for so long has fallen into a mutant's loop.
LONGEST = 90


class Suite:
    """The tests that are collected, by their ids."""

    def __init__(self, session: pytest.Session) -> None:
        """Read what the tests say."""
        found = [item for item in session.items if isinstance(item, pytest.Function)]
        found = [item for item in found if item.path.stem not in LEFT_OUT and item.originalname not in ONLY_READ]
        self.items = {item.nodeid: item for item in found}
        self.text = {test: _text(item) for test, item in self.items.items()}
        self.file = {path: path.read_text() for path in {item.path for item in self.items.values()}}
        self.why = ""
        self.known = dict.fromkeys(self.items, traces.Trace())
        self.kills = {target: Counter([test]) for target, test in named().items()}
        self.found = traces.found()
        self.finds = Counter(self.found.values())
        for name, test in self.found.items():
            self.kills.setdefault(name.split(": ")[0], Counter())[test] += 1

    def trace(self, cluster: Cluster, app: str, *, afresh: bool) -> None:
        """Find out what the tests run, those of which it is not known; else every test may come by every mutant."""
        known = {} if afresh else traces.kept()
        counters = traces.Counters(cluster.url("postgres", TEST), TEST)
        for test, item in self.items.items():
            text = traces.text_of(item.path)
            if test not in known or known[test].text != text:
                known[test] = self._traced(test, app, counters, text)
                if len(known) % 100 == 0:
                    traces.keep(known)
        traces.keep(known)
        self.known = {test: known[test] for test in self.items}

    def _traced(self, test: str, app: str, counters: traces.Counters, text: str) -> traces.Trace:
        ran = set[str]()

        def run() -> bool:
            failed = self.fails(test)
            connections.close_all()
            if failed:
                print(f"fails while it is traced: {test}: {self.why}", file=sys.stderr)  # noqa: T201 - the run's own word
            return failed

        with _before_made_anew(counters, ran):
            trace = traces.of(run, app, counters, text)
        trace.ran |= ran
        return trace

    def of(self, mutant: Mutant) -> list[str]:
        """Return the tests that come by a mutant: first what found it or others of its target, then what is near.

        A test that is named for a guard may find it in the database by itself, and neither speak of it nor count.
        """
        touching = traces.touching(self.known, mutant.runs) if mutant.runs else self.items.keys()
        kills = self.kills.get(mutant.target) or self.kills.get(mutant.target.removeprefix("guard_"), Counter())
        found, near = self.found.get(mutant.name), self._nearness(mutant)
        speaking = {test for test, nearness in near.items() if nearness >= SPEAKS}
        order = {test: (test != found, -kills[test], -near[test], self._cost(test)) for test in self.items}
        chosen = (touching | speaking | kills.keys() | self._asking_each(mutant)) & self.items.keys()
        return sorted(chosen or self.items, key=lambda test: order[test])

    def _asking_each(self, mutant: Mutant) -> set[str]:
        """Return the tests that ask every guard; for a mutant of the database."""
        asked = any(name.startswith("sql:") for name in mutant.runs)
        return {test for test, item in self.items.items() if asked and item.originalname in ASK_EACH}

    def _cost(self, test: str) -> float:
        """Return how many seconds of a test have been spent on each mutant that it found, and on the next."""
        return self.known[test].seconds / (1 + self.finds[test])

    def _nearness(self, mutant: Mutant) -> dict[str, int]:
        """Return how much each test and its file say of a mutant's target and of what is near it."""
        file = {path: _says(text, mutant.words, 2) + _says(text, mutant.near, 1) for path, text in self.file.items()}
        return {
            test: _says(text, mutant.words, SPEAKS) + _says(text, mutant.near, 3) + file[self.items[test].path]
            for test, text in self.text.items() if test in self.items
        }  # fmt: skip

    def fails(self, test: str) -> bool:
        """Run a test, keep what the session shares, and tell whether it fails."""
        item = self.items[test]
        # What pytest is told comes next is what it does not tear down: the session, as the next may be of any folder.
        with _no_longer_than(LONGEST):
            reports = runtestprotocol(item, log=False, nextitem=item.session)  # type: ignore[arg-type]
        failed = [report for report in reports if report.failed]
        self.why = failed[0].longreprtext[-300:] if failed else ""
        return bool(failed)

    def dismiss(self, test: str) -> None:
        """Ask a test no more that fails without any mutant, and say so."""
        print(f"fails without any mutant: {test}: {self.why}", file=sys.stderr)  # noqa: T201 - the run's own word
        del self.items[test]

    def killed(self, mutant: Mutant, test: str) -> None:
        """Remember which test found a mutant, for others of its target and for the next run."""
        self.kills.setdefault(mutant.target, Counter())[test] += 1
        self.finds[test] += 1
        self.found[mutant.name] = test
        traces.keep_found(self.found)


def _text(item: pytest.Function) -> str:
    """Return a test's own words and those it is given."""
    given: Any = getattr(item, "callspec", None)
    return inspect.getsource(item.function) + (repr(given.params) if given else "")


def _says(text: str, words: Iterable[str], much: int) -> int:
    """Return so much if a text has one of these words, else nothing."""
    return much if any(word in text for word in words) else 0


@contextmanager
def _before_made_anew(counters: traces.Counters, ran: set[str]) -> Iterator[None]:
    """Ask what ran in a database before a test's end makes it anew."""
    made = conftest.recreate

    def recreate(cluster: Cluster, name: str, *, template: str = conftest.TEMPLATE) -> None:
        ran.update(counters.ran())
        made(cluster, name, template=template)
        counters.made_anew()

    conftest.recreate = recreate
    try:
        yield
    finally:
        conftest.recreate = made


@contextmanager
def _no_longer_than(seconds: float) -> Iterator[None]:
    def stop(*_signal: object) -> Never:
        pytest.fail(f"longer than {seconds} s", pytrace=False)

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
