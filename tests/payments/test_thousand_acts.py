"""A thousand acts by members, officers, clients, banks, peers, panels, voters and time: after each the books are right.

One long history instead of many short ones. Hypothesis keeps the steps and draws a number for each; the number and the
step draw the act, so that the simplest history is as good as any, and is the one that is walked. Each day walks
another: what fails says its seed, and `WORKHALL_SEED=20261127` walks that way again. It is not made smaller: a walk
takes as long as the test.
"""

import os
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import hypothesis
import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from pytest_django import Settings

from coop import clock
from payments import ledger, sealing
from payments.models import Fund, Transfer
from payments.open_ledger import Month
from tasks.models import Ground, Review
from tests.money_in import arrive, endow
from tests.payments import acts, leftover, test_chargebacks
from tests.payments.asked_after import AskedAfter
from tests.payments.at_work import AtWork
from tests.payments.everybody import TRAINING_JOB
from tests.payments.stripe import World
from tests.payments.test_books_property import JOBS

service = test_chargebacks.service
ACTS = int(os.environ.get("WORKHALL_ACTS", "1000"))
SEED = int(os.environ.get("WORKHALL_SEED") or f"{datetime.now(UTC):%Y%m%d}")
AGAIN = f"WORKHALL_SEED={SEED} walks the same way again"
# What takes weeks, or a vote, is done in turn, once in so many acts.
SELDOM = 40
ONLY_IN_THE_BOOKS = (*JOBS, leftover.JOB, TRAINING_JOB)


class Walk(RuleBasedStateMachine):
    """One act a step, and everything asked after it."""

    service: World
    tap: Callable[[AskedAfter], None]
    done = Counter[str]()
    kinds = set[int]()
    silent = False

    @initialize()
    def begin(self) -> None:
        """Do each thing once with money enough for it, so that nothing is walked past for want of it."""
        self.step = 0
        self.done.clear()
        self.books = AtWork()
        self.books.world = self.service
        self.books.begin()
        self.done.update(dict.fromkeys([*acts.often(self.books), *acts.seldom(self.books)], 0))
        self.asked = AskedAfter(self.books.orbit, self.books.officers[0], _beside)
        self.tap(self.asked)
        self.month: Month | None = None
        _first(self.books)
        self.ask()

    @rule(number=st.integers(0, 2**16))
    def act(self, number: int) -> None:
        """Do what the number and the step draw."""
        self.step += 1
        books = self.books
        books.chance.seed(f"{SEED}:{number}:{self.step}")
        books.at = clock.now()
        name, act = self._drawn()
        try:
            act()
            self.ask()
        except BaseException as error:
            error.add_note(f"act {self.step}: {name}; {AGAIN}")
            raise
        self.done[name] += 1

    def _drawn(self) -> tuple[str, Callable[[], object]]:
        often, seldom = acts.often(self.books), acts.seldom(self.books)
        if self.step % SELDOM == 0:
            return list(seldom.items())[self.step // SELDOM % len(seldom)]
        weights = [acts.OFTENER.get(name, 1) for name in often]
        return self.books.chance.choices(list(often.items()), weights)[0]

    def ask(self) -> None:
        """Ask what the ledger says, and whether everybody has what was counted beside it."""
        now = clock.now()
        if Month.of(now) != self.month:
            sealing.seal_due(now)
            self.month = Month.of(now)
        self.asked.ask(now)
        self.books.everybody_has_what_was_counted()

    def teardown(self) -> None:
        """Note what was posted, and take everything back."""
        if hasattr(self, "books"):
            self.kinds |= set(Transfer.objects.values_list("kind", flat=True))
            Walk.silent = Review.objects.filter(ground=Ground.SILENCE).exists()
            self.books.teardown()


def _beside(row: str) -> bool:
    """Tell whether an account is of a job that only the books know, as `payments_account job:700001:commit:3`."""
    return int(row.split(":")[1]) in ONLY_IN_THE_BOOKS


def _first(books: AtWork) -> None:
    """Bring money for everything, and do once what needs a whole quarter of it."""
    much, by = Decimal(2000), books.officers[0]
    arrive(books.orbit, amount=much, reference="MUCH", by=by, at=books.at)
    endow(books.orbit, amount=much, reference="HEAR", by=by, at=books.at, fund=Fund.HEARING)
    books.give_to_the_dispute_fund(Decimal(100))
    books.give_to_the_floor_fund(Decimal(100))
    books.fund(JOBS[0], much / 2)
    for who in (0, 1, 2):
        books.accept(books.claim(JOBS[0], who, Decimal(100)), 1)
    books.find_a_pause_unfounded(0)
    books.reinstate(1)
    books.votes_a_budget()
    books.ends_a_quarter()
    books.accept(books.claim(JOBS[0], 0, Decimal(100)), 1)
    books.divides_a_surplus()
    books.votes_a_budget()
    books.votes_a_raise()
    books.buy(400, 15_000)
    # A month that posts were held in is over, in a quarter whose fees reach.
    books.pass_time(timedelta(days=31))
    books.accept(books.claim(JOBS[0], 0, Decimal(100)), 1)
    books.pays_posts()


def test_a_thousand_acts_leave_the_books_right(
    db: None, settings: Settings, service: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MPESA_URL, settings.MPESA_INITIATOR, settings.MPESA_CERTIFICATE = "http://k:s@127.0.0.1:9/1", "a:b", "c"
    original, early = ledger.post_many, ledger.post_early

    def tap(asked: AskedAfter) -> None:
        monkeypatch.setattr(ledger, "post_many", asked.note(original))
        monkeypatch.setattr(ledger, "post_early", asked.note_early(early))

    for name, known in {"service": service, "tap": staticmethod(tap), "done": Counter(), "kinds": set()}.items():
        monkeypatch.setattr(Walk, name, known, raising=False)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    run_state_machine_as_test(Walk, settings=once())
    assert not [name for name, times in Walk.done.items() if not times], AGAIN
    assert set(ledger.Kind) == Walk.kinds, AGAIN
    assert sum(Walk.done.values()) == ACTS, AGAIN
    assert Walk.silent, AGAIN  # acceptance by silence, kind 8, is posted as kinds 5 to 7


def once() -> hypothesis.settings:
    """Return what lets hypothesis walk the simplest history, its beginning and all acts."""
    return hypothesis.settings(
        max_examples=1, stateful_step_count=ACTS + 1, deadline=None, derandomize=True, database=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
