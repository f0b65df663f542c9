from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from payments import escrow, rates
from payments.models import Fee
from payments.money import MoneyField, from_micro, plain, to_micro
from payments.templatetags.money import change, money, per_cent


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("0.001", "US$\u00a00.001"),
        ("0.09", "US$\u00a00.09"),
        ("0", "US$\u00a00.00"),
        ("1234567.5", "US$\u00a01,234,567.50"),
        ("0.000001", "US$\u00a00.000001"),
        ("-5", "\u2212US$\u00a05.00"),
    ],
)
def test_an_amount_shows_every_part_of_a_cent_that_is_there(amount: str, written: str) -> None:
    assert money(Decimal(amount), "USD") == written


def test_other_currencies_and_languages_have_their_own_ways() -> None:
    assert money(Decimal("12.5"), "KES") == "KES\u00a012.50"
    with translation.override("de"):
        assert money(Decimal("1234.5"), "EUR") == "€1.234,50"
    assert money(None, "USD") == ""


def test_shares_and_changes_are_per_cents() -> None:
    assert (per_cent(1000), per_cent(50)) == ("10%", "0.5%")
    assert (change(Decimal("33.3")), change(Decimal(-5))) == ("+33.3%", "\u22125%")


@given(st.integers(-(10**15), 10**15))
def test_micro_units_and_amounts_are_each_others_mirror(micro: int) -> None:
    assert to_micro(from_micro(micro)) == micro
    assert Decimal(plain(from_micro(micro))) == from_micro(micro)


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "0.0000001", "x", None, [], 1.5])
def test_a_money_field_takes_exact_amounts_only(amount: object) -> None:
    if amount in (None, 1.5):
        assert MoneyField().get_prep_value(amount) == (None if amount is None else 1_500_000)
        return
    with pytest.raises(ValidationError):
        MoneyField().get_prep_value(amount)


@given(
    st.integers(1, 10**9), st.integers(0, 1500), st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 10_000),
)  # fmt: skip
def test_a_fee_and_its_shares_are_exact(micro: int, on_wage: int, training: int, care: int, floor: int) -> None:
    fee = Fee(on_wage=on_wage, training=training, care=(care := min(care, 10_000 - training)))
    fee.floor = min(floor, 10_000 - training - care)
    pay = from_micro(micro)
    charge = rates.fee_on(pay, fee)
    assert 0 <= charge <= pay * on_wage / 10_000
    assert pay * on_wage / 10_000 - charge < Decimal("0.000001")
    coop, shares = rates.divide(charge, fee)
    assert coop + sum(shares.values()) == charge
    assert all(share >= 0 for share in (coop, *shares.values()))
    assert all(charge * getattr(fee, name) / 10_000 - share < Decimal("0.000001") for name, share in shares.items())


@given(st.integers(1, 10_000), st.integers(1, 25), st.integers(1, 10**8), st.integers(0, 1500))
def test_a_quote_is_the_sum_of_its_answers(tasks: int, overlap: int, micro: int, on_wage: int) -> None:
    fee, pay = Fee(on_wage=on_wage, training=0, care=0), from_micro(micro)
    price = escrow.quote(tasks, overlap, pay, fee)
    assert price.total == tasks * overlap * (pay + rates.fee_on(pay, fee))
    assert price.wages + price.fee == price.total


def test_an_hour_is_rounded_half_to_even() -> None:
    assert rates.hourly(Decimal("0.09"), 30) == Decimal("10.80")
    assert rates.hourly(Decimal("0.000125"), 36) == Decimal("0.01")
    assert rates.hourly(Decimal("0.0125"), 3600) == Decimal("0.01")
    assert rates.hourly(Decimal("0.015"), 3600) == Decimal("0.02")
