"""Services' own lists of what moved: asked for by one officer, seen by another, and held against our books each night.

Against the tests' own Stripe and Wise: this proves our side of it, not theirs.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils.formats import date_format
from pytest_django import Settings

from coop import clock
from coop.people.models import Client, Person
from coop.record.models import Event
from coop.refusals import Refused
from governance.models import Office
from payments import (
    accounts,
    at_services,
    bank_statements,
    invariants,
    ledger,
    lists,
    moves,
    places,
    proof,
)
from payments.at_services import Difference
from payments.ledger import Kind, Line
from payments.models import BankStatement, CardPayment, Explanation, GivenStatement, Place, RailEvent
from payments.rails import stripe_list
from tests.payments import stripe
from tests.payments.stripe import World
from tests.payments.test_cards import begin
from tests.payments.test_chargebacks import go_on, service, settled
from tests.payments.test_proof import touch
from tests.payments.ways import sound

__all__ = ["service", "settled"]
NONE = Decimal(0)
type Attack = Callable[..., None]
type Later = Callable[..., datetime]
type SignedIn = Callable[[Person], Browser]
READ = """INSERT INTO payments_bankstatement
    (given_id, place, number, digest, currency, opening, closing, read_by_id, read_at)
    SELECT id, place, number, digest, currency, opening, closing, %s, coop_now()
    FROM payments_givenstatement WHERE id = %s"""
EXPLAIN = """INSERT INTO payments_explanation (place, currency, key, amount, words, office_id, at)
    VALUES (%s, 'USD', 'x', 1, %s, %s, coop_now())"""


@pytest.fixture
def fresh(service: World) -> World:
    """Let our account there be new: it never held anything."""
    service.cents[stripe.OURS] = 0
    return service


@pytest.fixture
def day(later: Later, service: World) -> Callable[[], datetime]:
    """Return a function by which a day passes, at Stripe as here."""

    def passes(days: int = 1) -> datetime:
        service.ahead += 86_400 * days
        return later(days=days)

    return passes


@pytest.fixture
def listed(
    fresh: World, settled: CardPayment, day: Callable[[], datetime], treasurer: Office, secretary: Office
) -> World:
    """Have the list of the first day read, on which fifty dollars were paid by card."""
    day()
    read(treasurer, secretary)
    return fresh


def read(first: Office, second: Office, place: Place = Place.STRIPE) -> list[BankStatement]:
    """Have a service asked and its lists confirmed."""
    given = lists.ask(place, by=first, at=clock.now())
    return [bank_statements.confirm(one, by=second, at=clock.now()).statement for one in given]


def differs() -> dict[str, tuple[Decimal, Decimal]]:
    """Return what differs at Stripe, by its key: what is listed, what is booked."""
    return {one.key: (one.said, one.booked) for one in at_services.differences(Place.STRIPE)}


def late() -> list[str]:
    return [str(row[0]) for row in invariants.broken()["I22"]]


def test_what_stripe_lists_is_what_our_books_have(
    fresh: World, settled: CardPayment, day: Callable[[], datetime], treasurer: Office, secretary: Office
) -> None:
    at = day()
    (given,) = lists.ask(Place.STRIPE, by=treasurer, at=at)
    yesterday = (at - timedelta(days=1)).date()
    assert (given.place, given.number, given.currency) == ("stripe", f"stripe USD/{yesterday}", "USD")
    assert (given.opening, given.closing) == (Decimal(0), Decimal("48.25"))
    assert [line["key"] for line in given.lines] == [settled.events.get(outcome="paid").event.partition("/")[0]]
    assert [line["words"] for line in given.lines] == ["charge"]
    assert not at_services.compared()
    with pytest.raises(Refused, match="another officer"):
        bank_statements.confirm(given, by=treasurer, at=at)
    with pytest.raises(Refused, match="every day that is over"):
        lists.ask(Place.STRIPE, by=secretary, at=at)
    assert not bank_statements.confirm(given, by=secretary, at=at).found
    assert differs() == {}
    (one,) = at_services.compared()
    assert (one.closing, one.later, one.differ, one.held) == (Decimal("48.25"), NONE, NONE, places.held(Place.STRIPE))
    kinds = list(Event.objects.filter(kind__startswith="statements.").order_by("pk").values_list("kind", flat=True))
    assert kinds == ["statements.given", "statements.read"]
    assert sound()


def test_a_day_of_everything(
    listed: World, settled: CardPayment, orbit: Client, olga: Person, day: Callable[[], datetime], treasurer: Office,
    secretary: Office,
) -> None:  # fmt: skip
    """Stripe takes back, bills us and pays on to our bank; what is paid by card waits to be settled."""
    stripe.dispute(listed, settled.session, 3_000)
    stripe.bill(listed, 200)
    stripe.pay(listed, begin(orbit, olga, "20").session)
    stripe.pay_to_bank(listed, 100)
    go_on()
    fees = ledger.balance(accounts.RAIL_FEES)
    day()
    (statement,) = read(treasurer, secretary)
    assert (statement.opening, statement.closing) == (
        Decimal("48.25"),
        Decimal("48.25") - 45 - 2 + Decimal("18.25") - 1,
    )
    # What it took for itself is booked by its list; a dispute and its fee were, by its word.
    assert fees - ledger.balance(accounts.RAIL_FEES) == 2
    waits, went = sorted(differs())
    assert (waits[:3], went[:3]) == ("pi_", "po_")
    assert differs() == {waits: (Decimal("18.25"), NONE), went: (Decimal(-1), NONE)}
    assert sound()
    moved = moves.note(Place.STRIPE, Place.MAIN, amount=Decimal(1), reference=went, by=treasurer, at=clock.now())
    moves.confirm(moved, by=secretary, at=clock.now())
    stripe.settle(listed)
    go_on()
    assert differs() == {}
    (one,) = at_services.compared()
    assert (one.later, one.differ, one.held) == (NONE, NONE, one.closing)
    day()
    read(treasurer, secretary)
    assert differs() == {}
    assert sound()


def test_what_nobody_explains_is_told_every_night_and_two_explain_it(
    listed: World, orbit: Client, olga: Person, day: Callable[..., datetime], treasurer: Office, secretary: Office
) -> None:
    stripe.pay(listed, begin(orbit, olga, "20").session)
    day(14)
    read(treasurer, secretary)
    assert not late()
    day(2)
    (one,) = at_services.differences(Place.STRIPE)
    assert (one.amount, one.late, late()) == (Decimal("18.25"), True, [f"bank:stripe USD {one.key}"])
    assert explain(one, treasurer).amount == one.amount
    with pytest.raises(Refused, match="You explained this"):
        explain(one, treasurer)
    assert late()
    explain(one, secretary)
    assert not late()
    assert sound()
    with pytest.raises(Refused, match="Nothing differs"):
        at_services.explain(Place.STRIPE, "tr_1", currency="USD", words="x", by=secretary, at=clock.now())
    # It is another difference once it comes to another sum, and no younger.
    (charge,) = (said for said in listed.objects.values() if said.get("payment_intent") == one.key and "paid" in said)
    listed.book(-500, "adjustment", charge)
    listed.cents[stripe.OURS] -= 500
    day()
    read(treasurer, secretary)
    assert late() == [f"bank:stripe USD {one.key}"]


def explain(one: Difference, by: Office) -> Explanation:
    return at_services.explain(one.place, one.key, currency=one.currency, words="It is a test.", by=by, at=clock.now())


FEE = """INSERT INTO payments_railevent
    (rail, event, outcome, amount, currency, words, occurred_at, noted_at)
    VALUES (%s, %s, 'fee', %s, 'USD', '', coop_now(), coop_now())"""


def test_no_fee_is_booked_of_nothing(listed: World, settled: CardPayment, attack: Attack) -> None:
    """The site's own role says that a service took something, of which no officer saw a line."""
    paid = settled.events.get(outcome="paid").event
    for rail, name in [("stripe", "made-up"), ("stripe", "pi_9/fee"), ("stripe", paid), ("paypal", "x/fee"),
                       ("wise", f"{paid.partition('/')[0]}/fee")]:  # fmt: skip
        attack(FEE, [rail, name, 1_000_000], guard="fees_are_of_something")


def test_no_payment_by_card_costs_more_than_it_was(service: World, orbit: Client, olga: Person, attack: Attack) -> None:
    """Stripe took nothing for it, so that its fee is not told yet: the site's own role makes one up."""
    payment = begin(orbit, olga)
    stripe.pay(service, payment.session, fee=0)
    stripe.settle(service)
    go_on()
    name = payment.events.get(outcome="settled").event.replace("/settled", "/fee")
    attack(FEE, ["stripe", name, 6_000_001], guard="fees_are_of_something")
    with connection.cursor() as cursor:
        cursor.execute(FEE, ["stripe", name, 6_000_000])


def make_up_a_fee(listed: World, settled: CardPayment) -> dict[str, object]:
    """Let the site's own role book a fee for a dispute that Stripe never took; return the dispute."""
    disputed = stripe.dispute(listed, settled.session, 3_000, fee=0)
    go_on()
    made_up(disputed, "x")
    return disputed


def made_up(disputed: dict[str, object], key: str) -> None:
    """Book a fee that was never taken."""
    facts = {"amount": Decimal(40), "currency": "USD", "occurred_at": clock.now(), "noted_at": clock.now()}
    said, _new = RailEvent.objects.get_or_create(
        rail="stripe", event=f"{disputed['id']}/fee", outcome="fee", defaults=facts
    )
    line = Line(Kind.SPENT, accounts.RAIL_FEES, accounts.STRIPE, Decimal(40), key, f"rail_event:{said.pk}")
    ledger.post(line, journal=key, at=clock.now())


def test_what_the_site_made_up_is_found(
    listed: World, settled: CardPayment, day: Callable[..., datetime], treasurer: Office, secretary: Office
) -> None:
    """No list has it."""
    disputed = make_up_a_fee(listed, settled)
    day()
    read(treasurer, secretary)
    assert differs() == {disputed["id"]: (Decimal(-30), Decimal(-70))}
    assert sound()
    day(6)
    assert late() == [f"bank:stripe USD {disputed['id']}"]


def test_what_differs_is_no_younger_for_what_comes_after_it(
    listed: World, settled: CardPayment, day: Callable[..., datetime], treasurer: Office, secretary: Office
) -> None:
    disputed = make_up_a_fee(listed, settled)
    day(4)
    stripe.win(listed, disputed)
    go_on()
    day(2)
    read(treasurer, secretary)
    assert late() == [f"bank:stripe USD {disputed['id']}"]


def test_it_is_found_where_nobody_asks_for_lists_any_more(
    listed: World, settled: CardPayment, day: Callable[..., datetime], treasurer: Office, secretary: Office
) -> None:
    disputed = make_up_a_fee(listed, settled)
    day(14)
    assert not late()
    day()
    assert late() == [f"bank:stripe USD {disputed['id']}"]
    assert places.held(Place.STRIPE) == sum(one.closing + one.later + one.differ for one in at_services.compared())
    read(treasurer, secretary)
    assert differs() == {disputed["id"]: (Decimal(-30), Decimal(-70))}


def test_words_about_a_difference_are_not_about_the_next(
    listed: World, settled: CardPayment, day: Callable[..., datetime], treasurer: Office, secretary: Office
) -> None:
    """What was explained came right; the same sum that lacks again under the same name is asked for again."""
    (paid,) = (said for said in listed.objects.values() if said["object"] == "charge" and said.get("paid"))
    key = settled.events.get(outcome="paid").event.partition("/")[0]

    def adjust(cents: int) -> None:
        listed.book(cents, "adjustment", paid)
        listed.cents[stripe.OURS] += cents
        day()
        read(treasurer, secretary)

    adjust(-500)
    (one,) = at_services.differences(Place.STRIPE)
    for officer in (treasurer, secretary):
        explain(one, officer)
    day(20)
    assert (set(differs()), late()) == ({key}, [])
    adjust(500)
    assert differs() == {}
    # On the very day on which it came right, it lacks again.
    adjust(-500)
    (again,) = at_services.differences(Place.STRIPE)
    assert (again.amount, again.explained) == (one.amount, 0)
    explain(again, treasurer)
    day(6)
    assert late() == [f"bank:stripe USD {key}"]


def test_the_night_finds_a_list_that_was_rewritten(listed: World) -> None:
    assert not late()
    touch("payments_bankstatement", "UPDATE payments_bankstatement SET closing = closing + 1 WHERE place = 'stripe'")
    found = late()
    assert found[0].startswith("statement:")
    assert "bank:stripe USD" in found


def test_a_list_is_turned_down_and_asked_for_again(
    fresh: World, settled: CardPayment, day: Callable[[], datetime], treasurer: Office, secretary: Office
) -> None:
    day()
    (given,) = lists.ask(Place.STRIPE, by=treasurer, at=clock.now())
    bank_statements.turn_down(given, by=secretary, at=clock.now())
    (again,) = read(treasurer, secretary)
    assert again.number == given.number
    assert sound()


def test_the_days_between_are_asked_for_as_well(
    listed: World, orbit: Client, olga: Person, day: Callable[..., datetime], treasurer: Office, secretary: Office
) -> None:
    for _day in range(3):
        stripe.bill(listed, 100)
        day()
    (statement,) = read(treasurer, secretary)
    assert statement.given
    assert len(statement.given.lines) == 3
    assert len({line["day"] for line in statement.given.lines}) == 3
    assert sound()


def test_words_of_the_same_day_are_about_what_differed_before_them(
    listed: World, settled: CardPayment, day: Callable[..., datetime], treasurer: Office, secretary: Office
) -> None:
    """It came right and lacks again, all on one day: by the day alone the words would be about both."""
    disputed = stripe.dispute(listed, settled.session, 3_000, fee=0)
    go_on()
    listed.book(-4_000, "adjustment", disputed)
    listed.cents[stripe.OURS] -= 4_000
    day()
    read(treasurer, secretary)
    facts: dict[str, Any] = {"amount": Decimal(40), "by": treasurer, "at": clock.now()}
    moves.confirm(moves.note(Place.MAIN, Place.STRIPE, reference="M-0", **facts), by=secretary, at=clock.now())
    (one,) = at_services.differences(Place.STRIPE)
    for officer in (treasurer, secretary):
        explain(one, officer)
    assert [found.explained for found in at_services.differences(Place.STRIPE)] == [2]
    went = moves.note(Place.STRIPE, Place.MAIN, reference=one.key, **facts)
    moves.confirm(went, by=secretary, at=clock.now())
    assert differs() == {}
    again = moves.note(Place.MAIN, Place.STRIPE, reference="M-1", arrived_as=one.key, **facts)
    moves.confirm(again, by=secretary, at=clock.now())
    (anew,) = at_services.differences(Place.STRIPE)
    assert (anew.amount, anew.since, anew.explained) == (one.amount, one.since, 0)
    assert not any(at_services.is_about(said, anew) for said in at_services.explanations(Place.STRIPE, [anew]))
    explain(anew, treasurer)
    day(6)
    assert late() == [f"bank:stripe USD {anew.key}"]


def test_a_long_silence_is_read_in_parts(
    listed: World, day: Callable[..., datetime], treasurer: Office, secretary: Office
) -> None:
    """Each of a month at most; those that end before yesterday follow on, and the last is what Stripe holds now."""
    for _month in range(2):
        stripe.bill(listed, 100)
        day(35)
    parts = []
    while True:
        try:
            parts += read(treasurer, secretary)
        except Refused:
            break
    days = [date.fromisoformat(one.number[-10:]) for one in parts]
    assert (days[0], days[-1]) == (days[-1] - timedelta(days=39), clock.now().date() - timedelta(days=1))
    assert [len(one.given.lines) for one in parts if one.given] == [1, 1, 0]
    assert parts[-1].closing == places.held(Place.STRIPE) == Decimal("46.25")
    assert sound()


def test_a_day_of_very_much_is_a_list_of_its_own(
    listed: World, day: Callable[..., datetime], treasurer: Office, secretary: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe_list, "ENOUGH", 2)
    for _day in range(3):
        stripe.bill(listed, 100)
        day()
    assert [len(one.given.lines) for _part in range(2) for one in read(treasurer, secretary) if one.given] == [2, 1]
    assert sound()


def test_what_stripe_dates_back_is_a_line_and_the_next_list_follows_on(
    listed: World, day: Callable[..., datetime], treasurer: Office, secretary: Office
) -> None:
    """It was on no list of its day; the night says so until two officers explain it."""
    day()
    back = listed.book(-300, "adjustment", None)
    back["created"] -= 86_400 * 3
    listed.cents[stripe.OURS] -= 300
    last = BankStatement.objects.get(place="stripe")
    day()
    (statement,) = read(treasurer, secretary)
    assert (statement.opening, statement.closing) == (last.closing, Decimal("45.25"))
    between = f"before {date.fromisoformat(last.number[-10:]) + timedelta(days=1)}"
    assert differs() == {between: (Decimal(-3), NONE)}
    day(15)
    assert late() == [f"bank:stripe USD {between}"]


@pytest.mark.parametrize("breaks", [1, 2, 3])
def test_a_service_that_does_not_answer_is_asked_later(
    listed: World, day: Callable[[], datetime], treasurer: Office, breaks: int
) -> None:
    day()
    listed.breaks = breaks
    for _time in range(breaks):
        with pytest.raises(Refused, match="does not answer"):
            lists.ask(Place.STRIPE, by=treasurer, at=clock.now())
    assert lists.ask(Place.STRIPE, by=treasurer, at=clock.now())


def test_only_officers_ask_and_only_services_that_can_be_asked(
    listed: World, treasurer: Office, samuel: Person, settings: Settings
) -> None:
    other = Office.objects.get(person=samuel)
    with pytest.raises(Refused, match="treasurer or the secretary"):
        lists.ask(Place.STRIPE, by=other, at=clock.now())
    for place in (Place.MAIN, Place.PAYPAL, Place.MPESA, Place.WISE):
        with pytest.raises(Refused, match="cannot ask"):
            lists.ask(place, by=treasurer, at=clock.now())
    settings.STRIPE_URL = ""
    with pytest.raises(Refused, match="cannot ask"):
        lists.ask(Place.STRIPE, by=treasurer, at=clock.now())


def line(day: date, amount: str = "1", currency: str = "USD", key: str = "k") -> dict[str, object]:
    return {
        "reference": "r", "key": key, "amount": amount, "currency": currency, "day": day.isoformat(),
        "came_back": False, "is_fee": False, "reason": "", "words": "",
    }  # fmt: skip


def test_no_list_is_read_that_is_not_of_whole_days_of_its_own(
    listed: World, day: Callable[..., datetime], treasurer: Office, secretary: Office, attack: Attack
) -> None:
    """The site's own role tries lists that overlap, leave out, do not add up, or are of another place or currency."""
    first = BankStatement.objects.get(place="stripe")
    before = date.fromisoformat(first.number[-10:])
    day(3)
    today, one = before + timedelta(days=4), Decimal(1)
    good = {
        "place": "stripe", "number": f"stripe USD/{before + timedelta(days=2)}", "digest": "", "currency": "USD",
        "opening": first.closing, "closing": first.closing + one, "lines": [line(before + timedelta(days=1))],
        "given_by": treasurer, "given_at": clock.now(),
    }  # fmt: skip
    bad: list[dict[str, object]] = [
        {"opening": first.closing + one, "closing": first.closing + one + one},  # a gap
        {"closing": first.closing},  # does not add up
        {"lines": []},
        {"lines": [line(before)]},  # a day that another has
        {"lines": [line(before + timedelta(days=3))]},  # one after its own
        {"lines": [line(before + timedelta(days=1), currency="EUR")]},
        {"lines": [line(before + timedelta(days=1), key="")]},
        {"lines": [{"amount": "1", "day": (before + timedelta(days=1)).isoformat()}]},
        {"lines": [line(before + timedelta(days=1)) | {"day": None}]},
        {"number": f"stripe USD/{today}"},  # is not over
        {"number": f"stripe EUR/{before + timedelta(days=2)}"},
        {"number": f"wise USD/{before + timedelta(days=2)}"},
        {"number": "stripe USD/S-1"},
        {"place": "wise"},
        {"place": "main"},
    ]
    for wrong in bad:
        given = GivenStatement.objects.create(**good | wrong)
        attack(READ, [secretary.pk, given.pk], guard="statements_follow_on")
        bank_statements.turn_down(given, by=secretary, at=clock.now())
    given = GivenStatement.objects.create(**good)
    attack(READ, [treasurer.pk, given.pk], guard="statements_are_seen_by_two")
    attack(READ.replace("SELECT id, place", "SELECT id, 'wise'"), [secretary.pk, given.pk],
           guard="statements_are_seen_by_two")  # fmt: skip
    row = bank_statements.confirm(given, by=secretary, at=clock.now()).statement
    no_other_word_of_a_line(row, attack)


def no_other_word_of_a_line(row: BankStatement, attack: Attack) -> None:
    """Try to say of a line of a list what it does not come to."""
    for outcome, rail in (("fee", "stripe"), ("unknown", "stripe"), ("unknown", "bank"), ("deposit", "bank")):
        said = {"rail": rail, "event": f"{row.pk}/1/r", "outcome": outcome, "statement": row.pk}
        attack(SAY, said | {"incoming": outcome != "fee"}, guard="lines_are_as_two_saw_them")


def test_two_that_were_asked_for_at_once_are_not_both_read(
    listed: World, day: Callable[..., datetime], treasurer: Office, secretary: Office
) -> None:
    """Before midnight and after it, when neither saw the other's: what moved in the first came to nothing."""
    at, first = day(3), BankStatement.objects.get(place="stripe")
    before = date.fromisoformat(first.number[-10:])
    lines = [line(before + timedelta(days=1)), line(before + timedelta(days=1), amount="-1")]
    one, other = (
        GivenStatement.objects.create(
            place="stripe", number=f"stripe USD/{before + timedelta(days=days)}", digest="", currency="USD",
            opening=first.closing, closing=first.closing, lines=lines, given_by=treasurer, given_at=at,
        )
        for days in (1, 2)
    )  # fmt: skip
    bank_statements.confirm(one, by=secretary, at=at)
    with pytest.raises(Refused, match="has days of this one"):
        bank_statements.confirm(other, by=secretary, at=at)
    bank_statements.turn_down(other, by=secretary, at=at)
    assert read(treasurer, secretary)


SAY = """INSERT INTO payments_railevent
    (rail, event, outcome, amount, incoming, currency, words, statement_id, occurred_at, noted_at)
    VALUES (%(rail)s, %(event)s, %(outcome)s, 1000000, %(incoming)s, 'USD', '', %(statement)s,
        coop_now(), coop_now())"""


def test_explanations_are_officers_words_and_stay(
    listed: World, treasurer: Office, samuel: Person, attack: Attack
) -> None:
    other = Office.objects.get(person=samuel)
    attack(EXPLAIN, ["stripe", "x", other.pk], guard="differences_are_explained_in_office")
    attack(EXPLAIN, ["stripe", " ", treasurer.pk], guard="explanations_have_words")
    attack(EXPLAIN, ["main", "x", treasurer.pk], guard="explanations_are_of_services")
    attack("UPDATE payments_explanation SET words = 'y'", guard="permission denied")
    attack("DELETE FROM payments_explanation", guard="permission denied")


def test_the_desk_asks_shows_and_takes_explanations(
    fresh: World, settled: CardPayment, orbit: Client, olga: Person, day: Callable[..., datetime], teresa: Person,
    petra: Person, signed_in: SignedIn,
) -> None:  # fmt: skip
    stripe.pay(fresh, begin(orbit, olga, "20").session)
    day()
    address = "/desk/places/stripe/"
    assert signed_in(olga).get(address).status_code == 403
    browser, other = signed_in(teresa), signed_in(petra)
    assert browser.get("/desk/places/main/").status_code == 404
    assert "cannot ask PayPal" in browser.get("/desk/places/paypal/").text
    links = browser.get("/desk/places/").text
    assert address in links
    assert "Stripe: our books hold US$\xa048.25, and none of its lists was ever confirmed." in links
    assert browser.post(f"{address}ask/").status_code == 302
    given = GivenStatement.objects.get()
    page = other.get(f"/desk/statements/given/{given.pk}/").text
    assert "The service shows the same" in page
    assert "compared with our books" in page
    assert other.post(f"/desk/statements/given/{given.pk}/")["Location"] == address
    assert given.number not in browser.get("/desk/statements/").text
    (one,) = at_services.differences(Place.STRIPE)
    page = browser.get(address).text
    assert one.key in page
    assert "US$\xa018.25" in page
    for each in (browser, other):
        assert each.post(address, {"which": f"USD {one.key}", "words": "It is on its way."}).status_code == 302
    said = [{"which": "USD other", "words": "x"}, {"which": f"USD {one.key}", "words": ""}]
    assert [browser.post(address, one).status_code for one in said] == [409, 200]
    page = browser.get(address).text
    assert f"{petra}: It is on its way." in page
    petra.language = "es"
    petra.save()
    assert "Lo que no cuadra" in other.get(address).text


def test_a_page_compares_once_and_offers_what_it_shows(
    listed: World, day: Callable[..., datetime], treasurer: Office, secretary: Office, teresa: Person,
    signed_in: SignedIn,
) -> None:  # fmt: skip
    for _one in range(25):
        stripe.pay_to_bank(listed, 1)
    day()
    read(treasurer, secretary)
    browser, address = signed_in(teresa), "/desk/places/stripe/"
    (*_others, last) = at_services.differences(Place.STRIPE)
    for page, options in ((1, 20), (2, 5)):
        with CaptureQueriesContext(connection) as asked:
            shown = browser.get(f"{address}?page={page}").text
        assert (shown.count("<option"), sum("payments_at_services" in one["sql"] for one in asked)) == (options, 1)
    with CaptureQueriesContext(connection) as asked:
        assert browser.post(address, {"which": f"USD {last.key}", "words": "It is a test."}).status_code == 302
    assert sum("payments_at_services" in one["sql"] for one in asked) == 1


def test_the_nights_letter_names_each_place(listed: World, teresa: Person, mailoutbox: list[object]) -> None:
    proof.prove_due(clock.now())
    found = proof.latest()
    assert found
    _subject, text = proof._words(found, "2026-11-27")  # noqa: SLF001 - what is mailed
    until = date_format(at_services.compared()[0].until)
    assert f"Stripe: our books hold US$\xa048.25, its last list, until the end of {until}, closed with" in text


def test_the_nights_letter_names_what_never_gave_a_list(fresh: World, settled: CardPayment) -> None:
    proof.prove_due(clock.now())
    found = proof.latest()
    assert found
    _subject, text = proof._words(found, "2026-11-27")  # noqa: SLF001 - what is mailed
    assert "Stripe: our books hold US$\xa048.25, and none of its lists was ever confirmed." in text
