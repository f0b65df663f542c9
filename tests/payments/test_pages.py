import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from django.test import Client as Browser

from coop import clock
from coop.people.models import Person
from governance.models import Office
from payments import background, details, payouts, runs
from payments.models import Deposit, Payout

SignedIn = Callable[[Person], Browser]
Earn = Callable[[Person, str], int]


def test_anybody_reads_the_rate_card(client: Browser, db: None) -> None:
    page = client.get("/rates/").content.decode()
    assert "US$\u00a00.09 a task" in page
    assert "US$\u00a010.80" in page
    assert "founding meeting" in page
    history = client.get("/rates/product-match/").content.decode()
    assert "US$\u00a00.09" in history


def test_a_kind_of_work_that_nobody_voted_is_not_there(client: Browser, db: None) -> None:
    assert client.get("/rates/nothing/").status_code == 404


def test_pay_asks_who_you_are(client: Browser, db: None) -> None:
    for address in ("/pay/", "/pay/ask/", "/pay/payouts/1/", "/desk/"):
        assert client.get(address).status_code == 302


def test_a_member_sees_each_line_and_asks_for_the_money(amina: Person, earn: Earn, signed_in: SignedIn) -> None:
    number = earn(amina, "2.345678")
    browser = signed_in(amina)
    page = browser.get("/pay/").content.decode()
    assert "US$\u00a02.345678" in page
    assert f"no. {number}" in page
    answer = browser.post("/pay/ask/", {"amount": "2.34", "rail": "by_hand", "key": uuid4()}, follow=True)
    payout = Payout.objects.get(person=amina)
    assert answer.redirect_chain[-1][0] == f"/pay/payouts/{payout.pk}/"
    assert "The cooperative holds your money" in answer.content.decode()
    assert payouts.ready(amina) == Decimal("0.005678")
    assert "A payout is at least US$\u00a01.00" in browser.get("/pay/").content.decode()


def test_a_form_sent_twice_asks_for_one_payout(amina: Person, earn: Earn, signed_in: SignedIn) -> None:
    earn(amina, "4.00")
    browser = signed_in(amina)
    form = {"amount": "2.00", "rail": "by_hand", "key": uuid4()}
    first, again = (browser.post("/pay/ask/", form) for _turn in range(2))
    assert first.headers["Location"] == again.headers["Location"]
    assert payouts.ready(amina) == 2


def test_more_than_is_ready_is_refused_beside_the_field(amina: Person, earn: Earn, signed_in: SignedIn) -> None:
    earn(amina, "2.00")
    browser = signed_in(amina)
    for amount in ("2.01", "-1", "NaN", "Infinity", "1e3", "0.005", "a"):
        page = browser.post("/pay/ask/", {"amount": amount, "rail": "by_hand", "key": uuid4()})
        assert page.status_code == 200
        assert "aria-invalid" in page.content.decode(), amount
    assert not Payout.objects.filter(person=amina).exists()


def test_nobody_else_sees_a_payout(amina: Person, luis: Person, earn: Earn, signed_in: SignedIn) -> None:
    earn(amina, "2.00")
    signed_in(amina).post("/pay/ask/", {"amount": "2.00", "rail": "by_hand", "key": uuid4()})
    payout = Payout.objects.get(person=amina)
    assert signed_in(luis).get(f"/pay/payouts/{payout.pk}/").status_code == 404
    assert signed_in(luis).get(f"/desk/payouts/{payout.pk}/").status_code == 403


def test_the_desk_is_for_officers(luis: Person, teresa: Person, signed_in: SignedIn) -> None:
    assert signed_in(luis).get("/desk/").status_code == 403
    page = signed_in(teresa).get("/desk/").content.decode()
    assert "fund:training" in page
    assert "broken" not in page


def test_two_officers_pay_out(amina: Person, teresa: Person, petra: Person, earn: Earn, signed_in: SignedIn) -> None:
    earn(amina, "2.00")
    signed_in(amina).post("/pay/ask/", {"amount": "2.00", "rail": "by_hand", "key": uuid4()})
    payout = Payout.objects.get(person=amina)
    first, second = signed_in(teresa), signed_in(petra)
    assert f"/desk/payouts/{payout.pk}/" in first.get("/desk/").content.decode()
    first.post(f"/desk/payouts/{payout.pk}/send/", {"reference": "MP-1"})
    own = first.post(f"/desk/payouts/{payout.pk}/confirm/", {"result": "arrived"})
    assert own.status_code == 403
    assert "You sent this payout" in first.get(f"/desk/payouts/{payout.pk}/").content.decode()
    assert "Did the money arrive?" in second.get(f"/desk/payouts/{payout.pk}/").content.decode()
    second.post(f"/desk/payouts/{payout.pk}/confirm/", {"result": "arrived"})
    page = signed_in(amina).get(f"/pay/payouts/{payout.pk}/").content.decode()
    assert "confirmed by the secretary" in " ".join(page.split())


def words(browser: Browser) -> str:
    """Return the words of one's own pay, without marks."""
    return " ".join(re.sub("<[^>]*>", " ", browser.get("/pay/").text).split())


def test_my_pay_says_who_holds_each_payout_and_until_when(
    amina: Person, treasurer: Office, earn: Earn, signed_in: SignedIn, later: Callable[..., datetime]
) -> None:
    earn(amina, "9.00")
    facts = {"holder": "Amina", "account": "GB33BUKB20201555555555", "bic": ""}
    given = details.give(amina, rail="bank", facts=facts, by=amina, at=clock.now())
    background.tell_of_details(details=given.pk)
    at = later(hours=73)
    _by_bank, by_hand = (
        payouts.request(amina, amount=Decimal(2), rail=rail, by=amina, at=at) for rail in ("bank", "by_hand")
    )
    browser = signed_in(amina)
    assert words(browser).count("The cooperative holds your money, set aside for this payout alone.") == 2
    assert "An officer sends it, another confirms that it arrived." in words(browser)
    assert re.search(r"It goes with the next pay run, prepared \S.* at the latest[.]", words(browser))
    payouts.send(by_hand, reference="MP-7", by=treasurer, at=at)
    run = runs.prepare("bank", at=later(days=1))
    assert run
    assert f"It is in pay run {run.pk}, which two officers look at." in words(browser)
    assert "by the treasurer. The money is on its way. A second officer confirms when it arrived." in words(browser)
    assert words(browser).count("The cooperative holds your money") == 1


def test_a_payout_by_hand_says_until_when_it_is_held_and_once_it_is_late(
    amina: Person, treasurer: Office, earn: Earn, signed_in: SignedIn, later: Callable[..., datetime]
) -> None:
    earn(amina, "9.00")
    payout = payouts.request(amina, amount=Decimal(2), by=amina, at=clock.now())
    until = (payout.requested_at + timedelta(hours=72)).isoformat()
    browser, pages = signed_in(amina), ("/pay/", f"/pay/payouts/{payout.pk}/")
    told = [said(browser, page, "It arrives by", until) for page in pages]
    payouts.send(payout, reference="MP-7", by=treasurer, at=later(hours=71))
    told += [said(browser, page, "It arrives by", until) for page in pages]
    later(hours=2)
    told += [said(browser, page, "By rule E3 it should have arrived by", until) for page in pages]
    assert told == [True] * 6
    assert "It is late, and everybody reads that on the open ledger." in words(browser)
    assert "It arrives by" not in words(browser)


def said(browser: Browser, page: str, words_before: str, moment: str) -> bool:
    """Tell whether a page says words and after them a moment."""
    return f'{words_before} <time datetime="{moment}">' in " ".join(browser.get(page).text.split())


def test_a_form_sent_twice_records_one_deposit(teresa: Person, orbit: Person, signed_in: SignedIn) -> None:
    browser = signed_in(teresa)
    form = {"client": orbit.pk, "amount": "100.00", "reference": "BANK-77"}
    assert browser.post("/desk/deposits/", form).status_code == 302
    again = browser.post("/desk/deposits/", form)
    assert "is recorded" in again.content.decode()
    assert Deposit.objects.filter(reference="BANK-77").count() == 1


def test_my_pay_costs_the_same_for_two_lines_and_for_twenty(
    amina: Person, luis: Person, earn: Earn, signed_in: SignedIn, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for _turn in range(20):
        earn(amina, "0.30")
    browser = signed_in(amina)
    with django_assert_max_num_queries(28):  # type: ignore[attr-defined]
        browser.get("/pay/")
