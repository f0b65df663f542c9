"""Rounds of work, a blow, and a look at what stands."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from coop import serving
from coop.database import roles
from tests.bench.place import ROOT, Place
from tests.bench.web import free_port
from tests.crash import blows
from tests.crash.crowd import ROWS, Actor, Answered, Officers, Pair, Uploader

PATIENCE = 120
# After the database is back, the same web server goes on.
AFTER = 1.5


@dataclass(frozen=True, slots=True)
class Round:
    """What was struck, how many things were answered in it, and what of everything so far is lost or wrong, by name."""

    blow: str
    answered: int
    problems: dict[str, list[object]]


class Crash:
    """A platform under load that is struck again and again."""

    def __init__(self, here: Place, *, tasks: int) -> None:
        """Post what there is to do."""
        self.here, self.answered = here, Answered()
        self.url = here.cluster.url(roles.WEB, roles.DATABASE)
        self.facts = json.loads(here.run("-m", "tests.crash.prepare", str(tasks)))
        self.at = serving.Place("127.0.0.1", free_port(), workers=2)
        self.actors: list[Actor] = []

    def strike(self, name: str, *, seconds: float) -> Round:
        """Let everybody work for so many seconds, strike, and look when nobody asks any more."""
        before = self.answered.count()
        with serving.running(self.at, self.url) as site:
            serving.wait_until_it_answers(site)
            with self._work():
                time.sleep(seconds)
                blows.ALL[name](site, self.here.cluster)
                time.sleep(AFTER)
        return Round(name, self.answered.count() - before, self.look())

    def finish(self) -> dict[str, list[object]]:
        """Let the worker do all that was left, and return what is lost or wrong then."""
        with serving.running(self.at, self.url) as site:
            serving.wait_until_it_answers(site)
            until = time.monotonic() + PATIENCE
            while (found := self.look(rows=ROWS)) and time.monotonic() < until:
                time.sleep(2)
        return found

    def look(self, *, rows: int = 0) -> dict[str, list[object]]:
        """Return what was answered and does not stand, and which invariants of the books are broken."""
        environment = self.here.environment | {"DATABASE_URL": self.url}
        asked = json.dumps(asdict(self.answered) | {"rows": rows})
        command = [sys.executable, "-m", "tests.crash.truth"]
        done = subprocess.run(  # noqa: S603 - our own module
            command, cwd=ROOT, env=environment, input=asked, stdout=subprocess.PIPE, text=True, check=True
        )
        found: dict[str, list[object]] = json.loads(done.stdout)
        return found

    @contextmanager
    def _work(self) -> Iterator[None]:
        """Let everybody work for the length of a block, then wait until each has had an answer or has given up."""
        if not self.actors:
            self._begin()
        for actor in self.actors:
            actor.idle.clear()
            actor.resting.clear()
        yield
        for actor in self.actors:
            actor.resting.set()
        for actor in self.actors:
            actor.idle.wait(PATIENCE)
            if actor.failure:
                raise actor.failure

    def _begin(self) -> None:
        origin = self.at.origin
        pairs = [Pair(origin, self.answered, self.facts["job"], pair) for pair in self.facts["pairs"]]
        officers = Officers(origin, self.answered, self.facts["officers"])
        self.actors = [*pairs, officers, Uploader(origin, self.answered, self.facts["draft"], self.facts["key"])]
        for actor in self.actors:
            actor.start()


def plan(rounds: int, seed: int) -> list[tuple[str, float]]:
    """Return what is struck in each round, every way as often, and after how many seconds of work."""
    dice = random.Random(seed)  # noqa: S311 - to be drawn again
    names = [list(blows.ALL)[number % len(blows.ALL)] for number in range(rounds)]
    dice.shuffle(names)
    return [(name, dice.uniform(0.3, 3)) for name in names]
