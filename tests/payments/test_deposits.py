"""Money that comes in is credited once: as a statement has it, or as two officers say, in whatever order and words."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client as Browser
from stdnum.iso7064 import mod_97_10

from coop import clock
from coop.people import clients
from coop.people.models import Client, Person
from coop.refusals import Refused
from governance.models import Office
from payments import accounts, deposits, escrow, ledger, questions, reconciling
from payments.models import Deposit, DepositProof, Fund, Outcome, RailEvent, Transfer
from tests.money_in import arrive
from tests.payments import bank
from tests.payments.bank import Line
from tests.payments.conftest import owning
from tests.payments.correcting import take_back
from tests.payments.test_attacks import POST, posting

type Attack = Callable[..., None]
type SignedIn = Callable[[Person], Browser]
FIFTY = Decimal(50)
PROVE = "INSERT INTO payments_depositproof (deposit_id, line_id, by_id, at) VALUES (%s, %s, %s, coop_now())"
PROVED = "deposits_are_proved_by_another"


@pytest.fixture
def has(orbit: Client) -> Callable[[], Decimal]:
    """Return a function that tells by how much Orbit's balance has grown."""
    before = escrow.available(orbit)
    return lambda: escrow.available(orbit) - before


@pytest.fixture
def noted(orbit: Client, treasurer: Office) -> Deposit:
    """Return fifty dollars that the treasurer wrote down under the client's own reference."""
    reference = reconciling.client_reference(orbit)
    return deposits.record(orbit, amount=FIFTY, reference=reference, by=treasurer, at=clock.now())


def theirs(client: Client, amount: Decimal = FIFTY, **facts: str) -> Line:
    return Line(amount, words=f"Invoice 4, {reconciling.client_reference(client)}", **facts)


def reads(office: Office, *lines: Line, number: str = "S-1") -> dict[str, int]:
    """Read a statement and return how many of each outcome it had."""
    said = bank.read(bank.statement(lines, number=number), by=office, at=clock.now())
    return dict(said.found)


def test_what_one_officer_writes_down_is_nobodys_money(
    noted: Deposit, has: Callable[[], Decimal], treasurer: Office, secretary: Office, attack: Attack
) -> None:
    assert has() == 0
    with pytest.raises(Refused, match="another officer confirms it"):
        deposits.confirm(noted, by=treasurer, at=clock.now())
    target = accounts.client(noted.client_id)
    alone = posting(1, accounts.BANK, target, 50_000_000, f"deposit:{noted.pk}")
    attack(POST, alone, guard="deposits_are_credited_once_proved")
    attack(PROVE, [noted.pk, None, treasurer.pk], guard=PROVED)
    attack(PROVE, [noted.pk, None, 987_654], guard=PROVED)
    attack(PROVE, [noted.pk, None, None], guard=PROVED)
    deposits.confirm(noted, by=secretary, at=clock.now())
    assert has() == FIFTY
    with pytest.raises(Refused, match="confirmed already"):
        deposits.confirm(noted, by=secretary, at=clock.now())
    attack(PROVE, [noted.pk, None, secretary.pk], guard="a_deposit_is_confirmed_once")


def test_who_handles_no_money_confirms_none(noted: Deposit, samuel: Person, now: datetime, attack: Attack) -> None:
    safety = Office.objects.get(person=samuel)
    with pytest.raises(Refused, match="treasurer or the secretary"):
        deposits.confirm(noted, by=safety, at=now)
    attack(PROVE, [noted.pk, None, safety.pk], guard=PROVED)


def test_a_statement_finds_what_was_written_down_by_hand(
    orbit: Client, noted: Deposit, has: Callable[[], Decimal], treasurer: Office, secretary: Office
) -> None:
    assert reads(treasurer, theirs(orbit)) == {"deposit": 1}
    assert has() == FIFTY
    assert [one for one in orbit.deposits.all() if one.amount == FIFTY] == [noted]
    with pytest.raises(Refused, match="found or confirmed already"):
        deposits.confirm(noted, by=secretary, at=clock.now())


def test_a_statement_finds_what_two_officers_confirmed(
    orbit: Client, noted: Deposit, has: Callable[[], Decimal], treasurer: Office, secretary: Office
) -> None:
    deposits.confirm(noted, by=secretary, at=clock.now())
    assert reads(treasurer, theirs(orbit)) == {"deposit": 1}
    assert has() == FIFTY
    assert noted.proofs.count() == 2


def test_under_the_banks_own_reference_it_is_one_as_well(
    orbit: Client, has: Callable[[], Decimal], treasurer: Office, now: datetime
) -> None:
    arrive(orbit, amount=FIFTY, reference="B-7", by=treasurer, at=now)
    assert reads(treasurer, theirs(orbit, reference="B-7")) == {"deposit": 1}
    assert has() == FIFTY
    assert reads(treasurer, theirs(orbit, reference="B-7"), number="S-2") == {"repeated": 1}
    assert has() == FIFTY


def test_another_amount_under_the_same_reference_is_a_question(
    orbit: Client, has: Callable[[], Decimal], treasurer: Office, now: datetime
) -> None:
    arrive(orbit, amount=FIFTY, reference="B-7", by=treasurer, at=now)
    assert reads(treasurer, theirs(orbit, Decimal(51), reference="B-7")) == {"repeated": 1}
    assert has() == FIFTY


def test_two_payments_are_two(orbit: Client, noted: Deposit, has: Callable[[], Decimal], treasurer: Office) -> None:
    assert reads(treasurer, theirs(orbit), theirs(orbit)) == {"deposit": 2}
    assert has() == 2 * FIFTY


def test_what_came_after_it_was_written_down_is_other_money(
    orbit: Client, has: Callable[[], Decimal], treasurer: Office, now: datetime
) -> None:
    arrive(orbit, amount=FIFTY, reference="LAST", by=treasurer, at=now)
    later = f"{now + timedelta(days=2):%Y-%m-%d}"
    assert reads(treasurer, theirs(orbit, day=later)) == {"deposit": 1}
    assert has() == 2 * FIFTY


def test_two_credits_under_one_reference_are_one_and_a_question(
    orbit: Client, has: Callable[[], Decimal], treasurer: Office
) -> None:
    twice = theirs(orbit, reference="B-9")
    assert reads(treasurer, twice, twice) == {"deposit": 1, "repeated": 1}
    assert has() == FIFTY


def test_a_gift_with_a_clients_reference_is_not_credited_twice(
    orbit: Client, has: Callable[[], Decimal], treasurer: Office, secretary: Office, attack: Attack
) -> None:
    before = ledger.balance(accounts.TRAINING)
    gift = deposits.grant(orbit, amount=FIFTY, reference="GIFT", by=treasurer, at=clock.now(), fund=Fund.TRAINING)
    # Whether it is the gift is for another officer to say.
    assert reads(treasurer, theirs(orbit)) == {"repeated": 1}
    assert (has(), ledger.balance(accounts.TRAINING) - before) == (Decimal(0), Decimal(0))
    (line,) = questions.waiting()
    with pytest.raises(Refused, match="another officer"):
        questions.is_deposit(line, deposit=gift, by=treasurer, at=clock.now())
    questions.is_deposit(line, deposit=gift, by=secretary, at=clock.now())
    assert (has(), ledger.balance(accounts.TRAINING) - before) == (Decimal(0), FIFTY)
    reads(treasurer, theirs(orbit), number="S-2")
    line = RailEvent.objects.get(outcome=Outcome.DEPOSIT)
    alone = deposits.grant(orbit, amount=FIFTY, reference="GIFT-3", by=treasurer, at=clock.now())
    with owning(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_depositproof DISABLE TRIGGER payments_depositproof_is_append_only")
        cursor.execute("DELETE FROM payments_depositproof WHERE line_id = %s", [line.pk])
    attack(PROVE, [alone.pk, line.pk, None], guard=PROVED)


def test_a_line_proves_its_own_clients_deposit_alone(
    orbit: Client, noted: Deposit, treasurer: Office, secretary: Office, now: datetime, attack: Attack
) -> None:
    house = Client.objects.get(is_cooperative=True)
    lines = [theirs(orbit, Decimal(51)), theirs(house), Line(Decimal(-50)), Line(FIFTY, words="Thank you")]
    reads(treasurer, *lines)
    more, other, out, unknown = RailEvent.objects.order_by("pk")
    for line in (more, other, out):
        attack(PROVE, [noted.pk, line.pk, None], guard=PROVED)
        attack(PROVE, [noted.pk, line.pk, secretary.pk], guard=PROVED)
    attack(PROVE, [noted.pk, unknown.pk, None], guard=PROVED)
    attack(PROVE, [noted.pk, unknown.pk, treasurer.pk], guard=PROVED)
    DepositProof.objects.create(deposit=noted, line=unknown, by=secretary, at=now)
    second = deposits.record(orbit, amount=FIFTY, reference="AGAIN", by=secretary, at=now)
    attack(PROVE, [second.pk, unknown.pk, treasurer.pk], guard="payments_depositproof_line_id_key")
    reads(treasurer, Line(FIFTY, words="And again"), number="S-2")
    another = RailEvent.objects.latest("pk")
    once = "a_deposit_is_on_one_line_of_a_statement"
    attack(PROVE, [noted.pk, another.pk, secretary.pk], guard=once)


def test_no_officer_who_sits_there_says_that_its_money_arrived(
    orbit: Client, noted: Deposit, has: Callable[[], Decimal], olga: Person, treasurer: Office, secretary: Office,
    attack: Attack,
) -> None:  # fmt: skip
    reads(treasurer, Line(FIFTY, words="Thank you"))
    (line,) = questions.waiting()
    clients.offer(orbit, secretary.person.email, by=olga, at=clock.now())
    clients.accept(clients.offers(orbit)[0], by=secretary.person, at=clock.now())
    own = deposits.record(orbit, amount=FIFTY, reference="OWN", by=secretary, at=clock.now())
    for deposit, by in ((noted, secretary), (own, treasurer)):
        with pytest.raises(Refused, match="seat in that organisation"):
            deposits.confirm(deposit, by=by, at=clock.now())
        with pytest.raises(Refused, match="seat in that organisation"):
            questions.is_deposit(line, deposit=deposit, by=by, at=clock.now())
        attack(PROVE, [deposit.pk, None, by.pk], guard=PROVED)
        attack(PROVE, [deposit.pk, line.pk, by.pk], guard=PROVED)
    assert has() == 0
    # Nor do the two by whom a statement is booked.
    assert reads(treasurer, theirs(orbit), number="S-2") == {"unknown": 1}
    assert has() == 0


def test_no_line_is_a_deposit_that_was_taken_back(
    orbit: Client, has: Callable[[], Decimal], treasurer: Office, secretary: Office, attack: Attack
) -> None:
    dead = arrive(orbit, amount=FIFTY, reference="TWICE", by=treasurer, at=clock.now())
    take_back(Transfer.objects.get(ref=f"deposit:{dead.pk}"))
    assert has() == 0
    assert reads(treasurer, theirs(orbit), Line(FIFTY, words="Thank you")) == {"deposit": 1, "unknown": 1}
    assert has() == FIFTY
    (line,) = questions.waiting()
    assert list(deposits.like(line)) == []
    attack(PROVE, [dead.pk, line.pk, secretary.pk], guard=PROVED)


def test_a_reference_is_the_clients_own_to_the_letter(
    orbit: Client, has: Callable[[], Decimal], treasurer: Office
) -> None:
    body = f"WH00{orbit.pk}"
    padded = f"RF{mod_97_10.calc_check_digits(body + 'RF')}{body}"
    mine = reconciling.client_reference(orbit)
    said = [f"Invoice {padded}", f"{mine}x", mine.lower(), f"{mine[:4]} {mine[4:]}"]
    assert reads(treasurer, *(Line(FIFTY, words=words) for words in said)) == {"unknown": 2, "deposit": 2}
    assert has() == 2 * FIFTY


def test_a_line_says_which_way_it_went(treasurer: Office, now: datetime, attack: Attack) -> None:
    reads(treasurer, Line(FIFTY))
    line = RailEvent.objects.get(outcome=Outcome.UNKNOWN)
    say = """INSERT INTO payments_railevent
        (rail, event, outcome, amount, incoming, currency, words, statement_id, occurred_at, noted_at)
        VALUES ('bank', 'x', %s, 1000000, %s, 'USD', '', %s, coop_now(), coop_now())"""
    for outcome, incoming in (("deposit", False), ("fee", True), ("unknown", None)):
        attack(say, [outcome, incoming, line.statement_id], guard="statement_lines_go_one_way")


def test_the_desk_asks_a_second_officer(
    orbit: Client, has: Callable[[], Decimal], teresa: Person, petra: Person, signed_in: SignedIn
) -> None:
    first, second = signed_in(teresa), signed_in(petra)
    form = {"client": orbit.pk, "amount": "50.00", "reference": "BANK-78"}
    assert "once another officer confirms it" in first.post("/desk/deposits/", form, follow=True).text
    deposit = Deposit.objects.get(reference="BANK-78")
    address = f"/desk/deposits/{deposit.pk}/"
    assert "You wrote this deposit down" in first.get(address).text
    assert first.post(address).status_code == 403
    assert has() == 0
    assert address in second.get("/desk/").text
    assert "It arrived" in second.get(address).text
    assert "It is credited" in second.post(address, follow=True).text
    assert has() == FIFTY
    assert address not in second.get("/desk/").text
    again = deposits.record(orbit, amount=FIFTY, reference="RF-78", by=deposit.recorded_by, at=clock.now())  # type: ignore[arg-type]
    assert "BANK-78" in second.get(f"/desk/deposits/{again.pk}/").text
