"""Pay runs by two officers, the bank's file, and what its statement says became of each payout."""

import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from coop.record import events
from coop.refusals import Refused
from governance import watching
from governance.models import Office
from payments import (
    accounts,
    background,
    details,
    escrow,
    invariants,
    ledger,
    monthly,
    payouts,
    places,
    questions,
    reconciling,
    runs,
    unanswered,
)
from payments.models import GivenStatement, Outcome, Payout, PayoutState, PayRun, Place, RailEvent
from payments.open_ledger import Month
from tests.payments import bank, ways
from tests.payments.bank import Faults, Line
from tests.payments.ways import says

type Earn = Callable[[Person, str], int]
type Later = Callable[..., datetime]
NAMES = ("amina", "luis", "priya", "abebe", "beatriz")


@pytest.fixture
def asked(earn: Earn, later: Later) -> list[Payout]:
    """Return payouts of five members by the bank, asked for once their places are in force."""
    people = [Person.objects.get(email=f"{name}@demo.workhall.example") for name in NAMES]
    for person in people:
        earn(person, "5")
        facts = {"holder": f"{person.name} Ñ", "account": "GB33BUKB20201555555555", "bic": ""}
        given = details.give(person, rail="bank", facts=facts, by=person, at=clock.now())
        background.tell_of_details(details=given.pk)
    at = later(hours=73)
    return [payouts.request(person, amount=Decimal(5), rail="bank", by=person, at=at) for person in people]


@pytest.fixture
def released(asked: list[Payout], treasurer: Office, secretary: Office) -> PayRun:
    at = clock.now()
    run = runs.prepare("bank", at=at)
    assert run
    runs.check(run, by=treasurer, at=at)
    return runs.release(run, by=secretary, at=at)


@pytest.fixture
def handed_over(released: PayRun, treasurer: Office) -> bytes:
    """Return the bank's file of a run that the bank has."""
    content = runs.file(released, by=treasurer, at=clock.now())
    runs.hand_over(released, by=treasurer, at=clock.now())
    return content


def states() -> list[str]:
    return list(Payout.objects.filter(rail="bank").order_by("pk").values_list("state", flat=True))


def sound() -> bool:
    return not any(invariants.broken().values())


def test_a_run_goes_by_two_officers_to_the_bank_and_back(
    asked: list[Payout], released: PayRun, handed_over: bytes, treasurer: Office
) -> None:
    assert [(key, amount) for key, amount, _name in bank.orders(handed_over)] == [
        (f"WORKHALL-PAYOUT-{payout.pk}", Decimal("5.00")) for payout in asked
    ]
    assert {name for *_rest, name in bank.orders(handed_over)} >= {"Amina N"}
    assert states() == ["sent"] * 5
    before = ledger.balance(accounts.BANK)
    read = bank.read(bank.answer(handed_over), by=treasurer, at=clock.now())
    assert read.found == {"settled": 5}
    assert states() == ["settled"] * 5
    assert ledger.balance(accounts.BANK) - before == 25
    assert sound()


def test_what_the_books_have_not_at_the_bank_is_a_question_and_stops_no_statement(
    asked: list[Payout], handed_over: bytes, treasurer: Office, secretary: Office, later: Later
) -> None:
    ways.stock("wise_eur", treasurer, secretary, str(places.held(Place.MAIN) - 12))
    read = bank.read(bank.answer(handed_over), by=treasurer, at=clock.now())
    assert read.found == {"settled": 2, "unknown": 3}
    assert states() == ["settled"] * 2 + ["sent"] * 3
    assert places.held(Place.MAIN) == 2
    assert sound()
    assert bank.read(bank.statement([Line(Decimal(-2), kind="CHRG")], number="S-2"), by=treasurer, at=clock.now())
    at, waits = later(days=6), Payout.objects.get(pk=asked[2].pk)
    unanswered.decide(waits, arrived=True, words="S-1, line 3", by=treasurer, at=at)
    with pytest.raises(Refused, match="The bank"):
        unanswered.decide(waits, arrived=True, words="S-1, line 3", by=secretary, at=at)
    assert states() == ["settled"] * 2 + ["sent"] * 3


def test_one_officer_alone_sends_nothing(asked: list[Payout], treasurer: Office, secretary: Office) -> None:
    at = clock.now()
    run = runs.prepare("bank", at=at)
    assert run
    with pytest.raises(Refused):
        runs.release(run, by=treasurer, at=at)
    run = runs.check(run, by=treasurer, at=at)
    with pytest.raises(Refused, match="another officer"):
        runs.release(run, by=treasurer, at=at)
    with pytest.raises(Refused, match="second officer"):
        runs.file(run, by=treasurer, at=at)
    runs.release(run, by=secretary, at=at)
    assert states() == ["requested"] * 5


def test_what_came_after_the_check_waits_for_the_next_run(
    asked: list[Payout], earn: Earn, amina: Person, treasurer: Office, secretary: Office
) -> None:
    at = clock.now()
    run = runs.prepare("bank", at=at)
    assert run
    runs.check(run, by=treasurer, at=at)
    earn(amina, "2")
    late = payouts.request(amina, amount=Decimal(2), rail="bank", by=amina, at=at)
    following = runs.prepare("bank", at=at)
    assert following
    assert list(following.payouts.all()) == [late]
    runs.release(run, by=secretary, at=at)
    assert run.payouts.count() == 5


def test_a_run_that_nobody_releases_is_taken_apart(asked: list[Payout], treasurer: Office, secretary: Office) -> None:
    at = clock.now()
    run = runs.prepare("bank", at=at)
    assert run
    runs.check(run, by=treasurer, at=at)
    assert runs.take_apart(run, by=secretary, at=at) == 5
    following = runs.prepare("bank", at=at)
    assert following
    assert following.payouts.count() == 5


def test_officers_are_not_paid_by_runs_they_sign(
    asked: list[Payout], earn: Earn, teresa: Person, later: Later, treasurer: Office
) -> None:
    earn(teresa, "5")
    facts = {"holder": "Teresa", "account": "DE89370400440532013000", "bic": ""}
    given = details.give(teresa, rail="bank", facts=facts, by=teresa, at=clock.now())
    background.tell_of_details(details=given.pk)
    at = later(hours=73)
    payouts.request(teresa, amount=Decimal(5), rail="bank", by=teresa, at=at)
    run = runs.prepare("bank", at=at)
    assert run
    assert run.payouts.count() == 5
    assert not run.payouts.filter(person=teresa).exists()


def test_rejected_lost_short_and_double_items_are_found(
    asked: list[Payout], handed_over: bytes, treasurer: Office, later: Later
) -> None:
    faults = Faults(
        rejects=[0], loses=[1], shortens=[2], doubles=[3], more=[Line(Decimal(-1), "WORKHALL-PAYOUT-9999999")]
    )
    read = bank.read(bank.answer(handed_over, faults), by=treasurer, at=clock.now())
    assert read.found == {"settled": 3, "returned": 1, "partial": 1, "repeated": 1, "unknown": 1}
    assert states() == ["failed", "sent", "sent", "settled", "settled"]
    assert payouts.ready(asked[0].person) == 5
    assert [event.outcome for event in questions.waiting()] == ["partial", "repeated", "unknown"]
    assert list(reconciling.missing(at=later(days=6))) == [asked[1], asked[2]]
    assert sound()


def test_what_comes_back_later_is_the_members_again(asked: list[Payout], handed_over: bytes, treasurer: Office) -> None:
    bank.read(bank.answer(handed_over), by=treasurer, at=clock.now())
    back = bank.statement([Line(Decimal(5), f"WORKHALL-PAYOUT-{asked[0].pk}", reason="AC06")] * 2, number="S-2")
    assert bank.read(back, by=treasurer, at=clock.now()).found == {"returned": 1, "repeated": 1}
    assert payouts.ready(asked[0].person) == 5
    assert says(asked[0], "AC06")
    # On the statement it went out and came back: nothing was earned by it.
    assert sum(total.paid_out for total in monthly.months(asked[0].person)) == 0
    month = monthly.statement(asked[0].person, Month.of(clock.now()))
    assert [line.kind for line in month.lines if line.kind in monthly.PAYOUTS] == [13, 16]
    assert month.earned == sum(line.amount for line in month.lines if line.kind not in {13, 16})
    assert sound()
    again = payouts.request(asked[0].person, amount=Decimal(5), rail="bank", by=asked[0].person, at=clock.now())
    assert again.pk != asked[0].pk


def test_a_payment_that_never_left_comes_back_from_clearing(
    asked: list[Payout], handed_over: bytes, treasurer: Office
) -> None:
    bank_before = ledger.balance(accounts.BANK)
    rejected = bank.statement([Line(Decimal(5), f"WORKHALL-PAYOUT-{asked[0].pk}", reason="AC04")])
    assert bank.read(rejected, by=treasurer, at=clock.now()).found == {"failed": 1}
    assert payouts.ready(asked[0].person) == 5
    assert says(asked[0], "AC04")
    assert ledger.balance(accounts.BANK) == bank_before
    # The bank books it after all: both cannot be, so an officer looks.
    late = bank.statement([Line(Decimal(-5), f"WORKHALL-PAYOUT-{asked[0].pk}")], number="S-2")
    assert bank.read(late, by=treasurer, at=clock.now()).found == {"repeated": 1}
    assert sound()


def test_a_statement_is_read_once_and_whole(handed_over: bytes, treasurer: Office) -> None:
    content = bank.answer(handed_over)
    bank.read(content, by=treasurer, at=clock.now())
    with pytest.raises(Refused, match="was read"):
        bank.read(content, by=treasurer, at=clock.now())
    with pytest.raises(Refused, match="does not add up"):
        bank.read(bank.statement([Line(Decimal(1))], number="S-9", slip="0.01"), by=treasurer, at=clock.now())
    with pytest.raises(Refused, match="cannot be read"):
        bank.read(b"x", by=treasurer, at=clock.now())


def test_only_officers_who_handle_money_read_statements(handed_over: bytes, samuel: Person) -> None:
    safety = Office.objects.get(person=samuel)
    with pytest.raises(Refused):
        bank.read(bank.answer(handed_over), by=safety, at=clock.now())


def test_a_clients_transfer_is_found_by_its_reference(orbit: Client, treasurer: Office, now: datetime) -> None:
    reference, before = reconciling.client_reference(orbit), escrow.available(orbit)
    wrong = reference[:-1] + ("8" if reference[-1] != "8" else "9")
    lines = [
        Line(Decimal("250.00"), words=f"invoice {reference} thank you", reference="B-1"),
        Line(Decimal("250.00"), words=reference, reference="B-1"), Line(Decimal("9.00"), words=wrong),
        Line(Decimal("9.00"), words=reference, currency="EUR"), Line(Decimal("9.00"), words="orbit"),
    ]  # fmt: skip
    read = bank.read(bank.statement(lines[:1], number="S-1"), by=treasurer, at=now)
    assert read.found == {"deposit": 1}
    assert escrow.available(orbit) - before == 250
    again = bank.read(bank.statement(lines[1:], number="S-2"), by=treasurer, at=now)
    assert again.found == {"repeated": 1, "unknown": 3}
    assert escrow.available(orbit) - before == 250
    assert sound()


def test_what_the_bank_takes_is_borne_by_the_house(asked: list[Payout], handed_over: bytes, treasurer: Office) -> None:
    fees = [Line(Decimal("-0.35"), f"WORKHALL-PAYOUT-{asked[0].pk}", kind="CHRG"), Line(Decimal("-4.00"), kind="FEES")]
    read = bank.read(bank.answer(handed_over, Faults(more=fees)), by=treasurer, at=clock.now())
    assert read.found == {"settled": 5, "fee": 2}
    assert ledger.balance(accounts.RAIL_FEES) == Decimal("-4.35")
    assert sound()


def test_a_file_is_the_same_whenever_it_was_said_to_be_released(
    asked: list[Payout], treasurer: Office, secretary: Office
) -> None:
    run = runs.prepare("bank", at=clock.now())
    assert run
    runs.check(run, by=treasurer, at=clock.now())
    run = runs.release(run, by=secretary, at=clock.now() - timedelta(seconds=2))
    first = runs.file(run, by=treasurer, at=clock.now())
    assert runs.file(PayRun.objects.get(pk=run.pk), by=treasurer, at=clock.now()) == first


def test_a_killed_run_goes_on_where_it_stood(
    released: PayRun, treasurer: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "AT_ONCE", 2)
    real, calls = events.write_many, []

    def dies(entries: Iterable[events.Entry]) -> int:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(entries)

    monkeypatch.setattr(events, "write_many", dies)
    with pytest.raises(KeyboardInterrupt):
        runs.hand_over(released, by=treasurer, at=clock.now())
    assert runs.progress(released).sending == 2
    first = runs.file(released, by=treasurer, at=clock.now())
    runs.hand_over(released, by=treasurer, at=clock.now())
    assert states() == ["sent"] * 5
    assert runs.file(released, by=treasurer, at=clock.now()) == first
    assert sound()


def test_each_payee_reads_of_both_officers_and_of_the_look_at_their_account(
    released: PayRun, handed_over: bytes, amina: Person
) -> None:
    acts = [(act.act, act.office.post, act.subject.split(":")[0]) for act in watching.concerning(amina).order_by("id")]
    assert sorted(acts) == [
        ("looked", "treasurer", "pay_run"),
        ("sent_payout", "secretary", "payout"),
        ("sent_payout", "treasurer", "payout"),
    ]


def test_runs_are_prepared_on_fridays_and_before_anybody_waited_too_long(asked: list[Payout], later: Later) -> None:
    at = clock.now()
    if at.weekday() in {3, 4}:
        at = later(days=3)
    if at < asked[0].requested_at + runs.LONGEST_WAIT:
        assert runs.prepare_due(at=at) == 0
    assert runs.prepare_due(at=later(days=1, minutes=1)) == 1
    assert runs.prepare_due(at=clock.now()) == 0
    run = PayRun.objects.get(rail="bank")
    runs.take_apart(run, by=Office.objects.filter(post="treasurer").latest("pk"), at=clock.now())
    friday = clock.now() + timedelta(days=(4 - clock.now().weekday()) % 7)
    assert runs.prepare_due(at=friday) == 1


def test_two_officers_at_once_hand_a_run_over_once(
    committed: None, released: PayRun, treasurer: Office, secretary: Office
) -> None:
    start = threading.Barrier(2)

    def go(office: Office) -> None:
        try:
            start.wait()
            runs.hand_over(PayRun.objects.get(pk=released.pk), by=office, at=clock.now())
        except Refused:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(office,)) for office in (treasurer, secretary)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states() == ["sent"] * 5
    assert sound()


def hand_over(first: Browser, second: Browser) -> bytes:
    """Lead a run through the pages of its two officers until the bank has its file, and return that."""
    assert "5 payouts are waiting" in first.get("/desk/runs/").text
    run = first.post("/desk/runs/prepare/bank/", follow=True)
    address = run.redirect_chain[-1][0]
    for words in ("25.00", "None: each payout left", "simulated rail", "Payout", "I have checked it"):
        assert words in run.text
    assert first.post(f"{address}file/").status_code == 409
    assert "You checked this run" in first.post(f"{address}step/", {"step": "check"}, follow=True).text
    assert first.post(f"{address}step/", {"step": "release"}).status_code == 403
    assert "The bank has the file" in second.post(f"{address}step/", {"step": "release"}, follow=True).text
    file = second.post(f"{address}file/")
    assert file["Content-Type"] == "application/xml"
    assert len(bank.orders(file.content)) == 5
    second.post(f"{address}step/", {"step": "hand_over"})
    content: bytes = file.content
    return content


def test_the_desk_leads_a_run_through(
    asked: list[Payout], teresa: Person, petra: Person, signed_in: Callable[[Person], Browser]
) -> None:
    first, second = signed_in(teresa), signed_in(petra)
    answer = SimpleUploadedFile("s.xml", bank.answer(hand_over(first, second), Faults(shortens=[4])))
    page = first.post("/desk/statements/", {"file": answer}, follow=True).text
    assert "Nothing moves before another officer has seen the same" in page
    given = f"/desk/statements/given/{GivenStatement.objects.get().pk}/"
    assert given in page
    assert "You brought this statement" in first.get(given).text
    assert given in second.get("/desk/").text
    assert "The bank shows the same" in second.get(given).text
    page = second.post(given, follow=True).text
    assert "Arrived: 4" in page
    assert "Another amount than was ordered" in page
    assert RailEvent.objects.filter(outcome=Outcome.PARTIAL).count() == 1
    assert Payout.objects.filter(state=PayoutState.SETTLED).count() == 4
    # One officer ends nothing; two who read the same do, and the bank has spoken already.
    short = asked[4]
    assert first.post(f"/desk/payouts/{short.pk}/confirm/", {"result": "came_back"}).status_code == 409
    said = {"arrived": "yes", "words": "S-1, line 5"}
    first.post(f"/desk/payouts/{short.pk}/decide/", said)
    page = second.get(f"/desk/payouts/{short.pk}/").text
    assert "Teresa read that it arrived" in page
    assert "It ends by itself when a statement that has it is read." in page
    assert "Ask it now" not in page
    assert Payout.objects.get(pk=short.pk).state == PayoutState.SENT
    second.post(f"/desk/payouts/{short.pk}/decide/", said)
    assert Payout.objects.get(pk=short.pk).state == PayoutState.SETTLED
    assert sound()
