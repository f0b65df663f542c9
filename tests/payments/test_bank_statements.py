"""A statement is brought by one officer and seen at the bank by another: a forged one moves nothing on one word."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from coop import clock
from coop.people import clients
from coop.people.models import Client, ClientSeat, Person
from coop.record.models import Event
from coop.refusals import Refused
from governance.models import Office
from payments import accounts, bank_statements, deposits, escrow, invariants, ledger, payouts, runs
from payments.models import BankStatement, GivenStatement, Payout, PayRun, RailEvent
from tests.payments import bank
from tests.payments.bank import Line
from tests.payments.conftest import owning
from tests.payments.test_deposits import FIFTY, PROVE, PROVED, theirs
from tests.payments.test_proof import touch
from tests.payments.test_reconciling import FOREIGN, WRITE
from tests.payments.test_runs_attacks import asked, released, run

__all__ = ["asked", "released", "run"]
type Attack = Callable[..., None]
type SignedIn = Callable[[Person], Browser]
SEEN = "statements_are_seen_by_two"
LINES = "lines_are_as_two_saw_them"
GIVE = """INSERT INTO payments_givenstatement
    (place, number, digest, currency, opening, closing, lines, given_by_id, given_at, turned_down_by_id)
    VALUES ('main', %s, '', 'USD', 0, 0, %s, %s, coop_now(), %s)"""
NO = "UPDATE payments_givenstatement SET turned_down_by_id = %s WHERE id = %s"
SAY = """INSERT INTO payments_railevent
    (rail, event, payout_id, outcome, amount, incoming, currency, words, statement_id, occurred_at, noted_at)
    VALUES (%(rail)s, %(event)s, NULL, 'unknown', %(amount)s, %(incoming)s, %(currency)s, %(words)s, %(statement)s,
        coop_now(), coop_now())"""


def gives(office: Office, *lines: Line, number: str = "S-1") -> GivenStatement:
    return bank_statements.give(bank.statement(lines, number=number), by=office, at=clock.now())[0]


def seat(person: Person, client: Client, by: Person) -> None:
    clients.offer(client, person.email, by=by, at=clock.now())
    clients.accept(clients.offers(client)[-1], by=person, at=clock.now())


def test_a_forged_statement_credits_nothing_by_one_officers_word(
    orbit: Client, treasurer: Office, secretary: Office, attack: Attack
) -> None:
    before = escrow.available(orbit)
    given = gives(treasurer, theirs(orbit))
    assert list(bank_statements.waiting()) == [given]
    with pytest.raises(Refused, match="another officer looks at the bank"):
        bank_statements.confirm(given, by=treasurer, at=clock.now())
    attack(WRITE, [treasurer.pk, given.pk], guard=SEEN)
    # Nor with other figures than were given, nor without anybody who gave it.
    attack(WRITE.replace("closing, %s", "closing + 1, %s"), [secretary.pk, given.pk], guard=SEEN)
    attack(WRITE.replace("opening, closing, %s", "opening + 1, closing, %s"), [secretary.pk, given.pk], guard=SEEN)
    attack(WRITE.replace("SELECT id", "SELECT NULL::bigint"), [secretary.pk, given.pk], guard=SEEN)
    assert escrow.available(orbit) == before
    assert bank_statements.confirm(given, by=secretary, at=clock.now()).found == {"deposit": 1}
    assert escrow.available(orbit) - before == FIFTY
    assert not any(invariants.broken().values())
    with pytest.raises(Refused, match="confirmed or turned down"):
        bank_statements.confirm(given, by=secretary, at=clock.now())


def test_a_forged_statement_gives_no_payout_back_by_one_officers_word(
    asked: Payout, released: PayRun, treasurer: Office, secretary: Office
) -> None:
    runs.file(released, by=treasurer, at=clock.now())
    given = gives(treasurer, Line(Decimal(5), runs.key_of(asked.pk), reason="AC04"))
    asked.refresh_from_db()
    assert (asked.state, payouts.ready(asked.person)) == ("sending", Decimal(4))
    bank_statements.confirm(given, by=secretary, at=clock.now())
    assert payouts.ready(asked.person) == 9


def test_only_officers_who_handle_money_give_confirm_and_turn_down(
    orbit: Client, treasurer: Office, samuel: Person, attack: Attack
) -> None:
    safety = Office.objects.get(person=samuel)
    with pytest.raises(Refused, match="treasurer or the secretary"):
        gives(safety, theirs(orbit))
    given = gives(treasurer, theirs(orbit))
    for act in (bank_statements.confirm, bank_statements.turn_down):
        with pytest.raises(Refused):
            act(given, by=safety, at=clock.now())
    attack(GIVE, ["x", "[]", safety.pk, None], guard="statements_are_given_in_office")
    attack(GIVE, ["x", "{}", treasurer.pk, None], guard="statements_are_given_in_office")
    attack(GIVE, ["x", "[]", treasurer.pk, treasurer.pk], guard="statements_are_given_in_office")
    attack(WRITE, [safety.pk, given.pk], guard="statements_are_read_in_office")
    attack(NO, [safety.pk, given.pk], guard="statements_are_turned_down_in_office")


def test_a_statement_is_given_once(orbit: Client, treasurer: Office, secretary: Office, attack: Attack) -> None:
    given = gives(treasurer, theirs(orbit))
    for by in (treasurer, secretary):
        with pytest.raises(Refused, match="waits for another officer"):
            gives(by, theirs(orbit))
    attack(GIVE, [given.number, "[]", treasurer.pk, None], guard="a_statement_is_given_once")


def test_what_was_turned_down_is_never_booked(
    orbit: Client, treasurer: Office, secretary: Office, attack: Attack
) -> None:
    before = escrow.available(orbit)
    forged = gives(treasurer, theirs(orbit))
    bank_statements.turn_down(forged, by=secretary, at=clock.now())
    with pytest.raises(Refused, match="confirmed or turned down"):
        bank_statements.confirm(forged, by=secretary, at=clock.now())
    attack(WRITE, [secretary.pk, forged.pk], guard=SEEN)
    attack(NO, [treasurer.pk, forged.pk], guard="statements_are_turned_down_in_office")
    attack(NO, [None, forged.pk], guard="statements_are_turned_down_in_office")
    # The bank's own comes after it, and who brought a slip may take it back.
    slip = gives(treasurer, theirs(orbit), theirs(orbit))
    bank_statements.turn_down(slip, by=treasurer, at=clock.now())
    right = gives(treasurer)
    bank_statements.confirm(right, by=secretary, at=clock.now())
    assert escrow.available(orbit) == before
    attack(NO, [secretary.pk, right.pk], guard="statements_are_turned_down_in_office")
    with pytest.raises(Refused, match="confirmed or turned down"):
        bank_statements.turn_down(right, by=secretary, at=clock.now())
    said = Event.objects.filter(kind__startswith="statements.").order_by("pk").values_list("kind", "actor")
    one, two = treasurer.person_id, secretary.person_id
    assert list(said) == [
        ("statements.given", one), ("statements.turned_down", two), ("statements.given", one),
        ("statements.turned_down", one), ("statements.given", one), ("statements.read", two),
    ]  # fmt: skip


def test_several_wait_in_the_banks_order(orbit: Client, treasurer: Office, secretary: Office) -> None:
    first = gives(treasurer, theirs(orbit))
    content = bank.statement([theirs(orbit)], number="S-2", opening=str(first.closing))
    second = bank_statements.give(content, by=treasurer, at=clock.now())[0]
    assert list(bank_statements.waiting()) == [first, second]
    bank_statements.confirm(first, by=secretary, at=clock.now())
    bank_statements.confirm(second, by=secretary, at=clock.now())
    third, fourth = (
        bank_statements.give(
            bank.statement([theirs(orbit)], number=number, opening=str(second.closing + added)),
            by=treasurer, at=clock.now(),
        )[0] for number, added in (("S-3", 0), ("S-4", 50))
    )  # fmt: skip
    with pytest.raises(Refused, match="does not follow on"):
        bank_statements.confirm(fourth, by=secretary, at=clock.now())
    bank_statements.confirm(third, by=secretary, at=clock.now())
    bank_statements.confirm(fourth, by=secretary, at=clock.now())


def test_a_line_is_what_the_file_said(orbit: Client, treasurer: Office, secretary: Office, attack: Attack) -> None:
    given = gives(treasurer, Line(Decimal(3), words="Thank you"), Line(Decimal(-2), reason="AC04", words="Sorry"))
    read = bank_statements.confirm(given, by=secretary, at=clock.now()).statement
    first, second = RailEvent.objects.order_by("pk")
    assert (second.words, second.incoming) == ("AC04", False)
    with owning(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_railevent DISABLE TRIGGER payments_railevent_is_append_only")
        cursor.execute("DELETE FROM payments_railevent")
    says: dict[str, int | str | bool] = {
        "rail": "bank", "event": first.event, "amount": 3_000_000, "incoming": True, "currency": "USD",
        "words": "Thank you", "statement": read.pk,
    }  # fmt: skip
    for other in (
        {"event": "x"}, {"event": second.event}, {"amount": 3_000_001}, {"incoming": False}, {"currency": "EUR"},
        {"words": "Thank you!"}, {"rail": "wise"},
    ):  # fmt: skip
        attack(SAY, says | other, guard=LINES)
    with connection.cursor() as cursor:
        cursor.execute(SAY, says)


def test_no_line_is_about_another_payout_than_the_file_said(
    asked: Payout, released: PayRun, treasurer: Office, secretary: Office, attack: Attack
) -> None:
    runs.file(released, by=treasurer, at=clock.now())
    given = gives(treasurer, Line(Decimal(5), f"{runs.KEY}{asked.pk}1", reason="AC04"))
    bank_statements.confirm(given, by=secretary, at=clock.now())
    event = RailEvent.objects.get()
    assert event.payout_id is None
    with owning(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_railevent DISABLE TRIGGER payments_railevent_is_append_only")
        cursor.execute("DELETE FROM payments_railevent")
    says: dict[str, int | str | bool] = {
        "rail": "bank", "event": event.event, "amount": 5_000_000, "incoming": True, "currency": "USD",
        "words": "AC04", "statement": event.statement_id or 0,
    }  # fmt: skip
    failed = SAY.replace("NULL, 'unknown'", f"{asked.pk}, 'failed'")
    attack(failed, says, guard=LINES)


def test_a_line_moves_no_more_than_such_a_line_can(
    orbit: Client, asked: Payout, released: PayRun, treasurer: Office, secretary: Office, attack: Attack
) -> None:
    runs.file(released, by=treasurer, at=clock.now())
    words = theirs(orbit).words
    given = gives(
        treasurer, Line(Decimal(3), words=words, kind="CHRG"), Line(Decimal(3), reason="AC04", words=words),
        Line(Decimal(3), runs.key_of(asked.pk), kind="CHRG"),
    )  # fmt: skip
    read = bank_statements.confirm(given, by=secretary, at=clock.now()).statement
    events = list(RailEvent.objects.order_by("pk"))
    assert {event.outcome for event in events} == {"unknown"}
    with owning(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_railevent DISABLE TRIGGER payments_railevent_is_append_only")
        cursor.execute("DELETE FROM payments_railevent")
    for event, outcome in zip(events, (("NULL", "deposit"), ("NULL", "deposit"), (asked.pk, "partial")), strict=True):
        says: dict[str, int | str | bool] = {
            "rail": "bank", "event": event.event, "amount": 3_000_000, "incoming": True, "currency": "USD",
            "words": event.words, "statement": read.pk,
        }  # fmt: skip
        attack(SAY.replace("NULL, 'unknown'", "{}, '{}'".format(*outcome)), says, guard=LINES)
        with connection.cursor() as cursor:
            cursor.execute(SAY, says)


def test_the_night_finds_a_statement_that_one_officer_read(orbit: Client, treasurer: Office, secretary: Office) -> None:
    bank.read(bank.statement([theirs(orbit)]), by=secretary, at=clock.now())
    assert not invariants.broken()["I14"]
    with owning(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_bankstatement DISABLE TRIGGER payments_bankstatement_is_append_only")
        cursor.execute("UPDATE payments_bankstatement SET read_by_id = %s", [treasurer.pk])
    assert len(invariants.broken()["I14"]) == 1
    with owning(), connection.cursor() as cursor:
        cursor.execute("UPDATE payments_bankstatement SET read_by_id = %s", [secretary.pk])
        cursor.execute("ALTER TABLE payments_givenstatement DISABLE TRIGGER USER")
        cursor.execute("UPDATE payments_givenstatement SET turned_down_by_id = %s", [secretary.pk])
    assert len(invariants.broken()["I14"]) == 1


def test_nobodys_account_number_is_kept(orbit: Client, treasurer: Office) -> None:
    given = gives(treasurer, theirs(orbit), Line(Decimal(-1), words="x" * 140))
    assert bank.ACCOUNT not in json.dumps(given.lines)
    assert set(given.lines[0]) == {
        "reference", "key", "amount", "currency", "day", "came_back", "is_fee", "reason", "words",
    }  # fmt: skip


def test_the_page_shows_totals_and_lines_and_asks_once(
    orbit: Client, teresa: Person, petra: Person, signed_in: SignedIn
) -> None:
    first, second = signed_in(teresa), signed_in(petra)
    content = bank.statement([theirs(orbit), Line(Decimal("-7.50"), words="Who knows")])
    page = first.post("/desk/statements/", {"file": SimpleUploadedFile("s.xml", content)}, follow=True).text
    given = GivenStatement.objects.get()
    address = f"/desk/statements/given/{given.pk}/"
    assert address in page
    assert first.post(address).status_code == 403
    page = second.get(address).text
    for words in ("100,000.00", "50.00", "7.50", "100,042.50", "Who knows", "The bank shows the same"):
        assert words in page
    assert second.post(f"{address}no/", follow=True).redirect_chain[-1][0] == "/desk/statements/"
    assert "The bank shows" not in second.get(address).text
    first.post("/desk/statements/", {"file": SimpleUploadedFile("s.xml", content)})
    address = f"/desk/statements/given/{GivenStatement.objects.latest('pk').pk}/"
    assert "Money in: 1" in second.post(address, follow=True).text
    assert second.post(address).status_code == 409
    assert BankStatement.objects.count() == 1


def test_the_page_says_what_is_booked_of_each_line(
    asked: Payout, released: PayRun, orbit: Client, treasurer: Office, petra: Person, signed_in: SignedIn
) -> None:
    runs.file(released, by=treasurer, at=clock.now())
    key, name = runs.key_of(asked.pk), asked.person.name
    given = gives(
        treasurer, Line(Decimal(-5), key, reference="REF-9"), replace(theirs(orbit), amount=Decimal(51)),
        Line(Decimal(-5), words="Stripped"),
        Line(Decimal("-0.30"), kind="CHRG"), Line(Decimal(5), key, reason="AC04", words="Sorry"),
    )  # fmt: skip
    page = signed_in(petra).get(f"/desk/statements/given/{given.pk}/").text
    for words in (
        f"Payout {asked.pk} to {name}: Arrived", f"Payout {asked.pk} to {name}: Came back after it had arrived",
        f"Deposit of {orbit.name}", "A question: Belongs to nothing we know", "A fee of the rail", "REF-9", key, "AC04",
        "Sorry",
    ):  # fmt: skip
        assert words in page
    asked.refresh_from_db()
    assert (asked.state, RailEvent.objects.count()) == ("sending", 0)


def test_whose_payout_is_on_it_brings_it_and_another_confirms(
    asked: Payout, released: PayRun, treasurer: Office, secretary: Office
) -> None:
    runs.file(released, by=treasurer, at=clock.now())
    touch("payments_payout", f"UPDATE payments_payout SET person_id = {secretary.person_id} WHERE id = {asked.pk}")
    given = gives(treasurer, Line(Decimal(-5), runs.key_of(asked.pk)))
    with pytest.raises(Refused, match="A payout of yours"):
        bank_statements.confirm(given, by=secretary, at=clock.now())
    bank_statements.turn_down(given, by=secretary, at=clock.now())
    again = gives(secretary, Line(Decimal(-5), runs.key_of(asked.pk)))
    assert bank_statements.confirm(again, by=treasurer, at=clock.now()).found == {"settled": 1}


def test_where_one_of_the_two_sits_for_a_client_its_deposit_is_a_question(
    orbit: Client, olga: Person, treasurer: Office, secretary: Office, signed_in: SignedIn
) -> None:
    seat(secretary.person, orbit, olga)
    other = clients.found("Firm", slug="firm", by=olga, at=clock.now())
    before, address = escrow.available(orbit), "/desk/statements/given/{}/"
    for number, giver, seer in (("S-1", treasurer, secretary), ("S-2", secretary, treasurer)):
        given = gives(giver, theirs(orbit), theirs(other), number=number)
        page = signed_in(seer.person).get(address.format(given.pk)).text
        for words in ("One of you two has a seat", "A question: Belongs to nothing we know", "Deposit of Firm"):
            assert words in page
        found = bank_statements.confirm(given, by=seer, at=clock.now()).found
        assert found == {"unknown": 1, "deposit": 1}
    assert (escrow.available(orbit), escrow.available(other)) == (before, 2 * FIFTY)
    # A seat that is put down for the moment of a press is one that they had.
    given = gives(treasurer, theirs(orbit), number="S-3")
    ClientSeat.objects.filter(person=secretary.person).update(ended_at=clock.now())
    assert "One of you two" in signed_in(secretary.person).get(address.format(given.pk)).text
    assert bank_statements.confirm(given, by=secretary, at=clock.now()).found == {"unknown": 1}
    given = gives(treasurer, theirs(orbit), number="S-4")
    assert "One of you two" not in signed_in(secretary.person).get(address.format(given.pk)).text
    assert bank_statements.confirm(given, by=secretary, at=clock.now()).found == {"deposit": 1}


@pytest.mark.parametrize("sits", ["treasurer", "secretary"])
def test_no_line_of_a_statement_is_a_deposit_of_whom_one_of_its_two_sits_for(
    orbit: Client, olga: Person, treasurer: Office, secretary: Office, attack: Attack, sits: str
) -> None:
    given = gives(treasurer, theirs(orbit))
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [secretary.pk, given.pk])
    line = RailEvent.objects.create(
        rail="bank", event=f"{BankStatement.objects.get().pk}/1/S-1-1", outcome="deposit", amount=FIFTY, incoming=True,
        currency="USD", words=theirs(orbit).words, statement=BankStatement.objects.get(), occurred_at=clock.now(),
        noted_at=clock.now(),
    )  # fmt: skip
    noted = deposits.record(orbit, amount=FIFTY, reference="S-1-1", by=treasurer, at=clock.now())
    seat({"treasurer": treasurer, "secretary": secretary}[sits].person, orbit, olga)
    attack(PROVE, [noted.pk, line.pk, None], guard=PROVED)
    # Whatever moment the site says that it ended at, it was theirs after the file came.
    ClientSeat.objects.exclude(person=olga).update(ended_at=datetime(2001, 1, 1, tzinfo=UTC))
    attack(PROVE, [noted.pk, line.pk, None], guard=PROVED)


def test_a_seat_that_ended_before_the_first_word_counts_no_more(
    orbit: Client, olga: Person, treasurer: Office, secretary: Office
) -> None:
    seat(secretary.person, orbit, olga)
    ClientSeat.objects.filter(person=secretary.person).update(ended_at=clock.now())
    given = gives(treasurer, theirs(orbit))
    assert bank_statements.confirm(given, by=secretary, at=clock.now()).found == {"deposit": 1}
    noted = deposits.record(orbit, amount=FIFTY, reference="BY-HAND", by=treasurer, at=clock.now())
    deposits.confirm(noted, by=secretary, at=clock.now())


def test_no_officer_puts_a_seat_down_to_confirm_a_deposit_by_hand(
    orbit: Client, olga: Person, treasurer: Office, secretary: Office, attack: Attack
) -> None:
    seat(secretary.person, orbit, olga)
    late = """INSERT INTO payments_deposit (client_id, fund, amount, currency, reference, recorded_by_id, at)
        VALUES (%s, '', 1, 'USD', 'LATE', %s, coop_now() + interval '1 day')"""
    attack(late, [orbit.pk, treasurer.pk], guard="deposits_are_recorded_in_office")
    noted = deposits.record(orbit, amount=FIFTY, reference="BY-HAND", by=treasurer, at=clock.now())
    ClientSeat.objects.filter(person=secretary.person).update(ended_at=datetime(2001, 1, 1, tzinfo=UTC))
    attack(PROVE, [noted.pk, None, secretary.pk], guard=PROVED)
    with pytest.raises(Refused, match="has a seat in that"):
        deposits.confirm(noted, by=secretary, at=clock.now())


def test_a_statement_of_many_lines_is_looked_at_with_as_many_queries_as_one_of_few(
    orbit: Client, olga: Person, treasurer: Office, secretary: Office, signed_in: SignedIn
) -> None:
    desk, asked = signed_in(secretary.person), []
    firms = [clients.found(f"Firm {n}", slug=f"firm-{n}", by=olga, at=clock.now()) for n in range(9)]
    for firm in firms:
        deposits.record(firm, amount=FIFTY, reference=f"by hand {firm.pk}", by=treasurer, at=clock.now())
    seat(secretary.person, firms[0], olga)
    for payers in ([orbit, firms[0]], [orbit, *firms] * 4):
        given = gives(treasurer, *map(theirs, payers), Line(Decimal("-0.30"), kind="CHRG"), Line(FIFTY, words="Hello"))
        with CaptureQueriesContext(connection) as seen:
            page = desk.get(f"/desk/statements/given/{given.pk}/").text
        assert page.count("Deposit of") == sum(payer != firms[0] for payer in payers)
        asked.append([one["sql"] for one in seen])
        bank_statements.turn_down(given, by=secretary, at=clock.now())
    assert len(asked[0]) == len(asked[1])
    # Worked out once, though the page also says whether the officer may confirm it.
    assert sum("payments_deposit" in one for one in asked[1]) == 3


def test_where_both_have_money_on_it_the_confirmers_is_a_question_and_the_rest_is_booked(
    orbit: Client, olga: Person, treasurer: Office, secretary: Office
) -> None:
    for office in (treasurer, secretary):
        seat(office.person, orbit, olga)
    other = clients.found("Firm", slug="firm", by=olga, at=clock.now())
    before = escrow.available(orbit)
    given = gives(treasurer, theirs(orbit), theirs(other))
    assert bank_statements.confirm(given, by=secretary, at=clock.now()).found == {"unknown": 1, "deposit": 1}
    assert (escrow.available(orbit), escrow.available(other)) == (before, FIFTY)
    assert not any(invariants.broken().values())


def test_a_fee_is_a_question_too_where_the_deposit_that_would_pay_it_is_one(
    treasurer: Office, secretary: Office, olga: Person
) -> None:
    """The books hold nothing else: what could not be booked would stop every statement after it."""
    mine = clients.found("Firm", slug="firm", by=olga, at=clock.now())
    for office in (treasurer, secretary):
        seat(office.person, mine, olga)
    held = -ledger.balance(accounts.BANK, "USD")
    given = gives(treasurer, theirs(mine), Line(-held - FIFTY, kind="CHRG"))
    assert bank_statements.confirm(given, by=secretary, at=clock.now()).found == {"unknown": 2}


def test_what_waits_behind_one_that_was_turned_down_is_named(
    orbit: Client, treasurer: Office, secretary: Office, settings: LazySettings
) -> None:
    first = gives(treasurer, theirs(orbit))
    content = bank.statement([theirs(orbit)], number="S-2", opening=str(first.closing))
    second = bank_statements.give(content, by=treasurer, at=clock.now())[0]
    bank_statements.turn_down(first, by=secretary, at=clock.now())
    with pytest.raises(Refused, match="Statement S-2 waits before it"):
        gives(treasurer, number="S-1")
    # Of another account nothing waits.
    ours, settings.BANK_ACCOUNT = settings.BANK_ACCOUNT, f"{FOREIGN} BUKBGB22 Workhall"
    bank_statements.give(bank.statement([], account=FOREIGN, number="F-1"), by=treasurer, at=clock.now())
    settings.BANK_ACCOUNT = ours
    bank_statements.turn_down(second, by=secretary, at=clock.now())
    assert gives(treasurer, number="S-1")


def test_no_stranger_sees_a_statement(treasurer: Office, amina: Person, signed_in: SignedIn, now: datetime) -> None:
    given = gives(treasurer, Line(FIFTY))
    browser = signed_in(amina)
    assert browser.get(f"/desk/statements/given/{given.pk}/").status_code == 403
    assert browser.post(f"/desk/statements/given/{given.pk}/no/").status_code == 403
    assert not GivenStatement.objects.get().turned_down_at
