"""Each place where the cooperative's money lies has an account of its own; money moves between them by two officers."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from coop.record.models import Event
from coop.refusals import Refused
from governance.models import Office
from payments import accounts, invariants, ledger, moves, places, rails, reconciling
from payments.forms import way_of
from payments.forms import ways as ways_between
from payments.models import Move, Place
from tests.money_in import arrive
from tests.payments import bank
from tests.payments.bank import Line
from tests.payments.conftest import owning
from tests.payments.test_attacks import POST, posting
from tests.payments.test_proof import touch
from tests.payments.ways import sound

type Attack = Callable[..., None]
type SignedIn = Callable[[Person], Browser]

pytestmark = pytest.mark.django_db
NOTE = """INSERT INTO payments_move (source, target, amount, currency, reference, noted_by_id, noted_at)
    VALUES ('main', 'paypal', 1000000, 'USD', 'X', %s, coop_now())"""
CONFIRM = "UPDATE payments_move SET confirmed_by_id = %s, confirmed_at = coop_now() WHERE id = %s"
AT_ONCE = f"""WITH said AS (
    UPDATE payments_move SET confirmed_by_id = %(by)s, confirmed_at = coop_now() WHERE id = %(move)s RETURNING id
) {POST} AND EXISTS (SELECT FROM said)"""
TURN_DOWN = "UPDATE payments_move SET turned_down_by_id = %s, turned_down_at = coop_now() WHERE id = %s"
BOTH = "UPDATE payments_move SET turned_down_by_id = %(by)s, confirmed_by_id = %(by)s, confirmed_at = coop_now()"


def noted(by: Office, amount: str = "20", reference: str = "M-1", *between: Place) -> Move:
    source, target = between or (Place.MAIN, Place.PAYPAL)
    return moves.note(source, target, amount=Decimal(amount), reference=reference, by=by, at=clock.now())


@pytest.fixture
def ended(treasurer: Office, secretary: Office) -> Office:
    found = Office.objects.exclude(pk__in=[treasurer.pk, secretary.pk]).exclude(post="treasurer").first()
    assert found
    return found


def test_two_officers_move_money(treasurer: Office, secretary: Office) -> None:
    before = places.held(Place.MAIN)
    move = noted(treasurer)
    assert (places.held(Place.MAIN), places.held(Place.PAYPAL)) == (before, Decimal(0))
    with pytest.raises(Refused, match="another officer"):
        moves.confirm(move, by=treasurer, at=clock.now())
    moves.confirm(move, by=secretary, at=clock.now())
    assert (places.held(Place.MAIN), places.held(Place.PAYPAL)) == (before - 20, Decimal(20))
    assert ledger.balance("bank:paypal") == -20
    with pytest.raises(Refused, match="was confirmed"):
        moves.confirm(move, by=secretary, at=clock.now())
    with pytest.raises(Refused, match="is noted"):
        noted(secretary)
    with pytest.raises(Refused, match="different places"):
        noted(treasurer, "1", "M-2", Place.WISE, Place.WISE)
    kinds = list(Event.objects.filter(subject=f"move:{move.pk}").order_by("pk").values_list("kind", flat=True))
    assert kinds == ["places.noted", "places.moved"]
    assert sound()


def test_no_more_is_moved_than_lies_there(treasurer: Office, secretary: Office) -> None:
    moves.confirm(noted(treasurer), by=secretary, at=clock.now())
    back = noted(treasurer, "20.01", "M-2", Place.PAYPAL, Place.MAIN)
    with pytest.raises(Refused, match=r"20.00 \(PayPal\)"):
        moves.confirm(back, by=secretary, at=clock.now())
    moves.confirm(noted(treasurer, "20", "M-3", Place.PAYPAL, Place.WISE), by=secretary, at=clock.now())
    assert places.holdings()[1:] == [
        places.Holding(Place.PAYPAL, "USD", Decimal(0)), places.Holding(Place.WISE, "USD", Decimal(20)),
    ]  # fmt: skip


def test_two_officers_make_no_money_at_stripe(
    treasurer: Office, secretary: Office, amina: Person, attack: Attack
) -> None:
    """No other place can be below nothing; of Stripe a move could have made as much as two officers wanted."""
    made_up = """INSERT INTO payments_move (source, target, amount, currency, reference, noted_by_id, noted_at)
        VALUES ('stripe', 'wise', 1000000000000, 'USD', 'X', %s, coop_now()) RETURNING id"""
    with connection.cursor() as cursor:
        cursor.execute(made_up, [treasurer.pk])
        (pk,) = cursor.fetchone()
    move = Move.objects.get(pk=pk)
    with pytest.raises(Refused, match="By our books there is"):
        moves.confirm(move, by=secretary, at=clock.now())
    moved = posting(46, "bank:wise", "bank:stripe", 1_000_000_000_000, f"move:{pk}")
    with owning(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_seldom DISABLE TRIGGER what_stripe_pays_lies_there")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(CONFIRM, [secretary.pk, pk])
        cursor.execute(POST, moved)  # type: ignore[arg-type]
    attack("SET CONSTRAINTS ALL IMMEDIATE", guard="moves_are_posted")


def test_no_more_is_moved_from_stripe_than_lies_there(treasurer: Office, secretary: Office, attack: Attack) -> None:
    """The site's own role confirms and posts in one statement, so that its end is asked before balances move."""
    at, amount = clock.now(), places.held(Place.STRIPE) + 1
    away = Move.objects.create(
        source="stripe", target="main", amount=amount, currency="USD", reference="po_1", noted_by=treasurer, noted_at=at
    )
    moved = posting(46, accounts.BANK, "bank:stripe", int(amount * 1_000_000), f"move:{away.pk}")
    both, guard = moved | {"by": secretary.pk, "move": away.pk}, "what_stripe_pays_lies_there"
    attack(AT_ONCE, both, guard=guard)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    attack(AT_ONCE, both, guard=guard)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    Move.objects.filter(pk=away.pk).update(confirmed_by=secretary, confirmed_at=at)
    attack(POST, moved, guard=guard)


def test_what_lies_at_stripe_moves_on_to_the_last_cent(treasurer: Office, secretary: Office) -> None:
    moves.confirm(noted(treasurer, "20", "M-1", Place.MAIN, Place.STRIPE), by=secretary, at=clock.now())
    moves.confirm(noted(treasurer, "20", "M-2", Place.STRIPE, Place.WISE), by=secretary, at=clock.now())
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert (places.held(Place.STRIPE), places.held(Place.WISE)) == (Decimal(0), Decimal(20))


def test_no_officer_moves_money_alone(treasurer: Office, secretary: Office, ended: Office, attack: Attack) -> None:
    """The site's own role tries every way to have one officer's word in the books."""
    move, guard = noted(treasurer), "own_money_moves_by_two_officers"
    attack(CONFIRM, [treasurer.pk, move.pk], guard=guard)
    attack(CONFIRM, [ended.pk, move.pk], guard=guard)
    attack(NOTE, [ended.pk], guard="moves_are_noted_in_office")
    attack("UPDATE payments_move SET amount = 1", guard="permission denied")
    attack("DELETE FROM payments_move", guard="permission denied")
    with owning():
        frozen = "UPDATE payments_move SET amount = 1, confirmed_by_id = %s, confirmed_at = coop_now()"
        attack(frozen, [secretary.pk], guard="payments_move_is_frozen")
    ref, moved = f"move:{move.pk}", "own_money_moves_as_confirmed"
    attack(POST, posting(46, "bank:paypal", accounts.BANK, 20_000_000, ref), guard=moved)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    attack(CONFIRM, [secretary.pk, move.pk], guard="moves_are_posted")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    moves.confirm(move, by=secretary, at=clock.now())
    attack(CONFIRM, [secretary.pk, move.pk], guard=guard)
    attack(POST, posting(46, "bank:paypal", accounts.BANK, 20_000_000, ref), guard="facts_are_posted_once")
    attack(POST, posting(46, accounts.BANK, "bank:paypal", 20_000_000, ref), guard="what_leaves_us_leaves_once")
    attack(POST, posting(46, "bank:paypal", accounts.BANK, 1), guard=moved)
    attack(POST, posting(46, "bank:paypal", "member:1:payable", 1), guard=moved)


def test_a_move_that_is_wrong_is_turned_down_and_its_reference_is_free(treasurer: Office, secretary: Office) -> None:
    before = places.held(Place.MAIN)
    wrong = noted(treasurer, "200")
    moves.turn_down(wrong, by=secretary, at=clock.now())
    assert not moves.waiting()
    for act in (moves.confirm, moves.turn_down):
        with pytest.raises(Refused, match="was turned down"):
            act(wrong, by=secretary, at=clock.now())
    right = moves.confirm(noted(treasurer), by=secretary, at=clock.now())
    with pytest.raises(Refused, match="was confirmed"):
        moves.turn_down(right, by=treasurer, at=clock.now())
    # Whoever noted one may see that it was wrong.
    moves.turn_down(noted(treasurer, "1", "M-2"), by=treasurer, at=clock.now())
    assert (places.held(Place.MAIN), places.held(Place.PAYPAL)) == (before - 20, Decimal(20))
    kinds = list(Event.objects.filter(subject=f"move:{wrong.pk}").order_by("pk").values_list("kind", flat=True))
    assert kinds == ["places.noted", "places.turned_down"]
    assert sound()


def test_a_move_is_turned_down_in_office_and_for_good(
    treasurer: Office, secretary: Office, ended: Office, attack: Attack
) -> None:
    """The site's own role tries to have it both ways."""
    move, guard = noted(treasurer), "own_money_moves_by_two_officers"
    attack(TURN_DOWN, [ended.pk, move.pk], guard=guard)
    attack("UPDATE payments_move SET turned_down_at = coop_now()", guard=guard)
    attack(BOTH, {"by": secretary.pk}, guard=guard)
    attack(NOTE.replace("noted_at)", "noted_at, turned_down_by_id)").replace("coop_now()", "coop_now(), 1"),
           [treasurer.pk], guard="moves_are_noted_in_office")  # fmt: skip
    moves.turn_down(move, by=secretary, at=clock.now())
    attack(TURN_DOWN, [treasurer.pk, move.pk], guard=guard)
    attack(TURN_DOWN, [None, move.pk], guard=guard)
    attack(CONFIRM, [secretary.pk, move.pk], guard=guard)
    ref = f"move:{move.pk}"
    attack(POST, posting(46, "bank:paypal", accounts.BANK, 20_000_000, ref), guard="own_money_moves_as_confirmed")
    right = noted(treasurer)
    attack(NOTE.replace("'X'", "'M-1'"), [treasurer.pk], guard="a_move_is_noted_once")
    moves.confirm(right, by=secretary, at=clock.now())
    attack(TURN_DOWN, [treasurer.pk, right.pk], guard=guard)


def test_the_form_offers_no_move_from_a_place_to_itself(teresa: Person, signed_in: SignedIn) -> None:
    offered = [way_of(code) for code, _words in ways_between()]
    assert len(offered) == len(set(offered)) == len(Place) * (len(Place) - 1)
    assert not [source for source, target in offered if source == target]
    form = {"way": "main-main", "currency": "USD", "amount": "20.00", "reference": "M-1"}
    assert signed_in(teresa).post("/desk/places/", form).status_code == 200
    assert not Move.objects.exists()


def test_a_refusal_names_the_way_to_fill_a_place(treasurer: Office, secretary: Office) -> None:
    moves.confirm(noted(treasurer, "20", "M-1", Place.MAIN, Place.STRIPE), by=secretary, at=clock.now())
    no = places.refusal(Place.STRIPE, Decimal(65))
    assert no
    assert "US$\xa045.00 from the bank to Stripe" in str(no)
    assert "Where our money lies" in str(no)
    # The bank is filled by nobody, and it has no other currency.
    for place, currency in ((Place.MAIN, "USD"), (Place.WISE, "EUR")):
        other = places.refusal(place, Decimal(10_000_000), currency)
        assert other
        assert "from the bank" not in str(other)


def test_the_database_and_the_site_know_the_same_places(db: None) -> None:
    with connection.cursor() as cursor:
        for name in rails.ALL:
            cursor.execute("SELECT payments_place(%s)", [name])
            assert cursor.fetchone() == (accounts.place(rails.place_of(name)),)
    abroad = {rail.currency: rails.place_of(rail.name) for rail in rails.ALL.values() if rail.currency != "USD"}
    assert {currency: places.kept_at(currency) for currency in abroad} == abroad
    assert places.kept_at("USD") == Place.MAIN
    assert (rails.place_of("bank"), rails.place_of("by_hand")) == (Place.MAIN, Place.MAIN)


def test_what_lies_at_a_service_is_never_below_nothing_but_where_payers_take_it_back(db: None) -> None:
    posting(46, "bank:paypal", "bank:stripe")
    posting(46, "bank:wise", "bank:mpesa")
    with connection.cursor() as cursor:
        cursor.execute("SELECT code, floor, ceiling FROM payments_account WHERE code ~ '^bank:' AND currency = 'USD'")
        bounds = {code: bound for code, *bound in cursor.fetchall()}
    assert bounds.pop("bank:stripe") == [None, None]
    assert set(map(tuple, bounds.values())) == {(None, 0)}
    assert set(bounds) == {"bank:main", "bank:paypal", "bank:wise", "bank:mpesa"}


def test_the_books_of_the_bank_are_its_last_statement_and_what_is_named_beside_it(
    orbit: Client, treasurer: Office, secretary: Office
) -> None:
    before = places.held(Place.MAIN)
    seen = Line(Decimal(50), words=reconciling.client_reference(orbit))
    bank.read(bank.statement([seen, Line(Decimal(-3), words="Who knows")]), by=treasurer, at=clock.now())
    arrive(orbit, amount=Decimal(7), reference="BY-HAND", by=treasurer, at=clock.now())
    moves.confirm(noted(treasurer), by=secretary, at=clock.now())
    [one] = reconciling.compared()
    assert one.held == places.held(Place.MAIN) == before + 50 + 7 - 20
    assert (one.unbooked, one.unshown) == (Decimal(-3), before + 7 - 20)
    assert one.held == one.closing - one.opening - one.unbooked + one.unshown
    assert sound()
    # A line that was booked somewhere else than at the bank.
    posting(46, "bank:paypal", "bank:paypal")
    elsewhere = "(SELECT id FROM payments_account WHERE code = 'bank:paypal' AND currency = 'USD')"
    booked = "kind = 1 AND amount = 50000000"
    touch("payments_transfer", f"UPDATE payments_transfer SET debit_id = {elsewhere} WHERE {booked}")
    assert [row[0] for row in invariants.broken()["I14"]] == ["bank:main USD"]


def test_a_move_that_was_rewritten_is_found_at_night(treasurer: Office, secretary: Office) -> None:
    move = moves.confirm(noted(treasurer), by=secretary, at=clock.now())
    assert sound()
    touch("payments_move", f"UPDATE payments_move SET amount = 1 WHERE id = {move.pk}")
    assert [row[0] for row in invariants.broken()["I21"]] == [f"move:{move.pk}"]


def test_the_desk_shows_what_lies_where_and_takes_both_officers(
    teresa: Person, petra: Person, amina: Person, signed_in: SignedIn
) -> None:
    assert signed_in(amina).get("/desk/places/").status_code == 403
    browser = signed_in(teresa)
    form = {"way": "main-paypal", "currency": "USD", "amount": "20.00", "reference": "M-1"}
    assert browser.post("/desk/places/", form).status_code == 302
    assert "You noted this move" in browser.get("/desk/places/").text
    move, other = Move.objects.get(), signed_in(petra)
    assert "Both places show it" in other.get("/desk/places/").text
    assert other.post(f"/desk/places/{move.pk}/confirm/").status_code == 302
    assert browser.post("/desk/places/", form | {"reference": "M-2"}).status_code == 302
    wrong = Move.objects.get(reference="M-2")
    assert "They show no such move" in other.get("/desk/places/").text
    assert signed_in(amina).post(f"/desk/places/{wrong.pk}/no/").status_code == 403
    assert other.post(f"/desk/places/{wrong.pk}/no/").status_code == 302
    page = other.get("/desk/places/").text
    assert f"noted by {teresa}, turned down by {petra}" in page
    assert "Nothing waits to be confirmed" in page
    assert "PayPal" in page
    assert "US$\xa020.00" in page
    assert "US$\xa020.00" in other.get("/desk/").text
    petra.language = "es"
    petra.save()
    assert "Dónde está nuestro dinero" in other.get("/desk/places/").text


def test_a_move_between_two_services_has_a_number_at_either(treasurer: Office, secretary: Office) -> None:
    facts: dict[str, Any] = {"amount": Decimal(1), "by": treasurer, "at": clock.now()}
    move = moves.note(Place.MAIN, Place.PAYPAL, reference="po_1", arrived_as="T-1", **facts)
    moves.confirm(move, by=secretary, at=clock.now())
    assert Move.objects.get().arrived_as == "T-1"
    with pytest.raises(Refused, match="reference is noted"):
        moves.note(Place.MAIN, Place.PAYPAL, reference="po_1", **facts)
