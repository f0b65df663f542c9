"""Acts of several postings take what they move in one order: two of them wait, and neither is ended by the database."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from coop import clock
from coop.people import clients
from coop.people.models import Client, Person
from coop.record import events
from coop.refusals import Refused
from governance.models import Office
from payments import accounts, bank_statements, cards, escrow, invariants, ledger, paybacks, runs
from payments.models import Account, GivenStatement, Payout, PayRun
from tests.money_in import arrive
from tests.payments import bank, stripe
from tests.payments.bank import Line
from tests.payments.stripe import World
from tests.payments.test_card_races import service
from tests.payments.test_cards import begin as by_card
from tests.payments.test_deposits import FIFTY, theirs
from tests.payments.test_runs_attacks import asked, released, run

__all__ = ["asked", "released", "run", "service"]
pytestmark = pytest.mark.usefixtures("committed")
SEVENTY = Decimal(70)
type Begin = Callable[[Callable[[], object]], "Future[object]"]
WAITING = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()"""


@pytest.fixture
def begin(committed: None) -> Iterator[Begin]:
    """Return a function that begins an act on a connection of its own and gives what will come of it."""
    with ThreadPoolExecutor() as pool:

        def go(act: Callable[[], object]) -> object:
            try:
                return act()
            finally:
                connection.close()

        yield lambda act: pool.submit(go, act)


def until_waiting(many: int) -> None:
    """Return once so many sessions wait for a lock."""
    with connection.cursor() as cursor:
        for _time in range(200):
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(WAITING)
            if cursor.fetchone() == (many,):
                return
            time.sleep(0.05)
    raise AssertionError


@pytest.fixture
def firm(asked: Payout, olga: Person, treasurer: Office) -> Client:
    """Return a client whose balance was opened after what is on its way, so that both orders meet."""
    found = clients.found("Firm", slug="firm", by=olga, at=clock.now())
    arrive(found, amount=SEVENTY, reference="BANK-FIRM", by=treasurer, at=clock.now())
    ids = {code: Account.objects.get(code=code, currency="USD").pk
           for code in (accounts.CLEARING_OUT, accounts.client(found.pk))}  # fmt: skip
    assert ids[accounts.CLEARING_OUT] < ids[accounts.client(found.pk)]
    return found


@pytest.fixture
def given(firm: Client, asked: Payout, released: PayRun, treasurer: Office) -> GivenStatement:
    """Return a statement with a deposit of the client's, and a payout that arrived."""
    runs.file(released, by=treasurer, at=clock.now())
    lines = [theirs(firm), Line(Decimal(-5), runs.key_of(asked.pk))]
    return bank_statements.give(bank.statement(lines), by=treasurer, at=clock.now())[0]


def ask(client: Client, by: Person) -> object:
    return paybacks.ask(client, amount=Decimal(10), key=uuid4(), by=by, at=clock.now())


def test_a_payback_that_comes_while_a_statement_is_booked(
    given: GivenStatement, firm: Client, asked: Payout, olga: Person, secretary: Office, begin: Begin
) -> None:
    with transaction.atomic():
        Payout.objects.select_for_update().get(pk=asked.pk)
        booked = begin(lambda: bank_statements.confirm(given, by=secretary, at=clock.now()))
        until_waiting(1)
        # Half-way through, the statement holds no account that this one needs.
        begin(lambda: ask(firm, olga)).result(timeout=20)
    booked.result(timeout=20)
    assert escrow.available(firm) == SEVENTY + FIFTY - 10
    assert not any(invariants.broken().values())


def test_a_statement_that_comes_while_money_is_asked_back(
    given: GivenStatement, firm: Client, olga: Person, secretary: Office, begin: Begin
) -> None:
    taken, go_on = threading.Event(), threading.Event()

    @transaction.atomic
    def ask_twice() -> None:
        ask(firm, olga)
        taken.set()
        assert go_on.wait(20)
        ask(firm, olga)

    asking = begin(ask_twice)
    assert taken.wait(20)
    booked = begin(lambda: bank_statements.confirm(given, by=secretary, at=clock.now()))
    until_waiting(1)
    go_on.set()
    asking.result(timeout=20)
    booked.result(timeout=20)
    assert escrow.available(firm) == SEVENTY + FIFTY - 20
    assert not any(invariants.broken().values())


def test_a_card_that_is_paid_and_settled_at_once_while_a_job_gives_back(
    service: World, orbit: Client, olga: Person, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    escrow.fund(700_009, escrow.available(orbit), orbit, 1, by=None, at=clock.now())
    first, second = (by_card(orbit, olga, amount) for amount in ("20", "25"))
    stripe.pay(service, first.session)
    stripe.settle(service)
    cards.go_on(at=clock.now())
    escrow.fund(700_009, Decimal(20), orbit, 2, by=None, at=clock.now())
    stripe.dispute(service, first.session)
    cards.heard_of(at=clock.now())
    stripe.pay(service, second.session)
    stripe.settle(service)
    write, beside = events.write, []

    def slow(kind: str, **facts: Any) -> None:
        write(kind, **facts)
        if kind == "cards.paid":
            beside.append(begin(lambda: escrow.refund(700_009, Decimal(12), orbit, 1, at=clock.now())))
            until_waiting(1)

    monkeypatch.setattr(events, "write", slow)
    assert cards.ask(second, at=clock.now())
    beside[0].result(timeout=20)
    assert (escrow.available(orbit), escrow.owed(orbit)) == (Decimal(17), Decimal(0))
    assert not any(invariants.broken().values())


def test_the_same_statement_given_twice_at_once(
    firm: Client, treasurer: Office, secretary: Office, begin: Begin
) -> None:
    content = bank.statement([theirs(firm)])
    with transaction.atomic():
        bank_statements.give(content, by=treasurer, at=clock.now())
        second = begin(lambda: bank_statements.give(content, by=secretary, at=clock.now()))
        until_waiting(1)
    with pytest.raises(Refused, match="waits for another officer"):
        second.result(timeout=20)


def test_two_statements_that_follow_the_same_one_are_confirmed_at_once(
    firm: Client, treasurer: Office, secretary: Office, begin: Begin
) -> None:
    first = bank_statements.give(bank.statement([theirs(firm)]), by=treasurer, at=clock.now())[0]
    fork = GivenStatement.objects.create(
        number=f"{bank.ACCOUNT}/S-9", digest="", currency="USD", opening=first.opening, closing=first.opening, lines=[],
        given_by=treasurer, given_at=clock.now(),
    )  # fmt: skip
    bank.read(bank.statement([], number="S-0"), by=treasurer, at=clock.now())
    with transaction.atomic():
        bank_statements.confirm(first, by=secretary, at=clock.now())
        second = begin(lambda: bank_statements.confirm(fork, by=secretary, at=clock.now()))
        until_waiting(1)
    with pytest.raises(Refused, match="does not follow on"):
        second.result(timeout=20)


def test_accounts_are_held_by_their_ids_however_they_are_named(firm: Client, begin: Begin) -> None:
    """Ten times each way round: whoever names them backwards waits as well."""
    names = [("USD", code) for code in (accounts.BANK, accounts.CLEARING_OUT, accounts.client(firm.pk))]

    @transaction.atomic
    def held(named: list[tuple[str, str]]) -> None:
        ledger.hold(named)
        time.sleep(0.01)
        ledger.hold([*named, ("USD", "nobody:1"), ("XXX", accounts.BANK)])

    for each in [begin(lambda way=way: held(names[::way])) for _turn in range(10) for way in (1, -1)]:  # type: ignore[misc]
        each.result(timeout=20)
