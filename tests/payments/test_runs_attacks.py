"""Somebody with the site's own rights on the database, or one officer alone, tries to make payouts end otherwise."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from governance.models import Office
from payments import accounts, background, bank_statements, details, ledger, payouts, reconciling, runs, unanswered
from payments.models import BankStatement, GivenStatement, Outcome, Payout, PayRun, RailEvent
from tests.payments import bank
from tests.payments.conftest import owning
from tests.payments.test_attacks import CONFIRM, POST, SEND, posting
from tests.payments.test_entitlements import pause
from tests.payments.test_unanswered import JUDGE, SAY

type Attack = Callable[..., None]
type Earn = Callable[[Person, str], int]
type Later = Callable[..., datetime]

RUN, PAYOUT, SAID = "runs_go_by_two_officers", "payouts_go_by_two_officers", "rails_say_what_became_of_payouts"
CHECK = "UPDATE payments_payrun SET checked_by_id = %s, checked_at = coop_now() WHERE id = %s"
RELEASE = "UPDATE payments_payrun SET released_by_id = %s, released_at = coop_now() WHERE id = %s"
BEGIN = "UPDATE payments_payout SET state = 'sending', sent_by_id = %s WHERE id = %s"
END = "UPDATE payments_payout SET state = %s, settled_at = coop_now() WHERE id = %s"
HEAR = """INSERT INTO payments_railevent
    (rail, event, payout_id, outcome, amount, currency, words, statement_id, occurred_at, noted_at)
    VALUES (%(rail)s, 'x', %(payout)s, %(outcome)s, %(amount)s, %(currency)s, '', %(statement)s, coop_now(), coop_now())
"""


def place(person: Person, later: Later) -> None:
    """Let a person's bank account be in force."""
    facts = {"holder": person.name, "account": "DE89370400440532013000", "bic": ""}
    given = details.give(person, rail="bank", facts=facts, by=person, at=clock.now())
    background.tell_of_details(details=given.pk)
    later(hours=73)


@pytest.fixture
def asked(earn: Earn, amina: Person, later: Later) -> Payout:
    earn(amina, "9")
    place(amina, later)
    return payouts.request(amina, amount=Decimal(5), rail="bank", by=amina, at=clock.now())


@pytest.fixture
def run(asked: Payout) -> PayRun:
    prepared = runs.prepare("bank", at=clock.now())
    assert prepared
    return prepared


@pytest.fixture
def released(run: PayRun, treasurer: Office, secretary: Office) -> PayRun:
    runs.check(run, by=treasurer, at=clock.now())
    return runs.release(run, by=secretary, at=clock.now())


@pytest.fixture
def read(treasurer: Office) -> BankStatement:
    """Return a statement that the treasurer read, which says nothing."""
    bank.read(bank.statement([], number="S-0"), by=treasurer, at=clock.now())
    return BankStatement.objects.latest("pk")


def heard(about: Payout, read: BankStatement | None, **facts: object) -> dict[str, object]:
    begun = {"rail": "bank", "payout": about.pk, "outcome": "settled", "amount": 5_000_000, "currency": "USD"}
    return {**begun, "statement": read.pk if read else None, **facts}


def test_a_run_begins_with_nobodys_word(asked: Payout, treasurer: Office, attack: Attack) -> None:
    signed = """INSERT INTO payments_payrun (rail, made_at, checked_by_id, checked_at)
        VALUES ('bank', coop_now(), %s, coop_now())"""
    attack(signed, [treasurer.pk], guard="runs_begin_unsigned")


def test_a_run_is_signed_by_two_officers_in_order(
    run: PayRun, samuel: Person, treasurer: Office, secretary: Office, attack: Attack
) -> None:
    safety = Office.objects.get(person=samuel)
    attack(RELEASE, [treasurer.pk, run.pk], guard=RUN)
    attack(CHECK, [safety.pk, run.pk], guard=RUN)
    runs.check(run, by=treasurer, at=clock.now())
    attack(RELEASE, [treasurer.pk, run.pk], guard=RUN)
    attack(RELEASE, [safety.pk, run.pk], guard=RUN)
    attack(CHECK, [secretary.pk, run.pk], guard=RUN)
    attack("UPDATE payments_payrun SET handed_over_at = coop_now() WHERE id = %s", [run.pk], guard=RUN)
    runs.release(run, by=secretary, at=clock.now())
    attack(RELEASE, [treasurer.pk, run.pk], guard=RUN)
    attack("UPDATE payments_payrun SET rail = 'by_hand'", guard="permission denied")
    with owning():
        attack("UPDATE payments_payrun SET rail = 'by_hand'", guard="payments_payrun_is_frozen")


def test_nothing_is_sent_by_a_run_that_was_not_released(
    run: PayRun, asked: Payout, treasurer: Office, secretary: Office, attack: Attack
) -> None:
    attack(BEGIN, [treasurer.pk, asked.pk], guard=PAYOUT)
    runs.check(run, by=treasurer, at=clock.now())
    attack(BEGIN, [treasurer.pk, asked.pk], guard=PAYOUT)
    attack(END, ["settled", asked.pk], guard=PAYOUT)
    runs.release(run, by=secretary, at=clock.now())
    attack(BEGIN, [treasurer.pk, asked.pk], guard=PAYOUT)
    attack("UPDATE payments_payout SET run_id = NULL, state = 'sending', sent_by_id = %s WHERE id = %s",
           [secretary.pk, asked.pk], guard=PAYOUT)  # fmt: skip


def test_nothing_slips_into_a_run_that_was_checked(
    run: PayRun, asked: Payout, treasurer: Office, secretary: Office, amina: Person, attack: Attack
) -> None:
    late = payouts.request(amina, amount=Decimal(2), rail="bank", by=amina, at=clock.now())
    by_hand = payouts.request(amina, amount=Decimal(1), by=amina, at=clock.now())
    into = "UPDATE payments_payout SET run_id = %s WHERE id = %s"
    attack(into, [run.pk, by_hand.pk], guard=PAYOUT)
    runs.check(run, by=treasurer, at=clock.now())
    attack(into, [run.pk, late.pk], guard=PAYOUT)
    other = PayRun.objects.create(rail="bank", made_at=clock.now())
    attack(into, [other.pk, asked.pk], guard=PAYOUT)


def test_an_officer_is_not_paid_by_a_run_they_signed(
    earn: Earn, teresa: Person, later: Later, treasurer: Office, secretary: Office, attack: Attack
) -> None:
    earn(teresa, "5")
    place(teresa, later)
    own = payouts.request(teresa, amount=Decimal(5), rail="bank", by=teresa, at=clock.now())
    run = PayRun.objects.create(rail="bank", made_at=clock.now())
    Payout.objects.filter(pk=own.pk).update(run=run)
    PayRun.objects.filter(pk=run.pk).update(checked_by=treasurer, checked_at=clock.now())
    PayRun.objects.filter(pk=run.pk).update(released_by=secretary, released_at=clock.now())
    attack(BEGIN, [secretary.pk, own.pk], guard=PAYOUT)


def test_a_payout_in_a_run_is_not_sent_by_one_officer_beside_it(
    run: PayRun, asked: Payout, treasurer: Office, attack: Attack
) -> None:
    attack(SEND, ["R", treasurer.pk, asked.pk], guard=PAYOUT)


def test_no_payout_ends_without_the_rails_word(released: PayRun, asked: Payout, attack: Attack) -> None:
    runs.carry_out(released, at=clock.now())
    for state in ("settled", "failed", "requested"):
        attack(END, [state, asked.pk], guard=PAYOUT)


def test_one_officer_does_not_end_what_goes_with_a_run(
    asked: Payout, released: PayRun, treasurer: Office, secretary: Office, attack: Attack
) -> None:
    runs.file(released, by=treasurer, at=clock.now())
    runs.hand_over(released, by=treasurer, at=clock.now())
    for state, act in (("settled", payouts.settle), ("failed", payouts.fail)):
        for office in (treasurer, secretary):
            attack(CONFIRM, [state, office.pk, asked.pk], guard=PAYOUT)
            with pytest.raises(Refused, match=r"with a run|another officer"):
                act(asked, by=office, at=clock.now())
    assert ledger.balance(accounts.payable(asked.person_id)) == 4


def test_two_officers_decide_what_no_statement_of_the_bank_has(
    asked: Payout, released: PayRun, treasurer: Office, secretary: Office, later: Later, attack: Attack
) -> None:
    content = runs.file(released, by=treasurer, at=clock.now())
    runs.hand_over(released, by=treasurer, at=clock.now())
    later(days=4, hours=23)
    attack(JUDGE, [asked.pk, treasurer.pk, False, "x"], guard="verdicts_come_after_72_hours")
    with pytest.raises(Refused, match="five days"):
        judged(asked, treasurer)
    later(hours=2)
    assert not judged(asked, treasurer)
    attack(SAY, ["failed", asked.pk], guard="two_officers_end_what_was_never_answered")
    attack(SAY, ["deposit", asked.pk], guard=SAID)
    assert judged(asked, secretary)
    assert ledger.balance(accounts.payable(asked.person_id)) == 9
    # The bank booked it after all: nothing moves, and an officer is asked.
    assert bank.read(bank.answer(content), by=treasurer, at=clock.now()).found == {"repeated": 1}
    assert ledger.balance(accounts.payable(asked.person_id)) == 9


def test_nobody_says_that_no_statement_has_it_while_one_that_has_it_waits(
    asked: Payout, released: PayRun, treasurer: Office, secretary: Office, later: Later, attack: Attack
) -> None:
    content = runs.file(released, by=treasurer, at=clock.now())
    runs.hand_over(released, by=treasurer, at=clock.now())
    at = later(days=6)
    assert [one.pk for one in reconciling.missing(at=at)] == [asked.pk]
    given = bank_statements.give(bank.answer(content), by=treasurer, at=at)[0]
    assert not reconciling.missing(at=at)
    for office in (treasurer, secretary):
        with pytest.raises(Refused, match="waits for an officer"):
            judged(asked, office)
        attack(JUDGE, [asked.pk, office.pk, False, "x"], guard="verdicts_come_after_72_hours")
    bank_statements.turn_down(given, by=secretary, at=at)
    assert [one.pk for one in reconciling.missing(at=at)] == [asked.pk]
    # One that speaks of others is no word about it.
    bank_statements.give(bank.statement([bank.Line(Decimal(-5), f"{runs.key_of(asked.pk)}0")]), by=treasurer, at=at)
    assert not judged(asked, treasurer)
    assert judged(asked, secretary)
    assert ledger.balance(accounts.payable(asked.person_id)) == 9


def test_no_file_that_one_officer_brings_holds_up_a_payout_for_longer_than_72_hours(
    asked: Payout, released: PayRun, treasurer: Office, secretary: Office, later: Later, attack: Attack
) -> None:
    """However often it is brought and taken back, and whatever moment it says it was brought at."""
    content = runs.file(released, by=treasurer, at=clock.now())
    runs.hand_over(released, by=treasurer, at=clock.now())
    at = later(days=6)
    given = bank_statements.give(bank.answer(content), by=treasurer, at=at)[0]
    later(hours=71)
    bank_statements.turn_down(given, by=treasurer, at=clock.now())
    again = bank_statements.give(bank.answer(content), by=treasurer, at=clock.now())[0]
    GivenStatement.objects.create(
        number="made-up", digest="", currency="USD", opening=0, closing=0, lines=again.lines, given_by=treasurer,
        given_at=datetime(9999, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    assert GivenStatement.objects.get(number="made-up").given_at <= clock.now()
    with pytest.raises(Refused, match="for 72 hours at most"):
        judged(asked, secretary)
    attack(JUDGE, [asked.pk, secretary.pk, False, "x"], guard="verdicts_come_after_72_hours")
    assert not reconciling.missing(at=clock.now())
    at = later(hours=1)
    assert [one.pk for one in reconciling.missing(at=at)] == [asked.pk]
    assert not judged(asked, treasurer)
    assert judged(asked, secretary)
    assert ledger.balance(accounts.payable(asked.person_id)) == 9
    # What it says of the payout is a question now, to both of them.
    assert bank_statements.confirm(again, by=secretary, at=at).found == {"repeated": 1}


def test_a_true_file_that_came_at_once_holds_for_72_hours_from_when_officers_could_decide(
    asked: Payout, released: PayRun, treasurer: Office, secretary: Office, later: Later, attack: Attack,
    signed_in: Callable[[Person], Browser],
) -> None:  # fmt: skip
    """The bank paid on the first day; whoever sees it at the bank is ill until the eighth."""
    content = runs.file(released, by=treasurer, at=clock.now())
    runs.hand_over(released, by=treasurer, at=clock.now())
    later(hours=20)
    given = bank_statements.give(bank.answer(content), by=treasurer, at=clock.now())[0]
    at = later(days=7)
    with pytest.raises(Refused, match="for 72 hours at most"):
        judged(asked, secretary)
    attack(JUDGE, [asked.pk, secretary.pk, False, "x"], guard="verdicts_come_after_72_hours")
    assert not reconciling.missing(at=at)
    # From then on two officers can, and both read that a file has it, and where.
    assert [one.pk for one in reconciling.missing(at=later(hours=5))] == [asked.pk]
    desk = signed_in(secretary.person)
    for page in ("/desk/statements/", f"/desk/payouts/{asked.pk}/"):
        shown = desk.get(page).text
        assert f"Payout {asked.pk} is on statement {given.number}, line 1, which no second" in shown
        assert f'href="/desk/statements/given/{given.pk}/"' in shown
    assert bank_statements.confirm(given, by=secretary, at=clock.now()).found == {"settled": 1}
    assert f"Payout {asked.pk} is on statement" not in desk.get("/desk/statements/").text


def test_no_file_from_before_a_payout_went_out_spends_its_72_hours(
    asked: Payout, released: PayRun, treasurer: Office, secretary: Office, later: Later, attack: Attack
) -> None:
    """One made-up file may name every payout that will ever be asked for."""
    future = bank.statement([bank.Line(Decimal(-5), runs.key_of(asked.pk))], number="S-made-up")
    made_up = bank_statements.give(future, by=treasurer, at=clock.now())[0]
    bank_statements.turn_down(made_up, by=secretary, at=clock.now())
    later(days=4)
    content = runs.file(released, by=treasurer, at=clock.now())
    runs.hand_over(released, by=treasurer, at=clock.now())
    later(days=6)
    given = bank_statements.give(bank.answer(content), by=treasurer, at=clock.now())[0]
    at = later(hours=71)
    assert not reconciling.missing(at=at)
    with pytest.raises(Refused, match="for 72 hours at most"):
        judged(asked, secretary)
    attack(JUDGE, [asked.pk, secretary.pk, False, "x"], guard="verdicts_come_after_72_hours")
    later(hours=2)
    assert not judged(asked, secretary)
    assert bank_statements.confirm(given, by=secretary, at=clock.now()).found == {"settled": 1}


def test_a_charge_beside_a_payout_opens_no_decision_about_it(
    asked: Payout, released: PayRun, treasurer: Office, attack: Attack
) -> None:
    runs.file(released, by=treasurer, at=clock.now())
    runs.hand_over(released, by=treasurer, at=clock.now())
    key = runs.key_of(asked.pk)
    charges = [
        bank.Line(Decimal("-0.30"), key, kind="CHRG", currency="EUR"),
        bank.Line(Decimal("0.30"), key, kind="CHRG"),
    ]
    assert bank.read(bank.statement(charges), by=treasurer, at=clock.now()).found == {"unknown": 2}
    with pytest.raises(Refused, match="five days"):
        judged(asked, treasurer)
    attack(JUDGE, [asked.pk, treasurer.pk, False, "x"], guard="verdicts_come_after_72_hours")


def test_nobody_is_paid_by_a_file_that_is_made_after_they_were_given_the_money_back(
    asked: Payout, released: PayRun, treasurer: Office, secretary: Office, later: Later, attack: Attack
) -> None:
    content = runs.file(released, by=treasurer, at=clock.now())
    later(days=6)
    # No bank was told yet: it owes no word.
    with pytest.raises(Refused, match="five days"):
        judged(asked, treasurer)
    attack(JUDGE, [asked.pk, treasurer.pk, False, "x"], guard="verdicts_come_after_72_hours")
    assert bank.orders(runs.file(released, by=treasurer, at=clock.now())) == bank.orders(content)
    runs.hand_over(released, by=treasurer, at=clock.now())
    later(days=5)
    for office in (treasurer, secretary):
        judged(asked, office)
    assert ledger.balance(accounts.payable(asked.person_id)) == 9
    with pytest.raises(Refused, match="Nothing is left"):
        runs.file(released, by=treasurer, at=clock.now())


def test_a_run_of_which_all_is_held_has_no_file(asked: Payout, released: PayRun, treasurer: Office) -> None:
    pause(asked.person, scope=f"payout:{asked.pk}", hours=24)
    with pytest.raises(Refused, match="Nothing is left"):
        runs.file(released, by=treasurer, at=clock.now())
    asked.refresh_from_db()
    assert (asked.state, asked.run) == ("requested", None)


def judged(payout: Payout, by: Office) -> bool:
    found = Payout.objects.select_related("run").get(pk=payout.pk)
    return unanswered.decide(found, arrived=False, words="No line has it", by=by, at=clock.now())


def test_the_rail_speaks_of_payouts_under_way_their_whole_amount_and_on_a_statement(
    run: PayRun, asked: Payout, read: BankStatement, treasurer: Office, secretary: Office, amina: Person, attack: Attack
) -> None:
    attack(HEAR, heard(asked, read), guard=SAID)
    runs.check(run, by=treasurer, at=clock.now())
    run = runs.release(run, by=secretary, at=clock.now())
    attack(HEAR, heard(asked, read), guard=SAID)
    runs.carry_out(run, at=clock.now())
    for facts in (
        {"statement": None}, {"amount": 4_990_000}, {"currency": "EUR"}, {"outcome": "returned"},
        {"outcome": "deposit"}, {"rail": "by_hand"}, {"payout": 987_654}, {"payout": None},
    ):  # fmt: skip
        attack(HEAR, heard(asked, read, **facts), guard=SAID)
    hand = payouts.request(amina, amount=Decimal(1), by=amina, at=clock.now())
    attack(HEAR, heard(hand, read, rail="by_hand", amount=1_000_000), guard=SAID)


def test_money_ends_once_and_comes_back_only_after_it_arrived(
    asked: Payout, released: PayRun, treasurer: Office, attack: Attack
) -> None:
    content = runs.file(released, by=treasurer, at=clock.now())
    runs.hand_over(released, by=treasurer, at=clock.now())
    ref, out, back = f"payout:{asked.pk}", accounts.CLEARING_OUT, accounts.payable(asked.person_id)
    attack(POST, posting(14, out, accounts.BANK, 5_000_000, ref), guard="payouts_move_what_was_asked")
    attack(POST, posting(16, accounts.BANK, back, 5_000_000, ref), guard="payouts_move_what_was_asked")
    bank.read(bank.answer(content), by=treasurer, at=clock.now())
    attack(POST, posting(14, out, accounts.BANK, 5_000_000, ref), guard="facts_are_posted_once")
    attack(POST, posting(16, accounts.BANK, back, 5_000_000, ref), guard="payouts_move_what_was_asked")
    statement = BankStatement.objects.latest("pk")
    attack(HEAR, heard(asked, statement), guard=SAID)
    attack(HEAR, heard(asked, statement, outcome="failed"), guard=SAID)
    late = bank.statement([bank.Line(Decimal(5), runs.key_of(asked.pk), reason="AC04")], number="S-2")
    bank.read(late, by=treasurer, at=clock.now())
    assert ledger.balance(back) == 9
    attack(POST, posting(16, accounts.BANK, back, 5_000_000, ref), guard="facts_are_posted_once")
    attack(POST, posting(15, out, back, 5_000_000, ref), guard="payouts_end_once")


def test_a_failed_payout_does_not_come_back_twice(
    asked: Payout, released: PayRun, treasurer: Office, attack: Attack
) -> None:
    runs.file(released, by=treasurer, at=clock.now())
    rejected = bank.statement([bank.Line(Decimal(5), runs.key_of(asked.pk), reason="AC04")])
    bank.read(rejected, by=treasurer, at=clock.now())
    ref, back = f"payout:{asked.pk}", accounts.payable(asked.person_id)
    attack(POST, posting(16, accounts.BANK, back, 5_000_000, ref), guard="payouts_move_what_was_asked")


def test_a_fee_is_what_the_rail_took_and_nobody_elses(
    asked: Payout, released: PayRun, treasurer: Office, attack: Attack
) -> None:
    fee = bank.statement([bank.Line(Decimal("-0.35"), kind="CHRG")])
    bank.read(fee, by=treasurer, at=clock.now())
    event = RailEvent.objects.get(outcome=Outcome.FEE)
    kind, ref, cost = 17, f"rail_event:{event.pk}", accounts.RAIL_FEES
    with owning(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_railevent DISABLE TRIGGER fees_are_of_something")
        other = RailEvent.objects.create(
            rail="stripe", event="f", outcome=Outcome.FEE, amount=Decimal("0.35"), currency="USD",
            occurred_at=clock.now(), noted_at=clock.now(),
        )  # fmt: skip
    more = posting(kind, cost, accounts.STRIPE, 360_000, f"rail_event:{other.pk}")
    attack(POST, more, guard="rail_fees_are_what_was_taken")
    elsewhere = posting(kind, cost, accounts.BANK, 350_000, f"rail_event:{other.pk}")
    attack(POST, elsewhere, guard="rail_fees_are_what_was_taken")
    attack(POST, posting(kind, cost, accounts.BANK, 350_000, "rail_event:9"), guard="rail_fees_are_what_was_taken")
    attack(POST, posting(kind, cost, accounts.BANK, 350_000, ref), guard="facts_are_posted_once")
    mine = accounts.payable(asked.person_id)
    borne = posting(kind, mine, accounts.STRIPE, 350_000, f"rail_event:{other.pk}")
    attack(POST, borne, guard="posting_kind_allows_it")


def test_statements_are_read_in_office(samuel: Person, attack: Attack) -> None:
    safety = Office.objects.get(person=samuel)
    statement = """INSERT INTO payments_bankstatement
        (place, number, digest, currency, opening, closing, read_by_id, read_at)
        VALUES ('main', 'x', '', 'USD', 0, 0, %s, coop_now())"""
    attack(statement, [safety.pk], guard="statements_are_read_in_office")


@pytest.mark.parametrize("table", ["payrun", "bankstatement", "railevent"])
def test_nothing_of_it_is_unsaid(released: PayRun, read: BankStatement, attack: Attack, table: str) -> None:
    attack(f"DELETE FROM payments_{table}", guard="permission denied")
    attack(f"TRUNCATE payments_{table} CASCADE", guard="permission denied")


def test_no_view_of_the_past_is_asked(attack_from_the_past: Attack, orbit: Client) -> None:
    facts = {"rail": "bank", "payout": None, "outcome": "unknown", "amount": 1, "currency": "USD", "statement": None}
    attack_from_the_past(HEAR, facts, guard=SAID)
