"""Who loses how much is told by quarter and country, and nobody can be worked out of it (P9): each part by itself."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from django.db import connection

from tests.payments.conftest import owning

pytestmark = pytest.mark.django_db
DOLLAR = 1_000_000
SPREAD = """SELECT payments_spread(array_agg(ROW(country, units, difference)::payments_share_of_one))
FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS one (country, units, difference)"""


def spread(lines: list[tuple[str, int, int]]) -> Mapping[str, Any]:
    """Return what is told of people: the country of each, their units and what changes for them, in dollars."""
    columns = [[line[n] for line in lines] for n in range(3)]
    with owning(), connection.cursor() as cursor:
        cursor.execute(SPREAD, [columns[0], columns[1], [DOLLAR * one for one in columns[2]]])
        found: Mapping[str, Any] = json.loads(cursor.fetchone()[0])
    return found


@pytest.mark.parametrize(
    ("people", "told"),
    [
        ({"KE": 5, "VE": 6}, {"KE": 5, "VE": 6}), ({"VE": 5, "KE": 5}, {"KE": 5, "VE": 5}),
        # Four are no cell, and the next smallest hides them: else they were all less the cells.
        ({"KE": 5, "VE": 4}, {"": 9}), ({"KE": 5, "VE": 1}, {"": 6}), ({"KE": 4}, {}),
        ({"KE": 6, "VE": 5, "IN": 4}, {"KE": 6, "": 9}), ({"KE": 6, "VE": 5, "IN": 3, "GH": 1}, {"KE": 6, "": 9}),
        # Five together hide each other.
        ({"KE": 6, "VE": 5, "IN": 4, "GH": 1}, {"KE": 6, "VE": 5, "": 5}),
        ({"KE": 6, "IN": 3, "GH": 3}, {"KE": 6, "": 6}),
        # Of two that are level the first by its letters hides them.
        ({"VE": 5, "KE": 5, "IN": 2}, {"VE": 5, "": 7}), ({"": 5, "KE": 5}, {"KE": 5, "": 5}),
    ],
    ids=str,
)  # fmt: skip
def test_no_cell_has_fewer_than_five_and_none_can_be_worked_out(people: dict[str, int], told: dict[str, int]) -> None:
    found = spread([(country, 2, -1) for country, many in people.items() for _one in range(many)])
    assert found["people"] == sum(people.values())
    assert found["units"] == 2 * found["people"]
    assert found["countries"] == [[country, many, str(-many)] for country, many in told.items()]


@pytest.mark.parametrize(("sums", "quarters"), [
    (range(-4, 5), []), (range(-5, 5), ["-1"]), (range(19), ["9"]), (range(20), ["4", "9", "14"]),
    ([-9, *[0] * 18, 9], ["0", "0", "0"]),
], ids=str)  # fmt: skip
def test_quarters_are_of_twenty_and_the_middle_of_ten_or_more(sums: range | list[int], quarters: list[str]) -> None:
    found = spread([("KE", 1, one) for one in sums])
    assert found["quarters"] == quarters
    assert found["losing"] == sum(one < 0 for one in sums)
    assert found["touched"] == sum(one != 0 for one in sums)
    assert found["difference"] == str(sum(sums))


def test_where_nothing_changes_for_anybody_nothing_is_told() -> None:
    assert spread([]) == {
        "people": 0, "touched": 0, "units": 0, "losing": 0, "difference": "0", "quarters": [], "countries": [],
    }  # fmt: skip
