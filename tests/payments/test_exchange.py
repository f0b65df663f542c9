"""Exchange on the way out (kind 23): as told, in 30 minutes, once, of money that was bought, to the last unit."""

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance.models import Office
from payments import accounts, exchange, invariants, ledger, monthly, moves, payouts, statements
from payments.ledger import Kind, Line
from payments.models import ExchangeQuote, Payout, PayoutDetails, Place, Purchase, Transfer
from payments.open_ledger import Month, figures
from tests.payments import abroad, ways
from tests.payments.conftest import owning
from tests.payments.test_exports import bean_check, hledger, written

type Earn = Callable[[Person, str], int]
type Later = Callable[..., datetime]
type Attack = Callable[..., None]
type SignedIn = Callable[[Person], Browser]

ZERO = Decimal(0)


@pytest.fixture
def way(db: None, settings: Settings, tmp_path: object) -> None:
    """Let M-Pesa be open and set; nothing is sent here."""
    settings.MPESA_URL, settings.MPESA_INITIATOR, settings.MPESA_CERTIFICATE = "http://k:s@127.0.0.1:9/1", "a:b", "c"
    ways.open_way("mpesa")


@pytest.fixture
def ready(way: None, earn: Earn, amina: Person, later: Later, treasurer: Office, secretary: Office) -> Person:
    earn(amina, "9.50")
    abroad.buy(treasurer, secretary)
    abroad.say_where(amina, "mpesa", phone="0712345678")
    later(hours=73)
    return amina


def sound() -> bool:
    return not any(invariants.broken().values())


def whole() -> None:
    """Let the guards that wait for the end of a transaction look now."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def moved(payout: Payout) -> list[tuple[int, str, str, Decimal, str]]:
    rows = Transfer.objects.filter(ref=f"payout:{payout.pk}").select_related("debit", "credit").order_by("id")
    return [(row.kind, row.debit.code, row.credit.code, row.amount, row.debit.currency) for row in rows]


def test_a_pair_and_the_payout_are_one_journal(ready: Person) -> None:
    quote = abroad.tell(ready, "5")
    assert (quote.rate, quote.arrives, quote.costs) == (Decimal("129.37"), Decimal(646), Decimal("4.993430"))
    payout = payouts.request_told(quote, by=ready, at=clock.now())
    mine = accounts.payable(ready.pk)
    assert moved(payout) == [
        (23, mine, "fx:USD", Decimal("4.99343"), "USD"),
        (23, "fx:KES", mine, Decimal(646), "KES"),
        (13, mine, "clearing:out", Decimal(646), "KES"),
    ]
    assert Transfer.objects.filter(ref=f"payout:{payout.pk}").values("journal").distinct().count() == 1
    assert payouts.ready(ready) == Decimal("9.50") - quote.costs
    assert ledger.balance(mine, "KES") == 0
    assert exchange.held("KES") == Decimal("2587.40") - 646
    whole()
    assert sound()


def test_what_came_back_is_the_same_dollars_whatever_the_price_is_now(
    ready: Person, treasurer: Office, secretary: Office
) -> None:
    payout = abroad.take(ready, "5")
    abroad.buy(treasurer, secretary, bought="100", paid="1", reference="FX-2")
    payouts.send(payout, reference="R", by=treasurer, at=clock.now())
    payouts.fail(payout, by=secretary, at=clock.now())
    assert payouts.ready(ready) == Decimal("9.50")
    assert [row[0] for row in moved(payout)] == [23, 23, 13, 15, 23, 23]
    assert exchange.held("KES") == Decimal("2687.40")
    whole()
    assert sound()


def test_members_are_told_before_they_choose_and_before_they_send(ready: Person, signed_in: SignedIn) -> None:
    browser = signed_in(ready)
    page = browser.get("/pay/ask/").text
    assert "KES\xa0129.37" in page
    assert "simulated rail" in page
    assert "within 1 working day, in KES" in page
    form = {"amount": "5", "rail": "mpesa", "key": "7a6b0b6e-0000-4000-8000-000000000001"}
    told = browser.post("/pay/ask/", form)
    assert Payout.objects.count() == 0
    page = browser.get(told["Location"]).text
    for words in ("KES\xa0646.00", "US$\xa04.99343", "US$\xa00.00657", "KES\xa0129.37", "M-Pesa …678"):
        assert words in page
    assert Payout.objects.count() == 0
    sent = [browser.post(told["Location"])["Location"] for _turn in range(2)]
    assert sent[0] == sent[1]
    assert Payout.objects.count() == 1
    assert "KES\xa0646.00" in browser.get(sent[0]).text
    assert "KES\xa0646.00" in browser.get("/pay/").text


def test_what_cannot_be_sent_is_said_on_the_form(ready: Person, earn: Earn, signed_in: SignedIn) -> None:
    earn(ready, "30")
    form = {"amount": "39", "rail": "mpesa", "key": "7a6b0b6e-0000-4000-8000-000000000001"}
    page = signed_in(ready).post("/pay/ask/", form)
    assert page.status_code == 200
    assert "holds KES\xa02,587.40" in page.text
    assert ExchangeQuote.objects.count() == 0


def test_other_programs_read_the_books_with_both_currencies(ready: Person, tmp_path: Path) -> None:
    abroad.take(ready, "5")
    payouts_back = abroad.take(ready, "2")
    payouts.send(payouts_back, reference="R", by=Office.objects.get(post="treasurer"), at=clock.now())
    payouts.fail(payouts_back, by=Office.objects.get(post="secretary"), at=clock.now())
    books, checked = written("hledger", tmp_path), written("beancount", tmp_path)
    assert hledger(books, "check").returncode == 0
    assert "KES" in hledger(books, "balance", "--flat", "Equity:Fx:Kes").stdout
    found = bean_check(checked)
    assert found.returncode == 0, found.stderr


def test_an_expired_quote_sends_nothing(ready: Person, later: Later, signed_in: SignedIn) -> None:
    quote = abroad.tell(ready, "5")
    later(minutes=30)
    with pytest.raises(Refused, match="30 minutes"):
        payouts.request_told(quote, by=ready, at=clock.now())
    page = signed_in(ready).get(f"/pay/ask/{quote.pk}/").text
    assert "Look at what arrives now" in page
    assert "Send me" not in page
    assert payouts.ready(ready) == Decimal("9.50")


def test_a_quote_is_its_persons_alone(ready: Person, luis: Person, signed_in: SignedIn) -> None:
    quote = abroad.tell(ready, "5")
    with pytest.raises(Refused, match="Only you"):
        payouts.request_told(quote, by=luis, at=clock.now())
    assert signed_in(luis).get(f"/pay/ask/{quote.pk}/").status_code == 404


def test_what_cannot_be_sent_is_said_before(ready: Person, earn: Earn) -> None:
    with pytest.raises(Refused, match="at least"):
        abroad.tell(ready, "0.99")
    with pytest.raises(Refused, match="up to"):
        abroad.tell(ready, "9.51")
    with pytest.raises(Refused, match="look first at what arrives"):
        payouts.request(ready, amount=Decimal(5), rail="mpesa", by=ready, at=clock.now())
    earn(ready, "30")
    with pytest.raises(Refused, match="holds"):
        abroad.take(ready, "21")
    assert sound()


def test_without_anything_bought_the_way_is_not_offered_for_asking(
    way: None, earn: Earn, amina: Person, later: Later, signed_in: SignedIn
) -> None:
    earn(amina, "5")
    abroad.say_where(amina, "mpesa", phone="0712345678")
    later(hours=73)
    assert "mpesa" not in [one.rail.name for one in payouts.ways(amina, at=clock.now())]
    assert "has bought none of it" in signed_in(amina).get("/pay/details/").text
    with pytest.raises(Refused, match="holds"):
        abroad.tell(amina, "5")


def questions(browser: Browser, path: str) -> int:
    """Return how often a page asks the database, after it was seen once."""
    browser.get(path)
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(path).status_code == 200
    return len(asked)


def test_pages_ask_the_same_number_of_questions(
    ready: Person, signed_in: SignedIn, teresa: Person, treasurer: Office, secretary: Office
) -> None:
    mine, desk = signed_in(ready), signed_in(teresa)
    quote = abroad.tell(ready, "2")
    few = [questions(mine, path) for path in (f"/pay/ask/{quote.pk}/", "/pay/ask/", "/pay/details/")]
    held = questions(desk, "/desk/exchange/")
    for number in range(2, 6):
        abroad.take(ready, "1")
        abroad.tell(ready, "1")
        abroad.buy(treasurer, secretary, bought="130", paid="1", reference=f"FX-{number}")
        exchange.note("KES", bought=Decimal(1), paid=Decimal(1), reference=f"W{number}", by=treasurer, at=clock.now())
    assert [questions(mine, path) for path in (f"/pay/ask/{quote.pk}/", "/pay/ask/", "/pay/details/")] == few
    assert questions(desk, "/desk/exchange/") == held


def test_statements_and_the_open_ledger_know_it(ready: Person) -> None:
    payout = abroad.take(ready, "5")
    [line] = [one for one in statements.entries(statements.lines(ready), ready) if one.payout == payout.pk]
    assert (line.words, line.amount) == ("Exchange for a payout", -payout.quote.costs)  # type: ignore[union-attr]
    month = Month.of(clock.now())
    statement = monthly.statement(ready, month)
    assert [one.words for one in statement.payouts] == ["Exchange for a payout"]
    before = figures(month).to_members
    payouts.send(payout, reference="R", by=Office.objects.get(post="treasurer"), at=clock.now())
    payouts.fail(payout, by=Office.objects.get(post="secretary"), at=clock.now())
    # What came back was the member's before: nobody earned it a second time.
    assert figures(month).to_members == before


RATES = st.decimals(min_value="0.00000001", max_value="100000", places=8)


def test_nothing_is_lost_in_rounding(db: None) -> None:
    """What arrives is whole units, costs the least that is worth it, and leaves less than one unit behind."""

    @given(asked=st.integers(1, 10**13), rate=RATES, unit=st.sampled_from([1, 10_000, 1_000_000]))
    @hypothesis_settings(max_examples=300, deadline=None)
    def work_out(asked: int, rate: Decimal, unit: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT arrives, costs FROM payments_exchanged(%s, %s, %s)", [asked, rate, unit])
            arrives, costs = cursor.fetchone()
        assert arrives % unit == 0
        assert costs <= asked
        assert 0 <= (asked - costs) * rate < unit
        assert costs * rate >= arrives > (costs - 1) * rate or arrives == costs == 0

    work_out()


# What the web role tries.

QUOTE = """INSERT INTO payments_exchangequote
    (person_id, rail, currency, asked, rate, source, arrives, costs, made_at, expires_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, coop_now(), coop_now() + interval '1 year')"""
PAYOUT = """INSERT INTO payments_payout
    (person_id, amount, currency, rail, details_id, method, state, reference, key, requested_at, quote_id)
    VALUES (%s, %s, %s, 'mpesa', %s, 'M-Pesa …678', 'requested', '', gen_random_uuid(), coop_now(), %s)"""
BUY = """INSERT INTO payments_purchase (currency, bought, paid, reference, noted_by_id, noted_at)
    VALUES ('KES', 1000000000, 1000000, 'X', %s, coop_now())"""


def place(person: Person) -> int:
    return PayoutDetails.objects.get(person=person, rail="mpesa").pk


def test_nobody_tells_another_price(ready: Person, attack: Attack, treasurer: Office, secretary: Office) -> None:
    old = exchange.price("KES")
    assert old
    new = abroad.buy(treasurer, secretary, bought="130", paid="1", reference="FX-2")
    guard = "quotes_are_worked_out"
    said: list[Any] = [ready.pk, "mpesa", "KES", 5_000_000]
    attack(QUOTE, [*said, "1000", f"purchase:{new.pk}", 5_000_000_000, 5_000_000], guard=guard)
    attack(QUOTE, [*said, old.rate, old.source, 646_000_000, 4_993_430], guard=guard)
    attack(QUOTE, [*said, "130", "purchase:0", 650_000_000, 5_000_000], guard=guard)
    attack(QUOTE, [ready.pk, "mpesa", "EUR", 5_000_000, "130", f"purchase:{new.pk}", 1, 1], guard=guard)
    attack(QUOTE, [ready.pk, "bank", "KES", 5_000_000, "130", f"purchase:{new.pk}", 1, 1], guard=guard)
    attack("UPDATE payments_exchangequote SET rate = 1", guard="permission denied")
    with connection.cursor() as cursor:
        # Whatever else is said, the database works it out.
        cursor.execute(QUOTE, [*said, "130", f"purchase:{new.pk}", 9_000_000_000, 1])
    quote = ExchangeQuote.objects.latest("pk")
    assert (quote.arrives, quote.costs) == (Decimal(650), Decimal(5))
    assert (quote.expires_at - quote.made_at).total_seconds() == 1800


def test_no_payout_but_as_it_was_told(ready: Person, luis: Person, earn: Earn, attack: Attack, later: Later) -> None:
    quote = abroad.tell(ready, "5")
    where, guard = place(ready), "payouts_arrive_as_quoted"
    attack(PAYOUT, [ready.pk, 646_000_000, "KES", where, None], guard=guard)
    attack(PAYOUT, [ready.pk, 5_000_000, "USD", where, None], guard=guard)
    attack(PAYOUT, [ready.pk, 647_000_000, "KES", where, quote.pk], guard=guard)
    attack(PAYOUT, [ready.pk, 646_000_000, "EUR", where, quote.pk], guard=guard)
    attack(PAYOUT, [luis.pk, 646_000_000, "KES", where, quote.pk], guard=guard)
    payout = payouts.request_told(quote, by=ready, at=clock.now())
    attack(PAYOUT, [ready.pk, 646_000_000, "KES", where, quote.pk], guard="payments_payout_quote_id_key")
    attack("UPDATE payments_payout SET quote_id = NULL WHERE id = %s", [payout.pk], guard="permission denied")
    late = abroad.tell(ready, "4")
    later(minutes=30)
    attack(PAYOUT, [ready.pk, 517_000_000, "KES", where, late.pk], guard=guard)


def test_no_more_is_promised_than_was_bought(
    ready: Person, earn: Earn, attack: Attack, treasurer: Office, secretary: Office
) -> None:
    earn(ready, "30")
    quote = abroad.tell(ready, "15")
    abroad.take(ready, "10")
    with pytest.raises(Refused, match="holds"):
        payouts.request_told(quote, by=ready, at=clock.now())
    guard = "currency_is_bought_before_it_is_promised"
    attack(PAYOUT, [ready.pk, 1_940_000_000, "KES", place(ready), quote.pk], guard=guard)


def test_what_lies_elsewhere_is_promised_to_nobody(
    ready: Person, attack: Attack, treasurer: Office, secretary: Office
) -> None:
    quote = abroad.tell(ready, "5")
    away = moves.note(
        Place.MPESA, Place.MAIN, amount=Decimal(2000), currency="KES", reference="AWAY", by=treasurer, at=clock.now()
    )
    moves.confirm(away, by=secretary, at=clock.now())
    assert exchange.held("KES") == Decimal("587.40")
    with pytest.raises(Refused, match="holds"):
        payouts.request_told(quote, by=ready, at=clock.now())
    guard = "currency_is_bought_before_it_is_promised"
    attack(PAYOUT, [ready.pk, 646_000_000, "KES", place(ready), quote.pk], guard=guard)
    assert sound()


def post(payout: int, debit: str, credit: str, amount: str, currency: str) -> Callable[[], object]:
    line = Line(Kind.EXCHANGED, debit, credit, Decimal(amount), f"forged:{debit}:{credit}:{amount}", f"payout:{payout}")
    return lambda: ledger.post(line, journal="forged", at=clock.now(), currency=currency)


def refused_by(act: Callable[[], object]) -> str:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        act()
    cause = caught.value.__cause__
    return str(getattr(cause, "diag", None) and cause.diag.constraint_name)  # type: ignore[union-attr]


def test_no_exchange_but_its_quotes(ready: Person, luis: Person, earn: Earn) -> None:
    earn(luis, "3")
    payout = abroad.take(ready, "5")
    mine, guard = accounts.payable(ready.pk), "exchanges_are_as_quoted"
    for debit, credit, amount, currency in (
        ("fx:USD", mine, "4.99343", "USD"),
        ("fx:KES", mine, "646", "USD"),
        ("fx:USD", "bank:main", "1", "USD"),
        ("bank:mpesa", "fx:KES", "1000", "KES"),
    ):
        assert refused_by(post(payout.pk, debit, credit, amount, currency)) == guard
    # Once told and posted, once and for all: under any key.
    again = [
        (mine, "fx:USD", "4.99343", "USD"), (mine, "fx:USD", "4", "USD"),
        (accounts.payable(luis.pk), "fx:USD", "3", "USD"),
        ("fx:KES", mine, "646", "KES"), ("fx:KES", mine, "647", "KES"),
    ]  # fmt: skip
    for debit, credit, amount, currency in again:
        assert refused_by(post(payout.pk, debit, credit, amount, currency)) == "facts_are_posted_once"
    assert refused_by(post(0, mine, "fx:USD", "1", "USD")) == guard
    assert refused_by(post(payout.pk, mine, accounts.payable(luis.pk), "1", "USD")) == guard
    assert sound()


def test_no_half_of_an_exchange(ready: Person, attack: Attack, treasurer: Office) -> None:
    quote = abroad.tell(ready, "5")
    insert = f"SET CONSTRAINTS ALL IMMEDIATE; {PAYOUT}"
    said = [ready.pk, 646_000_000, "KES", place(ready), quote.pk]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    attack(insert.split("; ")[1], said, guard="exchanges_are_whole")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def test_currency_is_bought_by_two_officers(
    way: None, attack: Attack, amina: Person, treasurer: Office, secretary: Office
) -> None:
    before = ledger.balance(accounts.BANK)
    noted = exchange.note("KES", bought=Decimal(1000), paid=Decimal(8), reference="FX", by=treasurer, at=clock.now())
    assert exchange.price("KES") is None
    guard, confirm = "currency_is_bought_by_two_officers", "UPDATE payments_purchase SET confirmed_by_id = %s,"
    attack(f"{confirm} confirmed_at = coop_now() WHERE id = %s", [treasurer.pk, noted.pk], guard=guard)
    ended = Office.objects.exclude(pk__in=[treasurer.pk, secretary.pk]).exclude(post="treasurer").first()
    assert ended
    attack(f"{confirm} confirmed_at = coop_now() WHERE id = %s", [ended.pk, noted.pk], guard=guard)
    attack(BUY, [ended.pk], guard="currency_is_noted_in_office")
    attack("UPDATE payments_purchase SET bought = 1", guard="permission denied")
    with owning():
        frozen = "UPDATE payments_purchase SET bought = 1, confirmed_by_id = %s, confirmed_at = coop_now()"
        attack(frozen, [secretary.pk], guard="payments_purchase_is_frozen")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    attack("DELETE FROM payments_purchase", guard="permission denied")
    line = Line(Kind.EXCHANGED, "bank:main", "fx:KES", Decimal(1000), "forged", f"purchase:{noted.pk}")
    act = lambda: ledger.post(line, journal="forged", at=clock.now(), currency="KES")  # noqa: E731 - one line of it
    assert refused_by(act) == "exchanges_are_as_quoted"
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    posted = f"{confirm} confirmed_at = coop_now() WHERE id = %s"
    attack(posted, [secretary.pk, noted.pk], guard="purchases_are_posted")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    with pytest.raises(Refused, match="another officer"):
        exchange.confirm(noted, by=treasurer, at=clock.now())
    exchange.confirm(noted, by=secretary, at=clock.now())
    with pytest.raises(Refused, match="was confirmed"):
        exchange.confirm(noted, by=secretary, at=clock.now())
    assert (exchange.held("KES"), ledger.balance(accounts.BANK)) == (Decimal(1000), before + 8)
    whole()
    assert sound()


def test_nothing_is_bought_for_more_than_the_bank_holds(way: None, treasurer: Office, secretary: Office) -> None:
    with pytest.raises(Refused, match="bank holds"):
        abroad.buy(treasurer, secretary, paid="1000000")
    with pytest.raises(Refused, match="No way to be paid"):
        exchange.note("XXX", bought=Decimal(1), paid=Decimal(1), reference="R", by=treasurer, at=clock.now())


def test_the_desk_shows_what_is_held_and_takes_both_officers(
    way: None, deposit: Callable[[str], None], teresa: Person, petra: Person, amina: Person, signed_in: SignedIn
) -> None:
    deposit("30")
    assert signed_in(amina).get("/desk/exchange/").status_code == 403
    browser = signed_in(teresa)
    form = {"currency": "KES", "bought": "2587.40", "paid": "20", "reference": "FX-1"}
    assert browser.post("/desk/exchange/", form).status_code == 302
    page = browser.get("/desk/exchange/").text
    assert "You noted this purchase" in page
    assert "has bought none of it" in page
    other = signed_in(petra)
    noted = Purchase.objects.get()
    assert "statements say so" in other.get("/desk/exchange/").text
    assert other.post(f"/desk/exchange/{noted.pk}/confirm/").status_code == 302
    page = other.get("/desk/exchange/").text
    assert "KES\xa02,587.40" in page
    assert "KES\xa0129.37" in page


def test_only_a_vote_opens_it(db: None) -> None:
    """Accounts stay in US dollars: what a vote may say of currency has not changed, and of ways one more."""
    said = "SELECT payments_instrument_holds(%s, %s, %s::jsonb)"
    with connection.cursor() as cursor:
        for kind, key, value, may in (
            ("currency", "", {"codes": ["USD"]}, True),
            ("currency", "", {"codes": ["USD", "KES"]}, False),
            ("rail", "rail:mpesa", {"open": True}, True),
            ("rail", "rail:mpesa", {"open": False}, True),
            ("rail", "rail:wise_eur", {"open": True}, True),
            ("rail", "rail:wise_kes", {"open": True}, False),
            ("rail", "rail:cash", {"open": True}, False),
        ):
            cursor.execute(said, [kind, key, json.dumps(value)])
            assert cursor.fetchone() == (may,)


DOWN = "UPDATE payments_purchase SET turned_down_by_id = %s, turned_down_at = coop_now() WHERE id = %s"


def test_a_purchase_that_is_wrong_is_turned_down_and_its_reference_is_free(
    way: None, attack: Attack, treasurer: Office, secretary: Office
) -> None:
    """In office, once, and never what was confirmed."""
    facts: dict[str, Any] = {"bought": Decimal(1000), "paid": Decimal(8), "by": treasurer, "at": clock.now()}
    wrong = exchange.note("KES", reference="FX-7", **facts)
    with pytest.raises(Refused, match="reference is noted"):
        exchange.note("KES", reference="FX-7", **facts)
    ended = Office.objects.exclude(pk__in=[treasurer.pk, secretary.pk]).exclude(post="treasurer").first()
    assert ended
    guard = "currency_is_bought_by_two_officers"
    attack(DOWN, [ended.pk, wrong.pk], guard=guard)
    attack("UPDATE payments_purchase SET turned_down_at = coop_now()", guard=guard)
    before = ledger.balance(accounts.BANK)
    exchange.turn_down(wrong, by=treasurer, at=clock.now())
    assert ledger.balance(accounts.BANK) == before
    for act in (exchange.confirm, exchange.turn_down):
        with pytest.raises(Refused, match="was turned down"):
            act(wrong, by=secretary, at=clock.now())
    confirm = "UPDATE payments_purchase SET confirmed_by_id = %s, confirmed_at = coop_now() WHERE id = %s"
    attack(confirm, [secretary.pk, wrong.pk], guard=guard)
    attack(DOWN, [secretary.pk, wrong.pk], guard=guard)
    right = exchange.confirm(exchange.note("KES", reference="FX-7", **facts), by=secretary, at=clock.now())
    with pytest.raises(Refused, match="was confirmed"):
        exchange.turn_down(right, by=secretary, at=clock.now())
    attack(DOWN, [secretary.pk, right.pk], guard=guard)
    assert list(exchange.waiting()) == []


def test_an_officer_turns_a_purchase_down_on_its_page(
    way: None, treasurer: Office, teresa: Person, signed_in: Callable[[Person], Browser]
) -> None:
    noted = exchange.note("KES", bought=Decimal(9), paid=Decimal(1), reference="FX-8", by=treasurer, at=clock.now())
    browser = signed_in(teresa)
    assert "They show no such purchase" in browser.get("/desk/exchange/").text
    assert browser.post(f"/desk/exchange/{noted.pk}/no/").status_code == 302
    assert "turned down by" in browser.get("/desk/exchange/").text
