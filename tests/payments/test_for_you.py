"""What a vote would change for the member who reads: true, of their own work and money, and silent where nothing."""

import html
from collections.abc import Callable, Mapping
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client as Browser
from pytest_django import DjangoAssertNumQueries

from coop import clock
from coop.people.models import Client, Person
from governance import policies
from payments import ledger
from payments.models import Kind, WorkType
from tests.payments.conftest import owning
from tests.payments.test_versions import LOWER_FEE, MINIMUM, published, work

pytestmark = pytest.mark.django_db
type Paid = Callable[[Person], Decimal]


@pytest.fixture
def worked(paid: Paid, amina: Person) -> Decimal:
    """Let Amina have done twelve tasks and return what she has ready for them."""
    for _turn in range(12):
        paid(amina)
    ready: Decimal = ledger.balance(f"member:{amina.pk}:payable")
    return ready


def told(kind: str, value: Mapping[str, object], reader: Person, *, key: str = "", replaces: int | None = None) -> str:
    version = replaces if replaces is not None else int(key == "")
    payload = {"key": key, "value": dict(value), "replaces": version}
    said: str = policies.find(kind).changes_for(reader, payload, clock.now())
    return said.replace("\u00a0", " ")


def stands(kind: str, key: str, value: str) -> None:
    """Let the cooperative have voted this."""
    with owning(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_instrument DISABLE TRIGGER USER")
        cursor.execute(
            "INSERT INTO payments_instrument (kind, key, version, value, mandate_id, since)"
            " SELECT %s, %s, 2, %s, id, coop_now() FROM governance_mandate WHERE proposal_id IS NULL",
            [kind, key, value],
        )


def test_pay_that_would_wait_is_told_with_what_is_ready(worked: Decimal, amina: Person, luis: Person) -> None:
    assert worked == Decimal("1.08")
    assert told(Kind.PAYOUT_DELAY, {"hours": 5}, amina) == (
        "What you have ready, US$ 1.08, would rest 5 hours before it is sent, and not 0."
    )
    assert told(Kind.ROUNDING, {"wage_step": 1, "payout_step": 50_000}, amina) == (
        "Of what you have ready, US$ 1.08, US$ 1.05 could be paid out, and not US$ 1.08."
    )
    assert told(Kind.ROUNDING, {"wage_step": 1, "payout_step": 20_000}, amina) == ""
    assert told(Kind.ACCEPTANCE, {"silence_days": 3}, amina) == (
        "Where a client says nothing, your answers would be paid after 3 days, and not 7. You did 12 in the last 28"
        " days."
    )
    assert told(Kind.TIME_LIMIT, {"least": 60}, amina) == (
        "Your tasks of the last 28 days took 30 seconds each on average. A job would have to give 60 at least, and"
        " not 1."
    )
    assert "clients pay the fee on top" in policies.find("fee_change").changes_for(amina, LOWER_FEE, clock.now())
    assert policies.find("fee_change").changes_for(luis, LOWER_FEE, clock.now()) == ""


@pytest.mark.parametrize(("kind", "value"), [
    (Kind.PAYOUT_DELAY, {"hours": 5}), (Kind.ROUNDING, {"wage_step": 1, "payout_step": 50_000}),
    (Kind.ACCEPTANCE, {"silence_days": 3}), (Kind.TIME_LIMIT, {"least": 60}), (Kind.CHECKING, {"share": 5_000}),
    (Kind.DEPOSIT, {"share": 100}),
])  # fmt: skip
def test_whoever_has_done_nothing_is_told_nothing(newcomer: Person, kind: str, value: dict[str, object]) -> None:
    assert told(kind, value, newcomer) == ""


def test_the_floor_is_told_to_those_who_live_there_and_the_higher_one_holds(amina: Person, luis: Person) -> None:
    assert (amina.country, luis.country) == ("KE", "VE")
    two = {"micro_an_hour": 2_000_000}
    assert told(Kind.FLOOR, two, amina, key="country:KE") == (
        "Where you live an hour of work would have to pay US$ 2.00 at least, and not US$ 0.00."
    )
    assert told(Kind.FLOOR, two, luis, key="country:KE") == ""
    stands(Kind.FLOOR, "", '{"micro_an_hour":3000000}')
    assert told(Kind.FLOOR, two, amina, key="country:KE") == ""
    assert "would have to pay US$ 1.00 at least, and not US$ 3.00" in told(
        Kind.FLOOR, {"micro_an_hour": 1_000_000}, amina, replaces=2
    )
    stands(Kind.FLOOR, "country:KE", '{"micro_an_hour":5000000}')
    assert told(Kind.FLOOR, {"micro_an_hour": 1_000_000}, amina, replaces=2) == ""


def test_who_does_a_work_reads_how_much_of_it_is_theirs(
    worked: Decimal, amina: Person, luis: Person, orbit: Client
) -> None:
    allocation = {"order": "first_come", "most_a_day": 9}
    did = "You did 12 of these in the last 28 days. It would be: "
    assert told(Kind.ALLOCATION, allocation, amina, key=work()) == f"{did}at most 9 tasks a day for each."
    assert told(Kind.ALLOCATION, allocation, luis, key=work()) == ""
    assert told(Kind.ALLOCATION, allocation, amina, key=work("compare-answers")) == ""
    closed = {"open": False, "notice_days": 30}
    assert told(Kind.OPENING, closed, amina, key=work()) == f"{did}closed, after 30 days."
    lower = told(Kind.REOPENING, {"micro": 95_000}, amina, key=f"client:{orbit.pk}/{work()}")
    assert lower == f"{did}at least US$ 0.095 for each answer."


def test_a_qualification_says_whether_one_has_it(worked: Decimal, amina: Person, luis: Person) -> None:
    comparing, of = work("compare-answers"), WorkType.objects.get(slug="product-match").pk
    assert told(Kind.QUALIFICATION, {"of": of, "units": 12}, amina, key=comparing) == ""
    shut = "It would be closed to you until then: you have {} of the {} accepted units of Compare products."
    assert told(Kind.QUALIFICATION, {"of": of, "units": 13}, amina, key=comparing) == shut.format(12, 13)
    assert told(Kind.QUALIFICATION, {"of": of, "units": 1}, luis, key=comparing) == shut.format(0, 1)
    stands(Kind.QUALIFICATION, comparing, f'{{"of":{of},"units":13}}')
    opened = told(Kind.QUALIFICATION, {"of": 0, "units": 0}, amina, key=comparing, replaces=2)
    assert opened == "By this it would be open to you."


def test_a_deposit_matters_where_there_is_a_floor(worked: Decimal, amina: Person) -> None:
    share = {"share": 250}
    assert told(Kind.DEPOSIT, share, amina) == ""
    stands(Kind.FLOOR, "country:KE", '{"micro_an_hour":2000000}')
    assert told(Kind.DEPOSIT, share, amina) == (
        "Where an hour of yours makes less than the floor, a job's deposit gives up to 2.5% of its wages for it, and"
        " not 0%; the fund gives the rest."
    )
    assert told(Kind.DEPOSIT, share, amina, key=work("compare-answers")) == ""


def test_it_is_asked_in_a_handful_of_queries_and_read_by_its_reader_alone(
    worked: Decimal, amina: Person, luis: Person, signed_in: Callable[[Person], Browser],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    with django_assert_max_num_queries(5):
        told(Kind.PAYOUT_DELAY, {"hours": 5}, amina)
    vote = published(Kind.PAYOUT_DELAY, MINIMUM | {"value": {"hours": 5}}, luis)
    words = "What you have ready, US$ 1.08, would rest 5 hours"
    pages = [html.unescape(signed_in(reader).get(f"/votes/{vote.pk}/").text) for reader in (amina, luis)]
    assert [words in page.replace("\u00a0", " ") for page in pages] == [True, False]
