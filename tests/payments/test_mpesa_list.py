"""M-Pesa's statement as its portal saves it, beside our books: the same rows as of any other service.

Its form is as others who read such files have it: this proves our side of it, not Safaricom's.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance.models import Office
from payments import accounts, at_services, bank_statements, ledger, lists, places
from payments.models import GivenStatement, Payout, PayRun, Place
from payments.rails import mpesa_list
from payments.rails.iso20022.schemas import Unreadable
from payments.rails.statement import Days
from tests.payments.mpesa import Portal, Shortcode
from tests.payments.test_mpesa import answer, asked, opened, released, result, service
from tests.payments.ways import go_on, sound, state

__all__ = ["asked", "opened", "released", "service"]
NONE = Decimal(0)
type Later = Callable[..., datetime]
type SignedIn = Callable[[Person], Browser]


@pytest.fixture
def portal() -> Portal:
    """Return what the portal shows: what was bought, three days before, lies there."""
    portal = Portal()
    portal.book("2587.40", "Deposit of Funds", "SKB1000001", at=clock.now())
    return portal


@pytest.fixture
def arrived(asked: Payout, released: PayRun, service: Shortcode) -> Payout:
    go_on()
    assert (result(service, asked), answer(service)) == (204, 204)
    assert state(asked) == "settled"
    return asked


def bring(portal: Portal, first: Office, second: Office) -> GivenStatement:
    (given,) = lists.give(portal.file(), Place.MPESA, by=first, at=clock.now())
    bank_statements.confirm(given, by=second, at=clock.now())
    return given


def differs() -> dict[str, tuple[Decimal, Decimal]]:
    return {one.key: (one.said, one.booked) for one in at_services.differences(Place.MPESA)}


@pytest.mark.parametrize("newest_first", [True, False])
def test_what_the_portal_shows_is_what_our_books_have(
    arrived: Payout, portal: Portal, later: Later, treasurer: Office, secretary: Office, *, newest_first: bool
) -> None:
    portal.newest_first = newest_first
    portal.book("-646.00", "Business Payment to 254712345678 - AMINA", "SG632NMUAB", at=clock.now())
    portal.book("-999.00", "Business Payment to 254700000000 - NOBODY", "SG632NMUAC", at=clock.now(), status="Failed")
    at = later(days=1)
    given = bring(portal, treasurer, secretary)
    assert given.number == f"mpesa KES/{(at - timedelta(days=1)).date()}"
    assert (given.opening, given.closing) == (NONE, Decimal("1941.40"))
    assert [line["key"] for line in given.lines] == ["SKB1000001", "SG632NMUAB"]
    assert "254712345678" not in str(given.lines)
    assert differs() == {"": (NONE, Decimal("2587.40")), "SKB1000001": (Decimal("2587.40"), NONE)}
    (one,) = at_services.compared()
    assert (one.differ, one.held) == (NONE, places.held(Place.MPESA, "KES"))
    assert sound()


def test_a_charge_is_booked_with_what_it_was_for(
    arrived: Payout, portal: Portal, later: Later, treasurer: Office, secretary: Office
) -> None:
    portal.book("-646.00", "Business Payment to 254712345678 - AMINA CHARGE", "SG632NMUAB", at=clock.now())
    portal.book("-9.00", "Business Payment Charge", "SG632NMUAB", at=clock.now())
    later(days=1)
    bring(portal, treasurer, secretary)
    assert ledger.balance(accounts.RAIL_FEES, "KES") == -9
    assert "SG632NMUAB" not in differs()
    assert sound()


def test_a_file_is_read_from_where_the_last_ended_and_only_of_days_that_are_over(
    opened: None, portal: Portal, later: Later, treasurer: Office, secretary: Office
) -> None:
    later(days=1)
    first = bring(portal, treasurer, secretary)
    with pytest.raises(Refused, match="Nothing in this file"):
        lists.give(portal.file(), Place.MPESA, by=treasurer, at=clock.now())
    portal.book("-1.00", "Pay Bill", "SKB1000002", at=clock.now())
    at = later(days=40)
    portal.book("-2.00", "Pay Bill", "SKB1000003", at=at)
    second = bring(portal, treasurer, secretary)
    assert [line["key"] for line in second.lines] == ["SKB1000002"]
    assert second.opening == first.closing


def test_what_a_file_left_out_is_a_line_of_the_next(
    opened: None, portal: Portal, later: Later, treasurer: Office, secretary: Office
) -> None:
    """The first was saved before its last day was over: what moved after it is on no list, and every night says so."""
    saved = portal.file()
    portal.book("-7.00", "Pay Bill", "SKB1000002", at=clock.now())
    at = later(days=1)
    (given,) = lists.give(saved, Place.MPESA, by=treasurer, at=at)
    bank_statements.confirm(given, by=secretary, at=at)
    portal.book("-2.00", "Pay Bill", "SKB1000003", at=at)
    at = later(days=1)
    second = bring(portal, treasurer, secretary)
    between = f"before {(at - timedelta(days=1)).date()}"
    assert [(line["key"], line["amount"]) for line in second.lines] == [(between, "-7.00"), ("SKB1000003", "-2.00")]
    assert (second.opening, second.closing) == (given.closing, portal.held)
    assert differs()[between] == (Decimal(-7), NONE)
    later(days=15)
    assert between in [one.key for one in at_services.differences(Place.MPESA) if one.late]


HEAD = "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance"
GOOD = f"{HEAD}\nSKB1000001,2026-11-01 10:00:00,Deposit,Completed,5.00,,5.00\n"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no line with these headings"),
        (b"\x00\x01", "no line with these headings"),
        (b"\xff\xfe\x00", "no CSV in UTF-8"),
        (GOOD.encode("utf-16"), "no CSV in UTF-8"),
        (b"a,b\n" * 60 + GOOD.encode(), "no line with these headings"),
        (GOOD.replace(",Balance", "").encode(), "no line with these headings"),
        (f"{HEAD}\nSKB1000001,2026-11-01 10:00:00\n".encode(), "as many cells"),
        (GOOD.replace("Deposit", '"Deposit').encode(), "no CSV in UTF-8"),
        (GOOD.replace(",5.00\n", ",NaN\n").encode(), "no amount: NaN"),
        (GOOD.replace(",5.00,", ",1e9,").encode(), "no amount: 1e9"),
        (GOOD.replace(",5.00,", ",\u0665.00,").encode(), "no amount"),
        (GOOD.replace(",5.00,", ",=1+1,").encode(), "no amount"),
        (GOOD.replace(",5.00,,", ",5.00,5.00,").encode(), "says not what moved"),
        (GOOD.replace(",5.00,,", ",,,").encode(), "says not what moved"),
        (GOOD.replace(",5.00\n", ",\n").encode(), "says not what moved"),
        (GOOD.replace("SKB1000001", "<script>").encode(), "says not what moved"),
        (GOOD.replace("2026-11-01", "2026-13-01").encode(), "no day and hour"),
        (f"{GOOD}SKB1000002,2026-11-02 10:00:00,x,Completed,1.00,,7.00\n".encode(), "do not follow"),
        (f"{GOOD}SKB1000002,2026-10-02 10:00:00,x,Completed,1.00,,6.00\n".encode(), "do not follow"),
        (GOOD.encode() + b",,,,,,\n" * mpesa_list.MOST, "more than 20000 lines"),
        (GOOD.encode() + b" " * mpesa_list.LARGEST, "larger than 5 megabytes"),
    ],
)
def test_what_is_no_such_file_is_refused_whole(content: bytes, why: str) -> None:
    asked = Days(date(2026, 11, 26), date(2026, 11, 26), None, lately=True)
    assert len(mpesa_list.lists(GOOD.encode(), lambda _currency: asked)) == 1
    with pytest.raises(Unreadable, match=why):
        mpesa_list.lists(content, lambda _currency: asked)


def test_an_officer_brings_it_on_the_page_of_the_service(
    asked: Payout, portal: Portal, later: Later, teresa: Person, petra: Person, olga: Person, signed_in: SignedIn
) -> None:
    later(days=1)
    browser, other = signed_in(teresa), signed_in(petra)
    address = "/desk/places/mpesa/"
    assert 'type="file"' in browser.get(address).text
    assert "M-Pesa: our books hold" in browser.get("/desk/places/").text

    def send(content: bytes, where: str = address, by: Browser = browser) -> int:
        return by.post(f"{where}file/", {"file": SimpleUploadedFile("s.csv", content)}).status_code

    assert (send(b"x"), send(b""), send(portal.file(), "/desk/places/stripe/")) == (400, 400, 404)
    assert send(portal.file(), by=signed_in(olga)) == 403
    assert send(portal.file()) == 302
    given = GivenStatement.objects.get()
    assert other.post(f"/desk/statements/given/{given.pk}/")["Location"] == address
    assert "M-Pesa: our books hold" not in browser.get("/desk/places/").text
