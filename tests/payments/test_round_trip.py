"""Ten thousand payouts to the bank and back: every one ends as the bank booked it, whatever went wrong on the way."""

import random
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from coop import clock
from coop.people.models import Client, Person
from governance.models import Office
from payments import accounts, background, details, escrow, invariants, ledger, payouts, reconciling, runs
from payments.ledger import Kind, Line
from payments.models import Payout, PayRun
from tests.money_in import endow
from tests.payments import bank
from tests.payments.bank import Faults
from tests.payments.conftest import JOB

MANY = 10_000


def ask(person: Person, at: datetime) -> list[Payout]:
    """Ask for many payouts of a dollar at once, with the rows that asking one by one writes."""
    (way,) = (way for way in payouts.ways(person, at=at) if way.rail.name == "bank")
    made = Payout.objects.bulk_create(
        Payout(person=person, amount=1, rail="bank", details=way.details, method=way.details.hint, requested_at=at)
        for _number in range(MANY)
    )
    refs = [f"payout:{payout.pk}" for payout in made]
    mine, out = accounts.payable(person.pk), accounts.CLEARING_OUT
    ledger.post_many([Line(Kind.PAYOUT, mine, out, Decimal(1), ref, ref, journal=ref) for ref in refs], at=at)
    return made


def test_ten_thousand_go_to_the_bank_and_back(
    orbit: Client, amina: Person, treasurer: Office, secretary: Office, later: Callable[..., datetime], now: datetime
) -> None:
    endow(orbit, amount=Decimal(MANY), reference="GRANT-M", by=treasurer, at=now)
    escrow.commit(JOB, amina.pk, 9_900_001, Decimal(MANY), at=now, onboarding=True)
    escrow.pay_onboarding(JOB, amina.pk, 9_900_001, Decimal(MANY), at=now)
    facts = {"holder": "Amina", "account": "DE89370400440532013000", "bic": ""}
    background.tell_of_details(details=details.give(amina, rail="bank", facts=facts, by=amina, at=now).pk)
    at = later(hours=73)
    ask(amina, at)
    prepared = runs.prepare("bank", at=at)
    assert prepared
    run = PayRun.objects.get(pk=runs.release(runs.check(prepared, by=treasurer, at=at), by=secretary, at=at).pk)
    content = runs.file(run, by=treasurer, at=at)
    runs.hand_over(run, by=treasurer, at=at)

    dice = random.Random(7)  # noqa: S311 - the same faults each time
    places = dice.sample(range(MANY), 120)
    faults = Faults(rejects=places[:100], loses=places[100:110], doubles=places[110:115], shortens=places[115:])
    before = ledger.balance(accounts.BANK)
    read = bank.read(bank.answer(content, faults), by=treasurer, at=clock.now())

    settled = MANY - 10 - 5
    assert read.found == {"settled": settled, "returned": 100, "repeated": 5, "partial": 5}
    assert ledger.balance(accounts.BANK) - before == settled - 100
    assert payouts.ready(amina) == 100
    assert ledger.balance(accounts.CLEARING_OUT) == 15
    assert reconciling.missing(at=later(days=6)).count() == 15
    assert not any(invariants.broken().values())
