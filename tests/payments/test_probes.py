"""The fixed probes (D4): a cut that shows on one of them alone is found, though nobody did a unit that shows it."""

import json

import pytest
from django.db import connection

from payments.models import WorkType
from tests.payments.conftest import owning
from tests.payments.test_replay import matching, replay

__all__ = ["matching"]
pytestmark = pytest.mark.django_db
type Terms = dict[str, int]
FREE: Terms = {"minimum": 0, "payout_step": 1}
LOWER = """SELECT name, units, net FROM payments_probed(payments_terms_of(%s, %s), payments_terms_of(%s, %s), 2)
    WHERE lower"""


def lower(kind: WorkType, before: Terms, after: Terms) -> list[tuple[str, int, int]]:
    """Return the probes that pay less under other terms: which, how many units, and what they came to."""
    with owning(), connection.cursor() as cursor:
        cursor.execute(LOWER, [kind.pk, json.dumps(before), kind.pk, json.dumps(after)])
        return list(cursor.fetchall())


def test_they_are_one_to_two_hundred_units_odd_ones_odd_sums_and_the_smallest_payout() -> None:
    with owning(), connection.cursor() as cursor:
        cursor.execute("SELECT name, count(*), min(units), max(units) FROM payments_probes(2) GROUP BY 1 ORDER BY 1")
        assert cursor.fetchall() == [
            ("odd sums", 13, None, None), ("odd units", 48, 1, 199), ("smallest payout", 3, None, None),
            ("units", 200, 1, 200),
        ]  # fmt: skip
        cursor.execute("SELECT count(*), max(edition) FROM payments_probes(1)")
        assert cursor.fetchall() == [(200, 1)]


@pytest.mark.parametrize(
    ("before", "after", "names", "units"),
    [
        # Only who did two hundred had the bonus.
        ({"bonus_every": 200, "bonus": 10**6} | FREE, {"bonus_every": 201, "bonus": 10**6} | FREE, {"units"}, {200}),
        # Only whoever does one unit and no more pays for it: a new worker.
        ({"bonus_every": 1, "bonus": 10_000} | FREE, {"bonus_every": 2, "bonus": 30_000} | FREE,
         {"units", "odd units"}, {1}),
        # Nine cents are whole thousandths; what a client added is not.
        ({"wage_step": 1} | FREE, {"wage_step": 1_000} | FREE, {"odd units"}, {1, 2, 3, 7, 19, 53, 97, 199}),
        # Ten cents are whole steps of two; a dollar and one is not.
        ({"amount": 100_000, "minimum": 0, "payout_step": 10_000},
         {"amount": 100_000, "minimum": 0, "payout_step": 20_000}, {"odd units", "odd sums", "smallest payout"}, None),
        # Just a dollar is not paid out any more, a dollar and one cent is.
        ({"amount": 20_000_000, "minimum": 1_000_000, "payout_step": 10_000},
         {"amount": 20_000_000, "minimum": 1_001_000, "payout_step": 10_000}, {"smallest payout"}, {None}),
    ],
)  # fmt: skip
def test_a_cut_that_shows_on_some_of_them_alone_is_found(
    matching: WorkType, before: Terms, after: Terms, names: set[str], units: set[int] | None
) -> None:
    found = lower(matching, before, after)
    assert {name for name, _units, _net in found} == names
    assert units is None or {many for _name, many, _net in found} == units
    report = replay(matching, after, before)
    assert (report["cut"], report["units"], report["probes"]["lower"]) == (True, 0, len(found))
    assert report["probes"]["tried"] == 264


@pytest.mark.parametrize("after", [{}, {"amount": 90_001}, {"minimum": 0}, {"payout_step": 5_000}, {"bonus_every": 9}])
def test_what_lowers_nothing_shows_on_none(matching: WorkType, after: Terms) -> None:
    assert lower(matching, {"bonus_every": 10, "bonus": 1}, {"bonus_every": 10, "bonus": 1} | after) == []


def test_the_smallest_payout_is_that_of_the_day(matching: WorkType) -> None:
    three = lower(matching, {"minimum": 3_000_000}, {"minimum": 5_000_000})
    assert [net for name, _units, net in three if name == "smallest payout"] == [3_000_000, 3_010_000, 3_020_000]


def test_there_is_one_currency_of_pay_and_no_vote_names_another() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT payments_in_force('currency', '')")
        assert json.loads(cursor.fetchone()[0]) == {"codes": ["USD"]}
        for codes in (["EUR"], ["EUR", "USD"], []):
            cursor.execute("SELECT payments_instrument_holds('currency', '', %s)", [json.dumps({"codes": codes})])
            assert cursor.fetchone() == (False,)


def test_a_report_of_before_is_compared_by_the_probes_of_before(matching: WorkType) -> None:
    asked = """SELECT (payments_probes_since('payout_minimum', '{"value": {"micro": 2000000}}', coop_now(), 1)).*"""
    with owning(), connection.cursor() as cursor:
        cursor.execute(asked)
        tried, lower, edition = cursor.fetchone()
    assert (tried, edition) == (200 * WorkType.objects.filter(rates__isnull=False).distinct().count(), 1)
    assert 0 < lower < tried
