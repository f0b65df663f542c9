"""A client's money by the API: what there is, what came in, the months, a tip, what was found and is named."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from coop import clock
from coop.people.models import Client, Person
from payments import accounts, cards, escrow, ledger, reconciling
from payments.models import CardPayment
from payments.open_ledger import Month
from tasks import hidden, invoice_files, invoices, jobs, reviews
from tests.payments import stripe
from tests.payments.correcting import take_back
from tests.payments.stripe import HOOK
from tests.tasks import orders
from tests.tasks.conftest import SAME, make_job, payable, work
from tests.tasks.test_api import ALL, program
from tests.tasks.test_hidden import WHY, met

pytestmark = pytest.mark.django_db

type Call = Callable[..., Any]


@pytest.fixture
def call(orbit: Client, olga: Person) -> Call:
    """Return a function that calls the API as Orbit, with every scope."""
    return program(orbit, olga, ALL)[0]


def this_month() -> Month:
    return Month.of(clock.now())


def test_the_balance_says_what_there_is_and_how_to_deposit(call: Call, orbit: Client) -> None:
    told = call("GET", "balance").json()
    assert Decimal(told["available"]) == escrow.available(orbit) > 0
    assert (told["by_card"], told["owed"]) == ("0.000000", "0.000000")
    assert told["reference"] == reconciling.client_reference(orbit)


def test_deposits_are_listed_with_what_takes_them_back(call: Call, orbit: Client) -> None:
    orders.deposit(orbit, "12.34")
    (newest, *_rest) = call("GET", "deposits").json()["results"]
    assert (newest["kind"], newest["amount"]) == ("deposit", "12.340000")
    line = ledger.lines_of(accounts.client(orbit.pk)).get(pk=newest["id"])
    take_back(line)
    newest, before, *_rest = call("GET", "deposits").json()["results"]
    assert (newest["kind"], newest["amount"], newest["ref"]) == ("reversal", "-12.340000", before["ref"])


def test_money_that_only_moves_inside_is_no_deposit(call: Call, orbit: Client, olga: Person) -> None:
    job = make_job(orbit, olga)
    before = call("GET", "deposits").json()
    jobs.close(job, by=olga, at=clock.now())
    assert call("GET", "deposits").json() == before


def test_however_many_deposits_there_are_a_page_asks_as_often(call: Call, orbit: Client) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            assert call("GET", "deposits").status_code == 200
        return len(found)

    asked()  # a key's first call of a minute writes down that it is used
    orders.deposit(orbit, "1")
    few = asked()
    for _again in range(60):
        orders.deposit(orbit, "1")
    assert asked() == few
    page = call("GET", "deposits").json()
    assert len(page["results"]) == 50
    older = call("GET", f"deposits?{page['next'].partition('?')[2]}").json()["results"]
    assert not {one["id"] for one in older} & {one["id"] for one in page["results"]}


def test_a_deposit_by_card_begins_with_the_processors_page(call: Call, settings: Settings) -> None:
    refused = call("POST", "deposits", {"amount": "50"})
    assert (refused.status_code, refused.json()["remedy"]) == (409, "Send the money by bank transfer.")
    with stripe.running() as world:
        settings.STRIPE_URL, settings.STRIPE_HOOKS = world.url, [HOOK]
        begun = call("POST", "deposits", {"amount": "50"})
        payment = CardPayment.objects.latest("pk")
        assert (begun.status_code, payment.amount) == (201, Decimal(50))
        assert begun.json()["pay_at"] == f"https://checkout.stripe.com/c/pay/{payment.session}"
        stripe.pay(world, payment.session)
        assert cards.go_on(at=clock.now()) == 1
        assert call("GET", "balance").json()["by_card"] == "50.000000"
        assert call("POST", "deposits", {"amount": "0.001"}).status_code == 400
        assert call("POST", "deposits", {"amount": "10000.01"}).status_code == 400


def test_unspent_money_is_asked_back_once_and_called_off(call: Call, orbit: Client, olga: Person) -> None:
    orders.deposit(orbit, "80")
    before = escrow.available(orbit)
    asking = {"amount": "80.00", "key": "6f0b9c5e-9d1a-4c58-9a3f-4b8f6a3f2d10"}
    (asked,), again = call("POST", "paybacks", asking).json(), call("POST", "paybacks", asking).json()
    assert (asked["amount"], asked["by"], asked["state"], again) == ("80.000000", "bank", "requested", [asked])
    assert before - escrow.available(orbit) == 80
    assert call("GET", "paybacks").json()["results"] == [asked]
    assert call("GET", f"paybacks/{asked['id']}").json() == asked
    assert [one["kind"] for one in call("GET", "deposits").json()["results"]][:2] == ["back_asked", "deposit"]
    assert call("DELETE", f"paybacks/{asked['id']}").status_code == 204
    assert escrow.available(orbit) == before
    assert call("DELETE", f"paybacks/{asked['id']}").status_code == 409
    too_much = call("POST", "paybacks", {"amount": f"{before + 1:.2f}"})
    assert (too_much.status_code, too_much.json()["rule"]) == (409, "E1")
    assert call("POST", "paybacks", {"amount": "0.001"}).status_code == 400
    reader = program(orbit, olga, ["read", "post", "download"])[0]
    assert reader("POST", "paybacks", asking).status_code == 403
    assert reader("DELETE", f"paybacks/{asked['id']}").status_code == 403


def test_a_month_tells_what_was_asked_back(call: Call, orbit: Client) -> None:
    orders.deposit(orbit, "80")
    call("POST", "paybacks", {"amount": "30.00"})
    told = call("GET", f"invoices/{this_month()}").json()
    assert Decimal(told["after"]) == Decimal(told["before"]) + Decimal(told["paid_in"]) - Decimal(told["spent"])
    invoice = invoices.invoice(orbit, this_month())
    assert ("Asked back by you", Decimal(-30)) in [(str(words), amount) for words, amount in invoice.others]


def test_the_payment_request_is_a_paper(call: Call) -> None:
    paper = call("GET", "deposits/request?amount=100.50")
    assert (paper.status_code, paper.headers["Content-Type"]) == (200, "application/pdf")
    assert paper.content.startswith(b"%PDF")
    assert call("GET", "deposits/request?amount=1.005").status_code == 400
    assert call("GET", "deposits/request").status_code == 400


def test_a_month_adds_up_as_the_page_and_its_files_do(
    call: Call, orbit: Client, olga: Person, amina: Person, luis: Person
) -> None:
    job = make_job(orbit, olga, overlap=1, review_rule="peer")
    reviews.accept(work(job, amina, SAME), by=luis, at=clock.now())
    month = str(this_month())
    (listed,) = (one for one in call("GET", "invoices").json() if one["month"] == month)
    told = call("GET", f"invoices/{month}").json()
    sums = {name: Decimal(told[name]) for name in ("before", "paid_in", "spent", "after")}
    assert sums["before"] + sums["paid_in"] - sums["spent"] == sums["after"]
    assert (listed["paid_in"], listed["spent"]) == (told["paid_in"], told["spent"])
    (cost,) = (one for one in told["jobs"] if one["job"] == job.pk)
    assert (cost["answers"], cost["wages"]) == (1, "0.090000")
    held = call("GET", f"invoices/{month}/csv")
    assert held.content == invoice_files.as_csv(invoices.invoice(orbit, this_month()))
    assert call("GET", f"invoices/{month}/pdf").content.startswith(b"%PDF")
    for none in ("1999-13", "9998-01"):
        assert call("GET", f"invoices/{none}").status_code == 404


def test_a_tip_is_given_once_and_for_what_was_accepted(
    call: Call, orbit: Client, olga: Person, amina: Person, luis: Person
) -> None:
    job = make_job(orbit, olga, overlap=1, review_rule="peer")
    mine = work(job, amina, SAME)
    path = f"jobs/{job.pk}/answers/{mine.pk}/tip"
    assert call("POST", path, {"amount": "0.50"}).status_code == 409
    reviews.accept(mine, by=luis, at=clock.now())
    before = payable(amina)
    assert call("POST", path, {"amount": "0.50"}).json() == {
        "answer": mine.pk, "amount": "0.500000", "at": mine.tip.at.isoformat().replace("+00:00", "Z"),
    }  # fmt: skip
    assert payable(amina) - before == Decimal("0.5")
    assert call("POST", path, {"amount": "0.50"}).status_code == 409
    other = make_job(orbit, olga, title="Another")
    assert call("POST", f"jobs/{other.pk}/answers/{mine.pk}/tip", {"amount": "1"}).status_code == 404


def test_what_was_found_is_read_paid_and_named(
    call: Call, orbit: Client, olga: Person, amina: Person, luis: Person, samuel: Person
) -> None:
    job = make_job(orbit, olga, pay=Decimal("0.12"))
    met(job, amina, luis)
    path = f"jobs/{job.pk}/content"
    assert call("GET", path).json() == []
    assert call("POST", path, {"topic": "medical", "share": "some"}).status_code == 409
    hidden.find(job, topic="medical", reason=WHY, by=samuel, at=clock.now())
    (found,) = call("GET", path).json()
    assert (found["topic"], found["reason"], found["people"], found["paid"]) == ("medical", WHY, 2, True)
    assert call("POST", path, {"topic": "medical", "share": "often?"}).status_code == 400
    assert call("POST", path, {"topic": "medical", "share": "some"}).json()["content"] == {"medical": "some"}


def test_a_key_that_only_reads_moves_no_money(orbit: Client, olga: Person) -> None:
    reads, _key = program(orbit, olga, ["read"])
    job = make_job(orbit, olga)
    for path in ("deposits", f"jobs/{job.pk}/answers/1/tip", f"jobs/{job.pk}/content"):
        assert reads("POST", path, {"amount": "1", "topic": "medical", "share": "some"}).status_code == 403
    assert reads("GET", "balance").status_code == 200
